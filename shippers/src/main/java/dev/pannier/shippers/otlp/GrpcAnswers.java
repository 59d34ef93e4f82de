package dev.pannier.shippers.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.Reasons;
import dev.pannier.shippers.batch.ExportResponse;
import dev.pannier.shippers.batch.RpcStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Locale;
import java.util.regex.Pattern;
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
/// | RESOURCE_EXHAUSTED with RetryInfo | retryable |
/// | RESOURCE_EXHAUSTED, OUT_OF_RANGE, UNKNOWN that speak of a message's size | too large |
/// | UNAUTHENTICATED, PERMISSION_DENIED | retryable: not of the specification, but a token that has expired is no reason to lose data |
/// | INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION | permanent: no library and no proxy makes them |
/// | any other | permanent if it was the backend that answered: see [Verdicts] |
/// | none, with a status of HTTP | as [HttpAnswers] reads it |
final class GrpcAnswers {
  private static final int OK = 0;
  private static final int NO_STATUS = -1;
  private static final int UNKNOWN = 2;
  private static final int INVALID_ARGUMENT = 3;
  private static final int NOT_FOUND = 5;
  private static final int ALREADY_EXISTS = 6;
  private static final int PERMISSION_DENIED = 7;
  private static final int RESOURCE_EXHAUSTED = 8;
  private static final int FAILED_PRECONDITION = 9;
  private static final int OUT_OF_RANGE = 11;
  private static final int UNIMPLEMENTED = 12;
  private static final int UNAVAILABLE = 14;
  private static final int UNAUTHENTICATED = 16;

  /// Also of a message that does not pack: its beginning unpacks to more than an answer's most.
  private static final long MAX_KEPT_BYTES = 2 * Exchange.MAX_ANSWER_BYTES;

  private static final Pattern OF_A_MESSAGE = Pattern.compile("message|size|length|payload|body");
  private static final Pattern TOO_LARGE = Pattern.compile("larger than|too large|exceed");

  /// For a status that says other things as well ("Memory limit (total) exceeded").
  private static final Pattern OF_A_LIBRARY =
      Pattern.compile(
          "message larger than|message exceeds maximum size|message length too large|size limit"
              + "|(payload|message|body) too large");

  private static final Pattern OF_A_RATE = Pattern.compile("rate.?limit|quota|per second");

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
  private final HttpAnswers http;

  /// @param http reads what is no answer of gRPC
  GrpcAnswers(String endpoint, Reasons reasons, HttpAnswers http) {
    this.endpoint = endpoint;
    this.reasons = reasons;
    this.http = http;
  }

  Answer read(Response response) throws IOException {
    String type = response.header("content-type", "");
    if (response.code() == 200 && type != null && !type.startsWith("application/grpc")) {
      // Nothing about the data: a proxy's page comes in the same way.
      return Answer.elsewhere(
          endpoint
              + " does not speak gRPC: it answers with '"
              + reasons.clean(type)
              + "'; check the port and protocol");
    }
    // Trailers come after the body.
    Buffer body = beginning(response.body().source());
    Headers trailers =
        response.header("grpc-status") == null ? response.trailers() : response.headers();
    int status = status(response.code(), trailers.get("grpc-status"));
    return switch (status) {
      case NO_STATUS -> withoutStatus(response, body);
      case OK -> accepted(body, response.header("grpc-encoding"));
      default -> failed(status, trailers);
    };
  }

  private Answer withoutStatus(Response response, Buffer body) {
    if (response.code() == 200) {
      return Answer.retry(endpoint + " answers without a status: it was cut off", 0);
    }
    String answers =
        endpoint
            + " answers "
            + response.code()
            + " without a status of gRPC at "
            + response.request().url().encodedPath();
    return http.failure(response, answers, body.readByteArray());
  }

