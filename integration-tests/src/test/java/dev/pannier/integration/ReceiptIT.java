package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The receipt on the volume, byte for byte, of a sidecar whose broker has died: at its end, and where it was killed.
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
        .ignoreExceptionsInstanceOf(java.nio.file.NoSuchFileException.class)
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
