package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.GroupCommit.Unsynced;
import dev.pannier.collector.buffer.disk.Ahead;
import dev.pannier.collector.buffer.disk.CursorFile;
import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.buffer.disk.StoredBatch;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Batches on disk, in a [SegmentLog]. Every shipper reads it by a cursor of its own, so one that is slow or away holds
/// up nobody before `max_bytes` are used.
///
/// ```
///   append ─ log (page cache) ─┬─ sync (group commit) ─ acknowledgement, memory given back
///      └─ memory, while the    ├─ cursor ─ shipper
///         disk takes nothing ──┴─ cursor ─ shipper … all have passed: segment deleted
/// ```
///
/// An append does not wait for the disk to sync, but where it begins a segment, or one goes for it: that is
/// [#doWork]'s, which one thread calls. A batch is durable when a sync has covered it; one that went
/// to memory, because the disk was full, read-only or gone, when every shipper is done with it. Both
/// are acknowledged only then, so that what was acknowledged is never lost by the death of the
/// process.
///
/// With settings that say memory it takes no batch any more: those go to memory as if the disk took none, and behind what the log
/// holds. So what waits there is shipped, in its order, when `buffer.type` was changed.
///
/// What belongs together has an owner of its own: where shippers are ([DiskCursors], and on disk [ShipperPlaces]), what no sync has covered
/// ([GroupCommit]), who waits for delivery ([Deliveries]), what is lost ([Losses]), what makes room ([Room]), what was for shippers that are
/// gone ([Removals]) and which log it is ([Unconfirmed]). Their order is kept here, with the turn to memory and back: that is what makes an
/// acknowledgement true.
///
/// Locks, the outer one first: `appending` (one append at a time, the file is written under it), `lock` (what is open and who waits;
/// held for moments). The owners have none of their own, and say which of these guards them.
public final class DiskBuffer implements Buffer, Cursors, Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(DiskBuffer.class);

  static final long TEND_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// While the disk is full, what shippers have passed is freed sooner.
  private static final long TEND_FULL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  final Object lock = new Object();
  private final Object appending = new Object();
  private final Path directory;
  private final MemoryBudget budget;
  private final Ledger ledger;
  private final Metrics metrics;
  private final InstantSource clock;
  private final Consumer<String> notice;
  private final SegmentLog log;
  private final Losses losses;
  private final Deliveries deliveries = new Deliveries();
  private final GroupCommit commit;
  private final MemoryBuffer memory;
  private final SpareArrays spareArrays;
  private final DiskCursors cursors = new DiskCursors();
  private final ShipperPlaces places;
  private final Room room;
  private final Removals removals;
  private final boolean anySyncedOnly;

  /// Of the start alone.
  private final FormerShippers former;

  private final Unconfirmed unconfirmed;
  private volatile Runnable onRoom = () -> {};
  private volatile Runnable onWork = () -> {};

  private volatile @Nullable Left left;

  /// Of the working thread's last round.
  private volatile long nowNanos;

  /// Why batches go to memory; null while they go to disk.
  private volatile @Nullable String problem;

  // Guarded by `appending`.
  private long lastSequence;

  /// What the last sync was to cover and has failed for.
  private final List<Unsynced> unproven = new ArrayList<>();

  /// Whether the last append has made a sync due sooner.
  private boolean wakes;

  // The working thread alone.
  private long nextTendNanos;
  private long tendedNanos;
  private boolean emptyTold;

  /// Opens the buffer and reads what it holds.
  ///
  /// @param settings   of type memory where what the log holds is to be shipped, and nothing more to be put there
  /// @param shippers   by name, the signals that each takes
  /// @param syncedOnly the shippers that may see only what the death of the machine cannot lose
  /// @param notice     takes a line about what is amiss
  /// @throws IOException where the directory cannot be used or another process has it; the message is for
  ///     people
  public DiskBuffer(
      BufferSettings settings,
      MemoryBudget budget,
      Ledger ledger,
      Metrics metrics,
      Map<String, Set<Signal>> shippers,
      Set<String> syncedOnly,
      InstantSource clock,
      long nowNanos,
      Consumer<String> notice)
      throws IOException {
    this(
        settings,
        budget,
        ledger,
        metrics,
        shippers,
        syncedOnly,
        clock,
        nowNanos,
        LockSupport::parkNanos,
        notice);
  }

  /// @param pause waits for so many nanoseconds, where a disk does not give what it has
  public DiskBuffer(
      BufferSettings settings,
      MemoryBudget budget,
      Ledger ledger,
      Metrics metrics,
      Map<String, Set<Signal>> shippers,
      Set<String> syncedOnly,
      InstantSource clock,
      long nowNanos,
      LongConsumer pause,
      Consumer<String> notice)
      throws IOException {
    directory = settings.directory();
    this.budget = budget;
    this.ledger = ledger;
    this.metrics = metrics;
    this.clock = clock;
    this.notice = notice;
    memory = new MemoryBuffer(budget, ledger, metrics, shippers);
    spareArrays = new SpareArrays(budget, ReadMemory.ARRAY_BYTES);
    log = SegmentLog.hold(directory, Room.segmentBytes(settings), DiskBuffer::generation, notice);
    // Behind its lock: a process that is about to end writes later places until it gives that back.
    CursorFile stored;
    GivenUp givenUp;
    try {
      stored = ShipperPlaces.read(directory, notice);
      givenUp = new GivenUp(directory, notice);
    } catch (IOException e) {
      log.close();
      throw e;
    }
    losses = new Losses(lock, log, givenUp, ledger, metrics);
    former = new FormerShippers(stored, shippers, losses::removed);
    places = new ShipperPlaces(directory, lock, cursors, nowNanos, notice);
    room = new Room(settings, lock, log, cursors, places, losses, notice);
    removals = new Removals(lock, memory, cursors, deliveries, losses, ledger);
    Map<String, Long> passed = stored.passed();
    List<DiskCursor> made = new ArrayList<>();
    shippers.forEach(
        (name, signals) ->
            made.add(
                cursor(
                    name,
                    signals,
                    syncedOnly.contains(name),
                    passed.getOrDefault(name, 0L),
                    stored.ahead(name))));
    cursors.configure(made);
    anySyncedOnly = !syncedOnly.isEmpty();
    commit = new GroupCommit(anySyncedOnly, nowNanos);
    log.recover(stored.synced(), pause, this::found);
    losses.storeDamage();
    lastSequence = log.lastSequence();
    former.tell(notice);
    try {
      unconfirmed = new Unconfirmed(directory, syncedOnly);
    } catch (IOException e) {
      log.close();
      throw e;
    }
    try {
      unconfirmed.find(syncedOnly, log.lastSequence(), notice);
    } catch (IOException e) {
      // Nothing is appended before it is stored.
      toMemory(e);
    }
    for (long each : passed.values()) {
      lastSequence = Math.max(lastSequence, each);
    }
    for (Ahead each : stored.ahead().values()) {
      lastSequence = Math.max(lastSequence, each.to());
    }
    this.nowNanos = nowNanos;
    nextTendNanos = nowNanos;
    tendedNanos = nowNanos;
    memory.onRoom(this::roomMayHaveChanged);
  }

  /// The directory of its log.
  public Path directory() {
    return directory;
  }

  /// Whether no record of the log waits for a shipper, nor may wait in what could not be read at the start. What is in memory alone
  /// does not count.
  public boolean isEmpty() {
    synchronized (lock) {
      return log.wasReadWhole() && cursors.haveNothingOpen();
    }
  }

  private DiskCursor cursor(
      String name, Set<Signal> signals, boolean syncedOnly, long passed, Ahead before) {
    return new DiskCursor(
        this, memory.memoryCursor(name), budget, signals, syncedOnly, passed, before);
  }

  /// A shipper's part of the memory.
  long shareBytes() {
    return budget.shareBytes(cursors.configured().size());
  }

  SpareArrays spareArrays() {
    return spareArrays;
  }

  /// Whose positions a batch has: a file's key goes over to the next one under its name.
  private static String generation(Batch batch) {
    Positions positions = Positions.decode(batch.positions());
    return positions == null ? "" : Long.toHexString(positions.generation());
  }

  private void found(Segment segment, long from, long to, StoredBatch stored) {
    former.found(stored);
    for (DiskCursor cursor : cursors.configured()) {
      if (cursor.found(segment, from, to, stored)) {
        ledger.appended(stored.batch(), List.of(cursor));
      }
    }
  }

  /// The positions of files that the log has taken over, for each generation the last, as
  /// [Batch#positions] had them.
  public List<byte[]> positions() {
    return log.positions();
  }

  /// A new shipper begins with the oldest record that the log has, as it would after a restart.
  @Override
  public void change(Map<String, Set<Signal>> shippers) {
    if (cursors.isSame(shippers)) {
      return;
    }
    List<Confirmations> told = new ArrayList<>();
    synchronized (appending) {
      memory.change(shippers);
      // What a shipper takes from now on is told by whole segments.
      log.seal();
      synchronized (lock) {
        List<DiskCursor> after = new ArrayList<>();
        boolean hasHeirs = shippers.keySet().stream().anyMatch(name -> cursors.of(name) == null);
        for (DiskCursor cursor : cursors.configured()) {
          Set<Signal> signals = shippers.get(cursor.shipper());
          if (signals == null) {
            cursor.leave(lastSequence);
            cursors.leaves(cursor, hasHeirs);
          } else {
            deliveries.forgo(cursor, signals, cursor::isUnread, told);
            cursor.change(signals, lastSequence);
            after.add(cursor);
          }
        }
        shippers.forEach(
            (name, signals) -> {
              if (cursors.of(name) == null) {
                DiskCursor made = cursor(name, signals, false, 0, Ahead.NONE);
                made.begin(ledger);
                Segment oldest = log.oldest();
                if (oldest != null) {
                  // What went for want of room is in a shipper's hands, and does not come to
                  // another.
                  deliveries.shipperAdded(made, oldest.first());
                }
                after.add(made);
              }
            });
        cursors.configure(after);
      }
    }
    told.forEach(Confirmations::tell);
    passed();
    roomMayHaveChanged();
  }

  @Override
  public long release(List<Leaving> gone, List<Cursor> heirs) {
    long nobodys = removals.release(gone, heirs);
    passed();
    return nobodys;
  }

  @Override
  public long forgo(Cursor cursor, List<Entry> taken) {
    long records = removals.forgo((DiskCursor) cursor, taken);
    passed();
    return records;
  }

  /// Other limits from now on.
  ///
  /// @param other of the same type; the directory stays
  public void change(BufferSettings other) {
    room.change(other);
    places.moved();
    roomMayHaveChanged();
  }

  @Override
  public Cursor cursor(String shipper) {
    DiskCursor cursor = cursors.of(shipper);
    if (cursor != null) {
      return cursor;
    }
    throw new IllegalArgumentException("no such shipper: " + shipper);
  }

  SegmentLog log() {
    return log;
  }

  Losses losses() {
    return losses;
  }

  long logId() {
    return unconfirmed.logId();
  }

  /// A destination has records up to a number of a log. A log that ends before it is an old copy, and its
  /// numbers are used for other records now: what it holds is shipped again rather than taken for
  /// stored. Any thread; for each shipper before its first [Cursor#next].
  ///
  /// @param id of the log, 0 for none
  public void stored(String shipper, long id, long sequence) {
    boolean isOlder;
    synchronized (appending) {
      isOlder = unconfirmed.confirm(shipper, id, sequence);
      if (!unconfirmed.isStored()) {
        // It is tried again with the shippers' places.
        places.moved();
      }
    }
    if (isOlder) {
      notice.accept(
          "buffer.directory "
              + directory
              + " is older than what a destination has of it: what it holds is shipped again");
    }
  }

  MemoryBuffer memory() {
    return memory;
  }

  void tell(String line) {
    notice.accept(line);
  }

  @Override
  public boolean hasRoomForFiles() {
    if (problem != null || room.takesNone()) {
      return memory.hasRoomForFiles() && !isFullForFiles();
    }
    return commit.fileBytes() < budget.limitBytes() / 4 && !room.holdsUpFiles();
  }

  /// What is read while the disk takes nothing goes to the log once it does: it must not grow each time by what memory holds. What all
  /// have passed is freed by then.
  private boolean isFullForFiles() {
    return !room.dropsOldest() && room.isFull() && !isEmpty();
  }

  /// Who sends a request keeps it where it is refused, so it is refused rather than dropped.
  @Override
  public boolean hasRoomForRequests() {
    return room.dropsOldest() || problem != null || !room.isFull();
  }

  @Override
  public void onRoom(Runnable listener) {
    onRoom = listener;
  }

  /// Called, from any thread, when [#doWork] has something to do sooner than it said.
  public void onWork(Runnable listener) {
    onWork = listener;
  }

  @Override
  public long append(
      Batch batch, long reservedBytes, Acknowledgement.When when, Acknowledgement acknowledgement) {
    List<DiskCursor> shippers = cursors.takers(batch.signal());
    if (shippers.isEmpty()) {
      metrics.adder(Counter.SOURCE_UNROUTED, batch.source()).add(batch.records());
      budget.release(reservedBytes);
      acknowledgement.bytesFree();
      acknowledgement.delivered(0, "");
      synchronized (appending) {
        return ++lastSequence;
      }
    }
    long sequence;
    boolean dropped = false;
    boolean wake;
    synchronized (appending) {
      sequence = ++lastSequence;
      boolean toLog = problem == null && !room.takesNone();
      // Room is made for what goes there alone.
      try {
        dropped = toLog && room.drops(batch);
      } catch (IOException e) {
        toMemory(e);
      }
      if (!dropped
          && !(toLog
              && problem == null
              && store(batch, sequence, reservedBytes, when, acknowledgement))) {
        // The number before it is for a segment that begins empty.
        sequence = ++lastSequence;
        memory.append(sequence, batch, reservedBytes, acknowledgement);
        return sequence;
      }
      wake = wakes;
      wakes = false;
    }
    if (dropped) {
      budget.release(reservedBytes);
      acknowledgement.bytesFree();
      acknowledgement.delivered(0, "");
      return sequence;
    }
    for (DiskCursor cursor : shippers) {
      cursor.appended();
    }
    if (wake) {
      onWork.run();
    }
    return sequence;
  }

  /// A shipper never gets these numbers. Under the lock.
  void neverRead(Missing numbers) {
    losses.add(numbers);
    deliveries.neverGets(numbers);
  }

  /// A shipper gets what it was not to get. Under the lock.
  void appended(Batch batch, DiskCursor cursor) {
    ledger.appended(batch, List.of(cursor));
  }

  /// @return false where the disk does not take it
  private boolean store(
      Batch batch,
      long sequence,
      long reservedBytes,
      Acknowledgement.When when,
      Acknowledgement acknowledgement) {
    long millis = clock.millis();
    try {
      log.write(batch, sequence, millis, positionsWouldCount());
    } catch (IOException e) {
      toMemory(e);
      return false;
    }
    List<DiskCursor> shippers = cursors.takers(batch.signal());
    boolean durable = when == Acknowledgement.When.DURABLE;
    synchronized (lock) {
      ledger.appended(batch, shippers);
      for (DiskCursor cursor : shippers) {
        cursor.appended(batch, millis);
      }
      if (!durable) {
        deliveries.add(sequence, batch, shippers.size(), acknowledgement);
      }
      wakes =
          commit.add(
              new Unsynced(
                  sequence,
                  batch.signal(),
                  batch.records(),
                  reservedBytes,
                  batch.positions().length > 0,
                  durable,
                  acknowledgement),
              batch.length());
      log.publish(batch);
    }
    return true;
  }

  private void toMemory(IOException why) {
    String what =
        "buffer.directory "
            + directory
            + " does not take records ("
            + (why.getMessage() == null ? why.getClass().getSimpleName() : why.getMessage())
            + "): they are held in memory alone until it does";
    synchronized (appending) {
      if (problem == null) {
        problem = what;
        notice.accept(what);
      }
    }
  }

  /// Why batches are held in memory alone, in one line; null while they are on disk. Any thread.
  public @Nullable String problem() {
    return problem;
  }

  /// Why a shipper waits for the disk, in one line; null while none does. Any thread.
  public @Nullable String readProblem() {
    for (DiskCursor cursor : readers()) {
      String why = cursor.readProblem();
      if (why != null) {
        return why;
      }
    }
    return null;
  }

  private List<DiskCursor> readers() {
    synchronized (lock) {
      return cursors.all();
    }
  }

  /// When the working thread last came round: while it hangs in a disk that does, no time passes.
  long nowNanos() {
    return nowNanos;
  }

  /// What is on disk is acknowledged before shippers have it, and what was dropped is with nobody but in its file.
  @Override
  public BooleanSupplier delivery() {
    long end;
    synchronized (lock) {
      end = log.lastSequence();
    }
    return () -> isDelivered(end);
  }

  /// What was given up is with nobody but in its file, and which files that are is not kept for as long as there are files.
  private boolean isDelivered(long end) {
    synchronized (lock) {
      return !losses.keepsFiles() && cursors.havePassedFiles(end);
    }
  }

  @Override
  public void filtered(String source, Signal signal, long records, long bytes) {
    ledger.filtered(source, cursors.takers(signal), records, bytes);
  }

  /// A cursor has moved, a segment was left, or a shipper does not need something any more: its place is to be written, and something may
  /// be freed.
  void passed() {
    room.mayFree();
    if (places.moved() || room.isFull()) {
      onWork.run();
    }
  }

  void roomMayHaveChanged() {
    if (hasRoomForFiles()) {
      onRoom.run();
    }
  }

  /// A shipper is done with a record. Under the lock.
  ///
  /// @return who is to be told now; null for nobody
  @Nullable Confirmations done(DiskCursor cursor, Entry entry, Settlement settlement) {
    ledger.done(entry.batch(), cursor.shipper(), settlement);
    return deliveries.shipperDone(entry, settlement);
  }

  /// One round: syncs, stores the shippers' places, frees segments, sees whether the disk is well again.
  ///
  /// @return 0 if there was nothing to do; then nothing is to be done for [#waitNanos], unless the listener of
  ///     [#onWork] is called
  public int doWork(long nowNanos) {
    this.nowNanos = nowNanos;
    tellGivenUp();
    losses.tellDamaged();
    int work = 0;
    if (syncDueNanos(nowNanos) <= 0) {
      sync(nowNanos);
      work++;
    }
    if (nextTendNanos - nowNanos <= 0
        || (room.isFull() && places.isBehind() && nowNanos - tendedNanos >= TEND_FULL_NANOS)) {
      nextTendNanos = nowNanos + TEND_NANOS;
      tendedNanos = nowNanos;
      tend(nowNanos);
    } else if (places.isDue(nowNanos)) {
      places.write(nowNanos);
    }
    return work;
  }

  private void tellGivenUp() {
    List<Confirmations> told;
    synchronized (lock) {
      told = deliveries.takeGivenUp();
    }
    told.forEach(Confirmations::tell);
  }

  /// For how long there is nothing to do after a [#doWork] that returned 0.
  public long waitNanos(long nowNanos) {
    long wait = Math.min(syncDueNanos(nowNanos), nextTendNanos - nowNanos);
    wait = Math.min(wait, places.waitNanos(nowNanos));
    if (room.isFull() && places.isBehind()) {
      wait = Math.min(wait, TEND_FULL_NANOS);
    }
    return Math.max(0, wait);
  }

  private long syncDueNanos(long nowNanos) {
    synchronized (lock) {
      return commit.dueNanos(nowNanos);
    }
  }

  private void sync(long nowNanos) {
    List<Unsynced> batches;
    synchronized (lock) {
      batches = commit.begin(nowNanos);
    }
    List<Confirmations> told = new ArrayList<>();
    boolean synced;
    try {
      log.sync();
      synced = true;
      room.mayFree();
    } catch (IOException e) {
      awaitDelivery(batches, e, told);
      synced = false;
    }
    long fileBytes = 0;
    for (Unsynced batch : batches) {
      budget.release(batch.reservedBytes());
      batch.acknowledgement().bytesFree();
      fileBytes += batch.fromFile() ? batch.reservedBytes() : 0;
      if (synced && batch.durable()) {
        batch.acknowledgement().delivered(0, "");
      }
    }
    commit.released(fileBytes);
    told.forEach(Confirmations::tell);
    if (anySyncedOnly) {
      readers().forEach(Cursor::appended);
    }
    if (hasRoomForFiles()) {
      onRoom.run();
    }
  }

  /// A sync has failed. One append or another may have published what it did not see any more. No segment is begun behind all that
  /// before it is known whose positions do not count.
  ///
  /// @param batches that it was to cover; those that were published meanwhile are added
  private void awaitDelivery(List<Unsynced> batches, IOException why, List<Confirmations> told) {
    synchronized (appending) {
      toMemory(why);
      synchronized (lock) {
        batches.addAll(commit.take());
        told.addAll(deliveries.addUnsure(batches, cursors));
      }
      unproven.addAll(batches);
      log.told();
    }
  }

  private void tend(long nowNanos) {
    spareArrays.tend();
    losses.storeDamage();
    for (DiskCursor cursor : readers()) {
      if (cursor.readProblem() != null) {
        // It tries again.
        cursor.appended();
      }
    }
    if (room.takesNone() && !emptyTold && isEmpty()) {
      emptyTold = true;
      notice.accept(
          "buffer.type is memory, and nothing waits in buffer.directory "
              + directory
              + " any more");
    }
    if (problem == null && !log.isInPlace()) {
      toMemory(new IOException("its files have vanished"));
      // Where anything is not synced it fails: who waits for it is told by delivery.
      sync(nowNanos);
    }
    if (!log.isTold() || log.isBegunOnly()) {
      sync(nowNanos);
    }
    if (problem != null) {
      comeBack(nowNanos);
    } else if (!log.positionsCount() && positionsWouldCount()) {
      synchronized (appending) {
        log.seal();
      }
    }
    boolean wasFull = room.isFull();
    if (places.isBehind(log.syncedSequence())) {
      storePlaces(nowNanos);
      room.free();
      if ((room.isFull() || problem != null) && beginBehindAll()) {
        room.free();
      }
    }
    try {
      room.deleteRest();
    } catch (IOException e) {
      toMemory(e);
    }
    if (wasFull && !room.isFull()) {
      roomMayHaveChanged();
    }
  }

  /// The newest segment, and what has positions that it does not know, goes when there is another one. A full log, or disk, takes no
  /// record that would begin it, so it is begun without one where that makes room.
  ///
  /// @return whether it was
  private boolean beginBehindAll() {
    synchronized (appending) {
      synchronized (lock) {
        // It says that it has the positions of all that is durable by then.
        if (!commit.isEmpty() || deliveries.anyUnsure() || !log.wouldFree(cursors::need)) {
          return false;
        }
      }
      try {
        // What memory has of files comes behind it.
        long firstInMemory = memory.firstOfFiles();
        long number = firstInMemory == Long.MAX_VALUE ? ++lastSequence : firstInMemory - 1;
        log.beginEmpty(number, positionsWouldCount());
        return true;
      } catch (IOException e) {
        toMemory(e);
        return false;
      }
    }
  }

  private boolean positionsWouldCount() {
    synchronized (lock) {
      return !deliveries.anyUnsure();
    }
  }

  private void comeBack(long nowNanos) {
    List<Confirmations> told = new ArrayList<>();
    boolean isBack = false;
    try {
      synchronized (appending) {
        log.reopen();
        room.deleteRest();
        unconfirmed.storeAgain();
        if (log.syncAgain()) {
          synchronized (lock) {
            told.addAll(deliveries.durable(unproven));
          }
        }
        if (!room.takesNone()) {
          moveToLog(nowNanos);
        }
        unproven.clear();
        problem = null;
        isBack = true;
      }
    } catch (IOException e) {
      // It was told when it began; /readyz tells it as long as it lasts.
      LOG.debug("{} does not take records yet", directory, e);
    }
    // What could not be freed, or begun for it, can be now.
    places.moved();
    told.forEach(Confirmations::tell);
    if (isBack) {
      notice.accept("buffer.directory " + directory + " takes records again");
    }
    roomMayHaveChanged();
  }

  /// What memory holds of files goes to the log under its own numbers, as if the disk had taken it all the time. What a shipper has had
  /// of it does not come to that again.
  private void moveToLog(long nowNanos) throws IOException {
    Entry entry = memory.holdFirstOfFiles();
    if (entry == null) {
      // The segment that made room may have been begun by a number from before a change.
      sealBefore(lastSequence + 1);
      return;
    }
    // Else the death of the process would bring back what they were done with meanwhile.
    storePlaces(nowNanos);
    try {
      for (; entry != null; entry = memory.holdFirstOfFiles()) {
        try {
          moveToLog(entry);
        } finally {
          memory.letGo(entry);
        }
      }
    } finally {
      sealBefore(lastSequence + 1);
      readers().forEach(Cursor::appended);
    }
  }

  private void moveToLog(Entry entry) throws IOException {
    if (room.dropsOldest() && room.isFull()) {
      room.free();
      try {
        room.dropOldest();
      } catch (IOException e) {
        toMemory(e);
      }
    }
    Batch batch = entry.batch();
    long sequence = entry.sequence();
    sealBefore(sequence);
    long millis = clock.millis();
    log.writeLate(batch, sequence, millis, positionsWouldCount());
    // Another segment may have been begun, and what is before it stays as it is.
    unproven.clear();
    synchronized (lock) {
      log.publish(batch);
      for (DiskCursor cursor : cursors.all()) {
        cursor.moved(entry, log.newest(), millis);
      }
      memory.moved(entry);
      commit.add(
          new Unsynced(sequence, batch.signal(), batch.records(), 0, true, true, entry.moved()),
          batch.length());
    }
  }

  /// What a shipper takes is told by whole segments, and what it takes of the next record may be other than of the last one.
  private void sealBefore(long sequence) {
    if (readers().stream().anyMatch(cursor -> cursor.changes(log.lastSequence(), sequence))) {
      log.seal();
    }
  }

  private void storePlaces(long nowNanos) {
    places.begin(nowNanos);
    try {
      synchronized (appending) {
        unconfirmed.storeRest();
      }
      places.store(log.syncedSequence());
    } catch (IOException e) {
      places.failed(e);
    }
  }

  /// What the buffer holds, at one instant.
  public BufferStatus status() {
    long oldest;
    synchronized (lock) {
      oldest = cursors.oldestMillis();
    }
    long ageMillis = oldest == Long.MAX_VALUE ? 0 : Math.max(0, clock.millis() - oldest);
    String why = problem;
    return new BufferStatus(
        log.bytes(),
        room.maxBytes(),
        log.segments(),
        TimeUnit.MILLISECONDS.toSeconds(ageMillis),
        log.damagedBytes(),
        why == null ? "" : why);
  }

  /// What a shipper was not done with when the buffer was closed; null where it is not closed, could not be read or has vanished. Any
  /// thread.
  public @Nullable Left left() {
    return left;
  }

  private @Nullable Left findLeft() {
    try {
      return Left.find(log, cursors, lock);
    } catch (IOException e) {
      LOG.warn("what is left in the buffer cannot be listed: {}", e.toString());
      return null;
    }
  }

  /// Syncs, stores the shippers' places, lists what is left and gives the directory back. Nothing is appended any more.
  @Override
  public void close() {
    tellGivenUp();
    losses.tellDamaged();
    sync(nowNanos);
    places.moved();
    tend(nowNanos);
    boolean isRest;
    synchronized (lock) {
      isRest = !commit.isEmpty();
    }
    if (isRest) {
      // It has just come from memory.
      sync(nowNanos);
    }
    synchronized (lock) {
      cursors.all().forEach(DiskCursor::dropOrphans);
    }
    // Of files that have vanished nothing is there any more, though they can be read until they are
    // closed.
    left = log.isInPlace() ? findLeft() : null;
    log.close();
  }
}
