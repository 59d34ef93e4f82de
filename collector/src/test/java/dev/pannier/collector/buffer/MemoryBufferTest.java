package dev.pannier.collector.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MemoryBufferTest {
  private final MemoryBudget budget = new MemoryBudget(10_000);
  private final Ledger ledger = new Ledger();
  private final Metrics metrics = new Metrics();
  private final List<String> told = new ArrayList<>();

  @Test
  void batchLeavesWhenTheLastShipperIsDone() {
    MemoryBuffer buffer = buffer("fast", "slow");
    append(buffer, file("a", 3), 100);
    Cursor fast = buffer.cursor("fast");
    Cursor slow = buffer.cursor("slow");
    Entry entry = take(fast);
    fast.done(entry, 0, "");
    assertThat(told).isEmpty();
    assertThat(budget.heldBytes()).isEqualTo(100 + Entry.BYTES);
    slow.done(take(slow), 2, "too old");
    assertThat(told).containsExactly("a 2 too old");
    assertThat(budget.heldBytes()).isZero();
    assertThat(ledger.snapshot())
        .containsExactly(
            new Ledger.Row(
                "app",
                "fast",
                new Ledger.Amounts(3, 3, 0, 0, 0, 0, 0, 0),
                new Ledger.Amounts(9, 9, 0, 0, 0, 0, 0, 0)),
            new Ledger.Row(
                "app",
                "slow",
                new Ledger.Amounts(3, 1, 0, 2, 0, 0, 0, 0),
                new Ledger.Amounts(9, 3, 0, 6, 0, 0, 0, 0)));
  }

  @Test
  void bytesAreFreeWhenTheAcknowledgementIsTold() {
    MemoryBuffer buffer = buffer("out");
    assertThat(budget.tryReserve(100)).isTrue();
    List<Long> held = new ArrayList<>();
    buffer.append(file("a", 1), 100, (rejected, reason) -> held.add(budget.heldBytes()));
    Cursor cursor = buffer.cursor("out");
    cursor.done(take(cursor), 0, "");
    assertThat(held).containsExactly(0L);
  }

  @Test
  void batchThatNoShipperTakesIsAcknowledgedAtOnceAndCounted() {
    MemoryBuffer buffer = buffer("out");
    append(buffer, new Batch(Signal.TRACES, new byte[9], 0, 9, 4, "otlp", "", new byte[0]), 9);
    assertThat(told).containsExactly(" 0 ");
    assertThat(budget.heldBytes()).isZero();
    assertThat(buffer.cursor("out").next()).isNull();
    assertThat(metrics.value(Counter.SOURCE_UNROUTED, "otlp")).isEqualTo(4);
    assertThat(ledger.snapshot()).isEmpty();
  }

  @Test
  void sequenceNumbersRise() {
    MemoryBuffer buffer = buffer("out");
    append(buffer, file("a", 1), 1);
    append(buffer, file("b", 1), 1);
    Cursor cursor = buffer.cursor("out");
    assertThat(take(cursor).sequence()).isLessThan(take(cursor).sequence());
  }

  @Test
  void filesWaitWhileEnoughOfThemWaitsForEveryShipper() {
    MemoryBuffer buffer = buffer("fast", "slow");
    List<String> room = new ArrayList<>();
    buffer.onRoom(() -> room.add("room"));
    assertThat(buffer.hasRoomForFiles()).isTrue();
    append(buffer, file("a", 1), 1);
    append(buffer, file("a", 1), 1);
    assertThat(buffer.hasRoomForFiles()).isFalse();
    take(buffer.cursor("fast"));
    assertThat(buffer.hasRoomForFiles()).as("one of them would run dry").isTrue();
    assertThat(room).hasSize(1);
  }

  @Test
  void oneLargeBatchIsEnough() {
    MemoryBudget large = new MemoryBudget(8 << 20);
    MemoryBuffer buffer =
        new MemoryBuffer(large, ledger, metrics, Map.of("out", Set.of(Signal.LOGS)));
    byte[] bytes = new byte[(int) MemoryBuffer.ENOUGH_BYTES];
    buffer.append(
        new Batch(Signal.LOGS, bytes, 0, bytes.length, 1, "app", "a", new byte[1]),
        0,
        (rejected, reason) -> {});
    assertThat(buffer.hasRoomForFiles()).isFalse();
  }

  @Test
  void requestsDoNotKeepFilesWaiting() {
    MemoryBuffer buffer = buffer("out");
    for (int i = 0; i < 15; i++) {
      append(buffer, Batch.received(Signal.LOGS, new byte[9], 0, 9, 1, "otlp"), 9);
    }
    assertThat(buffer.hasRoomForFiles()).isTrue();
  }

  @Test
  void filesLeaveHalfOfMemoryToRequestsHoweverSlowAShipperIs() {
    MemoryBuffer buffer = buffer("fast", "slow");
    Cursor fast = buffer.cursor("fast");
    int batches = 0;
    while (buffer.hasRoomForFiles()) {
      append(buffer, file("a", 1), 1_000);
      fast.done(take(fast), 0, "");
      batches++;
    }
    assertThat(batches).isEqualTo(4);
    Cursor slow = buffer.cursor("slow");
    slow.done(take(slow), 0, "");
    assertThat(buffer.hasRoomForFiles()).isTrue();
  }

  /// Those whose records were all dropped wait for their turn behind one that is not shipped.
  @Test
  void batchesWithoutBytesAreBounded() {
    MemoryBuffer buffer = buffer("fast", "slow");
    Cursor fast = buffer.cursor("fast");
    int batches = 0;
    while (buffer.hasRoomForFiles()) {
      append(buffer, new Batch(Signal.LOGS, new byte[0], 0, 0, 0, "app", "a", new byte[1]), 0);
      fast.done(take(fast), 0, "");
      batches++;
      assertThat(batches).as("of 5,000 bytes").isLessThan(100);
    }
    assertThat(budget.heldBytes()).isEqualTo((long) batches * Entry.BYTES);
  }

  @Test
  void bytesAreToldToBeFreeBeforeTheBatchIsDelivered() {
    MemoryBuffer buffer = buffer("out");
    buffer.append(file("a", 1), 0, new TellingAcknowledgement(told));
    Cursor cursor = buffer.cursor("out");
    cursor.done(take(cursor), 0, "");
    assertThat(told).containsExactly("free", "delivered");
  }

  @Test
  void filesAreNotReadForShippersThatTakeNoLogs() {
    MemoryBuffer buffer =
        new MemoryBuffer(budget, ledger, metrics, Map.of("traces", Set.of(Signal.TRACES)));
    assertThat(buffer.hasRoomForFiles()).isFalse();
  }

  /// Its client is not told of success.
  @Test
  void whatAShipperNeverGetsSinceItWasRemovedIsTold() {
    MemoryBuffer buffer = buffer("gone", "stays");
    append(buffer, file("a", 3), 100);
    append(buffer, file("b", 2), 100);
    Cursor gone = buffer.cursor("gone");
    Cursor stays = buffer.cursor("stays");
    Entry first = take(gone);
    stays.done(take(stays), 1, "too old");
    buffer.change(Map.of("stays", Set.of(Signal.LOGS)));
    assertThat(buffer.release(List.of(new Cursors.Leaving(gone, List.of(first))), List.of()))
        .isEqualTo(5);
    stays.done(take(stays), 0, "");
    assertThat(told)
        .containsExactly("a 3 shipper gone was removed", "b 2 shipper gone was removed");
    assertThat(buffer.delivery().getAsBoolean()).as("it may be in their files alone").isFalse();
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void whatAnotherShipperGetsInItsSteadIsItsToTell() {
    MemoryBuffer buffer = buffer("gone");
    append(buffer, file("a", 3), 100);
    Cursor gone = buffer.cursor("gone");
    buffer.change(Map.of("heir", Set.of(Signal.LOGS)));
    Cursor heir = buffer.cursor("heir");
    assertThat(buffer.release(List.of(new Cursors.Leaving(gone, List.of())), List.of(heir)))
        .isZero();
    heir.done(take(heir), 0, "");
    assertThat(told).containsExactly("a 0 ");
    assertThat(buffer.delivery().getAsBoolean()).isTrue();
  }

  @Test
  void whatIsOfASignalThatAShipperTakesNoMoreIsTold() {
    MemoryBuffer buffer = buffer("out");
    append(buffer, file("a", 3), 100);
    buffer.change(Map.of("out", Set.of(Signal.TRACES)));
    assertThat(buffer.forgo(buffer.cursor("out"), List.of())).isEqualTo(3);
    assertThat(told).containsExactly("a 3 shipper out takes no logs any more");
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void filteredRecordsCountForEveryShipperThatWouldHaveHadThem() {
    MemoryBuffer buffer =
        new MemoryBuffer(
            budget,
            ledger,
            metrics,
            Map.of("logs", Set.of(Signal.LOGS), "traces", Set.of(Signal.TRACES)));
    buffer.filtered("app", Signal.LOGS, 5, 50);
    assertThat(ledger.snapshot())
        .extracting(Ledger.Row::records)
        .containsExactly(new Ledger.Amounts(5, 0, 5, 0, 0, 0, 0, 0));
  }

  private MemoryBuffer buffer(String... shippers) {
    Map<String, Set<Signal>> signals = new LinkedHashMap<>();
    for (String shipper : shippers) {
      signals.put(shipper, Set.of(Signal.LOGS));
    }
    return new MemoryBuffer(budget, ledger, metrics, signals);
  }

  private void append(MemoryBuffer buffer, Batch batch, long reserved) {
    assertThat(budget.tryReserve(reserved)).isTrue();
    buffer.append(
        batch,
        reserved,
        (rejected, reason) -> told.add(batch.key() + " " + rejected + " " + reason));
  }

  private static Batch file(String key, int records) {
    return new Batch(Signal.LOGS, new byte[9], 0, 9, records, "app", key, new byte[1]);
  }

  private static Entry take(Cursor cursor) {
    return Objects.requireNonNull(cursor.next());
  }
}
