package dev.pannier.benchmarks;

import dev.pannier.benchmarks.Plan.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// `pannier bench`: the packaged sidecar as a process of its own, a real broker on loopback, and what
/// the sidecar uses for each work, beside a plain producer. Figures go to standard output as
/// Markdown, progress to standard error.
public final class Bench {
  private static final Set<Work> TEXT = EnumSet.of(Work.OTLP, Work.ONCE, Work.RAW, Work.NOWHERE);
  private static final Set<Work> JSON = EnumSet.of(Work.JSON_OTLP, Work.JSON);

  private final Plan plan;
  private final Path folder;
  private final Report report;

  /// Ours, and the one it is compared with.
  private final List<Build> builds = new ArrayList<>();

  private final List<Throughput> throughputs = new ArrayList<>();

  /// Of other tools: what they lose is theirs.
  private final List<Throughput> peers = new ArrayList<>();

  private final List<FootprintWork.Start> starts = new ArrayList<>();
  private final List<Latency> latencies = new ArrayList<>();
  private final List<Soak> soaks = new ArrayList<>();

  private Bench(Plan plan, Path folder, Report report) {
    this.plan = plan;
    this.folder = folder;
    this.report = report;
    builds.add(Build.own(plan.profiles()));
    if (plan.against() != null) {
      builds.add(Build.of(plan.against()));
    }
  }

