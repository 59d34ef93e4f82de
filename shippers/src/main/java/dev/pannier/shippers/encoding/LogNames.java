package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.ShipperSettings.FieldNames;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The names of a log record's fields in flat JSON.
///
/// | of OTLP | logstash | ecs | otel |
/// |---|---|---|---|
/// | time | `@timestamp` | `@timestamp` | `timestamp` |
/// | observed time | – | – | `observed_timestamp` |
/// | severity text | `level` | `log.level` | `severity_text` |
/// | severity number | `level_value` (Logback's) | – | `severity_number` |
/// | body | `message` | `message` | `body` |
/// | scope's name | `logger_name` | `log.logger` | `scope.name` |
/// | trace id | `trace_id` | `trace.id` | `trace_id` |
/// | span id | `span_id` | `span.id` | `span_id` |
/// | flags | – | – | `trace_flags` |
/// | event name | `event_name` | `event.action` | `event_name` |
/// | `thread.name` | `thread_name` | `process.thread.name` | as it is |
/// | `exception.stacktrace` | `stack_trace` | `error.stack_trace` | as it is |
/// | – | `@version` 1 | `ecs.version` | – |
/// | `exception.type`, `.message` | as they are | `error.type`, `error.message` | as they are |
///
/// From logstash-logback-encoder 9 ("Standard fields") and ecs-logging's specification; a name that
/// is null is left out.
final class LogNames implements FlatObject.Renaming {
  private static final byte[] THREAD = bytes("thread.name");
  private static final byte[] STACKTRACE = bytes("exception.stacktrace");
  private static final byte[] TYPE = bytes("exception.type");
  private static final byte[] MESSAGE = bytes("exception.message");

  final byte[] time;
  final byte @Nullable [] observed;
  final byte[] severityText;
  final byte @Nullable [] severityNumber;
  final boolean hasLogbackLevels;
  final byte[] body;
  final byte[] logger;
  final byte[] traceId;
  final byte[] spanId;
  final byte @Nullable [] flags;
  final byte[] eventName;

  /// What says which names these are.
  final byte @Nullable [] version;

  final byte[] versionText;

  private final byte @Nullable [] thread;
  private final byte @Nullable [] stacktrace;
  private final byte @Nullable [] type;
  private final byte @Nullable [] message;

  LogNames(FieldNames names) {
    boolean isEcs = names == FieldNames.ECS;
    boolean isOtel = names == FieldNames.OTEL;
    time = bytes(isOtel ? "timestamp" : "@timestamp");
    observed = isOtel ? bytes("observed_timestamp") : null;
    severityText = bytes(isOtel ? "severity_text" : isEcs ? "log.level" : "level");
    severityNumber = isOtel ? bytes("severity_number") : isEcs ? null : bytes("level_value");
    hasLogbackLevels = !isOtel;
    body = bytes(isOtel ? "body" : "message");
    logger = bytes(isOtel ? "scope.name" : isEcs ? "log.logger" : "logger_name");
    traceId = bytes(isEcs ? "trace.id" : "trace_id");
    spanId = bytes(isEcs ? "span.id" : "span_id");
    flags = isOtel ? bytes("trace_flags") : null;
    eventName = bytes(isEcs ? "event.action" : "event_name");
    thread = isOtel ? null : bytes(isEcs ? "process.thread.name" : "thread_name");
    stacktrace = isOtel ? null : bytes(isEcs ? "error.stack_trace" : "stack_trace");
    type = isEcs ? bytes("error.type") : null;
    message = isEcs ? bytes("error.message") : null;
    version = isOtel ? null : bytes(isEcs ? "ecs.version" : "@version");
    versionText = bytes(isEcs ? "1.2.0" : "1");
  }

  /// The names of the fields that are no attributes.
  List<byte[]> all() {
    return Stream.of(
            time,
            observed,
            version,
            severityText,
            severityNumber,
            body,
            logger,
            traceId,
            spanId,
            flags,
            eventName)
        .filter(Objects::nonNull)
        .toList();
  }

  @Override
  public byte @Nullable [] name(byte[] bytes, int keyStart, int keyEnd) {
    if (keyStart == keyEnd) {
      return null;
    }
    if (bytes[keyStart] == 't') {
      return is(THREAD, bytes, keyStart, keyEnd) ? thread : null;
    }
    if (bytes[keyStart] != 'e') {
      return null;
    }
    if (is(STACKTRACE, bytes, keyStart, keyEnd)) {
      return stacktrace;
    }
    if (is(TYPE, bytes, keyStart, keyEnd)) {
      return type;
    }
    return is(MESSAGE, bytes, keyStart, keyEnd) ? message : null;
  }

  @Override
  public boolean isHidden(byte[] bytes, int keyStart, int keyEnd) {
    return keyEnd > keyStart
        && bytes[keyStart] == 'l'
        && is(RawLine.ORIGINAL, bytes, keyStart, keyEnd);
  }

  private static boolean is(byte[] key, byte[] bytes, int start, int end) {
    return Arrays.equals(key, 0, key.length, bytes, start, end);
  }

  private static byte[] bytes(String name) {
    return name.getBytes(US_ASCII);
  }
}
