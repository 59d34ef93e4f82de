package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Ulimit;
import dev.pannier.demo.ChildProcess;
import dev.pannier.demo.Demo;
import dev.pannier.demo.SampleApplication;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/// The packaged sidecar in a container of 112 MiB and a fifth of a processor: it tails a backlog and
/// receives OTLP at once, is throttled, and is not killed.
@EnabledIf(
    value = "dev.pannier.integration.BrokerImage#engineAnswers",
    disabledReason = "no container engine answers (see .ci/run)")
class SmallContainerIT {
  private static final long MEMORY_BYTES = 112L << 20;
  private static final long NANO_CPUS = 200_000_000L;
  private static final int BACKLOG_LINES = 200_000;
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  @TempDir private Path folder;

  @Test
  void filesAndOtlpAtOnceInASmallContainerLoseNothing() throws Exception {
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
                  otlp: {grpc: "127.0.0.1:${GRPC}", http: none}
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
    try (GenericContainer<?> container = container()) {
      container.start();
      sidecar.awaitAlive();
      try (ChildProcess application =
          ChildProcess.java(
              "application",
              folder,
              List.of("-Xmx128m", "-XX:+UseSerialGC"),
              SampleApplication.class,
              List.of(
                  sidecar.logs().toString(),
                  String.valueOf(sidecar.grpcPort()),
                  "15",
                  "200",
                  tally.toString()))) {
        assertThat(application.await(PATIENCE)).as(application.lastWords()).isZero();
      }
      await("all shipped")
          .atMost(PATIENCE)
          .failFast("it was killed", () -> !container.isRunning())
          .until(
              () ->
                  sidecar.statusPage().at("/sources/0/lag_bytes").asLong(-1) == 0
                      && sidecar.statusPage().at("/shippers/0/in_flight").asLong(-1) == 0);
      ContainerState ended = stopped(container);
      assertThat(ended.getExitCodeLong()).as(container.getLogs()).isZero();
      assertThat(ended.getOOMKilled()).isNotEqualTo(true);
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

  /// The broker's image has a runtime; the sidecar and the test's folder are mounted.
  @SuppressWarnings("resource") // each call returns the container that the caller closes
  private GenericContainer<?> container() throws Exception {
    String home = Demo.home().normalize().toString();
    return new GenericContainer<>(DockerImageName.parse(BrokerImage.built()))
        .withImagePullPolicy(image -> false)
        .withLabel("dev.pannier.test", "sidecar")
        .withNetworkMode("host")
        .withEnv("MALLOC_ARENA_MAX", "1")
        .withFileSystemBind(home, home, BindMode.READ_ONLY)
        .withFileSystemBind(folder.toString(), folder.toString(), BindMode.READ_WRITE)
        .withCreateContainerCmdModifier(
            create -> {
              create.withEntrypoint("/opt/java/bin/java");
              HostConfig host = Objects.requireNonNull(create.getHostConfig());
              host.withMemory(MEMORY_BYTES)
                  .withMemorySwap(MEMORY_BYTES)
                  .withNanoCPUs(NANO_CPUS)
                  .withUlimits(
                      List.of(
                          new Ulimit("nofile", 4_096L, 4_096L),
                          new Ulimit("nproc", 4_096L, 4_096L)));
            })
        .withCommand(
            "@" + home + "/jvm.options",
            "-jar",
            home + "/lib/pannier-collector.jar",
            "run",
            "--config",
            folder.resolve("pannier.yaml").toString());
  }

  private static ContainerState stopped(GenericContainer<?> container) {
    DockerClient engine = container.getDockerClient();
    engine.stopContainerCmd(container.getContainerId()).withTimeout(60).exec();
    return engine.inspectContainerCmd(container.getContainerId()).exec().getState();
  }
}
