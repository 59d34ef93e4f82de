package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pannier.demo.Ports;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What goes wrong around the sidecar: one clear line, nothing lost, and it heals where it can.
class FaultsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  @TempDir private Path folder;

  private static String shipper(String servers, String topic) {
    return """
    shippers:
      events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs],
               properties: {max.block.ms: "2000", delivery.timeout.ms: "4000", request.timeout.ms: "1500", linger.ms: "0"}}
    """
        .formatted(servers, topic);
  }

  @Test
  void aBrokerThatIsAwayIsNamedAndServedOnceItIsBack() throws Exception {
    Path kafkaFolder = Files.createDirectories(folder.resolve("kafka"));
    try (Kafka kafka = Kafka.start(kafkaFolder, "auto.create.topics.enable=true");
        Sidecar sidecar = new Sidecar(folder)) {
      String topic = kafka.topic("faults");
      kafka.kill();
      sidecar.configure(Sidecar.files("parser: raw") + shipper(kafka.servers(), topic));
      Files.writeString(sidecar.log("app.log"), "written while the broker was away\n");
      sidecar.launch(Map.of());
      sidecar.awaitAlive();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                assertThat(sidecar.status("/readyz")).isEqualTo(503);
                assertThat(sidecar.body("/readyz")).contains(kafka.servers());
              });
      kafka.restart();
      try (Topic read = new Topic(kafka.servers(), topic)) {
        read.await(all -> !all.logs().isEmpty());
        assertThat(read.bodies()).containsExactly("written while the broker was away");
        await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
        // Away once more, in the middle of work.
        kafka.kill();
        Files.writeString(sidecar.log("app.log"), "second time\n", StandardOpenOption.APPEND);
        await()
            .atMost(PATIENCE)
            .until(() -> !sidecar.statusPage().at("/shippers/0/last_error").asString().isEmpty());
        kafka.restart();
      }
      try (Topic read = new Topic(kafka.servers(), topic)) {
        read.await(all -> all.bodies().contains("second time"));
        assertThat(read.bodies().stream().distinct())
            .containsExactly("written while the broker was away", "second time");
      }
    }
  }

  @Test
  void anUnknownTopicIsNamedAndTheRecordsComeOnceItIsMade() throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = "made-later-" + System.nanoTime();
    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar.configure(Sidecar.files("parser: raw") + shipper(kafka.servers(), topic));
      Files.writeString(sidecar.log("app.log"), "one\n");
      sidecar.launch(Map.of());
      sidecar.awaitAlive();
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(sidecar.body("/readyz")).contains(topic));
      kafka.create(topic);
      try (Topic read = new Topic(kafka.servers(), topic)) {
        read.await(all -> !all.logs().isEmpty());
        assertThat(read.bodies()).containsExactly("one");
      }
    }
  }

  @Test
  void aMissingTopicIsNamedAndKeepsOnlyItsOwnRecordsWaiting() throws Exception {
    Kafka kafka = Kafka.shared();
    String logs = kafka.topic("there");
    String spans = "spans-made-later-" + System.nanoTime();
    String metrics = "metrics-never-made-" + System.nanoTime();
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), logs)) {
      sidecar.configure(
          """
          sources:
            files:
              - {name: app, include: ["${LOGS}/*.log"], parser: raw}
            otlp: {grpc: "127.0.0.1:${GRPC}", http: "127.0.0.1:${HTTP}", acknowledge: accepted}
          shippers:
            events: {type: kafka, bootstrap_servers: "%s",
                     topics: {logs: %s, traces: %s, metrics: %s}}
          """
              .formatted(kafka.servers(), logs, spans, metrics));
      Files.writeString(sidecar.log("app.log"), "one\n");
      sidecar.launch(Map.of());
      sidecar.awaitAlive();
      assertThat(sidecar.body("/readyz")).as("a reason from the first moment").contains("events");
      read.await(all -> !all.logs().isEmpty());
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(sidecar.body("/readyz"))
                      .contains("no topic " + spans, "no topic " + metrics, "create it"));
      assertThat(sidecar.status("/readyz")).isEqualTo(503);
      assertThat(sidecar.statusPage().at("/shippers/0/last_error").asString())
          .contains("no topic " + spans);

      List<String> ids = Client.sendSpans(sidecar, Wire.GRPC, 3);
      Files.writeString(sidecar.log("app.log"), "two\n", StandardOpenOption.APPEND);
      read.await(all -> all.logs().size() >= 2);
      assertThat(read.bodies()).containsExactly("one", "two");

      kafka.create(spans);
      try (Topic readSpans = new Topic(kafka.servers(), spans)) {
        readSpans.await(all -> !all.messages().isEmpty());
        assertThat(
                ExportTraceServiceRequest.parseFrom(readSpans.messages().getFirst().value())
                    .getResourceSpans(0)
                    .getScopeSpans(0)
                    .getSpansList())
            .extracting(span -> HexFormat.of().formatHex(span.getSpanId().toByteArray()))
            .containsExactlyElementsOf(ids);
      }
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(sidecar.body("/readyz")).doesNotContain(spans));
      assertThat(sidecar.errors().lines().filter(line -> line.contains("no topic " + spans)))
          .as("told once")
          .hasSize(1);
    }
  }

  @Test
  void topicsOfSignalsWithoutASourceAreNotAskedFor() throws Exception {
    Kafka kafka = Kafka.shared();
    String logs = kafka.topic("logs-alone");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), logs)) {
      sidecar.configure(
          Sidecar.files("parser: raw")
              + """
              shippers:
                events: {type: kafka, bootstrap_servers: "%s",
                         topics: {logs: %s, traces: no-spans, metrics: no-metrics}}
              """
                  .formatted(kafka.servers(), logs));
      Files.writeString(sidecar.log("app.log"), "one\n");
      sidecar.start();
      read.await(all -> !all.logs().isEmpty());
      assertThat(sidecar.status("/readyz")).isEqualTo(200);
      assertThat(sidecar.errors()).doesNotContain("no-spans", "no-metrics");
    }
  }

  @Test
  void aPortInUseIsNamedAndTakenOnceItIsFree() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar.configure(
          Sidecar.otlp() + "shippers: {console: {type: stdout, format: otlp_json}}\n");
      try (ServerSocket taken =
          new ServerSocket(sidecar.grpcPort(), 1, InetAddress.getLoopbackAddress())) {
        sidecar.launch(Map.of());
        await()
            .atMost(PATIENCE)
            .untilAsserted(() -> assertThat(sidecar.errors()).contains(":" + taken.getLocalPort()));
        assertThat(sidecar.running().isAlive()).isTrue();
        await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 503);
      }
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
      Client.sendLogs(sidecar, Wire.GRPC, List.of("after all"));
      assertThat(sidecar.stop()).isZero();
      assertThat(sidecar.output()).contains("after all");
    }
  }

  @Test
  void eachMistakeOfTheConfigurationIsNamedWithItsLine() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar.configure(
          """
          memory: 1KiB
          sorces: {}
          shippers:
            events: {type: kafka, bootstrap_servers: "kafka:9092", encoding: xml}
          """);
      sidecar.launch(Map.of());
      assertThat(sidecar.awaitExit()).isEqualTo(2);
      assertThat(sidecar.errors())
          .contains("pannier.yaml:1: memory: ")
          .contains("pannier.yaml:2: ")
          .contains("sources")
          .contains("pannier.yaml:4: shippers.events.encoding: ");
      assertThat(sidecar.output()).isEmpty();
    }
  }

  @Test
  void aStateDirectoryThatCannotBeWrittenIsAMistakeOfTheConfiguration() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder)) {
      Files.writeString(folder.resolve("state"), "a file, no folder");
      sidecar.configure("");
      sidecar.launch(Map.of());
      assertThat(sidecar.awaitExit()).isEqualTo(2);
      assertThat(sidecar.errors()).contains("state");
    }
  }

  @Test
  void secretsAreNowhereToBeSeen() throws Exception {
    String secret = "s3cr3t-0123456789";
    int nowhere = Ports.free(1).getFirst();
    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar.configure(
          Sidecar.otlp()
              + """
              shippers:
                backend: {type: otlp, endpoint: "http://127.0.0.1:%d", headers: {authorization: "Bearer %s"}}
              """
                  .formatted(nowhere, secret));
      sidecar.launch(Map.of());
      sidecar.awaitAlive();
      await()
          .atMost(PATIENCE)
          .until(() -> !sidecar.statusPage().at("/shippers/0/last_error").asString().isEmpty());
      assertThat(sidecar.body("/status")).doesNotContain(secret);
      assertThat(sidecar.body("/metrics")).doesNotContain(secret);
      sidecar.signal();
      sidecar.awaitExit();
      assertThat(sidecar.errors()).doesNotContain(secret);
    }
  }

  @Test
  void theLedgerClosesAndTheStatusNamesFiles() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar.configure(
          Sidecar.files("parser: raw")
              + "shippers: {console: {type: stdout, format: raw, signals: [logs]}}\n");
      Files.writeString(sidecar.log("app.log"), "one\ntwo\nthree\n");
      sidecar.start();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                JsonNode status = sidecar.statusPage();
                JsonNode file = status.at("/sources/0/files/0");
                assertThat(file.at("/path").asString())
                    .isEqualTo(sidecar.log("app.log").toString());
                assertThat(file.at("/position_bytes").asLong()).isEqualTo(14);
                assertThat(file.at("/lag_bytes").asLong()).isZero();
                JsonNode row = status.at("/ledger/0");
                assertThat(row.at("/read").asLong()).isEqualTo(3);
                assertThat(row.at("/shipped").asLong()).isEqualTo(3);
                assertThat(row.at("/in_flight").asLong()).isZero();
              });
      assertThat(sidecar.body("/metrics")).contains("# TYPE ").doesNotContain("app.log");
    }
  }
}
