package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.ZoneId;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One JSON object (RFC 8259) a record. Reads it once, from left to right, and pushes what it finds
/// as it goes; strings are pushed where they lie unless they have escapes.
final class JsonParser implements LineParser {
  static final int MAX_DEPTH = 32;

  private static final byte[] THREAD = "thread.name".getBytes(US_ASCII);
  private static final byte[] FUNCTION = "code.function.name".getBytes(US_ASCII);
  private static final byte[] FILE = "code.file.path".getBytes(US_ASCII);
  private static final byte[] LINE = "code.line.number".getBytes(US_ASCII);
  private static final byte[] INFORMATION = "Information".getBytes(US_ASCII);

  /// What loguru's records begin with, and what stands behind the fields of tracing's.
  private static final byte[] TEXT = "text".getBytes(US_ASCII);

  private static final byte[] TARGET = "\"target\"".getBytes(US_ASCII);

  private static final byte[] TRUE = "true".getBytes(US_ASCII);
  private static final byte[] FALSE = "false".getBytes(US_ASCII);
  private static final byte[] NULL = "null".getBytes(US_ASCII);

  private static final long NANOS = 1_000_000_000L;
  private static final long LEAST_TENTHS = Long.MIN_VALUE / 10;

  /// A number that does not fit into 64 bits, or has no exact value, keeps its digits.
  private enum NumberKind {
    LONG,
    DOUBLE,
    TEXT
  }

  private final JsonFields fields;
  private final IsoTime time;

  private byte[] text = new byte[0];
  private int at;
  private int end;
  private RecordSink record = Nowhere.SINK;
  private boolean timeUnreadable;
  private boolean hasTime;
  private long nanos;
  private boolean timeIsNumber;
  private long nanoOfSecond;
  private boolean informationElse;
  private boolean hasLevel;
  private boolean hasLogger;
  private boolean hasMessage;
  private boolean hasThread;
  private boolean hasType;
  private boolean hasExceptionMessage;
  private boolean hasStackTrace;
  private boolean hasFunction;

  /// A level that is a number, which counts where no other is named.
  private long levelValue;

  private int levelValueFrom;
  private int levelValueLength;
  private int levelKeyFrom;

  /// -1 where the number is nothing besides.
  private int levelKeyLength;

  private boolean syslogLevel;
  private boolean pythonLevel;

  /// Whether `name`, `channel` and `target` are the logger's.
  private boolean namesLogger;

  private boolean loguru;

  /// What is decided when all is read: where their keys and values lie.
  private int messageElse;

  private int messageElseKey;
  private int messageElseKeyLength;
  private int timeElse;
  private int timeElseKey;
  private int timeElseKeyLength;
  private int loggerElse;
  private int loggerElseKey;
  private int loggerElseKeyLength;
  private ParseResult failure = ParseResult.NOT_JSON;

  /// The last string: where it lies in [#string].
  private byte[] string = text;

  private int stringFrom;
  private int stringLength;

  /// Keys are kept apart from values: both may have escapes.
  private final JsonEscapes keyEscapes = new JsonEscapes(64);

  private final JsonEscapes valueEscapes = new JsonEscapes(256);
  private final JsonThrowable throwable = new JsonThrowable();
  private final Decimal decimal = new Decimal();
  private long longValue;

  /// The names of the objects around a member whose own name they are part of.
  private byte[] path = new byte[64];

  private byte[] joined = new byte[0];

  JsonParser(JsonFields fields, ZoneId zone) {
    this.fields = fields;
    time = new IsoTime(zone);
  }

