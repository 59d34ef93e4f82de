package dev.pannier.shippers.encoding;

import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.JsonText;

/// Writes times as ISO 8601 in UTC (`2026-03-01T12:00:00.123Z`), with three, six or nine digits
/// behind the point: as many as the time has. The text of a second is kept for the next time.
final class IsoTime {
  private static final long NANOS = 1_000_000_000L;
  private static final long SECONDS_A_DAY = 86_400;

  /// `2026-03-01T12:00:00`.
  private final ByteOutput second = new ByteOutput(32);

  private long keptSecond = -1;

  /// @param epochNanos unsigned, as in OTLP: up to the year 2554
  void write(ByteOutput out, long epochNanos) {
    long seconds = Long.divideUnsigned(epochNanos, NANOS);
    long nanos = epochNanos - seconds * NANOS;
    if (seconds != keptSecond) {
      keptSecond = seconds;
      second.truncate(0);
      writeSecond(seconds);
    }
    out.write('"');
    out.write(second.bytes(), 0, second.length());
    out.write('.');
    if (nanos % 1_000_000 == 0) {
      JsonText.digits(out, nanos / 1_000_000, 3);
    } else if (nanos % 1_000 == 0) {
      JsonText.digits(out, nanos / 1_000, 6);
    } else {
      JsonText.digits(out, nanos, 9);
    }
    out.write('Z');
    out.write('"');
  }

  /// The date from the day's number: the calendar repeats every 400 years, and a year that begins in
  /// March has its leap day at its end.
  private void writeSecond(long seconds) {
    long days = seconds / SECONDS_A_DAY + 719_468;
    long era = days / 146_097;
    long dayOfEra = days % 146_097;
    long yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
    long dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    long monthFromMarch = (5 * dayOfYear + 2) / 153;
    long month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
    long secondOfDay = seconds % SECONDS_A_DAY;
    JsonText.digits(second, yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4);
    second.write('-');
    JsonText.digits(second, month, 2);
    second.write('-');
    JsonText.digits(second, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1, 2);
    second.write('T');
    JsonText.digits(second, secondOfDay / 3600, 2);
    second.write(':');
    JsonText.digits(second, secondOfDay / 60 % 60, 2);
    second.write(':');
    JsonText.digits(second, secondOfDay % 60, 2);
  }
}
