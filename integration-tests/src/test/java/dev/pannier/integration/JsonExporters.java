package dev.pannier.integration;

import io.opentelemetry.exporter.internal.otlp.logs.LogsRequestMarshaler;
import io.opentelemetry.exporter.internal.otlp.metrics.MetricsRequestMarshaler;
import io.opentelemetry.exporter.internal.otlp.traces.TraceRequestMarshaler;
import io.opentelemetry.exporter.otlp.internal.HttpExporter;
import io.opentelemetry.exporter.otlp.internal.HttpExporterBuilder;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.internal.StandardComponentId.ExporterType;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;

/// The SDK's own exporters over HTTP, told to send JSON. Its public builders do not offer that; the
/// exporter below them, with its marshalers and its sender, does.
final class JsonExporters {
  private JsonExporters() {}

  private static HttpExporter exporter(ExporterType type, String endpoint) {
    return new HttpExporterBuilder(type, endpoint).exportAsJson().build();
  }

  record Spans(HttpExporter http) implements SpanExporter {
    Spans(String endpoint) {
      this(exporter(ExporterType.OTLP_HTTP_SPAN_EXPORTER, endpoint));
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      return http.export(TraceRequestMarshaler.create(spans), spans.size());
    }

    @Override
    public CompletableResultCode flush() {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
      return http.shutdown();
    }
  }

  record Logs(HttpExporter http) implements LogRecordExporter {
    Logs(String endpoint) {
      this(exporter(ExporterType.OTLP_HTTP_LOG_EXPORTER, endpoint));
    }

    @Override
    public CompletableResultCode export(Collection<LogRecordData> logs) {
      return http.export(LogsRequestMarshaler.create(logs), logs.size());
    }

    @Override
    public CompletableResultCode flush() {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
      return http.shutdown();
    }
  }

  record Metrics(HttpExporter http) implements MetricExporter {
    Metrics(String endpoint) {
      this(exporter(ExporterType.OTLP_HTTP_METRIC_EXPORTER, endpoint));
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType instrument) {
      return AggregationTemporality.CUMULATIVE;
    }

    @Override
    public CompletableResultCode export(Collection<MetricData> metrics) {
      return http.export(MetricsRequestMarshaler.create(metrics), metrics.size());
    }

    @Override
    public CompletableResultCode flush() {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
      return http.shutdown();
    }
  }
}
