package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.luben.zstd.Zstd;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The OpenTelemetry SDK's exporters send to the sidecar, which ships to Kafka and to OTLP backends.
class OtlpIT {
  @TempDir private Path folder;

  static List<String> ids(List<Span> spans) {
    return spans.stream()
        .map(span -> HexFormat.of().formatHex(span.getSpanId().toByteArray()))
        .toList();
  }

  private static String kafkaShipper(Kafka kafka, String topic, String encoding) {
    return """
    shippers:
      events: {type: kafka, bootstrap_servers: "%s", topics: %s, encoding: %s}
    """
        .formatted(kafka.servers(), topic, encoding);
  }

  @Test
  void aRequestInZstdArrivesAndOneWithBrokenTextIsRefusedInPart() throws Exception {
    try (OtlpBackend backend = OtlpBackend.grpc();
        Sidecar sidecar = new Sidecar(folder);
        HttpClient client = HttpClient.newHttpClient()) {
      sidecar
          .configure(
              Sidecar.otlp()
                  + "shippers: {out: {type: otlp, endpoint: \"http://127.0.0.1:%d\"}}\n"
                      .formatted(backend.port()))
          .start();
      byte[] good = logs("one", "two");
      assertThat(post(client, sidecar, Zstd.compress(good), "zstd").body()).isEmpty();
      byte[] broken = logs("three", "four");
      broken[new String(broken, ISO_8859_1).indexOf("four")] = (byte) 0xff;
      HttpResponse<byte[]> answer = post(client, sidecar, broken, "identity");
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(
              ExportLogsServiceResponse.parseFrom(answer.body())
                  .getPartialSuccess()
                  .getErrorMessage())
          .contains("1 with text that is no UTF-8");
      assertThat(backend.bodies()).containsExactly("one", "two", "three");
    }
  }

