package dev.pannier.collector.process;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// What is left of the time in which regular expressions of the user's may search the strings of one batch: many strings, each of which takes not
/// quite too long, must not hold up a source or its clients for minutes. One thread.
final class SearchTime {
  /// For a batch.
  static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(2);

  /// What takes no longer is not counted: a large batch of short strings may well take its time on a slow machine.
  static final long SHORTEST_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

  private final LongSupplier nanoClock;
  private long leftNanos = LONGEST_NANOS;

  SearchTime(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  boolean isSpent() {
    return leftNanos <= 0;
  }

  long now() {
    return nanoClock.getAsLong();
  }

  /// A search has ended that began at `sinceNanos`. It counts for what it may take at most: in the rest another process had the CPU.
  void searched(long sinceNanos) {
    long nanos = now() - sinceNanos;
    if (nanos > SHORTEST_NANOS) {
      leftNanos -= Math.min(nanos, CustomPattern.LONGEST_NANOS);
    }
  }
}
