package dev.pannier.collector.buffer.disk;

import dev.pannier.shippers.batch.Signal;
import java.util.HashMap;
import java.util.Map;

/// How many batches and records there are of each source and signal. Thread-safe.
public final class Tally {
  /// Takes one line of a tally.
  @FunctionalInterface
  public interface Line {
    void take(String source, Signal signal, long batches, long records);
  }

  private record Kind(String source, Signal signal) {}

  private static final class Sum {
    private long batches;
    private long records;
  }

  private final Map<Kind, Sum> sums = new HashMap<>();

  /// Adds one batch.
  public void add(String source, Signal signal, long records) {
    add(source, signal, 1, records);
  }

  public synchronized void add(String source, Signal signal, long batches, long records) {
    Sum sum = sums.computeIfAbsent(new Kind(source, signal), kind -> new Sum());
    sum.batches += batches;
    sum.records += records;
  }

  public synchronized void forEach(Line line) {
    sums.forEach(
        (kind, sum) -> {
          if (sum.batches != 0 || sum.records != 0) {
            line.take(kind.source(), kind.signal(), sum.batches, sum.records);
          }
        });
  }

  /// This without what is in `other`.
  public Tally minus(Tally other) {
    Tally rest = copy();
    other.forEach(
        (source, signal, batches, records) -> rest.add(source, signal, -batches, -records));
    return rest;
  }

  public Tally copy() {
    Tally copy = new Tally();
    forEach(copy::add);
    return copy;
  }

  public synchronized void clear() {
    sums.clear();
  }
}
