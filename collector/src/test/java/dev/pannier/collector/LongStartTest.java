package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.pannier.collector.admin.ReloadStatus;
import dev.pannier.collector.config.Configuration;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LongStartTest {
  @TempDir private Path folder;
  private int port;

  private Configuration configuration() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    return TestConfiguration.read(
        folder,
        """
        state: {directory: DIR/state}
        admin: {listen: "127.0.0.1:PORT"}
        sources: {otlp: none}
        buffer: {type: disk, directory: DIR/buffer}
        shippers:
          out: {type: file, path: DIR/out, format: raw, signals: [logs]}
        """
            .replace("PORT", Integer.toString(port)));
  }

  private HttpResponse<String> get(String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static void end(Sidecar sidecar) throws Exception {
    Shutdown shutdown = new Shutdown(Duration.ofSeconds(5), System::nanoTime);
    shutdown.ask();
    shutdown.ask();
    assertThat(sidecar.stop(shutdown)).isZero();
  }

  /// Else a probe ends it before it has read a large one, and the next start begins at the same place.
  @Test
  void livesAndIsNotReadyWhileItReadsTheBuffer() throws Exception {
    Configuration configuration = configuration();
    Path buffer = Files.createDirectory(folder.resolve("buffer"));
    // Whoever reads it waits for somebody who writes.
    Path slow = buffer.resolve("cursors");
    assertThat(new ProcessBuilder("mkfifo", slow.toString()).start().waitFor()).isZero();
    CompletableFuture<Sidecar> starting =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return SidecarProcess.sidecar(
                    configuration, () -> ReloadStatus.NONE, Duration.ZERO);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try {
      await().ignoreExceptions().until(() -> get("/livez").statusCode() == 200);
      assertThat(get("/readyz").statusCode()).isEqualTo(503);
      assertThat(get("/readyz").body()).contains("disk buffer");
      assertThat(get("/status").statusCode()).isEqualTo(200);
      assertThat(starting).isNotDone();
    } finally {
      Files.write(slow, new byte[0]);
    }
    Sidecar sidecar = starting.get(30, TimeUnit.SECONDS);
    assertThatThrownBy(() -> get("/livez"))
        .as("the address is free")
        .isInstanceOf(ConnectException.class);
    sidecar.start();
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
    end(sidecar);
  }

  /// Applications wait for `/livez`, and send their first request then.
  @Test
  void whatStartsInTimeDoesNotListenBeforeItReceives() throws Exception {
    Sidecar sidecar =
        SidecarProcess.sidecar(configuration(), () -> ReloadStatus.NONE, Duration.ofDays(1));
    assertThatThrownBy(() -> get("/livez")).isInstanceOf(ConnectException.class);
    end(sidecar);
  }
}
