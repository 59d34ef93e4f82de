package dev.pannier.collector.tail;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.SpareArrays;
import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Anchor.Skip;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParseResult;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The tail loop. It reads a file only while the buffer has room, so what is not needed yet stays in
/// the file; a batch is of one generation, and closes when it is full or the file has no more.
///
/// All methods belong to one thread, but for those that say otherwise.
final class FileTailer {
  static final int MAX_BATCH_RECORDS = 512;
  static final int BATCH_BYTES = 256 * 1024;
  static final int CHUNK_BYTES = 256 * 1024;

  /// Files that are read from in one round: what is done once a round (a sign of life, acknowledgements taken, positions stored, names
  /// looked at) comes often enough where a chunk's lines take seconds, as expressions may that search back and forth.
  static final int MOST_READ = 8;

  /// Batches of one file that are under way, or done behind one which waits: each costs its end's position.
  static final int MAX_PENDING = 16 * 1024;

  static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// How long names are not looked at where all changes are told, and there was none for [#CALM_AFTER_NANOS]: in case one
  /// was missed.
  static final long CALM_LOOK_NANOS = TimeUnit.SECONDS.toNanos(5);

  static final long CALM_AFTER_NANOS = TimeUnit.SECONDS.toNanos(30);

  /// A folder made and filled just now may not be watched yet when its file grows; so often is no accident.
  static final int UNTOLD = 3;

  /// A word may be late, now and then.
  private static final long UNTOLD_WITHIN_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final long SIZES_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long SAVE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// A renamed file may still be written to until the application opens the new one.
  private static final long DETACHED_QUIET_NANOS = TimeUnit.SECONDS.toNanos(2);

  /// So long a rotated file is kept open after its last byte: it is opened again when it grows later.
  static final long DETACHED_CLOSE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /// So long the lines of a new file wait for the last ones of the file that had its path before.
  private static final long PREDECESSOR_NANOS = TimeUnit.SECONDS.toNanos(5);

  /// A batch below this is so rare or small that its bytes need not be used again.
  private static final int SMALL_BATCH_BYTES = BATCH_BYTES / 8;

  private static final int HALF_BATCH_BYTES = BATCH_BYTES / 2;

  private final Generations generations;
  private final PositionStore store;
  private final Buffer buffer;
  private final MemoryBudget budget;
  private byte[] resource;
  private final InstantSource clock;
  private final Consumer<String> notice;
  private final Runnable wake;
  private BatchBuilder builder;
  private final Queue<TailedFile.Range> acknowledged = new ConcurrentLinkedQueue<>();
  private final SpareArrays spareBuffers;
  private final SpareArrays spareHalves;
  private final List<TailedFile> visiting = new ArrayList<>();
  private byte[] chunk = new byte[CHUNK_BYTES];

  /// Whose bytes from [#chunkFrom] on the chunk holds, where the buffer had no room for all of them:
  /// they need not be read again. Null where the chunk holds nothing of use.
  private @Nullable Content chunkOf;

  private long chunkFrom;
  private int chunkLength;
  private int nextVisit;

  /// As [#nextVisit], among rotated and deleted files.
  private int nextDetached;

  /// How many of those were read from since another file had its turn.
  private int detachedTurns;

  /// The one that is unpacked.
  private @Nullable TailedFile unzipped;

  private boolean positionsMoved;
  private volatile boolean ending;

  /// Whether files are watched for growth, whether or not there is room to read them.
  private volatile boolean watchesGrowth;

  private boolean reads = true;
  private volatile long lastGrowthNanos;
  private boolean looked;
  private boolean begun;

  /// When something was done last.
  private long busyNanos;

  private boolean again;
  private boolean roomLeft;

  /// Read by other threads.
  private volatile @Nullable String storeProblem;

  /// What has to be known before a file is read; null once it is.
  private @Nullable StartPositions awaited;

