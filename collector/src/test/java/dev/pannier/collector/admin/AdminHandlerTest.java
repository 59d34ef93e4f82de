package dev.pannier.collector.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.BufferStatus;
import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.dispatch.ShipperStatus;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.http.Headers;
import dev.pannier.collector.http.HttpRequest;
import dev.pannier.collector.http.HttpResponder;
import dev.pannier.collector.http.HttpResponse;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AdminHandlerTest {
  private static final String ELSEWHERE = "10.1.2.3";
  private static final String HERE = "127.0.0.1";

  private final Metrics metrics = new Metrics();
  private final Ledger ledger = new Ledger();
  private final MemoryBudget budget = new MemoryBudget(1 << 20);
  private final List<SourceStatus.File> files = new ArrayList<>();
  private long now;
  private @Nullable BufferStatus bufferStatus;
  private ReloadStatus reload = ReloadStatus.NONE;
  private final Health health = new Health(() -> now);

  @Test
  void livezIsRedWhileALoopIsDead() {
    assertThat(get("/livez").status()).isEqualTo(200);
    health.register("pannier-tail").failed("ended");
    assertThat(get("/livez").status()).isEqualTo(503);
    assertThat(body(get("/livez"))).isEqualTo("pannier-tail: ended\n");
  }

  @Test
  void readyzSaysWhatIsAmissAndLivezStaysGreen() {
    health.condition(() -> "shipper events fails: no broker");
    assertThat(get("/readyz").status()).isEqualTo(503);
    assertThat(body(get("/readyz"))).isEqualTo("shipper events fails: no broker\n");
    assertThat(get("/livez").status()).isEqualTo(200);
  }

  @Test
  void diskBufferIsSeenInMetricsAndStatus() {
    bufferStatus = new BufferStatus(700, 1000, 3, 12, 40, "disk full", "/old");
    assertThat(body(get("/metrics")))
        .contains("pannier_buffer_usage_bytes 700\n")
        .contains("pannier_buffer_limit_bytes 1000\n")
        .contains("pannier_buffer_segments 3\n")
        .contains("pannier_buffer_oldest_seconds 12\n")
        .contains("pannier_buffer_damaged_bytes_total 40\n")
        .contains("pannier_buffer_in_memory_only 1\n");
    assertThat(body(get("/status")))
        .contains(
            """
            "buffer":{"bytes":700,"max_bytes":1000,"segments":3,"oldest_seconds":12,\
            "damaged_bytes":40,"problem":"disk full","former_directory":"/old"}\
            """);
  }

  @Test
  void whatCameOfAReloadIsSeenInMetricsAndStatus() {
    assertThat(body(get("/status")))
        .contains(
            """
            "reload":{"outcome":"none","time":"","applied":0,"refused":0,"changes":[],"problems":[]}\
            """);
    assertThat(body(get("/metrics")))
        .contains("pannier_config_refused 0\n")
        .doesNotContain("pannier_config_last_reload");
    reload =
        new ReloadStatus(
            ReloadStatus.Outcome.REFUSED,
            Instant.ofEpochSecond(1_800_000_000),
            List.of("processors changed"),
            List.of("p.yaml:1: a: b"),
            3,
            1);
    assertThat(body(get("/status")))
        .contains(
            """
            "reload":{"outcome":"refused","time":"2027-01-15T08:00:00Z","applied":3,"refused":1,\
            "changes":["processors changed"],"problems":["p.yaml:1: a: b"]}\
            """);
    assertThat(body(get("/metrics")))
        .contains("pannier_config_reloads_total{outcome=\"applied\"} 3\n")
        .contains("pannier_config_reloads_total{outcome=\"refused\"} 1\n")
        .contains("pannier_config_refused 1\n")
        .contains("pannier_config_last_reload_time_seconds 1.8E9\n");
  }

  @Test
  void metricsHaveOpenTelemetrysNamesAsPrometheusSpellsThem() {
    metrics.adder(Counter.SOURCE_RECORDS, "app").add(3);
    metrics.adder(Counter.SOURCE_BYTES, "app").add(300);
    metrics.adder(Counter.SOURCE_UNPARSED, "app", "not_json").add(2);
    metrics.adder(Counter.SOURCE_UNPARSED, "odd\"\\name", "no_match").add(1);
    files.add(new SourceStatus.File("/var/log/app/a.log", 10, 25, ""));
    now += TimeUnit.MILLISECONDS.toNanos(1_500);
    HttpResponse response = get("/metrics");
    assertThat(response.headers().first("content-type"))
        .isEqualTo("text/plain; version=0.0.4; charset=utf-8");
    assertThat(body(response).lines())
        .contains(
            "# HELP pannier_source_records_total Records read or received.",
            "# TYPE pannier_source_records_total counter",
            "pannier_source_records_total{source=\"app\"} 3",
            "pannier_source_bytes_total{source=\"app\"} 300",
            "pannier_source_unparsed_records_total{source=\"app\",reason=\"not_json\"} 2",
            "pannier_source_unparsed_records_total{source=\"odd\\\"\\\\n"
                + "ame\",reason=\"no_match\"} 1",
            "# TYPE pannier_source_lag_bytes gauge",
            "pannier_source_lag_bytes{source=\"app\"} 15",
            "pannier_shipper_in_flight_records{shipper=\"events\"} 7",
            "pannier_shipper_failing_seconds{shipper=\"events\"} 9",
            "pannier_memory_limit_bytes 1048576",
            "process_uptime_seconds 1.5")
        .noneMatch(line -> line.contains("a.log"));
  }

  @Test
  void everyFamilyIsDeclaredOnce() {
    for (Counter counter : Counter.values()) {
      metrics.adder(counter, "one").add(1);
      metrics.adder(counter, "two").add(1);
    }
    assertThat(body(get("/metrics")).lines().filter(line -> line.startsWith("# TYPE")))
        .doesNotHaveDuplicates()
        .hasSizeGreaterThan(Counter.values().length);
  }

  @Test
  void statusIsJsonWithTheLedger() {
    MemoryBuffer buffer =
        new MemoryBuffer(budget, ledger, metrics, Map.of("events", Set.of(Signal.LOGS)));
    for (int i = 0; i < 2; i++) {
      buffer.append(
          new Batch(Signal.LOGS, new byte[4], 0, 4, 3, "app", "k", new byte[1]),
          0,
          (rejected, reason) -> {});
    }
    buffer.filtered("app", Signal.LOGS, 4, 90);
    Cursor cursor = buffer.cursor("events");
    cursor.done(Objects.requireNonNull(cursor.next()), 1, "bad");
    metrics.adder(Counter.SOURCE_LOST_BYTES, "app").add(70);
    files.add(new SourceStatus.File("/var/log/app/\"ä\".log", 10, 25, "cannot be read"));
    assertThat(body(get("/status")))
        .isEqualTo(
            """
            {"version":"1.2.3","uptime_seconds":0.0,"memory":{"limit_bytes":1048576,"held_bytes":512},\
            "reload":{"outcome":"none","time":"","applied":0,"refused":0,"changes":[],"problems":[]},\
            "sources":[{"name":"app","records":0,"bytes":0,"lag_bytes":15,"lost_bytes":70,"files_total":1,\
            "files":[\
            {"path":"/var/log/app/\\"ä\\".log","position_bytes":10,"size_bytes":25,"lag_bytes":15,\
            "problem":"cannot be read"}]}],\
            "shippers":[{"name":"events","state":"retrying","records":5,"in_flight":7,\
            "in_flight_batches":2,"last_error":"no broker","failing_seconds":9}],\
            "ledger":[{"source":"app","shipper":"events","read":10,"shipped":2,"filtered":4,\
            "rejected":1,"dead_lettered":0,"fallback":0,"dropped":0,"in_flight":3,"read_bytes":98,"shipped_bytes":3,\
            "filtered_bytes":90,"rejected_bytes":1,"dead_lettered_bytes":0,"fallback_bytes":0,\
            "dropped_bytes":0,"in_flight_bytes":4,"lost_bytes":70}]}\
            """);
  }

  @Test
  void statusShowsTheHundredFilesWithMostLag() {
    for (int i = 0; i < 250; i++) {
      files.add(new SourceStatus.File("/f" + i, 0, i, ""));
    }
    String status = body(get("/status"));
    assertThat(status).contains("\"files_total\":250").contains("\"/f249\"").contains("\"/f150\"");
    assertThat(status).doesNotContain("\"/f149\"");
  }

  @Test
  void statusIsForLoopbackOnlyWithoutAToken() {
    assertThat(get("/status", ELSEWHERE, null, null).status()).isEqualTo(403);
    assertThat(get("/status", HERE, null, null).status()).isEqualTo(200);
    assertThat(get("/status", "::1", null, null).status()).isEqualTo(200);
    assertThat(get("/status", ELSEWHERE, null, "Bearer ").status()).isEqualTo(403);
  }

  @Test
  void statusIsForWhoBringsTheToken() {
    assertThat(get("/status", ELSEWHERE, "s3cret", null).status()).isEqualTo(401);
    assertThat(get("/status", ELSEWHERE, "s3cret", "Bearer s3cre").status()).isEqualTo(401);
    assertThat(get("/status", ELSEWHERE, "s3cret", "Basic s3cret").status()).isEqualTo(401);
    assertThat(get("/status", ELSEWHERE, "s3cret", "bearer s3cret").status()).isEqualTo(200);
    assertThat(get("/status", HERE, "s3cret", null).status()).isEqualTo(200);
    assertThat(get("/metrics", ELSEWHERE, "s3cret", null).status()).isEqualTo(200);
  }

  @Test
  void otherPathsAndMethodsAreRefused() {
    assertThat(get("/").status()).isEqualTo(404);
    HttpResponse response = ask("POST", "/livez", HERE, null, null);
    assertThat(response.status()).isEqualTo(405);
    assertThat(response.headers().first("allow")).isEqualTo("GET");
  }

  @Test
  void probesAreAnsweredWhereOthersAreToldToComeAgain() {
    assertThat(refused(503, "/livez").status()).isEqualTo(200);
    assertThat(refused(503, "/readyz").status()).isEqualTo(200);
    assertThat(refused(408, "/livez").status()).isEqualTo(408);
    HttpResponse page = refused(503, "/metrics");
    assertThat(page.status()).isEqualTo(503);
    assertThat(page.headers().first("retry-after")).isEqualTo("1");
  }

  @Test
  void residentMemoryIsReadFromTheLineOfTheSystem() {
    assertThat(ResidentMemory.parse("Name:\tjava\nVmRSS:\t   51234 kB\nRssAnon:\t 1 kB\n"))
        .isEqualTo(51234 * 1024);
    assertThat(ResidentMemory.parse("Name:\tjava\n")).isZero();
  }

  private HttpResponse get(String path) {
    return get(path, HERE, null, null);
  }

  private HttpResponse get(
      String path, String client, @Nullable String token, @Nullable String authorization) {
    return ask("GET", path, client, token, authorization);
  }

  private HttpResponse ask(
      String method,
      String path,
      String client,
      @Nullable String token,
      @Nullable String authorization) {
    AdminHandler handler = handler(token);
    Headers headers =
        authorization == null ? Headers.NONE : Headers.of("authorization", authorization);
    HttpRequest request = new HttpRequest(method, path, headers, address(client));
    return answer(responder -> handler.handle(request, responder));
  }

  private HttpResponse refused(int status, String path) {
    HttpRequest request = new HttpRequest("GET", path, Headers.NONE, address(ELSEWHERE));
    return answer(responder -> handler(null).refuse(request, status, "no", responder));
  }

  private AdminHandler handler(@Nullable String token) {
    View view =
        new View(
            "1.2.3",
            metrics,
            ledger,
            budget,
            () -> List.of(new SourceStatus("app", files)),
            () ->
                List.of(
                    new ShipperStatus(
                        "events", ShipperStatus.State.RETRYING, 5, 2, 7, "no broker", 9, null)),
            () -> bufferStatus,
            () -> reload);
    long asked = now;
    now = 0;
    AdminHandler handler = new AdminHandler(health, view, token, () -> now);
    now = asked;
    return handler;
  }

  private static HttpResponse answer(Consumer<HttpResponder> asked) {
    List<HttpResponse> responses = new ArrayList<>();
    asked.accept(
        new HttpResponder() {
          @Override
          public boolean respond(HttpResponse response) {
            return responses.add(response);
          }

          @Override
          public boolean isOpen() {
            return responses.isEmpty();
          }
        });
    return responses.getFirst();
  }

  private static InetAddress address(String literal) {
    try {
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static String body(HttpResponse response) {
    return new String(response.body(), UTF_8);
  }
}
