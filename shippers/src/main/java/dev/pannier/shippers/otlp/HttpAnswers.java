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
import okhttp3.Response;
import okio.BufferedSource;
import org.jspecify.annotations.Nullable;

/// Reads the answers of OTLP/HTTP.
///
/// | status | outcome |
/// |---|---|
/// | 2xx | accepted, or partly |
/// | 429, 502, 503, 504 | retryable, after `Retry-After` in seconds or as a date |
/// | 401, 403 | retryable: not of the specification, but a token that has expired is no reason to lose data |
/// | 413 | too large |
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
    byte[] body = body(response);
    String type = String.valueOf(response.header("content-type", ""));
    int code = response.code();
    if (code / 100 == 2) {
      ExportResponse export = export(type, body);
      return Answer.accepted(export, endpoint, reasons.clean(export.message()));
    }
    String text = reasons.clean(error(type, body));
    String path = response.request().url().encodedPath();
    String reason =
        endpoint + " answers " + code + " at " + path + (text.isEmpty() ? "" : ": " + text);
    return switch (code) {
      case 429, 503 -> Answer.untouched(reason, retryAfterNanos(response.header("retry-after")));
      // A proxy's: what is behind it may have taken the batch.
      case 502, 504 -> Answer.retry(reason, retryAfterNanos(response.header("retry-after")));
      case 401, 403 -> Answer.untouched(reason + " (check headers and tls)", 0);
      case 413 -> Answer.tooLarge(reason);
      case 404, 405, 501 ->
          noService(reason + " (is the path right? does it take this signal? else see signals)");
      case 301, 302, 303, 307, 308 ->
          noService(
              reason
                  + " (moved to "
                  + reasons.clean(response.header("location"))
                  + "; set endpoint)");
      default -> Answer.permanent(reason);
    };
  }

  private static Answer noService(String reason) {
    return new Answer(new Outcome.Permanent(reason), true);
  }

  /// @return the whole body, empty where it is larger than any that tells us something
  private static byte[] body(Response response) throws IOException {
    BufferedSource source = response.body().source();
    return source.request(Exchange.MAX_ANSWER_BYTES + 1) ? new byte[0] : source.readByteArray();
  }

  /// The status says that the data was taken; a body that cannot be read changes nothing about it.
  private static ExportResponse export(String type, byte[] body) {
    try {
      if (type.startsWith("application/x-protobuf")) {
        return ExportResponse.of(body);
      }
      return type.startsWith("application/json") ? JsonAnswer.export(body) : ExportResponse.SUCCESS;
    } catch (IllegalArgumentException e) {
      return ExportResponse.SUCCESS;
    }
  }

  private static String error(String type, byte[] body) {
    try {
      if (type.startsWith("application/x-protobuf")) {
        return RpcStatus.of(body).message();
      }
      if (type.startsWith("application/json")) {
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
