package dev.pannier.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.benchmarks.Plan.Work;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Everything that counts records, at a size that says nothing about speed.
class BenchIT {
  @Test
  void everyWorkCountsAtTheOtherEndWhatWasWritten() throws Exception {
    EnumSet<Work> works = EnumSet.complementOf(EnumSet.of(Work.JMH, Work.IDLE, Work.START));
    Plan plan = new Plan(works, 1, null, 1, true, null, null, null);

    Bench.Measured measured = Bench.run(plan, List.of("--size", "1", "--quick"));

    assertThat(measured.throughputs())
        .hasSize(8)
        .allSatisfy(
            row -> {
              assertThat(row.written()).isPositive();
              assertThat(row.counted()).as(row.name()).isEqualTo(row.written());
            });
    assertThat(measured.latencies())
        .hasSize(4)
        .allSatisfy(row -> assertThat(row.counted()).as(row.name()).isEqualTo(row.written()));
    assertThat(measured.closes()).isTrue();
    assertThat(measured.report()).contains("### Throughput", "### OTLP in", "### Latency");
  }
}
