package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// Lines that go on with the record before them whatever its format: indented ones, and those of a
/// printed exception that are not indented, as the JVM, .NET, Node, Python, Go, Rust and PHP print
/// it.
final class Continuations {
  static final byte[] GROUP = "  + Exception Group Traceback ".getBytes(US_ASCII);

  private static final byte[] DURING =
      "During handling of the above exception, another exception occurred:".getBytes(US_ASCII);
  private static final byte[] DIRECT_CAUSE =
      "The above exception was the direct cause of the following exception:".getBytes(US_ASCII);

  /// The beginnings of lines that are nothing else.
  private static final byte[][] STARTS = {
    "Caused by: ".getBytes(US_ASCII),
    "Suppressed: ".getBytes(US_ASCII),
    "Wrapped by: ".getBytes(US_ASCII),
    "--- End of ".getBytes(US_ASCII),
    DURING,
    DIRECT_CAUSE,
    "Stack trace:".getBytes(US_ASCII),
    "stack backtrace:".getBytes(US_ASCII),
    "note: run with `RUST_BACKTRACE".getBytes(US_ASCII),
    "note: Some details are omitted".getBytes(US_ASCII)
  };

  private static final byte[] GOROUTINE = "goroutine ".getBytes(US_ASCII);
  private static final byte[] PANIC = "panic: ".getBytes(US_ASCII);
  private static final byte[] PANIC_CALL = "panic(".getBytes(US_ASCII);
  private static final byte[] SIGNAL = "[signal ".getBytes(US_ASCII);
  private static final byte[] MORE = "... ".getBytes(US_ASCII);
  private static final byte[] CREATED_BY = "created by ".getBytes(US_ASCII);
  private static final byte[] PHP_TRACE = "Stack trace:".getBytes(US_ASCII);
  private static final byte[] PHP_MAIN = " {main}".getBytes(US_ASCII);
  private static final byte[] PHP_INTERNAL = " [internal function]: ".getBytes(US_ASCII);
  private static final byte[] PHP_PLACE_END = "): ".getBytes(US_ASCII);
  private static final byte[] LOGURU_FRAME = "> File ".getBytes(US_ASCII);

  /// A traceback is looked for over no more blank lines than this.
  private static final int MAX_BLANK_LINES = 64;

  private static final byte[] FILE_URL = "file:".getBytes(US_ASCII);
  private static final byte[] NODE_URL = "node:".getBytes(US_ASCII);
  private static final byte[] NODE = "Node.js v".getBytes(US_ASCII);
  private static final byte[][] THROWABLE_ENDS = {
    "Exception".getBytes(US_ASCII), "Error".getBytes(US_ASCII), "Throwable".getBytes(US_ASCII)
  };

  private Continuations() {}

  static boolean continues(byte[] buffer, int offset, int length) {
    if (length == 0) {
      return false;
    }
    byte first = buffer[offset];
    if (isIndented(first)) {
      return true;
    }
    if (!mayContinue(first)) {
      return false;
    }
    int end = offset + length;
    for (byte[] start : STARTS) {
      if (first == start[0] && Ascii.startsWith(buffer, offset, end, start)) {
        return true;
      }
    }
    if (isClosing(first)) {
      return isClosing(buffer, offset, end);
    }
    return isTraceback(buffer, offset, length)
        || isGoroutine(buffer, offset, end)
        || isThrowable(buffer, offset, length);
  }

  /// Whether a line begins a Python traceback.
  static boolean isTraceback(byte[] buffer, int offset, int length) {
    return Ascii.startsWith(buffer, offset, offset + length, Exceptions.TRACEBACK);
  }

  /// `goroutine 1 [running]:`
  static boolean isGoroutine(byte[] buffer, int offset, int end) {
    int at = offset + GOROUTINE.length;
    return at < end
        && Ascii.startsWith(buffer, offset, end, GOROUTINE)
        && Ascii.isDigit(buffer[at])
        && buffer[end - 1] == ':'
        && buffer[end - 2] == ']';
  }

  /// `#0 /app/index.php(3): work()`, `#1 [internal function]: run()` or `#2 {main}`
  private static boolean isNumbered(byte[] buffer, int offset, int end) {
    int at = offset + 1;
    while (at < end && Ascii.isDigit(buffer[at])) {
      at++;
    }
    return at > offset + 1
        && at < end
        && buffer[offset] == '#'
        && buffer[at] == ' '
        && (Ascii.startsWith(buffer, at, end, PHP_MAIN)
            || Ascii.startsWith(buffer, at, end, PHP_INTERNAL)
            || Ascii.indexOf(buffer, at, end, PHP_PLACE_END) >= 0);
  }

