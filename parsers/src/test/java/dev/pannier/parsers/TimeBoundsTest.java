package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimeBoundsTest {
  @Test
  void millisecondsReadAsSecondsAreUnreadableAndDoNotThrow() {
    ParserSpec spec = new ParserSpec.Regex("(?<time>\\d+) (?<body>.*)", "epoch_s", null);

    assertThat(parse(spec, "1763900000123 hello")).isEqualTo(ParseResult.TIME_UNREADABLE);
    assertThat(parse(spec, "1763900000 hello")).isEqualTo(ParseResult.PARSED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"})
  void timeThatNanosecondsCannotHoldIsUnreadable(String time) {
    String line = "{\"@timestamp\":\"" + time + "\",\"message\":\"hello\"}";

    assertThat(parse(new ParserSpec.Logstash(), line)).isEqualTo(ParseResult.TIME_UNREADABLE);
  }

  private static ParseResult parse(ParserSpec spec, String line) {
    byte[] bytes = line.getBytes(UTF_8);
    return Parsers.create(spec, ZoneOffset.UTC).parse(bytes, 0, bytes.length, Nowhere.SINK);
  }
}
