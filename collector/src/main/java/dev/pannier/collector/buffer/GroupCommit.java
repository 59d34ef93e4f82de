package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Signal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// What was appended to the log and no sync has covered yet, and when the next one is due.
///
/// Guarded by the buffer's lock, but for [#fileBytes] and [#released].
final class GroupCommit {
  /// A client that waits is answered this long after the sync before at the earliest.
  static final long COMMIT_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /// Files do not wait for their positions to move: they are synced in larger groups.
  static final long FILES_COMMIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /// A group is large enough.
  static final long COMMIT_BYTES = 1 << 20;

  /// @param reservedBytes given back once it is synced
  /// @param durable       whether it is acknowledged then
  record Unsynced(
      long sequence,
      Signal signal,
      int records,
      long reservedBytes,
      boolean fromFile,
      boolean durable,
      Acknowledgement acknowledgement) {}

  private final boolean shippersWait;
  private List<Unsynced> group = new ArrayList<>();
  private long bytes;
  private boolean clientsWait;

  /// Reserved for what came from files, until [#released].
  private final AtomicLong fileBytes = new AtomicLong();

  private long lastNanos;

  /// When the group was seen first.
  private long sinceNanos;

  private boolean seen;

  /// @param shippersWait whether a shipper may see only what is synced
  GroupCommit(boolean shippersWait, long nowNanos) {
    this.shippersWait = shippersWait;
    lastNanos = nowNanos - COMMIT_NANOS;
    sinceNanos = nowNanos;
  }

  /// @param length the batch's bytes
  /// @return whether a sync is due sooner than before
  boolean add(Unsynced batch, long length) {
    boolean client = batch.durable() && !batch.fromFile();
    boolean sooner =
        group.isEmpty()
            || (client && !clientsWait)
            || (bytes < COMMIT_BYTES && bytes + length >= COMMIT_BYTES);
    group.add(batch);
    bytes += length;
    clientsWait |= client;
    if (batch.fromFile()) {
      fileBytes.addAndGet(batch.reservedBytes());
    }
    return sooner;
  }

  boolean isEmpty() {
    return group.isEmpty();
  }

  /// A sync begins.
  ///
  /// @return what it is to cover
  List<Unsynced> begin(long nowNanos) {
    seen = false;
    lastNanos = nowNanos;
    return take();
  }

  /// What was added since, where it has failed.
  List<Unsynced> take() {
    List<Unsynced> taken = group;
    group = new ArrayList<>();
    bytes = 0;
    clientsWait = false;
    return taken;
  }

  /// What was reserved for some that came from files was given back. Without the lock.
  void released(long reservedBytes) {
    fileBytes.addAndGet(-reservedBytes);
  }

  /// What is reserved for what came from files. Any thread, without the lock.
  long fileBytes() {
    return fileBytes.get();
  }

  /// @return in how many nanoseconds a sync is due; `Long.MAX_VALUE` if there is nothing to sync
  long dueNanos(long nowNanos) {
    if (group.isEmpty()) {
      seen = false;
      return Long.MAX_VALUE;
    }
    if (!seen) {
      seen = true;
      sinceNanos = nowNanos;
    }
    if (bytes >= COMMIT_BYTES) {
      return 0;
    }
    return clientsWait || shippersWait
        ? lastNanos + COMMIT_NANOS - nowNanos
        : sinceNanos + FILES_COMMIT_NANOS - nowNanos;
  }
}