  private Consumer<Set<Long>> onStored = generations -> {};
  private Set<Long> storedLast = Set.of();
  private long nextLookNanos = Long.MIN_VALUE;
  private long nextSaveNanos;
  private long nextSizesNanos;
  private volatile long lastActivityNanos;
  private volatile boolean caughtUp;

  /// Whether room would be used: a round is under way, or the last one ended for want of it.
  private volatile boolean wantsRoom = true;

  /// @param wake ends the thread's sleep, called from any thread
  FileTailer(
      Generations generations,
      PositionStore store,
      Buffer buffer,
      MemoryBudget budget,
      byte[] resource,
      boolean keepsRaw,
      InstantSource clock,
      Consumer<String> notice,
      Runnable wake) {
    this.generations = generations;
    this.store = store;
    this.buffer = buffer;
    this.budget = budget;
    this.resource = resource;
    this.clock = clock;
    this.notice = notice;
    this.wake = wake;
    builder = new BatchBuilder(keepsRaw);
    spareBuffers = new SpareArrays(budget, BATCH_BYTES);
    spareHalves = new SpareArrays(budget, HALF_BATCH_BYTES);
  }

  /// Files are read when these are known, and from there.
  void startFrom(StartPositions positions) {
    awaited = positions;
    generations.awaitDestinations();
  }

  /// Other sources, between two rounds. What is in a batch already stays as it is.
  ///
  /// @param encodedResource of the records from now on
  void change(List<TailSource> sources, byte[] encodedResource, boolean keepsRaw, long nowNanos) {
    takeAcknowledgements();
    generations.change(sources);
    resource = encodedResource;
    builder = new BatchBuilder(keepsRaw);
    chunkOf = null;
    nextLookNanos = nowNanos;
  }

  /// Whether they are not known yet.
  boolean isAwaiting() {
    return awaited != null;
  }

  /// Told the generations that may still move, whenever they have changed and are on disk.
  void onStored(Consumer<Set<Long>> listener) {
    onStored = listener;
  }

  /// One round.
  ///
  /// @param look whether names may have changed
  /// @return how much was done; what [#again] tells is of this round
  int doWork(long nowNanos, boolean look) {
    if (!begun) {
      begun = true;
      busyNanos = nowNanos;
      nextSaveNanos = nowNanos;
      nextSizesNanos = nowNanos + SIZES_NANOS;
    }
    wantsRoom = true; // before the first look for room: what is given back after it wakes the loop
    again = false;
    StartPositions start = awaited;
    if (start != null && start.known()) {
      awaited = null;
      nextLookNanos = nowNanos;
      if (generations.outrank(start)) {
        // Another kind of buffer or delivery may be configured at the next start.
        save(nowNanos);
      }
    }
    int work = takeAcknowledgements();
    boolean looks = look || nowNanos >= nextLookNanos;
    if (looks) {
      generations.look(nowNanos, clock.instant().getEpochSecond());
      nextLookNanos = nowNanos + LOOK_NANOS;
      looked = true;
      spareBuffers.tend();
      spareHalves.tend();
    }
    storeNew(nowNanos);
    storeSizes(nowNanos);
    if (watchesGrowth) {
      watchGrowth(nowNanos);
    }
    if (awaited != null || !reads) {
      // Files are held open, whatever happens to their names, and not read yet, or any more.
      if (positionsMoved && nowNanos >= nextSaveNanos) {
        save(nowNanos);
      }
      roomLeft = true;
      wantsRoom = false;
      return work;
    }
    work += visitAll(nowNanos);
    int replaced = generations.replaceEmptied(nowNanos);
    again |= replaced > 0;
    work += replaced;
    if (looks) {
      // What was read to its end in this round need not be given up.
      NamelessFiles.limit(generations, nowNanos);
    }
    storeNew(nowNanos);
    if (positionsMoved && nowNanos >= nextSaveNanos) {
      save(nowNanos);
    }
    if (work > 0) {
      lastActivityNanos = nowNanos;
      busyNanos = nowNanos;
    }
    wantsRoom = !roomLeft;
    return work;
  }

