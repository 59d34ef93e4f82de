package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// A printed exception as the semantic conventions' attributes (`exception.type`,
/// `exception.message`, `exception.stacktrace`).
final class Exceptions {
  static final byte[] TYPE = "exception.type".getBytes(US_ASCII);
  static final byte[] MESSAGE = "exception.message".getBytes(US_ASCII);
  static final byte[] STACKTRACE = "exception.stacktrace".getBytes(US_ASCII);

  /// Printed by the JVM where nobody catches.
  private static final byte[] UNCAUGHT = "Exception in thread \"".getBytes(US_ASCII);

  /// With the root cause first, the exception that was logged is the one that wraps all others.
  private static final byte[] WRAPPED = "\nWrapped by: ".getBytes(US_ASCII);

  private static final byte[][] HEAD_ENDS = {
    "\n\tat ".getBytes(US_ASCII),
    "\n    at ".getBytes(US_ASCII),
    "\nCaused by: ".getBytes(US_ASCII),
    "\nWrapped by: ".getBytes(US_ASCII),
    "\n\tSuppressed: ".getBytes(US_ASCII),
    "\n\t... ".getBytes(US_ASCII)
  };

  private Exceptions() {}

  /// @param text what `Throwable.printStackTrace` writes: `type: message`, then frames and causes
  static void push(byte[] text, int offset, int length, RecordSink sink) {
    push(text, offset, length, true, true, sink);
  }

  static void push(
      byte[] text, int offset, int length, boolean type, boolean message, RecordSink sink) {
    int end = offset + length;
    while (end > offset && (text[end - 1] == '\n' || text[end - 1] == '\r')) {
      end--;
    }
    int from = begin(text, offset, end);
    int head = headEnd(text, from, end);
    int typeEnd = nameEnd(text, from, head);
    boolean named =
        typeEnd > from && (typeEnd == head || (text[typeEnd] == ':' && isGap(text, typeEnd, head)));
    if (named && type) {
      sink.attribute(TYPE, 0, TYPE.length, text, from, typeEnd - from);
    }
    if (named && message && typeEnd + 2 < head) {
      sink.attribute(MESSAGE, 0, MESSAGE.length, text, typeEnd + 2, head - typeEnd - 2);
    }
    sink.attribute(STACKTRACE, 0, STACKTRACE.length, text, offset, end - offset);
  }

  /// Where the name of the exception's class begins.
  private static int begin(byte[] text, int offset, int end) {
    int from = offset;
    for (int at = Ascii.indexOf(text, offset, end, WRAPPED);
        at >= 0;
        at = Ascii.indexOf(text, at + 1, end, WRAPPED)) {
      from = at + WRAPPED.length;
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
      if (text[i] == '\n') {
        for (byte[] headEnd : HEAD_ENDS) {
          if (Ascii.startsWith(text, i, end, headEnd)) {
            return i > from && text[i - 1] == '\r' ? i - 1 : i;
          }
        }
      }
    }
    return end;
  }

  /// Where a class name ends: `package.Outer$Inner`, in letters of any script.
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
        || b == '_';
  }

  private static boolean isGap(byte[] text, int colon, int end) {
    return colon + 1 == end || text[colon + 1] == ' ';
  }
}
