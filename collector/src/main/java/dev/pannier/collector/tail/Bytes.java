package dev.pannier.collector.tail;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Scans over bytes, eight at a time.
final class Bytes {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH = 0x8080808080808080L;
  private static final long NEWLINES = 0x0A0A0A0A0A0A0A0AL;

  private Bytes() {}

  /// @return the position of the first newline in `[from, to)`, -1 if there is none
  static int newline(byte[] buffer, int from, int to) {
    int i = from;
    for (; i <= to - Long.BYTES; i += Long.BYTES) {
      long word = (long) LONG.get(buffer, i) ^ NEWLINES;
      long hit = (word - ONES) & ~word & HIGH;
      if (hit != 0) {
        return i + firstByte(hit);
      }
    }
    for (; i < to; i++) {
      if (buffer[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  /// The first byte whose highest bit is set, 0 to 7, in a word that has no other bits set. One bit
  /// of each byte up to that one is left and they are added up in the highest byte: C1, which
  /// compiles the sidecar, has no instruction for counting zeros.
  private static int firstByte(long high) {
    return (int) ((((high - 1) & ~high & ONES) * ONES) >>> 56) - 1;
  }

  /// @return the position of the first byte in `[from, to)` that is not NUL, `to` if there is none
  static int endOfNuls(byte[] buffer, int from, int to) {
    int i = from;
    while (i <= to - Long.BYTES && (long) LONG.get(buffer, i) == 0) {
      i += Long.BYTES;
    }
    while (i < to && buffer[i] == 0) {
      i++;
    }
    return i;
  }

  /// @return the position of the first byte above 127 in `[from, to)`, `to` if there is none
  static int endOfAscii(byte[] buffer, int from, int to) {
    int i = from;
    while (i <= to - 4 * Long.BYTES
        && (((long) LONG.get(buffer, i)
                    | (long) LONG.get(buffer, i + 8)
                    | (long) LONG.get(buffer, i + 16)
                    | (long) LONG.get(buffer, i + 24))
                & HIGH)
            == 0) {
      i += 4 * Long.BYTES;
    }
    for (; i <= to - Long.BYTES; i += Long.BYTES) {
      long high = (long) LONG.get(buffer, i) & HIGH;
      if (high != 0) {
        return i + firstByte(high);
      }
    }
    while (i < to && buffer[i] >= 0) {
      i++;
    }
    return i;
  }

  /// Whether `[from, to)` is well-formed UTF-8 (Unicode, table 3-7).
  static boolean isUtf8(byte[] buffer, int from, int to) {
    int i = endOfAscii(buffer, from, to);
    while (i < to) {
      int lead = buffer[i] & 0xFF;
      if (lead < 0x80) {
        i = endOfAscii(buffer, i, to);
        continue;
      }
      int following = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
      if (lead < 0xC2 || lead > 0xF4 || following >= to - i) {
        return false;
      }
      int second = buffer[i + 1] & 0xFF;
      int low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
      int high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
      if (second < low || second > high) {
        return false;
      }
      for (int k = 2; k <= following; k++) {
        if ((buffer[i + k] & 0xC0) != 0x80) {
          return false;
        }
      }
      i += following + 1;
    }
    return true;
  }
}