  /// A generation's id is on disk before its first record leaves.
  private void storeNew(long nowNanos) {
    if (generations.takeChanged()) {
      positionsMoved = true;
      if (generations.live().stream().anyMatch(file -> !file.stored)) {
        save(nowNanos);
      }
    }
  }

  /// What files have grown to while nothing is confirmed: what is gone at the next start is told by that.
  private void storeSizes(long nowNanos) {
    if (nowNanos >= nextSizesNanos) {
      nextSizesNanos = nowNanos + SIZES_NANOS;
      positionsMoved |=
          generations.live().stream().anyMatch(file -> file.sizeBytes > file.storedBytes);
    }
  }

  /// Whether another round would find something to do, though nothing has changed since the last one
  /// began. Not where that one ended for want of room.
  boolean again() {
    return again;
  }

  /// Whether names were looked at since the last call.
  boolean takeLooked() {
    boolean was = looked;
    looked = false;
    return was;
  }

  /// Whether the last round ended for want of files, not of room.
  boolean roomLeft() {
    return roomLeft;
  }

  /// The buffer has room. At a low rate that is after each batch, with nothing to be read: the loop
  /// is woken only where it waits for it. Any thread.
  void room() {
    if (wantsRoom) {
      wake.run();
    }
  }

  /// Whether a file has grown in the round of `nowNanos`.
  boolean grew(long nowNanos) {
    return grown(nowNanos).findAny().isPresent();
  }

  private Stream<TailedFile> grown(long nowNanos) {
    return generations.live().stream().filter(file -> file.grewNanos == nowNanos);
  }

  /// What has grown in the round of `nowNanos` has done so without a word.
  void untold(long nowNanos) {
    grown(nowNanos)
        .forEach(
            file -> {
              boolean more = nowNanos - file.untoldNanos < UNTOLD_WITHIN_NANOS;
              file.untold = more ? file.untold + 1 : 1;
              file.untoldNanos = nowNanos;
            });
  }

  /// Whether nothing is told of some file's changes; of those that have no name nobody expects it, and they are read at each look.
  boolean hasUntold() {
    return generations.live().stream()
        .anyMatch(file -> file.untold >= UNTOLD && !NamelessFiles.isOne(file));
  }

  /// How long there is nothing to do unless something changes.
  ///
  /// @param told whether each change ends the wait
  long waitNanos(long nowNanos, boolean told) {
    long due =
        told && isCalm(nowNanos) ? nextLookNanos - LOOK_NANOS + CALM_LOOK_NANOS : nextLookNanos;
    if (positionsMoved) {
      due = Math.min(due, nextSaveNanos);
    }
    if (!roomLeft || !reads) {
      // Room wakes the loop, and what is held stays so.
      return Math.max(0, due - nowNanos);
    }
    for (TailedFile file : generations.live()) {
      if (file.held && file.stored && file.pending.size() < MAX_PENDING) {
        due = Math.min(due, file.grewNanos + file.source.settings.flushAfter().toNanos());
      }
    }
    return Math.max(0, due - nowNanos);
  }

  private boolean isCalm(long nowNanos) {
    return roomLeft
        && awaited == null
        && nowNanos - busyNanos >= CALM_AFTER_NANOS
        && generations.isSettled();
  }

  /// When something was read or acknowledged last. Any thread.
  long lastActivityNanos() {
    return lastActivityNanos;
  }

  /// Whether every file was read to its end and every record has left. Any thread.
  boolean caughtUp() {
    return caughtUp;
  }

  /// From now on [#lastGrowthNanos] is known.
  void watchGrowth() {
    watchesGrowth = true;
  }

  boolean watchesGrowth() {
    return watchesGrowth;
  }

  /// When a file had grown, or come, at the last look; the first look finds all of them new. Any thread.
  long lastGrowthNanos() {
    return lastGrowthNanos;
  }

