package dev.pannier.collector.receive;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.http.Headers;
import dev.pannier.collector.http.HttpRequest;
import java.net.InetAddress;

/// Requests as the server hands them over.
final class Requests {
  private Requests() {}

  static HttpRequest of(String method, String path, String... headers) {
    return new HttpRequest(method, path, Headers.of(headers), InetAddress.getLoopbackAddress());
  }

  /// With a body for which there is memory.
  static HttpRequest of(
      MemoryBudget budget, String method, String path, byte[] body, String... headers) {
    HttpRequest request = of(method, path, headers);
    assertThat(budget.tryReserve(body.length)).isTrue();
    request.body(body, body.length, body.length);
    return request;
  }
}
