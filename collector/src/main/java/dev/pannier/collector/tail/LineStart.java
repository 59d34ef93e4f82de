package dev.pannier.collector.tail;

/// Tells lines that begin a record from those that continue one.
@FunctionalInterface
interface LineStart {
  /// @param buffer the line as it stands in the file, without its end
  boolean startsRecord(byte[] buffer, int offset, int length);

  /// Whether a line that begins a record is all of it, whatever the next line is.
  default boolean endsRecord(byte[] buffer, int offset, int length) {
    return false;
  }
}
