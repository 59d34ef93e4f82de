package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.luben.zstd.Zstd;
import dev.pannier.demo.ChildProcess;
import dev.pannier.demo.Demo;
import dev.pannier.demo.SampleApplication;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;

/// The sidecar in a container of 112 MiB and a fifth of a processor, as its image and as it is packaged, without an AOT
/// cache: it tails a backlog and receives OTLP at once, is throttled, lives to whoever asks, and is not killed.
@EnabledIf(
    value = "dev.pannier.integration.BrokerImage#engineAnswers",
    disabledReason = "no container engine answers (see .ci/run)")
class SmallContainerIT {
  private static final long MEMORY_BYTES = 112L << 20;
  private static final long NANO_CPUS = 200_000_000L;
  private static final int BACKLOG_LINES = 200_000;

  private static final Duration SHORT = Duration.ofSeconds(15);

  private static final Duration LONG = Duration.ofMinutes(2);

  /// The names of the second and the first version of control groups.
  private static final List<String> MEMORY_PEAK =
      List.of("memory.peak", "memory.max_usage_in_bytes");

  private static final List<String> MEMORY_EVENTS = List.of("memory.events", "memory.oom_control");

  private static final FutureTask<String> IMAGE = new FutureTask<>(SidecarImage::built);

  @TempDir private Path folder;

  /// While the other container runs, which leaves most of the machine idle.
  @BeforeAll
  static void beginToBuildTheImage() throws Exception {
    if (SidecarImage.canBeBuilt()) {
      Thread.ofPlatform().name("image").daemon().start(IMAGE);
    }
  }

