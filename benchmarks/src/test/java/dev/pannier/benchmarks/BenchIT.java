package dev.pannier.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.benchmarks.Plan.Work;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Everything that counts records, at a size that says nothing about speed.
class BenchIT {
  @TempDir private Path folder;

  @Test
  void everyWorkCountsAtTheOtherEndWhatWasWritten() throws Exception {
    Files.writeString(
        folder.resolve("RESULTS.md"),
        "<!-- measured by `pannier bench` from here -->\n<!-- to here -->\n");
    EnumSet<Work> works = EnumSet.complementOf(EnumSet.of(Work.JMH, Work.IDLE, Work.START));
    Plan plan = new Plan(works, 1, null, 1, 0, true, folder.resolve("RESULTS.md"), null, null);

    Bench.Measured measured = Bench.run(plan, Build.of(plan), List.of("--size", "1", "--quick"));

    assertThat(measured.throughputs())
        .hasSize(15)
        .allSatisfy(
            row -> {
              assertThat(row.written()).isPositive();
              assertThat(row.counted()).as(row.name()).isEqualTo(row.written());
            });
    assertThat(measured.latencies())
        .hasSize(10)
        .allSatisfy(row -> assertThat(row.counted()).as(row.name()).isEqualTo(row.written()));
    assertThat(measured.soaks())
        .hasSize(2)
        .allSatisfy(
            soak -> {
              assertThat(soak.lines()).isPositive();
              assertThat(soak.samples()).hasSizeGreaterThan(3);
            });
    assertThat(folder.resolve("soak.svg")).content().contains("<polyline");
    assertThat(measured.closes()).isTrue();
    assertThat(measured.report())
        .contains(
            "### Throughput: text lines",
            "### Throughput: JSON lines",
            "### OTLP in",
            "### Full load",
            "### Growth",
            "KiB of RSS a file",
            "### Latency",
            "### One of two destinations dead",
            "### Quiet");
    assertThat(folder.resolve("RESULTS.md")).content().contains(measured.report().strip());
  }
}
