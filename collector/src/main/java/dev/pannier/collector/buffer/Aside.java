package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.collector.buffer.disk.Tally;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// What a shipper has taken of the log, could not ship, since the part of the destination where it goes is missing, and has given back:
/// a bit for each record. It is read again from the first to the last, in a round:
///
/// ```
///   segment   1 0 1 1 0 │ 0 0 1 1      1: waits aside
///             ─ round ──┴▸             what waits again in a round, or anew, is the next one's
/// ```
///
/// One of a key that comes later is held back as long as one that comes before it waits. Keys are not kept one by one: those of a round
/// are forgotten with its end, when each of them was read, and those that wait again are known anew.
///
/// Guarded by the buffer's lock, but for keys and where the round is, which are the shipper's thread's alone.
final class Aside {
  /// Batches, at most.
  static final int MOST = 1 << 20;

  /// The same where the numbers are stored with each transaction.
  static final int MOST_STORED = 1 << 16;

  /// Keys of them, at most.
  static final int MOST_KEYS = 4_096;

  /// What of a segment waits aside.
  private static final class Part {
    final Segment segment;

    /// From the segment's first number on.
    final BitSet numbers = new BitSet();

    final Tally tally = new Tally();
    long oldestMillis = Long.MAX_VALUE;
    boolean fails;
    long failingSinceNanos;

    Part(Segment segment) {
      this.segment = segment;
    }

    long first() {
      return segment.first() + numbers.nextSetBit(0);
    }

    boolean contains(long sequence) {
      long bit = sequence - segment.first();
      return bit >= 0 && bit < numbers.length() && numbers.get((int) bit);
    }

    void remove(long sequence) {
      numbers.clear((int) (sequence - segment.first()));
    }
  }

  private final int most;
  private final TreeMap<Long, Part> parts = new TreeMap<>();

  /// Of the segment that is read in the round: what of it was not found again yet.
  private @Nullable Part reading;

  private long count;

  /// The lowest number of each key, or one below it: of what has waited since the round began, and of what the round is about.
  private Map<String, Long> keys = new HashMap<>();

  private Map<String, Long> keysOfRound = Map.of();

  private boolean inRound;

  /// The number that was read last in the round.
  private long roundAt;

  /// The first number of the segment that the round has come to.
  private long segmentAt;

  Aside(int most) {
    this.most = most;
  }

  /// Whether nothing waits, and nothing is held back for what has waited.
  boolean isEmpty() {
    return count == 0 && keys.isEmpty() && keysOfRound.isEmpty();
  }

  /// @param millis when it was appended
  /// @return false where there is no room
  boolean add(Segment segment, Batch batch, long sequence, long millis) {
    long bit = sequence - segment.first();
    if (count >= most || bit >= Integer.MAX_VALUE) {
      return false;
    }
    String key = batch.key();
    if (!key.isEmpty()) {
      if (!keys.containsKey(key) && keys.size() >= MOST_KEYS) {
        return false;
      }
      keys.merge(key, sequence, Math::min);
    }
    Part part = parts.computeIfAbsent(segment.first(), first -> new Part(segment));
    part.numbers.set((int) bit);
    part.tally.add(batch);
    part.oldestMillis = Math.min(part.oldestMillis, millis);
    count++;
    return true;
  }

  /// Whether one of the key waits that comes before a number. The shipper's thread alone.
  boolean holdsBack(String key, long sequence) {
    Long lowest = keys.get(key);
    if (lowest != null && lowest < sequence) {
      return true;
    }
    // The round has taken all of them up to where it is.
    Long ofRound = keysOfRound.get(key);
    return ofRound != null && ofRound < sequence && sequence > roundAt;
  }

  /// The shipper's thread alone.
  boolean isInRound() {
    return inRound;
  }

  void beginRound() {
    inRound = true;
    roundAt = 0;
    segmentAt = 0;
    keysOfRound = keys;
    keys = new HashMap<>();
  }

  /// The segment that is read in the round, or the next.
  ///
  /// @return null where the round has ended
  @Nullable Segment segment() {
    Part part = reading;
    if (part != null && part.numbers.isEmpty()) {
      reading = null;
      part = null;
    }
    if (part == null) {
      Map.Entry<Long, Part> next = parts.higherEntry(segmentAt);
      if (next == null) {
        inRound = false;
        keysOfRound = Map.of();
        return null;
      }
      part = next.getValue();
      parts.remove(next.getKey());
      segmentAt = next.getKey();
      reading = part;
    }
    return part.segment;
  }

