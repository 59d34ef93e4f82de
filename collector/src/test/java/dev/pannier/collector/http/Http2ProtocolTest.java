package dev.pannier.collector.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/// What h2spec does not ask: memory, floods, time, and what the windows have to do with memory.
class Http2ProtocolTest {
  private static final String OK = "HEADERS :status=200 content-type=text/plain; charset=utf-8";

  private final Wire wire = new Wire();
  private final Frames client = Frames.hello();

  /// What the server sends after the client's frames, without what it says at first.
  private List<String> exchange(Wire to) {
    to.send(client.bytes());
    return client.read(to.received()).stream()
        .filter(line -> !line.startsWith("0 SETTINGS") && !line.startsWith("0 WINDOW_UPDATE"))
        .toList();
  }

  private List<String> exchange() {
    return exchange(wire);
  }

  @Test
  void theServerSpeaksFirstOfItsSettings() {
    assertThat(client.read(wire.send(client.bytes()).received()))
        .containsExactly("0 SETTINGS", "0 WINDOW_UPDATE 983041", "0 SETTINGS ACK");
  }

  @Test
  void requestsAreAnswered() {
    client.request(1, true, "GET", "/a?b").request(3, false, "POST", "/c").data(3, true, "hello");
    assertThat(exchange())
        .containsExactly(
            "1 " + OK + " content-length=2",
            "1 DATA ok END",
            "3 " + OK + " content-length=5",
            "3 DATA hello END");
    assertThat(wire.requests).containsExactly("GET /a ", "POST /c hello");
    assertThat(wire.budget.heldBytes()).isZero();
  }

  @Test
  void trailersFollowTheBody() {
    client.request(1, true, "POST", "/grpc");
    assertThat(exchange())
        .containsExactly(
            "1 HEADERS :status=200 content-type=application/grpc",
            "1 DATA \0\0\0\0\0",
            "1 HEADERS grpc-status=0 END");
  }

  @Test
  void bytesSplitAnywhereAreTheSameRequests() {
    client
        .request(1, false, "POST", "/a")
        .frame(FrameType.DATA, FrameType.FLAG_PADDED, 1, "02" + "6162" + "0000")
        .frame(FrameType.DATA, FrameType.FLAG_PADDED, 1, "020000")
        .frame(FrameType.PING, 0, 0, "0102030405060708")
        .data(1, true, "c")
        .frame(
            FrameType.HEADERS,
            FrameType.FLAG_END_STREAM | FrameType.FLAG_PADDED | FrameType.FLAG_PRIORITY,
            3,
            "01" + "0000000010" + "8386" + "00")
        .frame(FrameType.CONTINUATION, FrameType.FLAG_END_HEADERS, 3, "84");
    byte[] bytes = client.bytes();
    byte[] expected = new Wire().send(bytes).received();
    assertThat(new Frames().read(expected)).contains("0 PING ACK 0102030405060708");
    for (int i = 0; i <= bytes.length; i++) {
      Wire split = new Wire();
      split.send(Arrays.copyOf(bytes, i)).send(Arrays.copyOfRange(bytes, i, bytes.length));
      assertThat(split.requests).containsExactly("POST /a abc", "POST / ");
      assertThat(split.received()).isEqualTo(expected);
      assertThat(split.budget.heldBytes()).isZero();
    }
  }

  @Test
  void anAnswerWaitsForTheClientsWindows() {
    client
        .frame(FrameType.SETTINGS, 0, 0, "000400000003") // initial window: 3
        .request(1, false, "POST", "/")
        .data(1, true, "hello, world");
    assertThat(exchange()).containsExactly("1 " + OK + " content-length=12", "1 DATA hel");
    client.frame(FrameType.WINDOW_UPDATE, 0, 1, "00000002");
    assertThat(exchange()).containsExactly("1 DATA lo");
    client.frame(FrameType.SETTINGS, 0, 0, "000400000001"); // 2 below nothing
    client.frame(FrameType.WINDOW_UPDATE, 0, 1, "00000003");
    assertThat(exchange()).containsExactly("1 DATA ,");
    client.frame(FrameType.WINDOW_UPDATE, 0, 1, "000000ff");
    assertThat(exchange()).containsExactly("1 DATA  world END");
  }

  @Test
  void grpcMessageFillsAnArrayOfItsOwnHoweverItsPrefixIsCut() {
    String framed = "\0\0\0\0\u0004abcd";
    for (int cut = 1; cut < framed.length(); cut++) {
      client
          .request(2 * cut - 1, false, "POST", "/grpc", "content-type", "application/grpc")
          .data(2 * cut - 1, false, framed.substring(0, cut))
          .data(2 * cut - 1, true, framed.substring(cut));
      exchange();
      assertThat(wire.requests.getLast()).isEqualTo("POST /grpc " + framed);
      assertThat(wire.bodies.getLast()).isEqualTo(new byte[] {'a', 'b', 'c', 'd'});
    }
    assertThat(wire.budget.heldBytes()).isZero();
  }

