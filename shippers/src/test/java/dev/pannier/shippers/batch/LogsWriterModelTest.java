package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.sun.management.ThreadMXBean;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/// The writer and the official builder are told the same, in the same random order.
class LogsWriterModelTest {
  private static final byte[] NO_RESOURCE = {};
  private static final byte[] NO_POSITIONS = {};

  private final LogsWriter writer = new LogsWriter();

  @Property(tries = 1000)
  void theOfficialClassesReadWhatTheWriterWasTold(
      @ForAll long seed, @ForAll @IntRange(min = 100, max = 60_000) int size) {
    Random random = new Random(seed);
    byte[] guarded = new byte[size];
    writer.start(guarded, NO_RESOURCE);
    List<Message> expected = new ArrayList<>();
    for (int i = random.nextInt(30); i >= 0; i--) {
      LogRecord.Builder model = LogRecord.newBuilder();
      writer.beginRecord();
      for (int calls = random.nextInt(12); calls > 0; calls--) {
        call(random, model);
      }
      if (random.nextInt(10) == 0) {
        writer.discardRecord();
      } else if (writer.endRecord()) {
        expected.add(model.build());
      } else {
        break;
      }
    }

    Batch batch = writer.finish("app", "key", NO_POSITIONS);

    if (batch == null) {
      assertThat(expected).isEmpty();
      return;
    }
    assertThat(Requests.records(Requests.parse(batch))).isEqualTo(expected);
    assertThat(
            RequestCheck.check(
                Signal.LOGS, batch.bytes(), batch.offset(), batch.length(), Integer.MAX_VALUE))
        .isEqualTo(new CheckedRequest.WellFormed(expected.size(), null, 0, 0, 0));
  }

  private void call(Random random, LogRecord.Builder model) {
    byte[] text = "some text, longer or shorter ☃".repeat(random.nextInt(8)).getBytes(UTF_8);
    long number = random.nextLong() >> random.nextInt(64);
    switch (random.nextInt(9)) {
      case 0 -> {
        writer.timestamp(number);
        model.setTimeUnixNano(number);
      }
      case 1 -> {
        writer.observedTimestamp(number);
        model.setObservedTimeUnixNano(number);
      }
      case 2 -> {
        int severity = random.nextInt(25);
        writer.severity(severity, text, 0, text.length);
        model.setSeverityNumberValue(severity).setSeverityTextBytes(ByteString.copyFrom(text));
      }
      case 3 -> {
        writer.body(text, 0, text.length);
        model.setBody(AnyValue.newBuilder().setStringValueBytes(ByteString.copyFrom(text)));
      }
      case 4 -> {
        writer.bodyBytes(text, 0, text.length);
        model.setBody(AnyValue.newBuilder().setBytesValue(ByteString.copyFrom(text)));
      }
      case 5 -> {
        writer.traceId(number, 7);
        model.setTraceId(id(number, 7));
      }
      case 6 -> {
        writer.spanId(number);
        model.setSpanId(id(number));
      }
      case 7 -> {
        writer.traceFlags((int) number & 0xFF);
        model.setFlags((int) number & 0xFF);
      }
      default -> model.addAttributes(entry(random, "key" + random.nextInt(3), 0));
    }
  }

  /// Writes an entry of a map, or with an empty key an element of an array.
  private KeyValue entry(Random random, String name, int depth) {
    byte[] key = name.getBytes(UTF_8);
    AnyValue.Builder value = AnyValue.newBuilder();
    switch (random.nextInt(depth < 4 ? 7 : 5)) {
      case 0 -> {
        byte[] text = "v".repeat(random.nextInt(200)).getBytes(UTF_8);
        writer.attribute(key, 0, key.length, text, 0, text.length);
        value.setStringValueBytes(ByteString.copyFrom(text));
      }
      case 1 -> {
        long number = random.nextLong() >> random.nextInt(64);
        writer.attribute(key, 0, key.length, number);
        value.setIntValue(number);
      }
      case 2 -> {
        double number = random.nextGaussian();
        writer.attribute(key, 0, key.length, number);
        value.setDoubleValue(number);
      }
      case 3 -> {
        boolean isTrue = random.nextBoolean();
        writer.attribute(key, 0, key.length, isTrue);
        value.setBoolValue(isTrue);
      }
      case 4 -> {
        byte[] bytes = new byte[random.nextInt(5)];
        writer.attributeBytes(key, 0, key.length, bytes, 0, bytes.length);
        value.setBytesValue(ByteString.copyFrom(bytes));
      }
      case 5 -> {
        KeyValueList.Builder map = KeyValueList.newBuilder();
        writer.beginMap(key, 0, key.length);
        for (int i = random.nextInt(3); i > 0; i--) {
          map.addValues(entry(random, "inner" + i, depth + 1));
        }
        writer.end();
        value.setKvlistValue(map);
      }
      default -> {
        ArrayValue.Builder array = ArrayValue.newBuilder();
        writer.beginArray(key, 0, key.length);
        for (int i = random.nextInt(3); i > 0; i--) {
          array.addValues(entry(random, "", depth + 1).getValue());
        }
        writer.end();
        value.setArrayValue(array);
      }
    }
    return KeyValue.newBuilder().setKey(name).setValue(value).build();
  }

  @Test
  void whatIsNestedTooDeepForProtobufIsLeftOut() {
    byte[] key = {'k'};
    writer.start(new byte[10_000], NO_RESOURCE);
    writer.beginRecord();
    for (int i = 0; i < 200; i++) {
      writer.beginMap(key, 0, 1);
      writer.attribute(key, 0, 1, i);
    }
    for (int i = 0; i < 190; i++) {
      writer.end();
    }
    assertThat(writer.endRecord()).isTrue();

    Batch batch = Objects.requireNonNull(writer.finish("app", "key", NO_POSITIONS));

    LogRecord log = (LogRecord) Requests.records(Requests.parse(batch)).getFirst();
    int depth = 0;
    AnyValue value = log.getAttributes(0).getValue();
    while (value.hasKvlistValue()) {
      KeyValueList map = value.getKvlistValue();
      assertThat(map.getValues(0).getValue().getIntValue()).isEqualTo(depth);
      depth++;
      value = map.getValues(map.getValuesCount() - 1).getValue();
    }
    assertThat(depth).isEqualTo(30);
  }

  @Test
  void aRecordAllocatesNothing() {
    byte[] buffer = new byte[1 << 16];
    byte[] text = "a message of a usual length, from a usual logger".getBytes(UTF_8);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    int records = 0;
    for (int round = 0; round < 20; round++) {
      writer.start(buffer, NO_RESOURCE);
      long before = threads.getCurrentThreadAllocatedBytes();
      records = 0;
      do {
        writer.beginRecord();
        writer.timestamp(records);
        writer.severity(9, text, 0, 4);
        writer.logger(text, 0, records % 20);
        writer.body(text, 0, text.length);
        writer.traceId(1, 2);
        writer.attribute(text, 0, 5, text, 5, 9);
        writer.beginMap(text, 0, 3);
        writer.attribute(text, 0, 2, records);
        writer.end();
        records++;
      } while (writer.endRecord());
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      assertThat(writer.finish("app", "key", NO_POSITIONS)).isNotNull();
    }
    assertThat(records).isGreaterThan(300);
    assertThat(least).isZero();
  }

  private static ByteString id(long... parts) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * parts.length);
    for (long part : parts) {
      bytes.putLong(part);
    }
    return ByteString.copyFrom(bytes.array());
  }
}
