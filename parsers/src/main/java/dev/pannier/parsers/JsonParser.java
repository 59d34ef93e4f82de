package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/// One JSON object (RFC 8259) a record. Reads it once, from left to right, and pushes what it finds
/// as it goes; strings are pushed where they lie unless they have escapes.
final class JsonParser implements LineParser {
  static final int MAX_DEPTH = 32;

  private static final byte[] THREAD = "thread.name".getBytes(US_ASCII);
  private static final byte[] FUNCTION = "code.function.name".getBytes(US_ASCII);
  private static final byte[] FILE = "code.file.path".getBytes(US_ASCII);
  private static final byte[] LINE = "code.line.number".getBytes(US_ASCII);
  private static final byte[] TRUE = "true".getBytes(US_ASCII);
  private static final byte[] FALSE = "false".getBytes(US_ASCII);
  private static final byte[] NULL = "null".getBytes(US_ASCII);

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
  private boolean timeUnreadable;
  private boolean hasTime;
  private boolean hasLevel;

  /// Whether the members at depth 1 are those of the MDC.
  private boolean mdc;

  private boolean hasLogger;
  private boolean hasMessage;
  private boolean hasType;
  private boolean hasExceptionMessage;
  private long levelValue;
  private int levelValueFrom;
  private int levelValueLength;
  private ParseResult failure = ParseResult.NOT_JSON;

  /// The last string: where it lies in [#string].
  private byte[] string = text;

  private int stringFrom;
  private int stringLength;

  /// Keys are kept apart from values: both may have escapes.
  private final JsonEscapes keyEscapes = new JsonEscapes(64);

  private final JsonEscapes valueEscapes = new JsonEscapes(256);
  private final Decimal decimal = new Decimal();
  private long longValue;

  JsonParser(JsonFields fields, ZoneId zone) {
    this.fields = fields;
    time = new IsoTime(zone);
  }

