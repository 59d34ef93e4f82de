package dev.pannier.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The figures as Markdown: sections of what is measured together. Each says itself where it is from,
/// since it may be kept where others are measured anew.
final class Report {
  private final Origin origin;
  private final StringBuilder text = new StringBuilder();

  /// @param arguments of the command line, as they were given
  Report(List<String> arguments) throws IOException, InterruptedException {
    origin = Origin.of(arguments);
  }

  /// Over one input, each beside the yardstick.
  void throughputs(List<Throughput> rows) {
    section("Throughput: " + rows.getFirst().input());
    line(
        "| work | input | MiB/s | CPU s/GiB | of the yardstick's CPU | the first GiB | after it |"
            + " peak RSS, MiB | PSS, MiB | records |");
    line("|---|---|---:|---:|---:|---:|---:|---:|---:|---|");
    for (Throughput row : rows) {
      Throughput yardstick = yardstick(row.input(), rows);
      cells(
          row.name(),
          input(row),
          row.figure(Throughput::mibPerSecond),
          row.figure(Throughput::cpuPerGib),
          yardstick == null ? "" : Text.of("%.2f", row.cpuPerGib() / yardstick.cpuPerGib()),
          number(row.firstGib()),
          number(row.warmCpuPerGib()),
          Text.of("%.0f", row.peakMiB()),
          Text.of("%.0f", row.pssMiB()),
          records(row));
    }
  }

  private static @Nullable Throughput yardstick(String input, List<Throughput> rows) {
    return rows.stream()
        .filter(row -> row.input().equals(input) && row.name().startsWith("yardstick"))
        .findFirst()
        .orElse(null);
  }

  private static String input(Throughput row) {
    return Text.of("%s, %.2f GiB", row.input(), row.gib());
  }

  private static String number(@Nullable Double value) {
    return value == null ? "" : Text.number(value);
  }

  private static String records(Throughput row) {
    String all = Text.of("%,d", row.written());
    return row.closes() ? all : Text.of("**%s written, %,d counted**", all, row.counted());
  }

  void spans(List<Throughput> rows) {
    section("OTLP in");
    line(
        "| work | MiB/s | spans/s | CPU s/million | CPU s/GiB | the first GiB | after it |"
            + " peak RSS, MiB | PSS, MiB | spans |");
    line("|---|---:|---:|---:|---:|---:|---:|---:|---:|---|");
    for (Throughput row : rows) {
      cells(
          row.name(),
          row.figure(Throughput::mibPerSecond),
          Text.of("%,.0f", row.written() / row.seconds()),
          row.figure(Throughput::cpuPerMillion),
          row.figure(Throughput::cpuPerGib),
          number(row.firstGib()),
          number(row.warmCpuPerGib()),
          Text.of("%.0f", row.peakMiB()),
          Text.of("%.0f", row.pssMiB()),
          records(row));
    }
  }

  void full(List<Throughput> rows) {
    section("Full load");
    loads(rows);
  }

  void growth(List<Throughput> rows) {
    section("Growth");
    loads(rows);
  }

  private void loads(List<Throughput> rows) {
    line(
        "| work | input | MiB/s | CPU s/GiB | CPU, % of one | peak RSS, MiB | PSS, MiB | records"
            + " |");
    line("|---|---|---:|---:|---:|---:|---:|---|");
    for (Throughput row : rows) {
      cells(
          row.name(),
          input(row),
          row.figure(Throughput::mibPerSecond),
          row.figure(Throughput::cpuPerGib),
          row.figure(Throughput::cpuPercent),
          Text.of("%.0f", row.peakMiB()),
          Text.of("%.0f", row.pssMiB()),
          records(row));
    }
  }

  /// @param rows from the fewest files to the most
  void quietFiles(List<FootprintWork.Idle> rows) {
    section("Growth: quiet files");
    idles(rows);
    FootprintWork.Idle few = rows.getFirst();
    FootprintWork.Idle many = rows.getLast();
    line("");
    line(
        Text.of(
            "From %,d to %,d files: %s KiB of RSS a file.",
            few.files(),
            many.files(),
            Text.number(
                (many.residentMiB() - few.residentMiB()) * 1024 / (many.files() - few.files()))));
  }

