package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The configuration is reloaded while the sidecar runs: what changed is applied, and nothing is lost or
/// repeated by it.
@Execution(ExecutionMode.CONCURRENT)
class ReloadIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String FILES = Sidecar.files("parser: raw");
  private static final String DISK = "buffer: {type: disk}\n";

  /// What is under way at a destination that does not answer ends before the reload does.
  private static final String GIVES_UP_SOON = ", properties: {max.block.ms: \"1000\"}";

  @TempDir private Path folder;
  private Kafka kafka;
  private String topic;

  @BeforeEach
  void ownTopic() throws Exception {
    kafka = Kafka.shared();
    topic = kafka.topic("reload");
  }

  private String shippers(String... lines) {
    return "shippers:\n" + String.join("", lines);
  }

  private String events(String more) {
    return kafka("events", topic, more);
  }

  private String kafka(String name, String to, String more) {
    return """
      %s: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs]%s}
    """
        .formatted(name, kafka.servers(), to, more);
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static JsonNode reload(Sidecar sidecar) throws IOException {
    return sidecar.statusPage().get("reload");
  }

  private static String outcome(Sidecar sidecar) throws IOException {
    return reload(sidecar).get("outcome").asString();
  }

  /// Waits until so many were applied, and none is under way.
  private static void awaitApplied(Sidecar sidecar, int times) {
    await("applied " + times)
        .atMost(PATIENCE)
        .until(
            () ->
                !outcome(sidecar).equals("applying")
                    && reload(sidecar).get("applied").asInt() == times);
  }

  /// Asks for the reload at once: a file that has changed by itself is waited for until it looks the same twice.
  private static void apply(Sidecar sidecar, String configuration, int times) throws Exception {
    sidecar.configure(configuration);
    sidecar.signal("HUP");
    awaitApplied(sidecar, times);
  }

  private static long count(Sidecar sidecar, String words) throws IOException {
    // Lines that repeat are merged into one with their count, at the latest at the end.
    return sidecar
        .errors()
        .lines()
        .filter(line -> line.contains(words))
        .map(new ObjectMapper()::readTree)
        .mapToLong(line -> line.path("repeated").asLong(1))
        .sum();
  }

  /// A ConfigMap that is not there yet, one with a mistake, and one that is right.
  @Test
  void whoWaitsForAConfigurationLivesWithoutOneAndRunsItAsSoonAsItIsRight() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder).arguments(List.of("--wait-for-configuration"));
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.launch(Map.of("PANNIER_ADMIN_LISTEN", "127.0.0.1:" + sidecar.adminPort()));
      sidecar.awaitAlive();
      assertThat(sidecar.body("/readyz")).contains("pannier.yaml: file: there is no such file");
      assertThat(outcome(sidecar)).isEqualTo("waiting");
      write(sidecar.log("app.log"), "before\n");

      sidecar.configure(FILES + "memori: 24MiB\n" + shippers(events("")));
      await("told")
          .atMost(PATIENCE)
          .until(() -> sidecar.body("/readyz").contains("memori: unknown key"));
      assertThat(sidecar.errors()).contains("memori: unknown key");

      sidecar.configure(FILES + shippers(events("")));
      assertThat(read.await(all -> !all.bodies().isEmpty()).bodies()).containsExactly("before");
      await("applied").atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
      assertThat(outcome(sidecar)).isEqualTo("none");
      assertThat(sidecar.stop()).isZero();
    }
  }

  @Test
  void whoWaitsForAConfigurationEndsWithASignal() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder).arguments(List.of("--wait-for-configuration"))) {
      sidecar.launch(Map.of("PANNIER_ADMIN_LISTEN", "127.0.0.1:" + sidecar.adminPort()));
      sidecar.awaitAlive();
      assertThat(sidecar.stop()).isEqualTo(2);
    }
  }

  @Test
  void aFileThatChangesIsAppliedAndAShipperThatDoesNotKeepsItsClient() throws Exception {
    String archive = "  archive: {type: file, path: \"${DIR}/archive/\"}\n";
    try (Sidecar sidecar =
            new Sidecar(folder).configure(FILES + shippers(events(""), archive)).start();
        Topic read = new Topic(kafka.servers(), topic)) {
      write(sidecar.log("app.log"), "before secret@example.com\n");
      read.await(all -> all.bodies().size() == 1);

      sidecar.configure(
          FILES
              + "processors: [{redact: {patterns: [email], replace: \"[gone]\"}}]\n"
              + shippers(events(""), archive.replace("archive/", "other/")));
      awaitApplied(sidecar, 1);
      write(sidecar.log("app.log"), "after secret@example.com\n");
      read.await(all -> all.bodies().size() == 2);

      assertThat(sidecar.stop()).isZero();
      assertThat(read.rest().bodies()).containsExactly("before secret@example.com", "after [gone]");
      assertThat(count(sidecar, "shipper events: the destination answers")).isEqualTo(1);
      assertThat(count(sidecar, "shipper events: goes on")).isZero();
      assertThat(count(sidecar, "shipper archive: goes on with its new settings")).isEqualTo(1);
      assertThat(Files.readString(folder.resolve("archive/logs.jsonl")))
          .contains("before secret@example.com")
          .doesNotContain("after");
      assertThat(Files.readString(folder.resolve("other/logs.jsonl")))
          .contains("after [gone]")
          .doesNotContain("before");
    }
  }

  /// What is ignored when a JVM starts, as by nohup(1), stays so, and for what it starts.
  private static void assumeSighupIsHeard() throws IOException {
    String ignored =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .findFirst()
            .orElseThrow();
    long signals = Long.parseUnsignedLong(ignored.substring(ignored.indexOf(':') + 1).strip(), 16);
    assumeThat(signals & 1).as("SIGHUP is ignored here, by nohup for example").isZero();
  }

  @Test
  void sighupReadsSecretsAnewAndOtherwiseFindsNothingToDo() throws Exception {
    assumeSighupIsHeard();
    Path topicFile = folder.resolve("topic");
    Files.writeString(topicFile, topic);
    String second = kafka.topic("reload");
    try (Sidecar sidecar =
            new Sidecar(folder)
                .configure(FILES + shippers(kafka("events", "\"${file:" + topicFile + "}\"", "")))
                .start();
        Topic read = new Topic(kafka.servers(), topic);
        Topic readSecond = new Topic(kafka.servers(), second)) {
      write(sidecar.log("app.log"), "one\n");
      read.await(all -> all.bodies().size() == 1);

      sidecar.signal("HUP");
      await().atMost(PATIENCE).until(() -> outcome(sidecar).equals("unchanged"));
      assertThat(reload(sidecar).get("applied").asInt()).isZero();

      Files.writeString(topicFile, second);
      sidecar.signal("HUP");
      awaitApplied(sidecar, 1);
      write(sidecar.log("app.log"), "two\n");
      readSecond.await(all -> all.bodies().size() == 1);
      assertThat(sidecar.stop()).isZero();
      assertThat(read.rest().bodies()).containsExactly("one");
      assertThat(readSecond.rest().bodies()).containsExactly("two");
    }
  }

  @Test
  void sighupWhileItStartsIsNotItsEnd() throws Exception {
    assumeSighupIsHeard();
    Path positions = Files.createDirectories(folder.resolve("state")).resolve("positions");
    assertThat(new ProcessBuilder("mkfifo", positions.toString()).start().waitFor()).isZero();
    try (Sidecar sidecar = new Sidecar(folder).configure(FILES + shippers(events("")))) {
      sidecar.launch();
      // Opened when the other side opens it, which then waits for the positions.
      OutputStream held = Files.newOutputStream(positions, StandardOpenOption.WRITE);
      sidecar.signal("HUP");
      held.close();
      sidecar.awaitAlive();
      await().atMost(PATIENCE).until(() -> outcome(sidecar).equals("unchanged"));
      assertThat(sidecar.stop()).isZero();
    }
  }

  @Test
  void aConfigMapsSwapIsNoticed() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder).configure(FILES + shippers(events("")));
        Topic read = new Topic(kafka.servers(), topic)) {
      Path config = sidecar.config();
      String text = Files.readString(config);
      Path mount = Files.createDirectories(folder.resolve("mount"));
      swap(mount, "..1", text);
      Files.createSymbolicLink(mount.resolve("pannier.yaml"), Path.of("..data/pannier.yaml"));
      Files.delete(config);
      Files.createSymbolicLink(config, mount.resolve("pannier.yaml"));
      sidecar.start();

      swap(mount, "..2", "processors: [{add: {team: a}}]\n" + text);
      awaitApplied(sidecar, 1);
      write(sidecar.log("app.log"), "line\n");
      read.await(all -> all.bodies().size() == 1);
      assertThat(read.logs().getFirst().getAttributesList())
          .anyMatch(attribute -> attribute.getKey().equals("team"));
    }
  }

  /// As kubelet does it: a new folder, and the link `..data` renamed over.
  private static void swap(Path mount, String version, String text) throws IOException {
    Path own = Files.createDirectories(mount.resolve(version));
    Files.writeString(own.resolve("pannier.yaml"), text);
    Path link = Files.createSymbolicLink(mount.resolve("..data_tmp"), Path.of(version));
    Files.move(link, mount.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void whatIsBrokenOrNeedsARestartIsRefusedWithItsProblems() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder).configure(FILES + shippers(events(""))).start();
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(
          "memori: 1\n"
              + FILES
              + "processors: [{drop: {}}]\n"
              + shippers(events(", properties: {sasl.jaas.config: [hush]}")));
      await().atMost(PATIENCE).until(() -> outcome(sidecar).equals("refused"));
      List<String> problems = problems(sidecar);
      assertThat(problems)
          .contains(sidecar.config() + ":1: memori: unknown key, did you mean memory?")
          .anyMatch(problem -> problem.contains("processors[0].drop: needs when"));
      String log = sidecar.errors();
      for (String problem : problems) {
        assertThat(log).contains(problem.substring(0, problem.indexOf('(') + 1).strip());
      }
      assertThat(log + problems).doesNotContain("hush");
      assertThat(sidecar.body("/metrics"))
          .contains("pannier_config_reloads_total{outcome=\"refused\"} 1\n")
          .contains("pannier_config_refused 1\n");

      sidecar.configure(
          "memory: 25MiB\n" + FILES + "processors: [{add: {a: b}}]\n" + shippers(events("")));
      await().atMost(PATIENCE).until(() -> reload(sidecar).get("refused").asInt() == 2);
      assertThat(problems(sidecar))
          .containsExactly(
              sidecar.config()
                  + ":1: memory: cannot change while the sidecar runs: restart it, and with -Xmx41m"
                  + " at least (24MiB → 25MiB)");
      assertThat(sidecar.status("/readyz")).isEqualTo(200);

      write(sidecar.log("app.log"), "line\n");
      read.await(all -> all.bodies().size() == 1);
      assertThat(read.logs().getFirst().getAttributesList())
          .noneMatch(attribute -> attribute.getKey().equals("a"));

      sidecar.configure(FILES + shippers(events("")));
      await().atMost(PATIENCE).until(() -> outcome(sidecar).equals("unchanged"));
      assertThat(sidecar.body("/metrics")).contains("pannier_config_refused 0\n");
    }
  }

  private static List<String> problems(Sidecar sidecar) throws IOException {
    List<String> problems = new ArrayList<>();
    reload(sidecar).get("problems").forEach(problem -> problems.add(problem.asString()));
    return problems;
  }

  @Test
  void parsersSourcesAndProcessorsChangeWhileLinesAreWritten() throws Exception {
    String regex =
        """
        parsers:
          words: {type: regex, pattern: '^(?<first>\\w+) (?<body>.*)$'}
        """;
    try (Sidecar sidecar = new Sidecar(folder).configure(FILES + shippers(events(""))).start();
        Application application = Application.writing(sidecar.log("app.log"));
        Topic read = new Topic(kafka.servers(), topic)) {
      read.await(all -> all.bodies().size() > 100);
      apply(sidecar, Sidecar.files("parser: words") + regex + shippers(events("")), 1);
      read.rest();
      int before = read.bodies().size();
      read.await(all -> all.bodies().size() > before + 100);
      apply(
          sidecar,
          FILES.replace("name: app", "name: other")
              + "processors: [{add: {team: a}}]\n"
              + shippers(events("")),
          2);
      read.rest();
      int later = read.bodies().size();
      read.await(all -> all.bodies().size() > later + 100);
      List<String> written = application.end();
      read.await(all -> all.bodies().size() >= written.size());
      assertThat(sidecar.stop()).isZero();
      List<String> bodies = read.rest().bodies();
      List<String> whole =
          bodies.stream().map(body -> body.startsWith("line ") ? body : "line " + body).toList();
      assertThat(whole).containsExactlyElementsOf(written);
      assertThat(bodies).anyMatch(body -> !body.startsWith("line "));
      assertThat(read.logs().getLast().getAttributesList())
          .anyMatch(attribute -> attribute.getKey().equals("team"));
    }
  }

  @ParameterizedTest
  @CsvSource({"memory, ''", "memory, once", "disk, ''", "disk, once"})
  void shippersComeChangeAndGoAndEachHasEachLineOnce(String buffer, String delivery)
      throws Exception {
    String other = kafka.topic("reload");
    String files = FILES + (buffer.equals("disk") ? DISK : "");
    String once = delivery.isEmpty() ? "" : ", delivery: exactly_once";
    String copy = kafka("copy", other, "");
    try (Sidecar sidecar = new Sidecar(folder).configure(files + shippers(events(once))).start();
        Application application = Application.writing(sidecar.log("app.log"));
        Topic read = new Topic(kafka.servers(), topic);
        Topic readOther = new Topic(kafka.servers(), other)) {
      read.await(all -> all.bodies().size() > 100);
      apply(sidecar, files + shippers(events(once), copy), 1);
      readOther.await(all -> all.bodies().size() > 100);
      for (int i = 0; i < 3; i++) {
        String changed =
            once + ", properties: {compression.type: " + (i % 2 == 0 ? "zstd" : "gzip") + "}";
        apply(sidecar, files + shippers(events(changed), copy), 2 + i);
        read.rest();
        int before = read.bodies().size();
        read.await(all -> all.bodies().size() > before + 100);
      }
      apply(sidecar, files + shippers(events(once)), 5);
      read.rest();
      int before = read.bodies().size();
      read.await(all -> all.bodies().size() > before + 100);
      List<String> written = application.end();
      read.await(all -> all.bodies().size() >= written.size());
      assertThat(sidecar.stop()).isZero();
      assertThat(read.rest().bodies()).containsExactlyElementsOf(written);
      List<String> copied = readOther.rest().bodies();
      int from = written.indexOf(copied.getFirst());
      assertThat(copied).containsExactlyElementsOf(written.subList(from, from + copied.size()));
      assertThat(copied.size()).isLessThan(written.size());
      assertThat(count(sidecar, "shipper copy: the destination answers")).isEqualTo(1);
      assertThat(count(sidecar, "shipper events: the destination answers")).isEqualTo(5);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ", delivery: exactly_once"})
  void aShipperThatTakesTheOthersPlaceBeginsWhereThatStopped(String delivery) throws Exception {
    try (Sidecar sidecar =
            new Sidecar(folder).configure(FILES + shippers(events(delivery))).start();
        Application application = Application.writing(sidecar.log("app.log"));
        Topic read = new Topic(kafka.servers(), topic)) {
      String name = "events";
      for (int i = 1; i <= 3; i++) {
        read.rest();
        int before = read.bodies().size();
        read.await(all -> all.bodies().size() > before + 100);
        name = "events" + i;
        apply(sidecar, FILES + shippers(kafka(name, topic, delivery)), i);
      }
      List<String> written = application.end();
      read.await(all -> all.bodies().size() >= written.size());
      assertThat(sidecar.stop()).isZero();
      assertThat(read.rest().bodies()).containsExactlyElementsOf(written);
    }
  }

  @Test
  void whatADeadDestinationDidNotGetGoesToTheOneInItsPlace() throws Exception {
    String dead =
        "  dead: {type: kafka, bootstrap_servers: \"127.0.0.1:1\", topics: {logs: x}"
            + GIVES_UP_SOON
            + "}\n";
    try (Sidecar sidecar = new Sidecar(folder).configure(FILES + shippers(dead));
        Topic read = new Topic(kafka.servers(), topic)) {
      List<String> written =
          Stream.iterate(0, i -> i + 1).limit(2_000).map(i -> "line " + i).toList();
      Files.write(sidecar.log("app.log"), written);
      sidecar.launch();
      sidecar.awaitAlive();
      await()
          .atMost(PATIENCE)
          .until(() -> sidecar.statusPage().get("shippers").get(0).get("in_flight").asInt() > 500);
      apply(sidecar, FILES + shippers(events("")), 1);
      read.await(all -> all.bodies().size() >= written.size());
      assertThat(sidecar.stop()).isZero();
      assertThat(read.rest().bodies()).containsExactlyElementsOf(written);
    }
  }

  @Test
  void aWrongAddressIsMendedByAReload() throws Exception {
    String right = events(", delivery: exactly_once");
    String wrong =
        events(", delivery: exactly_once" + GIVES_UP_SOON).replace(kafka.servers(), "127.0.0.1:1");
    try (Sidecar sidecar = new Sidecar(folder).configure(FILES + shippers(wrong));
        Topic read = new Topic(kafka.servers(), topic)) {
      write(sidecar.log("app.log"), "line\n");
      sidecar.launch();
      sidecar.awaitAlive();
      assertThat(sidecar.status("/readyz")).isEqualTo(503);
      apply(sidecar, FILES + shippers(right), 1);
      read.await(all -> all.bodies().size() == 1);
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
      assertThat(sidecar.stop()).isZero();
      assertThat(read.rest().bodies()).containsExactly("line");
    }
  }

  @Test
  void theReceiverMovesToAnotherAddressAndTheAdminPageStays() throws Exception {
    try (Sidecar sidecar =
            new Sidecar(folder).configure(Sidecar.otlp() + shippers(events(""))).start();
        Topic read = new Topic(kafka.servers(), topic)) {
      Client.sendLogs(sidecar, Wire.HTTP_PROTOBUF, List.of("one", "two"));
      apply(
          sidecar,
          Sidecar.otlp().replace("grpc: \"127.0.0.1:${GRPC}\"", "grpc: none")
              + shippers(events("")),
          1);
      Client.sendLogs(sidecar, Wire.HTTP_PROTOBUF, List.of("three"));
      read.await(all -> all.logs().size() >= 3);
      assertThat(sidecar.stop()).isZero();
      assertThat(read.rest().bodies()).containsExactly("one", "two", "three");
    }
  }
}
