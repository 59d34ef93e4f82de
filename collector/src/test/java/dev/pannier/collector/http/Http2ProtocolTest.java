package dev.pannier.collector.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What h2spec does not ask: memory, floods, time, and what the windows have to do with memory.
class Http2ProtocolTest {
  private static final String CALM = "0 GOAWAY ENHANCE_YOUR_CALM";
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
  void whatCameWholeIsAnsweredWhenTheClientSendsNoMore() {
    client.request(1, false, "POST", "/later").data(1, true, "hello");
    client.request(3, false, "POST", "/later").data(3, false, "half of it");
    exchange();
    assertThat(wire.connection.inputEnded()).isTrue();
    wire.later.get(0).respond(HttpResponse.text(200, "late"));
    wire.settle();
    assertThat(client.read(wire.received())).contains("1 DATA late END");
    assertThat(wire.connection.isClosing()).isTrue();
    assertThat(wire.budget.heldBytes()).isZero();
  }

  @Test
  void whoSendsNoMoreAndWaitsForNothingIsLeft() {
    client.request(1, false, "POST", "/a").data(1, false, "half of it");
    exchange();
    assertThat(wire.connection.inputEnded()).isFalse();
    assertThat(wire.budget.heldBytes()).isZero();
    assertThat(wire.requests).isEmpty();
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
  void whoOnlyAnnouncesABodyHoldsLittleOfTheMemory() {
    Wire large = new Wire(8_000_000, 4_000_005);
    client
        .request(1, false, "POST", "/", "content-length", "4000000")
        .request(3, false, "POST", "/grpc", "content-type", "application/grpc")
        .data(3, false, "\0\0=\t\0x"); // a message of 4,000,000 bytes
    var _ = exchange(large);
    assertThat(large.budget.heldBytes()).isLessThan(200_000);
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

  /// Frames that a client may send as long as it likes by the letter of RFC 9113, each for so many
  /// units of the [Allowance] of 1,000.
  static Stream<Arguments> floods() {
    return Stream.of(
        arguments("PRIORITY", 1, FrameType.PRIORITY, 0, 3, "0000000110"),
        arguments("PING", 1, FrameType.PING, 0, 0, "0102030405060708"),
        arguments("PING ACK", 1, FrameType.PING, FrameType.FLAG_ACK, 0, "0102030405060708"),
        arguments("SETTINGS", 5, FrameType.SETTINGS, 0, 0, ""),
        arguments("SETTINGS ACK", 1, FrameType.SETTINGS, FrameType.FLAG_ACK, 0, ""),
        arguments("WINDOW_UPDATE", 1, FrameType.WINDOW_UPDATE, 0, 0, "00000001"),
        arguments("a stream's WINDOW_UPDATE", 1, FrameType.WINDOW_UPDATE, 0, 1, "00000001"),
        arguments("empty DATA", 1, FrameType.DATA, 0, 1, ""),
        arguments("DATA of padding", 1, FrameType.DATA, FrameType.FLAG_PADDED, 1, "020000"),
        arguments("RST_STREAM", 5, FrameType.RST_STREAM, 0, 3, "00000008"),
        arguments("GOAWAY", 1, FrameType.GOAWAY, 0, 0, "0000000000000000"),
        arguments("an unknown type", 1, 0xb, 0, 0, ""));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("floods")
  void framesForNothingEndTheConnection(
      String name, int units, int type, int flags, int stream, String payload) {
    client
        .frame(FrameType.SETTINGS, FrameType.FLAG_ACK, 0, "")
        .request(1, false, "POST", "/")
        .request(3, true, "GET", "/later")
        .frame(FrameType.RST_STREAM, 0, 3, "00000008"); // 5 units
    exchange();
    int allowed = (1000 - 5 - 5) / units; // the client's SETTINGS, too, were 5
    for (int i = 0; i < allowed; i++) {
      client.frame(type, flags, stream, payload);
    }
    assertThat(exchange()).as(name).noneMatch(line -> line.contains("GOAWAY"));
    client.frame(type, flags, stream, payload);
    assertThat(exchange()).as(name).endsWith(CALM);
    assertThat(wire.connection.isClosing()).isTrue();
    assertThat(wire.budget.heldBytes()).isZero();
  }

  /// Frames after which the server resets the stream (CVE-2025-8671, "made you reset"): the request
  /// was handed on, and its client pays for no answer.
  static Stream<Arguments> badFrames() {
    return Stream.of(
        arguments("WINDOW_UPDATE by 0", FrameType.WINDOW_UPDATE, 0, "00000000"),
        arguments("a window above 2^31-1", FrameType.WINDOW_UPDATE, 0, "7fffffff"),
        arguments("DATA behind the end", FrameType.DATA, 0, "61"),
        arguments("HEADERS behind the end", FrameType.HEADERS, FrameType.FLAG_END_HEADERS, "84"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badFrames")
  void whoMakesTheServerResetStreamsAgainAndAgainLosesTheConnection(
      String name, int type, int flags, String payload) {
    for (int stream = 1; stream < 1000; stream += 2) {
      client.request(stream, true, "GET", "/later").frame(type, flags, stream, payload);
    }
    assertThat(exchange()).as(name).contains("1 RST_STREAM " + codeOf(name)).endsWith(CALM);
    assertThat(wire.later).hasSizeBetween(100, 250).noneMatch(HttpResponder::isOpen);
    assertThat(wire.connection.isClosing()).isTrue();
    assertThat(wire.budget.heldBytes()).isZero();
  }

  private static ErrorCode codeOf(String badFrame) {
    return switch (badFrame) {
      case "WINDOW_UPDATE by 0" -> ErrorCode.PROTOCOL_ERROR;
      case "a window above 2^31-1" -> ErrorCode.FLOW_CONTROL_ERROR;
      default -> ErrorCode.STREAM_CLOSED;
    };
  }

  @Test
  void streamsThatAreMalformedAgainAndAgainEndTheConnection() {
    for (int stream = 1; stream < 1000; stream += 2) {
      client.request(stream, true, "GET", "/", "Upper", "case");
    }
    assertThat(exchange()).startsWith("1 RST_STREAM PROTOCOL_ERROR").endsWith(CALM);
    assertThat(wire.requests).isEmpty();
  }

  @Test
  void headersOnAStreamThatTheServerHasResetAreNotFree() {
    client.request(1, false, "POST", "/").frame(FrameType.WINDOW_UPDATE, 0, 1, "00000000");
    assertThat(exchange()).containsExactly("1 RST_STREAM PROTOCOL_ERROR");
    for (int i = 0; i < 1000; i++) {
      client.frame(FrameType.HEADERS, FrameType.FLAG_END_HEADERS, 1, "84");
    }
    assertThat(exchange()).containsExactly(CALM);
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
  void aHeaderBlockAboveTheLimitEndsTheConnection() {
    client.frame(FrameType.HEADERS, 0, 1, new byte[500]);
    for (int i = 0; i < 3; i++) {
      client.frame(FrameType.CONTINUATION, 0, 1, new byte[500]);
    }
    assertThat(exchange()).as("2,000 bytes").isEmpty();
    client.frame(FrameType.CONTINUATION, 0, 1, new byte[1]);
    assertThat(exchange()).containsExactly(CALM);
  }

  @Test
  void aHeaderBlockInFramesWithoutEndEndsTheConnection() {
    client.frame(FrameType.HEADERS, 0, 1, "8286");
    for (int i = 0; i < 995; i++) {
      client.frame(FrameType.CONTINUATION, 0, 1, "");
    }
    assertThat(exchange()).as("with SETTINGS, 1,000 units").isEmpty();
    client.frame(FrameType.CONTINUATION, 0, 1, "");
    assertThat(exchange()).containsExactly(CALM);
  }

  @Test
  void aClientThatReadsNothingIsNotReadFrom() {
    client.frame(FrameType.SETTINGS, 0, 0, "00040000ffff");
    for (int stream = 1; stream < 20; stream += 2) {
      client.frame(FrameType.WINDOW_UPDATE, 0, 0, "00010000");
      wire.send(client.request(stream, false, "POST", "/").bytes());
      wire.send(client.data(stream, true, "x".repeat(9000)).bytes());
    }
    assertThat(wire.connection.output.pending()).isGreaterThan(Endpoint.LARGE_ANSWERS);
    assertThat(wire.connection.wantedBytes()).isZero();
    wire.received();
    assertThat(wire.connection.wantedBytes()).isPositive();
  }

  @Test
  void smallAnswersThatNobodyReadsTakeLittleMemory() {
    Wire small = new Wire(200_000, Wire.MAX_BODY, 100, Endpoint.SMALL_ANSWERS);
    for (int stream = 1; stream < 200; stream += 2) {
      client.request(stream, false, "POST", "/").data(stream, true, "x".repeat(100));
    }
    small.send(client.bytes());
    assertThat(small.requests).hasSize(100);
    assertThat(small.connection.output.pending())
        .isBetween(Endpoint.SMALL_ANSWERS, Endpoint.SMALL_ANSWERS + 300);
    assertThat(small.budget.heldBytes())
        .as("of what is still to be sent")
        .isGreaterThan(50 * Http2Stream.BYTES);
    // The connection's pace says how long it may take.
    small.pass(Duration.ofSeconds(21));
    List<String> got = client.read(small.received());
    assertThat(got).filteredOn(line -> line.contains(":status=200")).hasSize(100);
    assertThat(got)
        .filteredOn(line -> line.endsWith("DATA " + "x".repeat(100) + " END"))
        .hasSize(100);
    assertThat(small.budget.heldBytes()).isZero();
  }

  @Test
  void theBodyIsReadAsItsFirstContentTypeSays() {
    List<String> fields = new ArrayList<>(List.of(":method", "POST", ":scheme", "http"));
    Collections.addAll(fields, ":path", "/", "content-type", "application/json");
    Collections.addAll(fields, "content-type", "application/grpc");
    Http2Head head = Http2Head.parse(fields, InetAddress.getLoopbackAddress());
    assertThat(head).isNotNull().returns(false, Http2Head::grpc);
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
  void anIdleConnectionThatIsPingedEndsInGoAwayAllTheSame() {
    client.request(1, true, "GET", "/");
    exchange();
    for (int i = 0; i < 6; i++) {
      wire.pass(Duration.ofSeconds(10));
      client.frame(FrameType.PING, 0, 0, "0102030405060708");
      assertThat(exchange()).containsExactly("0 PING ACK 0102030405060708");
    }
    wire.pass(Duration.ofSeconds(1));
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
  void aFrameWhoseHeaderTricklesInEndsTheConnection() {
    exchange();
    byte[] ping = client.frame(FrameType.PING, 0, 0, "0102030405060708").bytes();
    wire.pass(Duration.ofSeconds(30));
    for (int i = 0; i < 5; i++) {
      assertThat(wire.connection.isClosing()).isFalse();
      wire.send(new byte[] {ping[i]});
      wire.pass(Duration.ofSeconds(5));
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
  void whoTakesItsAnswerByteByByteLosesItAsWell() {
    client
        .frame(FrameType.SETTINGS, 0, 0, "000400000000")
        .request(1, false, "POST", "/")
        .data(1, true, "x".repeat(100));
    exchange();
    wire.pass(Duration.ofSeconds(15));
    client.frame(FrameType.WINDOW_UPDATE, 0, 1, "00000001");
    assertThat(exchange()).containsExactly("1 DATA x");
    wire.pass(Duration.ofSeconds(6));
    assertThat(client.read(wire.received())).containsExactly("1 RST_STREAM CANCEL");
    assertThat(wire.budget.heldBytes()).isZero();
  }

  @Test
  void whoTakesItsAnswerSlowlyGetsItWhole() {
    client.frame(FrameType.SETTINGS, 0, 0, "000400004000").request(1, true, "GET", "/large");
    int got = dataBytes(exchange());
    for (int i = 0; i < 2; i++) {
      wire.pass(Duration.ofSeconds(15));
      client.frame(FrameType.WINDOW_UPDATE, 0, 1, "00004000");
      got += dataBytes(exchange());
    }
    assertThat(got).isEqualTo(Wire.LARGE);
  }

  private static int dataBytes(List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith("1 DATA "))
        .mapToInt(line -> line.replace(" END", "").length() - "1 DATA ".length())
        .sum();
  }

  @Test
  void anAnswerThatWaitsHoldsReservedMemoryAndNothingOfItsRequest() {
    client.frame(FrameType.SETTINGS, 0, 0, "000400000000");
    for (int stream = 1; stream < 10; stream += 2) {
      client.request(stream, true, "GET", "/later/" + "x".repeat(1500));
    }
    exchange();
    assertThat(wire.budget.heldBytes()).isGreaterThan(5L * (1024 + 1500));
    for (HttpResponder each : wire.later) {
      each.respond(HttpResponse.text(200, "late"));
    }
    wire.settle();
    assertThat(wire.budget.heldBytes()).isEqualTo(5 * (1024 + 4));
    assertThat(wire.later)
        .allSatisfy(each -> assertThat(((Http2Stream) each).request.path()).isEmpty());
    client.frame(FrameType.SETTINGS, 0, 0, "000400000004");
    assertThat(exchange()).filteredOn(line -> line.endsWith("DATA late END")).hasSize(5);
    assertThat(wire.budget.heldBytes()).isZero();
  }

  @Test
  void anAnswerThatIsTooLargeForTheMemoryWaitsAloneOnItsConnection() {
    Wire small = new Wire(3000);
    client
        .frame(FrameType.SETTINGS, 0, 0, "000400000000")
        .request(1, true, "GET", "/large")
        .request(3, true, "GET", "/large");
    assertThat(exchange(small))
        .containsExactly(
            "1 " + OK + " content-length=40000",
            "3 " + OK + " content-length=40000",
            "3 RST_STREAM CANCEL");
    client.frame(FrameType.WINDOW_UPDATE, 0, 1, "0000ffff");
    assertThat(dataBytes(exchange(small))).isEqualTo(Wire.LARGE);
    assertThat(small.budget.heldBytes()).isZero();
  }

  @Test
  void fieldsThatFitNoFrameCostTheirAnswerAndNotTheConnection() {
    client.request(1, true, "GET", "/fields").request(3, true, "GET", "/trailers");
    assertThat(exchange())
        .containsExactly(
            "1 HEADERS :status=500 content-type=text/plain; charset=utf-8 content-length=15",
            "1 DATA internal error\n END",
            "3 HEADERS :status=200",
            "3 DATA \0\0\0\0\0",
            "3 RST_STREAM INTERNAL_ERROR");
    client.request(5, true, "GET", "/");
    assertThat(exchange()).contains("5 DATA ok END");
    assertThat(wire.budget.heldBytes()).isZero();
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
