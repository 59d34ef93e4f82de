package dev.pannier.shippers.kafka;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/// Batch keys whose last message was not confirmed in time, and partitions that take nothing while others do. Thread-safe.
///
/// Of such a key one message goes alone, and nobody waits for its end: what is behind it in its batch comes again. What does
/// not come again is forgotten with time.
final class Stalled {
  /// Of either; beyond this all are forgotten: what they were known for shows again.
  private static final int MOST = 1_000;

  /// So many partitions are named.
  private static final int MOST_NAMED = 8;

  private record Stall(String partition, long sinceNanos) {}

  private final long knownForNanos;

  /// By their batch key.
  private final Map<String, Stall> keys = new HashMap<>();

  /// When they were last seen to take nothing.
  private final Map<String, Long> partitions = new TreeMap<>();

  /// Whether there are any, without the lock.
  private volatile boolean any;

  /// @param knownForNanos longer than from one attempt's end to the next one's
  Stalled(long knownForNanos) {
    this.knownForNanos = knownForNanos;
  }

  boolean any() {
    return any;
  }

  /// A key's message was not confirmed in time.
  synchronized void add(String key, String partition, long nowNanos) {
    if (keys.size() >= MOST) {
      keys.clear();
    }
    keys.put(key, new Stall(partition, nowNanos));
    any = true;
  }

  /// What was sent later to others was confirmed.
  ///
  /// @return whether that is new
  synchronized boolean takesNothing(String partition, long nowNanos) {
    if (partitions.size() >= MOST) {
      partitions.clear();
    }
    any = true;
    return partitions.put(partition, nowNanos) == null;
  }

  /// Only where there are [#any] somebody has to know it.
  synchronized void confirmed(String key, String partition, long nowNanos) {
    keys.remove(key);
    keys.values()
        .removeIf(
            stall -> stall.partition().equals(partition) || isOld(stall.sinceNanos(), nowNanos));
    partitions.remove(partition);
    partitions.values().removeIf(sinceNanos -> isOld(sinceNanos, nowNanos));
    any = !(keys.isEmpty() && partitions.isEmpty());
  }

  private boolean isOld(long sinceNanos, long nowNanos) {
    return nowNanos - sinceNanos >= knownForNanos;
  }

  boolean holds(String key) {
    if (!any) {
      return false;
    }
    synchronized (this) {
      return keys.containsKey(key);
    }
  }

  /// What takes nothing while others do, a few of them by name; empty for nothing.
  synchronized String partitions(long nowNanos) {
    StringBuilder named = new StringBuilder();
    int count = 0;
    for (Map.Entry<String, Long> partition : partitions.entrySet()) {
      if (!isOld(partition.getValue(), nowNanos)) {
        count++;
        if (count <= MOST_NAMED) {
          named.append(count == 1 ? "" : ", ").append(partition.getKey());
        }
      }
    }
    return count <= MOST_NAMED
        ? named.toString()
        : named + " and " + (count - MOST_NAMED) + " more";
  }
}
