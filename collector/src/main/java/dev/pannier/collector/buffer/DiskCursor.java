package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Ahead;
import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.collector.buffer.disk.SegmentReader;
import dev.pannier.collector.buffer.disk.StoredBatch;
import dev.pannier.collector.buffer.disk.Tally;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// A shipper's place in a [DiskBuffer]: it reads the log by itself, on the shipper's thread, into memory that it reserves
/// for each batch. What went to memory while the disk did not take it is merged in by its number.
///
/// ```
///   log   … 41  42  43  44 | 45  46 …
///            ▴       ▴      ▴
///     passed ┘ taken ┘      └ reader: where the next is read
/// ```
final class DiskCursor extends Cursor {
  static final String DAMAGED = "damaged";

  /// By `on_full`.
  static final String FULL = "full";

  private final DiskBuffer buffer;
  private final Losses losses;
  private final MemoryCursor memory;
  private final boolean syncedOnly;

  // The shipper's thread alone.
  private final ByteBuffer window = SegmentReader.window();
  private @Nullable SegmentReader reader;
  private @Nullable Segment readerOf;

  private final ReadMemory held;
  private final UnreadableSegment unreadable;
  private @Nullable Entry last;
  private final AsideReader asideReader;

  // Guarded by the buffer's lock.

  /// What is not done, by its number; of what is in memory alone that of files. One may wait for long while those behind it come and
  /// go.
  final TreeMap<Long, Entry> taken = new TreeMap<>();

  /// Those of [#taken] whose segment has gone for newer ones: they are held in memory alone.
  private final Set<Long> orphans = new HashSet<>();

  /// What of the current segment was taken, or passed before the process started.
  private final Tally takenOfSegment = new Tally();

  /// What a process before this one was done with behind the place where this one began.
  private final Ahead before;

  /// That of each segment which is not read yet.
  private final Map<Segment, Tally> doneBefore = new HashMap<>();

  private @Nullable Segment current;

  /// What of that is before it was passed before the process started, or taken from memory.
  private long startBytes;

  private boolean started;

  /// Something of the current segment could not be read.
  private boolean damaged;

  /// Nor was anything read since. Else a number that is left out was used for nobody here.
  private boolean behindDamage;

  /// The number of the last record that was read or passed over, or taken from memory.
  private long lastRead;

  private long lastReadMillis;

  private final Reach reach = new Reach();
  private final OpenRecords owed;

  /// What is not done and not held either.
  private final Aside aside;

  /// The last record that was read before something was parked or set aside last.
  private long waitedUpTo = Long.MIN_VALUE;

  /// @param syncedOnly whether the shipper may see only what the death of the machine cannot lose
  /// @param passed     the shipper needs no record up to this number
  /// @param before     nor these behind it
  DiskCursor(
      DiskBuffer buffer,
      MemoryCursor memory,
      MemoryBudget budget,
      Set<Signal> signals,
      boolean syncedOnly,
      long passed,
      Ahead before) {
    super(memory.shipper(), signals);
    this.before = before;
    this.aside =
        new Aside(
            () ->
                Math.min(
                    syncedOnly ? Aside.MOST_STORED : Integer.MAX_VALUE, Aside.most(shareBytes())));
    this.asideReader = new AsideReader(buffer, this, aside);
    this.buffer = buffer;
    this.losses = buffer.losses();
    this.owed = new OpenRecords(memory.shipper(), losses);
    this.memory = memory;
    this.held = new ReadMemory(budget, buffer.spareArrays());
    this.unreadable = new UnreadableSegment(memory.shipper(), buffer.directory(), buffer::tell);
    this.syncedOnly = syncedOnly;
    this.lastRead = passed;
  }

  @Override
  public long log() {
    return buffer.logId();
  }

  @Override
  public void onAppend(Runnable listener) {
    super.onAppend(listener);
    memory.onAppend(listener);
  }

  MemoryCursor memory() {
    return memory;
  }

