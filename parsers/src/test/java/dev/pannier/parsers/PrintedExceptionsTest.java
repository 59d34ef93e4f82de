package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Exceptions as languages print them by themselves: each is one record, with the next line a record
/// of its own.
class PrintedExceptionsTest {
  private static final String PYTHON =
      """
      Traceback (most recent call last):
        File "/app/a.py", line 3, in g
          try: f()
               ^^^
        File "/app/a.py", line 1, in f
          def f(): raise KeyError('a')
      KeyError: 'a'

      The above exception was the direct cause of the following exception:

      Traceback (most recent call last):
        File "/app/a.py", line 6, in <module>
          g()
      ValueError: bad

      During handling of the above exception, another exception occurred:

      Traceback (most recent call last):
        File "/app/a.py", line 8, in <module>
          raise PayError("two")
      shop.errors.PayError: two\
      """;

  private static final String GROUP =
      """
        + Exception Group Traceback (most recent call last):
        |   File "/app/b.py", line 1, in <module>
        |     raise ExceptionGroup("eg", [ValueError(1), TypeError("x")])
        | ExceptionGroup: eg (2 sub-exceptions)
        +-+---------------- 1 ----------------
          | ValueError: 1
          +---------------- 2 ----------------
          | TypeError: x
          +------------------------------------\
      """;

  private static final String LOGURU =
      """
      Traceback (most recent call last):

      > File "/app/x.py", line 21, in <module>
          boom()
          > <function boom at 0x7f>

        File "/app/x.py", line 3, in boom
          raise ValueError("bad")

      ValueError: bad\
      """;

  private static final String GO =
      """
      panic: runtime error: index out of range [5] with length 1

      goroutine 1 [running]:
      main.work(0x9641f6b61e0?)
      \t/app/m.go:3 +0x70
      main.main()
      \t/app/m.go:4 +0x25

      goroutine 21 [select (no cases)]:
      main.main.func1()
      \t/app/m.go:4 +0xf
      created by main.main in goroutine 1
      \t/app/m.go:4 +0x1a\
      """;

  private static final String GO_SIGNAL =
      """
      panic: runtime error: invalid memory address or nil pointer dereference
      [signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47a750]

      goroutine 1 [running]:
      main.main()
      \t/app/n.go:3 +0x10\
      """;

  private static final String GO_FATAL =
      """
      fatal error: all goroutines are asleep - deadlock!

      goroutine 1 [chan receive]:
      main.main()
      \t/app/n.go:3 +0x10\
      """;

  private static final String RUST =
      """
      thread 'main' (18854) panicked at src/main.rs:1:106:
      called `Result::unwrap()` on an `Err` value: "boom"
      stack backtrace:
         0: __rustc::rust_begin_unwind
                   at /rustc/5980/library/std/src/panicking.rs:689:5
         1: r::main
      note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\
      """;

  private static final String NODE =
      """
      TypeError [ERR_INVALID_ARG_TYPE]: outer
          at Object.<anonymous> (/app/c.js:1:9)
          ... 4 lines matching cause stack trace ...
          at node:internal/main/run_main_module:28:49 {
        code: 'E_X',
        [cause]: TypeError: inner
            at Object.<anonymous> (/app/c.js:1:42)
      }\
      """;

  private static final String NODE_UNCAUGHT =
      """
      /app/c.js:3
      throw e;
      ^

      Error: outer
          at Object.<anonymous> (/app/c.js:1:9) {
        code: 'E_X'
      }

      Node.js v20.20.2\
      """;

  private static final String DOT_NET =
      """
      Unhandled exception. System.InvalidOperationException: outer
       ---> System.Collections.Generic.KeyNotFoundException: inner
         at Shop.Pay.Find() in /app/Pay.cs:line 3
         --- End of inner exception stack trace ---
         at Shop.Pay.Run() in /app/Pay.cs:line 9
      --- End of stack trace from previous location ---
         at Program.Main()\
      """;

