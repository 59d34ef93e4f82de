package dev.pannier.collector.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.disk.CursorFile;
import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationFile;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.tail.ParserChooser;
import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.Parsers;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PannierCommandTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final List<Configuration> ran = new ArrayList<>();
  private final List<String> waited = new ArrayList<>();
  private Meanwhile meanwhile = () -> {};
  private String in = "";

  /// What happens while a sidecar waits.
  private interface Meanwhile {
    void run() throws IOException;
  }

  private static ParserChooser chooser(FileSource source) {
    LineParser parser = Parsers.create(source.parser(), source.zone());
    return (head, length) -> parser;
  }

  private int pannier(String... arguments) {
    return PannierCommand.execute(
        arguments,
        Map.of("XDG_STATE_HOME", folder.toString()),
        new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
        out,
        err,
        new Sidecars() {
          @Override
          public int run(Configuration configuration, ConfigurationFile file) {
            ran.add(configuration);
            return 0;
          }

          @Override
          public Attempt.@Nullable Ready await(Attempt.Refused refused, Supplier<Attempt> again)
              throws IOException {
            waited.addAll(refused.problems());
            meanwhile.run();
            return again.get() instanceof Attempt.Ready ready ? ready : null;
          }
        },
        PannierCommandTest::chooser);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private String file(String yaml) throws IOException {
    return Files.writeString(folder.resolve("p.yaml"), yaml).toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--config FILE", "--config=FILE", "-c FILE", "-cFILE", "-c=FILE"})
  void runTakesItsConfigurationInEachWayThatPeopleWriteIt(String options) throws IOException {
    String file = file("memory: 12MiB\nstate: {directory: " + folder + "/state}\n");

    int code = pannier(("run " + options.replace("FILE", file)).split(" "));

    assertThat(err()).isEmpty();
    assertThat(code).isZero();
    assertThat(ran).singleElement().extracting(Configuration::memoryBytes).isEqualTo(12L << 20);
  }

  @Test
  void runWithoutAFileHasTheDefaults() {
    assertThat(pannier("run")).isZero();
    assertThat(ran).singleElement().extracting(Configuration::memoryBytes).isEqualTo(24L << 20);
  }

  @Test
  void runWithAProblemTellsItAndEndsWith2() throws IOException {
    assertThat(pannier("run", "--config", file("memori: 1"))).isEqualTo(2);
    assertThat(err()).endsWith("p.yaml:1: memori: unknown key, did you mean memory?\n");
    assertThat(out()).isEmpty();
    assertThat(ran).isEmpty();
  }

  @Test
  void runSaysWhatToMountWhereItsStateCannotBeWritten() throws IOException {
    Path directory = Files.writeString(folder.resolve("file"), "").resolve("state");

    assertThat(pannier("run", "-c", file("state: {directory: " + directory + "}"))).isEqualTo(2);
    assertThat(err())
        .contains("p.yaml:1: state.directory: cannot be written, ")
        .endsWith(
            ": mount a writable volume there, or name a folder that can (" + directory + ")\n");
    assertThat(ran).isEmpty();
  }

  @Test
  void runSaysWhichHeapTheMemoryNeeds() throws IOException {
    assertThat(pannier("run", "-c", file("memory: 1024GiB"))).isEqualTo(2);
    err.reset();
    assertThat(pannier("run", "-c", file("memory: 16GiB"))).isEqualTo(2);
    assertThat(err()).contains("memory: 16384MiB does not fit into a heap of ", "-Xmx16400m");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run --wait-for-configuration --config FILE",
        "run --config=FILE --wait-for-configuration",
        "run -cFILE --wait-for-configuration"
      })
  void runWaitsForAConfigurationWhereItIsTold(String arguments) {
    Path file = folder.resolve("late.yaml");
    meanwhile =
        () -> Files.writeString(file, "memory: 12MiB\nstate: {directory: " + folder + "/state}");

    int code = pannier(arguments.replace("FILE", file.toString()).split(" "));

    assertThat(waited).containsExactly(file + ": file: there is no such file");
    assertThat(code).isZero();
    assertThat(ran).singleElement().extracting(Configuration::memoryBytes).isEqualTo(12L << 20);
    assertThat(err()).isEmpty();
  }

  @Test
  void runThatWaitsInVainEndsWith2() throws IOException {
    assertThat(pannier("run", "--wait-for-configuration", "-c", file("memori: 1"))).isEqualTo(2);
    assertThat(waited).hasSize(1);
    assertThat(ran).isEmpty();
  }

  /// Whatever else a configuration can say that keeps the process from running.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "# Nothing of it is written yet.\n",
        "{}",
        "memory: 16GiB",
        "state: {directory: FOLDER/file/state}",
        "state: {directory: FOLDER/state}\nbuffer: {type: disk, directory: FOLDER/file/buffer}",
        "state: {directory: FOLDER/state}\nbuffer: {type: disk, directory: FOLDER/file}"
      })
  void runWaitsForOneThatThisProcessCanRun(String yaml) throws IOException {
    Files.writeString(folder.resolve("file"), "");
    String file = file(yaml.replace("FOLDER", folder.toString()));
    meanwhile = () -> file("state: {directory: " + folder + "/state}");

    assertThat(pannier("run", "--wait-for-configuration", "-c", file)).isZero();
    assertThat(waited).hasSize(1);
    assertThat(ran).hasSize(1);
  }

  @Test
  void aFailureIsOneLineAndExitCode1() {
    int code =
        PannierCommand.execute(
            new String[] {"run"},
            Map.of("XDG_STATE_HOME", folder.toString()),
            new ByteArrayInputStream(new byte[0]),
            out,
            err,
            new Sidecars() {
              @Override
              public int run(Configuration configuration, ConfigurationFile file)
                  throws IOException {
                throw new IOException("port in use");
              }

              @Override
              public Attempt.@Nullable Ready await(
                  Attempt.Refused refused, Supplier<Attempt> again) {
                return null;
              }
            },
            PannierCommandTest::chooser);

    assertThat(code).isEqualTo(1);
    assertThat(err()).isEqualTo("pannier: port in use\n");
  }

  @Test
  void validateTellsEachProblemOrThatThereIsNone() throws IOException {
    String good = file("memory: 12MiB");
    assertThat(pannier("validate", "--config", good)).isZero();
    assertThat(out()).isEqualTo(good + ": valid\n");

    assertThat(pannier("validate", "--config", file("memory: 1\na: b\n"))).isEqualTo(2);
    assertThat(err().lines()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "rnu", "run --conf x", "run --config", "run x", "validate -x"})
  void wrongUsageIsToldAndEndsWith2(String arguments) {
    assertThat(pannier(arguments.isEmpty() ? new String[0] : arguments.split(" "))).isEqualTo(2);
    assertThat(err()).isNotEmpty();
    assertThat(out()).isEmpty();
    assertThat(ran).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "run --help", "validate --help", "--version", "run -h"})
  void helpAndVersionGoToStandardOutput(String arguments) {
    assertThat(pannier(arguments.split(" "))).isZero();
    assertThat(out()).isNotEmpty();
    assertThat(err()).isEmpty();
  }

  @Test
  void parseWritesARequestOfOneRecordForEachRecord() {
    in = "first\n  goes on\nsecond \"quoted\"\n";

    assertThat(pannier("parse", "--parser", "raw")).isZero();

    assertThat(err()).isEmpty();
    assertThat(out().lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).startsWith("{\"resourceLogs\":[{\"resource\":"));
    assertThat(out().lines().findFirst().orElseThrow())
        .contains("\"body\":{\"stringValue\":\"first\\n  goes on\"}", "unknown_service");
    assertThat(out()).contains("second \\\"quoted\\\"");
  }

  @Test
  void parseTakesAFileAndTheParserAndSettingsOfAConfiguration() throws IOException {
    String config =
        file(
            """
            parsers: {mine: {type: regex, pattern: '^(?<body>.*)$'}}
            sources: {files: [{parser: mine, multiline: none, charset: ISO-8859-1}]}
            """);
    Path lines =
        Files.writeString(folder.resolve("x.log"), "é\n  b\n", StandardCharsets.ISO_8859_1);

    assertThat(pannier("parse", "--config", config, "--parser", "mine", lines.toString())).isZero();

    assertThat(err()).isEmpty();
    assertThat(out().lines()).hasSize(2);
    assertThat(out()).contains("\"é\"", "\"x.log\"");
  }

  @Test
  void parseNamesTheParsersThereAre() {
    assertThat(pannier("parse", "--parser", "grok")).isEqualTo(2);
    assertThat(err())
        .isEqualTo(
            "no parser grok: there are auto, raw, json, logstash; --config FILE brings its own\n");
  }

  @Test
  void parseOfAFileThatIsNotThereEndsWith2() {
    assertThat(pannier("parse", "--parser", "raw", folder + "/missing")).isEqualTo(2);
    assertThat(err()).contains("missing: cannot be read");
  }

  @ParameterizedTest
  @CsvSource({"1, 261", "2, 268"})
  void statusTellsWhatABufferHolds(int version, int bytes) throws IOException {
    Path buffer = Files.createDirectory(folder.resolve("buffer"));
    try (InputStream segment =
        SegmentLog.class.getResourceAsStream(
            "/dev/pannier/collector/buffer/disk/version-" + version + ".log")) {
      Files.write(
          buffer.resolve("00000000000000000007.log"),
          Objects.requireNonNull(segment).readAllBytes());
    }
    new CursorFile(10, Map.of("events", 8L)).write(buffer);

    assertThat(pannier("status", "--buffer", buffer.toString())).isZero();

    assertThat(out())
        .isEqualTo(
            """
            segment=00000000000000000007.log version=%d bytes=%d first=7 last=10 batches=3 records=10
            shipper=events passed=8 batches_behind=2
            """
                .formatted(version, bytes));
  }

  @Test
  void statusNamesWhatIsDamaged() throws IOException {
    Path buffer = Files.createDirectory(folder.resolve("buffer"));
    byte[] segment;
    try (InputStream in =
        SegmentLog.class.getResourceAsStream("/dev/pannier/collector/buffer/disk/version-1.log")) {
      segment = Objects.requireNonNull(in).readAllBytes();
    }
    segment[170] ^= 1;
    Files.write(buffer.resolve("00000000000000000007.log"), segment);
    Files.write(buffer.resolve("00000000000000000011.log"), new byte[100]);

    assertThat(pannier("status", "--buffer", buffer.toString())).isEqualTo(1);

    assertThat(out())
        .contains(
            "damage segment=00000000000000000007.log from=163 to=214\n", "batches=2 records=3")
        .contains("segment=00000000000000000011.log bytes=100 unreadable: not a segment");
  }

  @Test
  void statusOfADirectoryThatIsNoBufferEndsWith2() {
    assertThat(pannier("status", "--buffer", folder.toString())).isEqualTo(2);
    assertThat(err()).contains("nothing of a disk buffer is there: " + folder);
  }

  @Test
  void statusOfADirectoryThatIsNotThereEndsWith2() {
    assertThat(pannier("status", "--buffer", folder + "/missing")).isEqualTo(2);
    assertThat(err()).contains("no such directory: " + folder + "/missing");
  }
}
