package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationLoader;
import dev.pannier.collector.config.Loaded;
import dev.pannier.collector.dispatch.ShipperStatus;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Shippers come, change and go, each on its own thread; the clock of changes stands unless a test moves it.
@Timeout(60)
class ShippingTest {
  private static final int MEMORY = 24 << 20;

  @TempDir private Path folder;
  private final MemoryBudget budget = new MemoryBudget(MEMORY);
  private final Ledger ledger = new Ledger();
  private final Metrics metrics = new Metrics();
  private final Health health = new Health(System::nanoTime);
  private final Shutdown shutdown = new Shutdown(Duration.ofSeconds(40), System::nanoTime);
  private MemoryBuffer buffer = new MemoryBuffer(budget, ledger, metrics, Map.of());
  private @Nullable Shipping shipping;
  private long now;

  private Configuration read(String shippers) throws IOException {
    Path file =
        Files.writeString(folder.resolve("pannier.yaml"), "shippers:\n" + shippers.indent(2));
    Loaded loaded = ConfigurationLoader.load(file, Map.of("XDG_STATE_HOME", folder.toString()));
    assertThat(loaded).as(loaded.toString()).isInstanceOf(Loaded.Valid.class);
    return ((Loaded.Valid) loaded).configuration();
  }

  /// A shipper that writes to `to/logs.jsonl`.
  private String file(String name, String to, String more) {
    return "%s: {type: file, path: %s/%s/%s}\n".formatted(name, folder, to, more);
  }

  private Shipping start(String shippers) throws IOException {
    Configuration configuration = read(shippers);
    buffer = new MemoryBuffer(budget, ledger, metrics, Shipping.takers(configuration));
    Shipping made =
        new Shipping(
            MEMORY,
            new Shipping.Supply(budget, buffer, ledger, metrics),
            health,
            System::nanoTime,
            new Random(1),
            (name, known) -> {},
            Shipping.onThreads(new Random(1)));
    shipping = made;
    made.start(configuration, null);
    return made;
  }

  @AfterEach
  void close() throws InterruptedException {
    if (shipping != null) {
      shipping.close(shutdown);
    }
  }

