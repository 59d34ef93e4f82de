package dev.pannier.shippers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.batch.Batch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every shipper keeps to. A shipper's test extends it.
public abstract class ShipperContract {
  protected static final Duration SHORT = Duration.ofMillis(300);

  private Set<Thread> before = Set.of();

  @SuppressWarnings("NullAway.Init") // made before each test
  protected Destination destination;

  @SuppressWarnings("NullAway.Init") // made before each test
  protected Shipper shipper;

  protected abstract Destination destination() throws Exception;

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
  void aDestinationThatCannotBeReachedIsTriedAgain() throws Exception {
    destination.down();
    Outcome connected = shipper.connect();
    // A pipe shows only when it is written that nobody reads.
    Outcome failure =
        connected instanceof Outcome.Accepted ? ship(Batches.logs("k", "one")) : connected;
    assertThat(failure)
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, retry -> assertThat(retry.reason()).isNotBlank());

    destination.up();
    connect();
    shipUntilAccepted(Batches.logs("k", "one"));
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
    shipUntilAccepted(Batches.logs("k", "two", "three"));
    assertThat(destination.stored()).containsExactly("one", "two", "three");
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
  void itsThreadsEndWithIt() throws Exception {
    connect();
    assertThat(ship(Batches.logs("k", "one"))).isEqualTo(Outcome.ACCEPTED);

    shipper.close(SHORT);

    // A thread of a client's shared pool carries a name only while it works for this shipper.
    long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      while (!before.contains(thread) && isItsOwn(thread)) {
        thread.join(100);
        assertThat(System.nanoTime() - deadlineNanos).as(thread.getName()).isNegative();
      }
    }
  }

  private boolean isItsOwn(Thread thread) {
    return thread.isAlive() && threadNames().stream().anyMatch(thread.getName()::startsWith);
  }

  protected final void connect() {
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
  }

  protected final Outcome ship(Batch batch) throws InterruptedException {
    shipper.resume();
    return start(batch).await();
  }

  protected final void shipUntilAccepted(Batch batch) throws InterruptedException {
    shipUntilAccepted(shipper, batch);
  }

  /// As a caller does, but for the pause between attempts.
  protected final void shipUntilAccepted(Shipper with, Batch batch) throws InterruptedException {
    long deadlineNanos = System.nanoTime() + destination.patience().toNanos();
    Outcome outcome;
    do {
      Thread.onSpinWait();
      Told told = new Told(destination.patience());
      with.resume();
      with.ship(batch, told);
      outcome = told.await();
    } while ((outcome instanceof Outcome.Retryable || outcome instanceof Outcome.Missing)
        && System.nanoTime() - deadlineNanos < 0);
    assertThat(outcome).isEqualTo(Outcome.ACCEPTED);
  }

  protected final Told start(Batch batch) {
    Told told = new Told(destination.patience());
    shipper.ship(batch, told);
    return told;
  }

  /// Takes a batch's outcome, and counts how often it came.
  public static final class Told implements Consumer<Outcome> {
    private final List<Outcome> outcomes = new ArrayList<>();
    private final Duration patience;

    public Told(Duration patience) {
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

    public synchronized Outcome await() throws InterruptedException {
      long deadlineNanos = System.nanoTime() + patience.toNanos();
      while (outcomes.isEmpty()) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
        assertThat(left).as("no outcome within " + patience).isPositive();
        wait(left);
      }
      return outcomes.getFirst();
    }
  }
}