  /// The last line of what was opened before: `}` or `});`.
  private static boolean isClosing(byte[] buffer, int offset, int end) {
    int at = offset;
    while (at < end && (isClosing(buffer[at]) || buffer[at] == ',' || buffer[at] == ';')) {
      at++;
    }
    return at == end;
  }

  private static boolean isClosing(byte b) {
    return b == '}' || b == ']' || b == ')';
  }

  /// Whether a line that begins a record by itself goes on with the printed exception with which
  /// the record before it ends: a blank line inside, the last line of a traceback, a goroutine's
  /// call, a panic's message.
  ///
  /// @param record where the record before it begins; its lines are all before `line`
  static boolean continues(byte[] buffer, int record, int line, int length) {
    int before = lineBefore(buffer, record, line);
    if (before < 0) {
      return false;
    }
    int beforeEnd = withoutLineEnd(buffer, before, line);
    if (length == 0) {
      return blankContinues(buffer, record, before, beforeEnd);
    }
    int end = line + length;
    if (before == beforeEnd) {
      int earlier = lineBefore(buffer, record, before);
      return earlier >= 0
          && behindBlank(
              buffer, record, earlier, withoutLineEnd(buffer, earlier, before), line, end);
    }
    if (isIndented(buffer[before])) {
      boolean afterGo = isGoFrame(buffer, before, beforeEnd);
      return (afterGo && isGoCall(buffer, line, end))
          || (isName(buffer, line, end) && isInTraceback(buffer, record, before));
    }
    return (isGoroutine(buffer, before, beforeEnd) && isGoCall(buffer, line, end))
        || (Ascii.startsWith(buffer, line, end, SIGNAL)
            && Ascii.startsWith(buffer, before, beforeEnd, PANIC))
        || (isPanicHead(buffer, before, beforeEnd) && !isLogged(buffer, line, end))
        || (isNumbered(buffer, line, end)
            && (isNumbered(buffer, before, beforeEnd)
                || Ascii.startsWith(buffer, before, beforeEnd, PHP_TRACE)))
        || isNodeSource(buffer, record, before, beforeEnd, line, end);
  }

  /// Behind `/app/index.js:12` as a record's first line, the line of the source, and the mark below
  /// it.
  private static boolean isNodeSource(
      byte[] buffer, int record, int before, int beforeEnd, int line, int end) {
    if (before == record) {
      return isNodePlace(buffer, before, beforeEnd) && !isLogged(buffer, line, end);
    }
    return isCarets(buffer, line, end)
        && lineBefore(buffer, record, before) == record
        && isNodePlace(buffer, record, withoutLineEnd(buffer, record, before));
  }

  /// `main.work(...)`, `panic({0x1, 0x2})` or `created by main.main in goroutine 1`
  private static boolean isGoCall(byte[] buffer, int line, int end) {
    if (Ascii.startsWith(buffer, line, end, CREATED_BY)) {
      return true;
    }
    if (buffer[end - 1] != ')' || !isNameStart(buffer[line])) {
      return false;
    }
    boolean dotted = false;
    int at = line;
    while (at < end && buffer[at] != ' ' && buffer[at] != '(') {
      dotted |= buffer[at++] == '.';
    }
    return at < end
        && buffer[at] == '('
        && (dotted || Ascii.startsWith(buffer, line, end, PANIC_CALL));
  }

  private static boolean blankContinues(byte[] buffer, int record, int before, int beforeEnd) {
    if (before == beforeEnd) {
      return false;
    }
    if (isIndented(buffer[before])) {
      return Exceptions.isFrame(buffer, before, beforeEnd)
          || isMore(buffer, before, beforeEnd)
          || isGoFrame(buffer, before, beforeEnd)
          || Ascii.startsWith(buffer, before + 1, beforeEnd, PANIC)
          || isCarets(buffer, before, beforeEnd)
          || isInTraceback(buffer, record, before)
          || isGroupEnd(buffer, before, beforeEnd);
    }
    int earlier = lineBefore(buffer, record, before);
    return isChain(buffer, before, beforeEnd)
        || isTraceback(buffer, before, beforeEnd - before)
        || Ascii.startsWith(buffer, before, beforeEnd, PANIC)
        || Ascii.startsWith(buffer, before, beforeEnd, Exceptions.FATAL)
        || Ascii.startsWith(buffer, before, beforeEnd, SIGNAL)
        || isCarets(buffer, before, beforeEnd)
        || (isClosing(buffer[before]) && earlier >= 0)
        || (isName(buffer, before, beforeEnd)
            && earlier >= 0
            && isInTraceback(buffer, record, earlier));
  }

