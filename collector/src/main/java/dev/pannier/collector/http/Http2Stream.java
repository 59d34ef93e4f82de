package dev.pannier.collector.http;

import org.jspecify.annotations.Nullable;

/// One HTTP/2 stream: a request on its way in and its answer on its way out.
final class Http2Stream extends Exchange {
  final int id;
  final HttpRequest request;
  final Body body;

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

  /// The answer, once its head is out.
  @Nullable HttpResponse response;

  int sentBytes;

  Http2Stream(Connection connection, int id, HttpRequest request, Body body, long contentLength) {
    super(connection);
    this.id = id;
    this.request = request;
    this.body = body;
    this.contentLength = contentLength;
  }

  /// The bytes of the answer's body; none for HEAD.
  int responseLength() {
    return response == null || request.method().equals("HEAD") ? 0 : response.body().length;
  }

  /// Lets go of the request's memory.
  void release() {
    body.release();
    connection().endpoint.budget.release(reservedBytes);
    reservedBytes = 0;
  }
}
