package dev.pannier.shippers.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.ByteBuffer;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RecordTruncatorTest {
  private static final KeyValue MARK =
      KeyValue.newBuilder()
          .setKey("pannier.truncated")
          .setValue(AnyValue.newBuilder().setBoolValue(true))
          .build();

  @Property
  void cutRecordFitsAndIsCutNoMoreThanNeeded(
      @ForAll @IntRange(max = 3_000) int bodyLength,
      @ForAll @IntRange(max = 3_000) int attributeLength,
      @ForAll @IntRange(min = 200, max = 4_000) int limit)
      throws InvalidProtocolBufferException {
    LogRecord record =
        LogRecord.newBuilder()
            .setTimeUnixNano(5)
            .setBody(text("漢ä".repeat(bodyLength / 5)))
            .addAttributes(attribute("long", text("y".repeat(attributeLength))))
            .addAttributes(attribute("number", AnyValue.newBuilder().setIntValue(7).build()))
            .addAttributes(
                attribute(
                    "map",
                    AnyValue.newBuilder()
                        .setKvlistValue(
                            KeyValueList.newBuilder()
                                .addValues(attribute("in", text("z".repeat(attributeLength)))))
                        .build()))
            .build();
    Batch batch = batch(record);
    Batch cut = Objects.requireNonNull(RecordTruncator.truncate(batch, limit));
    assertThat(cut.length()).isLessThanOrEqualTo(limit);
    LogRecord found = record(cut);
    assertThat(found.getTimeUnixNano()).isEqualTo(5);
    assertThat(found.getAttributes(1)).isEqualTo(record.getAttributes(1));
    assertThat(record.getBody().getStringValue()).startsWith(found.getBody().getStringValue());
    assertThat(found.getAttributesList()).endsWith(MARK);
    if (batch.length() > limit) {
      assertThat(cut.length()).isGreaterThan(limit - 60);
    } else if (batch.length() < limit - 40) {
      assertThat(found.toBuilder().removeAttributes(3).build()).isEqualTo(record);
    }
  }

  @Test
  void recordThatIsCutAgainHasTheMarkOnce() throws InvalidProtocolBufferException {
    Batch batch = batch(LogRecord.newBuilder().setBody(text("x".repeat(1_000))).build());
    Batch once = Objects.requireNonNull(RecordTruncator.truncate(batch, 500));
    Batch twice = Objects.requireNonNull(RecordTruncator.truncate(once, 200));
    assertThat(record(twice).getAttributesList()).containsExactly(MARK);
  }

  @Test
  void recordThatIsLargeWithoutStringsCannotBeCut() {
    LogRecord.Builder record = LogRecord.newBuilder();
    for (int i = 0; i < 100; i++) {
      record.addAttributes(attribute("key " + i, AnyValue.newBuilder().setIntValue(i).build()));
    }
    assertThat(RecordTruncator.truncate(batch(record.build()), 500)).isNull();
  }

  @Test
  void pointOfAMetricCannotBeCut() {
    Batch batch = Batch.received(Signal.METRICS, new byte[100], 0, 100, 1, "otlp");
    assertThat(RecordTruncator.truncate(batch, 50)).isNull();
  }

  @Test
  void attributesOfASpanAndItsEventsAreCut() throws InvalidProtocolBufferException {
    String stack = "at x\n".repeat(500);
    Span span =
        Span.newBuilder()
            .setName("GET /")
            .addAttributes(attribute("url.full", text("u".repeat(300))))
            .addEvents(
                Span.Event.newBuilder()
                    .setName("exception")
                    .addAttributes(attribute("exception.stacktrace", text(stack))))
            .addLinks(Span.Link.newBuilder().addAttributes(attribute("l", text("v".repeat(900)))))
            .build();
    byte[] bytes =
        ExportTraceServiceRequest.newBuilder()
            .addResourceSpans(
                ResourceSpans.newBuilder().addScopeSpans(ScopeSpans.newBuilder().addSpans(span)))
            .build()
            .toByteArray();
    Batch batch = Batch.received(Signal.TRACES, bytes, 0, bytes.length, 1, "otlp");
    Batch cut = Objects.requireNonNull(RecordTruncator.truncate(batch, 1_500));
    assertThat(cut.length()).isBetween(1_400, 1_500);
    Span found =
        ExportTraceServiceRequest.parseFrom(ByteBuffer.wrap(cut.bytes(), 0, cut.length()))
            .getResourceSpans(0)
            .getScopeSpans(0)
            .getSpans(0);
    assertThat(found.getName()).isEqualTo("GET /");
    assertThat(found.getAttributesList()).containsExactly(span.getAttributes(0), MARK);
    assertThat(stack).startsWith(found.getEvents(0).getAttributes(0).getValue().getStringValue());
  }

  private static AnyValue text(String text) {
    return AnyValue.newBuilder().setStringValue(text).build();
  }

  private static KeyValue attribute(String key, AnyValue value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  private static Batch batch(LogRecord record) {
    byte[] bytes =
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(
                ResourceLogs.newBuilder()
                    .addScopeLogs(ScopeLogs.newBuilder().addLogRecords(record)))
            .build()
            .toByteArray();
    return new Batch(Signal.LOGS, bytes, 0, bytes.length, 1, "app", "k", new byte[1]);
  }

  private static LogRecord record(Batch batch) throws InvalidProtocolBufferException {
    return ExportLogsServiceRequest.parseFrom(
            ByteBuffer.wrap(batch.bytes(), batch.offset(), batch.length()))
        .getResourceLogs(0)
        .getScopeLogs(0)
        .getLogRecords(0);
  }
}
