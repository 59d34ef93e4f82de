package dev.pannier.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.jspecify.annotations.Nullable;

/// The figures as Markdown.
final class Report {
  private static final String BEGIN = "<!-- measured by `pannier bench` from here -->";
  private static final String END = "<!-- to here -->";

  private final StringBuilder text = new StringBuilder();

  /// @param arguments of the command line, as they were given
  Report(List<String> arguments) throws IOException, InterruptedException {
    line("| | |");
    line("|---|---|");
    line(
        "| command | `./pannier bench"
            + (arguments.isEmpty() ? "" : " ")
            + said(arguments)
            + "` |");
    if (!Build.MORE_OPTIONS.isEmpty()) {
      line("| `PANNIER_JVM_OPTIONS` | `" + said(Build.MORE_OPTIONS) + "` |");
    }
    line("| date | " + now() + " |");
    line("| commit | " + commit() + " |");
    line("| machine | " + machine() + " |");
    line("| load before | " + load() + " |");
    line(
        "| software | JDK "
            + Runtime.version()
            + (Boolean.getBoolean("pannier.image") ? ", the sidecar in a run-time image of it" : "")
            + ", Kafka "
            + kafkaVersion()
            + " |");
  }

  private static String said(List<String> arguments) {
    return String.join(" ", arguments);
  }

