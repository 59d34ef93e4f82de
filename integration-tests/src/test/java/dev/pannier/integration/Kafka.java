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
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/// A real cluster (KRaft), of one broker that is its own controller where it does not say otherwise. The tests share one; who
/// wants to stop it starts an own one.
final class Kafka implements AutoCloseable {
  private static final AtomicInteger TOPICS = new AtomicInteger();

  private static final String FIRST_SEGMENT = "00000000000000000000.log";

  /// What all tests use where they do not say: a child process, or a container.
  private static final boolean IN_CONTAINER =
      "container".equals(System.getProperty("pannier.test.broker"));

  private static @Nullable Kafka shared;
  private static @Nullable Kafka sharedInContainer;

  /// One of its processes, and what it is started with.
  private static final class Node {
    private final Path folder;
    private final boolean container;
    private final int port;
    private final int controllerPort;
    private final String[] settings;
    private Broker process;

    Node(Path folder, boolean container, int port, int controllerPort, String... settings)
        throws Exception {
      this.folder = folder;
      this.container = container;
      this.port = port;
      this.controllerPort = controllerPort;
      this.settings = settings.clone();
      for (int i = 0; i < settings.length; i++) {
        this.settings[i] =
            settings[i]
                .replace("${PORT}", String.valueOf(port))
                .replace("${CONTROLLER}", String.valueOf(controllerPort));
      }
      this.process = launch();
    }

    private Broker launch() throws Exception {
      return container
          ? ContainerBroker.start(folder, port, controllerPort, settings)
          : ChildBroker.start(folder, port, controllerPort, settings);
    }
  }

  private final List<Node> brokers;

  /// Where it is a process of its own.
  private final @Nullable Node controller;

  private Kafka(@Nullable Node controller, List<Node> brokers) {
    this.controller = controller;
    this.brokers = brokers;
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
    Kafka kafka =
        new Kafka(null, List.of(new Node(folder, container, ports.get(0), ports.get(1), settings)));
    kafka.awaitUp();
    return kafka;
  }

  /// Two brokers and a controller, each a process of its own, with two copies of each partition: one of the brokers can go,
  /// and the other takes over.
  ///
  /// A partition that has no leader at the end of a transaction, as those of a lone broker have none while that is fenced,
  /// counts as deleted for Kafka 4.4.0's coordinator: the transaction is complete without a marker there, and stays open for
  /// whoever reads what is committed.
  static Kafka ofTwo(Path folder, String... settings) throws Exception {
    List<Integer> ports = Ports.free(3);
    int quorum = ports.getFirst();
    Node controller =
        new Node(
            Files.createDirectories(folder.resolve("controller")),
            false,
            quorum,
            quorum,
            "process.roles=controller",
            "listeners=CONTROLLER://127.0.0.1:${CONTROLLER}",
            "advertised.listeners=CONTROLLER://127.0.0.1:${CONTROLLER}",
            "default.replication.factor=2");
    List<Node> brokers = new ArrayList<>();
    Kafka kafka = new Kafka(controller, brokers);
    for (int i = 1; i < ports.size(); i++) {
      List<String> all =
          new ArrayList<>(
              List.of(
                  "process.roles=broker",
                  "node.id=" + (i + 1),
                  "listeners=PLAINTEXT://127.0.0.1:${PORT}",
                  "offsets.topic.replication.factor=2",
                  "transaction.state.log.replication.factor=2"));
      all.addAll(List.of(settings));
      brokers.add(
          new Node(
              Files.createDirectories(folder.resolve("broker-" + i)),
              false,
              ports.get(i),
              quorum,
              all.toArray(String[]::new)));
    }
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
    return brokers.stream()
        .map(broker -> "127.0.0.1:" + broker.port)
        .collect(Collectors.joining(","));
  }

  /// How many brokers it has.
  int size() {
    return brokers.size();
  }

  /// Ends all of its brokers at once, as a crash would.
  void kill() throws InterruptedException {
    for (int i = 0; i < brokers.size(); i++) {
      kill(i);
    }
  }

  /// The same for one.
  void kill(int broker) throws InterruptedException {
    brokers.get(broker).process.kill();
  }

