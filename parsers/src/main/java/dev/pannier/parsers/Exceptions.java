package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// A printed exception as the semantic conventions' attributes (`exception.type`,
/// `exception.message`, `exception.stacktrace`): of the JVM, .NET, Node, Python, Go, Rust, PHP and
/// Ruby. Where several are chained, the one that was logged is meant.
final class Exceptions {
  static final byte[] TYPE = "exception.type".getBytes(US_ASCII);
  static final byte[] MESSAGE = "exception.message".getBytes(US_ASCII);
  static final byte[] STACKTRACE = "exception.stacktrace".getBytes(US_ASCII);

  static final int HAS_TYPE = 1;
  static final int HAS_MESSAGE = 2;

  static final byte[] TRACEBACK = "Traceback (most recent call last):".getBytes(US_ASCII);
  static final byte[] GROUP = "+ Exception Group Traceback ".getBytes(US_ASCII);
  static final byte[] PANICKED = " panicked at ".getBytes(US_ASCII);
  static final byte[] THREAD = "thread '".getBytes(US_ASCII);
  static final byte[] FATAL = "fatal error: ".getBytes(US_ASCII);
  static final byte[] FROM = "\tfrom ".getBytes(US_ASCII);

  /// Printed by the JVM where nobody catches.
  static final byte[] UNCAUGHT = "Exception in thread \"".getBytes(US_ASCII);

  /// The same by .NET, Mono and PHP.
  static final byte[][] UNHANDLED = {
    "Unhandled exception. ".getBytes(US_ASCII),
    "Unhandled Exception: ".getBytes(US_ASCII),
    "PHP Fatal error:  Uncaught ".getBytes(US_ASCII)
  };

  /// With the root cause first, the exception that was logged is the one that wraps all others.
  private static final byte[] WRAPPED = "\nWrapped by: ".getBytes(US_ASCII);

  private static final byte[] PHP_TRACE = "\nStack trace:".getBytes(US_ASCII);
  private static final byte[] PHP_PLACE = " in ".getBytes(US_ASCII);
  private static final byte[] AT = "at ".getBytes(US_ASCII);

  /// What .NET's JSON console made of a line end and a frame.
  private static final byte[] AT_IN_LINE = "    at ".getBytes(US_ASCII);

  private static final byte[] PANIC_TYPE = "panic".getBytes(US_ASCII);

  private static final byte[][] HEAD_ENDS = {
    "\nCaused by: ".getBytes(US_ASCII),
    WRAPPED,
    "\n\tSuppressed: ".getBytes(US_ASCII),
    "\n\t... ".getBytes(US_ASCII),
    "\n ---> ".getBytes(US_ASCII),
    "\n   --- End of ".getBytes(US_ASCII),
    "\n--- End of ".getBytes(US_ASCII),
    PHP_TRACE,
    "\n#0 ".getBytes(US_ASCII),
    "\n\ngoroutine ".getBytes(US_ASCII),
    "\ngoroutine ".getBytes(US_ASCII),
    "\n[signal ".getBytes(US_ASCII),
    "\n\tpanic: ".getBytes(US_ASCII)
  };

  private static final byte[][] PANIC_ENDS = {
    "\nnote: ".getBytes(US_ASCII), "\nstack backtrace:".getBytes(US_ASCII)
  };

  private Exceptions() {}

  /// @param text what `Throwable.printStackTrace` writes (`type: message`, then frames and causes),
  ///     or what other languages write in its place
  static void push(byte[] text, int offset, int length, RecordSink sink) {
    push(text, offset, length, true, true, sink);
  }

  /// @param type    whether its type is wanted
  /// @param message whether its message is
  /// @return which of them it has, [#HAS_TYPE] and [#HAS_MESSAGE]
  static int push(
      byte[] text, int offset, int length, boolean type, boolean message, RecordSink sink) {
    int end = offset + length;
    while (end > offset && isLineEnd(text[end - 1])) {
      end--;
    }
    if (end == offset) {
      return 0;
    }
    int found = head(text, offset, end, type, message, sink);
    sink.attribute(STACKTRACE, 0, STACKTRACE.length, text, offset, end - offset);
    return found;
  }

  private static int head(
      byte[] text, int offset, int end, boolean type, boolean message, RecordSink sink) {
    boolean mayBePython = text[offset] == 'T' || (text[offset] >= 0 && text[offset] <= ' ');
    int python = mayBePython ? lastOfPython(text, offset, end) : -1;
    if (python >= 0) {
      int nameEnd = python;
      while (nameEnd < end && text[nameEnd] > ' ' && text[nameEnd] != ':') {
        nameEnd++;
      }
      return named(
          text, python, nameEnd, pythonEnd(text, offset, python, end), type, message, sink);
    }
    int firstEnd = lineEnd(text, offset, end);
    if (Ascii.startsWith(text, offset, end, THREAD)) {
      int panicked = Ascii.indexOf(text, offset, firstEnd, PANICKED);
      if (panicked >= 0) {
        return panic(text, panicked + PANICKED.length, firstEnd, end, type, message, sink);
      }
    }
    if (Ascii.startsWith(text, firstEnd + 1, end, FROM)) {
      return ruby(text, offset, withoutReturn(text, offset, firstEnd), type, message, sink);
    }
    int from = begin(text, offset, end);
    int nameEnd =
        Ascii.startsWith(text, from, end, FATAL)
            ? from + FATAL.length - 2
            : nameEnd(text, from, end);
    return named(text, from, nameEnd, headEnd(text, from, end), type, message, sink);
  }

