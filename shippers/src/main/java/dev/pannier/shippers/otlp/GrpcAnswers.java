package dev.pannier.shippers.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.Reasons;
import dev.pannier.shippers.batch.ExportResponse;
import dev.pannier.shippers.batch.RpcStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Locale;
import okhttp3.Headers;
import okhttp3.Response;
import okio.Buffer;
import okio.ByteString;
import okio.GzipSource;
import okio.Source;
import org.jspecify.annotations.Nullable;

/// Reads the answers of OTLP/gRPC.
///
/// | status | outcome |
/// |---|---|
/// | OK | accepted, or partly; retryable without the message that belongs to it: a proxy's word |
/// | CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS | retryable, after RetryInfo's delay |
/// | RESOURCE_EXHAUSTED | retryable with RetryInfo; else too large where it speaks of a message's size; else permanent |
/// | UNAUTHENTICATED, PERMISSION_DENIED | retryable: not of the specification, but a token that has expired is no reason to lose data |
/// | any other | permanent |
final class GrpcAnswers {
  private static final int OK = 0;
  private static final int UNKNOWN = 2;
  private static final int PERMISSION_DENIED = 7;
  private static final int RESOURCE_EXHAUSTED = 8;
  private static final int UNIMPLEMENTED = 12;
  private static final int INTERNAL = 13;
  private static final int UNAVAILABLE = 14;
  private static final int UNAUTHENTICATED = 16;