  private static final String JAVA =
      """
      Exception in thread "main" java.lang.IllegalStateException: outer
      \tat shop/com.example.Shop.pay(Shop.java:12)
      \tat java.base/java.lang.Thread.run(Thread.java:1583)
      \tSuppressed: java.io.IOException: closing
      \t\tat shop/com.example.Shop.close(Shop.java:20)
      \t\t... 2 more

      Caused by: java.io.IOException: inner
      \t... 12 more\
      """;

  private static final String PHP =
      """
      PHP Fatal error:  Uncaught App\\Pay\\PayException: no money in /app/pay.php:3
      Stack trace:
      #0 /app/index.php(7): pay()
      #1 {main}
        thrown in /app/pay.php on line 3\
      """;

  private static final String RUBY =
      """
      app.rb:1:in `pay': no money (Shop::PayError)
      \tfrom app.rb:5:in `block in run'
      \tfrom app.rb:9:in `<main>'\
      """;

  private static final List<String> ALL =
      List.of(
          PYTHON,
          GROUP,
          LOGURU,
          GO,
          GO_SIGNAL,
          GO_FATAL,
          RUST,
          NODE,
          NODE_UNCAUGHT,
          DOT_NET,
          JAVA,
          PHP,
          RUBY);

  private static LineParser auto() {
    return new AutoDetect(ZoneId.of("UTC")).parser();
  }

