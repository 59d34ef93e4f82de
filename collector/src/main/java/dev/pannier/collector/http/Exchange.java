package dev.pannier.collector.http;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// One request and the one answer to it. The answer comes from any thread; everything else belongs
/// to the server's.
class Exchange implements HttpResponder {
  private final Connection connection;

  /// The answer; null while it is awaited, [Optional#empty] where the client went first.
  private final AtomicReference<@Nullable Optional<HttpResponse>> answer = new AtomicReference<>();

  Exchange(Connection connection) {
    this.connection = connection;
  }

  @Override
  public boolean respond(HttpResponse response) {
    if (!answer.compareAndSet(null, Optional.of(response))) {
      return false;
    }
    connection.answered(this);
    return true;
  }

  @Override
  public boolean isOpen() {
    return answer.get() == null;
  }

  Connection connection() {
    return connection;
  }

  /// What was answered; null where nothing was yet, or the client went first.
  @Nullable HttpResponse response() {
    Optional<HttpResponse> response = answer.get();
    return response == null ? null : response.orElse(null);
  }

  /// The client is gone: whatever is answered from here on is dropped.
  void abandon() {
    answer.compareAndSet(null, Optional.empty());
  }
}
