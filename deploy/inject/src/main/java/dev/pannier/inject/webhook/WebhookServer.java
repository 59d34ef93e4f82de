package dev.pannier.inject.webhook;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.pannier.inject.certificate.CertificateFolder;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Serves reviews at `POST /mutate`, health at `GET /livez` and `GET /readyz`, and metrics at `GET /metrics`, over HTTPS alone.
///
/// Everything has a bound: connections (more are closed as they come), the bytes of headers, of a body and of all bodies, the reviews that are
/// worked on at once, and the time from a request's first byte to its answer's last.
public final class WebhookServer implements AutoCloseable {
  /// A Pod is at most as large as etcd takes it, 1.5 MiB; a review says a little more.
  static final int MAX_BODY_BYTES = 4 << 20;

  static final int MAX_ALL_BODIES_BYTES = 8 << 20;
  static final int MAX_CONNECTIONS = 128;

  /// Kept between two requests, out of those: an API server keeps 25 at most. Others are closed with their answer, so that whoever only
  /// holds connections leaves room for the kubelet's probes.
  static final int MAX_IDLE_CONNECTIONS = 32;

  /// A request's trees are of some 10 MiB at most: see `Json`.
  private static final int MAX_WORKING = 2;

  private static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final Duration TEND = Duration.ofMillis(250);
  private static final int STOP_SECONDS = 5;

  /// The server takes its bounds from system properties, once for the whole JVM.
  private static final Map<String, Integer> BOUNDS =
      Map.of(
          "jdk.httpserver.maxConnections",
          MAX_CONNECTIONS,
          "sun.net.httpserver.maxIdleConnections",
          MAX_IDLE_CONNECTIONS,
          "sun.net.httpserver.maxReqHeaderSize",
          16 * 1024,
          // A little longer than the 90 s for which the API server keeps a connection that it does
          // not use, so that no request meets a connection that is being closed.
          "sun.net.httpserver.idleInterval",
          95,
          // Of a connection without a byte. Of one with a request, ours is shorter, since the
          // server's own waits for a client's TLS.
          "sun.net.httpserver.maxReqTime",
          15);

  static {
    BOUNDS.forEach(
        (name, value) -> {
          if (System.getProperty(name) == null) {
            System.setProperty(name, value.toString());
          }
        });
  }

  private final Admission admission;
  private final CertificateFolder certificates;
  private final int stopSeconds;
  private final LongSupplier nanoClock;
  private final Deadlines deadlines;
  private final Bodies bodies = new Bodies(MAX_BODY_BYTES, MAX_ALL_BODIES_BYTES);
  private final WebhookMetrics metrics = new WebhookMetrics();
  private final Semaphore working = new Semaphore(MAX_WORKING, true);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final HttpsServer server;
  private final Thread tending;
  private volatile boolean draining;

  /// The last one, of the thread that tends.
  private String mistake = "";

  /// @param certificates which it looks after from now on
  /// @throws IOException where the address cannot be listened on
  public WebhookServer(
      InetSocketAddress listen, CertificateFolder certificates, Admission admission)
      throws IOException, GeneralSecurityException {
    this(listen, certificates, admission, DEADLINE, STOP_SECONDS, System::nanoTime);
  }

  WebhookServer(
      InetSocketAddress listen,
      CertificateFolder certificates,
      Admission admission,
      Duration deadline,
      int stopSeconds,
      LongSupplier nanoClock)
      throws IOException, GeneralSecurityException {
    this.admission = admission;
    this.certificates = certificates;
    this.stopSeconds = stopSeconds;
    this.nanoClock = nanoClock;
    deadlines = new Deadlines(deadline.toNanos(), nanoClock);
    server = HttpsServer.create(listen, MAX_CONNECTIONS);
    server.setHttpsConfigurator(new HttpsConfigurator(certificates.context()));
    server.setExecutor(deadlines);
    server.createContext("/", this::handle);
    tending = Thread.ofPlatform().name("webhook-tend").daemon().unstarted(this::tend);
  }

  /// From here on it answers.
  public void start() {
    server.start();
    tending.start();
  }

  /// Where it listens.
  public InetSocketAddress address() {
    return server.getAddress();
  }

  /// Is not ready any more, answers all the same, and closes each connection with its next answer.
  public void drain() {
    draining = true;
  }

  /// Takes no connection any more, answers what was asked, and ends.
  @Override
  public void close() {
    drain();
    server.stop(stopSeconds);
    closed.countDown();
  }

  private void tend() {
    try {
      while (!closed.await(TEND.toNanos(), TimeUnit.NANOSECONDS)) {
        tendOnce();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Deadlines and the certificate are looked after whatever happens; a mistake that comes again and again is told once.
  private void tendOnce() {
    try {
      doWork(nanoClock.getAsLong());
    } catch (RuntimeException e) {
      if (!e.toString().equals(mistake)) {
        mistake = e.toString();
        admission.tell(e);
      }
    }
  }

  void doWork(long nowNanos) {
    deadlines.doWork(nowNanos);
    certificates.doWork(nowNanos);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Answer answer = answer(exchange);
      exchange.getResponseHeaders().set("Content-Type", answer.contentType());
      if (draining) {
        exchange.getResponseHeaders().set("Connection", "close");
      }
      exchange.sendResponseHeaders(answer.status(), answer.body().length);
      try (OutputStream body = exchange.getResponseBody()) {
        body.write(answer.body());
      }
    }
  }

  private Answer answer(HttpExchange exchange) throws IOException {
    return switch (exchange.getRequestURI().getPath()) {
      case "/livez" ->
          only(exchange, "GET") ? Answer.text(200, "ok") : wrongMethod(exchange, "GET");
      case "/readyz" -> only(exchange, "GET") ? ready() : wrongMethod(exchange, "GET");
      case "/metrics" ->
          only(exchange, "GET")
              ? Answer.metrics(metrics.page(certificates.until()))
              : wrongMethod(exchange, "GET");
      case "/mutate" -> only(exchange, "POST") ? mutate(exchange) : wrongMethod(exchange, "POST");
      default -> Answer.text(404, "there are /mutate, /livez, /readyz and /metrics");
    };
  }

  private static boolean only(HttpExchange exchange, String method) {
    return exchange.getRequestMethod().equals(method);
  }

  private static Answer wrongMethod(HttpExchange exchange, String method) {
    exchange.getResponseHeaders().set("Allow", method);
    return Answer.text(405, "takes " + method + " alone");
  }

  private Answer ready() {
    return draining ? Answer.text(503, "draining") : Answer.text(200, "ok");
  }

  private Answer mutate(HttpExchange exchange) throws IOException {
    Answer answer = reviewed(exchange);
    metrics.answered(answer.status());
    return answer;
  }

  private Answer reviewed(HttpExchange exchange) throws IOException {
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    if (type == null || !type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
      return Answer.text(415, "takes application/json alone");
    }
    return bodies.read(exchange.getRequestBody(), this::review);
  }

  private Answer review(byte[] body) {
    long startedNanos = nanoClock.getAsLong();
    try {
      working.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Answer.text(503, "too many requests at once");
    }
    try {
      Verdict verdict = admission.of(Review.read(body));
      Answer answer = Answer.json(verdict.json());
      metrics.reviewed(verdict, nanoClock.getAsLong() - startedNanos);
      return answer;
    } catch (MalformedReview e) {
      return Answer.text(400, String.valueOf(e.getMessage()));
    } finally {
      working.release();
    }
  }
}
