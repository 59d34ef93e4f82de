package dev.pannier.collector.dispatch;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Splitter;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is sent after an attempt that was not, or not wholly, successful.
final class Pieces {
  /// No destination is made for less; a record that is still too large then will never fit.
  private static final int SMALLEST_BYTES = 256;

  private Pieces() {}

  /// What of `part` is not confirmed.
  ///
  /// @param unconfirmed numbers of records; null for all
  /// @return null if every record is confirmed
  static @Nullable Batch rest(Batch part, @Nullable BitSet unconfirmed) {
    if (unconfirmed == null) {
      return part;
    }
    return Splitter.select(part, unconfirmed);
  }

  /// Smaller batches that hold the records of one that was too large: several, or one whose only
  /// record is cut.
  ///
  /// @param limitBytes of the destination, for one message, which is not always the batch's
  ///     encoding; 0 where it is not known
  /// @return empty where a record cannot be made to fit
  static List<Batch> smaller(Batch batch, int limitBytes) {
    // A message has a key and headers, too.
    int target = limitBytes - limitBytes / 8;
    boolean overTarget = target > 0 && batch.length() > target;
    if (batch.records() > 1) {
      List<Batch> pieces = new ArrayList<>();
      for (Batch half : Splitter.halves(batch)) {
        divide(half, overTarget ? target : Integer.MAX_VALUE, pieces);
      }
      return pieces;
    }
    Batch cut = cut(batch, limitBytes);
    return cut == null ? List.of() : List.of(cut);
  }

  /// A batch with one record, cut.
  ///
  /// @return null where it cannot be made to fit
  static @Nullable Batch cut(Batch batch, int limitBytes) {
    int target = limitBytes - limitBytes / 8;
    int cutTo = target > 0 && batch.length() > target ? target : batch.length() / 2;
    return cutTo < SMALLEST_BYTES ? null : Splitter.truncate(batch, cutTo);
  }

  private static void divide(Batch batch, int target, List<Batch> pieces) {
    if (batch.records() == 1 || batch.length() <= target) {
      pieces.add(batch);
      return;
    }
    List<Batch> halves = Splitter.halves(batch);
    long together = halves.stream().mapToLong(Batch::length).sum();
    if (together > batch.length() * 3L / 2) {
      // Most of it is what its records share, of which there would be a copy for each: it is
      // divided further only
      // when it is its turn.
      pieces.add(batch);
      return;
    }
    for (Batch half : halves) {
      divide(half, target, pieces);
    }
  }
}
