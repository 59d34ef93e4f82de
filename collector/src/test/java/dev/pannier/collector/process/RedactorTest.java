package dev.pannier.collector.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.pannier.shippers.batch.ByteOutput;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactorTest {
  /// Not a character that an address, a token or a number may hold.
  private static final byte[] REPLACEMENT = "§".getBytes(UTF_8);

  /// Of `max_record`'s default.
  private static final int LONGEST = 1 << 20;

  private static final List<SecretPattern> ALL =
      List.of(new CardNumbers(), new EmailAddresses(), new JsonWebTokens(), new BearerTokens());

  /// Each of the words was followed to the end of all that may be one token: 9 * 10^10 steps.
  @Test
  void manyWordsInOneAreLookedAtOnce() {
    byte[] text = "bearer".repeat(LONGEST / 6).getBytes(UTF_8);
    assertThat(new BearerTokens().find(text, 0, 0, text.length)).isEqualTo(SecretPattern.NONE);
    assertThat(redact("bearer".repeat(LONGEST / 6) + " 0123456789abcdef", new BearerTokens()))
        .endsWith("bearer §");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "3782.822463.10005",
        "5500005555555559",
        "3782 822463 10005",
        "3056 9309 0259 04",
        "6011000990139424",
        "4222222222222",
        "6304 0000 0000 0000 000"
      })
  void cardNumberIsReplacedWhole(String number) {
    assertThat(redact("card " + number + ", thanks", new CardNumbers()))
        .isEqualTo("card §, thanks");
    assertThat(redact(number, new CardNumbers())).isEqualTo("§");
    assertThat(redact("12 " + number + " 12", new CardNumbers())).startsWith("12 §");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4111111111111112",
        "4111.111111111111",
        "4.111111111111111",
        "411.1111.1111.11111",
        "1763904000125",
        "41111111111111110000",
        "id4",
        "411111111111",
        "4111  1111 1111 1111",
        "0000000000000000",
        ""
      })
  void otherNumbersStay(String number) {
    assertThat(redact(number, new CardNumbers())).isEqualTo(number);
  }

  @ParameterizedTest
  @CsvSource({
    "write to jane.doe+x@example.co.uk.,write to §.",
    "<a@b.io>,<§>",
    "a@b.io;c@d.org,§;§",
    "user@host,user@host",
    "@b.io,@b.io",
    "a@.io,a@.io",
    "a@10.0.0.1,a@10.0.0.1",
    "联系人zhang@example.com。,联系人§。",
    "a@b.example-,§-"
  })
  void emailAddressesAreReplaced(String text, String redacted) {
    assertThat(redact(text, new EmailAddresses())).isEqualTo(redacted);
  }

  @ParameterizedTest
  @CsvSource({
    "t=eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln_-9;,t=§;",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.,§",
    "eyJh.eyJz.c2ln. Then,§. Then",
    "eyJh.a.b.c.d,§",
    "com.acme.KeyJoiner.run.now,com.acme.KeyJoiner.run.now",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0,eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0"
  })
  void jsonWebTokensAreReplaced(String text, String redacted) {
    assertThat(redact(text, new JsonWebTokens())).isEqualTo(redacted);
  }

  @ParameterizedTest
  @CsvSource({
    "Authorization: Bearer mF_9.B5f-4.1JqM,Authorization: Bearer §",
    "'bearer abc123, and',  'bearer §, and'",
    "BEARER: abc123,BEARER: §",
    "Bearer authentication failed.,Bearer authentication failed.",
    "the Bearer Token is missing,the Bearer Token is missing",
    "Bearer abcdefghijklmnopqrstuvwxyz,Bearer §",
    "bearer,bearer",
    "Bearer a1 Bearer b2,Bearer § Bearer §"
  })
  void bearerTokensAreReplaced(String text, String redacted) {
    assertThat(redact(text, new BearerTokens())).isEqualTo(redacted);
  }

  @Test
  void customPatternsAreReplaced() {
    assertThat(redact("order A-17, order B-20", CustomPattern.of("[A-Z]-\\d+")))
        .isEqualTo("order §, order §");
    assertThat(redact("größe: 5", CustomPattern.of("ö.e"))).isEqualTo("gr§: 5");
    assertThat(redact("xäy", CustomPattern.of("z*"))).isEqualTo("xäy");
    assertThat(redact("ab ab", CustomPattern.of("^ab"))).isEqualTo("§ ab");
  }

  @Test
  void whatACustomPatternCannotSearchInTimeIsReplacedWhole() {
    String text = "a".repeat(60) + "!";
    assertThat(redact(text, CustomPattern.of("(a+)+$|(a|aa)+b"))).isEqualTo("§");
  }

  @Test
  void customPatternThatIsNoneIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CustomPattern.of("(a"))
        .withMessageContaining("(a");
  }

  @Test
  void overlappingMatchesAreReplacedAsOne() {
    assertThat(redact("x 4111111111111111@example.com y", new EmailAddresses(), new CardNumbers()))
        .isEqualTo("x § y");
    assertThat(
            redact(
                "abcdef", CustomPattern.of("ab"), CustomPattern.of("bc"), CustomPattern.of("cd")))
        .isEqualTo("§ef");
  }

  @Property
  void noCardOfTheFixtureSurvives(
      @ForAll("textWithCards") List<String> parts, @ForAll boolean withOthers) {
    String text = String.join("", parts);
    String redacted =
        withOthers
            ? redact(text, ALL.toArray(SecretPattern[]::new))
            : redact(text, new CardNumbers());
    for (String part : parts) {
      if (part.length() >= 13) {
        assertThat(redacted).doesNotContain(part);
      }
    }
  }

  @Provide
  Arbitrary<List<String>> textWithCards() {
    Arbitrary<String> noise =
        Arbitraries.strings().withChars("ab:,;.ä漢\n_=/").ofMinLength(1).ofMaxLength(6);
    Arbitrary<String> shortNumbers =
        Arbitraries.integers().between(0, 9999).map(n -> " " + n + " ");
    return Combinators.combine(noise, shortNumbers, cards(), noise)
        .as((before, number, card, after) -> List.of(before, number, before, card, after))
        .list()
        .ofMaxSize(5)
        .map(groups -> groups.stream().flatMap(List::stream).toList());
  }

  private static Arbitrary<String> cards() {
    Arbitrary<String> digits =
        Arbitraries.strings().numeric().ofMinLength(11).ofMaxLength(17).map(rest -> "4" + rest);
    Arbitrary<String> separators = Arbitraries.of("", " ", "-");
    return Combinators.combine(digits, separators, Arbitraries.integers().between(3, 6))
        .as((number, separator, group) -> grouped(withCheckDigit(number), separator, group));
  }

  private static String withCheckDigit(String number) {
    int sum = 0;
    for (int i = number.length() - 1, place = 0; i >= 0; i--, place++) {
      int digit = number.charAt(i) - '0';
      int twice = digit * 2;
      sum += place % 2 == 1 ? digit : twice > 9 ? twice - 9 : twice;
    }
    return number + (10 - sum % 10) % 10;
  }

  private static String grouped(String number, String separator, int group) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < number.length(); i++) {
      if (i > 0 && i % group == 0) {
        out.append(separator);
      }
      out.append(number.charAt(i));
    }
    return out.toString();
  }

  @Property
  void redactionNeverBreaksUtf8(@ForAll("lively") String text) throws CharacterCodingException {
    byte[] redacted = redactBytes(text.getBytes(UTF_8), ALL.toArray(SecretPattern[]::new));
    String decoded = UTF_8.newDecoder().decode(ByteBuffer.wrap(redacted)).toString();
    assertThat(decoded.replaceAll("[^ä漢😀]", "")).isEqualTo(text.replaceAll("[^ä漢😀]", ""));
  }

  @Property
  void whatIsToBeFoundIsFoundBehindAndBeforeAnyText(
      @ForAll("noise") String before,
      @ForAll("secrets") String secret,
      @ForAll("noise") String after) {
    String redacted =
        redact(before + "\"" + secret + "\"" + after, ALL.toArray(SecretPattern[]::new));
    assertThat(redacted).doesNotContain(secret).contains("§\"");
  }

  @Provide
  Arbitrary<String> noise() {
    return Arbitraries.strings().withChars("eyJbearBEAR@.4 -|").ofMaxLength(30);
  }

  @Provide
  Arbitrary<String> secrets() {
    return Arbitraries.of(
        "4111111111111111", "4111 1111-1111 1111", "a@b.io", "eyJh.eyJi.sig", "Bearer abc123");
  }

  @Provide
  Arbitrary<String> lively() {
    Arbitrary<String> part =
        Arbitraries.of(
            "4111111111111111",
            " ",
            "-",
            "a@b.io",
            "@",
            ".",
            "eyJ",
            "eyJh.eyJi.sig",
            "bearer ",
            "Bearer abc123",
            "ä",
            "漢",
            "😀",
            "x",
            "7",
            "\n",
            ":");
    return part.list().ofMaxSize(20).map(parts -> String.join("", parts));
  }

  @Property
  void globMatchesLikeTheRegularExpressionOfTheSameMeaning(
      @ForAll("globs") String glob, @ForAll("names") String name) {
    StringBuilder expression = new StringBuilder();
    glob.codePoints()
        .forEach(
            c ->
                expression.append(
                    c == '*' ? ".*" : c == '?' ? "." : "\\Q" + Character.toString(c) + "\\E"));
    byte[] bytes = name.getBytes(UTF_8);
    assertThat(new Glob(glob).matches(bytes, 0, bytes.length))
        .isEqualTo(name.matches(expression.toString()));
  }

  @Provide
  Arbitrary<String> globs() {
    return Arbitraries.strings().withChars("ab.ä*?").ofMaxLength(8);
  }

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.strings().withChars("ab.ä").ofMaxLength(10);
  }

  private static String redact(String text, SecretPattern... patterns) {
    return new String(redactBytes(text.getBytes(UTF_8), patterns), UTF_8);
  }

  private static byte[] redactBytes(byte[] text, SecretPattern... patterns) {
    Redactor redactor = new Redactor(List.of(patterns), REPLACEMENT);
    // Not at the start of the array, and with neighbours that would change the outcome if read.
    byte[] bytes = new byte[text.length + 8];
    Arrays.fill(bytes, (byte) '4');
    System.arraycopy(text, 0, bytes, 4, text.length);
    if (!redactor.changes(bytes, 4, 4 + text.length)) {
      return text;
    }
    ByteOutput out = new ByteOutput(0);
    redactor.write(bytes, 4, 4 + text.length, out);
    return out.toBytes();
  }
}
