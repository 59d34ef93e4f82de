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
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;

/// `pannier bench`: the packaged sidecar as a process of its own, a real broker on loopback, and what
/// the sidecar uses for each work, beside a plain producer. Figures go to standard output as
/// Markdown, progress to standard error.
public final class Bench {
  private static final Set<Work> TEXT =
      EnumSet.of(Work.OTLP, Work.DISK, Work.ONCE, Work.RAW, Work.NOWHERE);
  private static final Set<Work> JSON = EnumSet.of(Work.JSON_OTLP, Work.JSON);

  private final Plan plan;

  /// Ours, and the one it is compared with.
  private final List<Build> builds;

  private final Path folder;
  private final Report report;
  private final List<Throughput> throughputs = new ArrayList<>();
  private final List<Latency> latencies = new ArrayList<>();
  private final List<Soak> soaks = new ArrayList<>();

  private Bench(Plan plan, List<Build> builds, Path folder, Report report) {
    this.plan = plan;
    this.builds = builds;
    this.folder = folder;
    this.report = report;
  }

  public static void main(String[] arguments) throws Exception {
    Plan plan;
    List<Build> builds;
    try {
      plan = Plan.of(arguments);
      builds = Build.of(plan);
    } catch (IllegalArgumentException e) {
      System.err.println("pannier bench: " + e.getMessage());
      System.err.println(Plan.USAGE);
      System.exit(2);
      return;
    }
    System.exit(run(plan, builds, List.of(arguments)).closes() ? 0 : 1);
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
  static Measured run(Plan plan, List<Build> builds, List<String> arguments) throws Exception {
    Path folder = Files.createTempDirectory("pannier-bench");
    Thread cleanUp = new Thread(() -> remove(folder), "clean-up");
    Runtime.getRuntime().addShutdownHook(cleanUp);
    Report report = new Report(arguments);
    Bench bench = new Bench(plan, builds, folder, report);
    try {
      bench.run();
    } finally {
      // Also what was measured before a work failed.
      System.out.print(report);
    }
    Measured measured =
        new Measured(bench.throughputs, bench.latencies, bench.soaks, report.toString());
    if (!measured.closes()) {
      say("records are missing, or came more than once: see the tables");
    }
    return measured;
  }

  private interface Step {
    void run(Broker broker) throws Exception;
  }

  private void run() throws Exception {
    if (plan.works().contains(Work.JMH)) {
      say("JMH, some minutes");
      report.micro(MicroWork.run(plan.quick()));
      write();
    }
    if (plan.works().equals(EnumSet.of(Work.JMH))) {
      return;
    }
    say("starting a Kafka broker (KRaft)");
    try (Broker broker = Broker.start(folder)) {
      List<Step> steps =
          List.of(
              this::text,
              this::json,
              this::spans,
              this::full,
              this::growth,
              this::latency,
              this::lag,
              this::quiet,
              this::start,
              this::idle,
              each -> soak(each, Work.SOAK),
              each -> soak(each, Work.SOAK_SLOW));
      for (Step step : steps) {
        step.run(broker);
        write();
      }
    }
  }

  /// After each work: all of them take hours, and what is measured is not to be lost with the rest.
  private void write() throws IOException {
    if (plan.results() != null) {
      report.replaceIn(plan.results());
    }
  }

  private long bytes() {
    return (long) plan.sizeMiB() << 20;
  }

  private void text(Broker broker) throws Exception {
    files(broker, TEXT, () -> Input.text(folder, plan.file(), bytes()));
  }

  private void json(Broker broker) throws Exception {
    files(broker, JSON, () -> Input.json(folder, bytes()));
  }

  private interface Maker {
    Input make() throws IOException;
  }

  private void files(Broker broker, Set<Work> ofInput, Maker maker) throws Exception {
    List<Work> wanted = plan.works().stream().filter(ofInput::contains).toList();
    if (wanted.isEmpty()) {
      return;
    }
    FileWork work = new FileWork(folder, broker);
    Input input = maker.make();
    List<Run> compared = new ArrayList<>();
    compared.add(() -> work.yardstick(input));
    for (Work each : wanted) {
      compared.addAll(ofEach(build -> () -> work.run(build, each, input)));
    }
    List<Throughput> rows = new ArrayList<>(measured(compared));
    throughputs.addAll(rows);
    for (Work each : wanted) {
      rows.addAll(peers(broker, each, input));
    }
    report.throughputs(rows);
    Files.delete(input.path());
  }

  /// What other tools lose is theirs, and so is a failure.
  private List<Throughput> peers(Broker broker, Work each, Input input) throws Exception {
    PeerWork work = new PeerWork(folder, broker);
    List<Throughput> rows = new ArrayList<>();
    for (Peer peer : Peer.values()) {
      Optional<Path> program = peer.program(each);
      if (program.isPresent()) {
        try {
          rows.addAll(measured(List.of(() -> work.run(peer, program.get(), each, input))));
        } catch (IOException e) {
          say("left out: " + e.getMessage());
        }
      }
    }
    return rows;
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
            Text.of(
                "%s: %s: %.0f MiB/s, %.2f CPU s/GiB, peak %.0f MiB, %,d of %,d records",
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

  private void full(Broker broker) throws Exception {
    if (plan.works().contains(Work.FULL)) {
      List<Throughput> rows = measured(ofEach(build -> load(build, broker)::full));
      throughputs.addAll(rows);
      report.full(rows);
    }
  }

  private SoakWork load(Build build, Broker broker) {
    return new SoakWork(build, folder, broker, plan.quick());
  }

  private void growth(Broker broker) throws Exception {
    if (!plan.works().contains(Work.GROWTH)) {
      return;
    }
    List<Throughput> rows = new ArrayList<>();
    FileWork files = new FileWork(folder, broker);
    for (int count : plan.quick() ? List.of(1, 10) : List.of(1, 10, 100, 1000)) {
      Input input = Input.texts(folder, count, bytes());
      rows.addAll(measured(ofEach(build -> () -> files.run(build, Work.GROWTH, input))));
      remove(Objects.requireNonNull(input.path().getParent()));
    }
    SoakWork paced = load(builds.getFirst(), broker);
    double most = Double.POSITIVE_INFINITY;
    for (double rate : plan.quick() ? List.of(1.0, most) : List.of(1.0, 10.0, 50.0, most)) {
      rows.addAll(measured(List.of(() -> paced.paced(rate))));
    }
    throughputs.addAll(rows);
    report.growth(rows);
    List<FootprintWork.Idle> quiet = new ArrayList<>();
    for (int count : plan.quick() ? List.of(1, 10) : List.of(1, 100, 1000)) {
      quiet.add(idle(broker, Work.GROWTH, count));
    }
    report.quietFiles(quiet);
  }

  private void latency(Broker broker) throws Exception {
    if (!plan.works().contains(Work.LATENCY)) {
      return;
    }
    LatencyWork work = new LatencyWork(builds.getFirst(), folder, plan.quick());
    List<Latency> rows = new ArrayList<>();
    rows.add(median(() -> work.yardstick(broker)));
    for (LatencyWork.Way way : LatencyWork.WAYS) {
      rows.add(median(() -> work.toKafka(broker, way)));
    }
    latencies.addAll(rows);
    report.latencies(rows);
  }

  private void lag(Broker broker) throws Exception {
    if (plan.works().contains(Work.LAG)) {
      say("lag: a destination is dead for three minutes");
      List<Latency> rows = new LagWork(builds.getFirst(), folder, plan.quick()).run(broker);
      latencies.addAll(rows);
      report.lag(rows);
    }
  }

  private void quiet(Broker broker) throws Exception {
    if (plan.works().contains(Work.QUIET)) {
      LatencyWork work = new LatencyWork(builds.getFirst(), folder, plan.quick());
      FootprintWork.Idle nothing = idle(broker, Work.QUIET, LatencyWork.QUIET_FILES);
      Latency lines = median(work::quiet);
      latencies.add(lines);
      report.quiet(nothing, lines);
    }
  }

  private Latency median(Callable<Latency> work) throws Exception {
    List<Latency> runs = new ArrayList<>();
    for (int i = 0; i < plan.runs(); i++) {
      Latency one = work.call();
      say(
          Text.of(
              "%s: p50 %s ms, p99 %s ms, %s %% CPU",
              one.name(), one.p50(), one.p99(), one.cpuPercent()));
      runs.add(one);
    }
    return Latency.median(runs);
  }

  private void start(Broker broker) throws Exception {
    if (!plan.works().contains(Work.START)) {
      return;
    }
    List<FootprintWork.Start> rows = new ArrayList<>();
    for (Build build : builds) {
      FootprintWork.Start start = new FootprintWork(build, folder, broker, plan.quick()).start();
      say(
          Text.of(
              "%s: ready %s ms, first line %s ms",
              start.name(), start.readyMillis(), start.firstLineMillis()));
      rows.add(start);
    }
    report.start(rows);
  }

  private void idle(Broker broker) throws Exception {
    if (plan.works().contains(Work.IDLE)) {
      report.idle(idle(broker, Work.IDLE, 1));
    }
  }

  private FootprintWork.Idle idle(Broker broker, Work work, int files) throws Exception {
    say(Text.of("%s: quiet files: %,d; two minutes a run", work.label(), files));
    FootprintWork.Idle idle =
        new FootprintWork(builds.getFirst(), folder, broker, plan.quick())
            .idle(work, files, plan.runs());
    say(
        Text.of(
            "%s: RSS %s, PSS %s MiB, %s %% CPU",
            idle.name(), idle.resident(), idle.proportional(), idle.cpuPercent()));
    return idle;
  }

  private void soak(Broker broker, Work work) throws Exception {
    if (!plan.works().contains(work)) {
      return;
    }
    Soak outcome = load(builds.getFirst(), broker).run(work, plan.minutes());
    soaks.add(outcome);
    report.soak(outcome);
    Path results = plan.results();
    Path beside = results == null ? Path.of("") : results.resolveSibling("");
    Path picture = beside.resolve(work.label() + ".svg");
    Files.writeString(picture, outcome.picture());
    say("the picture is " + picture.toAbsolutePath());
  }

  private static void say(String what) {
    System.err.println("bench: " + what);
  }

  static void remove(Path folder) {
    try (Stream<Path> tree = Files.walk(folder)) {
      tree.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException e) {
      System.err.println("bench: " + folder + " could not be removed: " + e);
    }
  }
}
