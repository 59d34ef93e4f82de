package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Chooses a parser by a file's first lines: JSON where most are objects, a common pattern where
/// most of those that can begin a record match it, else plain text.
public final class AutoDetect {
  /// The layouts that frameworks come with and that their documentation shows, from the most
  /// specific to the least.
  static final List<String> PATTERNS =
      List.of(
          "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %5p %pid --- [%X{app}] [%15.15t] %-40.40logger{39} :"
              + " %m%n",
          "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %5p %pid --- [%15.15t] %-40.40logger{39} : %m%n",
          "%d{yyyy-MM-dd HH:mm:ss.SSS} %5p %pid --- [%15.15t] %-40.40logger{39} : %m%n",
          "%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger - %msg%n",
          "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] %logger - %msg%n",
          "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level %logger - %msg%n",
          "%d [%thread] %-5level %logger - %msg%n",
          "%d %-5level [%thread] %logger - %msg%n",
          "%d %-5level [%logger] (%thread\\) %msg%n",
          "%d %-5level %logger - %msg%n",
          "%d{yyyy-MM-dd HH:mm:ss} [%thread] %-5level %logger - %msg%n",
          "%d{yyyy-MM-dd HH:mm:ss} %-5level [%thread] %logger - %msg%n",
          "%d{yyyy-MM-dd HH:mm:ss} %-5level %logger - %msg%n",
          "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} [%thread] %-5level %logger - %msg%n",
          "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level [%thread] %logger - %msg%n",
          "%d{HH:mm:ss.SSS} [%thread] %-5level %logger - %msg%n",
          "%d{HH:mm:ss.SSS} %-5level [%thread] %logger - %msg%n");

  /// More lines than this change nothing.
  private static final int MAX_LINES = 20;

  private static final byte[] TIMESTAMP = "\"@timestamp\"".getBytes(US_ASCII);
  private static final byte[] LOGGER_NAME = "\"logger_name\"".getBytes(US_ASCII);

  private AutoDetect() {}

  /// @param head the first bytes of a file
  /// @param last whether no more will come before it has to decide
  /// @return null where there is no complete line yet
  public static @Nullable ParserSpec choose(byte[] head, int length, boolean last) {
    int[] starts = new int[MAX_LINES];
    int[] ends = new int[MAX_LINES];
    int count = 0;
    int lineStart = 0;
    for (int i = 0; i <= length && count < MAX_LINES; i++) {
      boolean end = i == length;
      if ((end && last && i > lineStart) || (!end && head[i] == '\n')) {
        int to = i > lineStart && head[i - 1] == '\r' ? i - 1 : i;
        if (to > lineStart && !Continuations.continues(head, lineStart, to - lineStart)) {
          starts[count] = lineStart;
          ends[count++] = to;
        }
        lineStart = i + 1;
      }
    }
    if (count == 0) {
      return last ? new ParserSpec.Raw() : null;
    }
    int objects =
        matching(new JsonParser(JsonFields.json(), ZoneOffset.UTC), head, starts, ends, count);
    if (objects > 0 && 2 * objects >= count) {
      int lastLine = count - 1;
      boolean logstash =
          Ascii.indexOf(head, starts[0], ends[lastLine], TIMESTAMP) >= 0
              && Ascii.indexOf(head, starts[0], ends[lastLine], LOGGER_NAME) >= 0;
      return logstash ? new ParserSpec.Logstash() : new ParserSpec.Json();
    }
    for (String pattern : PATTERNS) {
      LogbackParser parser = new LogbackParser(pattern, ZoneOffset.UTC);
      int matching = matching(parser, head, starts, ends, count);
      if (matching > 0 && 2 * matching >= count) {
        return new ParserSpec.Logback(pattern);
      }
    }
    return new ParserSpec.Raw();
  }

  private static int matching(LineParser parser, byte[] head, int[] starts, int[] ends, int count) {
    int matching = 0;
    for (int i = 0; i < count; i++) {
      if (parser.parse(head, starts[i], ends[i] - starts[i], Nowhere.SINK).parsed()) {
        matching++;
      }
    }
    return matching;
  }
}
