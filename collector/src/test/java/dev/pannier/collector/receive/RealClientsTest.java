package dev.pannier.collector.receive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.protobuf.ByteString;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.config.Configuration.Address;
import dev.pannier.collector.config.OtlpSource;
import dev.pannier.collector.config.OtlpSource.Acknowledge;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.http.HttpServer;
import dev.pannier.collector.http.ServerSettings;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The receiver behind its server, with the OpenTelemetry SDK's exporters and the JDK's client.
class RealClientsTest {
  private static final int SPANS = 500;

  private final MemoryBudget budget = new MemoryBudget(24 * 1024 * 1024);
  private final FakeBuffer buffer = new FakeBuffer(budget, true);
  private final Metrics metrics = new Metrics();
  private HttpServer server;
  private OtlpReceiver receiver;
  private int grpcPort;
  private int httpPort;

  @BeforeEach
  void open() throws Exception {
    Address any = new Address("127.0.0.1", 0);
    OtlpSource settings =
        new OtlpSource(any, any, Acknowledge.DELIVERED, 4 * 1024 * 1024, 1024 * 1024);
    server = HttpServer.open(ServerSettings.DEFAULTS, System::nanoTime);
    receiver =
        new OtlpReceiver(settings, buffer, budget, signal -> false, metrics, System::nanoTime);
    List<Address> bound = receiver.listen(server);
    grpcPort = bound.get(0).port();
    httpPort = bound.get(1).port();
    server.start("pannier-test", new Health(System::nanoTime));
  }

  @AfterEach
  void close() {
    server.close();
    receiver.close();
    assertThat(budget.heldBytes()).isZero();
  }

  private String endpoint(boolean grpc) {
    return "http://127.0.0.1:" + (grpc ? grpcPort : httpPort);
  }

  @ParameterizedTest
  @CsvSource({"true,none", "true,gzip", "false,none", "false,gzip"})
  void spansOfTheSdkArriveAsTheyWereSent(boolean grpc, String compression) throws Exception {
    SpanExporter exporter =
        grpc
            ? OtlpGrpcSpanExporter.builder()
                .setEndpoint(endpoint(true))
                .setCompression(compression)
                .build()
            : OtlpHttpSpanExporter.builder()
                .setEndpoint(endpoint(false) + "/v1/traces")
                .setCompression(compression)
                .build();
    try (SdkTracerProvider provider =
        SdkTracerProvider.builder()
            .addSpanProcessor(
                BatchSpanProcessor.builder(exporter).setMaxExportBatchSize(SPANS / 2).build())
            .build()) {
      for (int i = 0; i < SPANS; i++) {
        provider
            .get("test")
            .spanBuilder("span " + i)
            .setAttribute("padding", "x".repeat(300))
            .startSpan()
            .end();
      }
      assertThat(provider.forceFlush().join(20, TimeUnit.SECONDS).isSuccess()).isTrue();
    }
    int spans = 0;
    for (Batch batch : buffer.batches()) {
      assertThat(batch.signal()).isEqualTo(Signal.TRACES);
      ExportTraceServiceRequest request = ExportTraceServiceRequest.parseFrom(content(batch));
      int inBatch = request.getResourceSpans(0).getScopeSpans(0).getSpansCount();
      assertThat(batch.records()).isEqualTo(inBatch);
      spans += inBatch;
    }
    assertThat(spans).isEqualTo(SPANS);
    assertThat(metrics.value(Counter.SOURCE_RECORDS, "otlp")).isEqualTo(SPANS);
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void logsOfTheSdkArrive(boolean grpc) throws Exception {
    LogRecordExporter exporter =
        grpc
            ? OtlpGrpcLogRecordExporter.builder().setEndpoint(endpoint(true)).build()
            : OtlpHttpLogRecordExporter.builder().setEndpoint(endpoint(false) + "/v1/logs").build();
    try (SdkLoggerProvider provider =
        SdkLoggerProvider.builder()
            .addLogRecordProcessor(BatchLogRecordProcessor.builder(exporter).build())
            .build()) {
      provider.get("test").logRecordBuilder().setSeverity(Severity.WARN).setBody("hello").emit();
      assertThat(provider.forceFlush().join(20, TimeUnit.SECONDS).isSuccess()).isTrue();
    }
    ExportLogsServiceRequest request =
        ExportLogsServiceRequest.parseFrom(content(buffer.batches().get(0)));
    assertThat(request.getResourceLogs(0).getScopeLogs(0).getLogRecords(0).getBody())
        .extracting(body -> body.getStringValue())
        .isEqualTo("hello");
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void metricsOfTheSdkArrive(boolean grpc) throws Exception {
    MetricExporter exporter =
        grpc
            ? OtlpGrpcMetricExporter.builder().setEndpoint(endpoint(true)).build()
            : OtlpHttpMetricExporter.builder().setEndpoint(endpoint(false) + "/v1/metrics").build();
    try (SdkMeterProvider provider =
        SdkMeterProvider.builder()
            .registerMetricReader(PeriodicMetricReader.create(exporter))
            .build()) {
      provider.get("test").counterBuilder("requests").build().add(3);
      assertThat(provider.forceFlush().join(20, TimeUnit.SECONDS).isSuccess()).isTrue();
    }
    Batch batch = buffer.batches().get(0);
    ExportMetricsServiceRequest request = ExportMetricsServiceRequest.parseFrom(content(batch));
    assertThat(request.getResourceMetrics(0).getScopeMetrics(0).getMetrics(0).getName())
        .isEqualTo("requests");
    assertThat(batch.records()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"HTTP_1_1", "HTTP_2"})
  void theJdksClientIsAnsweredWhetherOrNotItOffersAnUpgrade(HttpClient.Version version)
      throws Exception {
    try (HttpClient client = HttpClient.newBuilder().version(version).build()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(endpoint(false) + "/v1/logs"))
              .header("content-type", "application/x-protobuf")
              .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[0]))
              .build();
      for (int i = 0; i < 3; i++) {
        HttpResponse<byte[]> response =
            client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEmpty();
      }
      HttpRequest chunked =
          HttpRequest.newBuilder(URI.create(endpoint(false) + "/v1/nothing"))
              .header("content-type", "application/json")
              .POST(
                  HttpRequest.BodyPublishers.fromPublisher(
                      HttpRequest.BodyPublishers.ofString("{}")))
              .build();
      HttpResponse<String> response =
          client.send(chunked, HttpResponse.BodyHandlers.ofString(UTF_8));
      assertThat(response.statusCode()).isEqualTo(404);
      assertThat(response.body())
          .isEqualTo("{\"code\":12,\"message\":\"nothing here: /v1/nothing\"}");
    }
  }

  @Test
  void whoTakesLocalhostForIpv6IsServedWhereTheMachineHasIt() throws Exception {
    boolean hasIpv6 =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .anyMatch(each -> each instanceof Inet6Address && each.isLoopbackAddress());
    assumeThat(hasIpv6).isTrue();
    try (Socket socket = new Socket(InetAddress.ofLiteral("::1"), httpPort)) {
      assertThat(socket.isConnected()).isTrue();
    }
  }

  private static ByteString content(Batch batch) {
    return ByteString.copyFrom(batch.bytes(), batch.offset(), batch.length());
  }
}
