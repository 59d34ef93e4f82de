package dev.pannier.benchmarks;

import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// How long lines took from `write` to whoever takes them, and what the sidecar used meanwhile.
///
/// @param written lines
/// @param counted lines that came out
/// @param millis  of each line that counts
/// @param cpu     share of one CPU over the time of the writing; NaN where other rows have it
/// @param runs    all runs that this one is the median of; empty for a single run
public record Latency(
    String name, long written, long counted, double[] millis, double cpu, List<Latency> runs) {
  Latency(String name, long written, long counted, double[] millis, double cpu) {
    this(name, written, counted, millis, cpu, List.of());
  }

  /// The run with the median p99 (of those without lines: CPU time), the worse one of two; one whose
  /// count does not close comes before all others.
  static Latency median(List<Latency> runs) {
    if (runs.size() == 1) {
      return runs.getFirst();
    }
    Latency shown =
        runs.stream()
            .filter(run -> !run.closes())
            .findFirst()
            .orElseGet(
                () ->
                    runs.stream()
                        .sorted(
                            Comparator.comparingDouble(
                                run -> run.written == 0 ? run.cpu : run.millis(0.99)))
                        .toList()
                        .get(runs.size() / 2));
    return new Latency(
        Text.name(runs.stream().map(Latency::name)),
        shown.written,
        shown.counted,
        shown.millis,
        shown.cpu,
        List.copyOf(runs));
  }

  public boolean closes() {
    return written == counted;
  }

  private double millis(double share) {
    return Distribution.of(millis).at(share);
  }

  String p50() {
    return figure(run -> run.millis(0.5));
  }

  String p99() {
    return figure(run -> run.millis(0.99));
  }

  String longest() {
    return figure(run -> run.millis(1));
  }

  /// In percent of one CPU.
  String cpuPercent() {
    return figure(run -> run.cpu * 100);
  }

  private String figure(ToDoubleFunction<Latency> of) {
    return Text.number(of.applyAsDouble(this))
        + Distribution.of(runs.stream().mapToDouble(of).toArray()).spread();
  }
}
