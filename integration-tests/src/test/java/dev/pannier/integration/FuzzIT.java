package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Input that means harm, at the packaged sidecar, while a client that means well is served. As many
/// requests as `pannier.fuzz.requests` says, from the seed `pannier.fuzz.seed`; the module's README has the
/// command.
class FuzzIT {
  private static final int REQUESTS = Integer.getInteger("pannier.fuzz.requests", 20_000);
  private static final long SEED = Long.getLong("pannier.fuzz.seed", 20_261_128L);
  private static final int CONNECTIONS = 10_000;
  private static final int HELD = 1_000;
  private static final int SLOW = 32;

  /// No answer may take longer; a server that has lost its way keeps silent for ever.
  private static final int ANSWER_MILLIS = 30_000;

  /// All that the process may ever have had in memory: several times the idle size would be growth.
  private static final long PEAK_MIB = 160;

  @TempDir private Path folder;

  @Test
  void damagedRequestsAreAnsweredAsTheyDeserveAndOthersAreServedMeanwhile() throws Exception {
    try (Sidecar sidecar = started();
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      AtomicBoolean done = new AtomicBoolean();
      Future<Integer> served = thread.submit(good(sidecar, done));
      try {
        SplittableRandom random = new SplittableRandom(SEED);
        Mutations mutations = new Mutations(random);
        int http2 = REQUESTS / 4;
        posts(sidecar, mutations, REQUESTS - http2);
        for (int i = 0; i < http2; i++) {
          converse(sidecar.grpcPort(), mutations.http2(), i);
        }
      } finally {
        done.set(true);
      }
      assertThat(served.get()).isPositive();
      assertUnharmed(sidecar);
    }
  }

  @Test
  void tenThousandConnectionsAndClientsThatCreepKeepNobodyOut() throws Exception {
    try (Sidecar sidecar = started();
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      AtomicBoolean done = new AtomicBoolean();
      List<Socket> slow = new ArrayList<>();
      Future<Integer> served = thread.submit(good(sidecar, done));
      try {
        for (int i = 0; i < SLOW; i++) {
          Socket creeping = connect(sidecar.httpPort());
          creeping.getOutputStream().write("POST /v1/traces HTTP/1.1\r\nHo".getBytes(US_ASCII));
          slow.add(creeping);
        }
        Deque<Socket> held = new ArrayDeque<>();
        for (int i = 0; i < CONNECTIONS; i++) {
          held.add(connect(i % 2 == 0 ? sidecar.httpPort() : sidecar.grpcPort()));
          if (held.size() > HELD) {
            held.remove().close();
          }
        }
        for (Socket each : held) {
          each.close();
        }
        for (Socket creeping : slow) {
          creeping.close();
        }
      } finally {
        done.set(true);
      }
      assertThat(served.get()).isPositive();
      // Whoever comes now finds room.
      try (Socket socket = connect(sidecar.httpPort())) {
        assertThat(exchange(socket, valid()).status()).isEqualTo(200);
      }
      assertUnharmed(sidecar);
    }
  }

  private Sidecar started() throws IOException {
    return new Sidecar(folder)
        .configure(Sidecar.otlp() + "shippers: {out: {type: stdout, format: otlp_json}}\n")
        .start();
  }

  private static void assertUnharmed(Sidecar sidecar) throws Exception {
    assertThat(sidecar.status("/livez")).isEqualTo(200);
    assertThat(peakMiB(sidecar.running().handle().pid())).isLessThan(PEAK_MIB);
    assertThat(sidecar.stop()).as("exit code").isZero();
    assertThat(sidecar.errors()).doesNotContain("Exception");
  }

