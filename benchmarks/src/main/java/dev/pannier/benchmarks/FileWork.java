package dev.pannier.benchmarks;

import dev.pannier.benchmarks.Plan.Work;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A file that is there before the sidecar starts, shipped to its end; and the same by the
/// yardstick.
final class FileWork {
  private static final long POLL_MILLIS = 100;
  private static final double STUCK_SECONDS = 600;

  private final Path folder;
  private final Broker broker;
  private int runs;

  FileWork(Path folder, Broker broker) {
    this.folder = folder;
    this.broker = broker;
  }

  Throughput run(Build build, Work work, Input input) throws Exception {
    if (work == Work.NOWHERE) {
      String text =
          files(work, input)
              + "shippers:\n  nowhere: {type: stdout, format: raw, signals: [logs]}\n";
      return measure(build, work, input, text, null);
    }
    String topic = broker.topic(work.label());
    String text =
        files(work, input)
            + """
            shippers:
              events:
                type: kafka
                bootstrap_servers: "%s"
                topics: {logs: %s}
                encoding: {logs: %s}
                signals: [logs]
                delivery: %s
            """
                .formatted(
                    broker.servers(),
                    topic,
                    encoding(work),
                    work == Work.ONCE ? "exactly_once" : "at_least_once");
    Throughput measured = measure(build, work, input, text, topic);
    broker.delete(topic);
    return measured;
  }

  private static String files(Work work, Input input) {
    boolean json = work == Work.JSON || work == Work.JSON_OTLP;
    String buffer = work == Work.DISK ? "buffer: {type: disk, directory: \"${BUFFER}\"}\n" : "";
    return """
    sources:
      files:
        - {name: app, include: ["%s"], parser: %s}
      otlp: none
    %s\
    """
        .formatted(input.path(), json ? "logstash" : "raw", buffer);
  }

  private static String encoding(Work work) {
    return switch (work) {
      case RAW -> "raw";
      case JSON -> "json";
      default -> "otlp_proto";
    };
  }

  static String title(Work work) {
    return switch (work) {
      case GROWTH -> "`growth`: as `otlp`, from many files";
      case OTLP -> "`otlp`: file → Kafka, OTLP batches";
      case DISK -> "`disk`: as `otlp`, with the disk buffer";
      case ONCE -> "`once`: as `otlp`, exactly once";
      case RAW -> "`raw`: file → Kafka, one raw record a line";
      case JSON_OTLP -> "`json-otlp`: JSON parsed → Kafka, OTLP batches";
      case JSON -> "`json`: JSON parsed → Kafka, flat JSON a line";
      case NOWHERE -> "`nowhere`: file → `/dev/null`, each line written";
      default -> throw new IllegalArgumentException(work.label());
    };
  }

  private Throughput measure(
      Build build, Work work, Input input, String text, @Nullable String topic) throws Exception {
    Path own = folder.resolve(work.label() + "-" + ++runs);
    try (BenchSidecar sidecar = BenchSidecar.start(build, own, text, Redirect.DISCARD)) {
      sidecar.awaitReady();
      Usage usage = sidecar.usage();
      Double firstGib = null;
      long confirmed = sidecar.confirmed();
      while (confirmed < input.lines()) {
        if (sidecar.age() > STUCK_SECONDS) {
          throw sidecar.stuck(confirmed + " of " + input.lines() + " lines of " + work.label());
        }
        Thread.sleep(POLL_MILLIS);
        confirmed = sidecar.confirmed();
        if (firstGib == null && input.gib() > 1.01 && confirmed * input.gib() >= input.lines()) {
          firstGib = usage.cpuSeconds();
        }
      }
      double seconds = sidecar.age();
      double cpu = usage.cpuSeconds();
      double peak = usage.peakResidentMiB();
      double pss = usage.proportionalMiB();
      sidecar.stop();
      // Where nobody consumes, the sidecar's own count is all there is.
      long counted =
          topic == null
              ? confirmed
              : Counts.records(broker.servers(), topic, work != Work.RAW && work != Work.JSON);
      return new Throughput(
          title(work) + sidecar.suffix(),
          input.name(),
          input.lines(),
          counted,
          input.gib(),
          seconds,
          cpu,
          firstGib,
          peak,
          pss);
    }
  }

  /// The plain producer, over the same file.
  Throughput yardstick(Input input) throws Exception {
    String topic = broker.topic("yardstick");
    ProcessBuilder builder =
        new ProcessBuilder(PlainProducer.command(input.path(), broker.servers(), topic, 5))
            .redirectError(folder.resolve("yardstick.err").toFile());
    long begin = System.nanoTime();
    Process process = builder.start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = out.readLine();
      while (line != null && !line.startsWith("done ")) {
        line = out.readLine();
      }
      double seconds = (System.nanoTime() - begin) / 1e9;
      if (line == null) {
        throw new IOException(
            "the plain producer failed: " + Files.readString(folder.resolve("yardstick.err")));
      }
      Usage usage = new Usage(process.pid());
      double cpu = usage.cpuSeconds();
      double peak = usage.peakResidentMiB();
      double pss = usage.proportionalMiB();
      process.getOutputStream().close();
      process.waitFor();
      long counted = Counts.records(broker.servers(), topic, false);
      broker.delete(topic);
      return new Throughput(
          "yardstick: a plain Java producer, one record a line",
          input.name(),
          input.lines(),
          counted,
          input.gib(),
          seconds,
          cpu,
          null,
          peak,
          pss);
    } finally {
      process.destroyForcibly();
    }
  }
}
