package dev.pannier.collector.http;

import dev.pannier.collector.buffer.MemoryBudget;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// One HTTP/2 stream: a request on its way in and its answer on its way out.
final class Http2Stream extends Exchange {
  /// What a stream costs besides the fields of its request.
  static final long BYTES = 1024;

  private static final HttpRequest NO_REQUEST =
      new HttpRequest("", "", Headers.NONE, InetAddress.getLoopbackAddress());

  final int id;
  final Body body;

  HttpRequest request;

  /// -1 where the client did not say.
  final long contentLength;

  long reservedBytes;
  long sinceNanos;

  /// The request's body in DATA frames so far, kept or not.
  long receivedBytes;

  /// What the client may send yet; below 0 after it was made smaller.
  int receiveWindow;

  /// What may be sent to the client yet; below 0 after it was made smaller.
  int sendWindow;

  /// The client has sent END_STREAM.
  boolean remoteClosed;

  /// The request was refused: the rest of its body is read over.
  boolean discarding;

  /// Null while it is awaited.
  @Nullable HttpResponse answer;

  /// Whether the answer's head is out.
  boolean headSent;

  int sentBytes;

  private final boolean head;

  Http2Stream(Connection connection, int id, HttpRequest request, Body body, long contentLength) {
    super(connection);
    this.id = id;
    this.request = request;
    this.head = request.method().equals("HEAD");
    this.body = body;
    this.contentLength = contentLength;
  }

  /// The bytes of the answer's body; none for HEAD.
  int responseLength() {
    return answer == null || head ? 0 : answer.body().length;
  }

  /// Keeps the answer alone, which has to wait for the client to read, or for its windows: the request's fields may
  /// be many times as long, and a client may leave its windows shut on purpose.
  ///
  /// @return whether the answer's bytes could be reserved
  boolean keepAnswer() {
    request = NO_REQUEST;
    MemoryBudget budget = connection().endpoint.budget;
    long needed = BYTES + responseLength();
    if (needed > reservedBytes && !budget.tryReserve(needed - reservedBytes)) {
      return false;
    }
    budget.release(Math.max(0, reservedBytes - needed));
    reservedBytes = needed;
    return true;
  }

  /// Lets go of all that is reserved.
  void release() {
    body.release();
    connection().endpoint.budget.release(reservedBytes);
    reservedBytes = 0;
  }
}
