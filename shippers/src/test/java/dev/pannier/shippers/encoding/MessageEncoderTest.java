package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Requests;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.logs.v1.SeverityNumber;
import io.opentelemetry.proto.metrics.v1.AggregationTemporality;
import io.opentelemetry.proto.metrics.v1.Histogram;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import io.opentelemetry.proto.metrics.v1.ScopeMetrics;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

class MessageEncoderTest {
  private static final JsonFactory STRICT =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static final ByteString TRACE_A = ByteString.copyFromUtf8("aaaaaaaaaaaaaaaa");
  private static final ByteString TRACE_B = ByteString.copyFromUtf8("bbbbbbbbbbbbbbbb");
  private static final ByteString SPAN = ByteString.copyFromUtf8("ssssssss");

  private static final LogRecord LOG =
      LogRecord.newBuilder()
          .setTimeUnixNano(1_772_366_400_123_000_000L)
          .setSeverityNumber(SeverityNumber.SEVERITY_NUMBER_ERROR)
          .setSeverityText("ERROR")
          .setBody(text("it \"broke\"\n"))
          .setTraceId(TRACE_A)
          .setSpanId(SPAN)
          .setFlags(1)
          .addAttributes(entry("thread.name", text("main")))
          .addAttributes(entry("exception.type", text("java.lang.Error")))
          .addAttributes(entry("exception.stacktrace", text("at x")))
          .addAttributes(entry("log.record.original", text("the line")))
          .addAttributes(entry("message", text("clash")))
          .addAttributes(entry("user", AnyValue.newBuilder().setIntValue(7).build()))
          .addAttributes(
              entry(
                  "nested",
                  AnyValue.newBuilder()
                      .setKvlistValue(
                          KeyValueList.newBuilder()
                              .addValues(
                                  entry(
                                      "list",
                                      AnyValue.newBuilder()
                                          .setArrayValue(
                                              ArrayValue.newBuilder()
                                                  .addValues(text("x"))
                                                  .addValues(
                                                      AnyValue.newBuilder().setBoolValue(true)))
                                          .build())))
                      .build()))
          .build();

  @Test
  void logRecordWithLogstashNames() {
    assertThat(messages(Encoding.JSON, FieldNames.LOGSTASH, logs(LOG)))
        .containsExactly(
            "{\"@timestamp\":\"2026-03-01T12:00:00.123Z\",\"@version\":\"1\","
                + "\"message\":\"it \\\"broke\\\"\\n\",\"logger_name\":\"com.example.Cart\","
                + "\"level\":\"ERROR\",\"level_value\":40000,"
                + "\"trace_id\":\"61616161616161616161616161616161\","
                + "\"span_id\":\"7373737373737373\",\"service.name\":\"checkout\","
                + "\"thread_name\":\"main\",\"exception.type\":\"java.lang.Error\","
                + "\"stack_trace\":\"at x\",\"attributes.message\":\"clash\",\"user\":7,"
                + "\"nested\":{\"list\":[\"x\",true]}}");
  }

  @Test
  void aKeyThatComesTwiceInAMapIsThereOnce() {
    AnyValue map =
        AnyValue.newBuilder()
            .setKvlistValue(
                KeyValueList.newBuilder()
                    .addValues(entry("a", text("first")))
                    .addValues(entry("b", text("x")))
                    .addValues(entry("a", text("second")))
                    .addValues(
                        entry(
                            "deep",
                            AnyValue.newBuilder()
                                .setKvlistValue(
                                    KeyValueList.newBuilder()
                                        .addValues(entry("a", text("third")))
                                        .addValues(entry("a", text("fourth")))
                                        .addValues(entry("", text("5")))
                                        .addValues(entry("", text("6"))))
                                .build()))
                    .addValues(entry("b", text("y"))))
            .build();
    String json = "{\"a\":\"first\",\"b\":\"x\",\"deep\":{\"a\":\"third\",\"\":\"5\"}}";
    LogRecord inAttribute = LogRecord.newBuilder().addAttributes(entry("map", map)).build();
    assertThat(messages(Encoding.JSON, FieldNames.OTEL, logs(inAttribute)))
        .singleElement()
        .asString()
        .contains("\"map\":" + json);
    LogRecord body = LogRecord.newBuilder().setBody(map).build();
    assertThat(messages(Encoding.JSON, FieldNames.OTEL, logs(body)))
        .singleElement()
        .asString()
        .contains(json.replace("\"", "\\\""));
  }

