package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.collector.buffer.disk.SegmentReader;
import dev.pannier.collector.buffer.disk.StoredBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Reads again, in rounds, what a shipper has given back ([Aside]), beside what it reads for the first time. The shipper's thread alone.
final class AsideReader {
  /// No more is looked at in one call.
  private static final long LOOK_BYTES = 1 << 20;

  /// A segment that cannot be read is passed by in each round, and given up after that.
  private static final long GIVE_UP_NANOS = TimeUnit.MINUTES.toNanos(90);

  private final DiskBuffer buffer;
  private final DiskCursor cursor;
  private final Aside aside;

  private @Nullable ByteBuffer window;
  private @Nullable SegmentReader reader;
  private @Nullable Segment readerOf;
  private boolean memoryIsShort;

  AsideReader(DiskBuffer buffer, DiskCursor cursor, Aside aside) {
    this.buffer = buffer;
    this.cursor = cursor;
    this.aside = aside;
  }

  void beginRound() {
    reader = null;
    synchronized (buffer.lock) {
      aside.beginRound();
    }
  }

  /// @return null where the round has ended, or the next cannot be read yet
  @Nullable Entry next() {
    memoryIsShort = false;
    long looked = 0;
    while (looked < LOOK_BYTES && !memoryIsShort) {
      Segment segment;
      synchronized (buffer.lock) {
        segment = aside.segment();
      }
      if (segment == null) {
        reader = null;
        return null;
      }
      try {
        SegmentReader open = readerOf(segment);
        long before = open.position();
        Entry entry = step(segment, open);
        if (entry != null) {
          return entry;
        }
        looked += open.position() - before;
      } catch (IOException e) {
        unreadable(segment, e);
      }
    }
    return null;
  }

  private SegmentReader readerOf(Segment segment) {
    SegmentReader open = reader;
    if (open == null || readerOf != segment) {
      if (window == null) {
        window = SegmentReader.window();
      }
      open = segment.reader(window, segment.first() - 1);
      reader = open;
      readerOf = segment;
    }
    return open;
  }

  private @Nullable Entry step(Segment segment, SegmentReader open) throws IOException {
    long limit = segment.endBytes();
    return switch (open.find(limit)) {
      case NOTHING -> {
        cursor.notFoundAside(segment);
        yield null;
      }
      case DAMAGE -> {
        passDamage(segment, open, limit);
        yield null;
      }
      case RECORD -> record(segment, open, limit);
    };
  }

  private @Nullable Entry record(Segment segment, SegmentReader open, long limit)
      throws IOException {
    boolean wanted;
    synchronized (buffer.lock) {
      wanted = aside.isNext(open.sequence());
    }
    if (!wanted) {
      if (!open.skip()) {
        passDamage(segment, open, limit);
      }
      return null;
    }
    byte[] array = cursor.array(open.room(), true);
    if (array == null) {
      memoryIsShort = true;
      return null;
    }
    StoredBatch stored;
    try {
      stored = open.read(array);
    } catch (IOException e) {
      cursor.release(array);
      throw e;
    }
    if (stored == null) {
      cursor.release(array);
      passDamage(segment, open, limit);
      return null;
    }
    Entry entry = DiskCursor.entry(segment, open, stored, array);
    if (!cursor.takeAside(segment, entry)) {
      cursor.release(array);
      return null;
    }
    return entry;
  }

  private void passDamage(Segment segment, SegmentReader open, long limit) throws IOException {
    long from = open.position();
    long to = open.passDamage(limit);
    buffer.log().damaged(segment, from, to);
  }

  private void unreadable(Segment segment, IOException why) {
    reader = null;
    long forNanos;
    synchronized (buffer.lock) {
      if (segment.isGone() || aside.segment() != segment) {
        return;
      }
      forNanos = aside.postpone(buffer.nowNanos());
    }
    if (forNanos == 0) {
      buffer.tell(
          segment.name()
              + ": what waits in it for shipper "
              + cursor.shipper()
              + " cannot be read, and is tried again: "
              + why.getMessage());
    } else if (forNanos >= GIVE_UP_NANOS) {
      cursor.giveUpAside(segment);
      buffer.tell(segment.name() + ": what waits in it is given up: " + why.getMessage());
    }
  }
}
