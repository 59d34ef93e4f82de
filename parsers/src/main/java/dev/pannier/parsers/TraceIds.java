package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Trace context as text (W3C Trace Context, section 3.2.2; B3 and Datadog write 64 bits).
final class TraceIds {
  private static final VarHandle BIG_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final byte[] LARGEST = "18446744073709551615".getBytes(US_ASCII);
  private static final long ONES = 0x0101010101010101L;

  private TraceIds() {}

  /// 32 or 16 hexadecimal digits, not all zero.
  ///
  /// @return whether it was a trace id and was pushed
  static boolean trace(byte[] text, int offset, int length, RecordSink sink) {
    if (length == 32 && isHex(text, offset, 32)) {
      return push(hex(text, offset), hex(text, offset + 16), sink);
    }
    return length == 16 && isHex(text, offset, 16) && push(0, hex(text, offset), sink);
  }

  /// Datadog's: an unsigned decimal number of 64 bits, or 128 bits in hexadecimal digits.
  static boolean decimalTrace(byte[] text, int offset, int length, RecordSink sink) {
    if (length == 32) {
      return trace(text, offset, length, sink);
    }
    return isDecimal(text, offset, length) && push(0, decimal(text, offset, length), sink);
  }

  static boolean span(byte[] text, int offset, int length, RecordSink sink) {
    long id = length == 16 && isHex(text, offset, 16) ? hex(text, offset) : 0;
    if (id != 0) {
      sink.spanId(id);
    }
    return id != 0;
  }

  static boolean decimalSpan(byte[] text, int offset, int length, RecordSink sink) {
    if (!isDecimal(text, offset, length) || decimal(text, offset, length) == 0) {
      return false;
    }
    sink.spanId(decimal(text, offset, length));
    return true;
  }

  /// Two hexadecimal digits.
  static boolean flags(byte[] text, int offset, int length, RecordSink sink) {
    if (length != 2 || (Ascii.hex(text[offset]) | Ascii.hex(text[offset + 1])) < 0) {
      return false;
    }
    sink.traceFlags((Ascii.hex(text[offset]) << 4) | Ascii.hex(text[offset + 1]));
    return true;
  }

  private static boolean push(long high, long low, RecordSink sink) {
    if (high == 0 && low == 0) {
      return false;
    }
    sink.traceId(high, low);
    return true;
  }

  private static boolean isHex(byte[] text, int offset, int length) {
    for (int i = offset; i < offset + length; i += Long.BYTES) {
      if (!areHex((long) BIG_ENDIAN.get(text, i))) {
        return false;
      }
    }
    return true;
  }

  /// Whether each of the eight bytes is a hexadecimal digit: it is one where the digit of its value,
  /// written again, is the same byte, upper case aside.
  private static boolean areHex(long digits) {
    long values = values(digits);
    long letters = ((values + 0x76 * ONES) >>> 7) & ONES;
    long lower = values + '0' * ONES + letters * ('a' - '0' - 10);
    return (values & 0xF0F0F0F0F0F0F0F0L) == 0
        && lower == (digits | 0x20 * ONES)
        && ((digits | digits << 1) & 0x40 * ONES) == 0x40 * ONES;
  }

  /// Of each hexadecimal digit its value, in its byte.
  private static long values(long digits) {
    return (digits & 0x0F * ONES) + 9 * ((digits >>> 6) & ONES);
  }

  private static boolean isDecimal(byte[] text, int offset, int length) {
    if (length == 0 || length > 20) {
      return false;
    }
    for (int i = offset; i < offset + length; i++) {
      if (!Ascii.isDigit(text[i])) {
        return false;
      }
    }
    return length < 20
        || Arrays.compare(text, offset, offset + length, LARGEST, 0, LARGEST.length) <= 0;
  }

  private static long hex(byte[] text, int offset) {
    return packed(values((long) BIG_ENDIAN.get(text, offset))) << 32
        | packed(values((long) BIG_ENDIAN.get(text, offset + Long.BYTES)));
  }

  /// Eight half bytes, each in a byte, as 32 bits.
  private static long packed(long values) {
    long v = (values | values >>> 4) & 0x00FF_00FF_00FF_00FFL;
    v = (v | v >>> 8) & 0x0000_FFFF_0000_FFFFL;
    return (v | v >>> 16) & 0xFFFF_FFFFL;
  }

  private static long decimal(byte[] text, int offset, int length) {
    long value = 0;
    for (int i = offset; i < offset + length; i++) {
      value = value * 10 + text[i] - '0';
    }
    return value;
  }
}
