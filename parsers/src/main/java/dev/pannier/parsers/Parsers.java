package dev.pannier.parsers;

import java.time.ZoneId;

/// Makes parsers.
public final class Parsers {
  private Parsers() {}

  /// For [ParserSpec.Auto] a file's first lines have to be looked at first ([AutoDetect]); here it
  /// makes the parser of text that has no known shape.
  ///
  /// @param zone for times without one, where the parser has none of its own
  /// @throws BadParserException where a pattern is none
  public static LineParser create(ParserSpec spec, ZoneId zone) {
    return switch (spec) {
      case ParserSpec.Raw raw -> new RawParser();
      case ParserSpec.Auto auto -> new RawParser();
      case ParserSpec.Json json -> new JsonParser(JsonFields.json(), zone);
      case ParserSpec.Logstash logstash -> new JsonParser(JsonFields.logstash(), zone);
      case ParserSpec.Logback logback -> new LogbackParser(logback.pattern(), zone);
      case ParserSpec.Regex regex ->
          new RegexParser(
              regex.pattern(),
              regex.timeLayout(),
              regex.zone() == null ? zone : ZoneId.of(regex.zone()));
    };
  }
}
