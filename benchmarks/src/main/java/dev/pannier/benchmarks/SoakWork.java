package dev.pannier.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.benchmarks.Plan.Work;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// Lines that are written while the sidecar reads them, for long or at a given pace, with rotation; and
/// with spans at once, as many as it takes.
final class SoakWork {
  private static final String LINES = "lines";
  private static final String SPANS = "spans";
  private static final int FULL_MINUTES = 30;
  private static final int SLOW_MINUTES = 20;
  private static final double SLOW_MIB_A_SECOND = 1e6 / (1 << 20);
  private static final long ROTATED_BYTES = 256L << 20;

  /// So much may be written and not yet shipped: the page cache has it, the disk need not.
  private static final long AHEAD_BYTES = 256L << 20;

  private static final int STEP_BYTES = 256 << 10;
  private static final double STUCK_SECONDS = 120;
  private static final double MINUTE = 60;

  private final Build build;
  private final Path folder;
  private final Broker broker;
  private final boolean quick;

  SoakWork(Build build, Path folder, Broker broker, boolean quick) {
    this.build = build;
    this.folder = folder;
    this.broker = broker;
    this.quick = quick;
  }

  /// @param minutes 0 for the work's own
  Soak run(Work work, int minutes) throws Exception {
    boolean full = work == Work.SOAK;
    int own = full ? FULL_MINUTES : SLOW_MINUTES;
    double seconds = quick ? 5 : 60.0 * (minutes > 0 ? minutes : own);
    double pace = full ? Double.POSITIVE_INFINITY : SLOW_MIB_A_SECOND;
    return run(
        full ? "full load, lines and spans at once" : "1 MB/s of lines", pace, seconds, full);
  }

  /// @param mibASecond that are written; infinite for as many as are shipped
  Throughput paced(double mibASecond) throws Exception {
    return minute(
        "`growth`: as `otlp`, written while it is read, after the start",
        Double.isInfinite(mibASecond) ? "as fast as it goes" : Text.of("%.0f MiB/s", mibASecond),
        mibASecond,
        false);
  }

  /// As much as it takes, of lines and spans at once.
  Throughput full() throws Exception {
    return minute(
        "`full`: file → Kafka and OTLP gRPC spans → Kafka at once, after the start",
        "lines and spans",
        Double.POSITIVE_INFINITY,
        true);
  }

  private Throughput minute(String name, String input, double mibASecond, boolean spans)
      throws Exception {
    Soak soak = run("", mibASecond, quick ? 2 : MINUTE, spans);
    double bytes = soak.lines() * meanLineBytes() + soak.spans() * SpanWork.meanBytes(requests);
    return new Throughput(
        name + soak.suffix(),
        input,
        soak.lines() + soak.spans(),
        soak.confirmed(),
        bytes / (1L << 30),
        soak.seconds(),
        soak.cpu() * soak.seconds(),
        null,
        soak.peakMiB(),
        soak.highest(Soak.Figure.PSS));
  }

  private final List<byte[]> requests = SpanWork.requests();
  private final byte[] step = step();
  private final int stepLines = count(step);

  private static byte[] step() {
    return TestLines.text(STEP_BYTES);
  }

  private static int count(byte[] text) {
    int lines = 0;
    for (byte b : text) {
      lines += b == '\n' ? 1 : 0;
    }
    return lines;
  }

  private double meanLineBytes() {
    return (double) step.length / stepLines;
  }

  private Soak run(String name, double mibASecond, double seconds, boolean spans) throws Exception {
    Path own = Files.createTempDirectory(folder, "soak-");
    Path logs = Files.createDirectories(own.resolve("logs"));
    String lineTopic = broker.briefTopic(LINES);
    String spanTopic = broker.briefTopic(SPANS);
    String text =
        """
        sources:
          files:
            - {name: app, include: ["%s/*.log"], parser: raw}
          otlp: %s
        shippers:
          lines: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs]}
        """
            .formatted(
                logs,
                spans ? "{grpc: \"${GRPC}\", http: none}" : "none",
                broker.servers(),
                lineTopic);
    if (spans) {
      text +=
          "  spans: {type: kafka, bootstrap_servers: \"%s\", topics: {traces: %s}, signals: [traces]}\n"
              .formatted(broker.servers(), spanTopic);
    }
    // The sidecar is ended first, and that ends whoever waits for it when something has failed.
    try (ExecutorService threads = Executors.newFixedThreadPool(2);
        BenchSidecar sidecar = BenchSidecar.start(build, own, text, Redirect.DISCARD)) {
      sidecar.awaitReady();
      Usage usage = sidecar.usage();
      double cpuBefore = usage.cpuSeconds();
      long begin = System.nanoTime();
      long end = begin + (long) (seconds * 1e9);
      Writer writer = new Writer(sidecar, logs, mibASecond, end);
      Future<Long> lines = threads.submit(writer::write);
      Future<Long> sent =
          spans
              ? threads.submit(
                  () -> SpanWork.send(sidecar.grpcPort(), requests, _ -> System.nanoTime() < end))
              : threads.submit(() -> 0L);
      List<Soak.Sample> samples = sample(sidecar, begin, end, lines);
      long written = lines.get();
      long taken = sent.get();
      long all = written + taken;
      long last = System.nanoTime();
      while (sidecar.confirmed() < all && (System.nanoTime() - last) / 1e9 < STUCK_SECONDS) {
        TimeUnit.MILLISECONDS.sleep(100);
      }
      double took = (System.nanoTime() - begin) / 1e9;
      double cpu = (usage.cpuSeconds() - cpuBefore) / took;
      double peak = usage.peakResidentMiB();
      long confirmed = sidecar.confirmed();
      sidecar.stop();
      Bench.remove(logs);
      broker.delete(lineTopic);
      broker.delete(spanTopic);
      return new Soak(name, sidecar.suffix(), written, taken, confirmed, took, cpu, peak, samples);
    }
  }

