package dev.pannier.integration;

import static org.awaitility.Awaitility.await;

import dev.pannier.demo.Ports;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/// A real broker (KRaft, one node). The tests share one; who wants to stop it starts an own one.
final class Kafka implements AutoCloseable {
  private static final AtomicInteger TOPICS = new AtomicInteger();

  private static final String FIRST_SEGMENT = "00000000000000000000.log";

  /// What all tests use where they do not say: a child process, or a container.
  private static final boolean IN_CONTAINER =
      "container".equals(System.getProperty("pannier.test.broker"));

  private static @Nullable Kafka shared;
  private static @Nullable Kafka sharedInContainer;

  private final Path folder;
  private final boolean container;
  private final int port;
  private final int controllerPort;
  private final String[] settings;
  private Broker process;

  private Kafka(Path folder, boolean container, int port, int controllerPort, String... settings)
      throws Exception {
    this.folder = folder;
    this.port = port;
    this.controllerPort = controllerPort;
    this.settings = settings.clone();
    for (int i = 0; i < settings.length; i++) {
      this.settings[i] =
          settings[i]
              .replace("${PORT}", String.valueOf(port))
              .replace("${CONTROLLER}", String.valueOf(controllerPort));
    }
    this.container = container;
    this.process = launch();
  }

  private Broker launch() throws Exception {
    return container
        ? ContainerBroker.start(folder, port, controllerPort, settings)
        : ChildBroker.start(folder, port, controllerPort, settings);
  }

  /// The broker that all test classes of the run share: topics are made by who uses them. It ends
  /// with this process.
  static synchronized Kafka shared() throws Exception {
    if (IN_CONTAINER) {
      return sharedInContainer();
    }
    if (shared == null) {
      shared = untilTheEnd(false);
    }
    return shared;
  }

  /// The same in a container.
  static synchronized Kafka sharedInContainer() throws Exception {
    if (sharedInContainer == null) {
      sharedInContainer = untilTheEnd(true);
    }
    return sharedInContainer;
  }

  private static Kafka untilTheEnd(boolean container) throws Exception {
    Path folder = Files.createTempDirectory("pannier-broker");
    Kafka started = start(folder, container, "auto.create.topics.enable=false");
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  started.close();
                  remove(folder);
                }));
    return started;
  }

  /// @param settings `KEY=VALUE`; `${PORT}` and `${CONTROLLER}` are filled in
  static Kafka start(Path folder, String... settings) throws Exception {
    return start(folder, IN_CONTAINER, settings);
  }

  private static Kafka start(Path folder, boolean container, String... settings) throws Exception {
    List<Integer> ports = Ports.free(2);
    Kafka kafka = new Kafka(folder, container, ports.get(0), ports.get(1), settings);
    kafka.awaitUp();
    return kafka;
  }

  private static void remove(Path folder) {
    try (Stream<Path> tree = Files.walk(folder)) {
      tree.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  String servers() {
    return "127.0.0.1:" + port;
  }

  /// Ends it at once, as a crash would.
  void kill() throws InterruptedException {
    process.kill();
  }

  /// It keeps its connections and answers nobody, until [#resume].
  void pause() throws Exception {
    process.signal("STOP");
  }

  void resume() throws Exception {
    process.signal("CONT");
  }

  /// Starts it again with what it had.
  void restart() throws Exception {
    process = launch();
    awaitUp();
  }

  void awaitUp() throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (true) {
      try (Admin admin =
          Admin.create(
              Map.of(
                  "bootstrap.servers",
                  servers(),
                  "default.api.timeout.ms",
                  "2000",
                  "request.timeout.ms",
                  "1000"))) {
        admin.describeCluster().nodes().get(2, TimeUnit.SECONDS);
        return;
      } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          throw new IllegalStateException("no broker: " + process.lastWords(), e);
        }
      }
    }
  }

  /// Makes a topic of one partition with a name of its own.
  String topic(String prefix, String... settings) throws Exception {
    String name = prefix + "-" + TOPICS.incrementAndGet();
    create(name, settings);
    return name;
  }

  /// Makes a topic of one partition.
  void create(String name, String... settings) throws Exception {
    NewTopic topic = new NewTopic(name, Optional.of(1), Optional.empty());
    if (settings.length == 2) {
      topic.configs(Map.of(settings[0], settings[1]));
    }
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers()))) {
      admin.createTopics(List.of(topic)).all().get(20, TimeUnit.SECONDS);
    }
  }

  /// Deletes topics, and waits until they are gone.
  void delete(List<String> names) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers()))) {
      admin.deleteTopics(names).all().get(20, TimeUnit.SECONDS);
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> Collections.disjoint(admin.listTopics().names().get(), names));
    }
  }

  /// The messages of a topic of one partition that was deleted, whether their transaction was committed
  /// or not: the broker keeps its files for a minute.
  List<byte[]> deleted(String topic) throws IOException {
    List<byte[]> messages = new ArrayList<>();
    try (DirectoryStream<Path> logs =
        Files.newDirectoryStream(folder.resolve("broker/data"), topic + "-0.*-delete")) {
      for (Path log : logs) {
        try (FileRecords segment = FileRecords.open(log.resolve(FIRST_SEGMENT).toFile(), false)) {
          for (RecordBatch batch : segment.batches()) {
            if (!batch.isControlBatch()) {
              batch.forEach(message -> messages.add(Utils.toArray(message.value())));
            }
          }
        }
      }
    }
    return messages;
  }

  /// Makes topics of one partition with these names; what was in them is gone.
  void emptyTopics(List<String> names) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers()))) {
      Set<String> there = admin.listTopics().names().get(20, TimeUnit.SECONDS);
      List<NewTopic> missing =
          names.stream()
              .filter(name -> !there.contains(name))
              .map(name -> new NewTopic(name, Optional.of(1), Optional.empty()))
              .toList();
      admin.createTopics(missing).all().get(20, TimeUnit.SECONDS);
      Map<TopicPartition, RecordsToDelete> all =
          names.stream()
              .filter(there::contains)
              .collect(
                  Collectors.toMap(
                      name -> new TopicPartition(name, 0),
                      name -> RecordsToDelete.beforeOffset(-1))); // up to the end
      admin.deleteRecords(all).all().get(20, TimeUnit.SECONDS);
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
