package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.buffer.disk.StoredBatch;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What shippers never get of a log: counted in records as they give it up, and then told with the bytes of files that it was ([Drops]).
///
/// What is kept is guarded by the buffer's lock; what the log says of files is read without it.
final class Losses {
  private static final Logger LOG = LoggerFactory.getLogger(Losses.class);

  /// What cannot be read in more places of those that are given up at once is told as if all behind the last of them were.
  private static final int MOST_RUNS = 16;

  private record Place(DiskCursor cursor, Segment segment) {}

  private final Object lock;

  /// Of who reads what is damaged: it must not be deleted meanwhile.
  private final Object telling = new Object();

  private final SegmentLog log;
  private final GivenUp givenUp;
  private final Ledger ledger;
  private final Metrics metrics;

  /// Given up since it cannot be read. Which bytes they are is not told yet.
  private List<Missing> unreadable = new ArrayList<>();

  /// Given up with the segment that is about to go for newer ones. Which bytes they are is not told yet.
  private List<Missing> dropped = new ArrayList<>();

  /// Something that may have been of a file was given up, whatever for.
  private boolean keepsFiles;

  /// Something could not be read, and was passed over.
  private boolean damaged;

  /// @param lock the buffer's
  Losses(Object lock, SegmentLog log, GivenUp givenUp, Ledger ledger, Metrics metrics) {
    this.lock = lock;
    this.log = log;
    this.givenUp = givenUp;
    this.ledger = ledger;
    this.metrics = metrics;
  }

  /// A shipper never gets a batch. Any thread.
  void lost(Batch batch, String shipper, String why) {
    gaveUp(batch.source(), shipper, batch.records(), batch.sourceBytes(), why);
    ledger.drops().add(batch, shipper, why);
  }

  /// Shippers never get a batch that came when there was no room. Any thread.
  void neverAppended(Batch batch, List<DiskCursor> shippers) {
    ledger.appended(batch, shippers);
    for (DiskCursor cursor : shippers) {
      lost(batch, cursor.shipper(), DiskCursor.FULL);
    }
  }

  /// What the log had for a shipper that was removed before the process started, and nobody gets in its stead. Any thread.
  void removed(String shipper, Batch batch) {
    ledger.appended(batch.source(), shipper, batch.records(), batch.sourceBytes());
    lost(batch, shipper, MemoryBuffer.REMOVED);
  }

  /// What it was of files is told besides. Any thread.
  void gaveUp(String source, String shipper, long records, long bytes, String why) {
    ledger.dropped(source, shipper, records, bytes);
    metrics.adder(Counter.SHIPPER_DROPPED, shipper, why).add(records);
  }

  /// Others get it in a shipper's stead. Any thread.
  void handedOver(String source, String shipper, long records, long bytes) {
    ledger.handedOver(source, shipper, records, bytes);
  }

  /// A shipper never gets these numbers. Under the lock.
  void add(Missing numbers) {
    if (numbers.why().equals(DiskCursor.DAMAGED)) {
      unreadable.add(numbers);
      // Whose it was is not surely known.
      damaged = true;
    } else {
      dropped.add(numbers);
      keepsFiles |= numbers.cursor().takes(Signal.LOGS);
    }
  }

  /// Something that may be of files is given up that is not told, or not yet. Under the lock.
  void keepFiles() {
    keepsFiles = true;
  }

  /// Whether a shipper never gets something that may be with nobody but in its file. Under the lock.
  boolean keepsFiles() {
    return keepsFiles || isDamaged() || givenUp.before() || ledger.drops().isAnyOfFiles();
  }

  private boolean isDamaged() {
    return damaged || log.damagedBytes() > 0 || !log.wasReadWhole();
  }

  /// What cannot be read of the log is known to later processes, too: before what has it is deleted. One thread at a time.
  void storeDamage() {
    boolean known;
    synchronized (lock) {
      known = isDamaged();
    }
    if (known) {
      synchronized (telling) {
        givenUp.store();
      }
    }
  }

  /// Tells which bytes of files were given up with a segment, which can be read yet. One thread at a time.
  void tellDropped(Segment segment) {
    List<Missing> some;
    synchronized (lock) {
      some = dropped;
      dropped = new ArrayList<>();
    }
    if (some.isEmpty()) {
      return;
    }
    try {
      new Heads()
          .forEach(
              segment,
              record -> {
                for (Missing each : some) {
                  if (each.has(record.sequence())
                      && gets(each.cursor(), record.batch().signal(), record.sequence())) {
                    ledger.drops().add(record.batch(), each.cursor().shipper(), each.why());
                  }
                }
              });
    } catch (IOException e) {
      LOG.warn(
          "{}: which bytes of files go with it is not known: {}", segment.name(), e.toString());
    }
  }

  private boolean gets(DiskCursor cursor, Signal signal, long sequence) {
    synchronized (lock) {
      return cursor.gets(signal, sequence);
    }
  }

