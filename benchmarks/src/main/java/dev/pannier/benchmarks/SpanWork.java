package dev.pannier.benchmarks;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongPredicate;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/// OTLP spans over gRPC → Kafka: four callers, one connection, each sends its next request when the
/// last one was answered. Requests were encoded before.
final class SpanWork {
  private static final int SPANS_A_REQUEST = 512;
  private static final int REQUESTS = 16;
  private static final int CALLERS = 4;
  private static final int GRPC_HEAD = 5;
  private static final String UNAVAILABLE = "14";
  private static final long REFUSED_NANOS = TimeUnit.SECONDS.toNanos(120);
  private static final MediaType GRPC = MediaType.get("application/grpc");

  private final Path folder;
  private final Broker broker;
  private int runs;

  SpanWork(Path folder, Broker broker) {
    this.folder = folder;
    this.broker = broker;
  }

  Throughput run(Build build, int sizeMiB) throws Exception {
    List<byte[]> requests = requests();
    int requestBytes = requests.getFirst().length;
    long calls = Math.max(1, ((long) sizeMiB << 20) / requestBytes);
    String topic = broker.topic("spans");
    String text =
        """
        sources:
          files: none
          otlp: {grpc: "${GRPC}", http: none}
        shippers:
          events:
            type: kafka
            bootstrap_servers: "%s"
            topics: {traces: %s}
            signals: [traces]
        """
            .formatted(broker.servers(), topic);
    Path own = folder.resolve("spans-" + ++runs);
    try (BenchSidecar sidecar = BenchSidecar.start(build, own, text, Redirect.DISCARD)) {
      sidecar.awaitReady();
      Usage usage = sidecar.usage();
      long ofFirstGib = (1L << 30) / requestBytes;
      boolean isMore = calls > 1.01 * ofFirstGib;
      AtomicReference<@Nullable Double> firstGib = new AtomicReference<>();
      LongPredicate more =
          call -> {
            if (isMore && call == ofFirstGib) {
              firstGib.set(cpuSeconds(usage));
            }
            return call < calls;
          };
      send(sidecar.grpcPort(), requests, more);
      double seconds = sidecar.age();
      double cpu = usage.cpuSeconds();
      double peak = usage.peakResidentMiB();
      double pss = usage.proportionalMiB();
      sidecar.stop();
      long counted = Counts.records(broker.servers(), topic, true);
      broker.delete(topic);
      return new Throughput(
          "`spans`: OTLP gRPC spans → Kafka" + sidecar.suffix(),
          "requests of 512 spans",
          calls * SPANS_A_REQUEST,
          counted,
          calls * (double) requestBytes / (1L << 30),
          seconds,
          cpu,
          firstGib.get(),
          peak,
          pss);
    }
  }

