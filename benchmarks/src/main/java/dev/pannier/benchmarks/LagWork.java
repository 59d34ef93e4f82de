package dev.pannier.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pannier.benchmarks.Plan.Work;
import dev.pannier.demo.Ports;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/// Two destinations behind the disk buffer, of which one dies and comes back while lines are written: what a line
/// takes to the other one before, meanwhile and after; and whether the dead one has each line in the end.
final class LagWork {
  private static final int LINES_A_SECOND = 1_000;
  private static final Duration LAST_WITHIN = Duration.ofMinutes(5);

  private final Build build;
  private final Path folder;
  private final boolean quick;
  private int runs;

  LagWork(Build build, Path folder, boolean quick) {
    this.build = build;
    this.folder = folder;
    this.quick = quick;
  }

  /// @return a row for each part of the time, and the dead one's own: how old its lines were
  List<Latency> run(Broker broker) throws Exception {
    int warm = lines(quick ? 1 : 10);
    int dies = warm + lines(quick ? 2 : 60);
    int returns = dies + lines(quick ? 2 : 180);
    int lines = returns + lines(quick ? 2 : 60);
    String topic = broker.topic(Work.LAG.label());
    Path own = Files.createDirectories(folder.resolve("lag-" + ++runs));
    Path log = own.resolve("app.log");
    int port = Ports.free(1).getFirst();
    String text =
        """
        sources:
          files:
            - {name: app, include: ["%s"], parser: logstash, multiline: none}
          otlp: none
        buffer: {type: disk, directory: "${BUFFER}"}
        shippers:
          events:
            type: kafka
            bootstrap_servers: "%s"
            topics: {logs: %s}
            encoding: {logs: json}
            signals: [logs]
          backend:
            type: otlp
            endpoint: "http://127.0.0.1:%d"
            protocol: http/protobuf
            signals: [logs]
        """
            .formatted(log, broker.servers(), topic, port);
    try (PacedWriter writer = new PacedWriter(List.of(log), true, lines, LINES_A_SECOND);
        Backend backend = new Backend(port, new Arrivals(writer));
        BenchSidecar sidecar = BenchSidecar.start(build, own, text, Redirect.DISCARD);
        KafkaConsumer<byte[], byte[]> consumer = Counts.consumer(broker.servers(), topic);
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      sidecar.awaitReady();
      Arrivals arrivals = new Arrivals(writer);
      Future<?> writing =
          thread.submit(
              () -> {
                writer.run();
                return true;
              });
      int[] ends = {warm, dies, returns, lines};
      double[] cpu = new double[ends.length];
      for (int part = 0; part < ends.length; part++) {
        double before = sidecar.usage().cpuSeconds();
        long begin = System.nanoTime();
        while (arrivals.unbroken() < ends[part] && !arrivals.complete(writing, LAST_WITHIN)) {
          for (ConsumerRecord<byte[], byte[]> message : consumer.poll(Duration.ofMillis(100))) {
            arrivals.add(message.value(), message.value().length);
          }
        }
        cpu[part] = (sidecar.usage().cpuSeconds() - before) / ((System.nanoTime() - begin) / 1e9);
        if (ends[part] == dies) {
          backend.die();
        } else if (ends[part] == returns) {
          backend.comeBack();
        }
      }
      writing.get();
      backend.awaitAll(LAST_WITHIN);
      sidecar.stop();
      broker.delete(topic);
      String to = "`lag`: JSON line → Kafka → consumer, ";
      String suffix = sidecar.suffix();
      return List.of(
          arrivals.latency(to + "both well" + suffix, warm, dies, cpu[1]),
          arrivals.latency(to + "the other one dead" + suffix, dies, returns, cpu[2]),
          arrivals.latency(to + "it catches up" + suffix, returns, lines, cpu[3]),
          backend.latency("`lag`: JSON line → the one that was dead" + suffix, lines));
    }
  }

  private static int lines(int seconds) {
    return seconds * LINES_A_SECOND;
  }

  /// An OTLP backend over HTTP that dies and comes back.
  private static final class Backend implements AutoCloseable {
    private final InetSocketAddress address;
    private final Arrivals arrivals;
    private HttpServer server;

    Backend(int port, Arrivals arrivals) throws IOException {
      address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      this.arrivals = arrivals;
      server = started();
    }

    private HttpServer started() throws IOException {
      HttpServer made = HttpServer.create(address, 0);
      made.createContext("/v1/logs", this::take);
      made.start();
      return made;
    }

    private void take(HttpExchange exchange) throws IOException {
      boolean gzip = "gzip".equals(exchange.getRequestHeaders().getFirst("content-encoding"));
      try (exchange;
          InputStream body = exchange.getRequestBody();
          InputStream plain = gzip ? new GZIPInputStream(body) : body) {
        ExportLogsServiceRequest request = ExportLogsServiceRequest.parseFrom(plain);
        synchronized (arrivals) {
          request.getResourceLogsList().stream()
              .flatMap(resource -> resource.getScopeLogsList().stream())
              .flatMap(scope -> scope.getLogRecordsList().stream())
              .forEach(
                  record -> {
                    byte[] text = record.getBody().getStringValueBytes().toByteArray();
                    arrivals.add(text, text.length);
                  });
        }
        exchange.getResponseHeaders().add("content-type", "application/x-protobuf");
        exchange.sendResponseHeaders(200, -1);
      }
    }

    void die() {
      server.stop(0);
    }

    void comeBack() throws IOException {
      server = started();
    }

    void awaitAll(Duration within) throws InterruptedException {
      long deadline = System.nanoTime() + within.toNanos();
      while (System.nanoTime() < deadline) {
        synchronized (arrivals) {
          if (arrivals.all()) {
            return;
          }
        }
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }

    /// Its CPU time is the others', too.
    Latency latency(String name, int lines) {
      synchronized (arrivals) {
        return arrivals.latency(name, 0, lines, Double.NaN);
      }
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }
}