  /// For how long the application writes and sends: minutes beside the image, or beside what is packaged where no image is.
  private static Duration lasting(boolean image) {
    Integer minutes = Integer.getInteger("pannier.test.minutes");
    if (minutes != null) {
      return Duration.ofMinutes(minutes);
    }
    return image == SidecarImage.canBeBuilt() ? LONG : SHORT;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void filesAndOtlpAtOnceInASmallContainerLoseNothing(boolean image) throws Exception {
    assumeTrue(!image || SidecarImage.canBeBuilt(), "no podman, which builds the image");
    Duration lasting = lasting(image);
    Duration patience = lasting.plusMinutes(4);
    Kafka kafka = Kafka.shared();
    String logs = kafka.topic("small-logs");
    String traces = kafka.topic("small-traces");
    Sidecar sidecar =
        new Sidecar(folder)
            .configure(
                """
                sources:
                  files:
                    - {name: app, include: ["${LOGS}/*"]}
                  otlp: {grpc: "127.0.0.1:${GRPC}", http: "127.0.0.1:${HTTP}"}
                shippers:
                  events:
                    type: kafka
                    bootstrap_servers: "%s"
                    topics: {logs: %s, traces: %s}
                """
                    .formatted(kafka.servers(), logs, traces));
    Files.write(
        sidecar.log("backlog.log"),
        IntStream.range(0, BACKLOG_LINES)
            .mapToObj(i -> "2026-11-24 10:00:00.000 INFO  [main] com.example.Shop - order " + i)
            .toList());
    Path tally = folder.resolve("tally");
    letOthersIn();
    try (GenericContainer<?> container = image ? imageContainer() : packagedContainer();
        Kubelet kubelet = new Kubelet(sidecar.adminPort())) {
      container.start();
      sidecar.awaitAlive();
      kubelet.start();
      assertThat(statusOfZstd(sidecar.httpPort())).isEqualTo(200);
      OptionalLong throttledAtStart = throttled(container);
      try (ChildProcess application =
          ChildProcess.java(
              "application",
              folder,
              List.of("-Xmx128m", "-XX:+UseSerialGC"),
              SampleApplication.class,
              List.of(
                  sidecar.logs().toString(),
                  String.valueOf(sidecar.grpcPort()),
                  String.valueOf(lasting.toSeconds()),
                  "200",
                  tally.toString()))) {
        assertThat(application.await(patience)).as(application.lastWords()).isZero();
      }
      await("all shipped")
          .atMost(patience)
          .failFast("it was killed", () -> !container.isRunning())
          .until(
              () ->
                  sidecar.statusPage().at("/sources/0/lag_bytes").asLong(-1) == 0
                      && sidecar.statusPage().at("/shippers/0/in_flight").asLong(-1) == 0);
      if (throttledAtStart.isPresent()) {
        assertThat(throttled(container).orElseThrow())
            .as("periods in which it was throttled")
            .isGreaterThan(throttledAtStart.getAsLong());
      }
      kubelet.stop();
      OptionalLong most = counted(container, "memory", MEMORY_PEAK, "");
      OptionalLong killed = counted(container, "memory", MEMORY_EVENTS, "oom_kill ");
      System.out.printf(
          "%s for %s: at most %,d KiB of %,d; its process with what it has mapped, others' pages"
              + " included, %,d KiB; %s killed for memory; %s%n",
          image ? "the image" : "as packaged",
          lasting,
          most.orElse(0) >> 10,
          MEMORY_BYTES >> 10,
          residentPeakKiB(container),
          killed.isPresent() ? killed.getAsLong() : "nobody knows of any",
          kubelet);
      assertThat(killed.orElse(0)).isZero();
      if (image) {
        PodContainer.assertConfined(container);
        assertThat(PodContainer.mapped(container))
            .contains("/opt/pannier/pannier.aot", "/liblz4-java.so", "/libzstd-jni-");
      }
      ContainerState ended = PodContainer.stopped(container, Duration.ofMinutes(1));
      assertThat(ended.getExitCodeLong()).as(container.getLogs()).isZero();
      assertThat(ended.getOOMKilled()).isNotEqualTo(true);
      assertThat(container.getLogs()).doesNotContain("is not used");
    }
    List<String> written = Files.readAllLines(tally, UTF_8);
    Set<String> bodies = new HashSet<>();
    long records = bodies(kafka.servers(), logs, bodies);
    assertThat(bodies).hasSize(BACKLOG_LINES + count(written, "log\t"));
    assertThat(records).as("each once").isEqualTo(bodies.size());
    try (Topic read = new Topic(kafka.servers(), traces)) {
      assertThat(read.rest().spans()).hasSize(count(written, "span\t"));
    }
  }

  /// Keeps nothing of a message but its records' bodies.
  private static long bodies(String servers, String topic, Set<String> bodies) throws Exception {
    TopicPartition partition = new TopicPartition(topic, 0);
    long records = 0;
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", servers),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
      while (consumer.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> message : consumer.poll(Duration.ofSeconds(1))) {
          for (ResourceLogs resource :
              ExportLogsServiceRequest.parseFrom(message.value()).getResourceLogsList()) {
            for (ScopeLogs scope : resource.getScopeLogsList()) {
              scope.getLogRecordsList().forEach(log -> bodies.add(log.getBody().getStringValue()));
              records += scope.getLogRecordsCount();
            }
          }
        }
      }
    }
    return records;
  }

  private static int count(List<String> tally, String kind) {
    return (int) tally.stream().filter(line -> line.startsWith(kind)).count();
  }

  @SuppressWarnings("resource") // each call returns the container that the caller closes
  private GenericContainer<?> imageContainer() throws Exception {
    return small(PodContainer.confined(IMAGE.get()))
        .withCommand("run", "--config", folder.resolve("pannier.yaml").toString());
  }

  /// The broker's image has what a runtime needs; the JDK and the sidecar are mounted.
  @SuppressWarnings("resource") // each call returns the container that the caller closes
  private GenericContainer<?> packagedContainer() throws Exception {
    String home = Demo.home().normalize().toString();
    String jdk = Path.of(System.getProperty("java.home")).toRealPath().toString();
    return small(PodContainer.of(BrokerImage.built()))
        .withEnv("MALLOC_ARENA_MAX", "1")
        .withFileSystemBind(jdk, jdk, BindMode.READ_ONLY)
        .withFileSystemBind(home, home, BindMode.READ_ONLY)
        .withCreateContainerCmdModifier(create -> create.withEntrypoint(jdk + "/bin/java"))
        .withCommand(
            "@" + home + "/jvm.options",
            "-jar",
            home + "/lib/pannier-collector.jar",
            "run",
            "--config",
            folder.resolve("pannier.yaml").toString());
  }

  private GenericContainer<?> small(GenericContainer<?> container) {
    PodContainer.limit(container, MEMORY_BYTES);
    container.withCreateContainerCmdModifier(
        create -> Objects.requireNonNull(create.getHostConfig()).withNanoCPUs(NANO_CPUS));
    return container.withFileSystemBind(folder.toString(), folder.toString(), BindMode.READ_WRITE);
  }

  /// The image's user is another than the one who runs this.
  private void letOthersIn() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path state = Files.createDirectories(folder.resolve("state"));
    Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxrwxrwx"));
  }

  /// What an empty request is answered whose body zstd has compressed.
  private static int statusOfZstd(int port) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/logs"))
            .version(HttpClient.Version.HTTP_1_1)
            .header("content-type", "application/json")
            .header("content-encoding", "zstd")
            .POST(
                HttpRequest.BodyPublishers.ofByteArray(
                    Zstd.compress("{\"resourceLogs\":[]}".getBytes(UTF_8))))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
  }

  /// In how many of its periods (of 100 ms) the container had used up what it may before their end;
  /// empty where the system does not tell.
  private static OptionalLong throttled(GenericContainer<?> container) throws IOException {
    return counted(container, "cpu", List.of("cpu.stat"), "nr_throttled ");
  }

  /// A number that its control group has; empty where the system does not tell.
  ///
  /// @param files  the name in either version
  /// @param prefix of the line
  private static OptionalLong counted(
      GenericContainer<?> container, String controller, List<String> files, String prefix)
      throws IOException {
    Path groups = Path.of("/proc", String.valueOf(PodContainer.pid(container)), "cgroup");
    for (String line : Files.readAllLines(groups)) {
      String[] group = line.split(":", 3);
      if (!group[1].isEmpty() && !List.of(group[1].split(",", -1)).contains(controller)) {
        continue;
      }
      for (String file : files) {
        Path counts = Path.of("/sys/fs/cgroup", group[1], group[2], file);
        if (Files.exists(counts)) {
          return Files.readAllLines(counts).stream()
              .filter(count -> count.startsWith(prefix))
              .mapToLong(count -> Long.parseLong(count.substring(prefix.length())))
              .findFirst();
        }
      }
    }
    return OptionalLong.empty();
  }

  private static long residentPeakKiB(GenericContainer<?> container) throws IOException {
    return Files.readAllLines(
            Path.of("/proc", String.valueOf(PodContainer.pid(container)), "status"))
        .stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }

  /// Asks `/livez` as a kubelet does by the manifests' `livenessProbe`, and more often, and says whether it would have ended the
  /// container: an answer that is late is forgiven, as many as `failureThreshold` one after the other are not.
  private static final class Kubelet implements AutoCloseable {
    private static final long PERIOD_MS = 250;
    private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final HttpClient client = HttpClient.newHttpClient();
    private final HttpRequest probe;
    private final int failureThreshold;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().name("kubelet").unstarted(this::run);
    private int answered;
    private int late;
    private int failedInARow;
    private String problem = "";

    Kubelet(int adminPort) throws IOException {
      String manifest =
          Files.readString(Tree.root().resolve("deploy/kubernetes/shop-native-sidecar.yaml"));
      String liveness = manifest.substring(manifest.indexOf(" livenessProbe:"));
      failureThreshold = number(liveness, "failureThreshold");
      probe =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort + "/livez"))
              .version(HttpClient.Version.HTTP_1_1)
              .timeout(Duration.ofSeconds(number(liveness, "timeoutSeconds")))
              .build();
    }

    private static int number(String yaml, String key) {
      return yaml.lines()
          .map(String::strip)
          .filter(line -> line.startsWith(key + ": "))
          .mapToInt(line -> Integer.parseInt(line.substring(key.length() + 2)))
          .findFirst()
          .orElseThrow();
    }

    void start() {
      thread.start();
    }

    /// @throws AssertionError where a kubelet would have ended the container
    void stop() throws InterruptedException {
      ended.countDown();
      thread.join();
      assertThat(failedInARow).as(problem).isLessThan(failureThreshold);
      assertThat(answered).isPositive();
    }

    private void run() {
      try {
        do {
          long asked = System.nanoTime();
          try {
            int status = client.send(probe, HttpResponse.BodyHandlers.discarding()).statusCode();
            problem = "answered " + status;
            failedInARow = status == 200 ? 0 : failedInARow + 1;
            answered += status == 200 ? 1 : 0;
          } catch (IOException e) {
            problem = e.toString();
            failedInARow++;
          }
          late += System.nanoTime() - asked > LATE_NANOS ? 1 : 0;
        } while (failedInARow < failureThreshold && !ended.await(PERIOD_MS, TimeUnit.MILLISECONDS));
      } catch (InterruptedException e) {
        problem = e.toString();
        failedInARow = failureThreshold;
      }
    }

    @Override
    public String toString() {
      return "/livez answered %,d times, after a second or more %,d".formatted(answered, late);
    }

    @Override
    public void close() {
      ended.countDown();
      client.close();
    }
  }
}
