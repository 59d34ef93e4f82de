package dev.pannier.parsers;

/// What came of parsing a record; each reason other than [#PARSED] is counted under its label.
public enum ParseResult {
  PARSED("parsed", true),
  /// Parsed, but the time could not be read: the record has only its observed time.
  TIME_UNREADABLE("time_unreadable", true),
  NOT_JSON("not_json", false),
  /// The line does not have the pattern's shape.
  NO_MATCH("no_match", false),
  /// The pattern took longer than its bound for this line.
  TIMED_OUT("timed_out", false),
  /// JSON nested deeper than the parser follows.
  TOO_DEEP("too_deep", false),
  /// The parser threw, which none should: a defect of it.
  FAILED("failed", false);

  private final String label;
  private final boolean parsed;

  ParseResult(String label, boolean parsed) {
    this.label = label;
    this.parsed = parsed;
  }

  /// The value of the metric's `reason` attribute.
  public String label() {
    return label;
  }

  /// Whether the fields that were pushed stand.
  public boolean parsed() {
    return parsed;
  }
}