  @Test
  void logRecordWithEcsNames() {
    assertThat(messages(Encoding.JSON, FieldNames.ECS, logs(LOG)))
        .containsExactly(
            "{\"@timestamp\":\"2026-03-01T12:00:00.123Z\",\"ecs.version\":\"1.2.0\","
                + "\"message\":\"it \\\"broke\\\"\\n\",\"log.logger\":\"com.example.Cart\","
                + "\"log.level\":\"ERROR\","
                + "\"trace.id\":\"61616161616161616161616161616161\","
                + "\"span.id\":\"7373737373737373\",\"service.name\":\"checkout\","
                + "\"process.thread.name\":\"main\",\"error.type\":\"java.lang.Error\","
                + "\"error.stack_trace\":\"at x\",\"attributes.message\":\"clash\",\"user\":7,"
                + "\"nested\":{\"list\":[\"x\",true]}}");
  }

  @Test
  void logRecordWithOpenTelemetryNames() {
    assertThat(messages(Encoding.JSON, FieldNames.OTEL, logs(LOG)))
        .containsExactly(
            "{\"timestamp\":\"2026-03-01T12:00:00.123Z\","
                + "\"body\":\"it \\\"broke\\\"\\n\",\"scope.name\":\"com.example.Cart\","
                + "\"severity_text\":\"ERROR\",\"severity_number\":17,"
                + "\"trace_id\":\"61616161616161616161616161616161\","
                + "\"span_id\":\"7373737373737373\",\"trace_flags\":1,"
                + "\"service.name\":\"checkout\",\"thread.name\":\"main\","
                + "\"exception.type\":\"java.lang.Error\",\"exception.stacktrace\":\"at x\","
                + "\"message\":\"clash\",\"user\":7,\"nested\":{\"list\":[\"x\",true]}}");
  }

  @Test
  void spanIsFlat() {
    Span span =
        Span.newBuilder()
            .setTraceId(TRACE_A)
            .setSpanId(SPAN)
            .setParentSpanId(SPAN)
            .setName("GET /")
            .setKind(Span.SpanKind.SPAN_KIND_SERVER)
            .setStartTimeUnixNano(1_772_366_400_000_000_001L)
            .setEndTimeUnixNano(1_772_366_400_012_500_001L)
            .setStatus(
                Status.newBuilder().setCode(Status.StatusCode.STATUS_CODE_ERROR).setMessage("no"))
            .addAttributes(entry("http.route", text("/")))
            .addEvents(
                Span.Event.newBuilder()
                    .setTimeUnixNano(1_772_366_400_001_000_000L)
                    .setName("retry")
                    .addAttributes(entry("n", AnyValue.newBuilder().setIntValue(2).build())))
            .addLinks(Span.Link.newBuilder().setTraceId(TRACE_B).setSpanId(SPAN))
            .build();

    assertThat(messages(Encoding.JSON, FieldNames.LOGSTASH, spans(span)))
        .containsExactly(
            "{\"trace_id\":\"61616161616161616161616161616161\","
                + "\"span_id\":\"7373737373737373\",\"parent_span_id\":\"7373737373737373\","
                + "\"name\":\"GET /\",\"kind\":\"SERVER\","
                + "\"start_time\":\"2026-03-01T12:00:00.000000001Z\",\"duration_ms\":12.500000,"
                + "\"status\":\"ERROR\",\"status_message\":\"no\",\"service.name\":\"checkout\","
                + "\"http.route\":\"/\",\"events\":[{\"time\":\"2026-03-01T12:00:00.001Z\","
                + "\"name\":\"retry\",\"n\":2}],\"links\":["
                + "{\"trace_id\":\"62626262626262626262626262626262\","
                + "\"span_id\":\"7373737373737373\"}]}");
  }

