package dev.pannier.collector.dispatch;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.Entry;
import dev.pannier.shippers.batch.Signal;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Shipments whose part of the destination is missing, in the order of the buffer, while the others go
/// on. One thread, but for [#isFull].
///
/// The disk buffer takes back what it can give again. The others are held, and asked for each second.
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
    return shipments.isEmpty() && !cursor.hasAside();
  }

  /// Their numbers.
  LongStream sequences() {
    return LongStream.concat(
        shipments.keySet().stream().mapToLong(Long::longValue), cursor.aside());
  }

  /// Whether one of its key is parked that comes before it.
  boolean holdsBack(Shipment later) {
    if (later.key().isEmpty()) {
      return false;
    }
    if (cursor.isBehindAside(later.entry())) {
      return true;
    }
    for (Shipment shipment : shipments.headMap(later.entry().sequence()).values()) {
      if (shipment.key().equals(later.key())) {
        return true;
      }
    }
    return false;
  }

  /// @param missing why it was refused; null where it is only held back
  void add(long nowNanos, Shipment shipment, @Nullable String missing) {
    if (shipment.isFresh() && cursor.setAside(shipment.entry(), missing, nowNanos)) {
      return;
    }
    shipment.held(nowNanos);
    shipments.put(shipment.entry().sequence(), shipment);
    cursor.parked(shipment.entry());
    measure();
  }

  /// Takes the next of what was set aside, where it is time for it.
  ///
  /// @return null if there is none now
  @Nullable Shipment pollAside(long nowNanos) {
    Entry entry = nextAside(nowNanos);
    while (entry != null) {
      Shipment again = Shipment.ofAside(entry, cursor.log());
      if (!holdsBack(again)) {
        return again;
      }
      add(nowNanos, again, "one before it is held");
      entry = nextAside(nowNanos);
    }
    return null;
  }

  /// One that is held and may be tried makes room for it. Where there is none, and one that was set aside is held now in its turn, that
  /// one may.
  private @Nullable Entry nextAside(long nowNanos) {
    if (!cursor.hasAside()) {
      return null;
    }
    return cursor.nextAside(nowNanos, waitNanos(nowNanos, true, false) == Long.MAX_VALUE);
  }

  /// Takes all, in their order.
  List<Shipment> takeAll() {
    List<Shipment> all = List.copyOf(shipments.values());
    shipments.clear();
    all.forEach(shipment -> cursor.unparked(shipment.entry()));
    measure();
    return all;
  }

  /// Takes the one that has been due for longest, of those that have none of their key before them: each has its turn,
  /// however many stall.
  ///
  /// @return null if there is none
  @Nullable Shipment poll(long nowNanos) {
    Shipment due = longestDue(nowNanos);
    if (due != null) {
      shipments.remove(due.entry().sequence());
      cursor.unparked(due.entry());
      measure();
    }
    return due;
  }

  private @Nullable Shipment longestDue(long nowNanos) {
    Set<String> keys = new HashSet<>();
    Shipment longest = null;
    long longestNanos = -1;
    for (Shipment shipment : shipments.values()) {
      long dueNanos = nowNanos - shipment.parkedUntilNanos();
      if (isFirstOfItsKey(shipment, keys) && dueNanos > longestNanos) {
        longest = shipment;
        longestNanos = dueNanos;
      }
    }
    return longest;
  }

  private boolean isFirstOfItsKey(Shipment shipment, Set<String> keys) {
    return shipment.key().isEmpty()
        || (keys.add(shipment.key()) && !cursor.isBehindAside(shipment.entry()));
  }

  /// For how long nothing is due; `Long.MAX_VALUE` if nothing is parked.
  ///
  /// @param held  whether what is held counts
  /// @param aside whether what was set aside counts
  long waitNanos(long nowNanos, boolean held, boolean aside) {
    long wait = aside ? cursor.asideWaitNanos(nowNanos) : Long.MAX_VALUE;
    if (!held) {
      return wait;
    }
    Set<String> keys = new HashSet<>();
    for (Shipment shipment : shipments.values()) {
      if (isFirstOfItsKey(shipment, keys)) {
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
      // What the disk buffer has may wait there for as long as there is room.
      if (shipment.key().isEmpty() && !shipment.entry().isStored()) {
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
