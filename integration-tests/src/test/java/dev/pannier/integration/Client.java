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

  private Client() {}

  /// @return the spans' ids, in order
  static List<String> sendSpans(Sidecar sidecar, boolean grpc, int count) {
    SpanExporter exporter =
        grpc
            ? OtlpGrpcSpanExporter.builder()
                .setEndpoint("http://127.0.0.1:" + sidecar.grpcPort())
                .setCompression("gzip")
                .build()
            : OtlpHttpSpanExporter.builder()
                .setEndpoint("http://127.0.0.1:" + sidecar.httpPort() + "/v1/traces")
                .build();
    SdkTracerProvider provider =
        SdkTracerProvider.builder()
            .setResource(RESOURCE)
            .addSpanProcessor(
                BatchSpanProcessor.builder(exporter).setMaxQueueSize(count + 1).build())
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

  static void sendLogs(Sidecar sidecar, boolean grpc, List<String> bodies) {
    LogRecordExporter exporter =
        grpc
            ? OtlpGrpcLogRecordExporter.builder()
                .setEndpoint("http://127.0.0.1:" + sidecar.grpcPort())
                .build()
            : OtlpHttpLogRecordExporter.builder()
                .setEndpoint("http://127.0.0.1:" + sidecar.httpPort() + "/v1/logs")
                .setCompression("gzip")
                .build();
    SdkLoggerProvider provider =
        SdkLoggerProvider.builder()
            .setResource(RESOURCE)
            .addLogRecordProcessor(
                BatchLogRecordProcessor.builder(exporter)
                    .setMaxQueueSize(bodies.size() + 1)
                    .build())
            .build();
    bodies.forEach(body -> provider.get("test").logRecordBuilder().setBody(body).emit());
    end(provider.shutdown());
  }

  static void sendMetric(Sidecar sidecar, boolean grpc, String name) {
    MetricExporter exporter =
        grpc
            ? OtlpGrpcMetricExporter.builder()
                .setEndpoint("http://127.0.0.1:" + sidecar.grpcPort())
                .build()
            : OtlpHttpMetricExporter.builder()
                .setEndpoint("http://127.0.0.1:" + sidecar.httpPort() + "/v1/metrics")
                .build();
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
