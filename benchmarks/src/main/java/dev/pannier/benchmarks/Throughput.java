package dev.pannier.benchmarks;

import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/// What one run of a work took.
///
/// @param written    records that were written for it
/// @param counted    records that came out at the other end
/// @param gib        of input
/// @param seconds    from the process's start to the last confirmation
/// @param cpuSeconds of the process, from its start
/// @param firstGib   of it, for the first GiB; null where there is not more than that
/// @param peakMiB    the most resident memory
/// @param pssMiB     at the end, still under load's heap
/// @param lowestCpu  CPU seconds of the run that took least, where there were several
/// @param highestCpu of the one that took most
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
    double lowestCpu,
    double highestCpu) {
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
        cpuSeconds,
        cpuSeconds);
  }

  /// The run with the median CPU time; the worse one of two.
  static Throughput median(List<Throughput> runs) {
    Throughput wrong =
        runs.stream().filter(run -> run.counted != run.written).findFirst().orElse(null);
    if (wrong != null) {
      return wrong;
    }
    List<Throughput> sorted =
        runs.stream().sorted(Comparator.comparingDouble(Throughput::cpuSeconds)).toList();
    return sorted
        .get(runs.size() / 2)
        .amid(sorted.getFirst().cpuSeconds, sorted.getLast().cpuSeconds);
  }

  private Throughput amid(double lowest, double highest) {
    return new Throughput(
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
        lowest,
        highest);
  }

  /// From the run that took least to the one that took most, in what `perUnit` makes of CPU seconds;
  /// empty for one run.
  String spread(DoubleUnaryOperator perUnit) {
    return lowestCpu == highestCpu
        ? ""
        : " (%s–%s)"
            .formatted(
                Report.number(perUnit.applyAsDouble(lowestCpu)),
                Report.number(perUnit.applyAsDouble(highestCpu)));
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

  /// CPU seconds a GiB after the first one.
  @Nullable Double warmCpuPerGib() {
    return firstGib == null ? null : (cpuSeconds - firstGib) / (gib - 1);
  }

  /// Whether as much came out as went in.
  public boolean closes() {
    return written == counted;
  }
}
