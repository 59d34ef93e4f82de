package dev.pannier.collector.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.collector.admin.AdminHandler;
import dev.pannier.collector.admin.ReloadStatus;
import dev.pannier.collector.admin.View;
import dev.pannier.collector.buffer.BufferStatus;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.config.Configuration.Address;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The server with real sockets, its loop run by the test.
@Timeout(60)
class HttpServerTest {
  private static final String GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final Address ANY = new Address("127.0.0.1", 0);

  private final MemoryBudget budget = new MemoryBudget(1024 * 1024);
  private final List<HttpResponder> later = new ArrayList<>();

  /// The paths of the requests that were handled.
  private final List<String> handled = new ArrayList<>();

  private final Endpoint endpoint = new Endpoint(this::handle, budget, 3, 10, 500_000);
  private final List<Socket> clients = new ArrayList<>();
  private long nowNanos = 1;
  private HttpServer server;
  private Address address;

  @BeforeEach
  void open() throws IOException {
    server = HttpServer.open(ServerSettings.DEFAULTS, () -> nowNanos);
    address = server.listen(ANY, endpoint);
  }

  @AfterEach
  void close() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
    server.close();
    assertThat(budget.heldBytes()).isZero();
  }

  private void handle(HttpRequest request, HttpResponder responder) {
    handled.add(request.path());
    if (request.path().equals("/slow")) {
      nowNanos += Duration.ofMillis(150).toNanos();
    }
    if (request.path().equals("/later")) {
      later.add(responder);
    } else {
      responder.respond(HttpResponse.text(200, "got " + request.bodyLength()));
    }
  }

  private Socket connect(Address to) throws IOException {
    Socket client = new Socket(to.host(), to.port());
    client.setSoTimeout(20_000);
    clients.add(client);
    return client;
  }

  private Socket send(Address to, String text) throws IOException {
    Socket client = connect(to);
    client.getOutputStream().write(text.getBytes(ISO_8859_1));
    return client;
  }

  /// Runs the loop until the client has something to read.
  private String read(Socket client) throws IOException {
    InputStream in = client.getInputStream();
    while (in.available() == 0) {
      round();
      if (Thread.interrupted()) {
        throw new AssertionError("nothing came");
      }
    }
    byte[] bytes = new byte[in.available()];
    return new String(bytes, 0, in.read(bytes), ISO_8859_1);
  }

  private void round() throws IOException {
    nowNanos++;
    server.doWork(nowNanos);
  }

  /// Of what a client says first, no more is read than tells its protocol.
  private void rounds() throws IOException {
    for (int i = 0; i < 4; i++) {
      round();
    }
  }

  @Test
  void requestsAreAnsweredOverAKeptConnection() throws IOException {
    Socket client = send(address, GET);
    assertThat(read(client)).startsWith("HTTP/1.1 200 OK").endsWith("got 0");
    client.getOutputStream().write(GET.getBytes(ISO_8859_1));
    assertThat(read(client)).startsWith("HTTP/1.1 200 OK").endsWith("got 0");
  }

  /// One of HTTP/2 may send as many at once as it may have streams.
  @Test
  void manyRequestsOfOneConnectionDoNotHoldUpOthers() throws IOException {
    Frames frames = Frames.hello();
    Socket many = connect(address);
    many.getOutputStream().write(frames.bytes());
    Socket other = connect(address);
    rounds();
    for (int stream = 1; stream < 20; stream += 2) {
      frames.request(stream, true, "GET", "/slow");
    }
    many.getOutputStream().write(frames.bytes());
    other.getOutputStream().write(GET.getBytes(ISO_8859_1));
    while (!handled.contains("/")) {
      int before = Collections.frequency(handled, "/slow");
      round();
      assertThat(Collections.frequency(handled, "/slow") - before)
          .as("in a round")
          .isLessThanOrEqualTo(1);
    }
    assertThat(handled.indexOf("/")).as("requests before it").isLessThanOrEqualTo(2);
    assertThat(read(other)).endsWith("got 0");
    while (handled.size() < 11) {
      round();
    }
  }

  @Test
  void aRequestThatIsTakenBackBeforeItsTurnIsNotHandled() throws IOException {
    Frames frames = Frames.hello();
    Socket client = connect(address);
    client.getOutputStream().write(frames.bytes());
    rounds();
    frames.request(1, true, "GET", "/slow");
    frames.request(3, false, "POST", "/").data(3, true, "x".repeat(9_000));
    frames.frame(FrameType.RST_STREAM, 0, 3, "00000008");
    client.getOutputStream().write(frames.bytes());
    while (handled.isEmpty()) {
      round();
    }
    rounds();
    assertThat(handled).containsExactly("/slow");
  }

  @Test
  void aClientThatGoesTakesItsRequestsAlong() throws IOException {
    Frames frames = Frames.hello();
    Socket client = connect(address);
    client.getOutputStream().write(frames.bytes());
    rounds();
    frames.request(1, true, "GET", "/slow");
    frames.request(3, false, "POST", "/").data(3, true, "x".repeat(9_000));
    frames.request(5, false, "POST", "/").data(5, true, "x".repeat(9_000));
    client.getOutputStream().write(frames.bytes());
    while (handled.isEmpty()) {
      round();
    }
    client.setSoLinger(true, 0);
    client.close();
    while (budget.heldBytes() > 0) {
      round();
    }
    assertThat(handled.size()).isLessThan(3);
  }

  @Test
  void aLargeBodyArrivesWhole() throws Exception {
    String head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n";
    Socket client = send(address, head);
    Thread sender =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    client.getOutputStream().write(new byte[400_000]);
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                });
    assertThat(read(client)).endsWith("got 400000");
    sender.join();
  }

  @Test
  void anAnswerFromAnotherThreadWakesTheServer() throws Exception {
    Socket client = send(address, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    while (later.isEmpty()) {
      round();
    }
    Thread.ofPlatform().start(() -> later.get(0).respond(HttpResponse.text(200, "late"))).join();
    assertThat(read(client)).endsWith("late");
  }

  @Test
  void oneConnectionTooManyIsToldSoAndOthersGoOn() throws IOException {
    for (int i = 0; i < 3; i++) {
      assertThat(read(send(address, GET))).startsWith("HTTP/1.1 200 OK");
    }
    Socket tooMany = send(address, GET);
    assertThat(read(tooMany)).startsWith("HTTP/1.1 503 ").contains("retry-after: 1");
    Socket tooManyToo = connect(address);
    tooManyToo.getOutputStream().write(Frames.hello().bytes());
    String frames = read(tooManyToo);
    assertThat(new Frames().read(frames.getBytes(ISO_8859_1))).contains("0 GOAWAY NO_ERROR");
    Address admin = server.listen(ANY, Endpoint.small(this::handle));
    assertThat(read(send(admin, GET))).startsWith("HTTP/1.1 200 OK");
    clients.get(0).close();
    while (endpoint.connections == 3) {
      nowNanos += 50_000_000;
      round();
    }
    assertThat(read(send(address, GET))).startsWith("HTTP/1.1 200 OK");
  }

  @Test
  void livezIsAnsweredWhileOthersHoldAllMemoryAndConnections() throws IOException {
    Metrics metrics = new Metrics();
    for (int i = 0; i < 200; i++) {
      metrics.adder(Counter.SOURCE_RECORDS, "source-" + i).add(1);
    }
    View view =
        new View(
            "1",
            metrics,
            new Ledger(),
            budget,
            List::of,
            List::of,
            () -> (BufferStatus) null,
            () -> ReloadStatus.NONE);
    Health health = new Health(() -> nowNanos);
    Endpoint admin = Endpoint.small(new AdminHandler(health, view, null, () -> nowNanos));
    Address to = server.listen(ANY, admin);
    // Answers that their clients do not let go: first large ones, then whatever still fits.
    for (int i = 0; i < 12; i++) {
      Frames shut = Frames.hello().frame(FrameType.SETTINGS, 0, 0, "000400000000");
      for (int stream = 1; stream < 16; stream += 2) {
        shut.request(stream, true, "GET", i < 6 ? "/metrics" : "/livez");
      }
      Socket client = connect(to);
      client.getOutputStream().write(shut.bytes());
      read(client);
      round();
      round();
    }
    assertThat(admin.budget.tryReserve(1024)).isFalse();
    assertThat(read(send(to, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"))).contains(" 503 ");
    assertThat(read(send(to, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")))
        .startsWith("HTTP/1.1 200 OK")
        .endsWith("alive\n");
    while (admin.connections < admin.maxConnections) {
      // Whoever has not asked for anything would make room.
      send(to, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n");
      round();
    }
    assertThat(read(send(to, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")))
        .contains(" 503 ", "connection: close");
    assertThat(read(send(to, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")))
        .startsWith("HTTP/1.1 200 OK")
        .contains("connection: close");
  }

  @Test
  void whoHasBeenIdleLongestMakesRoomForTheNext() throws IOException {
    Socket busy = send(address, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    while (later.isEmpty()) {
      round();
    }
    Socket http2 = send(address, new String(Frames.hello().bytes(), ISO_8859_1));
    read(http2);
    nowNanos += 2_000_000_000;
    Socket http1 = send(address, GET);
    read(http1);
    nowNanos += 2_000_000_000;

    assertThat(read(send(address, GET))).startsWith("HTTP/1.1 200 OK");

    assertThat(new Frames().read(http2.getInputStream().readAllBytes()))
        .endsWith("0 GOAWAY NO_ERROR");
    assertThat(endpoint.connections).isEqualTo(3);
    http1.getOutputStream().write(GET.getBytes(ISO_8859_1));
    assertThat(read(http1)).startsWith("HTTP/1.1 200 OK");
    later.get(0).respond(HttpResponse.text(200, "late"));
    assertThat(read(busy)).endsWith("late");
  }

  @Test
  void idleConnectionsMakeRoomForAnyNumberOfOthers() throws IOException {
    for (int i = 0; i < 100; i++) {
      assertThat(read(send(address, GET))).startsWith("HTTP/1.1 200 OK");
      nowNanos += 400_000_000; // each is idle for 1.2 s when its turn comes
    }
    assertThat(endpoint.connections).isEqualTo(3);
  }

  @Test
  void whoIsIdleMakesRoomWhileManyOthersAreToldToGo() throws IOException {
    for (int i = 0; i < 2; i++) {
      send(address, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
      while (later.size() <= i) {
        round();
      }
    }
    Socket idle = send(address, GET);
    read(idle);
    nowNanos += 500_000_000;
    for (int i = 0; i < 32; i++) {
      assertThat(read(send(address, GET))).startsWith("HTTP/1.1 503 ");
    }
    nowNanos += 600_000_000;
    assertThat(read(send(address, GET))).startsWith("HTTP/1.1 200 OK");
    assertThat(idle.getInputStream().read()).isEqualTo(-1);
    assertThat(endpoint.connections).isEqualTo(3);
  }

  @Test
  void whoeverConnectsAndSaysNothingKeepsNobodyOut() throws IOException {
    Socket busy = send(address, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    while (later.isEmpty()) {
      round();
    }
    Socket kept = send(address, GET);
    read(kept);
    for (int i = 0; i < 100; i++) {
      connect(address);
      round();
    }

    assertThat(read(send(address, GET))).startsWith("HTTP/1.1 200 OK");
    kept.getOutputStream().write(GET.getBytes(ISO_8859_1));
    assertThat(read(kept)).startsWith("HTTP/1.1 200 OK");
    later.get(0).respond(HttpResponse.text(200, "late"));
    assertThat(read(busy)).endsWith("late");
  }

  @Test
  void whoHasJustConnectedMakesNoRoomWhereOthersAreBusy() throws IOException {
    for (int i = 0; i < 2; i++) {
      send(address, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
      while (later.size() <= i) {
        round();
      }
    }
    Socket silent = connect(address);
    while (endpoint.connections < 3) {
      round();
    }

    assertThat(read(send(address, GET))).startsWith("HTTP/1.1 503 ").contains("retry-after: 1");
    silent.getOutputStream().write(GET.getBytes(ISO_8859_1));
    assertThat(read(silent)).startsWith("HTTP/1.1 200 OK");
  }

  @Test
  void whoHasSaidNothingMakesRoomBeforeWhoIsIdle() throws IOException {
    Socket kept = send(address, GET);
    read(kept);
    nowNanos += 1_000_000_000;
    Socket silent = connect(address);
    round();
    Socket keptToo = send(address, GET);
    read(keptToo);
    nowNanos += 1_000_000_000;

    assertThat(read(send(address, GET))).startsWith("HTTP/1.1 200 OK");
    assertThat(silent.getInputStream().read()).isEqualTo(-1);
    kept.getOutputStream().write(GET.getBytes(ISO_8859_1));
    assertThat(read(kept)).startsWith("HTTP/1.1 200 OK");
  }

  @Test
  void whoIsIdleMakesRoomBeforeTheFewThatHaveJustConnected() throws IOException {
    Address larger = server.listen(ANY, new Endpoint(this::handle, budget, 12, 10, 500_000));
    Socket kept = send(larger, GET);
    read(kept);
    for (int i = 0; i < 9; i++) {
      send(larger, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
      while (later.size() <= i) {
        round();
      }
    }
    nowNanos += 1_000_000_000;
    Socket silent = connect(larger);
    rounds();
    connect(larger);
    rounds();

    assertThat(read(send(larger, GET))).startsWith("HTTP/1.1 200 OK");
    assertThat(kept.getInputStream().read()).isEqualTo(-1);
    silent.getOutputStream().write(GET.getBytes(ISO_8859_1));
    assertThat(read(silent)).startsWith("HTTP/1.1 200 OK");
  }

  @Test
  void whoHasAskedBeforeKeepsItsPlaceWhileOthersConnectAndSayNothing() throws IOException {
    Socket kept = send(address, GET);
    read(kept);
    nowNanos += 1_000_000_000;
    for (int i = 0; i < 100; i++) {
      connect(address);
      round();
    }

    kept.getOutputStream().write(GET.getBytes(ISO_8859_1));
    assertThat(read(kept)).startsWith("HTTP/1.1 200 OK");
  }

  @Test
  void whoHasNeverAskedMakesRoomBeforeWhoHasAsked() throws IOException {
    String ping =
        new String(
            new Frames().frame(FrameType.PING, 0, 0, "0102030405060708").bytes(), ISO_8859_1);
    Socket kept = send(address, GET);
    read(kept);
    Socket keptToo = send(address, GET);
    read(keptToo);
    Socket pinging = send(address, new String(Frames.hello().bytes(), ISO_8859_1));
    read(pinging);
    nowNanos += 2_000_000_000;
    // It has begun to ask.
    keptToo.getOutputStream().write(GET.substring(0, 5).getBytes(ISO_8859_1));
    pinging.getOutputStream().write(ping.getBytes(ISO_8859_1));
    read(pinging);
    rounds();

    assertThat(read(send(address, GET))).startsWith("HTTP/1.1 200 OK");
    assertThat(new Frames().read(pinging.getInputStream().readAllBytes()))
        .endsWith("0 GOAWAY NO_ERROR");
    kept.getOutputStream().write(GET.getBytes(ISO_8859_1));
    assertThat(read(kept)).startsWith("HTTP/1.1 200 OK");
    keptToo.getOutputStream().write(GET.substring(5).getBytes(ISO_8859_1));
    assertThat(read(keptToo)).startsWith("HTTP/1.1 200 OK");
  }

  @Test
  void pingsAreNoUseOfAConnection() throws IOException {
    Frames frames = Frames.hello().request(1, true, "GET", "/");
    Socket pinging = send(address, new String(frames.bytes(), ISO_8859_1));
    StringBuilder answer = new StringBuilder();
    while (answer.indexOf("got 0") < 0) {
      answer.append(read(pinging));
    }
    nowNanos += 1_000_000_000;
    Socket kept = send(address, GET);
    read(kept);
    Socket keptToo = send(address, GET);
    read(keptToo);
    nowNanos += 1_000_000_000;
    pinging.getOutputStream().write(frames.frame(FrameType.PING, 0, 0, "0102030405060708").bytes());
    read(pinging);

    assertThat(read(send(address, GET))).startsWith("HTTP/1.1 200 OK");
    kept.getOutputStream().write(GET.getBytes(ISO_8859_1));
    assertThat(read(kept)).startsWith("HTTP/1.1 200 OK");
    keptToo.getOutputStream().write(GET.getBytes(ISO_8859_1));
    assertThat(read(keptToo)).startsWith("HTTP/1.1 200 OK");
    assertThat(frames.read(pinging.getInputStream().readAllBytes())).endsWith("0 GOAWAY NO_ERROR");
  }

  /// What clients send that creep, or are gone without a word, and never ends.
  private static List<String> beginnings() {
    String hello = new String(Frames.hello().bytes(), ISO_8859_1);
    Frames frames = Frames.hello().request(1, true, "GET", "/");
    String request = new String(frames.bytes(), ISO_8859_1);
    Frames block = Frames.hello().frame(FrameType.HEADERS, 0, 1, "8286");
    return List.of(
        "G",
        "\r\n",
        "GET / HTTP/1.1\r\nHo",
        GET + "GET / HTTP/1.1\r\nHo",
        hello.substring(0, 4),
        hello.substring(0, Connection.PREFACE.length),
        hello.substring(0, Connection.PREFACE.length + 5),
        hello + "\0",
        request.substring(0, request.length() - 1),
        new String(block.bytes(), ISO_8859_1));
  }

  @ParameterizedTest
  @MethodSource("beginnings")
  void whoNeverEndsWhatItBeginsMakesRoom(String beginning) throws IOException {
    for (int i = 0; i < 3; i++) {
      send(address, beginning);
      while (endpoint.connections <= i) {
        round();
      }
      rounds();
    }
    Socket oldest = clients.getFirst();
    nowNanos += 2_000_000_000;

    for (int i = 0; i < 3; i++) {
      assertThat(read(send(address, GET))).startsWith("HTTP/1.1 200 OK");
    }
    assertThat(endpoint.connections).isEqualTo(3);
    assertThat(oldest.getInputStream().readAllBytes()).isNotNull();
  }

  @ParameterizedTest
  @MethodSource("beginnings")
  void whoNeverEndsWhatItBeginsKeepsNobodyOutHoweverManyThereAre(String beginning)
      throws IOException {
    Address larger = server.listen(ANY, new Endpoint(this::handle, budget, 8, 10, 500_000));
    Socket busy = send(larger, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    while (later.isEmpty()) {
      round();
    }
    Socket kept = send(larger, GET);
    read(kept);
    for (int i = 0; i < 100; i++) {
      send(larger, beginning);
      rounds();
    }

    assertThat(read(send(larger, GET))).startsWith("HTTP/1.1 200 OK");
    kept.getOutputStream().write(GET.getBytes(ISO_8859_1));
    assertThat(read(kept)).startsWith("HTTP/1.1 200 OK");
    later.get(0).respond(HttpResponse.text(200, "late"));
    assertThat(read(busy)).endsWith("late");
  }

  @Test
  void whoIsInTheMiddleOfABodyMakesNoRoom() throws IOException {
    Socket known = send(address, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
    Socket chunked =
        send(address, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
    Frames frames = Frames.hello().request(1, false, "POST", "/").data(1, false, "hel");
    Socket http2 = send(address, new String(frames.bytes(), ISO_8859_1) + "\0");
    while (endpoint.connections < 3) {
      round();
    }
    rounds();
    StringBuilder answers = new StringBuilder();
    nowNanos += 5_000_000_000L;

    assertThat(read(send(address, GET))).startsWith("HTTP/1.1 503 ");
    known.getOutputStream().write("lo".getBytes(ISO_8859_1));
    assertThat(read(known)).endsWith("got 5");
    chunked.getOutputStream().write("lo\r\n0\r\n\r\n".getBytes(ISO_8859_1));
    assertThat(read(chunked)).endsWith("got 5");
    byte[] rest = frames.data(1, true, "lo").bytes();
    http2.getOutputStream().write(rest, 1, rest.length - 1);
    while (answers.indexOf("got 5") < 0) {
      answers.append(read(http2));
    }
    assertThat(frames.read(answers.toString().getBytes(ISO_8859_1))).contains("1 DATA got 5 END");
  }

  @Test
  void whoHasJustBegunToAskMakesNoRoomWhereOthersAreBusy() throws IOException {
    for (int i = 0; i < 2; i++) {
      send(address, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
      while (later.size() <= i) {
        round();
      }
    }
    Socket asking = send(address, GET.substring(0, 5));
    while (endpoint.connections < 3) {
      round();
    }
    round();

    assertThat(read(send(address, GET))).startsWith("HTTP/1.1 503 ").contains("retry-after: 1");
    asking.getOutputStream().write(GET.substring(5).getBytes(ISO_8859_1));
    assertThat(read(asking)).startsWith("HTTP/1.1 200 OK");
  }

  @Test
  void anHttp2ClientThatEndsItsOutputBehindTheRequestIsAnswered() throws IOException {
    Frames frames = Frames.hello();
    frames.request(1, false, "POST", "/later").data(1, true, "hello");
    frames.request(3, false, "POST", "/later").data(3, false, "half of it");
    Socket client = connect(address);
    client.getOutputStream().write(frames.bytes());
    client.shutdownOutput();
    for (int i = 0; i < 5 || later.isEmpty(); i++) {
      round();
    }
    assertThat(later).singleElement().matches(HttpResponder::isOpen);
    later.get(0).respond(HttpResponse.text(200, "late"));
    while (endpoint.connections > 0) {
      nowNanos += 50_000_000;
      round();
    }
    assertThat(new Frames().read(client.getInputStream().readAllBytes()))
        .contains("1 DATA late END")
        .noneMatch(line -> line.startsWith("3 "));
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void anHttp1ClientThatEndsItsOutputBehindTheRequestIsAnswered() throws IOException {
    Socket client = send(address, "GET /later HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    client.shutdownOutput();
    for (int i = 0; i < 5 || later.isEmpty(); i++) {
      round();
    }
    later.get(0).respond(HttpResponse.text(200, "late"));
    assertThat(read(client)).endsWith("late");
    while (endpoint.connections > 0) {
      nowNanos += 50_000_000;
      round();
    }
    assertThat(client.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void whoHasARequestUnderWayMakesNoRoom() throws IOException {
    for (int i = 0; i < 3; i++) {
      send(address, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
      while (later.size() <= i) {
        round();
      }
    }
    nowNanos += 5_000_000_000L;
    assertThat(read(send(address, GET))).startsWith("HTTP/1.1 503 ");
    assertThat(later).allMatch(HttpResponder::isOpen);
  }

  @Test
  void theLastAnswerIsReadByAClientThatStillSends() throws IOException {
    Socket client = send(address, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n");
    client.getOutputStream().write(new byte[10_000]);
    assertThat(read(client)).startsWith("HTTP/1.1 413 ");
    client.getOutputStream().write(new byte[10_000]);
    assertThat(endpoint.connections).isEqualTo(1);
    nowNanos += 2_000_000_000;
    round();
    assertThat(endpoint.connections).isZero();
  }

  @Test
  void anAddressInUseIsNamed() {
    assertThatThrownBy(() -> server.listen(address, endpoint))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("cannot listen on 127.0.0.1:" + address.port());
    assertThatThrownBy(() -> server.listen(new Address("no.such.host.invalid", 1), endpoint))
        .hasMessage("cannot listen on no.such.host.invalid:1: unknown host");
  }

  @Test
  void closingLetsARequestUnderWayEnd() throws IOException {
    Socket client = send(address, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    while (later.isEmpty()) {
      round();
    }
    server.shutDown();
    round();
    assertThatThrownBy(() -> connect(address)).isInstanceOf(IOException.class);
    later.get(0).respond(HttpResponse.text(200, "late"));
    assertThat(read(client)).contains("connection: close").endsWith("late");
  }

  @Test
  void whoHasGoneHasMadeRoomForTheNext() throws IOException {
    for (int i = 0; i < 20; i++) {
      Socket client = send(address, GET);
      assertThat(read(client)).startsWith("HTTP/1.1 200");
      client.close();
    }
  }

  @Test
  void theThreadEndsWhenTheServerIsClosed() throws IOException {
    Health health = new Health(System::nanoTime);
    HttpServer own = HttpServer.open(ServerSettings.DEFAULTS, System::nanoTime);
    Address ownAddress = own.listen(ANY, endpoint);
    own.start("pannier-test-closed", health);
    Socket client = send(ownAddress, GET);
    assertThat(client.getInputStream().read()).isEqualTo('H');
    client.close();
    own.close(Duration.ofSeconds(20));
    assertThat(threadNames()).doesNotContain("pannier-test-closed");
    assertThat(health.dead()).isEmpty();
  }

  @Test
  void aRequestThatHoldsUpTheLoopDoesNotHoldUpWhoClosesTheServer() throws IOException {
    CompletableFuture<Void> asked = new CompletableFuture<>();
    CompletableFuture<Void> released = new CompletableFuture<>();
    HttpServer own = HttpServer.open(ServerSettings.DEFAULTS, System::nanoTime);
    Address ownAddress =
        own.listen(
            ANY,
            new Endpoint(
                (request, responder) -> {
                  asked.complete(null);
                  released.join();
                },
                budget,
                3,
                10,
                500_000));
    own.start("pannier-test-held-up", new Health(System::nanoTime));
    send(ownAddress, GET);
    asked.join();
    assertThat(own.close(Duration.ZERO)).isFalse();
    assertThat(threadNames()).contains("pannier-test-held-up");

    released.complete(null);
    assertThat(own.close(Duration.ofSeconds(20))).isTrue();
  }

  @Test
  void healthKnowsThatTheLoopHasEndedByAnError() throws IOException {
    Health health = new Health(System::nanoTime);
    HttpServer own = HttpServer.open(ServerSettings.DEFAULTS, System::nanoTime);
    Address ownAddress =
        own.listen(
            ANY,
            new Endpoint(
                (request, responder) -> {
                  throw new StackOverflowError("deep");
                },
                budget,
                3,
                10,
                500_000));
    own.start("pannier-test", health);
    assertThat(health.dead()).isEmpty();
    Socket client = send(ownAddress, GET);
    assertThat(client.getInputStream().read()).isEqualTo(-1);
    assertThat(health.dead())
        .containsExactly("pannier-test: ended by java.lang.StackOverflowError: deep");
    own.close();
  }

  private static List<String> threadNames() {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
  }
}
