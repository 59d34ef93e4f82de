package dev.pannier.demo;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.trace.v1.Span;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/// What came out of Kafka, and how it compares with what was written.
final class Consumed {
  /// @param examples of what is wrong, a few of them
  record Comparison(
      long logs, long spans, long missing, long duplicate, long different, List<String> examples) {
    boolean closes() {
      return missing == 0 && duplicate == 0 && different == 0 && logs > 0 && spans > 0;
    }
  }

  private static final int MAX_EXAMPLES = 5;

  private final Map<String, Tally.Log> logs = new HashMap<>();
  private final Map<String, String> spans = new HashMap<>();
  private final List<String> duplicates = new ArrayList<>();
  private long logCount;
  private long spanCount;

  long logCount() {
    return logCount;
  }

  long spanCount() {
    return spanCount;
  }

  void log(String logger, LogRecord record) {
    logCount++;
    Map<String, String> attributes = new HashMap<>();
    for (KeyValue attribute : record.getAttributesList()) {
      attributes.put(attribute.getKey(), attribute.getValue().getStringValue());
    }
    String message = record.getBody().getStringValue();
    Tally.Log log =
        new Tally.Log(
            message,
            logger,
            record.getSeverityText(),
            attributes.getOrDefault("thread.name", ""),
            attributes.getOrDefault("order", ""),
            hex(record.getTraceId()),
            attributes.getOrDefault("exception.type", ""),
            attributes.getOrDefault("exception.message", ""));
    if (logs.put(message, log) != null) {
      duplicates.add(message);
    }
  }

  void span(Span span) {
    spanCount++;
    if (spans.put(hex(span.getSpanId()), span.getName()) != null) {
      duplicates.add(span.getName());
    }
  }

  private static String hex(ByteString id) {
    return HexFormat.of().formatHex(id.toByteArray());
  }

  Comparison compare(Tally.Written written) {
    long missing = 0;
    long different = 0;
    List<String> examples = new ArrayList<>();
    for (Map.Entry<String, Tally.Log> entry : written.logs().entrySet()) {
      Tally.Log found = logs.get(entry.getKey());
      if (found == null) {
        missing++;
        example(examples, "missing: " + entry.getValue());
      } else if (!found.equals(entry.getValue())) {
        different++;
        example(examples, "written " + entry.getValue() + "\nconsumed " + found);
      }
    }
    for (String message : logs.keySet()) {
      if (!written.logs().containsKey(message)) {
        different++;
        example(examples, "never written: " + message);
      }
    }
    for (Map.Entry<String, String> entry : written.spans().entrySet()) {
      String found = spans.get(entry.getKey());
      if (found == null) {
        missing++;
        example(examples, "missing: span " + entry);
      } else if (!found.equals(entry.getValue())) {
        different++;
        example(examples, "span " + entry + ", consumed " + found);
      }
    }
    duplicates.forEach(duplicate -> example(examples, "twice: " + duplicate));
    return new Comparison(
        logCount, spanCount, missing, duplicates.size(), different, List.copyOf(examples));
  }

  private static void example(List<String> examples, String text) {
    if (examples.size() < MAX_EXAMPLES) {
      examples.add(text);
    }
  }
}
