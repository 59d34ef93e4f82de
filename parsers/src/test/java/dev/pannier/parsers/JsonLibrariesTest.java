package dev.pannier.parsers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Lines as libraries write them by their own settings.
class JsonLibrariesTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String SPAN = "00f067aa0ba902b7";

  private static Map<String, String> parse(String line) {
    return Fields.parse(Parsers.create(new ParserSpec.Json(), ZoneOffset.UTC), line);
  }

  @Test
  void ecsIsReadNestedAsWithDots() {
    String nested =
        """
        {"@timestamp":"2026-11-23T14:00:00.123Z","ecs":{"version":"8.0.0"},\
        "log":{"level":"warn","logger":"shop.pay","origin":{"file":{"line":25,"name":"pay.py"},\
        "function":"pay"},"original":"x"},"message":"slow",\
        "process":{"pid":7,"thread":{"id":140,"name":"main"}},\
        "trace":{"id":"%s"},"span":{"id":"%s"},"transaction":{"id":"b7"},\
        "error":{"message":"no","stack_trace":"  File \\"pay.py\\", line 25, in pay\\n","type":"ValueError"}}\
        """
            .formatted(TRACE, SPAN);

    assertThat(parse(nested))
        .containsOnly(
            entry("time", "1795442400123000000"),
            entry("severity", "13 warn"),
            entry("logger", "shop.pay"),
            entry("body", "slow"),
            entry("trace", TRACE),
            entry("span", SPAN),
            entry("@thread.name", "main"),
            entry("@process.thread.id", "long 140"),
            entry("@process.pid", "long 7"),
            entry("@code.file.path", "pay.py"),
            entry("@code.line.number", "long 25"),
            entry("@code.function.name", "pay"),
            entry("@log.original", "x"),
            entry("@ecs.version", "8.0.0"),
            entry("@transaction.id", "b7"),
            entry("@exception.type", "ValueError"),
            entry("@exception.message", "no"),
            entry("@exception.stacktrace", "  File \"pay.py\", line 25, in pay"));
  }

  @Test
  void ecsMayMixBoth() {
    assertThat(
            parse(
                """
                {"log.level":"error","@timestamp":"2026-11-23T14:00:00.123Z","message":"failed",\
                "log.origin":{"file.name":"main.go","file.line":9,"function":"main.pay"},\
                "error":{"message":"boom"},"ecs.version":"1.6.0"}\
                """))
        .contains(
            entry("severity", "17 error"),
            entry("@code.file.path", "main.go"),
            entry("@code.line.number", "long 9"),
            entry("@code.function.name", "main.pay"),
            entry("@exception.message", "boom"))
        .doesNotContainKey("@exception.type");
  }

  @Test
  void ecsStackTracesMayBeAnArrayOfLines() {
    assertThat(
            parse(
                """
                {"message":"m","error.type":"a.B","error.message":"no","error.stack_trace":[\
                "a.B: no","\\tat c.D.e(D.java:1)"]}\
                """))
        .containsOnly(
            entry("body", "m"),
            entry("@exception.type", "a.B"),
            entry("@exception.message", "no"),
            entry("@exception.stacktrace", "a.B: no\n\tat c.D.e(D.java:1)"));
  }

  @Test
  void log4jsInstantIsTheTimeToTheNanosecond() {
    assertThat(
            parse(
                """
                {"instant":{"epochSecond":1795442400,"nanoOfSecond":123456789},"thread":"main",\
                "level":"ERROR","loggerName":"a.B","message":"failed","thrown":{\
                "localizedMessage":"no","message":"no","name":"java.io.IOException",\
                "extendedStackTrace":"java.io.IOException: no\\n\\tat a.B.c(B.java:1) [classes/:?]\\n"},\
                "endOfBatch":false,"loggerFqcn":"x.Y","contextMap":{"trace_id":"%s","user":"ann"},\
                "threadId":1,"threadPriority":5}\
                """
                    .formatted(TRACE)))
        .contains(
            entry("time", "1795442400123456789"),
            entry("severity", "17 ERROR"),
            entry("logger", "a.B"),
            entry("body", "failed"),
            entry("trace", TRACE),
            entry("@user", "ann"),
            entry("@thread.name", "main"),
            entry("@threadId", "long 1"),
            entry("@exception.type", "java.io.IOException"),
            entry("@exception.message", "no"),
            entry(
                "@exception.stacktrace",
                "java.io.IOException: no\n\tat a.B.c(B.java:1) [classes/:?]"))
        .doesNotContainKeys("@instant.epochSecond", "@thrown.name", "result");
    assertThat(parse("{\"timeMillis\":1795442400123,\"message\":\"m\"}"))
        .containsOnly(entry("time", "1795442400123000000"), entry("body", "m"));
    assertThat(
            parse(
                "{\"timestampSeconds\":1795442400,\"timestampNanos\":5,\"severity\":\"WARNING\","
                    + "\"message\":\"m\",\"logging.googleapis.com/trace\":\"projects/p/traces/"
                    + TRACE
                    + "\",\"logging.googleapis.com/spanId\":\""
                    + SPAN
                    + "\"}"))
        .containsOnly(
            entry("time", "1795442400000000005"),
            entry("severity", "13 WARNING"),
            entry("body", "m"),
            entry("trace", TRACE),
            entry("span", SPAN));
  }

  @ParameterizedTest
  @CsvSource({"0,21", "1,19", "2,18", "3,17", "4,13", "5,10", "6,9", "7,5"})
  void gelfsLevelIsSyslogs(int level, int severity) {
    assertThat(
            parse(
                "{\"version\":\"1.1\",\"host\":\"h\",\"level\":"
                    + level
                    + ",\"timestamp\":1795442400.123456,\"short_message\":\"m\"}"))
        .contains(entry("severity", severity + " " + level));
  }

  @Test
  void gelfIsRead() {
    assertThat(
            parse(
                """
                {"version":"1.1","host":"h","short_message":"failed","full_message":\
                "failed\\njava.io.IOException: no\\n\\tat a.B.c(B.java:1)\\n",\
                "timestamp":1795442400.123456789,"level":3,"_logger":"a.B","_thread":"main",\
                "_user":"ann"}\
                """))
        .containsOnly(
            entry("time", "1795442400123456789"),
            entry("severity", "17 3"),
            entry("body", "failed"),
            entry("logger", "a.B"),
            entry("@version", "1.1"),
            entry("@host", "h"),
            entry("@thread.name", "main"),
            entry("@_user", "ann"),
            entry("@full_message", "failed\n"),
            entry("@exception.type", "java.io.IOException"),
            entry("@exception.message", "no"),
            entry("@exception.stacktrace", "java.io.IOException: no\n\tat a.B.c(B.java:1)"));
  }

  @Test
  void serilogsCompactLinesAreInformationWhereTheySayNothing() {
    assertThat(
            parse(
                """
                {"@t":"2026-11-23T14:00:00.1234567Z","@mt":"Paid {Amount}","@tr":"%s","@sp":"%s",\
                "Amount":12,"SourceContext":"Shop.Pay"}\
                """
                    .formatted(TRACE, SPAN)))
        .containsOnly(
            entry("time", "1795442400123456700"),
            entry("severity", "9 Information"),
            entry("body", "Paid {Amount}"),
            entry("trace", TRACE),
            entry("span", SPAN),
            entry("logger", "Shop.Pay"),
            entry("@Amount", "long 12"));
    assertThat(
            parse(
                """
                {"@t":"2026-11-23T14:00:00Z","@mt":"Failed {Id}","@m":"Failed 7","@i":"a1","@l":"Error",\
                "@x":"System.InvalidOperationException: outer\\r\\n ---> System.Exception: inner\\r\\n\
                   at A.B()\\r\\n   --- End of inner exception stack trace ---\\r\\n   at C.D()"}\
                """))
        .contains(
            entry("severity", "17 Error"),
            entry("body", "Failed 7"),
            entry("@@mt", "Failed {Id}"),
            entry("@exception.type", "System.InvalidOperationException"),
            entry("@exception.message", "outer"));
    assertThat(
            parse(
                """
                {"Timestamp":"2026-11-23T14:00:00.0000000+00:00","Level":"Warning",\
                "MessageTemplate":"Paid {Amount}","RenderedMessage":"Paid 12","TraceId":"%s",\
                "Properties":{"Amount":12}}\
                """
                    .formatted(TRACE)))
        .contains(
            entry("time", "1795442400000000000"),
            entry("severity", "13 Warning"),
            entry("body", "Paid 12"),
            entry("trace", TRACE),
            entry("@Properties.Amount", "long 12"));
  }

  @Test
  void dotNetsConsoleIsRead() {
    assertThat(
            parse(
                """
                {"Timestamp":"2026-11-23T14:00:00.1230000\\u002B00:00","EventId":7,"LogLevel":"Critical",\
                "Category":"Shop.Pay","Message":"failed","Exception":"System.Exception: boom\\n   at A.B() in /a.cs:line 3",\
                "State":{"Message":"failed","{OriginalFormat}":"failed"},\
                "Scopes":[{"Message":"SpanId:x","SpanId":"%s","TraceId":"%s","ParentId":"0"}]}\
                """
                    .formatted(SPAN, TRACE)))
        .contains(
            entry("time", "1795442400123000000"),
            entry("severity", "18 Critical"),
            entry("logger", "Shop.Pay"),
            entry("body", "failed"),
            entry("trace", TRACE),
            entry("span", SPAN),
            entry("@EventId", "long 7"),
            entry("@State.Message", "failed"),
            entry("@exception.type", "System.Exception"),
            entry("@exception.message", "boom"))
        .doesNotContainKey("@Exception");
    assertThat(
            parse(
                "{\"Message\":\"m\",\"Exception\":\"System.Exception: boom    at A.B() in"
                    + " /a.cs\"}"))
        .contains(
            entry("@exception.type", "System.Exception"), entry("@exception.message", "boom"));
  }

  @Test
  void nlogsExceptionMayBeAnObject() {
    assertThat(
            parse(
                """
                {"time":"2026-11-23 14:00:00.1234","level":"Fatal","logger":"Shop","message":"failed",\
                "exception":{"Type":"System.Exception","Message":"boom","StackTrace":"   at A.B()",\
                "HResult":-2146233088}}\
                """))
        .containsOnly(
            entry("time", "1795442400123400000"),
            entry("severity", "21 Fatal"),
            entry("logger", "Shop"),
            entry("body", "failed"),
            entry("@exception.type", "System.Exception"),
            entry("@exception.message", "boom"),
            entry("@exception.stacktrace", "   at A.B()"),
            entry("@exception.HResult", "long -2146233088"));
  }

  @Test
  void pythonJsonLoggerIsRead() {
    assertThat(
            parse(
                """
                {"asctime": "2026-11-23 14:00:00,126", "levelname": "ERROR", "name": "shop.pay", \
                "message": "failed", "threadName": "MainThread", "lineno": 9, "amount": 12.5, \
                "exc_info": "Traceback (most recent call last):\\n  File \\"x.py\\", line 8, in <module>\\n\
                    boom()\\n  File \\"x.py\\", line 3, in boom\\n    raise ValueError(\\"bad\\")\\n\
                ValueError: bad\\nvalue"}\
                """))
        .contains(
            entry("time", "1795442400126000000"),
            entry("severity", "17 ERROR"),
            entry("logger", "shop.pay"),
            entry("body", "failed"),
            entry("@thread.name", "MainThread"),
            entry("@code.line.number", "long 9"),
            entry("@amount", "double 12.5"),
            entry("@exception.type", "ValueError"),
            entry("@exception.message", "bad\nvalue"))
        .doesNotContainKeys("@name", "@exc_info");
    assertThat(parse("{\"levelno\":30,\"message\":\"m\"}"))
        .containsOnly(entry("severity", "13 30"), entry("body", "m"));
    assertThat(parse("{\"level\":\"info\",\"msg\":\"m\",\"name\":\"bob\",\"target\":\"t\"}"))
        .contains(entry("@name", "bob"), entry("@target", "t"))
        .doesNotContainKey("logger");
  }

  @Test
  void structlogIsRead() {
    assertThat(
            parse(
                """
                {"event": "failed", "level": "error", "timestamp": 1795442400.179769, \
                "exception": "Traceback (most recent call last):\\n  File \\"x.py\\", line 1, in f\\n\
                KeyError: 'a'\\n\\nDuring handling of the above exception, another exception occurred:\\n\\n\
                Traceback (most recent call last):\\n  File \\"x.py\\", line 3, in g\\nshop.PayError: no"}\
                """))
        .contains(
            entry("time", "1795442400179769000"),
            entry("severity", "17 error"),
            entry("body", "failed"),
            entry("@exception.type", "shop.PayError"),
            entry("@exception.message", "no"))
        .doesNotContainKey("@event");
    assertThat(
            parse(
                """
                {"event": "failed", "level": "error", "exception": [{"exc_type": "ValueError", \
                "exc_value": "bad", "frames": [{"filename": "x.py", "lineno": 3, "name": "f"}]}, \
                {"exc_type": "KeyError", "exc_value": "'a'"}]}\
                """))
        .contains(
            entry("body", "failed"),
            entry("@exception.type", "ValueError"),
            entry("@exception.message", "bad"))
        .containsKey("@exception.frames.lineno");
    assertThat(parse("{\"event\":\"click\",\"message\":\"m\"}"))
        .containsOnly(entry("body", "m"), entry("@event", "click"));
  }

  @Test
  void loguruIsRead() {
    assertThat(
            parse(
                """
                {"text": "2026-11-23 14:00:00.219 | ERROR    | __main__:pay:22 - failed\\n\
                Traceback (most recent call last):\\n\\n> File \\"x.py\\", line 21, in <module>\\n    boom()\\n\
                         \\u2514 <function boom>\\n\\n  File \\"x.py\\", line 3, in boom\\n    raise ValueError()\\n\\n\
                ValueError: bad\\n", "record": {"elapsed": {"repr": "0:00:00.01", "seconds": 0.01}, \
                "exception": {"type": "ValueError", "value": "bad", "traceback": true}, \
                "extra": {"user": "ann", "trace_id": "%s"}, "file": {"name": "x.py", "path": "/x.py"}, \
                "function": "pay", "level": {"icon": "x", "name": "ERROR", "no": 40}, "line": 22, \
                "message": "failed", "module": "x", "name": "__main__", \
                "process": {"id": 7, "name": "MainProcess"}, "thread": {"id": 14, "name": "MainThread"}, \
                "time": {"repr": "2026-11-23 14:00:00.219556+00:00", "timestamp": 1795442400.219556}}}\
                """
                    .formatted(TRACE)))
        .contains(
            entry("time", "1795442400219556000"),
            entry("severity", "17 ERROR"),
            entry("logger", "__main__"),
            entry("body", "failed"),
            entry("trace", TRACE),
            entry("@user", "ann"),
            entry("@process.id", "long 7"),
            entry("@thread.id", "long 14"),
            entry("@thread.name", "MainThread"),
            entry("@code.function.name", "pay"),
            entry("@code.file.path", "/x.py"),
            entry("@code.line.number", "long 22"),
            entry("@exception.type", "ValueError"),
            entry("@exception.message", "bad"))
        .doesNotContainKeys("@text", "@name", "result")
        .hasEntrySatisfying(
            "@exception.stacktrace",
            trace -> assertThat(trace).startsWith("Traceback (most").endsWith("ValueError: bad"));
  }

  @Test
  void slogsLevelsMayLieBetweenTheOthers() {
    assertThat(
            parse(
                """
                {"time":"2026-11-23T14:00:00.492677561Z","level":"INFO+2","source":{"function":\
                "main.main","file":"/app/main.go","line":5},"msg":"notice","req":{"id":7}}\
                """))
        .containsOnly(
            entry("time", "1795442400492677561"),
            entry("severity", "11 INFO+2"),
            entry("body", "notice"),
            entry("@code.function.name", "main.main"),
            entry("@code.file.path", "/app/main.go"),
            entry("@code.line.number", "long 5"),
            entry("@req.id", "long 7"));
    assertThat(parse("{\"level\":\"DEBUG-4\",\"msg\":\"\"}"))
        .contains(entry("severity", "1 DEBUG-4"));
    assertThat(parse("{\"level\":\"ERROR+100\",\"msg\":\"\"}"))
        .contains(entry("severity", "24 ERROR+100"));
    assertThat(parse("{\"level\":\"INFO+x\",\"msg\":\"\"}"))
        .contains(entry("severity", "0 INFO+x"));
  }

  @Test
  void zapsStackIsNoType() {
    assertThat(
            parse(
                """
                {"level":"dpanic","ts":1795442400.4927433,"caller":"app/main.go:6","msg":"failed",\
                "error":"boom","stacktrace":"main.main\\n\\t/app/main.go:6\\nruntime.main\\n\\t/go/proc.go:290"}\
                """))
        .containsOnly(
            entry("time", "1795442400492743300"),
            entry("severity", "21 dpanic"),
            entry("body", "failed"),
            entry("@caller", "app/main.go:6"),
            entry("@error", "boom"),
            entry(
                "@exception.stacktrace",
                "main.main\n\t/app/main.go:6\nruntime.main\n\t/go/proc.go:290"));
  }

  @Test
  void nodesErrorsAreTheRecordsException() {
    String stack =
        "TypeError: boom\\n"
            + "    at Object.<anonymous> (/app/t.js:1:9)\\n"
            + "    at node:internal/main:28:49";
    for (String line :
        new String[] {
          "{\"level\":50,\"time\":1795442400593,\"pid\":7,\"err\":{\"type\":\"TypeError\",\"message\":\"boom\","
              + "\"stack\":\""
              + stack
              + "\",\"code\":\"E_X\"},\"msg\":\"boom\"}",
          "{\"name\":\"shop\",\"pid\":7,\"level\":50,\"err\":{\"message\":\"boom\",\"name\":\"TypeError\","
              + "\"stack\":\""
              + stack
              + "\",\"code\":\"E_X\"},\"msg\":\"boom\","
              + "\"time\":\"2026-11-23T14:00:00.593Z\",\"v\":0}",
          "{\"code\":\"E_X\",\"level\":\"error\",\"message\":\"boom\",\"stack\":\""
              + stack
              + "\","
              + "\"timestamp\":\"2026-11-23T14:00:00.593Z\"}"
        }) {
      assertThat(parse(line))
          .as(line)
          .contains(
              entry("time", "1795442400593000000"),
              entry("body", "boom"),
              entry("@exception.type", "TypeError"),
              entry("@exception.message", "boom"),
              entry("@exception.stacktrace", stack.replace("\\n", "\n")))
          .hasEntrySatisfying("severity", severity -> assertThat(severity).startsWith("17 "))
          .doesNotContainKeys("@err.stack", "@stack", "@name", "result");
    }
    assertThat(parse("{\"name\":\"shop\",\"level\":30,\"msg\":\"m\",\"v\":0}"))
        .contains(entry("logger", "shop"));
    assertThat(parse("{\"level\":\"http\",\"message\":\"GET /\"}"))
        .contains(entry("severity", "7 http"));
  }

  @Test
  void rustsTracingIsRead() {
    assertThat(
            parse(
                """
                {"timestamp":"2026-11-23T14:00:00.821315Z","level":"INFO","fields":{"message":"shaving",\
                "yaks":3},"target":"shop::pay","span":{"name":"pay","id":3},"spans":[{"name":"pay"}],\
                "threadName":"main"}\
                """))
        .containsOnly(
            entry("time", "1795442400821315000"),
            entry("severity", "9 INFO"),
            entry("body", "shaving"),
            entry("logger", "shop::pay"),
            entry("@yaks", "long 3"),
            entry("@span.name", "pay"),
            entry("@span.id", "long 3"),
            entry("@spans.name", "pay"),
            entry("@thread.name", "main"));
  }

  @Test
  void objectsOfCommonNamesAreTheRecordsOnlyWhereTheirLibraryWroteIt() {
    assertThat(
            parse(
                """
                {"timestamp":"2026-11-23T14:00:00Z","level":"INFO",\
                "record":{"id":7,"name":"Ann","message":"hi","level":{"name":"gold"}},\
                "message":"saved"}\
                """))
        .containsOnly(
            entry("time", "1795442400000000000"),
            entry("severity", "9 INFO"),
            entry("body", "saved"),
            entry("@record.id", "long 7"),
            entry("@record.name", "Ann"),
            entry("@record.message", "hi"),
            entry("@record.level.name", "gold"));
    assertThat(
            parse(
                "{\"record\":{\"level\":{\"name\":\"gold\"}},\"level\":\"warn\",\"message\":\"m\"}"))
        .containsOnly(
            entry("@record.level.name", "gold"), entry("severity", "13 warn"), entry("body", "m"));
    assertThat(parse("{\"level\":\"info\",\"text\":\"m\",\"record\":{\"message\":\"hi\"}}"))
        .containsOnly(
            entry("severity", "9 info"), entry("body", "m"), entry("@record.message", "hi"));
    assertThat(parse("{\"event\":\"m\",\"record\":{\"message\":\"hi\"}}"))
        .containsOnly(entry("body", "m"), entry("@record.message", "hi"));
    for (String level : new String[] {"", "\"level\":\"info\","}) {
      assertThat(
              parse(
                  "{"
                      + level
                      + "\"fields\":{\"message\":\"inner\",\"user\":\"a\"},\"message\":\"outer\"}"))
          .contains(
              entry("body", "outer"),
              entry("@fields.message", "inner"),
              entry("@fields.user", "a"));
      assertThat(
              parse("{" + level + "\"message\":\"m\",\"user\":\"1\",\"fields\":{\"user\":\"2\"}}"))
          .contains(entry("body", "m"), entry("@user", "1"), entry("@fields.user", "2"));
    }
    assertThat(
            parse(
                "{\"message\":\"m\",\"source\":{\"method\":\"GET\",\"file\":\"a.csv\",\"line\":3}}"))
        .containsOnly(
            entry("body", "m"),
            entry("@source.method", "GET"),
            entry("@source.file", "a.csv"),
            entry("@source.line", "long 3"));
  }

  @Test
  void aKeyWithEscapesKeepsItsName() {
    assertThat(parse("{\"msg\":\"m\",\"thro\\u0077n\":{\"\\u0061b\":1,\"x\":2}}"))
        .containsOnly(
            entry("body", "m"), entry("@thrown.ab", "long 1"), entry("@thrown.x", "long 2"));
    assertThat(parse("{\"msg\":\"m\",\"excep\\u0074ion\":[{\"\\u0061b\":1}]}"))
        .containsOnly(entry("body", "m"), entry("@exception.ab", "long 1"));
    assertThat(parse("{\"msg\":\"m\",\"Scope\\u0073\":[{\"\\u0061b\":1}]}"))
        .containsOnly(entry("body", "m"), entry("@Scopes.ab", "long 1"));
    assertThat(
            parse(
                "{\"level\":\"info\",\"field\\u0073\":{\"\\u0061b\":1},\"target\":\"t\",\"msg\":\"m\"}"))
        .contains(entry("body", "m"), entry("@fields.ab", "long 1"), entry("@target", "t"));
  }

  @Test
  void causesInCausesArePrinted() {
    int depth = 28;
    String line =
        "{\"message\":\"m\",\"thrown\":"
            + "{\"name\":\"a\",\"extendedStackTrace\":[],\"cause\":".repeat(depth)
            + "{\"name\":\"b\",\"extendedStackTrace\":[],\"message\":\""
            + "x".repeat(1 << 20)
            + "\"}"
            + "}".repeat(depth + 1);
    assertThat(parse(line).get("@exception.stacktrace"))
        .startsWith("a\nCaused by: a\n")
        .contains("\nCaused by: b: xxx")
        .endsWith("x");
  }

  @Test
  void aDatetimeIsTheTimeWhereThereIsNoOther() {
    String booked = "\"datetime\":\"2026-12-24T18:00:00Z\"";
    String time = "\"time\":\"2026-11-23T14:00:00Z\"";
    for (String line :
        new String[] {
          "{" + booked + "," + time + ",\"msg\":\"m\"}",
          "{" + time + "," + booked + ",\"msg\":\"m\"}"
        }) {
      assertThat(parse(line))
          .containsOnly(
              entry("time", "1795442400000000000"),
              entry("body", "m"),
              entry("@datetime", "2026-12-24T18:00:00Z"));
    }
    assertThat(parse("{\"datetime\":1795442400123,\"msg\":\"m\"}"))
        .containsOnly(entry("time", "1795442400123000000"), entry("body", "m"));
    assertThat(parse("{\"datetime\":\"soon\",\"msg\":\"m\"}"))
        .containsOnly(
            entry("body", "m"), entry("@datetime", "soon"), entry("result", "TIME_UNREADABLE"));
  }

  @Test
  void monologsNamedLevelCountsBeforeItsNumber() {
    assertThat(
            parse(
                """
                {"message":"m","context":{},"level":550,"level_name":"ALERT","channel":"app",\
                "datetime":"2026-11-23T14:00:00.123456+00:00","extra":{}}\
                """))
        .containsOnly(
            entry("time", "1795442400123456000"),
            entry("severity", "19 ALERT"),
            entry("logger", "app"),
            entry("body", "m"),
            entry("@level", "long 550"));
    assertThat(parse("{\"message\":\"m\",\"level\":400}")).contains(entry("severity", "17 400"));
  }

  @Test
  void whatLogbacksOwnEncoderWritesIsReadBack() {
    LoggerContext context = new LoggerContext();
    JsonEncoder encoder = new JsonEncoder();
    encoder.setContext(context);
    encoder.start();
    LoggingEvent event =
        new LoggingEvent(
            "fqcn", context.getLogger("a.B"), Level.ERROR, "failed {}", null, new Object[] {12});
    event.setThreadName("main");
    event.setInstant(Instant.parse("2026-11-23T14:00:00.123456789Z"));
    event.setMDCPropertyMap(Map.of("traceId", TRACE, "user", "ann"));
    String line = new String(encoder.encode(event), StandardCharsets.UTF_8).strip();

    assertThat(parse(line))
        .contains(
            entry("time", "1795442400123456789"),
            entry("severity", "17 ERROR"),
            entry("logger", "a.B"),
            entry("body", "failed {}"),
            entry("trace", TRACE),
            entry("@user", "ann"),
            entry("@thread.name", "main"))
        .doesNotContainKey("@nanoseconds");
    encoder.setWithFormattedMessage(true);
    assertThat(parse(new String(encoder.encode(event), StandardCharsets.UTF_8).strip()))
        .contains(entry("body", "failed 12"));
  }

  @Test
  void datadogsIdsMayBeNestedLargeOrHexadecimal() {
    assertThat(
            parse(
                "{\"message\":\"m\",\"dd\":{\"trace_id\":\"18446744073709551615\",\"span_id\":12345678901234567890,"
                    + "\"service\":\"s\"}}"))
        .containsOnly(
            entry("body", "m"),
            entry("trace", "0000000000000000ffffffffffffffff"),
            entry("span", "ab54a98ceb1f0ad2"),
            entry("@dd.service", "s"));
    assertThat(parse("{\"message\":\"m\",\"dd.trace_id\":\"" + TRACE + "\"}"))
        .containsOnly(entry("body", "m"), entry("trace", TRACE));
    assertThat(parse("{\"message\":\"m\",\"dd.trace_id\":\"18446744073709551616\"}"))
        .containsOnly(entry("body", "m"), entry("@dd.trace_id", "18446744073709551616"));
  }

  @Test
  void whatHasAnotherTypeThanItsNameSaysIsKept() {
    assertThat(
            parse(
                "{\"level\":{\"n\":3},\"message\":42,\"logger\":null,\"thread\":7,\"trace\":\"t\","
                    + "\"stack_trace\":\"\",\"span_id\":\"x\",\"trace_flags\":1,\"error\":\"e\","
                    + "\"exception\":\"none\"}"))
        .containsOnly(
            entry("@level.n", "long 3"),
            entry("body", "42"),
            entry("@thread", "long 7"),
            entry("@trace", "t"),
            entry("@span_id", "x"),
            entry("flags", "1"),
            entry("@error", "e"),
            entry("@exception", "none"));
    assertThat(parse("{\"msg\":true}")).containsOnly(entry("body", "true"));
  }

  @Test
  void theSecondOfTwoKeepsItsName() {
    assertThat(
            parse(
                "{\"message\":\"m\",\"thread\":\"a\",\"threadName\":\"b\",\"stack_trace\":\"x.Y\",\"stacktrace\":\"z\"}"))
        .containsOnly(
            entry("body", "m"),
            entry("@thread.name", "a"),
            entry("@threadName", "b"),
            entry("@exception.type", "x.Y"),
            entry("@exception.stacktrace", "x.Y"),
            entry("@stacktrace", "z"));
  }

  @Test
  void logbacksThrowableIsPrintedAsTheJvmDoes() {
    StackTraceElement main = new StackTraceElement("shop.Main", "main", "Main.java", 7);
    IOException cause = new IOException("\"inner\"");
    cause.setStackTrace(
        new StackTraceElement[] {new StackTraceElement("shop.Net", "read", null, -2), main});
    IllegalStateException thrown = new IllegalStateException("two\nlines", cause);
    thrown.setStackTrace(
        new StackTraceElement[] {new StackTraceElement("shop.Pay", "pay", "Pay.java", 12), main});
    IllegalArgumentException suppressed = new IllegalArgumentException();
    suppressed.setStackTrace(new StackTraceElement[] {main});
    thrown.addSuppressed(suppressed);
    LoggerContext context = new LoggerContext();
    JsonEncoder encoder = new JsonEncoder();
    encoder.setContext(context);
    encoder.start();
    LoggingEvent event =
        new LoggingEvent("fqcn", context.getLogger("a.B"), Level.ERROR, "failed", thrown, null);
    event.setMDCPropertyMap(Map.of());
    Map<String, String> fields =
        parse(new String(encoder.encode(event), StandardCharsets.UTF_8).strip());

    assertThat(fields)
        .contains(
            entry("@exception.type", "java.lang.IllegalStateException"),
            entry("@exception.message", "two\nlines"))
        .doesNotContainKeys("@throwable.stepArray", "@throwable.className");
    assertThat(fields.get("@exception.stacktrace"))
        .startsWith(
            """
            java.lang.IllegalStateException: two
            lines
            \tat shop.Pay.pay(Pay.java:12)
            \tat shop.Main.main(Main.java:7)
            \tSuppressed: java.lang.IllegalArgumentException\
            """)
        .endsWith(
            "\nCaused by: java.io.IOException: \"inner\"\n\tat shop.Net.read(Native Method)\n"
                + "\t... 1 more");
  }

  @Test
  void log4jsFramesArePrinted() {
    assertThat(
            parse(
                """
                {"instant":{"epochSecond":1795442400,"nanoOfSecond":0},"level":"ERROR","message":"m",\
                "thrown":{"cause":{"commonElementCount":12,"extendedStackTrace":[],"message":"in",\
                "name":"c.D"},"commonElementCount":0,"extendedStackTrace":[\
                {"class":"a.B","method":"c","file":"B.java","line":9,"exact":true},\
                {"class":"a.B","method":"n","line":-2}, {"class":"a.B","method":"u"}],\
                "localizedMessage":"out","message":"out","name":"a.E"}}\
                """))
        .containsOnly(
            entry("time", "1795442400000000000"),
            entry("severity", "17 ERROR"),
            entry("body", "m"),
            entry("@exception.type", "a.E"),
            entry("@exception.message", "out"),
            entry(
                "@exception.stacktrace",
                "a.E: out\n\tat a.B.c(B.java:9)\n\tat a.B.n(Native Method)\n"
                    + "\tat a.B.u(Unknown Source)\nCaused by: c.D: in\n\t... 12 more"));
    assertThat(
            parse("{\"message\":\"m\",\"thrown\":{\"name\":\"a.E\",\"extendedStackTrace\":[1]}}"))
        .containsOnly(
            entry("body", "m"),
            entry("@exception.type", "a.E"),
            entry("@thrown.extendedStackTrace[0]", "long 1"));
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-23 14:00:00.5 +00:00, 1795442400500000000",
    "2026-11-23 22:00:00 +0800, 1795442400000000000",
    "2026-11-23 14:00:00 UTC, 1795442400000000000",
    "'2026-11-23 14:00:00,500', 1795442400500000000"
  })
  void aBlankMayStandBeforeTheZone(String time, String nanos) {
    assertThat(parse("{\"msg\":\"m\",\"time\":\"" + time + "\"}"))
        .containsOnly(entry("body", "m"), entry("time", nanos));
  }
}