  @Test
  void anAnnouncedLengthIsReservedAtOnce() {
    client
        .request(1, false, "POST", "/grpc", "content-type", "application/grpc")
        .data(1, false, "\0\0\0\u0013\u0088" + "xxx"); // a message of 5000 bytes
    exchange();
    assertThat(wire.budget.heldBytes()).isBetween(5005L + 1024, 5005L + 1200);
    client.data(1, true, "y".repeat(4997));
    exchange();
    assertThat(wire.requests.get(0)).hasSize("POST /grpc ".length() + 5005);
    assertThat(wire.budget.heldBytes()).isZero();
  }

  @Test
  void aBodyAboveTheLimitIsRefusedAndTheRestReadOver() {
    client
        .request(1, false, "POST", "/", "content-length", "10001")
        .data(1, false, "x".repeat(10_000))
        .request(3, true, "GET", "/");
    assertThat(exchange())
        .startsWith(
            "1 HEADERS :status=413 content-type=text/plain; charset=utf-8 content-length=35")
        .contains("1 RST_STREAM NO_ERROR", "3 DATA ok END");
    client.data(1, true, "x").request(5, true, "GET", "/");
    assertThat(exchange()).contains("5 DATA ok END").noneMatch(line -> line.contains("GOAWAY"));
  }

  @Test
  void withoutMemoryARequestIsRefused() {
    Wire small = new Wire(1500);
    client.request(1, false, "POST", "/").data(1, true, "x".repeat(1000));
    assertThat(exchange(small)).anyMatch(line -> line.startsWith("1 HEADERS :status=503"));
    client.request(3, true, "GET", "/");
    assertThat(exchange(small)).contains("3 DATA ok END");
    assertThat(small.budget.heldBytes()).isZero();
  }

  @Test
  void tooManyFieldsAreRefusedAndTheConnectionGoesOn() {
    client
        .request(1, true, "GET", "/", "x", "y".repeat(1990))
        .frame(
            FrameType.HEADERS, FrameType.FLAG_END_HEADERS | FrameType.FLAG_END_STREAM, 3, "828684");
    assertThat(exchange())
        .anyMatch(line -> line.startsWith("1 HEADERS :status=431"))
        .contains("3 DATA ok END");
  }

  @Test
  void moreStreamsThanAllowedAreRefused() {
    for (int stream = 1; stream <= 13; stream += 2) {
      client.request(stream, true, "GET", "/later");
    }
    assertThat(exchange())
        .containsExactly("11 RST_STREAM REFUSED_STREAM", "13 RST_STREAM REFUSED_STREAM");
    assertThat(wire.later).hasSize(5);
  }

  @Test
  void streamsTakenBackAgainAndAgainEndTheConnection() {
    for (int stream = 1; stream < 1000; stream += 2) {
      client
          .request(stream, true, "GET", "/later")
          .frame(FrameType.RST_STREAM, 0, stream, "00000008");
    }
    assertThat(exchange()).containsExactly("0 GOAWAY ENHANCE_YOUR_CALM");
    assertThat(wire.later).hasSizeBetween(100, 300).noneMatch(HttpResponder::isOpen);
    assertThat(wire.budget.heldBytes()).isZero();
    assertThat(wire.connection.isClosing()).isTrue();
  }

  @Test
  void framesForNothingEndTheConnection() {
    for (int i = 0; i < 1001; i++) {
      client.frame(FrameType.PRIORITY, 0, 1, "0000000310");
    }
    assertThat(exchange()).containsExactly("0 GOAWAY ENHANCE_YOUR_CALM");
  }

  @Test
  void pingsBetweenRequestsAreFine() {
    for (int stream = 1; stream < 6000; stream += 2) {
      client
          .request(stream, true, "GET", "/")
          .frame(FrameType.PING, 0, 0, "0102030405060708")
          .frame(FrameType.WINDOW_UPDATE, 0, 0, "00000002");
      wire.send(client.bytes());
      wire.received();
    }
    assertThat(wire.requests).hasSize(3000);
    assertThat(wire.connection.isClosing()).isFalse();
  }

  @Test
  void aHeaderBlockWithoutEndEndsTheConnection() {
    client.frame(FrameType.HEADERS, 0, 1, "8286");
    for (int i = 0; i < 2500; i++) {
      client.frame(FrameType.CONTINUATION, 0, 1, "84");
    }
    assertThat(exchange()).containsExactly("0 GOAWAY ENHANCE_YOUR_CALM");
  }

