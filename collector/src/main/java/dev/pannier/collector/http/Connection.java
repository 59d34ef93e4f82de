package dev.pannier.collector.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client's connection without its socket: bytes in, bytes out. It finds out which protocol
/// the client speaks, hands complete requests to the endpoint's handler and keeps the limits. One
/// thread, but for [#answered].
final class Connection {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  /// What an HTTP/2 client sends first (RFC 9113, section 3.4).
  static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII);

  /// How long a connection above the limit is listened to.
  private static final long REFUSED_NANOS = 1_000_000_000L;

  final Endpoint endpoint;
  final ServerSettings settings;
  final InetAddress client;
  final Output output = new Output();

  /// Where its bytes come from and go to; null in a test without sockets.
  @Nullable ClientSocket socket;

  private record Complete(HttpRequest request, HttpResponder responder) {}

  private final boolean refused;
  private final Consumer<Exchange> answers;
  private final Consumer<Connection> complete;

  /// Requests that have come whole, until it is their turn.
  private final Queue<Complete> waiting = new ArrayDeque<>();

  private final long openedNanos;
  private @Nullable Protocol protocol;
  private int prefaceBytes;
  private boolean closing;

  /// @param refused whether it is one too many: it is told so and closed
  /// @param answers  where answered exchanges go, from any thread; they come back in [#answer]
  /// @param complete told when a request has come whole and none before it waits: [#handleNext] is to be called then
  Connection(
      Endpoint endpoint,
      ServerSettings settings,
      InetAddress client,
      boolean refused,
      Consumer<Exchange> answers,
      Consumer<Connection> complete,
      long nowNanos) {
    this.endpoint = endpoint;
    this.settings = settings;
    this.client = client;
    this.refused = refused;
    this.answers = answers;
    this.complete = complete;
    this.openedNanos = nowNanos;
  }

  /// How many bytes to read at most; 0 to read none now.
  int wantedBytes() {
    if (closing || isOutputFull()) {
      return 0;
    }
    return protocol == null ? PREFACE.length : protocol.wantedBytes();
  }

  void received(ByteBuffer in, long nowNanos) {
    while (protocol == null && in.hasRemaining()) {
      if (in.get(in.position()) != PREFACE[prefaceBytes]) {
        Protocol http1 = new Http1Protocol(this, refused, nowNanos);
        protocol = http1;
        http1.received(ByteBuffer.wrap(PREFACE, 0, prefaceBytes), nowNanos);
      } else {
        in.get();
        prefaceBytes++;
        if (prefaceBytes == PREFACE.length) {
          protocol = new Http2Protocol(this, refused, nowNanos);
        }
      }
    }
    if (protocol != null && in.hasRemaining() && !closing) {
      protocol.received(in, nowNanos);
    }
  }

  /// The client sends no more.
  ///
  /// @return whether there is, or will be, an answer to send
  boolean inputEnded() {
    if (protocol == null || (!closing && !protocol.inputEnded())) {
      closing = true;
    }
    return !closing || output.pending() > 0;
  }

  /// Whether the client has to read before it gets more answers.
  boolean isOutputFull() {
    return output.pending() > endpoint.maxPendingOutput;
  }

  /// Called by whoever answers.
  void answered(Exchange exchange) {
    answers.accept(exchange);
  }

  /// Sends what an exchange was answered with.
  void answer(Exchange exchange, long nowNanos) {
    if (protocol != null) {
      protocol.answered(exchange, nowNanos);
    }
  }

  /// The output has become smaller.
  void writable(long nowNanos) {
    if (protocol != null && !closing) {
      protocol.writable(nowNanos);
    }
  }

  void tick(long nowNanos) {
    if (closing) {
      return;
    }
    long limit = refused ? REFUSED_NANOS : settings.requestTimeout().toNanos();
    if ((refused || protocol == null) && nowNanos - openedNanos > limit) {
      closing = true;
    } else if (protocol != null) {
      protocol.tick(nowNanos);
    }
  }

  void shutDown(long nowNanos) {
    if (protocol == null) {
      closing = true;
    } else if (!closing) {
      protocol.shutDown(nowNanos);
    }
  }

  /// Makes room for another, where no whole request is under way.
  void giveWay(long nowNanos) {
    shutDown(nowNanos);
    closing = true;
  }

  /// Reads no more, and is closed when the output is sent.
  void closeAfterOutput() {
    closing = true;
  }

  boolean isClosing() {
    return closing;
  }

  /// The socket is gone.
  void abandon() {
    closing = true;
    output.clear();
    if (protocol != null) {
      protocol.abandon();
    }
    for (Complete each : waiting) {
      endpoint.budget.release(each.request.takeBody());
    }
    waiting.clear();
  }

  /// Whether the client has asked nothing yet, or only a part has come of what it asks next.
  boolean isBeginning() {
    return protocol == null || protocol.isBeginning();
  }

  boolean hasAsked() {
    return protocol != null && protocol.hasAsked();
  }

  boolean isBusy() {
    return protocol != null && protocol.isBusy();
  }

  /// How long no whole request has been under way, with nothing left to be sent; -1 where that is not so.
  long idleNanos(long nowNanos) {
    if (closing || output.pending() > 0) {
      return -1;
    }
    return protocol == null ? nowNanos - openedNanos : protocol.idleNanos(nowNanos);
  }

  /// A request has come whole. It is handled in its turn.
  void handle(HttpRequest request, HttpResponder responder) {
    waiting.add(new Complete(request, responder));
    if (waiting.size() == 1) {
      complete.accept(this);
    }
  }

  /// Runs the endpoint's handler with the request whose turn it is, if its client has not taken it back, and lets go of the
  /// body afterwards.
  ///
  /// @return whether another one waits
  boolean handleNext() {
    Complete next = waiting.poll();
    if (next != null) {
      handle(next);
    }
    return !waiting.isEmpty();
  }

  private void handle(Complete next) {
    HttpRequest request = next.request;
    HttpResponder responder = next.responder;
    try {
      if (responder.isOpen()) {
        endpoint.handler.handle(request, responder);
      }
    } catch (RuntimeException e) {
      failed(request, responder, e);
    } finally {
      endpoint.budget.release(request.takeBody());
    }
  }

  /// Has the endpoint's handler tell the client why its body was not taken.
  void refuse(HttpRequest request, int status, String reason, HttpResponder responder) {
    try {
      endpoint.handler.refuse(request, status, reason, responder);
    } catch (RuntimeException e) {
      failed(request, responder, e);
    }
  }

  /// Has the endpoint's handler tell the client that its connection is one too many.
  void refuseConnection(HttpRequest request, HttpResponder responder) {
    try {
      endpoint.handler.refuseConnection(request, responder);
    } catch (RuntimeException e) {
      failed(request, responder, e);
    }
  }

  private static void failed(HttpRequest request, HttpResponder responder, RuntimeException e) {
    LOG.error("answering {} failed", request.path(), e);
    responder.respond(HttpResponse.text(500, "internal error\n"));
  }
}
