package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;

/// An OTLP `Export…ServiceResponse`; the three have the same fields.
///
/// ```
///   1 partial_success ▸ 1 rejected_log_records, rejected_spans, rejected_data_points
///                       2 error_message
/// ```
///
/// @param rejected how many records the receiver refused
/// @param message  why, or a warning where nothing was refused; may be empty
public record ExportResponse(long rejected, String message) {
  /// Everything was taken.
  public static final ExportResponse SUCCESS = new ExportResponse(0, "");

  private static final int MAX_LENGTH_BYTES = 5;

  /// @throws IllegalArgumentException if the bytes are no protobuf message
  public static ExportResponse of(byte[] bytes) {
    ExportResponse response = SUCCESS;
    FieldReader fields = new FieldReader().over(bytes, 0, bytes.length);
    while (fields.next()) {
      if (fields.isBytes(1)) {
        response = partialSuccess(bytes, fields.start(), fields.end());
      }
    }
    fields.requireWhole();
    return response;
  }

  /// What the beginning of a message tells whose end is beyond what anybody reads: how many were refused
  /// comes before why.
  ///
  /// @throws IllegalArgumentException if it does not begin as one
  public static ExportResponse ofBeginning(byte[] bytes) {
    int at = 1;
    while (at < bytes.length && bytes[at] < 0) {
      at++;
    }
    if (bytes.length == 0 || bytes[0] != (1 << 3 | FieldReader.BYTES) || at > MAX_LENGTH_BYTES) {
      throw new IllegalArgumentException("not the beginning of an answer");
    }
    FieldReader fields =
        new FieldReader().over(bytes, Math.min(at + 1, bytes.length), bytes.length);
    long rejected = 0;
    while (fields.next()) {
      if (fields.isVarint(1)) {
        rejected = fields.value();
      }
    }
    return tooLong(rejected);
  }

  /// Of an answer that is not read to its end.
  public static ExportResponse tooLong(long rejected) {
    return new ExportResponse(rejected, "its answer is too long to be read");
  }

  private static ExportResponse partialSuccess(byte[] bytes, int start, int end) {
    long rejected = 0;
    String message = "";
    FieldReader fields = new FieldReader().over(bytes, start, end);
    while (fields.next()) {
      if (fields.isVarint(1)) {
        rejected = fields.value();
      } else if (fields.isBytes(2)) {
        message = new String(bytes, fields.start(), fields.end() - fields.start(), UTF_8);
      }
    }
    fields.requireWhole();
    return new ExportResponse(rejected, message);
  }
}
