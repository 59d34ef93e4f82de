package dev.pannier.shippers.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Compression;
import dev.pannier.shippers.ShipperSettings.Protocol;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A peer that vanishes closes nothing: its connection looks well, and answers no more.
class DeadConnectionTest {
  @ParameterizedTest
  @EnumSource(Protocol.class)
  void aConnectionThatAnswersNoMoreIsNotUsedAgain(Protocol protocol) throws Exception {
    try (FakeBackend backend = new FakeBackend(protocol, Compression.NONE);
        Relay relay = new Relay(backend.settings().endpoint().getPort())) {
      OtlpShipper shipper =
          new OtlpShipper(
              through(relay, backend.settings(), Duration.ofSeconds(2)),
              FakeBackend.MEMORY_BYTES,
              InstantSource.system());
      assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
      int connections = relay.connections();

      relay.vanish();

      assertThat(ship(shipper, "lost"))
          .isInstanceOfSatisfying(
              Outcome.Retryable.class,
              retry -> assertThat(retry.reason()).contains("did not answer within"));
      assertThat(ship(shipper, "one")).isEqualTo(Outcome.ACCEPTED);
      assertThat(relay.connections()).isEqualTo(connections + 1);
      assertThat(ship(shipper, "two")).isEqualTo(Outcome.ACCEPTED);
      assertThat(relay.connections()).as("it stays").isEqualTo(connections + 1);
      assertThat(backend.stored()).containsExactly("one", "two");
      shipper.close(Duration.ZERO);
    }
  }

  private static ShipperSettings.Otlp through(
      Relay relay, ShipperSettings.Otlp settings, Duration timeout) {
    return new ShipperSettings.Otlp(
        settings.name(),
        URI.create("http://localhost:" + relay.port()),
        settings.protocol(),
        settings.compression(),
        settings.headers(),
        null,
        timeout,
        settings.signals());
  }

  private static @Nullable Outcome ship(OtlpShipper shipper, String line)
      throws InterruptedException {
    BlockingQueue<Outcome> told = new ArrayBlockingQueue<>(1);
    // A key of its own: nothing waits behind what has not been told to the end.
    shipper.ship(Batches.logs(line, line), told::add);
    return told.poll(30, TimeUnit.SECONDS);
  }

  /// Passes bytes on, until whoever is behind it has vanished from the connections that are there.
  private static final class Relay implements AutoCloseable {
    private final ServerSocket server;
    private final int target;
    private final AtomicInteger accepted = new AtomicInteger();
    private volatile int vanished;

    Relay(int target) throws IOException {
      this.target = target;
      this.server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
      start(this::accept);
    }

    int port() {
      return server.getLocalPort();
    }

    int connections() {
      return accepted.get();
    }

    void vanish() {
      vanished = accepted.get();
    }

    private static void start(Runnable work) {
      Thread.ofPlatform().daemon().name("relay").start(work);
    }

    private void accept() {
      try {
        while (!server.isClosed()) {
          Socket client = server.accept();
          Socket backend = new Socket(InetAddress.getLoopbackAddress(), target);
          int number = accepted.incrementAndGet();
          start(() -> pass(client, backend, number));
          start(() -> pass(backend, client, number));
        }
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }

    private void pass(Socket from, Socket to, int number) {
      byte[] bytes = new byte[8192];
      try (from;
          to) {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
          if (number > vanished) {
            out.write(bytes, 0, read);
          }
        }
      } catch (IOException e) {
        // The other end is gone: so is this one.
        return;
      }
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }
}
