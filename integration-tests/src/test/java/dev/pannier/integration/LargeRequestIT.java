package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.resource.v1.Resource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests that are within what is received, and become far more than memory has room for in the encoding that they are
/// shipped in: the heap is that of the default `memory`.
class LargeRequestIT {
  private static final List<String> HEAP = List.of("-Xmx40m");
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Pattern BODY = Pattern.compile("line (\\d+)\\b");

  /// With the resource in each of them they are more than 60 MB of JSON.
  private static final int RECORDS = 40_000;

  private static final int RESOURCE_BYTES = 1_500;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "at_least_once, memory",
    "at_least_once, disk",
    "exactly_once, memory",
    "exactly_once, disk"
  })
  void messageARecordIsShippedToKafka(String delivery, String buffer) throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("large");
    try (Sidecar sidecar = start(buffer, kafka(kafka, topic, delivery));
        Topic read = new Topic(kafka.servers(), topic)) {
      send(sidecar, request(RECORDS, RESOURCE_BYTES));
      awaitShipped(sidecar, RECORDS);
      assertThat(sidecar.stop()).isZero();

      List<Integer> numbers =
          read.rest().messages().stream()
              .map(message -> number(new String(message.value(), UTF_8)))
              .toList();
      if (delivery.equals("exactly_once")) {
        assertThat(numbers).isEqualTo(all(RECORDS));
      } else {
        assertThat(numbers.stream().distinct().sorted().toList()).isEqualTo(all(RECORDS));
      }
    }
  }

  /// However busy the machine is that runs it.
  private static String kafka(Kafka kafka, String topic, String delivery) {
    return """
      out:
        type: kafka
        bootstrap_servers: "%s"
        topics: {logs: %s}
        signals: [logs]
        encoding: {logs: json}
        delivery: %s
        properties: {transaction.timeout.ms: 120000, delivery.timeout.ms: 100000, max.block.ms: 60000}
    """
        .formatted(kafka.servers(), topic, delivery);
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory", "disk"})
  void lineARecordIsWrittenToAFile(String buffer) throws Exception {
    String out = "  out: {type: file, path: \"${DIR}/out/\", format: json}\n";
    try (Sidecar sidecar = start(buffer, out)) {
      send(sidecar, request(RECORDS, RESOURCE_BYTES));
      awaitShipped(sidecar, RECORDS);
      assertThat(sidecar.stop()).isZero();
    }
    try (Stream<Path> files = Files.list(folder.resolve("out"))) {
      assertThat(files.flatMap(LargeRequestIT::lines).map(LargeRequestIT::number).sorted().toList())
          .isEqualTo(all(RECORDS));
    }
  }

  private static Stream<String> lines(Path file) {
    try {
      return Files.readAllLines(file).stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void lineARecordIsWrittenToStandardOutput() throws Exception {
    try (Sidecar sidecar = start("memory", "  out: {type: stdout, format: json}\n")) {
      send(sidecar, request(RECORDS, RESOURCE_BYTES));
      awaitShipped(sidecar, RECORDS);
      assertThat(sidecar.stop()).isZero();
      assertThat(sidecar.output().lines().map(LargeRequestIT::number).toList())
          .isEqualTo(all(RECORDS));
    }
  }

  /// As JSON each takes 10 MB, and an array that grows up to it more.
  @Test
  void requestIsShippedAsOtlpJsonInParts() throws Exception {
    int records = 100_000;
    int requests = 3;
    try (OtlpBackend backend = OtlpBackend.http();
        Sidecar sidecar =
            start(
                "disk",
                "  out: {type: otlp, endpoint: \"http://127.0.0.1:%d\", protocol: http/json}\n"
                    .formatted(backend.port()))) {
      byte[] request = request(records, RESOURCE_BYTES);
      for (int i = 0; i < requests; i++) {
        send(sidecar, request);
      }
      awaitShipped(sidecar, requests * records);
      assertThat(sidecar.stop()).isZero();
      assertThat(backend.bodies().stream().map(LargeRequestIT::number).distinct().sorted().toList())
          .isEqualTo(all(records));
    }
  }

  private Sidecar start(String buffer, String shipper) throws Exception {
    return new Sidecar(folder)
        .configure(
            Sidecar.otlp()
                + (buffer.equals("disk")
                    ? "buffer: {type: disk, directory: \"${DIR}/buffer\"}\n"
                    : "")
                + "shippers:\n"
                + shipper)
        .options(HEAP)
        .start();
  }

  private static void awaitShipped(Sidecar sidecar, int records) {
    await()
        .atMost(PATIENCE)
        .failFast(() -> !sidecar.running().isAlive())
        .until(() -> sidecar.statusPage().get("shippers").get(0).get("records").asInt() >= records);
  }

  /// Until it is answered.
  private static void send(Sidecar sidecar, byte[] body) throws Exception {
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sidecar.httpPort() + "/v1/logs"))
              .timeout(PATIENCE)
              .header("content-type", "application/x-protobuf")
              .POST(BodyPublishers.ofByteArray(body))
              .build();
      await()
          .atMost(PATIENCE)
          .failFast(() -> !sidecar.running().isAlive())
          .until(() -> client.send(request, BodyHandlers.discarding()).statusCode() == 200);
    }
  }

  private static List<Integer> all(int records) {
    return IntStream.range(0, records).boxed().toList();
  }

  private static int number(String text) {
    Matcher matcher = BODY.matcher(text);
    assertThat(matcher.find()).as(text).isTrue();
    return Integer.parseInt(matcher.group(1));
  }

  private static byte[] request(int records, int resourceBytes) {
    ScopeLogs.Builder scope = ScopeLogs.newBuilder();
    for (int i = 0; i < records; i++) {
      scope.addLogRecords(LogRecord.newBuilder().setBody(text("line " + i)));
    }
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(
            ResourceLogs.newBuilder()
                .setResource(
                    Resource.newBuilder()
                        .addAttributes(
                            KeyValue.newBuilder()
                                .setKey("large")
                                .setValue(text("x".repeat(resourceBytes)))))
                .addScopeLogs(scope))
        .build()
        .toByteArray();
  }

  private static AnyValue text(String text) {
    return AnyValue.newBuilder().setStringValue(text).build();
  }
}