  private void watchGrowth(long nowNanos) {
    for (TailedFile file : generations.live()) {
      Content content = file.content;
      if (content == null || content instanceof GzipContent) {
        continue;
      }
      long size;
      try {
        size = content.size();
      } catch (IOException e) {
        // It is told where it is read.
        continue;
      }
      if (size != file.watchedSize) {
        file.watchedSize = size;
        lastGrowthNanos = nowNanos;
      }
    }
  }

  /// Nothing more is read.
  void stopReading() {
    reads = false;
  }

  /// From now on, what has no end yet is a record: the process is about to stop.
  void finishHeld() {
    ending = true;
  }

  /// Stores the positions now.
  void savePositions(long nowNanos) {
    takeAcknowledgements();
    save(nowNanos);
  }

  void close() {
    for (TailedFile file : generations.live()) {
      file.close();
    }
  }

  private int takeAcknowledgements() {
    int taken = 0;
    for (TailedFile.Range range = acknowledged.poll(); range != null; range = acknowledged.poll()) {
      range.done = true;
      if (range.file.advance()) {
        positionsMoved = true;
        generations.advanced(range.file);
      }
      taken++;
    }
    return taken;
  }

  private void save(long nowNanos) {
    nextSaveNanos = nowNanos + SAVE_NANOS;
    try {
      List<SavedGeneration> all = generations.toStore();
      store.save(all);
      positionsMoved = false;
      tellStored(all);
      for (TailedFile file : generations.live()) {
        file.stored = true;
        file.storedBytes = file.sizeBytes;
      }
      nextSizesNanos = nowNanos + SIZES_NANOS;
      generations.stored(all, buffer::delivery, nowNanos);
      if (storeProblem != null) {
        storeProblem = null;
        notice.accept("positions can be stored again");
      }
    } catch (IOException e) {
      positionsMoved = true;
      if (storeProblem == null) {
        String problem =
            "positions cannot be stored ("
                + e.getMessage()
                + "): new files wait, and a restart would repeat what was shipped meanwhile;"
                + " free space in state.directory or make it writable";
        storeProblem = problem;
        notice.accept(problem);
      }
    }
  }

  private void tellStored(List<SavedGeneration> all) {
    Set<Long> moving = new HashSet<>();
    for (SavedGeneration saved : all) {
      if (!saved.finished() || saved.acknowledged().position() < saved.sizeBytes()) {
        moving.add(saved.id());
      }
    }
    if (!moving.equals(storedLast)) {
      storedLast = Set.copyOf(moving);
      onStored.accept(storedLast);
    }
  }

  /// Why positions cannot be stored, and what to do; null while they can. Any thread.
  @Nullable String storeProblem() {
    return storeProblem;
  }

