package dev.pannier.collector.config;

import dev.pannier.shippers.DeadLettersTo;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What is done where a shipper's destination does not take what it is given.
///
/// @param buriesOversize `on_oversize: dead_letter`: a record that is too large is a dead letter, rather
///     than cut
/// @param deadLetters    `dead_letter`; null: what is refused for good is rejected
/// @param circuitBreaker null: there is none
/// @param fallback       the name of the shipper where batches go while the circuit is open; null: they
///     wait
public record ShipperPolicy(
    boolean buriesOversize,
    @Nullable DeadLettersTo deadLetters,
    @Nullable CircuitBreaker circuitBreaker,
    @Nullable String fallback) {
  public static final ShipperPolicy DEFAULT = new ShipperPolicy(false, null, null, null);

  /// @param openAfter     failures in a row
  /// @param halfOpenAfter how long it is open before one batch is tried
  public record CircuitBreaker(int openAfter, Duration halfOpenAfter) {}
}
