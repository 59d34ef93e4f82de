package dev.pannier.parsers;

import org.jspecify.annotations.Nullable;

/// What a parser is made from.
public sealed interface ParserSpec {
  /// The line as it is.
  record Raw() implements ParserSpec {}

  /// A JSON object a line, in any of the common field names.
  record Json() implements ParserSpec {}

  /// logstash-logback-encoder's fields.
  record Logstash() implements ParserSpec {}

  /// The lines of a Logback `PatternLayout`.
  record Logback(String pattern) implements ParserSpec {}

  /// A regular expression with named groups. The groups `time`, `severity`, `logger`, `thread`,
  /// `trace_id`, `span_id` and `body` go where their names say; any other becomes an attribute.
  ///
  /// @param timeLayout a `java.time.format.DateTimeFormatter` pattern, or `epoch_s`, `epoch_ms`;
  ///     null for ISO 8601
  /// @param zone       a zone's id, before that of the source
  record Regex(String pattern, @Nullable String timeLayout, @Nullable String zone)
      implements ParserSpec {}

  /// Chosen for each file by its first lines.
  record Auto() implements ParserSpec {}
}