  /// Ends one in good order: first it gives away what it leads.
  void stop(int broker) throws Exception {
    Broker process = brokers.get(broker).process;
    process.signal("TERM");
    await().atMost(Duration.ofSeconds(60)).until(() -> !process.isAlive());
  }

  /// It keeps its connections and answers nobody, until [#resume].
  void pause(int broker) throws Exception {
    brokers.get(broker).process.signal("STOP");
  }

  void resume(int broker) throws Exception {
    brokers.get(broker).process.signal("CONT");
  }

  /// Starts them all again with what they had.
  void restart() throws Exception {
    for (Node broker : brokers) {
      broker.process = broker.launch();
    }
    awaitUp();
  }

  /// Starts one again with what it had, and waits until it has all that the others have.
  void restart(int broker) throws Exception {
    brokers.get(broker).process = brokers.get(broker).launch();
    awaitUp();
    awaitInSync();
  }

  /// Waits until all brokers can be asked.
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
        if (admin.describeCluster().nodes().get(2, TimeUnit.SECONDS).size() == brokers.size()) {
          return;
        }
        Thread.sleep(100);
      } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
        for (Node broker : brokers) {
          if (!broker.process.isAlive()) {
            throw new IllegalStateException("no broker: " + broker.process.lastWords(), e);
          }
        }
      }
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("no broker: " + brokers.getLast().process.lastWords());
      }
    }
  }

  /// Waits until each partition has all of its copies.
  void awaitInSync() {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers()))) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                Set<String> names =
                    admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
                return admin.describeTopics(names).allTopicNames().get().values().stream()
                    .flatMap(topic -> topic.partitions().stream())
                    .allMatch(partition -> partition.isr().size() == partition.replicas().size());
              });
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

  /// How a topic is configured.
  String setting(String topic, String name) throws Exception {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers()))) {
      Map<ConfigResource, Config> all =
          admin.describeConfigs(List.of(resource)).all().get(20, TimeUnit.SECONDS);
      ConfigEntry entry = Objects.requireNonNull(all.get(resource)).get(name);
      return Objects.requireNonNull(entry, name).value();
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

  /// The messages of a topic that was deleted that a consumer has seen or would have: what was committed, and the
  /// transaction under way, which may be committed without a mark in a topic that is gone. Not what was aborted.
  List<byte[]> deleted(String topic) throws IOException {
    List<byte[]> messages = new ArrayList<>();
    for (Node broker : brokers) {
      // One may have been behind, and not waited for.
      messages.addAll(deleted(topic, broker.folder));
    }
    return messages;
  }

  private static List<byte[]> deleted(String topic, Path folder) throws IOException {
    List<byte[]> messages = new ArrayList<>();
    List<byte[]> open = new ArrayList<>();
    try (DirectoryStream<Path> logs =
        Files.newDirectoryStream(folder.resolve("broker/data"), topic + "-0.*-delete")) {
      for (Path log : logs) {
        try (FileRecords segment = FileRecords.open(log.resolve(FIRST_SEGMENT).toFile(), false)) {
          for (RecordBatch batch : segment.batches()) {
            if (!batch.isControlBatch()) {
              batch.forEach(message -> open.add(Utils.toArray(message.value())));
              continue;
            }
            if (ControlRecordType.parse(batch.iterator().next().key())
                == ControlRecordType.COMMIT) {
              messages.addAll(open);
            }
            open.clear();
          }
        }
      }
    }
    messages.addAll(open);
    return messages;
  }

  /// The transactional ids that the brokers know.
  List<String> transactionalIds() throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers()))) {
      return admin.listTransactions().all().get(20, TimeUnit.SECONDS).stream()
          .map(TransactionListing::transactionalId)
          .toList();
    }
  }

  /// Sets a setting of a topic, as an administrator would.
  void alter(String topic, String key, String value) throws Exception {
    AlterConfigOp set = new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers()))) {
      admin
          .incrementalAlterConfigs(
              Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), List.of(set)))
          .all()
          .get(20, TimeUnit.SECONDS);
    }
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
    brokers.forEach(broker -> broker.process.close());
    if (controller != null) {
      controller.process.close();
    }
  }
}
