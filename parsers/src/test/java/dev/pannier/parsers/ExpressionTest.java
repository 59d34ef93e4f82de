package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.joni.Option;
import org.joni.Regex;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionTest {
  private static final String[] TOKENS = {
    "(", "(?<", "(?", ")", ">", "a", "b", "[", "[^", "]", "[:", ":]", "\\", "\\k<", "\\g<", "$",
    "%n", "{", "{2,", "{2}", "{9999}", ",", "}", "*", "+", "?", "|", "^", ".", "\\p{", "Alpha", "-",
    "&&", "é", "😀", "\\x", "\\u", "\\w", "#", "(?=", "(?<=", "(?i)", "(?x)", "!", "\\0", "9",
    "\\c", "\\M-", "\0", "\\b", "\\X", "\\R", "\n", " ", "\\Q", "\\E"
  };

  private static boolean found(Regex regex, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    return regex.matcher(bytes).search(0, bytes.length, Option.NONE) >= 0;
  }

  @Property(tries = 20_000)
  void whateverTheTextItCompilesOrSaysWhyNot(@ForAll("expressions") String text) {
    try {
      assertThat(Expression.compile(text)).isNotNull();
    } catch (BadParserException e) {
      assertThat(e).message().isNotBlank();
    }
  }

  @Provide
  Arbitrary<String> expressions() {
    return Arbitraries.of(TOKENS)
        .list()
        .ofMinSize(1)
        .ofMaxSize(14)
        .map(tokens -> String.join("", tokens));
  }

  @Property
  void whatIsQuotedIsFoundAsItStands(@ForAll String quoted) {
    // Half of a surrogate pair has no bytes of its own; nor is the quotation's end in it.
    String text = new String(quoted.getBytes(UTF_8), UTF_8).replace("\\", "");

    assertThat(found(Expression.compile("^\\Q" + text + "\\E$"), text)).isTrue();
    assertThat(found(Expression.compile("^(1)\\1\\Q7" + text), "117" + text)).isTrue();
  }

  @Property
  void quotedPunctuationMeansWhatItMeansToJava(@ForAll("punctuation") String text) {
    String pattern = "^x\\Q" + text + "\\E+y$";
    for (String line :
        List.of("x" + text + "y", "x" + text + text + "y", "xy", "x" + text + ")y")) {
      assertThat(found(Expression.compile(pattern), line))
          .as(line)
          .isEqualTo(Pattern.compile(pattern).matcher(line).find());
    }
  }

  @Provide
  Arbitrary<String> punctuation() {
    return Arbitraries.strings()
        .withChars("[](){}.*+?^$|&-#/\\9aQ ")
        .ofMinLength(1)
        .ofMaxLength(6)
        .filter(text -> !text.contains("\\E") && !text.endsWith("\\"));
  }

  /// Each made Joni throw something that is not its own exception.
  @ParameterizedTest
  @ValueSource(strings = {"(?<a$", "\\k<$1>", "\\k<$2>(?<x>y)", "\\p{Alphaé}", "\\p{}"})
  void anErrorInANameIsAnErrorLikeAnyOther(String text) {
    assertThatExceptionOfType(BadParserException.class)
        .isThrownBy(() -> Expression.compile(text))
        .withMessageMatching("malformed.*|invalid character property name.*");
  }

  /// On each of these Joni's own reading of quotations never ended.
  @ParameterizedTest
  @ValueSource(strings = {"\\Q\\E%n(?<&&", "\\x:]\\Q(?#\\E", "\\R\\g<\\Q\\0,+{10000}\\E{2,{10000}"})
  void aQuotationBeforeAnErrorEnds(String text) {
    try {
      assertThat(Expression.compile(text)).isNotNull();
    } catch (BadParserException e) {
      assertThat(e).message().isNotBlank();
    }
  }

  @Test
  void theEndOfAQuotationNeedsItsBeginning() {
    assertThatExceptionOfType(BadParserException.class)
        .isThrownBy(() -> Expression.compile("a\\E"))
        .withMessage("\\E without a \\Q before it");
    assertThat(found(Expression.compile("^\\\\Q\\\\E$"), "\\Q\\E")).isTrue();
  }

  @Test
  void whatIsTooLongOrTooDeepIsRefused() {
    assertThatExceptionOfType(BadParserException.class)
        .isThrownBy(() -> Expression.compile("a".repeat(Expression.LONGEST + 1)))
        .withMessage("longer than 8192 characters");
    String deep = "(".repeat(4000) + "a" + ")".repeat(4000);
    assertThatExceptionOfType(BadParserException.class).isThrownBy(() -> Expression.compile(deep));
  }

  @Test
  void nothingIsPrinted() {
    PrintStream before = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setErr(new PrintStream(printed, true, UTF_8));
    try {
      assertThat(found(Expression.compile("[aa-]+(?:a*)*"), "-")).isTrue();
    } finally {
      System.setErr(before);
    }
    assertThat(printed.toString(UTF_8)).isEmpty();
  }

  @Test
  void anchorsAndOptionsAreJavas() {
    assertThat(found(Expression.compileForLines("^b"), "a\nb")).isFalse();
    assertThat(found(Expression.compileForLines("(?m)^b"), "a\nb")).isTrue();
    assertThat(found(Expression.compileForLines("^a.b$"), "a\nb")).isTrue();
    assertThat(found(Expression.compileForLines("^a(?-s:.)b$"), "a\nb")).isFalse();
    assertThat(found(Expression.compile("^a.b"), "a\nb")).isFalse();
    assertThat(found(Expression.compile("(?s)^a.b"), "a\nb")).isTrue();
    assertThat(found(Expression.compile("a$"), "a\nb")).isFalse();
  }
}