  private static double cpuSeconds(Usage usage) {
    try {
      return usage.cpuSeconds();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Sends as long as `more` says so of the number of calls before.
  ///
  /// @return the spans that were taken
  static long send(int port, List<byte[]> requests, LongPredicate more) throws Exception {
    OkHttpClient client =
        new OkHttpClient.Builder()
            .protocols(List.of(Protocol.H2_PRIOR_KNOWLEDGE))
            .callTimeout(Duration.ofSeconds(30))
            .build();
    AtomicLong next = new AtomicLong();
    LongAdder taken = new LongAdder();
    Callable<Void> caller =
        () -> {
          for (long call = next.getAndIncrement(); more.test(call); call = next.getAndIncrement()) {
            byte[] request = requests.get((int) (call % requests.size()));
            long begin = System.nanoTime();
            while (!isTaken(client, port, request)) {
              if (System.nanoTime() - begin > REFUSED_NANOS) {
                throw new IOException("spans are refused, again and again for two minutes");
              }
              // The sidecar asks to come back; what it refused it has not kept.
              Thread.sleep(100);
            }
            taken.add(SPANS_A_REQUEST);
          }
          return null;
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(CALLERS)) {
      List<Future<Void>> running = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        running.add(threads.submit(caller));
      }
      for (Future<Void> each : running) {
        each.get();
      }
    } finally {
      client.connectionPool().evictAll();
      client.dispatcher().executorService().shutdown();
    }
    return taken.sum();
  }

  private static boolean isTaken(OkHttpClient client, int port, byte[] message) throws IOException {
    Request request =
        new Request.Builder()
            .url(
                "http://127.0.0.1:"
                    + port
                    + "/opentelemetry.proto.collector.trace.v1.TraceService/Export")
            .header("te", "trailers")
            .post(RequestBody.create(message, GRPC))
            .build();
    try (Response response = client.newCall(request).execute()) {
      byte[] answer = response.body().bytes();
      String status = response.header("grpc-status");
      if (status == null) {
        status = response.trailers().get("grpc-status");
      }
      if ("0".equals(status)) {
        return true;
      }
      if (UNAVAILABLE.equals(status)) {
        return false;
      }
      throw new IOException(
          "grpc-status " + status + " with HTTP " + response.code() + ", " + answer.length + " B");
    }
  }

  /// What a span of these requests takes.
  static double meanBytes(List<byte[]> requests) {
    long bytes = requests.stream().mapToLong(request -> request.length).sum();
    return (double) bytes / (requests.size() * SPANS_A_REQUEST);
  }

  static List<byte[]> requests() {
    SplittableRandom random = new SplittableRandom(7);
    List<byte[]> requests = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      ScopeSpans.Builder scope = ScopeSpans.newBuilder();
      for (int span = 0; span < SPANS_A_REQUEST; span++) {
        scope.addSpans(span(random));
      }
      byte[] body =
          ExportTraceServiceRequest.newBuilder()
              .addResourceSpans(
                  ResourceSpans.newBuilder()
                      .setResource(
                          Resource.newBuilder().addAttributes(text("service.name", "checkout")))
                      .addScopeSpans(scope))
              .build()
              .toByteArray();
      byte[] framed = new byte[GRPC_HEAD + body.length];
      ByteBuffer.wrap(framed).put((byte) 0).putInt(body.length).put(body);
      requests.add(framed);
    }
    return requests;
  }

  /// About 420 bytes, as an HTTP server's instrumentation makes them.
  private static Span span(SplittableRandom random) {
    long start = 1_772_366_400_000_000_000L + random.nextLong(1_000_000_000_000L);
    return Span.newBuilder()
        .setTraceId(id(random, 16))
        .setSpanId(id(random, 8))
        .setParentSpanId(id(random, 8))
        .setName("POST /orders/{id}/items")
        .setKind(Span.SpanKind.SPAN_KIND_SERVER)
        .setStartTimeUnixNano(start)
        .setEndTimeUnixNano(start + random.nextLong(500_000_000))
        .addAttributes(text("http.request.method", "POST"))
        .addAttributes(text("url.path", "/orders/" + random.nextInt(1_000_000) + "/items"))
        .addAttributes(text("http.route", "/orders/{id}/items"))
        .addAttributes(text("server.address", "checkout.shop.svc.cluster.local"))
        .addAttributes(text("client.address", "10.42.3." + random.nextInt(256)))
        .addAttributes(text("network.protocol.version", "1.1"))
        .addAttributes(text("user_agent.original", "shop-frontend/4.2 (Linux; amd64)"))
        .addAttributes(
            KeyValue.newBuilder()
                .setKey("http.response.status_code")
                .setValue(AnyValue.newBuilder().setIntValue(201)))
        .build();
  }

  private static ByteString id(SplittableRandom random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return ByteString.copyFrom(bytes);
  }

  private static KeyValue text(String key, String value) {
    return KeyValue.newBuilder()
        .setKey(key)
        .setValue(AnyValue.newBuilder().setStringValue(value))
        .build();
  }
}
