package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pannier.demo.Demo;
import dev.pannier.demo.Packaged;
import dev.pannier.demo.Ports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The packaged sidecar with `buffer: {type: disk}`: what the death of the process and of destinations does to what
/// was taken over.
@Execution(ExecutionMode.CONCURRENT)
class DiskBufferIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String DISK =
      "buffer: {type: disk, directory: \"${DIR}/buffer\", max_bytes: 64MiB}\n";

  /// The least that may be configured, in MiB.
  private static final int MAX_BYTES = 8;

  private static Kafka kafka;

  @TempDir private Path folder;
  private String logs;
  private String spans;

  @BeforeAll
  static void broker() throws Exception {
    kafka = Kafka.shared();
  }

  @BeforeEach
  void ownTopics() throws Exception {
    logs = kafka.topic("disk-logs");
    spans = kafka.topic("disk-spans");
  }

  private static String both() {
    return """
    sources:
      files:
        - {name: app, include: ["${LOGS}/*.log"], parser: raw}
      otlp: {grpc: "127.0.0.1:${GRPC}", http: "127.0.0.1:${HTTP}"}
    """;
  }

  private String events() {
    return """
      events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s, traces: %s}, signals: [logs, traces]}
    """
        .formatted(kafka.servers(), logs, spans);
  }

  private static String backend(int port) {
    return "  backend: {type: otlp, endpoint: \"http://127.0.0.1:%d\", protocol: http/protobuf}\n"
        .formatted(port);
  }

  private static List<String> append(Path file, String prefix, int count) throws Exception {
    List<String> lines = IntStream.range(0, count).mapToObj(i -> prefix + " " + i).toList();
    Files.write(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    return lines;
  }

  @Test
  void nothingIsLostByKillsAtRandomMoments() throws Exception {
    Random random = new Random(5);
    List<String> written = new ArrayList<>();
    List<String> answered = new ArrayList<>();
    try (Sidecar sidecar = new Sidecar(folder);
        Topic readLogs = new Topic(kafka.servers(), logs);
        Topic readSpans = new Topic(kafka.servers(), spans)) {
      sidecar.configure(both() + DISK + "shippers:\n" + events());
      for (int run = 0; run < 5; run++) {
        sidecar.start();
        Path file = sidecar.log("app.log");
        for (int part = 0; part < 4; part++) {
          written.addAll(append(file, "run " + run + " part " + part, 2_000));
          // Each request is answered before the next line is written.
          answered.addAll(Client.sendSpans(sidecar, Wire.GRPC, 20));
        }
        if (run % 2 == 1) {
          Files.move(file, sidecar.log("app-" + run + ".old"));
        }
        written.addAll(append(file, "run " + run + " last", 5_000));
        int seen = random.nextInt(written.size());
        readLogs.await(all -> all.logs().size() >= seen);
        sidecar.kill();
      }
      sidecar.start();
      readLogs.await(all -> new HashSet<>(all.bodies()).containsAll(written));
      readSpans.await(all -> all.spanIds().containsAll(answered));
      assertThat(readLogs.bodies().stream().distinct().toList())
          .as("repeats are allowed; order holds for the first copy of each")
          .containsExactlyElementsOf(written);
    }
  }

  /// Lines of far more than a shipper's share of memory, and a restart while they wait.
  @ParameterizedTest
  @ValueSource(strings = {"at_least_once", "exactly_once"})
  void whatGoesToAMissingTopicWaitsOnDiskAndTheRestIsShipped(String delivery) throws Exception {
    String late = "made-later-" + delivery + "-" + System.nanoTime();
    List<String> written = new ArrayList<>();
    List<String> sent = new ArrayList<>();
    try (Sidecar sidecar = new Sidecar(folder);
        Topic readSpans = new Topic(kafka.servers(), spans)) {
      sidecar.configure(
          both()
              + DISK
              + "shutdown: {deadline: 3s}\nshippers:\n"
              + """
                events:
                  type: kafka
                  bootstrap_servers: "%s"
                  topics: {logs: %s, traces: %s}
                  signals: [logs, traces]
                  delivery: %s
              """
                  .formatted(kafka.servers(), late, spans, delivery));
      Path file = sidecar.log("app.log");
      for (int run = 0; run < 2; run++) {
        sidecar.launch();
        sidecar.awaitAlive();
        written.addAll(append(file, "run " + run + " " + "x".repeat(200), 30_000));
        awaitRead(sidecar, file);
        sent.addAll(Client.sendSpans(sidecar, Wire.GRPC, 20));
        readSpans.await(all -> all.spanIds().containsAll(sent));
        // What is shipped at least once may come again where its place was not stored.
        if (run == 0 && delivery.equals("exactly_once")) {
          sidecar.kill();
        } else {
          sidecar.stop();
        }
      }
      sidecar.launch();
      sidecar.awaitAlive();
      written.addAll(append(file, "last", 10));
      awaitRead(sidecar, file);
      kafka.create(late);
      try (Topic readLogs = new Topic(kafka.servers(), late)) {
        readLogs.await(all -> all.logs().size() >= written.size()).rest();
        assertThat(readLogs.bodies()).containsExactlyElementsOf(written);
      }
      assertThat(readSpans.rest().spanIds()).containsExactlyInAnyOrderElementsOf(sent);
    }
  }

  private static void awaitRead(Sidecar sidecar, Path file) throws Exception {
    long bytes = Files.size(file);
    await()
        .atMost(PATIENCE)
        .until(
            () -> sidecar.statusPage().at("/sources/0/files/0/position_bytes").asLong() == bytes);
  }

  @Test
  void whatWasTakenOverWhileTheBrokerWasAwaySurvivesAKillAndTheLossOfTheLogFile() throws Exception {
    Path kafkaFolder = Files.createDirectories(folder.resolve("kafka"));
    try (Kafka own = Kafka.start(kafkaFolder, "auto.create.topics.enable=true");
        Sidecar sidecar = new Sidecar(folder)) {
      String topic = own.topic("away");
      sidecar.configure(
          Sidecar.files("parser: raw")
              + DISK
              + """
              shippers:
                events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs]}
              """
                  .formatted(own.servers(), topic));
      sidecar.start();
      own.kill();
      List<String> written = append(sidecar.log("app.log"), "while away", 20_000);
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                JsonNode source = sidecar.statusPage().at("/sources/0");
                // The lag is of what was seen: the end of what was just written may not have been.
                return source.at("/records").asLong() == written.size()
                    && source.at("/lag_bytes").asLong() == 0;
              });
      Files.delete(sidecar.log("app.log"));
      sidecar.kill();
      own.restart();
      sidecar.start();
      try (Topic read = new Topic(own.servers(), topic)) {
        read.await(all -> new HashSet<>(all.bodies()).containsAll(written));
        assertThat(read.bodies().stream().distinct().toList()).containsExactlyElementsOf(written);
      }
    }
  }

  @Test
  void deadBackendDoesNotHoldUpKafkaAndCatchesUp() throws Exception {
    int port = Ports.free(1).getFirst();
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), logs)) {
      sidecar.configure(
          Sidecar.files("parser: raw")
              + DISK
              + "shippers:\n"
              + events()
              + "  backend: {type: otlp, endpoint: \"http://127.0.0.1:%d\", protocol: http/protobuf, signals: [logs]}\n"
                  .formatted(port));
      sidecar.launch(Map.of());
      sidecar.awaitAlive();
      List<String> written = new ArrayList<>();
      // More than memory holds.
      for (int part = 0; part < 30; part++) {
        written.addAll(append(sidecar.log("app.log"), "x".repeat(500) + " part " + part, 2_000));
        int so = written.size();
        read.await(all -> all.logs().size() >= so);
      }
      assertThat(read.bodies()).containsExactlyElementsOf(written);
      assertThat(sidecar.statusPage().at("/buffer/bytes").asLong()).isGreaterThan(30L << 20);
      assertThat(sidecar.body("/readyz")).contains("backend");
      sidecar.kill();
      try (OtlpBackend backend = OtlpBackend.http(port)) {
        sidecar.start();
        await().atMost(PATIENCE).until(() -> backend.bodies().size() >= written.size());
        assertThat(backend.bodies().stream().distinct().toList())
            .containsExactlyElementsOf(written);
        await()
            .atMost(PATIENCE)
            .until(() -> sidecar.statusPage().at("/buffer/segments").asInt() <= 2);
      }
    }
  }

  @Test
  void theLiveDestinationWaitsAtMaxBytesAndNothingIsLost() throws Exception {
    int port = Ports.free(1).getFirst();
    try (Sidecar sidecar = new Sidecar(folder);
        Topic readLogs = new Topic(kafka.servers(), logs);
        Topic readSpans = new Topic(kafka.servers(), spans)) {
      sidecar
          .configure(
              both()
                  + DISK.replace("64MiB", MAX_BYTES + "MiB")
                  + "shippers:\n"
                  + events()
                  + backend(port))
          .launch();
      sidecar.awaitAlive();
      Path file = sidecar.log("app.log");
      List<String> written = new ArrayList<>(append(file, "x".repeat(500) + " first", 1_000));
      try (Requests requests = new Requests(sidecar.httpPort())) {
        // What is far from full holds nobody up.
        readLogs.await(all -> all.logs().size() >= written.size());
        readSpans.await(all -> !all.messages().isEmpty());
        written.addAll(append(file, "x".repeat(500) + " then", 40_000));
        await()
            .atMost(PATIENCE)
            .until(
                () ->
                    sidecar
                        .body("/metrics")
                        .lines()
                        .anyMatch(
                            line ->
                                line.startsWith("pannier_source_refused_requests_total{")
                                    && line.contains("reason=\"buffer\"")));
        List<String> answered = requests.end().acknowledged();
        // The live one has all that was taken over, and waits for the rest.
        await()
            .atMost(PATIENCE)
            .until(() -> sidecar.statusPage().at("/shippers/0/in_flight").asLong() == 0);
        // The page tells of files what was so at the last look at them.
        await()
            .atMost(PATIENCE)
            .until(() -> sidecar.statusPage().at("/sources/0/lag_bytes").asLong() > 0);
        JsonNode full = sidecar.statusPage();
        assertThat(full.at("/shippers/0/name").asString()).isEqualTo("events");
        assertThat(full.at("/buffer/bytes").asLong())
            .isBetween((MAX_BYTES - 1L) << 20, (MAX_BYTES + 1L) << 20);
        assertThat(full.at("/buffer/problem").asString()).isEmpty();
        List<String> meanwhile = readLogs.rest().bodies();
        assertThat(meanwhile).isEqualTo(written.subList(0, meanwhile.size()));
        try (OtlpBackend backend = OtlpBackend.http(port)) {
          readLogs.await(all -> all.logs().size() >= written.size());
          await().atMost(PATIENCE).until(() -> backend.bodies().size() >= written.size());
          assertThat(sidecar.stop()).isZero();
          assertThat(readLogs.rest().bodies()).isEqualTo(written);
          assertThat(backend.bodies()).isEqualTo(written);
          assertThat(readSpans.rest().spanIds()).containsExactlyElementsOf(answered);
          // Requests to a backend may overtake each other.
          assertThat(OtlpIT.ids(backend.spans())).containsExactlyInAnyOrderElementsOf(answered);
        }
      }
    }
  }

  @Test
  void vanishedDirectoryIsNamedAndTheSidecarGoesOn() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), logs)) {
      sidecar.configure(Sidecar.files("parser: raw") + DISK + "shippers:\n" + events());
      sidecar.start();
      List<String> written = new ArrayList<>(append(sidecar.log("app.log"), "before", 1_000));
      read.await(all -> all.logs().size() >= 1_000);
      Path buffer = folder.resolve("buffer");
      Path aside = folder.resolve("aside");
      Files.move(buffer, aside);
      // Something else lies where the directory was.
      Files.createFile(buffer);
      await()
          .atMost(PATIENCE)
          .until(() -> sidecar.body("/readyz").contains("does not take records"));
      written.addAll(append(sidecar.log("app.log"), "meanwhile", 1_000));
      read.await(all -> all.logs().size() >= 2_000);
      Files.delete(buffer);
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
      written.addAll(append(sidecar.log("app.log"), "after", 1_000));
      read.await(all -> all.logs().size() >= 3_000);
      assertThat(read.bodies()).containsExactlyElementsOf(written);
      assertThat(sidecar.errors()).contains("takes records again");
    }
  }

  /// The open segment can still be written, a new one cannot be made.
  @Test
  void aReadOnlyDiskTurnsToMemoryAndBack() throws Exception {
    Path buffer = Files.createDirectories(folder.resolve("buffer"));
    List<String> own = OwnMounts.with(":", buffer);
    String missing = OwnMounts.missing(own);
    assumeTrue(missing.isEmpty(), "no process can have file systems of its own here: " + missing);
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), logs)) {
      sidecar
          .configure(
              Sidecar.files("parser: raw")
                  + DISK.replace("64MiB", "16MiB")
                  + "shippers:\n"
                  + events())
          .within(own)
          .start();
      List<String> written = new ArrayList<>(append(sidecar.log("app.log"), "before", 100));
      read.await(all -> all.logs().size() >= written.size());
      ProcessHandle process = sidecar.running().handle();
      // Made read-only where nobody opens anything for writing meanwhile.
      OwnMounts.in(
          process,
          """
          mkdir "$0.aside" && mount --bind "$0" "$0.aside" &&
          mount -o remount,bind,ro "$0.aside" && mount --bind "$0.aside" "$0"
          """,
          buffer);
      while (!sidecar.body("/readyz").contains("does not take records")) {
        written.addAll(append(sidecar.log("app.log"), "x".repeat(500), 1_000));
        read.await(all -> all.logs().size() >= written.size());
      }
      written.addAll(append(sidecar.log("app.log"), "meanwhile", 1_000));
      read.await(all -> all.logs().size() >= written.size());
      assertThat(sidecar.body("/readyz")).contains("Read-only file system");
      assertThat(sidecar.statusPage().at("/buffer/problem").asString()).isNotEmpty();
      OwnMounts.in(process, "umount \"$0\"", buffer);
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
      written.addAll(append(sidecar.log("app.log"), "after", 1_000));
      read.await(all -> all.logs().size() >= written.size());
      assertThat(read.bodies()).containsExactlyElementsOf(written);
      assertThat(sidecar.errors()).contains("takes records again");
    }
  }

  /// No destination takes anything, and the volume is gone with the process.
  @Test
  void whatIsOnAVolumeThatIsNearlyFullIsInTheBuffer() throws Exception {
    int port = Ports.free(1).getFirst();
    try (Sidecar sidecar = new Sidecar(folder)) {
      Path seen = Files.createDirectories(sidecar.log("app.log").getParent());
      String missing = SmallDisk.missing(seen);
      assumeTrue(missing.isEmpty(), "no process can have file systems of its own here: " + missing);
      sidecar
          .configure(Sidecar.files("parser: raw") + DISK + "shippers:\n" + backend(port))
          .within(SmallDisk.over(seen, 4))
          .launch();
      sidecar.awaitAlive();
      Path own = Path.of("/proc", String.valueOf(sidecar.running().handle().pid()), "root" + seen);
      List<String> written =
          new ArrayList<>(append(own.resolve("app.log"), "x".repeat(500), 7_000));
      Files.move(own.resolve("app.log"), own.resolve("app.log.1"));
      written.addAll(append(own.resolve("app.log"), "y".repeat(500), 500));
      long bytes = written.stream().mapToLong(line -> line.length() + 1L).sum();
      Path receipt = folder.resolve("state/receipt.json");
      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .untilAsserted(
              () -> {
                JsonNode now = new ObjectMapper().readTree(receipt.toFile());
                assertThat(now.at("/unshipped_bytes").asLong()).isZero();
                assertThat(now.at("/buffered_bytes").asLong()).isEqualTo(bytes);
              });
      SmallDisk.fill(sidecar.running().handle(), seen);
      await().atMost(PATIENCE).until(() -> sidecar.errors().contains("is nearly full"));
      assertThat(sidecar.errors())
          .contains(
              "not shipped yet: nothing; " + bytes + " bytes of files are in the disk buffer");
      sidecar.kill();
      try (OtlpBackend backend = OtlpBackend.http(port)) {
        sidecar.start();
        await().atMost(PATIENCE).until(() -> backend.bodies().size() >= written.size());
        assertThat(backend.bodies()).containsExactlyElementsOf(written);
      }
    }
  }

  @Test
  void whatIsLeftInTheBufferAtTheEndIsInTheReceipt() throws Exception {
    int port = Ports.free(1).getFirst();
    Path message = folder.resolve("termination-log");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), logs)) {
      sidecar
          .configure(
              both()
                  + DISK
                  + "shutdown: {deadline: 2s, termination_log: \"%s\"}\n".formatted(message)
                  + "shippers:\n"
                  + events()
                  + backend(port))
          .launch();
      sidecar.awaitAlive();
      Path file = sidecar.log("app.log");
      List<String> written = append(file, "left", 20_000);
      List<String> answered = Client.sendSpans(sidecar, Wire.GRPC, 20);
      read.await(all -> all.logs().size() >= written.size());
      sidecar.stop();
      long bytes = Files.size(file);
      JsonNode receipt = new ObjectMapper().readTree(folder.resolve("state/receipt.json").toFile());
      assertThat(receipt.at("/complete").asBoolean()).isTrue();
      assertThat(receipt.at("/unshipped_bytes").asLong()).isZero();
      assertThat(receipt.at("/buffered_bytes").asLong()).isEqualTo(bytes);
      assertThat(receipt.at("/buffered_received_records").asInt()).isEqualTo(answered.size());
      assertThat(receipt.at("/files/0/buffered/0/1").asLong()).isEqualTo(bytes);
      assertThat(message)
          .content()
          .contains("left in the buffer: bytes " + bytes + ", records of requests 20")
          .contains("app.log in the buffer 0-" + bytes);
      try (OtlpBackend backend = OtlpBackend.http(port)) {
        sidecar.start();
        await().atMost(PATIENCE).until(() -> backend.bodies().size() >= written.size());
        sidecar.stop();
        assertThat(backend.bodies()).containsExactlyElementsOf(written);
        assertThat(message).content().isEqualTo("unshipped bytes 0, lost bytes 0\n");
      }
    }
  }

  @Test
  void statusTellsWhatABufferHolds() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), logs)) {
      sidecar.configure(Sidecar.files("parser: raw") + DISK + "shippers:\n" + events());
      sidecar.start();
      append(sidecar.log("app.log"), "line", 700);
      read.await(all -> all.logs().size() >= 700);
      assertThat(sidecar.stop()).isZero();
      List<String> arguments = List.of("status", "--buffer", folder.resolve("buffer").toString());
      List<String> command = Packaged.command(Demo.home(), List.of(), arguments);
      Path out = folder.resolve("status.out");
      Process status = new ProcessBuilder(command).redirectOutput(out.toFile()).start();
      assertThat(status.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(status.exitValue()).isZero();
      assertThat(Files.readString(out))
          .contains("version=3")
          .contains("records=700")
          .contains("shipper=events")
          .contains("batches_behind=0");
    }
  }
}
