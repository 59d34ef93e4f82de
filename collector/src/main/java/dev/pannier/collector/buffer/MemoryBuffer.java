package dev.pannier.collector.buffer;

import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Batches that some shipper is not done with, in memory alone. Every shipper has a [Cursor] over
/// them; a batch leaves when the last shipper that takes its signal is done. What is held is bounded
/// by the [MemoryBudget], from which those who append have reserved it: with several shippers the
/// slowest lags until the budget is used up, and then sets the pace for files and requests alike.
///
/// A shipper that is added later ([#change]) begins with what is appended from then on, and with what those
/// left that went at the same time: what they had read for them is in no file that is read again.
///
/// The acknowledgements of batches with the same key are told in the order of their appends: they
/// have the same signal, so the same shippers, and every shipper is done with them in order.
public final class MemoryBuffer implements Buffer, Cursors {
  /// This much waiting behind what a shipper has in flight keeps it busy while a tailer wakes up and
  /// reads the next batch. More would only make batches smaller and memory fuller. Only what comes
  /// from files counts: requests in the queue must not keep files from being read.
  static final int ENOUGH_BATCHES = 2;

  static final long ENOUGH_BYTES = 512 * 1024;

  /// Why a shipper that was removed, or takes a signal no more, did not get what waited for it.
  static final String REMOVED = "removed";

  private final MemoryBudget budget;
  private final Ledger ledger;
  private final Metrics metrics;
  private volatile List<MemoryCursor> cursors;
  private volatile Map<Signal, List<MemoryCursor>> takers;
  private final Object lock = new Object();
  private volatile Runnable onRoom = () -> {};
  private volatile boolean roomForFiles;

  // Guarded by the lock.
  private long lastSequence;
  private long fileBytesHeld;

  /// What is of files and has not left, nor gone to a log.
  private final TreeMap<Long, Entry> files = new TreeMap<>();

  /// @param shippers by name, the signals that each takes
  public MemoryBuffer(
      MemoryBudget budget, Ledger ledger, Metrics metrics, Map<String, Set<Signal>> shippers) {
    this.budget = budget;
    this.ledger = ledger;
    this.metrics = metrics;
    List<MemoryCursor> made = new ArrayList<>();
    shippers.forEach((name, signals) -> made.add(new MemoryCursor(this, name, signals)));
    this.cursors = List.copyOf(made);
    this.takers = Cursor.bySignal(cursors);
    this.roomForFiles = roomNow();
  }

  @Override
  public void change(Map<String, Set<Signal>> shippers) {
    boolean hasRoom;
    synchronized (lock) {
      List<MemoryCursor> after = new ArrayList<>();
      shippers.forEach(
          (name, signals) -> {
            MemoryCursor there = find(name);
            if (there != null) {
              there.take(signals);
            }
            after.add(there == null ? new MemoryCursor(this, name, signals) : there);
          });
      cursors = List.copyOf(after);
      takers = Cursor.bySignal(cursors);
      hasRoom = roomNow();
      roomForFiles = hasRoom;
    }
    if (hasRoom) {
      onRoom.run();
    }
  }

  /// A shipper's part of the memory.
  long shareBytes() {
    return budget.shareBytes(cursors.size());
  }

  @Override
  public long release(List<Leaving> gone, List<Cursor> heirs) {
    List<Entry> left = new ArrayList<>();
    long nobodys = 0;
    synchronized (lock) {
      TreeMap<Long, Entry> rest = new TreeMap<>();
      for (Leaving leaving : gone) {
        for (Entry entry : open(leaving)) {
          rest.put(entry.sequence(), entry);
        }
      }
      Set<Entry> inherited = new HashSet<>();
      for (Entry entry : rest.descendingMap().values()) {
        for (Cursor heir : heirs) {
          if (heir.takes(entry.batch().signal())) {
            inherited.add(entry);
            if (!entry.isInLog()) {
              entry.shipperAdded();
              ledger.appended(entry.batch(), List.of(heir));
              ((MemoryCursor) heir).addFirst(entry);
            }
          }
        }
      }
      for (Leaving leaving : gone) {
        MemoryCursor cursor = (MemoryCursor) leaving.cursor();
        for (Entry entry : open(leaving)) {
          if (inherited.contains(entry)) {
            handedOver(cursor, entry, left);
          } else {
            nobodys += entry.batch().records();
            dropped(cursor, entry, " was removed", left);
          }
        }
        cursor.forgetWaiting();
      }
    }
    left.forEach(this::leave);
    heirs.forEach(Cursor::appended);
    return nobodys;
  }

