package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import tools.jackson.databind.ObjectMapper;

/// `delivery: exactly_once` with a real broker of its own: what a `read_committed` consumer sees is what was written and
/// acknowledged, each once, whatever fails. Each fault meets four sidecars at a time, with each buffer, exactly once and at least once,
/// where nothing may be lost either (brokers that end or pause, and a paused sidecar, the first two alone); all tail a file that is rotated and take spans.
@Execution(ExecutionMode.CONCURRENT)
class ExactlyOnceIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /// How long the broker is paused: longer than a transaction may last. `-Dpannier.test.pause=60` for a minute.
  private static final Duration BROKERS_PAUSE =
      Duration.ofSeconds(Integer.getInteger("pannier.test.pause", 15));

  /// The same for the sidecar: the broker looks for such transactions each 10 s, and not more often here either. One that
  /// does so as soon as it has started may abort a transaction without a marker in its partitions (Kafka 4.4.0).
  private static final Duration SIDECARS_PAUSE = Duration.ofSeconds(22);

  private static final Duration CLOCKS_STEP = Duration.ofHours(-30);

  private static final int DISK_MIB = 64;

  /// Held alone by whoever stops brokers, or deletes what others need of them.
  private static final String BROKERS = "brokers";

  private static final String ONCE = "exactly_once";

  /// Why the disk buffer goes on in memory.
  private static final String FULL = "does not take records";

  @TempDir private static Path brokersFolder;
  private static Kafka kafka;

  @TempDir private Path folder;
  private final List<Sidecar> sidecars = new ArrayList<>();
  private final List<Traffic> traffics = new ArrayList<>();

  /// Of those, the ones that ship exactly once, and the ones with the disk buffer.
  private final Set<Traffic> once = new HashSet<>();

  private final Set<Traffic> disk = new HashSet<>();

  private record Way(String buffer, String delivery) {
    static List<Way> all() {
      List<Way> all = new ArrayList<>();
      for (String delivery : List.of(ONCE, "at_least_once")) {
        for (String buffer : List.of("memory", "disk")) {
          all.add(new Way(buffer, delivery));
        }
      }
      return all;
    }

    String name() {
      return buffer + "-" + delivery;
    }
  }

  @BeforeAll
  static void broker() throws Exception {
    kafka = Kafka.ofTwo(brokersFolder, "auto.create.topics.enable=false");
  }

  @AfterAll
  static void noBroker() {
    kafka.close();
  }

  @AfterEach
  void end() {
    traffics.forEach(Traffic::close);
    sidecars.forEach(Sidecar::close);
  }

  private static String shipper(String logs, String spans) {
    return shipper(kafka, logs, spans, ONCE);
  }

  private static String shipper(Kafka kafka, String logs, String spans, String delivery) {
    return """
      events:
        type: kafka
        bootstrap_servers: "%s"
        topics: {logs: %s, traces: %s}
        signals: [logs, traces]
        delivery: %s
    """
        .formatted(kafka.servers(), logs, spans, delivery);
  }

  private static String files() {
    return """
    sources:
      files:
        - {name: app, include: ["${LOGS}/app.log*"], parser: raw}
      otlp: {grpc: none, http: "127.0.0.1:${HTTP}"}
    """;
  }

  /// A sidecar that is not started yet, in a folder of its own.
  private Sidecar sidecar(String buffer) throws IOException {
    Sidecar sidecar = new Sidecar(Files.createDirectories(folder.resolve(buffer)));
    sidecars.add(sidecar);
    return sidecar;
  }

  private static String buffer(String type) {
    return "buffer: {type: " + type + "}\n";
  }

  private Traffic start(Sidecar sidecar, Way way) throws Exception {
    String logs = kafka.topic("once-logs");
    String spans = kafka.topic("once-spans");
    sidecar
        .configure(
            files()
                + buffer(way.buffer)
                + "shippers:\n"
                + shipper(kafka, logs, spans, way.delivery))
        .start();
    Traffic traffic = new Traffic(sidecar, kafka, logs, spans);
    traffics.add(traffic);
    if (way.buffer.equals("disk")) {
      disk.add(traffic);
    }
    if (way.delivery.equals(ONCE)) {
      once.add(traffic);
    }
    return traffic;
  }

  private void startAll() throws Exception {
    start(Way.all());
  }

  /// Where transactions alone are what is at stake.
  private void startOnce() throws Exception {
    start(Way.all().stream().filter(way -> way.delivery.equals(ONCE)).toList());
  }

  private void start(List<Way> ways) throws Exception {
    for (Way way : ways) {
      start(sidecar(way.name()), way);
    }
    awaitMore();
  }

  private void awaitMore() {
    traffics.forEach(Traffic::awaitMore);
  }

  private void assertEachOnce(String what) throws Exception {
    for (Traffic traffic : traffics) {
      Account account = traffic.end();
      System.out.printf("%s: %s%n", what, account);
      account.assertNothingLost();
      if (once.contains(traffic)) {
        account.assertNothingTwice();
      }
    }
  }

  private static void pass(Duration time) {
    await().pollDelay(time).atMost(time.plus(PATIENCE)).until(() -> true);
  }

  private static void awaitReason(Sidecar sidecar, String words) {
    await(words).atMost(PATIENCE).until(() -> sidecar.body("/readyz").contains(words));
  }

  /// The sidecar gives back what it can spare of a disk, so that is taken from it each time.
  private static void awaitFull(Sidecar sidecar, String words) {
    await(words)
        .atMost(PATIENCE)
        .until(
            () -> {
              SmallDisk.fill(sidecar.running().handle(), sidecar.state());
              return sidecar.body("/readyz").contains(words);
            });
  }

  /// First one, then the other, which has got by then what the first led: the topics, the positions, and the transactions'
  /// coordinator.
  @Test
  @ResourceLock(BROKERS)
  void eachComesOnceThoughABrokerIsKilledAndAnotherStopped() throws Exception {
    startAll();
    kafka.kill(0);
    awaitMore();
    kafka.restart(0);
    awaitMore();
    kafka.stop(1);
    awaitMore();
    kafka.restart(1);
    awaitMore();
    assertEachOnce("a broker killed, another stopped");
  }

  @Test
  @ResourceLock(BROKERS)
  void eachComesOnceOverBrokersPauses() throws Exception {
    startAll();
    for (int i = 0; i < kafka.size(); i++) {
      kafka.pause(i);
      try {
        pass(BROKERS_PAUSE);
      } finally {
        kafka.resume(i);
      }
      kafka.awaitInSync();
      awaitMore();
    }
    assertEachOnce("brokers paused for " + BROKERS_PAUSE);
  }

  @Test
  @ResourceLock(value = BROKERS, mode = ResourceAccessMode.READ)
  void eachComesOnceThoughTheSidecarWasPausedLongerThanItsTransactionMayLast() throws Exception {
    startOnce();
    for (Sidecar sidecar : sidecars) {
      sidecar.signal("STOP");
    }
    pass(SIDECARS_PAUSE);
    for (Sidecar sidecar : sidecars) {
      sidecar.signal("CONT");
    }
    awaitMore();
    assertEachOnce("sidecar paused for " + SIDECARS_PAUSE);
  }

  @Test
  @ResourceLock(value = BROKERS, mode = ResourceAccessMode.READ)
  void whatADeletedTopicHadGoesWithItAndNothingElse() throws Exception {
    startAll();
    List<String> topics = traffics.stream().map(Traffic::logs).toList();
    kafka.delete(topics);
    for (Traffic traffic : traffics) {
      awaitReason(traffic.sidecar(), "no topic " + traffic.logs());
    }
    Map<String, List<String>> seen = new HashMap<>();
    for (Traffic traffic : traffics) {
      kafka.create(traffic.logs());
      seen.put(traffic.logs(), traffic.topicIsNew());
    }
    Map<String, Set<String>> had = new HashMap<>();
    for (Traffic traffic : traffics) {
      // At once: the broker keeps what it deleted for a minute. What was of transactions that were
      // aborted is shipped again.
      Set<String> bodies = new HashSet<>(seen.get(traffic.logs()));
      kafka.deleted(traffic.logs()).forEach(message -> bodies.addAll(Topic.bodies(message)));
      had.put(traffic.logs(), bodies);
    }
    awaitMore();
    for (Traffic traffic : traffics) {
      Account account = traffic.end();
      System.out.printf("topic deleted: %s%n", account);
      assertThat(had.get(traffic.logs())).as("lost beside it").containsAll(account.linesLost());
      assertThat(account.spansLost()).isEmpty();
      if (once.contains(traffic)) {
        account.assertNothingTwice();
        assertThat(Collections.disjoint(new HashSet<>(account.lines()), seen.get(traffic.logs())))
            .as("nothing that a consumer had of the old topic comes again")
            .isTrue();
      }
    }
  }

  @Test
  @ResourceLock(BROKERS)
  void aTopicOfPositionsThatIsDeletedIsMadeAnewWithoutARestart() throws Exception {
    String logs = kafka.topic("once-logs");
    String spans = kafka.topic("once-spans");
    Sidecar sidecar = sidecar("anew").configure(files() + "shippers:\n" + shipper(logs, spans));
    sidecar.launch();
    sidecar.awaitAlive();
    Path log = sidecar.log("app.log");
    Files.writeString(log, "before\n");
    try (Topic read = new Topic(kafka.servers(), logs)) {
      read.await(all -> all.bodies().contains("before"));
      kafka.delete(List.of("pannier_positions"));
      Files.writeString(log, "behind\n", StandardOpenOption.APPEND);
      await().atMost(PATIENCE).until(() -> read.rest().bodies().contains("behind"));
      assertThat(sidecar.stop()).isZero();
      sidecar.launch();
      sidecar.awaitAlive();
      Files.writeString(log, "restarted\n", StandardOpenOption.APPEND);
      await().atMost(PATIENCE).until(() -> read.rest().bodies().contains("restarted"));
      assertThat(read.bodies()).containsExactly("before", "behind", "restarted");
    }
    assertThat(kafka.setting("pannier_positions", "cleanup.policy")).isEqualTo("compact,delete");
    assertThat(kafka.setting("pannier_positions", "retention.ms"))
        .isEqualTo(String.valueOf(Duration.ofDays(7).toMillis()));
  }

  @Test
  @ResourceLock(value = BROKERS, mode = ResourceAccessMode.READ)
  void eachComesOnceThoughTheDiskWasFull() throws Exception {
    String missing = SmallDisk.missing(folder);
    assumeTrue(missing.isEmpty(), "no small file system can be mounted here: " + missing);
    for (Way way : Way.all()) {
      Path state = Files.createDirectories(folder.resolve(way.name()).resolve("state"));
      Sidecar sidecar = sidecar(way.name()).within(SmallDisk.over(state, DISK_MIB));
      start(sidecar, way).awaitMore().awaitQuietLine();
    }
    for (Sidecar sidecar : sidecars) {
      awaitFull(sidecar, "positions cannot be stored");
    }
    for (Traffic traffic : disk) {
      awaitFull(traffic.sidecar(), FULL);
    }
    for (Traffic traffic : traffics) {
      traffic.awaitQuietLine().awaitSpans();
    }
    for (Sidecar sidecar : sidecars) {
      Files.delete(SmallDisk.fill(sidecar.running().handle(), sidecar.state()));
    }
    for (Sidecar sidecar : sidecars) {
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
    }
    awaitMore();
    assertEachOnce("disk full");
  }

  @Test
  @ResourceLock(value = BROKERS, mode = ResourceAccessMode.READ)
  void eachComesOnceThoughTheClockWasSetBack() throws Exception {
    Optional<Path> compiler = SettableClock.compiler();
    assumeTrue(compiler.isPresent(), "no C compiler makes a clock that can be set");
    SettableClock clock = SettableClock.make(compiler.get(), folder);
    for (Way way : Way.all()) {
      start(sidecar(way.name()).environment(clock.environment()), way);
    }
    awaitMore();
    clock.set(CLOCKS_STEP);
    awaitMore();
    for (Sidecar sidecar : sidecars) {
      sidecar.kill();
      sidecar.start();
      assertThat(loggedFirst(sidecar)).as("its clock").isBefore(Instant.now().plus(CLOCKS_STEP));
    }
    awaitMore();
    assertEachOnce("clock set back by " + CLOCKS_STEP.abs());
  }

  private static Instant loggedFirst(Sidecar sidecar) throws IOException {
    String line = sidecar.errors().lines().findFirst().orElseThrow();
    return Instant.parse(new ObjectMapper().readTree(line).get("@timestamp").asString());
  }

  @Test
  @ResourceLock(value = BROKERS, mode = ResourceAccessMode.READ)
  void aSecondSidecarWithACopiedVolumeEndsOneOfThem() throws Exception {
    String logs = kafka.topic("once-logs");
    String configuration = files() + "shippers:\n" + shipper(logs, kafka.topic("once-spans"));
    Sidecar first = sidecar("first").configure(configuration).start();
    Files.writeString(first.log("app.log"), "first\n");
    try (Topic read = new Topic(kafka.servers(), logs)) {
      read.await(all -> all.bodies().contains("first"));
      Files.createDirectories(folder.resolve("second/state"));
      Files.copy(folder.resolve("first/state/identity"), folder.resolve("second/state/identity"));
      Sidecar second = sidecar("second").configure(configuration).start();
      Files.writeString(second.log("app.log"), "second\n");
      read.await(all -> all.bodies().contains("second"));
      Files.writeString(first.log("app.log"), "third\n", StandardOpenOption.APPEND);
      awaitReason(first, "another sidecar ships as");
      assertThat(second.status("/readyz")).isEqualTo(200);
      assertThat(read.rest().bodies()).containsExactly("first", "second");
    }
  }

  /// The brokers forget an id that nobody has used for so long (a week by default), and the producer that has it learns of
  /// that from the next record that it sends.
  @Test
  void eachComesOnceThoughTheBrokersHaveForgottenTheProducer() throws Exception {
    Path brokers = Files.createDirectories(folder.resolve("forgetful"));
    try (Kafka forgetful =
        Kafka.start(
            brokers,
            "auto.create.topics.enable=false",
            "transactional.id.expiration.ms=2000",
            "transaction.remove.expired.transaction.cleanup.interval.ms=500",
            "producer.id.expiration.ms=2000",
            "producer.id.expiration.check.interval.ms=500")) {
      String spans = forgetful.topic("once-spans");
      List<String> topics = new ArrayList<>();
      List<String> written = new ArrayList<>();
      for (String buffer : List.of("memory", "disk")) {
        String logs = forgetful.topic("once-logs");
        topics.add(logs);
        sidecar(buffer)
            .configure(
                files() + buffer(buffer) + "shippers:\n" + shipper(forgetful, logs, spans, ONCE))
            .start();
      }
      for (int run = 0; run < 4; run++) {
        List<String> more =
            IntStream.range(run * 1_000, (run + 1) * 1_000).mapToObj(i -> "line " + i).toList();
        written.addAll(more);
        for (Sidecar sidecar : sidecars) {
          Files.write(
              sidecar.log("app.log"), more, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
        awaitBodies(forgetful, topics, written);
        await().atMost(PATIENCE).until(() -> forgetful.transactionalIds().isEmpty());
        for (Sidecar sidecar : sidecars) {
          assertThat(sidecar.status("/readyz")).isEqualTo(200);
          switch (run) {
            case 1 -> {
              assertThat(sidecar.stop()).isZero();
              sidecar.start();
            }
            case 2 -> {
              sidecar.kill();
              sidecar.start();
            }
            default -> {}
          }
        }
      }
      for (Sidecar sidecar : sidecars) {
        assertThat(sidecar.stop()).isZero();
      }
      awaitBodies(forgetful, topics, written);
    }
  }

  private static void awaitBodies(Kafka kafka, List<String> topics, List<String> written) {
    for (String topic : topics) {
      try (Topic read = new Topic(kafka.servers(), topic)) {
        read.await(all -> all.logs().size() >= written.size());
        assertThat(read.rest().bodies()).isEqualTo(written);
      }
    }
  }

  /// With the disk buffer, too, and for other shippers, too: where a batch has to end is not known yet.
  @Test
  @ResourceLock(BROKERS)
  void filesWaitForTheirPositionsAndTheDiskBufferTakesRequestsMeanwhile() throws Exception {
    String logs = kafka.topic("once-logs");
    String spans = kafka.topic("once-spans");
    String shippers = "shippers:\n" + shipper(logs, spans);
    String archive = "  archive: {type: file, path: \"${DIR}/archive/\"}\n";
    kafka.kill();
    Sidecar memory = sidecar("memory").configure(files() + shippers);
    Sidecar disk = sidecar("disk").configure(files() + buffer("disk") + shippers + archive);
    for (Sidecar sidecar : sidecars) {
      Files.writeString(sidecar.log("app.log"), "one\n");
      sidecar.launch();
    }
    for (Sidecar sidecar : sidecars) {
      sidecar.awaitAlive();
      awaitReason(sidecar, "files are read from where shipper events");
    }
    List<String> ids = Client.sendSpans(disk, Wire.HTTP_PROTOBUF, 3);
    Path archived = folder.resolve("disk/archive");
    await()
        .ignoreExceptionsInstanceOf(NoSuchFileException.class)
        .atMost(PATIENCE)
        .until(
            () ->
                ids.stream()
                    .allMatch(Files.readString(archived.resolve("traces.jsonl"))::contains));
    assertThat(archived.resolve("logs.jsonl")).doesNotExist();
    kafka.restart();
    for (Sidecar sidecar : sidecars) {
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
    }
    try (Topic read = new Topic(kafka.servers(), logs);
        Topic readSpans = new Topic(kafka.servers(), spans)) {
      read.await(all -> all.bodies().size() >= sidecars.size());
      readSpans.await(all -> all.spans().size() >= ids.size());
      assertThat(memory.stop()).isZero();
      assertThat(disk.stop()).isZero();
      assertThat(read.rest().bodies()).containsExactly("one", "one");
      assertThat(readSpans.rest().spanIds()).containsExactlyElementsOf(ids);
    }
    assertThat(archived.resolve("logs.jsonl")).content().contains("one");
  }
}
