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

  /// @throws IllegalArgumentException if the bytes are no protobuf message
  public static ExportResponse of(byte[] bytes) {
    ExportResponse response = SUCCESS;
    Fields fields = new Fields(bytes, 0, bytes.length);
    while (fields.next()) {
      if (fields.is(1, Fields.LENGTH)) {
        response = partialSuccess(bytes, fields.valueStart(), fields.end());
      }
    }
    return response;
  }

  private static ExportResponse partialSuccess(byte[] bytes, int start, int end) {
    long rejected = 0;
    String message = "";
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      if (fields.is(1, Fields.VARINT)) {
        rejected = fields.varintValue();
      } else if (fields.is(2, Fields.LENGTH)) {
        message = new String(bytes, fields.valueStart(), fields.end() - fields.valueStart(), UTF_8);
      }
    }
    return new ExportResponse(rejected, message);
  }
}
