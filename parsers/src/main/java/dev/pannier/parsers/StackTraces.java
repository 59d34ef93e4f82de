package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// Finds the printed exception in the lines after a record's first one.
final class StackTraces {
  private static final byte[] MORE = "\t... ".getBytes(US_ASCII);
  private static final byte[] PANIC = "panic: ".getBytes(US_ASCII);
  private static final byte[] GOROUTINE = "goroutine ".getBytes(US_ASCII);
  private static final byte[] BY = ":in ".getBytes(US_ASCII);
  private static final byte[][] CAUSES = {
    "Caused by: ".getBytes(US_ASCII),
    "Wrapped by: ".getBytes(US_ASCII),
    "\tSuppressed: ".getBytes(US_ASCII),
    " ---> ".getBytes(US_ASCII),
    "Stack trace:".getBytes(US_ASCII)
  };

  private StackTraces() {}

  /// @param from a line's beginning
  /// @return the beginning of the first line of a printed exception: a throwable's name with a
  ///     frame or a cause after it, or as the last line, or the line with which Python, Go, Rust or
  ///     Ruby begin one; -1 where there is none
  static int find(byte[] buffer, int from, int end) {
    int line = from;
    int undotted = -1;
    boolean framesAhead = true;
    while (line < end) {
      int next = lineAfter(buffer, line, end);
      int length = (next > line && buffer[next - 1] == '\n' ? next - 1 : next) - line;
      if (length > 0 && buffer[line + length - 1] == '\r') {
        length--;
      }
      if (isThrowable(buffer, line, length, end)) {
        // Looked for once: where there are none, there are none further on.
        framesAhead = framesAhead && hasFrames(buffer, next, end);
        if (next >= end || framesAhead) {
          return line;
        }
      }
      if (isBeginning(buffer, line, line + length, next, end)) {
        return line;
      }
      if (Continuations.isThrowable(buffer, line, length, false)) {
        undotted = line;
      }
      if (isFrame(buffer, next, end)) {
        if (undotted >= 0) {
          return undotted;
        }
        if (isNamed(buffer, line, line + length)) {
          return line;
        }
      }
      line = next;
    }
    return -1;
  }

  private static boolean isThrowable(byte[] buffer, int line, int length, int end) {
    if (Continuations.isThrowable(buffer, line, length)
        || Ascii.startsWith(buffer, line, end, Exceptions.UNCAUGHT)) {
      return true;
    }
    for (byte[] unhandled : Exceptions.UNHANDLED) {
      if (Ascii.startsWith(buffer, line, end, unhandled)) {
        return true;
      }
    }
    return false;
  }

  /// Whether the line alone, or with the next, begins what no name of a throwable begins.
  private static boolean isBeginning(byte[] buffer, int line, int lineEnd, int next, int end) {
    if (line == lineEnd) {
      return false;
    }
    return switch (buffer[line]) {
      case 'T' -> Ascii.startsWith(buffer, line, lineEnd, Exceptions.TRACEBACK);
      case ' ' -> Ascii.startsWith(buffer, line, lineEnd, Continuations.GROUP);
      case 't' ->
          Ascii.startsWith(buffer, line, lineEnd, Exceptions.THREAD)
              && Ascii.indexOf(buffer, line, lineEnd, Exceptions.PANICKED) >= 0;
      case 'g' -> Continuations.isGoroutine(buffer, line, lineEnd);
      case 'p' -> Ascii.startsWith(buffer, line, lineEnd, PANIC) && isGo(buffer, next, end);
      case 'f' ->
          Ascii.startsWith(buffer, line, lineEnd, Exceptions.FATAL) && isGo(buffer, next, end);
      default ->
          buffer[lineEnd - 1] == ')'
              && Ascii.startsWith(buffer, next, end, Exceptions.FROM)
              && Ascii.indexOf(buffer, line, lineEnd, BY) >= 0;
    };
  }

  /// A panic's message is followed by the goroutine, with a signal or a blank line between them.
  private static boolean isGo(byte[] buffer, int from, int end) {
    int line = from;
    for (int i = 0; i < 4 && line < end; i++) {
      if (Ascii.startsWith(buffer, line, end, GOROUTINE)) {
        return true;
      }
      line = lineAfter(buffer, line, end);
    }
    return false;
  }

  /// For a pattern that prints the exception behind the message, in its line.
  ///
  /// @return the beginning of the first throwable's name that stands behind `before` in the line,
  ///     where a frame follows the line; else -1
  static int findInLine(byte[] buffer, int from, int lineEnd, int end, byte[] before) {
    if (lineEnd == from || !isFrame(buffer, lineEnd + 1, end)) {
      return -1;
    }
    int stop = buffer[lineEnd - 1] == '\r' ? lineEnd - 1 : lineEnd;
    int at = Ascii.indexOf(buffer, from, stop, before);
    while (at >= 0) {
      int name = at + before.length;
      if (Continuations.isThrowable(buffer, name, stop - name)) {
        return name;
      }
      at = Ascii.indexOf(buffer, at + 1, stop, before);
    }
    return -1;
  }

  /// Not every throwable's name says that it is one; a frame right after it does.
  private static boolean isNamed(byte[] buffer, int line, int end) {
    int nameEnd = Exceptions.nameEnd(buffer, line, end);
    return nameEnd > line
        && Exceptions.gap(buffer, nameEnd, end) >= 0
        && (hasDot(buffer, line, nameEnd) || isUpper(buffer[line]));
  }

  private static boolean hasDot(byte[] buffer, int from, int to) {
    int i = from;
    while (i < to && buffer[i] != '.') {
      i++;
    }
    return i < to;
  }

  private static boolean isUpper(byte b) {
    return b >= 'A' && b <= 'Z';
  }

  /// The exception's message may have several lines of its own.
  private static boolean hasFrames(byte[] buffer, int from, int end) {
    for (int line = from; line < end; line = lineAfter(buffer, line, end)) {
      if (isFrame(buffer, line, end)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isFrame(byte[] buffer, int line, int end) {
    if (Exceptions.isFrame(buffer, line, end) || Ascii.startsWith(buffer, line, end, MORE)) {
      return true;
    }
    for (byte[] cause : CAUSES) {
      if (Ascii.startsWith(buffer, line, end, cause)) {
        return true;
      }
    }
    return false;
  }

  private static int lineAfter(byte[] buffer, int from, int end) {
    int i = from;
    while (i < end && buffer[i] != '\n') {
      i++;
    }
    return Math.min(end, i + 1);
  }
}
