package dev.pannier.collector.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Sizes (`24MiB`) and durations (`100ms`) as they are written: a whole number and a unit.
final class Units {
  static final long KIB = 1L << 10;
  static final long MIB = 1L << 20;
  static final long GIB = 1L << 30;

  private static final Pattern SIZE = Pattern.compile("(\\d{1,9}) ?(KiB|MiB|GiB)");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9}) ?(ms|s|m|h)");

  private Units() {}

  /// @return bytes; null where the text is no size
  static @Nullable Long size(String text) {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    long unit =
        switch (matcher.group(2)) {
          case "KiB" -> KIB;
          case "MiB" -> MIB;
          default -> GIB;
        };
    return Long.parseLong(matcher.group(1)) * unit;
  }

  /// @return null where the text is no duration
  static @Nullable Duration duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      default -> Duration.ofHours(number);
    };
  }

  /// The size in the largest unit that writes it whole.
  static String write(long bytes) {
    if (bytes % GIB == 0 && bytes > 0) {
      return bytes / GIB + "GiB";
    }
    if (bytes % MIB == 0 && bytes > 0) {
      return bytes / MIB + "MiB";
    }
    return bytes % KIB == 0 ? bytes / KIB + "KiB" : bytes + " bytes";
  }

  /// The duration in the largest unit that writes it whole.
  static String write(Duration duration) {
    long millis = duration.toMillis();
    if (millis > 0 && millis % 3_600_000 == 0) {
      return millis / 3_600_000 + "h";
    }
    if (millis > 0 && millis % 60_000 == 0) {
      return millis / 60_000 + "m";
    }
    return millis > 0 && millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
  }
}
