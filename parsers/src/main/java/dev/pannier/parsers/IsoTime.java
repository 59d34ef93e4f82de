package dev.pannier.parsers;

import java.time.ZoneId;

/// ISO 8601 as logs have it: `2026-11-23T14:00:00.123456789+08:00`, with a blank for the T, a comma
/// for the point, a blank before the offset, `UTC` for it, and the fraction or the offset left out. Keeps where it stopped; one thread.
final class IsoTime {
  private static final int NANO_DIGITS = 9;
  private static final int[] TENS = {
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000
  };

  private final LocalTime zone;
  private int end;

  IsoTime(ZoneId zone) {
    this.zone = new LocalTime(zone);
  }

  /// @return nanoseconds from the epoch; [LocalTime#NONE] where the text does not begin with a time
  long parse(byte[] text, int from, int to) {
    if (to - from < 19
        || text[from + 4] != '-'
        || text[from + 7] != '-'
        || (text[from + 10] != 'T' && text[from + 10] != ' ')
        || text[from + 13] != ':'
        || text[from + 16] != ':') {
      return LocalTime.NONE;
    }
    long local =
        LocalTime.seconds(
            Ascii.digits(text, from, 4),
            Ascii.twoDigits(text, from + 5),
            Ascii.twoDigits(text, from + 8),
            Ascii.twoDigits(text, from + 11),
            Ascii.twoDigits(text, from + 14),
            Ascii.twoDigits(text, from + 17));
    if (local == LocalTime.NONE) {
      return LocalTime.NONE;
    }
    int at = from + 19;
    int nanos = 0;
    if (at + 1 < to && (text[at] == '.' || text[at] == ',') && Ascii.isDigit(text[at + 1])) {
      int digits = 0;
      at++;
      while (at < to && Ascii.isDigit(text[at])) {
        if (digits < NANO_DIGITS) {
          nanos = nanos * 10 + text[at] - '0';
          digits++;
        }
        at++;
      }
      nanos *= TENS[NANO_DIGITS - digits];
    }
    end = at;
    if (at < to && text[at] == 'Z') {
      end = at + 1;
      return LocalTime.instant(local, nanos);
    }
    if (at < to && (text[at] == '+' || text[at] == '-')) {
      int offset = offset(text, at, to);
      if (offset != Integer.MIN_VALUE) {
        return LocalTime.instant(local - offset, nanos);
      }
    }
    if (at + 3 < to && text[at] == ' ') {
      if (isUtc(text, at + 1, to)) {
        end = at + 4;
        return LocalTime.instant(local, nanos);
      }
      int offset = isWholeOffset(text, at + 1, to) ? offset(text, at + 1, to) : Integer.MIN_VALUE;
      if (offset != Integer.MIN_VALUE) {
        return LocalTime.instant(local - offset, nanos);
      }
    }
    return zone.nanos(local, nanos);
  }

  private static boolean isUtc(byte[] text, int at, int to) {
    return to - at >= 3
        && ((text[at] == 'U' && text[at + 1] == 'T' && text[at + 2] == 'C')
            || (text[at] == 'G' && text[at + 1] == 'M' && text[at + 2] == 'T'))
        && (to - at == 3 || !Character.isLetterOrDigit(text[at + 3]));
  }

  /// Behind a blank, a sign and two digits may be anything: `+0800` or `+08:00`, and no digit more.
  private static boolean isWholeOffset(byte[] text, int at, int to) {
    int minutes = at + 3 < to && text[at + 3] == ':' ? at + 4 : at + 3;
    return (text[at] == '+' || text[at] == '-')
        && to - minutes >= 2
        && Ascii.twoDigits(text, at + 1) >= 0
        && Ascii.twoDigits(text, minutes) >= 0
        && (to - minutes == 2 || !Ascii.isDigit(text[minutes + 2]));
  }

  /// `+08`, `+0800` or `+08:00`.
  private int offset(byte[] text, int at, int to) {
    if (to - at < 3 || Ascii.twoDigits(text, at + 1) < 0) {
      return Integer.MIN_VALUE;
    }
    int seconds = Ascii.twoDigits(text, at + 1) * 3_600;
    int next = at + 3;
    int minutesAt = next < to && text[next] == ':' ? next + 1 : next;
    if (to - minutesAt >= 2 && Ascii.twoDigits(text, minutesAt) >= 0) {
      seconds += Ascii.twoDigits(text, minutesAt) * 60;
      next = minutesAt + 2;
    }
    end = next;
    return text[at] == '-' ? -seconds : seconds;
  }

  /// Where the last time that was parsed ends.
  int end() {
    return end;
  }
}
