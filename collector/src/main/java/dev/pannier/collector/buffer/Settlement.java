package dev.pannier.collector.buffer;

/// What became of a batch at one shipper, in records; those that are not named were confirmed by the
/// destination.
///
/// @param rejected     refused by the destination for good, and gone
/// @param deadLettered refused by the destination for good, and confirmed by the dead letters' own
/// @param fellBack     whether all of it went to the shipper's fallback, whose own row in the
///     [Ledger] says what became of it there
/// @param reason       why, where any was rejected, else empty
public record Settlement(long rejected, long deadLettered, boolean fellBack, String reason) {
  /// Every record was confirmed.
  public static final Settlement SHIPPED = new Settlement(0, 0, false, "");

  /// @param rejected refused for good, and gone
  public static Settlement rejected(long rejected, String reason) {
    return rejected == 0 ? SHIPPED : new Settlement(rejected, 0, false, reason);
  }
}
