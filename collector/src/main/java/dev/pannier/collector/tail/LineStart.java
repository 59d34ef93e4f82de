package dev.pannier.collector.tail;

/// Tells lines that begin a record from those that continue one.
@FunctionalInterface
interface LineStart {
  /// @param buffer the line as it stands in the file, without its end
  boolean startsRecord(byte[] buffer, int offset, int length);

  /// Whether a line that begins a record by itself continues the one before it all the same.
  ///
  /// @param record where that one begins
  default boolean continuesException(byte[] buffer, int record, int line, int length) {
    return false;
  }

  /// Of each first byte, whether it alone tells that a line begins a record which is not all of it:
  /// 128 answers, or none where a line has to be looked at.
  default boolean[] firstBytes() {
    return NONE;
  }

  boolean[] NONE = {};

  /// Whether a line that begins a record is all of it, whatever the next line is.
  default boolean endsRecord(byte[] buffer, int offset, int length) {
    return false;
  }
}
