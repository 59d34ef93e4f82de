package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;

/// What `auto` knows: JSON, and the text layouts that frameworks come with and that their
/// documentation shows. The files of one source share it, on one thread; what a file keeps for
/// itself is the layout that it had last ([AutoParser]).
public final class AutoDetect {
  /// No layout was found yet.
  static final int UNKNOWN = -1;

  /// An object a line; text layouts count from 0.
  static final int JSON = -2;

  /// In the pattern language, from the most specific to the least.
  static final List<String> PATTERNS =
      List.of(
          // Spring Boot 3.x with an application's name, then without, then 2.x.
          "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %5p %pid --- [%X{app}] [%15.15t] %-40.40logger{39} :"
              + " %m%n",
          "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %5p %pid --- [%15.15t] %-40.40logger{39} : %m%n",
          "%d{yyyy-MM-dd HH:mm:ss.SSS} %5p %pid --- [%15.15t] %-40.40logger{39} : %m%n",
          "%d{yyyy-MM-dd HH:mm:ss.SSS} %5p [%X{app}] %pid --- [%15.15t] %-40.40logger{39} : %m%n",
          "%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger - %msg%n",
          "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] %logger - %msg%n",
          "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level %logger - %msg%n",
          // Logback's own date, and Log4j's DEFAULT.
          "%d [%thread] %-5level %logger - %msg%n",
          "%d %-5level [%thread] %logger - %msg%n",
          // Quarkus, WildFly.
          "%d %-5level [%logger] (%thread\\) %msg%n",
          "%d %-5level %logger - %msg%n",
          "%d{yyyy-MM-dd HH:mm:ss} [%thread] %-5level %logger - %msg%n",
          "%d{yyyy-MM-dd HH:mm:ss} %-5level [%thread] %logger - %msg%n",
          "%d{yyyy-MM-dd HH:mm:ss} %-5level %logger - %msg%n",
          "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} [%thread] %-5level %logger - %msg%n",
          "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level [%thread] %logger - %msg%n",
          // Logback without a configuration, Log4j 2 without one.
          "%d{HH:mm:ss.SSS} [%thread] %-5level %logger - %msg%n",
          "%d{HH:mm:ss.SSS} %-5level [%thread] %logger - %msg%n",
          // Log4j 1's and Spark's.
          "%d{yy/MM/dd HH:mm:ss} %-5level %logger: %msg%n",
          // The one of Python's documentation.
          "%d - %logger - %level - %msg%n");

  /// nginx' errors, which have no logger.
  private static final String NGINX = "%d{yyyy/MM/dd HH:mm:ss} [%level] %msg%n";

  /// More lines than this change nothing.
  private static final int MAX_HEAD_LINES = 20;

  private static final byte[] LOGSTASH_START = "{\"@timestamp\":".getBytes(US_ASCII);
  private static final byte[] LOGSTASH_VERSION = "\"@version\":".getBytes(US_ASCII);
  private static final int LOGSTASH_VERSION_WITHIN = 96;

  private final JsonParser json;
  private final JsonParser logstash;
  private final LineParser[] layouts;
  private final IsoTime time;
  private final Uncoloured.Scratch scratch = new Uncoloured.Scratch();

  /// @param zone for times without one
  public AutoDetect(ZoneId zone) {
    json = new JsonParser(JsonFields.json(), zone);
    logstash = new JsonParser(JsonFields.logstash(), zone);
    time = new IsoTime(zone);
    List<LineParser> all = new ArrayList<>();
    for (String pattern : PATTERNS) {
      all.add(new LogbackParser(pattern, zone, true));
    }
    all.add(new LogbackParser(NGINX, zone, true));
    all.add(new JulParser(zone));
    all.add(new TimeAndLevelParser(zone));
    all.add(new LogfmtParser(zone));
    // Last: a level would do for a host's name.
    all.add(new SyslogParser(zone));
    layouts = all.toArray(LineParser[]::new);
  }

  /// The parser of one file.
  public LineParser parser() {
    return parser(new byte[0], 0);
  }

  /// The parser of one file.
  ///
  /// @param head the file's first bytes; the first line that has a known layout says what the lines
  ///     before it may have been, and which lines continue one
  public LineParser parser(byte[] head, int length) {
    AutoParser parser = new AutoParser(this);
    LineParser uncoloured = new Uncoloured(parser, scratch);
    int start = 0;
    int lines = 0;
    for (int i = 0; i < length && lines < MAX_HEAD_LINES && parser.isUndecided(); i++) {
      if (head[i] == '\n') {
        int end = i > start && head[i - 1] == '\r' ? i - 1 : i;
        uncoloured.parse(head, start, end - start, Nowhere.SINK);
        start = i + 1;
        lines++;
      }
    }
    return uncoloured;
  }

  void observedAt(long epochNanos) {
    for (LineParser layout : layouts) {
      layout.observedAt(epochNanos);
    }
  }

  LineParser layout(int index) {
    return layouts[index];
  }

  /// @param first the layout to try before all others
  /// @return the layout that the line has; [#UNKNOWN] for none
  int find(byte[] buffer, int offset, int length, int first) {
    if (first >= 0 && layouts[first].startsRecord(buffer, offset, length)) {
      return first;
    }
    for (int i = 0; i < layouts.length; i++) {
      if (i != first && layouts[i].startsRecord(buffer, offset, length)) {
        return i;
      }
    }
    return UNKNOWN;
  }

  /// Whether a line begins with a time of ISO 8601, in a bracket or not.
  boolean beginsWithTime(byte[] buffer, int offset, int end) {
    int from = offset < end && buffer[offset] == '[' ? offset + 1 : offset;
    return time.parse(buffer, from, end) != LocalTime.NONE;
  }

  static boolean looksLikeJson(byte[] buffer, int offset, int length) {
    return length > 1 && buffer[offset] == '{';
  }

  /// Says where JSON records begin and end, whatever their fields.
  JsonParser anyJson() {
    return json;
  }

  /// logstash-logback-encoder's lines begin with their time and soon say their version; all others
  /// may have any of the common names.
  JsonParser json(byte[] buffer, int offset, int length) {
    int end = offset + length;
    boolean encoder =
        Ascii.startsWith(buffer, offset, end, LOGSTASH_START)
            && Ascii.indexOf(
                    buffer,
                    offset,
                    Math.min(end, offset + LOGSTASH_VERSION_WITHIN),
                    LOGSTASH_VERSION)
                >= 0;
    return encoder ? logstash : json;
  }
}
