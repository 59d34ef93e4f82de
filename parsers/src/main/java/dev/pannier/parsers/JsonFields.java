package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where well-known fields of JSON log lines go, by their names in the libraries that write them:
/// logstash-logback-encoder, the Elastic Common Schema, Log4j's and Logback's own layouts, GELF,
/// Serilog, .NET's console, NLog, Python's JSON formatters, Go's and Node's loggers, Rust's tracing.
///
/// A name with dots (`log.level`) is known as such and as members of objects
/// (`"log":{"level":…}`), and mixed.
final class JsonFields {
  enum Role {
    ATTRIBUTE,
    TIME,
    /// The time where there is no other.
    TIME_ELSE,
    /// The time of a record that is of level Information where it has none.
    COMPACT_TIME,
    EPOCH_SECOND,
    /// Of the second that another field tells.
    NANO_OF_SECOND,
    /// As before, beside milliseconds.
    NANOSECONDS,
    LEVEL,
    /// A level as a number, for where there is no other.
    LEVEL_VALUE,
    /// A name of the level which says that Python or Monolog wrote the record.
    LEVEL_NAME,
    /// The same as a number.
    PYTHON_LEVEL,
    MESSAGE,
    /// The message of a record whose level is a number of syslog's.
    SHORT_MESSAGE,
    /// What a message without its values stands for, too.
    FORMATTED_MESSAGE,
    /// The message where there is no other.
    MESSAGE_ELSE,
    LOGGER,
    /// The logger where the record is of a library that calls it so.
    LOGGER_OF_SOME,
    /// Says that Bunyan wrote the record.
    BUNYAN,
    THREAD,
    STACK_TRACE,
    /// A stack trace, where it is one.
    EXCEPTION,
    /// An object with its frames as objects.
    THROWABLE,
    EXCEPTION_TYPE,
    EXCEPTION_MESSAGE,
    TRACE_ID,
    SPAN_ID,
    TRACE_FLAGS,
    DECIMAL_TRACE_ID,
    DECIMAL_SPAN_ID,
    /// A path whose last part is the trace id.
    TRACE_PATH,
    /// Objects of which one has the trace context.
    SCOPES,
    /// An object of Rust's tracing, where the record is its.
    TRACING,
    /// An object of Python's loguru, where the record is its.
    LOGURU,
    FUNCTION,
    FILE,
    LINE,
    /// The file of a function that was told before.
    FILE_OF_FUNCTION,
    LINE_OF_FUNCTION,
    LEFT_OUT
  }

  /// What one name is.
  ///
  /// @param role     of its value
  /// @param inside   what the members of its object are; null where that is an attribute
  /// @param prefixed whether the members that are attributes have this name and a dot in front
  record Field(Role role, @Nullable JsonFields inside, boolean prefixed) {
    static final Field ATTRIBUTE = new Field(Role.ATTRIBUTE, null, false);
  }

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /// @param first the name's first eight bytes, where it has so many
  /// @param last  its last eight; up to 16 bytes, both are all of it
  private record Entry(byte[] name, long first, long last, Field field) {
    static Entry of(byte[] name, Field field) {
      boolean isLong = name.length >= Long.BYTES;
      return new Entry(
          name,
          isLong ? (long) LONG.get(name, 0) : 0,
          isLong ? (long) LONG.get(name, name.length - Long.BYTES) : 0,
          field);
    }

