package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/// The buffer with two dispatchers and two destinations that fail, lag, refuse and answer in any
/// order. Whatever they do, once they have healed every batch was acknowledged once, every record
/// has arrived or was counted, in the order of its key, and the budget is free.
class DispatcherModelTest {
  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(40);

  @Property(tries = 400)
  void everyBatchIsAcknowledgedOnceAndArrivesInOrder(
      @ForAll @Size(min = 1, max = 120) List<@IntRange(max = 255) Integer> steps,
      @ForAll @IntRange(min = 1, max = 6) int maxInFlight,
      @ForAll boolean pipelined) {
    new Model(maxInFlight, pipelined).run(steps);
  }

  private static final class Model {
    private final MemoryBudget budget = new MemoryBudget(1 << 20);
    private final Ledger ledger = new Ledger();
    private final MemoryBuffer buffer =
        new MemoryBuffer(
            budget,
            ledger,
            new Metrics(),
            Map.of("one", Set.of(Signal.LOGS), "two", Set.of(Signal.LOGS, Signal.TRACES)));
    private final List<Integer> acknowledged = new ArrayList<>();
    private final Map<String, List<String>> appendedByKey = new HashMap<>();
    private final Set<String> logs = new LinkedHashSet<>();
    private final Set<String> traces = new LinkedHashSet<>();
    private final Random random = new Random(7);
    private int appended;
    private long now;

    private final Destination one;
    private final Destination two;

    Model(int maxInFlight, boolean pipelined) {
      one = new Destination("one", maxInFlight, pipelined);
      two = new Destination("two", maxInFlight, false);
    }

    void run(List<Integer> steps) {
      for (int step : steps) {
        int argument = step >> 3;
        switch (step & 7) {
          case 0, 1, 2 -> append(argument);
          case 3, 4 -> one.answer(argument);
          case 5 -> two.answer(argument);
          case 6 -> one.changeMood(argument);
          case 7 -> now += STEP_NANOS * argument;
          default -> throw new IllegalStateException();
        }
        one.dispatcher.doWork(now);
        two.dispatcher.doWork(now);
        assertLedgerCloses();
      }
      one.heal();
      two.heal();
      int rounds = 0;
      while (acknowledged.size() < appended) {
        assertThat(rounds++).as("rounds after everything healed").isLessThan(1_000);
        now += STEP_NANOS * 1_000;
        one.dispatcher.doWork(now);
        two.dispatcher.doWork(now);
        assertLedgerCloses();
      }
      assertThat(acknowledged)
          .containsExactlyInAnyOrderElementsOf(IntStream.range(0, appended).boxed().toList());
      assertThat(budget.heldBytes()).isZero();
      assertThat(ledger.snapshot())
          .allMatch(row -> row.records().inFlight() == 0 && row.bytes().inFlight() == 0);
      one.assertArrived(logs);
      Set<String> all = new LinkedHashSet<>(logs);
      all.addAll(traces);
      two.assertArrived(all);
    }

    private void append(int argument) {
      int number = appended++;
      int records = 1 + argument % 4;
      String[] bodies = new String[records];
      for (int i = 0; i < records; i++) {
        bodies[i] = number + "." + i;
      }
      Batch batch =
          switch (argument % 5) {
            case 0 -> Batches.received(bodies);
            case 1 -> Batches.received(Signal.TRACES, bodies);
            case 2 -> Batches.received(Signal.METRICS, bodies);
            case 3 -> Batches.fromFile("a", bodies);
            default -> Batches.fromFile("b", bodies);
          };
      if (batch.signal() == Signal.LOGS) {
        logs.addAll(List.of(bodies));
      } else if (batch.signal() == Signal.TRACES) {
        traces.addAll(List.of(bodies));
      }
      if (!batch.key().isEmpty()) {
        appendedByKey
            .computeIfAbsent(batch.key(), key -> new ArrayList<>())
            .addAll(List.of(bodies));
      }
      assertThat(budget.tryReserve(batch.length())).isTrue();
      buffer.append(batch, batch.length(), (rejected, reason) -> acknowledged.add(number));
    }

