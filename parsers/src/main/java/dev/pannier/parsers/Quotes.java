package dev.pannier.parsers;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Finds where a JSON string stops being plain, eight bytes at a time.
final class Quotes {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH = 0x8080808080808080L;
  private static final long QUOTES = ONES * '"';
  private static final long BACKSLASHES = ONES * '\\';
  private static final long CONTROLS = ONES * 0x20;

  private Quotes() {}

  /// @return the position of the first quote, backslash or control character; `end` if there is none
  static int next(byte[] text, int from, int end) {
    int i = from;
    for (; i <= end - Long.BYTES; i += Long.BYTES) {
      long word = (long) LONG.get(text, i);
      long quote = word ^ QUOTES;
      long backslash = word ^ BACKSLASHES;
      long hit =
          (((quote - ONES) & ~quote)
                  | ((backslash - ONES) & ~backslash)
                  | ((word - CONTROLS) & ~word))
              & HIGH;
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
}
