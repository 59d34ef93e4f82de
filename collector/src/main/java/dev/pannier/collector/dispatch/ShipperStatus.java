package dev.pannier.collector.dispatch;

import org.jspecify.annotations.Nullable;

/// What a shipper is doing, at one instant.
///
/// @param records         confirmed since the process started
/// @param inFlightBatches handed to the shipper and not answered
/// @param openRecords     waiting or in flight
/// @param lastError       why the last attempt that failed did; empty if none has
/// @param failingSeconds  for how long no attempt has succeeded; 0 while they do
/// @param circuit         null where the shipper has none
public record ShipperStatus(
    String name,
    State state,
    long records,
    int inFlightBatches,
    long openRecords,
    String lastError,
    long failingSeconds,
    @Nullable Circuit circuit) {

  /// @param reason   the last failure; empty while it is closed
  /// @param openings since the process started
  /// @param fallback where batches go while it is open; empty: they wait
  public record Circuit(
      CircuitBreaker.State state, String reason, long openings, String fallback) {}

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
