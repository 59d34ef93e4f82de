package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// A printed exception as the semantic conventions' attributes (`exception.type`,
/// `exception.message`, `exception.stacktrace`).
final class Exceptions {
  static final byte[] TYPE = "exception.type".getBytes(US_ASCII);
  static final byte[] MESSAGE = "exception.message".getBytes(US_ASCII);
  static final byte[] STACKTRACE = "exception.stacktrace".getBytes(US_ASCII);
  private static final byte[] FRAME = "\n\tat ".getBytes(US_ASCII);
  private static final byte[] CAUSE = "\nCaused by: ".getBytes(US_ASCII);
  private static final byte[] MORE = "\n\t... ".getBytes(US_ASCII);

  private Exceptions() {}

  /// @param text what `Throwable.printStackTrace` writes: `type: message`, then frames and causes
  static void push(byte[] text, int offset, int length, RecordSink sink) {
    int end = offset + length;
    while (end > offset && (text[end - 1] == '\n' || text[end - 1] == '\r')) {
      end--;
    }
    int head = end;
    head = first(head, Ascii.indexOf(text, offset, end, FRAME));
    head = first(head, Ascii.indexOf(text, offset, end, CAUSE));
    head = first(head, Ascii.indexOf(text, offset, end, MORE));
    int typeEnd = offset;
    while (typeEnd < head && text[typeEnd] != ':' && text[typeEnd] != '\n') {
      typeEnd++;
    }
    sink.attribute(TYPE, 0, TYPE.length, text, offset, typeEnd - offset);
    if (typeEnd + 1 < head && text[typeEnd] == ':' && text[typeEnd + 1] == ' ') {
      sink.attribute(MESSAGE, 0, MESSAGE.length, text, typeEnd + 2, head - typeEnd - 2);
    }
    sink.attribute(STACKTRACE, 0, STACKTRACE.length, text, offset, end - offset);
  }

  private static int first(int so, int found) {
    return found >= 0 && found < so ? found : so;
  }
}