  /// A shipper that was added while the process runs begins with the oldest record there is. Under the
  /// buffer's lock.
  void begin(Ledger ledger) {
    for (Segment segment : segments(null)) {
      count(segment.tally(), ledger);
    }
  }

  /// Other signals from now on: of what is gone nothing more is read, and what is new is read from the next
  /// segment on. Under the buffer's lock, when the newest segment was sealed.
  void change(Set<Signal> signals, long lastSequence) {
    Tally rest = rest();
    rest.forEach(
        (source, signal, batches, records, bytes) -> {
          if (takes(signal) && !signals.contains(signal)) {
            owed.lose(source, signal, batches, records, bytes, MemoryBuffer.REMOVED);
            keepFilesOf(signal, batches);
          }
        });
    for (Signal signal : signals) {
      if (!takes(signal)) {
        reach.beginBehind(signal, lastSequence);
      }
    }
    take(signals);
    aside.retain(signals::contains);
  }

  /// The shipper is removed: it gets what is there now and nothing more. Under the buffer's lock.
  void leave(long lastSequence) {
    reach.endAt(lastSequence);
    owed.leave(rest());
  }

  /// Whether the shipper gets a record, or did. Under the buffer's lock.
  boolean gets(Signal signal, long sequence) {
    return takes(signal) && reach.has(signal, sequence);
  }

  /// Whether a record waits for the shipper in the log, or did so when it was removed. Under the buffer's
  /// lock.
  boolean isUnread(long sequence) {
    return aside.contains(sequence)
        || (sequence > lastRead && !reach.endsBefore(sequence) && !before.covers(sequence));
  }

  /// Whether a record is not done that the shipper was to get. Under the buffer's lock.
  boolean isOpen(Signal signal, long sequence) {
    return gets(signal, sequence) && !isDone(sequence);
  }

  /// What waits for the shipper that was removed is given up: it takes nothing more. Under the buffer's lock.
  ///
  /// @return the records of signals that `heirs` do not take
  long giveUp(Set<Signal> heirs) {
    long[] nobodys = {0};
    owed.takeUntaken()
        .forEach(
            (source, signal, batches, records, bytes) -> {
              if (takes(signal) && heirs.contains(signal)) {
                owed.handOver(source, batches, records, bytes);
              } else if (takes(signal)) {
                owed.lose(source, signal, batches, records, bytes, MemoryBuffer.REMOVED);
                nobodys[0] += records;
                keepFilesOf(signal, batches);
              }
            });
    reach.end();
    return nobodys[0];
  }

  private void keepFilesOf(Signal signal, long batches) {
    if (signal == Signal.LOGS && batches > 0) {
      losses.keepFiles();
    }
  }

  /// What was taken is given up, and to be released. Under the buffer's lock; the shipper's thread has ended.
  ///
  /// @param isInherited whether others get it in its stead, where it is there yet
  /// @return why
  String giveUp(Entry entry, boolean isInherited) {
    // What went for newer records is there for no heir either.
    String why = orphans.contains(entry.sequence()) ? FULL : MemoryBuffer.REMOVED;
    if (isInherited && !why.equals(FULL)) {
      Batch batch = entry.batch();
      closed(entry);
      losses.handedOver(batch.source(), shipper(), batch.records(), batch.sourceBytes());
    } else {
      lose(entry, why);
    }
    return why;
  }

  /// What of it is in memory alone: from now on that is so for this shipper, whatever becomes of it.
  List<Entry> leaveInMemory(List<Entry> entries) {
    synchronized (buffer.lock) {
      List<Entry> alone = entries.stream().filter(entry -> !entry.isInLog()).toList();
      alone.forEach(entry -> taken.remove(entry.sequence()));
      return alone;
    }
  }

  /// What of the log was not taken yet, or is set aside, of the signals that are taken. Under the buffer's lock.
  private Tally rest() {
    Tally rest = new Tally();
    aside.addTo(rest);
    for (Segment segment : segments(current)) {
      untaken(segment)
          .forEach(
              (source, signal, batches, records, bytes) -> {
                if (takes(signal, segment)) {
                  rest.add(source, signal, batches, records, bytes);
                }
              });
    }
    return rest;
  }

