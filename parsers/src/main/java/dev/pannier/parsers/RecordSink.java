package dev.pannier.parsers;

/// Takes the fields of one record as a parser finds them. The names are those of OTLP's log data
/// model.
///
/// Every byte range is UTF-8 and valid only during the call: an implementation copies what it
/// keeps. A later call for the same scalar field (time, severity, body, trace context, logger)
/// replaces the earlier one; attributes add up. A key is a range like a value, so that a parser can
/// point into the line.
public interface RecordSink {
  /// When the event occurred.
  ///
  /// @param epochNanos nanoseconds since 1970-01-01T00:00:00Z; 0 is "unknown"
  void timestamp(long epochNanos);

  /// @param number OTLP's `SeverityNumber`, 1 to 24; 0 where the text is no known level
  /// @param text   the buffer with the level as the source wrote it
  void severity(int number, byte[] text, int offset, int length);

  /// The message, as a string.
  void body(byte[] text, int offset, int length);

  /// The logger's name, which is OTLP's `InstrumentationScope.name`.
  void logger(byte[] name, int offset, int length);

  /// @param high the trace id's first eight bytes, big-endian; 0 for an id of 64 bits
  /// @param low  the trace id's last eight bytes, big-endian
  void traceId(long high, long low);

  /// @param id the span id's eight bytes, big-endian
  void spanId(long id);

  /// @param flags W3C trace flags, 0 to 255
  void traceFlags(int flags);

  void attribute(byte[] key, int keyOffset, int keyLength, byte[] text, int offset, int length);

  void attribute(byte[] key, int keyOffset, int keyLength, long value);

  void attribute(byte[] key, int keyOffset, int keyLength, double value);

  void attribute(byte[] key, int keyOffset, int keyLength, boolean value);

  /// Opens a map (`KeyValueList`) as an attribute, or as an entry of the map or array that is open.
  /// Calls of `attribute` up to the matching [#end()] are its entries. Inside an array the key has
  /// length 0.
  void beginMap(byte[] key, int keyOffset, int keyLength);

  /// Opens an array (`ArrayValue`); its elements are given as attributes with a key of length 0.
  void beginArray(byte[] key, int keyOffset, int keyLength);

  /// Closes the map or array opened last.
  void end();
}
