package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.DeadLetter;
import dev.pannier.shippers.DeadLetterBox;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Refusal;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DeadLettersTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /// Answers when it is told to, and keeps what was stored.
  private static final class FakeBox implements DeadLetterBox {
    final List<DeadLetter> stored = new ArrayList<>();
    Function<DeadLetter, @Nullable Outcome> onPut = letter -> Outcome.ACCEPTED;
    @Nullable Consumer<Outcome> answer;
    int attempts;
    boolean closed;

    @Override
    public void put(DeadLetter letter, Consumer<Outcome> outcome) {
      attempts++;
      Outcome now = onPut.apply(letter);
      if (now == null) {
        answer = outcome;
        return;
      }
      if (now instanceof Outcome.Accepted) {
        stored.add(letter);
      }
      outcome.accept(now);
    }

    List<String> bodies() {
      return stored.stream().flatMap(l -> FakeShipper.bodies(l.batch()).stream()).toList();
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private final MemoryBudget budget = new MemoryBudget(1 << 20);
  private final Ledger ledger = new Ledger();
  private final Metrics metrics = new Metrics();
  private final MemoryBuffer buffer =
      new MemoryBuffer(budget, ledger, metrics, Map.of("out", Set.of(Signal.LOGS)));
  private final FakeShipper shipper = new FakeShipper();
  private final FakeBox box = new FakeBox();
  private final List<String> told = new ArrayList<>();
  private Dispatcher dispatcher = dispatcher(false);
  private long now;

  private Dispatcher dispatcher(boolean buriesOversize) {
    return new Dispatcher(
        shipper,
        buffer.cursor("out"),
        metrics,
        new Random(1),
        2,
        new Rules(buriesOversize, box, null, null));
  }

  @Test
  void theRecordsThatWereRefusedAreLettersAndTheOthersAreShipped() {
    BitSet second = new BitSet();
    second.set(1);
    shipper.onShip = batch -> new Outcome.PartlyAccepted(1, "too old", second);
    append("a", "1", "2", "3");
    run();
    assertThat(box.bodies()).containsExactly("2");
    DeadLetter letter = box.stored.getFirst();
    assertThat(letter.reason()).isEqualTo("too old");
    assertThat(letter.shipper()).isEqualTo("out");
    assertThat(letter.batch().source()).isEqualTo("app");
    assertThat(told).containsExactly("1: 0 ");
    assertThat(only().records()).isEqualTo(new Ledger.Amounts(3, 2, 0, 0, 1, 0, 0, 0));
    assertThat(metrics.value(Counter.SHIPPER_DEAD_LETTERS, "out")).isEqualTo(1);
    assertThat(metrics.value(Counter.SHIPPER_REJECTED, "out")).isZero();
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void whileDrainingNoLetterWaitsForLong() {
    shipper.onShip = batch -> new Outcome.Permanent("bad");
    box.onPut = letter -> new Outcome.Retryable("full", 300 * SECOND, null);
    append("a", "1");
    run();
    dispatcher.drain();
    for (int attempt = 1; attempt <= 10; attempt++) {
      run();
      assertThat(dispatcher.waitNanos(now)).isLessThanOrEqualTo(SECOND);
      now += SECOND;
    }
    assertThat(box.attempts).isGreaterThanOrEqualTo(10);
    box.onPut = letter -> Outcome.ACCEPTED;
    run();
    assertThat(box.bodies()).containsExactly("1");
    assertThat(dispatcher.drained()).isTrue();
  }

  private static List<BiFunction<BitSet, List<Refusal>, Outcome>> others() {
    return List.of(
        (left, refused) -> new Outcome.Retryable("busy", 0, left).withRefused(refused),
        (left, refused) -> new Outcome.Missing("no topic", left, refused),
        (left, refused) -> new Outcome.TooLarge(0, "too large together", left, refused));
  }

  @ParameterizedTest
  @MethodSource("others")
  void whatIsRefusedWhileOthersGoAgainIsALetterWithItsOwnReason(
      BiFunction<BitSet, List<Refusal>, Outcome> outcome) {
    BitSet first = new BitSet();
    first.set(0);
    BitSet third = new BitSet();
    third.set(2);
    BitSet left = new BitSet();
    left.set(1);
    left.set(3);
    List<Refusal> refused = List.of(new Refusal(first, "too old"), new Refusal(third, "too new"));
    append("a", "1", "2", "3", "4");
    run();
    shipper.answer(shipper.calls.getFirst(), outcome.apply(left, refused));
    run();
    assertThat(box.bodies()).containsExactly("1", "3");
    assertThat(box.stored.stream().map(DeadLetter::reason)).containsExactly("too old", "too new");
    assertThat(told).isEmpty();
    now += SECOND;
    run();
    while (!shipper.calls.isEmpty()) {
      shipper.accept(0);
      run();
    }
    assertThat(shipper.arrived).containsExactly("2", "4");
    assertThat(only().records()).isEqualTo(new Ledger.Amounts(4, 2, 0, 0, 2, 0, 0, 0));
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aBatchThatIsRefusedWholeIsALetterARecord() {
    shipper.onShip = batch -> new Outcome.Permanent("bad");
    append("a", "1", "2", "3");
    run();
    assertThat(box.stored).hasSize(3);
    assertThat(box.bodies()).containsExactly("1", "2", "3");
    assertThat(only().records()).isEqualTo(new Ledger.Amounts(3, 0, 0, 0, 3, 0, 0, 0));
    assertThat(told).containsExactly("1: 0 ");
  }

  @Test
  void withoutKnowingWhichRecordsWereRefusedTheyAreRejected() {
    shipper.onShip = batch -> new Outcome.PartlyAccepted(2, "bad");
    append("a", "1", "2", "3");
    run();
    assertThat(box.stored).isEmpty();
    assertThat(only().records()).isEqualTo(new Ledger.Amounts(3, 1, 0, 2, 0, 0, 0, 0));
    assertThat(told).containsExactly("1: 2 bad");
  }

  @Test
  void theBatchWaitsForItsLetterAndStopsNobodyElse() {
    shipper.onShip =
        batch ->
            FakeShipper.bodies(batch).contains("1")
                ? new Outcome.Permanent("bad")
                : Outcome.ACCEPTED;
    box.onPut = letter -> null;
    append("a", "1");
    for (int i = 2; i < 9; i++) {
      append("a", "" + i);
    }
    run();
    assertThat(shipper.arrived).containsExactly("2", "3", "4", "5", "6", "7", "8");
    assertThat(told).hasSize(7).doesNotContain("1: 0 ");
    assertThat(only().records().inFlight()).isEqualTo(1);
    Consumer<Outcome> answer = java.util.Objects.requireNonNull(box.answer);
    answer.accept(Outcome.ACCEPTED);
    answer.accept(new Outcome.Retryable("said twice", 0, null));
    run();
    assertThat(told).hasSize(8).last().isEqualTo("1: 0 ");
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aLetterIsTriedUntilItIsStored() {
    shipper.onShip = batch -> new Outcome.Permanent("bad");
    box.onPut = letter -> new Outcome.Retryable("disk full", 0, null);
    append("a", "1");
    for (int i = 0; i < 200; i++) {
      run();
      now += SECOND;
    }
    assertThat(box.attempts).isBetween(8, 20);
    assertThat(told).isEmpty();
    assertThat(dispatcher.trouble(now))
        .isEqualTo("shipper out: dead letters cannot be stored: disk full");
    box.onPut = letter -> Outcome.ACCEPTED;
    now += 30 * SECOND;
    run();
    assertThat(box.bodies()).containsExactly("1");
    assertThat(told).containsExactly("1: 0 ");
    assertThat(dispatcher.trouble(now)).isNull();
  }

  @Test
  void noMoreBatchesThanItHoldsAreLetByAndNothingIsDropped() {
    shipper.onShip = batch -> new Outcome.Permanent("bad");
    box.onPut = letter -> new Outcome.Retryable("disk full", 0, null);
    for (int i = 0; i < 40; i++) {
      append("a", "" + i);
    }
    run();
    assertThat(only().records().inFlight()).isEqualTo(40);
    assertThat(shipper.arrived).isEmpty();
    box.onPut = letter -> Outcome.ACCEPTED;
    now += SECOND;
    run();
    assertThat(box.bodies()).hasSize(40).doesNotHaveDuplicates();
    assertThat(told).hasSize(40);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aRecordThatIsTooLargeIsALetterWholeWhereThePolicySaysSo() {
    dispatcher = dispatcher(true);
    String large = "x".repeat(2_000);
    shipper.onShip =
        batch ->
            batch.length() > 1_000 ? new Outcome.TooLarge(1_000, "large", null) : Outcome.ACCEPTED;
    append("a", "1", large, "3");
    run();
    assertThat(shipper.arrived).containsExactly("1", "3");
    assertThat(box.bodies()).containsExactly(large);
    assertThat(metrics.value(Counter.SHIPPER_TRUNCATED, "out")).isZero();
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aRecordThatIsTooLargeIsCutWhereNothingElseIsSaid() {
    shipper.onShip =
        batch ->
            batch.length() > 1_000 ? new Outcome.TooLarge(1_000, "large", null) : Outcome.ACCEPTED;
    append("a", "x".repeat(2_000));
    run();
    assertThat(box.stored).isEmpty();
    assertThat(shipper.arrived).hasSize(1);
  }

  @Test
  void aLetterThatIsTooLargeForTheBoxIsCutAndOneThatNobodyTakesIsRejected() {
    shipper.onShip = batch -> new Outcome.Permanent("bad");
    box.onPut =
        letter ->
            letter.batch().length() > 1_000
                ? new Outcome.TooLarge(1_000, "large", null)
                : Outcome.ACCEPTED;
    append("a", "x".repeat(2_000));
    run();
    assertThat(box.stored).hasSize(1);
    assertThat(box.bodies().getFirst().length()).isBetween(500, 1_000);

    box.onPut = letter -> new Outcome.Permanent("no such box");
    append("a", "2");
    run();
    assertThat(told).hasSize(2).last().isEqualTo("2: 1 bad");
    assertThat(only().records()).isEqualTo(new Ledger.Amounts(2, 0, 0, 1, 1, 0, 0, 0));
  }

  @Test
  void whatHasNoLetterYetIsNotDeliveredAtTheEnd() {
    shipper.onShip = batch -> new Outcome.Permanent("bad");
    box.onPut = letter -> null;
    append("a", "1");
    run();
    assertThat(dispatcher.close(now, Duration.ZERO)).isEqualTo(1);
    assertThat(box.closed).isTrue();
    assertThat(told).isEmpty();
  }

  private Ledger.Row only() {
    assertThat(ledger.snapshot()).hasSize(1);
    return ledger.snapshot().getFirst();
  }

  private void append(String key, String... bodies) {
    Batch batch = Batches.fromFile(key, bodies);
    assertThat(budget.tryReserve(batch.length())).isTrue();
    buffer.append(
        batch,
        batch.length(),
        (rejected, reason) -> told.add(bodies[0] + ": " + rejected + " " + reason));
  }

  private void run() {
    for (int work = 1; work > 0; ) {
      work = dispatcher.doWork(now);
    }
  }
}
