package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.demo.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The launcher's commands as the README shows them, and what wrong usage is told.
class CommandsIT {
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(#[^)\\s]*)?\\)");
  private static final Pattern COMMAND =
      Pattern.compile("`\\./pannier ((?:run|validate|parse) [^`\\[]*)`");

  @TempDir private Path folder;

  private record Ended(int code, String output, String errors) {}

  /// Runs the launcher in the test's folder.
  private Ended pannier(Map<String, String> environment, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Tree.root().resolve("pannier").toString());
    command.addAll(arguments);
    Path out = folder.resolve("command.out");
    Path err = folder.resolve("command.err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    // It would build and train in the midst of the build that runs this.
    builder.environment().put("PANNIER_AOT_CACHE", "off");
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private Ended pannier(String... arguments) throws IOException, InterruptedException {
    return pannier(Map.of(), List.of(arguments));
  }

  private static String readme() throws IOException {
    return Files.readString(Tree.root().resolve("README.md"));
  }

  /// The README's configuration, word for word.
  private Path readmesConfiguration() throws IOException {
    Matcher yaml = Pattern.compile("(?s)```yaml\n(.*?)```").matcher(readme());
    assertThat(yaml.find()).as("the README has a configuration").isTrue();
    return Files.writeString(folder.resolve("pannier.yaml"), yaml.group(1));
  }

  @Test
  void theReadmesCommandsAreThoseTestedHere() throws Exception {
    List<String> commands = COMMAND.matcher(readme()).results().map(m -> m.group(1)).toList();
    assertThat(commands)
        .containsExactlyInAnyOrder(
            "run --config pannier.yaml",
            "validate --config pannier.yaml",
            "parse --parser auto app.log");
    assertThat(readme()).contains("./pannier demo", "mvn verify");
  }

  @Test
  void validateFindsTheReadmesConfigurationValid() throws Exception {
    readmesConfiguration();
    Ended ended =
        pannier(
            Map.of("XDG_STATE_HOME", folder.resolve("state").toString()),
            List.of("validate", "--config", "pannier.yaml"));
    assertThat(ended.code()).as(ended.errors()).isZero();
  }

  @Test
  void parseShowsWhatTheLinesOfAFileBecome() throws Exception {
    Files.writeString(
        folder.resolve("app.log"),
        """
        {"@timestamp":"2026-03-01T08:30:00Z","level":"WARN","logger_name":"shop","message":"low stock"}
        {"@timestamp":"2026-03-01T08:30:01Z","level":"INFO","logger_name":"shop","message":"filled"}
        """);
    Ended ended = pannier("parse", "--parser", "auto", "app.log");
    assertThat(ended.code()).as(ended.errors()).isZero();
    assertThat(ended.output().lines()).hasSize(2);
    assertThat(ended.output()).contains("low stock", "filled", "WARN");
  }

  @Test
  void simulateRunsHistoriesOfEachModeAndSaysWhatTheyWereLike() throws Exception {
    Ended ended = pannier("simulate", "--seeds", "1");
    assertThat(ended.code()).as(ended.output() + ended.errors()).isZero();
    for (String mode : List.of("memory", "disk", "once", "once_disk")) {
      assertThat(ended.output()).contains("mode " + mode + ": 1 histories of 10000 steps");
    }
    assertThat(ended.output())
        .containsPattern("crashes( +\\d+)+ +average")
        .containsPattern("rotations( +\\d+)+ +average")
        .endsWith("no promise was broken\n");
  }

  @Test
  void simulateRepeatsTheHistoryOfASeed() throws Exception {
    Ended ended =
        pannier("simulate", "--seeds", "1", "--seed", "77", "--mode", "disk", "--steps", "3000");
    assertThat(ended.code()).as(ended.output() + ended.errors()).isZero();
    assertThat(ended.output())
        .contains("mode disk: 1 histories of 3000 steps")
        .doesNotContain("mode memory", "mode once");
  }

  @Test
  void runTakesTheReadmesConfiguration() throws Exception {
    Kafka kafka = Kafka.shared();
    kafka.emptyTopics(List.of("otlp_logs", "otlp_spans", "otlp_metrics"));
    List<Integer> ports = Ports.free(3);
    Path config = readmesConfiguration();
    // Addresses and folders of its own: the defaults' may be taken on the machine of a test.
    Files.writeString(
        config,
        Files.readString(config)
            .replace(
                "sources:\n",
                """
                state: {directory: "%s"}
                admin: {listen: "127.0.0.1:%d"}
                sources:
                  otlp: {grpc: "127.0.0.1:%d", http: "127.0.0.1:%d"}
                """
                    .formatted(folder.resolve("state"), ports.get(0), ports.get(1), ports.get(2)))
            .replace("kafka:9092", kafka.servers()));
    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar.sample(config, Map.of()).admin(ports.getFirst()).start();
      assertThat(sidecar.stop()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"--help", "run --help", "validate --help", "parse --help"})
  void helpIsData(String arguments) throws Exception {
    Ended ended = pannier(arguments.split(" "));
    assertThat(ended.code()).isZero();
    assertThat(ended.output()).contains("Usage: pannier");
    assertThat(ended.errors()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "rnu, run",
    "run --confg x, --config",
    "run --config gone.yaml, gone.yaml",
    "validate --config gone.yaml, gone.yaml",
    "parse, --parser",
    "parse --parser nothing, nothing",
    "parse --parser raw gone.log, gone.log",
    "simulate --sedes 1, --sedes",
    "simulate --mode both, BOTH"
  })
  void wrongUsageIsTold(String arguments, String told) throws Exception {
    Ended ended = pannier(arguments.split(" "));
    assertThat(ended.code()).as(ended.errors()).isEqualTo(2);
    assertThat(ended.errors()).contains(told);
    assertThat(ended.output()).isEmpty();
  }

  @Test
  void validateTellsAllProblemsAtOnceEachWithFileLineAndKey() throws Exception {
    Files.writeString(
        folder.resolve("pannier.yaml"),
        """
        sources:
          files:
            - {name: app, include: ["relative/*.log"]}
          otlp: {grpc: "127.0.0.1:99999"}
        shipers: {}
        shutdown: {deadline: soon}
        buffer: {type: memory}
        sources2: 1
        """);
    Ended ended = pannier("validate", "--config", "pannier.yaml");
    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.errors().lines())
        .anyMatch(line -> line.startsWith("pannier.yaml:3: sources.files") && line.contains("rel"))
        .anyMatch(line -> line.startsWith("pannier.yaml:4: sources.otlp.grpc: "))
        .anyMatch(line -> line.startsWith("pannier.yaml:5: shipers: ") && line.contains("shippers"))
        .anyMatch(line -> line.startsWith("pannier.yaml:6: shutdown.deadline: "))
        .anyMatch(line -> line.startsWith("pannier.yaml:8: sources2: "));
  }

  @Test
  void aStateDirectoryThatCannotBeWrittenSaysWhatToMount() throws Exception {
    Path file = Files.writeString(folder.resolve("a-file"), "");
    Path config =
        Files.writeString(
            folder.resolve("pannier.yaml"), "state: {directory: " + file.resolve("state") + "}\n");
    Ended ended = pannier("run", "--config", config.toString());
    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.errors()).contains("state.directory", file.toString(), "mount");
    assertThat(ended.output()).isEmpty();
  }

  static List<Path> documents() throws IOException {
    try (Stream<Path> tree = Files.walk(Tree.root(), 3)) {
      return tree.filter(file -> file.toString().endsWith(".md"))
          .filter(file -> !Tree.root().relativize(file).toString().contains("target"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("documents")
  void theLinksOfDocumentsLeadSomewhere(Path document) throws Exception {
    List<String> dead =
        LINK.matcher(Files.readString(document))
            .results()
            .map(link -> link.group(1))
            .filter(link -> !link.contains("://"))
            .filter(link -> !Files.exists(document.resolveSibling(link)))
            .toList();
    assertThat(dead).as("links of " + document).isEmpty();
  }
}
