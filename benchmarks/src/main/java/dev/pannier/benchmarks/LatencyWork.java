package dev.pannier.benchmarks;

import dev.pannier.benchmarks.Plan.Work;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/// What one line at a time takes: from `write` to a consumer of Kafka, and from `write` to the
/// sidecar's standard output, which bounds from above when the sidecar has noticed it.
final class LatencyWork {
  private static final double LINES_A_SECOND = 100;
  static final int QUIET_FILES = 20;
  private static final double QUIET_LINES_A_SECOND = 10;
  private static final Duration LAST_WITHIN = Duration.ofSeconds(60);

  /// How lines go to Kafka.
  ///
  /// @param json      JSON lines, and not text in a Logback layout
  /// @param multiline `auto`, the default, or `none`
  /// @param delivery  `at_least_once`, the default, or `exactly_once`
  record Way(boolean json, String multiline, String delivery) {
    private String title() {
      return Text.of(
          "`latency`: %s line → Kafka → consumer, `multiline: %s`, %s",
          json ? "JSON" : "text", multiline, delivery);
    }
  }

  /// A JSON line that is a whole object waits for nothing; a text line waits for the next one, or for
  /// `flush_after`.
  static final List<Way> WAYS =
      List.of(
          new Way(true, "auto", "at_least_once"),
          new Way(true, "none", "at_least_once"),
          new Way(true, "none", "exactly_once"),
          new Way(false, "auto", "at_least_once"));

  private final Build build;
  private final Path folder;
  private final boolean quick;
  private int runs;

  LatencyWork(Build build, Path folder, boolean quick) {
    this.build = build;
    this.folder = folder;
    this.quick = quick;
  }

  private int warm() {
    return quick ? 20 : 500;
  }

  private int lines() {
    return warm() + (quick ? 100 : 3000);
  }

  /// Kafka's client alone: the plain producer gets the same lines by a pipe, and sends each at once.
  Latency yardstick(Broker broker) throws Exception {
    String topic = broker.topic(Work.LATENCY.label());
    Path own = Files.createDirectories(folder.resolve("latency-" + ++runs));
    List<String> command = PlainProducer.command(Path.of("/dev/stdin"), broker.servers(), topic, 0);
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(Redirect.DISCARD)
            .redirectError(own.resolve("yardstick.err").toFile())
            .start();
    Path pipe = Path.of("/proc", String.valueOf(process.pid()), "fd", "0");
    try (PacedWriter writer = new PacedWriter(List.of(pipe), true, lines(), LINES_A_SECOND);
        KafkaConsumer<byte[], byte[]> consumer = Counts.consumer(broker.servers(), topic)) {
      Latency measured =
          measure(
              writer,
              consumer,
              new Usage(process.pid()),
              "yardstick: JSON line by a pipe → a plain Java producer → Kafka → consumer");
      process.getOutputStream().close();
      broker.delete(topic);
      return measured;
    } finally {
      process.destroyForcibly();
    }
  }

  Latency toKafka(Broker broker, Way way) throws Exception {
    String topic = broker.topic(Work.LATENCY.label());
    Path own = Files.createDirectories(folder.resolve("latency-" + ++runs));
    Path log = own.resolve("app.log");
    String text =
        """
        sources:
          files:
            - {name: app, include: ["%s"], parser: %s, multiline: %s}
          otlp: none
        shippers:
          events:
            type: kafka
            bootstrap_servers: "%s"
            topics: {logs: %s}
            encoding: {logs: json}
            signals: [logs]
            delivery: %s
        """
            .formatted(
                log,
                way.json ? "logstash" : "auto",
                way.multiline,
                broker.servers(),
                topic,
                way.delivery);
    try (PacedWriter writer = new PacedWriter(List.of(log), way.json, lines(), LINES_A_SECOND);
        BenchSidecar sidecar = BenchSidecar.start(build, own, text, Redirect.DISCARD);
        KafkaConsumer<byte[], byte[]> consumer = Counts.consumer(broker.servers(), topic)) {
      sidecar.awaitReady();
      Latency measured = measure(writer, consumer, sidecar.usage(), way.title() + sidecar.suffix());
      sidecar.stop();
      broker.delete(topic);
      return measured;
    }
  }

  /// Writes all lines and waits for them at the consumer.
  ///
  /// @param usage of the process between the two
  private Latency measure(
      PacedWriter writer, KafkaConsumer<byte[], byte[]> consumer, Usage usage, String title)
      throws Exception {
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      double before = usage.cpuSeconds();
      long begin = System.nanoTime();
      Future<?> writing = thread.submit(() -> write(writer));
      Arrivals arrivals = new Arrivals(writer);
      while (!arrivals.complete(writing, LAST_WITHIN)) {
        for (ConsumerRecord<byte[], byte[]> message : consumer.poll(Duration.ofMillis(500))) {
          arrivals.add(message.value(), message.value().length);
        }
      }
      double cpu = (usage.cpuSeconds() - before) / ((System.nanoTime() - begin) / 1e9);
      writing.get();
      return arrivals.latency(title, warm(), cpu);
    }
  }

  /// Single lines in any of 20 files, in which nothing has happened for a while.
  Latency quiet() throws Exception {
    int lines = quick ? 20 : 300;
    Path own = Files.createDirectories(folder.resolve("quiet-" + ++runs));
    List<Path> logs = new ArrayList<>();
    for (int i = 0; i < QUIET_FILES; i++) {
      Path log = own.resolve("app" + i + ".log");
      Files.writeString(log, "started as number " + i + "\n");
      logs.add(log);
    }
    String text =
        """
        sources:
          files:
            - {name: app, include: ["%s/*.log"], parser: raw, multiline: none}
          otlp: none
        shippers:
          out: {type: stdout, format: raw, signals: [logs]}
        """
            .formatted(own);
    try (PacedWriter writer = new PacedWriter(logs, false, lines, QUIET_LINES_A_SECOND);
        BenchSidecar sidecar = BenchSidecar.start(build, own, text, Redirect.PIPE);
        BufferedReader out =
            new BufferedReader(
                new InputStreamReader(sidecar.output(), StandardCharsets.ISO_8859_1));
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      sidecar.awaitReady();
      sidecar.awaitConfirmed(QUIET_FILES);
      TimeUnit.SECONDS.sleep(quick ? 1 : 10);
      Usage usage = sidecar.usage();
      double before = usage.cpuSeconds();
      long begin = System.nanoTime();
      CountDownLatch arrived = new CountDownLatch(1);
      Future<?> writing =
          thread.submit(
              () -> {
                write(writer);
                if (!arrived.await(LAST_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
                  // Ends the reading below, which waits for a line that is lost.
                  sidecar.kill();
                }
                return true;
              });
      Arrivals arrivals = new Arrivals(writer);
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        byte[] bytes = line.getBytes(StandardCharsets.ISO_8859_1);
        arrivals.add(bytes, bytes.length);
        if (arrivals.all()) {
          break;
        }
      }
      if (!arrivals.all()) {
        throw new IOException("lines did not come out of the sidecar within " + LAST_WITHIN);
      }
      double busy = (usage.cpuSeconds() - before) / ((System.nanoTime() - begin) / 1e9);
      arrived.countDown();
      writing.get();
      sidecar.stop();
      return arrivals.latency(
          "`quiet`: 20 files, 10 lines a second, line → its output" + sidecar.suffix(), 0, busy);
    }
  }

  private static boolean write(PacedWriter writer) {
    try {
      writer.run();
      return true;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
