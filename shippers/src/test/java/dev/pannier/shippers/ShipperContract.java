package dev.pannier.shippers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pannier.shippers.Destination.Mode;
import dev.pannier.shippers.batch.Batch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every shipper keeps to. A shipper's test extends it.
public abstract class ShipperContract {
  private static final Duration SHORT = Duration.ofMillis(300);

  private Set<Thread> before = Set.of();

  @SuppressWarnings("NullAway.Init") // made before each test
  private Destination destination;

  @SuppressWarnings("NullAway.Init") // made before each test
  private Shipper shipper;

  protected abstract Destination destination() throws Exception;

  /// Modes that this destination knows no way to.
  protected Set<Mode> unknownModes() {
    return Set.of();
  }

  /// The threads of a shipper start with this.
  protected abstract Set<String> threadNames();

  @BeforeEach
  void open() throws Exception {
    before = Thread.getAllStackTraces().keySet();
    destination = destination();
    shipper = destination.shipper();
  }

  @AfterEach
  void end() throws Exception {
    shipper.close(Duration.ZERO);
    destination.close();
  }

  @Test
  void connectReachesTheDestinationAndStoresNothing() throws Exception {
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(destination.stored()).isEmpty();
  }

  @Test
  void acceptedIsStoredAndTheBatchesBytesAreUntouched() throws Exception {
    connect();
    Batch batch = Batches.logs("k", "one", "two");
    byte[] copy = batch.bytes().clone();

    assertThat(ship(batch)).isEqualTo(Outcome.ACCEPTED);

    assertThat(destination.stored()).containsExactly("one", "two");
    assertThat(batch.bytes()).isEqualTo(copy);
  }

  @Test
  void batchesOfOneKeyArriveInTheOrderOfTheCalls() throws Exception {
    connect();
    List<Told> told = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      expected.add("line " + i);
      told.add(start(Batches.logs("k", "line " + i)));
    }
    for (Told one : told) {
      assertThat(one.await()).isEqualTo(Outcome.ACCEPTED);
    }

