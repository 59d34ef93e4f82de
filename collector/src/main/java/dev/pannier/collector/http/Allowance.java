package dev.pannier.collector.http;

/// What a client may cost without asking for anything: frames that carry no request and streams
/// that it takes back. It is paid for by time and by requests that get their answer.
final class Allowance {
  private static final int CAPACITY = 1_000;
  private static final long NANOS_PER_UNIT = 5_000_000;
  private static final int REQUEST_WORTH = 10;

  private int left = CAPACITY;
  private long paidUntilNanos;

  Allowance(long nowNanos) {
    this.paidUntilNanos = nowNanos;
  }

  void requestAnswered() {
    left = Math.min(CAPACITY, left + REQUEST_WORTH);
  }

  /// @return whether the client may go on
  boolean spend(int units, long nowNanos) {
    long earned = (nowNanos - paidUntilNanos) / NANOS_PER_UNIT;
    paidUntilNanos += earned * NANOS_PER_UNIT;
    left = (int) Math.min(CAPACITY, left + earned) - units;
    return left >= 0;
  }
}