  private static String now() {
    return ZonedDateTime.now(ZoneOffset.UTC)
        .format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT));
  }

  private static String commit() throws IOException, InterruptedException {
    String root = System.getProperty("pannier.root", ".");
    String id = output("git", "-C", root, "rev-parse", "--short=12", "HEAD");
    if (id.isEmpty()) {
      return "unknown";
    }
    String changed = output("git", "-C", root, "status", "--porcelain", "-uno");
    return changed.isEmpty() ? id : id + ", with changes";
  }

  private static String output(String... command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    } catch (IOException e) {
      // There is no such program: what it would tell is left out.
      return "";
    }
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? out.strip() : "";
  }

  private static String kafkaVersion() throws IOException {
    Properties properties = new Properties();
    try (InputStream in =
        KafkaProducer.class.getResourceAsStream("/kafka/kafka-version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    }
    return properties.getProperty("version", "of unknown version");
  }

  private static String machine() throws IOException {
    long kib = Long.parseLong(field(Path.of("/proc/meminfo"), "MemTotal").replaceAll("[^0-9]", ""));
    return "%s, %d processors, %d GiB, Linux %s"
        .formatted(
            field(Path.of("/proc/cpuinfo"), "model name"),
            Runtime.getRuntime().availableProcessors(),
            Math.round(kib / 1024.0 / 1024.0),
            System.getProperty("os.version"));
  }

  private static String field(Path file, String name) throws IOException {
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith(name)) {
        return line.substring(line.indexOf(':') + 1).strip();
      }
    }
    return "0";
  }

  private static String load() throws IOException {
    return String.join(
        " ", List.of(Files.readString(Path.of("/proc/loadavg")).split(" ", -1)).subList(0, 3));
  }

  /// Each beside the yardstick over the same input.
  void throughputs(List<Throughput> rows) {
    title("Throughput");
    line(
        "| work | input | MiB/s | CPU s/GiB | of the yardstick's CPU | the first GiB | after it |"
            + " peak RSS, MiB | PSS, MiB | records |");
    line("|---|---|---:|---:|---:|---:|---:|---:|---:|---|");
    for (Throughput row : rows) {
      Throughput yardstick = yardstick(row.input(), rows);
      Double warm = row.warmCpuPerGib();
      cells(
          row.name(),
          "%s, %.2f GiB".formatted(row.input(), row.gib()),
          "%.0f".formatted(row.mibPerSecond()),
          number(row.cpuPerGib()) + row.spread(cpu -> cpu / row.gib()),
          yardstick == null ? "" : "%.2f".formatted(row.cpuPerGib() / yardstick.cpuPerGib()),
          warm == null ? "" : number(Objects.requireNonNull(row.firstGib())),
          warm == null ? "" : number(warm),
          "%.0f".formatted(row.peakMiB()),
          "%.0f".formatted(row.pssMiB()),
          records(row));
    }
  }

  private static @Nullable Throughput yardstick(String input, List<Throughput> rows) {
    return rows.stream()
        .filter(row -> row.input().equals(input) && row.name().startsWith("yardstick"))
        .findFirst()
        .orElse(null);
  }

  private static String records(Throughput row) {
    String all = "%,d".formatted(row.written());
    return row.closes() ? all : "**" + all + " written, %,d counted**".formatted(row.counted());
  }

  void spans(List<Throughput> rows) {
    title("OTLP in");
    line(
        "| work | MiB/s | spans/s | CPU s/million | CPU s/GiB | peak RSS, MiB | PSS, MiB | spans"
            + " |");
    line("|---|---:|---:|---:|---:|---:|---:|---|");
    for (Throughput row : rows) {
      cells(
          row.name(),
          "%.0f".formatted(row.mibPerSecond()),
          "%,.0f".formatted(row.written() / row.seconds()),
          number(row.cpuPerMillion()) + row.spread(cpu -> cpu / row.written() * 1e6),
          number(row.cpuPerGib()),
          "%.0f".formatted(row.peakMiB()),
          "%.0f".formatted(row.pssMiB()),
          records(row));
    }
  }

  void growth(List<Throughput> rows) {
    title("Growth");
    line("| work | input | MiB/s | CPU s/GiB | peak RSS, MiB | PSS, MiB | records |");
    line("|---|---|---:|---:|---:|---:|---|");
    for (Throughput row : rows) {
      cells(
          row.name(),
          "%s, %.2f GiB".formatted(row.input(), row.gib()),
          "%.0f".formatted(row.mibPerSecond()),
          number(row.cpuPerGib()) + row.spread(cpu -> cpu / row.gib()),
          "%.0f".formatted(row.peakMiB()),
          "%.0f".formatted(row.pssMiB()),
          records(row));
    }
  }

  void soak(Soak soak) {
    title("Soak: " + soak.name());
    line("| | the first tenth, median | the last tenth, median | lowest | highest |");
    line("|---|---:|---:|---:|---:|");
    for (Soak.Figure figure : Soak.Figure.values()) {
      cells(
          figure.title(),
          number(soak.first(figure)),
          number(soak.last(figure)),
          number(soak.lowest(figure)),
          number(soak.highest(figure)));
    }
    line("");
    line(
        "%,d lines and %,d spans in %.0f minutes, %s, CPU %.1f %% of one."
            .formatted(
                soak.lines(),
                soak.spans(),
                soak.seconds() / 60,
                soak.closes() ? "all confirmed" : "**%,d confirmed**".formatted(soak.confirmed()),
                soak.cpu() * 100));
  }

  void latencies(List<Latency> rows) {
    title("Latency");
    line("| work | p50, ms | p99, ms | longest, ms | CPU, % of one | lines |");
    line("|---|---:|---:|---:|---:|---|");
    for (Latency row : rows) {
      boolean any = row.written() > 0;
      cells(
          row.name(),
          any ? row.p50() : "",
          any ? row.p99() : "",
          any ? row.longest() : "",
          row.cpuPercent(),
          row.closes()
              ? "%,d".formatted(row.written())
              : "**%,d written, %,d counted**".formatted(row.written(), row.counted()));
    }
  }

  void idle(FootprintWork.Idle idle) {
    title("Idle");
    line("| work | RSS, MiB | PSS, MiB | CPU, % of one |");
    line("|---|---:|---:|---:|");
    cells(
        "`idle`: one quiet file, both receivers, connected to Kafka",
        idle.resident(),
        idle.proportional(),
        idle.cpuPercent());
  }

  void start(List<FootprintWork.Start> starts) {
    title("Start");
    line("| work | `/readyz`, ms | first lines consumed, ms | CPU until then, s |");
    line("|---|---:|---:|---:|");
    for (FootprintWork.Start start : starts) {
      cells(
          "`start`: from the process's start" + start.suffix(),
          start.readyMillis(),
          start.firstLineMillis(),
          start.cpuSeconds());
    }
  }

  void micro(List<MicroWork.Row> rows) {
    title("Parts (JMH, one core, compiled by C1 as in the sidecar)");
    line("| benchmark | MiB/s | million records/s | bytes allocated a record |");
    line("|---|---:|---:|---:|");
    for (MicroWork.Row row : rows) {
      cells(
          "`" + row.name() + "`",
          "%,.0f".formatted(row.mibPerSecond()),
          "%.2f".formatted(row.recordsPerSecond() / 1e6),
          "%.1f".formatted(row.bytesARecord()));
    }
  }

  private void title(String title) {
    line("");
    line("### " + title);
    line("");
  }

  private void cells(String... cells) {
    line("| " + String.join(" | ", cells) + " |");
  }

  private void line(String line) {
    text.append(line).append('\n');
  }

  /// Three digits that count.
  static String number(double value) {
    return Math.abs(value) >= 100
        ? "%.0f".formatted(value)
        : Math.abs(value) >= 10 ? "%.1f".formatted(value) : "%.2f".formatted(value);
  }

  @Override
  public String toString() {
    return text.toString();
  }

  /// Replaces what stands between the marks.
  void replaceIn(Path results) throws IOException {
    String old = Files.readString(results);
    int begin = old.indexOf(BEGIN);
    int end = old.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new IOException(
          results + " has no lines `" + BEGIN + "` and `" + END + "` to write between");
    }
    List<String> parts =
        new ArrayList<>(List.of(old.substring(0, begin + BEGIN.length()), "\n\n", text.toString()));
    parts.add("\n");
    parts.add(old.substring(end));
    Files.writeString(results, String.join("", parts));
  }
}
