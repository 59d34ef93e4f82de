package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.admin.ReloadStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SidecarReloadTest {
  @TempDir private Path folder;

  @Test
  void filesDoNotWaitForAnExactlyOnceShipperThatTakesNoLogsAnyMore() throws Exception {
    Path logs = Files.createDirectory(folder.resolve("logs"));
    Files.writeString(logs.resolve("app.log"), "a line\n");
    String waits = configuration("[logs, traces]");
    Sidecar sidecar =
        new Sidecar(TestConfiguration.read(folder, waits), "test", () -> ReloadStatus.NONE);
    sidecar.start();
    try {
      assertThat(sidecar.reload(TestConfiguration.read(folder, configuration("[traces]"))))
          .isNull();
      while (!isShipped("a line")) {
        sidecar.tend();
        Thread.sleep(Duration.ofMillis(20));
      }
    } finally {
      Shutdown shutdown = new Shutdown(Duration.ofSeconds(5), System::nanoTime);
      shutdown.ask();
      shutdown.ask();
      sidecar.stop(shutdown);
    }
  }

  private boolean isShipped(String line) throws IOException {
    Path out = folder.resolve("out");
    if (!Files.exists(out)) {
      return false;
    }
    try (Stream<Path> files = Files.walk(out)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (Files.readString(file).contains(line)) {
          return true;
        }
      }
    }
    return false;
  }

  private static String configuration(String signals) {
    return """
    state: {directory: DIR/state}
    admin: {listen: "127.0.0.1:0"}
    sources:
      files: [{name: app, include: ["DIR/logs/*.log"], parser: raw}]
      otlp: none
    shippers:
      out: {type: file, path: DIR/out/, signals: [logs]}
      away: {type: kafka, bootstrap_servers: "127.0.0.1:1", delivery: exactly_once, signals: SIGNALS,
             properties: {max.block.ms: "1000"}}
    """
        .replace("SIGNALS", signals);
  }
}