  private void change(Shipping of, String shippers) throws IOException {
    Shipping.Next next = of.prepare(read(shippers), null);
    of.change(next, now);
    buffer.change(next.takers);
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      // By the test's timeout.
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      Thread.onSpinWait();
    }
  }

  private void awaitChanged(Shipping of) {
    await(
        () -> {
          of.tend(now);
          return !of.isChanging();
        });
  }

  private void append(String body) {
    byte[] bytes =
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(
                ResourceLogs.newBuilder()
                    .addScopeLogs(
                        ScopeLogs.newBuilder()
                            .addLogRecords(
                                LogRecord.newBuilder()
                                    .setBody(AnyValue.newBuilder().setStringValue(body)))))
            .build()
            .toByteArray();
    budget.reserve(bytes.length);
    buffer.append(
        Batch.received(Signal.LOGS, bytes, 0, bytes.length, 1, "otlp"),
        bytes.length,
        (rejected, reason) -> {});
  }

  private String written(String to) {
    try {
      return Files.readString(folder.resolve(to).resolve("logs.jsonl"));
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void twoMayTakeEachOthersFallback() throws Exception {
    String fallbacks = file("f", "f", "") + file("g", "g", "");
    Shipping of =
        start(file("a", "a", ", fallback: f") + file("b", "b", ", fallback: g") + fallbacks);
    append("one");
    change(of, file("a", "a", ", fallback: g") + file("b", "b", ", fallback: f") + fallbacks);
    append("two");
    awaitChanged(of);
    shutdown.ask();
    of.drain(shutdown);
    assertThat(of.close(shutdown)).isZero();
    assertThat(written("a")).containsOnlyOnce("one").containsOnlyOnce("two");
    assertThat(written("b")).containsOnlyOnce("one").containsOnlyOnce("two");
    assertThat(health.dead()).isEmpty();
  }

  @Test
  void secondSignalEndsADrainThatIsUnderWay() throws Exception {
    HttpServer silent =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    silent.createContext("/", ShippingTest::answerWhatIsEmpty);
    silent.start();
    try {
      Shipping of =
          start(
              "silent: {type: otlp, protocol: http/protobuf, endpoint: \"http://127.0.0.1:%d\", timeout: 5m}\n"
                  .formatted(silent.getAddress().getPort()));
      append("one");
      await(() -> of.status().stream().anyMatch(status -> isInFlight(status, "silent")));
      // Longer than anybody waits here.
      Shutdown patient = new Shutdown(Duration.ofHours(1), System::nanoTime);
      patient.ask();
      Thread draining = Thread.currentThread();
      Thread second =
          Thread.ofPlatform()
              .start(
                  () -> {
                    await(() -> draining.getState() == Thread.State.TIMED_WAITING);
                    patient.ask();
                  });
      of.drain(patient);
      second.join();
      assertThat(of.close(patient)).as("what was not confirmed").isEqualTo(1);
    } finally {
      shipping = null;
      silent.stop(0);
    }
  }

  @Test
  void oneThatIsRemovedIsNotWaitedForWhenTheSidecarStops() throws Exception {
    HttpServer silent =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    silent.createContext("/", ShippingTest::answerWhatIsEmpty);
    silent.start();
    try {
      String otlp =
          "silent: {type: otlp, protocol: http/protobuf, endpoint: \"http://127.0.0.1:%d\", timeout: 5m}\n"
              .formatted(silent.getAddress().getPort());
      Shipping of = start(otlp + file("a", "a", ""));
      append("one");
      await(() -> of.status().stream().anyMatch(status -> isInFlight(status, "silent")));
      change(of, file("a", "a", ""));
      of.tend(now);
      of.hurry(now);
      // The clock stands: whatever waits for it never ends.
      awaitChanged(of);
      assertThat(of.status()).extracting(ShipperStatus::name).containsExactly("a");
    } finally {
      silent.stop(0);
    }
  }

  @Test
  void whatIsLentToAFallbackCountsOnceAtTheEnd() throws Exception {
    Files.writeString(folder.resolve("f"), "no folder");
    Shipping of =
        start(
            "away: {type: otlp, endpoint: \"http://127.0.0.1:1\", circuit_breaker: {open_after: 1},"
                + " fallback: f}\n"
                + file("f", "f", ""));
    append("one");
    await(() -> ledger.snapshot().stream().anyMatch(row -> row.shipper().equals("f")));
    shutdown.ask();
    shutdown.ask();
    assertThat(of.close(shutdown)).as("what was not confirmed").isEqualTo(1);
    shipping = null;
  }

  private static boolean isInFlight(ShipperStatus status, String name) {
    return status.name().equals(name) && status.inFlightBatches() > 0;
  }

  /// A connection is made; what is shipped has no answer.
  private static void answerWhatIsEmpty(HttpExchange exchange) throws IOException {
    if (exchange.getRequestBody().readAllBytes().length == 0) {
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    }
  }

  @Test
  void whoseClientDoesNotReturnKeepsNoOtherChangeWaiting() throws Exception {
    Shipping of = start(hanging());
    OutputStream held = holdPipe();
    append("one");
    change(of, file("a", "never", ""));
    becomeLate(of);
    assertThat(of.isChanging()).isFalse();

    change(of, file("a", "a", "") + file("b", "b", ""));
    awaitChanged(of);
    append("two");
    await(() -> written("b").contains("two"));
    change(of, file("a", "a", "") + file("c", "c", ""));
    awaitChanged(of);
    append("three");
    await(() -> written("c").contains("three"));
    assertThat(written("a")).isEmpty();

    held.close();
    await(
        () -> {
          of.tend(now);
          return written("a").contains("three");
        });
    assertThat(written("a")).containsOnlyOnce("two");
    assertThat(folder.resolve("never")).doesNotExist();
  }

  /// Its client waits for the certificates that come by a pipe.
  private String hanging() throws Exception {
    Path pipe = folder.resolve("ca.pem");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    return "a: {type: otlp, endpoint: \"https://127.0.0.1:1\", tls: {ca: %s}}\n".formatted(pipe);
  }

  /// Returns when the client has opened it, too.
  private OutputStream holdPipe() throws IOException {
    return Files.newOutputStream(folder.resolve("ca.pem"), StandardOpenOption.WRITE);
  }

  private void becomeLate(Shipping of) {
    for (int i = 0; i < 11; i++) {
      of.tend(now);
      now += TimeUnit.SECONDS.toNanos(10);
    }
  }

  @Test
  void whoseClientDoesNotReturnLeavesItsNameAndItsRoomToOthers() throws Exception {
    Shipping of = start(hanging());
    OutputStream held = holdPipe();
    append("one");
    change(of, file("b", "b", ""));
    becomeLate(of);
    assertThat(of.isChanging()).isFalse();
    assertThat(budget.heldBytes()).isZero();

    change(of, file("a", "a", "") + file("b", "b", ""));
    of.tend(now);
    assertThat(of.isChanging()).isFalse();
    append("two");
    await(() -> written("a").contains("two"));
    change(of, file("a", "other", "") + file("b", "b", ""));
    awaitChanged(of);
    append("three");
    await(() -> written("other").contains("three"));

    held.close();
    await(
        () -> {
          of.tend(now);
          return of.status().size() == 2;
        });
    assertThat(of.status()).extracting(ShipperStatus::name).containsExactlyInAnyOrder("a", "b");
    assertThat(written("a")).doesNotContain("one");
    assertThat(ledger.snapshot()).allMatch(row -> row.records().closes());
  }

  @Test
  void whoseClientDoesNotReturnLeavesItsFallbackToOthers() throws Exception {
    String other = file("f", "f", "");
    String hanging = hanging();
    Shipping of = start(hanging.replace("}}", "}, fallback: f}") + file("b", "b", "") + other);
    OutputStream held = holdPipe();
    change(of, hanging + file("b", "b", ", fallback: f") + other);
    becomeLate(of);
    append("one");
    await(
        () -> {
          of.tend(now);
          return written("b").contains("one");
        });
    assertThat(of.isChanging()).isFalse();
    held.close();
  }

  @Test
  void nobodyIsAddedWithLessThanHalfOfAnEvenPart() throws Exception {
    StringBuilder shippers = new StringBuilder(file("s0", "s0", ""));
    Shipping of = start(shippers.toString());
    for (int i = 1; i < 4; i++) {
      shippers.append(file("s" + i, "s" + i, ""));
      change(of, shippers.toString());
      awaitChanged(of);
    }
    Configuration more = read(shippers + file("s4", "s4", ""));
    assertThatThrownBy(() -> of.prepare(more, null))
        .isInstanceOf(Shipping.NeedsRestart.class)
        .hasMessageContaining("restart the sidecar");
    change(of, file("s4", "s4", "") + file("s5", "s5", ""));
    awaitChanged(of);
    assertThat(of.status()).extracting(ShipperStatus::name).containsExactly("s4", "s5");
  }
}
