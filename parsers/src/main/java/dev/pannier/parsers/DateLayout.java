package dev.pannier.parsers;

import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A date layout in the letters of `java.text.SimpleDateFormat` and `DateTimeFormatter`, matched on
/// bytes without allocating. Keeps what it read last; one thread.
final class DateLayout {
  private static final String[] MONTHS = {
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"
  };
  private static final byte[][] MONTH_NAMES = new byte[12][];

  static {
    for (int i = 0; i < MONTHS.length; i++) {
      MONTH_NAMES[i] = MONTHS[i].getBytes(StandardCharsets.US_ASCII);
    }
  }

  /// @param letter the layout's letter, 0 for a literal
  private record Step(char letter, int count, byte[] literal) {}

  private final List<Step> steps = new ArrayList<>();
  private final ZoneId zoneId;
  private final LocalTime zone;
  private final boolean dayKnown;
  private final boolean yearKnown;
  private int end;
  private long nanos;

  DateLayout(String layout, ZoneId zone) {
    zoneId = zone;
    this.zone = new LocalTime(zone);
    int i = 0;
    while (i < layout.length()) {
      char letter = layout.charAt(i);
      if (letter == '\'') {
        int close = layout.indexOf('\'', i + 1);
        if (close < 0) {
          throw new BadParserException("date layout '" + layout + "': quote without its end");
        }
        literal(close == i + 1 ? "'" : layout.substring(i + 1, close));
        i = close + 1;
      } else if (Character.isLetter(letter)) {
        int from = i;
        while (i < layout.length() && layout.charAt(i) == letter) {
          i++;
        }
        if ("yuMdHhmsSaEXxZn".indexOf(letter) < 0) {
          throw new BadParserException(
              "date layout '" + layout + "': letter " + letter + " at column " + (from + 1));
        }
        steps.add(new Step(letter, i - from, new byte[0]));
      } else {
        literal(String.valueOf(letter));
        i++;
      }
    }
    dayKnown = has('d') && has('M');
    yearKnown = has('y') || has('u');
  }

  private DateLayout(DateLayout first, byte[] between, DateLayout second) {
    zoneId = first.zoneId;
    zone = new LocalTime(zoneId);
    steps.addAll(first.steps);
    steps.add(new Step((char) 0, 0, between));
    steps.addAll(second.steps);
    dayKnown = first.dayKnown || second.dayKnown;
    yearKnown = first.yearKnown || second.yearKnown;
  }

  /// A date and the time of that day with a text between them, as one layout, whichever is first.
  ///
  /// @return null unless one is a date alone, the other a time alone, and both of one zone
  @Nullable DateLayout joined(byte[] between, DateLayout other) {
    boolean halves =
        dayKnown != other.dayKnown && hasHour() != other.hasHour() && dayKnown != hasHour();
    return halves && zoneId.equals(other.zoneId) ? new DateLayout(this, between, other) : null;
  }

  private boolean hasHour() {
    return has('H') || has('h');
  }

  /// @return null where the layout has letters that this class does not know
  static @Nullable DateLayout ofOrNull(String layout, ZoneId zone) {
    boolean optional = layout.indexOf('[') >= 0 || layout.indexOf('z') >= 0;
    try {
      return optional ? null : new DateLayout(layout, zone);
    } catch (BadParserException e) {
      return null;
    }
  }

  private boolean has(char letter) {
    return steps.stream().anyMatch(step -> step.letter == letter);
  }

  private void literal(String text) {
    steps.add(new Step((char) 0, 0, text.getBytes(StandardCharsets.UTF_8)));
  }