  /// A JSON line never goes on: an exception printed after it is a record of its own.
  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    return Continuations.isThrowable(buffer, offset, length)
        || Continuations.isTraceback(buffer, offset, length)
        || !Continuations.continues(buffer, offset, length);
  }

  @Override
  public boolean endsRecord(byte[] buffer, int offset, int length) {
    return length > 1 && buffer[offset] == '{' && buffer[offset + length - 1] == '}';
  }

  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    text = buffer;
    at = offset;
    end = offset + length;
    record = sink;
    forget();
    skipBlanks();
    if (at == end || text[at] != '{' || !members(sink, 0, fields, 0)) {
      return failure;
    }
    skipBlanks();
    if (at != end) {
      return ParseResult.NOT_JSON;
    }
    late();
    if (!hasMessage) {
      sink.body(buffer, offset, length);
    }
    if (hasTime) {
      sink.timestamp(nanoOfSecond > 0 ? nanos - nanos % NANOS + nanoOfSecond : nanos);
    }
    return timeUnreadable && !hasTime ? ParseResult.TIME_UNREADABLE : ParseResult.PARSED;
  }

  private void forget() {
    timeUnreadable = false;
    hasTime = false;
    timeIsNumber = false;
    nanoOfSecond = 0;
    informationElse = false;
    hasLevel = false;
    hasLogger = false;
    hasMessage = false;
    hasThread = false;
    hasType = false;
    hasExceptionMessage = false;
    hasStackTrace = false;
    hasFunction = false;
    levelValueLength = 0;
    levelKeyLength = -1;
    syslogLevel = false;
    pythonLevel = false;
    namesLogger = false;
    loguru = false;
    messageElse = -1;
    timeElse = -1;
    loggerElse = -1;
    failure = ParseResult.NOT_JSON;
  }

  /// What only the whole object tells.
  private void late() {
    if (timeElse >= 0) {
      at = timeElse;
      JsonFields.Role role = hasTime ? JsonFields.Role.ATTRIBUTE : JsonFields.Role.TIME;
      if (text[at] == '"') {
        string(false);
        text(record, text, timeElseKey, timeElseKeyLength, role, timeElse);
      } else {
        number(record, text, timeElseKey, timeElseKeyLength, role);
      }
    }
    if (levelValueLength > 0) {
      if (!hasLevel) {
        int number =
            syslogLevel && levelValue >= 0 && levelValue <= 7
                ? Severities.ofSyslog((int) levelValue)
                : pythonLevel ? Severities.ofPython(levelValue) : Severities.number(levelValue);
        record.severity(number, text, levelValueFrom, levelValueLength);
      } else if (levelKeyLength >= 0) {
        record.attribute(text, levelKeyFrom, levelKeyLength, levelValue);
      }
    } else if (!hasLevel && informationElse) {
      record.severity(9, INFORMATION, 0, INFORMATION.length);
    }
    if (messageElse >= 0) {
      at = messageElse;
      string(false);
      if (!hasMessage) {
        hasMessage = true;
        record.body(string, stringFrom, stringLength);
      } else if (!loguru || !exception(string, stringFrom, stringLength)) {
        record.attribute(
            text, messageElseKey, messageElseKeyLength, string, stringFrom, stringLength);
      }
    }
    if (loggerElse >= 0) {
      at = loggerElse;
      string(false);
      if (namesLogger && !hasLogger) {
        record.logger(string, stringFrom, stringLength);
      } else {
        record.attribute(
            text, loggerElseKey, loggerElseKeyLength, string, stringFrom, stringLength);
      }
    }
  }

  /// Whether the object that was parsed last has what makes it a log line of its own: a time, and a
  /// message or a level.
  boolean wasLogLine() {
    return hasTime && (hasMessage || hasLevel || levelValueLength > 0);
  }

  /// `{ "key": value, … }`, from its brace to behind the closing one.
  ///
  /// @param known  what its members are; null where all are attributes
  /// @param prefix how much of [#path] stands before the names of those that are attributes
  private boolean members(RecordSink sink, int depth, @Nullable JsonFields known, int prefix) {
    at++;
    skipBlanks();
    if (at < end && text[at] == '}') {
      at++;
      return true;
    }
    while (true) {
      skipBlanks();
      if (!string(true)) {
        return false;
      }
      byte[] key = string;
      int keyFrom = stringFrom;
      int keyLength = stringLength;
      skipBlanks();
      if (at == end || text[at++] != ':') {
        return false;
      }
      skipBlanks();
      JsonFields.Field field =
          known == null ? JsonFields.Field.ATTRIBUTE : known.field(key, keyFrom, keyLength);
      if (prefix > 0) {
        toPath(prefix, key, keyFrom, keyLength);
        key = path;
        keyFrom = 0;
        keyLength += prefix;
      }
      if (!value(sink, key, keyFrom, keyLength, field, depth)) {
        return false;
      }
      skipBlanks();
      if (at == end) {
        return false;
      }
      byte next = text[at++];
      if (next == '}') {
        return true;
      }
      if (next != ',') {
        return false;
      }
    }
  }

  private void toPath(int position, byte[] name, int from, int length) {
    if (path.length < position + length + 1) {
      path = Arrays.copyOf(path, 2 * (position + length + 1));
    }
    System.arraycopy(name, from, path, position, length);
  }

  private boolean elements(RecordSink sink, int depth, JsonFields.Field each) {
    at++;
    skipBlanks();
    if (at < end && text[at] == ']') {
      at++;
      return true;
    }
    while (true) {
      skipBlanks();
      if (!value(sink, text, 0, 0, each, depth)) {
        return false;
      }
      skipBlanks();
      if (at == end) {
        return false;
      }
      byte next = text[at++];
      if (next == ']') {
        return true;
      }
      if (next != ',') {
        return false;
      }
    }
  }

  private boolean value(
      RecordSink sink, byte[] key, int keyFrom, int keyLength, JsonFields.Field field, int depth) {
    if (at == end) {
      return false;
    }
    JsonFields.Role role = field.role();
    byte first = text[at];
    switch (first) {
      case '"' -> {
        int from = at;
        return string(false) && text(sink, key, keyFrom, keyLength, role, from);
      }
      case '{' -> {
        return tooDeep(depth) ? false : map(sink, key, keyFrom, keyLength, field, depth + 1);
      }
      case '[' -> {
        return tooDeep(depth) ? false : array(sink, key, keyFrom, keyLength, field, depth + 1);
      }
      case 't', 'f' -> {
        int from = at;
        boolean value = first == 't';
        if (!word(value ? TRUE : FALSE)) {
          return false;
        }
        if (role == JsonFields.Role.MESSAGE && !hasMessage) {
          hasMessage = true;
          record.body(text, from, at - from);
        } else if (role != JsonFields.Role.LEFT_OUT) {
          sink.attribute(key, keyFrom, keyLength, value);
        }
        return true;
      }
      case 'n' -> {
        return word(NULL);
      }
      default -> {
        return number(sink, key, keyFrom, keyLength, role);
      }
    }
  }

  private boolean tooDeep(int depth) {
    boolean deep = depth + 1 >= MAX_DEPTH;
    if (deep) {
      failure = ParseResult.TOO_DEEP;
    }
    return deep;
  }

  private boolean map(
      RecordSink sink, byte[] key, int keyFrom, int keyLength, JsonFields.Field field, int depth) {
    JsonFields inside = field.inside();
    if (inside == null || !isOfItsLibrary(field.role(), key, depth)) {
      // The inner keys use the scratch in which this key may lie: it is pushed before.
      sink.beginMap(key, keyFrom, keyLength);
      boolean whole = members(sink, depth, null, 0);
      if (whole) {
        sink.end();
      }
      return whole;
    }
    // A key with escapes does not outlive what is read ahead.
    if (field.role() == JsonFields.Role.THROWABLE && key == text && throwable(depth)) {
      return true;
    }
    namesLogger |= field.role() == JsonFields.Role.TRACING;
    loguru |= field.role() == JsonFields.Role.LOGURU;
    int prefix = 0;
    if (field.prefixed()) {
      toPath(0, key, keyFrom, keyLength);
      path[keyLength] = '.';
      prefix = keyLength + 1;
    }
    return members(sink, depth, inside, prefix);
  }

  /// Whether an object whose name is a common one is what a library makes of it.
  private boolean isOfItsLibrary(JsonFields.Role role, byte[] key, int depth) {
    return switch (role) {
      case LOGURU ->
          messageElse >= 0
              && Arrays.equals(
                  text, messageElseKey, messageElseKey + messageElseKeyLength, TEXT, 0, TEXT.length)
              && isNothingElseKnown();
      case TRACING ->
          hasLevel && !hasMessage && messageElse < 0 && key == text && isBeforeTarget(depth);
      default -> true;
    };
  }

  /// Whether the record has said no more than a message for where there is no other.
  private boolean isNothingElseKnown() {
    return !hasMessage && !hasTime && !hasLevel && levelValueLength == 0 && !hasLogger;
  }

  /// Whether the member behind the object that begins here is `target`; nothing is read.
  private boolean isBeforeTarget(int depth) {
    int from = at;
    boolean before = false;
    if (members(Nowhere.SINK, depth, null, 0)) {
      skipBlanks();
      if (at < end && text[at] == ',') {
        at++;
        skipBlanks();
        before = Ascii.startsWith(text, at, end, TARGET);
      }
    }
    at = from;
    return before;
  }

  /// Takes an object that can be printed for the exception.
  ///
  /// @return false where nothing was read
  private boolean throwable(int depth) {
    int from = at;
    if (!hasType
        && !hasStackTrace
        && members(Nowhere.SINK, depth, null, 0)
        && throwable.print(text, from, at)
        && stackTrace(throwable.printed(), 0, throwable.length())) {
      return true;
    }
    at = from;
    return false;
  }

  private boolean array(
      RecordSink sink, byte[] key, int keyFrom, int keyLength, JsonFields.Field field, int depth) {
    int from = at;
    JsonFields.Role role = field.role();
    boolean mayBeLines = role == JsonFields.Role.STACK_TRACE || role == JsonFields.Role.EXCEPTION;
    if (mayBeLines && joinStrings()) {
      return text(sink, key, keyFrom, keyLength, role, from);
    }
    boolean mayTell = role == JsonFields.Role.SCOPES || role == JsonFields.Role.EXCEPTION;
    JsonFields inside = field.inside();
    if (mayTell && inside != null && key == text) {
      // What its objects tell of the record is taken out of them; as an array they stay whole.
      if (!elements(Nowhere.SINK, depth, inside.element())) {
        return false;
      }
      at = from;
    }
    sink.beginArray(key, keyFrom, keyLength);
    boolean whole = elements(sink, depth, JsonFields.Field.ATTRIBUTE);
    if (whole) {
      sink.end();
    }
    return whole;
  }

  /// Takes an array of strings for the lines of one.
  ///
  /// @return false where it is another, and nothing was read
  private boolean joinStrings() {
    int from = at;
    int length = 0;
    byte next;
    do {
      at++;
      skipBlanks();
      if (!string(false)) {
        at = from;
        return false;
      }
      if (joined.length < length + stringLength + 1) {
        joined = Arrays.copyOf(joined, 2 * (length + stringLength + 1));
      }
      if (length > 0 && joined[length - 1] != '\n') {
        joined[length++] = '\n';
      }
      System.arraycopy(string, stringFrom, joined, length, stringLength);
      length += stringLength;
      skipBlanks();
      next = at < end ? text[at] : 0;
    } while (next == ',');
    if (next != ']') {
      at = from;
      return false;
    }
    at++;
    string = joined;
    stringFrom = 0;
    stringLength = length;
    return true;
  }

  private boolean word(byte[] word) {
    if (!Ascii.startsWith(text, at, end, word)) {
      return false;
    }
    at += word.length;
    return true;
  }

  /// A string in a field of its own meaning, else an attribute. An id that is none stays an
  /// attribute, and so does what was found before under another name (`message` and `msg`).
  ///
  /// @param valueFrom where the string begins, with its quote
  private boolean text(
      RecordSink sink,
      byte[] key,
      int keyFrom,
      int keyLength,
      JsonFields.Role role,
      int valueFrom) {
    if (role == JsonFields.Role.LEFT_OUT || role == JsonFields.Role.LEVEL_VALUE) {
      return true;
    }
    if (role != JsonFields.Role.ATTRIBUTE && isTaken(role, key, keyFrom, keyLength, valueFrom)) {
      return true;
    }
    sink.attribute(key, keyFrom, keyLength, string, stringFrom, stringLength);
    return true;
  }

  private boolean isTaken(
      JsonFields.Role role, byte[] key, int keyFrom, int keyLength, int valueFrom) {
    byte[] value = string;
    int from = stringFrom;
    int length = stringLength;
    return switch (role) {
      case TIME -> !hasTime && time(value, from, length);
      case LEVEL -> severity(value, from, length);
      case MESSAGE -> message(value, from, length);
      case LOGGER -> {
        if (hasLogger) {
          yield false;
        }
        hasLogger = true;
        record.logger(value, from, length);
        yield true;
      }
      case THREAD -> {
        boolean first = !hasThread;
        hasThread = true;
        yield first && renamed(THREAD, value, from, length);
      }
      case TRACE_ID -> TraceIds.trace(value, from, length, record);
      case SPAN_ID -> TraceIds.span(value, from, length, record);
      default -> isRareTaken(role, key, keyFrom, keyLength, valueFrom);
    };
  }

  private boolean severity(byte[] value, int from, int length) {
    if (hasLevel) {
      return false;
    }
    hasLevel = true;
    record.severity(Severities.number(value, from, length), value, from, length);
    return true;
  }

  private boolean message(byte[] value, int from, int length) {
    if (hasMessage) {
      return false;
    }
    record.body(value, from, length);
    hasMessage = true;
    return true;
  }

  /// Apart from those that most lines have: C1 compares with one after the other.
  private boolean isRareTaken(
      JsonFields.Role role, byte[] key, int keyFrom, int keyLength, int valueFrom) {
    byte[] value = string;
    int from = stringFrom;
    int length = stringLength;
    return switch (role) {
      case STACK_TRACE -> stackTrace(value, from, length);
      case EXCEPTION -> {
        int trace = StackTraces.find(value, from, from + length);
        if (trace < 0 || !stackTrace(value, trace, from + length - trace)) {
          yield false;
        }
        if (trace > from) {
          record.attribute(key, keyFrom, keyLength, value, from, trace - from);
        }
        yield true;
      }
      case EXCEPTION_TYPE -> {
        boolean first = !hasType;
        hasType = true;
        yield first && renamed(Exceptions.TYPE, value, from, length);
      }
      case EXCEPTION_MESSAGE -> {
        boolean first = !hasExceptionMessage;
        hasExceptionMessage = true;
        yield first && renamed(Exceptions.MESSAGE, value, from, length);
      }
      case COMPACT_TIME -> {
        informationElse = true;
        yield !hasTime && time(value, from, length);
      }
      case LEVEL_NAME -> {
        namesLogger = true;
        yield severity(value, from, length);
      }
      case SHORT_MESSAGE -> {
        syslogLevel = true;
        yield message(value, from, length);
      }
      case FORMATTED_MESSAGE -> {
        record.body(value, from, length);
        hasMessage = true;
        yield true;
      }
      case TIME_ELSE -> isTimeElse(key, keyFrom, keyLength, valueFrom);
      case MESSAGE_ELSE -> {
        if (hasMessage || messageElse >= 0 || key != text) {
          yield false;
        }
        messageElse = valueFrom;
        messageElseKey = keyFrom;
        messageElseKeyLength = keyLength;
        yield true;
      }
      case LOGGER_OF_SOME -> {
        if (hasLogger || loggerElse >= 0 || key != text) {
          yield false;
        }
        loggerElse = valueFrom;
        loggerElseKey = keyFrom;
        loggerElseKeyLength = keyLength;
        yield true;
      }
      case TRACE_FLAGS -> TraceIds.flags(value, from, length, record);
      case DECIMAL_TRACE_ID -> TraceIds.decimalTrace(value, from, length, record);
      case DECIMAL_SPAN_ID -> TraceIds.decimalSpan(value, from, length, record);
      case TRACE_PATH -> {
        int last = from + length;
        while (last > from && value[last - 1] != '/') {
          last--;
        }
        yield TraceIds.trace(value, last, from + length - last, record);
      }
      case FUNCTION -> {
        hasFunction = true;
        yield renamed(FUNCTION, value, from, length);
      }
      case FILE -> renamed(FILE, value, from, length);
      case FILE_OF_FUNCTION -> hasFunction && renamed(FILE, value, from, length);
      default -> false;
    };
  }

  private boolean isTimeElse(byte[] key, int keyFrom, int keyLength, int valueFrom) {
    if (timeElse >= 0 || hasTime || key != text) {
      return false;
    }
    timeElse = valueFrom;
    timeElseKey = keyFrom;
    timeElseKeyLength = keyLength;
    return true;
  }

  /// @return false where there was one already
  private boolean stackTrace(byte[] value, int from, int length) {
    if (hasStackTrace) {
      return false;
    }
    hasStackTrace = length > 0;
    int found = Exceptions.push(value, from, length, !hasType, !hasExceptionMessage, record);
    hasType |= (found & Exceptions.HAS_TYPE) != 0;
    // A message that another field tells is that of a type which it tells, too.
    hasExceptionMessage |= (found & Exceptions.HAS_MESSAGE) != 0;
    return true;
  }

  /// Of a formatted message: the exception that is printed behind it.
  private boolean exception(byte[] value, int from, int length) {
    int trace = StackTraces.find(value, from, from + length);
    return trace < 0 || stackTrace(value, trace, from + length - trace);
  }

  private boolean renamed(byte[] name, byte[] value, int from, int length) {
    record.attribute(name, 0, name.length, value, from, length);
    return true;
  }

  private boolean time(byte[] value, int from, int length) {
    long read = time.parse(value, from, from + length);
    if (read == LocalTime.NONE || time.end() != from + length) {
      return epoch(value, from, length);
    }
    hasTime = true;
    nanos = read;
    return true;
  }

  private boolean number(
      RecordSink sink, byte[] key, int keyFrom, int keyLength, JsonFields.Role role) {
    int from = at;
    NumberKind kind = scanNumber();
    if (kind == null) {
      return false;
    }
    if (role != JsonFields.Role.ATTRIBUTE && isTaken(role, kind, key, keyFrom, keyLength, from)) {
      return true;
    }
    switch (kind) {
      case LONG -> sink.attribute(key, keyFrom, keyLength, longValue);
      case DOUBLE -> {
        decimal.read(text, from, at);
        double value = decimal.toDouble();
        if (Double.isInfinite(value)) {
          // Larger than any double: its digits say more.
          sink.attribute(key, keyFrom, keyLength, text, from, at - from);
        } else {
          sink.attribute(key, keyFrom, keyLength, value);
        }
      }
      case TEXT -> sink.attribute(key, keyFrom, keyLength, text, from, at - from);
    }
    return true;
  }

  /// @return whether the number was taken for what the field means
  private boolean isTaken(
      JsonFields.Role role, NumberKind kind, byte[] key, int keyFrom, int keyLength, int from) {
    boolean whole = kind == NumberKind.LONG;
    return switch (role) {
      case LEVEL, PYTHON_LEVEL, LEVEL_VALUE -> level(role, whole, key, keyFrom, keyLength, from);
      case COMPACT_TIME, TIME -> !hasTime && epoch(text, from, at - from);
      case LEFT_OUT -> true;
      case EPOCH_SECOND -> {
        if (!whole || hasTime || longValue <= 0 || longValue > Long.MAX_VALUE / NANOS - 1) {
          yield false;
        }
        hasTime = true;
        nanos = longValue * NANOS;
        yield true;
      }
      case NANO_OF_SECOND -> {
        if (!whole || longValue < 0 || longValue >= NANOS) {
          yield false;
        }
        nanoOfSecond = longValue;
        yield true;
      }
      case NANOSECONDS -> {
        if (!whole
            || !hasTime
            || !timeIsNumber
            || longValue < 0
            || longValue >= NANOS
            || longValue / 1_000_000 != nanos % NANOS / 1_000_000) {
          yield false;
        }
        nanoOfSecond = longValue;
        yield true;
      }
      case MESSAGE, SHORT_MESSAGE -> {
        if (hasMessage) {
          yield false;
        }
        hasMessage = true;
        record.body(text, from, at - from);
        yield true;
      }
      case TIME_ELSE -> isTimeElse(key, keyFrom, keyLength, from);
      case LINE, LINE_OF_FUNCTION -> {
        if (role == JsonFields.Role.LINE_OF_FUNCTION && !hasFunction) {
          yield false;
        }
        if (whole) {
          record.attribute(LINE, 0, LINE.length, longValue);
        }
        yield whole;
      }
      case BUNYAN -> {
        namesLogger |= whole && longValue == 0;
        yield false;
      }
      case TRACE_FLAGS -> {
        boolean flags = whole && longValue >= 0 && longValue <= 0xFF;
        if (flags) {
          record.traceFlags((int) longValue);
        }
        yield flags;
      }
      case DECIMAL_TRACE_ID -> TraceIds.decimalTrace(text, from, at - from, record);
      case DECIMAL_SPAN_ID -> TraceIds.decimalSpan(text, from, at - from, record);
      default -> false;
    };
  }

  private boolean level(
      JsonFields.Role role, boolean whole, byte[] key, int keyFrom, int keyLength, int from) {
    if (!whole) {
      return false;
    }
    if (role == JsonFields.Role.PYTHON_LEVEL) {
      namesLogger = true;
    }
    if (levelValueLength > 0) {
      return role != JsonFields.Role.LEVEL;
    }
    levelValue = longValue;
    levelValueFrom = from;
    levelValueLength = at - from;
    pythonLevel = role == JsonFields.Role.PYTHON_LEVEL;
    if (role == JsonFields.Role.LEVEL && key == text) {
      levelKeyFrom = keyFrom;
      levelKeyLength = keyLength;
    }
    return true;
  }

  private boolean epoch(byte[] value, int from, int length) {
    long read =
        decimal.read(value, from, from + length) ? EpochTime.nanos(decimal) : LocalTime.NONE;
    if (read == LocalTime.NONE) {
      timeUnreadable = true;
      return false;
    }
    hasTime = true;
    timeIsNumber = true;
    nanos = read;
    return true;
  }

  private @Nullable NumberKind scanNumber() {
    boolean negative = at < end && text[at] == '-';
    if (negative) {
      at++;
    }
    int digitsFrom = at;
    long value = 0;
    boolean fits = true;
    while (at < end && Ascii.isDigit(text[at])) {
      int digit = text[at++] - '0';
      if (value <= LEAST_TENTHS && (value < LEAST_TENTHS || value * 10 < Long.MIN_VALUE + digit)) {
        fits = false;
      }
      value = value * 10 - digit;
    }
    int digits = at - digitsFrom;
    if (digits == 0 || (digits > 1 && text[digitsFrom] == '0')) {
      return null;
    }
    boolean fraction = false;
    if (at < end && text[at] == '.') {
      fraction = true;
      at++;
      if (!skipDigits()) {
        return null;
      }
    }
    if (at < end && (text[at] | 0x20) == 'e') {
      fraction = true;
      at++;
      if (at < end && (text[at] == '+' || text[at] == '-')) {
        at++;
      }
      if (!skipDigits()) {
        return null;
      }
    }
    if (fraction) {
      return NumberKind.DOUBLE;
    }
    if (!fits || (!negative && value == Long.MIN_VALUE)) {
      return NumberKind.TEXT;
    }
    longValue = negative ? value : -value;
    return NumberKind.LONG;
  }

  private boolean skipDigits() {
    int from = at;
    while (at < end && Ascii.isDigit(text[at])) {
      at++;
    }
    return at > from;
  }

  /// Reads a string; without escapes it is left where it lies.
  private boolean string(boolean isKey) {
    if (at == end || text[at] != '"') {
      return false;
    }
    int from = ++at;
    int to = Quotes.next(text, from, end);
    if (to == end) {
      return false;
    }
    if (text[to] == '"') {
      at = to + 1;
      string = text;
      stringFrom = from;
      stringLength = to - from;
      return true;
    }
    return text[to] == '\\' && unescaped(from, to, isKey);
  }

  private boolean unescaped(int from, int firstEscape, boolean isKey) {
    JsonEscapes escapes = isKey ? keyEscapes : valueEscapes;
    int after = escapes.read(text, from, firstEscape, end);
    if (after < 0) {
      return false;
    }
    at = after;
    string = escapes.bytes();
    stringFrom = 0;
    stringLength = escapes.length();
    return true;
  }

  /// Short, so that C1 puts it where it is called; mostly there are none.
  private void skipBlanks() {
    if (at < end && text[at] <= ' ') {
      skipAllBlanks();
    }
  }

  private void skipAllBlanks() {
    while (at < end
        && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n')) {
      at++;
    }
  }
}
