package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.admin.ReloadStatus;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationFile;
import dev.pannier.collector.config.Loaded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
      stop(sidecar);
    }
  }

  private static void stop(Sidecar sidecar) throws Exception {
    Shutdown shutdown = new Shutdown(Duration.ofSeconds(5), System::nanoTime);
    shutdown.ask();
    shutdown.ask();
    sidecar.stop(shutdown);
  }

  /// An editor, a copy onto a full disk or a template that renders to nothing has emptied it, or only its beginning is there.
  @ParameterizedTest
  @CsvSource({
    "'', 'file: has no keys'",
    "'# nothing', 'file: has no keys'",
    "'state: {directory: DIR/state}', 'shippers: cannot change while the sidecar runs'"
  })
  void anEmptiedFileAndOneThatNamesNoShippersAnyMoreAreRefused(String text, String problem)
      throws Exception {
    Path path = folder.resolve("pannier.yaml");
    Files.writeString(path, named(folder));
    ConfigurationFile file = new ConfigurationFile(path, environment());
    Reloads reloads = reloads(file);
    Sidecar sidecar = new Sidecar(reloads.running(), "test", reloads::status);
    sidecar.start();
    try {
      Files.writeString(path, text.replace("DIR", folder.toString()));
      reloads.ask();
      reloads.tend(sidecar);

      assertThat(reloads.status().outcome()).isEqualTo(ReloadStatus.Outcome.REFUSED);
      assertThat(reloads.status().problems()).singleElement().asString().contains(problem);
      assertThat(reloads.running().processors()).hasSize(1);
      Files.writeString(path, named(folder));
      reloads.ask();
      reloads.tend(sidecar);
      assertThat(reloads.status().outcome()).isEqualTo(ReloadStatus.Outcome.UNCHANGED);
    } finally {
      stop(sidecar);
    }
  }

  /// Whoever runs by an empty file asks for what it refers to.
  @Test
  void anEmptyFileThatRunsIsNoProblemOfAReload() throws Exception {
    Sidecar sidecar =
        new Sidecar(TestConfiguration.read(folder, named(folder)), "test", () -> ReloadStatus.NONE);
    sidecar.start();
    try {
      Path empty = Files.writeString(folder.resolve("empty.yaml"), "");
      Reloads reloads = reloads(new ConfigurationFile(empty, environment()));
      reloads.ask();
      reloads.tend(sidecar);

      assertThat(reloads.status().outcome()).isEqualTo(ReloadStatus.Outcome.UNCHANGED);
    } finally {
      stop(sidecar);
    }
  }

  private static Reloads reloads(ConfigurationFile file) {
    Configuration loaded = ((Loaded.Valid) file.load()).configuration();
    return new Reloads(loaded, file, InstantSource.system());
  }

  private static Map<String, String> environment() {
    return Map.of(
        "PANNIER_ADMIN_LISTEN", "127.0.0.1:0", "PANNIER_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1");
  }

  private static String named(Path folder) {
    return """
    state: {directory: DIR/state}
    admin: {listen: "127.0.0.1:0"}
    sources: {otlp: none, files: [{name: app, include: ["DIR/logs/*.log"]}]}
    processors: [{redact: {patterns: [email]}}]
    shippers: {out: {type: file, path: DIR/out/}}
    """
        .replace("DIR", folder.toString());
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
