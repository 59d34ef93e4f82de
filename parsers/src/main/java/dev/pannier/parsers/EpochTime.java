package dev.pannier.parsers;

/// Numbers as times since the epoch. The unit is told by how many digits stand before the point,
/// and each unit has the same window, from March 1973 to what 64 bits of nanoseconds hold:
///
/// ```
/// seconds         1e8  to 9.22e9     (9 or 10 digits)
/// milliseconds    1e11 to 9.22e12   (12 or 13)
/// microseconds    1e14 to 9.22e15   (15 or 16)
/// nanoseconds     1e17 to 9.22e18   (18 or 19)
/// ```
///
/// Anything else (a duration, a counter, a year far away) is no time.
final class EpochTime {
  private static final long[] TENS = new long[19];

  static {
    TENS[0] = 1;
    for (int i = 1; i < TENS.length; i++) {
      TENS[i] = TENS[i - 1] * 10;
    }
  }

  private EpochTime() {}

  /// @return nanoseconds from the epoch; [LocalTime#NONE] where the number stands for no time
  static long nanos(Decimal number) {
    long mantissa = number.mantissa();
    if (number.isNegative() || mantissa == 0 || number.isBeyondLong()) {
      return LocalTime.NONE;
    }
    int digits = 1;
    while (digits < TENS.length && mantissa >= TENS[digits]) {
      digits++;
    }
    int scale =
        switch (digits + number.exponent()) {
          case 9, 10 -> 9;
          case 12, 13 -> 6;
          case 15, 16 -> 3;
          case 18, 19 -> 0;
          default -> -1;
        };
    if (scale < 0) {
      return LocalTime.NONE;
    }
    int power = number.exponent() + scale;
    if (power < 0) {
      return mantissa / TENS[-power];
    }
    return mantissa > Long.MAX_VALUE / TENS[power] ? LocalTime.NONE : mantissa * TENS[power];
  }
}
