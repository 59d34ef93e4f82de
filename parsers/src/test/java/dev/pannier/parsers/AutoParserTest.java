package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.time.ZoneId;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AutoParserTest {
  private static final String LOGBACK = "2026-11-23 14:00:00.123 [main] WARN  a.B - text";
  private static final String JSON =
      "{\"timestamp\":\"2026-11-23T14:00:00Z\",\"level\":\"warn\",\"message\":\"text\"}";

  private final LineParser auto = new AutoDetect(ZoneId.of("UTC")).parser();

  private boolean starts(String line) {
    byte[] bytes = line.getBytes(UTF_8);
    return auto.startsRecord(bytes, 0, bytes.length);
  }

  private Map<String, String> parse(String line) {
    return Fields.parse(auto, line);
  }

  @Test
  void oddLinesBeforeTheLayoutAreTextAndTheOthersAreRead() {
    assertThat(parse("  :: Spring Boot ::")).containsOnly(entry("body", "  :: Spring Boot ::"));
    assertThat(parse("")).containsOnly(entry("body", ""));
    assertThat(parse("\tat a.B.c(B.java:1)")).containsOnly(entry("body", "\tat a.B.c(B.java:1)"));
    assertThat(parse(LOGBACK)).contains(entry("severity", "13 WARN"), entry("body", "text"));
    assertThat(starts("more text")).isFalse();
    assertThat(starts(LOGBACK)).isTrue();
  }

  @Test
  void anOddLineAfterTheLayoutIsCountedAndChangesNothing() {
    parse(LOGBACK);
    assertThat(parse("odd")).containsOnly(entry("result", "NO_MATCH"));
    assertThat(parse(LOGBACK)).contains(entry("body", "text"));
    parse(JSON);
    assertThat(parse("odd")).containsOnly(entry("result", "NOT_JSON"));
    assertThat(parse(JSON)).contains(entry("body", "text"), entry("severity", "13 warn"));
  }

  @Test
  void aFileWhoseLayoutChangesIsFollowed() {
    parse(LOGBACK);
    String other = "2026-11-23T14:00:00.123Z  WARN 7 --- [ main] a.B : text";
    assertThat(starts(other)).isTrue();
    assertThat(parse(other)).contains(entry("body", "text"), entry("logger", "a.B"));
    assertThat(starts(JSON)).isTrue();
    assertThat(parse(JSON)).contains(entry("body", "text"), entry("severity", "13 warn"));
    assertThat(parse(LOGBACK)).contains(entry("logger", "a.B"));
  }

  @Test
  void anObjectInAMessageIsNoRecordUnlessItIsALogLine() {
    parse(LOGBACK);
    assertThat(starts("{\"id\":7,\"name\":\"x\"}")).isFalse();
    assertThat(starts(JSON)).isTrue();
    assertThat(parse(LOGBACK + "\n{\"id\":7}")).contains(entry("body", "text\n{\"id\":7}"));
  }

  @Test
  void filesDoNotShareTheirLayout() {
    AutoDetect known = new AutoDetect(ZoneId.of("UTC"));
    LineParser one = known.parser();
    Fields.parse(one, LOGBACK);

    assertThat(Fields.parse(known.parser(), "odd")).containsOnly(entry("body", "odd"));
    assertThat(Fields.parse(one, "odd")).containsOnly(entry("result", "NO_MATCH"));
  }

  @Test
  void julsTwoLinesAreOneRecordFromTheFirstOn() {
    String first = "Nov 23, 2026 2:00:00 PM com.example.Shop pay";
    byte[] head = (first + "\nWARNING: text\n").getBytes(UTF_8);
    LineParser parser = new AutoDetect(ZoneId.of("UTC")).parser(head, head.length);
    byte[] second = "WARNING: text".getBytes(UTF_8);

    assertThat(parser.startsRecord(second, 0, second.length)).isFalse();
    assertThat(Fields.parse(parser, first + "\r\nWARNING: text\r\njava.io.IOException: x"))
        .containsOnly(
            entry("time", "1795442400000000000"),
            entry("severity", "13 WARNING"),
            entry("logger", "com.example.Shop"),
            entry("@code.function.name", "pay"),
            entry("body", "text"),
            entry("@exception.type", "java.io.IOException"),
            entry("@exception.message", "x"),
            entry("@exception.stacktrace", "java.io.IOException: x"));
  }

  @Test
  void coloursAreTakenOff() {
    assertThat(
            parse(
                "\u001b[2m2026-11-23T14:00:00.123Z\u001b[0;39m \u001b[33m WARN\u001b[0;39m"
                    + " \u001b[35m7\u001b[0;39m \u001b[2m---\u001b[0;39m \u001b[2m["
                    + " main]\u001b[0;39m \u001b[36ma.B   \u001b[0;39m \u001b[2m:\u001b[0;39m a"
                    + " \u001b[1mbold\u001b[m text"))
        .containsOnly(
            entry("time", "1795442400123000000"),
            entry("severity", "13 WARN"),
            entry("@thread.name", "main"),
            entry("logger", "a.B"),
            entry("body", "a bold text"));
  }

  @Test
  void whatSlogsTextHandlerWritesIsRead() {
    String line =
        "time=2026-11-23T15:00:00.123+01:00 level=WARN msg=\"two\\n"
            + "\\\"lines\\\" \\u200b\\x00\\xff\" order=7 customer.name=\"Ann Lee\" empty=\"\" \"a"
            + " key\"=x";
    assertThat(parse(line))
        .containsOnly(
            entry("time", "1795442400123000000"),
            entry("severity", "13 WARN"),
            entry("body", "two\n\"lines\" \u200b\0\ufffd"),
            entry("@order", "7"),
            entry("@customer.name", "Ann Lee"),
            entry("@empty", ""),
            entry("@a key", "x"));
    assertThat(starts(line)).isTrue();
    assertThat(starts("panic: of the runtime")).isFalse();
    assertThat(parse(line.replace("two", "2") + "\nand more").get("body"))
        .isEqualTo("2\n\"lines\" \u200b\0\ufffd\nand more");
  }

  @Test
  void pairsBehindALevelAreReadAndBrokenOnesAreARecordOfText() {
    String line =
        "level=info ts=2026-11-23T14:00:00Z logger=a.B msg=paid"
            + " trace_id=0102030405060708090a0b0c0d0e0f10";
    assertThat(parse(line))
        .containsOnly(
            entry("time", "1795442400000000000"),
            entry("severity", "9 info"),
            entry("logger", "a.B"),
            entry("trace", "0102030405060708090a0b0c0d0e0f10"),
            entry("body", "paid"));
    for (String broken :
        new String[] {
          "level=info msg=\"cut", "level=info msg", "level=info msg=\"\\q\"", "level=info  msg=x"
        }) {
      assertThat(starts(broken)).as(broken).isTrue();
      assertThat(parse(broken)).as(broken).containsOnly(entry("result", "NO_MATCH"));
    }
    assertThat(starts("level=seven msg=x")).isFalse();
    assertThat(starts("time=soon msg=x")).isFalse();
  }

  @Test
  void syslogsPrioritySaysTheSeverity() {
    int[] severities = {21, 19, 18, 17, 13, 10, 9, 5};
    for (int i = 0; i < severities.length; i++) {
      int priority = 8 * 4 + i;
      assertThat(parse("<" + priority + ">1 2026-11-23T14:00:00Z host app 42 - - text"))
          .containsOnly(
              entry("time", "1795442400000000000"),
              entry("severity", severities[i] + " " + priority),
              entry("@host.name", "host"),
              entry("@process.pid", "long 42"),
              entry("logger", "app"),
              entry("body", "text"));
    }
    auto.observedAt(1_795_500_000_000_000_000L);
    assertThat(parse("<34>Nov 23 14:00:00 host su: text [x]"))
        .containsOnly(
            entry("time", "1795442400000000000"),
            entry("severity", "18 34"),
            entry("@host.name", "host"),
            entry("logger", "su"),
            entry("body", "text [x]"));
  }

  @Test
  void aTagOfAnotherFormStaysInTheText() {
    auto.observedAt(1_795_500_000_000_000_000L);
    assertThat(parse("Nov 23 14:00:00 host syslogd 1.4: restart"))
        .containsOnly(
            entry("time", "1795442400000000000"),
            entry("@host.name", "host"),
            entry("body", "syslogd 1.4: restart"));
  }

  @Test
  void aLevelIsNoHost() {
    assertThat(parse("2026-11-23T14:00:00Z WARN app: text"))
        .containsOnly(
            entry("time", "1795442400000000000"),
            entry("severity", "13 WARN"),
            entry("body", "app: text"));
  }

  @Test
  void aTextThatBeginsWithALevelsNameHasNoHost() {
    for (String text :
        new String[] {
          "Error parsing: unexpected token",
          "Error items[3]: missing",
          "Config reload: done",
          "HTTP request: GET /",
          "fine tuning: done"
        }) {
      String line = "2026-11-23T14:00:01Z " + text;
      assertThat(parse(line)).as(line).containsOnly(entry("body", line));
    }
    assertThat(parse("<34>2026-11-23T14:00:01Z Error app: text"))
        .contains(entry("@host.name", "Error"), entry("logger", "app"));
  }

  @Test
  void aLineThatBeginsWithADayAndATimeOfDayBeginsARecord() {
    parse("2026-11-23T14:00:00Z INFO started");
    for (String line :
        new String[] {
          "2026-11-23T14:00:01Z Error while reading config",
          "[2026-11-23T14:00:01Z] Error while reading config",
          "2026-11-23 14:00:01,123 text",
          "[2026-11-23 14:00:01.123] text"
        }) {
      assertThat(starts(line)).as(line).isTrue();
    }
    for (String line :
        new String[] {
          "2026-11-23 is a day",
          "[2026-11-23] text",
          "[[2026-11-23T14:00:01Z] text",
          "at 12:00",
          "["
        }) {
      assertThat(starts(line)).as(line).isFalse();
    }
    parse(JSON);
    assertThat(parse("2026-11-23T14:00:01Z Error while reading config"))
        .containsOnly(entry("result", "NOT_JSON"));
  }

  @Test
  void aWordOfTheTextIsNoLevel() {
    for (String text :
        new String[] {
          "HTTP server started", "Success: paid", "Log rotated", "LOG rotated", "log: x", "silly me"
        }) {
      String line = "2026-11-29 12:00:00 " + text;
      assertThat(parse(line)).as(line).containsOnly(entry("body", line));
    }
    assertThat(parse("2026-11-23 14:00:00.123 [main] HTTP a.B - text").get("severity")).isNull();
    assertThat(parse("2026-11-23T14:00:00Z log app[42]: text"))
        .containsOnly(
            entry("time", "1795442400000000000"),
            entry("@host.name", "log"),
            entry("@process.pid", "long 42"),
            entry("logger", "app"),
            entry("body", "text"));
  }

  @Test
  void aWordOfTheTextThatLooksLikeALevelIsOneOnlyWherePunctuationSaysSo() {
    for (String text :
        new String[] {
          "Config loaded",
          "config loaded",
          "Fine weather",
          "Error while reading",
          "fine tuning",
          "All done"
        }) {
      for (String time : new String[] {"2026-11-23T14:00:00Z ", "[2026-11-23 14:00:00.123] - "}) {
        String line = time + text;
        assertThat(parse(line)).as(line).containsOnly(entry("body", line));
      }
      for (String time : new String[] {"2026-11-23 14:00:00 ", "2026-11-23 14:00:00.123 "}) {
        String line = time + text + " - 5 of them";
        assertThat(parse(line).get("body")).as(line).endsWith(text + " - 5 of them");
      }
      String spark = "26/11/23 14:00:00 " + text + ": 5 of them";
      assertThat(parse(spark).get("severity")).as(spark).isNull();
    }
    for (String marked :
        new String[] {
          "[Config] ", "| Config | ", "Config: ", "Config\t", "Config - ", "[ config] "
        }) {
      String line = "2026-11-23T14:00:00Z " + marked + "loaded";
      assertThat(parse(line)).as(line).contains(entry("body", "loaded")).containsKey("severity");
    }
    for (String level : new String[] {"CONFIG", "FINE", "ERROR", "error", "info", "warn"}) {
      String line = "2026-11-23T14:00:00Z " + level + " loaded";
      assertThat(parse(line)).as(line).contains(entry("body", "loaded")).containsKey("severity");
    }
  }

  @Test
  void settingsBesideALevelArePartOfTheTextBeforeThem() {
    parse("2026-11-23 14:00:00.123 [main] INFO  a.B - effective settings:");
    for (String line :
        new String[] {
          "level=INFO root=DEBUG",
          "level=INFO root=DEBUG file=\"/var/log/app/app.log\"",
          "level=INFO time=5s",
          "level=INFO root=\"DEBUG"
        }) {
      assertThat(starts(line)).as(line).isFalse();
    }
    for (String line :
        new String[] {
          "level=info order=7 msg=paid",
          "level=info order=7 message=paid",
          "level=info order=7 ts=2026-11-23T14:00:00Z",
          "level=error component=x err=\"no \\\"disk\\\"\"",
          "level=error error=\"dial tcp: refused\" attempt=3",
          "level=info logger=db event=up",
          "level=info caller=main.go:12 order=7",
          "level=info order=7 msg=\"cut",
          "time=2026-11-23T14:00:00Z order=7"
        }) {
      assertThat(starts(line)).as(line).isTrue();
    }
  }

  @Test
  void onePairAloneIsPartOfTheTextBeforeIt() {
    parse("2026-11-23 14:00:00.123 [main] INFO  a.B - effective settings:");
    for (String line :
        new String[] {
          "level=INFO",
          "time=2026-11-29T12:00:00Z",
          "level=ERROR while reading",
          "level=ERROR while reading x=3",
          "level=INFO done"
        }) {
      assertThat(starts(line)).as(line).isFalse();
    }
    assertThat(starts("level=info ms")).isTrue();
    assertThat(starts("level=INFO \"a key\"=x")).isTrue();
  }

  @Test
  void aLevelMayStandWithoutItsPadding() {
    assertThat(parse("26/11/23 14:00:00 INFO storage.BlockManager: found"))
        .contains(entry("logger", "storage.BlockManager"), entry("body", "found"));
  }

  @Test
  void linesOfPythonGunicornPostgresAndNginxHaveTheirLevel() {
    assertThat(parse("2026-11-23 14:00:00,123 - shop.pay - WARNING - slow - very"))
        .containsOnly(
            entry("time", "1795442400123000000"),
            entry("severity", "13 WARNING"),
            entry("logger", "shop.pay"),
            entry("body", "slow - very"));
    assertThat(parse("[2026-11-23 22:00:00 +0800] [42] [INFO] Booting worker"))
        .containsOnly(
            entry("time", "1795442400000000000"),
            entry("severity", "9 INFO"),
            entry("@process.pid", "long 42"),
            entry("body", "Booting worker"));
    assertThat(parse("2026-11-23 14:00:00.123 UTC [42] LOG:  checkpoint starting: time"))
        .containsOnly(
            entry("time", "1795442400123000000"),
            entry("severity", "9 LOG"),
            entry("@process.pid", "long 42"),
            entry("body", "checkpoint starting: time"));
    assertThat(parse("2026/11/23 14:00:00 [error] 42#42: *1 open() failed"))
        .containsOnly(
            entry("time", "1795442400000000000"),
            entry("severity", "17 error"),
            entry("body", "42#42: *1 open() failed"));
  }
}
