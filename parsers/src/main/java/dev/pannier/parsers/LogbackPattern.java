package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads a Logback conversion pattern (Logback manual, chapter 6, "PatternLayout") into the parts of
/// a line.
final class LogbackPattern {
  enum Kind {
    LITERAL,
    DATE,
    LEVEL,
    THREAD,
    LOGGER,
    MESSAGE,
    MDC,
    MDC_ALL,
    METHOD,
    FILE,
    LINE,
    /// A printed exception that begins in the message's line, behind the part's text; it takes no
    /// part in matching.
    EXCEPTION,
    /// Text in square brackets and a blank, or nothing at all.
    BRACKETED,
    /// Text that has no place in a log record.
    OTHER
  }

  /// @param text   of a literal
  /// @param key    of an MDC entry
  /// @param absent what stands for an MDC entry that is not there
  /// @param width  to which it is padded, 0 for none
  /// @param left   whether blanks stand before the text
  record Part(
      Kind kind,
      byte[] text,
      byte[] key,
      byte[] absent,
      @Nullable DateLayout date,
      int width,
      boolean left) {}

  private static final byte[] NONE = {};
  private static final String DEFAULT_DATE = "yyyy-MM-dd HH:mm:ss,SSS";
  private static final Set<String> NOTHING =
      Set.of(
          "ex",
          "exception",
          "throwable",
          "xEx",
          "xException",
          "xThrowable",
          "rEx",
          "rootException",
          "nopex",
          "nopexception",
          "wEx",
          "wex",
          "xwEx");
  private static final Set<String> COLOURS =
      Set.of(
          "clr",
          "highlight",
          "black",
          "red",
          "green",
          "yellow",
          "blue",
          "magenta",
          "cyan",
          "white",
          "gray",
          "boldRed",
          "boldGreen",
          "boldYellow",
          "boldBlue",
          "boldMagenta",
          "boldCyan",
          "boldWhite");

  private final String pattern;
  private final ZoneId zone;
  private final List<Part> parts = new ArrayList<>();
  private final StringBuilder literal = new StringBuilder();
  private int at;

  /// Whether each word prints its name in front of its value.
  private boolean prefixed;

  private LogbackPattern(String pattern, ZoneId zone) {
    this.pattern = pattern;
    this.zone = zone;
  }

  /// @throws BadParserException that names the word and its column
  static List<Part> parse(String pattern, ZoneId zone) {
    LogbackPattern reader = new LogbackPattern(pattern, zone);
    reader.sequence(false);
    reader.withoutLastLineEnd();
    reader.endLiteral();
    if (reader.parts.stream().noneMatch(part -> part.kind != Kind.LITERAL)) {
      throw new BadParserException("pattern '" + pattern + "' has no conversion word");
    }
    reader.joinDates();
    return List.copyOf(reader.parts);
  }

  /// `%d{yyyy-MM-dd} %d{HH:mm:ss}` is one time: neither half tells it.
  private void joinDates() {
    for (int i = 0; i + 2 < parts.size(); i++) {
      Part first = parts.get(i);
      Part between = parts.get(i + 1);
      Part second = parts.get(i + 2);
      if (first.date == null
          || second.date == null
          || between.kind != Kind.LITERAL
          || first.width + second.width > 0) {
        continue;
      }
      DateLayout both = first.date.joined(between.text, second.date);
      if (both != null) {
        parts.subList(i, i + 3).clear();
        parts.add(i, new Part(Kind.DATE, NONE, NONE, NONE, both, 0, false));
      }
    }
  }

  /// The line's end is not part of a record.
  private void withoutLastLineEnd() {
    int length = literal.length();
    if (length > 0 && literal.charAt(length - 1) == '\n') {
      literal.setLength(length - 1);
    }
  }

  private void sequence(boolean inGroup) {
    while (at < pattern.length()) {
      char c = pattern.charAt(at);
      if (c == '\\' && at + 1 < pattern.length()) {
        literal.append(pattern.charAt(at + 1));
        at += 2;
      } else if (c == ')' && inGroup) {
        return;
      } else if (c == '%') {
        at++;
        conversion();
      } else if (c == '$' && pattern.startsWith("${", at)) {
        throw new BadParserException(
            "pattern has a variable at column " + (at + 1) + ": write its value instead");
      } else {
        literal.append(c);
        at++;
      }
    }
    if (inGroup) {
      throw new BadParserException("pattern ends inside a group: ')' is missing");
    }
  }

