package dev.pannier.collector.dispatch;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.shippers.batch.Signal;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Shipments whose part of the destination is missing, in the order of the buffer, while the others go
/// on. One thread, but for [#isFull].
final class Parked {
  /// Whether it is there by now is asked this often: the shipper answers at once.
  static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// Beyond this requests of a signal are refused: their clients keep what cannot be shipped, and
  /// memory stays free for the signals that can.
  static final long FULL_BYTES = 1024 * 1024;

  static final int FULL_BATCHES = 16;

  private final Cursor cursor;
  private final TreeMap<Long, Shipment> shipments = new TreeMap<>();
  private volatile Set<Signal> full = Set.of();

  Parked(Cursor cursor) {
    this.cursor = cursor;
  }

  boolean isEmpty() {
    return shipments.isEmpty();
  }

  /// Their numbers, ascending.
  Set<Long> sequences() {
    return shipments.keySet();
  }

  /// Whether one of its key is parked that comes before it.
  boolean holdsBack(Shipment later) {
    if (later.key().isEmpty() || shipments.isEmpty()) {
      return false;
    }
    for (Shipment shipment : shipments.headMap(later.entry().sequence()).values()) {
      if (shipment.key().equals(later.key())) {
        return true;
      }
    }
    return false;
  }

  void add(Shipment shipment) {
    shipments.put(shipment.entry().sequence(), shipment);
    cursor.parked(shipment.entry());
    measure();
  }

  /// Takes all, in their order.
  List<Shipment> takeAll() {
    List<Shipment> all = List.copyOf(shipments.values());
    shipments.clear();
    all.forEach(shipment -> cursor.unparked(shipment.entry()));
    measure();
    return all;
  }

  /// Takes the first that is due and has none of its key before it.
  ///
  /// @return null if there is none
  @Nullable Shipment poll(long nowNanos) {
    Shipment due = firstOfEachKey(nowNanos);
    if (due != null) {
      shipments.remove(due.entry().sequence());
      cursor.unparked(due.entry());
      measure();
    }
    return due;
  }

  private @Nullable Shipment firstOfEachKey(long nowNanos) {
    Set<String> keys = new HashSet<>();
    for (Shipment shipment : shipments.values()) {
      boolean first = shipment.key().isEmpty() || keys.add(shipment.key());
      if (first && shipment.parkedUntilNanos() - nowNanos <= 0) {
        return shipment;
      }
    }
    return null;
  }

  /// For how long nothing is due; `Long.MAX_VALUE` if nothing is parked.
  long waitNanos(long nowNanos) {
    long wait = Long.MAX_VALUE;
    Set<String> keys = new HashSet<>();
    for (Shipment shipment : shipments.values()) {
      if (shipment.key().isEmpty() || keys.add(shipment.key())) {
        wait = Math.min(wait, Math.max(0, shipment.parkedUntilNanos() - nowNanos));
      }
    }
    return wait;
  }

  /// Whether so many requests of a signal are parked that no more should come. Thread-safe.
  boolean isFull(Signal signal) {
    return full.contains(signal);
  }

  private void measure() {
    Map<Signal, long[]> held = new EnumMap<>(Signal.class);
    for (Shipment shipment : shipments.values()) {
      if (shipment.key().isEmpty()) {
        long[] sums = held.computeIfAbsent(shipment.signal(), signal -> new long[2]);
        sums[0]++;
        sums[1] += shipment.entry().batch().length();
      }
    }
    Set<Signal> now = EnumSet.noneOf(Signal.class);
    held.forEach(
        (signal, sums) -> {
          if (sums[0] >= FULL_BATCHES || sums[1] >= FULL_BYTES) {
            now.add(signal);
          }
        });
    full = Set.copyOf(now);
  }
}
