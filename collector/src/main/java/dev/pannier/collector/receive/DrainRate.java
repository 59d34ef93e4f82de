package dev.pannier.collector.receive;

/// How fast the shippers confirm what was received, and so when a client that was refused had
/// better come back. Thread-safe.
final class DrainRate {
  private static final long WINDOW_NANOS = 5_000_000_000L;
  private static final long MIN_SECONDS = 1;
  private static final long MAX_SECONDS = 30;

  /// While nothing is confirmed at all: what OTLP exporters wait at most by themselves.
  private static final long STANDSTILL_SECONDS = 5;

  private static final double NANOS = 1e9;

  private long windowStartNanos;
  private long windowBytes;
  private double bytesPerSecond;

  DrainRate(long nowNanos) {
    this.windowStartNanos = nowNanos;
  }

  synchronized void drained(long bytes, long nowNanos) {
    roll(nowNanos);
    windowBytes += bytes;
  }

  /// The seconds in which what is held now will be gone, at the rate of the last windows.
  synchronized long secondsFor(long heldBytes, long nowNanos) {
    roll(nowNanos);
    double seconds = Math.max(1, (nowNanos - windowStartNanos) / NANOS);
    double current = windowBytes / seconds;
    double rate = Math.max(bytesPerSecond, current);
    if (rate <= 0) {
      return STANDSTILL_SECONDS;
    }
    return Math.clamp((long) Math.ceil(heldBytes / rate), MIN_SECONDS, MAX_SECONDS);
  }

  private void roll(long nowNanos) {
    long elapsed = nowNanos - windowStartNanos;
    if (elapsed >= WINDOW_NANOS) {
      bytesPerSecond = windowBytes / (elapsed / NANOS);
      windowBytes = 0;
      windowStartNanos = nowNanos;
    }
  }
}
