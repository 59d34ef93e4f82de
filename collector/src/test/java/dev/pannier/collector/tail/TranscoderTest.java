package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.collector.config.Charsets;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TranscoderTest {
  private static final List<Charset> CHARSETS =
      List.of(
          UTF_8,
          UTF_16LE,
          UTF_16BE,
          ISO_8859_1,
          Charset.forName("windows-1252"),
          Charset.forName("GBK"),
          Charset.forName("GB18030"),
          Charset.forName("Big5"),
          Charset.forName("Shift_JIS"),
          Charset.forName("EUC-KR"));

  @Test
  void asciiAndUtf8ArePassedOnWhereTheyLie() {
    for (String text : List.of("", "plain", "grüße, 日志, 🚀")) {
      byte[] bytes = ("__" + text + "__").getBytes(UTF_8);
      Transcoder transcoder = Transcoder.of(UTF_8);
      assertThat(transcoder.toUtf8(bytes, 2, bytes.length - 2)).isFalse();
      assertThat(transcoder.bytes()).isSameAs(bytes);
      assertThat(transcoder.from()).isEqualTo(2);
      assertThat(transcoder.to()).isEqualTo(bytes.length - 2);
    }
  }

  @Property
  void lineInAnyCharsetIsFoundAndBecomesUtf8(
      @ForAll("charsets") Charset charset, @ForAll("lines") List<String> lines) {
    List<String> expected = lines.stream().map(line -> encodable(charset, line)).toList();
    byte[] bytes = (String.join("\n", expected) + "\n").getBytes(charset);
    Transcoder transcoder = Transcoder.of(charset);
    List<String> found = new ArrayList<>();
    int from = 0;
    for (int end = transcoder.newline(bytes, 0, bytes.length);
        end >= 0;
        end = transcoder.newline(bytes, from, bytes.length)) {
      assertThat(transcoder.toUtf8(bytes, from, end)).isFalse();
      found.add(text(transcoder));
      from = end + transcoder.unit();
    }
    assertThat(from).isEqualTo(bytes.length);
    assertThat(found).isEqualTo(expected);
  }

  @Property
  void brokenUtf8IsReplacedWhereTheJdkDoes(@ForAll @Size(max = 40) byte[] bytes) {
    assertReplacedLikeTheJdk(Transcoder.of(UTF_8), UTF_8, bytes);
  }

  @Property
  void cutUtf8IsReplacedWhereTheJdkDoes(
      @ForAll("texts") String text, @ForAll @IntRange(max = 30) int cut) {
    byte[] bytes = text.getBytes(UTF_8);
    int from = Math.min(cut, bytes.length);
    assertReplacedLikeTheJdk(
        Transcoder.of(UTF_8), UTF_8, Arrays.copyOfRange(bytes, from, bytes.length));
    assertReplacedLikeTheJdk(Transcoder.of(UTF_8), UTF_8, Arrays.copyOf(bytes, from));
  }

  @Property
  void anyBytesInAnyCharsetComeOutAsWellFormedUtf8(
      @ForAll("charsets") Charset charset, @ForAll @Size(max = 60) byte[] bytes) {
    Transcoder transcoder = Transcoder.of(charset);
    boolean replaced = transcoder.toUtf8(bytes, 0, bytes.length);
    assertThat(Bytes.isUtf8(transcoder.bytes(), transcoder.from(), transcoder.to())).isTrue();
    if (replaced) {
      assertThat(text(transcoder)).contains("\uFFFD");
    } else {
      assertThat(text(transcoder)).isEqualTo(new String(bytes, charset));
    }
  }

  @Property
  void cutFallsBetweenCharacters(
      @ForAll("charsets") Charset charset,
      @ForAll("texts") String text,
      @ForAll @IntRange(min = 1, max = 60) int limit) {
    byte[] bytes = encodable(charset, text).getBytes(charset);
    if (limit >= bytes.length || limit < 4) {
      return;
    }
    Transcoder transcoder = Transcoder.of(charset);
    int cut = transcoder.boundary(bytes, 0, limit);
    assertThat(cut).isBetween(limit - 3, limit);
    assertThat(transcoder.toUtf8(bytes, 0, cut)).isFalse();
    String head = text(transcoder);
    assertThat(transcoder.toUtf8(bytes, cut, bytes.length)).isFalse();
    assertThat(head + text(transcoder)).isEqualTo(encodable(charset, text));
  }

  @Test
  void cutOfBytesThatAreNoCharactersMakesProgress() {
    byte[] bytes = new byte[64];
    for (Charset charset : CHARSETS) {
      for (int value : new int[] {0x80, 0xFF, 0x81, 0xE4, 0xD8}) {
        Arrays.fill(bytes, (byte) value);
        assertThat(Transcoder.of(charset).boundary(bytes, 10, 20)).isBetween(11, 20);
      }
    }
  }

  @Test
  void halfOfAnotherCharacterIsNoLineEndInUtf16() {
    // Gurmukhi and Malayalam letters hold the bytes 0A and 0D; U+000A begins at an odd offset.
    for (Charset charset : List.of(UTF_16LE, UTF_16BE)) {
      byte[] bytes = "\u0A05\u010A\u0A00\nab".getBytes(charset);
      assertThat(Transcoder.of(charset).newline(bytes, 0, bytes.length)).isEqualTo(6);
      byte[] shifted = ("x" + new String(bytes, ISO_8859_1)).getBytes(ISO_8859_1);
      assertThat(Transcoder.of(charset).newline(shifted, 1, shifted.length)).isEqualTo(7);
      assertThat(Transcoder.of(charset).newline(shifted, 1, 8)).isEqualTo(-1);
    }
  }

  @Test
  void carriageReturnBeforeTheLineEndIsLeftOut() {
    for (Charset charset : CHARSETS) {
      Transcoder transcoder = Transcoder.of(charset);
      byte[] bytes = "a\rb\r\n".getBytes(charset);
      int end = transcoder.newline(bytes, 0, bytes.length);
      assertThat(transcoder.withoutCarriageReturn(bytes, 0, end))
          .isEqualTo("a\rb".getBytes(charset).length);
      assertThat(transcoder.withoutCarriageReturn(bytes, 0, 0)).isZero();
      assertThat(transcoder.withoutCarriageReturn(bytes, 0, transcoder.unit()))
          .isEqualTo(transcoder.unit());
    }
  }

  @Test
  void byteOrderMarkDecidesAndIsPassedOver() {
    assertHead(UTF_8, "EFBBBF61", 3, UTF_8);
    assertHead(UTF_8, "EFBB", 0, UTF_8);
    assertHead(UTF_8, "FFFE6100", 2, UTF_16LE);
    assertHead(UTF_8, "FEFF0061", 2, UTF_16BE);
    assertHead(UTF_16, "FFFE6100", 2, UTF_16LE);
    assertHead(UTF_16, "0061", 0, UTF_16);
    assertHead(UTF_16LE, "FEFF0061", 2, UTF_16BE);
    assertHead(ISO_8859_1, "FFFE6100", 0, ISO_8859_1);
    assertHead(Charset.forName("GB18030"), "8431953361", 4, Charset.forName("GB18030"));
  }

  @Test
  void theSameScratchServesAllFilesWithAMark() {
    Transcoder configured = Transcoder.of(UTF_8);
    byte[] mark = {(byte) 0xFF, (byte) 0xFE};
    assertThat(configured.forHead(mark, 2)).isSameAs(configured.forHead(mark, 2));
  }

  @Test
  void nulBytesAreKept() {
    for (Charset charset : CHARSETS) {
      byte[] bytes = "a\0b".getBytes(charset);
      Transcoder transcoder = Transcoder.of(charset);
      assertThat(transcoder.toUtf8(bytes, 0, bytes.length)).isFalse();
      assertThat(text(transcoder)).isEqualTo("a\0b");
    }
  }

  @Test
  void charsetsWhoseLinesCannotBeFoundAreRefused() {
    assertThat(Charsets.isSupported(US_ASCII)).isTrue();
    for (String name : List.of("ISO-2022-JP", "UTF-32", "IBM037", "x-COMPOUND_TEXT")) {
      if (Charset.isSupported(name)) {
        assertThat(Charsets.isSupported(Charset.forName(name))).as(name).isFalse();
      }
    }
    assertThatThrownBy(() -> Transcoder.of(Charset.forName("UTF-32")))
        .hasMessageContaining("UTF-32");
  }

  private static void assertHead(Charset configured, String hex, int markLength, Charset charset) {
    byte[] head = HexFormat.of().parseHex(hex);
    Transcoder transcoder = Transcoder.of(configured).forHead(head, head.length);
    assertThat(transcoder.markLength(head, head.length)).isEqualTo(markLength);
    assertThat(transcoder).hasToString(charset.name());
  }

  private static void assertReplacedLikeTheJdk(
      Transcoder transcoder, Charset charset, byte[] bytes) {
    String expected = new String(bytes, charset);
    assertThat(transcoder.toUtf8(bytes, 0, bytes.length)).isEqualTo(expected.contains("\uFFFD"));
    // At the very end of the input the JDK takes some broken bytes together that Unicode does not.
    assertThat(text(transcoder).replaceAll("\uFFFD+", "\uFFFD"))
        .isEqualTo(expected.replaceAll("\uFFFD+", "\uFFFD"));
  }

  @Test
  void eachLongestBeginningOfACharacterBecomesOneReplacement() {
    // The example of the Unicode Standard, table 3-11.
    byte[] bytes = HexFormat.of().parseHex("E180E2F09192F1BF41");
    Transcoder transcoder = Transcoder.of(UTF_8);
    assertThat(transcoder.toUtf8(bytes, 0, bytes.length)).isTrue();
    assertThat(text(transcoder)).isEqualTo("\uFFFD\uFFFD\uFFFD\uFFFDA");
  }

  @Property
  void whatIsExpectedOfABufferChangesNoAnswer(
      @ForAll("charsets") Charset charset,
      @ForAll("texts") String text,
      @ForAll @Size(max = 8) List<@IntRange(max = 120) Integer> places) {
    byte[] bytes = ("ascii first, then " + encodable(charset, text)).getBytes(charset);
    Transcoder expecting = Transcoder.of(charset);
    expecting.expect(bytes, 0, bytes.length);
    for (int i = 0; i + 1 < places.size(); i += 2) {
      int from = Math.min(places.get(i), bytes.length);
      int to = Math.min(from + places.get(i + 1), bytes.length);
      Transcoder other = Transcoder.of(charset);
      assertThat(expecting.toUtf8(bytes, from, to)).isEqualTo(other.toUtf8(bytes, from, to));
      assertThat(text(expecting)).isEqualTo(text(other));
    }
  }

  @Test
  void aBufferThatHasOtherBytesIsLookedAtAgain() {
    byte[] bytes = "all of this is ASCII".getBytes(US_ASCII);
    Transcoder transcoder = Transcoder.of(UTF_8);
    transcoder.expect(bytes, 0, bytes.length);
    bytes[3] = (byte) 0xFF;
    transcoder.expect(bytes, 0, bytes.length);

    assertThat(transcoder.toUtf8(bytes, 0, 6)).isTrue();
    assertThat(text(transcoder)).isEqualTo("all\uFFFDof");
  }

  private static String text(Transcoder transcoder) {
    return new String(
        transcoder.bytes(), transcoder.from(), transcoder.to() - transcoder.from(), UTF_8);
  }

  /// What the charset can say of the text, without replacements by `?`.
  private static String encodable(Charset charset, String text) {
    StringBuilder kept = new StringBuilder();
    text.codePoints()
        .mapToObj(Character::toString)
        .filter(character -> charset.newEncoder().canEncode(character))
        .filter(character -> new String(character.getBytes(charset), charset).equals(character))
        .forEach(kept::append);
    return kept.toString();
  }

  @Provide
  Arbitrary<Charset> charsets() {
    return Arbitraries.of(CHARSETS);
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<Integer> letters =
        Arbitraries.frequencyOf(
            Tuple.of(4, Arbitraries.integers().between(0x20, 0x7E)),
            Tuple.of(2, Arbitraries.integers().between(0xA0, 0x4FF)),
            Tuple.of(4, Arbitraries.integers().between(0x4E00, 0x9FA5)),
            Tuple.of(1, Arbitraries.integers().between(0xAC00, 0xD7A3)),
            Tuple.of(1, Arbitraries.integers().between(0xE000, 0xFFFC)),
            Tuple.of(1, Arbitraries.integers().between(0x1F300, 0x1F6FF)),
            Tuple.of(1, Arbitraries.just(0)));
    return letters
        .list()
        .ofMaxSize(40)
        .map(points -> points.stream().map(Character::toString).reduce("", String::concat));
  }

  @Provide
  Arbitrary<List<String>> lines() {
    return texts().list().ofMinSize(1).ofMaxSize(6);
  }
}