  /// Rotated and deleted files come first: they are what is gone next. Behind four of them others are read from, also where each round
  /// has room for one alone, and each file gets a turn: the next round begins where this one ran out of room, or has read from enough.
  private int visitAll(long nowNanos) {
    visiting.clear();
    for (TailedFile file : generations.live()) {
      if (file.detached && !file.released) {
        visiting.add(file);
      }
    }
    int first = visiting.size();
    for (TailedFile file : generations.live()) {
      if (!file.detached && !file.released) {
        visiting.add(file);
      }
    }
    int count = visiting.size();
    int others = count - first;
    int work = 0;
    int readFrom = 0;
    boolean all = true;
    boolean zipped = false;
    boolean zipWaits = false;
    boolean detachedWait = false;
    if (nextDetached >= first) {
      nextDetached = 0;
    }
    if (nextVisit >= others) {
      nextVisit = 0;
    }
    for (int i = 0; i < count; i++) {
      if (i < first && others > 0 && detachedTurns >= MOST_READ / 2) {
        all = false;
        detachedWait = true;
        nextDetached = (nextDetached + i) % first;
        i = first;
      }
      boolean detached = i < first;
      TailedFile file =
          visiting.get(
              detached ? (nextDetached + i) % first : first + (nextVisit + i - first) % others);
      if (!file.stored || waits(file, nowNanos) || file.pending.size() >= MAX_PENDING) {
        all = false;
        // What it waits for may have to be unpacked itself.
        unzipped = file == unzipped ? null : unzipped;
        continue;
      }
      if (file.content instanceof GzipContent zip && zip.size() != file.read.position()) {
        // Each has windows of its own, and many may be met at once: one is read to its end before
        // the next.
        if (zipped || (unzipped != file && hasMore(unzipped))) {
          all = false;
          zipWaits = true;
          continue;
        }
        zipped = true;
        unzipped = file;
      }
      boolean enough = readFrom == MOST_READ;
      if (enough || !buffer.hasRoomForFiles() || !budget.tryReserve(BATCH_BYTES)) {
        if (detached) {
          nextDetached = (nextDetached + i) % first;
        } else {
          nextVisit = (nextVisit + i - first) % others;
        }
        caughtUp = false;
        roomLeft = enough;
        again |= enough;
        return work;
      }
      reserved = BATCH_BYTES;
      try {
        int done = visit(file, nowNanos);
        work += done;
        readFrom += done > 0 ? 1 : 0;
        detachedTurns = detached ? detachedTurns + (done > 0 ? 1 : 0) : 0;
        file.failing = false;
      } catch (IOException e) {
        file.failing = true;
        // What is held back is due as soon as it can be read; that alone is no work.
        file.held = false;
        file.leftAtSize = -1;
        generations.problem(file, e);
      } finally {
        budget.release(reserved);
      }
      all &= file.finished || file.isIdle();
    }
    caughtUp = all && generations.isDecided();
    roomLeft = true;
    detachedTurns = 0;
    again |= detachedWait || (zipWaits && work > 0);
    return work;
  }

  /// Whether the file that was rotated away from this one's path has lines that come first.
  private boolean waits(TailedFile file, long nowNanos) {
    TailedFile before = file.predecessor;
    if (before == null) {
      return false;
    }
    if (!hasMore(before)) {
      file.predecessor = null;
      return false;
    }
    // To what was rotated before that nobody writes any more: it comes to an end.
    boolean ends =
        file.detached && before.detached && nowNanos - before.grewNanos > PREDECESSOR_NANOS;
    return nowNanos - file.metNanos < PREDECESSOR_NANOS || (ends && !before.failing);
  }

  private static boolean hasMore(@Nullable TailedFile file) {
    return file != null && !file.released && !isRead(file);
  }

  static boolean isRead(TailedFile file) {
    Content content = file.content;
    try {
      return content == null || content.size() <= file.read.position();
    } catch (IOException e) {
      // It is reported where it is read; the next one need not wait for it.
      return true;
    }
  }

  /// What is reserved for the batch that is being built.
  private int reserved;

  private int visit(TailedFile file, long nowNanos) throws IOException {
    int work = look(file, nowNanos);
    again |= work > 0 && !readToEnd;
    return work;
  }

  /// Whether the last [#look] read all that a file has, so far as its size was known.
  private boolean readToEnd;

