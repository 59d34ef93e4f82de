package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Map;

/// OTLP's `SeverityNumber` of the level names that logging libraries write, whatever their case
/// (OTLP logs data model, "Severity Fields", and its appendix B; syslog's numbers are RFC 5424,
/// section 6.2.1).
final class Severities {
  private static final Map<String, Integer> NUMBERS =
      Map.ofEntries(
          Map.entry("TRACE", 1),
          Map.entry("FINEST", 1),
          Map.entry("ALL", 1),
          Map.entry("VERBOSE", 1),
          Map.entry("DEBUG", 5),
          Map.entry("DBG", 5),
          Map.entry("FINER", 5),
          Map.entry("FINE", 6),
          Map.entry("CONFIG", 7),
          Map.entry("INFO", 9),
          Map.entry("INFORMATION", 9),
          Map.entry("INFORMATIONAL", 9),
          Map.entry("NOTICE", 10),
          Map.entry("WARN", 13),
          Map.entry("WARNING", 13),
          Map.entry("ERROR", 17),
          Map.entry("ERR", 17),
          Map.entry("SEVERE", 17),
          Map.entry("CRITICAL", 18),
          Map.entry("CRIT", 18),
          Map.entry("ALERT", 19),
          Map.entry("FATAL", 21),
          Map.entry("EMERG", 21),
          Map.entry("EMERGENCY", 21),
          Map.entry("PANIC", 21));

  private static final byte[][] NAMES = new byte[NUMBERS.size()][];
  private static final int[] VALUES = new int[NUMBERS.size()];

  static {
    int i = 0;
    for (Map.Entry<String, Integer> entry : NUMBERS.entrySet()) {
      NAMES[i] = entry.getKey().getBytes(US_ASCII);
      VALUES[i++] = entry.getValue();
    }
  }

  private Severities() {}

  /// @return 1 to 24; 0 for a name that is none
  static int number(byte[] text, int offset, int length) {
    for (int i = 0; i < NAMES.length; i++) {
      if (NAMES[i].length == length && Ascii.equalsUpper(text, offset, NAMES[i])) {
        return VALUES[i];
      }
    }
    return 0;
  }

  /// Levels that are numbers: pino's and Bunyan's (10 is TRACE, 60 FATAL) and Logback's (5000 is
  /// TRACE, 40000 ERROR). Small numbers mean one thing to syslog and the opposite to others: they
  /// stay unknown.
  static int number(long level) {
    if (level >= 10 && level <= 60 && level % 10 == 0) {
      return (int) (level / 10 - 1) * 4 + 1;
    }
    if (level == 5_000) {
      return 1;
    }
    return level >= 10_000 && level <= 40_000 && level % 10_000 == 0
        ? (int) (level / 10_000) * 4 + 1
        : 0;
  }

  /// Of syslog's severities, 0 (emergency) to 7 (debug).
  static int ofSyslog(int severity) {
    return switch (severity) {
      case 0 -> 21;
      case 1 -> 19;
      case 2 -> 18;
      case 3 -> 17;
      case 4 -> 13;
      case 5 -> 10;
      case 6 -> 9;
      default -> 5;
    };
  }
}
