package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.collector.buffer.disk.Tally;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// What a shipper has taken of the log, could not ship, since the part of the destination where it goes is missing, and has given back.
/// It stands in lanes: one for each key, in the order of the log, and without a key one for each reason.
///
/// ```
///   key a      3 5 8 │ 9      the first is tried now and then; once it is shipped, the others follow at once
///   no topic   1 4 6          as above, and one that is still refused goes behind the others
/// ```
///
/// Guarded by the buffer's lock, but for [#isEmpty].
final class Aside {
  /// Batches, at most, however much memory there is.
  private static final int MOST = 1 << 20;

  /// What one takes of the heap at most, beside `memory`: while an array grows there are two of it.
  private static final int BYTES = 32;

  /// The same where the numbers are stored with each transaction.
  static final int MOST_STORED = 1 << 16;

  static final int MOST_LANES = 4_096;

  /// Between one try of a lane and the next; longer where there are many lanes.
  static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// Of all lanes, in that time.
  private static final int MOST_TRIES = 64;

  /// What of a segment waits aside.
  private static final class Part {
    final Segment segment;

    /// From the segment's first number on.
    final BitSet numbers = new BitSet();

    final Tally tally = new Tally();
    long oldestMillis = Long.MAX_VALUE;

    /// Of the numbers, those that could not be read: what they were is what the tally has left in the end.
    int damaged;

    boolean fails;
    long failingSinceNanos;

    Part(Segment segment) {
      this.segment = segment;
    }

    boolean contains(long sequence) {
      long bit = sequence - segment.first();
      return bit >= 0 && bit < numbers.length() && numbers.get((int) bit);
    }

    LongStream sequences() {
      return numbers.stream().mapToLong(bit -> segment.first() + bit);
    }
  }

  private record Name(String key, String missing) {}

  private static final class Lane {
    final Name name;
    final Places places = new Places();

    /// The last one that was tried was shipped.
    boolean isThere;

    /// How many were read again and are being tried.
    int inHand;

    /// Else the next is tried then.
    long untilNanos;

    Lane(Name name, long untilNanos) {
      this.name = name;
      this.untilNanos = untilNanos;
    }

    /// While one is tried for all, the others wait for what becomes of it.
    long waitNanos(long nowNanos) {
      if (isThere) {
        return 0;
      }
      return inHand > 0 ? Long.MAX_VALUE : Math.max(0, untilNanos - nowNanos);
    }
  }

  /// One that is to be read again.
  record Waiting(Segment segment, long sequence, long position) {}

  private final IntSupplier most;
  private final TreeMap<Long, Part> parts = new TreeMap<>();

  /// The one that was read longest ago first. None is empty.
  private final Map<Name, Lane> lanes = new LinkedHashMap<>();

  /// What was read again and is being tried, with its lane.
  private final Map<Long, Lane> inHand = new HashMap<>();

  private long count;

  /// Whether any wait, without the lock: nobody but the shipper's thread adds one.
  private volatile boolean any;

  /// @param most batches; may be others each time
  Aside(IntSupplier most) {
    this.most = most;
  }

  /// Batches, at most.
  ///
  /// @param bytes that they may take
  static int most(long bytes) {
    return (int) Math.min(MOST, bytes / BYTES);
  }

  /// Any thread, without the lock; what the shipper's thread has added it sees.
  boolean isEmpty() {
    return !any;
  }

  /// @param missing why it was refused just now; null where it only comes behind one of its key
  /// @return false where there is no room
  boolean add(Segment segment, Entry entry, @Nullable String missing, long nowNanos) {
    Batch batch = entry.batch();
    long bit = entry.sequence() - segment.first();
    // What was read again had its place a moment ago, though a reload may have left less memory.
    boolean isFull = count >= most.getAsInt() && !inHand.containsKey(entry.sequence());
    if (isFull || bit >= Integer.MAX_VALUE) {
      return false;
    }
    boolean ordered = !batch.key().isEmpty();
    Name name = new Name(batch.key(), ordered ? "" : batch.signal() + ": " + missing);
    if (lanes.size() >= MOST_LANES && !lanes.containsKey(name)) {
      if (ordered) {
        return false;
      }
      name = new Name("", "");
    }
    Lane lane = lanes.computeIfAbsent(name, made -> lane(made, nowNanos));
    if (missing != null) {
      rest(lane, nowNanos);
    }
    if (ordered) {
      lane.places.add(entry.sequence(), entry.position);
    } else {
      lane.places.addLast(entry.sequence(), entry.position);
    }
    Part part = parts.computeIfAbsent(segment.first(), first -> new Part(segment));
    part.numbers.set((int) bit);
    part.tally.add(batch);
    part.oldestMillis = Math.min(part.oldestMillis, entry.appendedMillis);
    count++;
    any = true;
    leavesHand(entry.sequence());
    return true;
  }

  /// All of it may be in hand.
  private Lane lane(Name name, long nowNanos) {
    for (Lane lane : inHand.values()) {
      if (lane.name.equals(name)) {
        return lane;
      }
    }
    return new Lane(name, nowNanos);
  }

  private @Nullable Lane leavesHand(long sequence) {
    Lane lane = inHand.remove(sequence);
    if (lane != null) {
      lane.inHand--;
    }
    return lane;
  }

  private void rest(Lane lane, long nowNanos) {
    lane.isThere = false;
    lane.untilNanos = nowNanos + RETRY_NANOS * (1 + lanes.size() / MOST_TRIES);
  }

  /// Whether one of the key waits that comes before a number.
  boolean holdsBack(String key, long sequence) {
    Lane lane = key.isEmpty() ? null : lanes.get(new Name(key, ""));
    return lane != null && lane.places.number() < sequence;
  }