  /// Of the segment that is read or one behind it.
  private Tally untaken(Segment segment) {
    Tally done = doneBefore.get(segment);
    Tally rest = done == null ? segment.tally() : segment.tally().minus(done);
    return segment == current ? rest.minus(takenOfSegment) : rest;
  }

  /// Whether the shipper is not done with something in a segment. What that is for others does not count, wherever the shipper
  /// stands: one that is away stays where it is. Under the buffer's lock.
  boolean needs(Segment segment) {
    if (aside.isIn(segment)) {
      return true;
    }
    Long held = taken.ceilingKey(segment.first());
    if (held != null && held <= segment.lastSequence()) {
      return true;
    }
    Segment reading = current;
    if (reading != null && segment.first() < reading.first()) {
      return false;
    }
    boolean[] needs = {false};
    untaken(segment)
        .forEach(
            (source, signal, batches, records, bytes) ->
                needs[0] |= batches > 0 && takes(signal, segment));
    return needs[0];
  }

  private List<Segment> segments(@Nullable Segment from) {
    List<Segment> all = new ArrayList<>();
    for (Segment segment = from == null || from.isGone() ? buffer.log().oldest() : from;
        segment != null;
        segment = buffer.log().after(segment)) {
      if (from == null || segment.first() >= from.first()) {
        all.add(segment);
      }
    }
    return all;
  }

  private void count(Tally tally, Ledger ledger) {
    tally.forEach(
        (source, signal, batches, records, bytes) -> {
          if (takes(signal)) {
            owed.add(batches, records);
            ledger.appended(source, shipper(), records, bytes);
          }
        });
  }

  private boolean takes(Signal signal, Segment segment) {
    return takes(signal) && reach.has(signal, segment.first());
  }

  /// A record was found at the start.
  ///
  /// @return whether the shipper has to ship it
  boolean found(Segment segment, long from, long to, StoredBatch stored) {
    Batch batch = stored.batch();
    if (!started) {
      if (current != segment) {
        current = segment;
        takenOfSegment.clear();
      }
      if (stored.sequence() <= lastRead) {
        takenOfSegment.add(batch);
        startBytes = to;
        return false;
      }
      started = true;
      startBytes = from;
      lastReadMillis = stored.appendedMillis();
    }
    if (!takes(batch.signal())) {
      return false;
    }
    if (before.covers(stored.sequence())) {
      doneBefore.computeIfAbsent(segment, made -> new Tally()).add(batch);
      return false;
    }
    owed.add(batch);
    return true;
  }

  /// Under the buffer's lock.
  void appended(Batch batch, long millis) {
    if (owed.isEmpty()) {
      lastReadMillis = millis;
    }
    owed.add(batch);
  }

  /// What was in memory is in the log now, at the end of a segment. What the shipper has had of it does not come again. Under the
  /// buffer's lock.
  void moved(Entry entry, Segment segment, long millis) {
    Batch batch = entry.batch();
    long sequence = entry.sequence();
    if (sequence <= lastRead) {
      // With all that was before it.
      if (current != segment) {
        enter(segment);
      }
      takenOfSegment.add(batch);
      startBytes = segment.endBytes();
      if (taken.containsKey(sequence)) {
        appended(batch, millis);
        buffer.memory().movedInHand(memory, entry);
      }
      return;
    }
    boolean waited = buffer.memory().movedWaiting(memory, entry);
    if (gets(batch.signal(), sequence)) {
      appended(batch, millis);
      owed.waits(batch);
      if (!waited) {
        buffer.appended(batch, this);
      }
    } else if (waited) {
      losses.lost(batch, shipper(), MemoryBuffer.REMOVED);
    }
  }

  /// Whether it gets other signals of the second number than of the first. Under the buffer's lock.
  boolean changes(long before, long number) {
    return reach.changes(before, number);
  }