  /// The records of a text, joined as a file's are.
  private static List<String> records(LineParser parser, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    List<String> records = new ArrayList<>();
    int record = -1;
    int recordEnd = 0;
    for (int line = 0; line < bytes.length; ) {
      int next = line;
      while (next < bytes.length && bytes[next] != '\n') {
        next++;
      }
      int end = next > line && bytes[next - 1] == '\r' ? next - 1 : next;
      if (record >= 0
          && parser.startsRecord(bytes, line, end - line)
          && !parser.continuesException(bytes, record, line, end - line)) {
        records.add(new String(bytes, record, recordEnd - record, UTF_8));
        record = -1;
      }
      record = record < 0 ? line : record;
      recordEnd = end;
      if (record == line && parser.endsRecord(bytes, line, end - line)) {
        records.add(new String(bytes, record, recordEnd - record, UTF_8));
        record = -1;
      }
      line = next + 1;
    }
    if (record >= 0) {
      records.add(new String(bytes, record, recordEnd - record, UTF_8));
    }
    return records;
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n"})
  void eachIsARecordAndTheNextLineAnother(String lineEnd) {
    for (String printed : ALL) {
      if (printed.startsWith(" ")) {
        // What is indented goes on with the line before it.
        continue;
      }
      for (String next : List.of("Server started on port 80", "exit status 2", "ready: yes")) {
        String text = printed.replace("\n", lineEnd);
        assertThat(records(auto(), text + lineEnd + next)).as(printed).containsExactly(text, next);
        assertThat(
                records(
                    Parsers.create(new ParserSpec.Raw(), ZoneId.of("UTC")), text + lineEnd + next))
            .as(printed)
            .containsExactly(text, next);
      }
    }
  }

  /// Numbers and a blank, as of times, processes and tickets.
  @Test
  void linesThatBeginWithNumbersAreRecordsOfTheirOwn() {
    for (String line : List.of("0000002 is written", "1795442400 started", "#12 was paid")) {
      byte[] two = (line + "\n" + line).getBytes(UTF_8);
      assertThat(
              Continuations.continues(two, 0, line.length() + 1, line.length())
                  || Continuations.continues(two, line.length() + 1, line.length()))
          .as(line)
          .isFalse();
    }
  }

  @Test
  void amongJsonLinesEachIsARecordToo() {
    String json = "{\"level\":\"info\",\"msg\":\"m\"}";
    for (String printed : ALL) {
      LineParser parser = auto();
      Fields.parse(parser, json);

      assertThat(records(parser, json + "\n" + printed + "\n" + json))
          .containsExactly(json, printed, json);
    }
  }

  @Test
  void anExceptionBehindATextIsItsOwn() {
    String line = "2026-11-23 14:00:00.123 ERROR a.B - failed";
    for (String printed : ALL) {
      LineParser parser = auto();
      Fields.parse(parser, line);
      assertThat(records(parser, line + "\n" + printed + "\n" + line))
          .containsExactly(line + "\n" + printed, line);
    }
  }

  private static Map<String, String> behindALine(String printed) {
    return Fields.parse(auto(), "2026-11-23 14:00:00.123 ERROR a.B - failed\nbadly\n" + printed);
  }

  @Test
  void typeAndMessageAreThoseOfTheLoggedOne() {
    expect(PYTHON, "shop.errors.PayError", "two");
    expect(PYTHON + "\nsecond line", "shop.errors.PayError", "two\nsecond line");
    expect(GROUP, "ExceptionGroup", "eg (2 sub-exceptions)");
    expect(LOGURU, "ValueError", "bad");
    expect(GO, "panic", "runtime error: index out of range [5] with length 1");
    expect(GO_SIGNAL, "panic", "runtime error: invalid memory address or nil pointer dereference");
    expect(GO_FATAL, "fatal error", "all goroutines are asleep - deadlock!");
    expect(RUST, "panic", "called `Result::unwrap()` on an `Err` value: \"boom\"");
    expect(
        "thread 'main' panicked at 'it''s no', src/main.rs:2:5\nnote: run with `RUST_BACKTRACE=1`",
        "panic",
        "it''s no");
    expect(NODE, "TypeError", "outer");
    expect(NODE.replace("outer", "outer\nsecond"), "TypeError", "outer\nsecond");
    expect(DOT_NET, "System.InvalidOperationException", "outer");
    expect(JAVA, "java.lang.IllegalStateException", "outer");
    expect(RUBY, "Shop::PayError", "no money");
  }

  private static void expect(String printed, String type, String message) {
    assertThat(behindALine(printed))
        .as(printed)
        .contains(
            entry("body", "failed\nbadly"),
            entry("@exception.type", type),
            entry("@exception.message", message),
            entry("@exception.stacktrace", printed));
    assertThat(behindALine(printed.replace("\n", "\r\n")))
        .as(printed)
        .contains(
            entry("@exception.type", type),
            entry("@exception.message", message.replace("\n", "\r\n")));
  }

  @Test
  void oneWithoutALayoutIsReadToo() {
    assertThat(Fields.parse(auto(), PYTHON))
        .containsOnly(
            entry("body", PYTHON),
            entry("@exception.type", "shop.errors.PayError"),
            entry("@exception.message", "two"),
            entry("@exception.stacktrace", PYTHON));
    assertThat(Fields.parse(auto(), PHP))
        .contains(
            entry("@exception.type", "App\\Pay\\PayException"),
            entry("@exception.message", "no money"));
    LineParser json = auto();
    Fields.parse(json, "{\"msg\":1}");
    assertThat(Fields.parse(json, NODE_UNCAUGHT))
        .contains(
            entry("body", NODE_UNCAUGHT),
            entry("@exception.type", "Error"),
            entry("@exception.message", "outer"))
        .doesNotContainKey("result");
  }

  private static final String GO_CAUGHT =
      """
      2026/11/29 12:00:00 http: panic serving 10.0.0.1:5: boom
      goroutine 7 [running]:
      main.work(...)
      \t/app/main.go:8 +0x1d
      """;

  @Test
  void aLineBehindAGoroutineThatEndsInABracketIsARecordOfItsOwn() {
    for (String next :
        List.of(
            "2026/11/29 12:00:01 GET /orders 200 (12ms)",
            "GET /orders 200 (12ms)",
            "2026-11-29 12:00:01.000 INFO [main] a.B - done (ok)",
            "done(ok)")) {
      for (LineParser parser :
          List.of(auto(), Parsers.create(new ParserSpec.Raw(), ZoneId.of("UTC")))) {
        assertThat(records(parser, GO_CAUGHT + next)).as(next).last().isEqualTo(next);
        assertThat(records(parser, GO_CAUGHT.substring(0, GO_CAUGHT.indexOf("main.")) + next))
            .as(next)
            .last()
            .isEqualTo(next);
      }
    }
  }

  @Test
  void aLineThatHasALayoutIsNoMessageOfAPanic() {
    String head = "thread 'main' (7) panicked at src/main.rs:1:106:";
    String next = "2026-11-29 12:00:01.000 INFO a.B - done";
    String json = "{\"msg\":\"m\"}";
    for (LineParser parser : List.of(auto(), auto())) {
      assertThat(records(parser, head + "\n" + next)).containsExactly(head, next);
      assertThat(records(parser, head + "\n" + json)).containsExactly(head, json);
      Fields.parse(parser, json);
    }
    LineParser logback =
        Parsers.create(new ParserSpec.Logback("%level %logger - %msg%n"), ZoneId.of("UTC"));
    String first = "WARN a.B - failed\n" + head;
    assertThat(records(logback, first + "\nINFO a.B - done"))
        .containsExactly(first, "INFO a.B - done");
  }

  @Test
  void aLineThatHasATimeIsNoMessageOfAPanicAndNoSource() {
    LineParser raw = Parsers.create(new ParserSpec.Raw(), ZoneId.of("UTC"));
    for (String head :
        List.of("thread 'main' (7) panicked at src/main.rs:1:106:", "/app/index.js:12")) {
      for (String next :
          List.of(
              "2026-11-29 12:00:01.000 done",
              "[2026-11-29T12:00:01Z] done",
              "2026/11/29 12:00:01 done",
              "26/11/29 12:00:01 done",
              "12:00:01 done",
              "[12:00:01.123] done",
              "{\"msg\":\"m\"}")) {
        for (LineParser parser : List.of(auto(), raw)) {
          assertThat(records(parser, head + "\n" + next)).as(next).containsExactly(head, next);
        }
      }
      for (String next :
          List.of(
              "2026-11-29 is over",
              "12 of 30",
              "12:30",
              "[1, 2] is empty",
              "2026",
              "throw 1;",
              "{x")) {
        assertThat(records(raw, head + "\n" + next)).as(next).containsExactly(head + "\n" + next);
      }
    }
  }

  @Test
  void aPathThatIsNoScriptsIsNoPlaceOfNodes() {
    for (String text :
        List.of(
            "/api/v1/events:12\n/api/v1/products:3",
            "/js:1\nnext",
            "node:web-2\nnext",
            "node:2\nnext")) {
      assertThat(records(auto(), text)).as(text).hasSize(2);
    }
    for (String place :
        List.of(
            "/app/a.mts:1",
            "/app/a.cjs:12",
            "/app/a.ts:3",
            "file:///app/a.mjs:3",
            "node:internal/process/promises:394")) {
      assertThat(records(auto(), place + "\nthrow e;\n^\n\nError: x")).as(place).hasSize(1);
    }
  }

  @Test
  void linesThatLookAlikeAreRecordsOfTheirOwn() {
    for (String text :
        List.of(
            "start\nError: disk\nnext",
            "a: 1\n  b: 2\nDone: yes",
            "created by ann\nmain.main()\n#1 best\nnode: up",
            "/health:200\nnext\n^",
            "goroutine pool started\nwork()")) {
      long indented = text.lines().filter(line -> line.startsWith(" ")).count();
      assertThat(records(auto(), text)).as(text).hasSize((int) (text.lines().count() - indented));
    }
  }

  @Test
  void aLoggerThatIsNoneIsLookedForOnce() {
    // Each of the last part's separators would be tried, and all before it looked through again.
    String line =
        "2026-11-23 14:00:00.123 [main] INFO  "
            + "a".repeat(1 << 19)
            + " b"
            + " - ".repeat(1 << 17);
    assertThat(Fields.parse(auto(), line)).containsKey("body");
  }

  @Test
  void aTracebackOfBlankLinesIsLookedThroughOnce() {
    StringBuilder text = new StringBuilder("Traceback (most recent call last):\n");
    text.append("  x\n\n".repeat(1 << 17)).append("end\n");
    assertThat(records(auto(), text.toString())).isNotEmpty();
  }
}