  void latencies(List<Latency> rows) {
    section("Latency");
    times(rows);
  }

  void lag(List<Latency> rows) {
    section("One of two destinations dead");
    times(rows);
  }

  /// @param nothing where nothing is written
  /// @param lines   where single lines are
  void quiet(FootprintWork.Idle nothing, Latency lines) {
    section("Quiet");
    idles(List.of(nothing));
    line("");
    times(List.of(lines));
  }

  private void times(List<Latency> rows) {
    line("| work | p50, ms | p99, ms | longest, ms | CPU, % of one | lines |");
    line("|---|---:|---:|---:|---:|---|");
    for (Latency row : rows) {
      cells(
          row.name(),
          row.p50(),
          row.p99(),
          row.longest(),
          Double.isNaN(row.cpu()) ? "" : row.cpuPercent(),
          row.closes()
              ? Text.of("%,d", row.written())
              : Text.of("**%,d written, %,d counted**", row.written(), row.counted()));
    }
  }

  void start(List<FootprintWork.Start> rows) {
    section("Start");
    line("| work | `/readyz`, ms | first lines consumed, ms | CPU until then, s |");
    line("|---|---:|---:|---:|");
    for (FootprintWork.Start row : rows) {
      cells(row.name(), row.readyMillis(), row.firstLineMillis(), row.cpuSeconds());
    }
  }

  void idle(FootprintWork.Idle row) {
    section("Idle");
    idles(List.of(row));
  }

  private void idles(List<FootprintWork.Idle> rows) {
    line("| work | RSS, MiB | PSS, MiB | CPU, % of one |");
    line("|---|---:|---:|---:|");
    for (FootprintWork.Idle row : rows) {
      cells(row.name(), row.resident(), row.proportional(), row.cpuPercent());
    }
  }

  void micro(List<MicroWork.Row> rows) {
    section("Parts (JMH, one core, compiled by C1 as in the sidecar)");
    line("| benchmark | MiB/s | million records/s | bytes allocated a record |");
    line("|---|---:|---:|---:|");
    for (MicroWork.Row row : rows) {
      cells(
          "`" + row.name() + "`",
          Text.of("%,.0f", row.mibPerSecond()),
          Text.of("%.2f", row.recordsPerSecond() / 1e6),
          Text.of("%.1f", row.bytesARecord()));
    }
  }

  void soak(Soak soak) {
    section("Soak: " + soak.name());
    line("| | the first tenth, median | the last tenth, median | lowest | highest |");
    line("|---|---:|---:|---:|---:|");
    for (Soak.Figure figure : Soak.Figure.values()) {
      cells(
          figure.title(),
          Text.number(soak.first(figure)),
          Text.number(soak.last(figure)),
          Text.number(soak.lowest(figure)),
          Text.number(soak.highest(figure)));
    }
    line("");
    line(
        Text.of(
            "%,d lines and %,d spans in %.0f minutes, %s, CPU %.1f %% of one%s.",
            soak.lines(),
            soak.spans(),
            soak.seconds() / 60,
            soak.closes() ? "all confirmed" : Text.of("**%,d confirmed**", soak.confirmed()),
            soak.cpu() * 100,
            soak.suffix()));
  }

  private void section(String title) {
    if (!text.isEmpty()) {
      line("");
    }
    line(Results.HEADING + title);
    line("");
    line(origin.line());
    line("");
  }

  private void cells(String... cells) {
    line("| " + String.join(" | ", cells) + " |");
  }

  private void line(String line) {
    text.append(line).append('\n');
  }

  @Override
  public String toString() {
    return text.toString();
  }

  /// Replaces those sections of a file that are in this report.
  void replaceIn(Path results) throws IOException {
    Results.replace(results, text.toString());
  }
}
