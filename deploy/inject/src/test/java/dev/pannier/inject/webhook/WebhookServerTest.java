package dev.pannier.inject.webhook;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.inject.certificate.Authority;
import dev.pannier.inject.certificate.CertificateFolder;
import dev.pannier.inject.certificate.SelfSigned;
import dev.pannier.inject.pod.Injection;
import dev.pannier.inject.pod.Setting;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Over real TLS. The time-out is for what hangs; nothing is timed.
@Timeout(120)
class WebhookServerTest {
  private static final Map<Setting, String> DEFAULTS =
      Map.of(Setting.INJECT, "true", Setting.IMAGE, "pannier:1", Setting.KAFKA, "k:1");

  private static final Object POD =
      Map.of(
          "apiVersion",
          "v1",
          "kind",
          "Pod",
          "metadata",
          Map.of("name", "a"),
          "spec",
          Map.of("containers", List.of(Map.of("name", "app", "image", "a"))));

  private static SelfSigned pair;

  private final AtomicLong nanos = new AtomicLong();
  private volatile boolean isClockBroken;
  private final ConcurrentLinkedQueue<String> messages = new ConcurrentLinkedQueue<>();

  @TempDir private Path folder;
  private WebhookServer server;
  private HttpClient client;

  @BeforeAll
  static void makePair() throws Exception {
    pair = pair();
  }

  @BeforeEach
  void start() throws Exception {
    write(pair);
    server =
        new WebhookServer(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            CertificateFolder.open(folder, InstantSource.system(), 0, messages::add),
            new Admission(new Injection(DEFAULTS), messages::add),
            Duration.ofSeconds(10),
            0,
            () -> {
              if (isClockBroken && Thread.currentThread().getName().equals("webhook-tend")) {
                throw new IllegalStateException("no clock");
              }
              return nanos.get();
            });
    server.start();
    client = client(pair);
  }

  @AfterEach
  void stop() {
    server.close();
    client.close();
  }

  private static SelfSigned pair() throws Exception {
    Instant now = Instant.now();
    return SelfSigned.make(
        List.of("127.0.0.1"),
        now.minusSeconds(60),
        now.plus(Duration.ofDays(100)),
        new SecureRandom());
  }

  private void write(SelfSigned pair) throws IOException {
    Files.writeString(folder.resolve("tls.crt"), pair.certificate());
    Files.writeString(folder.resolve("tls.key"), pair.key());
  }