  private static List<Entry> open(Leaving leaving) {
    List<Entry> open = new ArrayList<>(leaving.taken());
    open.addAll(((MemoryCursor) leaving.cursor()).waiting);
    return open;
  }

  @Override
  public long forgo(Cursor cursor, List<Entry> taken) {
    MemoryCursor of = (MemoryCursor) cursor;
    List<Entry> left = new ArrayList<>();
    long records = 0;
    synchronized (lock) {
      List<Entry> forgone = new ArrayList<>(taken);
      forgone.addAll(of.removeUntaken());
      for (Entry entry : forgone) {
        records += entry.batch().records();
        String why = " takes no " + entry.batch().signal().label() + " any more";
        dropped(of, entry, why, left);
      }
    }
    left.forEach(this::leave);
    return records;
  }

  /// What the buffer has for its only shipper goes back to whoever has appended it, and nobody is told. The
  /// buffer is not used any more.
  public void giveBack(Leaving shipper) {
    synchronized (lock) {
      for (Entry entry : open(shipper)) {
        Batch batch = entry.batch();
        ledger.handedOver(
            batch.source(), shipper.cursor().shipper(), batch.records(), batch.sourceBytes());
        budget.release(Entry.BYTES);
      }
    }
  }

  /// No other shipper gets it in this one's stead. With the lock.
  ///
  /// @param why  follows the shipper's name
  /// @param left takes the entry where no shipper needs it any more
  private void dropped(MemoryCursor cursor, Entry entry, String why, List<Entry> left) {
    Batch batch = entry.batch();
    String shipper = cursor.shipper();
    ledger.dropped(batch.source(), shipper, batch.records(), batch.sourceBytes());
    metrics.adder(Counter.SHIPPER_DROPPED, shipper, REMOVED).add(batch.records());
    if (batch.records() > 0) {
      ledger.drops().add(batch, shipper, REMOVED);
    }
    closed(cursor, entry, Settlement.rejected(batch.records(), "shipper " + shipper + why), left);
  }

  /// With the lock.
  ///
  /// @param left takes the entry where no shipper needs it any more
  private void handedOver(MemoryCursor cursor, Entry entry, List<Entry> left) {
    Batch batch = entry.batch();
    ledger.handedOver(batch.source(), cursor.shipper(), batch.records(), batch.sourceBytes());
    closed(cursor, entry, Settlement.SHIPPED, left);
  }

  private void closed(MemoryCursor cursor, Entry entry, Settlement settlement, List<Entry> left) {
    cursor.closed(entry);
    if (shipperDone(entry, settlement)) {
      left.add(entry);
    }
  }

  /// With the lock.
  ///
  /// @return whether that was the last shipper, and it has to leave
  private boolean shipperDone(Entry entry, Settlement settlement) {
    boolean last = entry.shipperDone(settlement.rejected(), settlement.reason());
    if (last) {
      files.remove(entry.sequence());
    }
    return last;
  }

  @Override
  public Cursor cursor(String shipper) {
    return memoryCursor(shipper);
  }

  private @Nullable MemoryCursor find(String shipper) {
    for (MemoryCursor cursor : cursors) {
      if (cursor.shipper().equals(shipper)) {
        return cursor;
      }
    }
    return null;
  }