  private static final String[] NAMES = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED"
  };

  private final String endpoint;
  private final Reasons reasons;

  GrpcAnswers(String endpoint, Reasons reasons) {
    this.endpoint = endpoint;
    this.reasons = reasons;
  }

  Answer read(Response response) throws IOException {
    String type = response.header("content-type", "");
    if (response.code() == 200 && type != null && !type.startsWith("application/grpc")) {
      // Nothing about the data: a proxy's page comes in the same way.
      return new Answer(
          Answer.retry(
                  endpoint
                      + " does not speak gRPC: it answers with '"
                      + reasons.clean(type)
                      + "'; check the port and protocol",
                  0)
              .outcome(),
          true);
    }
    // Trailers come after the body.
    Buffer body = bounded(response.body().source());
    Headers trailers =
        response.header("grpc-status") == null ? response.trailers() : response.headers();
    int status = status(response.code(), trailers.get("grpc-status"));
    if (status == OK) {
      byte @Nullable [] message;
      try {
        message = message(body, response.header("grpc-encoding"));
      } catch (IOException e) {
        return Answer.retry(
            endpoint
                + " answers OK without a message that unpacks ("
                + reasons.clean(String.valueOf(e.getMessage()))
                + ")",
            0);
      }
      if (message == null) {
        return Answer.retry(
            endpoint + " answers OK without a message, as no OTLP service does: is there a proxy?",
            0);
      }
      ExportResponse export = ExportResponse.of(message);
      return Answer.accepted(export, endpoint, reasons.clean(export.message()));
    }
    return failed(status, trailers);
  }

  private Answer failed(int status, Headers trailers) {
    RpcStatus details = details(trailers.get("grpc-status-details-bin"));
    String text = percentDecoded(trailers.get("grpc-message"));
    if (text.isEmpty()) {
      text = details.message();
    }
    String name = status < NAMES.length ? NAMES[status] : "status " + status;
    String reason =
        endpoint + " answers " + name + (text.isEmpty() ? "" : ": " + reasons.clean(text));
    long delay = details.retryDelayNanos();
    return switch (status) {
      case 1, 4, 10, 11, UNAVAILABLE, 15 -> Answer.retry(reason, Math.max(0, delay));
      case RESOURCE_EXHAUSTED ->
          delay != RpcStatus.NO_RETRY_INFO
              ? Answer.untouched(reason, delay)
              : speaksOfSize(text) ? Answer.tooLarge(reason) : Answer.permanent(reason);
      case UNAUTHENTICATED, PERMISSION_DENIED ->
          Answer.untouched(reason + " (check headers and tls)", Math.max(0, delay));
      case UNIMPLEMENTED -> new Answer(Answer.permanent(reason + hint()).outcome(), true);
      default -> Answer.permanent(reason);
    };
  }

  private static String hint() {
    return " (does it take this signal? else name those it takes in signals)";
  }

  /// gRPC's libraries have no status of its own for a message that is too large. They say
  /// "received message larger than max" (Go, C) or "message exceeds maximum size" (Java).
  private static boolean speaksOfSize(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return lower.contains("larger than")
        || lower.contains("exceeds")
        || lower.contains("too large");
  }

  /// @param code of HTTP, which stands where a proxy answered instead (gRPC's "HTTP to gRPC Status
  ///     Code Mapping")
  private static int status(int code, @Nullable String header) {
    if (header != null) {
      try {
        int status = Integer.parseInt(header.strip());
        if (status != OK || code == 200) {
          return status < 0 ? UNKNOWN : status;
        }
      } catch (NumberFormatException e) {
        return UNKNOWN;
      }
    }
    return switch (code) {
      case 400 -> INTERNAL;
      case 401 -> UNAUTHENTICATED;
      case 403 -> PERMISSION_DENIED;
      case 404 -> UNIMPLEMENTED;
      // 200 without a status: the answer was cut off.
      case 200, 429, 502, 503, 504 -> UNAVAILABLE;
      default -> UNKNOWN;
    };
  }

  /// The one message, if it came whole. Some servers (Go's library) answer in the encoding of the
  /// request, whatever encodings the client says that it accepts.
  ///
  /// @throws IOException where it does not unpack, or to too much
  private static byte @Nullable [] message(Buffer body, @Nullable String encoding)
      throws IOException {
    if (body.size() < OtlpBody.GRPC_HEAD_BYTES) {
      return null;
    }
    int flag = body.readByte();
    int length = body.readInt();
    if (length < 0 || body.size() < length) {
      return null;
    }
    Buffer message = new Buffer();
    message.write(body, length);
    if (flag == 0) {
      return message.readByteArray();
    }
    return flag == 1 && "gzip".equals(encoding) ? unpacked(message) : null;
  }

  /// @param packed is closed: what unpacks has memory beside the heap until then
  static byte[] unpacked(Source packed) throws IOException {
    try (GzipSource source = new GzipSource(packed)) {
      return bounded(source).readByteArray();
    }
  }

  private static Buffer bounded(Source source) throws IOException {
    Buffer all = new Buffer();
    while (source.read(all, Exchange.MAX_ANSWER_BYTES) >= 0) {
      if (all.size() > Exchange.MAX_ANSWER_BYTES) {
        throw new IOException("an answer of more than " + Exchange.MAX_ANSWER_BYTES + " bytes");
      }
    }
    return all;
  }

  private static RpcStatus details(@Nullable String base64) {
    if (base64 != null) {
      try {
        ByteString bytes = ByteString.decodeBase64(base64);
        if (bytes != null) {
          return RpcStatus.of(bytes.toByteArray());
        }
      } catch (IllegalArgumentException e) {
        // Not what it should be: the status alone has to do.
        return new RpcStatus("", RpcStatus.NO_RETRY_INFO);
      }
    }
    return new RpcStatus("", RpcStatus.NO_RETRY_INFO);
  }

  /// gRPC over HTTP/2, "Status-Message": percent-encoded UTF-8; what is no encoding stays as it is.
  static String percentDecoded(@Nullable String text) {
    if (text == null || text.indexOf('%') < 0) {
      return text == null ? "" : text;
    }
    byte[] in = text.getBytes(UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(in.length);
    for (int i = 0; i < in.length; i++) {
      int high = i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
      int low = i + 2 < in.length ? Character.digit(in[i + 2], 16) : -1;
      if (in[i] == '%' && high >= 0 && low >= 0) {
        out.write(high << 4 | low);
        i += 2;
      } else {
        out.write(in[i]);
      }
    }
    return out.toString(UTF_8);
  }
}