  private static long peakMiB(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(pid), "status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024;
      }
    }
    throw new IllegalStateException("no VmHWM");
  }

  /// One connection that is kept, one request after the other.
  private static Callable<Integer> good(Sidecar sidecar, AtomicBoolean done) {
    return () -> {
      int answered = 0;
      try (Socket socket = connect(sidecar.httpPort())) {
        while (!done.get()) {
          assertThat(exchange(socket, valid()).status()).as("a valid request").isEqualTo(200);
          answered++;
        }
      }
      return answered;
    };
  }

  private static Mutations.Post valid() {
    byte[] body = ExportTraceServiceRequest.getDefaultInstance().toByteArray();
    return new Mutations.Post("application/x-protobuf", false, body, body);
  }

  /// Many requests on each connection, as clients do it.
  private static void posts(Sidecar sidecar, Mutations mutations, int count) throws IOException {
    Socket socket = connect(sidecar.httpPort());
    try {
      for (int i = 0; i < count; i++) {
        Mutations.Post post = mutations.post();
        Answer answer;
        try {
          answer = exchange(socket, post);
        } catch (EOFException | SocketException e) {
          throw new AssertionError("request " + i + " of seed " + SEED + " had no answer", e);
        }
        assertThat(answer.status())
            .as("request %d of seed %d: %s, answered %s", i, SEED, post, answer)
            .isIn(expected(post, answer));
      }
    } finally {
      socket.close();
    }
  }

  /// What generated code says of the same bytes: what it reads has to be taken.
  private static List<Integer> expected(Mutations.Post post, Answer answer) {
    byte[] content = post.content();
    if (content == null) {
      return List.of(200, 400);
    }
    if (post.type().equals("application/json")) {
      return List.of(200, 400);
    }
    try {
      var _ = ExportTraceServiceRequest.parseFrom(content);
      // Generated code of some languages passes over a field of another wire type and bits beyond
      // the
      // 64th, that of others refuses the message, so that a consumer might.
      boolean differs =
          answer.body().contains("wire type") || answer.body().contains("broken varint");
      return differs ? List.of(400) : List.of(200);
    } catch (InvalidProtocolBufferException e) {
      // A text that is no UTF-8 costs its record alone: 200, with a partial success.
      return List.of(200, 400);
    }
  }

  private record Answer(int status, String body) {}

  private static Answer exchange(Socket socket, Mutations.Post post) throws IOException {
    String head =
        "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            + post.type()
            + (post.gzip() ? "\r\nContent-Encoding: gzip" : "")
            + "\r\nContent-Length: "
            + post.body().length
            + "\r\n\r\n";
    byte[] sent = new byte[head.length() + post.body().length];
    System.arraycopy(head.getBytes(US_ASCII), 0, sent, 0, head.length());
    System.arraycopy(post.body(), 0, sent, head.length(), post.body().length);
    socket.getOutputStream().write(sent);
    InputStream in = socket.getInputStream();
    String answer = head(in);
    int length = 0;
    for (String line : answer.split("\r\n", -1)) {
      if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
        length = Integer.parseInt(line.substring(15).strip());
      }
    }
    String body = new String(in.readNBytes(length), ISO_8859_1);
    return new Answer(Integer.parseInt(answer.substring(9, 12)), body);
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("after: " + head);
      }
      head.append((char) next);
    }
    return head.toString();
  }

  /// Sends all, says that nothing more comes, and reads until the server closes as well.
  private static void converse(int port, byte[] sent, int number) throws IOException {
    try (Socket socket = connect(port)) {
      send(socket, sent);
      byte[] answer = answer(socket);
      // Whatever was sent after the preface, the server's own comes first: SETTINGS.
      if (new String(sent, ISO_8859_1).startsWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
          && answer.length > 3) {
        assertThat(answer[3]).as("connection %d of seed %d", number, SEED).isEqualTo((byte) 4);
      }
    }
  }

  private static void send(Socket socket, byte[] sent) throws IOException {
    try {
      socket.getOutputStream().write(sent);
      socket.shutdownOutput();
    } catch (SocketException e) {
      // The server has closed before all was sent, as it may.
    }
  }

  /// A server that neither answers nor closes is a time-out, which fails the test.
  private static byte[] answer(Socket socket) throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    try {
      socket.getInputStream().transferTo(answer);
    } catch (SocketException e) {
      // A reset: what was sent after the server had closed was not read.
      return answer.toByteArray();
    }
    return answer.toByteArray();
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(ANSWER_MILLIS);
    socket.setTcpNoDelay(true);
    return socket;
  }
}
