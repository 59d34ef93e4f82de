package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `delivery: exactly_once` from log files, with a real broker: what a `read_committed` consumer sees is
/// what was written, each line once and in order.
class ExactlyOnceIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /// Rotated files, too: the application rotates while the sidecar is dead.
  private static final String FILES =
      """
      sources:
        files:
          - {name: app, include: ["${LOGS}/app.log*"], parser: raw}
        otlp: none
      """;

  @TempDir private Path folder;
  private Kafka kafka;
  private String topic;

  @BeforeEach
  void ownTopic() throws Exception {
    kafka = Kafka.shared();
    topic = kafka.topic("once");
  }

  private String shipper() {
    return """
    shippers:
      events:
        type: kafka
        bootstrap_servers: "%s"
        topics: {logs: %s}
        signals: [logs]
        delivery: exactly_once
    """
        .formatted(kafka.servers(), topic);
  }

  private Sidecar sidecar(String more) throws Exception {
    return new Sidecar(folder).configure(FILES + shipper() + more);
  }

  /// In any order: a rotated file may be met after its successor.
  private static void assertOnce(Topic read, List<String> written) {
    List<String> bodies = read.rest().bodies();
    assertThat(bodies.stream().sorted().toList()).isEqualTo(written.stream().sorted().toList());
  }

  @Test
  void linesComeOnceOverABrokersRestarts() throws Exception {
    try (Kafka own =
        Kafka.start(
            Files.createDirectories(folder.resolve("broker")),
            "transaction.state.log.replication.factor=1")) {
      kafka = own;
      topic = own.topic("once");
      try (Sidecar sidecar = sidecar("").start();
          Application application = Application.rotating(sidecar.log("app.log"))) {
        for (int i = 0; i < 3; i++) {
          try (Topic read = new Topic(own.servers(), topic)) {
            read.rest();
            int before = read.logs().size();
            read.await(all -> all.logs().size() > before);
          }
          own.kill();
          own.restart();
        }
        List<String> written = application.end();
        try (Topic read = new Topic(own.servers(), topic)) {
          read.await(all -> all.bodies().contains(written.getLast()));
          assertThat(sidecar.stop()).isZero();
          assertOnce(read, written);
        }
      }
    }
  }

  @Test
  void aSidecarThatWasPausedLongerThanItsTransactionMayLastGoesOn() throws Exception {
    try (Sidecar sidecar = sidecar("").start();
        Application application = Application.rotating(sidecar.log("app.log"));
        Topic read = new Topic(kafka.servers(), topic)) {
      read.await(all -> !all.logs().isEmpty());
      sidecar.signal("STOP");
      await().pollDelay(Duration.ofSeconds(25)).atMost(PATIENCE).until(() -> true);
      sidecar.signal("CONT");
      List<String> written = application.end();
      read.await(all -> all.bodies().contains(written.getLast()));
      assertThat(sidecar.stop()).isZero();
      assertOnce(read, written);
    }
  }

  @Test
  void aSecondSidecarWithACopiedVolumeEndsOneOfThem() throws Exception {
    Path other = folder.resolve("other");
    try (Sidecar first = sidecar("").start()) {
      Files.writeString(first.log("app.log"), "first\n");
      try (Topic read = new Topic(kafka.servers(), topic)) {
        read.await(all -> all.bodies().contains("first"));
        Files.createDirectories(other.resolve("state"));
        Files.copy(folder.resolve("state/identity"), other.resolve("state/identity"));
        try (Sidecar second = new Sidecar(other).configure(FILES + shipper())) {
          second.start();
          Files.writeString(second.log("app.log"), "second\n");
          read.await(all -> all.bodies().contains("second"));
          Files.writeString(first.log("app.log"), "third\n", StandardOpenOption.APPEND);
          await()
              .atMost(PATIENCE)
              .until(() -> first.body("/readyz").contains("another sidecar ships as"));
          assertThat(second.status("/readyz")).isEqualTo(200);
          assertThat(read.rest().bodies()).containsExactly("first", "second");
        }
      }
    }
  }

  @Test
  void filesWaitForTheirPositions() throws Exception {
    kafka =
        Kafka.start(
            Files.createDirectories(folder.resolve("broker")), "auto.create.topics.enable=false");
    try (Kafka own = kafka;
        Sidecar sidecar = new Sidecar(folder).configure(FILES + shipper())) {
      topic = own.topic("once");
      sidecar.configure(FILES + shipper());
      own.kill();
      Files.writeString(sidecar.log("app.log"), "one\n");
      sidecar.launch(Map.of());
      sidecar.awaitAlive();
      await()
          .atMost(PATIENCE)
          .until(
              () -> sidecar.body("/readyz").contains("files are read from where shipper events"));
      own.restart();
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
      try (Topic read = new Topic(own.servers(), topic)) {
        read.await(all -> all.bodies().contains("one"));
      }
    }
  }
}