  MemoryCursor memoryCursor(String shipper) {
    MemoryCursor cursor = find(shipper);
    if (cursor != null) {
      return cursor;
    }
    throw new IllegalArgumentException("no such shipper: " + shipper);
  }

  /// The number of the first of what is in memory alone of files; `Long.MAX_VALUE` where there is none.
  long firstOfFiles() {
    synchronized (lock) {
      return files.isEmpty() ? Long.MAX_VALUE : files.firstKey();
    }
  }

  /// The first of what is in memory alone of files, for a log. It does not leave before [#letGo].
  @Nullable Entry holdFirstOfFiles() {
    synchronized (lock) {
      Map.Entry<Long, Entry> first = files.firstEntry();
      if (first == null) {
        return null;
      }
      first.getValue().shipperAdded();
      return first.getValue();
    }
  }

  /// Whoever held it is done with it, and has told so elsewhere.
  void letGo(Entry entry) {
    boolean last;
    synchronized (lock) {
      last = shipperDone(entry, Settlement.SHIPPED);
    }
    if (last) {
      leave(entry);
    }
  }

  /// A log has it.
  void moved(Entry entry) {
    synchronized (lock) {
      files.remove(entry.sequence());
    }
  }

  /// A shipper gets it from a log instead. It is held for that.
  ///
  /// @return whether it waited for the shipper
  boolean movedWaiting(MemoryCursor cursor, Entry entry) {
    synchronized (lock) {
      if (!cursor.remove(entry)) {
        return false;
      }
      cursor.closed(entry);
      shipperDone(entry, Settlement.SHIPPED);
      return true;
    }
  }

  /// A shipper has it in hand, and tells a log that it is done.
  void movedInHand(MemoryCursor cursor, Entry entry) {
    synchronized (lock) {
      cursor.closed(entry);
    }
  }

  @Override
  public boolean hasRoomForFiles() {
    return roomForFiles;
  }

  @Override
  public boolean hasRoomForRequests() {
    return true;
  }

  /// Called a little more often than promised: after each batch that made room, also where there was
  /// room before, since a tailer may wait for the budget alone.
  @Override
  public void onRoom(Runnable listener) {
    onRoom = listener;
  }

  /// What is in memory alone is durable when it is delivered.
  @Override
  public long append(
      Batch batch, long reservedBytes, Acknowledgement.When when, Acknowledgement acknowledgement) {
    return append(0, batch, reservedBytes, acknowledgement);
  }

  /// @param sequence the batch's number; 0 for the next one
  long append(long sequence, Batch batch, long reservedBytes, Acknowledgement acknowledgement) {
    List<MemoryCursor> takers;
    Entry entry;
    budget.reserve(Entry.BYTES);
    synchronized (lock) {
      takers = takers(batch.signal());
      lastSequence = sequence == 0 ? lastSequence + 1 : sequence;
      entry = new Entry(lastSequence, batch, reservedBytes, acknowledgement, takers.size());
      ledger.appended(batch, takers);
      for (MemoryCursor cursor : takers) {
        cursor.waiting.add(entry);
        cursor.opened(entry);
        if (entry.fromFile()) {
          cursor.waitingFileBatches++;
          cursor.waitingFileBytes += batch.length();
        }
      }
      if (entry.fromFile()) {
        fileBytesHeld += reservedBytes + Entry.BYTES;
        if (!takers.isEmpty()) {
          files.put(lastSequence, entry);
        }
      }
      roomForFiles = roomNow();
    }
    if (takers.isEmpty()) {
      metrics.adder(Counter.SOURCE_UNROUTED, batch.source()).add(batch.records());
      leave(entry);
    }
    for (MemoryCursor cursor : takers) {
      cursor.appended();
    }
    return entry.sequence();
  }

  /// An acknowledgement waits for every shipper, but for those that were removed meanwhile.
  @Override
  public BooleanSupplier delivery() {
    return () -> !ledger.drops().isAnyOfFiles();
  }

