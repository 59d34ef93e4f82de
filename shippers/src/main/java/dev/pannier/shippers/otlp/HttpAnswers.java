package dev.pannier.shippers.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.Outcome;
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
import okhttp3.Response;
import okio.BufferedSource;
import org.jspecify.annotations.Nullable;

/// Reads the answers of OTLP/HTTP.
///
/// | status | outcome |
/// |---|---|
/// | 2xx | accepted, or partly; retryable where the body is no answer of OTLP: a proxy's page |
/// | 429, 502, 503, 504 | retryable, after `Retry-After` in seconds or as a date |
/// | 401, 403 | retryable: not of the specification, but a token that has expired is no reason to lose data |
/// | 413 | too large |
/// | 301, 302, 303, 307, 308 | retryable: whoever sends us elsewhere has not looked at the data |
/// | any other | permanent |
final class HttpAnswers {
  /// A longer wait is a clock that is wrong rather than a wish.
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);

  private final String endpoint;
  private final Reasons reasons;
  private final InstantSource clock;

  HttpAnswers(String endpoint, Reasons reasons, InstantSource clock) {
    this.endpoint = endpoint;
    this.reasons = reasons;
    this.clock = clock;
  }

  Answer read(Response response) throws IOException {
    byte @Nullable [] body = body(response);
    String type = String.valueOf(response.header("content-type", ""));
    int code = response.code();
    String answers =
        endpoint + " answers " + code + " at " + response.request().url().encodedPath();
    if (code / 100 == 2) {
      return success(answers, type, body);
    }
    String text = reasons.clean(error(type, body));
    String reason = answers + (text.isEmpty() ? "" : ": " + text);
    return switch (code) {
      case 429 -> Answer.untouched(reason, retryAfterNanos(response.header("retry-after")));
      // What is behind whoever answers may have taken the batch: it is a proxy, or has handed the
      // batch on without knowing yet what became of it.
      case 502, 503, 504 -> Answer.retry(reason, retryAfterNanos(response.header("retry-after")));
      case 401, 403 -> Answer.untouched(reason + " (check headers and tls)", 0);
      case 413 -> Answer.tooLarge(reason);
      case 404, 405, 501 ->
          noService(reason + " (is the path right? does it take this signal? else see signals)");
      case 301, 302, 303, 307, 308 ->
          new Answer(
              Answer.retry(
                      reason
                          + " (moved to "
                          + reasons.clean(response.header("location"))
                          + "; set endpoint)",
                      0)
                  .outcome(),
              true);
      default -> Answer.permanent(reason);
    };
  }

  private static Answer noService(String reason) {
    return new Answer(new Outcome.Permanent(reason), true);
  }

  /// Whoever answers in another way than OTLP asks for has not taken the data, whatever the status says: a
  /// proxy's page for a login comes with a 200.
  private Answer success(String answers, String type, byte @Nullable [] body) {
    try {
      ExportResponse export = export(type, body);
      return Answer.accepted(export, endpoint, reasons.clean(export.message()));
    } catch (IllegalArgumentException e) {
      return Answer.retry(
          answers
              + " with '"
              + reasons.clean(type)
              + "' that is no answer of OTLP: is there a proxy between, or another service at"
              + " endpoint?",
          0);
    }
  }

  /// @return the whole body, null where it is larger than any that tells us something
  private static byte @Nullable [] body(Response response) throws IOException {
    BufferedSource source = response.body().source();
    return source.request(Exchange.MAX_ANSWER_BYTES + 1) ? null : source.readByteArray();
  }

  /// @throws IllegalArgumentException where it is none
  private static ExportResponse export(String type, byte @Nullable [] body) {
    if (body == null) {
      throw new IllegalArgumentException("too long");
    }
    if (body.length == 0) {
      return ExportResponse.SUCCESS;
    }
    if (isProtobuf(type)) {
      return ExportResponse.of(body);
    }
    if (isJson(type)) {
      return JsonAnswer.export(body);
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

  private static String error(String type, byte @Nullable [] body) {
    if (body == null) {
      return "";
    }
    try {
      if (isProtobuf(type)) {
        return RpcStatus.of(body).message();
      }
      if (isJson(type)) {
        return JsonAnswer.errorMessage(body);
      }
    } catch (IllegalArgumentException e) {
      return "";
    }
    return type.startsWith("text/plain") ? new String(body, UTF_8) : "";
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