  /// For how long none is to be read; `Long.MAX_VALUE` where none waits.
  long waitNanos(long nowNanos) {
    return lanes.values().stream()
        .mapToLong(lane -> lane.waitNanos(nowNanos))
        .min()
        .orElse(Long.MAX_VALUE);
  }

  private @Nullable Lane due(long nowNanos) {
    for (Lane lane : lanes.values()) {
      if (lane.waitNanos(nowNanos) == 0) {
        return lane;
      }
    }
    return null;
  }

  /// The next that is to be read, if it is time for one. It goes on waiting.
  @Nullable Waiting next(long nowNanos) {
    Lane lane = due(nowNanos);
    if (lane == null) {
      return null;
    }
    long sequence = lane.places.number();
    Segment segment = Objects.requireNonNull(parts.floorEntry(sequence)).getValue().segment;
    return new Waiting(segment, sequence, lane.places.position());
  }

  /// The one that [#next] gives waits no more.
  ///
  /// @param counts whether it was still to be shipped
  void take(Batch batch, long nowNanos, boolean counts) {
    Lane lane = Objects.requireNonNull(due(nowNanos));
    long sequence = pollFirst(lane);
    Part part = Objects.requireNonNull(parts.floorEntry(sequence)).getValue();
    part.fails = false;
    part.numbers.clear((int) (sequence - part.segment.first()));
    count--;
    if (counts) {
      part.tally.add(batch.source(), batch.signal(), -1, -batch.records(), -batch.sourceBytes());
      inHand.put(sequence, lane);
      lane.inHand++;
      if (!lane.isThere) {
        rest(lane, nowNanos);
      }
    }
    if (part.numbers.isEmpty()) {
      parts.remove(part.segment.first());
      any = !parts.isEmpty();
    }
  }

  private long pollFirst(Lane lane) {
    long sequence = lane.places.number();
    lane.places.removeFirst();
    lanes.remove(lane.name);
    if (!lane.places.isEmpty()) {
      lanes.put(lane.name, lane);
    }
    return sequence;
  }

  /// Whether it is in hand, and nothing says yet that what it is tried for is there.
  boolean isTried(long sequence) {
    Lane lane = inHand.get(sequence);
    return lane != null && !lane.isThere;
  }

  /// What was in hand is held for as long as it cannot be shipped: nobody waits for that.
  void held(long sequence) {
    leavesHand(sequence);
  }

  /// What was in hand is shipped, or refused for good: what waits with it may follow.
  void answered(long sequence) {
    Lane lane = leavesHand(sequence);
    if (lane != null) {
      lane.isThere = true;
    }
  }

  /// The one that [#next] gives is damaged, and is lost with the last that waits of its segment.
  void damaged(long nowNanos) {
    long sequence = pollFirst(Objects.requireNonNull(due(nowNanos)));
    Objects.requireNonNull(parts.floorEntry(sequence)).getValue().damaged++;
  }

  /// Whether only what is damaged waits of a segment.
  boolean isOnlyDamaged(Segment segment) {
    Part part = parts.get(segment.first());
    return part != null && part.damaged > 0 && part.numbers.cardinality() == part.damaged;
  }

  /// The one that [#next] gives cannot be read for now.
  ///
  /// @return for how long that has been so in its segment; 0 at first
  long postpone(long nowNanos) {
    Lane lane = Objects.requireNonNull(due(nowNanos));
    rest(lane, nowNanos);
    Part part = Objects.requireNonNull(parts.floorEntry(lane.places.number())).getValue();
    if (!part.fails) {
      part.fails = true;
      part.failingSinceNanos = nowNanos;
      return 0;
    }
    return Math.max(1, nowNanos - part.failingSinceNanos);
  }

  /// A segment goes, or cannot be read.
  ///
  /// @return what of it waited
  Tally giveUp(Segment segment) {
    Part part = parts.remove(segment.first());
    if (part == null) {
      return new Tally();
    }
    any = !parts.isEmpty();
    count -= part.numbers.cardinality();
    lanes.values().forEach(lane -> lane.places.remove(segment.first(), segment.lastSequence()));
    lanes.values().removeIf(lane -> lane.places.isEmpty());
    return part.tally;
  }

  /// Records of other signals are not waited for any more. They are passed when they are read.
  void retain(Predicate<Signal> signals) {
    for (Part part : parts.values()) {
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
    parts.values().forEach(part -> part.tally.forEach(sum::add));
  }

  boolean contains(long sequence) {
    Map.Entry<Long, Part> part = parts.floorEntry(sequence);
    return part != null && part.getValue().contains(sequence);
  }

  /// What waits of a segment, as it is now.
  LongPredicate numbers(Segment segment) {
    Part part = parts.get(segment.first());
    BitSet now = part == null ? new BitSet() : (BitSet) part.numbers.clone();
    return sequence -> now.get((int) (sequence - segment.first()));
  }

  boolean isIn(Segment segment) {
    return parts.containsKey(segment.first());
  }

  /// `Long.MAX_VALUE` where nothing waits.
  long oldestMillis() {
    return parts.values().stream()
        .mapToLong(part -> part.oldestMillis)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /// Ascending.
  LongStream sequences() {
    return parts.values().stream().flatMapToLong(Part::sequences);
  }

  /// The lowest number that has a key; `Long.MAX_VALUE` where there is none.
  long firstOfKeys() {
    return lanes.values().stream()
        .filter(lane -> !lane.name.key().isEmpty())
        .mapToLong(lane -> lane.places.number())
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /// The lowest number; `Long.MAX_VALUE` where nothing waits.
  long first() {
    Map.Entry<Long, Part> first = parts.firstEntry();
    return first == null ? Long.MAX_VALUE : first.getKey() + first.getValue().numbers.nextSetBit(0);
  }
}
