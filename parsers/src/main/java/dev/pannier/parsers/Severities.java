package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// OTLP's `SeverityNumber` of the level names that logging libraries write, whatever their case
/// (OTLP logs data model, "Severity Fields", and its appendix B; syslog's numbers are RFC 5424,
/// section 6.2.1).
final class Severities {
  /// Looked through from the first to the last: the common ones come first.
  private static final String[] LEVELS = {
    "INFO",
    "DEBUG",
    "WARN",
    "ERROR",
    "TRACE",
    "WARNING",
    "FINE",
    "FINER",
    "FINEST",
    "ALL",
    "CONFIG",
    "SEVERE",
    "FATAL",
    "NOTICE",
    "CRITICAL",
    "CRIT",
    "ALERT",
    "EMERG",
    "EMERGENCY",
    "PANIC",
    "ERR",
    "VERBOSE",
    "DBG",
    "INFORMATION",
    "INFORMATIONAL",
    "DPANIC",
    "SUCCESS",
    "HTTP",
    "SILLY",
    "LOG"
  };

  private static final int[] VALUES = {
    9, 5, 13, 17, 1, 13, 6, 5, 1, 1, 7, 17, 21, 10, 18, 18, 19, 21, 21, 21, 17, 1, 5, 9, 9, 21, 10,
    7, 1, 9
  };

  /// The last ones are ordinary words, too.
  private static final int WORDS = 4;

  /// `java.util.logging`'s, from `FINE` to `SEVERE`: it writes them in capitals, and else they are ordinary words.
  private static final int CAPITALS_FROM = 6;

  private static final int CAPITALS_TO = 12;

  private static final byte[][] NAMES = new byte[LEVELS.length][];

  static {
    for (int i = 0; i < LEVELS.length; i++) {
      NAMES[i] = LEVELS[i].getBytes(US_ASCII);
    }
  }

  private Severities() {}

  /// @return 1 to 24; 0 for a name that is none
  static int number(byte[] text, int offset, int length) {
    int known = index(text, offset, length, NAMES.length);
    return known >= 0 ? VALUES[known] : between(text, offset, length);
  }

  /// Of a word that stands where a level may, which nothing else says to be one: `HTTP` and its like
  /// are none there, and `Config` is one only where punctuation sets it apart from a text.
  ///
  /// @param end the line's
  /// @return 1 to 24; 0 for a name that is none
  static int numberOfWord(byte[] text, int offset, int length, int end) {
    int known = index(text, offset, length, NAMES.length - WORDS);
    if (known < 0) {
      return 0;
    }
    int capitals = 0;
    for (int i = offset; i < offset + length; i++) {
      capitals += text[i] < 'a' ? 1 : 0;
    }
    boolean plain =
        capitals == length
            || (capitals == 0 && (known < CAPITALS_FROM || known >= CAPITALS_TO))
            || isSetApart(text, offset + length, end);
    return plain ? VALUES[known] : 0;
  }

  /// Whether what separates a layout's parts follows: a tab, `]`, `:`, `|` or ` - `.
  private static boolean isSetApart(byte[] text, int wordEnd, int end) {
    int at = wordEnd;
    while (at < end && text[at] == ' ') {
      at++;
    }
    if (at == end) {
      return false;
    }
    return switch (text[at]) {
      case '\t', ']', ':', '|' -> true;
      case '-' -> at > wordEnd && at + 1 < end && text[at + 1] == ' ';
      default -> false;
    };
  }

  private static int index(byte[] text, int offset, int length, int names) {
    for (int i = 0; i < names; i++) {
      if (NAMES[i].length == length && Ascii.equalsUpper(text, offset, NAMES[i])) {
        return i;
      }
    }
    return -1;
  }

  /// Go's slog names what lies between its levels by the one below and the distance: `INFO+2`.
  private static int between(byte[] text, int offset, int length) {
    int name = 0;
    while (name < length && text[offset + name] != '+' && text[offset + name] != '-') {
      name++;
    }
    int digits = length - name - 1;
    if (name < 4 || name > 5 || digits < 1 || digits > 3) {
      return 0;
    }
    int distance = Ascii.digits(text, offset + name + 1, digits);
    int level = number(text, offset, name);
    if (level == 0 || distance < 0) {
      return 0;
    }
    return Math.clamp(level + (text[offset + name] == '+' ? distance : -distance), 1, 24);
  }

  /// Levels that are numbers: pino's and Bunyan's (10 is TRACE, 60 FATAL), Monolog's (100 is DEBUG,
  /// 600 EMERGENCY) and Logback's (5000 is TRACE, 40000 ERROR). Small numbers mean one thing to syslog and the opposite to others: they
  /// stay unknown.
  static int number(long level) {
    if (level >= 10 && level <= 60 && level % 10 == 0) {
      return (int) (level / 10 - 1) * 4 + 1;
    }
    switch (Math.clamp(level, 0, 5_000)) {
      case 100 -> {
        return 5;
      }
      case 200 -> {
        return 9;
      }
      case 250 -> {
        return 10;
      }
      case 300 -> {
        return 13;
      }
      case 400 -> {
        return 17;
      }
      case 500 -> {
        return 18;
      }
      case 550 -> {
        return 19;
      }
      case 600 -> {
        return 21;
      }
      case 5_000 -> {
        return level == 5_000 ? 1 : fromTenThousands(level);
      }
      default -> {
        return 0;
      }
    }
  }

  private static int fromTenThousands(long level) {
    return level >= 10_000 && level <= 40_000 && level % 10_000 == 0
        ? (int) (level / 10_000) * 4 + 1
        : 0;
  }

  /// Of Python's `logging`, where 10 is DEBUG and 50 CRITICAL.
  static int ofPython(long level) {
    return level <= 0 ? 0 : (int) Math.min(18, Math.max(1, level / 10 * 4 + 1));
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
