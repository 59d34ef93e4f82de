package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Signal;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A shipper's place in a [MemoryBuffer].
final class MemoryCursor extends Cursor {
  private final MemoryBuffer buffer;

  // Guarded by the buffer's lock.
  final ArrayDeque<Entry> waiting = new ArrayDeque<>();
  int waitingFileBatches;
  long waitingFileBytes;
  long openBatches;
  long openRecords;

  MemoryCursor(MemoryBuffer buffer, String shipper, Set<Signal> signals) {
    super(shipper, signals);
    this.buffer = buffer;
  }

  /// With the lock.
  void addFirst(Entry entry) {
    waiting.addFirst(entry);
    count(entry, 1);
    opened(entry);
  }

  /// With the lock.
  void opened(Entry entry) {
    openBatches++;
    openRecords += entry.batch().records();
  }

  /// Whatever became of it. With the lock.
  void closed(Entry entry) {
    openBatches--;
    openRecords -= entry.batch().records();
  }

  private void count(Entry entry, int times) {
    if (entry.fromFile()) {
      waitingFileBatches += times;
      waitingFileBytes += (long) times * entry.batch().length();
    }
  }

  /// With the lock.
  ///
  /// @return whether it waited
  boolean remove(Entry entry) {
    boolean waited = waiting.remove(entry);
    if (waited) {
      count(entry, -1);
    }
    return waited;
  }

  /// With the lock.
  void forgetWaiting() {
    waiting.forEach(entry -> count(entry, -1));
    waiting.clear();
  }

  /// What of a signal that is not taken waits. With the lock.
  List<Entry> removeUntaken() {
    List<Entry> untaken = waiting.stream().filter(entry -> !takes(entry.batch().signal())).toList();
    untaken.forEach(entry -> count(entry, -1));
    waiting.removeIf(entry -> !takes(entry.batch().signal()));
    return untaken;
  }

  @Override
  public @Nullable Entry next() {
    return buffer.next(this);
  }

  @Override
  public void parked(Entry entry) {
    buffer.waits(this, entry, 1);
  }

  @Override
  public void unparked(Entry entry) {
    buffer.waits(this, entry, -1);
  }

  @Override
  long shareBytes() {
    return buffer.shareBytes();
  }

  @Override
  public boolean hasRoomForFiles() {
    return buffer.hasRoomForFiles();
  }

  @Override
  public void done(Entry entry, Settlement settlement) {
    buffer.done(this, entry, settlement);
  }

  @Override
  public void hold(long bytes) {
    buffer.hold(bytes);
  }

  @Override
  public long openRecords() {
    return buffer.openRecords(this);
  }

  @Override
  public long unkeptRecords() {
    return openRecords();
  }

  @Override
  public long openBatches() {
    return buffer.openBatches(this);
  }
}
