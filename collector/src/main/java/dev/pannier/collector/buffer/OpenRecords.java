package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Tally;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;

/// How much of the log a shipper is not done with and, once it was removed, what of that it has not taken.
///
/// Guarded by the buffer's lock.
final class OpenRecords {
  private final String shipper;
  private final Losses losses;
  private long batches;
  private long records;
  private boolean leaves;

  /// Of a shipper that was removed: what it had not taken then, or has given back since.
  private Tally untaken = new Tally();

  /// Of a shipper that was removed: what it has taken since, or never gets.
  private Tally takenSince = new Tally();

  OpenRecords(String shipper, Losses losses) {
    this.shipper = shipper;
    this.losses = losses;
  }

  long batches() {
    return batches;
  }

  long records() {
    return records;
  }

  boolean isEmpty() {
    return batches == 0;
  }

  /// The shipper is to get a batch.
  void add(Batch batch) {
    add(1, batch.records());
  }

  void add(long moreBatches, long moreRecords) {
    batches += moreBatches;
    records += moreRecords;
  }

  /// It has taken one.
  void taken(Batch batch) {
    if (leaves) {
      takenSince.add(batch);
    }
  }

  /// It waits for one that it had taken, or that went from memory to the log.
  void waits(Batch batch) {
    if (leaves) {
      untaken.add(batch);
    }
  }

  /// It is done with one, or never gets it.
  void close(Batch batch) {
    batches--;
    records -= batch.records();
  }

  /// It never gets what it has not taken.
  void lose(
      String source,
      Signal signal,
      long lostBatches,
      long lostRecords,
      long lostBytes,
      String why) {
    batches -= lostBatches;
    records -= lostRecords;
    if (leaves) {
      takenSince.add(source, signal, lostBatches, lostRecords, lostBytes);
    }
    losses.gaveUp(source, shipper, lostRecords, lostBytes, why);
  }

  /// Others get in its stead what it has not taken, and takes no more.
  void handOver(String source, long itsBatches, long itsRecords, long itsBytes) {
    batches -= itsBatches;
    records -= itsRecords;
    losses.handedOver(source, shipper, itsRecords, itsBytes);
  }

  /// The shipper is removed.
  ///
  /// @param rest what it has not taken
  void leave(Tally rest) {
    leaves = true;
    untaken = rest;
  }

  /// Of one that was removed.
  ///
  /// @return what it has not taken; nothing of it comes any more
  Tally takeUntaken() {
    Tally rest = untaken.minus(takenSince);
    untaken = new Tally();
    takenSince = new Tally();
    leaves = false;
    return rest;
  }
}
