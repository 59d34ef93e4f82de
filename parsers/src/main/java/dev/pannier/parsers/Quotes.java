package dev.pannier.parsers;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Finds the bytes that matter, eight at a time: where a JSON string stops being plain, and escapes
/// of terminals.
final class Quotes {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH = 0x8080808080808080L;

  /// Turns a quote into a blank, a blank and an exclamation mark into what is above it, and control
  /// characters into each other: what is below `BELOW` then is a quote or a control character.
  private static final long TURN = ONES * ('"' ^ ' ');

  private static final long BELOW = ONES * (' ' + 1);
  private static final long BACKSLASHES = ONES * '\\';
  private static final long ESCAPES = ONES * 0x1B;

  private Quotes() {}

  /// @return the position of the first quote, backslash or control character; `end` if there is none
  static int next(byte[] text, int from, int end) {
    int i = from;
    for (; i <= end - Long.BYTES; i += Long.BYTES) {
      long word = (long) LONG.get(text, i);
      long turned = word ^ TURN;
      long backslash = word ^ BACKSLASHES;
      long hit = (((turned - BELOW) & ~turned) | ((backslash - ONES) & ~backslash)) & HIGH;
      if (hit != 0) {
        // One bit of each byte up to the first hit is left, and they are added up in the highest
        // byte: C1, which compiles the sidecar, has no instruction for counting zeros.
        return i + (int) ((((hit - 1) & ~hit & ONES) * ONES) >>> 56) - 1;
      }
    }
    for (; i < end; i++) {
      if (text[i] == '"' || text[i] == '\\' || (text[i] >= 0 && text[i] < 0x20)) {
        return i;
      }
    }
    return end;
  }

  /// @return the position of the first ESC; -1 if there is none
  static int nextEscape(byte[] text, int from, int end) {
    int i = from;
    for (; i <= end - Long.BYTES; i += Long.BYTES) {
      long escape = (long) LONG.get(text, i) ^ ESCAPES;
      long hit = (escape - ONES) & ~escape & HIGH;
      if (hit != 0) {
        break;
      }
    }
    for (; i < end; i++) {
      if (text[i] == 0x1B) {
        return i;
      }
    }
    return -1;
  }
}
