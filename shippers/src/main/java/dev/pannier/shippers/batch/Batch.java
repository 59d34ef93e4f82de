package dev.pannier.shippers.batch;

/// The bytes of one OTLP `ExportLogsServiceRequest`, `ExportTraceServiceRequest` or
/// `ExportMetricsServiceRequest`, not to be changed while the batch is under way. A record is a
/// `LogRecord`, a `Span` or a data point.
///
/// @param signal    which of the three requests it is
/// @param bytes     holds the encoded request in `[offset, offset + length)`
/// @param records   how many records it holds
/// @param source    the name of the source, as in configuration and metrics (`app`, `otlp`)
/// @param key       what keeps its order: the ordering key of its origin (volume and file
///     generation), empty if it has none
/// @param positions what of which file the batch covers, opaque to all but the checkpoint;
///     empty for received batches
public record Batch(
    Signal signal,
    byte[] bytes,
    int offset,
    int length,
    int records,
    String source,
    String key,
    byte[] positions) {

  static final byte[] NO_POSITIONS = {};

  /// The same origin with other content.
  public Batch with(byte[] bytes, int offset, int length, int records) {
    return new Batch(signal, bytes, offset, length, records, source, key, positions);
  }

  /// A received batch: no order to keep, no file position.
  public static Batch received(
      Signal signal, byte[] bytes, int offset, int length, int records, String source) {
    return new Batch(signal, bytes, offset, length, records, source, "", NO_POSITIONS);
  }
}
