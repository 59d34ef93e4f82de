package dev.pannier.shippers.batch;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Records of a batch one after the other, each as a batch of its own, as [Splitter#select] makes it.
///
/// Halves are halved until one record is left, and what is behind it waits: a byte is copied as often as the number of records can be
/// halved, not once for each record before it. What waits is at most about twice what the batch takes.
public final class SingleRecords {
  private final byte[] source;
  private final ArrayDeque<Batch> left = new ArrayDeque<>();

  /// Of all records.
  public SingleRecords(Batch batch) {
    source = batch.bytes();
    left.add(batch);
  }

  /// Of those with these indexes.
  public SingleRecords(Batch batch, BitSet records) {
    source = batch.bytes();
    left.add(chosen(batch, records));
  }

  private static Batch chosen(Batch batch, BitSet records) {
    Batch chosen = null;
    try {
      chosen = Splitter.select(batch, records);
    } catch (IllegalArgumentException e) {
      // Broken bytes stay together.
    }
    return chosen == null ? batch : chosen;
  }

  /// The next record; several where they cannot be told apart.
  ///
  /// @return null after the last
  public @Nullable Batch next() {
    Batch first = left.poll();
    while (first != null && first.records() > 1) {
      List<Batch> halves = halves(first);
      if (halves.size() < 2) {
        return first;
      }
      left.addFirst(halves.getLast());
      first = halves.getFirst();
    }
    return first;
  }

  private static List<Batch> halves(Batch batch) {
    try {
      return Splitter.halves(batch);
    } catch (IllegalArgumentException e) {
      return List.of(batch);
    }
  }

  /// What waits and is a copy.
  public long heldBytes() {
    long held = 0;
    for (Batch batch : left) {
      held += batch.bytes() == source ? 0 : batch.bytes().length;
    }
    return held;
  }
}
