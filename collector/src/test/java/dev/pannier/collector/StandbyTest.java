package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pannier.collector.cli.Attempt;
import dev.pannier.collector.config.Configuration.Address;
import dev.pannier.collector.config.ConfigurationLoader;
import dev.pannier.collector.config.Loaded;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StandbyTest {
  private static final Attempt.Refused MISSING =
      new Attempt.Refused(List.of("pannier.yaml: file: there is no such file"));

  @TempDir java.nio.file.Path folder;
  private final Shutdown shutdown = new Shutdown(Duration.ofSeconds(1), System::nanoTime);

  private Attempt.Ready ready(String service) {
    Loaded loaded =
        ConfigurationLoader.load(
            null, Map.of("XDG_STATE_HOME", folder.toString(), "OTEL_SERVICE_NAME", service));
    return new Attempt.Ready(((Loaded.Valid) loaded).configuration(), List.of());
  }

  private static Standby standby(int port) {
    return new Standby(MISSING, new Address("127.0.0.1", port), "1", InstantSource.system());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static HttpResponse<String> get(int port, String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  /// The application is started by then, and who looks finds why nothing is shipped.
  @Test
  void livesAndTellsWhatIsAmissUntilThereIsAConfiguration() throws Exception {
    int port = freePort();
    AtomicReference<Attempt> found = new AtomicReference<>(MISSING);
    CompletableFuture<Attempt.Ready> waiting =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return standby(port).await(found::get, shutdown, Duration.ofMillis(5));
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    await().ignoreExceptions().until(() -> get(port, "/livez").statusCode() == 200);
    assertThat(get(port, "/readyz").statusCode()).isEqualTo(503);
    assertThat(get(port, "/readyz").body()).isEqualTo(MISSING.problems().getFirst() + "\n");
    assertThat(get(port, "/status").body())
        .contains("\"outcome\":\"waiting\"", MISSING.problems().getFirst());
    assertThat(get(port, "/metrics").body()).contains("pannier_config_refused 1\n");

    found.set(new Attempt.Refused(List.of("pannier.yaml:1: memori: unknown key", "and: more")));
    await().until(() -> get(port, "/readyz").body().contains("memori"));
    assertThat(get(port, "/readyz").body().lines()).hasSize(2);

    found.set(ready("shop"));
    assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo(found.get());
    // The sidecar's own port finds the address free.
    new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
  }

  @Test
  void whatIsStillBeingWrittenIsNotRun() throws Exception {
    Deque<Attempt> looks =
        new ArrayDeque<>(
            List.of(ready("half"), MISSING, ready("half"), ready("whole"), ready("whole")));

    assertThat(standby(0).await(looks::remove, shutdown, Duration.ZERO)).isEqualTo(ready("whole"));
    assertThat(looks).isEmpty();
  }

  @Test
  void aSignalEndsIt() throws Exception {
    shutdown.ask();
    assertThat(standby(0).await(() -> MISSING, shutdown, Duration.ofHours(1))).isNull();
  }
}