  @Test
  void dataPointIsAMessage() {
    HistogramDataPoint point =
        HistogramDataPoint.newBuilder()
            .setTimeUnixNano(1_772_366_400_000_000_000L)
            .setCount(3)
            .setSum(4.5)
            .addBucketCounts(1)
            .addBucketCounts(2)
            .addExplicitBounds(10)
            .addAttributes(entry("route", text("/")))
            .build();
    ExportMetricsServiceRequest request =
        ExportMetricsServiceRequest.newBuilder()
            .addResourceMetrics(
                ResourceMetrics.newBuilder()
                    .addScopeMetrics(
                        ScopeMetrics.newBuilder()
                            .addMetrics(
                                Metric.newBuilder()
                                    .setName("latency")
                                    .setUnit("ms")
                                    .setHistogram(
                                        Histogram.newBuilder()
                                            .setAggregationTemporality(
                                                AggregationTemporality
                                                    .AGGREGATION_TEMPORALITY_DELTA)
                                            .addDataPoints(point)))))
            .build();

    assertThat(
            messages(Encoding.JSON, FieldNames.LOGSTASH, Requests.batch(Signal.METRICS, request)))
        .containsExactly(
            "{\"timestamp\":\"2026-03-01T12:00:00.000Z\",\"name\":\"latency\",\"unit\":\"ms\","
                + "\"type\":\"histogram\",\"temporality\":\"DELTA\",\"count\":3,\"sum\":4.5,"
                + "\"bounds\":[10.0],\"bucket_counts\":[1,2],\"route\":\"/\"}");
  }

  @Test
  void rawIsTheOriginalLineElseTheBody() {
    LogRecord plain = LogRecord.newBuilder().setBody(text("just a body")).build();

    assertThat(messages(Encoding.RAW, FieldNames.LOGSTASH, logs(LOG, plain)))
        .containsExactly("the line", "just a body");
  }

  @Test
  void otlpProtoIsTheBatchItself() {
    Batch batch = logs(LOG, LOG);
    MessageEncoder encoder = encoder(Encoding.OTLP_PROTO);
    encoder.start(batch);

    assertThat(encoder.next()).isTrue();
    assertThat(encoder.value()).isSameAs(batch.bytes());
    assertThat(encoder.valueOffset()).isEqualTo(batch.offset());
    assertThat(encoder.valueLength()).isEqualTo(batch.length());
    assertThat(encoder.records()).isNull();
    assertThat(encoder.traceparent()).isNull();
    assertThat(encoder.next()).isFalse();
  }

  @Test
  void keyedByTraceEachTraceIsOneRequest() {
    Batch batch = spans(span(TRACE_A, 1), span(TRACE_B, 2), span(TRACE_A, 3));
    MessageEncoder encoder =
        new MessageEncoder(Encoding.OTLP_PROTO, FieldNames.OTEL, Lookup.parse("trace_id"));
    encoder.start(batch);

    assertThat(encoder.next()).isTrue();
    assertThat(encoder.lookup(0)).isEqualTo("61616161616161616161616161616161");
    assertThat(Requests.records(parse(Signal.TRACES, encoder)))
        .containsExactly(span(TRACE_A, 1), span(TRACE_A, 3));
    BitSet expected = new BitSet();
    expected.set(0);
    expected.set(2);
    assertThat(encoder.records()).isEqualTo(expected);
    assertThat(encoder.next()).isTrue();
    assertThat(encoder.lookup(0)).isEqualTo("62626262626262626262626262626262");
    assertThat(Requests.records(parse(Signal.TRACES, encoder))).containsExactly(span(TRACE_B, 2));
    assertThat(encoder.next()).isFalse();
  }

