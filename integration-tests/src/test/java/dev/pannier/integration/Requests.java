package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A client that sends spans on a thread of its own, one a request, each once: whoever repeats a request whose answer
/// it never saw gets what it asked for, so those are told apart from the answered ones.
final class Requests implements AutoCloseable {
  private static final Duration ANSWERED_WITHIN = Duration.ofSeconds(60);

  private final URI traces;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<String> acknowledged = new ArrayList<>();
  private final List<String> unanswered = new ArrayList<>();
  private final Thread thread = new Thread(this::run, "client");
  private volatile boolean stopping;
  private volatile @Nullable Throwable problem;

  /// @param port of OTLP over HTTP; nobody may listen there at times
  Requests(int port) {
    traces = URI.create("http://127.0.0.1:" + port + "/v1/traces");
    thread.start();
  }

  private void run() {
    try {
      for (long number = 1; !stopping; number++) {
        send("%016x".formatted(number));
        thread.join(2);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | AssertionError e) {
      problem = e;
    }
  }

  private void send(String id) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(traces)
            .timeout(ANSWERED_WITHIN)
            .header("content-type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    """
                    {"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0123456789abcdef%s","spanId":"%s",
                    "name":"s","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}
                    """
                        .formatted(id, id)))
            .build();
    try {
      int status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      switch (status) {
        case 200 -> acknowledged.add(id);
        // The client still has it.
        case 429, 503 -> {}
        default -> throw new AssertionError("answered " + status);
      }
    } catch (ConnectException e) {
      // Nobody has it.
    } catch (IOException e) {
      unanswered.add(id);
    }
  }

  /// Stops after the request under way.
  Requests end() throws Exception {
    stopping = true;
    thread.join();
    assertThat(problem).isNull();
    return this;
  }

  /// Ids of spans whose request was answered with 200.
  List<String> acknowledged() {
    return acknowledged;
  }

  /// Ids of spans whose request ended without an answer: they may have arrived or not.
  List<String> unanswered() {
    return unanswered;
  }

  @Override
  public void close() {
    stopping = true;
    thread.interrupt();
    client.shutdownNow();
  }
}
