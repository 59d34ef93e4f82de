package dev.pannier.collector.http;

/// Takes the answer to one request. Thread-safe.
public interface HttpResponder {
  /// Answers, once.
  ///
  /// @return false where it was answered before or the client is gone: the response is dropped
  boolean respond(HttpResponse response);

  /// Whether the client still waits for an answer.
  boolean isOpen();
}