  private static HttpResponse<byte[]> post(
      HttpClient client, Sidecar sidecar, byte[] body, String encoding) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sidecar.httpPort() + "/v1/logs"))
            .header("content-type", "application/x-protobuf")
            .header("content-encoding", encoding)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  private static byte[] logs(String... bodies) {
    ScopeLogs.Builder scope = ScopeLogs.newBuilder();
    for (String body : bodies) {
      scope.addLogRecords(
          LogRecord.newBuilder().setBody(AnyValue.newBuilder().setStringValue(body)));
    }
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(ResourceLogs.newBuilder().addScopeLogs(scope))
        .build()
        .toByteArray();
  }

  @ParameterizedTest
  @EnumSource
  void spansOfTheSdkArriveInKafkaAsTheyWereSent(Wire wire) throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("spans");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(Sidecar.otlp() + kafkaShipper(kafka, topic, "otlp_proto")).start();
      List<String> sent = Client.sendSpans(sidecar, wire, 1_000);
      assertThat(sidecar.stop()).isZero();
      List<Span> spans = new ArrayList<>();
      for (var message : read.rest().messages()) {
        ExportTraceServiceRequest.parseFrom(message.value())
            .getResourceSpansList()
            .forEach(
                resource ->
                    resource
                        .getScopeSpansList()
                        .forEach(scope -> spans.addAll(scope.getSpansList())));
      }
      assertThat(ids(spans)).containsExactlyInAnyOrderElementsOf(sent);
      assertThat(spans).allMatch(span -> span.getAttributes(0).getKey().equals("number"));
    }
  }

  @Test
  void aSpanAsFlatJson() throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("flat");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(Sidecar.otlp() + kafkaShipper(kafka, topic, "json")).start();
      List<String> sent = Client.sendSpans(sidecar, Wire.GRPC, 3);
      read.await(topicRead -> topicRead.messages().size() >= 3);
      List<String> ids = new ArrayList<>();
      for (String text : read.texts()) {
        JsonNode span = new ObjectMapper().readTree(text);
        ids.add(span.get("span_id").asString());
        assertThat(span.get("service.name").asString()).isEqualTo("client");
        assertThat(span.get("name").asString()).startsWith("span ");
      }
      assertThat(ids).containsExactlyElementsOf(sent);
    }
  }

  @Test
  void logsAsOtlpJson() throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("json");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(Sidecar.otlp() + kafkaShipper(kafka, topic, "otlp_json")).start();
      Client.sendLogs(sidecar, Wire.HTTP_PROTOBUF, List.of("one", "two €"));
      read.await(topicRead -> !topicRead.messages().isEmpty());
      JsonNode request = new ObjectMapper().readTree(read.texts().getFirst());
      JsonNode records = request.at("/resourceLogs/0/scopeLogs/0/logRecords");
      assertThat(records.at("/0/body/stringValue").asString()).isEqualTo("one");
      assertThat(records.at("/1/body/stringValue").asString()).isEqualTo("two €");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GRPC, GRPC, none",
    "GRPC, HTTP_PROTOBUF, gzip",
    "GRPC, HTTP_JSON, none",
    "HTTP_PROTOBUF, GRPC, gzip",
    "HTTP_PROTOBUF, HTTP_PROTOBUF, none",
    "HTTP_PROTOBUF, HTTP_JSON, gzip",
    "HTTP_JSON, GRPC, none",
    "HTTP_JSON, HTTP_PROTOBUF, gzip",
    "HTTP_JSON, HTTP_JSON, none"
  })
  void allSignalsOfTheSdkReachAnOtlpBackend(Wire in, Wire out, String compression)
      throws Exception {
    try (OtlpBackend backend = out == Wire.GRPC ? OtlpBackend.grpc() : OtlpBackend.http();
        Sidecar sidecar = new Sidecar(folder)) {
      sidecar
          .configure(
              Sidecar.otlp()
                  + """
                  shippers:
                    backend: {type: otlp, endpoint: "http://127.0.0.1:%d", protocol: %s, compression: %s,
                              headers: {x-team: blue}}
                  """
                      .formatted(backend.port(), out.protocol(), compression))
          .start();
      List<String> bodies = IntStream.range(0, 500).mapToObj(i -> "log € " + i).toList();
      Client.sendLogs(sidecar, in, bodies);
      List<String> sent = Client.sendSpans(sidecar, in, 500);
      Client.sendMetric(sidecar, in, "orders");
      // A client has its answer when the backend has the data.
      assertThat(backend.bodies()).containsExactlyElementsOf(bodies);
      assertThat(ids(backend.spans())).containsExactlyElementsOf(sent);
      assertThat(backend.spans())
          .extracting(span -> span.getAttributes(0).getValue().getIntValue())
          .containsExactlyElementsOf(LongStream.range(0, 500).boxed().toList());
      assertThat(backend.metrics()).containsExactly("orders = 3");
      assertThat(backend.headers()).allMatch(headers -> "blue".equals(headers.get("x-team")));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatTheBackendRefusesForNowIsSentAgain(boolean grpc) throws Exception {
    try (OtlpBackend backend = grpc ? OtlpBackend.grpc() : OtlpBackend.http();
        Sidecar sidecar = new Sidecar(folder)) {
      sidecar
          .configure(
              Sidecar.files("parser: raw")
                  + """
                  shippers:
                    backend: {type: otlp, endpoint: "http://127.0.0.1:%d", protocol: %s}
                  """
                      .formatted(backend.port(), grpc ? "grpc" : "http/protobuf"))
          .start();
      backend.refuse(3);
      Files.writeString(sidecar.log("app.log"), "one\ntwo\n");
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> assertThat(backend.bodies()).containsExactly("one", "two"));
      assertThat(backend.refusalsLeft()).isZero();
    }
  }

  @Test
  void jsonByHandIsTakenAndMistakesAreTold() throws Exception {
    try (OtlpBackend backend = OtlpBackend.grpc();
        Sidecar sidecar = new Sidecar(folder)) {
      sidecar
          .configure(
              Sidecar.otlp()
                  + """
                  shippers:
                    backend: {type: otlp, endpoint: "http://127.0.0.1:%d", protocol: grpc}
                  """
                      .formatted(backend.port()))
          .start();
      String request =
          """
          {"resourceLogs":[{"scopeLogs":[{"logRecords":[
            {"timeUnixNano":"1700000000000000000","severityNumber":9,"body":{"stringValue":"by hand"}}]}]}]}
          """;
      assertThat(post(sidecar, "/v1/logs", "application/json", request)).isEqualTo(200);
      assertThat(backend.bodies()).containsExactly("by hand");
      assertThat(post(sidecar, "/v1/logs", "application/json", "{\"resourceLogs\":"))
          .isEqualTo(400);
      assertThat(post(sidecar, "/v1/logs", "text/plain", request)).isEqualTo(415);
      assertThat(post(sidecar, "/v1/nothing", "application/json", request)).isEqualTo(404);
      assertThat(post(sidecar, "/v1/logs", "application/json", " ".repeat(5 << 20))).isEqualTo(413);
    }
  }

  @Test
  void aDestinationThatIsAwayIsToldToTheClientAndHeals() throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("away");
    int nowhere = dev.pannier.demo.Ports.free(1).getFirst();
    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar.configure(
          Sidecar.otlp()
              + kafkaShipper(kafka, topic, "otlp_proto")
                  .replace(kafka.servers(), "127.0.0.1:" + nowhere));
      sidecar.launch(java.util.Map.of());
      sidecar.awaitAlive();
      assertThat(sidecar.status("/readyz")).isEqualTo(503);
      assertThat(sidecar.body("/readyz")).contains("events");
      assertThat(
              post(
                  sidecar,
                  "/v1/logs",
                  "application/json",
                  "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"stringValue\":\"x\"}}]}]}]}"))
          .isEqualTo(503);
    }
  }

  /// A kubelet starts the application on the first answer, and the application sends at once.
  @Test
  void theReceiverListensBeforeAProbeIsAnswered() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar.configure(Sidecar.otlp() + "shippers: {console: {type: stdout}}\n").start();
      assertThat(sidecar.errors())
          .containsSubsequence(
              "otlp listens on 127.0.0.1:" + sidecar.grpcPort(),
              "otlp listens on 127.0.0.1:" + sidecar.httpPort(),
              "admin listens on 127.0.0.1:" + sidecar.adminPort());
    }
  }

  @Test
  void whatIsNotConfiguredDoesNotRun() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar.configure(Sidecar.otlp() + "shippers: {console: {type: stdout}}\n").start();
      assertThat(threads(sidecar)).contains("pannier-otlp").doesNotContain("pannier-tail");
      assertThat(sidecar.body("/livez")).isEqualTo("alive\n");
      assertThat(sidecar.stop()).isZero();
      sidecar.configure(Sidecar.files("") + "shippers: {console: {type: stdout}}\n").start();
      assertThat(threads(sidecar)).contains("pannier-tail").doesNotContain("pannier-otlp");
      assertThat(sidecar.stop()).isZero();
    }
  }

  /// The names of its threads, as the system knows them: their first 15 characters.
  private static List<String> threads(Sidecar sidecar) throws IOException {
    List<String> names = new ArrayList<>();
    Path tasks = Path.of("/proc", String.valueOf(sidecar.running().handle().pid()), "task");
    try (DirectoryStream<Path> all = Files.newDirectoryStream(tasks)) {
      for (Path task : all) {
        names.add(Files.readString(task.resolve("comm")).strip());
      }
    }
    return names;
  }

  private static int post(Sidecar sidecar, String path, String type, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sidecar.httpPort() + path))
            .version(HttpClient.Version.HTTP_1_1)
            .header("content-type", type)
            .timeout(Duration.ofSeconds(20))
            .POST(HttpRequest.BodyPublishers.ofString(body, UTF_8))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
  }
}