  private void conversion() {
    int column = at;
    boolean left = true;
    if (at < pattern.length() && pattern.charAt(at) == '%') {
      literal.append('%');
      at++;
      return;
    }
    if (at < pattern.length() && pattern.charAt(at) == '-') {
      left = false;
      at++;
    }
    int width = number();
    if (at < pattern.length() && pattern.charAt(at) == '.') {
      at++;
      if (at < pattern.length() && pattern.charAt(at) == '-') {
        at++;
      }
      number();
    }
    if (at < pattern.length() && pattern.charAt(at) == '(') {
      group(width);
      return;
    }
    int from = at;
    while (at < pattern.length() && Character.isLetter(pattern.charAt(at))) {
      at++;
    }
    String word = pattern.substring(from, at);
    if (at < pattern.length() && pattern.charAt(at) == '(' && composite(word, width)) {
      return;
    }
    if (COLOURS.contains(word) && at < pattern.length() && pattern.charAt(at) == '(') {
      group(width);
      options();
      return;
    }
    String option = options();
    if (NOTHING.contains(word)) {
      exception(word);
      return;
    }
    if (word.equals("caller")) {
      caller(option);
      return;
    }
    if (prefixed) {
      literal.append(prefix(word, option));
    }
    if (word.equals("n")) {
      literal.append('\n');
      return;
    }
    endLiteral();
    parts.add(part(word, option, width, left, column));
  }

  /// @return false where the word takes no group
  private boolean composite(String word, int width) {
    switch (word) {
      // What it replaces is still what its words print, but for what it hides.
      case "replace" -> group(width);
      case "prefix" -> {
        boolean outer = prefixed;
        prefixed = true;
        group(width);
        prefixed = outer;
      }
      // Spring Boot's: a property in square brackets, or nothing.
      case "esb" -> {
        at = Math.max(at, pattern.indexOf(')', at)) + 1;
        endLiteral();
        parts.add(plain(Kind.BRACKETED, 0, true));
      }
      default -> {
        return false;
      }
    }
    options();
    return true;
  }

  private static String prefix(String word, String option) {
    return switch (word) {
      case "d", "date" -> "date=";
      case "p", "le", "level" -> "level=";
      case "t", "thread" -> "thread=";
      case "c", "lo", "logger" -> "logger=";
      case "m", "msg", "message" -> "message=";
      case "M", "method" -> "method=";
      case "F", "file" -> "file=";
      case "L", "line" -> "line=";
      case "C", "class" -> "class=";
      case "X", "mdc", "property" -> option.isEmpty() ? "" : option.replaceFirst(":-.*", "") + "=";
      default -> "";
    };
  }

  /// A line for each frame; how many there are is the option, 5 without one.
  private void caller(String option) {
    String first = option.replaceFirst(",.*", "").strip();
    int range = first.indexOf("..");
    int frames = 5;
    try {
      frames =
          range < 0
              ? Integer.parseInt(first)
              : Integer.parseInt(first.substring(range + 2))
                  - Integer.parseInt(first.substring(0, range));
    } catch (NumberFormatException e) {
      // Logback, too, then prints as many as it does by itself.
    }
    for (int i = 0; i < Math.clamp(frames, 1, 16); i++) {
      endLiteral();
      parts.add(plain(Kind.OTHER, 0, true));
      literal.append('\n');
    }
  }

  private void exception(String word) {
    boolean inline = !word.startsWith("nopex") && literal.indexOf("\n") < 0;
    boolean behind = false;
    for (Part part : parts) {
      behind |= part.kind == Kind.MESSAGE;
      inline &=
          !behind || part.kind != Kind.LITERAL || new String(part.text, UTF_8).indexOf('\n') < 0;
    }
    // With nothing between them, nobody can tell where the message ends.
    if (inline && behind && !literal.isEmpty()) {
      byte[] before = literal.toString().getBytes(UTF_8);
      endLiteral();
      parts.add(new Part(Kind.EXCEPTION, before, NONE, NONE, null, 0, true));
    }
  }

  /// The group's own padding cannot be told from what stands in it: blanks are passed over.
  private void group(int width) {
    at++;
    sequence(true);
    at++;
    if (width > 0) {
      endLiteral();
      parts.add(new Part(Kind.OTHER, NONE, NONE, NONE, null, -1, false));
    }
  }