  /// The shipper needs no record up to this number, whether it has come by or not. Under the buffer's lock.
  long passed() {
    long first = Math.min(taken.isEmpty() ? Long.MAX_VALUE : taken.firstKey(), aside.first());
    if (first != Long.MAX_VALUE) {
      return first - 1;
    }
    return owed.isEmpty() ? Math.max(lastRead, buffer.log().lastSequence()) : lastRead;
  }

  /// Whether it needs nothing of files any more up to a number. Under the buffer's lock.
  boolean hasPassedFiles(long number) {
    if (!takes(Signal.LOGS)) {
      // What it took before it was told to take none may be given up yet.
      return !hasFilesInHand(number);
    }
    return owed.isEmpty()
        || (lastRead >= number && aside.firstOfKeys() > number && !hasFilesInHand(number));
  }

  private boolean hasFilesInHand(long number) {
    return taken.headMap(number, true).values().stream().anyMatch(Entry::fromFile);
  }

  /// What of that behind [#passed] it does not need either; only told where something waits for long. Under the buffer's lock.
  Ahead ahead() {
    long passed = passed();
    if (passed >= waitedUpTo && before.to() <= lastRead) {
      return Ahead.NONE;
    }
    // Each ascends, and no more is stored: under the lock nothing is sorted that is not.
    int most = Ahead.MOST_OPEN + 1;
    LongStream held =
        LongStream.concat(
            taken.keySet().stream().mapToLong(Long::longValue).limit(most),
            aside.sequences().limit(most));
    LongStream unread =
        Arrays.stream(before.open())
            .filter(number -> number > Math.max(lastRead, passed))
            .limit(most);
    LongStream open = LongStream.concat(held.sorted(), unread);
    return new Ahead(Math.max(lastRead, before.to()), open.toArray());
  }

  /// Whether all of the log that it takes is done. Under the buffer's lock.
  boolean hasNothingOpen() {
    return owed.isEmpty();
  }

  /// When what the shipper needs next was appended, or a little before; `Long.MAX_VALUE` where it needs
  /// nothing. Under the buffer's lock.
  long oldestMillis() {
    long held = aside.oldestMillis();
    for (Entry entry : taken.values()) {
      if (entry.isStored()) {
        held = Math.min(held, entry.appendedMillis);
        break;
      }
    }
    if (held != Long.MAX_VALUE) {
      return held;
    }
    return owed.isEmpty() ? Long.MAX_VALUE : lastReadMillis;
  }

  @Override
  public @Nullable Entry next() {
    while (true) {
      // Looked at first: what is in memory now has all lower numbers of the log behind it.
      long inMemory = buffer.memory().nextSequence(memory);
      Segment segment = segment();
      unreadable.reads(segment);
      if (segment == null) {
        Entry entry = inMemory == Long.MAX_VALUE ? null : fromMemory(inMemory);
        if (entry != null || inMemory == Long.MAX_VALUE) {
          return entry;
        }
        continue;
      }
      if (unreadable.rests(buffer.nowNanos())) {
        return null;
      }
      Step step;
      try {
        step = step(segment, inMemory);
        // Else nothing of it may have been read: memory was short.
        if (step == Step.AGAIN || step == Step.TAKEN) {
          unreadable.isWell();
        }
      } catch (IOException e) {
        if (segment.isGone()) {
          continue;
        }
        step = unreadable(segment, e);
      }
      switch (step) {
        case AGAIN -> {}
        case WAIT -> {
          return null;
        }
        case MEMORY -> {
          Entry entry = fromMemory(inMemory);
          if (entry != null) {
            return entry;
          }
        }
        case TAKEN -> {
          Entry entry = last;
          last = null;
          return entry;
        }
      }
    }
  }

  private enum Step {
    /// There may be more.
    AGAIN,
    /// There is nothing to take now.
    WAIT,
    /// What is in memory comes next.
    MEMORY,
    /// There is an entry.
    TAKEN
  }

