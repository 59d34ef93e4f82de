package dev.pannier.parsers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.time.ZoneId;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {
  private static final String TRACE = "0102030405060708090a0b0c0d0e0f10";
  private static final String SPAN = "00f067aa0ba902b7";
  private static final ZoneId UTC = ZoneId.of("UTC");

  @ParameterizedTest
  @CsvSource({
    "trace_id, span_id",
    "traceId, spanId",
    "X-B3-TraceId, X-B3-SpanId",
    "trace.id, span.id"
  })
  void everySpellingIsFoundInEveryFormat(String trace, String span) {
    String json =
        "{\"message\":\"m\",\"" + trace + "\":\"" + TRACE + "\",\"" + span + "\":\"" + SPAN;
    String text = trace + "=" + TRACE + " " + span + "=" + SPAN + " m";
    for (ParserSpec spec : new ParserSpec[] {new ParserSpec.Json(), new ParserSpec.Logstash()}) {
      assertFound(Fields.parse(Parsers.create(spec, UTC), json + "\"}"));
    }
    assertFound(Fields.parse(auto(), "2026-11-23 14:00:00.123 [main] INFO a.B - " + text));
    assertFound(Fields.parse(auto(), "2026-11-23T14:00:00Z INFO " + text));
    assertFound(
        Fields.parse(
            logback("%d [%X] %m"),
            "2026-11-23 14:00:00,123 [" + text.replace(" s", ", s").replace(" m", "") + "] m"));
    assertFound(
        Fields.parse(
            logback("%d [%X{" + trace + "}] [%X{" + span + "}] %m"),
            "2026-11-23 14:00:00,123 [" + TRACE + "] [" + SPAN + "] m"));
    assertFound(
        Fields.parse(Parsers.create(new ParserSpec.Regex("(?<body>.*)", null, null), UTC), text));
  }

  private static void assertFound(Map<String, String> fields) {
    assertThat(fields).contains(entry("trace", TRACE), entry("span", SPAN));
  }

  private static LineParser auto() {
    return Parsers.create(new ParserSpec.Auto(), UTC);
  }

  private static LineParser logback(String pattern) {
    return Parsers.create(new ParserSpec.Logback(pattern), UTC);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[shop," + TRACE + "," + SPAN + "]",
        "[shop," + TRACE + "," + SPAN + ",true]",
        "[my-shop.v2," + TRACE + "," + SPAN + "]",
        "[," + TRACE + "," + SPAN + "]",
        "[" + TRACE + "-" + SPAN + "]"
      })
  void springsBracketsAreFound(String brackets) {
    assertFound(
        Fields.parse(logback("%d %p %m"), "2026-11-23 14:00:00,123 INFO " + brackets + " paid"));
    assertFound(
        Fields.parse(
            auto(), "2026-11-23 14:00:00.123  INFO " + brackets + " 7 --- [ main] a.B : paid"));
  }

  @Test
  void datadogsIdsAreDecimal() {
    for (String line :
        new String[] {
          "{\"message\":\"m\",\"dd.trace_id\":\"67667974448284343\",\"dd.span_id\":\"255\"}",
          "{\"message\":\"m\",\"dd.trace_id\":67667974448284343,\"dd.span_id\":255}",
          "2026-11-23T14:00:00Z INFO dd.trace_id=67667974448284343 dd.span_id=255 m"
        }) {
      assertThat(Fields.parse(auto(), line))
          .as(line)
          .contains(entry("trace", "0000000000000000" + SPAN), entry("span", "00000000000000ff"));
    }
  }

  @Test
  void idsOf64BitsArePaddedAndFlagsAreRead() {
    assertThat(
            Fields.parse(
                auto(), "2026-11-23T14:00:00Z INFO trace_id=" + SPAN + " trace_flags=01 m"))
        .contains(entry("trace", "0000000000000000" + SPAN), entry("flags", "1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "trace_id=xyz",
        "trace_id=",
        "trace_id=00000000000000000000000000000000",
        "trace_id=0102030405060708090a0b0c0d0e0f1011",
        "subtrace_id=0102030405060708090a0b0c0d0e0f10",
        "[a,b,c]",
        "[shop,0102,0304]",
        "dd.trace_id=123456789012345678901"
      })
  void whatIsNoIdIsNone(String text) {
    assertThat(Fields.parse(auto(), "2026-11-23T14:00:00Z INFO " + text))
        .contains(entry("body", text))
        .doesNotContainKeys("trace", "span");
  }
}
