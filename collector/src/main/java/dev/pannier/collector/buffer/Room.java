package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.shippers.batch.Batch;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// How much of `buffer.max_bytes` a log uses, and what makes room in it: what no shipper needs any more, and else what `on_full` says.
///
/// Its settings and what may be freed any thread reads and sets; what makes room for an append is under the buffer's lock for appends, and
/// takes its other lock for a moment.
final class Room {
  private static final int SEGMENTS = 16;

  /// They are no larger before there would be more than [#MOST_SEGMENTS].
  private static final long LARGE_SEGMENT = 16 << 20;

  private static final int MOST_SEGMENTS = 256;

  /// Room that is left for what is under way when the buffer counts as full.
  private static final long LARGEST_RESERVE = 8 << 20;

  private final Object lock;
  private final SegmentLog log;
  private final DiskCursors cursors;
  private final ShipperPlaces places;
  private final Losses losses;
  private final Consumer<String> notice;
  private volatile BufferSettings settings;

  /// Whether a shipper has moved, or a sync was done, since an append has looked for what can be freed.
  private final AtomicBoolean freeable = new AtomicBoolean(true);

  /// @param lock the buffer's
  Room(
      BufferSettings settings,
      Object lock,
      SegmentLog log,
      DiskCursors cursors,
      ShipperPlaces places,
      Losses losses,
      Consumer<String> notice) {
    this.settings = settings;
    this.lock = lock;
    this.log = log;
    this.cursors = cursors;
    this.places = places;
    this.losses = losses;
    this.notice = notice;
  }

  /// Each segment has a descriptor, and some heap that is not part of `memory`.
  static long segmentBytes(BufferSettings settings) {
    long maxBytes = settings.maxBytes();
    return Math.min(maxBytes / SEGMENTS, Math.max(LARGE_SEGMENT, maxBytes / MOST_SEGMENTS));
  }

  /// Other limits from now on.
  void change(BufferSettings other) {
    settings = other;
    log.segmentBytes(segmentBytes(other));
  }

  long maxBytes() {
    return settings.maxBytes();
  }

  /// Whether the log is only to be shipped, and takes nothing more.
  boolean takesNone() {
    return settings.type() == BufferSettings.Type.MEMORY;
  }

  boolean dropsOldest() {
    return settings.onFull() == BufferSettings.OnFull.DROP_OLDEST;
  }

  boolean isFull() {
    if (takesNone()) {
      return false;
    }
    long maxBytes = settings.maxBytes();
    return log.bytes() >= maxBytes - Math.min(maxBytes / 8, LARGEST_RESERVE);
  }

  /// Whether files wait until there is room.
  boolean holdsUpFiles() {
    return settings.onFull() == BufferSettings.OnFull.BACKPRESSURE && isFull();
  }

  /// There may be something that can be freed.
  void mayFree() {
    freeable.set(true);
  }

  /// Deletes what no shipper needs any more.
  void free() {
    List<Segment> freed;
    synchronized (lock) {
      // With the lock: a shipper that is added begins with the oldest there is.
      freed = log.free(cursors::need);
    }
    delete(freed);
  }

  /// What was damaged of them, and passed just now, is told while they can be read.
  private void delete(List<Segment> gone) {
    if (!gone.isEmpty()) {
      losses.storeDamage();
      losses.tellDamaged(gone);
      log.delete(gone);
    }
  }

  /// Deletes what could not be deleted when it was freed.
  ///
  /// @throws IOException where it still cannot be, and leaves no room
  void deleteRest() throws IOException {
    try {
      log.deleteRest();
    } catch (IOException e) {
      if (isFull()) {
        throw e;
      }
    }
  }

  /// Makes room for a batch, where there is none, by what `on_full` says.
  ///
  /// @return whether the batch itself is dropped
  /// @throws IOException where the disk does not let anything go
  boolean drops(Batch batch) throws IOException {
    BufferSettings.OnFull onFull = settings.onFull();
    if (!isFull()) {
      return false;
    }
    if (onFull != BufferSettings.OnFull.BACKPRESSURE) {
      // What all have passed makes room before anything that somebody needs.
      if (freeable.getAndSet(false)) {
        free();
      }
      deleteRest();
      if (!isFull()) {
        return false;
      }
    }
    return switch (onFull) {
      case BACKPRESSURE -> false;
      case DROP_OLDEST -> {
        dropOldest();
        yield false;
      }
      case DROP_NEWEST -> {
        if (batch.positions().length == 0) {
          // A request: it was let in a moment before the buffer was full.
          yield false;
        }
        losses.neverAppended(batch, cursors.takers(batch.signal()));
        yield true;
      }
    };
  }

  /// The oldest segments go until there is room.
  ///
  /// @throws IOException where the disk does not let them
  void dropOldest() throws IOException {
    while (isFull()) {
      Segment oldest = log.oldestToGo();
      if (oldest == null) {
        return;
      }
      Map<String, Long> inHand = new TreeMap<>();
      synchronized (lock) {
        if (!log.giveUp(oldest)) {
          continue;
        }
        for (DiskCursor cursor : cursors.all()) {
          inHand.merge(cursor.shipper(), cursor.dropped(oldest), Long::sum);
        }
      }
      losses.tellDropped(oldest);
      delete(List.of(oldest));
      inHand.values().removeIf(records -> records == 0);
      if (!inHand.isEmpty()) {
        notice.accept(
            "buffer.directory "
                + log.directory()
                + " is full: "
                + oldest.name()
                + " is dropped, and has records that shippers have in hand, which are lost if the"
                + " process ends before they are shipped: "
                + inHand);
      }
      places.moved();
      // Where the disk lets none go, all the others would be dropped for nothing.
      deleteRest();
    }
  }
}
