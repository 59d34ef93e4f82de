package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pannier.demo.Ports;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The receipt on the volume, byte for byte, of a sidecar whose broker has died: at its end, and where it was killed.
@Execution(ExecutionMode.CONCURRENT)
class ReceiptIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path folder;

  /// What it says of each file, by its name.
  private Map<String, String> receipt() throws Exception {
    Map<String, String> files = new HashMap<>();
    for (JsonNode file : json().get("files")) {
      files.put(
          Path.of(file.get("path").asString()).getFileName().toString(),
          "shipped %s, buffered %s, unshipped %s, lost %s"
              .formatted(
                  file.get("shipped"),
                  file.get("buffered"),
                  file.get("unshipped"),
                  file.get("lost")));
    }
    return files;
  }

  private JsonNode json() throws Exception {
    return new ObjectMapper().readTree(folder.resolve("state/receipt.json").toFile());
  }

  private static String shipped(long bytes) {
    return "shipped [[0,%d]], buffered [], unshipped [], lost []".formatted(bytes);
  }

  private static String shipped(long bytes, long of) {
    return "shipped [[0,%1$d]], buffered [], unshipped [[%1$d,%2$d]], lost []".formatted(bytes, of);
  }

  private static String unshipped(long bytes) {
    return "shipped [], buffered [], unshipped [[0,%d]], lost []".formatted(bytes);
  }

  private void awaitReceipt(Map<String, String> files) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(NoSuchFileException.class)
        .untilAsserted(() -> assertThat(receipt()).isEqualTo(files));
  }

  private static long append(Path file, String prefix, int lines) throws Exception {
    Files.write(
        file,
        IntStream.range(0, lines).mapToObj(i -> prefix + " " + i).toList(),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    return Files.size(file);
  }

  /// With the disk buffer no byte of a file is read again, and its place is not where it has arrived.
  @Test
  void itNamesWhatIsInTheDiskBufferAloneAfterAKill() throws Exception {
    try (Kafka kafka = Kafka.start(Files.createDirectories(folder.resolve("kafka")));
        Sidecar sidecar = new Sidecar(folder)) {
      Path message = folder.resolve("termination-log");
      sidecar
          .configure(
              Sidecar.files("parser: raw")
                  + """
                  buffer: {type: disk}
                  shutdown: {termination_log: "%s"}
                  shippers:
                    events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs]}
                  """
                      .formatted(message, kafka.servers(), kafka.topic("receipt")))
          .start();
      Path app = sidecar.log("app.log");
      long sent = append(app, "sent", 1_000);
      awaitReceipt(Map.of("app.log", shipped(sent)));
      await().atMost(PATIENCE).until(() -> json().at("/shippers").isEmpty());
      kafka.kill();
      long size = append(app, "x".repeat(1_000), 10_000);
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(json().at("/buffered_bytes").asLong()).isEqualTo(size - sent));
      sidecar.kill();
      JsonNode row = json().at("/shippers/0");
      assertThat(json().at("/complete").asBoolean()).isFalse();
      assertThat(row.get("source").asString()).isEqualTo("app");
      assertThat(row.get("shipper").asString()).isEqualTo("events");
      assertThat(row.get("buffered_records").asLong()).isEqualTo(10_000);
      assertThat(row.get("buffered_bytes").asLong()).isEqualTo(size - sent);
      assertThat(message)
          .content()
          .startsWith("so far: unshipped bytes 0, lost bytes 0, left in the buffer: bytes ")
          .contains("shipper events: in the buffer 10000 records, %d bytes".formatted(size - sent));
    }
  }

  /// The broker is away and the buffer full: each byte is on its way, in the buffer or named as dropped.
  @ParameterizedTest
  @ValueSource(strings = {"drop_oldest", "drop_newest"})
  void itNamesWhatTheFullBufferHasDropped(String onFull) throws Exception {
    int port = Ports.free(1).getFirst();
    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar
          .configure(
              Sidecar.files("parser: raw")
                  + """
                  buffer: {type: disk, max_bytes: 8MiB, on_full: %s}
                  shutdown: {deadline: 2s}
                  shippers:
                    events: {type: otlp, endpoint: "http://127.0.0.1:%d", protocol: http/protobuf, signals: [logs]}
                  """
                      .formatted(onFull, port))
          .launch();
      sidecar.awaitAlive();
      Path app = sidecar.log("app.log");
      // No two batches are alike, so that none takes less room than it has.
      Random random = new Random(1);
      Files.write(
          app,
          IntStream.range(0, 30_000)
              .mapToObj(
                  i ->
                      random
                          .ints(1_000, 'a', 'z')
                          .collect(
                              StringBuilder::new,
                              StringBuilder::appendCodePoint,
                              StringBuilder::append)
                          .toString())
              .toList());
      long size = Files.size(app);
      await()
          .atMost(PATIENCE)
          .ignoreExceptionsInstanceOf(NoSuchFileException.class)
          .untilAsserted(
              () ->
                  assertThat(
                          json().at("/shippers/0/buffered_bytes").asLong()
                              + json().at("/shippers/0/dropped_bytes").asLong())
                      .isEqualTo(size));
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(sidecar.errors())
                      .contains("the buffer has dropped for shipper events (full): ")
                      .contains("/app.log ("));
      sidecar.stop();
      JsonNode file = json().at("/files/0");
      JsonNode dropped = file.get("dropped").get(0);
      assertThat(file.get("shipped")).isEmpty();
      assertThat(dropped.get("shipper").asString()).isEqualTo("events");
      assertThat(dropped.get("reason").asString()).isEqualTo("full");
      long droppedBytes = json().at("/shippers/0/dropped_bytes").asLong();
      assertThat(dropped.get("bytes").asLong()).isEqualTo(droppedBytes).isPositive();
      assertThat(json().at("/buffered_bytes").asLong()).isEqualTo(size - droppedBytes);
      assertThat(sidecar.errors()).contains(" bytes dropped for events (full) ");
    }
  }

  @Test
  void itNamesExactlyTheBytesThatHaveNotLeft() throws Exception {
    try (Kafka kafka = Kafka.start(Files.createDirectories(folder.resolve("kafka")));
        Sidecar sidecar = new Sidecar(folder)) {
      String topic = kafka.topic("receipt");
      sidecar
          .configure(
              Sidecar.files("parser: raw")
                  + """
                  shutdown: {deadline: 3s}
                  shippers:
                    events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs]}
                  """
                      .formatted(kafka.servers(), topic))
          .start();
      Path app = sidecar.log("app.log");
      Path whole = sidecar.log("whole.log");
      long sent = append(app, "sent", 1_000);
      long all = append(whole, "whole", 100);
      awaitReceipt(Map.of("app.log", shipped(sent), "whole.log", shipped(all)));
      kafka.kill();
      // More than is in flight at a time.
      long size = append(app, "x".repeat(1_000), 10_000);
      Path late = sidecar.log("late.log");
      long lateSize = append(late, "late", 10);
      Map<String, String> left =
          Map.of(
              "app.log",
              shipped(sent, size),
              "whole.log",
              shipped(all),
              "late.log",
              unshipped(lateSize));
      awaitReceipt(left);
      assertThat(json().at("/complete").asBoolean()).isFalse();
      sidecar.kill();
      assertThat(receipt()).as("after kill -9").isEqualTo(left);
      assertThat(json().at("/unshipped_bytes").asLong()).isEqualTo(size - sent + lateSize);

      sidecar.launch();
      sidecar.awaitAlive();
      // Of a file that it has not looked into it knows the size.
      long lateNow = append(late, "later", 10);
      Map<String, String> more =
          Map.of(
              "app.log",
              shipped(sent, size),
              "whole.log",
              shipped(all),
              "late.log",
              unshipped(lateNow));
      awaitReceipt(more);
      sidecar.stop();
      assertThat(receipt()).as("at its end").isEqualTo(more);
      assertThat(json().at("/complete").asBoolean()).isTrue();
      assertThat(json().at("/unshipped_bytes").asLong()).isEqualTo(size - sent + lateNow);
      assertThat(sidecar.errors())
          .contains("bytes shipped 0-%d (%d)".formatted(sent, sent))
          .contains("bytes NOT shipped %d-%d (%d)".formatted(sent, size, size - sent))
          .contains("bytes NOT shipped 0-%d (%d)".formatted(lateNow, lateNow));

      kafka.restart();
      sidecar.start();
      awaitReceipt(
          Map.of(
              "app.log", shipped(size), "whole.log", shipped(all), "late.log", shipped(lateNow)));
      assertThat(sidecar.stop()).isZero();
      try (Topic read = new Topic(kafka.servers(), topic)) {
        List<String> bodies = read.rest().bodies();
        // What the broker died with may have been there, and come again.
        assertThat(bodies.stream().distinct()).hasSize(1_000 + 100 + 10_000 + 20);
      }
    }
  }
}
