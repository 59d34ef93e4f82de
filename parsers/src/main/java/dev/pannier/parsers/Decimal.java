package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// A decimal number's digits as `mantissa * 10^exponent`, read without allocating. Keeps what it
/// read last; one thread.
final class Decimal {
  /// Exponents beyond this say "larger than anything" as well as any other.
  private static final int MAX_EXPONENT = 1_000_000;

  /// A double holds powers of ten up to here, and integers up to 2^53, without rounding.
  private static final double[] EXACT_POWERS = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22
  };

  private static final long EXACT_MANTISSA = 1L << 53;

  /// A mantissa below this has room for one digit more, and this one for a digit up to the last of
  /// the largest number.
  private static final long MOST_TENTHS = Long.MAX_VALUE / 10;

  private static final int LAST_DIGIT = (int) (Long.MAX_VALUE % 10);

  private byte[] text = new byte[0];
  private int from;
  private int to;
  private boolean negative;
  private long mantissa;
  private int exponent;
  private boolean whole;

  /// @return whether the text is `[-]digits[.digits][e[+-]digits]`
  boolean read(byte[] buffer, int start, int end) {
    text = buffer;
    from = start;
    to = end;
    mantissa = 0;
    exponent = 0;
    whole = true;
    int at = start;
    negative = at < end && buffer[at] == '-';
    at += negative ? 1 : 0;
    int next = digits(at, false);
    if (next == at) {
      return false;
    }
    at = next;
    if (at < end && buffer[at] == '.') {
      next = digits(at + 1, true);
      if (next == at + 1) {
        return false;
      }
      at = next;
    }
    if (at < end && (buffer[at] | 0x20) == 'e') {
      at = exponent(at + 1);
    }
    return at == end;
  }

  private int digits(int start, boolean fraction) {
    int at = start;
    while (at < to && Ascii.isDigit(text[at])) {
      int digit = text[at++] - '0';
      if (whole && (mantissa < MOST_TENTHS || (mantissa == MOST_TENTHS && digit <= LAST_DIGIT))) {
        mantissa = mantissa * 10 + digit;
        exponent -= fraction ? 1 : 0;
      } else {
        whole = false;
        exponent += fraction ? 0 : 1;
      }
    }
    return at;
  }

  private int exponent(int start) {
    int at = start;
    boolean down = at < to && text[at] == '-';
    if (at < to && (down || text[at] == '+')) {
      at++;
    }
    int size = 0;
    int digitsFrom = at;
    while (at < to && Ascii.isDigit(text[at])) {
      size = Math.min(MAX_EXPONENT, size * 10 + text[at++] - '0');
    }
    exponent += down ? -size : size;
    return at == digitsFrom ? -1 : at;
  }

  boolean isNegative() {
    return negative;
  }

  /// Whether digits before the point were left out of the mantissa.
  boolean isBeyondLong() {
    return !whole && exponent > 0;
  }

  long mantissa() {
    return mantissa;
  }

  int exponent() {
    return exponent;
  }

  /// The nearest double, as [Double#parseDouble] gives it.
  double toDouble() {
    if (whole && mantissa <= EXACT_MANTISSA && Math.abs(exponent) < EXACT_POWERS.length) {
      // One rounding of two exact operands: the result is the nearest (Clinger's fast path).
      double size =
          exponent < 0 ? mantissa / EXACT_POWERS[-exponent] : mantissa * EXACT_POWERS[exponent];
      return negative ? -size : size;
    }
    return Double.parseDouble(new String(text, from, to - from, US_ASCII));
  }
}
