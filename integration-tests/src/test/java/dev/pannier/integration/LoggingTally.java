package dev.pannier.integration;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// What an application says that it has logged and sent, in its own words and not in those of its log: a line of JSON each.
///
/// ```
/// {"body": "…", "severity": "WARN", "logger": "a.B", "from": MILLIS, "to": MILLIS, "order": 7,
///  "type": "…", "message": "…", "stacktrace": "…"}
/// {"span": "order 7"}
/// ```
record LoggingTally(List<Entry> entries, List<String> spans) {
  /// @param from       when it was logged at the earliest, in milliseconds
  /// @param to         and at the latest
  /// @param order      what it has as an attribute
  /// @param type       of its exception; the stack trace may be told in part, as lines that it has in this order
  record Entry(
      String body,
      String severity,
      @Nullable String logger,
      long from,
      long to,
      @Nullable Long order,
      @Nullable String type,
      @Nullable String message,
      @Nullable String stacktrace,
      List<String> stackHas) {
    private static final Map<String, Integer> NUMBERS =
        Map.ofEntries(
            entry("TRACE", 1),
            entry("DEBUG", 5),
            entry("INFO", 9),
            entry("WARN", 13),
            entry("WARNING", 13),
            entry("ERROR", 17),
            entry("CRITICAL", 18),
            // pino's
            entry("20", 5),
            entry("30", 9),
            entry("40", 13),
            entry("50", 17));

    void assertSame(Arrived.Line line) {
      LogRecord log = line.log();
      assertThat(line.body()).isEqualTo(body);
      assertThat(log.getSeverityText()).as(body).isEqualTo(severity);
      assertThat(log.getSeverityNumberValue())
          .as(body)
          .isEqualTo(NUMBERS.get(severity.toUpperCase(Locale.ROOT)));
      assertThat(line.millis()).as(body).isBetween(from, to);
      if (order != null) {
        AnyValue value = line.attribute("order").orElseThrow();
        // logfmt has no types.
        assertThat(
                value.hasIntValue() ? String.valueOf(value.getIntValue()) : value.getStringValue())
            .as(body)
            .isEqualTo(order.toString());
      }
      assertThat(line.text("exception.type")).as(body).isEqualTo(type == null ? "" : type);
      assertThat(line.text("exception.message")).as(body).isEqualTo(message == null ? "" : message);
      String stack = line.text("exception.stacktrace");
      if (stackHas.isEmpty()) {
        assertThat(stack).as(body).isEqualTo(stacktrace == null ? "" : stacktrace);
      } else {
        assertThat(stack).as(body).containsSubsequence(stackHas);
      }
    }
  }

  static LoggingTally read(Path file) throws IOException {
    List<Entry> entries = new ArrayList<>();
    List<String> spans = new ArrayList<>();
    ObjectMapper json = new ObjectMapper();
    for (String line : Files.readAllLines(file)) {
      JsonNode told = json.readTree(line);
      if (told.has("span")) {
        spans.add(told.get("span").asString());
        continue;
      }
      List<String> stackHas = new ArrayList<>();
      told.path("stack_has").forEach(each -> stackHas.add(each.asString()));
      entries.add(
          new Entry(
              Objects.requireNonNull(text(told, "body")),
              Objects.requireNonNull(text(told, "severity")),
              text(told, "logger"),
              told.get("from").asLong(),
              told.get("to").asLong(),
              told.has("order") ? Long.valueOf(told.get("order").asLong()) : null,
              text(told, "type"),
              text(told, "message"),
              text(told, "stacktrace"),
              stackHas));
    }
    return new LoggingTally(entries, spans);
  }

  /// All of it has arrived, as it was, once and in order.
  void assertArrived(Arrived arrived) {
    List<Arrived.Line> lines =
        arrived.lines().stream().filter(line -> isOfApplication(line.logger())).toList();
    for (int i = 0; i < Math.min(entries.size(), lines.size()); i++) {
      entries.get(i).assertSame(lines.get(i));
    }
    assertThat(lines).hasSameSizeAs(entries);
    assertThat(arrived.spans()).containsExactlyInAnyOrderElementsOf(spans);
  }

  /// A framework may have a word of its own in the same file.
  private boolean isOfApplication(String logger) {
    return entries.stream()
        .allMatch(entry -> entry.logger() == null || entry.logger().equals(logger));
  }

  private static @Nullable String text(JsonNode told, String name) {
    JsonNode value = told.get(name);
    return value == null || value.isNull() ? null : value.asString();
  }
}
