package dev.pannier.parsers;

import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneRules;

/// Turns a date and time into an instant without allocating: the zone's offset is looked up once an
/// hour. In a gap (clocks go forward) the time is read with the offset before it, in an overlap
/// with the earlier offset, as `java.time.ZonedDateTime` does.
final class LocalTime {
  /// What no instant is.
  static final long NONE = Long.MIN_VALUE;

  private final ZoneRules rules;
  private long cachedHour = Long.MIN_VALUE;
  private int cachedOffset;

  LocalTime(ZoneId zone) {
    rules = zone.getRules();
  }

  /// Seconds from the epoch as if the time were UTC; [#NONE] where it is no time, or none that 64
  /// bits of nanoseconds hold (Go's zero time is in year 1). A leap second counts as the second
  /// after.
  static long seconds(int year, int month, int day, int hour, int minute, int second) {
    if (year < 1970
        || year > 2261
        || month < 1
        || month > 12
        || day < 1
        || day > 31
        || hour < 0
        || hour > 23
        || minute < 0
        || minute > 59
        || second < 0
        || second > 60) {
      return NONE;
    }
    return days(year, month, day) * 86_400 + hour * 3_600L + minute * 60L + second;
  }

  /// Days from 1970-01-01 in the Gregorian calendar, with years that begin in March.
  private static long days(int year, int month, int day) {
    long shifted = month <= 2 ? year - 1 : year;
    long era = Math.floorDiv(shifted, 400);
    long yearOfEra = shifted - era * 400;
    long dayOfYear = (153L * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    long dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
    return era * 146_097 + dayOfEra - 719_468;
  }

  /// @param localSeconds as [#seconds] gives them
  /// @return nanoseconds from the epoch
  long nanos(long localSeconds, int nanoOfSecond) {
    return (localSeconds - offset(localSeconds)) * 1_000_000_000L + nanoOfSecond;
  }

  private int offset(long localSeconds) {
    long hour = Math.floorDiv(localSeconds, 3_600);
    if (hour == cachedHour) {
      return cachedOffset;
    }
    int at = lookUp(localSeconds);
    if (lookUp(hour * 3_600) == at && lookUp(hour * 3_600 + 3_599) == at) {
      cachedHour = hour;
      cachedOffset = at;
    }
    return at;
  }

  private int lookUp(long localSeconds) {
    LocalDateTime local = LocalDateTime.ofEpochSecond(localSeconds, 0, ZoneOffset.UTC);
    return rules.getOffset(local).getTotalSeconds();
  }
}