  /// What stands behind a blank line that continued.
  private static boolean behindBlank(
      byte[] buffer, int record, int before, int beforeEnd, int line, int end) {
    if (before == beforeEnd) {
      return false;
    }
    if (isChain(buffer, before, beforeEnd)) {
      return isTraceback(buffer, line, end - line);
    }
    if (Ascii.startsWith(buffer, line, end, LOGURU_FRAME)) {
      return isTraceback(buffer, before, beforeEnd - before)
          || isInTraceback(buffer, record, before);
    }
    if (isCarets(buffer, before, beforeEnd)) {
      return Exceptions.gap(buffer, Exceptions.nameEnd(buffer, line, end), end) >= 0;
    }
    return Ascii.startsWith(buffer, line, end, NODE)
        || (isName(buffer, line, end)
            && isIndented(buffer[before])
            && isInTraceback(buffer, record, before));
  }

  /// Whether the lines up to this one, which is indented, are a traceback's frames.
  private static boolean isInTraceback(byte[] buffer, int record, int line) {
    int blank = 0;
    for (int at = line; at >= 0 && blank < MAX_BLANK_LINES; at = lineBefore(buffer, record, at)) {
      byte first = buffer[at];
      if (first == '\n' || first == '\r') {
        blank++;
      } else if (!isIndented(first) && first != '>') {
        return Ascii.startsWith(buffer, at, line, Exceptions.TRACEBACK);
      }
    }
    return false;
  }

  /// `mod.Error: message`, or the name alone.
  private static boolean isName(byte[] buffer, int line, int end) {
    int nameEnd = Exceptions.nameEnd(buffer, line, end);
    return nameEnd > line && Exceptions.gap(buffer, nameEnd, end) >= 0;
  }

  private static boolean isChain(byte[] buffer, int line, int end) {
    return Ascii.startsWith(buffer, line, end, DURING)
        || Ascii.startsWith(buffer, line, end, DIRECT_CAUSE);
  }

  /// `\t... 12 more`
  private static boolean isMore(byte[] buffer, int line, int end) {
    int at = line;
    while (at < end && isIndented(buffer[at])) {
      at++;
    }
    return Ascii.startsWith(buffer, at, end, MORE);
  }

  /// A group's last line: `  +----`.
  private static boolean isGroupEnd(byte[] buffer, int line, int end) {
    int at = line;
    while (at < end && isIndented(buffer[at])) {
      at++;
    }
    return at + 1 < end && buffer[at] == '+' && buffer[at + 1] == '-' && buffer[end - 1] == '-';
  }

  /// `\t/app/main.go:8 +0x1d`
  private static boolean isGoFrame(byte[] buffer, int line, int end) {
    int at = end;
    while (at > line && buffer[at - 1] != '.') {
      at--;
    }
    return buffer[line] == '\t'
        && at + 2 < end
        && buffer[at] == 'g'
        && buffer[at + 1] == 'o'
        && buffer[at + 2] == ':';
  }

  /// `thread 'main' panicked at src/main.rs:2:5:`, behind which the message is.
  private static boolean isPanicHead(byte[] buffer, int line, int end) {
    return buffer[end - 1] == ':'
        && Ascii.startsWith(buffer, line, end, Exceptions.THREAD)
        && Ascii.indexOf(buffer, line, end, Exceptions.PANICKED) >= 0;
  }

  /// What is no message of a panic and no source, but another record: it begins with a day and a time of day, with that alone, or
  /// as an object with members does.
  private static boolean isLogged(byte[] buffer, int line, int end) {
    int at = buffer[line] == '[' ? line + 1 : line;
    if (isNumbers(buffer, at, end, ':')) {
      return true;
    }
    // Of a year with a century only the last two digits are looked at.
    int day = at + 2 < end && Ascii.isDigit(buffer[at + 2]) ? at + 2 : at;
    if (isNumbers(buffer, day, end, '-') || isNumbers(buffer, day, end, '/')) {
      return day + 8 < end
          && (buffer[day + 8] == ' ' || buffer[day + 8] == 'T')
          && isNumbers(buffer, day + 9, end, ':');
    }
    return end - line > 1 && buffer[line] == '{' && buffer[line + 1] == '"';
  }

