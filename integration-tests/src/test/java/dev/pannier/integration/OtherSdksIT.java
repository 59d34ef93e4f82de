package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.demo.ChildProcess;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The OpenTelemetry SDKs of other languages send all signals by their own exporters, in each
/// protocol that they have, with gzip and without: many requests on one connection, one of 3 MiB,
/// and pings. All of it is in Kafka once.
class OtherSdksIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /// Records of a signal in small requests; each SDK sends ten a request, or one.
  private static final int SMALL = 100;

  /// Log records of 1 KiB in one request.
  private static final int LARGE = 3_000;

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void whatTheSdkSendsArrivesOnce(OtherSdk sdk) throws Exception {
    List<String> command = new ArrayList<>(sdk.client());
    Kafka kafka = Kafka.shared();
    String logs = kafka.topic("sdk-logs");
    String traces = kafka.topic("sdk-traces");
    String metrics = kafka.topic("sdk-metrics");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic readLogs = new Topic(kafka.servers(), logs);
        Topic readTraces = new Topic(kafka.servers(), traces);
        Topic readMetrics = new Topic(kafka.servers(), metrics)) {
      sidecar
          .configure(
              Sidecar.otlp()
                  + """
                  shippers:
                    events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s, traces: %s, metrics: %s}}
                  """
                      .formatted(kafka.servers(), logs, traces, metrics))
          .start();
      command.add("127.0.0.1:" + sidecar.grpcPort());
      command.add("127.0.0.1:" + sidecar.httpPort());
      command.add(String.valueOf(SMALL));
      command.add(String.valueOf(LARGE));
      try (ChildProcess client = ChildProcess.start("client", folder, command, Map.of())) {
        int code = client.await(PATIENCE);
        assertThat(code).as(client.lastWords()).isZero();
      }
      // A client has its answer when Kafka has the data.
      assertThat(readTraces.rest().spans())
          .extracting(Span::getName)
          .containsExactlyInAnyOrderElementsOf(ids(sdk, SMALL));
      assertThat(points(readMetrics.rest())).containsExactlyInAnyOrderElementsOf(ids(sdk, SMALL));
      assertThat(readLogs.rest().bodies())
          .extracting(body -> body.split(" ", 2)[0])
          .containsExactlyInAnyOrderElementsOf(ids(sdk, SMALL + LARGE));
      assertThat(sidecar.stop()).isZero();
    }
  }

  private static List<String> ids(OtherSdk sdk, int count) {
    return sdk.ways().stream()
        .flatMap(way -> IntStream.range(0, count).mapToObj(i -> way + "." + i))
        .toList();
  }

  /// The attribute `id` of each data point.
  private static List<String> points(Topic metrics) throws Exception {
    List<String> ids = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> message : metrics.messages()) {
      ExportMetricsServiceRequest.parseFrom(message.value()).getResourceMetricsList().stream()
          .flatMap(resource -> resource.getScopeMetricsList().stream())
          .flatMap(scope -> scope.getMetricsList().stream())
          .flatMap(metric -> metric.getSum().getDataPointsList().stream())
          .flatMap(point -> point.getAttributesList().stream())
          .filter(attribute -> attribute.getKey().equals("id"))
          .forEach(attribute -> ids.add(attribute.getValue().getStringValue()));
    }
    return ids;
  }
}
