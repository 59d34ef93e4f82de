package dev.pannier.integration;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// An application with the OpenTelemetry SDK and its own exporters.
final class Client {
  private static final Resource RESOURCE =
      Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), "client"));

  /// The SDK's own default.
  private static final int BATCH = 512;

  private Client() {}

  /// @return the spans' ids, in order
  static List<String> sendSpans(Sidecar sidecar, Wire wire, int count) {
    String http = "http://127.0.0.1:" + sidecar.httpPort() + "/v1/traces";
    SpanExporter exporter =
        switch (wire) {
          case GRPC ->
              OtlpGrpcSpanExporter.builder()
                  .setEndpoint("http://127.0.0.1:" + sidecar.grpcPort())
                  .setCompression("gzip")
                  .build();
          case HTTP_PROTOBUF -> OtlpHttpSpanExporter.builder().setEndpoint(http).build();
          case HTTP_JSON -> new JsonExporters.Spans(http);
        };
    SdkTracerProvider provider =
        SdkTracerProvider.builder()
            .setResource(RESOURCE)
            .addSpanProcessor(
                BatchSpanProcessor.builder(exporter)
                    .setMaxExportBatchSize(BATCH)
                    .setMaxQueueSize(Math.max(BATCH, count))
                    .build())
            .build();
    Tracer tracer = provider.get("test");
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Span span = tracer.spanBuilder("span " + i).startSpan();
      span.setAttribute("number", i);
      span.end();
      ids.add(span.getSpanContext().getSpanId());
    }
    end(provider.shutdown());
    return ids;
  }

  static void sendLogs(Sidecar sidecar, Wire wire, List<String> bodies) {
    String http = "http://127.0.0.1:" + sidecar.httpPort() + "/v1/logs";
    LogRecordExporter exporter =
        switch (wire) {
          case GRPC ->
              OtlpGrpcLogRecordExporter.builder()
                  .setEndpoint("http://127.0.0.1:" + sidecar.grpcPort())
                  .build();
          case HTTP_PROTOBUF ->
              OtlpHttpLogRecordExporter.builder().setEndpoint(http).setCompression("gzip").build();
          case HTTP_JSON -> new JsonExporters.Logs(http);
        };
    SdkLoggerProvider provider =
        SdkLoggerProvider.builder()
            .setResource(RESOURCE)
            .addLogRecordProcessor(
                BatchLogRecordProcessor.builder(exporter)
                    .setMaxExportBatchSize(BATCH)
                    .setMaxQueueSize(Math.max(BATCH, bodies.size()))
                    .build())
            .build();
    bodies.forEach(body -> provider.get("test").logRecordBuilder().setBody(body).emit());
    end(provider.shutdown());
  }

  static void sendMetric(Sidecar sidecar, Wire wire, String name) {
    String http = "http://127.0.0.1:" + sidecar.httpPort() + "/v1/metrics";
    MetricExporter exporter =
        switch (wire) {
          case GRPC ->
              OtlpGrpcMetricExporter.builder()
                  .setEndpoint("http://127.0.0.1:" + sidecar.grpcPort())
                  .build();
          case HTTP_PROTOBUF -> OtlpHttpMetricExporter.builder().setEndpoint(http).build();
          case HTTP_JSON -> new JsonExporters.Metrics(http);
        };
    SdkMeterProvider provider =
        SdkMeterProvider.builder()
            .setResource(RESOURCE)
            .registerMetricReader(PeriodicMetricReader.create(exporter))
            .build();
    provider.get("test").counterBuilder(name).build().add(3);
    end(provider.shutdown());
  }

  private static void end(io.opentelemetry.sdk.common.CompletableResultCode done) {
    if (!done.join(20, TimeUnit.SECONDS).isSuccess()) {
      throw new AssertionError("the exporter did not succeed");
    }
  }
}
