package dev.pannier.shippers.kafka;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/// Batch keys whose last message was not confirmed in time, and partitions that take nothing while others do. Thread-safe.
///
/// Of such a key one message goes alone, and nobody waits for its end: what is behind it in its batch comes again.
final class Stalled {
  /// Beyond this all are forgotten: what they were known for shows again.
  private static final int MOST = 1_000;

  /// @param reason what is told; empty where all others fail, too
  private record Stall(String partition, String reason, long sinceNanos) {}

  private final long toldForNanos;

  /// By their batch key, by the partition what has none.
  private final Map<String, Stall> stalls = new HashMap<>();

  /// Whether there are any, without the lock.
  private volatile boolean any;

  /// @param toldForNanos longer than from one attempt's end to the next one's
  Stalled(long toldForNanos) {
    this.toldForNanos = toldForNanos;
  }

  boolean any() {
    return any;
  }

  synchronized void add(String key, String partition, String reason, long nowNanos) {
    if (stalls.size() >= MOST) {
      stalls.clear();
    }
    stalls.put(key.isEmpty() ? partition : key, new Stall(partition, reason, nowNanos));
    any = true;
  }

  void confirmed(String key, String partition) {
    if (!any) {
      return;
    }
    synchronized (this) {
      stalls.remove(key);
      stalls.values().removeIf(stall -> stall.partition().equals(partition));
      any = !stalls.isEmpty();
    }
  }

  boolean holds(String key) {
    if (!any) {
      return false;
    }
    synchronized (this) {
      return stalls.containsKey(key);
    }
  }

  /// What takes nothing while others do; empty for nothing.
  synchronized Set<String> reasons(long nowNanos) {
    Set<String> reasons = new LinkedHashSet<>();
    for (Stall stall : stalls.values()) {
      if (!stall.reason().isEmpty() && nowNanos - stall.sinceNanos() < toldForNanos) {
        reasons.add(stall.reason());
      }
    }
    return reasons;
  }
}