  /// Three numbers of two digits, `mark` between them.
  private static boolean isNumbers(byte[] buffer, int from, int end, char mark) {
    return from + 7 < end
        && buffer[from + 2] == mark
        && buffer[from + 5] == mark
        && Ascii.twoDigits(buffer, from) >= 0
        && Ascii.twoDigits(buffer, from + 3) >= 0
        && Ascii.twoDigits(buffer, from + 6) >= 0;
  }

  /// `/app/index.js:12`, `file:///app/index.mjs:12` or `node:internal/main:12`
  private static boolean isNodePlace(byte[] buffer, int line, int end) {
    int at = end;
    while (at > line && Ascii.isDigit(buffer[at - 1])) {
      at--;
    }
    if (at == end || at == line || buffer[at - 1] != ':') {
      return false;
    }
    boolean path = buffer[line] == '/' || Ascii.startsWith(buffer, line, end, FILE_URL);
    return path ? isScript(buffer, line, at - 1) : Ascii.startsWith(buffer, line, at - 1, NODE_URL);
  }

  /// Whether a path ends in `.js`, `.mjs`, `.cjs`, or in `ts` so.
  private static boolean isScript(byte[] buffer, int line, int end) {
    int at = end - 2;
    if (at <= line || buffer[at + 1] != 's' || (buffer[at] != 'j' && buffer[at] != 't')) {
      return false;
    }
    boolean module = buffer[at - 1] == 'm' || buffer[at - 1] == 'c';
    int dot = module ? at - 2 : at - 1;
    return dot > line && buffer[dot] == '.';
  }

  /// What Node prints below the source.
  private static boolean isCarets(byte[] buffer, int line, int end) {
    int at = line;
    while (at < end && isIndented(buffer[at])) {
      at++;
    }
    int carets = at;
    while (at < end && buffer[at] == '^') {
      at++;
    }
    return at == end && at > carets;
  }

  private static boolean isIndented(byte b) {
    return b == ' ' || b == '\t';
  }

  /// @return the beginning of the line before; -1 where the record begins here
  private static int lineBefore(byte[] buffer, int record, int line) {
    if (line <= record) {
      return -1;
    }
    int at = line - 1;
    while (at > record && buffer[at - 1] != '\n') {
      at--;
    }
    return at;
  }

  private static int withoutLineEnd(byte[] buffer, int line, int next) {
    int end = next;
    if (end > line && buffer[end - 1] == '\n') {
      end--;
    }
    return end > line && buffer[end - 1] == '\r' ? end - 1 : end;
  }

  /// Whether a line that begins with this byte may continue another: most begin with a time, a bracket
  /// or a brace.
  static boolean mayContinue(byte first) {
    return isIndented(first) || isNameStart(first) || isClosing(first) || first == '-';
  }

  /// `com.example.SomeException` or `com.example.SomeException: message`, as the first line of a
  /// printed exception: a dotted name whose last part ends like a throwable's.
  static boolean isThrowable(byte[] buffer, int offset, int length) {
    return isThrowable(buffer, offset, length, true);
  }

  /// @param packaged whether its name has to have a dot
  static boolean isThrowable(byte[] buffer, int offset, int length, boolean packaged) {
    int end = offset;
    boolean dotted = false;
    while (end < offset + length && isNamePart(buffer[end])) {
      dotted |= buffer[end] == '.';
      end++;
    }
    boolean named =
        packaged
            ? dotted && (end == offset + length || buffer[end] == ':')
            : Exceptions.gap(buffer, end, offset + length) >= 0;
    if (!named) {
      return false;
    }
    for (byte[] ending : THROWABLE_ENDS) {
      int from = end - ending.length;
      if (from >= offset && Ascii.startsWith(buffer, from, end, ending)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isNameStart(byte b) {
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || b == '$' || b == '_';
  }

  private static boolean isNamePart(byte b) {
    return isNameStart(b) || (b >= '0' && b <= '9') || b == '.';
  }
}
