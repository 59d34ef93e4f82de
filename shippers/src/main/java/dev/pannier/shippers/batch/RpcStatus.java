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
    Fields fields = new Fields(bytes, 0, bytes.length);
    while (fields.next()) {
      if (fields.is(2, Fields.LENGTH)) {
        message = text(bytes, fields);
      } else if (fields.is(3, Fields.LENGTH)) {
        long found = retryDelay(bytes, fields.valueStart(), fields.end());
        delay = found == NO_RETRY_INFO ? delay : found;
      }
    }
    return new RpcStatus(message, delay);
  }

  private static long retryDelay(byte[] bytes, int start, int end) {
    String type = "";
    int valueStart = end;
    int valueEnd = end;
    Fields any = new Fields(bytes, start, end);
    while (any.next()) {
      if (any.is(1, Fields.LENGTH)) {
        type = text(bytes, any);
      } else if (any.is(2, Fields.LENGTH)) {
        valueStart = any.valueStart();
        valueEnd = any.end();
      }
    }
    if (!type.endsWith(RETRY_INFO)) {
      return NO_RETRY_INFO;
    }
    long delay = 0;
    Fields info = new Fields(bytes, valueStart, valueEnd);
    while (info.next()) {
      if (info.is(1, Fields.LENGTH)) {
        delay = duration(bytes, info.valueStart(), info.end());
      }
    }
    return delay;
  }

  private static long duration(byte[] bytes, int start, int end) {
    long nanos = 0;
    Fields duration = new Fields(bytes, start, end);
    while (duration.next()) {
      if (duration.is(1, Fields.VARINT)) {
        nanos += TimeUnit.SECONDS.toNanos(duration.varintValue());
      } else if (duration.is(2, Fields.VARINT)) {
        nanos += Math.clamp(duration.varintValue(), 0, 999_999_999);
      }
    }
    return Math.max(0, nanos);
  }

  private static String text(byte[] bytes, Fields field) {
    return new String(bytes, field.valueStart(), field.end() - field.valueStart(), UTF_8);
  }
}