    private void assertLedgerCloses() {
      for (Ledger.Row row : ledger.snapshot()) {
        assertThat(row).matches(each -> each.records().closes() && each.bytes().closes());
      }
    }

    private final class Destination {
      private final FakeShipper shipper = new FakeShipper();
      private final Dispatcher dispatcher;
      private final boolean pipelined;
      private final Set<String> refused = new LinkedHashSet<>();

      Destination(String name, int maxInFlight, boolean pipelined) {
        this.pipelined = pipelined;
        shipper.pipelined = pipelined;
        dispatcher =
            new Dispatcher(shipper, buffer.cursor(name), new Metrics(), random, maxInFlight);
      }

      void answer(int argument) {
        if (shipper.calls.isEmpty()) {
          return;
        }
        FakeShipper.Call call = shipper.calls.get(argument % shipper.calls.size());
        if (pipelined) {
          // A destination that keeps the order answers for the first of a key first.
          String key = call.batch().key();
          call =
              shipper.calls.stream()
                  .filter(c -> c.batch().key().equals(key))
                  .findFirst()
                  .orElse(call);
        }
        Outcome outcome = outcome(argument, call.batch());
        shipper.answer(call, outcome);
        if (pipelined && !(outcome instanceof Outcome.Accepted)) {
          // It has not let those behind the failed one overtake it.
          String key = call.batch().key();
          for (FakeShipper.Call later : List.copyOf(shipper.calls)) {
            if (later.batch().key().equals(key)) {
              shipper.answer(later, new Outcome.Retryable("behind a failed one", 0, null));
            }
          }
        }
      }

      private Outcome outcome(int argument, Batch batch) {
        List<String> bodies = FakeShipper.bodies(batch);
        return switch (argument % 8) {
          case 5 -> {
            BitSet unconfirmed = new BitSet();
            unconfirmed.set(batch.records() / 2, batch.records());
            yield new Outcome.Missing("no such topic", unconfirmed);
          }
          case 0 -> new Outcome.Retryable("busy", STEP_NANOS, null);
          case 1 -> {
            refused.addAll(bodies);
            yield new Outcome.Permanent("never");
          }
          case 2 -> {
            refused.add(bodies.getFirst());
            yield new Outcome.PartlyAccepted(1, "the first");
          }
          case 3 -> {
            // The last half, so that the records that are sent again keep their order.
            BitSet unconfirmed = new BitSet();
            unconfirmed.set(batch.records() / 2, batch.records());
            yield new Outcome.Retryable("half", 0, unconfirmed);
          }
          case 4 -> {
            if (batch.records() == 1) {
              refused.addAll(bodies);
            }
            yield new Outcome.TooLarge(batch.length() / 2, "too large", null);
          }
          default -> Outcome.ACCEPTED;
        };
      }

      void changeMood(int argument) {
        shipper.connect =
            argument % 2 == 0 ? Outcome.ACCEPTED : new Outcome.Retryable("not there", 0, null);
        shipper.onShip =
            switch (argument % 6) {
              case 0 ->
                  batch -> {
                    throw new IllegalStateException("broken");
                  };
              case 1 -> batch -> new Outcome.Retryable("at once", 0, null);
              case 2 -> batch -> shipper.calls.isEmpty() ? Outcome.ACCEPTED : null;
              case 3 -> batch -> new Outcome.Missing("no topic", null);
              default -> batch -> null;
            };
      }

      void heal() {
        shipper.connect = Outcome.ACCEPTED;
        shipper.onShip = batch -> Outcome.ACCEPTED;
        while (!shipper.calls.isEmpty()) {
          shipper.accept(0);
        }
      }

      void assertArrived(Set<String> expected) {
        Set<String> seen = new LinkedHashSet<>(shipper.arrived);
        seen.addAll(refused);
        assertThat(seen).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(shipper.arrived).doesNotHaveDuplicates();
        appendedByKey.forEach(
            (key, bodies) -> {
              List<String> inOrder = new ArrayList<>(bodies);
              inOrder.removeAll(refused);
              assertThat(shipper.arrived.stream().filter(inOrder::contains))
                  .containsExactlyElementsOf(inOrder);
            });
      }
    }
  }
}
