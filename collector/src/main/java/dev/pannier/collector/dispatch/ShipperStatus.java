package dev.pannier.collector.dispatch;

/// What a shipper is doing, at one instant.
///
/// @param records         confirmed since the process started
/// @param inFlightBatches handed to the shipper and not answered
/// @param openRecords     waiting or in flight
/// @param lastError       why the last attempt that failed did; empty if none has
/// @param failingSeconds  for how long no attempt has succeeded; 0 while they do
public record ShipperStatus(
    String name,
    State state,
    long records,
    int inFlightBatches,
    long openRecords,
    String lastError,
    long failingSeconds) {

  public enum State {
    /// The destination has not answered yet.
    CONNECTING("connecting"),
    SHIPPING("shipping"),
    /// The last attempt failed; it is made again.
    RETRYING("retrying"),
    CLOSED("closed");

    private final String label;

    State(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }
  }
}
