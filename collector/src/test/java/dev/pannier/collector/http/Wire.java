package dev.pannier.collector.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pannier.collector.buffer.MemoryBudget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/// One connection without a socket and its clock, and a handler that says what it was asked.
final class Wire implements HttpHandler {
  static final int MAX_BODY = 10_000;

  /// The bytes that requests whose path begins with `/large` are answered with.
  static final int LARGE = 40_000;

  final MemoryBudget budget;
  final Connection connection;

  /// `POST /path abc`
  final List<String> requests = new ArrayList<>();

  /// The responders of requests whose path begins with `/later`.
  final List<HttpResponder> later = new ArrayList<>();

  final ServerSettings settings =
      new ServerSettings(
          2000, 500, 10, Duration.ofSeconds(20), Duration.ofSeconds(60), Duration.ofSeconds(20));

  long nowNanos = 1;

  /// The arrays in which requests' bodies came.
  final List<byte[]> bodies = new ArrayList<>();

  private final Queue<Exchange> answers = new ArrayDeque<>();

  Wire() {
    this(100_000);
  }

  Wire(long budgetBytes) {
    this(budgetBytes, MAX_BODY);
  }

  Wire(long budgetBytes, int maxBody) {
    this(budgetBytes, maxBody, 5, Endpoint.LARGE_ANSWERS);
  }

  Wire(long budgetBytes, int maxBody, int maxStreams, int maxPendingOutput) {
    budget = new MemoryBudget(budgetBytes);
    connection =
        new Connection(
            new Endpoint(this, budget, 10, maxStreams, maxBody, maxPendingOutput),
            settings,
            InetAddress.getLoopbackAddress(),
            false,
            answers::add,
            Wire::handleAll,
            nowNanos);
  }

  private static void handleAll(Connection connection) {
    while (connection.handleNext()) {
      // on
    }
  }

  @Override
  public void handle(HttpRequest request, HttpResponder responder) {
    byte[] prefix = request.grpcPrefix();
    String body =
        (prefix == null ? "" : new String(prefix, ISO_8859_1))
            + new String(request.body(), 0, request.bodyLength(), ISO_8859_1);
    bodies.add(request.body());
    requests.add(request.method() + " " + request.path() + " " + body);
    if (request.path().startsWith("/later")) {
      later.add(responder);
    } else if (request.path().startsWith("/large")) {
      responder.respond(HttpResponse.text(200, "x".repeat(LARGE)));
    } else if (request.path().startsWith("/fields")) {
      responder.respond(HttpResponse.empty(200, "reason", "x".repeat(20_000)));
    } else if (request.path().startsWith("/trailers")) {
      Headers trailers = Headers.of("reason", "x".repeat(20_000));
      responder.respond(new HttpResponse(200, Headers.NONE, new byte[5], trailers));
    } else if (request.path().startsWith("/grpc")) {
      responder.respond(
          new HttpResponse(
              200,
              Headers.of("content-type", "application/grpc"),
              new byte[5],
              Headers.of("grpc-status", "0")));
    } else {
      responder.respond(HttpResponse.text(200, body.isEmpty() ? "ok" : body));
    }
  }

  /// Sends bytes to the server and lets it answer.
  Wire send(byte[] bytes) {
    connection.received(ByteBuffer.wrap(bytes), nowNanos);
    settle();
    return this;
  }

  Wire send(String text) {
    return send(text.getBytes(ISO_8859_1));
  }

  void settle() {
    Exchange exchange;
    while ((exchange = answers.poll()) != null) {
      connection.answer(exchange, nowNanos);
    }
  }

  void pass(Duration time) {
    nowNanos += time.toNanos();
    connection.tick(nowNanos);
    settle();
  }

  /// What the server has sent since the last call, with room for more.
  byte[] received() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (connection.output.pending() > 0) {
      all.writeBytes(drain(connection.output));
      connection.writable(nowNanos);
      settle();
    }
    return all.toByteArray();
  }

  String text() {
    return new String(received(), ISO_8859_1);
  }

  /// The client goes.
  void hangUp() {
    connection.abandon();
    settle();
  }

  static byte[] drain(Output output) {
    return drain(output, Integer.MAX_VALUE);
  }

  /// As a socket that takes some of it.
  static byte[] drain(Output output, int most) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    WritableByteChannel all = Channels.newChannel(out);
    try {
      output.writeTo(
          new WritableByteChannel() {
            @Override
            public int write(ByteBuffer bytes) throws IOException {
              int count = Math.min(bytes.remaining(), most - out.size());
              return all.write(bytes.slice(bytes.position(), count));
            }

            @Override
            public boolean isOpen() {
              return true;
            }

            @Override
            public void close() {}
          });
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }
}
