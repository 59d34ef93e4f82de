package dev.pannier.collector.logging;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import dev.pannier.collector.config.Secrets;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.JsonText;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/// An event as one JSON object, in logstash-logback-encoder's names. Every text goes through
/// [Masking].
final class LineEncoder extends EncoderBase<ILoggingEvent> {
  private static final int LIKELY_BYTES = 512;
  private static final int MAX_STACK_TRACE_CHARACTERS = 8192;

  @Override
  public byte[] headerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    ByteOutput out = new ByteOutput(LIKELY_BYTES);
    out.write('{');
    plain(out, "@timestamp");
    out.write(':');
    time(out, Instant.ofEpochMilli(event.getTimeStamp()));
    text(out, "message", event.getFormattedMessage());
    text(out, "logger_name", event.getLoggerName());
    text(out, "thread_name", event.getThreadName());
    text(out, "level", event.getLevel().toString());
    name(out, "level_value");
    JsonText.number(out, event.getLevel().toInt());
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      text(out, "stack_trace", stackTrace(thrown));
    }
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      for (KeyValuePair pair : pairs) {
        value(out, String.valueOf(pair.key), pair.value);
      }
    }
    out.write('}');
    out.write('\n');
    return out.toBytes();
  }

  @Override
  public byte[] footerBytes() {
    return new byte[0];
  }

  private static void value(ByteOutput out, String name, @Nullable Object value) {
    if (Secrets.isSecret(name)) {
      text(out, name, Secrets.MASK);
    } else if (value instanceof Integer || value instanceof Long) {
      name(out, name);
      JsonText.number(out, ((Number) value).longValue());
    } else {
      text(out, name, String.valueOf(value));
    }
  }

  private static void text(ByteOutput out, String name, @Nullable String text) {
    name(out, name);
    plain(out, Masking.mask(Objects.requireNonNullElse(text, "")));
  }

  private static void name(ByteOutput out, String name) {
    out.write(',');
    plain(out, name);
    out.write(':');
  }

  private static void plain(ByteOutput out, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    JsonText.string(out, bytes, 0, bytes.length);
  }

  private static String stackTrace(IThrowableProxy thrown) {
    String whole = ThrowableProxyUtil.asString(thrown);
    return whole.length() > MAX_STACK_TRACE_CHARACTERS
        ? whole.substring(0, MAX_STACK_TRACE_CHARACTERS) + "…"
        : whole;
  }

  /// Digit by digit: the JDK's formatter is classes that nothing else of a start needs.
  private static void time(ByteOutput out, Instant instant) {
    LocalDateTime time =
        LocalDateTime.ofEpochSecond(instant.getEpochSecond(), instant.getNano(), ZoneOffset.UTC);
    out.write('"');
    JsonText.digits(out, time.getYear(), 4);
    out.write('-');
    JsonText.digits(out, time.getMonthValue(), 2);
    out.write('-');
    JsonText.digits(out, time.getDayOfMonth(), 2);
    out.write('T');
    JsonText.digits(out, time.getHour(), 2);
    out.write(':');
    JsonText.digits(out, time.getMinute(), 2);
    out.write(':');
    JsonText.digits(out, time.getSecond(), 2);
    out.write('.');
    JsonText.digits(out, time.getNano() / 1_000_000, 3);
    out.write('Z');
    out.write('"');
  }
}
