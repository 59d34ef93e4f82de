package dev.pannier.shippers.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.Reasons;
import dev.pannier.shippers.batch.ExportResponse;
import dev.pannier.shippers.batch.RpcStatus;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.Response;
import okio.BufferedSource;
import org.jspecify.annotations.Nullable;

/// Reads the answers of OTLP/HTTP, and those in which whoever is there does not speak gRPC.
///
/// | status | outcome |
/// |---|---|
/// | 2xx | accepted, or partly; retryable where the body is no answer of OTLP: a proxy's page |
/// | 429, 502, 503, 504 | retryable, after `Retry-After` in seconds or as a date |
/// | 401, 403 | retryable: not of the specification, but a token that has expired is no reason to lose data |
/// | 413, or 400 that speaks of the body's size | too large |
/// | 301, 302, 303, 307, 308 | retryable: whoever sends us elsewhere has not looked at the data |
/// | 408, 421, 425, other 5xx than 500, 501, 505 | retryable: of the connection, or of a proxy that has no answer |
/// | 400 with a `google.rpc.Status` | permanent |
/// | any other | permanent if it was the backend that answered: see [Verdicts] |
final class HttpAnswers {
  /// A longer wait is a clock that is wrong rather than a wish.
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);

  private static final Pattern TITLE = Pattern.compile("(?is)<title[^>]*>([^<]*)");
  private static final Pattern TAG = Pattern.compile("<[^>]*>");

  private final String endpoint;
  private final Reasons reasons;
  private final InstantSource clock;

  HttpAnswers(String endpoint, Reasons reasons, InstantSource clock) {
    this.endpoint = endpoint;
    this.reasons = reasons;
    this.clock = clock;
  }

  Answer read(Response response) throws IOException {
    byte[] body = body(response);
    String type = String.valueOf(response.header("content-type", ""));
    int code = response.code();
    String answers =
        endpoint + " answers " + code + " at " + response.request().url().encodedPath();
    return code / 100 == 2 ? success(answers, type, body) : failure(response, answers, body);
  }

  /// @param answers what the reason begins with
  /// @param body    its beginning where it is longer than [Exchange#MAX_ANSWER_BYTES]
  Answer failure(Response response, String answers, byte[] body) {
    String type = String.valueOf(response.header("content-type", ""));
    int code = response.code();
    String status = status(type, body);
    String text = reasons.clean(status == null ? text(type, body) : status);
    String reason =
        answers
            + (status == null && body.length > 0 ? " with '" + reasons.clean(type) + "'" : "")
            + (text.isEmpty() ? "" : ": " + text);
    return switch (code) {
      case 429 -> Answer.untouched(reason, retryAfterNanos(response.header("retry-after")));
      // What is behind whoever answers may have taken the batch: it is a proxy, or has handed the
      // batch on without knowing yet what became of it.
      case 502, 503, 504 -> Answer.retry(reason, retryAfterNanos(response.header("retry-after")));
      case 401, 403 -> Answer.untouched(reason + " (check headers and tls)", 0);
      case 413 -> Answer.tooLarge(reason);
      case 404, 405, 501 ->
          Answer.doubtful(
              reason + " (is the path right? does it take this signal? else see signals)",
              Answer.Speaker.NO_SERVICE,
              true);
      case 301, 302, 303, 307, 308 ->
          Answer.elsewhere(
              reason
                  + " (moved to "
                  + reasons.clean(response.header("location"))
                  + "; set endpoint)");
      case 408, 421, 425 -> Answer.retry(reason, 0);
      case 400 ->
          // As the OpenTelemetry Collector says it.
          text.toLowerCase(Locale.ROOT).contains("body too large")
              ? Answer.tooLarge(reason)
              : status == null
                  ? Answer.doubtful(reason, speaker(type, body), true)
                  : Answer.permanent(reason);
      // Of compression or protocol.
      case 415 -> Answer.doubtful(reason, Answer.Speaker.PAGE, true);
      case 500, 505 -> Answer.doubtful(reason, speaker(type, body), false);
      default ->
          code >= 500
              ? Answer.retry(reason, 0)
              : Answer.doubtful(reason, speaker(type, body), true);
    };
  }

  private static Answer.Speaker speaker(String type, byte[] body) {
    boolean page = isHtml(type) || (type.isEmpty() && body.length > 0);
    return page ? Answer.Speaker.PAGE : Answer.Speaker.UNSURE;
  }

  /// Whoever answers in another way than OTLP asks for has not taken the data, whatever the status says: a
  /// proxy's page for a login comes with a 200.
  private Answer success(String answers, String type, byte[] body) {
    try {
      ExportResponse export = export(type, body);
      return Answer.accepted(export, endpoint, reasons.clean(export.message()));
    } catch (IllegalArgumentException e) {
      String text = reasons.clean(text(type, body));
      return Answer.retry(
          answers
              + " with '"
              + reasons.clean(type)
              + "' that is no answer of OTLP: is there a proxy between, or another service at"
              + " endpoint?"
              + (text.isEmpty() ? "" : " It says: " + text),
          0);
    }
  }

  /// @return its beginning where it is longer than [Exchange#MAX_ANSWER_BYTES]
  private static byte[] body(Response response) throws IOException {
    BufferedSource source = response.body().source();
    return source.request(Exchange.MAX_ANSWER_BYTES + 1)
        ? source.readByteArray(Exchange.MAX_ANSWER_BYTES + 1)
        : source.readByteArray();
  }

  /// @throws IllegalArgumentException where it is none
  private static ExportResponse export(String type, byte[] body) {
    if (body.length == 0) {
      return ExportResponse.SUCCESS;
    }
    boolean whole = body.length <= Exchange.MAX_ANSWER_BYTES;
    if (isProtobuf(type)) {
      return whole ? ExportResponse.of(body) : ExportResponse.ofBeginning(body);
    }
    if (isJson(type)) {
      return JsonAnswer.export(body, whole);
    }
    throw new IllegalArgumentException(type);
  }

  /// Also by the names that it had before: `application/protobuf`.
  private static boolean isProtobuf(String type) {
    return type.toLowerCase(Locale.ROOT).matches("application/[^;]*protobuf.*");
  }

  private static boolean isJson(String type) {
    return type.toLowerCase(Locale.ROOT).startsWith("application/json");
  }

  private static boolean isHtml(String type) {
    String lower = type.toLowerCase(Locale.ROOT);
    return lower.startsWith("text/html") || lower.startsWith("application/xhtml");
  }

  /// @return the message of a `google.rpc.Status`, in which OTLP tells errors; null where it is none
  private static @Nullable String status(String type, byte[] body) {
    try {
      return isProtobuf(type)
          ? RpcStatus.of(body).message()
          : isJson(type) ? JsonAnswer.statusMessage(body) : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /// What else it says, for people.
  private static String text(String type, byte[] body) {
    if (isProtobuf(type)) {
      return "";
    }
    String text = new String(body, UTF_8);
    if (!isHtml(type)) {
      return text;
    }
    Matcher title = TITLE.matcher(text);
    return title.find() ? title.group(1) : TAG.matcher(text).replaceAll(" ");
  }

  /// RFC 9110, section 10.2.3.
  long retryAfterNanos(@Nullable String header) {
    if (header == null) {
      return 0;
    }
    String text = header.strip();
    Duration wait;
    try {
      wait =
          text.matches("\\d{1,9}")
              ? Duration.ofSeconds(Long.parseLong(text))
              : Duration.between(clock.instant(), date(text));
    } catch (DateTimeException e) {
      return 0;
    }
    if (wait.isNegative()) {
      return 0;
    }
    return wait.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER.toNanos() : wait.toNanos();
  }

  private static Instant date(String text) {
    return ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
  }
}
