package dev.pannier.benchmarks;

import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/// What a sidecar costs that has nothing to do, and how long it takes to start.
final class FootprintWork {
  /// Medians of a minute, one minute after it was ready; a value a run.
  record Idle(double[] residentMiB, double[] proportionalMiB, double[] cpu) {
    String resident() {
      return figure(residentMiB, 1);
    }

    String proportional() {
      return figure(proportionalMiB, 1);
    }

    String cpuPercent() {
      return figure(cpu, 100);
    }
  }

  /// Seconds from the process's start; a value a run.
  ///
  /// @param suffix of the build's rows
  record Start(String suffix, double[] ready, double[] firstLine, double[] cpu) {
    String readyMillis() {
      return figure(ready, 1000);
    }

    String firstLineMillis() {
      return figure(firstLine, 1000);
    }

    String cpuSeconds() {
      return figure(cpu, 1);
    }
  }

  private record Once(double ready, double firstLine, double cpu) {}

  private static String figure(double[] runs, double unit) {
    Distribution all = Distribution.of(Arrays.stream(runs).map(run -> run * unit).toArray());
    return Report.number(all.median()) + all.spread();
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

  /// One quiet file, both receivers on, connected to Kafka.
  private String configuration(Path log, String topic) {
    return """
    sources:
      files:
        - {name: app, include: ["%s"]}
      otlp: {grpc: "${GRPC}", http: "${HTTP}"}
    shippers:
      events: {type: kafka, bootstrap_servers: "%s", topics: %s}
    """
        .formatted(log, broker.servers(), topic);
  }

  Idle idle(int runs) throws Exception {
    double[] resident = new double[runs];
    double[] proportional = new double[runs];
    double[] cpu = new double[runs];
    for (int i = 0; i < runs; i++) {
      Idle one = idleOnce(i);
      resident[i] = one.residentMiB[0];
      proportional[i] = one.proportionalMiB[0];
      cpu[i] = one.cpu[0];
    }
    return new Idle(resident, proportional, cpu);
  }

  private Idle idleOnce(int number) throws Exception {
    Path own = Files.createDirectories(folder.resolve("idle-" + number));
    Path log = Files.writeString(own.resolve("app.log"), "one line\n");
    String topic = broker.topic("idle");
    try (BenchSidecar sidecar =
        BenchSidecar.start(build, own, configuration(log, topic), Redirect.DISCARD)) {
      sidecar.awaitReady();
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
      return new Idle(
          new double[] {Distribution.of(resident).median()},
          new double[] {Distribution.of(proportional).median()},
          new double[] {cpu});
    }
  }

  /// Several starts, whatever the runs: one takes a second.
  Start start() throws Exception {
    int times = quick ? 1 : 7;
    double[] ready = new double[times];
    double[] firstLine = new double[times];
    double[] cpu = new double[times];
    for (int i = 0; i < times; i++) {
      Once one = startOnce(i);
      ready[i] = one.ready;
      firstLine[i] = one.firstLine;
      cpu[i] = one.cpu;
    }
    return new Start(build.suffix(), ready, firstLine, cpu);
  }

  private Once startOnce(int number) throws Exception {
    Path own = Files.createDirectories(folder.resolve("start-" + number));
    // Enough for `parser: auto` to choose without waiting for more.
    Path log = Files.write(own.resolve("app.log"), TestLines.text(100_000));
    String topic = broker.topic("start");
    try (KafkaConsumer<byte[], byte[]> consumer = Counts.consumer(broker.servers(), topic)) {
      // The consumer knows its broker before the clock starts.
      consumer.poll(Duration.ofMillis(100));
      try (BenchSidecar sidecar =
              BenchSidecar.start(build, own, configuration(log, topic), Redirect.DISCARD);
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
        return new Once(readySeconds, firstLine, cpu);
      }
    }
  }
}
