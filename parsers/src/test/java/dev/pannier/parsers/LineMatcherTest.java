package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.parsers.LineMatcher.Found;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.joni.Matcher;
import org.joni.Option;
import org.joni.Regex;
import org.joni.Region;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineMatcherTest {
  private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /// Above all what asks where it stands.
  private static final String[] TOKENS = {
    "^", "^", "$", "$", "a", "b", " ", "\\[", "[", "[^", "]", "(", "(?<n>", "(?:", ")", ")", "|",
    "*", "+", "?", "*?", ".", ".*", "\\b", "\\B", "\\A", "\\G", "\\z", "\\Z", "\\w", "\\W", "\\S",
    "(?m)", "(?i)", "(?=", "(?!", "(?<=", "(?<!", "(?-s)", "\n", "é", "\\K", "\\X", "\\R", "\\1",
    "{2}", "(?>", "\\Q", "\\E"
  };

  private static final String[] PIECES = {
    "a", "b", "ab", "aaaa", " ", "1", "[", "]", "é", "\n", "\r\n"
  };

  @ParameterizedTest
  @ValueSource(ints = {100, LineMatcher.LONGEST_KEPT + 1})
  void manyTextsThatTakeTooLongTakeEverLess(int length) {
    LineMatcher matcher = LineMatcher.of("(x+x+)+y", NANOS, () -> 7);
    byte[] endless = "x".repeat(length).getBytes(UTF_8);
    for (int i = 0; i < 6; i++) {
      assertThat(matcher.find(endless, 0, length)).isEqualTo(Found.TIMED_OUT);
    }
    assertThat(matcher.limitNanos()).isEqualTo(NANOS / 50);

    byte[] plain = "xxy".getBytes(UTF_8);
    for (int i = 0; i < 49; i++) {
      assertThat(matcher.limitNanos()).isEqualTo(NANOS / 50 * (i + 1));
      assertThat(matcher.find(plain, 0, 3)).isEqualTo(Found.YES);
    }
    assertThat(matcher.limitNanos()).isEqualTo(NANOS);
  }

  @ParameterizedTest
  @ValueSource(ints = {100, LineMatcher.LONGEST_KEPT + 1})
  void aSecondAfterTheBoundWasLoweredItIsWholeThoughEverySearchTookTooLong(int length) {
    AtomicLong now = new AtomicLong(Long.MAX_VALUE - 9);
    LineMatcher matcher = LineMatcher.of("(x+x+)+y", NANOS, now::get);
    byte[] endless = "x".repeat(length).getBytes(UTF_8);
    for (int i = 0; i < 10; i++) {
      assertThat(matcher.find(endless, 0, length)).isEqualTo(Found.TIMED_OUT);
      now.addAndGet(LineMatcher.LOWERED_NANOS / 10);
    }
    assertThat(matcher.limitNanos()).isEqualTo(NANOS / 50);

    assertThat(matcher.find(endless, 0, length)).isEqualTo(Found.TIMED_OUT);
    assertThat(matcher.limitNanos()).isEqualTo(NANOS / 2);
    assertThat(matcher.find(endless, 0, length)).isEqualTo(Found.TIMED_OUT);
    assertThat(matcher.limitNanos()).isEqualTo(NANOS / 4);
  }

  @Test
  void aSearchThatEndsInTimeGivesBackWhatItTook() {
    long took = NANOS / 10;
    AtomicLong now = new AtomicLong();
    LineMatcher matcher = LineMatcher.of("(x+x+)+y", NANOS, () -> now.getAndAdd(took));
    byte[] endless = "x".repeat(100).getBytes(UTF_8);
    assertThat(matcher.find(endless, 0, 100)).isEqualTo(Found.TIMED_OUT);

    assertThat(find(matcher, "xxy")).isEqualTo(Found.YES);
    assertThat(matcher.limitNanos()).isEqualTo(NANOS / 2 + took);
  }

  /// One that is kept from text to text finds what one finds that is made for its text.
  @Property(tries = 20_000)
  void whatWasLookedAtBeforeChangesNothing(
      @ForAll("patterns") String pattern, @ForAll("texts") List<String> texts) {
    LineMatcher kept;
    try {
      kept = LineMatcher.ofLines(pattern, NANOS);
    } catch (BadParserException e) {
      return;
    }
    Regex regex = Expression.compileForLines(pattern);
    for (String text : texts) {
      byte[] bytes = ("<<" + text + ">>").getBytes(UTF_8);
      Found found = kept.find(bytes, 2, bytes.length - 4);
      if (found == Found.YES || found == Found.NO) {
        assertThat(places(kept, found, regex.numberOfCaptures()))
            .as("%s in %s", pattern, text)
            .isEqualTo(alone(regex, bytes, 2, bytes.length - 2));
      }
    }
  }

  @Provide
  Arbitrary<String> patterns() {
    return Arbitraries.of(TOKENS)
        .list()
        .ofMinSize(1)
        .ofMaxSize(8)
        .map(tokens -> String.join("", tokens));
  }

  @Provide
  Arbitrary<List<String>> texts() {
    return Arbitraries.of(PIECES)
        .list()
        .ofMaxSize(12)
        .map(pieces -> String.join("", pieces))
        .list()
        .ofMinSize(2)
        .ofMaxSize(4);
  }

  private static List<Integer> places(LineMatcher matcher, Found found, int groups) {
    List<Integer> places = new ArrayList<>();
    for (int group = 0; found == Found.YES && group <= groups; group++) {
      places.add(matcher.from(group));
      places.add(matcher.to(group));
    }
    return places;
  }

  private static List<Integer> alone(Regex regex, byte[] bytes, int from, int to) {
    List<Integer> places = new ArrayList<>();
    Matcher matcher = regex.matcher(bytes, from, to);
    if (matcher.search(from, to, Option.DEFAULT) >= 0) {
      Region region = matcher.getEagerRegion();
      for (int group = 0; group <= regex.numberOfCaptures(); group++) {
        boolean took = region.getBeg(group) >= 0;
        places.add(took ? from + region.getBeg(group) : -1);
        places.add(took ? from + region.getEnd(group) : -1);
      }
    }
    return places;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "^b",
        "\\Ab",
        "\\bb",
        "(?<![a-z])b",
        "(?m)^b",
        "(?<=a)?^b",
        "a\\[^b|^b",
        "[^a]*^b"
      })
  void aTextsBeginningIsWhereItBegins(String pattern) {
    LineMatcher matcher = LineMatcher.of(pattern, NANOS);
    assertThat(find(matcher, "aaaaaaaaaaab")).isEqualTo(Found.NO);
    assertThat(find(matcher, "bbb")).isEqualTo(Found.YES);
    assertThat(find(matcher, "b")).isEqualTo(Found.YES);
    assertThat(find(matcher, "ab")).isEqualTo(Found.NO);
    assertThat(find(matcher, "")).isEqualTo(Found.NO);
  }

  @Test
  void aTextsEndIsWhereItEnds() {
    LineMatcher matcher = LineMatcher.of("a(.*)$", NANOS);
    for (int length : List.of(3, 300, 20, 3_000, 2_048, 1)) {
      byte[] text = ("xxa" + "b".repeat(length) + "tail").getBytes(ISO_8859_1);
      assertThat(matcher.find(text, 2, length + 1)).isEqualTo(Found.YES);
      assertThat(matcher.from(0)).isEqualTo(2);
      assertThat(matcher.from(1)).isEqualTo(3);
      assertThat(matcher.to(1)).isEqualTo(3 + length);
    }
  }

  @Test
  void aSearchWithoutEndIsEndedAndTheNextGoesOn() {
    LineMatcher matcher = LineMatcher.of("^(?:(a+)+)\\1b$", NANOS);
    assertThat(find(matcher, "a".repeat(60) + "c")).isEqualTo(Found.TIMED_OUT);
    assertThat(find(matcher, "aab")).isEqualTo(Found.YES);
  }

  private static Found find(LineMatcher matcher, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    return matcher.find(bytes, 0, bytes.length);
  }
}
