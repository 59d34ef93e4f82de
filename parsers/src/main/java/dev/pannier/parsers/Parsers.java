package dev.pannier.parsers;

import java.time.ZoneId;

/// Makes parsers.
public final class Parsers {
  private Parsers() {}

  /// For [ParserSpec.Auto] this is the parser of one file: it remembers the layout that it found.
  /// [AutoDetect] makes the parsers of many.
  ///
  /// @param zone for times without one, where the parser has none of its own
  /// @throws BadParserException where a pattern is none
  public static LineParser create(ParserSpec spec, ZoneId zone) {
    return switch (spec) {
      case ParserSpec.Raw raw -> new RawParser();
      case ParserSpec.Auto auto -> new AutoDetect(zone).parser();
      case ParserSpec.Json json -> new JsonParser(JsonFields.json(), zone);
      case ParserSpec.Logstash logstash -> new JsonParser(JsonFields.logstash(), zone);
      case ParserSpec.Logback logback ->
          new Uncoloured(new LogbackParser(logback.pattern(), zone), new Uncoloured.Scratch());
      case ParserSpec.Regex regex ->
          new RegexParser(
              regex.pattern(),
              regex.timeLayout(),
              regex.zone() == null ? zone : ZoneId.of(regex.zone()));
    };
  }
}