  /// Tells what the log has for a shipper that was removed, and none of the signals that others get in its stead. Its thread has ended.
  void tellUnread(DiskCursor cursor, Set<Signal> inherited) {
    if (inherited.contains(Signal.LOGS)) {
      return;
    }
    Heads heads = new Heads();
    for (Segment segment = log.oldest(); segment != null; segment = log.after(segment)) {
      try {
        heads.forEach(segment, record -> tellUnread(cursor, inherited, record));
      } catch (IOException e) {
        // One that has gone meanwhile had nothing for the shipper.
        if (!segment.isGone()) {
          LOG.warn(
              "{}: which bytes of files shipper {} does not get of it any more is not known: {}",
              segment.name(),
              cursor.shipper(),
              e.toString());
        }
      }
    }
  }

  private void tellUnread(DiskCursor cursor, Set<Signal> inherited, StoredBatch record) {
    Batch batch = record.batch();
    boolean isUnread;
    synchronized (lock) {
      isUnread =
          cursor.isUnread(record.sequence()) && cursor.gets(batch.signal(), record.sequence());
    }
    if (isUnread && !inherited.contains(batch.signal())) {
      ledger.drops().add(batch, cursor.shipper(), MemoryBuffer.REMOVED);
    }
  }

  /// What was damaged says of itself nothing that could be trusted: which bytes of a file it had is told by what was before and behind it.
  void tellDamaged() {
    tellDamaged(List.of());
  }

  /// @param gone what is about to be deleted, and can be read yet
  void tellDamaged(List<Segment> gone) {
    synchronized (telling) {
      tellUnreadable(gone);
    }
  }

  private void tellUnreadable(List<Segment> gone) {
    List<Missing> some;
    synchronized (lock) {
      if (unreadable.isEmpty()) {
        return;
      }
      some = unreadable;
      unreadable = new ArrayList<>();
    }
    Map<Place, Runs> places = new LinkedHashMap<>();
    for (Missing each : some) {
      for (Missing run : each.runs(MOST_RUNS)) {
        if (gets(run.cursor(), Signal.LOGS, run.upTo())) {
          places
              .computeIfAbsent(new Place(run.cursor(), run.segment()), any -> new Runs())
              .add(run.after(), run.upTo());
        }
      }
    }
    places.forEach(
        (place, runs) -> {
          try {
            tellDamaged(place, runs, gone);
          } catch (IOException | IllegalArgumentException e) {
            LOG.warn(
                "which bytes of files were damaged in the buffer is not known: {}", e.toString());
          }
        });
  }

  /// Whatever is damaged of it, a segment is looked through once: a disk that has damaged one record has mostly damaged more.
  private void tellDamaged(Place place, Runs runs, List<Segment> gone) throws IOException {
    Segment segment = place.segment();
    Map<Long, Long> ends = ends(log.positionsBefore(segment));
    Map<Long, Long> numbers = new HashMap<>();
    Map<Long, String> sources = new HashMap<>();
    try {
      new Heads()
          .forEach(
              segment,
              record -> {
                Positions positions = Positions.decode(record.batch().positions());
                if (positions == null) {
                  return;
                }
                long generation = positions.generation();
                sources.put(generation, record.batch().source());
                long number = record.sequence();
                if (runs.has(number)) {
                  return;
                }
                if (runs.isAnyBetween(numbers.getOrDefault(generation, Long.MIN_VALUE), number)) {
                  damagedWithin(place, sources, ends, generation, positions.from());
                }
                numbers.put(generation, number);
                ends.merge(generation, positions.to(), Math::max);
              });
    } catch (IOException e) {
      LOG.debug("{} cannot be read: what is behind it tells what it had", segment.name(), e);
    }
    Segment next = after(segment, gone);
    ends(next == null ? log.positions() : log.positionsBefore(next))
        .forEach(
            (generation, end) -> {
              if (runs.isAnyBetween(
                  numbers.getOrDefault(generation, Long.MIN_VALUE), Long.MAX_VALUE)) {
                damagedWithin(place, sources, ends, generation, end);
              }
            });
  }

  private @Nullable Segment after(Segment segment, List<Segment> gone) {
    Segment next = log.after(segment);
    for (Segment each : gone) {
      if (each.first() > segment.first() && (next == null || each.first() < next.first())) {
        next = each;
      }
    }
    return next;
  }

  /// Something of a file was damaged between the last of it that is known and what begins at `to`.
  private void damagedWithin(
      Place place, Map<Long, String> sources, Map<Long, Long> ends, long generation, long to) {
    long from = ends.getOrDefault(generation, 0L);
    if (to > from) {
      ledger
          .drops()
          .addWithin(
              generation,
              sources.getOrDefault(generation, ""),
              new ByteRange(from, to),
              place.cursor().shipper(),
              DiskCursor.DAMAGED);
    }
  }

  private static Map<Long, Long> ends(List<byte[]> positions) {
    Map<Long, Long> ends = new LinkedHashMap<>();
    for (byte[] each : positions) {
      Positions decoded = Positions.decode(each);
      if (decoded != null) {
        ends.put(decoded.generation(), decoded.to());
      }
    }
    return ends;
  }
}
