package dev.pannier.parsers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.logstash.logback.argument.StructuredArguments;
import net.logstash.logback.encoder.LogstashEncoder;
import org.junit.jupiter.api.Test;

class JsonParserTest {
  private final LineParser logstash =
      Parsers.create(new ParserSpec.Logstash(), ZoneId.of("Asia/Shanghai"));
  private final LineParser json = Parsers.create(new ParserSpec.Json(), ZoneId.of("Asia/Shanghai"));

  @Test
  void whatTheRealEncoderWritesIsReadBack() {
    LoggerContext context = new LoggerContext();
    LogstashEncoder encoder = new LogstashEncoder();
    encoder.setContext(context);
    encoder.start();
    LoggingEvent event =
        new LoggingEvent(
            "fqcn",
            context.getLogger("com.example.Pay"),
            Level.ERROR,
            "paid {} \"€\" \\ \u0001\n second line",
            new IllegalStateException("no \t way", new IOException("cause")),
            new Object[] {StructuredArguments.kv("amount", 12.5)});
    event.setThreadName("http-1");
    event.setInstant(Instant.parse("2026-11-23T14:00:00.123456789Z"));
    event.setMDCPropertyMap(
        Map.of("trace_id", "0102030405060708090a0b0c0d0e0f10", "user", "u\u00e9"));

    Map<String, String> fields =
        Fields.parse(logstash, new String(encoder.encode(event), StandardCharsets.UTF_8).strip());

    assertThat(fields)
        .contains(
            entry("time", "1795442400123456789"),
            entry("severity", "17 ERROR"),
            entry("logger", "com.example.Pay"),
            entry("body", "paid amount=12.5 \"€\" \\ \u0001\n second line"),
            entry("trace", "0102030405060708090a0b0c0d0e0f10"),
            entry("@thread.name", "http-1"),
            entry("@user", "u\u00e9"),
            entry("@amount", "double 12.5"),
            entry("@exception.type", "java.lang.IllegalStateException"),
            entry("@exception.message", "no \t way"))
        .doesNotContainKeys("@@version", "@level_value", "result");
    assertThat(fields.get("@exception.stacktrace"))
        .startsWith("java.lang.IllegalStateException: no \t way\n\tat ")
        .contains("Caused by: java.io.IOException: cause");
  }

  @Test
  void nestedValuesKeepTheirShape() {
    assertThat(
            Fields.parse(json, "{\"msg\":\"m\",\"a\":{\"b\":[1,\"x\",true,null,{}]},\"n\":-1e3}"))
        .containsOnly(
            entry("body", "m"),
            entry("@a.b[0]", "long 1"),
            entry("@a.b[1]", "x"),
            entry("@a.b[2]", "boolean true"),
            entry("@n", "double -1000.0"));
  }

  @Property
  void fractionsAreReadAsTheJdkDoes(
      @ForAll @LongRange(min = 0, max = 2_000_000_000_000_000_000L) long digits,
      @ForAll @IntRange(min = 1, max = 20) int fraction,
      @ForAll boolean negative) {
    String number =
        (negative ? "-" : "")
            + new BigDecimal(BigInteger.valueOf(digits), fraction).toPlainString();

    assertThat(Fields.parse(json, "{\"n\":" + number + "}"))
        .contains(entry("@n", "double " + Double.parseDouble(number)));
  }

  @Test
  void aWholeObjectIsARecordWithoutTheNextLine() {
    assertThat(ends(json, "{\"a\":1}")).isTrue();
    assertThat(ends(logstash, "{}")).isTrue();
    assertThat(ends(json, "{")).isFalse();
    assertThat(ends(json, "{\"a\":")).isFalse();
    assertThat(ends(json, "no object}")).isFalse();
    assertThat(ends(json, "")).isFalse();
    assertThat(ends(Parsers.create(new ParserSpec.Raw(), ZoneId.of("UTC")), "{}")).isFalse();
  }

  private static boolean ends(LineParser parser, String line) {
    byte[] bytes = ("__" + line + "__").getBytes(StandardCharsets.UTF_8);
    return parser.endsRecord(bytes, 2, bytes.length - 4);
  }

  @Test
  void timesWithoutAZoneAreReadInTheSourcesZone() {
    assertThat(Fields.parse(json, "{\"time\":\"2026-11-23T22:00:00.5\",\"msg\":\"\"}"))
        .contains(entry("time", "1795442400500000000"));
    assertThat(Fields.parse(json, "{\"ts\":1795442400500,\"msg\":\"\"}"))
        .contains(entry("time", "1795442400500000000"));
    assertThat(Fields.parse(json, "{\"ts\":\"yesterday\",\"msg\":\"\"}"))
        .contains(entry("result", "TIME_UNREADABLE"), entry("@ts", "yesterday"));
  }

