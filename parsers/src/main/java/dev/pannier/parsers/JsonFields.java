package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// Where well-known top-level fields of JSON log lines go. The names are logstash-logback-encoder's,
/// the Elastic Common Schema's, Log4j's JsonTemplateLayout's and the common short ones.
final class JsonFields {
  enum Role {
    ATTRIBUTE,
    TIME,
    LEVEL,
    /// A level as a number, for where there is no other.
    LEVEL_VALUE,
    MESSAGE,
    LOGGER,
    THREAD,
    STACK_TRACE,
    EXCEPTION_TYPE,
    EXCEPTION_MESSAGE,
    TRACE_ID,
    SPAN_ID,
    TRACE_FLAGS,
    DECIMAL_TRACE_ID,
    DECIMAL_SPAN_ID,
    FUNCTION,
    FILE,
    LINE,
    /// An object whose members are the record's.
    MDC,
    LEFT_OUT
  }

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /// @param first the name's first eight bytes, where it has so many
  /// @param last  its last eight; up to 16 bytes, both are all of it
  private record Entry(byte[] name, long first, long last, Role role) {
    static Entry of(byte[] name, Role role) {
      boolean isLong = name.length >= Long.BYTES;
      return new Entry(
          name,
          isLong ? (long) LONG.get(name, 0) : 0,
          isLong ? (long) LONG.get(name, name.length - Long.BYTES) : 0,
          role);
    }

    boolean is(byte[] text, int offset, int length) {
      byte[] own = name;
      if (own.length != length) {
        return false;
      }
      if (length >= Long.BYTES) {
        return (long) LONG.get(text, offset) == first
            && (long) LONG.get(text, offset + length - Long.BYTES) == last
            && (length <= 2 * Long.BYTES
                || Arrays.equals(own, 0, length, text, offset, offset + length));
      }
      for (int i = 0; i < length; i++) {
        if (text[offset + i] != own[i]) {
          return false;
        }
      }
      return true;
    }
  }

  private final Entry[][] buckets = new Entry[64][];

  private JsonFields(Map<String, Role> roles) {
    Arrays.fill(buckets, new Entry[0]);
    roles.forEach(
        (name, role) -> {
          byte[] bytes = name.getBytes(UTF_8);
          int bucket = bucket(bytes, 0, bytes.length);
          Entry[] longer = Arrays.copyOf(buckets[bucket], buckets[bucket].length + 1);
          longer[longer.length - 1] = Entry.of(bytes, role);
          buckets[bucket] = longer;
        });
  }

  static JsonFields logstash() {
    Map<String, Role> roles = common();
    roles.put("@version", Role.LEFT_OUT);
    roles.put("level_value", Role.LEVEL_VALUE);
    return new JsonFields(roles);
  }

  static JsonFields json() {
    Map<String, Role> roles = common();
    roles.put("@version", Role.LEFT_OUT);
    roles.put("level_value", Role.LEVEL_VALUE);
    for (String name : new String[] {"timestamp", "time", "ts", "date", "instant", "eventTime"}) {
      roles.put(name, Role.TIME);
    }
    for (String name : new String[] {"severity", "log.level", "lvl", "loglevel"}) {
      roles.put(name, Role.LEVEL);
    }
    for (String name : new String[] {"msg", "body", "text"}) {
      roles.put(name, Role.MESSAGE);
    }
    for (String name : new String[] {"logger", "log.logger", "loggerName", "logger.name"}) {
      roles.put(name, Role.LOGGER);
    }
    for (String name : new String[] {"thread", "process.thread.name", "threadName"}) {
      roles.put(name, Role.THREAD);
    }
    for (String name :
        new String[] {"stacktrace", "stackTrace", "error.stack_trace", "exception.stacktrace"}) {
      roles.put(name, Role.STACK_TRACE);
    }
    roles.put("error.type", Role.EXCEPTION_TYPE);
    roles.put("error.message", Role.EXCEPTION_MESSAGE);
    return new JsonFields(roles);
  }

  private static Map<String, Role> common() {
    Map<String, Role> roles = new LinkedHashMap<>();
    roles.put("@timestamp", Role.TIME);
    roles.put("level", Role.LEVEL);
    roles.put("message", Role.MESSAGE);
    roles.put("logger_name", Role.LOGGER);
    roles.put("thread_name", Role.THREAD);
    roles.put("stack_trace", Role.STACK_TRACE);
    roles.put("caller_method_name", Role.FUNCTION);
    roles.put("caller_file_name", Role.FILE);
    roles.put("caller_line_number", Role.LINE);
    for (String name : new String[] {"trace_id", "traceId", "trace.id", "X-B3-TraceId"}) {
      roles.put(name, Role.TRACE_ID);
    }
    for (String name : new String[] {"span_id", "spanId", "span.id", "X-B3-SpanId"}) {
      roles.put(name, Role.SPAN_ID);
    }
    roles.put("mdc", Role.MDC);
    roles.put("contextMap", Role.MDC);
    roles.put("trace_flags", Role.TRACE_FLAGS);
    roles.put("traceFlags", Role.TRACE_FLAGS);
    roles.put("dd.trace_id", Role.DECIMAL_TRACE_ID);
    roles.put("dd.span_id", Role.DECIMAL_SPAN_ID);
    return roles;
  }

  /// The roles that an entry of the MDC can have: a name such as `level` has no meaning there.
  Role mdcRole(byte[] name, int offset, int length) {
    Role role = role(name, offset, length);
    return switch (role) {
      case TRACE_ID, SPAN_ID, TRACE_FLAGS, DECIMAL_TRACE_ID, DECIMAL_SPAN_ID -> role;
      default -> Role.ATTRIBUTE;
    };
  }

  Role role(byte[] name, int offset, int length) {
    for (Entry entry : buckets[bucket(name, offset, length)]) {
      if (entry.is(name, offset, length)) {
        return entry.role;
      }
    }
    return Role.ATTRIBUTE;
  }

  private static int bucket(byte[] name, int offset, int length) {
    if (length == 0) {
      return 0;
    }
    return (name[offset] * 31 + name[offset + length - 1] * 7 + length) & 63;
  }
}
