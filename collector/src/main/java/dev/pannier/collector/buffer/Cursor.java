package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Signal;
import java.util.ArrayDeque;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One shipper's place in the buffer. It takes entries in the order of their sequence numbers, and
/// tells of each in the same order that it is done with it. [#next] and [#done] belong to the
/// shipper's thread; the rest is thread-safe.
public final class Cursor {
  private final MemoryBuffer buffer;
  private final String shipper;
  private final Set<Signal> signals;
  private volatile Runnable onAppend = () -> {};

  // Guarded by the buffer's lock.
  final ArrayDeque<Entry> waiting = new ArrayDeque<>();
  int waitingFileBatches;
  long waitingFileBytes;
  long openBatches;
  long openRecords;

  Cursor(MemoryBuffer buffer, String shipper, Set<Signal> signals) {
    this.buffer = buffer;
    this.shipper = shipper;
    this.signals = Set.copyOf(signals);
  }

  public String shipper() {
    return shipper;
  }

  /// The id of the disk buffer's log in which [Entry#sequence()] counts, random; 0 where there is none.
  public long log() {
    return 0;
  }

  boolean takes(Signal signal) {
    return signals.contains(signal);
  }

  /// Called, from any thread, after an entry was added. One listener, set before the first append.
  public void onAppend(Runnable listener) {
    onAppend = listener;
  }

  void appended() {
    onAppend.run();
  }

  /// The next entry, if there is one.
  public @Nullable Entry next() {
    return buffer.next(this);
  }

  /// What was taken cannot be shipped for now: it counts as waiting again, so that no more than a
  /// little is read for it from files.
  public void parked(Entry entry) {
    buffer.waits(this, entry, 1);
  }

  /// What was parked is shipped after all.
  public void unparked(Entry entry) {
    buffer.waits(this, entry, -1);
  }

  /// The shipper needs the entry no longer.
  ///
  /// @param rejected how many of its records the destination refused for good
  /// @param reason   why, where any was, else empty
  public void done(Entry entry, long rejected, String reason) {
    buffer.done(this, entry, rejected, reason);
  }

  /// Memory for copies of what the shipper has taken: it is held beyond the budget if need be,
  /// which keeps sources waiting until it is given back.
  ///
  /// @param bytes more than before; negative for less
  public void hold(long bytes) {
    buffer.hold(bytes);
  }

  /// Records waiting or taken, and not done.
  public long openRecords() {
    return buffer.openRecords(this);
  }

  /// Batches waiting or taken, and not done.
  public long openBatches() {
    return buffer.openBatches(this);
  }
}