  /// @return null where it has gone to the log meanwhile
  private @Nullable Entry fromMemory(long sequence) {
    Entry entry;
    synchronized (buffer.lock) {
      entry = buffer.memory().next(memory, sequence);
      if (entry == null) {
        return null;
      }
      if (entry.fromFile()) {
        taken.put(sequence, entry);
      }
      read(sequence);
    }
    buffer.roomMayHaveChanged();
    return entry;
  }

  /// The segment that is read, once there is one.
  private @Nullable Segment segment() {
    synchronized (buffer.lock) {
      Segment segment = current;
      if (segment == null) {
        segment = buffer.log().oldest();
        current = segment;
        startBytes = 0;
      } else if (segment.isGone()) {
        Segment next = buffer.log().after(segment);
        if (next == null) {
          return null;
        }
        segment = next;
        enter(segment);
      }
      return segment;
    }
  }

  private SegmentReader readerOf(Segment segment) {
    SegmentReader open = reader;
    synchronized (buffer.lock) {
      long start = segment == current ? startBytes : 0;
      if (open == null || readerOf != segment || open.position() < start) {
        // A number that is far above it is taken for damage.
        long before = segment.first() - 1;
        open =
            start > 0
                ? segment.reader(window, start, Math.max(lastRead, before))
                : segment.reader(window, before);
        reader = open;
        readerOf = segment;
      }
    }
    return open;
  }

  private Step step(Segment segment, long inMemory) throws IOException {
    SegmentReader open = readerOf(segment);
    long limit = segment.readableBytes(syncedOnly);
    return switch (open.find(limit)) {
      case NOTHING -> atEnd(segment, open, inMemory);
      case DAMAGE -> passDamage(segment, open, limit);
      case RECORD -> {
        if (inMemory < open.sequence()) {
          yield Step.MEMORY;
        }
        yield reach.endsBefore(open.sequence()) ? Step.WAIT : record(segment, open, limit);
      }
    };
  }

  private Step record(Segment segment, SegmentReader open, long limit) throws IOException {
    if (!takes(open.signal(), segment) || before.covers(open.sequence())) {
      if (open.skip()) {
        synchronized (buffer.lock) {
          readOfLog(open.sequence());
        }
        buffer.passed();
      } else {
        return passDamage(segment, open, limit);
      }
      return Step.AGAIN;
    }
    long from = open.position();
    byte[] array = array(open.room(), shareBytes());
    if (array == null) {
      return Step.WAIT;
    }
    StoredBatch stored;
    try {
      stored = open.read(array);
    } catch (IOException e) {
      release(array);
      throw e;
    }
    if (stored == null) {
      release(array);
      return passDamage(segment, open, limit);
    }
    Batch batch = stored.batch();
    Entry entry = entry(segment, open, stored, array, from);
    synchronized (buffer.lock) {
      if (segment.isGone() || !takes(batch.signal(), segment) || stored.sequence() <= lastRead) {
        // It is counted as dropped, or was taken from memory.
        release(array);
        return Step.AGAIN;
      }
      takenOfSegment.add(batch);
      owed.taken(batch);
      taken.put(entry.sequence(), entry);
      readOfLog(stored.sequence());
      lastReadMillis = stored.appendedMillis();
    }
    last = entry;
    return Step.TAKEN;
  }

  /// What a reader of the segment has just read.
  ///
  /// @param position where it begins
  static Entry entry(
      Segment segment, SegmentReader reader, StoredBatch stored, byte[] array, long position) {
    return Entry.stored(
        stored.sequence(),
        stored.batch(),
        array.length,
        segment.isSure(reader.position()),
        stored.appendedMillis(),
        position);
  }

  private void readOfLog(long sequence) {
    read(sequence);
    behindDamage = false;
  }

  /// What is before it was read before, or is damaged. Under the buffer's lock.
  private void read(long sequence) {
    Segment segment = current;
    if (behindDamage && segment != null) {
      neverRead(segment, sequence - 1, DAMAGED);
    }
    lastRead = Math.max(lastRead, sequence);
  }

