package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.DiskBuffer;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FallbackTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final Outcome REFUSED = new Outcome.Retryable("refused", 0, null).asUntouched();
  private static final Outcome LOST = new Outcome.Retryable("no answer", 0, null);

  private final MemoryBudget budget = new MemoryBudget(1 << 20);
  private final Ledger ledger = new Ledger();
  private final Metrics metrics = new Metrics();
  private final MemoryBuffer buffer =
      new MemoryBuffer(budget, ledger, metrics, Map.of("out", Set.of(Signal.LOGS)));
  private final FakeShipper primary = new FakeShipper();
  private final FakeShipper second = new FakeShipper();
  private final Fallback fallback =
      new Fallback("spill", Set.of(Signal.LOGS), budget, ledger, metrics, 4);
  private final CircuitBreaker circuit = new CircuitBreaker("out", 3, 30 * SECOND);
  private final Dispatcher dispatcher =
      new Dispatcher(
          primary,
          buffer.cursor("out"),
          metrics,
          new Random(1),
          4,
          new Rules(false, null, circuit, fallback));
  private final Dispatcher spill =
      new Dispatcher(second, fallback.cursor(), metrics, new Random(2), 2);
  private final List<String> told = new ArrayList<>();
  private long now;

  @Test
  void whatIsRefusedWaitsUntilTheCircuitOpensAndThenFallsBackInOrder() {
    primary.onShip = batch -> REFUSED;
    second.onShip = batch -> Outcome.ACCEPTED;
    append("a", "1");
    append("a", "2");
    run();
    assertThat(second.arrived).isEmpty();
    open();
    append("a", "3");
    run();
    assertThat(second.arrived).containsExactly("1", "2", "3");
    assertThat(told).containsExactly("1", "2", "3");
    assertThat(primary.arrived).isEmpty();
    assertThat(row("out").records()).isEqualTo(new Ledger.Amounts(3, 0, 0, 0, 0, 3, 0, 0));
    assertThat(row("spill").records()).isEqualTo(new Ledger.Amounts(3, 3, 0, 0, 0, 0, 0, 0));
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aDestinationThatWasNeverReachedHasItsBatchesFallBackToo() {
    primary.connect = new Outcome.Retryable("no route", 0, null);
    second.onShip = batch -> Outcome.ACCEPTED;
    append("a", "1");
    for (int i = 0; i < 3; i++) {
      now += 30 * SECOND;
      run();
    }
    assertThat(second.arrived).containsExactly("1");
    assertThat(dispatcher.status(now).circuit())
        .isEqualTo(new ShipperStatus.Circuit(CircuitBreaker.State.OPEN, "no route", 1, "spill"));
  }

  @Test
  void whatTheDestinationMayHaveStoredWaitsForItAndTheRestFallsBack() {
    primary.onShip = batch -> FakeShipper.bodies(batch).contains("1") ? LOST : REFUSED;
    second.onShip = batch -> Outcome.ACCEPTED;
    append("a", "1");
    append("b", "2");
    open();
    append("a", "3");
    run();
    assertThat(second.arrived).containsExactly("2", "3");
    assertThat(told).containsExactly("2", "3");

    primary.onShip = batch -> Outcome.ACCEPTED;
    now += 30 * SECOND;
    run();
    assertThat(primary.arrived).containsExactly("1");
    assertThat(circuit.state()).isEqualTo(CircuitBreaker.State.CLOSED);
    append("a", "4");
    run();
    assertThat(primary.arrived).containsExactly("1", "4");
    assertThat(second.arrived).containsExactly("2", "3");
  }

  @Test
  void oneBatchIsTriedAndStaysWithTheDestination() {
    primary.onShip = batch -> REFUSED;
    second.onShip = batch -> Outcome.ACCEPTED;
    append("a", "1");
    open();
    run();
    primary.onShip = batch -> null;
    now += 30 * SECOND;
    append("b", "2");
    append("c", "3");
    append("d", "4");
    run();
    assertThat(primary.calls).hasSize(1);
    assertThat(second.arrived).containsExactly("1", "3", "4");
    primary.answer(primary.calls.getFirst(), REFUSED);
    run();
    assertThat(second.arrived).containsExactly("1", "3", "4");
    now += 30 * SECOND;
    run();
    primary.accept(0);
    run();
    assertThat(primary.arrived).containsExactly("2");
    assertThat(told).containsExactlyInAnyOrder("1", "2", "3", "4");
  }

  @Test
  void nothingIsTakenBackWhenTheCircuitCloses() {
    primary.onShip = batch -> REFUSED;
    append("a", "1");
    open();
    run();
    assertThat(second.calls).hasSize(1);
    primary.onShip = batch -> Outcome.ACCEPTED;
    now += 30 * SECOND;
    append("a", "2");
    run();
    assertThat(primary.arrived).containsExactly("2");
    assertThat(told).containsExactly("2");
    second.accept(0);
    run();
    assertThat(second.arrived).containsExactly("1");
    assertThat(told).containsExactly("2", "1");
  }

  @Test
  void aFallbackThatIsSlowIsGivenNoMoreThanItHasRoomFor() {
    primary.onShip = batch -> REFUSED;
    append("a", "1");
    open();
    for (int i = 2; i <= 9; i++) {
      append("a", "" + i);
    }
    run();
    assertThat(row("spill").records().read()).isEqualTo(4);
    second.onShip = batch -> Outcome.ACCEPTED;
    second.accept(0);
    run();
    assertThat(second.arrived).containsExactly("1", "2", "3", "4", "5", "6", "7", "8", "9");
  }

  @Test
  void withoutAFallbackBatchesWaitAndOneIsTried() {
    Dispatcher alone =
        new Dispatcher(
            primary,
            buffer.cursor("out"),
            metrics,
            new Random(1),
            4,
            new Rules(false, null, circuit, null));
    primary.onShip = batch -> REFUSED;
    append("a", "1");
    append("b", "2");
    for (int i = 0; i < 3; i++) {
      run(alone);
      now += SECOND;
    }
    assertThat(circuit.state()).isEqualTo(CircuitBreaker.State.OPEN);
    assertThat(alone.waitNanos(now)).isGreaterThan(20 * SECOND);
    primary.onShip = batch -> null;
    now += 30 * SECOND;
    run(alone);
    assertThat(primary.calls).hasSize(1);
    primary.accept(0);
    run(alone);
    assertThat(primary.calls).hasSize(1);
    primary.accept(0);
    run(alone);
    assertThat(told).containsExactly("1", "2");
  }

  @Test
  void drainingWaitsForTheFallbackAndTriesTheDestinationAtOnce() {
    primary.onShip = batch -> REFUSED;
    append("a", "1");
    open();
    run();
    dispatcher.drain();
    run();
    assertThat(dispatcher.drained()).isFalse();
    second.accept(0);
    run();
    assertThat(dispatcher.drained()).isTrue();
    assertThat(dispatcher.close(now, Duration.ZERO)).isZero();
  }

  @Test
  void aFallbackThatIsAwayLeavesMemoryToADestinationThatIsWellAgain() {
    Fallback large = new Fallback("spill", Set.of(Signal.LOGS), budget, ledger, metrics, 18);
    for (int i = 0; i < 20; i++) {
      append("key " + i, large(i, 30_000));
    }
    Dispatcher other = new Dispatcher(second, large.cursor(), metrics, new Random(2), 18);
    assertThat(shipWhileTheFallbackIsAway(over(buffer.cursor("out"), large), other)).isEqualTo(5);
    assertThat(primary.arrived).hasSize(15);
  }

  @ParameterizedTest
  @CsvSource({"20, 30000, 5", "3, 40000, 1"})
  void aFallbackThatIsAwayLeavesTheCursorToADestinationThatIsWellAgain(
      int batches, int bytes, int most, @TempDir Path folder) throws IOException {
    Fallback large = new Fallback("spill", Set.of(Signal.LOGS), budget, ledger, metrics, 18);
    List<Batch> all =
        IntStream.range(0, batches).mapToObj(i -> Batches.received(large(i, bytes))).toList();
    try (DiskBuffer disk = OnDisk.of(all, folder, budget, ledger, metrics, Set.of())) {
      Cursor cursor = disk.cursor("out");
      Dispatcher first = over(cursor, large);
      Dispatcher other = new Dispatcher(second, large.cursor(), metrics, new Random(2), 18);
      assertThat(shipWhileTheFallbackIsAway(first, other)).isEqualTo(most);
      assertThat(primary.arrived).hasSize(batches - most);
      assertThat(cursor.openBatches()).isEqualTo(most);
      for (int i = 0; i < most; i++) {
        second.accept(0);
      }
      run(other);
      run(first);
      assertThat(cursor.openBatches()).isZero();
    }
    assertThat(budget.heldBytes()).isZero();
  }

  private static String large(int number, int bytes) {
    return number + "x".repeat(bytes);
  }

  private Dispatcher over(Cursor cursor, Fallback to) {
    return new Dispatcher(
        primary, cursor, metrics, new Random(1), 4, new Rules(false, null, circuit, to));
  }

  /// @return how many batches the fallback has got
  private int shipWhileTheFallbackIsAway(Dispatcher first, Dispatcher other) {
    primary.onShip = batch -> REFUSED;
    for (int i = 0; i < 5; i++) {
      run(first);
      run(other);
      now += SECOND;
    }
    assertThat(circuit.state()).isEqualTo(CircuitBreaker.State.OPEN);
    run(first);
    run(other);
    int lent = second.calls.size();
    primary.onShip = batch -> Outcome.ACCEPTED;
    now += 30 * SECOND;
    run(first);
    assertThat(circuit.state()).isEqualTo(CircuitBreaker.State.CLOSED);
    run(other);
    assertThat(second.calls).hasSize(lent);
    return lent;
  }

  /// Whatever fails when: each batch is acknowledged once, and what is sure is in one place only.
  @Test
  void eachBatchGoesToExactlyOneOfBoth() {
    for (long seed = 0; seed < 300; seed++) {
      new FallbackTest().random(seed);
    }
  }

  private void random(long seed) {
    Random random = new Random(seed);
    primary.pipelined = random.nextBoolean();
    Map<String, Integer> unsure = new HashMap<>();
    int appended = 0;
    boolean down = false;
    for (int step = 0; step < 300; step++) {
      if (random.nextInt(40) == 0) {
        down = !down;
      }
      if (appended < 60 && random.nextInt(3) == 0) {
        append("key " + random.nextInt(3), "" + appended++);
      }
      answer(random, primary, down, unsure);
      answer(random, second, random.nextInt(20) == 0, new HashMap<>());
      now += random.nextLong(3 * SECOND);
      round();
    }
    for (int i = 0; i < 400 && told.size() < appended; i++) {
      answer(random, primary, false, unsure);
      answer(random, second, false, unsure);
      now += SECOND;
      round();
    }
    assertThat(told).as("seed " + seed).hasSize(appended).doesNotHaveDuplicates();
    List<String> both = new ArrayList<>(primary.arrived);
    both.addAll(second.arrived);
    assertThat(both).as("seed " + seed).hasSize(appended).doesNotHaveDuplicates();
    assertThat(second.arrived).as("seed " + seed).noneMatch(unsure::containsKey);
    assertThat(ledger.snapshot()).allMatch(row -> row.records().closes() && row.bytes().closes());
    assertThat(budget.heldBytes()).isZero();
  }

  private static void answer(
      Random random, FakeShipper shipper, boolean down, Map<String, Integer> unsure) {
    while (!shipper.calls.isEmpty() && random.nextBoolean()) {
      FakeShipper.Call call = shipper.calls.get(random.nextInt(shipper.calls.size()));
      boolean lost = down && random.nextInt(4) == 0;
      if (lost) {
        FakeShipper.bodies(call.batch()).forEach(body -> unsure.merge(body, 1, Integer::sum));
      }
      shipper.answer(call, lost ? LOST : down ? REFUSED : Outcome.ACCEPTED);
    }
  }

  /// Fails until the circuit is open.
  private void open() {
    for (int i = 0; i < 5 && circuit.state() == CircuitBreaker.State.CLOSED; i++) {
      run();
      now += SECOND;
    }
    assertThat(circuit.state()).isEqualTo(CircuitBreaker.State.OPEN);
    now -= SECOND;
  }

  private Ledger.Row row(String shipper) {
    return ledger.snapshot().stream()
        .filter(row -> row.shipper().equals(shipper))
        .findFirst()
        .orElseThrow();
  }

  private void append(String key, String body) {
    Batch batch = Batches.fromFile(key, body);
    assertThat(budget.tryReserve(batch.length())).isTrue();
    buffer.append(batch, batch.length(), (rejected, reason) -> told.add(body));
  }

  private void round() {
    for (int i = 0; i < 6; i++) {
      dispatcher.doWork(now);
      spill.doWork(now);
    }
  }

  private void run() {
    for (int work = 1; work > 0; ) {
      work = dispatcher.doWork(now) + spill.doWork(now);
    }
  }

  private void run(Dispatcher alone) {
    for (int work = 1; work > 0; ) {
      work = alone.doWork(now);
    }
  }
}