  @Test
  void lookupsAndTraceContextOfARecord() {
    List<Lookup> lookups = new ArrayList<>(Lookup.parse("resource:service.name"));
    lookups.addAll(Lookup.parse("attribute:user"));
    lookups.addAll(Lookup.parse("attribute:none"));
    assertThat(Lookup.parse("source")).isEmpty();
    MessageEncoder encoder = new MessageEncoder(Encoding.JSON, FieldNames.OTEL, lookups);
    encoder.start(logs(LOG, LogRecord.newBuilder().build()));

    assertThat(encoder.next()).isTrue();
    assertThat(encoder.lookup(0)).isEqualTo("checkout");
    assertThat(encoder.lookup(1)).isEqualTo("7");
    assertThat(encoder.lookup(2)).isNull();
    assertThat(new String(Objects.requireNonNull(encoder.traceparent()), UTF_8))
        .isEqualTo("00-61616161616161616161616161616161-7373737373737373-01");
    assertThat(encoder.next()).isTrue();
    assertThat(encoder.lookup(1)).isNull();
    assertThat(encoder.traceparent()).isNull();
    assertThat(encoder.recordIndex()).isEqualTo(1);
    assertThat(encoder.next()).isFalse();
  }

  @Property(tries = 300)
  void everyRecordBecomesOneValidJsonObjectWithoutDoubleKeys(
      @ForAll Signal signal, @ForAll FieldNames names, @ForAll long seed) {
    Batch batch = Requests.batch(signal, Requests.random(signal, seed));
    MessageEncoder encoder = new MessageEncoder(Encoding.JSON, names, List.of());
    int count = 0;
    encoder.start(batch);
    while (encoder.next()) {
      String json =
          new String(encoder.value(), encoder.valueOffset(), encoder.valueLength(), UTF_8);
      try (JsonParser parser = STRICT.createParser(ObjectReadContext.empty(), json)) {
        assertThat(parser.nextToken()).isEqualTo(JsonToken.START_OBJECT);
        while (parser.nextToken() != null) {
          assertThat(parser.currentName()).isNotEqualTo("log.record.original");
        }
      }
      assertThat(json).doesNotContain("\n");
      count++;
    }
    assertThat(count).isEqualTo(batch.records());
  }

  @Property(tries = 2000)
  void anyBytesBecomeValidMessages(@ForAll Signal signal, @ForAll @Size(max = 80) byte[] bytes)
      throws Exception {
    MessageEncoder encoder = encoder(Encoding.JSON);
    encoder.start(Batch.received(signal, bytes, 0, bytes.length, 1, "otlp"));
    while (encoder.next()) {
      String json =
          new String(encoder.value(), encoder.valueOffset(), encoder.valueLength(), UTF_8);
      JsonFormat.parser().merge(json, Struct.newBuilder());
    }
  }

