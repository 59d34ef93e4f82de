package dev.pannier.parsers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExceptionsTest {
  private static final class Broken$OrderException extends RuntimeException {
    private static final long serialVersionUID = 1;

    Broken$OrderException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private static Throwable thrown() {
    Throwable thrown = new Broken$OrderException("two\nlines: of it", new IOException("inner"));
    thrown.addSuppressed(new IllegalStateException("while closing"));
    return thrown;
  }

  private static LineParser logback(String pattern) {
    return Parsers.create(new ParserSpec.Logback(pattern), ZoneId.of("UTC"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"%ex", "%ex{2}", "%xEx", "%rEx"})
  void whatLogbackPrintsIsReadBack(String word) {
    String pattern = "%d{yyyy-MM-dd HH:mm:ss} %level %msg%n" + word;
    LoggerContext context = new LoggerContext();
    PatternLayout layout = new PatternLayout();
    layout.setContext(context);
    layout.setPattern(pattern);
    layout.start();
    LoggingEvent event =
        new LoggingEvent(
            "fqcn", context.getLogger("a"), Level.ERROR, "failed\nbadly", thrown(), null);
    event.setInstant(Instant.parse("2026-11-23T14:00:00Z"));
    String printed = layout.doLayout(event);

    for (String text : new String[] {printed, printed.replace("\n", "\r\n")}) {
      Map<String, String> fields = Fields.parse(logback(pattern), text.stripTrailing());

      assertThat(fields)
          .containsEntry("@exception.type", Broken$OrderException.class.getName())
          .doesNotContainKey("result");
      assertThat(fields.get("body")).isEqualToIgnoringNewLines("failed\nbadly");
      assertThat(fields.get("@exception.message")).isEqualToIgnoringNewLines("two\nlines: of it");
      assertThat(fields.get("@exception.stacktrace")).contains("inner", "while closing");
    }
  }

  @Test
  void whatTheJdkPrintsIsReadBack() {
    StringWriter printed = new StringWriter();
    thrown().printStackTrace(new PrintWriter(printed));

    assertThat(
            Fields.parse(
                logback("%d{yyyy-MM-dd} %msg%n"),
                ("2026-11-23 failed\n" + printed).stripTrailing()))
        .contains(
            entry("body", "failed"),
            entry("@exception.type", Broken$OrderException.class.getName()),
            entry("@exception.message", "two\nlines: of it"),
            entry("@exception.stacktrace", printed.toString().stripTrailing()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "scala.MatchError: 5 (of class java.lang.Integer) | scala.MatchError |"
            + " 5 (of class java.lang.Integer)",
        "com.example.Main$main$1$Stop: enough | com.example.Main$main$1$Stop | enough",
        "kotlin.KotlinNullPointerException | kotlin.KotlinNullPointerException |",
        "NoPackage: x | NoPackage | x",
        "Exception in thread \"my main\" java.lang.Error: y | java.lang.Error | y",
        "a.B:  | a.B |"
      })
  void namesOfAllKindsAreTypes(String first, String type, String message) {
    Map<String, String> fields =
        Fields.parse(
            logback("%d{yyyy-MM-dd} %msg%n"),
            "2026-11-23 failed\n" + first + "\n\tat a.B.c(D.kt:1)");

    assertThat(fields).contains(entry("body", "failed"), entry("@exception.type", type));
    if (message == null) {
      assertThat(fields).doesNotContainKey("@exception.message");
    } else {
      assertThat(fields).containsEntry("@exception.message", message);
    }
  }

  @Test
  void textThatIsNoPrintedExceptionHasNoType() {
    LineParser json = Parsers.create(new ParserSpec.Json(), ZoneId.of("UTC"));

    assertThat(
            Fields.parse(
                json,
                "{\"msg\":\"m\",\"stack_trace\":\"Traceback (most recent call last):\\n  x\"}"))
        .containsOnly(
            entry("body", "m"),
            entry("@exception.stacktrace", "Traceback (most recent call last):\n  x"));
  }

  @Test
  void aTypeThatIsSaidAndPrintedIsGivenOnce() {
    LineParser json = Parsers.create(new ParserSpec.Json(), ZoneId.of("UTC"));
    byte[] line =
        ("{\"message\":\"m\",\"error.type\":\"a.B\",\"error.message\":\"x\","
                + "\"error.stack_trace\":\"a.B: x\\n\\tat c\"}")
            .getBytes(java.nio.charset.StandardCharsets.UTF_8);
    CheckingSink sink = new CheckingSink();
    json.parse(line, 0, line.length, sink);

    assertThat(sink.calls)
        .containsExactlyInAnyOrder(
            "body=m",
            "exception.type=a.B",
            "exception.message=x",
            "exception.stacktrace=a.B: x\n\tat c");
  }
}
