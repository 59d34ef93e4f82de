package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.ZoneId;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One JSON object (RFC 8259) a record. Reads it once, from left to right, and pushes what it finds
/// as it goes; strings are pushed where they lie unless they have escapes.
final class JsonParser implements LineParser {
  static final int MAX_DEPTH = 32;

  /// Below it, whole numbers are doubles.
  private static final long EXACT = 1L << 53;

  /// Powers of ten that are doubles.
  private static final double[] POWERS = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16
  };

  private static final byte[] THREAD = "thread.name".getBytes(US_ASCII);
  private static final byte[] FUNCTION = "code.function.name".getBytes(US_ASCII);
  private static final byte[] FILE = "code.file.path".getBytes(US_ASCII);
  private static final byte[] LINE = "code.line.number".getBytes(US_ASCII);
  private static final byte[] TRUE = "true".getBytes(US_ASCII);
  private static final byte[] FALSE = "false".getBytes(US_ASCII);
  private static final byte[] NULL = "null".getBytes(US_ASCII);

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
  private boolean hasMessage;
  private ParseResult failure = ParseResult.NOT_JSON;

  /// The last string: where it lies in [#string].
  private byte[] string = text;

  private int stringFrom;
  private int stringLength;

  /// Keys are kept apart from values: both may have escapes.
  private byte[] valueScratch = new byte[256];

  private byte[] keyScratch = new byte[64];
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
    hasMessage = false;
    failure = ParseResult.NOT_JSON;
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
    return timeUnreadable ? ParseResult.TIME_UNREADABLE : ParseResult.PARSED;
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
          depth == 0 ? fields.role(key, keyFrom, keyLength) : JsonFields.Role.ATTRIBUTE;
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
  /// attribute.
  private boolean text(
      RecordSink sink, byte[] key, int keyFrom, int keyLength, JsonFields.Role role) {
    byte[] value = string;
    int from = stringFrom;
    int length = stringLength;
    boolean taken =
        switch (role) {
          case ATTRIBUTE -> false;
          case LEFT_OUT -> true;
          case TIME -> time(value, from, length, sink);
          case LEVEL -> {
            sink.severity(Severities.number(value, from, length), value, from, length);
            yield true;
          }
          case MESSAGE -> {
            sink.body(value, from, length);
            hasMessage = true;
            yield true;
          }
          case LOGGER -> {
            sink.logger(value, from, length);
            yield true;
          }
          case THREAD -> renamed(sink, THREAD, value, from, length);
          case STACK_TRACE -> {
            Exceptions.push(value, from, length, sink);
            yield true;
          }
          case EXCEPTION_TYPE -> renamed(sink, Exceptions.TYPE, value, from, length);
          case EXCEPTION_MESSAGE -> renamed(sink, Exceptions.MESSAGE, value, from, length);
          case TRACE_ID -> TraceIds.trace(value, from, length, sink);
          case SPAN_ID -> TraceIds.span(value, from, length, sink);
          case TRACE_FLAGS -> TraceIds.flags(value, from, length, sink);
          case DECIMAL_TRACE_ID -> TraceIds.decimalTrace(value, from, length, sink);
          case DECIMAL_SPAN_ID -> TraceIds.decimalSpan(value, from, length, sink);
          case FUNCTION -> renamed(sink, FUNCTION, value, from, length);
          case FILE -> renamed(sink, FILE, value, from, length);
          case LINE -> false;
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
      timeUnreadable = true;
      return false;
    }
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
    if (role == JsonFields.Role.TIME && kind != NumberKind.TEXT) {
      sink.timestamp(
          kind == NumberKind.LONG ? epochNanos(longValue) : (long) (decimal(from) * 1e9));
      return true;
    }
    if (role == JsonFields.Role.LINE && kind == NumberKind.LONG) {
      sink.attribute(LINE, 0, LINE.length, longValue);
    } else if (role == JsonFields.Role.LEVEL && kind == NumberKind.LONG) {
      sink.severity(0, text, from, at - from);
    } else if (kind == NumberKind.LONG) {
      sink.attribute(key, keyFrom, keyLength, longValue);
    } else if (kind == NumberKind.DOUBLE) {
      sink.attribute(key, keyFrom, keyLength, decimal(from));
    } else {
      sink.attribute(key, keyFrom, keyLength, text, from, at - from);
    }
    return true;
  }

  /// Seconds, milliseconds, microseconds or nanoseconds, by magnitude: each stands for a time
  /// between 1973 and 5138.
  private static long epochNanos(long value) {
    long size = Math.abs(value);
    if (size < 100_000_000_000L) {
      return value * 1_000_000_000L;
    }
    if (size < 100_000_000_000_000L) {
      return value * 1_000_000L;
    }
    return size < 100_000_000_000_000_000L ? value * 1_000L : value;
  }

  /// A quotient of two numbers that a double holds exactly is rounded once, as it has to be; what has
  /// more digits, or an exponent, goes through a string.
  private double decimal(int from) {
    long digits = 0;
    int fraction = -1;
    int first = text[from] == '-' ? from + 1 : from;
    for (int i = first; i < at; i++) {
      if (text[i] == '.') {
        fraction = 0;
      } else if (!Ascii.isDigit(text[i]) || digits >= EXACT / 10 || fraction == POWERS.length - 1) {
        return parsedDecimal(from);
      } else {
        digits = digits * 10 + text[i] - '0';
        fraction += fraction < 0 ? 0 : 1;
      }
    }
    double value = digits / POWERS[Math.max(fraction, 0)];
    return first == from ? value : -value;
  }

  private double parsedDecimal(int from) {
    return Double.parseDouble(new String(text, from, at - from, US_ASCII));
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
      if (value < (Long.MIN_VALUE + digit) / 10) {
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
    byte[] scratch = isKey ? keyScratch : valueScratch;
    int length = 0;
    int copyFrom = from;
    int next = firstEscape;
    while (true) {
      int room = next - copyFrom + 4;
      if (length + room > scratch.length) {
        scratch = Arrays.copyOf(scratch, 2 * (length + room));
        if (isKey) {
          keyScratch = scratch;
        } else {
          valueScratch = scratch;
        }
      }
      System.arraycopy(text, copyFrom, scratch, length, next - copyFrom);
      length += next - copyFrom;
      if (text[next] == '"') {
        at = next + 1;
        string = scratch;
        stringFrom = 0;
        stringLength = length;
        return true;
      }
      if (text[next] != '\\' || next + 1 >= end) {
        return false;
      }
      byte escape = text[next + 1];
      copyFrom = next + 2;
      if (escape == 'u') {
        int unit = unit(next);
        if (unit < 0) {
          return false;
        }
        copyFrom = next + 6;
        int character = unit;
        if (Character.isHighSurrogate((char) unit)
            && copyFrom + 1 < end
            && text[copyFrom] == '\\'
            && text[copyFrom + 1] == 'u') {
          int low = unit(copyFrom);
          if (low >= 0 && Character.isLowSurrogate((char) low)) {
            character = Character.toCodePoint((char) unit, (char) low);
            copyFrom += 6;
          }
        }
        length = utf8(scratch, length, character);
      } else {
        int plain = plain(escape);
        if (plain < 0) {
          return false;
        }
        scratch[length++] = (byte) plain;
      }
      next = Quotes.next(text, copyFrom, end);
      if (next == end) {
        return false;
      }
    }
  }

  private static int plain(byte escape) {
    return switch (escape) {
      case '"', '\\', '/' -> escape;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      default -> -1;
    };
  }

  /// The four digits of the escape that begins at `position`, -1 where they are none.
  private int unit(int position) {
    if (position + 6 > end) {
      return -1;
    }
    int unit = 0;
    for (int i = position + 2; i < position + 6; i++) {
      int digit = Ascii.hex(text[i]);
      if (digit < 0) {
        return -1;
      }
      unit = (unit << 4) | digit;
    }
    return unit;
  }

  /// Half of a surrogate pair alone is no character: U+FFFD.
  private static int utf8(byte[] into, int position, int character) {
    int c = character >= 0xD800 && character <= 0xDFFF ? 0xFFFD : character;
    int next = position;
    if (c < 0x80) {
      into[next++] = (byte) c;
    } else if (c < 0x800) {
      into[next++] = (byte) (0xC0 | (c >> 6));
      into[next++] = (byte) (0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      into[next++] = (byte) (0xE0 | (c >> 12));
      into[next++] = (byte) (0x80 | ((c >> 6) & 0x3F));
      into[next++] = (byte) (0x80 | (c & 0x3F));
    } else {
      into[next++] = (byte) (0xF0 | (c >> 18));
      into[next++] = (byte) (0x80 | ((c >> 12) & 0x3F));
      into[next++] = (byte) (0x80 | ((c >> 6) & 0x3F));
      into[next++] = (byte) (0x80 | (c & 0x3F));
    }
    return next;
  }

  private void skipBlanks() {
    if (at < end && text[at] > ' ') {
      return;
    }
    while (at < end
        && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n')) {
      at++;
    }
  }
}
