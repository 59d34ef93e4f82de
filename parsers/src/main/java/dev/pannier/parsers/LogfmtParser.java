package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.ZoneId;
import java.util.Arrays;

/// Pairs of `key=value` as Go's `slog.TextHandler` and logrus write them, behind a time of ISO 8601, or a level with a time or a message
/// somewhere behind it:
///
/// ```
/// time=2026-11-23T14:00:00.123+01:00 level=WARN msg="two\nlines" order=7 customer.name="Ann Lee"
/// ```
///
/// Values have no types there: attributes are texts.
final class LogfmtParser implements LineParser {
  private static final byte[] TIME = "time".getBytes(US_ASCII);
  private static final byte[] TS = "ts".getBytes(US_ASCII);
  private static final byte[] LEVEL = "level".getBytes(US_ASCII);
  private static final byte[] MSG = "msg".getBytes(US_ASCII);
  private static final byte[] MESSAGE = "message".getBytes(US_ASCII);
  private static final byte[] ERR = "err".getBytes(US_ASCII);
  private static final byte[] ERROR = "error".getBytes(US_ASCII);
  private static final byte[] CALLER = "caller".getBytes(US_ASCII);
  private static final byte[] LOGGER = "logger".getBytes(US_ASCII);

  private final IsoTime time;

  private byte[] text = new byte[0];
  private int at;
  private int lineEnd;
  private int recordEnd;
  private boolean hasTime;
  private boolean hasLevel;
  private boolean hasLogger;
  private boolean hasBody;
  private int keyFrom;
  private int keyTo;

  /// The last value, which is `text` or, where it had escapes, `scratch`.
  private byte[] value = text;

  private int valueFrom;
  private int valueTo;
  private byte[] scratch = new byte[256];

  LogfmtParser(ZoneId zone) {
    time = new IsoTime(zone);
  }

