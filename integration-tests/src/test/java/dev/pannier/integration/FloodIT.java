package dev.pannier.integration;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// More clients than the sidecar can serve, and some that mean harm: it stays alive to whoever asks,
/// and loses nothing that it has acknowledged.
class FloodIT {
  /// What Kubernetes waits for a probe by default (`timeoutSeconds`).
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);

  private static final int RECORDS = 500;
  private static final int PROBES = 60;
  private static final int CLIENTS = 8;

  @TempDir private Path folder;

  @Test
  void livezAnswersThroughAFloodOfRequestsAndGzipBombs() throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("flood");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic);
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        ExecutorService threads = Executors.newFixedThreadPool(2 * CLIENTS)) {
      sidecar
          .configure(
              Sidecar.otlp()
                  + "shippers: {out: {type: kafka, bootstrap_servers: \"%s\", topics: %s}}\n"
                      .formatted(kafka.servers(), topic))
          .start();
      AtomicInteger probes = new AtomicInteger();
      byte[] request = gzip(logs(), 1);
      byte[] bomb = gzip(new byte[1 << 20], 200);
      List<Future<Integer>> good = new ArrayList<>();
      List<Future<Integer>> bad = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        good.add(threads.submit(sender(client, sidecar, request, 200, probes)));
        bad.add(threads.submit(sender(client, sidecar, bomb, 413, probes)));
      }
      HttpRequest probe =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sidecar.adminPort() + "/livez"))
              .timeout(PROBE_TIMEOUT)
              .build();
      while (probes.get() < PROBES) {
        MILLISECONDS.sleep(100);
        // Fails where the answer takes longer than the probe's timeout.
        assertThat(client.send(probe, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
        probes.incrementAndGet();
      }
      long acknowledged = 0;
      for (Future<Integer> each : good) {
        acknowledged += each.get();
      }
      int refused = 0;
      for (Future<Integer> each : bad) {
        refused += each.get();
      }
      assertThat(acknowledged).isPositive();
      assertThat(refused).isPositive();
      assertThat(sidecar.stop()).isZero();
      long arrived = 0;
      for (var message : read.rest().messages()) {
        arrived += count(message.value());
      }
      assertThat(arrived).isEqualTo(acknowledged * RECORDS);
    }
  }

  /// Sends until the last probe was answered.
  ///
  /// @return how many had this answer; others are told to come again
  private static Callable<Integer> sender(
      HttpClient client, Sidecar sidecar, byte[] body, int wanted, AtomicInteger probes) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sidecar.httpPort() + "/v1/logs"))
            .header("content-type", "application/x-protobuf")
            .header("content-encoding", "gzip")
            .POST(BodyPublishers.ofByteArray(body))
            .build();
    return () -> {
      int answered = 0;
      while (probes.get() < PROBES) {
        int status = client.send(request, BodyHandlers.discarding()).statusCode();
        if (status == wanted) {
          answered++;
        } else {
          assertThat(status).isIn(429, 503);
          MILLISECONDS.sleep(20);
        }
      }
      return answered;
    };
  }

  private static long count(byte[] request) throws IOException {
    long count = 0;
    for (ResourceLogs resource :
        ExportLogsServiceRequest.parseFrom(request).getResourceLogsList()) {
      for (ScopeLogs scope : resource.getScopeLogsList()) {
        count += scope.getLogRecordsCount();
      }
    }
    return count;
  }

  private static byte[] logs() {
    ScopeLogs.Builder scope = ScopeLogs.newBuilder();
    for (int i = 0; i < RECORDS; i++) {
      scope.addLogRecords(
          LogRecord.newBuilder()
              .setBody(AnyValue.newBuilder().setStringValue("order " + i + " accepted")));
    }
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(ResourceLogs.newBuilder().addScopeLogs(scope))
        .build()
        .toByteArray();
  }

  private static byte[] gzip(byte[] bytes, int times) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      for (int i = 0; i < times; i++) {
        gzip.write(bytes);
      }
    }
    return out.toByteArray();
  }
}
