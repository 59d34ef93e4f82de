package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.FileSource.Multiline;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class LinePatternTest {
  private static boolean starts(Multiline multiline, String line) {
    byte[] bytes = ("12" + line + "12").getBytes(UTF_8);
    return Objects.requireNonNull(LinePattern.of(multiline))
        .startsRecord(bytes, 2, bytes.length - 4);
  }

  @Test
  void aLineWithTheStartBeginsARecordAndAnyOtherContinuesIt() {
    Multiline start = new Multiline.Start("^\\d{4}-");

    assertThat(starts(start, "2026-01-01 x")).isTrue();
    assertThat(starts(start, "  at x")).isFalse();
    assertThat(starts(start, "")).isFalse();
  }

  @Test
  void aLineWithTheContinuationContinuesAndAnyOtherBeginsARecord() {
    Multiline continued = new Multiline.Continue("^(\\s|Caused)");

    assertThat(starts(continued, "  at x")).isFalse();
    assertThat(starts(continued, "Caused by: é")).isFalse();
    assertThat(starts(continued, "2026 x")).isTrue();
  }

  @Test
  void aPatternThatBacktracksWithoutEndGivesUpAndBeginsARecord() {
    assertThat(starts(new Multiline.Start("(x+x+)+y"), "x".repeat(100))).isTrue();
  }

  @Property
  void noBytesMakeItThrow(@ForAll byte[] line, @ForAll("patterns") String pattern) {
    LineStart start = Objects.requireNonNull(LinePattern.of(new Multiline.Start(pattern)));

    assertThat(start.startsRecord(line, 0, line.length))
        .isEqualTo(start.startsRecord(line.clone(), 0, line.length));
  }

  @Provide
  Arbitrary<String> patterns() {
    return Arbitraries.of(
        "^\\d+é", "[^a-zé]$", "(?i)ß.", "\\b\\w+\\b", "(?<=é)\\p{L}", "\\Qé\\E|ü?");
  }
}
