package dev.pannier.shippers.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Destination;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.ShipperContract.Told;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Compression;
import dev.pannier.shippers.ShipperSettings.Protocol;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okio.ByteString;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What proxies, wrong ports and services that are being replaced answer, and what backends say of data.
class VerdictsTest {
  private static final String NGINX =
      """
      <html>
      <head><title>400 The plain HTTP request was sent to HTTPS port</title></head>
      <body>
      <center><h1>400 Bad Request</h1></center>
      </body>
      </html>
      """;

  private final MockWebServer server = new MockWebServer();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<OtlpShipper> shippers = new ArrayList<>();
  private int keys;
  private volatile Backend backend = (_, _) -> null;

  /// Null where it is answered as any other.
  private volatile @Nullable MockResponse answerToNoByte;

  /// How it answers.
  private interface Backend {
    /// @return null for an answer that takes it
    @Nullable MockResponse answer(String path, boolean empty);
  }

  private record Case(String name, Protocol protocol, MockResponse answer, String... says) {
    @Override
    public String toString() {
      return name + ", " + protocol;
    }
  }

  @AfterEach
  void stop() {
    shippers.forEach(shipper -> shipper.close(Duration.ZERO));
    server.close();
  }

  private OtlpShipper shipper(Protocol protocol) throws IOException {
    boolean grpc = protocol == Protocol.GRPC;
    server.setProtocols(
        List.of(grpc ? okhttp3.Protocol.H2_PRIOR_KNOWLEDGE : okhttp3.Protocol.HTTP_1_1));
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            boolean empty = isEmpty(request);
            String path = String.valueOf(request.getUrl().encodedPath());
            requests.add(path + (empty ? " empty" : ""));
            MockResponse toNoByte = hasNoByte(request) ? answerToNoByte : null;
            MockResponse answer = toNoByte == null ? backend.answer(path, empty) : toNoByte;
            return answer == null ? taken(grpc) : answer;
          }
        });
    server.start();
    OtlpShipper shipper =
        new OtlpShipper(
            new ShipperSettings.Otlp(
                "b",
                URI.create("http://localhost:" + server.getPort()),
                protocol,
                Compression.NONE,
                Map.of("authorization", "Bearer " + Destination.SECRET),
                null,
                Duration.ofSeconds(10),
                EnumSet.allOf(Signal.class)),
            FakeBackend.MEMORY_BYTES,
            InstantSource.system());
    shippers.add(shipper);
    return shipper;
  }

  /// Whether it has no record.
  private static boolean isEmpty(RecordedRequest request) {
    return hasNoByte(request) || isHollow(request);
  }

  private static boolean hasNoByte(RecordedRequest request) {
    return isJson(request)
        ? ByteString.encodeUtf8("{}").equals(request.getBody())
        : FakeBackend.payload(request).isEmpty();
  }

  /// Whether it has a resource without a record.
  private static boolean isHollow(RecordedRequest request) {
    return isJson(request)
        ? String.valueOf(request.getBody()).contains("[{}]")
        : FakeBackend.payload(request).size() == 2;
  }

  private static boolean isJson(RecordedRequest request) {
    return "application/json".equals(request.getHeaders().get("content-type"));
  }

  private static MockResponse taken(boolean grpc) {
    return grpc
        ? FakeBackend.grpcAnswer(0, "", new byte[0]).build()
        : http(200, "application/x-protobuf", "");
  }

  private static MockResponse http(int code, String type, String body) {
    MockResponse.Builder answer = new MockResponse.Builder().code(code).body(body);
    return (type.isEmpty() ? answer : answer.addHeader("content-type", type)).build();
  }

  /// In trailers alone.
  private static MockResponse grpc(int status, String message) {
    return new MockResponse.Builder()
        .addHeader("content-type", "application/grpc")
        .addHeader("grpc-status", status)
        .addHeader("grpc-message", message)
        .build();
  }

  private static Outcome ship(OtlpShipper shipper, Batch batch) throws InterruptedException {
    Told told = new Told(Duration.ofSeconds(30));
    shipper.ship(batch, told);
    return told.await();
  }

  private Batch batch(Signal signal) {
    byte[] bytes = Batches.request("checkout", "one").toByteArray();
    // A key of its own: nothing waits behind what has not been told to the end.
    String key = "k" + keys++;
    return new Batch(
        signal, bytes, 0, bytes.length, 1, "app", key, new Positions(1, 0, 1, 0, 0).encode());
  }

  /// Go's server, nginx, Envoy and Traefik, as they answer whatever they get.
  static Stream<Case> answersOfOthers() {
    MockResponse go =
        new MockResponse.Builder()
            .status("HTTP/1.0 400 Bad Request")
            .body("Client sent an HTTP request to an HTTPS server.\n")
            .build();
    String none = "404 page not found\n";
    return Stream.of(
        new Case("Go's TLS port", Protocol.HTTP_PROTOBUF, go, " 400 ", "to an HTTPS server"),
        new Case(
            "nginx' TLS port",
            Protocol.HTTP_PROTOBUF,
            http(400, "text/html", NGINX),
            " 400 ",
            "'text/html': 400 The plain HTTP request was sent to HTTPS port"),
        new Case(
            "Traefik without a route",
            Protocol.HTTP_PROTOBUF,
            http(404, "text/plain; charset=utf-8", none),
            "'text/plain; charset=utf-8': 404 page not found"),
        new Case("Envoy without a route", Protocol.HTTP_PROTOBUF, http(404, "", ""), " 404 "),
        new Case("no gzip", Protocol.HTTP_PROTOBUF, http(415, "text/plain", "no"), " 415 "),
        new Case("a page", Protocol.HTTP_PROTOBUF, http(500, "text/html", NGINX), " 500 "),
        new Case("a firewall", Protocol.HTTP_JSON, http(406, "text/html", NGINX), " 406 "),
        new Case("Cloudflare", Protocol.HTTP_JSON, http(522, "text/html", NGINX), " 522 "),
        new Case("misdirected", Protocol.HTTP_JSON, http(421, "", ""), " 421 "),
        new Case("no HTTP/3 yet", Protocol.HTTP_JSON, http(425, "", ""), " 425 "),
        new Case("too slow", Protocol.HTTP_JSON, http(408, "text/html", NGINX), " 408 "),
        new Case("Envoy without a route", Protocol.GRPC, grpc(12, ""), "UNIMPLEMENTED"),
        new Case(
            "Traefik without a route",
            Protocol.GRPC,
            http(404, "text/plain; charset=utf-8", none),
            " 404 ",
            "404 page not found"),
        new Case("nginx", Protocol.GRPC, http(400, "text/html", NGINX), " 400 ", "HTTPS port"),
        new Case("slow", Protocol.GRPC, http(408, "text/html", NGINX), " 408 "),
        new Case("a page", Protocol.GRPC, http(500, "text/html", NGINX), " 500 "),
        new Case("elsewhere", Protocol.GRPC, http(302, "text/html", NGINX), " 302 "));
  }

  @ParameterizedTest
  @MethodSource("answersOfOthers")
  void whatIsAnsweredWhateverIsSentIsNoVerdict(Case other) throws Exception {
    OtlpShipper shipper = shipper(other.protocol);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(ship(shipper, batch(Signal.LOGS))).isEqualTo(Outcome.ACCEPTED);

    backend = (_, _) -> other.answer;

    assertThat(ship(shipper, batch(Signal.LOGS)))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, retry -> assertThat(retry.reason()).contains(other.says));

    backend = (_, _) -> null;
    assertThat(ship(shipper, batch(Signal.LOGS))).isEqualTo(Outcome.ACCEPTED);
  }

  @ParameterizedTest
  @MethodSource("answersOfOthers")
  void whereSomebodyElseAnswersNothingIsConnected(Case other) throws Exception {
    OtlpShipper shipper = shipper(other.protocol);
    backend = (_, _) -> other.answer;

    assertThat(shipper.connect())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, retry -> assertThat(retry.reason()).contains(other.says));
  }

  /// In no form of OTLP's, but of the data.
  static Stream<Case> refusalsOfData() {
    return Stream.of(
        new Case("text", Protocol.HTTP_PROTOBUF, http(400, "text/plain", "too old"), "too old"),
        new Case("json", Protocol.HTTP_JSON, http(422, "application/json", "{\"error\":1}"), "422"),
        new Case("nothing", Protocol.HTTP_JSON, http(400, "", ""), "400"),
        new Case("a crash", Protocol.HTTP_JSON, http(500, "text/html", NGINX), "500"),
        new Case("no index", Protocol.HTTP_JSON, http(404, "text/plain", "no index"), "no index"),
        new Case("UNKNOWN", Protocol.GRPC, grpc(2, "too old"), "UNKNOWN: too old"),
        new Case("INTERNAL", Protocol.GRPC, grpc(13, "a panic"), "INTERNAL: a panic"),
        new Case("RESOURCE_EXHAUSTED", Protocol.GRPC, grpc(8, "no"), "RESOURCE_EXHAUSTED: no"));
  }

  @ParameterizedTest
  @MethodSource("refusalsOfData")
  void whatIsRefusedWhileAnEmptyRequestIsTakenStopsNobody(Case refusal) throws Exception {
    OtlpShipper shipper = shipper(refusal.protocol);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    backend = (_, empty) -> empty ? null : refusal.answer;

    assertThat(ship(shipper, batch(Signal.LOGS)))
        .isInstanceOfSatisfying(
            Outcome.Permanent.class, never -> assertThat(never.reason()).contains(refusal.says));
    assertThat(requests.subList(1, requests.size()))
        .extracting(request -> request.endsWith(" empty"))
        .containsExactly(
            refusal.name.equals("no index")
                ? new Boolean[] {false, true, false, true, false}
                : new Boolean[] {false, true, false});
  }

  /// Two backends behind one address, of which one has no such service yet.
  @ParameterizedTest
  @EnumSource
  void whatOneOfTwoHasNoServiceForIsNotRefused(Protocol protocol) throws Exception {
    OtlpShipper shipper = shipper(protocol);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    backend = (_, empty) -> empty || requests.size() > 4 ? null : gone(protocol);

    assertThat(ship(shipper, batch(Signal.LOGS))).isEqualTo(Outcome.ACCEPTED);
    assertThat(requests).hasSize(6);
  }

  @Test
  void whatIsRefusedInTwoWaysIsNotRefused() throws Exception {
    OtlpShipper shipper = shipper(Protocol.HTTP_PROTOBUF);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    backend =
        (_, empty) ->
            empty
                ? null
                : requests.size() > 2
                    ? gone(Protocol.HTTP_PROTOBUF)
                    : http(500, "text/html", NGINX);

    assertThat(ship(shipper, batch(Signal.LOGS)))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> {
              assertThat(retry.reason()).contains("404");
              assertThat(retry.untouched()).as("the first may have been stored").isFalse();
            });
  }

  @Test
  void whatMayHaveBeenStoredByTheFirstAttemptIsTouched() throws Exception {
    OtlpShipper shipper = shipper(Protocol.HTTP_PROTOBUF);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    backend =
        (_, empty) ->
            empty ? null : requests.size() > 2 ? http(429, "", "") : http(500, "text/html", NGINX);

    assertThat(ship(shipper, batch(Signal.LOGS)))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, retry -> assertThat(retry.untouched()).isFalse());
  }

  /// As application servers do before any application sees it.
  @ParameterizedTest
  @EnumSource(
      value = Protocol.class,
      names = {"HTTP_PROTOBUF", "HTTP_JSON"})
  void whoAnswersAPageToARequestWithoutAByteIsAskedWithoutARecord(Protocol protocol)
      throws Exception {
    OtlpShipper shipper = shipper(protocol);
    answerToNoByte = http(411, "text/html", NGINX);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(ship(shipper, batch(Signal.LOGS))).isEqualTo(Outcome.ACCEPTED);

    backend = (_, empty) -> empty ? null : http(400, "text/plain", "too old");
    assertThat(ship(shipper, batch(Signal.LOGS))).isInstanceOf(Outcome.Permanent.class);
  }

  /// A route that is back between a refusal and the empty request.
  @ParameterizedTest
  @EnumSource
  void whatIsRefusedInPassingIsShipped(Protocol protocol) throws Exception {
    OtlpShipper shipper = shipper(protocol);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    backend =
        (_, _) ->
            requests.size() > 2
                ? null
                : protocol == Protocol.GRPC ? grpc(12, "") : http(404, "text/plain", "none");

    assertThat(ship(shipper, batch(Signal.LOGS))).isEqualTo(Outcome.ACCEPTED);
    assertThat(requests).hasSize(4);
  }

  static Stream<Case> verdicts() {
    return Stream.of(
        new Case(
            "400", Protocol.HTTP_PROTOBUF, http(400, "application/x-protobuf", "\b\3\22\3bad")),
        new Case(
            "400",
            Protocol.HTTP_JSON,
            http(400, "application/json", "{\"code\":3,\"message\":\"bad\"}")),
        new Case("INVALID_ARGUMENT", Protocol.GRPC, grpc(3, "bad")),
        new Case("FAILED_PRECONDITION", Protocol.GRPC, grpc(9, "bad")));
  }

  @ParameterizedTest
  @MethodSource("verdicts")
  void whatIsSaidInTheFormOfOtlpIsAVerdictAtOnce(Case verdict) throws Exception {
    OtlpShipper shipper = shipper(verdict.protocol);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    backend = (_, _) -> verdict.answer;

    assertThat(ship(shipper, batch(Signal.LOGS)))
        .isInstanceOfSatisfying(
            Outcome.Permanent.class, never -> assertThat(never.reason()).endsWith(": bad"));
    assertThat(requests).hasSize(2);
  }

  @Test
  void aBackendThatTakesNothingEmptyIsConnectedAndRefuses() throws Exception {
    OtlpShipper shipper = shipper(Protocol.HTTP_PROTOBUF);
    MockResponse refusal = http(400, "text/plain", "nothing of use");
    backend = (_, empty) -> empty ? refusal : null;
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    backend = (_, _) -> refusal;
    assertThat(ship(shipper, batch(Signal.LOGS)))
        .as("it has taken nothing so far")
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> assertThat(retry.reason()).contains("they wait until it takes anything else"));
    backend = (_, empty) -> empty ? refusal : null;
    assertThat(ship(shipper, batch(Signal.LOGS))).isEqualTo(Outcome.ACCEPTED);

    backend = (_, _) -> refusal;

    assertThat(ship(shipper, batch(Signal.LOGS))).isInstanceOf(Outcome.Permanent.class);
  }

  @ParameterizedTest
  @EnumSource(Signal.class)
  void aBackendThatTakesNothingEmptyRefusesWhateverSignal(Signal signal) throws Exception {
    OtlpShipper shipper = shipper(Protocol.HTTP_PROTOBUF);
    MockResponse refusal = http(422, "text/plain", "nothing of use");
    backend = (_, empty) -> empty ? refusal : null;
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(ship(shipper, batch(signal))).isEqualTo(Outcome.ACCEPTED);

    backend = (_, _) -> refusal;

    assertThat(ship(shipper, batch(signal))).isInstanceOf(Outcome.Permanent.class);
  }

  /// One signal's way is shut: that says nothing of the first.
  @Test
  void aBackendThatTakesNothingEmptyIsConnectedWhateverAnotherSignalIsAnswered() throws Exception {
    OtlpShipper shipper = shipper(Protocol.HTTP_PROTOBUF);
    MockResponse refusal = http(422, "text/plain", "nothing of use");
    MockResponse away = http(503, "text/plain", "away");
    backend = (path, empty) -> path.endsWith("/traces") ? away : empty ? refusal : null;
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
  }

  /// One address in front of several backends.
  @Test
  void aSignalWhoseEmptyRequestsAloneAreRefusedIsRefused() throws Exception {
    OtlpShipper shipper = shipper(Protocol.HTTP_PROTOBUF);
    MockResponse refusal = http(422, "text/plain", "nothing of use");
    backend = (path, empty) -> empty && path.endsWith("/metrics") ? refusal : null;
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(ship(shipper, batch(Signal.METRICS))).isEqualTo(Outcome.ACCEPTED);

    backend = (path, _) -> path.endsWith("/metrics") ? refusal : null;

    assertThat(ship(shipper, batch(Signal.METRICS))).isInstanceOf(Outcome.Permanent.class);
  }

  /// Its backend starts later, and has too much to do in the moment in which it is asked.
  @Test
  void aSignalThatWasAwayWhenItWasTriedIsAskedBehindWhatItTakes() throws Exception {
    OtlpShipper shipper = shipper(Protocol.HTTP_PROTOBUF);
    MockResponse refusal = http(422, "text/plain", "nothing of use");
    MockResponse away = http(503, "text/plain", "away");
    backend = (path, empty) -> path.endsWith("/metrics") ? away : empty ? refusal : null;
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);

    backend = (_, empty) -> empty ? away : null;
    assertThat(ship(shipper, batch(Signal.METRICS))).isEqualTo(Outcome.ACCEPTED);
    backend = (_, empty) -> empty ? refusal : null;
    assertThat(ship(shipper, batch(Signal.METRICS))).isEqualTo(Outcome.ACCEPTED);
    int asked = requests.size();
    assertThat(ship(shipper, batch(Signal.METRICS))).isEqualTo(Outcome.ACCEPTED);
    assertThat(requests).as("it is known by now").hasSize(asked + 1);
    backend = (_, _) -> refusal;

    assertThat(ship(shipper, batch(Signal.METRICS))).isInstanceOf(Outcome.Permanent.class);
  }

  /// Behind it is a backend that takes what is empty.
  @Test
  void whatAProxySaidAtTheStartIsNotTakenForTheBackends() throws Exception {
    OtlpShipper shipper = shipper(Protocol.HTTP_PROTOBUF);
    MockResponse refusal = http(400, "text/plain", "no route yet");
    backend = (_, _) -> refusal;
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    backend = (_, _) -> null;
    assertThat(ship(shipper, batch(Signal.LOGS))).isEqualTo(Outcome.ACCEPTED);

    backend = (_, _) -> refusal;

    assertThat(ship(shipper, batch(Signal.LOGS))).isInstanceOf(Outcome.Retryable.class);
    backend = (_, _) -> null;
    assertThat(ship(shipper, batch(Signal.LOGS))).isEqualTo(Outcome.ACCEPTED);
  }

  @ParameterizedTest
  @EnumSource
  void aServiceThatGoesKeepsItsSignalAloneWaiting(Protocol protocol) throws Exception {
    OtlpShipper shipper = shipper(protocol);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(ship(shipper, batch(Signal.TRACES))).isEqualTo(Outcome.ACCEPTED);

    backend = (path, _) -> path.contains("trace") ? gone(protocol) : null;

    assertThat(ship(shipper, batch(Signal.TRACES)))
        .isInstanceOfSatisfying(
            Outcome.Missing.class,
            missing ->
                assertThat(missing.reason())
                    .contains("http://localhost:" + server.getPort(), "traces"));
    assertThat(shipper.missing()).contains("signal");
    assertThat(ship(shipper, batch(Signal.LOGS))).isEqualTo(Outcome.ACCEPTED);
    assertThat(shipper.missing()).isNotEmpty();

    backend = (_, _) -> null;
    assertThat(ship(shipper, batch(Signal.TRACES))).isEqualTo(Outcome.ACCEPTED);
    assertThat(shipper.missing()).isEmpty();
  }

  private static MockResponse gone(Protocol protocol) {
    return protocol == Protocol.GRPC
        ? grpc(12, "unknown service")
        : http(404, "text/plain; charset=utf-8", "404 page not found\n");
  }

  /// As a framework's page does that has a time, or the number of a request.
  @ParameterizedTest
  @EnumSource
  void whatWaitsForAServiceDoesSoInTheSameWords(Protocol protocol) throws Exception {
    OtlpShipper shipper = shipper(protocol);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(ship(shipper, batch(Signal.TRACES))).isEqualTo(Outcome.ACCEPTED);
    backend =
        (path, _) -> {
          if (!path.contains("trace")) {
            return null;
          }
          String says = "nothing here, number " + requests.size();
          return protocol == Protocol.GRPC ? grpc(12, says) : http(404, "text/plain", says);
        };

    Outcome first = ship(shipper, batch(Signal.TRACES));
    String before = shipper.missing();
    assertThat(ship(shipper, batch(Signal.TRACES)))
        .isInstanceOf(Outcome.Missing.class)
        .isEqualTo(first);
    assertThat(shipper.missing())
        .as("people read what was answered last")
        .contains("nothing here, number ")
        .isNotEqualTo(before);
  }

  @ParameterizedTest
  @EnumSource
  void aServiceThatWasNeverThereIsNotWaitedFor(Protocol protocol) throws Exception {
    OtlpShipper shipper = shipper(protocol);
    backend = (path, _) -> path.contains("metrics") ? gone(protocol) : null;
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);

    assertThat(ship(shipper, batch(Signal.METRICS))).isInstanceOf(Outcome.Permanent.class);
    assertThat(shipper.missing()).isEmpty();

    backend = (_, _) -> gone(protocol);
    assertThat(ship(shipper, batch(Signal.METRICS)))
        .as("nor are the others taken")
        .isInstanceOf(Outcome.Retryable.class);
  }

  @Test
  void aPageThatQuotesASecretIsMaskedAndBounded() throws Exception {
    OtlpShipper shipper = shipper(Protocol.HTTP_PROTOBUF);
    String page = "<p>Bearer " + Destination.SECRET + "</p>" + "<b>x</b>".repeat(9_000);
    backend = (_, _) -> http(400, "text/html", page);

    assertThat(shipper.connect())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry ->
                assertThat(retry.reason())
                    .contains("****")
                    .doesNotContain(Destination.SECRET)
                    .hasSizeLessThan(700));
  }
}
