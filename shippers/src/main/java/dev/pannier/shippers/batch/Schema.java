package dev.pannier.shippers.batch;

import dev.pannier.shippers.batch.MessageType.Kind;
import java.util.ArrayList;
import java.util.List;

/// The messages of the three OTLP requests, as tables: what is checked, rewritten and mapped to JSON
/// follows from them. From opentelemetry-proto 1.x, `opentelemetry/proto/{logs,trace,metrics,
/// common,resource}/v1` and `collector/…/v1`; the fields marked deprecated there are left out, so
/// they are unknown fields here: copied, and absent in JSON.
final class Schema {
  static final MessageType LOG_RECORD = new MessageType("LogRecord", true);
  static final MessageType SPAN = new MessageType("Span", true);
  static final MessageType NUMBER_POINT = new MessageType("NumberDataPoint", true);
  static final MessageType HISTOGRAM_POINT = new MessageType("HistogramDataPoint", true);
  static final MessageType EXPONENTIAL_POINT =
      new MessageType("ExponentialHistogramDataPoint", true);
  static final MessageType SUMMARY_POINT = new MessageType("SummaryDataPoint", true);

  static final MessageType ANY_VALUE = new MessageType("AnyValue", false);
  static final MessageType KEY_VALUE = new MessageType("KeyValue", false);
  static final MessageType RESOURCE = new MessageType("Resource", false);
  static final MessageType SCOPE = new MessageType("InstrumentationScope", false);
  static final MessageType LOGS_REQUEST;
  static final MessageType TRACE_REQUEST;
  static final MessageType METRICS_REQUEST;

  private static final String UNSPECIFIED = "UNSPECIFIED";

  private Schema() {}

  static MessageType request(Signal signal) {
    return switch (signal) {
      case LOGS -> LOGS_REQUEST;
      case TRACES -> TRACE_REQUEST;
      case METRICS -> METRICS_REQUEST;
    };
  }

  static {
    MessageType array = type("ArrayValue").many(1, "values", ANY_VALUE);
    MessageType map = type("KeyValueList").many(1, "values", KEY_VALUE);
    ANY_VALUE
        .oneOf(1, "string_value", Kind.STRING)
        .oneOf(2, "bool_value", Kind.BOOL)
        .oneOf(3, "int_value", Kind.INT64)
        .oneOf(4, "double_value", Kind.DOUBLE)
        .oneOf(5, "array_value", array)
        .oneOf(6, "kvlist_value", map)
        .oneOf(7, "bytes_value", Kind.BYTES);
    KEY_VALUE.one(1, "key", Kind.STRING).one(2, "value", ANY_VALUE);
    MessageType entity =
        type("EntityRef")
            .one(1, "schema_url", Kind.STRING)
            .one(2, "type", Kind.STRING)
            .many(3, "id_keys", Kind.STRING)
            .many(4, "description_keys", Kind.STRING);
    RESOURCE
        .many(1, "attributes", KEY_VALUE)
        .one(2, "dropped_attributes_count", Kind.UINT32)
        .many(3, "entity_refs", entity);
    SCOPE
        .one(1, "name", Kind.STRING)
        .one(2, "version", Kind.STRING)
        .many(3, "attributes", KEY_VALUE)
        .one(4, "dropped_attributes_count", Kind.UINT32);
    logRecord();
    span();
    points();
    LOGS_REQUEST = request("Logs", "log_records", LOG_RECORD);
    TRACE_REQUEST = request("Spans", "spans", SPAN);
    METRICS_REQUEST = request("Metrics", "metrics", metric());
  }

  /// Request, Resource… and Scope…, which are alike for all signals.
  private static MessageType request(String what, String records, MessageType record) {
    String snake = what.toLowerCase(java.util.Locale.ROOT);
    MessageType scope =
        type("Scope" + what)
            .one(1, "scope", SCOPE)
            .many(2, records, record)
            .one(3, "schema_url", Kind.STRING);
    MessageType resource =
        type("Resource" + what)
            .one(1, "resource", RESOURCE)
            .many(2, "scope_" + snake, scope)
            .one(3, "schema_url", Kind.STRING);
    return type("request").many(1, "resource_" + snake, resource);
  }

  private static void logRecord() {
    List<String> severities = new ArrayList<>(List.of(UNSPECIFIED));
    for (String level : List.of("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")) {
      severities.addAll(List.of(level, level + "2", level + "3", level + "4"));
    }
    LOG_RECORD
        .one(1, "time_unix_nano", Kind.FIXED64)
        .one(11, "observed_time_unix_nano", Kind.FIXED64)
        .choice(2, "severity_number", "SEVERITY_NUMBER_", severities)
        .one(3, "severity_text", Kind.STRING)
        .one(5, "body", ANY_VALUE)
        .many(6, "attributes", KEY_VALUE)
        .one(7, "dropped_attributes_count", Kind.UINT32)
        .one(8, "flags", Kind.FIXED32)
        .one(9, "trace_id", Kind.TRACE_ID)
        .one(10, "span_id", Kind.SPAN_ID)
        .one(12, "event_name", Kind.STRING);
  }

