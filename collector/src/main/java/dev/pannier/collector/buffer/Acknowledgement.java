package dev.pannier.collector.buffer;

/// Told once of a batch, when what it waits for has come ([When]), and before that when its bytes are free. Called from any
/// thread; must not block.
///
/// It is held as long as the batch waits, which may be much longer than its bytes are held, and counted: so it must not hold
/// them itself.
@FunctionalInterface
public interface Acknowledgement {
  /// What an acknowledgement waits for.
  enum When {
    /// The death of the process cannot lose the batch any more: it is synced on disk or, where
    /// there is memory alone, every shipper is done with it.
    DURABLE,
    /// Every shipper is done with it: it was confirmed, refused for good, or lost on the way.
    DELIVERED
  }

  /// Nobody looks at the batch's bytes any more, and what was reserved for them was given back.
  default void bytesFree() {}

  /// @param rejected the records that at least one shipper's destination refused for good or never
  ///   gets, as far as is known by then; 0 when all were confirmed
  /// @param reason why, where any was rejected, else empty
  void delivered(long rejected, String reason);
}
