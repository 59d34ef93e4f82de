package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
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
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DispatcherTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final MemoryBudget budget = new MemoryBudget(1 << 20);
  private final Ledger ledger = new Ledger();
  private final Metrics metrics = new Metrics();
  private final MemoryBuffer buffer =
      new MemoryBuffer(budget, ledger, metrics, Map.of("out", Set.of(Signal.LOGS)));
  private final FakeShipper shipper = new FakeShipper();
  private final List<String> told = new ArrayList<>();
  private int appended;
  private int wakes;
  private long appendedBytes;
  private long now;

  @Test
  void connectsBeforeItShips() {
    Dispatcher dispatcher = dispatcher(4, true);
    shipper.connect = new Outcome.Retryable("no broker at kafka:9092", 0, null);
    append(Batches.fromFile("a", "1"));
    run(dispatcher);
    assertThat(shipper.calls).isEmpty();
    assertThat(dispatcher.status(now).state()).isEqualTo(ShipperStatus.State.CONNECTING);
    assertThat(dispatcher.trouble(now)).contains("out").contains("no broker at kafka:9092");

    shipper.connect = Outcome.ACCEPTED;
    now += SECOND;
    run(dispatcher);
    assertThat(shipper.calls).hasSize(1);
    assertThat(dispatcher.trouble(now)).isNull();
  }

  @Test
  void triesToConnectForeverAndEverMoreSeldom() {
    Dispatcher dispatcher = dispatcher(4, true);
    shipper.connect = new Outcome.Permanent("login refused");
    for (int i = 0; i < 1_000; i++) {
      run(dispatcher);
      now += SECOND / 10;
    }
    assertThat(shipper.connects).isBetween(10, 20);
    now += 30 * SECOND;
    int before = shipper.connects;
    run(dispatcher);
    assertThat(shipper.connects).isEqualTo(before + 1);
  }

  @Test
  void hasAtMostTheGivenNumberInFlight() {
    Dispatcher dispatcher = dispatcher(2, true);
    for (int i = 0; i < 5; i++) {
      append(Batches.fromFile("a", "" + i));
    }
    run(dispatcher);
    assertThat(shipper.calls).hasSize(2);
    shipper.accept(1);
    run(dispatcher);
    assertThat(told).isEmpty();
    shipper.accept(0);
    run(dispatcher);
    assertThat(told).containsExactly("0: 0 ", "1: 0 ");
    assertThat(shipper.calls).hasSize(2);
  }

  @Test
  void failedBatchIsSentAgainAfterAPauseAndBeforeWhatCameLater() {
    Dispatcher dispatcher = dispatcher(4, true);
    append(Batches.fromFile("a", "1"));
    append(Batches.fromFile("b", "2"));
    run(dispatcher);
    shipper.retry(0, "overloaded");
    append(Batches.fromFile("a", "3"));
    run(dispatcher);
    assertThat(shipper.calls).as("the one that was in flight").hasSize(1);
    now += SECOND;
    run(dispatcher);
    assertThat(shipper.calls).as("it is waited for").hasSize(1);
    shipper.accept(0);
    run(dispatcher);
    shipper.accept(0);
    run(dispatcher);
    shipper.accept(0);
    run(dispatcher);
    assertThat(shipper.arrived).containsExactly("2", "1", "3");
    assertThat(told).as("as it is done").containsExactly("1: 0 ", "0: 0 ", "2: 0 ");
    assertThat(metrics.value(Counter.SHIPPER_RETRIES, "out")).isEqualTo(1);
  }

  @Test
  void whatGoesOtherwiseNextTimeGoesAtOnceAndWhatIsLearntOnTheWayIsTold() {
    Dispatcher dispatcher = dispatcher(4, true);
    append(Batches.fromFile("a", "0", "1", "2", "3", "4", "5"));
    append(Batches.fromFile("b", "6"));
    run(dispatcher);
    for (int i = 0; i < 5; i++) {
      int records = 6 - i;
      BitSet first = new BitSet();
      first.set(0);
      BitSet left = new BitSet();
      left.set(1, records);
      Refusal never = new Refusal(first, "never " + i);
      shipper.answer(
          shipper.calls.getFirst(),
          new Outcome.Retryable("which one?", 0, left).asLearnt(true).withRefused(List.of(never)));
      run(dispatcher);
      assertThat(shipper.calls).as("what is in flight is waited for").hasSize(1);
      shipper.answer(
          shipper.calls.getFirst(), new Outcome.Retryable("down with it", 0, null).asLearnt(true));
      run(dispatcher);
      assertThat(shipper.calls.stream().map(call -> FakeShipper.bodies(call.batch()).getFirst()))
          .containsExactly(String.valueOf(i + 1), "6");
    }
    assertThat(dispatcher.trouble(now + 60 * SECOND)).isNull();
    shipper.accept(0);
    shipper.accept(0);
    run(dispatcher);
    assertThat(shipper.arrived).containsExactly("5", "6");
    assertThat(told).containsExactly("0: 5 never 4", "1: 0 ");
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void whatFailsWithoutHavingLearntAnythingWaitsEverLonger() {
    Dispatcher dispatcher = dispatcher(4, true);
    append(Batches.fromFile("a", "1"));
    int[] attempts = {0};
    shipper.onShip =
        batch -> {
          attempts[0]++;
          return new Outcome.Retryable("nonsense", 0, null).asLearnt(attempts[0] % 2 == 1);
        };
    for (int i = 0; i < 600; i++) {
      run(dispatcher);
      now += SECOND / 10;
    }
    assertThat(attempts[0]).isBetween(10, 40);
  }

  @Test
  void waitsAsLongAsTheDestinationAsks() {
    Dispatcher dispatcher = dispatcher(1, true);
    append(Batches.fromFile("a", "1"));
    run(dispatcher);
    shipper.answer(shipper.calls.get(0), new Outcome.Retryable("busy", 7 * SECOND, null));
    run(dispatcher);
    assertThat(dispatcher.waitNanos(now)).isEqualTo(7 * SECOND);
    now += 7 * SECOND - 1;
    run(dispatcher);
    assertThat(shipper.calls).isEmpty();
    now += 1;
    run(dispatcher);
    assertThat(shipper.calls).hasSize(1);
  }

  @Test
  void unpipelinedShipperHasOneBatchOfAKeyInFlight() {
    Dispatcher dispatcher = dispatcher(8, false);
    append(Batches.fromFile("a", "1"));
    append(Batches.fromFile("a", "2"));
    append(Batches.received("3"));
    append(Batches.received("4"));
    append(Batches.fromFile("b", "5"));
    run(dispatcher);
    assertThat(shipper.calls.stream().flatMap(call -> FakeShipper.bodies(call.batch()).stream()))
        .containsExactly("1", "3", "4", "5");
  }

  @Test
  void refusedBatchIsCountedAndNothingBehindItWaits() {
    Dispatcher dispatcher = dispatcher(4, false);
    append(Batches.fromFile("a", "1", "2"));
    append(Batches.fromFile("a", "3"));
    run(dispatcher);
    shipper.answer(shipper.calls.get(0), new Outcome.Permanent("not authorized"));
    run(dispatcher);
    shipper.accept(0);
    run(dispatcher);
    assertThat(shipper.arrived).containsExactly("3");
    assertThat(told).containsExactly("0: 2 not authorized", "1: 0 ");
    assertThat(metrics.value(Counter.SHIPPER_REJECTED, "out")).isEqualTo(2);
    assertThat(ledger.snapshot())
        .extracting(Ledger.Row::records)
        .containsExactly(new Ledger.Amounts(3, 1, 0, 2, 0, 0, 0, 0));
  }

  @Test
  void aDestinationThatRefusesForGoodIsWellAgain() {
    Dispatcher dispatcher = dispatcher(4, false);
    append(Batches.fromFile("a", "1"));
    run(dispatcher);
    shipper.answer(shipper.calls.getFirst(), new Outcome.Retryable("away", 0, null));
    run(dispatcher);
    now += 6 * SECOND;
    assertThat(dispatcher.trouble(now)).contains("away");
    run(dispatcher);
    shipper.answer(shipper.calls.getFirst(), new Outcome.Permanent("not authorized"));
    run(dispatcher);
    assertThat(dispatcher.status(now).state()).isEqualTo(ShipperStatus.State.SHIPPING);
    assertThat(dispatcher.trouble(now)).isNull();
  }

  @Test
  void partlyAcceptedCountsWhatWasRefused() {
    Dispatcher dispatcher = dispatcher(4, false);
    append(Batches.fromFile("a", "1", "2", "3"));
    run(dispatcher);
    shipper.answer(shipper.calls.get(0), new Outcome.PartlyAccepted(1, "bad id"));
    run(dispatcher);
    assertThat(told).containsExactly("0: 1 bad id");
    assertThat(ledger.snapshot())
        .extracting(Ledger.Row::records)
        .containsExactly(new Ledger.Amounts(3, 2, 0, 1, 0, 0, 0, 0));
  }

  @Test
  void bytesOfABatchThatWasRefusedWholeAreNotShipped() {
    Dispatcher dispatcher = dispatcher(4, false);
    append(Batches.fromFile("a", "1", "2"));
    run(dispatcher);
    shipper.answer(shipper.calls.get(0), new Outcome.PartlyAccepted(2, "bad ids"));
    run(dispatcher);
    assertThat(told).containsExactly("0: 2 bad ids");
    assertThat(metrics.adder(Counter.SHIPPER_BYTES, "out").sum()).isZero();
  }

  @Test
  void onlyUnconfirmedRecordsAreSentAgain() {
    Dispatcher dispatcher = dispatcher(4, true);
    append(Batches.fromFile("a", "1", "2", "3", "4"));
    run(dispatcher);
    BitSet unconfirmed = new BitSet();
    unconfirmed.set(1);
    unconfirmed.set(3);
    shipper.answer(shipper.calls.get(0), new Outcome.Retryable("busy", 0, unconfirmed));
    run(dispatcher);
    assertThat(budget.heldBytes()).as("the copy counts, too").isGreaterThan(appendedBytes);
    now += SECOND;
    run(dispatcher);
    assertThat(FakeShipper.bodies(shipper.calls.get(0).batch())).containsExactly("2", "4");
    shipper.accept(0);
    run(dispatcher);
    assertThat(shipper.arrived).containsExactly("1", "3", "2", "4");
    assertThat(ledger.snapshot())
        .extracting(Ledger.Row::records)
        .containsExactly(new Ledger.Amounts(4, 4, 0, 0, 0, 0, 0, 0));
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void batchOfWhichEveryRecordIsConfirmedIsDoneWhateverTheOutcomeIsCalled() {
    Dispatcher dispatcher = dispatcher(4, true);
    append(Batches.fromFile("a", "1", "2"));
    run(dispatcher);
    shipper.answer(shipper.calls.get(0), new Outcome.Retryable("late", 0, new BitSet()));
    run(dispatcher);
    assertThat(told).containsExactly("0: 0 ");
  }

  @Test
  void batchThatIsTooLargeGoesInPiecesThatFitAndNothingOvertakesIt() {
    Dispatcher dispatcher = dispatcher(4, true);
    int limit = Batches.fromFile("a", "1", "2", "3").length();
    shipper.onShip =
        batch ->
            batch.length() > limit
                ? new Outcome.TooLarge(limit, "above max.message.bytes", null)
                : Outcome.ACCEPTED;
    append(Batches.fromFile("a", "1", "2", "3", "4", "5", "6", "7"));
    append(Batches.fromFile("a", "8"));
    run(dispatcher);
    assertThat(shipper.arrived).containsExactly("1", "2", "3", "4", "5", "6", "7", "8");
    assertThat(told).containsExactly("0: 0 ", "1: 0 ");
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void recordThatCannotFitIsCutAndCounted() {
    Dispatcher dispatcher = dispatcher(4, true);
    shipper.onShip =
        batch ->
            batch.length() > 1_000 ? new Outcome.TooLarge(0, "too large", null) : Outcome.ACCEPTED;
    append(Batches.fromFile("a", "x".repeat(5_000), "small"));
    run(dispatcher);
    assertThat(shipper.arrived).hasSize(2);
    assertThat(shipper.arrived.get(0)).matches("x{500,1000}");
    assertThat(shipper.arrived.get(1)).isEqualTo("small");
    assertThat(metrics.value(Counter.SHIPPER_TRUNCATED, "out")).isEqualTo(1);
    assertThat(ledger.snapshot())
        .extracting(Ledger.Row::records)
        .containsExactly(new Ledger.Amounts(2, 2, 0, 0, 0, 0, 0, 0));
  }

  @Test
  void recordThatIsTooLargeEvenWhenCutIsRejectedAndNothingBehindItWaits() {
    Dispatcher dispatcher = dispatcher(4, true);
    shipper.onShip =
        batch ->
            FakeShipper.bodies(batch).getFirst().startsWith("x")
                ? new Outcome.TooLarge(400, "too large", null)
                : Outcome.ACCEPTED;
    append(Batches.fromFile("a", "x".repeat(5_000)));
    append(Batches.fromFile("a", "next"));
    run(dispatcher);
    assertThat(shipper.arrived).containsExactly("next");
    assertThat(told).containsExactly("0: 1 too large", "1: 0 ");
  }

  @Test
  void bytesThatHaveToBeTakenApartButAreNoOtlpAreRejected() {
    Dispatcher dispatcher = dispatcher(4, true);
    append(Batch.received(Signal.LOGS, new byte[] {7, 7, 7}, 0, 3, 2, "otlp"));
    shipper.onShip = batch -> null;
    run(dispatcher);
    shipper.calls.remove(0).outcome().accept(new Outcome.TooLarge(1, "too large", null));
    run(dispatcher);
    assertThat(told).singleElement().asString().startsWith("0: 2 ");
  }

  @Test
  void batchWithoutRecordsIsNotShippedAndWaitsForThoseBeforeIt() {
    Dispatcher dispatcher = dispatcher(4, true);
    append(Batches.fromFile("a", "1"));
    append(Batches.fromFile("a", "2").with(new byte[0], 0, 0, 0));
    run(dispatcher);
    assertThat(shipper.calls).hasSize(1);
    assertThat(told).isEmpty();
    shipper.accept(0);
    run(dispatcher);
    assertThat(told).containsExactly("0: 0 ", "1: 0 ");
  }

  @Test
  void shipperThatThrowsIsTriedAgain() {
    Dispatcher dispatcher = dispatcher(4, false);
    append(Batches.fromFile("a", "1"));
    shipper.onShip =
        batch -> {
          throw new IllegalStateException("broken");
        };
    run(dispatcher);
    assertThat(dispatcher.status(now).lastError()).contains("broken");
    now += 6 * SECOND;
    assertThat(dispatcher.trouble(now)).contains("broken");
    shipper.onShip = batch -> Outcome.ACCEPTED;
    run(dispatcher);
    assertThat(told).containsExactly("0: 0 ");
  }

  @Test
  void outcomeThatIsToldTwiceCountsOnce() {
    Dispatcher dispatcher = dispatcher(4, false);
    append(Batches.fromFile("a", "1"));
    append(Batches.fromFile("b", "2"));
    run(dispatcher);
    FakeShipper.Call first = shipper.calls.get(0);
    shipper.answer(first, Outcome.ACCEPTED);
    shipper.answer(first, Outcome.ACCEPTED);
    run(dispatcher);
    assertThat(dispatcher.status(now).inFlightBatches()).isEqualTo(1);
    assertThat(told).containsExactly("0: 0 ");
  }

  @Test
  void drainingDoesNotWaitOutAPause() {
    Dispatcher dispatcher = dispatcher(4, false);
    append(Batches.fromFile("a", "1"));
    run(dispatcher);
    shipper.answer(shipper.calls.get(0), new Outcome.Retryable("busy", 60 * SECOND, null));
    run(dispatcher);
    dispatcher.drain();
    run(dispatcher);
    assertThat(dispatcher.drained()).isFalse();
    shipper.answer(shipper.calls.get(0), new Outcome.Retryable("busy", 60 * SECOND, null));
    run(dispatcher);
    now += SECOND;
    run(dispatcher);
    shipper.accept(0);
    run(dispatcher);
    assertThat(dispatcher.drained()).isTrue();
  }

  @Test
  void closeCountsWhatWasNotDelivered() {
    Dispatcher dispatcher = dispatcher(1, false);
    append(Batches.fromFile("a", "1", "2"));
    append(Batches.fromFile("a", "3"));
    run(dispatcher);
    assertThat(dispatcher.close(now, Duration.ofSeconds(1))).isEqualTo(3);
    assertThat(shipper.closed).isTrue();
    assertThat(told).isEmpty();
    assertThat(dispatcher.status(now).state()).isEqualTo(ShipperStatus.State.CLOSED);
  }

  @Test
  void whatHasNowhereToGoWaitsAsideWithItsKeyWhileTheOthersGoOn() {
    Dispatcher dispatcher = dispatcher(2, true);
    shipper.onShip =
        batch -> batch.key().equals("a") ? new Outcome.Missing("no topic", null) : Outcome.ACCEPTED;
    for (int i = 0; i < 5; i++) {
      append(Batches.fromFile("a", "a" + i));
      append(Batches.fromFile("b", "b" + i));
    }
    run(dispatcher);
    assertThat(shipper.arrived).containsExactly("b0", "b1", "b2", "b3", "b4");
    assertThat(dispatcher.waitNanos(now)).isEqualTo(Parked.RETRY_NANOS);
    now += SECOND;
    run(dispatcher);
    assertThat(dispatcher.waitNanos(now)).as("asked once a second").isEqualTo(Parked.RETRY_NANOS);

    shipper.onShip = batch -> Outcome.ACCEPTED;
    now += SECOND;
    run(dispatcher);
    assertThat(shipper.arrived)
        .containsExactly("b0", "b1", "b2", "b3", "b4", "a0", "a1", "a2", "a3", "a4");
    assertThat(budget.heldBytes()).isZero();
  }

  /// As for a partition without a leader.
  @Test
  void whatTakesLongToBeTriedAgainKeepsNobodyElseWaiting() {
    Dispatcher dispatcher = dispatcher(4, false);
    append(Batches.fromFile("a", "a0"));
    run(dispatcher);
    shipper.answer(shipper.calls.getFirst(), new Outcome.Missing("not confirmed in time", null));
    run(dispatcher);
    now += SECOND;
    run(dispatcher);
    assertThat(shipper.calls).as("it is tried").hasSize(1);

    shipper.onShip = batch -> batch.key().equals("a") ? null : Outcome.ACCEPTED;
    for (int i = 0; i < 10; i++) {
      append(Batches.fromFile("a", "a" + (i + 1)));
      append(Batches.fromFile("b", "b" + i));
      append(Batches.received("r" + i));
      run(dispatcher);
    }
    assertThat(told).as("each other").hasSize(20);
    assertThat(shipper.calls).hasSize(1);
    assertThat(dispatcher.waitNanos(now)).isPositive();

    shipper.onShip = batch -> Outcome.ACCEPTED;
    shipper.accept(0);
    run(dispatcher);
    now += SECOND;
    run(dispatcher);
    assertThat(shipper.arrived.stream().filter(line -> line.startsWith("a")))
        .containsExactly("a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10");
    assertThat(budget.heldBytes()).isZero();
  }

  /// Otherwise it would never be seen that others go on.
  @Test
  void whatWasParkedLeavesRoomForOthersWhateverFailsMeanwhile() {
    Dispatcher dispatcher = dispatcher(4, false);
    for (int i = 0; i < 6; i++) {
      append(Batches.fromFile("a", "a" + i));
    }
    run(dispatcher);
    shipper.answer(shipper.calls.getFirst(), new Outcome.Missing("not confirmed in time", null));
    run(dispatcher);
    now += SECOND;
    run(dispatcher);
    shipper.retry(0, "nothing is confirmed");
    run(dispatcher);
    now += SECOND;
    run(dispatcher);
    assertThat(shipper.calls).as("it is tried").hasSize(1);

    shipper.onShip = batch -> batch.key().equals("a") ? null : Outcome.ACCEPTED;
    append(Batches.fromFile("b", "b"));
    run(dispatcher);
    assertThat(shipper.arrived).containsExactly("b");
  }

  @Test
  void eachThatWasParkedHasItsTurnThoughOthersStall() {
    Dispatcher dispatcher = dispatcher(4, true);
    List<String> keys = List.of("a", "b", "c");
    keys.forEach(key -> append(Batches.fromFile(key, key)));
    run(dispatcher);
    Outcome missing = new Outcome.Missing("not confirmed in time", null);
    List.copyOf(shipper.calls).forEach(call -> shipper.answer(call, missing));
    run(dispatcher);
    // Others take half of the window all the time.
    append(Batches.received("slow"));
    append(Batches.received("slow, too"));
    run(dispatcher);
    assertThat(shipper.calls).hasSize(2);

    now += SECOND;
    Set<String> tried = new TreeSet<>();
    for (int i = 0; i < keys.size(); i++) {
      run(dispatcher);
      assertThat(shipper.calls).hasSize(3);
      FakeShipper.Call call = shipper.calls.getLast();
      tried.add(call.batch().key());
      now += 30 * SECOND;
      shipper.answer(call, missing);
    }
    assertThat(tried).containsExactlyElementsOf(keys);
  }

  @Test
  void whatIsDoneBehindWhatTakesLongMakesRoomInTheWindow() {
    Dispatcher dispatcher = dispatcher(2, true);
    shipper.onShip = batch -> batch.key().equals("a") ? null : Outcome.ACCEPTED;
    append(Batches.fromFile("a", "a0"));
    for (int i = 0; i < 5; i++) {
      append(Batches.fromFile("b", "b" + i));
    }
    run(dispatcher);
    assertThat(shipper.arrived).containsExactly("b0", "b1", "b2", "b3", "b4");
    assertThat(told).hasSize(5);
    shipper.accept(0);
    run(dispatcher);
    assertThat(budget.heldBytes()).isZero();
  }

  /// It was refused while what is behind it was on its way, and that is answered only later.
  @Test
  void whatWasParkedComesBackBeforeWhatIsBehindIt() {
    shipper.pipelined = true;
    Dispatcher dispatcher = dispatcher(4, true);
    append(Batches.fromFile("a", "1"));
    append(Batches.fromFile("a", "2"));
    run(dispatcher);
    shipper.answer(shipper.calls.getFirst(), new Outcome.Missing("no topic", null));
    run(dispatcher);
    now += SECOND;
    run(dispatcher);
    while (!shipper.calls.isEmpty()) {
      shipper.retry(0, "closed");
    }
    run(dispatcher);
    now += SECOND;
    shipper.onShip = batch -> Outcome.ACCEPTED;
    run(dispatcher);
    assertThat(shipper.arrived).containsExactly("1", "2");
  }

  @Test
  void onlyWhatIsMissingIsSentAgain() {
    Dispatcher dispatcher = dispatcher(2, true);
    append(Batches.received("1", "2", "3"));
    run(dispatcher);
    BitSet second = new BitSet();
    second.set(1);
    shipper.answer(shipper.calls.get(0), new Outcome.Missing("no topic", second));
    run(dispatcher);
    assertThat(shipper.calls).isEmpty();
    now += SECOND;
    run(dispatcher);
    shipper.accept(0);
    run(dispatcher);
    assertThat(shipper.arrived).containsExactly("1", "3", "2");
    assertThat(told).containsExactly("0: 0 ");
  }

  @Test
  void readsLittleFromFilesForWhatHasNowhereToGo() {
    Dispatcher dispatcher = dispatcher(8, true);
    shipper.onShip = batch -> new Outcome.Missing("no topic", null);
    append(Batches.fromFile("a", "1"));
    run(dispatcher);
    assertThat(buffer.hasRoomForFiles()).isTrue();
    append(Batches.fromFile("b", "2"));
    run(dispatcher);
    assertThat(buffer.hasRoomForFiles()).isFalse();

    shipper.onShip = batch -> Outcome.ACCEPTED;
    now += SECOND;
    run(dispatcher);
    assertThat(buffer.hasRoomForFiles()).isTrue();
  }

  @Test
  void requestsAreRefusedWhenEnoughOfThemHaveNowhereToGo() {
    Dispatcher dispatcher = dispatcher(2, true);
    shipper.onShip = batch -> new Outcome.Missing("no topic", null);
    for (int i = 0; i < Parked.FULL_BATCHES; i++) {
      assertThat(dispatcher.refuses(Signal.LOGS)).isFalse();
      append(Batches.received("" + i));
      run(dispatcher);
    }
    assertThat(dispatcher.refuses(Signal.LOGS)).isTrue();
    assertThat(dispatcher.refuses(Signal.TRACES)).isFalse();

    shipper.onShip = batch -> Outcome.ACCEPTED;
    now += SECOND;
    run(dispatcher);
    assertThat(dispatcher.refuses(Signal.LOGS)).isFalse();
  }

  @Test
  void aWarningIsCountedAndRejectsNothing() {
    Dispatcher dispatcher = dispatcher(2, true);
    shipper.onShip = batch -> new Outcome.PartlyAccepted(0, "use a newer schema");
    append(Batches.received("1", "2"));
    run(dispatcher);
    assertThat(told).containsExactly("0: 0 ");
    assertThat(metrics.value(Counter.SHIPPER_WARNINGS, "out")).isEqualTo(1);
    assertThat(metrics.value(Counter.SHIPPER_REJECTED, "out")).isZero();
    assertThat(dispatcher.status(now).lastError()).isEmpty();
  }

  @Test
  void whatIsMissingIsToldWhileTheRestWorks() {
    Dispatcher dispatcher = dispatcher(2, true);
    shipper.missing = "kafka:9092 has no topic spans";
    run(dispatcher);
    assertThat(dispatcher.trouble(now)).isEqualTo("shipper out: kafka:9092 has no topic spans");
    assertThat(dispatcher.status(now).lastError()).isEqualTo("kafka:9092 has no topic spans");
    shipper.missing = "";
    assertThat(dispatcher.trouble(now)).isNull();
  }

  @Test
  void confirmationThatNobodyWaitsForIsTakenWithTheNextBatchOrAfterAWhile() {
    Dispatcher dispatcher = dispatcher(4, true);
    dispatcher.onWork(() -> wakes++);
    append(Batches.fromFile("a", "1"));
    run(dispatcher);
    wakes = 0;
    shipper.accept(0);
    assertThat(wakes).isZero();
    assertThat(dispatcher.waitNanos(now)).isEqualTo(Dispatcher.LONGEST_LIE_NANOS);
    run(dispatcher);
    assertThat(told).containsExactly("0: 0 ");
    assertThat(dispatcher.waitNanos(now)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void answerThatIsWaitedForWakes() {
    Dispatcher dispatcher = dispatcher(2, true);
    dispatcher.onWork(() -> wakes++);

    append(Batches.received("its client waits"));
    run(dispatcher);
    assertWakes(() -> shipper.accept(0));
    run(dispatcher);

    append(Batches.fromFile("a", "it has to go again"));
    run(dispatcher);
    assertWakes(() -> shipper.retry(0, "overloaded"));
    run(dispatcher);
    now += SECOND;
    run(dispatcher);

    append(Batches.fromFile("b", "no room for another"));
    run(dispatcher);
    assertThat(shipper.calls).hasSize(2);
    assertWakes(() -> shipper.accept(1));
    shipper.accept(0);
    run(dispatcher);

    append(Batches.fromFile("b", "x".repeat(Dispatcher.LITTLE_BYTES)));
    run(dispatcher);
    assertWakes(() -> shipper.accept(0));
    run(dispatcher);

    append(Batches.fromFile("a", "the end is near"));
    dispatcher.drain();
    run(dispatcher);
    assertWakes(() -> shipper.accept(0));
  }

  private void assertWakes(Runnable answer) {
    int before = wakes;
    answer.run();
    assertThat(wakes).isGreaterThan(before);
  }

  private Dispatcher dispatcher(int maxInFlight, boolean pipelined) {
    shipper.pipelined = pipelined;
    return new Dispatcher(shipper, buffer.cursor("out"), metrics, new Random(1), maxInFlight);
  }

  private void append(Batch batch) {
    assertThat(budget.tryReserve(batch.length())).isTrue();
    appendedBytes += batch.length();
    int number = appended++;
    buffer.append(
        batch,
        batch.length(),
        (rejected, reason) -> told.add(number + ": " + rejected + " " + reason));
  }

  private void run(Dispatcher dispatcher) {
    while (dispatcher.doWork(now) > 0) {
      assertThat(budget.heldBytes()).isNotNegative();
    }
  }
}
