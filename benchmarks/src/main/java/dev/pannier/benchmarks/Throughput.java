package dev.pannier.benchmarks;

import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// What one run of a work took.
///
/// @param written    records that were written for it
/// @param counted    records that came out at the other end
/// @param gib        of input
/// @param seconds    from the process's start to the last confirmation
/// @param cpuSeconds of the process, from its start
/// @param firstGib   of it, for the first GiB; null where there is not more than that
/// @param peakMiB    the most resident memory, of all runs
/// @param pssMiB     at the end, still under load's heap
/// @param runs       all runs that this one is the median of; empty for a single run
public record Throughput(
    String name,
    String input,
    long written,
    long counted,
    double gib,
    double seconds,
    double cpuSeconds,
    @Nullable Double firstGib,
    double peakMiB,
    double pssMiB,
    List<Throughput> runs) {
  /// One run.
  Throughput(
      String name,
      String input,
      long written,
      long counted,
      double gib,
      double seconds,
      double cpuSeconds,
      @Nullable Double firstGib,
      double peakMiB,
      double pssMiB) {
    this(
        name,
        input,
        written,
        counted,
        gib,
        seconds,
        cpuSeconds,
        firstGib,
        peakMiB,
        pssMiB,
        List.of());
  }

  /// The run with the median CPU time, the worse one of two, with the highest memory of all; one whose
  /// count does not close comes before all others.
  static Throughput median(List<Throughput> runs) {
    Throughput wrong = runs.stream().filter(run -> !run.closes()).findFirst().orElse(null);
    if (wrong != null) {
      return wrong;
    }
    if (runs.size() == 1) {
      return runs.getFirst();
    }
    Throughput shown =
        runs.stream()
            .sorted(Comparator.comparingDouble(Throughput::cpuSeconds))
            .toList()
            .get(runs.size() / 2);
    return new Throughput(
        Text.name(runs.stream().map(Throughput::name)),
        shown.input,
        shown.written,
        shown.counted,
        shown.gib,
        shown.seconds,
        shown.cpuSeconds,
        shown.firstGib,
        runs.stream().mapToDouble(Throughput::peakMiB).max().orElseThrow(),
        shown.pssMiB,
        List.copyOf(runs));
  }

  /// A figure of this run, and in brackets the lowest and the highest of all runs.
  String figure(ToDoubleFunction<Throughput> of) {
    return Text.number(of.applyAsDouble(this))
        + Distribution.of(runs.stream().mapToDouble(of).toArray()).spread();
  }

  double mibPerSecond() {
    return gib * 1024 / seconds;
  }

  double cpuPerGib() {
    return cpuSeconds / gib;
  }

  double cpuPerMillion() {
    return cpuSeconds / written * 1e6;
  }

  /// Of one processor.
  double cpuPercent() {
    return cpuSeconds / seconds * 100;
  }

  /// CPU seconds a GiB after the first one.
  @Nullable Double warmCpuPerGib() {
    return firstGib == null ? null : (cpuSeconds - firstGib) / (gib - 1);
  }

  /// Whether as much came out as went in.
  public boolean closes() {
    return written == counted;
  }
}
