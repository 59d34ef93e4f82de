package dev.pannier.benchmarks;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Future;

/// Notes when each line of a writer came out. One thread.
final class Arrivals {
  private final PacedWriter writer;
  private final double[] millis;
  private long counted;
  private int seen;
  private int unbroken;
  private long endedNanos;

  Arrivals(PacedWriter writer) {
    this.writer = writer;
    this.millis = new double[writer.lines()];
    Arrays.fill(millis, Double.NaN);
  }

  /// @param text what became of a line, of which `length` bytes count
  void add(byte[] text, int length) {
    long now = System.nanoTime();
    int number = PacedWriter.number(text, length);
    if (number >= 0) {
      counted++;
      if (Double.isNaN(millis[number])) {
        seen++;
        millis[number] = (now - writer.writtenNanos(number)) / 1e6;
      }
    }
  }

  boolean all() {
    return seen == millis.length;
  }

  /// So many lines have come of which none before is missing.
  int unbroken() {
    while (unbroken < millis.length && !Double.isNaN(millis[unbroken])) {
      unbroken++;
    }
    return unbroken;
  }

  /// Whether all came, or nothing more is to be expected.
  ///
  /// @param lastWithin of the end of writing
  boolean complete(Future<?> writing, Duration lastWithin) {
    if (all()) {
      return true;
    }
    if (!writing.isDone()) {
      return false;
    }
    long now = System.nanoTime();
    if (endedNanos == 0) {
      endedNanos = now;
    }
    return now - endedNanos > lastWithin.toNanos();
  }

  /// Of all lines, without the times of the first ones.
  Latency latency(String name, int warm, double cpu) {
    // A line that came twice makes up for none that is missing.
    long came = all() ? counted : seen;
    return new Latency(name, millis.length, came, came(warm, millis.length), cpu);
  }

  /// Of some lines, whether they came more than once or not.
  ///
  /// @param to exclusive
  Latency latency(String name, int from, int to, double cpu) {
    double[] came = came(from, to);
    return new Latency(name, to - from, came.length, came, cpu);
  }

  private double[] came(int from, int to) {
    return Arrays.stream(millis, from, to).filter(each -> !Double.isNaN(each)).toArray();
  }
}