  private Step passDamage(Segment segment, SegmentReader open, long limit) throws IOException {
    long from = open.position();
    long to = open.passDamage(limit);
    buffer.log().damaged(segment, from, to);
    synchronized (buffer.lock) {
      damaged = true;
      behindDamage = true;
    }
    return Step.AGAIN;
  }

  /// All of the segment that may be read was.
  private Step atEnd(Segment segment, SegmentReader open, long inMemory) {
    synchronized (buffer.lock) {
      if (segment != current) {
        return Step.AGAIN;
      }
      // In this order: a segment that is sealed grows no more.
      boolean sealed = segment.isSealed();
      if (open.position() < segment.endBytes()) {
        return syncedOnly ? Step.WAIT : Step.AGAIN;
      }
      if (damaged && !segment.isGone()) {
        giveUp(segment, DAMAGED);
        isWhole();
      }
      lastRead = Math.max(lastRead, segment.lastSequence());
      Segment next = sealed ? buffer.log().after(segment) : null;
      if (next == null) {
        return inMemory == Long.MAX_VALUE ? Step.WAIT : Step.MEMORY;
      }
      enter(next);
    }
    buffer.passed();
    return Step.AGAIN;
  }

  /// A segment is read from its first record on. Under the buffer's lock.
  private void enter(Segment next) {
    doneBefore.keySet().removeIf(segment -> segment.first() < next.first());
    current = next;
    startBytes = 0;
    takenOfSegment.clear();
    isWhole();
  }

  /// Nothing that is damaged is before what is read next, or it was told.
  private void isWhole() {
    damaged = false;
    behindDamage = false;
  }

  /// What of a segment was not taken comes no more. Under the buffer's lock.
  private void giveUp(Segment segment, String why) {
    neverRead(segment, segment.lastSequence(), why);
    untaken(segment)
        .forEach(
            (source, signal, batches, records, bytes) -> {
              if (takes(signal, segment) && batches > 0) {
                takenOfSegment.add(source, signal, batches, records, bytes);
                owed.lose(source, signal, batches, records, bytes, why);
              }
            });
  }

  /// Nobody waits any longer for what comes next up to a number. Under the buffer's lock.
  private void neverRead(Segment segment, long upTo, String why) {
    if (upTo > lastRead) {
      buffer.neverRead(
          new Missing(this, segment, lastRead, upTo, number -> !before.covers(number), why));
    }
  }

  /// What is set aside of a segment comes no more. Under the buffer's lock.
  private void giveUpAside(Segment segment, String why) {
    if (!aside.isIn(segment)) {
      return;
    }
    buffer.neverRead(
        new Missing(
            this,
            segment,
            segment.first() - 1,
            segment.lastSequence(),
            aside.numbers(segment),
            why));
    lose(aside.giveUp(segment), why);
  }

  private void lose(Tally lost, String why) {
    lost.forEach(
        (source, signal, batches, records, bytes) -> {
          owed.lose(source, signal, batches, records, bytes, why);
        });
  }

  /// The segment cannot be read.
  void giveUpAside(Segment segment) {
    synchronized (buffer.lock) {
      giveUpAside(segment, DAMAGED);
    }
    buffer.passed();
  }

  /// Whatever became of it. Under the buffer's lock.
  private void closed(Entry entry) {
    owed.close(entry.batch());
    taken.remove(entry.sequence());
    orphans.remove(entry.sequence());
    aside.answered(entry.sequence());
  }

  private void lose(Entry entry, String why) {
    closed(entry);
    Batch batch = entry.batch();
    losses.gaveUp(batch.source(), shipper(), batch.records(), batch.sourceBytes(), why);
  }

  /// The segment is about to go for newer ones. Under the buffer's lock.
  ///
  /// @return the records of it that the shipper has in hand, which are shipped unless the process ends before
  long dropped(Segment segment) {
    // One that was begun without a record ends before its first number.
    Map<Long, Entry> inHand = taken.subMap(segment.first(), segment.lastSequence() + 1);
    orphans.addAll(inHand.keySet());
    giveUpAside(segment, FULL);
    dropUntaken(segment);
    return inHand.values().stream().mapToLong(entry -> entry.batch().records()).sum();
  }

