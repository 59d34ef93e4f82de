package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DispatcherThreadTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private final MemoryBudget budget = new MemoryBudget(1 << 20);
  private final MemoryBuffer buffer =
      new MemoryBuffer(budget, new Ledger(), new Metrics(), Map.of("out", Set.of(Signal.LOGS)));
  private final FakeShipper shipper = new FakeShipper();
  private final Health health = new Health(System::nanoTime);
  private final DispatcherThread thread =
      new DispatcherThread(
          new Dispatcher(shipper, buffer.cursor("out"), new Metrics(), new Random(1), 4),
          System::nanoTime,
          health);

  @Test
  void shipsAndDrainsOnAThreadNamedAfterTheShipper() throws InterruptedException {
    CountDownLatch told = new CountDownLatch(100);
    CountDownLatch named = new CountDownLatch(1);
    shipper.onShip =
        batch -> {
          if (Thread.currentThread().getName().equals("pannier-ship-out")) {
            named.countDown();
          }
          return Outcome.ACCEPTED;
        };
    thread.start();
    for (int i = 0; i < 100; i++) {
      append(Batches.fromFile("a", "" + i), told);
    }
    assertThat(told.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(named.getCount()).isZero();
    thread.drain();
    assertThat(thread.awaitDrained(LONG)).isTrue();
    thread.close(LONG);
    assertThat(thread.awaitClosed(LONG)).isZero();
    assertThat(shipper.closed).isTrue();
    assertThat(health.dead()).isEmpty();
  }

  @Test
  void drainEndsAtItsDeadlineAndCloseSaysHowManyRecordsAreLeft() throws InterruptedException {
    CountDownLatch called = new CountDownLatch(1);
    shipper.onShip =
        batch -> {
          called.countDown();
          return null;
        };
    thread.start();
    append(Batches.fromFile("a", "1", "2"), new CountDownLatch(1));
    assertThat(called.await(20, TimeUnit.SECONDS)).isTrue();
    thread.drain();
    assertThat(thread.awaitDrained(Duration.ofMillis(1))).isFalse();
    thread.close(LONG);
    assertThat(thread.awaitClosed(LONG)).isEqualTo(2);
  }

  @Test
  void whatWasGivenUpAndNobodyTookOverIsLeft() throws InterruptedException {
    CountDownLatch called = new CountDownLatch(1);
    shipper.onShip =
        batch -> {
          called.countDown();
          return null;
        };
    thread.start();
    append(Batches.fromFile("a", "1", "2"), new CountDownLatch(1));
    append(Batches.fromFile("b", "3"), new CountDownLatch(1));
    assertThat(called.await(20, TimeUnit.SECONDS)).isTrue();
    thread.handOver(LONG);
    thread.close(LONG);
    assertThat(thread.awaitClosed(LONG)).isEqualTo(3);
  }

  @Test
  void loopThatEndsByAnErrorTurnsHealthRed() throws InterruptedException {
    shipper.onShip =
        batch -> {
          throw new StackOverflowError("deep");
        };
    thread.start();
    append(Batches.fromFile("a", "1"), new CountDownLatch(1));
    thread.drain();
    assertThat(thread.awaitDrained(LONG)).isFalse();
    assertThat(health.dead()).singleElement().asString().contains("pannier-ship-out", "deep");
  }

  @Test
  void destinationThatIsNotReachedIsNotReady() throws InterruptedException {
    shipper.connect = new Outcome.Permanent("no broker");
    assertThat(health.unready()).singleElement().asString().contains("out");
    thread.start();
    thread.drain();
    assertThat(thread.awaitDrained(LONG)).as("nothing is left").isTrue();
    thread.close(LONG);
    assertThat(thread.awaitClosed(LONG)).isZero();
  }

  private void append(Batch batch, CountDownLatch told) {
    assertThat(budget.tryReserve(batch.length())).isTrue();
    buffer.append(batch, batch.length(), (rejected, reason) -> told.countDown());
  }
}
