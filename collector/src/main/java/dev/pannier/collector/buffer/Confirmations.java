package dev.pannier.collector.buffer;

/// The shippers that a batch waits for, and who is told when the last of them is done. Guarded by
/// the lock of its buffer, but for [#tell].
final class Confirmations {
  private final Acknowledgement acknowledgement;
  private int openShippers;
  private long rejected;
  private String reason = "";
  private boolean unsure;

  Confirmations(Acknowledgement acknowledgement, int openShippers) {
    this.acknowledgement = acknowledgement;
    this.openShippers = openShippers;
  }

  /// A shipper more has to be done with it.
  void shipperAdded() {
    openShippers++;
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

  /// The batch may be lost by the death of the process until then.
  void markUnsure() {
    unsure = true;
  }

  boolean isUnsure() {
    return unsure;
  }

  void bytesFree() {
    acknowledgement.bytesFree();
  }

  void tell() {
    acknowledgement.delivered(rejected, reason);
  }
}
