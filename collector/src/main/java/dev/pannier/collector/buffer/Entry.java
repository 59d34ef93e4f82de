package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Batch;

/// A batch in the buffer.
public final class Entry {
  /// What holding one costs beside its bytes, with the batch around these and all that refers to it. A batch may have no bytes at
  /// all, since its records were dropped, and wait for its turn like any other.
  public static final int BYTES = 512;

  private final long sequence;
  private final Batch batch;
  private final long reservedBytes;
  private final Confirmations confirmations;

  /// Whether it lies in the log, and was read from there for one shipper.
  private final boolean stored;

  private final boolean sure;

  /// Whether the log has what is in memory, too, since the disk took it later. Changed under the disk buffer's lock.
  private volatile boolean moved;

  private volatile boolean movedSurely;

  /// When it was appended to the log, in milliseconds since the epoch.
  final long appendedMillis;

  /// Where in its segment it begins, if it was read from there.
  final long position;

  private Entry(
      long sequence,
      Batch batch,
      long reservedBytes,
      Confirmations confirmations,
      boolean stored,
      boolean sure,
      long appendedMillis,
      long position) {
    this.sequence = sequence;
    this.batch = batch;
    this.reservedBytes = reservedBytes;
    this.confirmations = confirmations;
    this.stored = stored;
    this.sure = sure;
    this.appendedMillis = appendedMillis;
    this.position = position;
  }

  /// One that is held in memory for several shippers.
  Entry(
      long sequence,
      Batch batch,
      long reservedBytes,
      Acknowledgement acknowledgement,
      int openShippers) {
    this(
        sequence,
        batch,
        reservedBytes,
        new Confirmations(acknowledgement, openShippers),
        false,
        false,
        0,
        0);
  }

  /// One that was read from the log for one shipper.
  ///
  /// @param sure whether it is still there when the machine has died, where that is asked for
  static Entry stored(
      long sequence,
      Batch batch,
      long reservedBytes,
      boolean sure,
      long appendedMillis,
      long position) {
    Confirmations nobody = new Confirmations((rejected, reason) -> {}, 1);
    return new Entry(sequence, batch, reservedBytes, nobody, true, sure, appendedMillis, position);
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

  /// Whether it was read from the disk buffer's log, for one shipper.
  public boolean isStored() {
    return stored;
  }

  /// Whether it lies in the disk buffer's log, in which [#sequence()] is its number.
  boolean isInLog() {
    return stored || moved;
  }

  /// It went from memory to the log. Who has it in hand keeps it.
  ///
  /// @return told when the log has it for sure
  Acknowledgement moved() {
    moved = true;
    return (rejected, reason) -> {
      movedSurely = true;
      confirmations.tell();
    };
  }

  /// Whether its number means it for ever: what could not be synced may be gone after a crash, and another one have its number.
  public boolean hasNumber() {
    return stored ? sure : movedSurely;
  }

  /// Whether it was read from a file, which is where it can wait; a request's sender waits itself.
  public boolean fromFile() {
    return batch.positions().length > 0;
  }

  /// A shipper more has to be done with it.
  void shipperAdded() {
    confirmations.shipperAdded();
  }

  /// @return whether that was the last shipper
  boolean shipperDone(long rejectedByShipper, String why) {
    return confirmations.shipperDone(rejectedByShipper, why);
  }

  void bytesFree() {
    confirmations.bytesFree();
  }

  void acknowledge() {
    confirmations.tell();
  }
}
