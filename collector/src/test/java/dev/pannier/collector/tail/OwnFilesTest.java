package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationLoader;
import dev.pannier.collector.config.Loaded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A source whose globs cover what the sidecar itself writes reads nothing of that.
class OwnFilesTest {
  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  @BeforeEach
  void open() {
    tail = new TailHarness(folder, TailRig.settings(folder, "**"));
  }

  @AfterEach
  void close() {
    tail.close();
  }

  /// The sidecar's configuration; `LOGS` stands for the folder of the source.
  private Configuration configuration(String text) throws IOException {
    Path file = folder.resolve("pannier.yaml");
    Files.writeString(file, text.replace("LOGS", tail.logs.toString()));
    Loaded loaded =
        ConfigurationLoader.load(file, Map.of("XDG_STATE_HOME", folder.resolve("xdg").toString()));
    assertThat(loaded).as(loaded.toString()).isInstanceOf(Loaded.Valid.class);
    return ((Loaded.Valid) loaded).configuration();
  }

  private void write(String name, String line) throws IOException {
    Path file = tail.logs.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private void looks() {
    for (int i = 0; i < 15; i++) {
      tail.pass(Duration.ofSeconds(1));
    }
  }

  private void configured(String text) throws IOException {
    tail.own.add(configuration(text));
    tail.crashAndRestart();
  }

  @Test
  void nothingThatTheSidecarWritesIsRead() throws IOException {
    configured(
        """
        state: {directory: LOGS/state}
        buffer: {type: disk, directory: LOGS/pannier/buffer}
        shutdown: {termination_log: LOGS/end.log}
        shippers:
          events:
            type: kafka
            bootstrap_servers: "127.0.0.1:1"
            dead_letter: {path: LOGS/dead.jsonl}
          copy: {type: file, path: LOGS/copies/, format: raw, signals: [logs]}
          by_service: {type: file, path: "LOGS/out/${resource:service.name}/all.jsonl", signals: [logs]}
        """);
    write("app.log", "of the application, in a line that is long enough");
    write("state/positions", "own 1");
    write("state/receipt.json.tmp", "own 2");
    write("pannier/buffer/00000000000000000001.log", "own 3");
    write("end.log", "own 4");
    write("dead.jsonl", "own 5");
    write("copies/logs.log", "own 6");
    write("copies/logs.000001.log", "own 7");
    write("out/checkout/all.jsonl", "own 8");
    write("out/checkout/all.000001.jsonl", "own 9");
    looks();
    assertThat(tail.bodies()).containsExactly("of the application, in a line that is long enough");
    assertThat(tail.notices)
        .anyMatch(line -> line.contains("buffer.directory"))
        .anyMatch(line -> line.contains("state.directory"))
        .anyMatch(line -> line.contains("shippers.copy.path"))
        .anyMatch(line -> line.contains("shippers.events.dead_letter.path"))
        .doesNotHaveDuplicates();
  }

  @Test
  void whatApplicationsWriteBesideIsRead() throws IOException {
    configured(
        """
        state: {directory: LOGS}
        shippers:
          copy: {type: file, path: LOGS/, format: raw, signals: [logs]}
        """);
    write("positions", "own 1");
    write("logs.log", "own 2");
    write("positions.reserve", "own 3");
    write("app.log", "in the folder of the state");
    write("copies/logs.log", "by the same name elsewhere");
    looks();
    assertThat(tail.bodies())
        .containsExactlyInAnyOrder("in the folder of the state", "by the same name elsewhere");
  }

  @Test
  void neitherLinkNorAnotherWayToTheFolderHidesThem() throws IOException {
    Path real = Files.createDirectories(folder.resolve("logs/volume/buffer"));
    Path alias = Files.createSymbolicLink(folder.resolve("alias"), real);
    configured("buffer: {type: disk, directory: \"%s\"}\n".formatted(alias));
    write("volume/buffer/00000000000000000001.log", "own");
    Files.createSymbolicLink(
        tail.logs.resolve("linked.log"), real.resolve("00000000000000000001.log"));
    looks();
    assertThat(tail.bodies()).isEmpty();
  }

  @Test
  void whatWasReadBeforeItWasKnownIsReadNoFurther() throws IOException {
    write("copies/logs.log", "read by a version before, in a line that is long enough");
    looks();
    tail.stopAndRestart();
    configured(
        "shippers: {copy: {type: file, path: LOGS/copies/, format: raw, signals: [logs]}}\n");
    write("copies/logs.log", "own");
    looks();
    assertThat(tail.bodies()).hasSize(1);
    assertThat(tail.notices).noneMatch(line -> line.contains("were gone"));
  }

  @Test
  void whatIsReadIsLetGoWhenAShipperComesThatWritesIt() throws IOException {
    write("copies/logs.log", "before, in a line that is long enough to know it by");
    looks();
    tail.own.add(
        configuration(
            "shippers: {copy: {type: file, path: LOGS/copies/, format: raw, signals: [logs]}}\n"));
    looks();
    write("copies/logs.log", "own");
    looks();
    assertThat(tail.bodies()).hasSize(1);
    assertThat(tail.notices).noneMatch(line -> line.contains("were gone"));
  }

  @Test
  void contentDoesNotGoOnInWhatWasShipped() throws IOException {
    configured("shippers: {copy: {type: file, path: LOGS/, format: raw, signals: [logs]}}\n");
    String first = "the first line, which is long enough to know a file by";
    write("app.log", first);
    looks();
    write("logs.log", first);
    write("logs.log", "own");
    Files.writeString(tail.logs.resolve("app.log"), "");
    looks();
    write("app.log", "the next");
    looks();
    assertThat(tail.bodies()).containsExactly(first, "the next");
  }

  @Test
  void whatBecomesOurOwnWhileItWaitsForADescriptorIsNotRead() throws IOException {
    tail.close();
    tail = new TailHarness(folder, TailRig.settings(folder, "**"), 1);
    Path busy = tail.logs.resolve("app.log");
    Files.writeString(busy, "an unfinished line");
    looks();
    write("copies/logs.log", "what waits, in a line that is long enough");
    looks();
    assertThat(tail.files()).hasSize(2);
    tail.own.add(
        configuration(
            "shippers: {copy: {type: file, path: LOGS/copies/, format: raw, signals: [logs]}}\n"));
    looks();
    assertThat(tail.files()).hasSize(1);
    Files.writeString(busy, "\n", StandardOpenOption.APPEND);
    looks();
    assertThat(tail.bodies()).containsExactly("an unfinished line");
    assertThat(tail.notices).noneMatch(line -> line.contains("were gone"));
  }
}
