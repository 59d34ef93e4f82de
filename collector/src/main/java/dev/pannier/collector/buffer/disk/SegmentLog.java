package dev.pannier.collector.buffer.disk;

import dev.pannier.collector.checkpoint.DurableDirectory;
import dev.pannier.collector.checkpoint.Reserve;
import dev.pannier.shippers.batch.Batch;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The append-only log of one directory; the package draws its files.
///
/// Who may call: [#write], [#writeLate], [#publish], [#beginEmpty], [#oldestToGo], [#seal], [#reopen], [#told] and [#syncAgain] one thread at a time
/// (the appending one), [#sync] one thread at a time (another one), the rest any thread.
public final class SegmentLog implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(SegmentLog.class);

  /// Takes what is found at the start, in the order of the log.
  @FunctionalInterface
  public interface Visitor {
    /// A whole record.
    ///
    /// @param from where it begins in the segment
    /// @param to where the next one does
    void record(Segment segment, long from, long to, StoredBatch batch);
  }

  /// Owners whose positions the log remembers. They matter until the positions file has them, which
  /// is a second.
  static final int MOST_OWNERS = 4096;

  /// A full batch of a file's lines fits, packed: what is written at once gets larger pages in the cache.
  private static final int STAGING_BYTES = 128 * 1024;

  /// What a disk has to take before it counts as having room again.
  private static final int PROBE_BYTES = 1 << 20;

  /// Enough for the header of a segment, whatever it knows.
  private static final int RESERVE_BYTES = 256 * 1024;

  /// Of a segment that another follows.
  private static final long ALL = Long.MAX_VALUE;

  /// A record that was found, with its positions.
  private record Known(long sequence, byte[] positions) {}

  /// The positions of a record that was published.
  private record Published(long sequence, String owner, byte[] positions) {}

  private static final String LOCK = "buffer.lock";

  /// A disk that is full of segments takes no other one, without which the newest of them is never deleted: this file makes way for it.
  private static final String RESERVE = "reserve";

  private static final String SUFFIX = ".log";

  private final Path directory;
  private volatile long segmentBytes;
  private final Function<Batch, String> owners;
  private final Consumer<String> notice;
  private final ConcurrentSkipListMap<Long, Segment> segments = new ConcurrentSkipListMap<>();
  private final AtomicLong bytes = new AtomicLong();

  /// What was freed and lies there yet, which counts among the bytes. Guarded by itself.
  private final List<Segment> undeleted = new ArrayList<>();

  private final AtomicLong damagedBytes = new AtomicLong();
  private final ByteBuffer staging = ByteBuffer.allocateDirect(STAGING_BYTES);
  private final CRC32C crc = new CRC32C();
  private final Repeats repeats = new Repeats();

  /// Of records that are synced, by owner; the one that was not used for longest goes first. Guarded by itself.
  private final Map<String, byte[]> positions = new LinkedHashMap<>(16, 0.75f, true);

  /// Where they count, those that come there at the next sync, in the order of the log. Guarded by `positions`.
  private final Queue<Published> unsynced = new ArrayDeque<>();

  private volatile FileChannel lock;

  /// All up to this number are synced, and remembered where their positions count. Changed under the lock of `positions`.
  private volatile long syncedSequence;

  private volatile long lastSequence;

  /// That of the last record: no number above it is told as synced.
  private volatile long lastRecord;

  /// What could not be read at the start, in one line; null where all could.
  private volatile @Nullable String unread;

  /// Where records are appended; null before the first one.
  private volatile @Nullable Segment active;

  // Of the record that is written and not published.
  private long writtenSequence;
  private long writtenEnd;

  private SegmentLog(
      Path directory,
      long segmentBytes,
      Function<Batch, String> owners,
      Consumer<String> notice,
      FileChannel lock) {
    this.directory = directory;
    this.segmentBytes = segmentBytes;
    this.owners = owners;
    this.notice = notice;
    this.lock = lock;
  }

  /// Opens the log, making the directory where there is none, and reads it once.
  ///
  /// @param segmentBytes a segment is followed by another when it has this many; a larger record
  ///   has one for itself
  /// @param synced all records up to this number were synced, as [CursorFile] says; 0 where nothing does
  /// @param owners whose positions a batch has, where it has any: of each owner the last ones count
  /// @param notice takes a line about what was found amiss
  /// @throws IOException where the directory cannot be used, or another process has it; the message
  ///   is for people
  public static SegmentLog open(
      Path directory,
      long segmentBytes,
      long synced,
      Function<Batch, String> owners,
      Consumer<String> notice,
      Visitor visitor)
      throws IOException {
    SegmentLog log = hold(directory, segmentBytes, owners, notice);
    log.recover(synced, LockSupport::parkNanos, visitor);
    return log;
  }

  /// Takes the directory, making it where there is none, and reads nothing yet: what lies beside the log is the caller's from now on.
  ///
  /// @return for [#recover]
  public static SegmentLog hold(
      Path directory, long segmentBytes, Function<Batch, String> owners, Consumer<String> notice)
      throws IOException {
    DurableDirectory.make(directory);
    return new SegmentLog(directory, segmentBytes, owners, notice, lock(directory));
  }

  /// Reads what [#hold] holds. Parameters as in [#open]; where it fails, the directory is given back.
  ///
  /// @param pause waits for so many nanoseconds, where the disk does not give what it has
  public void recover(long synced, LongConsumer pause, Visitor visitor) throws IOException {
    try {
      find(synced, new Retries(pause), visitor);
      makeReserve();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /// Whether a log was ever in a directory.
  public static boolean isThere(Path directory) {
    return Files.exists(directory.resolve(LOCK))
        || Files.exists(directory.resolve(CursorFile.CURSORS));
  }

  private static FileChannel lock(Path directory) throws IOException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    if (lock == null) {
      channel.close();
      throw new IOException(
          "another pannier uses " + directory + ": give each its own buffer.directory");
    }
    return channel;
  }

  /// The files of the log in their order.
  ///
  /// @return without those that are no segments by their names
  public static List<Path> files(Path directory) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (String.valueOf(entry.getFileName()).matches("\\d{20}\\.log")) {
          files.add(entry);
        }
      }
    }
    files.sort(null);
    return files;
  }

  private void find(long synced, Retries retries, Visitor visitor) throws IOException {
    boolean lastIsThere = false;
    long withoutHeader = 0;
    Map<Path, IOException> unreadable = new LinkedHashMap<>();
    List<Path> files = files(directory);
    for (Path file : files) {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        Segment segment = new Segment(file, channel, header(channel, retries));
        segments.put(segment.first(), segment);
        lastIsThere = true;
      } catch (SegmentHeader.Damaged e) {
        long size = channel.size();
        boolean begunOnly =
            size == 0
                || (file.equals(files.getLast()) && !holdsSynced(file, channel, size, synced));
        channel.close();
        if (begunOnly) {
          forget(file, size);
        } else {
          aside(file, size, e);
        }
        withoutHeader = Math.max(withoutHeader, number(file));
        lastIsThere = false;
      } catch (LaterVersion e) {
        channel.close();
        throw e.of(file);
      } catch (IOException e) {
        channel.close();
        unreadable.put(file, e);
        withoutHeader = Math.max(withoutHeader, number(file));
        lastIsThere = false;
      }
    }
    for (Map.Entry<Path, IOException> each : unreadable.entrySet()) {
      Path file = each.getKey();
      IOException why = each.getValue();
      if (segments.isEmpty()) {
        // A disk that gives nothing back is away. What is put aside would not be shipped when it is
        // back.
        throw new IOException(
            file.getFileName() + " cannot be read (" + why.getMessage() + ")", why);
      }
      aside(file, Files.size(file), why);
    }
    long unreadBytes = 0;
    Map<String, Long> rememberedAt = new HashMap<>();
    for (Segment segment : segments.values()) {
      Segment next = after(segment);
      long known = ALL;
      if (next == null) {
        known = synced;
      } else if (next.beforeUnsure) {
        known = next.knownUpTo;
      }
      // The one behind it has no header that would tell whether this one could be synced. It is
      // judged as
      // if it could, and written again as if it could not.
      long judged = next == null && !lastIsThere ? ALL : known;
      unreadBytes = recover(segment, known, judged, rememberedAt, retries, visitor);
      bytes.addAndGet(segment.endBytes());
    }
    lastRecord = lastSequence;
    if (unread != null && lastRecord == 0) {
      // As where it gives no header.
      throw new IOException(
          unread + "; nor can any other record: where that stays so, move the file away");
    }
    Map.Entry<Long, Segment> newest = segments.lastEntry();
    if (newest != null) {
      Segment segment = newest.getValue();
      active = segment;
      for (Segment older : segments.headMap(segment.first()).values()) {
        older.sealed = true;
      }
      if (!segment.positionsCount
          || segment.version < SegmentHeader.VERSION
          || segment.lastSequence() < synced) {
        segment.sealed = true;
      }
      if (segment.lastSequence() < segment.first()) {
        // The next one is named by its first number, and this one has that name; it may be sealed
        // any time.
        lastSequence = Math.max(lastSequence, segment.first());
      }
    }
    // Above what is damaged now, too: a destination may have stored those numbers. And no file has
    // the name of one that is
    // kept aside.
    // A byte for a number is less than any record has.
    lastSequence = Math.max(lastSequence, Math.max(synced, withoutHeader)) + unreadBytes;
    boolean sure = newest == null || !newest.getValue().unsure;
    syncedSequence = sure ? Math.max(synced, lastRecord) : synced;
  }

  /// @param synced all records of it up to this number were synced
  /// @param judged the same where damage is judged: ALL where nothing but rot can be the cause
  /// @param rememberedAt for each owner the number of the record whose positions are remembered
  /// @return how many bytes at its end cannot be read
  private long recover(
      Segment segment,
      long synced,
      long judged,
      Map<String, Long> rememberedAt,
      Retries retries,
      Visitor visitor)
      throws IOException {
    // Whether its own count or not: older segments may have been deleted because it has theirs.
    readHeaderPositions(segment, rememberedAt, retries);
    long size = segment.channel.size();
    SegmentReader reader = segment.reader(staging, Math.max(lastSequence, segment.first() - 1));
    byte[] body = new byte[0];
    boolean contiguous = segment.positionsCount;
    long syncedBytes = 0;
    long unreadBytes = 0;
    Map<String, Known> unproven = new LinkedHashMap<>();
    while (true) {
      long from = reader.position();
      StoredBatch batch = null;
      boolean cut = false;
      long to = size;
      try {
        SegmentReader.Found found = reader.find(size);
        if (found == SegmentReader.Found.NOTHING) {
          break;
        }
        if (found == SegmentReader.Found.RECORD) {
          if (body.length < reader.room()) {
            body = new byte[reader.room()];
          }
          batch = reader.read(body);
        }
        if (batch == null) {
          cut = !wasSynced(segment, from, size, judged);
          to = cut ? size : reader.passDamage(size);
        }
      } catch (IOException e) {
        if (retries.again(e)) {
          continue;
        }
        unreadBytes = size - from;
        unreadable(segment, from, unreadBytes, e);
        break;
      }
      if (batch != null) {
        segment.tally().add(batch.batch());
        lastSequence = batch.sequence();
        segment.published(batch.sequence(), reader.position());
        boolean proven = batch.sequence() <= synced;
        syncedBytes = proven ? reader.position() : syncedBytes;
        if (contiguous) {
          String owner = owners.apply(batch.batch());
          Known last = new Known(batch.sequence(), batch.batch().positions());
          if (proven) {
            remember(owner, last, rememberedAt);
          } else {
            unproven.put(owner, last);
          }
        }
        visitor.record(segment, from, reader.position(), batch);
        continue;
      }
      if (cut) {
        notice.accept(
            segment.name() + ": cut behind its last whole record, " + (size - from) + " bytes off");
        segment.channel.truncate(from);
        break;
      }
      damaged(segment, from, to);
      // Positions behind it would pass over what it held, which its file may still have. What is
      // read again follows in a segment of its own, whose positions count.
      contiguous = false;
      segment.sealed = true;
      if (to == size) {
        segment.published(segment.lastSequence(), size);
        break;
      }
    }
    if (synced == ALL) {
      syncedBytes = segment.endBytes();
    } else {
      segment.nameless = true;
    }
    if (prove(segment, syncedBytes)) {
      unproven.forEach((owner, last) -> remember(owner, last, rememberedAt));
    }
    return unreadBytes;
  }

  /// The segment ends before what cannot be read of it, for this process: nobody waits there for a disk that does not give it.
  private void unreadable(Segment segment, long from, long count, IOException why) {
    segment.sealed = true;
    segment.unread = true;
    damagedBytes.addAndGet(count);
    String what =
        segment.name()
            + " cannot be read from byte "
            + from
            + " on, "
            + count
            + " bytes: "
            + why.getMessage();
    unread = what;
    notice.accept(what);
  }

  private void remember(String owner, Known last, Map<String, Long> rememberedAt) {
    remember(owner, last.positions());
    rememberedAt.put(owner, last.sequence());
  }

  /// Syncs what was found. A process that was killed has left its end, and its name, to the page cache; one whose sync has failed
  /// has left it pages that count as clean and are nowhere else, which no sync brings to the disk before they are written again.
  ///
  /// @param syncedBytes all before it was synced
  /// @return whether all of it is now
  private boolean prove(Segment segment, long syncedBytes) {
    segment.dirty = true;
    segment.syncedBytes = Math.max(segment.headerBytes, syncedBytes);
    try {
      writeAgain(segment, syncedBytes);
      segment.sync();
    } catch (IOException e) {
      notice.accept(segment.name() + " cannot be synced: " + e.getMessage());
      segment.syncFailed();
      segment.told();
      return false;
    }
    return true;
  }

  private void writeAgain(Segment segment, long from) throws IOException {
    for (long at = from; at < segment.endBytes(); ) {
      staging.clear().limit((int) Math.min(STAGING_BYTES, segment.endBytes() - at));
      long begin = at;
      while (staging.hasRemaining()) {
        if (segment.channel.read(staging, begin + staging.position()) < 0) {
          throw new IOException(segment.name() + " ends at " + (begin + staging.position()));
        }
      }
      staging.flip();
      while (staging.hasRemaining()) {
        at += segment.channel.write(staging, at);
      }
    }
  }

  /// Writes again, and syncs, what of the newest segment the last sync has failed for, where that can still be read whole.
  /// Who waits for a sync has been [#told], and nothing was written behind it.
  ///
  /// @return whether all of that segment is durable now
  public boolean syncAgain() {
    Segment segment = active;
    if (segment == null || !segment.unsure || segment.untold) {
      return false;
    }
    long end = segment.endBytes();
    try {
      SegmentHeader.read(segment.channel);
      // The system may have read from the disk again what it could not write.
      long from = Math.max(segment.headerBytes, segment.sureBytes());
      SegmentReader records = segment.reader(SegmentReader.window(), from, segment.first() - 1);
      while (records.find(end) == SegmentReader.Found.RECORD && records.skip()) {
        // Whole.
      }
      if (records.position() < end) {
        return false;
      }
      writeAgain(segment, segment.sureBytes());
      segment.syncAgain();
    } catch (IOException e) {
      LOG.debug("{} cannot be synced", segment.name(), e);
      return false;
    }
    synced(segment.lastSequence());
    return true;
  }

  /// Whether damage in a segment lies in what a sync had covered. Else it may be a page that the death of the
  /// machine kept from the disk, and nobody was told that anything from there on is kept.
  ///
  /// @param synced all records of the segment up to this number were
  private boolean wasSynced(Segment segment, long from, long size, long synced) throws IOException {
    long before = Math.max(lastSequence, segment.first() - 1);
    return wasSynced(segment.reader(SegmentReader.window(), from, before), size, before, synced);
  }

  /// A number that is told as synced is that of a record. Where it is above the last one before the damage, its record is in the
  /// damage or behind it, so the damage begins in what was synced.
  ///
  /// @param behind reads from the damage on
  /// @param before the number of the last record before it
  private static boolean wasSynced(SegmentReader behind, long size, long before, long synced)
      throws IOException {
    long told = synced;
    while (told <= before) {
      SegmentReader.Found found = behind.find(size);
      if (found == SegmentReader.Found.NOTHING) {
        return false;
      } else if (found == SegmentReader.Found.DAMAGE || !behind.skip()) {
        behind.passDamage(size);
      } else {
        told = behind.synced();
      }
    }
    return true;
  }

  /// Whether a file whose header is damaged has records that were synced, or one of which nothing tells whether it was.
  private static boolean holdsSynced(Path file, FileChannel channel, long size, long synced) {
    long before = number(file) - 1;
    SegmentReader records =
        new SegmentReader(channel, SegmentHeader.VERSION, SegmentReader.window(), 0, before);
    try {
      return synced == 0
          ? records.passDamage(size) < size
          : wasSynced(records, size, before, synced);
    } catch (IOException e) {
      LOG.debug("{} cannot be read", file, e);
      return true;
    }
  }

  private static SegmentHeader header(FileChannel channel, Retries retries) throws IOException {
    while (true) {
      try {
        return SegmentHeader.read(channel);
      } catch (SegmentHeader.Damaged | LaterVersion e) {
        throw e;
      } catch (IOException e) {
        if (!retries.again(e)) {
          throw e;
        }
      }
    }
  }

  /// A segment may be begun long after the last sync: records before it are younger than its snapshot.
  private void readHeaderPositions(Segment segment, Map<String, Long> rememberedAt, Retries retries)
      throws IOException {
    header(segment.channel, retries)
        .positions()
        .forEach(
            (owner, snapshot) -> {
              if (rememberedAt.getOrDefault(owner, 0L) <= segment.knownUpTo) {
                remember(owner, snapshot);
              }
            });
  }

  /// The lowest that may stand in a segment.
  private static long number(Path file) {
    return Long.parseLong(String.valueOf(file.getFileName()), 0, 20, 10);
  }

  /// A file that begins with no header, and that no sync had covered when the machine died.
  private void forget(Path file, long size) throws IOException {
    Files.delete(file);
    if (size > 0) {
      notice.accept(file.getFileName() + ": begun and never synced, " + size + " bytes off");
    }
  }

  /// A file that begins with no header, and was more than begun when the machine died.
  private void aside(Path file, long size, IOException why) throws IOException {
    String name = String.valueOf(file.getFileName());
    Path aside = aside(file);
    damagedBytes.addAndGet(size);
    notice.accept(
        name + " cannot be read (" + why.getMessage() + "): kept as " + aside.getFileName());
  }

  private static Path aside(Path file) throws IOException {
    Path aside = file.resolveSibling(file.getFileName() + ".unreadable");
    return Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
  }

  /// Tells of bytes that are no records.
  public void damaged(Segment segment, long from, long to) {
    if (!segment.tellsDamage(from)) {
      // Every shipper comes by.
      return;
    }
    damagedBytes.addAndGet(to - from);
    notice.accept(
        segment.name() + ": bytes " + from + " to " + to + " are damaged and were passed over");
  }

  /// Appends a record that nobody sees before [#publish].
  ///
  /// @param millis when, in milliseconds since the epoch
  /// @param positionsCount whether all before the batch's positions is in the log or was delivered
  /// @throws IOException where the disk does not take it; the log is as it was
  public void write(Batch batch, long sequence, long millis, boolean positionsCount)
      throws IOException {
    Segment segment = active;
    if (segment == null
        || segment.sealed
        || segment.positionsCount != positionsCount
        || isFull(segment, batch)) {
      segment = begin(sequence, positionsCount, 0);
    }
    boolean packed = repeats.pack(batch);
    byte[] payload = packed ? repeats.packed() : batch.bytes();
    int offset = packed ? 0 : batch.offset();
    int length = packed ? repeats.packedBytes() : batch.length();
    staging.clear();
    RecordFormat.putHead(staging, batch, sequence, millis, syncedSequence, length);
    crc.reset();
    crc.update(staging.duplicate().flip().position(RecordFormat.PREFIX_BYTES));
    crc.update(payload, offset, length);
    staging.putInt(4, (int) crc.getValue());
    long at = segment.endBytes();
    int copied = 0;
    try {
      do {
        int count = Math.min(length - copied, staging.remaining());
        staging.put(payload, offset + copied, count).flip();
        copied += count;
        while (staging.hasRemaining()) {
          at += segment.channel.write(staging, at);
        }
        staging.clear();
      } while (copied < length);
    } catch (IOException e) {
      takeBack(segment);
      throw e;
    }
    writtenSequence = sequence;
    writtenEnd = at;
  }

  /// As [#write], but the number comes again where it fails, and a segment that was begun for it would have its name: so that is taken
  /// back. Nobody syncs or frees meanwhile.
  public void writeLate(Batch batch, long sequence, long millis, boolean positionsCount)
      throws IOException {
    Segment before = active;
    if (!segments.containsKey(sequence)) {
      // It could not be taken back.
      Files.deleteIfExists(path(sequence));
    }
    try {
      write(batch, sequence, millis, positionsCount);
    } catch (IOException e) {
      Segment begun = active;
      if (begun != null && begun != before) {
        takeOut(begun);
        active = before;
        begun.close();
        Files.deleteIfExists(begun.path);
      }
      throw e;
    }
  }

  private boolean isFull(Segment segment, Batch batch) {
    long end = segment.endBytes();
    return end > segment.headerBytes && end + batch.length() > segmentBytes;
  }

  /// A place that has failed twice may never take anything.
  private static void takeBack(Segment segment) {
    long end = segment.endBytes();
    if (segment.failedAt == end) {
      segment.sealed = true;
    }
    segment.failedAt = end;
    try {
      segment.channel.truncate(end);
    } catch (IOException e) {
      // The next record is written over it, and the next start cuts it off.
      segment.sealed = true;
    }
  }

  /// Shows the record of the last [#write], which is this batch, to readers.
  public void publish(Batch batch) {
    Segment segment = active;
    if (segment == null) {
      throw new IllegalStateException("nothing was written");
    }
    bytes.addAndGet(writtenEnd - segment.endBytes());
    segment.tally().add(batch);
    if (!segment.holdsRecords()) {
      forgetUnsynced();
    }
    if (segment.positionsCount && batch.positions().length > 0) {
      synchronized (positions) {
        unsynced.add(new Published(writtenSequence, owners.apply(batch), batch.positions()));
      }
    }
    segment.published(writtenSequence, writtenEnd);
    lastSequence = writtenSequence;
    lastRecord = writtenSequence;
  }

  /// What of the segments before could not be synced is not written again any more.
  private void forgetUnsynced() {
    synchronized (positions) {
      unsynced.clear();
    }
  }

  /// Nothing of a segment is written before all of the one before is durable: else the death of the machine
  /// could leave a hole, with records behind it whose positions say that nothing is missing.
  ///
  /// @param delivered what of the records up to this number cannot be synced is told by its delivery; 0 where that is not known
  private Segment begin(long first, boolean positionsCount, long delivered) throws IOException {
    Segment before = active;
    if (before != null) {
      // What it holds is told when it is delivered, once it is known that it cannot be synced.
      // Until then, what is written
      // behind it would count as if nothing were missing.
      before.sync();
    }
    Map<String, byte[]> known;
    long knownUpTo;
    synchronized (positions) {
      if (before == null || !before.unsure) {
        synced(lastRecord);
      }
      known = new LinkedHashMap<>(positions);
      knownUpTo = Math.max(syncedSequence, delivered);
    }
    Path path = path(first);
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean beforeUnsure = before != null && before.unsure;
    ByteBuffer header = SegmentHeader.encode(positionsCount, beforeUnsure, first, knownUpTo, known);
    try {
      for (long at = 0; header.hasRemaining(); ) {
        at += channel.write(header, at);
      }
    } catch (IOException e) {
      channel.close();
      Files.deleteIfExists(path);
      throw e;
    }
    Segment segment =
        new Segment(
            path,
            channel,
            new SegmentHeader(
                SegmentHeader.VERSION,
                positionsCount,
                beforeUnsure,
                first,
                knownUpTo,
                known,
                header.limit()));
    segment.nameless = true;
    segment.dirty = true;
    segments.put(first, segment);
    bytes.addAndGet(segment.endBytes());
    active = segment;
    if (before != null) {
      before.sealed = true;
    }
    return segment;
  }

  private Path path(long first) {
    return directory.resolve(String.format("%020d", first) + SUFFIX);
  }

  /// Begins a segment without a record, and syncs it, so that those before it can be freed. All there is was synced, or is told by
  /// its delivery.
  ///
  /// @param first the next record has a higher number
  /// @throws IOException where the disk does not take it
  public void beginEmpty(long first, boolean positionsCount) throws IOException {
    Segment begun;
    try {
      begun = begin(first, positionsCount, lastSequence);
    } catch (IOException e) {
      if (!Files.deleteIfExists(directory.resolve(RESERVE))) {
        throw e;
      }
      begun = begin(first, positionsCount, lastSequence);
    }
    forgetUnsynced();
    begun.sync();
  }

  private void makeReserve() {
    try {
      writeReserve(RESERVE_BYTES);
    } catch (IOException e) {
      LOG.debug("{} has no room for a reserve", directory, e);
    }
  }

  /// @param bytes it has them for a moment
  private void writeReserve(int bytes) throws IOException {
    new Reserve(directory, RESERVE).fill(bytes, RESERVE_BYTES);
  }

  /// Segments that are begun from now on have another size.
  public void segmentBytes(long size) {
    segmentBytes = size;
  }

  /// Nothing more is appended to the newest segment.
  public void seal() {
    Segment segment = active;
    if (segment != null) {
      segment.sealed = true;
    }
  }

  /// Sees whether the disk takes records again, after it did not: where it does, the next [#write] goes on where the last one was, but
  /// not in a file that has vanished.
  ///
  /// @throws IOException where it does not
  public void reopen() throws IOException {
    if (!Files.exists(directory.resolve(LOCK))) {
      DurableDirectory.make(directory);
      FileChannel again = lock(directory);
      lock.close();
      lock = again;
    }
    Segment segment = active;
    if (segment != null && !Files.exists(segment.path)) {
      segment.sealed = true;
    }
    writeReserve(PROBE_BYTES);
  }

  /// Whether the files are still where they should be.
  public boolean isInPlace() {
    Segment segment = active;
    return Files.exists(segment == null || segment.sealed ? directory.resolve(LOCK) : segment.path);
  }

  /// Makes all that was published durable.
  ///
  /// @return the number up to which records are
  /// @throws IOException where that is not sure; what was synced before is. No segment is begun until [#told]
  public long sync() throws IOException {
    long upTo = lastRecord;
    IOException failure = null;
    for (Segment segment : segments.values()) {
      try {
        segment.sync();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
    Map.Entry<Long, Segment> last = segments.floorEntry(upTo);
    if (last != null && last.getValue().unsure) {
      // No later sync makes it sure.
      throw new IOException(last.getValue().name() + " could not be synced before");
    }
    synced(upTo);
    return upTo;
  }

  /// All that was published up to a number is on disk.
  private void synced(long upTo) {
    synchronized (positions) {
      for (Published first = unsynced.peek();
          first != null && first.sequence() <= upTo;
          first = unsynced.peek()) {
        remember(first.owner(), first.positions());
        unsynced.remove();
      }
      syncedSequence = Math.max(syncedSequence, upTo);
    }
  }

  /// Who waits for a sync of what was published knows that it has failed.
  public void told() {
    segments.values().forEach(Segment::told);
  }

  /// Whether nobody waits for a sync that has failed.
  public boolean isTold() {
    return segments.values().stream().noneMatch(segment -> segment.untold);
  }

  /// Whether a segment was begun for a record that the disk did not take, and is not synced: before it is, the one before it is not freed.
  public boolean isBegunOnly() {
    Segment segment = active;
    return segment != null && segment.dirty && !segment.holdsRecords();
  }

  /// A record with these positions is synced, and they count.
  private void remember(String owner, byte[] recordPositions) {
    if (recordPositions.length == 0) {
      return;
    }
    synchronized (positions) {
      positions.put(owner, recordPositions);
      if (positions.size() > MOST_OWNERS) {
        positions.remove(positions.keySet().iterator().next());
      }
    }
  }

  /// The newest segment, where the last record is.
  public Segment newest() {
    return Objects.requireNonNull(active);
  }

  /// For each owner that is remembered the positions of its last record that was synced.
  public List<byte[]> positions() {
    synchronized (positions) {
      return List.copyOf(positions.values());
    }
  }

  /// Takes out what nobody needs any longer, also from between others.
  ///
  /// @param needed whether a segment has something for a shipper yet
  /// @return for [#delete]
  public List<Segment> free(Predicate<Segment> needed) {
    List<Segment> freed = new ArrayList<>();
    Segment newest = newestOnDisk();
    if (newest == null) {
      return freed;
    }
    for (Segment segment : segments.values()) {
      if (segment != newest
          && segment.sealed
          && segment.lastSequence() <= newest.knownUpTo
          && (segment.equals(oldest()) || !isTiedToOthers(segment))
          && !needed.test(segment)) {
        takeOut(segment);
        freed.add(segment);
      }
    }
    return freed;
  }

  /// Whether [#free] would find more if another segment were begun behind all there are.
  public boolean wouldFree(Predicate<Segment> needed) {
    Map.Entry<Long, Segment> newest = segments.lastEntry();
    if (newest != null && !newest.getValue().holdsRecords()) {
      // There is such a one, and no more than one.
      return false;
    }
    boolean oldest = true;
    for (Segment segment : segments.values()) {
      boolean stays = (!oldest && isTiedToOthers(segment)) || needed.test(segment);
      if (!stays && segment.holdsRecords()) {
        return true;
      }
      oldest &= !stays;
    }
    return false;
  }

  /// One of two segments that follow each other could not be synced, which the later one says: without one of them, what that says
  /// would be taken for another's, or nobody would say it.
  private boolean isTiedToOthers(Segment segment) {
    Segment next = after(segment);
    return segment.beforeUnsure || segment.unsure || (next != null && next.beforeUnsure);
  }

  /// The newest whose name and header are synced: it alone may have what the positions of others said.
  private @Nullable Segment newestOnDisk() {
    for (Segment segment : segments.descendingMap().values()) {
      if (!segment.nameless) {
        return segment;
      }
    }
    return null;
  }

  /// The oldest segment, for [#giveUp]. The newest is synced where no other one on disk has its positions.
  ///
  /// @return null where none may go yet
  /// @throws IOException where the newest cannot be synced
  public @Nullable Segment oldestToGo() throws IOException {
    Segment oldest = oldest();
    Segment newest = active;
    if (oldest == null || newest == null || oldest == newest) {
      return null;
    }
    Segment onDisk = newestOnDisk();
    if (onDisk == null || onDisk.knownUpTo < oldest.lastSequence()) {
      newest.sync();
      if (newest.nameless) {
        return null;
      }
    }
    return oldest;
  }

  /// Takes a segment out, whoever needs it. It can be read until [#delete].
  ///
  /// @return false where it was freed before
  public boolean giveUp(Segment segment) {
    if (segment.gone) {
      return false;
    }
    takeOut(segment);
    return true;
  }

  /// For each owner that was known when a segment was begun the positions of its last record before that.
  public List<byte[]> positionsBefore(Segment segment) throws IOException {
    return List.copyOf(SegmentHeader.read(segment.channel).positions().values());
  }

  private void takeOut(Segment segment) {
    segment.gone = true;
    segments.remove(segment.first());
    bytes.addAndGet(-segment.endBytes());
  }

  /// Deletes the files of what was freed, which takes its time. One that could not be read whole is kept aside: the disk may give
  /// later what it has for shippers. What the disk does not let go is for [#deleteRest].
  public void delete(List<Segment> freed) {
    for (Segment segment : freed) {
      try {
        delete(segment);
      } catch (IOException e) {
        notice.accept(cannotBeDeleted(segment, e));
        synchronized (undeleted) {
          undeleted.add(segment);
          bytes.addAndGet(segment.endBytes());
        }
      }
      segment.close();
    }
  }

  /// Deletes what [#delete] could not. Any thread.
  ///
  /// @throws IOException where something of it still cannot be
  public void deleteRest() throws IOException {
    IOException failure = null;
    synchronized (undeleted) {
      for (Segment segment : List.copyOf(undeleted)) {
        try {
          delete(segment);
          undeleted.remove(segment);
          bytes.addAndGet(-segment.endBytes());
        } catch (IOException e) {
          failure = new IOException(cannotBeDeleted(segment, e), e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void delete(Segment segment) throws IOException {
    if (segment.unread && Files.exists(segment.path)) {
      Path aside = aside(segment.path);
      notice.accept(
          segment.name() + " could not be read whole at the start: kept as " + aside.getFileName());
    } else {
      Files.deleteIfExists(segment.path);
    }
  }

  private static String cannotBeDeleted(Segment segment, IOException why) {
    return segment.name() + " cannot be deleted: " + why.getMessage();
  }

  /// The oldest segment.
  public @Nullable Segment oldest() {
    Map.Entry<Long, Segment> oldest = segments.firstEntry();
    return oldest == null ? null : oldest.getValue();
  }

  /// The segment that a record is in, if it is not gone.
  public @Nullable Segment of(long sequence) {
    Map.Entry<Long, Segment> of = segments.floorEntry(sequence);
    return of == null || of.getValue().lastSequence() < sequence ? null : of.getValue();
  }

  /// The segment behind another one, which may be gone.
  public @Nullable Segment after(Segment segment) {
    // One that was taken back may be there anew.
    Map.Entry<Long, Segment> next =
        segment.gone
            ? segments.ceilingEntry(segment.first())
            : segments.higherEntry(segment.first());
    return next == null ? null : next.getValue();
  }

  /// No record has a higher number, and none that comes has it or a lower one; 0 where there never was
  /// one.
  public long lastSequence() {
    return lastSequence;
  }

  public long syncedSequence() {
    return syncedSequence;
  }

  /// Whether all records that there are were found at the start: else some may wait that nobody knows of.
  public boolean wasReadWhole() {
    return unread == null;
  }

  /// Of all segments, and of what could not be deleted of others.
  public long bytes() {
    return bytes.get();
  }

  public int segments() {
    return segments.size();
  }

  /// Bytes that were found to be no records, since the process started.
  public long damagedBytes() {
    return damagedBytes.get();
  }

  /// Whether positions in the newest segment count.
  public boolean positionsCount() {
    Segment segment = active;
    return segment == null || segment.positionsCount;
  }

  public Path directory() {
    return directory;
  }

  /// Closes the files; what was not synced is left to the system.
  @Override
  public void close() {
    for (Segment segment : segments.values()) {
      segment.close();
    }
    try {
      lock.close();
    } catch (IOException e) {
      notice.accept("the lock of " + directory + " cannot be given back: " + e.getMessage());
    }
  }

  /// Reads a directory without taking part: also one that another process has.
  ///
  /// @param places numbers, of which each segment tells how many of its batches have a higher one
  /// @return a line for each segment
  public static List<SegmentReport> inspect(Path directory, List<Long> places) throws IOException {
    List<SegmentReport> reports = new ArrayList<>();
    for (Path file : files(directory)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        reports.add(SegmentReport.of(file, channel, places));
      } catch (NoSuchFileException e) {
        LOG.debug("{} was freed meanwhile", file);
      }
    }
    return reports;
  }
}
