package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Everything on its own thread, as in the process: sources that append, two dispatchers, clients
/// that answer from elsewhere and refuse now and then.
@Timeout(60)
class DispatcherConcurrencyTest {
  private static final int SOURCES = 3;
  private static final int BATCHES = 400;
  private static final Duration LONG = Duration.ofSeconds(40);

  private final MemoryBudget budget = new MemoryBudget(64 * 1024);
  private final Ledger ledger = new Ledger();
  private final Metrics metrics = new Metrics();
  private final MemoryBuffer buffer =
      new MemoryBuffer(
          budget,
          ledger,
          metrics,
          Map.of("fast", Set.of(Signal.LOGS), "slow", Set.of(Signal.LOGS)));
  private final Map<String, List<Integer>> acknowledged = new ConcurrentHashMap<>();
  private final CountDownLatch told = new CountDownLatch(SOURCES * BATCHES);

  @Test
  void everyBatchIsAcknowledgedOnceAndInTheOrderOfItsKey() throws InterruptedException {
    Health health = new Health(System::nanoTime);
    try (AnsweringShipper fast = new AnsweringShipper(50);
        AnsweringShipper slow = new AnsweringShipper(7)) {
      DispatcherThread fastThread = dispatcher("fast", fast, health);
      DispatcherThread slowThread = dispatcher("slow", slow, health);
      fastThread.start();
      slowThread.start();
      List<Thread> sources = new ArrayList<>();
      for (int source = 0; source < SOURCES; source++) {
        String key = "file " + source;
        sources.add(Thread.ofPlatform().start(() -> append(key)));
      }
      while (!told.await(1, TimeUnit.MILLISECONDS)) {
        for (Ledger.Row row : ledger.snapshot()) {
          assertThat(row).matches(each -> each.records().closes() && each.bytes().closes());
        }
      }
      for (Thread source : sources) {
        source.join();
      }
      fastThread.drain();
      slowThread.drain();
      assertThat(fastThread.awaitDrained(LONG)).isTrue();
      assertThat(slowThread.awaitDrained(LONG)).isTrue();
      fastThread.close(LONG);
      assertThat(fastThread.awaitClosed(LONG)).isZero();
      slowThread.close(LONG);
      assertThat(slowThread.awaitClosed(LONG)).isZero();
      assertThat(fast.arrived).containsExactlyInAnyOrderElementsOf(slow.arrived);
    }
    List<Integer> inOrder = IntStream.range(0, BATCHES).boxed().toList();
    assertThat(acknowledged)
        .hasSize(SOURCES)
        .allSatisfy((key, n) -> assertThat(n).isEqualTo(inOrder));
    assertThat(budget.heldBytes()).isZero();
    assertThat(health.dead()).isEmpty();
    assertThat(ledger.snapshot())
        .hasSize(2)
        .allMatch(
            row -> row.records().shipped() == SOURCES * BATCHES && row.records().inFlight() == 0);
  }

  private DispatcherThread dispatcher(String name, Shipper shipper, Health health) {
    Dispatcher dispatcher = new Dispatcher(shipper, buffer.cursor(name), metrics, new Random(3), 5);
    return new DispatcherThread(dispatcher, System::nanoTime, health);
  }

  private void append(String key) {
    List<Integer> mine =
        acknowledged.computeIfAbsent(key, k -> Collections.synchronizedList(new ArrayList<>()));
    for (int i = 0; i < BATCHES; i++) {
      Batch batch = Batches.fromFile(key, key + "/" + i);
      while (!budget.tryReserve(batch.length())) {
        Thread.onSpinWait();
      }
      int number = i;
      buffer.append(
          batch,
          batch.length(),
          (rejected, reason) -> {
            mine.add(number);
            told.countDown();
          });
    }
  }

  /// Answers on a thread of its own; refuses every so many calls once.
  private static final class AnsweringShipper implements Shipper, AutoCloseable {
    private record Call(Batch batch, Consumer<Outcome> outcome) {}

    private final List<String> arrived = Collections.synchronizedList(new ArrayList<>());
    private final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    private final int refuseEvery;
    private final Thread thread = Thread.ofPlatform().start(this::answer);
    private int answered;

    AnsweringShipper(int refuseEvery) {
      this.refuseEvery = refuseEvery;
    }

    @Override
    public Outcome connect() {
      return Outcome.ACCEPTED;
    }

    @Override
    public void ship(Batch batch, Consumer<Outcome> outcome) {
      calls.add(new Call(batch, outcome));
    }

    private void answer() {
      try {
        while (true) {
          Call call = calls.take();
          answered++;
          if (answered % refuseEvery == 0 && answered < 20 * refuseEvery) {
            call.outcome().accept(new Outcome.Retryable("now and then", 0, null));
          } else {
            arrived.addAll(FakeShipper.bodies(call.batch()));
            call.outcome().accept(Outcome.ACCEPTED);
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close(Duration timeout) {}

    @Override
    public void close() {
      thread.interrupt();
    }
  }
}