  private int look(TailedFile file, long nowNanos) throws IOException {
    readToEnd = false;
    Content content = file.content;
    if (content == null) {
      return 0;
    }
    long size = content.size();
    long position = file.read.position();
    boolean shrunk = size < file.sizeBytes && !(content instanceof GzipContent);
    boolean suspect = shrunk || (size == position && file.suspect);
    if (size < position || (suspect && !check(file, content))) {
      generations.emptied(file);
      return 1;
    }
    if (shrunk) {
      generations.cut(file, size);
    }
    boolean endKnown = size != Long.MAX_VALUE;
    long sizeBefore = file.sizeBytes;
    if (endKnown && size != file.sizeBytes) {
      file.grewNanos = nowNanos;
      file.sizeBytes = size;
    }
    long quiet = nowNanos - file.grewNanos;
    // A .gz whose end was read grows no more.
    boolean whole = endKnown && content instanceof GzipContent;
    boolean last = ending || (file.detached && (whole || quiet > DETACHED_QUIET_NANOS));
    if (size == position) {
      file.held = false;
      if (content instanceof GzipContent zip) {
        zip.forget();
      }
      if (file.detached
          && file.pending.isEmpty()
          && (ending
              || (quiet > DETACHED_CLOSE_NANOS && !NamelessFiles.isOne(file))
              || content instanceof GzipContent)) {
        generations.finish(file);
        return 1;
      }
      return 0;
    }
    if (file.unproven && !generations.isOwn(file, nowNanos)) {
      return 1;
    }
    boolean flush = last || (file.held && quiet >= file.source.settings.flushAfter().toNanos());
    if (size == file.leftAtSize && !flush) {
      return 0;
    }
    boolean kept =
        content == chunkOf && position >= chunkFrom && position < chunkFrom + chunkLength;
    chunkOf = null;
    if (!kept) {
      chunkFrom = position;
      chunkLength = fill(content, position);
    }
    // Only now: what was read is surely of the content that is checked after it.
    if (!check(file, content)) {
      // The size was that of other content.
      file.sizeBytes = sizeBefore;
      generations.emptied(file);
      return 1;
    }
    if (!file.stored) {
      // What it is known by is on disk before its first record leaves.
      return 1;
    }
    if (chunkLength == 0) {
      return 0;
    }
    if (!endKnown) {
      long known = content.size();
      file.sizeBytes =
          known == Long.MAX_VALUE ? Math.max(sizeBefore, chunkFrom + chunkLength + 1) : known;
    }
    Transcoder charset = charset(file);
    if (!kept) {
      charset.expect(chunk, 0, chunkLength);
    }
    return read(file, content, charset, last, flush);
  }

  private boolean check(TailedFile file, Content content) throws IOException {
    file.suspect = false;
    return generations.verify(file, content);
  }

  /// Makes batches of what lies in the chunk and was not read into a batch before.
  private int read(
      TailedFile file, Content content, Transcoder charset, boolean last, boolean flush) {
    long position = file.read.position();
    // What ends at a barrier once was a batch's end: there it is one again, whatever comes behind
    // it.
    Anchor barrier = file.barrier();
    if (barrier != null && barrier.position() - chunkFrom > chunkLength) {
      barrier = null;
    }
    boolean barred = barrier != null;
    int length = barrier == null ? chunkLength : (int) (barrier.position() - chunkFrom);
    Skip behind = barrier == null ? Skip.NOTHING : barrier.skip();
    if (file.inHole && skipHole(file, length)) {
      return 1;
    }
    boolean atEnd = chunkFrom + length >= file.sizeBytes;
    int mark = position == 0 ? charset.markLength(chunk, length) : 0;
    int begin = (int) (position - chunkFrom) + mark;
    LineParser parser = parser(file, charset, begin, length);
    RecordFramer framer = file.source.framer;
    int from = begin;
    boolean more = true;
    boolean room = true;
    while (more && room) {
      framer.reset(
          chunk,
          from,
          length,
          file.cursor,
          charset,
          file.rule,
          barred || (last && atEnd),
          behind,
          barred || (flush && atEnd));
      more = fillBatch(file, parser, charset, framer);
      int to = filledTo;
      if (barred && to == length) {
        file.cursor.skip = behind;
      }
      if (to > from || (from == begin && mark > 0)) {
        append(file, to);
      }
      from = to;
      room = buffer.hasRoomForFiles() && reserved == BATCH_BYTES;
    }
    if (barred && !more) {
      // Passed, even where it was no record's end.
      file.nextBarrier++;
    }
    if (more || barred) {
      chunkOf = content;
      file.leftAtSize = -1;
      again = true;
      return 1;
    }
    if (from == 0 && length == chunk.length) {
      grow(file.source.settings.maxRecord());
      return 1;
    }
    if (!atEnd) {
      file.leftAtSize = -1;
      return chunkFrom < position || from > 0 ? 1 : 0;
    }
    file.leftAtSize = file.read.position() < file.sizeBytes ? file.sizeBytes : -1;
    file.held = framer.holdsRecord();
    readToEnd = true;
    return from > begin || mark > 0 ? 1 : 0;
  }

