package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.DeadLetter;
import dev.pannier.shippers.DeadLetterBox;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// One dispatcher stops, and another goes on with other settings.
class HandOverTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final MemoryBudget budget = new MemoryBudget(1 << 20);
  private final Ledger ledger = new Ledger();
  private final Metrics metrics = new Metrics();
  private final MemoryBuffer buffer =
      new MemoryBuffer(budget, ledger, metrics, Map.of("out", Set.of(Signal.LOGS)));
  private final FakeShipper before = new FakeShipper();
  private final FakeShipper after = new FakeShipper();
  private final List<String> told = new ArrayList<>();
  private long now;

  @Test
  void whatIsInFlightIsWaitedForAndNothingNewIsSent() {
    Dispatcher first = dispatcher(before, Rules.NONE);
    append("a", "1");
    append("b", "2");
    run(first);
    first.standBack();
    append("c", "3");
    run(first);
    assertThat(before.calls).hasSize(2);
    assertThat(first.hasStoodBack()).isFalse();
    before.accept(0);
    before.accept(0);
    run(first);
    assertThat(first.hasStoodBack()).isTrue();

    Dispatcher second = goOn(first, Rules.NONE);
    after.onShip = batch -> Outcome.ACCEPTED;
    run(second);
    assertThat(before.arrived).containsExactly("1", "2");
    assertThat(after.arrived).containsExactly("3");
    assertAllDone(3);
  }

  @Test
  void ofABatchThatWasConfirmedInPartTheRestGoesOn() {
    Dispatcher first = dispatcher(before, Rules.NONE);
    append("a", "1", "2", "3");
    append("a", "4");
    run(first);
    BitSet last = new BitSet();
    last.set(2);
    before.answer(before.calls.getFirst(), new Outcome.Retryable("busy", 0, last));
    first.standBack();
    run(first);
    assertThat(first.hasStoodBack()).isTrue();

    Dispatcher second = goOn(first, Rules.NONE);
    after.onShip = batch -> Outcome.ACCEPTED;
    run(second);
    assertThat(before.arrived).containsExactly("1", "2");
    assertThat(after.arrived).containsExactly("3", "4");
    assertAllDone(2);
  }

  @Test
  void whatHasNoAnswerWhenTheClientIsClosedComesAgainInItsOrder() {
    Dispatcher first = dispatcher(before, Rules.NONE);
    before.pipelined = true;
    append("a", "1");
    append("a", "2");
    append("b", "3");
    run(first);
    assertThat(before.calls).hasSize(3);
    first.standBack();
    run(first);

    Dispatcher second = goOn(first, Rules.NONE);
    assertThat(before.closed).isTrue();
    after.onShip = batch -> Outcome.ACCEPTED;
    run(second);
    assertThat(after.arrived).containsExactly("1", "2", "3");
    assertAllDone(3);
  }

  @Test
  void whatWaitsForAMissingTopicGoesOnBeforeWhatCameLater() {
    Dispatcher first = dispatcher(before, Rules.NONE);
    before.onShip =
        batch -> batch.key().equals("a") ? new Outcome.Missing("no topic", null) : Outcome.ACCEPTED;
    append("a", "1");
    append("b", "2");
    append("a", "3");
    run(first);
    first.standBack();
    run(first);
    Dispatcher second = goOn(first, Rules.NONE);
    append("a", "4");
    after.onShip = batch -> Outcome.ACCEPTED;
    run(second);
    assertThat(before.arrived).containsExactly("2");
    assertThat(after.arrived).containsExactly("1", "3", "4");
    assertAllDone(4);
  }

  @Test
  void recordsWhoseLettersAreNotStoredAreRefusedOnceMoreAndKeptByTheNextBox() {
    Box first = new Box(false);
    Dispatcher dispatcher = dispatcher(before, new Rules(false, first, null, null));
    BitSet middle = new BitSet();
    middle.set(1);
    before.onShip = batch -> new Outcome.PartlyAccepted(1, "bad", middle);
    append("a", "1", "2", "3");
    run(dispatcher);
    assertThat(first.bodies).isEmpty();
    dispatcher.standBack();
    run(dispatcher);
    assertThat(dispatcher.hasStoodBack()).isFalse();

    Box second = new Box(true);
    Dispatcher next = goOn(dispatcher, new Rules(false, second, null, null));
    after.onShip = batch -> new Outcome.Permanent("bad");
    run(next);
    assertThat(second.bodies).containsExactly("2");
    assertAllDone(1);
  }

  @Test
  void whatTheFallbackDidNotShipIsTheFirstShippersAgain() {
    FakeShipper spare = new FakeShipper();
    Fallback fallback = new Fallback("spill", Set.of(Signal.LOGS), budget, ledger, metrics, 4);
    Dispatcher first =
        dispatcher(before, new Rules(false, null, new CircuitBreaker("out", 1, SECOND), fallback));
    Dispatcher spill = new Dispatcher(spare, fallback.cursor(), metrics, new Random(2), 2);
    before.onShip = batch -> new Outcome.Retryable("refused", 0, null).asUntouched();
    append("a", "1");
    append("a", "2");
    run(first);
    run(spill);
    assertThat(spare.calls).isNotEmpty();
    first.standBack();
    run(first);
    fallback.ended(spill.handOver(now, Duration.ZERO));
    Dispatcher second = goOn(first, Rules.NONE);
    after.onShip = batch -> Outcome.ACCEPTED;
    run(second);
    assertThat(after.arrived).containsExactly("1", "2");
    assertAllDone(2);
    assertThat(amounts("spill")).isEqualTo(new Ledger.Amounts(0, 0, 0, 0, 0, 0, 0, 0));
  }

  @Test
  void aBatchThatIsParkedWithALetterThatIsNotStoredGoesOnOnce() {
    Dispatcher dispatcher = dispatcher(before, new Rules(false, new Box(false), null, null));
    before.onShip =
        batch -> {
          List<String> bodies = FakeShipper.bodies(batch);
          return bodies.size() > 1
              ? new Outcome.TooLarge(0, "too large together", null)
              : bodies.contains("1")
                  ? new Outcome.Permanent("bad")
                  : new Outcome.Missing("no topic", null);
        };
    append("a", "1", "2");
    run(dispatcher);
    dispatcher.standBack();
    run(dispatcher);
    assertThat(dispatcher.hasStoodBack()).isFalse();
    Box next = new Box(true);
    Dispatcher second = goOn(dispatcher, new Rules(false, next, null, null));
    after.onShip =
        batch ->
            FakeShipper.bodies(batch).contains("1")
                ? new Outcome.Permanent("bad")
                : Outcome.ACCEPTED;
    run(second);
    assertThat(after.arrived).containsExactly("2");
    assertThat(next.bodies).containsExactly("1");
    assertAllDone(1);
  }

  @Test
  void whatARemovedShipperLeavesIsTheNewOnesAndNothingOfWhatItHadConfirmed() {
    Dispatcher first = dispatcher(before, Rules.NONE);
    append("a", "1");
    append("b", "2");
    append("a", "3");
    run(first);
    before.accept(1);
    run(first);
    buffer.change(Map.of("other", Set.of(Signal.LOGS)));
    append("a", "4");
    first.standBack();
    run(first);
    Unfinished left = first.handOver(now, Duration.ZERO);
    Cursor other = buffer.cursor("other");
    assertThat(buffer.release(List.of(left.leaving()), List.of(other))).isZero();
    Dispatcher second = new Dispatcher(after, other, metrics, new Random(3), 4);
    after.onShip = batch -> Outcome.ACCEPTED;
    run(second);
    assertThat(before.arrived).containsExactly("2");
    assertThat(after.arrived).containsExactly("1", "3", "4");
    assertAllDone(4);
    assertThat(metrics.value(Counter.SHIPPER_DROPPED, "out")).isZero();
    assertThat(amounts("out")).isEqualTo(new Ledger.Amounts(1, 1, 0, 0, 0, 0, 0, 0));
    assertThat(amounts("other")).isEqualTo(new Ledger.Amounts(3, 3, 0, 0, 0, 0, 0, 0));
  }

  @Test
  void whatNobodyTakesOverIsToldAndCounted() {
    Map<String, Set<Signal>> two = new LinkedHashMap<>();
    two.put("out", Set.of(Signal.LOGS));
    two.put("stays", Set.of(Signal.LOGS));
    buffer.change(two);
    append("a", "1", "2");
    Dispatcher first = dispatcher(before, Rules.NONE);
    run(first);
    buffer.change(Map.of("stays", Set.of(Signal.LOGS)));
    first.standBack();
    run(first);
    Unfinished left = first.handOver(now, Duration.ZERO);
    assertThat(buffer.release(List.of(left.leaving()), List.of())).isEqualTo(2);
    Dispatcher stays = new Dispatcher(after, buffer.cursor("stays"), metrics, new Random(3), 4);
    after.onShip = batch -> Outcome.ACCEPTED;
    run(stays);
    assertThat(after.arrived).containsExactly("1", "2");
    assertAllDone(1);
    assertThat(ledger.snapshot().getFirst().records().dropped()).isEqualTo(2);
  }

  @Test
  void batchesOfASignalThatIsTakenNoMoreAreLetGo() {
    buffer.change(Map.of("out", Set.of(Signal.LOGS, Signal.TRACES)));
    Dispatcher first = dispatcher(before, Rules.NONE);
    append(Batches.received(Signal.TRACES, "span"));
    append("a", "1");
    run(first);
    append(Batches.received(Signal.TRACES, "waits"));
    buffer.change(Map.of("out", Set.of(Signal.LOGS)));
    first.standBack();
    Unfinished left = first.handOver(now, Duration.ZERO);
    assertThat(buffer.forgo(buffer.cursor("out"), left.takeUntaken())).isEqualTo(2);
    Dispatcher second = new Dispatcher(after, buffer.cursor("out"), metrics, new Random(3), 4);
    second.takeOver(left);
    after.onShip = batch -> Outcome.ACCEPTED;
    run(second);
    assertThat(after.arrived).containsExactly("1");
    assertAllDone(3);
  }

  private static final class Box implements DeadLetterBox {
    private final boolean works;
    private final List<String> bodies = new ArrayList<>();

    Box(boolean works) {
      this.works = works;
    }

    @Override
    public void put(DeadLetter letter, Consumer<Outcome> outcome) {
      if (works) {
        bodies.addAll(FakeShipper.bodies(letter.batch()));
      }
      outcome.accept(works ? Outcome.ACCEPTED : new Outcome.Retryable("full", 0, null));
    }

    @Override
    public void close() {}
  }

  private Dispatcher dispatcher(FakeShipper shipper, Rules rules) {
    return new Dispatcher(shipper, buffer.cursor("out"), metrics, new Random(1), 4, rules);
  }

  private Dispatcher goOn(Dispatcher first, Rules rules) {
    Dispatcher second = dispatcher(after, rules);
    second.takeOver(first.handOver(now, Duration.ZERO));
    return second;
  }

  private void append(String key, String... bodies) {
    append(Batches.fromFile(key, bodies));
  }

  private void append(@Nullable Batch batch) {
    if (batch == null) {
      throw new AssertionError();
    }
    assertThat(budget.tryReserve(batch.length())).isTrue();
    buffer.append(batch, batch.length(), (rejected, reason) -> told.add(rejected + " " + reason));
  }

  private void run(Dispatcher dispatcher) {
    for (int i = 0; i < 3; i++) {
      int rounds = 0;
      while (dispatcher.doWork(now) > 0 && rounds++ < 100) {
        assertThat(budget.heldBytes()).isNotNegative();
      }
      now += 40 * SECOND;
    }
  }

  private Ledger.Amounts amounts(String shipper) {
    return ledger.snapshot().stream()
        .filter(row -> row.shipper().equals(shipper))
        .map(Ledger.Row::records)
        .findFirst()
        .orElseThrow();
  }

  private void assertAllDone(int batches) {
    assertThat(told).hasSize(batches);
    assertThat(budget.heldBytes()).isZero();
    assertThat(ledger.snapshot())
        .allSatisfy(
            row -> {
              assertThat(row.records().closes()).isTrue();
              assertThat(row.bytes().closes()).isTrue();
              assertThat(row.records().inFlight()).isZero();
            });
  }
}
