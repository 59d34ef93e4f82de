package dev.pannier.benchmarks;

import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/// What a sidecar costs that has nothing to do, and how long it takes to start.
final class FootprintWork {
  /// Medians of a minute, one minute after it was ready.
  record Idle(double residentMiB, double proportionalMiB, double cpu) {}

  /// Seconds from the process's start.
  ///
  /// @param suffix of the build's rows
  record Start(String suffix, double ready, double firstLine, double cpu) {}

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

  Idle idle() throws Exception {
    Path own = Files.createDirectories(folder.resolve("idle"));
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
          Distribution.of(resident).median(), Distribution.of(proportional).median(), cpu);
    }
  }

  /// Medians of several starts.
  Start start() throws Exception {
    int times = quick ? 1 : 7;
    double[] ready = new double[times];
    double[] firstLine = new double[times];
    double[] cpu = new double[times];
    for (int i = 0; i < times; i++) {
      Start one = startOnce(i);
      ready[i] = one.ready;
      firstLine[i] = one.firstLine;
      cpu[i] = one.cpu;
    }
    return new Start(
        build.suffix(),
        Distribution.of(ready).median(),
        Distribution.of(firstLine).median(),
        Distribution.of(cpu).median());
  }

  private Start startOnce(int number) throws Exception {
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
        return new Start(build.suffix(), readySeconds, firstLine, cpu);
      }
    }
  }
}
