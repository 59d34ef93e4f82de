package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.DiskBuffer;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.Doubt;
import dev.pannier.shippers.Origin;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a dispatcher does with a transactional shipper.
class TransactionsTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final MemoryBudget budget = new MemoryBudget(1 << 20);
  private final Ledger ledger = new Ledger();
  private final Metrics metrics = new Metrics();
  private final MemoryBuffer buffer =
      new MemoryBuffer(budget, ledger, metrics, Map.of("out", Set.of(Signal.LOGS)));
  private final Transactional shipper = new Transactional();
  private final Dispatcher dispatcher =
      new Dispatcher(shipper, buffer.cursor("out"), metrics, new Random(1), 8);
  private final List<String> told = new ArrayList<>();
  private long now;

  /// Takes batches until the test ends the transaction.
  private static final class Transactional implements Shipper {
    record Call(List<Batch> parts, Consumer<Outcome> outcome) {
      List<String> bodies() {
        return parts.stream().flatMap(part -> FakeShipper.bodies(part).stream()).toList();
      }
    }

    final List<Call> calls = new ArrayList<>();
    final List<String> passed = new ArrayList<>();
    final List<Batch> buried = new ArrayList<>();
    boolean buries;
    boolean isReached = true;
    boolean isReady = true;
    long waitNanos = Long.MAX_VALUE;
    @Nullable Doubt last;
    Committed committed = Committed.NOTHING;
    Supplier<long[]> open = () -> new long[0];

    @Override
    public Outcome connect() {
      return isReached ? Outcome.ACCEPTED : new Outcome.Retryable("not there", 0, null);
    }

    @Override
    public boolean isReady() {
      return isReady;
    }

    @Override
    public long waitNanos(long nowNanos) {
      return waitNanos;
    }

    @Override
    public boolean hasCommitted(Doubt doubt) {
      return doubt.equals(last);
    }

    @Override
    public boolean isTransactional() {
      return true;
    }

    @Override
    public boolean pipelines(String key) {
      return true;
    }

    @Override
    public Committed committed() {
      return committed;
    }

    @Override
    public void ship(Batch batch, Consumer<Outcome> outcome) {
      throw new UnsupportedOperationException("parts");
    }

    @Override
    public void shipWhole(List<Batch> parts, Origin origin, Consumer<Outcome> outcome) {
      calls.add(new Call(parts, outcome));
    }

    @Override
    public boolean buries() {
      return buries;
    }

    @Override
    public void bury(Batch part, String reason) {
      buried.add(part);
    }

    @Override
    public void passed(Batch batch, Origin origin) {
      passed.add(batch.key());
    }

    @Override
    public int doWork(long nowNanos, Supplier<long[]> unshipped) {
      open = unshipped;
      return 0;
    }

    void end(Outcome outcome) {
      List<Call> all = List.copyOf(calls);
      calls.clear();
      all.forEach(call -> call.outcome().accept(outcome));
    }

    @Override
    public void close(Duration timeout) {}
  }

  private void append(Batch batch) {
    assertThat(budget.tryReserve(batch.length())).isTrue();
    buffer.append(
        batch, batch.length(), (rejected, reason) -> told.add(batch.key() + " " + rejected));
  }

  private void run() {
    run(dispatcher);
  }

  private void run(Dispatcher one) {
    while (one.doWork(now) > 0) {
      assertThat(budget.heldBytes()).isNotNegative();
    }
  }

  private List<List<String>> shipped() {
    return shipper.calls.stream().map(Transactional.Call::bodies).toList();
  }

  @Test
  void batchesOfOneKeyFollowEachOtherAlsoAfterAFailure() {
    append(Batches.fromFile("a", 0, "1"));
    append(Batches.fromFile("a", 1, "2"));
    append(Batches.fromFile("a", 2, "3"));
    run();
    assertThat(shipped()).containsExactly(List.of("1"), List.of("2"), List.of("3"));
    shipper.end(new Outcome.Retryable("aborted", 0, null));
    run();
    now += 2 * SECOND;
    run();
    assertThat(shipped()).containsExactly(List.of("1"), List.of("2"), List.of("3"));
    assertThat(told).isEmpty();
    shipper.end(Outcome.ACCEPTED);
    run();
    assertThat(told).hasSize(3);
  }

  @Test
  void whatGoesOtherwiseNextTimeGoesAtOnceAndIsNoFailureOfTheDestination() {
    append(Batches.fromFile("a", 0, "1"));
    append(Batches.fromFile("b", 0, "2"));
    run();
    for (int i = 0; i < 20; i++) {
      shipper.end(new Outcome.Retryable("another was refused", 0, null).asLearnt(true));
      run();
      assertThat(shipped()).containsExactly(List.of("1"), List.of("2"));
    }
    assertThat(dispatcher.trouble(now + 60 * SECOND)).isNull();
    shipper.end(Outcome.ACCEPTED);
    run();
    assertThat(told).hasSize(2);
  }

  /// Each attempt to write where it may not fails all that was in the transaction.
  @Test
  void whatIsParkedAndFailsNowAndThenDoesNotKeepTheOthersWaiting() {
    append(Batches.fromFile("a", 0, "denied"));
    for (int turn = 0; turn < 30; turn++) {
      append(Batches.fromFile("b", turn, "allowed"));
      run();
      assertThat(shipped()).contains(List.of("denied"), List.of("allowed"));
      shipper.end(new Outcome.Retryable("no right", 0, null));
      for (int second = 0; second < 10; second++) {
        now += SECOND;
        run();
        answerEach();
        run();
        if (second == 3) {
          assertThat(told).as("turn %d", turn).hasSize(turn + 1);
        }
      }
      now += SECOND;
    }
  }

  private void answerEach() {
    List<Transactional.Call> calls = List.copyOf(shipper.calls);
    shipper.calls.clear();
    for (Transactional.Call call : calls) {
      boolean isDenied = call.bodies().equals(List.of("denied"));
      call.outcome().accept(isDenied ? new Outcome.Missing("no right", null) : Outcome.ACCEPTED);
    }
  }

  @Test
  void whatIsParkedAndDueWaitsForAShipperThatIsNotReady() {
    append(Batches.fromFile("a", 0, "1"));
    run();
    shipper.end(new Outcome.Missing("no topic", null));
    run();
    now += Parked.RETRY_NANOS;
    shipper.isReady = false;
    shipper.waitNanos = 5 * SECOND;
    run();
    assertThat(dispatcher.waitNanos(now)).isEqualTo(5 * SECOND);
    shipper.isReady = true;
    assertThat(dispatcher.waitNanos(now)).isZero();
    run();
    assertThat(shipped()).containsExactly(List.of("1"));
  }

  @Test
  void allPartsOfABatchThatWasSplitGoAtOnce() {
    append(Batches.fromFile("a", 0, "1", "2", "3", "4"));
    append(Batches.fromFile("a", 4, "5"));
    run();
    shipper.calls.removeFirst().outcome().accept(new Outcome.TooLarge(0, "too large", null));
    run();
    assertThat(shipper.calls.getLast().parts()).hasSize(2);
    assertThat(shipper.calls.getLast().bodies()).containsExactly("1", "2", "3", "4");
    BitSet last = new BitSet();
    last.set(2, 4);
    shipper.calls.removeLast().outcome().accept(new Outcome.TooLarge(0, "too large", last));
    run();
    assertThat(shipper.calls.getLast().parts()).hasSize(3);
    assertThat(shipper.calls.getLast().bodies()).containsExactly("1", "2", "3", "4");
    shipper.end(Outcome.ACCEPTED);
    run();
    assertThat(told).containsExactly("a 0", "a 0");
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void whatTheDestinationHadIsDoneWithoutBeingShipped() {
    shipper.committed =
        new Committed(0, 0, new long[0], List.of(new Positions("a".hashCode(), 0, 2, 0, 0)));
    append(Batches.fromFile("a", 0, "1", "2"));
    append(Batches.fromFile("a", 2, "3"));
    append(Batches.fromFile("b", 0, "4"));
    run();
    assertThat(shipped()).containsExactly(List.of("3"), List.of("4"));
    assertThat(told).containsExactly("a 0");
    assertThat(metrics.adder(Counter.SHIPPER_REPEATS, "out").sum()).isEqualTo(2);
    Ledger.Amounts records = ledger.snapshot().getFirst().records();
    assertThat(records.read()).isEqualTo(records.shipped() + records.inFlight());
  }

  @Test
  void whatTheDestinationHadIsCountedOnceThoughAnotherDispatcherTakesItOver() {
    Transactional next = new Transactional();
    shipper.committed =
        new Committed(0, 0, new long[0], List.of(new Positions("b".hashCode(), 0, 2, 0, 0)));
    next.committed = shipper.committed;
    append(Batches.fromFile("a", 0, "1"));
    Batch had = Batches.fromFile("b", 0, "2", "3");
    append(
        new Batch(
            had.signal(),
            had.bytes(),
            had.offset(),
            had.length(),
            had.records(),
            had.source(),
            "a",
            had.positions()));
    run();
    assertThat(shipped()).containsExactly(List.of("1"));
    assertThat(told).isEmpty();
    Dispatcher second = takeOver(dispatcher, next);
    while (second.doWork(now) > 0) {
      next.end(Outcome.ACCEPTED);
    }
    assertThat(told).containsExactly("a 0", "a 0");
    assertThat(metrics.adder(Counter.SHIPPER_REPEATS, "out").sum()).isEqualTo(2);
  }

  /// What has a file's position or a number is covered by those; a request has neither.
  @Test
  void whatTheShipperBeforeMayHaveCommittedIsAskedOfTheNextAfterHoweverManyReloads() {
    append(Batches.received("1"));
    append(Batches.received("2"));
    run();
    Doubt committed = new Doubt(1, 7, Outcome.ACCEPTED);
    shipper.calls.removeFirst().outcome().accept(closed(committed));
    shipper.calls.removeFirst().outcome().accept(closed(new Doubt(1, 8, Outcome.ACCEPTED)));
    Transactional unreachable = new Transactional();
    unreachable.isReached = false;
    Dispatcher second = takeOver(dispatcher, unreachable);
    run(second);
    Transactional next = new Transactional();
    next.last = committed;
    Dispatcher third = takeOver(second, next);
    run(third);
    assertThat(next.calls).extracting(Transactional.Call::bodies).containsExactly(List.of("2"));
    next.end(Outcome.ACCEPTED);
    run(third);
    assertThat(told).hasSize(2);
    assertThat(metrics.adder(Counter.SHIPPER_REPEATS, "out").sum()).isEqualTo(1);
  }

  private static Outcome closed(Doubt doubt) {
    return new Outcome.Retryable("closed", 0, null).inDoubt(doubt);
  }

  private Dispatcher takeOver(Dispatcher first, Shipper next) {
    first.standBack();
    run(first);
    Dispatcher second = new Dispatcher(next, buffer.cursor("out"), metrics, new Random(1), 8);
    second.takeOver(first.handOver(now, Duration.ZERO));
    return second;
  }

  @Test
  void partsOfWhatTheDestinationHadHoldNoMemory() {
    append(Batches.fromFile("a", 0, "1", "2", "3", "4"));
    run();
    shipper.end(new Outcome.TooLarge(0, "too large", null));
    run();
    assertThat(shipper.calls.getFirst().parts()).hasSize(2);
    shipper.end(new Outcome.Retryable("a commit has no answer", 0, null));
    dispatcher.standBack();
    run();
    Transactional next = new Transactional();
    next.committed =
        new Committed(0, 0, new long[0], List.of(new Positions("a".hashCode(), 0, 4, 0, 0)));
    Dispatcher second = new Dispatcher(next, buffer.cursor("out"), metrics, new Random(1), 8);
    second.takeOver(dispatcher.handOver(now, Duration.ZERO));
    run(second);
    assertThat(next.calls).isEmpty();
    assertThat(told).containsExactly("a 0");
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void ofACommitWithoutAnAnswerTheLedgerHasWhatWasKnownWhenTheNextFindsIt() {
    Transactional next = new Transactional();
    next.committed =
        new Committed(0, 0, new long[0], List.of(new Positions("a".hashCode(), 0, 4, 0, 0)));
    append(Batches.fromFile("a", 0, "1", "2", "3", "4"));
    append(Batches.fromFile("b", 0, "5"));
    run();
    Outcome known = new Outcome.PartlyAccepted(1, "too old", List.of(), 2, 1);
    shipper.end(new Outcome.Retryable("closed", 0, null).inDoubt(new Doubt(1, 1, known)));
    run();
    dispatcher.standBack();
    run();
    Dispatcher second = new Dispatcher(next, buffer.cursor("out"), metrics, new Random(1), 8);
    second.takeOver(dispatcher.handOver(now, Duration.ZERO));
    run(second);
    assertThat(next.calls.stream().map(Transactional.Call::bodies)).containsExactly(List.of("5"));
    next.end(Outcome.ACCEPTED);
    run(second);
    assertThat(told).containsExactly("a 1", "b 0");
    Ledger.Amounts amounts = ledger.snapshot().getFirst().records();
    assertThat(amounts).isEqualTo(new Ledger.Amounts(5, 2, 0, 1, 2, 0, 0, 0));
    assertThat(metrics.adder(Counter.SHIPPER_DEAD_LETTERS, "out").sum()).isZero();
    assertThat(metrics.adder(Counter.SHIPPER_REPEATS, "out").sum()).isZero();
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aLetterThatWasCutIsCounted() {
    append(Batches.fromFile("a", 0, "1", "2", "3"));
    run();
    shipper.end(new Outcome.PartlyAccepted(0, "never", List.of(), 2, 1));
    run();
    assertThat(metrics.adder(Counter.SHIPPER_TRUNCATED, "out").sum()).isEqualTo(1);
  }

  @Test
  void aBatchWithoutRecordsIsPassedWhenThoseBeforeItAreDone() {
    append(Batches.fromFile("a", 0, "1"));
    append(Batches.fromFile("a", 1).with(new byte[0], 0, 0, 0));
    run();
    assertThat(shipper.passed).isEmpty();
    shipper.end(Outcome.ACCEPTED);
    run();
    assertThat(shipper.passed).containsExactly("a");
    assertThat(told).hasSize(2);
  }

  @Test
  void aBatchWithoutRecordsIsNotPassedBeforeOneThatIsParked() {
    append(Batches.fromFile("a", 0, "1"));
    append(Batches.fromFile("a", 1).with(new byte[0], 0, 0, 0));
    run();
    shipper.calls.removeFirst().outcome().accept(new Outcome.Missing("no topic", null));
    run();
    assertThat(shipper.passed).isEmpty();
    now += 2 * SECOND;
    run();
    shipper.end(Outcome.ACCEPTED);
    run();
    assertThat(shipper.passed).containsExactly("a");
    assertThat(told).hasSize(2);
  }

  @Test
  void whatIsParkedIsOpen() {
    append(Batches.fromFile("a", 0, "1"));
    append(Batches.fromFile("b", 0, "2"));
    run();
    shipper.calls.removeFirst().outcome().accept(new Outcome.Missing("no topic", null));
    run();
    assertThat(shipped()).containsExactly(List.of("2"));
    assertThat(shipper.open.get()).containsExactly(1);
    now += 2 * SECOND;
    run();
    assertThat(shipped()).containsExactly(List.of("2"), List.of("1"));
    assertThat(shipper.open.get()).isEmpty();
  }

  @Test
  void whatWasLeftOpenByAProcessBeforeStaysOpenUntilItIsTaken(@TempDir Path folder)
      throws IOException {
    List<Batch> all = IntStream.rangeClosed(1, 30).mapToObj(i -> Batches.received("" + i)).toList();
    try (DiskBuffer disk = OnDisk.of(all, folder, budget, ledger, metrics, Set.of("out"))) {
      Cursor cursor = disk.cursor("out");
      shipper.committed = new Committed(cursor.log(), 30, new long[] {1, 20}, List.of());
      Dispatcher first = new Dispatcher(shipper, cursor, metrics, new Random(1), 8);
      run(first);
      assertThat(shipped()).containsExactly(List.of("1"));
      assertThat(shipper.open.get()).as("though far less was taken").containsExactly(20);

      first.standBack();
      run(first);
      Transactional next = new Transactional();
      next.committed = shipper.committed;
      Dispatcher second = new Dispatcher(next, cursor, metrics, new Random(1), 8);
      second.takeOver(first.handOver(now, Duration.ZERO));
      run(second);
      assertThat(next.calls).hasSize(1);
      assertThat(next.open.get()).as("1 is with the next shipper").containsExactly(20);
      next.end(Outcome.ACCEPTED);
      run(second);
      assertThat(next.calls.getFirst().bodies()).containsExactly("20");
      assertThat(next.open.get()).isEmpty();
      next.end(Outcome.ACCEPTED);
      run(second);
      assertThat(cursor.openBatches()).isZero();
      assertThat(metrics.adder(Counter.SHIPPER_REPEATS, "out").sum()).isEqualTo(28);
    }
  }

  @Test
  void whatIsSetAsideIsOpenAndComesOnceWithTheNextShipper(@TempDir Path folder) throws IOException {
    int many = 200;
    List<Batch> all =
        IntStream.rangeClosed(1, many).mapToObj(i -> Batches.fromFile("a", i, "" + i)).toList();
    long[] numbers = LongStream.rangeClosed(1, many).toArray();
    try (DiskBuffer disk = OnDisk.of(all, folder, budget, ledger, metrics, Set.of("out"))) {
      Cursor cursor = disk.cursor("out");
      Dispatcher first = new Dispatcher(shipper, cursor, metrics, new Random(1), 8);
      run(first);
      while (!shipper.calls.isEmpty()) {
        shipper.end(new Outcome.Missing("no topic", null));
        run(first);
      }
      assertThat(shipper.open.get()).containsExactly(numbers);
      assertThat(cursor.aside().toArray()).hasSize(many);

      first.standBack();
      run(first);
      Transactional next = new Transactional();
      next.committed = new Committed(cursor.log(), many, numbers, List.of());
      Dispatcher second = new Dispatcher(next, cursor, metrics, new Random(1), 8);
      second.takeOver(first.handOver(now, Duration.ZERO));
      List<String> shipped = new ArrayList<>();
      for (int i = 0; i < 10 * many; i++) {
        run(second);
        assertThat(next.open.get()).hasSize(many - shipped.size() - next.calls.size());
        next.calls.forEach(call -> shipped.addAll(call.bodies()));
        next.end(Outcome.ACCEPTED);
        now += SECOND / 100;
      }
      run(second);
      assertThat(shipped).isEqualTo(LongStream.of(numbers).mapToObj(String::valueOf).toList());
      assertThat(next.open.get()).isEmpty();
      assertThat(cursor.openBatches()).isZero();
    }
  }

  @Test
  void whatTheShipperHasBuriedIsADeadLetterInTheLedger() {
    append(Batches.fromFile("a", 0, "1", "2", "3", "4"));
    run();
    shipper.end(new Outcome.PartlyAccepted(1, "too old", List.of(), 2));
    run();
    assertThat(told).containsExactly("a 1");
    Ledger.Amounts amounts = ledger.snapshot().getFirst().records();
    assertThat(amounts.shipped()).isEqualTo(1);
    assertThat(amounts.rejected()).isEqualTo(1);
    assertThat(amounts.deadLettered()).isEqualTo(2);
    assertThat(amounts.inFlight()).isZero();
  }

  @Test
  void aRecordThatIsTooLargeIsBuriedWhereThePolicySaysSoAndTheOthersGoOn() {
    shipper.buries = true;
    Dispatcher burying =
        new Dispatcher(
            shipper,
            buffer.cursor("out"),
            metrics,
            new Random(1),
            8,
            new Rules(true, null, null, null));
    append(Batches.fromFile("a", 0, "1", "2"));
    run(burying);
    shipper.calls.removeFirst().outcome().accept(new Outcome.TooLarge(0, "too large", null));
    run(burying);
    assertThat(shipper.buried).as("several are split").isEmpty();
    BitSet last = new BitSet();
    last.set(1);
    shipper.calls.removeLast().outcome().accept(new Outcome.TooLarge(0, "too large", last));
    run(burying);
    assertThat(shipper.buried).hasSize(1);
    assertThat(shipper.calls.getLast().bodies()).containsExactly("1", "2");
    assertThat(shipper.calls.getLast().parts().getLast()).isSameAs(shipper.buried.getFirst());
    shipper.end(new Outcome.PartlyAccepted(0, "too large", List.of(), 1));
    run(burying);
    assertThat(told).containsExactly("a 0");
    assertThat(metrics.adder(Counter.SHIPPER_DEAD_LETTERS, "out").sum()).isEqualTo(1);
    assertThat(metrics.adder(Counter.SHIPPER_TRUNCATED, "out").sum()).isZero();
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void refusedRecordsAreCountedOnce() {
    append(Batches.fromFile("a", 0, "1", "2", "3"));
    run();
    shipper.end(new Outcome.PartlyAccepted(2, "too old"));
    run();
    assertThat(told).containsExactly("a 2");
    assertThat(metrics.adder(Counter.SHIPPER_REJECTED, "out").sum()).isEqualTo(2);
    assertThat(metrics.adder(Counter.SHIPPER_RECORDS, "out").sum()).isEqualTo(1);
  }
}