  @Test
  void aClientThatReadsNothingIsNotReadFrom() {
    client.frame(FrameType.SETTINGS, 0, 0, "00040000ffff");
    for (int stream = 1; stream < 20; stream += 2) {
      client.frame(FrameType.WINDOW_UPDATE, 0, 0, "00010000");
      wire.send(client.request(stream, false, "POST", "/").bytes());
      wire.send(client.data(stream, true, "x".repeat(9000)).bytes());
    }
    assertThat(wire.connection.output.pending()).isGreaterThan(Connection.MAX_PENDING_OUTPUT);
    assertThat(wire.connection.wantedBytes()).isZero();
    wire.received();
    assertThat(wire.connection.wantedBytes()).isPositive();
  }

  @Test
  void aSlowBodyEndsIn408AndAnIdleConnectionInGoAway() {
    client.request(1, false, "POST", "/").data(1, false, "abc");
    exchange();
    wire.pass(Duration.ofSeconds(21));
    assertThat(client.read(wire.received()))
        .anyMatch(line -> line.startsWith("1 HEADERS :status=408"))
        .contains("1 RST_STREAM NO_ERROR");
    assertThat(wire.budget.heldBytes()).isZero();
    wire.pass(Duration.ofSeconds(61));
    assertThat(client.read(wire.received())).containsExactly("0 GOAWAY NO_ERROR");
    assertThat(wire.connection.isClosing()).isTrue();
  }

  @Test
  void aHeaderBlockThatTricklesInEndsTheConnection() {
    client.frame(FrameType.HEADERS, 0, 1, "8286");
    exchange();
    for (int i = 0; i < 5; i++) {
      wire.pass(Duration.ofSeconds(5));
      client.frame(FrameType.CONTINUATION, 0, 1, "84");
      wire.send(client.bytes());
    }
    assertThat(client.read(wire.received())).containsExactly("0 GOAWAY NO_ERROR");
    assertThat(wire.connection.isClosing()).isTrue();
  }

  @Test
  void whoTakesNothingOfItsAnswerLosesIt() {
    client.frame(FrameType.SETTINGS, 0, 0, "000400000000").request(1, true, "GET", "/");
    exchange();
    wire.pass(Duration.ofSeconds(21));
    assertThat(client.read(wire.received())).containsExactly("1 RST_STREAM CANCEL");
  }

  @Test
  void requestsUnderWayAreAnsweredAtShutDown() {
    client.request(1, true, "GET", "/later");
    exchange();
    wire.connection.shutDown(wire.nowNanos);
    client.request(3, true, "GET", "/");
    assertThat(exchange()).containsExactly("0 GOAWAY NO_ERROR", "3 RST_STREAM REFUSED_STREAM");
    wire.later.get(0).respond(HttpResponse.text(200, "late"));
    wire.settle();
    assertThat(client.read(wire.received())).contains("1 DATA late END");
    assertThat(wire.connection.isClosing()).isTrue();
  }

  @Test
  void aClientThatWaitsForContinueIsToldToGoOn() {
    client.request(1, false, "POST", "/", "expect", "100-continue");
    assertThat(exchange()).containsExactly("1 HEADERS :status=100");
    client.data(1, true, "x");
    assertThat(exchange()).contains("1 DATA x END");
  }

  @Test
  void anAnswerAfterTheClientTookItsRequestBackIsDropped() {
    client.request(1, true, "GET", "/later");
    exchange();
    client.frame(FrameType.RST_STREAM, 0, 1, "00000008");
    assertThat(exchange()).isEmpty();
    assertThat(wire.later.get(0).respond(HttpResponse.text(200, "late"))).isFalse();
  }

  @Property(tries = 500)
  void anyFramesAreSurvived(
      @ForAll @Size(max = 12) List<@Size(min = 4, max = 40) byte[]> frames, @ForAll boolean open) {
    Wire any = new Wire();
    Frames random = Frames.hello();
    if (open) {
      random.request(1, false, "POST", "/later").request(3, false, "POST", "/");
    }
    for (byte[] each : frames) {
      byte[] payload = Arrays.copyOfRange(each, 3, each.length);
      random.frame(each[0] & 0xf, each[1] & 0x2d, each[2] & 0x7, payload);
    }
    any.send(random.bytes());
    any.received();
    any.pass(Duration.ofSeconds(100));
    any.hangUp();
    assertThat(any.budget.heldBytes()).isZero();
  }

  @Property(tries = 300)
  void anyBytesAreSurvived(@ForAll @Size(max = 300) byte[] bytes) {
    Wire any = new Wire();
    any.send(Frames.hello().bytes());
    any.send(bytes);
    any.hangUp();
    assertThat(any.budget.heldBytes()).isZero();
  }
}
