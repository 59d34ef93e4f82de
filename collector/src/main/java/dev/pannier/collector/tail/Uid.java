package dev.pannier.collector.tail;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// `log.record.uid`: who wrote the volume, which file generation it is, and where in it the record
/// begins, in base 32 with the digits `0` to `9` and `a` to `v` (RFC 4648's base32hex), as
/// [Long#parseLong(String, int)] reads it. Within a generation the uids' order is that of the
/// records.
///
/// ```
/// vvvvvvvvggggggggggggoooooooo
/// volume   8 digits, its last 40 bits
/// generation 12 digits, its last 60 bits
/// offset   8 digits; 13 from 1 TiB on
/// ```
///
/// Volume and generation are random, so a hundred of their bits are as good an id as all of them.
final class Uid {
  private static final VarHandle BIG_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private static final int RADIX = 32;
  private static final int BITS_A_DIGIT = 5;
  private static final int VOLUME_DIGITS = 8;
  private static final int GENERATION_DIGITS = 12;
  private static final int OFFSET_DIGITS = 8;
  private static final int LONG_OFFSET_DIGITS = 13;

  private Uid() {}

  /// What every uid of a generation begins with.
  static String prefix(long volume, long generation) {
    return number(volume, VOLUME_DIGITS) + number(generation, GENERATION_DIGITS);
  }

  private static String number(long bits, int digits) {
    long value = bits & ((1L << (BITS_A_DIGIT * digits)) - 1);
    String text = Long.toString(value, RADIX);
    return "0".repeat(digits - text.length()) + text;
  }

  /// How many digits an offset takes.
  static int digits(long offset) {
    return offset >>> (BITS_A_DIGIT * OFFSET_DIGITS) == 0 ? OFFSET_DIGITS : LONG_OFFSET_DIGITS;
  }

  /// Writes an offset's digits to `[at, at + digits)`.
  static void write(long offset, byte[] to, int at, int digits) {
    if (digits == OFFSET_DIGITS) {
      BIG_ENDIAN.set(to, at, eightDigits(offset));
      return;
    }
    long rest = offset;
    for (int i = at + digits - 1; i >= at; i--) {
      to[i] = (byte) Character.forDigit((int) rest & (RADIX - 1), RADIX);
      rest >>>= BITS_A_DIGIT;
    }
  }

  /// Of the last 40 bits, a byte a digit: each group of five bits moves into a byte of its own, all
  /// eight at once.
  private static long eightDigits(long bits) {
    long v = (bits & 0xF_FFFFL) | ((bits & 0xFF_FFF0_0000L) << 12);
    v = (v & 0x0000_03FF_0000_03FFL) | ((v & 0x000F_FC00_000F_FC00L) << 6);
    v = (v & 0x001F_001F_001F_001FL) | ((v & 0x03E0_03E0_03E0_03E0L) << 3);
    long letters = ((v + 0x7676_7676_7676_7676L) >>> 7) & 0x0101_0101_0101_0101L;
    return v + 0x3030_3030_3030_3030L + letters * ('a' - '0' - 10);
  }
}
