package dev.pannier.collector.admin;

import java.util.function.LongSupplier;

/// The time since it was made.
final class Uptime {
  private final LongSupplier nanoClock;
  private final long startNanos;

  Uptime(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    this.startNanos = nanoClock.getAsLong();
  }

  double seconds() {
    return (nanoClock.getAsLong() - startNanos) / 1e9;
  }
}
