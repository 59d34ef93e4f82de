package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pannier.demo.Ports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What was seen and not shipped, and is nowhere any more when the sidecar starts again: a byte range
/// in the log, and counted.
class VanishedIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path folder;

  enum How {
    DELETED,
    TRUNCATED,
    RECREATED
  }

  @ParameterizedTest
  @EnumSource
  void whatVanishedWhileItWasStoppedIsNamedAndCounted(How how) throws Exception {
    String old = "never shipped\n".repeat(500);
    int nowhere = Ports.free(1).getFirst();
    try (Sidecar sidecar = new Sidecar(folder)) {
      Path log = sidecar.log("app.log");
      Files.writeString(log, old);
      sidecar.configure(
          Sidecar.files("parser: raw")
              + """
              shutdown: {deadline: 2s, quiet: 100ms}
              shippers:
                events: {type: kafka, bootstrap_servers: "127.0.0.1:%d", signals: [logs]}
              """
                  .formatted(nowhere));
      sidecar.launch(Map.of());
      sidecar.awaitAlive();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(sidecar.statusPage().at("/sources/0/files/0/size_bytes").asLong())
                      .isEqualTo(old.length()));
      sidecar.stop();

      if (how != How.TRUNCATED) {
        Files.delete(log);
      }
      if (how != How.DELETED) {
        Files.writeString(log, "written later\n");
      }
      sidecar
          .configure(
              Sidecar.files("parser: raw")
                  + "shippers: {console: {type: stdout, format: raw, signals: [logs]}}\n")
          .start();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(sidecar.body("/metrics").lines())
                      .anyMatch(
                          line ->
                              line.startsWith("pannier_source_lost_bytes_total{")
                                  && line.contains("source=\"app\"")
                                  && line.endsWith(" " + old.length())));
      assertThat(sidecar.statusPage().at("/sources/0/lost_bytes").asLong()).isEqualTo(old.length());
      assertThat(sidecar.errors()).contains(log + ": bytes 0 to " + old.length() + " were gone");
      assertThat(sidecar.stop()).isZero();
      assertThat(sidecar.output()).isEqualTo(how == How.DELETED ? "" : "written later\n");
    }
  }
}
