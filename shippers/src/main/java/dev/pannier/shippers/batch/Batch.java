package dev.pannier.shippers.batch;

/// The bytes of one OTLP `ExportLogsServiceRequest`, `ExportTraceServiceRequest` or
/// `ExportMetricsServiceRequest`, not to be changed while the batch is under way. A record is a
/// `LogRecord`, a `Span` or a data point.
///
/// @param signal    which of the three requests it is
/// @param bytes     holds the encoded request in `[offset, offset + length)`
/// @param records   how many records it holds
/// @param source    the name of the source, as in configuration and metrics (`app`, `otlp`)
/// @param key       what keeps its order: the ordering key of its origin (volume and
///     path of a file), empty if it has none
/// @param positions what of which file the batch covers, opaque to all but the checkpoint;
///     empty for received batches
/// @param sourceBytes what its records took where they came from: bytes of the log file, or of the
///     request's body after decompression. A part of a batch says what the whole of it took
public record Batch(
    Signal signal,
    byte[] bytes,
    int offset,
    int length,
    int records,
    String source,
    String key,
    byte[] positions,
    long sourceBytes) {

  static final byte[] NO_POSITIONS = {};

  /// Of records that came as OTLP's protobuf: they took what they take.
  public Batch(
      Signal signal,
      byte[] bytes,
      int offset,
      int length,
      int records,
      String source,
      String key,
      byte[] positions) {
    this(signal, bytes, offset, length, records, source, key, positions, length);
  }

  /// The same origin with other content.
  public Batch with(byte[] bytes, int offset, int length, int records) {
    return new Batch(signal, bytes, offset, length, records, source, key, positions, sourceBytes);
  }

  /// The same batch, with what its records took where they came from.
  public Batch withSourceBytes(long sourceBytes) {
    return new Batch(signal, bytes, offset, length, records, source, key, positions, sourceBytes);
  }

  /// A received batch: no order to keep, no file position.
  public static Batch received(
      Signal signal, byte[] bytes, int offset, int length, int records, String source) {
    return new Batch(signal, bytes, offset, length, records, source, "", NO_POSITIONS);
  }
}
