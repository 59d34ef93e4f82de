package dev.pannier.parsers;

import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.Nested;

class ParserContractTest {
  private static final ZoneId ZONE = ZoneId.of("Europe/Berlin");

  private static final List<String> JSON =
      List.of(
          "{\"time\":1795442400500,\"level\":30,\"msg\":\"a \\\"quoted\\\" \\u00e9\",\"n\":12.5,"
              + "\"list\":[1,{\"k\":null}],\"trace_id\":\"0102030405060708090a0b0c0d0e0f10\"}",
          "{\"@timestamp\":\"2026-11-23T14:00:00.123Z\",\"log.level\":\"warn\",\"message\":\"m\","
              + "\"error.type\":\"a.B\",\"error.message\":\"no\","
              + "\"error.stack_trace\":\"a.B: no\\n\\tat a.C.d(C.java:1)\"}",
          "{\"Message\":\"m\",\"datetime\":\"2026-11-23T14:00:00Z\","
              + "\"Scopes\":[{\"TraceId\":\"0102030405060708090a0b0c0d0e0f10\",\"n\":1}]}",
          "{\"level\":\"INFO\",\"fields\":{\"message\":\"m\",\"n\":3},\"target\":\"a::b\"}",
          "{\"message\":\"m\",\"thrown\":{\"name\":\"a.B\",\"extendedStackTrace\":"
              + "[{\"class\":\"a.B\",\"method\":\"c\",\"file\":\"B.java\",\"line\":9}]}}");

  private static final List<String> LOGSTASH =
      List.of(
          "{\"@timestamp\":\"2026-11-23T14:00:00.123456789+08:00\",\"@version\":\"1\","
              + "\"message\":\"paid\",\"logger_name\":\"com.example.Pay\",\"thread_name\":\"main\","
              + "\"level\":\"INFO\",\"level_value\":20000,\"traceId\":\"00f067aa0ba902b7\","
              + "\"spanId\":\"00f067aa0ba902b7\",\"amount\":12}",
          "{\"@timestamp\":\"2026-11-23T14:00:00Z\",\"@version\":\"1\",\"message\":\"failed\","
              + "\"level\":\"ERROR\",\"stack_trace\":\"java.io.IOException: x\\n\\tat a.B.c(D)\"}");

  private static final List<String> LOGBACK =
      List.of(
          "2026-11-23 14:00:00.123 [main] INFO  com.example.Shop - paid 12 [a,b] x=1",
          "2026-11-23 14:00:00.123 [pool-1-thread-2] ERROR c.e.Shop - ");

  private static final List<String> OTHERS =
      List.of(
          "2026-11-23T14:00:00.123+01:00  INFO 42 --- [shop] [           main] c.e.Shop   : paid",
          "\u001b[2m2026-11-23 14:00:00.123\u001b[0;39m \u001b[32m INFO\u001b[0;39m 42 --- [  main]"
              + " c.e.Shop : paid",
          "14:00:00.123 [main] WARN com.example.Shop - paid",
          "26/11/23 14:00:00 INFO storage.BlockManager: found",
          "Nov 23, 2026 2:00:00 PM com.example.Shop pay\nINFO: paid",
          "<165>1 2026-11-23T14:00:00.003Z host app 42 ID47 [x@1 a=\"]\"] paid",
          "<34>Nov  3 14:00:00 host app[42]: paid",
          "Nov 23 13:59:59 host app: paid",
          "[2026-11-23 14:00:00,123] [WARN ] paid trace_id=00f067aa0ba902b7",
          "2026-11-23 14:00:00,123 - shop.pay - WARNING - paid",
          "2026/11/23 14:00:00 [error] 42#42: *7 open() failed",
          "time=2026-11-23T14:00:00.123+01:00 level=WARN msg=\"a \\\"b\\\"\\u00e9\" order=7"
              + " n.x=\"Ann Lee\"",
          "level=info ts=2026-11-23T14:00:00Z msg=paid\nmore");

  @Nested
  class Raw extends ParserContract {
    @Override
    LineParser parser() {
      return Parsers.create(new ParserSpec.Raw(), ZONE);
    }

    @Override
    List<String> lines() {
      return List.of("anything", " indented", "{\"a\":1}");
    }
  }

  @Nested
  class Json extends ParserContract {
    @Override
    LineParser parser() {
      return Parsers.create(new ParserSpec.Json(), ZONE);
    }

    @Override
    List<String> lines() {
      return JSON;
    }
  }

  @Nested
  class Logstash extends ParserContract {
    @Override
    LineParser parser() {
      return Parsers.create(new ParserSpec.Logstash(), ZONE);
    }

    @Override
    List<String> lines() {
      return LOGSTASH;
    }
  }

  @Nested
  class Logback extends ParserContract {
    @Override
    LineParser parser() {
      return Parsers.create(
          new ParserSpec.Logback(
              "%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger{36} - %msg%n"),
          ZONE);
    }

    @Override
    List<String> lines() {
      return LOGBACK;
    }
  }

  @Nested
  class LogbackWithPartsAfterItsMessage extends ParserContract {
    @Override
    LineParser parser() {
      return Parsers.create(
          new ParserSpec.Logback("%d %p %msg [%X{trace_id:-}] %marker (%file:%line\\)%n"), ZONE);
    }

    @Override
    List<String> lines() {
      return List.of(
          "2026-11-23 14:00:00,123 INFO paid [00f067aa0ba902b7]  (Shop.java:12)",
          "2026-11-23 14:00:00,123 INFO a [b] (c) [] M (Shop.java:12)",
          "2026-11-23 14:00:00,123 INFO cut short");
    }
  }

  @Nested
  class LogbackWithTheExceptionInTheMessagesLine extends ParserContract {
    @Override
    LineParser parser() {
      return Parsers.create(new ParserSpec.Logback("%d %level%n%logger - %msg : %ex%n"), ZONE);
    }

    @Override
    List<String> lines() {
      return List.of(
          "2026-11-23 14:00:00,123 INFO\na.B - paid : ",
          "2026-11-23 14:00:00,123 WARN\r\na.B - no : a.b.C: x\n\tat a.B.c(B.java:1)");
    }
  }

  @Nested
  class LogbackWithoutAMessage extends ParserContract {
    @Override
    LineParser parser() {
      return Parsers.create(new ParserSpec.Logback("%d %p %logger%n"), ZONE);
    }

    @Override
    List<String> lines() {
      return List.of("2026-11-23 14:00:00,123 INFO a.B");
    }
  }

  @Nested
  class Regex extends ParserContract {
    @Override
    LineParser parser() {
      return Parsers.create(
          new ParserSpec.Regex(
              "^(?<time>\\S+) (?<severity>\\w+) (?<user>\\w+) (?<body>.*)$", null, null),
          ZONE);
    }

    @Override
    List<String> lines() {
      return List.of("2026-11-23T14:00:00 warning ann did this");
    }
  }

  @Nested
  class Auto extends ParserContract {
    @Override
    LineParser parser() {
      return Parsers.create(new ParserSpec.Auto(), ZONE);
    }

    @Override
    List<String> lines() {
      return java.util.stream.Stream.of(OTHERS, JSON, LOGSTASH, LOGBACK)
          .flatMap(List::stream)
          .toList();
    }
  }
}
