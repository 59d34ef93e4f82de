package dev.pannier.shippers.batch;

import org.jspecify.annotations.Nullable;

/// Writes one `ExportLogsServiceRequest` into a buffer of its caller's, allocating nothing for a
/// record. All records share one resource; consecutive records of one logger share a `ScopeLogs`.
///
/// Use: [#start], then for each record [#beginRecord], its fields in any order, [#endRecord] or
/// [#discardRecord]; then [#finish]. One thread.
@SuppressWarnings("DoNotCallSuggester")
public final class LogsWriter {
  /// Begins a request.
  ///
  /// @param buffer   taken over until [#finish]; the request is written inside it and never beyond
  /// @param resource an encoded `Resource` message
  public void start(byte[] buffer, byte[] resource) {
    throw new UnsupportedOperationException();
  }

  public void beginRecord() {
    throw new UnsupportedOperationException();
  }

  public void timestamp(long epochNanos) {
    throw new UnsupportedOperationException();
  }

  public void observedTimestamp(long epochNanos) {
    throw new UnsupportedOperationException();
  }

  /// @param number OTLP's `SeverityNumber`, 0 where unknown
  public void severity(int number, byte[] text, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  public void body(byte[] text, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  /// A body that is no valid UTF-8, as `bytes_value`.
  public void bodyBytes(byte[] bytes, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  /// The `InstrumentationScope`'s name of this record.
  public void logger(byte[] name, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  public void traceId(long high, long low) {
    throw new UnsupportedOperationException();
  }

  public void spanId(long id) {
    throw new UnsupportedOperationException();
  }

  public void traceFlags(int flags) {
    throw new UnsupportedOperationException();
  }

  public void attribute(
      byte[] key, int keyOffset, int keyLength, byte[] text, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  public void attributeBytes(
      byte[] key, int keyOffset, int keyLength, byte[] bytes, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  public void attribute(byte[] key, int keyOffset, int keyLength, long value) {
    throw new UnsupportedOperationException();
  }

  public void attribute(byte[] key, int keyOffset, int keyLength, double value) {
    throw new UnsupportedOperationException();
  }

  public void attribute(byte[] key, int keyOffset, int keyLength, boolean value) {
    throw new UnsupportedOperationException();
  }

  public void beginMap(byte[] key, int keyOffset, int keyLength) {
    throw new UnsupportedOperationException();
  }

  public void beginArray(byte[] key, int keyOffset, int keyLength) {
    throw new UnsupportedOperationException();
  }

  public void end() {
    throw new UnsupportedOperationException();
  }

  /// Bytes already encoded as repeated `attributes` fields of a `LogRecord` (tag included), for
  /// what is the same in every record of a file.
  public void encodedAttributes(byte[] encoded, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  /// Forgets the fields of the record that is open, which stays open: a parser gave up half-way.
  public void resetRecord() {
    throw new UnsupportedOperationException();
  }

  /// Closes the record.
  ///
  /// @return false where the buffer had no room for it: the record was discarded, and the request
  ///     holds those before it
  public boolean endRecord() {
    throw new UnsupportedOperationException();
  }

  /// Drops the record that is open.
  public void discardRecord() {
    throw new UnsupportedOperationException();
  }

  /// The records written since [#start].
  public int records() {
    throw new UnsupportedOperationException();
  }

  /// The bytes that the request would have if it were finished now, rounded up.
  public int size() {
    throw new UnsupportedOperationException();
  }

  /// Completes the request.
  ///
  /// @return the batch, in the buffer given to [#start]; null if it has no record
  public @Nullable Batch finish(String source, String key, byte[] positions) {
    throw new UnsupportedOperationException();
  }
}