  /// The process ends: what has no segment any more goes with it. Under the buffer's lock.
  void dropOrphans() {
    for (Long orphan : List.copyOf(orphans)) {
      Entry entry = Objects.requireNonNull(taken.get(orphan));
      closed(entry);
      losses.lost(entry.batch(), shipper(), FULL);
    }
  }

  private void dropUntaken(Segment segment) {
    Segment reading = current;
    if (reading != null && reading.first() > segment.first()) {
      return;
    }
    if (reading != segment) {
      takenOfSegment.clear();
      current = segment;
    }
    giveUp(segment, FULL);
    lastRead = Math.max(lastRead, segment.lastSequence());
    isWhole();
  }

  private Step unreadable(Segment segment, IOException why) {
    if (!unreadable.failed(segment, why, buffer.nowNanos(), buffer.problem() != null)) {
      return Step.WAIT;
    }
    boolean gaveUp = false;
    synchronized (buffer.lock) {
      Segment next = buffer.log().after(segment);
      if (next != null && !segment.isGone()) {
        giveUp(segment, DAMAGED);
        lastRead = Math.max(lastRead, segment.lastSequence());
        enter(next);
        gaveUp = true;
      }
    }
    if (!gaveUp) {
      return Step.WAIT;
    }
    unreadable.forget();
    buffer.tell(segment.name() + ": what is left of it is given up: " + why.getMessage());
    buffer.passed();
    return Step.AGAIN;
  }

  /// Why the shipper waits for the disk, in one line; null while it does not. Any thread.
  @Nullable String readProblem() {
    return unreadable.problem();
  }

  @Override
  public void parked(Entry entry) {
    boolean isStored = entry.isStored();
    synchronized (buffer.lock) {
      aside.held(entry.sequence());
      waitedUpTo = isStored ? lastRead : waitedUpTo;
    }
    if (isStored) {
      held.parked(entry.batch().bytes());
    } else {
      memory.parked(entry);
    }
  }

  @Override
  public void unparked(Entry entry) {
    if (!entry.isStored()) {
      memory.unparked(entry);
      return;
    }
    held.unparked(entry.batch().bytes());
    synchronized (buffer.lock) {
      waitedUpTo = lastRead;
    }
  }

  @Override
  public boolean setAside(Entry entry, @Nullable String missing, long nowNanos) {
    // What is not sure to stay keeps what was known of it when it was read.
    if (!entry.isStored() || (syncedOnly && !entry.hasNumber())) {
      return false;
    }
    long sequence = entry.sequence();
    Batch batch = entry.batch();
    synchronized (buffer.lock) {
      Segment segment = buffer.log().of(sequence);
      if (segment == null
          || orphans.contains(sequence)
          || !takes(batch.signal(), segment)
          || !aside.add(segment, entry, missing, nowNanos)) {
        return false;
      }
      waitedUpTo = lastRead;
      taken.remove(sequence);
      owed.waits(batch);
    }
    release(batch.bytes());
    return true;
  }

  /// It was read again.
  ///
  /// @return false where it is not to be shipped any more
  boolean takeAside(Aside.Waiting read, Entry entry, long nowNanos) {
    Batch batch = entry.batch();
    boolean counts;
    synchronized (buffer.lock) {
      if (!read.equals(aside.next(nowNanos))) {
        // Its segment has gone for newer ones.
        return false;
      }
      counts = takes(batch.signal(), read.segment());
      aside.take(batch, nowNanos, counts);
      if (counts) {
        owed.taken(batch);
        taken.put(entry.sequence(), entry);
      }
      giveUpDamaged(read.segment());
    }
    if (!counts) {
      buffer.passed();
    }
    return counts;
  }

