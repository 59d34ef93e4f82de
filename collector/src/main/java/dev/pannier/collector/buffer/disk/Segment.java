package dev.pannier.collector.buffer.disk;

import dev.pannier.collector.checkpoint.DurableDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// One file of the log. Its end moves by the appending thread alone; any thread may read what it
/// says.
public final class Segment {
  final Path path;
  final FileChannel channel;
  final int version;
  final long first;
  final long knownUpTo;
  final boolean positionsCount;
  final boolean beforeUnsure;
  final int headerBytes;
  private final Tally tally = new Tally();

  /// Where the next record goes: all before it is published.
  private volatile long endBytes;

  /// All before it is synced, or was told as not.
  volatile long syncedBytes;

  private volatile long lastSequence;

  /// Something of it could not be read at the start.
  volatile boolean unread;

  /// Nothing more is appended.
  volatile boolean sealed;

  /// It was deleted.
  volatile boolean gone;

  /// Where the last write failed. The appending thread alone.
  long failedAt = -1;

  /// Something was published that no sync has covered.
  volatile boolean dirty;

  /// Its name is not synced yet.
  volatile boolean nameless;

  /// A sync of it has failed: what it holds is read, and counts as durable no more.
  volatile boolean unsure;

  /// While it is unsure: all before it was synced.
  private volatile long sureBytes;

  /// It is unsure, and who waits for a sync of it does not know yet.
  volatile boolean untold;

  /// Where damage begins that was told.
  private final Set<Long> damageTold = ConcurrentHashMap.newKeySet();

  Segment(Path path, FileChannel channel, SegmentHeader header) {
    this.path = path;
    this.channel = channel;
    this.version = header.version();
    this.first = header.first();
    this.knownUpTo = header.knownUpTo();
    this.positionsCount = header.positionsCount();
    this.beforeUnsure = header.beforeUnsure();
    this.headerBytes = header.bytes();
    this.endBytes = header.bytes();
    this.syncedBytes = header.bytes();
    this.lastSequence = header.first() - 1;
  }

  /// The order of segments.
  public long first() {
    return first;
  }

  /// The number of its last record; below [#first] where it has none.
  public long lastSequence() {
    return lastSequence;
  }

  /// Or damage in their place.
  boolean holdsRecords() {
    return endBytes > headerBytes;
  }

  public String name() {
    return String.valueOf(path.getFileName());
  }

  public long endBytes() {
    return endBytes;
  }

  public boolean isSealed() {
    return sealed;
  }

  public boolean isGone() {
    return gone;
  }

  /// What was appended to it, or found in it at the start.
  public Tally tally() {
    return tally;
  }

  /// Reads from a record's beginning on.
  ///
  /// @param window of [SegmentReader#window]
  public SegmentReader reader(ByteBuffer window, long position, long afterSequence) {
    return new SegmentReader(channel, version, window, position, afterSequence);
  }

  /// Reads from the first record on.
  public SegmentReader reader(ByteBuffer window, long afterSequence) {
    return new SegmentReader(channel, version, window, headerBytes, afterSequence);
  }

  /// How far a reader may go.
  ///
  /// @param synced whether only to what is synced
  public long readableBytes(boolean synced) {
    return synced ? syncedBytes : endBytes;
  }

  /// Whether a record that ends there outlives the death of the machine, once a reader that goes no further than what is synced
  /// has come to it.
  public boolean isSure(long end) {
    return !unsure || end <= sureBytes;
  }

  /// @return whether it was not told before
  boolean tellsDamage(long from) {
    return damageTold.add(from);
  }

  /// Makes durable what was published. One thread at a time: of those that sync a file at once, the system tells one of an error.
  ///
  /// @throws IOException where that is not sure; nothing more is appended then
  synchronized void sync() throws IOException {
    if (untold) {
      throw new IOException(name() + " could not be synced before");
    }
    if (!dirty) {
      return;
    }
    dirty = false;
    long end = endBytes;
    try {
      if (unsure) {
        throw new IOException(name() + " could not be synced before");
      }
      force();
      syncedBytes = end;
    } catch (IOException e) {
      if (!gone) {
        syncFailed();
        throw e;
      }
    }
  }

  private void force() throws IOException {
    channel.force(false);
    if (!gone && !Files.exists(path)) {
      throw new IOException(name() + " has vanished");
    }
    if (nameless) {
      DurableDirectory.syncNames(Objects.requireNonNull(path.getParent()));
      nameless = false;
    }
  }

  /// What a sync has failed for was written again.
  ///
  /// @throws IOException where it is as unsure as before
  synchronized void syncAgain() throws IOException {
    force();
    unsure = false;
  }

  /// While it is unsure: all before it is on disk.
  long sureBytes() {
    return nameless ? 0 : sureBytes;
  }

  /// No later sync makes it surer.
  void syncFailed() {
    if (!unsure) {
      sureBytes = syncedBytes;
    }
    sealed = true;
    unsure = true;
    untold = true;
  }

  /// Who waits for a sync of what is in it need not wait any longer: they know that there is none. Nothing is published meanwhile.
  synchronized void told() {
    if (untold) {
      untold = false;
      dirty = false;
      syncedBytes = endBytes;
    }
  }

  void published(long sequence, long end) {
    lastSequence = sequence;
    endBytes = end;
    // Last: a sync that comes in between takes the old end, and another one is due.
    dirty = true;
  }

  void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // What matters of it was synced before, or told as not.
      sealed = true;
    }
  }
}
