package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pannier.collector.admin.ReloadStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class SidecarStopTest {
  private static final Duration DEADLINE = Duration.ofMinutes(20);

  @TempDir private Path folder;
  private final CountDownLatch requested = new CountDownLatch(1);

  @Test
  void whatIsConfirmedWhileShippersCloseIsShipped() throws Exception {
    HttpServer backend =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    backend.createContext("/v1/logs", this::answerLate);
    backend.start();
    try {
      Path logs = Files.createDirectory(folder.resolve("logs"));
      Files.writeString(logs.resolve("app.log"), "a line\n");
      Sidecar sidecar = sidecar(backend.getAddress().getPort(), "{type: memory}");
      sidecar.start();
      assertThat(requested.await(30, TimeUnit.SECONDS)).isTrue();

      AtomicLong clock = new AtomicLong();
      Shutdown shutdown = new Shutdown(DEADLINE, clock::get);
      shutdown.ask();
      // Nothing is left but the time in which clients are closed.
      clock.set(DEADLINE.toNanos());
      assertThat(sidecar.stop(shutdown)).isZero();
    } finally {
      backend.stop(0);
    }
    assertThat(folder.resolve("state/receipt.json"))
        .content()
        .contains("\"unshipped_bytes\":0", "\"shipped\":[[0,7]]");
  }

  @ParameterizedTest
  @CsvSource({"disk, 0", "memory, 1"})
  void whatIsLeftIsAFailureUnlessTheDiskBufferHasIt(String buffer, long failed) throws Exception {
    HttpServer backend =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    backend.createContext("/v1/logs", this::answerNotNow);
    backend.start();
    try {
      Path logs = Files.createDirectory(folder.resolve("logs"));
      Files.writeString(logs.resolve("app.log"), "a line\n");
      Sidecar sidecar = sidecar(backend.getAddress().getPort(), "{type: " + buffer + "}");
      sidecar.start();
      assertThat(requested.await(30, TimeUnit.SECONDS)).isTrue();

      Shutdown shutdown = new Shutdown(DEADLINE, System::nanoTime);
      shutdown.ask();
      shutdown.ask();
      assertThat(sidecar.stop(shutdown)).isEqualTo(failed);
    } finally {
      backend.stop(0);
    }
    assertThat(folder.resolve("state/receipt.json"))
        .content()
        .contains("\"complete\":true", "\"shipped\":[]");
  }

  @ParameterizedTest
  @CsvSource({"accepted, 1", "delivered, 0"})
  void requestsThatAreInMemoryAloneAreLostWhereTheyWereAccepted(String acknowledge, long lost)
      throws Exception {
    HttpServer backend =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    backend.createContext("/v1/logs", this::answerNotNow);
    backend.start();
    Path message = Files.createFile(folder.resolve("message"));
    try (HttpClient client = HttpClient.newHttpClient()) {
      int port;
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        port = free.getLocalPort();
      }
      Sidecar sidecar =
          sidecar(
              backend.getAddress().getPort(),
              "{type: memory}",
              "{grpc: none, http: \"127.0.0.1:%d\", acknowledge: %s}".formatted(port, acknowledge));
      sidecar.start();
      var _ =
          client.sendAsync(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/logs"))
                  .header("content-type", "application/json")
                  .POST(
                      HttpRequest.BodyPublishers.ofString(
                          """
                          {"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}
                          """))
                  .build(),
              HttpResponse.BodyHandlers.discarding());
      assertThat(requested.await(30, TimeUnit.SECONDS)).isTrue();

      Shutdown shutdown = new Shutdown(DEADLINE, System::nanoTime);
      shutdown.ask();
      shutdown.ask();
      assertThat(sidecar.stop(shutdown)).isEqualTo(1);
    } finally {
      backend.stop(0);
    }
    assertThat(folder.resolve("state/receipt.json"))
        .content()
        .contains("\"complete\":true", "\"lost_received_records\":" + lost + ",")
        .contains("\"buffered_received_records\":0,", "\"shippers\":[]");
    String said = "lost records of requests";
    if (lost > 0) {
      assertThat(message).content().contains(said);
    } else {
      assertThat(message).content().doesNotContain(said);
    }
  }

  private void answerNotNow(HttpExchange request) throws IOException {
    boolean isEmpty = request.getRequestBody().readAllBytes().length == 0;
    request.sendResponseHeaders(isEmpty ? 200 : 503, -1);
    request.close();
    if (!isEmpty) {
      requested.countDown();
    }
  }

  private void answerLate(HttpExchange request) throws IOException {
    // An empty one asks whether somebody is there.
    if (request.getRequestBody().readAllBytes().length > 0) {
      requested.countDown();
      while (!isClosing()) {
        Thread.onSpinWait();
      }
    }
    request.sendResponseHeaders(200, -1);
    request.close();
  }

  /// Whether the shipper waits for what it has in flight, and for nothing else.
  private static boolean isClosing() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(thread -> thread.getKey().getName().equals("pannier-ship-out"))
        .flatMap(thread -> Arrays.stream(thread.getValue()))
        .anyMatch(call -> call.getMethodName().equals("closeShipper"));
  }

  private Sidecar sidecar(int port, String buffer) throws IOException {
    return sidecar(port, buffer, "none");
  }

  private Sidecar sidecar(int port, String buffer, String otlp) throws IOException {
    String text =
        """
        state: {directory: DIR/state}
        admin: {listen: "127.0.0.1:0"}
        sources:
          files: [{name: app, include: ["DIR/logs/*.log"], parser: raw}]
          otlp: OTLP
        buffer: BUFFER
        shutdown: {termination_log: DIR/message}
        shippers:
          out: {type: otlp, endpoint: "http://127.0.0.1:PORT", protocol: http/protobuf, timeout: 1m, signals: [logs]}
        """
            .replace("OTLP", otlp)
            .replace("BUFFER", buffer)
            .replace("PORT", Integer.toString(port));
    return new Sidecar(TestConfiguration.read(folder, text), "test", () -> ReloadStatus.NONE);
  }
}
