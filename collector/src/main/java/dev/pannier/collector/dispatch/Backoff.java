package dev.pannier.collector.dispatch;

import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/// How long to wait before the next attempt: it doubles from 100 ms to 30 s, less a random part of up
/// to a half, so that a thousand sidecars do not come back to a destination at the same instant.
final class Backoff {
  static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  static final long LAST_NANOS = TimeUnit.SECONDS.toNanos(30);

  /// A destination that asks for more than this is asked again anyway.
  static final long LONGEST_ASKED_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final RandomGenerator random;

  Backoff(RandomGenerator random) {
    this.random = random;
  }

  /// @param failures   attempts that failed in a row, at least 1
  /// @param askedNanos what the destination asked for, 0 for nothing
  long waitNanos(int failures, long askedNanos) {
    int doublings = Math.min(failures - 1, 9);
    long full = Math.min(FIRST_NANOS << doublings, LAST_NANOS);
    long wait = full - random.nextLong(full / 2);
    return Math.max(wait, Math.min(askedNanos, LONGEST_ASKED_NANOS));
  }
}
