package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.concurrent.TimeUnit;

/// A `google.rpc.Status`, in which OTLP tells errors: the body of an HTTP answer, or gRPC's
/// `grpc-status-details-bin`.
///
/// ```
///   1 code   2 message   3 details (Any) ▸ 1 type_url   2 value: RetryInfo
///                                                         ▸ 1 retry_delay ▸ 1 seconds   2 nanos
/// ```
///
/// @param message         may be empty
/// @param retryDelayNanos how long to wait before the next attempt; [#NO_RETRY_INFO] where the
///     status does not say
public record RpcStatus(String message, long retryDelayNanos) {
  /// Without a `RetryInfo`.
  public static final long NO_RETRY_INFO = -1;

  private static final String RETRY_INFO = "google.rpc.RetryInfo";

  /// @throws IllegalArgumentException if the bytes are no protobuf message
  public static RpcStatus of(byte[] bytes) {
    String message = "";
    long delay = NO_RETRY_INFO;
    FieldReader fields = new FieldReader().over(bytes, 0, bytes.length);
    while (fields.next()) {
      if (fields.isBytes(2)) {
        message = text(bytes, fields);
      } else if (fields.isBytes(3)) {
        long found = retryDelay(bytes, fields.start(), fields.end());
        delay = found == NO_RETRY_INFO ? delay : found;
      }
    }
    fields.requireWhole();
    return new RpcStatus(message, delay);
  }

  private static long retryDelay(byte[] bytes, int start, int end) {
    String type = "";
    int valueStart = end;
    int valueEnd = end;
    FieldReader any = new FieldReader().over(bytes, start, end);
    while (any.next()) {
      if (any.isBytes(1)) {
        type = text(bytes, any);
      } else if (any.isBytes(2)) {
        valueStart = any.start();
        valueEnd = any.end();
      }
    }
    any.requireWhole();
    if (!type.endsWith(RETRY_INFO)) {
      return NO_RETRY_INFO;
    }
    long delay = 0;
    FieldReader info = new FieldReader().over(bytes, valueStart, valueEnd);
    while (info.next()) {
      if (info.isBytes(1)) {
        delay = duration(bytes, info.start(), info.end());
      }
    }
    info.requireWhole();
    return delay;
  }

  private static long duration(byte[] bytes, int start, int end) {
    long nanos = 0;
    FieldReader duration = new FieldReader().over(bytes, start, end);
    while (duration.next()) {
      if (duration.isVarint(1)) {
        nanos += TimeUnit.SECONDS.toNanos(duration.value());
      } else if (duration.isVarint(2)) {
        nanos += Math.clamp(duration.value(), 0, 999_999_999);
      }
    }
    duration.requireWhole();
    return Math.max(0, nanos);
  }

  private static String text(byte[] bytes, FieldReader field) {
    return new String(bytes, field.start(), field.end() - field.start(), UTF_8);
  }
}
