package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Batch;

/// A batch in the buffer.
public final class Entry {
  private final long sequence;
  private final Batch batch;
  private final long reservedBytes;
  private final Acknowledgement acknowledgement;

  // Guarded by the buffer's lock.
  private int openShippers;
  private long rejected;
  private String reason = "";

  Entry(
      long sequence,
      Batch batch,
      long reservedBytes,
      Acknowledgement acknowledgement,
      int openShippers) {
    this.sequence = sequence;
    this.batch = batch;
    this.reservedBytes = reservedBytes;
    this.acknowledgement = acknowledgement;
    this.openShippers = openShippers;
  }

  public long sequence() {
    return sequence;
  }

  public Batch batch() {
    return batch;
  }

  long reservedBytes() {
    return reservedBytes;
  }

  /// Whether it was read from a file, which is where it can wait; a request's sender waits itself.
  public boolean fromFile() {
    return batch.positions().length > 0;
  }

  /// @return whether that was the last shipper
  boolean shipperDone(long rejectedByShipper, String why) {
    // Which records a shipper refused is not known here, so what two of them refused is taken for
    // the same records.
    if (rejectedByShipper > rejected) {
      rejected = rejectedByShipper;
      reason = why;
    }
    openShippers--;
    return openShippers == 0;
  }

  void acknowledge() {
    acknowledgement.delivered(rejected, reason);
  }
}
