package dev.pannier.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.util.SplittableRandom;

/// Log lines as a web shop would write them, always the same ones.
///
/// ```
/// text  2026-03-01 12:00:00.123 [http-nio-8080-exec-3] INFO  com.example.shop.CartService - order 4711 …
/// json  {"@timestamp":"2026-03-01T12:00:00.123456789Z","@version":"1","message":"…", … }     512 bytes
/// ```
public final class TestLines {
  /// The layout of [#text].
  public static final String PATTERN =
      "%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger - %msg%n";

  /// The same as a regular expression.
  public static final String REGEX =
      "^(?<time>\\S+ \\S+) \\[(?<thread>[^\\]]+)\\] (?<severity>\\w+) +(?<logger>\\S+) -"
          + " (?<body>.*)$";

  public static final String REGEX_TIME = "yyyy-MM-dd HH:mm:ss.SSS";

  /// Of each [#json] line, its end included.
  public static final int JSON_BYTES = 512;

  private static final long SEED = 20_260_301;
  private static final String[] LEVELS = {"INFO", "INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR"};
  private static final String[] LOGGERS = {
    "com.example.shop.CartService",
    "com.example.shop.CheckoutController",
    "com.example.shop.payment.PaymentGateway",
    "com.example.shop.stock.Warehouse"
  };
  private static final String[] MESSAGES = {
    "order %d accepted for customer %d",
    "payment of order %d refused, customer %d is asked again",
    "article %d moved to shelf %d",
    "basket %d of customer %d recalculated"
  };
  private static final String HEX = "0123456789abcdef";

  private final SplittableRandom random = new SplittableRandom(SEED);
  private final StringBuilder line = new StringBuilder(1024);
  private int millis;

  private TestLines() {}

  /// Text lines of 95 to 135 bytes, until there are at least so many bytes.
  public static byte[] text(int bytes) {
    TestLines lines = new TestLines();
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes + 256);
    while (out.size() < bytes) {
      lines.textLine();
      lines.write(out);
    }
    return out.toByteArray();
  }

  /// JSON lines in logstash-logback-encoder's names, of 512 bytes each.
  public static byte[] json(int bytes) {
    TestLines lines = new TestLines();
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes + 2 * JSON_BYTES);
    while (out.size() < bytes) {
      lines.jsonLine();
      lines.write(out);
    }
    return out.toByteArray();
  }

  private void write(ByteArrayOutputStream out) {
    byte[] bytes = line.toString().getBytes(US_ASCII);
    out.write(bytes, 0, bytes.length);
  }

  private void textLine() {
    line.setLength(0);
    date(' ');
    line.append(" [").append(thread()).append("] ");
    String level = pick(LEVELS);
    line.append(level).repeat(' ', 6 - level.length());
    line.append(pick(LOGGERS)).append(" - ");
    message();
    line.append('\n');
  }

  private void jsonLine() {
    line.setLength(0);
    line.append("{\"@timestamp\":\"");
    date('T');
    digits(random.nextInt(1_000_000), 6);
    line.append("Z\",\"@version\":\"1\",\"message\":\"");
    message();
    line.append("\",\"logger_name\":\"").append(pick(LOGGERS));
    line.append("\",\"thread_name\":\"").append(thread());
    String level = pick(LEVELS);
    line.append("\",\"level\":\"").append(level);
    line.append("\",\"level_value\":").append(value(level));
    line.append(",\"traceId\":\"");
    hex(32);
    line.append("\",\"spanId\":\"");
    hex(16);
    line.append("\",\"tenant\":\"tenant-").append(random.nextInt(20));
    line.append("\",\"durationMs\":").append(random.nextInt(2000));
    line.append(",\"total\":").append(random.nextInt(500)).append('.');
    digits(random.nextInt(100), 2);
    line.append(",\"express\":").append(random.nextBoolean());
    line.append(",\"note\":\"");
    String words = "delivered to the door, please ring twice; ";
    while (line.length() < JSON_BYTES - "\"}\n".length()) {
      line.append(words.charAt(line.length() % words.length()));
    }
    line.append("\"}\n");
  }

  private void date(char separator) {
    millis = (millis + random.nextInt(5)) % 86_400_000;
    line.append("2026-03-01").append(separator);
    digits(millis / 3_600_000, 2);
    line.append(':');
    digits(millis / 60_000 % 60, 2);
    line.append(':');
    digits(millis / 1000 % 60, 2);
    line.append('.');
    digits(millis % 1000, 3);
  }

  private void message() {
    line.append(Text.of(pick(MESSAGES), 100_000 + random.nextInt(900_000), random.nextInt(10_000)));
  }

  private String thread() {
    return "http-nio-8080-exec-" + (1 + random.nextInt(8));
  }

  private static int value(String level) {
    return switch (level) {
      case "DEBUG" -> 10_000;
      case "WARN" -> 30_000;
      case "ERROR" -> 40_000;
      default -> 20_000;
    };
  }

  private void hex(int count) {
    for (int i = 0; i < count; i++) {
      line.append(HEX.charAt(random.nextInt(16)));
    }
  }

  private void digits(int number, int width) {
    String text = String.valueOf(number);
    line.repeat('0', width - text.length()).append(text);
  }

  private String pick(String[] from) {
    return from[random.nextInt(from.length)];
  }
}