  /// `type: message`, where that is what it is.
  private static int named(
      byte[] text,
      int from,
      int nameEnd,
      int headEnd,
      boolean type,
      boolean message,
      RecordSink sink) {
    int gap = gap(text, nameEnd, headEnd);
    if (nameEnd == from || gap < 0) {
      return 0;
    }
    if (type) {
      sink.attribute(TYPE, 0, TYPE.length, text, from, nameEnd - from);
    }
    int end = headEnd;
    while (end > gap && isLineEnd(text[end - 1])) {
      end--;
    }
    if (gap >= end) {
      return HAS_TYPE;
    }
    if (message) {
      sink.attribute(MESSAGE, 0, MESSAGE.length, text, gap, end - gap);
    }
    return HAS_TYPE | HAS_MESSAGE;
  }

  /// Behind a name: its end, a colon and a blank, or Node's `[CODE]` before them.
  ///
  /// @return where the message begins; -1 where no name of an exception ends so
  static int gap(byte[] text, int nameEnd, int end) {
    int at = nameEnd;
    if (at + 2 < end && text[at] == ' ' && text[at + 1] == '[') {
      at += 2;
      while (at < end && text[at] != ']' && text[at] > ' ') {
        at++;
      }
      if (at == end || text[at] != ']') {
        return -1;
      }
      at++;
    }
    if (at >= end) {
      return end;
    }
    if (text[at] != ':') {
      return -1;
    }
    if (at + 1 >= end) {
      return end;
    }
    return text[at + 1] == ' ' ? at + 2 : isLineEnd(text[at + 1]) ? at + 1 : -1;
  }

  /// Of the last traceback, which is the logged exception's, the first line that is none of a
  /// frame's.
  private static int lastOfPython(byte[] text, int offset, int end) {
    int last = -1;
    boolean group = false;
    for (int line = offset; line < end; line = lineEnd(text, line, end) + 1) {
      int inner = skipBlanks(text, line, end);
      if (Ascii.startsWith(text, line, end, TRACEBACK)) {
        last = line;
        group = false;
      } else if (inner > line && Ascii.startsWith(text, inner, end, GROUP)) {
        last = line;
        group = true;
      }
    }
    if (last < 0) {
      return -1;
    }
    for (int line = lineEnd(text, last, end) + 1; line < end; line = lineEnd(text, line, end) + 1) {
      int from = group ? behindBar(text, line, end) : line;
      if (from < end
          && text[from] != ' '
          && text[from] != '\t'
          && text[from] != '>'
          && !isLineEnd(text[from])) {
        return from;
      }
    }
    return -1;
  }

  /// An exception group's lines begin with `  | `.
  private static int behindBar(byte[] text, int line, int end) {
    int bar = skipBlanks(text, line, end);
    return bar + 1 < end && text[bar] == '|' && text[bar + 1] == ' ' ? bar + 2 : line;
  }

  /// A message goes on to the end, but for a group's, which the others follow.
  private static int pythonEnd(byte[] text, int offset, int head, int end) {
    boolean inGroup = head - 2 >= offset && text[head - 1] == ' ' && text[head - 2] == '|';
    return inGroup ? withoutReturn(text, head, lineEnd(text, head, end)) : end;
  }

  /// Rust's: the message is in the next lines, before 1.73 in this one.
  private static int panic(
      byte[] text, int at, int firstEnd, int end, boolean type, boolean message, RecordSink sink) {
    int from = Math.min(end, firstEnd + 1);
    int to = end;
    if (at < end && text[at] == '\'') {
      from = at + 1;
      to = firstEnd;
      while (to > from && text[to] != '\'') {
        to--;
      }
    } else {
      for (byte[] panicEnd : PANIC_ENDS) {
        int found = Ascii.indexOf(text, firstEnd, to, panicEnd);
        to = found < 0 ? to : Math.max(from, found);
      }
    }
    if (type) {
      sink.attribute(TYPE, 0, TYPE.length, PANIC_TYPE, 0, PANIC_TYPE.length);
    }
    while (to > from && isLineEnd(text[to - 1])) {
      to--;
    }
    if (to <= from) {
      return HAS_TYPE;
    }
    if (message) {
      sink.attribute(MESSAGE, 0, MESSAGE.length, text, from, to - from);
    }
    return HAS_TYPE | HAS_MESSAGE;
  }