  @Property(tries = 2000)
  void damagedRequestBecomesValidMessages(
      @ForAll Signal signal, @ForAll Encoding encoding, @ForAll long seed) throws Exception {
    Random random = new Random(seed);
    byte[] bytes = Requests.random(signal, random.nextInt(50)).toByteArray();
    for (int i = bytes.length == 0 ? 0 : 1 + random.nextInt(4); i > 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    MessageEncoder encoder =
        new MessageEncoder(encoding, FieldNames.ECS, Lookup.parse("resource:service.name"));
    encoder.start(Batch.received(signal, bytes, 0, bytes.length, 5, "otlp"));
    while (encoder.next()) {
      String message =
          new String(encoder.value(), encoder.valueOffset(), encoder.valueLength(), UTF_8);
      if (encoding == Encoding.JSON || encoding == Encoding.OTLP_JSON) {
        JsonFormat.parser().merge(message, Struct.newBuilder());
      }
    }
    assertThat(encoder.value()).isEmpty();
  }

  @Property(tries = 1000)
  void brokenTextBecomesValidUtf8(@ForAll @Size(max = 30) byte[] body) throws Exception {
    LogRecord log =
        LogRecord.newBuilder()
            .setBody(AnyValue.newBuilder().setBytesValue(ByteString.copyFrom(body)))
            .build();

    String json = messages(Encoding.JSON, FieldNames.OTEL, logs(log)).getFirst();

    Struct.Builder struct = Struct.newBuilder();
    JsonFormat.parser().merge(json, struct);
    String read = struct.getFieldsOrThrow("body").getStringValue();
    if (ByteString.copyFrom(body).isValidUtf8()) {
      assertThat(read).isEqualTo(new String(body, UTF_8));
    } else {
      assertThat(read).contains("\uFFFD");
    }
  }

  @Test
  void severalRecordsAreMadeUpToABoundAndOneAlwaysIs() {
    LogRecord[] records = new LogRecord[100];
    java.util.Arrays.fill(records, LOG);
    int bound = 8 * 1024;
    MessageEncoder encoder =
        new MessageEncoder(Encoding.OTLP_JSON, FieldNames.LOGSTASH, List.of(), bound);

    encoder.start(logs(records));
    assertThat(encoder.next()).isTrue();
    assertThat(encoder.isTooLarge()).isTrue();
    assertThat(encoder.value()).hasSizeLessThanOrEqualTo(bound);
    assertThat(encoder.valueLength()).isZero();
    assertThat(encoder.next()).isFalse();

    LogRecord large =
        LOG.toBuilder().setBody(AnyValue.newBuilder().setStringValue("x".repeat(bound))).build();
    for (Batch whole : List.of(logs(large), logs(LOG, LOG))) {
      encoder.start(whole);
      assertThat(encoder.next()).isTrue();
      assertThat(encoder.isTooLarge()).isFalse();
      assertThat(new String(encoder.value(), 0, encoder.valueLength(), UTF_8))
          .isEqualTo(messages(Encoding.OTLP_JSON, FieldNames.LOGSTASH, whole).getFirst());
    }
  }

  @Test
  void oneObjectAfterTheOtherAllocatesNothing() {
    LogRecord[] records = new LogRecord[1000];
    java.util.Arrays.fill(records, LOG);
    Batch batch = logs(records);
    MessageEncoder encoder =
        new MessageEncoder(
            Encoding.JSON, FieldNames.LOGSTASH, Lookup.parse("resource:service.name"));
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 20; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      encoder.start(batch);
      while (encoder.next()) {
        assertThatIsNotEmpty(encoder);
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(least).isLessThan(records.length);
  }

  private static void assertThatIsNotEmpty(MessageEncoder encoder) {
    if (encoder.valueLength() == 0) {
      throw new AssertionError("empty");
    }
  }

  private static MessageEncoder encoder(Encoding encoding) {
    return new MessageEncoder(encoding, FieldNames.LOGSTASH, List.of());
  }

  private static List<String> messages(Encoding encoding, FieldNames names, Batch batch) {
    MessageEncoder encoder = new MessageEncoder(encoding, names, List.of());
    List<String> messages = new ArrayList<>();
    encoder.start(batch);
    while (encoder.next()) {
      messages.add(
          new String(encoder.value(), encoder.valueOffset(), encoder.valueLength(), UTF_8));
    }
    return messages;
  }

  private static Message parse(Signal signal, MessageEncoder encoder) {
    return Requests.parse(
        Batch.received(
            signal, encoder.value(), encoder.valueOffset(), encoder.valueLength(), 0, "otlp"));
  }

  private static Batch logs(LogRecord... records) {
    return Requests.batch(
        Signal.LOGS,
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(
                ResourceLogs.newBuilder()
                    .setResource(
                        Resource.newBuilder()
                            .addAttributes(entry("service.name", text("checkout"))))
                    .addScopeLogs(
                        ScopeLogs.newBuilder()
                            .setScope(InstrumentationScope.newBuilder().setName("com.example.Cart"))
                            .addAllLogRecords(List.of(records))))
            .build());
  }

  private static Batch spans(Span... spans) {
    return Requests.batch(
        Signal.TRACES,
        ExportTraceServiceRequest.newBuilder()
            .addResourceSpans(
                ResourceSpans.newBuilder()
                    .setResource(
                        Resource.newBuilder()
                            .addAttributes(entry("service.name", text("checkout"))))
                    .addScopeSpans(ScopeSpans.newBuilder().addAllSpans(List.of(spans))))
            .build());
  }

  private static Span span(ByteString traceId, long start) {
    return Span.newBuilder()
        .setTraceId(traceId)
        .setSpanId(SPAN)
        .setStartTimeUnixNano(start)
        .build();
  }

  private static AnyValue text(String text) {
    return AnyValue.newBuilder().setStringValue(text).build();
  }

  private static KeyValue entry(String key, AnyValue value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }
}
