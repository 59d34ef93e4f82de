package dev.pannier.shippers.batch;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// Makes smaller batches of one, by records. A record keeps its resource, scope and schema URLs;
/// its own bytes are copied as they are. Records are numbered from 0 in the order of the bytes.
public final class BatchSplitter {
  private BatchSplitter() {}

  /// The batch with those of its records whose number is set.
  ///
  /// @param records holds at least one of the batch's
  /// @throws IllegalArgumentException if the batch is no OTLP request, or nothing would be left
  public static Batch select(Batch batch, BitSet records) {
    Selection selection = new Selection((record, bytes) -> records.get(record));
    Output out = selection.copy(batch);
    if (selection.selected() == 0) {
      throw new IllegalArgumentException(
          "selects none of " + batch.records() + " records: " + records);
    }
    return batch.with(out.bytes(), 0, out.size(), selection.selected());
  }

  /// The batch as several, in order and of about the same size; fewer than `pieces` where records
  /// are large or few.
  ///
  /// @param pieces at least 2
  /// @throws IllegalArgumentException if the batch has no two records, or is no OTLP request
  public static List<Batch> split(Batch batch, int pieces) {
    int[] sizes = new int[batch.records()];
    long total = 0;
    Selection counting =
        new Selection(
            (record, bytes) -> {
              sizes[record] = bytes;
              return false;
            });
    counting.copy(batch);
    for (int size : sizes) {
      total += size;
    }
    if (sizes.length < 2 || pieces < 2) {
      throw new IllegalArgumentException("cannot split " + sizes.length + " into " + pieces);
    }
    List<Batch> split = new ArrayList<>(pieces);
    BitSet piece = new BitSet();
    long bytes = 0;
    for (int record = 0; record < sizes.length; record++) {
      piece.set(record);
      bytes += sizes[record];
      int rest = sizes.length - 1 - record;
      boolean full = bytes * pieces >= total * (split.size() + 1);
      // The last record never joins all the others, however small it is.
      if (rest == 0 || full || (split.isEmpty() && rest == 1)) {
        split.add(select(batch, piece));
        piece.clear();
      }
    }
    return split;
  }
}
