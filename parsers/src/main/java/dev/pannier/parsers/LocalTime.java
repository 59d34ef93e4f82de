package dev.pannier.parsers;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;

/// Turns a date and time into an instant without allocating: the zone's offset is looked up once
/// between two changes of clocks, and once an hour around them. In a gap (clocks go forward) the time is read with the offset before it, in an overlap
/// with the earlier offset, as `java.time.ZonedDateTime` does.
final class LocalTime {
  /// What no instant is.
  static final long NONE = Long.MIN_VALUE;

  static final int NO_OFFSET = Integer.MIN_VALUE;

  private static final long DAY = 86_400;

  private static final int FIRST_YEAR = 1970;

  /// The last one whose every instant 64 bits of nanoseconds hold.
  private static final int LAST_YEAR = 2261;

  /// By year from the first, how many days lie between 1970 and its 1st of January: C1, which
  /// compiles the sidecar, divides by dividing.
  private static final int[] DAYS_BEFORE_YEAR = new int[LAST_YEAR - FIRST_YEAR + 2];

  /// By month, in a year that is no leap year.
  private static final int[] DAYS_BEFORE_MONTH = {
    0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334
  };

  static {
    for (int i = 1; i < DAYS_BEFORE_YEAR.length; i++) {
      DAYS_BEFORE_YEAR[i] = DAYS_BEFORE_YEAR[i - 1] + (isLeap(FIRST_YEAR + i - 1) ? 366 : 365);
    }
  }

  private final ZoneRules rules;
  private long cachedHour = Long.MIN_VALUE;
  private int cachedOffset;

  /// Local times from here on, and before there, have [#steadyOffset].
  private long steadyFrom = Long.MAX_VALUE;

  private long steadyTo = Long.MIN_VALUE;
  private int steadyOffset;

  LocalTime(ZoneId zone) {
    rules = zone.getRules();
  }

  /// Seconds from the epoch as if the time were UTC; [#NONE] where it is no time, or none that 64
  /// bits of nanoseconds hold (Go's zero time is in year 1). A leap second counts as the second
  /// after.
  static long seconds(int year, int month, int day, int hour, int minute, int second) {
    if (year < FIRST_YEAR
        || year > LAST_YEAR
        || month < 1
        || month > 12
        || day < 1
        || day > daysOf(month, year)
        || hour < 0
        || hour > 23
        || minute < 0
        || minute > 59
        || second < 0
        || second > 60) {
      return NONE;
    }
    return days(year, month, day) * 86_400L + hour * 3_600L + minute * 60L + second;
  }

  private static int daysOf(int month, int year) {
    return switch (month) {
      case 2 -> isLeap(year) ? 29 : 28;
      case 4, 6, 9, 11 -> 30;
      default -> 31;
    };
  }

  static boolean isLeap(int year) {
    return (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0);
  }

  /// Days from 1970-01-01 in the Gregorian calendar.
  private static int days(int year, int month, int day) {
    int leapDay = month > 2 && isLeap(year) ? 1 : 0;
    return DAYS_BEFORE_YEAR[year - FIRST_YEAR] + DAYS_BEFORE_MONTH[month] + leapDay + day - 1;
  }

  /// @param localSeconds as [#seconds] gives them
  /// @return nanoseconds from the epoch
  long nanos(long localSeconds, int nanoOfSecond) {
    return instant(localSeconds - offset(localSeconds), nanoOfSecond);
  }

  /// A clock that is not set yet may be before the epoch where its zone is east of Greenwich. OTLP
  /// has no such time (`fixed64`); 0 is its "unknown".
  static long instant(long seconds, int nanoOfSecond) {
    return seconds < 0 ? 0 : seconds * 1_000_000_000L + nanoOfSecond;
  }

  private int offset(long localSeconds) {
    if (localSeconds >= steadyFrom && localSeconds < steadyTo) {
      return steadyOffset;
    }
    long hour = Math.floorDiv(localSeconds, 3_600);
    if (hour == cachedHour) {
      return cachedOffset;
    }
    int at = lookUp(localSeconds);
    steady(localSeconds, at);
    if (lookUp(hour * 3_600) == at && lookUp(hour * 3_600 + 3_599) == at) {
      cachedHour = hour;
      cachedOffset = at;
    }
    return at;
  }

  /// Two days from a change no local time is in doubt: no offset is larger than 18 hours.
  private void steady(long localSeconds, int offset) {
    Instant instant = Instant.ofEpochSecond(localSeconds - offset);
    ZoneOffsetTransition before = rules.previousTransition(instant);
    ZoneOffsetTransition after = rules.nextTransition(instant);
    long from = before == null ? Long.MIN_VALUE : before.toEpochSecond() + 2 * DAY;
    long to = after == null ? Long.MAX_VALUE : after.toEpochSecond() - 2 * DAY;
    if (localSeconds >= from && localSeconds < to) {
      steadyFrom = from;
      steadyTo = to;
      steadyOffset = offset;
    }
  }

  private int lookUp(long localSeconds) {
    LocalDateTime local = LocalDateTime.ofEpochSecond(localSeconds, 0, ZoneOffset.UTC);
    return rules.getOffset(local).getTotalSeconds();
  }

  /// The instant of a time that does not say its year: the last one that is not more than a day
  /// after it was read (a clock may be ahead, and a file may be read on New Year's Day).
  ///
  /// @param offset        of its zone in seconds; [#NO_OFFSET] where the text does not say it
  /// @param observedNanos when it was read; 0 is unknown
  /// @return [#NONE] where it is no time
  long nanosOfYearBefore(
      long observedNanos,
      int offset,
      int month,
      int day,
      int hour,
      int minute,
      int second,
      int nano) {
    if (observedNanos <= 0) {
      return NONE;
    }
    int year = 1970 + (int) (observedNanos / 1_000_000_000L / 31_556_952L);
    // A 29th of February may lie eight years back (1896 to 1904, 2096 to 2104).
    for (int candidate = year + 1; candidate >= year - 8; candidate--) {
      long local = seconds(candidate, month, day, hour, minute, second);
      // What is far ahead is passed over before its zone is asked for.
      if (local != NONE && local < observedNanos / 1_000_000_000L + 2 * DAY) {
        long nanos = offset == NO_OFFSET ? nanos(local, nano) : instant(local - offset, nano);
        if (nanos <= observedNanos + DAY * 1_000_000_000L) {
          return nanos;
        }
      }
    }
    return NONE;
  }
}
