package dev.pannier.parsers;

/// Parses one record: a line, or several lines that multiline handling joined, without the last
/// line end.
///
/// An instance keeps scratch space and belongs to one thread. It may push fields before it finds
/// that the record does not parse: then it answers with a result whose [ParseResult#parsed()] is
/// false, and the caller undoes what was pushed and ships the bytes as they are.
public interface LineParser {
  /// @param buffer UTF-8 bytes; not modified, not kept
  /// @return what came of it; never throws for any input
  ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink);

  /// Whether a line begins a new record, as opposed to continuing the one before it (an indented
  /// line, a `Caused by:`, a line of a pattern's message). This is what `multiline: auto` asks.
  boolean startsRecord(byte[] buffer, int offset, int length);

  /// Whether a line that begins a record by itself ([#startsRecord]) goes on with the printed
  /// exception with which the record before it ends: lines of a Python traceback, a Go or Rust panic
  /// and Node's errors are told by those in front of them.
  ///
  /// @param record where the record before the line begins
  /// @param line   where the line does, right behind the record's last one
  default boolean continuesException(byte[] buffer, int record, int line, int length) {
    return Continuations.continues(buffer, record, line, length);
  }

  /// Whether the first byte alone tells that a line begins a record ([#startsRecord]) which is not all
  /// of it ([#endsRecord]); what most lines begin with is then not looked at any further.
  ///
  /// @param first below 128, and no line end
  default boolean startsRecord(byte first) {
    return false;
  }

  /// Whether a line that begins a record is all of it, whatever the next line is: it need not wait
  /// for that one.
  default boolean endsRecord(byte[] buffer, int offset, int length) {
    return false;
  }

  /// Whether [#parse] does nothing but push the whole text as the body, whatever it is: the caller
  /// may as well do so itself.
  default boolean isRaw() {
    return false;
  }

  /// When the records of the calls that follow were read, for times that do not say their year.
  ///
  /// @param epochNanos nanoseconds since 1970-01-01T00:00:00Z; 0 is "unknown"
  default void observedAt(long epochNanos) {}
}
