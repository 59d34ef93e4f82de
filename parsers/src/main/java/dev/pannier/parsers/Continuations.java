package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// Lines that go on with the record before them whatever its format: indented ones, and those of a
/// printed exception (`java.lang.Throwable.printStackTrace`) that are not indented.
final class Continuations {
  private static final byte[][] EXCEPTION_STARTS = {
    "Caused by: ".getBytes(US_ASCII),
    "Suppressed: ".getBytes(US_ASCII),
    "Wrapped by: ".getBytes(US_ASCII)
  };
  private static final byte[][] THROWABLE_ENDS = {
    "Exception".getBytes(US_ASCII), "Error".getBytes(US_ASCII), "Throwable".getBytes(US_ASCII)
  };

  private Continuations() {}

  static boolean continues(byte[] buffer, int offset, int length) {
    if (length == 0) {
      return false;
    }
    byte first = buffer[offset];
    if (first == ' ' || first == '\t') {
      return true;
    }
    if (!mayContinue(first)) {
      return false;
    }
    if (first == 'C' || first == 'S' || first == 'W') {
      for (byte[] start : EXCEPTION_STARTS) {
        if (Ascii.startsWith(buffer, offset, offset + length, start)) {
          return true;
        }
      }
    }
    return isThrowable(buffer, offset, length);
  }

  /// Whether a line that begins with this byte may continue another: most begin with a time, a bracket
  /// or a brace.
  static boolean mayContinue(byte first) {
    return first == ' ' || first == '\t' || isNameStart(first);
  }

  /// `com.example.SomeException` or `com.example.SomeException: message`, as the first line of a
  /// printed exception: a dotted name whose last part ends like a throwable's.
  static boolean isThrowable(byte[] buffer, int offset, int length) {
    int end = offset;
    boolean dotted = false;
    while (end < offset + length && isNamePart(buffer[end])) {
      dotted |= buffer[end] == '.';
      end++;
    }
    if (!dotted || (end < offset + length && buffer[end] != ':')) {
      return false;
    }
    for (byte[] ending : THROWABLE_ENDS) {
      int from = end - ending.length;
      if (from > offset && Ascii.startsWith(buffer, from, end, ending)) {
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
