package dev.pannier.collector.http;

/// Answers an endpoint's requests. Every method is called on the server's one thread and must not
/// block; answers may come later and from any thread.
@FunctionalInterface
public interface HttpHandler {
  /// A complete request. Its body is let go of when the call returns, unless the handler
  /// takes it over with [HttpRequest#takeBody].
  void handle(HttpRequest request, HttpResponder responder);

  /// A request whose head is known and whose body was not taken. The request's body is empty.
  ///
  /// @param status 408, 413 or 503 (no memory), or 400 for a body that is broken
  /// @param reason a sentence for people
  default void refuse(HttpRequest request, int status, String reason, HttpResponder responder) {
    HttpResponse plain = HttpResponse.text(status, reason + "\n");
    Headers comeAgain = Headers.of("content-type", "text/plain; charset=utf-8", "retry-after", "1");
    responder.respond(
        status == 503
            ? new HttpResponse(status, comeAgain, plain.body(), plain.trailers())
            : plain);
  }

  /// A request over HTTP/1.1 on a connection that is one too many. Its body is empty.
  default void refuseConnection(HttpRequest request, HttpResponder responder) {
    refuse(request, 503, "too many connections", responder);
  }

  /// Called at least each 50 ms while a request waits for its answer.
  default void tick(long nowNanos) {}
}
