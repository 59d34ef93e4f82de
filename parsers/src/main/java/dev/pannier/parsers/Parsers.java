package dev.pannier.parsers;

import java.time.ZoneId;

/// Makes parsers.
public final class Parsers {
  private Parsers() {}

  /// @param zone for times without one, where the parser has none of its own
  public static LineParser create(ParserSpec spec, ZoneId zone) {
    return new RawParser();
  }
}
