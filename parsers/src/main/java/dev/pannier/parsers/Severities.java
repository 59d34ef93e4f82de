package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// OTLP's `SeverityNumber` of the level names that logging libraries write, whatever their case
/// (OTLP logs data model, "Severity Fields", and its appendix B; syslog's numbers are RFC 5424,
/// section 6.2.1).
final class Severities {
  /// Looked through from the first to the last: the common ones come first.
  private static final String[] LEVELS = {
    "INFO", "DEBUG", "WARN", "ERROR", "TRACE", "WARNING", "FINE", "FINER", "FINEST", "CONFIG",
    "SEVERE", "FATAL", "NOTICE", "CRITICAL", "CRIT", "ALERT", "EMERG", "EMERGENCY", "PANIC", "ERR",
    "ALL", "VERBOSE", "DBG", "INFORMATION", "INFORMATIONAL"
  };

  private static final int[] VALUES = {
    9, 5, 13, 17, 1, 13, 6, 5, 1, 7, 17, 21, 10, 18, 18, 19, 21, 21, 21, 17, 1, 1, 5, 9, 9
  };

  private static final byte[][] NAMES = new byte[LEVELS.length][];

  static {
    for (int i = 0; i < LEVELS.length; i++) {
      NAMES[i] = LEVELS[i].getBytes(US_ASCII);
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