  /// Passes over the NUL bytes that a file begins with.
  ///
  /// @return whether there were any
  private boolean skipHole(TailedFile file, int length) {
    int unit = file.source.charset.unit();
    int nuls = Bytes.endOfNuls(chunk, 0, length);
    int hole = nuls / unit * unit;
    file.inHole = nuls == length;
    if (hole == 0) {
      return false;
    }
    file.leftAtSize = -1;
    file.source.holeBytes.add(hole);
    file.read = Anchor.at(file.read.position() + hole, chunk, 0, hole);
    // It waits for its turn like any others.
    acknowledged.add(file.track(file.read));
    return true;
  }

  private int fill(Content content, long position) throws IOException {
    int length = 0;
    while (length < chunk.length) {
      int read;
      try {
        read = content.read(chunk, length, chunk.length - length, position + length);
      } catch (IOException e) {
        if (length == 0) {
          throw e;
        }
        // What came before it counts; the next read meets it again.
        break;
      }
      if (read <= 0) {
        break;
      }
      length += read;
    }
    return length;
  }

  /// A record longer than the chunk needs a larger one, up to what the limit asks for.
  private void grow(int maxRecord) {
    int largest = maxRecord + CHUNK_BYTES;
    if (chunk.length >= largest) {
      throw new IllegalStateException("no record end within max_record " + maxRecord);
    }
    chunk = new byte[(int) Math.min(largest, 2L * chunk.length)];
  }

  private Transcoder charset(TailedFile file) {
    Transcoder charset = file.charset;
    if (charset == null) {
      // A file that was empty when it was met: these are its first bytes.
      charset = file.source.charset.forHead(chunk, chunkLength);
      file.charset = charset;
    }
    return charset;
  }

  /// @param from where its text begins in the chunk: after a byte order mark
  private LineParser parser(TailedFile file, Transcoder charset, int from, int length) {
    LineParser parser = file.parser;
    if (parser == null) {
      int begin = file.cursor.skip == Skip.LINE ? nextLine(charset, from, length) : from;
      charset.toUtf8(chunk, begin, charset.boundary(chunk, begin, length));
      byte[] head = charset.bytes();
      if (charset.from() > 0) {
        head = Arrays.copyOfRange(head, charset.from(), charset.to());
      }
      parser = file.source.parsers.choose(head, charset.to() - charset.from());
      if (begin == length) {
        return parser;
      }
      file.parser = parser;
      file.rule = file.source.rule(parser, charset);
    }
    return parser;
  }

  /// Where the line behind the one at `from` begins; `length` where that has not come yet.
  private int nextLine(Transcoder charset, int from, int length) {
    int newline = charset.newline(chunk, from, length);
    return newline < 0 ? length : newline + charset.unit();
  }

  private byte[] batchBuffer = new byte[BATCH_BYTES];
  private int filledTo;

  /// Fills one batch from the framer.
  ///
  /// @return whether there may be more records in the chunk
  private boolean fillBatch(
      TailedFile file, LineParser parser, Transcoder charset, RecordFramer framer) {
    Instant now = clock.instant();
    long observedNanos = now.getEpochSecond() * 1_000_000_000L + now.getNano();
    builder.start(batchBuffer, resource);
    filledTo = framer.consumed();
    while (builder.records() < MAX_BATCH_RECORDS) {
      Skip skip = file.cursor.skip;
      boolean splitting = file.cursor.splitting;
      boolean found = framer.next();
      if (!found) {
        filledTo = framer.consumed();
        file.source.oversize.add(framer.oversized());
        return false;
      }
      int start = framer.start();
      int end = framer.end();
      boolean replaced = charset.toUtf8(chunk, start, end);
      while (!builder.add(
          file,
          parser,
          charset.bytes(),
          charset.from(),
          charset.to() - charset.from(),
          chunk,
          start,
          end - start,
          framer.truncated(),
          chunkFrom + start,
          observedNanos)) {
        if (builder.records() > 0) {
          file.cursor.skip = skip;
          file.cursor.splitting = splitting;
          return true;
        }
        enlargeBatch();
      }
      if (replaced) {
        file.source.badCharacters.increment();
      }
      if (framer.oversized() > 0) {
        file.source.oversize.add(framer.oversized());
      }
      filledTo = framer.consumed();
    }
    return true;
  }