  /// Whatever comes behind its time or level: a line that is not whole is no part of the one before.
  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    if (!mayBegin(buffer, offset, length)) {
      return false;
    }
    begin(buffer, offset, offset + length);
    if (!pair()) {
      return false;
    }
    if (!isKey(LEVEL)) {
      return nanos() != LocalTime.NONE && goesOn(true);
    }
    return Severities.number(value, valueFrom, valueTo - valueFrom) > 0 && goesOn(false);
  }

  /// Whether pairs follow, be one cut or broken: one alone may be part of any text.
  ///
  /// @param certain any pair will do; else one has to be of a logger, since a level and settings beside it may be part of any
  ///     text, too
  private boolean goesOn(boolean certain) {
    boolean whole = true;
    while (whole) {
      while (at < lineEnd && text[at] == ' ') {
        at++;
      }
      if (at == lineEnd) {
        return false;
      }
      if (text[at] == '"') {
        return true;
      }
      whole = pair();
      if (keyTo == lineEnd) {
        return isCut(MSG) || isCut(TIME) || isCut(TS) || isCut(LEVEL);
      }
      boolean paired = at > keyTo;
      if (paired && (certain || isLoggers(whole))) {
        return true;
      }
    }
    return false;
  }

  private boolean isLoggers(boolean whole) {
    return isKey(MSG)
        || isKey(MESSAGE)
        || isKey(ERR)
        || isKey(ERROR)
        || isKey(CALLER)
        || isKey(LOGGER)
        || (whole && nanos() != LocalTime.NONE);
  }

  /// Whether the line ends within a key, or right behind it.
  private boolean isCut(byte[] name) {
    int length = lineEnd - keyFrom;
    return length > 0
        && length <= name.length
        && Arrays.equals(text, keyFrom, lineEnd, name, 0, length);
  }

  private void begin(byte[] buffer, int offset, int end) {
    text = buffer;
    at = offset;
    recordEnd = end;
    lineEnd = offset;
    while (lineEnd < end && buffer[lineEnd] != '\n') {
      lineEnd++;
    }
    if (lineEnd > offset && buffer[lineEnd - 1] == '\r') {
      lineEnd--;
    }
  }

  /// Asked of each line that has no other layout.
  private static boolean mayBegin(byte[] buffer, int offset, int length) {
    return length > 6
        && (buffer[offset] == 't' || buffer[offset] == 'l')
        && (buffer[offset + 2] == '=' || buffer[offset + 4] == '=' || buffer[offset + 5] == '=');
  }

  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    if (!startsRecord(buffer, offset, length)) {
      return ParseResult.NO_MATCH;
    }
    at = offset;
    while (at < lineEnd) {
      if (!pair()) {
        return ParseResult.NO_MATCH;
      }
    }
    at = offset;
    hasTime = false;
    hasLevel = false;
    hasLogger = false;
    hasBody = false;
    while (at < lineEnd && pair()) {
      push(sink);
    }
    if (!hasBody) {
      sink.body(buffer, offset, length);
    }
    return ParseResult.PARSED;
  }

  /// A key that comes again is an attribute then.
  private void push(RecordSink sink) {
    int length = valueTo - valueFrom;
    if (!hasBody && isKey(MSG)) {
      hasBody = true;
      body(sink);
    } else if (!hasLevel && isKey(LEVEL)) {
      hasLevel = true;
      sink.severity(Severities.number(value, valueFrom, length), value, valueFrom, length);
    } else if (!hasLogger && isKey(LOGGER)) {
      hasLogger = true;
      sink.logger(value, valueFrom, length);
    } else {
      long nanos = hasTime ? LocalTime.NONE : nanos();
      if (nanos != LocalTime.NONE) {
        hasTime = true;
        sink.timestamp(nanos);
      } else {
        MdcNames.push(text, keyFrom, keyTo - keyFrom, value, valueFrom, length, sink);
      }
    }
  }

  /// With the lines that follow, which have no key.
  private void body(RecordSink sink) {
    int rest = recordEnd - lineEnd;
    int length = valueTo - valueFrom;
    if (rest <= 1) {
      sink.body(value, valueFrom, length);
      return;
    }
    if (scratch.length < length + rest) {
      scratch = new byte[2 * (length + rest)];
    }
    System.arraycopy(value, valueFrom, scratch, 0, length);
    System.arraycopy(text, lineEnd, scratch, length, rest);
    sink.body(scratch, 0, length + rest);
  }

  private boolean isKey(byte[] name) {
    return Arrays.equals(text, keyFrom, keyTo, name, 0, name.length);
  }

  private long nanos() {
    if (!isKey(TIME) && !isKey(TS)) {
      return LocalTime.NONE;
    }
    long nanos = time.parse(value, valueFrom, valueTo);
    return time.end() == valueTo ? nanos : LocalTime.NONE;
  }

  /// Reads the next pair, and the blank behind it.
  private boolean pair() {
    boolean quoted = at < lineEnd && text[at] == '"';
    if (quoted) {
      at++;
    }
    keyFrom = at;
    while (at < lineEnd && (quoted ? text[at] != '"' : text[at] > ' ' || text[at] < 0)) {
      if (!quoted && (text[at] == '=' || text[at] == '"')) {
        break;
      }
      at += quoted && text[at] == '\\' ? 2 : 1;
    }
    keyTo = at;
    if (quoted) {
      at++;
    }
    if (at >= lineEnd || text[at] != '=' || (keyTo == keyFrom && !quoted)) {
      return false;
    }
    at++;
    boolean quote = at < lineEnd && text[at] == '"';
    return (quote ? quoted() : bare()) && blank();
  }

  private boolean blank() {
    if (at == lineEnd) {
      return true;
    }
    return text[at++] == ' ';
  }

  private boolean bare() {
    value = text;
    valueFrom = at;
    while (at < lineEnd && text[at] != ' ' && text[at] != '"') {
      at++;
    }
    valueTo = at;
    return true;
  }

  private boolean quoted() {
    int from = ++at;
    while (at < lineEnd && text[at] != '"' && text[at] != '\\') {
      at++;
    }
    value = text;
    valueFrom = from;
    valueTo = at;
    if (at < lineEnd && text[at] == '\\' && !unescaped(from)) {
      return false;
    }
    return at < lineEnd && text[at++] == '"';
  }

  /// The escapes of Go's `strconv.Quote`; none makes a text longer.
  private boolean unescaped(int from) {
    if (scratch.length < lineEnd - from) {
      scratch = new byte[2 * (lineEnd - from)];
    }
    int length = at - from;
    System.arraycopy(text, from, scratch, 0, length);
    while (at < lineEnd && text[at] != '"') {
      if (text[at] != '\\') {
        scratch[length++] = text[at++];
        continue;
      }
      if (at + 1 >= lineEnd) {
        return false;
      }
      byte escape = text[at + 1];
      int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : escape == 'U' ? 8 : 0;
      int plain = digits > 0 ? hex(at + 2, digits) : plain(escape);
      if (plain < 0) {
        return false;
      }
      at += 2 + digits;
      // A byte that was no part of any character.
      length = utf8(escape == 'x' && plain >= 0x80 ? 0xFFFD : plain, length);
    }
    value = scratch;
    valueFrom = 0;
    valueTo = length;
    return true;
  }

  private static int plain(byte escape) {
    return switch (escape) {
      case '"', '\\', '\'' -> escape;
      case 'a' -> 0x07;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'v' -> 0x0B;
      default -> -1;
    };
  }

  private int hex(int from, int digits) {
    if (from + digits > lineEnd) {
      return -1;
    }
    int number = 0;
    for (int i = from; i < from + digits; i++) {
      int digit = Ascii.hex(text[i]);
      if (digit < 0) {
        return -1;
      }
      number = (number << 4) | digit;
    }
    return number > Character.MAX_CODE_POINT ? -1 : number;
  }

  private int utf8(int character, int length) {
    int c = character >= 0xD800 && character <= 0xDFFF ? 0xFFFD : character;
    int to = length;
    if (c < 0x80) {
      scratch[to++] = (byte) c;
      return to;
    }
    if (c < 0x800) {
      scratch[to++] = (byte) (0xC0 | (c >> 6));
    } else {
      if (c < 0x10000) {
        scratch[to++] = (byte) (0xE0 | (c >> 12));
      } else {
        scratch[to++] = (byte) (0xF0 | (c >> 18));
        scratch[to++] = (byte) (0x80 | ((c >> 12) & 0x3F));
      }
      scratch[to++] = (byte) (0x80 | ((c >> 6) & 0x3F));
    }
    scratch[to++] = (byte) (0x80 | (c & 0x3F));
    return to;
  }
}