  /// Whether a record is to be read in the round.
  boolean isNext(long sequence) {
    return reading != null && reading.contains(sequence);
  }

  /// It was read in the round, and waits no more.
  ///
  /// @param counts whether it was still to be shipped
  void take(Batch batch, long sequence, boolean counts) {
    Part part = Objects.requireNonNull(reading);
    part.remove(sequence);
    count--;
    roundAt = sequence;
    if (counts) {
      part.tally.add(batch.source(), batch.signal(), -1, -batch.records(), -batch.sourceBytes());
    }
  }

  /// The segment that is read cannot be: the round goes on behind it.
  ///
  /// @return for how long that has been so; 0 at first
  long postpone(long nowNanos) {
    Part part = Objects.requireNonNull(reading);
    reading = null;
    // What keys it has is not known before it is read.
    keysOfRound.forEach((key, lowest) -> keys.merge(key, lowest, Math::min));
    Part since = parts.remove(part.segment.first());
    if (since != null) {
      part.numbers.or(since.numbers);
      since.tally.forEach(part.tally::add);
      part.oldestMillis = Math.min(part.oldestMillis, since.oldestMillis);
    }
    parts.put(part.segment.first(), part);
    if (!part.fails) {
      part.fails = true;
      part.failingSinceNanos = nowNanos;
    }
    return nowNanos - part.failingSinceNanos;
  }

  /// What is left of the segment that is read was not found in it.
  ///
  /// @return what that was
  Tally giveUpRest() {
    Part part = Objects.requireNonNull(reading);
    reading = null;
    count -= part.numbers.cardinality();
    return part.tally;
  }

  /// A segment goes, or cannot be read.
  ///
  /// @return what of it waited
  Tally giveUp(Segment segment) {
    Tally lost = new Tally();
    Part part = parts.remove(segment.first());
    if (part != null) {
      count -= part.numbers.cardinality();
      part.tally.forEach(lost::add);
    }
    if (reading != null && reading.segment == segment) {
      giveUpRest().forEach(lost::add);
    }
    return lost;
  }

  /// Records of other signals are not waited for any more. They are passed when they are read.
  void retain(Predicate<Signal> signals) {
    for (Part part : all()) {
      part.tally
          .copy()
          .forEach(
              (source, signal, batches, records, bytes) -> {
                if (!signals.test(signal)) {
                  part.tally.add(source, signal, -batches, -records, -bytes);
                }
              });
    }
  }

  void addTo(Tally sum) {
    all().forEach(part -> part.tally.forEach(sum::add));
  }

  boolean contains(long sequence) {
    Map.Entry<Long, Part> part = parts.floorEntry(sequence);
    return (part != null && part.getValue().contains(sequence)) || isNext(sequence);
  }

  boolean isIn(Segment segment) {
    return parts.containsKey(segment.first())
        || (reading != null && reading.segment == segment && !reading.numbers.isEmpty());
  }

  /// `Long.MAX_VALUE` where nothing waits.
  long oldestMillis() {
    return all().stream().mapToLong(part -> part.oldestMillis).min().orElse(Long.MAX_VALUE);
  }

  /// Ascending.
  LongStream sequences() {
    TreeMap<Long, BitSet> segments = new TreeMap<>();
    for (Part part : all()) {
      segments.merge(part.segment.first(), part.numbers, Aside::both);
    }
    return segments.entrySet().stream()
        .flatMapToLong(each -> each.getValue().stream().mapToLong(bit -> each.getKey() + bit));
  }

  private static BitSet both(BitSet some, BitSet others) {
    BitSet both = (BitSet) some.clone();
    both.or(others);
    return both;
  }

  /// The lowest number; `Long.MAX_VALUE` where nothing waits.
  long first() {
    return all().stream().mapToLong(Part::first).min().orElse(Long.MAX_VALUE);
  }

  private List<Part> all() {
    List<Part> all = new ArrayList<>(parts.values());
    if (reading != null && !reading.numbers.isEmpty()) {
      all.add(reading);
    }
    return all;
  }
}