  /// One record is larger than a batch: a buffer for it alone.
  private void enlargeBatch() {
    batchBuffer = new byte[Math.multiplyExact(2, batchBuffer.length)];
    builder.start(batchBuffer, resource);
  }

  private void append(TailedFile file, int to) {
    int records = builder.records();
    long position = chunkFrom + to;
    long bytes = position - file.read.position();
    Anchor end = Anchor.at(position, chunk, 0, to, file.cursor.skip);
    Batch batch =
        builder.finish(
            file.source.name(),
            file.key,
            new Positions(file.generation, file.read.position(), position, end.tag(), end.hash())
                .encode());
    file.trail.read(file.read.position(), position, chunk, chunkFrom);
    file.read = end;
    TailedFile.Range range = file.track(end);
    file.source.records.add(records);
    file.source.bytes.add(bytes);
    for (ParseResult result : ParseResult.values()) {
      long count = builder.takeCount(result);
      if (count > 0 && result != ParseResult.PARSED) {
        file.source.unparsed(result).add(count);
      }
    }
    if (batch == null) {
      // Only bytes that were passed over; they wait for their turn like any others.
      acknowledged.add(range);
    } else {
      handOver(batch.withSourceBytes(bytes), range);
    }
  }

  /// A small batch is copied, and the buffer stays here; else the batch leaves in it. The next one
  /// gets a buffer as large as this one needed, or half of it: it closes earlier where that is too
  /// small, and is not copied where it is not.
  private void handOver(Batch batch, TailedFile.Range range) {
    byte[] taken = batch.bytes();
    Batch shipped = batch;
    SpareArrays home = null;
    if (batch.length() <= SMALL_BATCH_BYTES) {
      taken = Arrays.copyOfRange(taken, batch.offset(), batch.offset() + batch.length());
      shipped = batch.with(taken, 0, batch.length(), batch.records());
    } else {
      home = home(taken.length);
      boolean fitsHalf = batch.length() <= HALF_BATCH_BYTES - SMALL_BATCH_BYTES / 2;
      batchBuffer = (fitsHalf ? spareHalves : spareBuffers).take();
    }
    int held = taken.length;
    if (held > reserved) {
      // A single record larger than a batch: it passes the bound rather than never, and before it
      // has left nobody gets any more.
      budget.reserve(held - reserved);
      reserved = held;
    }
    reserved -= held;
    buffer.append(shipped, held, new Handed(range, home, taken));
    if (reserved < BATCH_BYTES && budget.tryReserve(BATCH_BYTES - reserved)) {
      reserved = BATCH_BYTES;
    }
  }

  /// A batch that was handed over: it may wait for its turn much longer than its bytes are needed.
  private final class Handed implements Acknowledgement {
    private final TailedFile.Range range;
    private final @Nullable SpareArrays home;
    private byte @Nullable [] array;

    /// @param home of the array; null where that is made for this batch alone
    Handed(TailedFile.Range range, @Nullable SpareArrays home, byte[] array) {
      this.range = range;
      this.home = home;
      this.array = home == null ? null : array;
    }

    @Override
    public void bytesFree() {
      byte[] free = array;
      if (home != null && free != null) {
        array = null;
        home.give(free);
      }
    }

    @Override
    public void delivered(long rejected, String reason) {
      acknowledged.add(range);
      // Else it is taken within a second, when names are looked at, and stored then.
      if (ending) {
        wake.run();
      }
    }
  }

  private @Nullable SpareArrays home(int bytes) {
    return switch (bytes) {
      case BATCH_BYTES -> spareBuffers;
      case HALF_BATCH_BYTES -> spareHalves;
      default -> null;
    };
  }
}