  @Override
  public void filtered(String source, Signal signal, long records, long bytes) {
    ledger.filtered(source, takers(signal), records, bytes);
  }

  /// The number of the next entry; `Long.MAX_VALUE` if there is none.
  long nextSequence(MemoryCursor cursor) {
    synchronized (lock) {
      Entry entry = cursor.waiting.peek();
      return entry == null ? Long.MAX_VALUE : entry.sequence();
    }
  }

  @Nullable Entry next(MemoryCursor cursor) {
    boolean hadRoom;
    boolean hasRoom;
    Entry entry;
    synchronized (lock) {
      hadRoom = roomForFiles;
      entry = poll(cursor);
      hasRoom = roomForFiles;
    }
    if (hasRoom && !hadRoom) {
      onRoom.run();
    }
    return entry;
  }

  /// Whether that has made room is the caller's to see.
  ///
  /// @return null where the next entry has another number
  @Nullable Entry next(MemoryCursor cursor, long sequence) {
    synchronized (lock) {
      return nextSequence(cursor) == sequence ? poll(cursor) : null;
    }
  }

  /// With the lock.
  private @Nullable Entry poll(MemoryCursor cursor) {
    Entry entry = cursor.waiting.poll();
    if (entry == null) {
      return null;
    }
    if (entry.fromFile()) {
      cursor.waitingFileBatches--;
      cursor.waitingFileBytes -= entry.batch().length();
    }
    roomForFiles = roomNow();
    return entry;
  }

  /// @param times 1 for an entry that waits again, -1 for one that does no longer
  void waits(MemoryCursor cursor, Entry entry, int times) {
    if (!entry.fromFile()) {
      return;
    }
    boolean hasRoom;
    synchronized (lock) {
      cursor.waitingFileBatches += times;
      cursor.waitingFileBytes += (long) times * entry.batch().length();
      hasRoom = roomNow();
      roomForFiles = hasRoom;
    }
    if (hasRoom && times < 0) {
      onRoom.run();
    }
  }

  void done(MemoryCursor cursor, Entry entry, Settlement settlement) {
    boolean last;
    synchronized (lock) {
      ledger.done(entry.batch(), cursor.shipper(), settlement);
      cursor.closed(entry);
      last = shipperDone(entry, settlement);
    }
    if (last) {
      leave(entry);
    }
  }

  private void leave(Entry entry) {
    budget.release(entry.reservedBytes() + Entry.BYTES);
    boolean hasRoom;
    synchronized (lock) {
      if (entry.fromFile()) {
        fileBytesHeld -= entry.reservedBytes() + Entry.BYTES;
      }
      hasRoom = roomNow();
      roomForFiles = hasRoom;
    }
    entry.bytesFree();
    if (!entry.isInLog()) {
      entry.acknowledge();
    }
    if (hasRoom) {
      onRoom.run();
    }
  }

  void hold(long bytes) {
    if (bytes > 0) {
      budget.reserve(bytes);
    } else {
      budget.release(-bytes);
    }
  }

  long openRecords(MemoryCursor cursor) {
    synchronized (lock) {
      return cursor.openRecords;
    }
  }

  long openBatches(MemoryCursor cursor) {
    synchronized (lock) {
      return cursor.openBatches;
    }
  }

  private boolean roomNow() {
    // A shipper that is down lets files fill memory up to here; the rest stays for requests of
    // signals that other shippers take.
    if (fileBytesHeld >= budget.limitBytes() / 2) {
      return false;
    }
    for (MemoryCursor cursor : takers(Signal.LOGS)) {
      if (cursor.waitingFileBatches < ENOUGH_BATCHES && cursor.waitingFileBytes < ENOUGH_BYTES) {
        return true;
      }
    }
    return false;
  }

  private List<MemoryCursor> takers(Signal signal) {
    return takers.getOrDefault(signal, List.of());
  }
}