  /// @param observedNanos when the text was read, for a layout that does not say the year
  /// @return whether the text begins with a time of this layout
  boolean match(byte[] text, int from, int to, long observedNanos) {
    int at = from;
    int year = 1970;
    int month = 1;
    int day = 1;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int fraction = 0;
    boolean afternoon = false;
    boolean halfDay = false;
    int offset = LocalTime.NO_OFFSET;
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      switch (step.letter) {
        case 0 -> {
          if (!Ascii.startsWith(text, at, to, step.literal)) {
            return false;
          }
          at += step.literal.length;
        }
        case 'y', 'u' -> {
          int digits = step.count == 2 ? 2 : 4;
          year = number(text, at, to, digits);
          if (year < 0) {
            return false;
          }
          year += step.count == 2 ? 2000 : 0;
          at += digits;
        }
        case 'M' -> {
          if (step.count >= 3) {
            month = monthName(text, at, to);
            at += 3;
          } else {
            int digits = digits(text, at, to, step.count);
            month = number(text, at, to, digits);
            at += digits;
          }
        }
        case 'd' -> {
          // Syslog writes " 3".
          at += step.count == 1 && at < to && text[at] == ' ' ? 1 : 0;
          int digits = digits(text, at, to, step.count);
          day = number(text, at, to, digits);
          at += digits;
        }
        case 'H', 'h' -> {
          int digits = digits(text, at, to, step.count);
          hour = number(text, at, to, digits);
          halfDay |= step.letter == 'h';
          at += digits;
        }
        case 'm' -> {
          minute = number(text, at, to, 2);
          at += 2;
        }
        case 's' -> {
          second = number(text, at, to, 2);
          at += 2;
        }
        case 'S', 'n' -> {
          int value = number(text, at, to, step.count);
          if (value < 0 || step.count > 9) {
            return false;
          }
          for (int k = step.count; k < 9; k++) {
            value *= 10;
          }
          fraction = value;
          at += step.count;
        }
        case 'a' -> {
          if (to - at < 2 || (text[at + 1] | 0x20) != 'm') {
            return false;
          }
          afternoon = (text[at] | 0x20) == 'p';
          at += 2;
        }
        case 'E' -> {
          while (at < to && Character.isLetter(text[at])) {
            at++;
          }
        }
        default -> {
          if (at < to && text[at] == 'Z') {
            offset = 0;
            at++;
          } else {
            int hours = to - at >= 3 ? Ascii.digits(text, at + 1, 2) : -1;
            if (hours < 0 || (text[at] != '+' && text[at] != '-')) {
              return false;
            }
            int minutesAt = at + 3 < to && text[at + 3] == ':' ? at + 4 : at + 3;
            int minutes = to - minutesAt >= 2 ? Ascii.digits(text, minutesAt, 2) : -1;
            int size = hours * 3_600 + Math.max(0, minutes) * 60;
            offset = text[at] == '-' ? -size : size;
            at = minutes < 0 ? at + 3 : minutesAt + 2;
          }
        }
      }
      if (at > to) {
        return false;
      }
    }
    if (halfDay) {
      if (hour < 0 || hour > 12) {
        return false;
      }
      hour = hour % 12 + (afternoon ? 12 : 0);
    }
    end = at;
    if (dayKnown && !yearKnown) {
      // A leap year: any day of the year is one.
      boolean real = LocalTime.seconds(1972, month, day, hour, minute, second) != LocalTime.NONE;
      nanos =
          zone.nanosOfYearBefore(observedNanos, offset, month, day, hour, minute, second, fraction);
      return real;
    }
    long local = LocalTime.seconds(year, month, day, hour, minute, second);
    if (local == LocalTime.NONE) {
      return false;
    }
    nanos =
        !dayKnown
            ? LocalTime.NONE
            : offset == LocalTime.NO_OFFSET
                ? zone.nanos(local, fraction)
                : LocalTime.instant(local - offset, fraction);
    return true;
  }

  /// One letter stands for one or two digits.
  private static int digits(byte[] text, int at, int to, int count) {
    return count == 1 && at + 1 < to && Ascii.isDigit(text[at + 1]) ? 2 : count;
  }

  private static int number(byte[] text, int at, int to, int digits) {
    return to - at < digits ? -1 : Ascii.digits(text, at, digits);
  }

  private static int monthName(byte[] text, int at, int to) {
    for (int i = 0; i < MONTH_NAMES.length; i++) {
      if (to - at >= 3 && Ascii.equalsUpper(text, at, MONTH_NAMES[i])) {
        return i + 1;
      }
    }
    return -1;
  }

  int end() {
    return end;
  }

  /// Nanoseconds from the epoch of the last match; [LocalTime#NONE] where the layout does not say
  /// the day.
  long nanos() {
    return nanos;
  }
}
