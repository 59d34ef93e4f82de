package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.DiskBuffer;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.DeadLetter;
import dev.pannier.shippers.DeadLetterBox;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What waits for a missing part of the destination, where the disk buffer has it.
class ParkedOnDiskTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /// Far more than the shipper's share of memory holds.
  private static final int MANY = 500;

  private static final String FILLER = "x".repeat(2_000);

  @TempDir private Path folder;

  private final MemoryBudget budget = new MemoryBudget(1 << 20);
  private final Set<String> missing = new HashSet<>(Set.of("m"));
  private Ledger ledger = new Ledger();
  private @Nullable DiskBuffer open;
  private FakeShipper shipper = new FakeShipper();
  private long now;

  @AfterEach
  void close() {
    if (open != null) {
      open.close();
    }
  }

  private DiskBuffer buffer() throws IOException {
    if (open != null) {
      open.close();
    }
    ledger = new Ledger();
    open = OnDisk.of(List.of(), folder, budget, ledger, new Metrics(), Set.of());
    return open;
  }

  private Dispatcher dispatcher(DiskBuffer buffer) {
    return dispatcher(buffer, Rules.NONE);
  }

  private Dispatcher dispatcher(DiskBuffer buffer, Rules rules) {
    FakeShipper made = new FakeShipper();
    made.onShip = this::outcome;
    made.pipelined = true;
    shipper = made;
    return new Dispatcher(made, buffer.cursor("out"), new Metrics(), new Random(1), 8, rules);
  }

  /// A box that is away for good.
  private static final class NoBox implements DeadLetterBox {
    @Override
    public void put(DeadLetter letter, Consumer<Outcome> outcome) {
      outcome.accept(new Outcome.Retryable("away", 0, null));
    }

    @Override
    public void close() {}
  }

  private Outcome outcome(Batch batch) {
    String topic = FakeShipper.bodies(batch).getFirst().substring(0, 1);
    return missing.contains(topic) ? new Outcome.Missing("no topic", null) : Outcome.ACCEPTED;
  }

  private static String body(String topic, int number) {
    return topic + number + FILLER;
  }

  private void append(DiskBuffer buffer, Batch batch) {
    assertThat(budget.tryReserve(batch.length())).isTrue();
    buffer.append(batch, batch.length(), Acknowledgement.When.DURABLE, (rejected, reason) -> {});
    buffer.doWork(now);
    now += SECOND / 20;
    buffer.doWork(now);
  }

  private void run(Dispatcher dispatcher) {
    while (dispatcher.doWork(now) > 0) {
      assertThat(budget.heldBytes()).isLessThan(budget.limitBytes() / 2);
    }
  }

  /// As its thread does it, until nothing is to be done for a while.
  private void runFor(Dispatcher dispatcher, long nanos) {
    long until = now + nanos;
    while (now < until) {
      run(dispatcher);
      now += Math.clamp(dispatcher.waitNanos(now), 1_000_000, SECOND);
    }
  }

  private List<String> arrived(String topic) {
    return shipper.arrived.stream()
        .filter(body -> body.startsWith(topic))
        .map(body -> body.substring(0, body.length() - FILLER.length()))
        .toList();
  }

  private static List<String> all(String topic, int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> topic + i).toList();
  }

  @Test
  void requestsOfAMissingTopicWaitOnDiskAndTheOthersFlowOn() throws Exception {
    DiskBuffer buffer = buffer();
    Dispatcher dispatcher = dispatcher(buffer);
    for (int i = 0; i < MANY; i++) {
      append(buffer, Batches.received(body("m", i)));
      append(buffer, Batches.received(body("o", i)));
      run(dispatcher);
      assertThat(dispatcher.refuses(Signal.LOGS)).isFalse();
      assertThat(buffer.hasRoomForRequests()).isTrue();
    }
    assertThat(arrived("o")).isEqualTo(all("o", 0, MANY));
    assertThat(buffer.cursor("out").openBatches()).isEqualTo(MANY);

    missing.clear();
    runFor(dispatcher, 3 * SECOND);
    assertThat(arrived("m")).containsExactlyInAnyOrderElementsOf(all("m", 0, MANY));
    assertThat(buffer.cursor("out").openBatches()).isZero();
    assertThat(ledger.snapshot()).allMatch(row -> row.records().closes());
    now += 2 * SECOND;
    buffer.doWork(now);
    assertThat(buffer.status().segments()).isEqualTo(1);
  }

  @Test
  void whatWaitsBehindOneThatWasRefusedDoesNotWaitForItsLetter() throws Exception {
    DiskBuffer buffer = buffer();
    Dispatcher dispatcher = dispatcher(buffer, new Rules(false, new NoBox(), null, null));
    for (int i = 0; i < 40; i++) {
      append(buffer, Batches.received(body("m", i)));
      run(dispatcher);
    }
    missing.clear();
    shipper.onShip =
        batch ->
            FakeShipper.bodies(batch).getFirst().startsWith("m0")
                ? new Outcome.Permanent("bad")
                : Outcome.ACCEPTED;
    runFor(dispatcher, 3 * SECOND);
    assertThat(arrived("m")).containsAll(all("m", 1, 40));
    assertThat(buffer.cursor("out").openBatches()).isEqualTo(1);
  }

  @Test
  void filesKeepTheirOrderAlsoOfWhatComesWhileWhatHasWaitedIsShipped() throws Exception {
    DiskBuffer buffer = buffer();
    Dispatcher dispatcher = dispatcher(buffer);
    for (int i = 0; i < MANY; i++) {
      append(buffer, Batches.fromFile("a", i, body("m", i)));
      append(buffer, Batches.fromFile("b", i, body("o", i)));
      run(dispatcher);
      assertThat(buffer.hasRoomForFiles()).isTrue();
    }
    assertThat(arrived("o")).isEqualTo(all("o", 0, MANY));
    assertThat(arrived("m")).isEmpty();
    missing.clear();
    for (int i = MANY; i < 2 * MANY; i++) {
      append(buffer, Batches.fromFile("a", i, body("m", i)));
      dispatcher.doWork(now);
    }
    runFor(dispatcher, 3 * SECOND);
    assertThat(arrived("m")).isEqualTo(all("m", 0, 2 * MANY));
    assertThat(buffer.cursor("out").openBatches()).isZero();
  }

  @Test
  void topicThatIsThereAgainIsFoundThoughWhatIsHeldWaitsForAnother() throws Exception {
    missing.add("n");
    DiskBuffer buffer = buffer();
    Dispatcher dispatcher = dispatcher(buffer);
    for (int i = 0; i < MANY; i++) {
      append(buffer, Batches.received(body("n", i)));
    }
    for (int i = 0; i < MANY; i++) {
      append(buffer, Batches.fromFile("a", i, body("m", i)));
    }
    runFor(dispatcher, SECOND);
    missing.remove("m");
    runFor(dispatcher, 30 * SECOND);
    assertThat(arrived("m")).isEqualTo(all("m", 0, MANY));
    assertThat(arrived("n")).isEmpty();
    missing.clear();
    runFor(dispatcher, 30 * SECOND);
    assertThat(arrived("n")).containsExactlyInAnyOrderElementsOf(all("n", 0, MANY));
  }

  @Test
  void whatIsHeldMakesRoomForALargeBatch() throws Exception {
    DiskBuffer buffer = buffer();
    Dispatcher dispatcher = dispatcher(buffer);
    append(buffer, Batches.received(body("m", 1)));
    run(dispatcher);
    append(buffer, Batches.received("o" + "y".repeat(300_000)));
    run(dispatcher);
    assertThat(shipper.arrived).hasSize(1);
    missing.clear();
    runFor(dispatcher, 3 * SECOND);
    assertThat(arrived("m")).containsExactly("m1");
  }

  @Test
  void restartShipsWhatHasWaitedAndNothingThatWasShipped() throws Exception {
    DiskBuffer buffer = buffer();
    Dispatcher first = dispatcher(buffer);
    for (int i = 0; i < MANY; i++) {
      append(buffer, Batches.fromFile("a", i, body("m", i)));
      append(buffer, Batches.received(body("m", MANY + i)));
      append(buffer, Batches.fromFile("b", i, body("o", i)));
      run(first);
    }
    assertThat(arrived("o")).isEqualTo(all("o", 0, MANY));
    first.close(now, Duration.ZERO);
    for (int i = 0; i < 2; i++) {
      buffer = buffer();
      assertThat(buffer.cursor("out").openBatches()).isEqualTo(2 * MANY);
      Dispatcher next = dispatcher(buffer);
      runFor(next, 3 * SECOND);
      assertThat(shipper.arrived).isEmpty();
      next.close(now, Duration.ZERO);
    }
    missing.clear();
    buffer = buffer();
    Dispatcher last = dispatcher(buffer);
    runFor(last, 3 * SECOND);
    assertThat(arrived("o")).isEmpty();
    assertThat(arrived("m"))
        .hasSize(2 * MANY)
        .containsSubsequence(all("m", 0, MANY))
        .containsAll(all("m", MANY, 2 * MANY));
    assertThat(buffer.isEmpty()).isTrue();
  }

  @Test
  void nextDispatcherKeepsTheOrderOfWhatWaitsAside() throws Exception {
    DiskBuffer buffer = buffer();
    Dispatcher first = dispatcher(buffer);
    for (int i = 0; i < MANY; i++) {
      append(buffer, Batches.fromFile("a", i, body("m", i)));
    }
    runFor(first, 2 * SECOND);
    missing.clear();
    for (int i = 0; i < 20; i++) {
      now += SECOND / 100;
      first.doWork(now);
    }
    first.standBack();
    run(first);
    assertThat(first.hasStoodBack()).isTrue();
    List<String> before = arrived("m");
    Unfinished left = first.handOver(now, Duration.ZERO);
    Dispatcher second = dispatcher(buffer);
    second.takeOver(left);
    for (int i = MANY; i < MANY + 20; i++) {
      append(buffer, Batches.fromFile("a", i, body("m", i)));
    }
    runFor(second, 3 * SECOND);
    assertThat(Stream.concat(before.stream(), arrived("m").stream()).toList())
        .isEqualTo(all("m", 0, MANY + 20));
    assertThat(buffer.cursor("out").openBatches()).isZero();
  }

  private List<String> tried() {
    List<String> tried = new ArrayList<>();
    shipper.onShip =
        batch -> {
          tried.add(FakeShipper.bodies(batch).getFirst().substring(0, 1));
          return outcome(batch);
        };
    return tried;
  }

  @Test
  void oneIsTriedForAllThatWaitForTheSame() throws Exception {
    DiskBuffer buffer = buffer();
    Dispatcher dispatcher = dispatcher(buffer);
    for (int i = 0; i < MANY; i++) {
      append(buffer, Batches.received(body("m", i)));
      append(buffer, Batches.fromFile("a", i, body("m", i)));
    }
    runFor(dispatcher, SECOND);
    List<String> tried = tried();
    runFor(dispatcher, 600 * SECOND);
    assertThat(tried).hasSizeBetween(2 * 590, 2 * 600);
  }

  @Test
  void fileWhoseTopicIsThereAgainIsNotHeldUpByOneWhoseTopicIsMissing() throws Exception {
    missing.add("n");
    DiskBuffer buffer = buffer();
    Dispatcher dispatcher = dispatcher(buffer);
    for (int i = 0; i < 200; i++) {
      append(buffer, Batches.fromFile("b", i, body("n", i)));
    }
    for (int i = 0; i < 200; i++) {
      append(buffer, Batches.fromFile("a", i, body("m", i)));
    }
    runFor(dispatcher, SECOND);
    List<String> tried = tried();
    missing.remove("m");
    long began = now;
    for (int i = 200; i < 200 + MANY; i++) {
      append(buffer, Batches.fromFile("a", i, body("m", i)));
      dispatcher.doWork(now);
      if (i >= 400) {
        assertThat(arrived("m")).hasSizeGreaterThan(i - 8);
      }
    }
    runFor(dispatcher, SECOND / 10);
    assertThat(arrived("m")).isEqualTo(all("m", 0, 200 + MANY));
    assertThat(tried.stream().filter("n"::equals).count()).isLessThan((now - began) / SECOND + 2);
    missing.clear();
    runFor(dispatcher, 2 * SECOND);
    assertThat(arrived("n")).isEqualTo(all("n", 0, 200));
  }

  @Test
  void requestsOfATopicThatIsThereAgainComeThoughOthersWithTheSameReasonAreRefused()
      throws Exception {
    missing.add("n");
    DiskBuffer buffer = buffer();
    Dispatcher dispatcher = dispatcher(buffer);
    for (int i = 0; i < 20; i++) {
      append(buffer, Batches.received(body("n", i)));
      append(buffer, Batches.received(body("m", i)));
    }
    runFor(dispatcher, SECOND);
    missing.remove("m");
    runFor(dispatcher, 30 * SECOND);
    assertThat(arrived("m")).containsExactlyInAnyOrderElementsOf(all("m", 0, 20));
  }

  /// One that has failed otherwise is held in memory, as its state is nowhere else.
  @Test
  void oneThatIsHeldIsTriedThoughOthersThatWaitAsideAreAllTheTime() throws Exception {
    DiskBuffer buffer = buffer();
    Dispatcher dispatcher = dispatcher(buffer);
    shipper.onShip = batch -> null;
    append(buffer, Batches.fromFile("held", 0, body("m", 0)));
    run(dispatcher);
    shipper.retry(0, "closed");
    run(dispatcher);
    now += SECOND;
    run(dispatcher);
    assertThat(shipper.calls).hasSize(1);
    shipper.onShip = this::outcome;
    for (int i = 0; i < 6; i++) {
      append(buffer, Batches.fromFile("aside " + i, 0, body("m", 1)));
      run(dispatcher);
    }
    shipper.onShip = batch -> null;
    FakeShipper.Call held = shipper.calls.getFirst();
    shipper.answer(held, new Outcome.Missing("no topic", null));
    run(dispatcher);
    assertThat(shipper.calls).isEmpty();
    now += 2 * SECOND;
    run(dispatcher);
    assertThat(shipper.calls).extracting(call -> call.batch().key()).contains("held").hasSize(6);

    shipper.answer(shipper.calls.getFirst(), new Outcome.Missing("no topic", null));
    run(dispatcher);
    now += 2 * SECOND;
    run(dispatcher);
    assertThat(shipper.calls).extracting(call -> call.batch().key()).contains("held");
  }

  /// What is held may be far more than a share of the memory that a reload has left.
  @Test
  void whatIsHeldBehindOneThatWaitsAsideDoesNotKeepThatFromBeingTried() throws Exception {
    budget.limit(4 << 20);
    DiskBuffer buffer = buffer();
    Dispatcher dispatcher = dispatcher(buffer);
    shipper.onShip = batch -> null;
    append(buffer, Batches.fromFile("a", 0, body("m", 0)));
    append(buffer, Batches.fromFile("a", 1, "m1" + "x".repeat(600_000)));
    run(dispatcher);
    assertThat(shipper.calls).hasSize(2);
    budget.limit(1 << 20);
    shipper.answer(shipper.calls.getFirst(), new Outcome.Missing("no topic", null));
    shipper.retry(0, "closed");
    dispatcher.doWork(now);
    assertThat(buffer.cursor("out").aside().count()).isEqualTo(1);
    assertThat(buffer.cursor("out").openBatches()).isEqualTo(2);

    missing.clear();
    shipper.onShip = this::outcome;
    for (long until = now + 30 * SECOND; now < until; now += SECOND / 100) {
      dispatcher.doWork(now);
    }
    assertThat(shipper.arrived)
        .extracting(body -> body.substring(0, 2))
        .containsExactly("m0", "m1");
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void noMoreWaitAsideThanThereIsMemoryFor() throws Exception {
    DiskBuffer buffer = buffer();
    Dispatcher dispatcher = dispatcher(buffer);
    // 32 bytes each, of a quarter.
    int most = (int) budget.limitBytes() / 4 / 32;
    int all = most + 100;
    for (int i = 0; i < all; i++) {
      Batch batch = Batches.received("m" + i);
      assertThat(budget.tryReserve(batch.length())).isTrue();
      buffer.append(batch, batch.length(), Acknowledgement.When.DURABLE, (rejected, reason) -> {});
      if (i % 100 == 99) {
        now += SECOND / 20;
        buffer.doWork(now);
        run(dispatcher);
      }
    }
    now += SECOND / 20;
    buffer.doWork(now);
    run(dispatcher);
    assertThat(buffer.cursor("out").aside().count()).isEqualTo(most);
    assertThat(buffer.cursor("out").openBatches()).isEqualTo(all);

    missing.clear();
    runFor(dispatcher, 3 * SECOND);
    assertThat(shipper.arrived).containsExactlyInAnyOrderElementsOf(all("m", 0, all));
    assertThat(buffer.cursor("out").openBatches()).isZero();
  }
}