    /// @param length the name's own
    boolean is(byte[] text, int offset, int length) {
      byte[] own = name;
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

  private static final Entry[] NONE = {};

  /// Two to four for each name, a power of two.
  private final Entry[][] buckets;

  /// What the elements of an array are whose objects have these members.
  private final Field element = new Field(Role.ATTRIBUTE, this, false);

  private JsonFields(Map<String, Field> fields) {
    buckets = new Entry[Math.max(8, Integer.highestOneBit(4 * fields.size()))][];
    Arrays.fill(buckets, NONE);
    fields.forEach(
        (name, field) -> {
          byte[] bytes = name.getBytes(UTF_8);
          int bucket = bucket(bytes, 0, bytes.length);
          Entry[] longer = Arrays.copyOf(buckets[bucket], buckets[bucket].length + 1);
          longer[longer.length - 1] = Entry.of(bytes, field);
          buckets[bucket] = longer;
        });
  }

  /// Of logstash-logback-encoder.
  static JsonFields logstash() {
    Names names = common();
    names.add(Role.LEVEL, "level");
    return names.fields();
  }

  /// Of all others.
  static JsonFields json() {
    Names names = common();
    names.add(
        Role.TIME,
        "timestamp",
        "Timestamp",
        "time",
        "ts",
        "date",
        "instant",
        "eventTime",
        "timeMillis",
        "asctime");
    names.add(Role.TIME_ELSE, "datetime");
    names.add(Role.EPOCH_SECOND, "instant.epochSecond", "timestampSeconds");
    names.add(Role.NANO_OF_SECOND, "instant.nanoOfSecond", "timestampNanos");
    names.add(Role.NANOSECONDS, "nanoseconds");
    names.add(Role.COMPACT_TIME, "@t");
    names.add(
        Role.LEVEL,
        "level",
        "Level",
        "severity",
        "severity_text",
        "severityText",
        "log.level",
        "lvl",
        "loglevel",
        "log_level",
        "logLevel",
        "LogLevel",
        "@l");
    names.add(Role.LEVEL_NAME, "levelname", "level_name");
    names.add(Role.PYTHON_LEVEL, "levelno");
    names.add(Role.LEVEL, "_level_name", "_Severity");
    names.add(Role.MESSAGE, "msg", "body", "Message", "RenderedMessage", "@m");
    names.add(Role.SHORT_MESSAGE, "short_message");
    names.add(Role.FORMATTED_MESSAGE, "formattedMessage");
    names.add(Role.MESSAGE_ELSE, "text", "event", "@mt", "MessageTemplate");
    names.add(
        Role.LOGGER,
        "logger",
        "log.logger",
        "loggerName",
        "logger.name",
        "Category",
        "SourceContext",
        "_logger",
        "_logger_name",
        "_LoggerName");
    names.add(Role.LOGGER_OF_SOME, "name", "channel", "target");
    names.add(Role.BUNYAN, "v");
    names.add(
        Role.THREAD,
        "thread",
        "process.thread.name",
        "threadName",
        "_thread",
        "_thread_name",
        "_Thread");
    names.add(
        Role.STACK_TRACE,
        "stacktrace",
        "stackTrace",
        "exc_info",
        "exc_text",
        "@x",
        "_stack_trace",
        "_StackTrace");
    names.add(Role.EXCEPTION, "exception", "Exception", "_exception", "stack", "full_message");
    names.add(Role.THROWABLE, "thrown", "throwable");
    names.add(Role.FUNCTION, "log.origin.function", "code.function.name", "funcName");
    names.add(Role.FUNCTION, "source.function");
    names.add(Role.FILE_OF_FUNCTION, "source.file");
    names.add(Role.LINE_OF_FUNCTION, "source.line");
    names.add(Role.FILE, "log.origin.file.name", "code.file.path", "pathname");
    names.add(Role.LINE, "log.origin.file.line", "code.line.number", "lineno");
    for (String of : List.of("error", "err", "exception", "Exception", "thrown", "throwable")) {
      for (String name : List.of("type", "Type", "kind", "class", "className", "name")) {
        names.add(Role.EXCEPTION_TYPE, of + "." + name);
      }
      names.add(Role.EXCEPTION_TYPE, of + ".exception_class", of + ".exc_type");
      for (String name : List.of("message", "Message", "exception_message", "exc_value")) {
        names.add(Role.EXCEPTION_MESSAGE, of + "." + name);
      }
      for (String name :
          List.of(
              "stack",
              "stack_trace",
              "stacktrace",
              "stackTrace",
              "StackTrace",
              "extendedStackTrace")) {
        names.add(Role.STACK_TRACE, of + "." + name);
      }
    }
    names.add(
        Role.TRACE_ID,
        "traceID",
        "traceid",
        "TraceId",
        "@tr",
        "otelTraceID",
        "_trace_id",
        "_traceId");
    names.add(
        Role.SPAN_ID, "spanID", "spanid", "SpanId", "@sp", "otelSpanID", "_span_id", "_spanId");
    names.add(Role.TRACE_PATH, "logging.googleapis.com/trace");
    names.add(Role.SPAN_ID, "logging.googleapis.com/spanId");
    names.addInside(Role.SCOPES, "Scopes", traceContext(), false);
    names.addInside(Role.TRACING, "fields", tracing(), false);
    names.addInside(Role.LOGURU, "record", loguru(), false);
    return names.fields();
  }

  private static Names common() {
    Names names = new Names();
    names.add(Role.TIME, "@timestamp");
    names.add(Role.LEFT_OUT, "@version");
    names.add(Role.LEVEL_VALUE, "level_value");
    names.add(Role.MESSAGE, "message");
    names.add(Role.LOGGER, "logger_name");
    names.add(Role.THREAD, "thread_name");
    names.add(Role.STACK_TRACE, "stack_trace");
    names.add(Role.FUNCTION, "caller_method_name");
    names.add(Role.FILE, "caller_file_name");
    names.add(Role.LINE, "caller_line_number");
    addTraceContext(names);
    names.addInside(Role.ATTRIBUTE, "mdc", traceContext(), false);
    names.addInside(Role.ATTRIBUTE, "contextMap", traceContext(), false);
    return names;
  }

  private static void addTraceContext(Names names) {
    names.add(Role.TRACE_ID, "trace_id", "traceId", "trace.id", "X-B3-TraceId");
    names.add(Role.SPAN_ID, "span_id", "spanId", "span.id", "X-B3-SpanId");
    names.add(Role.TRACE_FLAGS, "trace_flags", "traceFlags");
    names.add(Role.DECIMAL_TRACE_ID, "dd.trace_id");
    names.add(Role.DECIMAL_SPAN_ID, "dd.span_id");
  }

  /// What an entry of the MDC can mean: a name such as `level` has no meaning there.
  private static JsonFields traceContext() {
    Names names = new Names();
    addTraceContext(names);
    names.add(Role.TRACE_ID, "TraceId");
    names.add(Role.SPAN_ID, "SpanId");
    return names.fields();
  }

  /// Members of an event of Rust's tracing.
  private static JsonFields tracing() {
    Names names = new Names();
    addTraceContext(names);
    names.add(Role.MESSAGE, "message");
    names.add(Role.FILE, "log.file");
    names.add(Role.LINE, "log.line");
    return names.fields();
  }

  /// Members of a record of Python's loguru.
  private static JsonFields loguru() {
    Names names = new Names();
    names.add(Role.TIME, "time.repr");
    names.add(Role.LEFT_OUT, "time.timestamp", "level.icon", "level.no", "exception.traceback");
    names.add(Role.LEVEL, "level.name");
    names.add(Role.MESSAGE, "message");
    names.add(Role.LOGGER, "name");
    names.add(Role.FUNCTION, "function");
    names.add(Role.FILE, "file.path");
    names.add(Role.LEFT_OUT, "file.name");
    names.add(Role.LINE, "line");
    names.add(Role.THREAD, "thread.name");
    names.add(Role.ATTRIBUTE, "thread.id", "process.id");
    names.add(Role.EXCEPTION_TYPE, "exception.type");
    names.add(Role.EXCEPTION_MESSAGE, "exception.value");
    names.addInside(Role.ATTRIBUTE, "extra", traceContext(), false);
    return names.fields();
  }

  /// Names with their roles, before the objects among them are known.
  private static final class Names {
    private final Map<String, Role> roles = new LinkedHashMap<>();
    private final Map<String, Field> objects = new LinkedHashMap<>();

    void add(Role role, String... names) {
      for (String name : names) {
        roles.put(name, role);
      }
    }

    void addInside(Role role, String name, JsonFields inside, boolean prefixed) {
      objects.put(name, new Field(role, inside, prefixed));
    }

    /// Each name, and for each that has a dot behind one of its parts the object of that name.
    JsonFields fields() {
      Map<String, Field> fields = new LinkedHashMap<>();
      Map<String, Names> inside = new LinkedHashMap<>();
      roles.forEach(
          (name, role) -> {
            fields.put(name, new Field(role, null, false));
            boolean path = name.indexOf('/') >= 0;
            for (int dot = name.indexOf('.'); dot >= 0 && !path; dot = name.indexOf('.', dot + 1)) {
              inside
                  .computeIfAbsent(name.substring(0, dot), first -> new Names())
                  .add(role, name.substring(dot + 1));
            }
          });
      inside.forEach(
          (name, members) -> {
            Field text = fields.getOrDefault(name, Field.ATTRIBUTE);
            fields.put(name, new Field(text.role, members.fields(), true));
          });
      fields.putAll(objects);
      return new JsonFields(fields);
    }
  }

  Role role(byte[] name, int offset, int length) {
    return field(name, offset, length).role;
  }

  Field field(byte[] name, int offset, int length) {
    for (Entry entry : buckets[bucket(name, offset, length)]) {
      // Asked here: C1 does not put the call in its place.
      if (entry.name.length == length && entry.is(name, offset, length)) {
        return entry.field;
      }
    }
    return Field.ATTRIBUTE;
  }

  Field element() {
    return element;
  }

  private int bucket(byte[] name, int offset, int length) {
    if (length == 0) {
      return 0;
    }
    return (name[offset] * 31 + name[offset + length - 1] * 7 + length) & (buckets.length - 1);
  }
}
