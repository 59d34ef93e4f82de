package dev.pannier.collector.tail;

/// Tells lines that begin a record from those that continue one.
@FunctionalInterface
interface LineStart {
  /// @param buffer the line as it stands in the file, without its end
  boolean startsRecord(byte[] buffer, int offset, int length);
}
