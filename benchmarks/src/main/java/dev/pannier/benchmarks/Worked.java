package dev.pannier.benchmarks;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// Counts what was worked on: both become rates beside the benchmark's own score.
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class Worked {
  public long bytes;
  public long records;
}