  private static void span() {
    MessageType event =
        type("Event")
            .one(1, "time_unix_nano", Kind.FIXED64)
            .one(2, "name", Kind.STRING)
            .many(3, "attributes", KEY_VALUE)
            .one(4, "dropped_attributes_count", Kind.UINT32);
    MessageType link =
        type("Link")
            .one(1, "trace_id", Kind.TRACE_ID)
            .one(2, "span_id", Kind.SPAN_ID)
            .one(3, "trace_state", Kind.STRING)
            .many(4, "attributes", KEY_VALUE)
            .one(5, "dropped_attributes_count", Kind.UINT32)
            .one(6, "flags", Kind.FIXED32);
    MessageType status =
        type("Status")
            .one(2, "message", Kind.STRING)
            .choice(3, "code", "STATUS_CODE_", List.of("UNSET", "OK", "ERROR"));
    SPAN.one(1, "trace_id", Kind.TRACE_ID)
        .one(2, "span_id", Kind.SPAN_ID)
        .one(3, "trace_state", Kind.STRING)
        .one(4, "parent_span_id", Kind.SPAN_ID)
        .one(16, "flags", Kind.FIXED32)
        .one(5, "name", Kind.STRING)
        .choice(
            6,
            "kind",
            "SPAN_KIND_",
            List.of(UNSPECIFIED, "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"))
        .one(7, "start_time_unix_nano", Kind.FIXED64)
        .one(8, "end_time_unix_nano", Kind.FIXED64)
        .many(9, "attributes", KEY_VALUE)
        .one(10, "dropped_attributes_count", Kind.UINT32)
        .many(11, "events", event)
        .one(12, "dropped_events_count", Kind.UINT32)
        .many(13, "links", link)
        .one(14, "dropped_links_count", Kind.UINT32)
        .one(15, "status", status);
  }

  private static void points() {
    MessageType exemplar =
        type("Exemplar")
            .many(7, "filtered_attributes", KEY_VALUE)
            .one(2, "time_unix_nano", Kind.FIXED64)
            .oneOf(3, "as_double", Kind.DOUBLE)
            .oneOf(6, "as_int", Kind.SFIXED64)
            .one(4, "span_id", Kind.SPAN_ID)
            .one(5, "trace_id", Kind.TRACE_ID);
    NUMBER_POINT
        .many(7, "attributes", KEY_VALUE)
        .one(2, "start_time_unix_nano", Kind.FIXED64)
        .one(3, "time_unix_nano", Kind.FIXED64)
        .oneOf(4, "as_double", Kind.DOUBLE)
        .oneOf(6, "as_int", Kind.SFIXED64)
        .many(5, "exemplars", exemplar)
        .one(8, "flags", Kind.UINT32);
    HISTOGRAM_POINT
        .many(9, "attributes", KEY_VALUE)
        .one(2, "start_time_unix_nano", Kind.FIXED64)
        .one(3, "time_unix_nano", Kind.FIXED64)
        .one(4, "count", Kind.FIXED64)
        .one(5, "sum", Kind.DOUBLE)
        .many(6, "bucket_counts", Kind.FIXED64)
        .many(7, "explicit_bounds", Kind.DOUBLE)
        .many(8, "exemplars", exemplar)
        .one(10, "flags", Kind.UINT32)
        .one(11, "min", Kind.DOUBLE)
        .one(12, "max", Kind.DOUBLE);
    MessageType buckets =
        type("Buckets").one(1, "offset", Kind.SINT32).many(2, "bucket_counts", Kind.UINT64);
    EXPONENTIAL_POINT
        .many(1, "attributes", KEY_VALUE)
        .one(2, "start_time_unix_nano", Kind.FIXED64)
        .one(3, "time_unix_nano", Kind.FIXED64)
        .one(4, "count", Kind.FIXED64)
        .one(5, "sum", Kind.DOUBLE)
        .one(6, "scale", Kind.SINT32)
        .one(7, "zero_count", Kind.FIXED64)
        .one(8, "positive", buckets)
        .one(9, "negative", buckets)
        .one(10, "flags", Kind.UINT32)
        .many(11, "exemplars", exemplar)
        .one(12, "min", Kind.DOUBLE)
        .one(13, "max", Kind.DOUBLE)
        .one(14, "zero_threshold", Kind.DOUBLE);
    MessageType quantile =
        type("ValueAtQuantile").one(1, "quantile", Kind.DOUBLE).one(2, "value", Kind.DOUBLE);
    SUMMARY_POINT
        .many(7, "attributes", KEY_VALUE)
        .one(2, "start_time_unix_nano", Kind.FIXED64)
        .one(3, "time_unix_nano", Kind.FIXED64)
        .one(4, "count", Kind.FIXED64)
        .one(5, "sum", Kind.DOUBLE)
        .many(6, "quantile_values", quantile)
        .one(8, "flags", Kind.UINT32);
  }

  private static MessageType metric() {
    List<String> temporalities = List.of(UNSPECIFIED, "DELTA", "CUMULATIVE");
    String prefix = "AGGREGATION_TEMPORALITY_";
    MessageType gauge = type("Gauge").many(1, "data_points", NUMBER_POINT);
    MessageType sum =
        type("Sum")
            .many(1, "data_points", NUMBER_POINT)
            .choice(2, "aggregation_temporality", prefix, temporalities)
            .one(3, "is_monotonic", Kind.BOOL);
    MessageType histogram =
        type("Histogram")
            .many(1, "data_points", HISTOGRAM_POINT)
            .choice(2, "aggregation_temporality", prefix, temporalities);
    MessageType exponential =
        type("ExponentialHistogram")
            .many(1, "data_points", EXPONENTIAL_POINT)
            .choice(2, "aggregation_temporality", prefix, temporalities);
    MessageType summary = type("Summary").many(1, "data_points", SUMMARY_POINT);
    return type("Metric")
        .one(1, "name", Kind.STRING)
        .one(2, "description", Kind.STRING)
        .one(3, "unit", Kind.STRING)
        .oneOf(5, "gauge", gauge)
        .oneOf(7, "sum", sum)
        .oneOf(9, "histogram", histogram)
        .oneOf(10, "exponential_histogram", exponential)
        .oneOf(11, "summary", summary)
        .many(12, "metadata", KEY_VALUE);
  }

  private static MessageType type(String name) {
    return new MessageType(name, false);
  }
}
