package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.logs.v1.SeverityNumber;
import io.opentelemetry.proto.resource.v1.Resource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class LogsWriterTest {
  private static final byte[] RESOURCE =
      Resource.newBuilder().addAttributes(text("service.name", "checkout")).build().toByteArray();

  private final LogsWriter writer = new LogsWriter();

  @Property
  void aTextRecordIsWhatTheSingleStepsWrite(
      @ForAll @Size(max = 20) List<@IntRange(max = 20_000) Integer> lengths,
      @ForAll @IntRange(min = 100, max = 40_000) int capacity) {
    byte[] rest = Arrays.copyOf(new byte[] {0x59}, 9 + 160);
    byte[] attribute = AttributesEncoder.encode(Map.of("log.record.uid", "0".repeat(130)));
    System.arraycopy(attribute, 0, rest, 9, attribute.length);
    int restLength = 9 + attribute.length;
    LogsWriter inSteps = new LogsWriter();
    writer.start(new byte[capacity], RESOURCE);
    inSteps.start(new byte[capacity + 64], RESOURCE);
    byte[] text = bytes("x".repeat(20_000));
    int written = 0;
    for (int length : lengths) {
      boolean added = writer.textRecord(text, 0, length, rest, restLength);
      if (!added) {
        writer.beginRecord();
        writer.body(text, 0, length);
        writer.encodedAttributes(rest, 0, restLength);
        added = writer.endRecord();
      }
      if (!added) {
        break;
      }
      written++;
      inSteps.beginRecord();
      inSteps.body(text, 0, length);
      inSteps.encodedAttributes(rest, 0, restLength);
      assertThat(inSteps.endRecord()).isTrue();
    }

    Batch batch = writer.finish("app", "key", new byte[0]);
    Batch expected = inSteps.finish("app", "key", new byte[0]);

    assertThat(batch == null ? 0 : batch.records()).isEqualTo(written);
    if (batch != null && expected != null) {
      assertThat(Arrays.copyOfRange(batch.bytes(), batch.offset(), batch.offset() + batch.length()))
          .isEqualTo(
              Arrays.copyOfRange(
                  expected.bytes(), expected.offset(), expected.offset() + expected.length()));
    }
  }

  @Test
  void everyFieldLandsWhereTheOfficialClassesReadIt() {
    writer.start(new byte[4096], RESOURCE);
    writer.beginRecord();
    writer.timestamp(1_700_000_000_123_456_789L);
    writer.observedTimestamp(1_700_000_001_000_000_000L);
    writer.severity(9, bytes("INFO"), 0, 4);
    writer.body(bytes("hello"), 0, 5);
    writer.logger(bytes("com.example.Cart"), 0, 16);
    writer.traceId(0x0102030405060708L, 0x090A0B0C0D0E0F10L);
    writer.spanId(0x1112131415161718L);
    writer.traceFlags(1);
    writer.attribute(bytes("thread.name"), 0, 11, bytes("main"), 0, 4);
    writer.attribute(bytes("n"), 0, 1, -7L);
    writer.attribute(bytes("d"), 0, 1, 1.5);
    writer.attribute(bytes("b"), 0, 1, true);
    writer.beginMap(bytes("m"), 0, 1);
    writer.attribute(bytes("k"), 0, 1, 3L);
    writer.beginArray(bytes("a"), 0, 1);
    writer.attribute(bytes(""), 0, 0, bytes("x"), 0, 1);
    writer.beginMap(bytes(""), 0, 0);
    writer.end();
    writer.end();
    writer.end();
    assertThat(writer.endRecord()).isTrue();

    ExportLogsServiceRequest request = decode(finish());

    ScopeLogs scope = request.getResourceLogs(0).getScopeLogs(0);
    assertThat(request.getResourceLogs(0).getResource().toByteArray()).isEqualTo(RESOURCE);
    assertThat(scope.getScope().getName()).isEqualTo("com.example.Cart");
    AnyValue list =
        AnyValue.newBuilder()
            .setArrayValue(
                ArrayValue.newBuilder()
                    .addValues(AnyValue.newBuilder().setStringValue("x"))
                    .addValues(
                        AnyValue.newBuilder().setKvlistValue(KeyValueList.getDefaultInstance())))
            .build();
    AnyValue map =
        AnyValue.newBuilder()
            .setKvlistValue(
                KeyValueList.newBuilder()
                    .addValues(value("k", AnyValue.newBuilder().setIntValue(3).build()))
                    .addValues(value("a", list)))
            .build();
    assertThat(scope.getLogRecords(0))
        .isEqualTo(
            LogRecord.newBuilder()
                .setTimeUnixNano(1_700_000_000_123_456_789L)
                .setObservedTimeUnixNano(1_700_000_001_000_000_000L)
                .setSeverityNumber(SeverityNumber.SEVERITY_NUMBER_INFO)
                .setSeverityText("INFO")
                .setBody(AnyValue.newBuilder().setStringValue("hello"))
                .setTraceId(
                    ByteString.copyFrom(
                        new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}))
                .setSpanId(ByteString.copyFrom(new byte[] {17, 18, 19, 20, 21, 22, 23, 24}))
                .setFlags(1)
                .addAttributes(text("thread.name", "main"))
                .addAttributes(value("n", AnyValue.newBuilder().setIntValue(-7).build()))
                .addAttributes(value("d", AnyValue.newBuilder().setDoubleValue(1.5).build()))
                .addAttributes(value("b", AnyValue.newBuilder().setBoolValue(true).build()))
                .addAttributes(value("m", map))
                .build());
  }

  @Property(tries = 300)
  void recordsKeepTheirOrderAndConsecutiveOnesOfALoggerShareAScope(
      @ForAll @Size(min = 1, max = 40) List<@IntRange(max = 2) Integer> loggers,
      @ForAll @IntRange(min = 1, max = 20_000) int longest) {
    writer.start(new byte[1 << 20], RESOURCE);
    List<String> bodies = new ArrayList<>();
    for (int i = 0; i < loggers.size(); i++) {
      String body = i + "x".repeat((i * 7919) % longest);
      bodies.add(loggers.get(i) + body);
      record(loggers.get(i) == 0 ? "" : "logger" + loggers.get(i), body);
    }

    List<String> read = new ArrayList<>();
    String before = "none";
    for (ScopeLogs scope : decode(finish()).getResourceLogs(0).getScopeLogsList()) {
      String name = scope.getScope().getName();
      assertThat(name).isNotEqualTo(before);
      before = name;
      for (LogRecord log : scope.getLogRecordsList()) {
        read.add((name.isEmpty() ? "0" : name.substring(6)) + log.getBody().getStringValue());
      }
    }
    assertThat(read).isEqualTo(bodies);
  }

  @Property(tries = 500)
  void aFullBufferKeepsWhatFitted(@ForAll @IntRange(max = 900) int size) {
    byte[] guarded = new byte[size];
    writer.start(guarded, RESOURCE);
    int fitted = 0;
    for (int i = 0; i < 10; i++) {
      if (!record(i % 3 == 0 ? "a" : "b", "message " + "y".repeat(i * 13))) {
        break;
      }
      fitted++;
    }

    Batch batch = writer.finish("app", "key", new byte[0]);

    if (fitted == 0) {
      assertThat(batch).isNull();
    } else {
      assertThat(Objects.requireNonNull(batch).records()).isEqualTo(fitted);
      int count =
          decode(batch).getResourceLogs(0).getScopeLogsList().stream()
              .mapToInt(ScopeLogs::getLogRecordsCount)
              .sum();
      assertThat(count).isEqualTo(fitted);
    }
  }

  @Test
  void whatAParserPushedBeforeItGaveUpIsForgotten() {
    writer.start(new byte[1024], RESOURCE);
    writer.beginRecord();
    writer.logger(bytes("wrong"), 0, 5);
    writer.beginMap(bytes("m"), 0, 1);
    writer.attribute(bytes("n"), 0, 1, 1L);
    writer.resetRecord();
    writer.body(bytes("line"), 0, 4);
    writer.endRecord();
    writer.beginRecord();
    writer.body(bytes("gone"), 0, 4);
    writer.discardRecord();

    ScopeLogs scope = decode(finish()).getResourceLogs(0).getScopeLogs(0);

    assertThat(scope.hasScope()).isFalse();
    assertThat(scope.getLogRecordsList())
        .containsExactly(
            LogRecord.newBuilder().setBody(AnyValue.newBuilder().setStringValue("line")).build());
  }

  private boolean record(String logger, String body) {
    writer.beginRecord();
    writer.body(bytes(body), 0, bytes(body).length);
    if (!logger.isEmpty()) {
      writer.logger(bytes(logger), 0, logger.length());
    }
    return writer.endRecord();
  }

  private Batch finish() {
    return Objects.requireNonNull(writer.finish("app", "key", new byte[0]));
  }

  private static ExportLogsServiceRequest decode(Batch batch) {
    try {
      return ExportLogsServiceRequest.parseFrom(
          ByteString.copyFrom(batch.bytes(), batch.offset(), batch.length()));
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static KeyValue text(String key, String value) {
    return value(key, AnyValue.newBuilder().setStringValue(value).build());
  }

  private static KeyValue value(String key, AnyValue value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