  private Part part(String word, String option, int width, boolean left, int column) {
    return switch (word) {
      case "d", "date" -> new Part(Kind.DATE, NONE, NONE, NONE, date(option), width, left);
      case "p", "le", "level" -> plain(Kind.LEVEL, width, left);
      case "t", "thread" -> plain(Kind.THREAD, width, left);
      case "c", "lo", "logger" -> plain(Kind.LOGGER, width, left);
      case "m", "msg", "message" -> plain(Kind.MESSAGE, width, left);
      case "X", "mdc" -> mdc(option, width, left);
      case "M", "method" -> plain(Kind.METHOD, width, left);
      case "F", "file" -> plain(Kind.FILE, width, left);
      case "L", "line" -> plain(Kind.LINE, width, left);
      case "C",
          "class",
          "r",
          "relative",
          "marker",
          "kvp",
          "pid",
          "contextName",
          "cn",
          "property",
          "esb",
          "esbr",
          "sn",
          "micros",
          "ms",
          "nano" ->
          plain(Kind.OTHER, width, left);
      default ->
          throw new BadParserException(
              "unknown conversion word %"
                  + word
                  + " at column "
                  + column
                  + " of pattern '"
                  + pattern
                  + "'");
    };
  }

  private static Part plain(Kind kind, int width, boolean left) {
    return new Part(kind, NONE, NONE, NONE, null, width, left);
  }

  private static Part mdc(String option, int width, boolean left) {
    if (option.isEmpty()) {
      return plain(Kind.MDC_ALL, width, left);
    }
    int otherwise = option.indexOf(":-");
    String key = otherwise < 0 ? option : option.substring(0, otherwise);
    String absent = otherwise < 0 ? "" : option.substring(otherwise + 2);
    return new Part(
        Kind.MDC, NONE, key.strip().getBytes(UTF_8), absent.getBytes(UTF_8), null, width, left);
  }

  private DateLayout date(String option) {
    String layout = option.strip();
    ZoneId dateZone = zone;
    String text = layout;
    if (layout.startsWith("\"")) {
      int close = layout.indexOf('"', 1);
      text = close < 0 ? layout.substring(1) : layout.substring(1, close);
      dateZone = zone(close < 0 ? "" : layout.substring(close + 1));
    } else {
      int comma = layout.lastIndexOf(',');
      // `HH:mm:ss,SSS` has a comma of its own.
      if (comma >= 0 && !layout.substring(comma + 1).strip().startsWith("S")) {
        text = layout.substring(0, comma).strip();
        dateZone = zone(layout.substring(comma));
      }
    }
    return switch (text) {
      case "", "ISO8601" -> new DateLayout(DEFAULT_DATE, dateZone);
      case "STRICT" -> new DateLayout("yyyy-MM-dd'T'HH:mm:ss,SSS", dateZone);
      default -> new DateLayout(text, dateZone);
    };
  }

  private ZoneId zone(String afterComma) {
    String name = afterComma.replaceFirst("^\\s*,", "").strip();
    int next = name.indexOf(',');
    String first = next < 0 ? name : name.substring(0, next).strip();
    if (first.isEmpty()) {
      return zone;
    }
    try {
      return ZoneId.of(first);
    } catch (DateTimeException e) {
      throw new BadParserException("unknown time zone in the pattern: " + first);
    }
  }

  private int number() {
    int value = 0;
    while (at < pattern.length() && Character.isDigit(pattern.charAt(at))) {
      value = Math.min(10_000, value * 10 + pattern.charAt(at) - '0');
      at++;
    }
    return value;
  }

  /// `{…}` after a word, empty where there is none.
  private String options() {
    if (at >= pattern.length() || pattern.charAt(at) != '{') {
      return "";
    }
    int close = optionsEnd();
    if (close < 0) {
      throw new BadParserException("pattern: '{' at column " + (at + 1) + " has no '}'");
    }
    String option = pattern.substring(at + 1, close);
    at = close + 1;
    return option;
  }

  /// What is quoted may hold a brace, such as the expression of `%replace`.
  private int optionsEnd() {
    char quote = 0;
    for (int i = at + 1; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (quote != 0) {
        if (c == '\\') {
          i++;
        } else if (c == quote) {
          quote = 0;
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '}') {
        return i;
      }
    }
    return pattern.indexOf('}', at);
  }

  private void addLiteral(String text) {
    parts.add(new Part(Kind.LITERAL, text.getBytes(UTF_8), NONE, NONE, null, 0, false));
  }

  private void endLiteral() {
    if (literal.length() > 0) {
      int lineEnd = literal.indexOf("\n");
      if (lineEnd > 0) {
        // A line's last words are looked for in that line.
        addLiteral(literal.substring(0, lineEnd));
        addLiteral(literal.substring(lineEnd));
      } else {
        addLiteral(literal.toString());
      }
      literal.setLength(0);
    }
  }
}
