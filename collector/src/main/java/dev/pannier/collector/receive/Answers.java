package dev.pannier.collector.receive;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.collector.http.Headers;
import dev.pannier.collector.http.HttpResponse;
import dev.pannier.shippers.batch.Signal;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// What clients are told, in the form in which they asked.
final class Answers {
  private static final byte[] NO_BODY = {};
  private static final byte[] EMPTY_GRPC_MESSAGE = {0, 0, 0, 0, 0};
  private static final Headers GRPC_HEADERS =
      Headers.of("content-type", "application/grpc", "grpc-accept-encoding", "identity,gzip,zstd");
  private static final Headers GRPC_OK = Headers.of("grpc-status", "0");

  /// The characters of a reason in a refusal: it may quote the request, and in `grpc-message` a
  /// character becomes up to nine bytes of a header.
  private static final int MAX_REASON = 200;

  private static final String RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo";

  private Answers() {}

  /// The records were taken.
  ///
  /// @param rejected how many were not; 0 for full success
  /// @param reason   why, where any was not
  static HttpResponse success(Form form, Signal signal, long rejected, String reason) {
    byte[] message = NO_BODY;
    if (rejected > 0) {
      // Export…PartialSuccess: rejected_… = 1, error_message = 2; in the response it is field 1.
      Message partial = new Message().varint(1, rejected).string(2, reason);
      message = new Message().message(1, partial).toBytes();
    }
    return switch (form) {
      case GRPC -> new HttpResponse(200, GRPC_HEADERS, framed(message), GRPC_OK);
      case PROTOBUF -> HttpResponse.of(200, "application/x-protobuf", message);
      case JSON -> {
        String json = "{}";
        if (rejected > 0) {
          json =
              "{\"partialSuccess\":{\""
                  + rejectedName(signal)
                  + "\":\""
                  + rejected
                  + "\",\"errorMessage\":"
                  + quoted(reason)
                  + "}}";
        }
        yield HttpResponse.of(200, "application/json", json.getBytes(UTF_8));
      }
    };
  }

  /// The request was not taken. The body is a `google.rpc.Status`.
  ///
  /// @param form         null where the client asked in none that is known
  /// @param retrySeconds when to try again, where the refusal is for now only
  static HttpResponse refusal(
      @Nullable Form form, Refusal refusal, String wholeReason, long retrySeconds) {
    String reason = shortened(wholeReason);
    if (form == null) {
      HttpResponse text = HttpResponse.text(refusal.httpStatus, reason + "\n");
      return withHints(text, refusal, retrySeconds);
    }
    boolean retry = refusal.isRetryable();
    return switch (form) {
      case GRPC -> {
        byte[] status = status(refusal, reason, retrySeconds);
        String encoded = Base64.getEncoder().withoutPadding().encodeToString(status);
        Headers headers =
            Headers.of(
                "content-type",
                "application/grpc",
                "grpc-status",
                Integer.toString(refusal.grpcStatus),
                "grpc-message",
                percentEncoded(reason),
                "grpc-status-details-bin",
                encoded,
                "grpc-accept-encoding",
                "identity,gzip,zstd");
        yield new HttpResponse(200, headers, NO_BODY, Headers.NONE);
      }
      case PROTOBUF ->
          withHints(
              HttpResponse.of(
                  refusal.httpStatus,
                  "application/x-protobuf",
                  status(refusal, reason, retrySeconds)),
              refusal,
              retrySeconds);
      case JSON -> {
        String details =
            retry
                ? ",\"details\":[{\"@type\":\""
                    + RETRY_INFO
                    + "\",\"retryDelay\":\""
                    + retrySeconds
                    + "s\"}]"
                : "";
        String json =
            "{\"code\":" + refusal.grpcStatus + ",\"message\":" + quoted(reason) + details + "}";
        yield withHints(
            HttpResponse.of(refusal.httpStatus, "application/json", json.getBytes(UTF_8)),
            refusal,
            retrySeconds);
      }
    };
  }

  private static String shortened(String text) {
    return text.length() <= MAX_REASON ? text : text.substring(0, MAX_REASON - 1) + "…";
  }

  private static HttpResponse withHints(HttpResponse response, Refusal refusal, long retrySeconds) {
    String contentType = response.headers().value(0);
    Headers headers = response.headers();
    if (refusal.isRetryable()) {
      headers = Headers.of("content-type", contentType, "retry-after", Long.toString(retrySeconds));
    } else if (refusal == Refusal.WRONG_METHOD) {
      headers = Headers.of("content-type", contentType, "allow", "POST");
    } else if (refusal == Refusal.WRONG_TYPE) {
      headers = Headers.of("content-type", contentType, "accept-encoding", "gzip, zstd, identity");
    }
    return new HttpResponse(response.status(), headers, response.body(), response.trailers());
  }

  /// `google.rpc.Status`: code = 1, message = 2, details = 3 (`Any`: type_url = 1, value = 2) with
  /// a `RetryInfo`: retry_delay = 1 (`Duration`: seconds = 1).
  private static byte[] status(Refusal refusal, String reason, long retrySeconds) {
    Message status = new Message().varint(1, refusal.grpcStatus).string(2, reason);
    if (refusal.isRetryable()) {
      Message retryInfo = new Message().message(1, new Message().varint(1, retrySeconds));
      status.message(3, new Message().string(1, RETRY_INFO).message(2, retryInfo));
    }
    return status.toBytes();
  }

  private static byte[] framed(byte[] message) {
    if (message.length == 0) {
      return EMPTY_GRPC_MESSAGE;
    }
    byte[] framed = new byte[5 + message.length];
    framed[1] = (byte) (message.length >>> 24);
    framed[2] = (byte) (message.length >>> 16);
    framed[3] = (byte) (message.length >>> 8);
    framed[4] = (byte) message.length;
    System.arraycopy(message, 0, framed, 5, message.length);
    return framed;
  }

  private static String rejectedName(Signal signal) {
    return switch (signal) {
      case LOGS -> "rejectedLogRecords";
      case TRACES -> "rejectedSpans";
      case METRICS -> "rejectedDataPoints";
    };
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }

  /// As gRPC wants `grpc-message`: visible ASCII and the space stay, `%` and all other bytes of the
  /// UTF-8 text are written as `%XX`.
  private static String percentEncoded(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (byte b : text.getBytes(UTF_8)) {
      if (b >= ' ' && b <= '~' && b != '%') {
        out.append((char) b);
      } else {
        out.append(String.format("%%%02X", b & 0xff));
      }
    }
    return out.toString();
  }
}
