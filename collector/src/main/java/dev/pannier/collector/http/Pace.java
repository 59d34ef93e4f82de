package dev.pannier.collector.http;

/// Whether a client takes what it is sent at a pace worth waiting for: [#BYTES] within each write
/// timeout. Were any byte enough, one before each timeout would hold an answer, and its memory, for
/// ever.
final class Pace {
  static final int BYTES = 16 * 1024;

  private long sinceNanos;
  private int taken;

  /// Whether a multiple of [#BYTES] lies between two counts of what was sent.
  static boolean isStep(int before, int after) {
    return before / BYTES != after / BYTES;
  }

  /// Nothing waits for the client.
  void restart(long nowNanos) {
    sinceNanos = nowNanos;
    taken = 0;
  }

  void took(int bytes, long nowNanos) {
    taken += bytes;
    if (taken >= BYTES) {
      restart(nowNanos);
    }
  }

  boolean isTooSlow(long nowNanos, long limitNanos) {
    return nowNanos - sinceNanos > limitNanos;
  }
}
