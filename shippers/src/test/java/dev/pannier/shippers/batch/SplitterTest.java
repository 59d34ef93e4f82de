package dev.pannier.shippers.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SplitterTest {
  @Property(tries = 500)
  void selectedRecordsAreThoseOfTheRequestUnchanged(@ForAll Signal signal, @ForAll long seed) {
    Message request = Requests.random(signal, seed);
    Batch batch = Requests.batch(signal, request);
    Random random = new Random(seed);
    BitSet selected = new BitSet();
    List<Message> expected = new ArrayList<>();
    List<Message> others = new ArrayList<>();
    List<Message> all = Requests.records(request);
    for (int i = 0; i < all.size(); i++) {
      selected.set(i, random.nextBoolean());
      (selected.get(i) ? expected : others).add(all.get(i));
    }

    Batch chosen = Splitter.select(batch, selected);
    Batch rest = Splitter.without(batch, selected);

    assertThat(records(chosen)).isEqualTo(expected);
    assertThat(records(rest)).isEqualTo(others);
    if (chosen != null && rest != null) {
      assertThat(Requests.parse(chosen).getSerializedSize()).isEqualTo(chosen.length());
      assertThat(chosen.records()).isEqualTo(expected.size());
    }
  }

  @Property(tries = 200)
  void halvesAreTheWholeInOrder(@ForAll Signal signal, @ForAll long seed) {
    Message request = Requests.random(signal, seed);
    Batch batch = Requests.batch(signal, request);

    List<Message> records = new ArrayList<>();
    for (Batch half : Splitter.halves(batch)) {
      assertThat(half.records()).isLessThanOrEqualTo((batch.records() + 1) / 2);
      records.addAll(records(half));
    }

    assertThat(records).isEqualTo(Requests.records(request));
  }

  @Property(tries = 500)
  void truncatedRecordFitsAndIsMarked(
      @ForAll Signal signal, @ForAll long seed, @ForAll @IntRange(min = 30, max = 1500) int size) {
    Batch all = Requests.batch(signal, Requests.random(signal, seed));
    BitSet first = new BitSet();
    first.set(0);
    Batch one = Splitter.select(all, first);
    if (one == null || one.length() <= size) {
      return;
    }

    Batch cut = Splitter.truncate(one, size);

    if (cut != null) {
      assertThat(cut.length()).isLessThanOrEqualTo(size);
      assertThat(Requests.parse(cut).toString()).contains("pannier.truncated");
      assertThat(
              RequestCheck.check(
                  signal, cut.bytes(), cut.offset(), cut.length(), Integer.MAX_VALUE))
          .isEqualTo(new CheckedRequest.WellFormed(1, null, 0, 0, 0));
    }
  }

  @Property(tries = 2000)
  void damagedRequestIsCutWithoutAnException(@ForAll Signal signal, @ForAll long seed) {
    Random random = new Random(seed);
    byte[] bytes = Requests.random(signal, random.nextInt(50)).toByteArray();
    for (int i = bytes.length == 0 ? 0 : 1 + random.nextInt(4); i > 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    Batch batch = Batch.received(signal, bytes, 0, bytes.length, 1 + random.nextInt(9), "otlp");

    for (Batch half : Splitter.halves(batch)) {
      assertThat(half.length()).isLessThanOrEqualTo(batch.length());
    }
    Batch cut = Splitter.truncate(batch, bytes.length / 2);
    assertThat(cut == null || cut.length() <= bytes.length / 2).isTrue();
  }

  @Test
  void longestTextIsCutFirstAndNoCharacterInTwo() {
    LogRecord log =
        LogRecord.newBuilder()
            .setTimeUnixNano(5)
            .setBody(AnyValue.newBuilder().setStringValue("é".repeat(5000)))
            .addAttributes(
                KeyValue.newBuilder()
                    .setKey("short")
                    .setValue(AnyValue.newBuilder().setStringValue("stays")))
            .build();
    ExportLogsServiceRequest request =
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(
                ResourceLogs.newBuilder().addScopeLogs(ScopeLogs.newBuilder().addLogRecords(log)))
            .build();

    Batch cut =
        Objects.requireNonNull(Splitter.truncate(Requests.batch(Signal.LOGS, request), 1000));

    LogRecord read = (LogRecord) Requests.records(Requests.parse(cut)).getFirst();
    assertThat(cut.length()).isBetween(980, 1000);
    assertThat(read.getBody().getStringValue()).matches("é+");
    assertThat(read.getTimeUnixNano()).isEqualTo(5);
    assertThat(read.getAttributesList())
        .containsExactly(
            log.getAttributes(0),
            KeyValue.newBuilder()
                .setKey("pannier.truncated")
                .setValue(AnyValue.newBuilder().setBoolValue(true))
                .build());
  }

  @Test
  void recordCutTwiceIsMarkedOnce() {
    LogRecord log =
        LogRecord.newBuilder()
            .setBody(AnyValue.newBuilder().setStringValue("x".repeat(5000)))
            .build();
    ExportLogsServiceRequest request =
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(
                ResourceLogs.newBuilder().addScopeLogs(ScopeLogs.newBuilder().addLogRecords(log)))
            .build();
    Batch once =
        Objects.requireNonNull(Splitter.truncate(Requests.batch(Signal.LOGS, request), 1000));

    Batch twice = Objects.requireNonNull(Splitter.truncate(once, 500));

    LogRecord read = (LogRecord) Requests.records(Requests.parse(twice)).getFirst();
    assertThat(read.getAttributesList()).hasSize(1);
    assertThat(read.getBody().getStringValue()).matches("x{400,500}");
  }

  @Test
  void whatCannotFitIsSaid() {
    Batch batch = Requests.batch(Signal.TRACES, ExportTraceServiceRequest.getDefaultInstance());

    assertThat(Splitter.truncate(batch, 0)).isSameAs(batch);
    assertThat(Splitter.truncate(batch, -1)).isNull();
  }

  private static List<Message> records(@org.jspecify.annotations.Nullable Batch batch) {
    return batch == null ? List.of() : Requests.records(Requests.parse(batch));
  }
}
