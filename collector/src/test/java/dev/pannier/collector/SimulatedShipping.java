package dev.pannier.collector;

import dev.pannier.collector.buffer.Cursors;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.dispatch.DispatcherThread;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.Home;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Signal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The shippers without their threads: whoever has them takes their turns.
public final class SimulatedShipping {
  /// Other shippers, made ready.
  public static final class Change {
    private final Shipping.Next next;

    private Change(Shipping.Next next) {
      this.next = next;
    }

    /// As the buffer needs them.
    public Map<String, Set<Signal>> takers() {
      return next.takers;
    }
  }

  private final Shipping shipping;
  private final List<DispatcherThread> threads = new ArrayList<>();

  /// @param opener makes what reaches a destination
  public SimulatedShipping(
      long memoryBytes,
      MemoryBudget budget,
      Cursors cursors,
      Ledger ledger,
      Metrics metrics,
      LongSupplier nanoClock,
      RandomGenerator random,
      BiConsumer<String, Committed> onCommitted,
      Function<ShipperSettings, Shipper> opener) {
    shipping =
        new Shipping(
            memoryBytes,
            new Shipping.Supply(budget, cursors, ledger, metrics),
            new Health(nanoClock),
            nanoClock,
            random,
            onCommitted,
            new Shipping.Workshop() {
              @Override
              public Shipper make(ShipperSettings settings, long clientBytes, Home home) {
                return opener.apply(settings);
              }

              @Override
              public void start(DispatcherThread thread) {
                threads.add(thread);
              }
            });
  }

  public static long clientBytes(Configuration configuration) {
    return Shipping.clientBytes(configuration);
  }

  public static Map<String, Set<Signal>> takers(Configuration configuration) {
    return Shipping.takers(configuration);
  }

  public void start(Configuration configuration) {
    shipping.start(configuration, null);
  }

  /// @return null where a restart is needed
  public @Nullable Change prepare(Configuration next) {
    try {
      return new Change(shipping.prepare(next, null));
    } catch (Shipping.NeedsRestart e) {
      return null;
    }
  }

  public void change(Change change, long nowNanos) {
    shipping.change(change.next, nowNanos);
  }

  public void tend(long nowNanos) {
    shipping.tend(nowNanos);
  }

  public boolean isChanging() {
    return shipping.isChanging();
  }

  public void retain(Set<Long> generations) {
    shipping.retain(generations);
  }

  public void hurry(long nowNanos) {
    shipping.hurry(nowNanos);
  }

  /// How many there are at work, those that are about to end included.
  public int size() {
    return threads.size();
  }

  /// One turn of one of them.
  ///
  /// @return whether it has more to do at once
  public boolean turn(int index) {
    DispatcherThread thread = threads.get(index);
    long wait = thread.turn();
    if (thread.hasEnded()) {
      threads.remove(index);
    }
    return wait <= 0;
  }

  public void drain() {
    threads.forEach(DispatcherThread::drain);
  }

  /// Whether nothing is left after [#drain].
  public boolean isDrained() {
    try {
      for (DispatcherThread thread : threads) {
        if (!thread.awaitDrained(Duration.ZERO)) {
          return false;
        }
      }
      return true;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public void close() {
    threads.forEach(thread -> thread.close(Duration.ZERO));
    while (!threads.isEmpty()) {
      turn(0);
    }
    try {
      shipping.close(new Shutdown(Duration.ZERO, () -> 0));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
