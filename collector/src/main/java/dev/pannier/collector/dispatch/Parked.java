package dev.pannier.collector.dispatch;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.Entry;
import dev.pannier.shippers.batch.Signal;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Iterator;
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
/// A few are held, and asked for each second. What is more is set aside in the disk buffer, and read again in rounds:
///
/// ```
///   missing ──▸ held ──────────── each second ──▸ shipped
///                 └▸ set aside ── in a round ───▸ shipped, or missing
/// ```
final class Parked {
  /// Whether it is there by now is asked this often: the shipper answers at once.
  static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// Beyond this requests of a signal are refused: their clients keep what cannot be shipped, and
  /// memory stays free for the signals that can.
  static final long FULL_BYTES = 1024 * 1024;

  static final int FULL_BATCHES = 16;

  /// More are set aside where they can be.
  static final int MOST_HELD = 64;

  /// A round in which nothing was shipped is followed by so many times its own length without one.
  private static final int REST = 20;

  /// And no longer, however long it took: a round counts while the destination is away, and a topic of which nothing is held is met in
  /// rounds alone.
  private static final long MOST_REST_NANOS = TimeUnit.MINUTES.toNanos(10);

  /// A round that waits for memory, or has looked at much, goes on after this.
  private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final Cursor cursor;
  private long heldBytes;
  private long roundBeganNanos;
  private long nextRoundNanos;
  private boolean roundIsDue = true;
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

  void add(Shipment shipment) {
    shipments.put(shipment.entry().sequence(), shipment);
    heldBytes += bytes(shipment);
    cursor.parked(shipment.entry());
    setAside();
    measure();
  }

  private static long bytes(Shipment shipment) {
    return shipment.entry().batch().bytes().length;
  }

  /// The last first: what is held is asked for soonest.
  private void setAside() {
    Iterator<Shipment> last = shipments.descendingMap().values().iterator();
    while (last.hasNext() && (shipments.size() > MOST_HELD || !cursor.mayPark(heldBytes))) {
      Shipment shipment = last.next();
      if (shipment.isFresh() && cursor.setAside(shipment.entry())) {
        last.remove();
        freed(shipment);
      }
    }
  }

  private void freed(Shipment shipment) {
    heldBytes -= bytes(shipment);
    cursor.unparked(shipment.entry());
  }

  /// What was parked is shipped: there may be more of it.
  void isThere() {
    roundIsDue = true;
  }

  /// Takes the next of what was set aside, where it is time for it.
  ///
  /// @return null if there is none now
  @Nullable Shipment pollAside(long nowNanos) {
    if (!cursor.isInRound()) {
      if (!cursor.hasAside() || roundWaitNanos(nowNanos) > 0) {
        return null;
      }
      cursor.beginRound();
      roundBeganNanos = nowNanos;
      roundIsDue = false;
    }
    Entry entry = cursor.nextAside();
    if (entry != null) {
      return Shipment.ofAside(entry, cursor.log());
    }
    if (!cursor.isInRound()) {
      long rest = Math.min(MOST_REST_NANOS, REST * (nowNanos - roundBeganNanos));
      nextRoundNanos = nowNanos + Math.max(RETRY_NANOS, rest);
    }
    return null;
  }

  private long roundWaitNanos(long nowNanos) {
    return roundIsDue ? 0 : Math.max(0, nextRoundNanos - nowNanos);
  }

  /// Takes all, in their order.
  List<Shipment> takeAll() {
    List<Shipment> all = List.copyOf(shipments.values());
    shipments.clear();
    all.forEach(this::freed);
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
      freed(due);
      measure();
    }
    return due;
  }

  private @Nullable Shipment firstOfEachKey(long nowNanos) {
    Set<String> keys = new HashSet<>();
    for (Shipment shipment : shipments.values()) {
      boolean first = isFirstOfItsKey(shipment, keys);
      if (first && shipment.parkedUntilNanos() - nowNanos <= 0) {
        return shipment;
      }
    }
    return null;
  }

  private boolean isFirstOfItsKey(Shipment shipment, Set<String> keys) {
    return shipment.key().isEmpty()
        || (keys.add(shipment.key()) && !cursor.isBehindAside(shipment.entry()));
  }

  /// For how long nothing is due; `Long.MAX_VALUE` if nothing is parked.
  long waitNanos(long nowNanos) {
    long wait = Long.MAX_VALUE;
    if (cursor.isInRound()) {
      wait = ROUND_NANOS;
    } else if (cursor.hasAside()) {
      wait = roundWaitNanos(nowNanos);
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
