package dev.pannier.benchmarks;

import dev.pannier.benchmarks.Plan.Work;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/// What a sidecar costs that has nothing to do, and how long it takes to start.
final class FootprintWork {
  /// @param files in which nothing happens
  record Idle(int files, List<Minute> runs) {
    String name() {
      return Text.name(runs.stream().map(Minute::name));
    }

    double residentMiB() {
      return of(runs, Minute::residentMiB).median();
    }

    String resident() {
      return figure(of(runs, Minute::residentMiB));
    }

    String proportional() {
      return figure(of(runs, Minute::proportionalMiB));
    }

    String cpuPercent() {
      return figure(of(runs, run -> run.cpu * 100));
    }
  }

  /// Medians of a minute, one minute after it was ready, and the share of one processor in it.
  record Minute(String name, double residentMiB, double proportionalMiB, double cpu) {}

  record Start(List<Once> runs) {
    String name() {
      return Text.name(runs.stream().map(Once::name));
    }

    String readyMillis() {
      return figure(of(runs, run -> run.ready * 1000));
    }

    String firstLineMillis() {
      return figure(of(runs, run -> run.firstLine * 1000));
    }

    String cpuSeconds() {
      return figure(of(runs, Once::cpu));
    }
  }

  /// Seconds from the process's start.
  record Once(String name, double ready, double firstLine, double cpu) {}

  private static <T> Distribution of(List<T> runs, ToDoubleFunction<T> figure) {
    return Distribution.of(runs.stream().mapToDouble(figure).toArray());
  }

  private static String figure(Distribution runs) {
    return Text.number(runs.median()) + runs.spread();
  }

  private static final Duration FIRST_LINE_WITHIN = Duration.ofSeconds(60);

  private final Build build;
  private final Path folder;
  private final Broker broker;
  private final boolean quick;

  FootprintWork(Build build, Path folder, Broker broker, boolean quick) {
    this.build = build;
    this.folder = folder;
    this.broker = broker;
    this.quick = quick;
  }

  /// Both receivers on, connected to Kafka.
  private String configuration(Path logs, String topic) {
    return """
    sources:
      files:
        - {name: app, include: ["%s/*.log"]}
      otlp: {grpc: "${GRPC}", http: "${HTTP}"}
    shippers:
      events: {type: kafka, bootstrap_servers: "%s", topics: %s}
    """
        .formatted(logs, broker.servers(), topic);
  }

  /// @param files in which nothing happens
  Idle idle(Work work, int files, int runs) throws Exception {
    List<Minute> all = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      all.add(minute(work, files));
    }
    return new Idle(files, all);
  }

  private Minute minute(Work work, int files) throws Exception {
    Path own = Files.createTempDirectory(folder, "idle-");
    Path logs = Files.createDirectories(own.resolve("logs"));
    for (int i = 0; i < files; i++) {
      Files.writeString(logs.resolve(i + ".log"), "started as number " + i + "\n");
    }
    String topic = broker.topic("idle");
    try (BenchSidecar sidecar =
        BenchSidecar.start(build, own, configuration(logs, topic), Redirect.DISCARD)) {
      sidecar.awaitReady();
      sidecar.awaitConfirmed(files);
      int seconds = quick ? 3 : 60;
      TimeUnit.SECONDS.sleep(seconds);
      Usage usage = sidecar.usage();
      double[] resident = new double[seconds];
      double[] proportional = new double[seconds];
      double before = usage.cpuSeconds();
      long begin = System.nanoTime();
      for (int i = 0; i < seconds; i++) {
        TimeUnit.SECONDS.sleep(1);
        resident[i] = usage.residentMiB();
        proportional[i] = usage.proportionalMiB();
      }
      double cpu = (usage.cpuSeconds() - before) / ((System.nanoTime() - begin) / 1e9);
      sidecar.stop();
      broker.delete(topic);
      return new Minute(
          Text.of(
              "`%s`: %s, both receivers, connected to Kafka%s",
              work.label(),
              files == 1 ? "one quiet file" : Text.of("%,d quiet files", files),
              sidecar.suffix()),
          Distribution.of(resident).median(),
          Distribution.of(proportional).median(),
          cpu);
    }
  }

  /// Several starts, whatever the runs: one takes a second.
  Start start() throws Exception {
    int times = quick ? 1 : 7;
    List<Once> all = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      all.add(startOnce());
    }
    return new Start(all);
  }

  private Once startOnce() throws Exception {
    Path own = Files.createTempDirectory(folder, "start-");
    Path logs = Files.createDirectories(own.resolve("logs"));
    // Enough for `parser: auto` to choose without waiting for more.
    Files.write(logs.resolve("app.log"), TestLines.text(100_000));
    String topic = broker.topic("start");
    try (KafkaConsumer<byte[], byte[]> consumer = Counts.consumer(broker.servers(), topic)) {
      // The consumer knows its broker before the clock starts.
      consumer.poll(Duration.ofMillis(100));
      try (BenchSidecar sidecar =
              BenchSidecar.start(build, own, configuration(logs, topic), Redirect.DISCARD);
          ExecutorService thread = Executors.newSingleThreadExecutor()) {
        Future<Double> ready = thread.submit(sidecar::awaitReady);
        while (consumer.poll(Duration.ofSeconds(1)).isEmpty()) {
          if (sidecar.age() > FIRST_LINE_WITHIN.toSeconds()) {
            throw new IllegalStateException("no line came within " + FIRST_LINE_WITHIN);
          }
        }
        double firstLine = sidecar.age();
        double readySeconds = ready.get();
        double cpu = sidecar.usage().cpuSeconds();
        sidecar.stop();
        broker.delete(topic);
        return new Once(
            "`start`: from the process's start" + sidecar.suffix(), readySeconds, firstLine, cpu);
      }
    }
  }
}