  /// It could not be read again, and never can be.
  void damagedAside(Aside.Waiting read, long nowNanos) {
    synchronized (buffer.lock) {
      if (read.equals(aside.next(nowNanos))) {
        aside.damaged(nowNanos);
        giveUpDamaged(read.segment());
      }
    }
    buffer.passed();
  }

  private void giveUpDamaged(Segment segment) {
    if (aside.isOnlyDamaged(segment)) {
      giveUpAside(segment, DAMAGED);
    }
  }

  @Override
  public boolean hasAside() {
    return !aside.isEmpty();
  }

  @Override
  public boolean isBehindAside(Entry entry) {
    if (aside.isEmpty()) {
      return false;
    }
    synchronized (buffer.lock) {
      return aside.holdsBack(entry.batch().key(), entry.sequence());
    }
  }

  @Override
  public LongStream aside() {
    synchronized (buffer.lock) {
      return LongStream.of(aside.sequences().toArray());
    }
  }

  @Override
  public @Nullable Entry nextAside(long nowNanos, boolean all) {
    return asideReader.next(nowNanos, all);
  }

  @Override
  public void answered(Entry entry) {
    synchronized (buffer.lock) {
      aside.answered(entry.sequence());
    }
  }

  @Override
  public boolean isTriedForAll(Entry entry) {
    synchronized (buffer.lock) {
      return aside.isTried(entry.sequence());
    }
  }

  @Override
  public long asideWaitNanos(long nowNanos) {
    return asideReader.waitNanos(nowNanos);
  }

  @Override
  public void lent(Entry entry) {
    super.lent(entry);
    if (entry.isStored()) {
      held.lent(entry.batch().bytes());
    }
  }

  @Override
  public void returned(Entry entry) {
    super.returned(entry);
    if (entry.isStored()) {
      held.returned(entry.batch().bytes());
    }
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
    Confirmations told = null;
    boolean inLog;
    synchronized (buffer.lock) {
      inLog = entry.isInLog();
      if (inLog) {
        closed(entry);
        told = buffer.done(this, entry, settlement);
      } else {
        taken.remove(entry.sequence());
      }
    }
    if (!inLog) {
      memory.done(entry, settlement);
      return;
    }
    release(entry);
    if (told != null) {
      told.tell();
    }
    buffer.passed();
  }

  /// Whether the shipper is done with a record. Under the buffer's lock.
  boolean isDone(long sequence) {
    return (sequence <= lastRead || before.covers(sequence))
        && !taken.containsKey(sequence)
        && !aside.contains(sequence);
  }

  /// One of what waits aside, for which what is parked may wait.
  ///
  /// @param all whether all of it does: then nothing else makes room
  byte @Nullable [] arrayAside(int bytes, boolean all) {
    return array(bytes, all ? Long.MAX_VALUE : 2 * shareBytes());
  }

  /// @return null where memory is short and something that is held will be given back
  private byte @Nullable [] array(int bytes, long mostParked) {
    return held.take(bytes, mostParked, lentBytes(), shareBytes());
  }

  /// Not under the buffer's lock.
  void release(Entry entry) {
    if (entry.isStored()) {
      release(entry.batch().bytes());
    } else {
      buffer.memory().letGo(entry);
    }
  }

  void release(byte[] array) {
    held.release(array);
  }

  @Override
  public void hold(long bytes) {
    memory.hold(bytes);
  }

  @Override
  public long openRecords() {
    long inLog;
    synchronized (buffer.lock) {
      inLog = owed.records();
    }
    return inLog + memory.openRecords();
  }

  @Override
  public long unkeptRecords() {
    long gone = 0;
    synchronized (buffer.lock) {
      for (Long orphan : orphans) {
        gone += Objects.requireNonNull(taken.get(orphan)).batch().records();
      }
    }
    return gone + memory.openRecords();
  }

  @Override
  public long openBatches() {
    long inLog;
    synchronized (buffer.lock) {
      inLog = owed.batches();
    }
    return inLog + memory.openBatches();
  }
}
