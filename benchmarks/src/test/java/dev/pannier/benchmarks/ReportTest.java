package dev.pannier.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
  private static final Throughput YARDSTICK =
      new Throughput("yardstick", "text", 10, 10, 1, 8, 10, null, 200, 180);

  @TempDir private Path folder;

  @Test
  void aWorkIsToldAsAShareOfItsYardstick() throws Exception {
    Report report = new Report(List.of());

    report.throughputs(
        List.of(YARDSTICK, new Throughput("otlp", "text", 10, 10, 1, 4, 2.5, null, 90, 80)));

    assertThat(report.toString())
        .contains("| otlp | text, 1.00 GiB | 256 | 2.50 | 0.25 |  |  | 90 | 80 | 10 |");
  }

  @Test
  void theSpreadOfSeveralRunsStandsBesideTheirMedian() throws Exception {
    Throughput median =
        Throughput.median(
            List.of(
                new Throughput("otlp", "text", 1, 1, 2, 1, 6, 4.0, 1, 1),
                new Throughput("otlp", "text", 1, 1, 2, 1, 4, 3.0, 1, 1),
                new Throughput("otlp", "text", 1, 1, 2, 1, 5, 3.5, 1, 1)));
    Report report = new Report(List.of());
    report.throughputs(List.of(median));
    assertThat(report.toString()).contains("| 2.50 (2.00–3.00) |  | 3.50 | 1.50 |");
  }

  @Test
  void whatDoesNotCloseIsShown() throws Exception {
    Report report = new Report(List.of());

    report.throughputs(List.of(new Throughput("raw", "text", 10, 9, 1, 4, 2.5, null, 90, 80)));

    assertThat(report.toString()).contains("**10 written, 9 counted**");
  }

  @Test
  void whatComesAfterTheFirstGibIsToldApart() {
    assertThat(new Throughput("raw", "text", 1, 1, 3, 9, 12.0, 6.0, 1, 1).warmCpuPerGib())
        .isEqualTo(3.0);
  }

  @Test
  void aWrongCountIsNeverHiddenByTheMedian() {
    Throughput wrong = new Throughput("yardstick", "text", 10, 11, 1, 8, 99, null, 200, 180);

    assertThat(Throughput.median(List.of(YARDSTICK, wrong, YARDSTICK))).isEqualTo(wrong);
  }

  @Test
  void theHighestMemoryIsThatOfAllRunsAndTheRatesSpreadIsShown() throws Exception {
    Report report = new Report(List.of());

    report.throughputs(
        List.of(
            Throughput.median(
                List.of(
                    new Throughput("otlp", "text", 1, 1, 1, 8, 3, null, 131, 80),
                    new Throughput("otlp", "text", 1, 1, 1, 4, 2, null, 120, 90),
                    new Throughput("otlp", "text", 1, 1, 1, 2, 1, null, 110, 70)))));

    assertThat(report.toString())
        .contains("| 256 (128–512) | 2.00 (1.00–3.00) |  |  |  | 131 | 90 | 1 |");
  }

  @Test
  void aRunWithoutItsCacheIsNotHiddenByTheMedian() {
    Throughput without =
        new Throughput("otlp, without an AOT cache", "text", 1, 1, 1, 8, 30, null, 1, 1);
    Throughput with = new Throughput("otlp", "text", 1, 1, 1, 8, 3, null, 1, 1);

    assertThat(Throughput.median(List.of(with, without, with)).name())
        .isEqualTo("otlp; otlp, without an AOT cache");
  }

  @Test
  void onlyTheMeasuredSectionsBetweenTheMarksAreReplaced() throws Exception {
    Path results = folder.resolve("RESULTS.md");
    Files.writeString(
        results,
        """
        before
        <!-- measured by `pannier bench` from here -->

        old

        ### Throughput: text

        old

        ### Idle

        by another command

        <!-- to here -->
        ### after
        """);
    Report report = new Report(List.of("raw", "--runs", "2"));
    report.throughputs(List.of(YARDSTICK));
    report.spans(List.of(YARDSTICK));

    report.replaceIn(results);
    report.replaceIn(results);

    assertThat(Files.readString(results))
        .startsWith(
            "before\n<!-- measured by `pannier bench` from here -->\n\n### Throughput: text")
        .contains("`./pannier bench raw --runs 2`, 2", "; commit ", "; load before ")
        .containsSubsequence(
            "### Throughput: text\n",
            "| yardstick | text, 1.00 GiB |",
            "\n\n### Idle\n\nby another command\n\n### OTLP in\n",
            "|\n\n<!-- to here -->\n### after\n")
        .containsOnlyOnce("### OTLP in")
        .doesNotContain("old");
  }

  @Test
  void aFileWithoutMarksIsLeftAlone() throws Exception {
    Path results = Files.writeString(folder.resolve("RESULTS.md"), "text\n");

    Report report = new Report(List.of());
    assertThatThrownBy(() -> report.replaceIn(results)).isInstanceOf(IOException.class);
    assertThat(results).hasContent("text\n");
  }
}
