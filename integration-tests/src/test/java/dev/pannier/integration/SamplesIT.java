package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pannier.consumers.JsonConsumer;
import dev.pannier.consumers.OtlpProtoConsumer;
import dev.pannier.demo.Ports;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// Each file of `config-samples`, started by the launcher as it is and given what it is for. A file
/// that has no test here fails.
class SamplesIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  private static Kafka kafka;

  @TempDir private Path folder;

  private interface Use {
    void run() throws Exception;
  }

  @BeforeAll
  static void broker() throws Exception {
    kafka = Kafka.shared();
  }

  @BeforeEach
  void emptyTopics() throws Exception {
    kafka.emptyTopics(
        List.of(
            "otlp_logs",
            "otlp_spans",
            "otlp_metrics",
            "logs.checkout",
            "spans",
            "pannier_dead_letters",
            "shop_once",
            "shop_dead_letters"));
  }

  static List<String> samples() throws IOException {
    try (Stream<Path> files = Files.list(Tree.samples())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".yaml") || name.endsWith(".yml"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void eachSampleDoesWhatItIsFor(String sample) throws Exception {
    Map<String, Use> uses =
        Map.of(
            "minimal.yaml", this::minimal,
            "java-logback-to-kafka-json.yaml", this::javaLogbackToKafkaJson,
            "spring-boot.yaml", this::springBoot,
            "otlp-backend.yaml", this::otlpBackend,
            "several-shippers.yaml", this::severalShippers,
            "disk-buffer.yaml", this::diskBuffer,
            "exactly-once.yaml", this::exactlyOnce,
            "everything.yaml", this::everything);
    assertThat(uses.keySet())
        .as("each file of config-samples has a test here, and each test a file")
        .containsExactlyInAnyOrderElementsOf(samples());
    uses.getOrDefault(sample, () -> {}).run();
  }

  private Sidecar start(String sample, Map<String, String> environment) throws IOException {
    return new Sidecar(folder).sample(Tree.samples().resolve(sample), environment).start();
  }

  private static Map<String, String> toKafka() {
    return Map.of("KAFKA_BOOTSTRAP_SERVERS", kafka.servers());
  }

  private static List<String> ids(List<Span> spans) {
    return spans.stream()
        .map(span -> HexFormat.of().formatHex(span.getSpanId().toByteArray()))
        .toList();
  }

  private void minimal() throws Exception {
    try (Sidecar sidecar = start("minimal.yaml", toKafka());
        OtlpProtoConsumer consumer = new OtlpProtoConsumer(kafka.servers(), "minimal")) {
      Files.writeString(sidecar.log("app.log"), "minimal: one\nminimal: two\n");
      List<String> sent = Client.sendSpans(sidecar, Wire.GRPC, 5);
      Client.sendLogs(sidecar, Wire.HTTP_PROTOBUF, List.of("minimal: by OTLP"));
      List<String> bodies = new ArrayList<>();
      List<Span> spans = new ArrayList<>();
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                consumer.poll(
                    Duration.ofMillis(200),
                    (logger, record) -> bodies.add(record.getBody().getStringValue()),
                    spans::add);
                return bodies.containsAll(List.of("minimal: two", "minimal: by OTLP"))
                    && ids(spans).containsAll(sent);
              });
      assertThat(bodies)
          .containsExactlyInAnyOrder("minimal: one", "minimal: two", "minimal: by OTLP");
      assertThat(sidecar.stop()).isZero();
    }
  }

  private void exactlyOnce() throws Exception {
    try (Topic read = new Topic(kafka.servers(), "otlp_logs")) {
      for (int run = 0; run < 2; run++) {
        try (Sidecar sidecar = start("exactly-once.yaml", toKafka())) {
          String line = "once: " + run;
          Files.writeString(sidecar.log("app.log"), line + "\n", CREATE, APPEND);
          read.await(all -> all.bodies().contains(line));
          sidecar.kill();
        }
      }
      assertThat(read.rest().bodies()).containsExactly("once: 0", "once: 1");
    }
  }

  private void javaLogbackToKafkaJson() throws Exception {
    try (Sidecar sidecar = start("java-logback-to-kafka-json.yaml", toKafka());
        JsonConsumer consumer = new JsonConsumer(kafka.servers(), "logback", "logs.checkout")) {
      Files.writeString(sidecar.log("app-gc.log"), "[0.1s] not this one\n");
      Files.writeString(
          sidecar.log("app.log"),
          """
          2026-03-01 09:30:00.250 [main] INFO  com.example.Shop - open
          2026-03-01 09:30:01.000 [worker-1] ERROR com.example.Stock - no stock
          java.lang.IllegalStateException: empty
          \tat com.example.Stock.take(Stock.java:7)
          2026-03-01 09:30:02.000 [main] INFO  com.example.Shop - closed
          """);
      List<JsonNode> records = new ArrayList<>();
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                consumer.poll(Duration.ofMillis(200), records::add);
                return records.size() >= 3;
              });
      assertThat(sidecar.stop()).isZero();
      while (consumer.poll(Duration.ofSeconds(1), records::add) > 0) {
        // what else the sidecar shipped until its end
      }
      assertThat(records)
          .extracting(record -> record.get("message").asString())
          .containsExactly("open", "no stock", "closed");
      JsonNode failure = records.get(1);
      assertThat(failure.get("@timestamp").asString())
          .as("Berlin's time")
          .startsWith("2026-03-01T08:30:01");
      assertThat(failure.get("level").asString()).isEqualTo("ERROR");
      assertThat(failure.get("logger_name").asString()).isEqualTo("com.example.Stock");
      assertThat(failure.get("thread_name").asString()).isEqualTo("worker-1");
      assertThat(failure.get("stack_trace").asString()).contains("at com.example.Stock.take");
      assertThat(failure.get("service.name").asString()).isEqualTo("checkout");
    }
  }

  private void springBoot() throws Exception {
    Map<String, String> environment =
        Map.of("KAFKA_BOOTSTRAP_SERVERS", kafka.servers(), "SPRING_APPLICATION_NAME", "petclinic");
    try (Topic logs = new Topic(kafka.servers(), "otlp_logs");
        Topic spans = new Topic(kafka.servers(), "otlp_spans");
        Sidecar sidecar = start("spring-boot.yaml", environment)) {
      Files.writeString(
          sidecar.log("spring.log"),
          """
          2026-03-01T09:30:00.250+01:00  INFO 4711 --- [petclinic] [           main] o.s.b.Startup : Started in 2.1 s
          2026-03-01T09:30:01.500+01:00  WARN 4711 --- [petclinic] [nio-8080-exec-1] o.s.web.Pets : no such pet
          """);
      logs.await(all -> all.messages().size() >= 2);
      JsonNode second = JSON.readTree(logs.texts().get(1));
      assertThat(second.get("message").asString()).isEqualTo("no such pet");
      assertThat(second.get("level").asString()).isEqualTo("WARN");
      assertThat(second.get("logger_name").asString()).isEqualTo("o.s.web.Pets");
      assertThat(second.get("@timestamp").asString()).startsWith("2026-03-01T08:30:01.5");
      assertThat(second.get("service.name").asString()).isEqualTo("petclinic");
      assertThat(second.get("deployment.environment.name").asString()).isEqualTo("dev");
      List<String> sent = Client.sendSpans(sidecar, Wire.HTTP_PROTOBUF, 4);
      spans.await(all -> !all.messages().isEmpty());
      assertThat(ids(spans.spans())).containsExactlyElementsOf(sent);
      assertThat(sidecar.stop()).isZero();
    }
  }

  private void otlpBackend() throws Exception {
    Certificates certificates = new Certificates(folder.resolve("tls")).add("backend");
    try (OtlpBackend backend = OtlpBackend.tls(certificates.sockets("backend"));
        Sidecar sidecar =
            start(
                "otlp-backend.yaml",
                Map.of(
                    "BACKEND",
                    "https://localhost:" + backend.port(),
                    "BACKEND_TOKEN",
                    "t0ken-of-the-test",
                    "PANNIER_JVM_OPTIONS",
                    "-Djavax.net.ssl.trustStore="
                        + certificates.file("backend.p12")
                        + " -Djavax.net.ssl.trustStorePassword="
                        + Certificates.PASSWORD))) {
      Files.writeString(sidecar.log("app.log"), "one\ntwo\n");
      Client.sendLogs(sidecar, Wire.GRPC, List.of("three"));
      List<String> sent = Client.sendSpans(sidecar, Wire.GRPC, 5);
      await().atMost(PATIENCE).until(() -> backend.bodies().size() >= 3);
      assertThat(backend.bodies()).containsExactlyInAnyOrder("one", "two", "three");
      assertThat(ids(backend.spans())).containsExactlyElementsOf(sent);
      assertThat(backend.headers())
          .allMatch(headers -> "Bearer t0ken-of-the-test".equals(headers.get("authorization")));
      assertThat(sidecar.stop()).isZero();
      assertThat(sidecar.errors()).doesNotContain("t0ken-of-the-test");
    }
  }

  private void severalShippers() throws Exception {
    try (OtlpBackend backend = OtlpBackend.http();
        Topic logs = new Topic(kafka.servers(), "otlp_logs");
        Topic spans = new Topic(kafka.servers(), "otlp_spans");
        Sidecar sidecar =
            start(
                "several-shippers.yaml",
                Map.of(
                    "KAFKA_BOOTSTRAP_SERVERS",
                    kafka.servers(),
                    "BACKEND",
                    "http://127.0.0.1:" + backend.port()))) {
      Files.writeString(sidecar.log("app.log"), "paid with 4111 1111 1111 1111\nby a@b.example\n");
      List<String> sent = Client.sendSpans(sidecar, Wire.GRPC, 5);
      Client.sendMetric(sidecar, Wire.GRPC, "orders");
      logs.await(all -> String.join("\n", all.texts()).contains("by "));
      spans.await(all -> !all.messages().isEmpty());
      assertThat(String.join("\n", spans.texts())).contains(sent);
      assertThat(ids(backend.spans())).containsExactlyElementsOf(sent);
      assertThat(backend.metrics()).containsExactly("orders = 3");
      assertThat(backend.bodies()).as("logs do not go there").isEmpty();
      assertThat(sidecar.stop()).isZero();
      String archive = archive(folder.resolve("state/archive"));
      assertThat(archive + logs.texts())
          .contains("paid with [redacted]", "by [redacted]")
          .doesNotContain("4111", "a@b.example");
      assertThat(archive.lines()).hasSize(2);
    }
  }

  private void diskBuffer() throws Exception {
    int port = Ports.free(1).getFirst();
    Map<String, String> environment =
        Map.of("KAFKA_BOOTSTRAP_SERVERS", kafka.servers(), "BACKEND", "http://127.0.0.1:" + port);
    try (Topic logs = new Topic(kafka.servers(), "otlp_logs");
        Sidecar sidecar = new Sidecar(folder)) {
      sidecar.sample(Tree.samples().resolve("disk-buffer.yaml"), environment);
      sidecar.launch();
      sidecar.awaitAlive();
      Files.writeString(sidecar.log("app.log"), "one\ntwo\n");
      List<String> sent = Client.sendSpans(sidecar, Wire.GRPC, 5);
      logs.await(all -> all.logs().size() >= 2);
      try (OtlpBackend backend = OtlpBackend.http(port)) {
        await().atMost(PATIENCE).until(() -> backend.spans().size() >= 5);
        assertThat(ids(backend.spans())).containsExactlyElementsOf(sent);
        await().atMost(PATIENCE).until(() -> backend.bodies().size() >= 2);
        assertThat(backend.bodies()).containsExactly("one", "two");
        assertThat(sidecar.stop()).isZero();
      }
    }
  }

  private void everything() throws Exception {
    Certificates certificates =
        new Certificates(folder.resolve("tls")).add("backend").add("client");
    Path tls = Files.createDirectories(folder.resolve("etc"));
    Files.copy(certificates.file("ca.crt"), tls.resolve("ca.pem"));
    Files.copy(certificates.file("client.crt"), tls.resolve("tls.crt"));
    Files.copy(certificates.file("client.key"), tls.resolve("tls.key"));
    Charset chinese = Charset.forName("GB18030");
    try (OtlpBackend backend = OtlpBackend.mutualTls(false, certificates.sockets("backend"));
        Topic logs = new Topic(kafka.servers(), "logs.checkout");
        Topic spans = new Topic(kafka.servers(), "spans");
        Sidecar sidecar = new Sidecar(folder)) {
      Path orders = Files.createDirectories(sidecar.log("orders")).resolve("orders.log");
      Files.writeString(
          orders, "2026-03-01 09:00:00,000 [main] INFO  com.example.Old - before\n", chinese);
      sidecar
          .sample(
              Tree.samples().resolve("everything.yaml"),
              Map.of(
                  "KAFKA_BOOTSTRAP_SERVERS",
                  kafka.servers(),
                  "BACKEND",
                  "https://localhost:" + backend.port(),
                  "TLS_DIR",
                  tls.toString()))
          .start();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(sidecar.body("/status")).contains(orders.getFileName().toString()));
      Files.writeString(
          orders,
          """
          2026-03-01 09:30:00,250 [main] INFO  com.example.Shop - 订单 4111 1111 1111 1111 \\
          2026-03-01 09:30:01,000 [main] WARN  org.apache.kafka.Client - kept
          2026-03-01 09:30:01,000 [main] INFO  org.apache.kafka.Client - dropped
          """
              .replace(" \\\n", "\n"),
          chinese,
          APPEND);
      Files.writeString(sidecar.log("audit.log"), "2026-03-01T09:30:02 ann bought\n  a pear\n");
      Files.writeString(sidecar.log("access.log"), "GET /\n", CREATE);
      logs.await(all -> all.messages().size() >= 4);
      List<String> sent = Client.sendSpans(sidecar, Wire.HTTP_JSON, 5);
      Client.sendMetric(sidecar, Wire.GRPC, "orders");
      spans.await(all -> !all.messages().isEmpty());
      await().atMost(PATIENCE).until(() -> !backend.metrics().isEmpty());
      assertThat(sidecar.stop()).isZero();

      assertThat(logs.rest().texts())
          .extracting(text -> JSON.readTree(text).get("message").asString())
          .containsExactlyInAnyOrder("订单 ***", "kept", "bought\n  a pear", "GET /");
      assertThat(logs.texts())
          .allMatch(text -> text.contains("\"service.name\":\"checkout\""))
          .filteredOn(text -> text.contains("\"cluster\":\"blue\""))
          .as("below ERROR, where a severity is known")
          .hasSize(2);
      assertThat(JSON.readTree(logs.texts().getFirst()).has("ecs.version")).isTrue();
      assertThat(String.join("\n", spans.texts())).contains(sent);
      assertThat(ids(backend.spans())).containsExactlyElementsOf(sent);
      assertThat(backend.metrics()).containsExactly("orders = 3");
      assertThat(backend.headers()).allMatch(headers -> "payments".equals(headers.get("x-tenant")));
      assertThat(archive(folder.resolve("state/archive")).lines()).hasSize(4);
      assertThat(Files.readString(folder.resolve("run1.out"), ISO_8859_1))
          .as("the lines as they are")
          .contains("GET /\n")
          .doesNotContain("dropped", "before", "4111");
    }
  }

  private static String archive(Path folder) throws IOException {
    StringBuilder text = new StringBuilder();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        text.append(Files.readString(file));
      }
    }
    return text.toString();
  }
}
