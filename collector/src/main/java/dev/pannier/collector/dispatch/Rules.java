package dev.pannier.collector.dispatch;

import dev.pannier.shippers.DeadLetterBox;
import org.jspecify.annotations.Nullable;

/// What a dispatcher does where a destination does not take what it is given.
///
/// @param buriesOversize whether a record that is too large is a dead letter, rather than cut
/// @param deadLetters    where records go that are refused for good; null: they are rejected, or the shipper
///     keeps them itself ([dev.pannier.shippers.Shipper#buries])
/// @param circuit        null: there is none
/// @param fallback       where batches go while the circuit is open; null: they wait
public record Rules(
    boolean buriesOversize,
    @Nullable DeadLetterBox deadLetters,
    @Nullable CircuitBreaker circuit,
    @Nullable Fallback fallback) {
  public static final Rules NONE = new Rules(false, null, null, null);

  public Rules {
    if (fallback != null && circuit == null) {
      throw new IllegalArgumentException("fallback without circuit");
    }
  }
}
