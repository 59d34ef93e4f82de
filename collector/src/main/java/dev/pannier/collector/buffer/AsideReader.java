package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.collector.buffer.disk.SegmentReader;
import dev.pannier.collector.buffer.disk.StoredBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Reads again what a shipper has given back ([Aside]), beside what it reads for the first time. The shipper's thread alone.
final class AsideReader {
  /// A segment that cannot be read is given up after that.
  private static final long GIVE_UP_NANOS = TimeUnit.MINUTES.toNanos(90);

  /// Where memory is short.
  private static final long MEMORY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final DiskBuffer buffer;
  private final DiskCursor cursor;
  private final Aside aside;

  private @Nullable ByteBuffer window;
  private boolean memoryIsShort;
  private long memorySinceNanos;

  AsideReader(DiskBuffer buffer, DiskCursor cursor, Aside aside) {
    this.buffer = buffer;
    this.cursor = cursor;
    this.aside = aside;
  }

  /// For how long [#next] has nothing to do.
  long waitNanos(long nowNanos) {
    if (aside.isEmpty()) {
      return Long.MAX_VALUE;
    }
    synchronized (buffer.lock) {
      return Math.max(memoryWaitNanos(nowNanos), aside.waitNanos(nowNanos));
    }
  }

  private long memoryWaitNanos(long nowNanos) {
    return memoryIsShort ? MEMORY_NANOS - (nowNanos - memorySinceNanos) : 0;
  }

  /// @param all whether all that is parked waits for it
  /// @return null where none is to be read now, or could be; [#waitNanos] tells when to ask again
  @Nullable Entry next(long nowNanos, boolean all) {
    if (aside.isEmpty() || memoryWaitNanos(nowNanos) > 0) {
      return null;
    }
    memoryIsShort = false;
    Aside.Waiting first;
    synchronized (buffer.lock) {
      first = aside.next(nowNanos);
    }
    if (first == null) {
      return null;
    }
    try {
      return read(first, nowNanos, all);
    } catch (IOException e) {
      unreadable(first, nowNanos, e);
      return null;
    }
  }

  private @Nullable Entry read(Aside.Waiting first, long nowNanos, boolean all) throws IOException {
    Segment segment = first.segment();
    if (window == null) {
      window = SegmentReader.window();
    }
    SegmentReader open = segment.reader(window, first.position(), first.sequence() - 1);
    long limit = segment.endBytes();
    if (open.find(limit) != SegmentReader.Found.RECORD || open.sequence() != first.sequence()) {
      damaged(first, open, nowNanos);
      return null;
    }
    byte[] array = cursor.arrayAside(open.room(), all);
    if (array == null) {
      memoryIsShort = true;
      memorySinceNanos = nowNanos;
      return null;
    }
    Entry entry = null;
    try {
      StoredBatch stored = open.read(array);
      if (stored == null) {
        damaged(first, open, nowNanos);
      } else {
        Entry found = DiskCursor.entry(segment, open, stored, array, first.position());
        entry = cursor.takeAside(first, found, nowNanos) ? found : null;
      }
    } finally {
      if (entry == null) {
        cursor.release(array);
      }
    }
    return entry;
  }

  private void damaged(Aside.Waiting first, SegmentReader open, long nowNanos) throws IOException {
    buffer
        .log()
        .damaged(first.segment(), first.position(), open.passDamage(first.segment().endBytes()));
    cursor.damagedAside(first, nowNanos);
  }

  private void unreadable(Aside.Waiting first, long nowNanos, IOException why) {
    Segment segment = first.segment();
    long forNanos;
    synchronized (buffer.lock) {
      if (!first.equals(aside.next(nowNanos))) {
        return;
      }
      forNanos = aside.postpone(nowNanos);
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