  /// ``app.rb:1:in `work': message (Type)``
  private static int ruby(
      byte[] text, int offset, int firstEnd, boolean type, boolean message, RecordSink sink) {
    if (firstEnd == offset) {
      return 0;
    }
    int open = firstEnd - 1;
    while (open > offset && text[open] != '(') {
      open--;
    }
    int from = offset;
    while (from + 2 < open
        && !(text[from] == '\'' && text[from + 1] == ':' && text[from + 2] == ' ')) {
      from++;
    }
    if (open == offset || text[firstEnd - 1] != ')' || from + 2 >= open) {
      return 0;
    }
    if (type) {
      sink.attribute(TYPE, 0, TYPE.length, text, open + 1, firstEnd - open - 2);
    }
    int to = text[open - 1] == ' ' ? open - 1 : open;
    if (message && to > from + 3) {
      sink.attribute(MESSAGE, 0, MESSAGE.length, text, from + 3, to - from - 3);
    }
    return HAS_TYPE | HAS_MESSAGE;
  }

  /// Where the name of the exception's class begins.
  private static int begin(byte[] text, int offset, int end) {
    int from = offset;
    for (int at = Ascii.indexOf(text, offset, end, WRAPPED);
        at >= 0;
        at = Ascii.indexOf(text, at + 1, end, WRAPPED)) {
      from = at + WRAPPED.length;
    }
    for (byte[] unhandled : UNHANDLED) {
      if (Ascii.startsWith(text, from, end, unhandled)) {
        return from + unhandled.length;
      }
    }
    if (Ascii.startsWith(text, from, end, UNCAUGHT)) {
      for (int i = from + UNCAUGHT.length; i + 1 < end && text[i] != '\n'; i++) {
        if (text[i] == '"' && text[i + 1] == ' ') {
          return i + 2;
        }
      }
    }
    return from;
  }

  /// Where its message ends.
  private static int headEnd(byte[] text, int from, int end) {
    for (int i = from; i < end; i++) {
      if (text[i] == '\n' && endsHead(text, i, end)) {
        int headEnd = withoutReturn(text, from, i);
        return Ascii.startsWith(text, i, end, PHP_TRACE)
            ? withoutPlace(text, from, headEnd)
            : headEnd;
      }
    }
    if (lineEnd(text, from, end) == end) {
      int inLine = Ascii.indexOf(text, from, end, AT_IN_LINE);
      return inLine < 0 ? end : inLine;
    }
    return end;
  }

  private static boolean endsHead(byte[] text, int newline, int end) {
    if (isFrame(text, newline + 1, end)) {
      return true;
    }
    for (byte[] headEnd : HEAD_ENDS) {
      if (Ascii.startsWith(text, newline, end, headEnd)) {
        return true;
      }
    }
    return false;
  }

  /// Without PHP's ` in /app/index.php:3`.
  private static int withoutPlace(byte[] text, int from, int headEnd) {
    for (int i = headEnd - PHP_PLACE.length; i > from; i--) {
      if (Ascii.startsWith(text, i, headEnd, PHP_PLACE)) {
        return i;
      }
    }
    return headEnd;
  }

  /// A line such as `\tat a.B.c(D.java:1)`, indented by a tab or any number of blanks.
  static boolean isFrame(byte[] text, int line, int end) {
    int at = skipBlanks(text, line, end);
    return at > line && Ascii.startsWith(text, at, end, AT);
  }

  private static int skipBlanks(byte[] text, int from, int end) {
    int at = from;
    while (at < end && (text[at] == ' ' || text[at] == '\t')) {
      at++;
    }
    return at;
  }

  private static int lineEnd(byte[] text, int from, int end) {
    int i = from;
    while (i < end && text[i] != '\n') {
      i++;
    }
    return i;
  }

  private static int withoutReturn(byte[] text, int from, int end) {
    return end > from && text[end - 1] == '\r' ? end - 1 : end;
  }

  private static boolean isLineEnd(byte b) {
    return b == '\n' || b == '\r';
  }

  /// Where a class name ends: `package.Outer$Inner`, in letters of any script; `Outer+Inner` and
  /// ``Of`1`` in .NET, `Name\Space` in PHP.
  static int nameEnd(byte[] text, int from, int end) {
    int i = from;
    while (i < end && isNamePart(text[i])) {
      i++;
    }
    return i;
  }

  private static boolean isNamePart(byte b) {
    return b < 0
        || (b >= 'a' && b <= 'z')
        || (b >= 'A' && b <= 'Z')
        || (b >= '0' && b <= '9')
        || b == '.'
        || b == '$'
        || b == '_'
        || b == '+'
        || b == '`'
        || b == '\\';
  }
}
