package dev.pannier.shippers.batch;

/// A change of the strings in a record's body and attributes, in maps and arrays too. Keys are not
/// changed. A `bytes_value` counts as a string: it is text whose charset is not known;
/// a whole number by its digits: where those are replaced, it becomes a string.
public interface StringEdit {
  /// Whether the string in `[start, end)` is to be replaced.
  boolean changes(byte[] bytes, int start, int end);

  /// Writes what replaces the string in `[start, end)`. Called only where [#changes] says so.
  void write(byte[] bytes, int start, int end, ByteOutput out);
}
