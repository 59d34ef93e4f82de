package dev.pannier.parsers;

/// The record's text is its body, and nothing else is read from it.
final class RawParser implements LineParser {
  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    sink.body(buffer, offset, length);
    return ParseResult.PARSED;
  }

  @Override
  public boolean isRaw() {
    return true;
  }

  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    return !Continuations.continues(buffer, offset, length);
  }

  @Override
  public boolean startsRecord(byte first) {
    return !Continuations.mayContinue(first);
  }
}
