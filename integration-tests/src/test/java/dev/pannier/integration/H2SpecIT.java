package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pannier.demo.ChildProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// h2spec, a conformance suite for HTTP/2 by others, against each address of the packaged sidecar,
/// its strict cases included.
class H2SpecIT {
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  @TempDir private Path folder;

  enum Address {
    GRPC,
    HTTP,
    ADMIN;

    int port(Sidecar sidecar) {
      return switch (this) {
        case GRPC -> sidecar.grpcPort();
        case HTTP -> sidecar.httpPort();
        case ADMIN -> sidecar.adminPort();
      };
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyCasePasses(Address address) throws Exception {
    Path h2spec = ChildProcess.find(List.of("h2spec")).orElse(null);
    assumeTrue(h2spec != null, "skipped: no h2spec on PATH; the README says how it is had");

    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar.configure(Sidecar.otlp() + "shippers: {console: {type: stdout}}\n").start();
      String port = String.valueOf(address.port(sidecar));
      try (ChildProcess spec =
          ChildProcess.start(
              "h2spec",
              folder,
              // A busy machine may take longer than its default of 2 s to answer.
              List.of(String.valueOf(h2spec), "--strict", "--timeout", "10", "--port", port),
              Map.of())) {
        int code = spec.await(PATIENCE);
        String said = Files.readString(folder.resolve("h2spec.out"));
        assertThat(said).containsPattern("[1-9]\\d+ tests, [1-9]\\d+ passed, 0 skipped, 0 failed");
        assertThat(code).isZero();
      }
      assertThat(sidecar.stop()).isZero();
    }
  }
}
