package dev.pannier.shippers.otlp;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Keeps the order of what has the same key: one is under way, the others wait behind it. What has
/// an empty key waits for nobody.
final class Lanes<T> {
  private final Map<String, ArrayDeque<T>> waiting = new HashMap<>();

  /// @return whether it may go now; else it waits, for [#next] or [#abandon]
  synchronized boolean enter(String key, T item) {
    if (key.isEmpty()) {
      return true;
    }
    ArrayDeque<T> lane = waiting.get(key);
    if (lane == null) {
      waiting.put(key, new ArrayDeque<>(1));
      return true;
    }
    lane.addLast(item);
    return false;
  }

  /// What goes next, after one of this key has arrived.
  synchronized @Nullable T next(String key) {
    ArrayDeque<T> lane = waiting.get(key);
    if (lane == null) {
      return null;
    }
    T next = lane.pollFirst();
    if (next == null) {
      waiting.remove(key);
    }
    return next;
  }

  /// What waited behind one of this key that has not arrived, and must not overtake it.
  synchronized List<T> abandon(String key) {
    ArrayDeque<T> lane = waiting.remove(key);
    return lane == null ? List.of() : new ArrayList<>(lane);
  }
}
