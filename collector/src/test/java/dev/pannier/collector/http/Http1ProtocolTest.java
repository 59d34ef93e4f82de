package dev.pannier.collector.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("StringConcatToTextBlock") // lines end in CR LF
class Http1ProtocolTest {
  private static final String POST =
      "POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  private static final String CHUNKED =
      "PUT /c HTTP/1.1\r\nhost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: t\r\n\r\n";
  private static final String GET = "GET /d HTTP/1.1\r\nHost: x\r\n\r\n";

  private final Wire wire = new Wire();

  @Test
  void bytesSplitAnywhereAreTheSameRequests() {
    String all = POST + CHUNKED + "\r\n" + GET;
    String expected = new Wire().send(all).text();
    assertThat(expected.split("HTTP/1.1 200 OK", -1)).hasSize(4);
    byte[] bytes = all.getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i <= bytes.length; i++) {
      Wire split = new Wire();
      split.send(Arrays.copyOf(bytes, i)).send(Arrays.copyOfRange(bytes, i, bytes.length));
      assertThat(split.requests).containsExactly("POST /a hello", "PUT /c hello", "GET /d ");
      assertThat(split.text()).isEqualTo(expected);
      assertThat(split.budget.heldBytes()).isZero();
    }
  }

  @Test
  void bytesOneByOneAreTheSameRequests() {
    for (byte b : (POST + CHUNKED + GET).getBytes(StandardCharsets.ISO_8859_1)) {
      wire.send(new byte[] {b});
    }
    assertThat(wire.requests).containsExactly("POST /a hello", "PUT /c hello", "GET /d ");
  }

  @Test
  void pipelinedRequestsWaitForTheAnswerBeforeThem() {
    wire.send("GET /later/1 HTTP/1.1\r\nHost: x\r\n\r\n" + POST + GET);
    assertThat(wire.requests).containsExactly("GET /later/1 ");
    assertThat(wire.text()).isEmpty();
    wire.later.get(0).respond(HttpResponse.text(200, "first"));
    wire.settle();
    assertThat(wire.text()).containsSubsequence("first", "hello", "ok");
  }

  @Test
  void whoReadsNoAnswerGetsNoMoreOfThem() {
    String get = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    wire.send(get.repeat(100));
    assertThat(wire.connection.output.pending())
        .isBetween(Endpoint.LARGE_ANSWERS, Endpoint.LARGE_ANSWERS + Wire.LARGE + 200);
    assertThat(wire.connection.wantedBytes()).isZero();
    Wire.drain(wire.connection.output);
    assertThat(wire.connection.wantedBytes()).as("what was sent ahead comes first").isZero();
    wire.connection.writable(wire.nowNanos);
    wire.settle();
    wire.text();
    assertThat(wire.requests).hasSize(100);
    assertThat(wire.connection.wantedBytes()).isPositive();
    assertThat(wire.send(GET).text()).endsWith("ok");
  }

  /// As many as may be connected: 240 of them.
  @Test
  void smallAnswersThatNobodyReadsTakeLittleMemory() {
    Wire small = new Wire(100_000, Wire.MAX_BODY, 5, Endpoint.SMALL_ANSWERS);
    small.send(GET.repeat(200));
    assertThat(Wire.drain(small.connection.output, 1_000)).hasSize(1_000);
    small.connection.writable(small.nowNanos);
    small.settle();
    assertThat(small.connection.output.pending())
        .isBetween(Endpoint.SMALL_ANSWERS, Endpoint.SMALL_ANSWERS + 200);
    assertThat(small.connection.output.capacity()).isLessThan(8 * 1024);
    assertThat(small.connection.wantedBytes()).isZero();
    small.text();
    assertThat(small.requests).hasSize(200);
    assertThat(small.connection.wantedBytes()).isPositive();
  }

  @Test
  void whatCameWholeIsAnsweredWhenTheClientSendsNoMore() {
    wire.send("GET /later/1 HTTP/1.1\r\nHost: x\r\n\r\n" + POST + GET);
    assertThat(wire.connection.inputEnded()).isTrue();
    assertThat(wire.connection.isClosing()).isFalse();
    wire.later.get(0).respond(HttpResponse.text(200, "first"));
    wire.settle();
    assertThat(wire.text())
        .containsSubsequence("first", "hello", "connection: close", "ok")
        .containsOnlyOnce("connection: close");
    assertThat(wire.connection.isClosing()).isTrue();
    assertThat(wire.budget.heldBytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 49, 52})
  void whatCameInPartIsNotAnsweredWhenTheClientSendsNoMore(int part) {
    wire.send("GET /later/1 HTTP/1.1\r\nHost: x\r\n\r\n" + GET + POST.substring(0, part));
    assertThat(wire.connection.inputEnded()).isTrue();
    wire.later.get(0).respond(HttpResponse.text(200, "first"));
    wire.settle();
    assertThat(wire.requests).containsExactly("GET /later/1 ", "GET /d ");
    assertThat(wire.text()).endsWith("ok");
    assertThat(wire.connection.isClosing()).isTrue();
    assertThat(wire.budget.heldBytes()).isZero();
  }

  @Test
  void whoSendsNoMoreAndReadsSlowlyGetsAllAnswers() {
    wire.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n".repeat(9));
    assertThat(wire.connection.inputEnded()).isTrue();
    assertThat(wire.text()).hasSizeGreaterThan(9 * Wire.LARGE);
    assertThat(wire.connection.isClosing()).isTrue();
  }

  @Test
  void whatWasSentAheadIsStillAnsweredWhenTheClientReadsOn() {
    String get = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    wire.send(get.repeat(7) + POST + GET.substring(0, 9));
    assertThat(wire.text()).endsWith("hello");
    assertThat(wire.send(GET.substring(9)).text()).endsWith("ok");
    assertThat(wire.requests).hasSize(9).endsWith("POST /a hello", "GET /d ");
  }

  @Test
  void anAnswerHasItsLengthAndKeepsTheConnection() {
    assertThat(wire.send(POST).text())
        .isEqualTo(
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n"
                + "content-length: 5\r\n\r\nhello");
    assertThat(wire.connection.isClosing()).isFalse();
  }

  @Test
  void headIsAnsweredWithoutABody() {
    assertThat(wire.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").text())
        .endsWith("content-length: 2\r\n\r\n");
  }

  @ParameterizedTest
  @CsvSource({"HTTP/1.0,''", "HTTP/1.1,Connection: foo; Close", "HTTP/1.1,'Connection: a, close'"})
  void whoWantsTheConnectionClosedGetsItClosed(String version, String field) {
    String line = field.isEmpty() ? "" : field.replace("foo; ", "") + "\r\n";
    assertThat(wire.send("GET / " + version + "\r\nHost: x\r\n" + line + "\r\n").text())
        .contains("connection: close");
    assertThat(wire.connection.isClosing()).isTrue();
  }

  @Test
  void whoWaitsForContinueIsToldToGoOn() {
    String head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    assertThat(wire.send(head).text()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
    assertThat(wire.send("ab").text()).startsWith("HTTP/1.1 200 OK");
  }

  @Test
  void whoWaitsForContinueWithTooMuchIsRefusedAtOnce() {
    String head =
        "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10001\r\n\r\n";
    assertThat(wire.send(head).text()).startsWith("HTTP/1.1 413 ").contains("connection: close");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET / HTTP/1.1\\r\\n\\r\\n|400", // no host
        "GET / HTTP/1.1\\r\\nHost: a\\r\\nHost: b\\r\\n\\r\\n|400",
        "GET / HTTP/1.1\\nHost: a\\n\\n|400", // bare LF
        "GET  / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|400",
        "GET / HTTP/1.1 \\r\\nHost: a\\r\\n\\r\\n|400",
        "GET x HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|400",
        "G@T / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|400",
        "GET / HTTP/2.0\\r\\nHost: a\\r\\n\\r\\n|505",
        "GET / HTTP/x\\r\\nHost: a\\r\\n\\r\\n|400",
        "GET / HTTP/1.1\\r\\nHost : a\\r\\n\\r\\n|400",
        "GET / HTTP/1.1\\r\\nHost: a\\r\\n folded: b\\r\\n\\r\\n|400",
        "GET / HTTP/1.1\\r\\nHost: a\\r\\nx: a\\0b\\r\\n\\r\\n|400",
        "POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: -1\\r\\n\\r\\n|400",
        "POST / HTTP/1.1\\r"
            + "\\n"
            + "Host: a\\r"
            + "\\n"
            + "Content-Length: 1\\r"
            + "\\n"
            + "Content-Length: 1\\r"
            + "\\n"
            + "\\r"
            + "\\n"
            + "|400",
        "POST / HTTP/1.1\\r"
            + "\\n"
            + "Host: a\\r"
            + "\\n"
            + "Content-Length: 1\\r"
            + "\\n"
            + "Transfer-Encoding: chunked\\r"
            + "\\n"
            + "\\r"
            + "\\n"
            + "|400",
        "POST / HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: gzip\\r\\n\\r\\n|501",
        "POST / HTTP/1.0\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n|400",
        "POST / HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nx\\r\\n|400",
        "POST / HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n1\\r\\nabc|400",
        "POST / HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n1\\nabc|400",
        "POST / HTTP/1.1\\r\\nHost: a\\r\\nExpect: tea\\r\\n\\r\\n|417",
        "POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 99999999999\\r\\n\\r\\n|413",
      })
  void whatCannotBeReadOnIsAnsweredAndTheConnectionClosed(String request, int status) {
    String text =
        wire.send(request.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0")).text();
    assertThat(text).startsWith("HTTP/1.1 " + status + " ").contains("connection: close");
    assertThat(wire.connection.isClosing()).isTrue();
    assertThat(wire.requests).isEmpty();
    wire.hangUp();
    assertThat(wire.budget.heldBytes()).isZero();
  }

  @Test
  void whoSpeaksSomethingElseIsNotAnswered() {
    assertThat(wire.send("\u0016\u0003\u0001 hello\r\n\r\n").text()).isEmpty();
    assertThat(wire.connection.isClosing()).isTrue();
  }

  @Test
  void limitsOfTheHead() {
    assertThat(new Wire().send("GET /" + "x".repeat(500)).text()).startsWith("HTTP/1.1 414 ");
    String head = "GET / HTTP/1.1\r\nHost: a\r\n";
    assertThat(new Wire().send(head + "x: " + "y".repeat(2000)).text()).startsWith("HTTP/1.1 431 ");
    assertThat(new Wire().send(head + "x: y\r\n".repeat(10) + "\r\n").text())
        .startsWith("HTTP/1.1 431 ");
  }

  @Test
  void aRefusedBodyIsReadOverAndTheConnectionKept() {
    String body = "x".repeat(10_001);
    wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10001\r\n\r\n" + body + GET);
    assertThat(wire.requests).containsExactly("GET /d ");
    assertThat(wire.text()).startsWith("HTTP/1.1 413 ").contains("HTTP/1.1 200 OK");
    wire.send(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2711\r\n"
            + body
            + "\r\n0\r\n\r\n"
            + GET);
    assertThat(wire.text()).startsWith("HTTP/1.1 413 ").contains("HTTP/1.1 200 OK");
    assertThat(wire.budget.heldBytes()).isZero();
  }

  @Test
  void withoutMemoryARequestIsRefusedAndTheConnectionKept() {
    Wire small = new Wire(10_000);
    assertThat(small.budget.tryReserve(7000)).isTrue();
    small.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + "x".repeat(5000));
    assertThat(small.text()).startsWith("HTTP/1.1 503 ");
    assertThat(small.send(POST).text()).startsWith("HTTP/1.1 200 ");
    assertThat(small.budget.heldBytes()).isEqualTo(7000);
  }

  @Test
  void whatNoMemoryWillEverHoldIsRefusedForGood() {
    Wire small = new Wire(3000);
    small.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + "x".repeat(5000));
    assertThat(small.text()).startsWith("HTTP/1.1 413 ");
    assertThat(small.send(POST).text()).startsWith("HTTP/1.1 200 ");
    assertThat(small.budget.heldBytes()).isZero();
  }

  @Test
  void aBodyOfKnownLengthIsReadIntoOneArray() {
    wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\nx");
    assertThat(wire.budget.heldBytes()).isBetween(6024L, 6200L);
  }

  @Test
  void whoOnlyAnnouncesABodyHoldsLittleOfTheMemory() {
    Wire large = new Wire(8_000_000, 4_000_000);
    large.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n");
    assertThat(large.budget.heldBytes()).isLessThan(100_000);
    for (int i = 0; i < 4; i++) {
      large.send("x".repeat(1_000_000));
    }
    assertThat(large.text()).startsWith("HTTP/1.1 200 ");
    assertThat(large.bodies.getLast()).hasSize(4_000_000);
    assertThat(large.budget.heldBytes()).isZero();
  }

  @Test
  void whatNoMemoryWillEverHoldIsRefusedBeforeItComes() {
    Wire small = new Wire(1_000_000, 4_000_000);
    small.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000001\r\n\r\n");
    assertThat(small.text()).startsWith("HTTP/1.1 413 ");
    assertThat(small.budget.heldBytes()).isLessThan(100_000);
  }

  @Test
  void aSlowHeadEndsIn408AndAnIdleConnectionInSilence() {
    wire.send("GET / HTTP/1.1\r\nHo");
    wire.pass(Duration.ofSeconds(19));
    assertThat(wire.connection.isClosing()).isFalse();
    wire.send("st");
    wire.pass(Duration.ofSeconds(2));
    assertThat(wire.text()).startsWith("HTTP/1.1 408 ");
    Wire idle = new Wire();
    idle.send(GET);
    assertThat(idle.text()).isNotEmpty();
    idle.pass(Duration.ofSeconds(59));
    assertThat(idle.connection.isClosing()).isFalse();
    idle.pass(Duration.ofSeconds(2));
    assertThat(idle.connection.isClosing()).isTrue();
    assertThat(idle.text()).isEmpty();
  }

  @Test
  void emptyLinesKeepNoConnectionOpen() {
    wire.send(GET);
    assertThat(wire.text()).isNotEmpty();
    for (int i = 0; i < 7; i++) {
      assertThat(wire.connection.isClosing()).isFalse();
      wire.send("\r\n");
      wire.pass(Duration.ofSeconds(9));
    }
    assertThat(wire.connection.isClosing()).isTrue();
    assertThat(wire.text()).isEmpty();
  }

  @Test
  void aSlowBodyEndsIn408() {
    wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc");
    wire.pass(Duration.ofSeconds(21));
    assertThat(wire.text()).startsWith("HTTP/1.1 408 ").contains("connection: close");
    assertThat(wire.budget.heldBytes()).isZero();
  }

  @Test
  void aRequestUnderWayIsAnsweredAtShutDown() {
    wire.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    wire.connection.shutDown(wire.nowNanos);
    assertThat(wire.connection.isClosing()).isFalse();
    wire.later.get(0).respond(HttpResponse.text(200, "late"));
    wire.settle();
    assertThat(wire.text()).contains("connection: close").endsWith("late");
    assertThat(wire.connection.isClosing()).isTrue();
  }

  @Test
  void whoAnswersAClientThatIsGoneIsToldSo() {
    wire.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    assertThat(wire.later.get(0).isOpen()).isTrue();
    wire.hangUp();
    assertThat(wire.later.get(0).isOpen()).isFalse();
    assertThat(wire.later.get(0).respond(HttpResponse.text(200, "late"))).isFalse();
  }

  @Property(tries = 300)
  void anyBytesAreSurvived(@ForAll @Size(max = 300) byte[] bytes) {
    Wire any = new Wire();
    any.send(bytes);
    any.hangUp();
    assertThat(any.budget.heldBytes()).isZero();
  }

  @Property(tries = 500)
  void anyChangeOfARequestIsSurvived(
      @ForAll("damage") int[] damage, @ForAll boolean chunked, @ForAll boolean late) {
    byte[] bytes =
        ((late ? "GET /later HTTP/1.1\r\nHost: x\r\n\r\n" : "") + (chunked ? CHUNKED : POST) + GET)
            .getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i + 1 < damage.length; i += 2) {
      bytes[damage[i] % bytes.length] = (byte) damage[i + 1];
    }
    Wire any = new Wire();
    int half = damage[0] % bytes.length;
    any.send(Arrays.copyOf(bytes, half));
    any.send(Arrays.copyOfRange(bytes, half, bytes.length));
    for (HttpResponder each : any.later) {
      each.respond(HttpResponse.text(200, "late"));
    }
    any.settle();
    any.pass(Duration.ofSeconds(100));
    any.hangUp();
    assertThat(any.budget.heldBytes()).isZero();
  }

  @Provide
  Arbitrary<int[]> damage() {
    return Arbitraries.integers().between(0, 255).array(int[].class).ofMinSize(2).ofMaxSize(8);
  }
}