    assertThat(destination.stored()).isEqualTo(expected);
  }

  @Test
  void whatIsBehindAFailureOfItsKeyDoesNotOvertakeIt() throws Exception {
    assumeKnown(Mode.FAIL_THIRD);
    connect();
    destination.mode(Mode.FAIL_THIRD);
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      batches.add(Batches.logs("k", "line " + i));
    }

    // The caller's part: after a failure all that is not confirmed goes again, in order.
    int rounds = 0;
    for (List<Batch> open = batches; !open.isEmpty(); rounds++) {
      List<Told> told = new ArrayList<>();
      for (Batch batch : open) {
        told.add(start(batch));
      }
      List<Batch> again = new ArrayList<>();
      for (int i = 0; i < told.size(); i++) {
        if (!(told.get(i).await() instanceof Outcome.Accepted)) {
          again.add(open.get(i));
        }
      }
      open = again;
      assertThat(rounds).isLessThan(5);
    }

    assertThat(rounds).isGreaterThan(1);
    // Some may be there twice; what counts is when each came first.
    assertThat(new LinkedHashSet<>(destination.stored()))
        .containsExactly(
            "line 0", "line 1", "line 2", "line 3", "line 4", "line 5", "line 6", "line 7");
  }

  @Test
  void whatIsTooLargeIsTold() throws Exception {
    assumeKnown(Mode.TOO_LARGE);
    connect();
    destination.mode(Mode.TOO_LARGE);

    assertThat(ship(Batches.logs("k", "one", "two")))
        .isInstanceOfSatisfying(
            Outcome.TooLarge.class,
            tooLarge -> {
              assertThat(tooLarge.reason()).isNotBlank();
              assertThat(tooLarge.limitBytes()).isNotNegative();
              assertThat(tooLarge.unconfirmed()).isNull();
            });
    assertThat(destination.stored()).isEmpty();
  }

  @Test
  void whatIsRefusedForGoodIsTold() throws Exception {
    assumeKnown(Mode.REFUSE);
    connect();
    destination.mode(Mode.REFUSE);

    assertThat(ship(Batches.logs("k", "one")))
        .isInstanceOfSatisfying(
            Outcome.Permanent.class, refused -> assertThat(refused.reason()).isNotBlank());

    destination.mode(Mode.ACCEPT);
    assertThat(ship(Batches.logs("k", "two"))).isEqualTo(Outcome.ACCEPTED);
    assertThat(destination.stored()).containsExactly("two");
  }

  @Test
  void aDestinationThatCannotBeReachedIsTriedAgain() throws Exception {
    destination.down();
    assertThat(shipper.connect())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, retry -> assertThat(retry.reason()).isNotBlank());

    destination.up();
    connect();
    assertThat(ship(Batches.logs("k", "one"))).isEqualTo(Outcome.ACCEPTED);
    assertThat(destination.stored()).containsExactly("one");
  }

  @Test
  void aDestinationThatGoesAwayIsRetryableAndWorksWhenItIsBack() throws Exception {
    connect();
    assertThat(ship(Batches.logs("k", "one"))).isEqualTo(Outcome.ACCEPTED);

    destination.down();
    assertThat(ship(Batches.logs("k", "two", "three")))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, retry -> assertThat(retry.reason()).isNotBlank());

    destination.up();
    assertThat(ship(Batches.logs("k", "two", "three"))).isEqualTo(Outcome.ACCEPTED);
    assertThat(destination.stored()).containsExactly("one", "two", "three");
  }

  @Test
  void closingAnswersWhatIsInFlightOnce() throws Exception {
    assumeKnown(Mode.HOLD);
    connect();
    destination.mode(Mode.HOLD);
    List<Told> told = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      told.add(start(Batches.logs(i % 2 == 0 ? "k" : "", "line " + i)));
    }

    shipper.close(SHORT);

    for (Told one : told) {
      assertThat(one.await()).isInstanceOf(Outcome.Retryable.class);
    }
    destination.mode(Mode.ACCEPT);
    destination.close();
    for (Told one : told) {
      assertThat(one.times()).isEqualTo(1);
    }
  }

  @Test
  void afterCloseABatchIsAnsweredAndClosingAgainDoesNothing() throws Exception {
    connect();
    shipper.close(SHORT);
    shipper.close(SHORT);

    Told told = start(Batches.logs("k", "one"));

    assertThat(told.await()).isInstanceOf(Outcome.Retryable.class);
    assertThat(shipper.connect()).isInstanceOf(Outcome.Retryable.class);
    assertThat(destination.stored()).isEmpty();
  }

  @Test
  void closeWithoutConnectDoesNothing() {
    shipper.close(SHORT);
  }

  @Test
  void noSecretIsInAReason() throws Exception {
    assumeKnown(Mode.TELL_SECRET);
    connect();
    destination.mode(Mode.TELL_SECRET);

    Outcome outcome = ship(Batches.logs("k", "one"));

    assertThat(outcome).isNotInstanceOf(Outcome.Accepted.class);
    assertThat(outcome.toString()).doesNotContain(Destination.SECRET).contains("****");
  }

  @Test
  void itsThreadsEndWithIt() throws Exception {
    connect();
    assertThat(ship(Batches.logs("k", "one"))).isEqualTo(Outcome.ACCEPTED);

    shipper.close(SHORT);

    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      boolean itsOwn = threadNames().stream().anyMatch(thread.getName()::startsWith);
      if (itsOwn && !before.contains(thread)) {
        thread.join(TimeUnit.SECONDS.toMillis(20));
        assertThat(thread.isAlive()).as(thread.getName()).isFalse();
      }
    }
  }

  protected void assumeKnown(Mode mode) {
    assumeTrue(!unknownModes().contains(mode), () -> "no way to " + mode);
  }

  private void connect() {
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
  }

  private Outcome ship(Batch batch) throws InterruptedException {
    return start(batch).await();
  }

  private Told start(Batch batch) {
    Told told = new Told(destination.patience());
    shipper.ship(batch, told);
    return told;
  }

  /// Takes a batch's outcome, and counts how often it came.
  static final class Told implements Consumer<Outcome> {
    private final List<Outcome> outcomes = new ArrayList<>();
    private final Duration patience;

    Told(Duration patience) {
      this.patience = patience;
    }

    @Override
    public synchronized void accept(Outcome outcome) {
      outcomes.add(outcome);
      notifyAll();
    }

    synchronized int times() {
      return outcomes.size();
    }

    synchronized Outcome await() throws InterruptedException {
      long deadlineNanos = System.nanoTime() + patience.toNanos();
      while (outcomes.isEmpty()) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
        assertThat(left).as("no outcome within " + patience).isPositive();
        wait(left);
      }
      return outcomes.getFirst();
    }
  }

  /// The records whose numbers are set.
  protected static BitSet records(int... numbers) {
    BitSet set = new BitSet();
    for (int number : numbers) {
      set.set(number);
    }
    return set;
  }
}
