package dev.pannier.collector.buffer;

/// Told once, when every shipper is done with a batch: it was confirmed, or refused for good.
/// Called from any thread; must not block.
@FunctionalInterface
public interface Acknowledgement {
  /// @param rejected the records that at least one shipper's destination refused for good; 0
  ///     when all were confirmed
  /// @param reason   why, where any was rejected, else empty
  void delivered(long rejected, String reason);
}
