package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// JSON's texts and numbers (RFC 8259), from bytes to bytes. What it writes is valid UTF-8 whatever
/// it is given: each byte that is part of no character becomes U+FFFD.
public final class JsonText {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long HIGHS = 0x8080_8080_8080_8080L;
  private static final byte[] HEX = "0123456789abcdef".getBytes(US_ASCII);
  private static final byte[] BASE64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".getBytes(US_ASCII);
  private static final byte[] REPLACEMENT = {(byte) 0xEF, (byte) 0xBF, (byte) 0xBD};
  private static final long MOST_EXACT = 1L << 53;

  private JsonText() {}

  /// The text in quotes.
  public static void string(ByteOutput out, byte[] text, int start, int end) {
    out.write('"');
    escaped(out, text, start, end);
    out.write('"');
  }

  /// The text as it stands between quotes.
  public static void escaped(ByteOutput out, byte[] text, int start, int end) {
    int at = start;
    while (at < end) {
      int plain = endOfPlain(text, at, end);
      if (plain > at) {
        out.write(text, at, plain - at);
        at = plain;
      }
      if (at < end) {
        at = text[at] < 0 ? character(out, text, at, end) : escape(out, text[at], at);
      }
    }
  }

  /// @return the first byte that is not printable ASCII, or that needs a backslash
  private static int endOfPlain(byte[] text, int start, int end) {
    int at = start;
    while (at <= end - Long.BYTES) {
      long word = (long) LONG.get(text, at);
      long quote = word ^ 0x22 * ONES;
      long backslash = word ^ 0x5C * ONES;
      // The lowest bit that is set is right; a higher one may be a borrow's.
      long special = ((word - 0x20 * ONES) | (quote - ONES) | (backslash - ONES) | word) & HIGHS;
      if (special != 0) {
        return at + (Long.numberOfTrailingZeros(special) >>> 3);
      }
      at += Long.BYTES;
    }
    while (at < end && text[at] >= ' ' && text[at] != '"' && text[at] != '\\') {
      at++;
    }
    return at;
  }

  private static int escape(ByteOutput out, byte b, int at) {
    out.write('\\');
    switch (b) {
      case '"', '\\' -> out.write(b);
      case '\n' -> out.write('n');
      case '\r' -> out.write('r');
      case '\t' -> out.write('t');
      default -> {
        byte[] bytes = out.reserve(5);
        int to = out.length();
        bytes[to] = 'u';
        bytes[to + 1] = '0';
        bytes[to + 2] = '0';
        bytes[to + 3] = HEX[b >> 4 & 0xF];
        bytes[to + 4] = HEX[b & 0xF];
        out.advance(5);
      }
    }
    return at + 1;
  }

  /// Copies characters beyond ASCII as far as they are valid, or replaces one byte.
  private static int character(ByteOutput out, byte[] text, int start, int end) {
    int at = start;
    int next = at;
    while (next < end && text[next] < 0) {
      int length = characterLength(text, next, end);
      if (length == 0) {
        break;
      }
      next += length;
    }
    if (next > at) {
      out.write(text, at, next - at);
      return next;
    }
    out.write(REPLACEMENT);
    return at + 1;
  }

  /// @return 2 to 4; 0 where the bytes are no character (Unicode 16, table 3-7)
  private static int characterLength(byte[] text, int at, int end) {
    int first = text[at] & 0xFF;
    if (first < 0xC2 || first > 0xF4) {
      return 0;
    }
    int length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (length > end - at) {
      return 0;
    }
    for (int i = 1; i < length; i++) {
      if ((text[at + i] & 0xC0) != 0x80) {
        return 0;
      }
    }
    int second = text[at + 1] & 0xFF;
    boolean isValid =
        switch (first) {
          case 0xE0 -> second >= 0xA0;
          case 0xED -> second < 0xA0;
          case 0xF0 -> second >= 0x90;
          case 0xF4 -> second < 0x90;
          default -> true;
        };
    return isValid ? length : 0;
  }

  public static void number(ByteOutput out, long value) {
    byte[] bytes = out.reserve(20);
    if (value < 0) {
      if (value == Long.MIN_VALUE) {
        out.write(Long.toString(value).getBytes(US_ASCII));
        return;
      }
      bytes[out.length()] = '-';
      out.advance(1);
      value = -value;
    }
    int digits = 1;
    for (long rest = value; rest >= 10; rest /= 10) {
      digits++;
    }
    digits(out, value, digits);
  }

  /// The last `count` decimal digits of a value that is not negative.
  public static void digits(ByteOutput out, long value, int count) {
    byte[] bytes = out.reserve(count);
    long rest = value;
    for (int at = out.length() + count - 1; at >= out.length(); at--) {
      bytes[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    out.advance(count);
  }

  public static void unsigned(ByteOutput out, long value) {
    if (value >= 0) {
      number(out, value);
    } else {
      out.write(Long.toUnsignedString(value).getBytes(US_ASCII));
    }
  }

  /// What JSON has no number for is `"NaN"`, `"Infinity"` or `"-Infinity"`, as proto3 maps it.
  public static void number(ByteOutput out, double value) {
    if (value == (long) value && Math.abs(value) < MOST_EXACT && !isNegativeZero(value)) {
      number(out, (long) value);
      out.write('.');
      out.write('0');
    } else if (Double.isFinite(value)) {
      out.write(Double.toString(value).getBytes(US_ASCII));
    } else {
      out.write('"');
      out.write(Double.toString(value).getBytes(US_ASCII));
      out.write('"');
    }
  }

  private static boolean isNegativeZero(double value) {
    return value == 0 && Double.doubleToRawLongBits(value) != 0;
  }

  /// Two lower-case digits a byte.
  public static void hex(ByteOutput out, byte[] from, int start, int end) {
    byte[] bytes = out.reserve(2 * (end - start));
    int to = out.length();
    for (int at = start; at < end; at++) {
      bytes[to++] = HEX[from[at] >> 4 & 0xF];
      bytes[to++] = HEX[from[at] & 0xF];
    }
    out.advance(2 * (end - start));
  }

  /// RFC 4648, section 4, with padding.
  public static void base64(ByteOutput out, byte[] from, int start, int end) {
    int size = (end - start + 2) / 3 * 4;
    byte[] bytes = out.reserve(size);
    int to = out.length();
    for (int at = start; at < end; at += 3) {
      int left = end - at;
      int bits = (from[at] & 0xFF) << 16;
      bits |= left > 1 ? (from[at + 1] & 0xFF) << 8 : 0;
      bits |= left > 2 ? from[at + 2] & 0xFF : 0;
      bytes[to++] = BASE64[bits >> 18];
      bytes[to++] = BASE64[bits >> 12 & 0x3F];
      bytes[to++] = left > 1 ? BASE64[bits >> 6 & 0x3F] : (byte) '=';
      bytes[to++] = left > 2 ? BASE64[bits & 0x3F] : (byte) '=';
    }
    out.advance(size);
  }
}