  private static SSLContext trusting(SelfSigned pair) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry(
        "webhook",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(pair.certificate().getBytes(US_ASCII))));
    TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  private static HttpClient client(SelfSigned pair) throws Exception {
    return client(trusting(pair));
  }

  private static HttpClient client(SSLContext context) {
    return HttpClient.newBuilder().sslContext(context).version(HttpClient.Version.HTTP_1_1).build();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(
        URI.create("https://127.0.0.1:" + server.address().getPort() + path));
  }

  private HttpResponse<byte[]> send(HttpClient by, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return by.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private HttpResponse<byte[]> mutate(HttpRequest.BodyPublisher body)
      throws IOException, InterruptedException {
    return mutate(client, body);
  }

  private HttpResponse<byte[]> mutate(HttpClient by, HttpRequest.BodyPublisher body)
      throws IOException, InterruptedException {
    return send(by, request("/mutate").header("Content-Type", "application/json").POST(body));
  }

  private static HttpRequest.BodyPublisher review() {
    return BodyPublishers.ofByteArray(Reviews.bytes(Reviews.review(POD)));
  }

  @Test
  void aReviewIsAnswered() throws Exception {
    HttpResponse<byte[]> answer = mutate(review());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type")).contains("application/json");
    Map<String, @Nullable Object> response = Reviews.response(answer.body());
    assertThat(Reviews.patched(POD, response)).isEqualTo(Reviews.answered(DEFAULTS, POD));
    assertThat(response).containsKey("patch");
    assertThat(messages).contains("shop/a: injected");
  }

  @Test
  void oneConnectionTakesManyReviews() throws Exception {
    for (int i = 0; i < 20; i++) {
      assertThat(Reviews.response(mutate(review()).body())).containsKey("patch");
    }
  }

  @Test
  void manyAtOnceAreAllAnswered() throws Exception {
    SSLContext context = trusting(pair);
    try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<HttpResponse<byte[]>>> answers = new ArrayList<>();
      for (int i = 0; i < WebhookServer.MAX_CONNECTIONS / 2; i++) {
        answers.add(
            many.submit(
                () -> {
                  // Of its own: not all of these connections are kept for another request.
                  try (HttpClient own = client(context)) {
                    return mutate(own, review());
                  }
                }));
      }
      for (Future<HttpResponse<byte[]>> answer : answers) {
        assertThat(Reviews.response(answer.get().body())).containsKey("patch");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET,/livez,200",
    "GET,/readyz,200",
    "GET,/metrics,200",
    "POST,/metrics,405",
    "POST,/livez,405",
    "PUT,/readyz,405",
    "GET,/mutate,405",
    "GET,/,404",
    "POST,/mutate/more,404"
  })
  void pathsAndMethodsAreFew(String method, String path, int status) throws Exception {
    HttpResponse<byte[]> answer =
        send(client, request(path).method(method, BodyPublishers.ofString("")));
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.headers().firstValue("allow").isPresent()).isEqualTo(status == 405);
  }

  @Test
  void whatIsNoReviewIsABadRequest() throws Exception {
    HttpResponse<byte[]> answer = mutate(BodyPublishers.ofString("{\"kind\": 7}"));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(new String(answer.body(), UTF_8)).isEqualTo("kind: is no text\n");
  }

  @Test
  void anotherContentTypeIsNotTaken() throws Exception {
    HttpResponse<byte[]> answer =
        send(client, request("/mutate").header("Content-Type", "text/yaml").POST(review()));
    assertThat(answer.statusCode()).isEqualTo(415);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBodyHasABound(boolean chunked) throws Exception {
    byte[] body = new byte[WebhookServer.MAX_BODY_BYTES + 1];
    HttpResponse<byte[]> answer =
        mutate(
            chunked
                ? BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))
                : BodyPublishers.ofByteArray(body));
    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(mutate(review()).statusCode()).isEqualTo(200);
  }

  @Test
  void allBodiesTogetherHaveABound() throws Exception {
    Bodies bodies = new Bodies(100_000, 100_000);
    byte[] body = new byte[60_000];
    Answer answer =
        bodies.read(
            new ByteArrayInputStream(body),
            first -> {
              try {
                return bodies.read(
                    new ByteArrayInputStream(body), second -> Answer.text(200, "both"));
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    assertThat(answer.status()).isEqualTo(503);
    assertThat(
            bodies.read(new ByteArrayInputStream(body), third -> Answer.text(200, "ok")).status())
        .isEqualTo(200);
  }

  @Test
  void connectionsHaveABound() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < WebhookServer.MAX_CONNECTIONS; i++) {
        sockets.add(new Socket(InetAddress.getLoopbackAddress(), server.address().getPort()));
      }
      try (Socket more = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
        assertThat(isClosed(more)).isTrue();
      }
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
    assertThat(untilAnswered(client).statusCode()).isEqualTo(200);
  }

  /// A client that keeps its connections after an answer leaves room for others.
  @Test
  void connectionsThatAreOnlyKeptLockNobodyOut() throws Exception {
    SSLContext context = trusting(pair);
    List<Socket> kept = new ArrayList<>();
    try {
      for (int i = 0; i < WebhookServer.MAX_CONNECTIONS; i++) {
        Socket socket =
            context.getSocketFactory().createSocket("127.0.0.1", server.address().getPort());
        kept.add(socket);
        socket.getOutputStream().write("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII));
        assertThat(new String(socket.getInputStream().readNBytes(12), US_ASCII))
            .isEqualTo("HTTP/1.1 200");
      }
      assertThat(send(client, request("/livez").GET()).statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : kept) {
        try {
          socket.close();
        } catch (IOException e) {
          // Where the server was first.
        }
      }
    }
  }

  /// Whatever a client does not finish, or does not begin to say.
  @ParameterizedTest
  @ValueSource(strings = {"handshake", "headers", "body"})
  void aSlowClientIsCutOff(String what) throws Exception {
    try (Socket socket = what.equals("handshake") ? plain() : tls(what)) {
      socket.setSoTimeout(20);
      while (!isClosed(socket)) {
        nanos.addAndGet(Duration.ofSeconds(11).toNanos());
      }
    }
    assertThat(untilAnswered(client).statusCode()).isEqualTo(200);
  }

  private Socket plain() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort());
    // The head of a TLS record, and the first of its 200 bytes.
    socket.getOutputStream().write(new byte[] {0x16, 3, 1, 0, (byte) 200, 1});
    return socket;
  }

  private Socket tls(String what) throws Exception {
    SSLSocket socket =
        (SSLSocket)
            trusting(pair).getSocketFactory().createSocket("127.0.0.1", server.address().getPort());
    String head = "POST /mutate HTTP/1.1\r\nHost: a\r\n";
    socket
        .getOutputStream()
        .write(
            (what.equals("headers")
                    ? head
                    : head + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
                .getBytes(US_ASCII));
    return socket;
  }

  private static boolean isClosed(Socket socket) {
    try {
      InputStream in = socket.getInputStream();
      while (in.read() >= 0) {
        // The rest of what it says.
      }
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private HttpResponse<byte[]> untilAnswered(HttpClient by) throws InterruptedException {
    while (true) {
      try {
        return send(by, request("/livez").GET());
      } catch (IOException e) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void aNewCertificateIsServedWithoutARestart() throws Exception {
    assertThat(mutate(review()).statusCode()).isEqualTo(200);
    SelfSigned next = pair();
    write(next);
    nanos.addAndGet(Duration.ofSeconds(3).toNanos());
    try (HttpClient other = client(next);
        HttpClient old = client(pair)) {
      assertThat(untilAnswered(other).statusCode()).isEqualTo(200);
      assertThatThrownBy(() -> send(old, request("/livez").GET())).isInstanceOf(IOException.class);
      // Connections that are there stay.
      assertThat(mutate(review()).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void whatGoesWrongOnceWithItsOwnWorkIsToldAndTheWorkGoesOn() throws Exception {
    isClockBroken = true;
    while (messages.stream().noneMatch(each -> each.contains("IllegalStateException: no clock"))) {
      Thread.sleep(10);
    }
    isClockBroken = false;
    SelfSigned next = pair();
    write(next);
    nanos.addAndGet(Duration.ofSeconds(3).toNanos());
    try (HttpClient other = client(next)) {
      assertThat(untilAnswered(other).statusCode()).isEqualTo(200);
    }
    assertThat(messages).filteredOn(each -> each.contains("no clock")).hasSize(1);
  }

  /// The `caBundle` names the authority, and stays as it is.
  @Test
  void aRenewedCertificateOfTheSameAuthorityIsServedToWhoTrustsThat() throws Exception {
    Instant now = Instant.now();
    SecureRandom random = new SecureRandom();
    Authority authority =
        Authority.make(now.minusSeconds(60), now.plus(Duration.ofDays(200)), random);
    try (HttpClient api = client(new SelfSigned(authority.certificate(), authority.key()))) {
      for (int days : List.of(10, 20)) {
        Authority.Signed signed =
            authority.sign(
                List.of("127.0.0.1"),
                now.minusSeconds(60),
                now.plus(Duration.ofDays(days)),
                random);
        write(new SelfSigned(signed.certificate(), signed.key()));
        nanos.addAndGet(Duration.ofSeconds(3).toNanos());
        assertThat(untilAnswered(api).statusCode()).isEqualTo(200);
        String until = String.valueOf(now.plus(Duration.ofDays(days)).getEpochSecond());
        // A connection that was kept has what it was made with; the server has the new one.
        while (!metrics(api).contains("_expiry_time_seconds " + until + "\n")) {
          Thread.onSpinWait();
        }
        try (HttpClient fresh = client(new SelfSigned(authority.certificate(), ""))) {
          assertThat(mutate(fresh, review()).statusCode()).isEqualTo(200);
        }
      }
    }
  }

  private String metrics(HttpClient by) throws Exception {
    HttpResponse<byte[]> page = send(by, request("/metrics").GET());
    assertThat(page.headers().firstValue("content-type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    return new String(page.body(), UTF_8);
  }

  @Test
  void metricsCountWhatBecameOfReviews() throws Exception {
    mutate(review());
    mutate(review());
    Object said =
        Map.of(
            "metadata",
            Map.of("name", "a", "annotations", Map.of("pannier.dev/inject", "false")),
            "spec",
            Map.of("containers", List.of(Map.of("name", "app"))));
    mutate(BodyPublishers.ofByteArray(Reviews.bytes(Reviews.review(said))));
    Object wrong = Map.of("metadata", Map.of("name", "a"), "spec", Map.of());
    mutate(BodyPublishers.ofByteArray(Reviews.bytes(Reviews.review(wrong))));
    mutate(BodyPublishers.ofString("{}"));
    send(client, request("/mutate").header("Content-Type", "text/yaml").POST(review()));
    assertThat(metrics(client))
        .contains(
            "# TYPE pannier_webhook_reviews_total counter\n",
            "pannier_webhook_admitted_total 4\n",
            "pannier_webhook_reviews_total{outcome=\"injected\"} 2\n",
            "pannier_webhook_reviews_total{outcome=\"skipped\"} 1\n",
            "pannier_webhook_reviews_total{outcome=\"refused\"} 1\n",
            "pannier_webhook_reviews_total{outcome=\"failed\"} 0\n",
            "pannier_webhook_warned_total 1\n",
            "pannier_webhook_errors_total{reason=\"malformed\"} 1\n",
            "pannier_webhook_errors_total{reason=\"wrong_content_type\"} 1\n",
            "pannier_webhook_review_duration_seconds_bucket{le=\"0.001\"} 4\n",
            "pannier_webhook_review_duration_seconds_bucket{le=\"+Inf\"} 4\n",
            "pannier_webhook_review_duration_seconds_count 4\n");
  }

  /// Each line a comment or a sample, each sample below its own name, buckets that only grow.
  @Test
  void metricsAreInPrometheussTextFormat() throws Exception {
    mutate(review());
    String name = "";
    long last = 0;
    for (String line : metrics(client).lines().toList()) {
      if (line.startsWith("# TYPE ")) {
        name = line.split(" ", -1)[2];
        last = 0;
      } else if (!line.startsWith("# HELP ")) {
        assertThat(line).matches("[a-z_]+(\\{[a-z]+=\"[^\"]*\"})? [0-9.E+-]+").startsWith(name);
        if (line.contains("_bucket")) {
          long count = Long.parseLong(line.substring(line.indexOf(' ') + 1));
          assertThat(count).isGreaterThanOrEqualTo(last);
          last = count;
        }
      }
    }
  }

  @Test
  void whileItDrainsItIsNotReadyAndAnswers() throws Exception {
    server.drain();
    assertThat(send(client, request("/readyz").GET()).statusCode()).isEqualTo(503);
    assertThat(send(client, request("/livez").GET()).statusCode()).isEqualTo(200);
    HttpResponse<byte[]> answer = mutate(review());
    assertThat(Reviews.response(answer.body())).containsKey("patch");
    assertThat(answer.headers().firstValue("connection")).contains("close");
  }

  @Test
  void withoutTlsThereIsNoAnswer() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
      socket.getOutputStream().write("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII));
      String said = "";
      try {
        said = new String(socket.getInputStream().readAllBytes(), UTF_8);
      } catch (IOException e) {
        // It closes without reading all of it.
      }
      assertThat(said).doesNotContain("HTTP/1.1 200");
    }
    assertThat(untilAnswered(client).statusCode()).isEqualTo(200);
  }

  /// The JDK's server would ask the name service for each client's name.
  @Test
  void noNameServiceIsAskedForAClientsName() throws Exception {
    assertThat(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}).getHostName())
        .isEqualTo("127.0.0.1");
  }
}