  private Answer accepted(Buffer body, @Nullable String encoding) {
    byte @Nullable [] message;
    try {
      message = message(body, encoding);
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
    ExportResponse export =
        message.length <= Exchange.MAX_ANSWER_BYTES
            ? ExportResponse.of(message)
            : ExportResponse.ofBeginning(message);
    return Answer.accepted(export, endpoint, reasons.clean(export.message()));
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
    boolean ofSize =
        switch (status) {
          case RESOURCE_EXHAUSTED -> speaksOfSize(text);
          case OUT_OF_RANGE, UNKNOWN -> OF_A_LIBRARY.matcher(text.toLowerCase(Locale.ROOT)).find();
          default -> false;
        };
    if (ofSize && delay == RpcStatus.NO_RETRY_INFO) {
      return Answer.tooLarge(reason);
    }
    return switch (status) {
      case 1, 4, 10, OUT_OF_RANGE, UNAVAILABLE, 15 -> Answer.retry(reason, Math.max(0, delay));
      case RESOURCE_EXHAUSTED ->
          delay == RpcStatus.NO_RETRY_INFO
              ? Answer.doubtful(reason, Answer.Speaker.UNSURE, true)
              : Answer.untouched(reason, delay);
      case UNAUTHENTICATED, PERMISSION_DENIED ->
          Answer.untouched(reason + " (check headers and tls)", Math.max(0, delay));
      case UNIMPLEMENTED ->
          Answer.doubtful(
              reason + " (does it take this signal? else name those it takes in signals)",
              Answer.Speaker.NO_SERVICE,
              true);
      case INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION ->
          Answer.permanent(reason);
      default -> Answer.doubtful(reason, Answer.Speaker.UNSURE, false);
    };
  }

  /// gRPC's libraries have no status of its own for a message that is too large. They say
  /// "received message larger than max" (Go, C), "message exceeds maximum size" (Java), "decoded message
  /// length too large" or "size limit, of N bytes, exceeded" (Rust); Envoy says "Payload Too Large". Limits of
  /// rates "exceed" as well.
  private static boolean speaksOfSize(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return OF_A_MESSAGE.matcher(lower).find()
        && TOO_LARGE.matcher(lower).find()
        && !OF_A_RATE.matcher(lower).find();
  }

  /// @param code of HTTP, which stands where a proxy answered instead
  private static int status(int code, @Nullable String header) {
    if (header == null) {
      return NO_STATUS;
    }
    try {
      int status = Integer.parseInt(header.strip());
      return status == OK && code != 200 ? NO_STATUS : status < 0 ? UNKNOWN : status;
    } catch (NumberFormatException e) {
      return UNKNOWN;
    }
  }

  /// The one message, if it came whole, or its beginning where it is longer than
  /// [Exchange#MAX_ANSWER_BYTES]. Some servers (Go's library) answer in the encoding of the request,
  /// whatever encodings the client says that it accepts.
  ///
  /// @throws IOException where it does not unpack
  private static byte @Nullable [] message(Buffer body, @Nullable String encoding)
      throws IOException {
    if (body.size() < OtlpBody.GRPC_HEAD_BYTES) {
      return null;
    }
    int flag = body.readByte();
    int length = body.readInt();
    if (length < 0 || (body.size() < length && body.size() <= Exchange.MAX_ANSWER_BYTES)) {
      return null;
    }
    Buffer message = new Buffer();
    message.write(body, Math.min(length, body.size()));
    if (flag == 0) {
      return message.readByteArray();
    }
    return flag == 1 && "gzip".equals(encoding) ? unpacked(message) : null;
  }

  /// @param packed is closed: what unpacks has memory beside the heap until then
  static byte[] unpacked(Source packed) throws IOException {
    try (GzipSource source = new GzipSource(packed)) {
      Buffer all = new Buffer();
      while (all.size() <= Exchange.MAX_ANSWER_BYTES
          && source.read(all, Exchange.MAX_ANSWER_BYTES) >= 0) {}
      return all.readByteArray();
    }
  }

  /// Reads to the end, which comes within the request's time, and keeps no more than tells that there was
  /// more.
  private static Buffer beginning(Source source) throws IOException {
    Buffer all = new Buffer();
    Buffer more = new Buffer();
    while (source.read(more, Exchange.MAX_ANSWER_BYTES) >= 0) {
      all.write(more, Math.min(more.size(), MAX_KEPT_BYTES - all.size()));
      more.clear();
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
