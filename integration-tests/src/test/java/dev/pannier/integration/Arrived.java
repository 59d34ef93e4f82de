package dev.pannier.integration;

import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.Span;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/// What the topics that the sidecar has by default hold of one service, in their order.
///
/// @param ofLines the resources that lines came under, each by its attributes
/// @param ofSpans the same of spans
record Arrived(
    List<Line> lines,
    List<String> spans,
    Set<Map<String, String>> ofLines,
    Set<Map<String, String>> ofSpans) {
  static final String LOGS = "otlp_logs";
  static final String SPANS = "otlp_spans";

  /// A record and the logger that it is under.
  record Line(String logger, LogRecord log) {
    String body() {
      return log.getBody().getStringValue();
    }

    long millis() {
      return Math.floorDiv(log.getTimeUnixNano(), 1_000_000L);
    }

    /// Empty where it has none.
    Optional<AnyValue> attribute(String key) {
      return value(log.getAttributesList(), key);
    }

    /// Empty where it has none.
    String text(String key) {
      return attribute(key).map(AnyValue::getStringValue).orElse("");
    }
  }

  static Arrived of(String servers, String service) throws Exception {
    List<Line> lines = new ArrayList<>();
    List<String> spans = new ArrayList<>();
    Set<Map<String, String>> ofLines = new HashSet<>();
    Set<Map<String, String>> ofSpans = new HashSet<>();
    try (Topic logs = new Topic(servers, LOGS);
        Topic traces = new Topic(servers, SPANS)) {
      for (ConsumerRecord<byte[], byte[]> message : logs.rest().messages()) {
        ExportLogsServiceRequest.parseFrom(message.value()).getResourceLogsList().stream()
            .filter(resource -> isOf(service, resource.getResource()))
            .peek(resource -> ofLines.add(attributes(resource.getResource())))
            .flatMap(resource -> resource.getScopeLogsList().stream())
            .forEach(
                scope ->
                    scope
                        .getLogRecordsList()
                        .forEach(log -> lines.add(new Line(scope.getScope().getName(), log))));
      }
      for (ConsumerRecord<byte[], byte[]> message : traces.rest().messages()) {
        ExportTraceServiceRequest.parseFrom(message.value()).getResourceSpansList().stream()
            .filter(resource -> isOf(service, resource.getResource()))
            .peek(resource -> ofSpans.add(attributes(resource.getResource())))
            .flatMap(resource -> resource.getScopeSpansList().stream())
            .flatMap(scope -> scope.getSpansList().stream())
            .map(Span::getName)
            .forEach(spans::add);
      }
    }
    return new Arrived(lines, spans, ofLines, ofSpans);
  }

  private static boolean isOf(String service, Resource resource) {
    return value(resource.getAttributesList(), "service.name")
        .filter(name -> name.getStringValue().equals(service))
        .isPresent();
  }

  private static Map<String, String> attributes(Resource resource) {
    return resource.getAttributesList().stream()
        .collect(Collectors.toMap(KeyValue::getKey, pair -> pair.getValue().getStringValue()));
  }

  private static Optional<AnyValue> value(List<KeyValue> attributes, String key) {
    return attributes.stream()
        .filter(attribute -> attribute.getKey().equals(key))
        .map(KeyValue::getValue)
        .findFirst();
  }
}
