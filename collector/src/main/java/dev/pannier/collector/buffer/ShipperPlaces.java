package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.CursorFile;
import dev.pannier.collector.buffer.disk.CursorWriter;
import dev.pannier.collector.buffer.disk.LaterVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the disk has of where shippers are: the file `cursors`, which is written soon after one has moved, and synced about once a second.
///
/// The working thread alone, but for [#moved].
final class ShipperPlaces {
  private static final Logger LOG = LoggerFactory.getLogger(ShipperPlaces.class);

  /// So soon after a shipper has moved, the death of the process leaves its place.
  static final long WRITE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Path directory;
  private final Object lock;
  private final DiskCursors cursors;
  private final Consumer<String> notice;
  private final CursorWriter writer;

  /// Whether a shipper's place has to be written.
  private final AtomicBoolean moved = new AtomicBoolean(true);

  private long writtenNanos;

  /// Whether one was written and not synced, and what it has passed not freed.
  private boolean unsynced;

  /// What the stored ones say of how far the log is durable.
  private long storedSynced;

  private boolean fails;

  /// @param lock the buffer's
  ShipperPlaces(
      Path directory, Object lock, DiskCursors cursors, long nowNanos, Consumer<String> notice) {
    this.directory = directory;
    this.lock = lock;
    this.cursors = cursors;
    this.writtenNanos = nowNanos;
    this.notice = notice;
    writer = new CursorWriter(directory);
  }

  /// @return those of the process before; none where they are damaged
  /// @throws IOException where the disk does not give them, or a later pannier has written them: another start may have them
  static CursorFile read(Path directory, Consumer<String> notice) throws IOException {
    try {
      return CursorFile.read(directory);
    } catch (CursorFile.Damaged e) {
      notice.accept(
          "the shippers' places in "
              + directory
              + " cannot be read ("
              + e.getMessage()
              + "): what is there is shipped again");
      return CursorFile.NONE;
    } catch (LaterVersion e) {
      throw e.of(directory.resolve(CursorFile.CURSORS));
    } catch (IOException e) {
      throw new IOException(
          directory.resolve(CursorFile.CURSORS)
              + " cannot be read ("
              + e.getMessage()
              + "): where the disk does not give it back for good, remove it, and what is there is"
              + " shipped again",
          e);
    }
  }

  /// Something is to be written, or could be freed. Any thread.
  ///
  /// @return whether that is new
  boolean moved() {
    return !moved.getAndSet(true);
  }

  /// Whether the disk does not have all of it for sure.
  boolean isBehind() {
    return unsynced || moved.get();
  }

  /// Whether the disk does not know that the log is durable up to a number.
  boolean isBehind(long synced) {
    return isBehind() || synced > storedSynced;
  }

  /// Whether it is time for [#write].
  boolean isDue(long nowNanos) {
    return moved.get() && nowNanos - writtenNanos >= WRITE_NANOS;
  }

  /// @return in how many nanoseconds it is; `Long.MAX_VALUE` where nothing is to be written
  long waitNanos(long nowNanos) {
    return moved.get() ? writtenNanos + WRITE_NANOS - nowNanos : Long.MAX_VALUE;
  }

  /// Where the machine dies, too, they are those of [#store] at worst. What has failed is tried again by that.
  void write(long nowNanos) {
    begin(nowNanos);
    unsynced = true;
    try {
      writer.append(now(storedSynced));
    } catch (IOException e) {
      LOG.debug("the shippers' places cannot be written", e);
    }
  }

  /// What moves from now on is to be written the next time.
  void begin(long nowNanos) {
    writtenNanos = nowNanos;
    moved.set(false);
  }

  /// Writes and syncs them, behind [#begin].
  ///
  /// @param synced the log is durable up to this number
  void store(long synced) throws IOException {
    writer.replace(now(synced));
    storedSynced = synced;
    unsynced = false;
    fails = false;
  }

  /// They could not be stored.
  void failed(IOException why) {
    unsynced = true;
    if (!fails) {
      fails = true;
      notice.accept(
          "the shippers' places in "
              + directory
              + " cannot be stored ("
              + why.getMessage()
              + "): a restart would ship again what was shipped meanwhile");
    }
  }

  private CursorFile now(long synced) {
    synchronized (lock) {
      return cursors.places(synced);
    }
  }
}