  public static void main(String[] arguments) throws Exception {
    Plan plan;
    try {
      plan = Plan.of(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println("pannier bench: " + e.getMessage());
      System.err.println(Plan.USAGE);
      System.exit(2);
      return;
    }
    System.exit(run(plan, List.of(arguments)).closes() ? 0 : 1);
  }

  /// What was measured.
  ///
  /// @param throughputs of every work, the yardsticks and the spans
  public record Measured(
      List<Throughput> throughputs, List<Latency> latencies, List<Soak> soaks, String report) {
    /// Whether every record that was written was counted, once.
    public boolean closes() {
      return throughputs.stream().allMatch(Throughput::closes)
          && latencies.stream().allMatch(Latency::closes)
          && soaks.stream().allMatch(Soak::closes);
    }
  }

  /// Runs all works and prints the figures.
  static Measured run(Plan plan, List<String> arguments) throws Exception {
    Path folder = Files.createTempDirectory("pannier-bench");
    Thread cleanUp = new Thread(() -> remove(folder), "clean-up");
    Runtime.getRuntime().addShutdownHook(cleanUp);
    Report report = new Report(arguments);
    Bench bench = new Bench(plan, folder, report);
    bench.run();
    System.out.print(report);
    Path results = plan.results();
    if (results != null) {
      report.replaceIn(results);
    }
    Measured measured =
        new Measured(bench.throughputs, bench.latencies, bench.soaks, report.toString());
    if (!measured.closes()) {
      say("records are missing, or came more than once: see the tables");
    }
    return measured;
  }

  private void run() throws Exception {
    if (plan.works().stream().anyMatch(work -> work != Work.JMH)) {
      say("starting a Kafka broker (KRaft)");
      try (Broker broker = Broker.start(folder)) {
        files(broker);
        spans(broker);
        growth(broker);
        latency(broker);
        footprint(broker);
        soak(broker);
      }
    }
    if (plan.works().contains(Work.JMH)) {
      say("JMH, some minutes");
      report.micro(MicroWork.run(plan.quick()));
    }
  }

  private void files(Broker broker) throws Exception {
    FileWork work = new FileWork(folder, broker);
    PeerWork others = new PeerWork(folder, broker);
    long size = (long) plan.sizeMiB() << 20;
    files(work, others, TEXT, () -> Input.text(folder, plan.file(), size));
    files(work, others, JSON, () -> Input.json(folder, size));
    if (!throughputs.isEmpty()) {
      report.throughputs(Stream.concat(throughputs.stream(), peers.stream()).toList());
    }
  }

  private interface Maker {
    Input make() throws IOException;
  }

  private void files(FileWork work, PeerWork others, Set<Work> ofInput, Maker maker)
      throws Exception {
    List<Work> wanted = plan.works().stream().filter(ofInput::contains).toList();
    if (wanted.isEmpty()) {
      return;
    }
    Input input = maker.make();
    throughputs.addAll(measured(List.of(() -> work.yardstick(input))));
    for (Work each : wanted) {
      throughputs.addAll(measured(ofEach(build -> () -> work.run(build, each, input))));
    }
    for (Work each : wanted) {
      for (Peer peer : Peer.values()) {
        Optional<Path> program = peer.program(each);
        if (program.isPresent()) {
          peer(() -> others.run(peer, program.get(), each, input));
        }
      }
    }
    Files.delete(input.path());
  }

  private void peer(Run run) throws Exception {
    try {
      peers.addAll(measured(List.of(run)));
    } catch (IOException e) {
      say("left out: " + e.getMessage());
    }
  }

  private interface Run {
    Throughput once() throws Exception;
  }

  private List<Run> ofEach(Function<Build, Run> run) {
    return builds.stream().map(run).toList();
  }

  /// Runs what is compared in turns, so that both meet the same hours of the machine.
  private List<Throughput> measured(List<Run> compared) throws Exception {
    List<List<Throughput>> all = new ArrayList<>();
    compared.forEach(run -> all.add(new ArrayList<>()));
    for (int i = 0; i < plan.runs(); i++) {
      for (int k = 0; k < compared.size(); k++) {
        Throughput one = compared.get(k).once();
        say(
            "%s: %s: %.0f MiB/s, %.2f CPU s/GiB, peak %.0f MiB, %,d of %,d records"
                .formatted(
                    one.name(),
                    one.input(),
                    one.mibPerSecond(),
                    one.cpuPerGib(),
                    one.peakMiB(),
                    one.counted(),
                    one.written()));
        all.get(k).add(one);
      }
    }
    return all.stream().map(Throughput::median).toList();
  }

  private void spans(Broker broker) throws Exception {
    if (plan.works().contains(Work.SPANS)) {
      SpanWork work = new SpanWork(folder, broker);
      List<Throughput> rows = measured(ofEach(build -> () -> work.run(build, plan.sizeMiB())));
      throughputs.addAll(rows);
      report.spans(rows);
    }
  }

  private void growth(Broker broker) throws Exception {
    if (!plan.works().contains(Work.GROWTH)) {
      return;
    }
    List<Throughput> rows = new ArrayList<>();
    FileWork files = new FileWork(folder, broker);
    for (int count : plan.quick() ? List.of(1, 10) : List.of(1, 10, 100, 1000)) {
      Input input = Input.texts(folder, count, (long) plan.sizeMiB() << 20);
      rows.addAll(measured(ofEach(build -> () -> files.run(build, Work.GROWTH, input))));
      remove(Objects.requireNonNull(input.path().getParent()));
    }
    SoakWork paced = new SoakWork(builds.getFirst(), folder, broker, plan.quick());
    for (int rate : plan.quick() ? List.of(1) : List.of(1, 10, 50)) {
      rows.addAll(measured(List.of(() -> paced.paced(rate))));
    }
    throughputs.addAll(rows);
    report.growth(rows);
  }

  private void soak(Broker broker) throws Exception {
    for (Work work : List.of(Work.SOAK, Work.SOAK_SLOW)) {
      if (plan.works().contains(work)) {
        SoakWork soak = new SoakWork(builds.getFirst(), folder, broker, plan.quick());
        Soak outcome = soak.run(work, plan.minutes());
        soaks.add(outcome);
        report.soak(outcome);
        Path results = plan.results();
        Path beside = results == null ? Path.of("") : results.resolveSibling("");
        Path picture = beside.resolve(work.label() + ".svg");
        Files.writeString(picture, outcome.picture());
        say("the picture is " + picture.toAbsolutePath());
      }
    }
  }

  private void latency(Broker broker) throws Exception {
    LatencyWork work = new LatencyWork(builds.getFirst(), folder, plan.quick());
    if (plan.works().contains(Work.LATENCY)) {
      for (String multiline : List.of("auto", "none")) {
        latencies.add(toKafka(work, broker, multiline, "at_least_once"));
      }
      latencies.add(toKafka(work, broker, "none", "exactly_once"));
    }
    if (plan.works().contains(Work.QUIET)) {
      List<Latency> without = new ArrayList<>();
      List<Latency> with = new ArrayList<>();
      for (int i = 0; i < plan.runs(); i++) {
        List<Latency> both = work.quiet();
        without.add(said(both.getFirst()));
        with.add(said(both.getLast()));
      }
      latencies.add(Latency.median(without));
      latencies.add(Latency.median(with));
    }
    if (!latencies.isEmpty()) {
      report.latencies(latencies);
    }
  }

  private Latency toKafka(LatencyWork work, Broker broker, String multiline, String delivery)
      throws Exception {
    List<Latency> runs = new ArrayList<>();
    for (int i = 0; i < plan.runs(); i++) {
      runs.add(said(work.toKafka(broker, multiline, delivery)));
    }
    return Latency.median(runs);
  }

  private static Latency said(Latency latency) {
    String times =
        latency.written() == 0
            ? ""
            : "p50 %s ms, p99 %s ms, ".formatted(latency.p50(), latency.p99());
    say("%s: %s%s %% CPU".formatted(latency.name(), times, latency.cpuPercent()));
    return latency;
  }

  private void footprint(Broker broker) throws Exception {
    if (plan.works().contains(Work.START)) {
      for (Build build : builds) {
        FootprintWork.Start start = new FootprintWork(build, folder, broker, plan.quick()).start();
        say(
            "start%s: ready %s ms, first line %s ms"
                .formatted(build.suffix(), start.readyMillis(), start.firstLineMillis()));
        starts.add(start);
      }
      report.start(starts);
    }
    if (plan.works().contains(Work.IDLE)) {
      say("idle, two minutes a run");
      FootprintWork.Idle idle =
          new FootprintWork(builds.getFirst(), folder, broker, plan.quick()).idle(plan.runs());
      say("idle: RSS %s, PSS %s MiB".formatted(idle.resident(), idle.proportional()));
      report.idle(idle);
    }
  }

  private static void say(String what) {
    System.err.println("bench: " + what);
  }

  private static @Nullable Void remove(Path folder) {
    try (Stream<Path> tree = Files.walk(folder)) {
      tree.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException e) {
      System.err.println("bench: " + folder + " could not be removed: " + e);
    }
    return null;
  }
}
