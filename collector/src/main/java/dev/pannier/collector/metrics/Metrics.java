package dev.pannier.collector.metrics;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// The counters of one process. A hot loop keeps the [LongAdder] and adds once a batch. Thread-safe.
public final class Metrics {
  /// @param owner  the configured name of the source or shipper
  /// @param reason from a fixed list, else empty
  public record Key(Counter counter, String owner, String reason) {
    // Written out: the JVM would make classes for it at each start.
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key key
          && counter == key.counter
          && owner.equals(key.owner)
          && reason.equals(key.reason);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * counter.hashCode() + owner.hashCode()) + reason.hashCode();
    }
  }

  /// @param value since the process started
  public record Sample(Key key, long value) {}

  private final Map<Key, LongAdder> adders = new ConcurrentHashMap<>();

  public LongAdder adder(Counter counter, String owner) {
    return adder(counter, owner, "");
  }

  public LongAdder adder(Counter counter, String owner, String reason) {
    return adders.computeIfAbsent(new Key(counter, owner, reason), key -> new LongAdder());
  }

  /// The sum over all reasons.
  public long value(Counter counter, String owner) {
    long sum = 0;
    for (Map.Entry<Key, LongAdder> entry : adders.entrySet()) {
      if (entry.getKey().counter() == counter && entry.getKey().owner().equals(owner)) {
        sum += entry.getValue().sum();
      }
    }
    return sum;
  }

  /// Every counter that was asked for, in no order.
  public List<Sample> samples() {
    return adders.entrySet().stream()
        .map(entry -> new Sample(entry.getKey(), entry.getValue().sum()))
        .toList();
  }
}