  @Test
  void numbersBeyond64BitsKeepTheirDigits() {
    assertThat(
            Fields.parse(
                json,
                "{\"a\":9223372036854775807,\"b\":-9223372036854775808,\"c\":9223372036854775808}"))
        .contains(
            entry("@a", "long 9223372036854775807"),
            entry("@b", "long -9223372036854775808"),
            entry("@c", "9223372036854775808"));
  }

  @Test
  void anIdThatIsNoneStaysAnAttribute() {
    assertThat(Fields.parse(json, "{\"trace_id\":\"xyz\",\"span_id\":\"00f067aa0ba902b7\"}"))
        .contains(entry("@trace_id", "xyz"), entry("span", "00f067aa0ba902b7"))
        .doesNotContainKey("trace");
  }

  @Test
  void anExceptionPrintedAfterAJsonLineIsARecordOfItsOwn() {
    assertThat(starts("java.lang.IllegalStateException: no")).isTrue();
    assertThat(starts("{\"message\":1}")).isTrue();
    assertThat(starts("\tat a.B.c(B.java:1)")).isFalse();
    assertThat(starts("Caused by: java.io.IOException")).isFalse();
  }

  private boolean starts(String line) {
    byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
    return json.startsRecord(bytes, 0, bytes.length);
  }

  @Test
  void aLineThatIsNoJsonDoesNotKeepTheOthersFromBeingChosenAsIt() {
    String head = "Picked up JAVA_TOOL_OPTIONS: -Xmx1g\n{\"msg\":1}\n{\"msg\":2}\n";
    byte[] bytes = head.getBytes(StandardCharsets.UTF_8);

    LineParser auto = new AutoDetect(ZoneId.of("UTC")).parser(bytes, bytes.length);
    assertThat(Fields.parse(auto, "Picked up JAVA_TOOL_OPTIONS: -Xmx1g"))
        .containsOnly(entry("result", "NOT_JSON"));
    assertThat(Fields.parse(auto, "{\"msg\":\"1\"}")).containsOnly(entry("body", "1"));
  }

  @Test
  void whatIsNoJsonSaysSo() {
    for (String bad :
        new String[] {
          "",
          " ",
          "plain",
          "[]",
          "{",
          "{\"a\"}",
          "{\"a\":}",
          "{\"a\":01}",
          "{\"a\":1}x",
          "{\"a\":\"\u0001\"}",
          "{\"a\":\"\\x\"}",
          "{\"a\":\"\\u12\"}",
          "{\"a\":tru}",
          "{\"a\":1,}",
          "{\"a\":1.}",
          "{\"a\":\"",
          "{\"a\":\"\\"
        }) {
      assertThat(Fields.parse(json, bad)).as(bad).contains(entry("result", "NOT_JSON"));
    }
    assertThat(Fields.parse(json, "{\"a\":".repeat(40) + "1" + "}".repeat(40)))
        .contains(entry("result", "TOO_DEEP"));
  }

  @Property(tries = 2000)
  void noBytesMakeItThrow(@ForAll byte[] bytes) {
    byte[] object =
        ("{\"a\":" + new String(bytes, StandardCharsets.ISO_8859_1) + "}")
            .getBytes(StandardCharsets.ISO_8859_1);
    assertThat(json.parse(object, 0, object.length, new Fields())).isNotNull();
    assertThat(json.parse(bytes, 0, bytes.length, new Fields())).isNotNull();
  }

  @Test
  void theMdcsMembersAreTheRecordsOwn() {
    String line =
        """
        {"message":"m","mdc":{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736",\
        "spanId":"00f067aa0ba902b7","user":"ann","level":"x","cart":{"traceId":"t"}},\
        "other":{"user":"bob"},"stackTrace":"a.BException: c\\n\\tat d"}\
        """;

    assertThat(Fields.parse(Parsers.create(new ParserSpec.Json(), ZoneOffset.UTC), line))
        .contains(
            entry("trace", "4bf92f3577b34da6a3ce929d0e0e4736"),
            entry("span", "00f067aa0ba902b7"),
            entry("@user", "ann"),
            entry("@level", "x"),
            entry("@cart.traceId", "t"),
            entry("@other.user", "bob"),
            entry("@exception.type", "a.BException"))
        .doesNotContainKeys("severity", "result");
  }

  @Test
  void aNumberAboveEveryDoubleKeepsItsDigits() {
    assertThat(
            Fields.parse(
                Parsers.create(new ParserSpec.Json(), ZoneOffset.UTC),
                "{\"a\":1e400,\"b\":-1.5E999}"))
        .contains(entry("@a", "1e400"), entry("@b", "-1.5E999"));
  }
}