  /// Until the end, or until the writing has failed.
  private List<Soak.Sample> sample(BenchSidecar sidecar, long begin, long end, Future<?> writing)
      throws Exception {
    List<Soak.Sample> samples = new ArrayList<>();
    Usage usage = sidecar.usage();
    double interval = Math.clamp((end - begin) / 1e9 / 300, 0.5, 10);
    double before = 0;
    long confirmedBefore = 0;
    for (long now = begin; now < end && !writing.isDone(); now = System.nanoTime()) {
      TimeUnit.NANOSECONDS.sleep((long) (interval * 1e9));
      long confirmed = sidecar.confirmed(LINES);
      double at = (System.nanoTime() - begin) / 1e9;
      samples.add(
          new Soak.Sample(
              at,
              usage.residentMiB(),
              usage.proportionalMiB(),
              usage.threads(),
              usage.descriptors(),
              (confirmed - confirmedBefore) * meanLineBytes() / (1 << 20) / (at - before)));
      before = at;
      confirmedBefore = confirmed;
    }
    return samples;
  }

  /// Writes one file after the other, and deletes those that were shipped.
  private final class Writer {
    private final BenchSidecar sidecar;
    private final Path logs;
    private final double mibASecond;
    private final long endNanos;

    /// Files that are not deleted, with the lines written up to their end.
    private final ArrayDeque<Finished> finished = new ArrayDeque<>();

    private record Finished(Path path, long lines) {}

    Writer(BenchSidecar sidecar, Path logs, double mibASecond, long endNanos) {
      this.sidecar = sidecar;
      this.logs = logs;
      this.mibASecond = mibASecond;
      this.endNanos = endNanos;
    }

    /// @return the lines written
    long write() throws IOException, InterruptedException {
      long lines = 0;
      long confirmed = 0;
      long ahead = (long) (AHEAD_BYTES / meanLineBytes());
      double begin = System.nanoTime() / 1e9;
      long steps = 0;
      for (int number = 0; System.nanoTime() < endNanos; number++) {
        Path path = logs.resolve(number + ".log");
        try (FileChannel file =
            FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          // A file that begins like another is taken for its copy, as rotation leaves them.
          file.write(ByteBuffer.wrap(("file " + number + " begins\n").getBytes(US_ASCII)));
          lines++;
          for (long size = 0; size < ROTATED_BYTES && System.nanoTime() < endNanos; ) {
            if (lines - confirmed > ahead) {
              confirmed = awaitShipped(lines - ahead);
            }
            double due = begin + ++steps * (step.length / (double) (1 << 20)) / mibASecond;
            long wait = (long) ((due - System.nanoTime() / 1e9) * 1e9);
            if (wait > 0) {
              TimeUnit.NANOSECONDS.sleep(wait);
            }
            ByteBuffer bytes = ByteBuffer.wrap(step);
            while (bytes.hasRemaining()) {
              size += file.write(bytes);
            }
            lines += stepLines;
          }
        }
        finished.add(new Finished(path, lines));
        confirmed = sidecar.confirmed(LINES);
        while (!finished.isEmpty() && finished.peek().lines() <= confirmed) {
          Files.delete(finished.remove().path());
        }
      }
      return lines;
    }

    /// @return how many lines are confirmed, at least so many
    private long awaitShipped(long wanted) throws IOException, InterruptedException {
      long before = 0;
      long since = System.nanoTime();
      for (long confirmed = sidecar.confirmed(LINES); ; confirmed = sidecar.confirmed(LINES)) {
        if (confirmed >= wanted) {
          return confirmed;
        }
        if (confirmed > before) {
          before = confirmed;
          since = System.nanoTime();
        } else if ((System.nanoTime() - since) / 1e9 > STUCK_SECONDS) {
          throw sidecar.stuck(confirmed + " lines are confirmed, and no more for two minutes");
        }
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }
  }
}
