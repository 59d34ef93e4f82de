package dev.pannier.collector.buffer.disk;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.HashMap;
import java.util.Map;

/// How many batches, records and bytes (of the source) there are of each source and signal. Thread-safe.
public final class Tally {
  /// Takes one line of a tally.
  @FunctionalInterface
  public interface Line {
    void take(String source, Signal signal, long batches, long records, long bytes);
  }

  private record Kind(String source, Signal signal) {}

  private static final class Sum {
    private long batches;
    private long records;
    private long bytes;
  }

  private final Map<Kind, Sum> sums = new HashMap<>();

  /// Adds one batch.
  public void add(Batch batch) {
    add(batch.source(), batch.signal(), 1, batch.records(), batch.sourceBytes());
  }

  public synchronized void add(
      String source, Signal signal, long batches, long records, long bytes) {
    Sum sum = sums.computeIfAbsent(new Kind(source, signal), kind -> new Sum());
    sum.batches += batches;
    sum.records += records;
    sum.bytes += bytes;
  }

  public synchronized void forEach(Line line) {
    sums.forEach(
        (kind, sum) -> {
          if (sum.batches != 0 || sum.records != 0 || sum.bytes != 0) {
            line.take(kind.source(), kind.signal(), sum.batches, sum.records, sum.bytes);
          }
        });
  }

  /// This without what is in `other`.
  public Tally minus(Tally other) {
    Tally rest = copy();
    other.forEach(
        (source, signal, batches, records, bytes) ->
            rest.add(source, signal, -batches, -records, -bytes));
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
