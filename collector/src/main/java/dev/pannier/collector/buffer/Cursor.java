package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Signal;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// One shipper's place in the buffer. It takes entries in the order of their sequence numbers, and
/// tells of each that it is done with it, of those with the same key in the same order. [#next],
/// [#parked], [#unparked], [#lent], [#returned], [#mayLend], [#done] and what is about records that were set aside belong to the shipper's
/// thread; the rest is thread-safe.
public abstract sealed class Cursor permits MemoryCursor, DiskCursor {
  private final String shipper;
  private volatile Set<Signal> signals;
  private volatile Runnable onAppend = () -> {};

  /// Of entries that are with a fallback. The shipper's thread alone.
  private long lentBytes;

  Cursor(String shipper, Set<Signal> signals) {
    this.shipper = shipper;
    this.signals = Set.copyOf(signals);
  }

  public final String shipper() {
    return shipper;
  }

  /// The id of the disk buffer's log in which [Entry#sequence()] counts, random; 0 where there is none.
  public long log() {
    return 0;
  }

  /// Whether the shipper takes a signal, which a reload may change. Thread-safe.
  public final boolean takes(Signal signal) {
    return signals.contains(signal);
  }

  final Set<Signal> signals() {
    return signals;
  }

  final boolean takesJust(Set<Signal> others) {
    return signals.equals(others);
  }

  /// For each signal those that take it.
  static <C extends Cursor> Map<Signal, List<C>> bySignal(List<C> cursors) {
    Map<Signal, List<C>> takers = new EnumMap<>(Signal.class);
    for (Signal signal : Signal.values()) {
      takers.put(signal, cursors.stream().filter(cursor -> cursor.takes(signal)).toList());
    }
    return takers;
  }

  /// Under the buffer's lock.
  final void take(Set<Signal> other) {
    signals = Set.copyOf(other);
  }

  /// Called, from any thread, after an entry was added. One listener, set before the first append.
  public void onAppend(Runnable listener) {
    onAppend = listener;
  }

  final void appended() {
    onAppend.run();
  }

  /// The next entry, if there is one.
  public abstract @Nullable Entry next();

  /// What was taken cannot be shipped for now: it counts as waiting again, so that no more than a
  /// little is read for it from files.
  public abstract void parked(Entry entry);

  /// What was parked is shipped after all.
  public abstract void unparked(Entry entry);

  /// What was taken cannot be shipped for now, and is given back where it can be read again.
  ///
  /// @param missing why it was refused just now: what waits for the same is tried one for all; null where it only comes behind one of its
  ///     key
  /// @return false where it cannot be; then nothing has changed
  public boolean setAside(Entry entry, @Nullable String missing, long nowNanos) {
    return false;
  }

  public boolean hasAside() {
    return false;
  }

  /// Whether an entry comes after one of its key that is set aside.
  public boolean isBehindAside(Entry entry) {
    return false;
  }

  /// The numbers of what is set aside, ascending.
  public LongStream aside() {
    return LongStream.empty();
  }

  /// The next of what is set aside, which is so no more: of a key, or without one of a reason, one each second or less often until one is
  /// done, and then all.
  ///
  /// @param all whether all that is parked waits for it: then it is given however much that is
  /// @return null where there is none now; [#asideWaitNanos] tells when to ask again
  public @Nullable Entry nextAside(long nowNanos, boolean all) {
    return null;
  }

  /// Whether a batch of [#nextAside] is the one that is tried for all that wait with it.
  public boolean isTriedForAll(Entry entry) {
    return false;
  }

  /// The destination has answered for all of a batch of [#nextAside], which may wait for its dead letters: what waits with it may
  /// follow.
  public void answered(Entry entry) {}

  /// For how long [#nextAside] has nothing to do; `Long.MAX_VALUE` where nothing is set aside.
  public long asideWaitNanos(long nowNanos) {
    return Long.MAX_VALUE;
  }

  /// What was taken is handed to the shipper's fallback, until it is [#returned].
  public void lent(Entry entry) {
    lentBytes += entry.reservedBytes();
  }

  /// The fallback is done with it, or gives it back.
  public void returned(Entry entry) {
    lentBytes -= entry.reservedBytes();
  }

  final long lentBytes() {
    return lentBytes;
  }

  /// Whether the fallback may have more. One that takes nothing must leave room for the destination, which may be well again
  /// before it is; a single batch it may have, however large.
  public final boolean mayLend() {
    return lentBytes < shareBytes() / 2;
  }

  /// What of the memory for batches is for this shipper.
  abstract long shareBytes();

  /// Whether more may be read from files.
  public abstract boolean hasRoomForFiles();

  /// The shipper needs the entry no longer.
  ///
  /// @param rejected how many of its records the destination refused for good
  /// @param reason   why, where any was, else empty
  public final void done(Entry entry, long rejected, String reason) {
    done(entry, Settlement.rejected(rejected, reason));
  }

  /// The shipper needs the entry no longer.
  public abstract void done(Entry entry, Settlement settlement);

  /// Memory for copies of what the shipper has taken: it is held beyond the budget if need be,
  /// which keeps sources waiting until it is given back.
  ///
  /// @param bytes more than before; negative for less
  public abstract void hold(long bytes);

  /// Records waiting or taken, and not done.
  public abstract long openRecords();

  /// Those of [#openRecords] that end with the process: no disk buffer has them for the next one.
  public abstract long unkeptRecords();

  /// Batches waiting or taken, and not done.
  public abstract long openBatches();
}
