package dev.pannier.parsers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogbackParserTest {
  static final List<String> AUTO = AutoDetect.PATTERNS;

  private static String layout(
      String pattern, Level level, String message, @Nullable Exception exception) {
    LoggerContext context = new LoggerContext();
    PatternLayout layout = new PatternLayout();
    layout.setContext(context);
    layout.setPattern(pattern.replace("%pid", "4711").replace("%X{app}", "shop"));
    layout.start();
    LoggingEvent event =
        new LoggingEvent(
            "fqcn", context.getLogger("com.example.shop.Cart"), level, message, exception, null);
    event.setThreadName("main worker");
    event.setInstant(Instant.parse("2026-11-23T14:00:00.123Z"));
    event.setMDCPropertyMap(Map.of("user", "ann", "trace_id", "00f067aa0ba902b7"));
    String text = layout.doLayout(event);
    return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }

  private static LineParser parser(String pattern) {
    return Parsers.create(new ParserSpec.Logback(pattern), ZoneId.systemDefault());
  }

  @ParameterizedTest
  @FieldSource("AUTO")
  void everyPatternThatIsChosenByItselfReadsWhatTheRealLayoutWrites(String pattern) {
    Map<String, String> fields =
        Fields.parse(parser(pattern), layout(pattern, Level.WARN, "a - b : c [d] e", null));

    assertThat(fields)
        .contains(entry("severity", "13 WARN"), entry("body", "a - b : c [d] e"))
        .doesNotContainKey("result");
    assertThat(fields.get("logger")).endsWith("Cart");
    if (pattern.contains("yyyy-MM-dd HH:mm:ss.SSS")) {
      assertThat(fields).contains(entry("time", "1795442400123000000"));
    }
  }

  private static final String[] PIECES = {
    "2026-11-23 14:00:00.123",
    "2026-11-23 14:00:00.123 [main] INFO  a.b.C - ",
    "INFO",
    "WARN ",
    "[main]",
    "[",
    "]",
    " ",
    " - ",
    " : ",
    "a.b.C",
    "word",
    "\tat a.b.C.d(C.java:1)",
    "\r",
    "{k=v}"
  };

  /// The tail asks whether the next line begins a record, and then has the record before it parsed.
  @Property
  void whatWasAskedBeforeAParseChangesNothing(
      @ForAll("patterns") String pattern, @ForAll("lines") List<String> lines) {
    LineParser asked = parser(pattern);
    for (int i = 0; i < lines.size(); i++) {
      starts(asked, lines.get(Math.min(i + 1, lines.size() - 1)));
      String record = i % 3 == 2 ? lines.get(i) + "\n\tand more" : lines.get(i);
      assertThat(Fields.parse(asked, record))
          .as("%s, %s", pattern, record)
          .isEqualTo(Fields.parse(parser(pattern), record));
    }
  }

  @Provide
  Arbitrary<String> patterns() {
    return Arbitraries.of(
        "%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger - %msg%n",
        "%d{yyyy-MM-dd HH:mm:ss.SSS} %level [%thread] %logger : %msg - %X{k}%n",
        "%d{yyyy-MM-dd HH:mm:ss.SSS} [%t] %p %c%n",
        "%level %logger - %msg%n%d{yyyy-MM-dd HH:mm:ss.SSS}",
        "%logger %thread %msg",
        "%d{yyyy-MM-dd HH:mm:ss.SSS}%n%msg%n");
  }

  @Provide
  Arbitrary<List<String>> lines() {
    return Arbitraries.of(PIECES)
        .list()
        .ofMinSize(1)
        .ofMaxSize(8)
        .map(pieces -> String.join("", pieces))
        .list()
        .ofMinSize(2)
        .ofMaxSize(6);
  }

  @ParameterizedTest
  @FieldSource("AUTO")
  void theFirstLinesTellThePattern(String pattern) {
    String head =
        layout(pattern, Level.INFO, "one", null)
            + "\n"
            + layout(pattern, Level.ERROR, "two", new IOException("x"))
            + "\n";
    byte[] bytes = head.getBytes(StandardCharsets.UTF_8);
    LineParser parser = new AutoDetect(ZoneId.of("UTC")).parser(bytes, bytes.length);
    assertThat(starts(parser, "two words")).isFalse();
    assertThat(Fields.parse(parser, layout(pattern, Level.INFO, "three", null)))
        .contains(entry("severity", "9 INFO"), entry("body", "three"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%d{yyyy-MM-dd} %d{HH:mm:ss.SSS} %-5level %logger - %msg%n",
        "%d{dd.MM.yyyy}|%d{HH:mm:ss.SSS}|%-5level %logger - %msg%n",
        "%d{HH:mm:ss.SSS} on %d{yyyy-MM-dd} [%thread] %-5level %logger - %msg%n"
      })
  void aDateAndATimeOfTwoWordsAreOneTime(String pattern) {
    assertThat(Fields.parse(parser(pattern), layout(pattern, Level.WARN, "a", null)))
        .contains(
            entry("time", "1795442400123000000"), entry("severity", "13 WARN"), entry("body", "a"));
  }

  @Test
  void anExceptionLeavesTheBodyAndBecomesAttributes() {
    String pattern = "%d %-5level [%thread] %logger{36} [%X{user:-none}] [%X{trace_id}] - %msg%n";
    String text =
        layout(
            pattern,
            Level.ERROR,
            "first\n  second",
            new IllegalStateException("it is\nbroken", new IOException("inner")));

    Map<String, String> fields = Fields.parse(parser(pattern), text);

    assertThat(fields)
        .contains(
            entry("body", "first\n  second"),
            entry("@user", "ann"),
            entry("trace", "000000000000000000f067aa0ba902b7"),
            entry("@thread.name", "main worker"),
            entry("@exception.type", "java.lang.IllegalStateException"),
            entry("@exception.message", "it is\nbroken"));
    assertThat(fields.get("@exception.stacktrace"))
        .contains("Caused by: java.io.IOException: inner");
  }

  @Test
  void onlyALineOfThePatternStartsARecord() {
    LineParser parser = parser("%d{HH:mm:ss.SSS} [%thread] %-5level %logger - %msg%n");

    assertThat(starts(parser, "14:00:00.123 [main] INFO  com.example.A - hello")).isTrue();
    assertThat(starts(parser, "java.lang.IllegalStateException: no")).isFalse();
    assertThat(starts(parser, "second line of the message")).isFalse();
    assertThat(starts(parser, "")).isFalse();
  }

  private static boolean starts(LineParser parser, String line) {
    byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
    return parser.startsRecord(bytes, 0, bytes.length);
  }

  @Test
  void mistakesInThePatternAreNamed() {
    assertThatThrownBy(() -> parser("%d %nonsense %msg"))
        .isInstanceOf(BadParserException.class)
        .hasMessageContaining("%nonsense at column 4");
    assertThatThrownBy(() -> parser("%d{QQQ} %msg")).hasMessageContaining("letter Q");
    assertThatThrownBy(() -> parser("${X} %msg")).hasMessageContaining("variable at column 1");
    assertThatThrownBy(() -> parser("%highlight(%msg")).hasMessageContaining("')' is missing");
  }

  @Test
  void anyNumberOfCarriageReturnsEndALine() {
    LineParser parser = parser("%d %level%n%msg%n");
    byte[] line =
        ("2026-11-30 12:00:00,000 INFO" + "\r".repeat(60_000) + "\npaid")
            .getBytes(StandardCharsets.UTF_8);

    assertThat(parser.parse(line, 0, line.length, Nowhere.SINK)).isNotNull();
  }

  @Property(tries = 1000)
  void noBytesMakeItThrow(@ForAll byte[] bytes) {
    LineParser parser = parser("%d{HH:mm:ss} [%t] %-5p %c{1}.%M(%L\\) %X - %m%n");
    assertThat(parser.parse(bytes, 0, bytes.length, new Fields())).isNotNull();
    parser.startsRecord(bytes, 0, bytes.length);
  }

  @Test
  void aRegularExpressionsGroupsGoWhereTheirNamesSay() {
    LineParser parser =
        Parsers.create(
            new ParserSpec.Regex(
                "^(?<time>\\S+) (?<severity>\\w+) (?<user>\\w+) (?<body>.*)$",
                "yyyy-MM-dd'T'HH:mm:ss",
                "Asia/Shanghai"),
            ZoneId.of("UTC"));

    assertThat(Fields.parse(parser, "2026-11-23T22:00:00 warning ann did\nthis"))
        .containsOnly(
            entry("time", "1795442400000000000"),
            entry("severity", "13 warning"),
            entry("@user", "ann"),
            entry("body", "did\nthis"));
    assertThat(Fields.parse(parser, "nothing")).containsOnly(entry("result", "NO_MATCH"));
  }

  @Test
  void anExpressionThatTakesTooLongGivesUp() {
    LineParser parser =
        Parsers.create(
            new ParserSpec.Regex("^(?<body>(?<x>a+)+)\\k<x>b$", null, null), ZoneId.of("UTC"));

    assertThat(Fields.parse(parser, "a".repeat(5000) + "c").get("result")).isEqualTo("TIMED_OUT");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%d %-5level %logger - %replace(%msg){'x{1}yz}', '*'}%n",
        "%d %-5level %logger - %replace(%msg){'[\\\\r"
            + "\\\\n"
            + "]{3}', \" \"}%n%replace(%ex){'a','b'}%nopex",
        "%d %prefix(%-5level %logger %X{user} %t) - %msg%n",
        "%d %-5level %logger [%X{user}]%caller{1}%msg%n",
        "%d %-5level %logger - %caller{0..1}%msg%n",
        "%d{yyyy-MM-dd HH:mm:ss.SSS} [%t] %level %logger%n%msg%n",
        "%d %-5level %logger :%n %msg%n"
      })
  void everyWordOfTheManualIsRead(String pattern) {
    assertThat(Fields.parse(parser(pattern), layout(pattern, Level.WARN, "it = (so) - 1", null)))
        .contains(
            entry("time", "1795442400123000000"),
            entry("severity", "13 WARN"),
            entry("logger", "com.example.shop.Cart"),
            entry("body", "it = (so) - 1"))
        .doesNotContainKey("result");
  }

  @Test
  void springBootsBracketsMayHoldANameOrBeMissing() {
    LineParser parser =
        parser("%d %5p --- %esb(){APPLICATION_NAME}[%15.15t] %-40.40logger{39} : %m%n%wEx");
    String head = "2026-11-23 14:00:00,123  INFO --- ";

    assertThat(Fields.parse(parser, head + "[shop] [           main] c.e.Cart     : hello"))
        .contains(
            entry("body", "hello"), entry("logger", "c.e.Cart"), entry("@thread.name", "main"));
    assertThat(Fields.parse(parser, head + "[           main] c.e.Cart     : hello"))
        .contains(entry("body", "hello"), entry("@thread.name", "main"));
  }

  @Test
  void theLineThatSpringBootLeavesFreeBeforeAnExceptionIsNoPartOfTheMessage() {
    LineParser parser = parser("%d %5p --- [%15.15t] %-40.40logger{39} : %m%n%wEx");
    String head = "2026-11-23 14:00:00,123  INFO --- [           main] c.e.Cart     : ";
    String trace = "a.BException: c\n\tat a.B.c(B.java:1)";

    for (String lineEnd : new String[] {"\n", "\r\n"}) {
      assertThat(Fields.parse(parser, head + "hello" + lineEnd + lineEnd + trace + lineEnd))
          .contains(entry("body", "hello"), entry("@exception.stacktrace", trace));
      assertThat(Fields.parse(parser, head + "hello\n" + lineEnd + lineEnd + trace))
          .contains(entry("body", "hello\n"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%d %p %c - %m %ex%n",
        "%d %p %c|%m|%X{user}|%xEx{full}%n",
        "%d %p %c - %m: %ex{2}%n"
      })
  void anExceptionBehindTheMessageInItsLineLeavesTheBody(String pattern) {
    String text =
        layout(
            pattern,
            Level.ERROR,
            "cannot a: b",
            new IllegalStateException("it is; not java.io.IOException: x", new IOException("y")));

    assertThat(Fields.parse(parser(pattern), text))
        .contains(
            entry("body", "cannot a: b"),
            entry("@exception.type", "java.lang.IllegalStateException"),
            entry("@exception.message", "it is; not java.io.IOException: x"));
    assertThat(Fields.parse(parser(pattern), layout(pattern, Level.ERROR, "cannot a: b", null)))
        .contains(entry("body", "cannot a: b"))
        .doesNotContainKey("@exception.type");
  }

  @Test
  void whereMessageAndExceptionTouchTheTextStaysWhole() {
    String pattern = "%d %p %c - %m%ex%n";
    String text = layout(pattern, Level.ERROR, "broken", new IllegalStateException("so"));

    assertThat(Fields.parse(parser(pattern), text).get("body"))
        .startsWith("brokenjava.lang.IllegalStateException: so\n\tat ");
  }

  @Test
  void aCallerThatIsNotKnownIsNoAttribute() {
    assertThat(
            Fields.parse(
                parser("%d %p %c %M %F:%L - %m%n"),
                "2026-11-23 14:00:00,123 INFO c.e.Cart ? ?:? - hello"))
        .contains(entry("body", "hello"))
        .doesNotContainKeys("@code.function.name", "@code.file.path", "@code.line.number");
  }
}
