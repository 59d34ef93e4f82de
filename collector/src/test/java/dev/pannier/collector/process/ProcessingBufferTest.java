package dev.pannier.collector.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.Entry;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.buffer.TellingAcknowledgement;
import dev.pannier.collector.config.ProcessorSettings;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.OutputFullException;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ProcessingBufferTest {
  private final MemoryBudget budget = new MemoryBudget(1_000);
  private final Ledger ledger = new Ledger();
  private final Metrics metrics = new Metrics();
  private final MemoryBuffer inner =
      new MemoryBuffer(budget, ledger, metrics, Map.of("out", Set.of(Signal.LOGS)));
  private final Cursor cursor = inner.cursor("out");
  private final List<String> told = new ArrayList<>();

  @Test
  void filteredRecordsAreCountedAndTheRestIsAppended() {
    ProcessingBuffer buffer = buffer(drop("noisy"));
    append(buffer, batch("noisy", "kept", "noisy"), "first");
    assertThat(metrics.value(Counter.SOURCE_FILTERED, "app")).isEqualTo(2);
    Entry entry = next();
    assertThat(entry.batch().records()).isEqualTo(1);
    assertThat(budget.heldBytes()).isEqualTo(entry.batch().bytes().length + Entry.BYTES);
    assertThat(ledger.snapshot())
        .extracting(Ledger.Row::records)
        .containsExactly(new Ledger.Amounts(3, 0, 2, 0, 0, 0, 0, 1));
    cursor.done(entry, 0, "");
    assertThat(told).containsExactly("first 0 ");
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void droppedBatchIsNotAcknowledgedBeforeThoseThatCameBeforeIt() {
    ProcessingBuffer buffer = buffer(drop("noisy"));
    append(buffer, batch("kept"), "first");
    append(buffer, batch("noisy"), "second");
    assertThat(told).isEmpty();
    Entry first = next();
    Entry second = next();
    assertThat(second.batch().records()).isZero();
    cursor.done(first, 0, "");
    cursor.done(second, 0, "");
    assertThat(told).containsExactly("first 0 ", "second 0 ");
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void bytesOfADroppedBatchAreFreeWhileItWaitsForThoseBeforeIt() {
    ProcessingBuffer buffer = buffer(drop("noisy"));
    append(buffer, batch("kept"), "first");
    Batch dropped = batch("noisy");
    assertThat(budget.tryReserve(dropped.length())).isTrue();
    buffer.append(dropped, dropped.length(), new TellingAcknowledgement(told));
    assertThat(told).containsExactly("free");
    Entry first = next();
    Entry second = next();
    cursor.done(first, 0, "");
    cursor.done(second, 0, "");
    assertThat(told).containsExactly("free", "first 0 ", "delivered");
  }

  @Test
  void rewrittenBytesAreHeldEvenAboveTheLimit() {
    ProcessingBuffer buffer =
        buffer(new ProcessorSettings.Add(Map.of("filler", "x".repeat(2_000)), null));
    append(buffer, batch("kept"), "first");
    assertThat(budget.heldBytes()).isGreaterThan(2_000);
    assertThat(budget.tryReserve(1)).isFalse();
    cursor.done(next(), 0, "");
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void unchangedBatchIsAppendedAsItIs() {
    ProcessingBuffer buffer = buffer(drop("noisy"));
    Batch batch = batch("kept");
    append(buffer, batch, "first");
    assertThat(next().batch()).isSameAs(batch);
  }

  @Test
  void whatCannotBeLookedAtIsNotShipped() {
    ProcessingBuffer buffer = buffer(drop("noisy"));
    append(buffer, Batch.received(Signal.LOGS, new byte[] {7}, 0, 1, 3, "otlp"), "first");
    cursor.done(next(), 0, "");
    assertThat(told).containsExactly("first 3 no OTLP logs");
    assertThat(ledger.snapshot())
        .extracting(Ledger.Row::records)
        .containsExactly(new Ledger.Amounts(3, 0, 3, 0, 0, 0, 0, 0));
  }

  @Test
  void nothingIsKeptOfARequestThatBecomesTooLarge() {
    ProcessingBuffer buffer =
        buffer(new ProcessorSettings.Add(Map.of("filler", "x".repeat(2_000)), null));
    Batch batch = ProcessorsTest.emptyRecords(100_000);
    budget.limit(batch.length());
    assertThatExceptionOfType(OutputFullException.class)
        .isThrownBy(() -> append(buffer, batch, "first"));
    assertThat(budget.heldBytes()).isZero();
    assertThat(ledger.snapshot()).isEmpty();
    assertThat(cursor.next()).isNull();
    assertThat(told).isEmpty();
  }

  private ProcessingBuffer buffer(ProcessorSettings settings) {
    return new ProcessingBuffer(
        Processors.create(List.of(settings), Map.of()), inner, true, budget, metrics);
  }

  private static ProcessorSettings drop(String logger) {
    return new ProcessorSettings.Drop(new ProcessorSettings.When(logger, 0));
  }

  private void append(ProcessingBuffer buffer, Batch batch, String name) {
    assertThat(budget.tryReserve(batch.length())).isTrue();
    buffer.append(
        batch,
        batch.length(),
        (rejected, reason) -> told.add(name + " " + rejected + " " + reason));
  }

  private Entry next() {
    return Objects.requireNonNull(cursor.next());
  }

  private static Batch batch(String... loggers) {
    List<ProcessorsTest.Logged> records = new ArrayList<>();
    for (String logger : loggers) {
      AnyValue body = AnyValue.newBuilder().setStringValue("body").build();
      records.add(new ProcessorsTest.Logged(logger, LogRecord.newBuilder().setBody(body).build()));
    }
    return ProcessorsTest.batch(records);
  }
}