  /// A JSON line never goes on: an exception printed after it is a record of its own.
  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    return Continuations.isThrowable(buffer, offset, length)
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
    timeUnreadable = false;
    hasTime = false;
    hasLevel = false;
    hasLogger = false;
    hasMessage = false;
    hasType = false;
    hasExceptionMessage = false;
    levelValueLength = 0;
    failure = ParseResult.NOT_JSON;
    mdc = false;
    skipBlanks();
    if (at == end || text[at] != '{' || !members(sink, 0)) {
      return failure;
    }
    skipBlanks();
    if (at != end) {
      return ParseResult.NOT_JSON;
    }
    if (!hasMessage) {
      sink.body(buffer, offset, length);
    }
    if (!hasLevel && levelValueLength > 0) {
      sink.severity(Severities.number(levelValue), text, levelValueFrom, levelValueLength);
    }
    return timeUnreadable && !hasTime ? ParseResult.TIME_UNREADABLE : ParseResult.PARSED;
  }

  /// Whether the object that was parsed last has what makes it a log line of its own: a time, and a
  /// message or a level.
  boolean wasLogLine() {
    return hasTime && (hasMessage || hasLevel);
  }

  /// `{ "key": value, … }`, from its brace to behind the closing one.
  private boolean members(RecordSink sink, int depth) {
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
      JsonFields.Role role =
          depth == 0
              ? fields.role(key, keyFrom, keyLength)
              : mdc && depth == 1
                  ? fields.mdcRole(key, keyFrom, keyLength)
                  : JsonFields.Role.ATTRIBUTE;
      if (!value(sink, key, keyFrom, keyLength, role, depth)) {
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

  private boolean elements(RecordSink sink, int depth) {
    at++;
    skipBlanks();
    if (at < end && text[at] == ']') {
      at++;
      return true;
    }
    while (true) {
      skipBlanks();
      if (!value(sink, text, 0, 0, JsonFields.Role.ATTRIBUTE, depth)) {
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
      RecordSink sink, byte[] key, int keyFrom, int keyLength, JsonFields.Role role, int depth) {
    if (at == end) {
      return false;
    }
    byte first = text[at];
    switch (first) {
      case '"' -> {
        return string(false) && text(sink, key, keyFrom, keyLength, role);
      }
      case '{', '[' -> {
        if (depth + 1 >= MAX_DEPTH) {
          failure = ParseResult.TOO_DEEP;
          return false;
        }
        // The inner keys use the scratch in which this key may lie: it is pushed before.
        boolean map = first == '{';
        if (map && role == JsonFields.Role.MDC) {
          mdc = true;
          boolean whole = members(sink, depth + 1);
          mdc = false;
          return whole;
        }
        if (map) {
          sink.beginMap(key, keyFrom, keyLength);
        } else {
          sink.beginArray(key, keyFrom, keyLength);
        }
        boolean whole = map ? members(sink, depth + 1) : elements(sink, depth + 1);
        if (whole) {
          sink.end();
        }
        return whole;
      }
      case 't', 'f' -> {
        boolean value = first == 't';
        if (!word(value ? TRUE : FALSE)) {
          return false;
        }
        if (role != JsonFields.Role.LEFT_OUT) {
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

  private boolean word(byte[] word) {
    if (!Ascii.startsWith(text, at, end, word)) {
      return false;
    }
    at += word.length;
    return true;
  }

  /// A string in a field of its own meaning, else an attribute. An id that is none stays an
  /// attribute, and so does what was found before under another name (`message` and `text`).
  private boolean text(
      RecordSink sink, byte[] key, int keyFrom, int keyLength, JsonFields.Role role) {
    byte[] value = string;
    int from = stringFrom;
    int length = stringLength;
    boolean taken =
        switch (role) {
          case ATTRIBUTE -> false;
          case LEFT_OUT, LEVEL_VALUE -> true;
          case TIME -> !hasTime && time(value, from, length, sink);
          case LEVEL -> {
            if (hasLevel) {
              yield false;
            }
            hasLevel = true;
            sink.severity(Severities.number(value, from, length), value, from, length);
            yield true;
          }
          case MESSAGE -> {
            if (hasMessage) {
              yield false;
            }
            sink.body(value, from, length);
            hasMessage = true;
            yield true;
          }
          case LOGGER -> {
            if (hasLogger) {
              yield false;
            }
            hasLogger = true;
            sink.logger(value, from, length);
            yield true;
          }
          case THREAD -> renamed(sink, THREAD, value, from, length);
          case STACK_TRACE -> {
            Exceptions.push(value, from, length, !hasType, !hasExceptionMessage, sink);
            hasType = true;
            hasExceptionMessage = true;
            yield true;
          }
          case EXCEPTION_TYPE -> {
            boolean first = !hasType;
            hasType = true;
            yield first && renamed(sink, Exceptions.TYPE, value, from, length);
          }
          case EXCEPTION_MESSAGE -> {
            boolean first = !hasExceptionMessage;
            hasExceptionMessage = true;
            yield first && renamed(sink, Exceptions.MESSAGE, value, from, length);
          }
          case TRACE_ID -> TraceIds.trace(value, from, length, sink);
          case SPAN_ID -> TraceIds.span(value, from, length, sink);
          case TRACE_FLAGS -> TraceIds.flags(value, from, length, sink);
          case DECIMAL_TRACE_ID -> TraceIds.decimalTrace(value, from, length, sink);
          case DECIMAL_SPAN_ID -> TraceIds.decimalSpan(value, from, length, sink);
          case FUNCTION -> renamed(sink, FUNCTION, value, from, length);
          case FILE -> renamed(sink, FILE, value, from, length);
          case LINE, MDC -> false;
        };
    if (!taken) {
      sink.attribute(key, keyFrom, keyLength, value, from, length);
    }
    return true;
  }

  private static boolean renamed(RecordSink sink, byte[] name, byte[] value, int from, int length) {
    sink.attribute(name, 0, name.length, value, from, length);
    return true;
  }

  private boolean time(byte[] value, int from, int length, RecordSink sink) {
    long nanos = time.parse(value, from, from + length);
    if (nanos == LocalTime.NONE || time.end() != from + length) {
      return epoch(value, from, length, sink);
    }
    hasTime = true;
    sink.timestamp(nanos);
    return true;
  }

  private boolean number(
      RecordSink sink, byte[] key, int keyFrom, int keyLength, JsonFields.Role role) {
    int from = at;
    NumberKind kind = scanNumber();
    if (kind == null) {
      return false;
    }
    if (role == JsonFields.Role.LEFT_OUT) {
      return true;
    }
    if (role == JsonFields.Role.TIME && !hasTime && epoch(text, from, at - from, sink)) {
      return true;
    }
    if (kind == NumberKind.LONG && meaning(role, from, sink)) {
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
  private boolean meaning(JsonFields.Role role, int from, RecordSink sink) {
    switch (role) {
      case LINE -> sink.attribute(LINE, 0, LINE.length, longValue);
      case LEVEL -> {
        if (hasLevel) {
          return false;
        }
        hasLevel = true;
        sink.severity(Severities.number(longValue), text, from, at - from);
      }
      case LEVEL_VALUE -> {
        levelValue = longValue;
        levelValueFrom = from;
        levelValueLength = at - from;
      }
      case DECIMAL_TRACE_ID -> {
        return TraceIds.decimalTrace(text, from, at - from, sink);
      }
      case DECIMAL_SPAN_ID -> {
        return TraceIds.decimalSpan(text, from, at - from, sink);
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean epoch(byte[] value, int from, int length, RecordSink sink) {
    long nanos =
        decimal.read(value, from, from + length) ? EpochTime.nanos(decimal) : LocalTime.NONE;
    if (nanos == LocalTime.NONE) {
      timeUnreadable = true;
      return false;
    }
    hasTime = true;
    sink.timestamp(nanos);
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
