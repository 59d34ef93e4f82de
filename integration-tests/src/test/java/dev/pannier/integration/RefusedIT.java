package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// What a destination does not take: dead letters, the circuit and the fallback, and what the sidecar
/// says of it.
class RefusedIT {
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final int MOST_LINES = 50;

  @TempDir private Path folder;

  /// A line that no compression makes much smaller.
  private static String large(int bytes) {
    byte[] random = new byte[bytes / 2];
    new Random(3).nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  private static String header(ConsumerRecord<byte[], byte[]> message, String name) {
    return new String(message.headers().lastHeader(name).value(), UTF_8);
  }

  private static List<String> bodies(Path file) throws Exception {
    List<String> bodies = new ArrayList<>();
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        bodies.add(new ObjectMapper().readTree(line).get("message").asString());
      }
    }
    return bodies;
  }

  @ParameterizedTest
  @ValueSource(strings = {"at_least_once", "exactly_once"})
  void aRecordThatTheBrokerFindsTooLargeIsADeadLetterAndStopsNobodyElse(String delivery)
      throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("small", "max.message.bytes", "20000");
    String dead = kafka.topic("dead");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic);
        Topic letters = new Topic(kafka.servers(), dead)) {
      sidecar.configure(
          Sidecar.files("parser: raw")
              + """
              shippers:
                events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs],
                         delivery: %s, on_oversize: dead_letter, dead_letter: {topic: %s}}
              """
                  .formatted(kafka.servers(), topic, delivery, dead));
      String large = large(200_000);
      Files.writeString(sidecar.log("app.log"), "one\n" + large + "\ntwo\n");
      sidecar.start();
      letters.await(all -> all.messages().size() >= 1);
      read.await(all -> all.bodies().contains("two"));
      assertThat(read.bodies()).containsExactly("one", "two");
      assertThat(letters.bodies()).containsExactly(large);
      ConsumerRecord<byte[], byte[]> letter = letters.messages().getFirst();
      assertThat(header(letter, "pannier.reason")).contains("large", topic);
      assertThat(header(letter, "pannier.source")).isEqualTo("app");
      assertThat(header(letter, "pannier.topic")).isEqualTo(topic);
      String uid = Topic.uid(letters.logs().getFirst()).orElseThrow();
      assertThat(header(letter, "log.record.uid")).isEqualTo(uid);
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                JsonNode row = sidecar.statusPage().at("/ledger/0");
                assertThat(row.get("read").asLong()).isEqualTo(3);
                assertThat(row.get("shipped").asLong()).isEqualTo(2);
                assertThat(row.get("dead_lettered").asLong()).isEqualTo(1);
                assertThat(row.get("in_flight_bytes").asLong()).isZero();
                assertThat(row.get("read_bytes").asLong())
                    .isEqualTo(Files.size(sidecar.log("app.log")));
              });
      assertThat(sidecar.stop()).isZero();
      assertThat(sidecar.errors()).contains("from app").contains("max.message.bytes");
      JsonNode receipt = new ObjectMapper().readTree(folder.resolve("state/receipt.json").toFile());
      assertThat(receipt.get("complete").asBoolean()).isTrue();
      assertThat(receipt.get("unshipped_bytes").asLong()).isZero();
      assertThat(receipt.at("/files/0/shipped/0/1").asLong())
          .isEqualTo(Files.size(sidecar.log("app.log")));
    }
  }

  /// A record alone is tried whole whatever was learnt of records together, so it finds the new limit at once.
  @ParameterizedTest
  @ValueSource(strings = {"at_least_once", "exactly_once"})
  void aLimitThatIsRaisedIsFound(String delivery) throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("raised", "max.message.bytes", "20000");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(
          Sidecar.files("parser: raw")
              + """
              shippers:
                events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs], delivery: %s}
              """
                  .formatted(kafka.servers(), topic, delivery));
      Path file = sidecar.log("app.log");
      String large = large(100_000);
      Files.writeString(file, "before\n" + large + "\nbehind\n");
      sidecar.start();
      read.await(all -> all.bodies().contains("behind"));
      assertThat(read.bodies()).hasSize(3).startsWith("before").doesNotContain(large);
      assertThat(large).startsWith(read.bodies().get(1));
      kafka.alter(topic, "max.message.bytes", "1000000");
      writeUntil(true, large, file, read);
      // And lowered: it is refused, and learnt, once more.
      kafka.alter(topic, "max.message.bytes", "20000");
      writeUntil(false, large, file, read);
      assertThat(sidecar.stop()).isZero();
    }
  }

  /// A broker goes by a new setting some moment after it has confirmed it.
  ///
  /// @param whole whether the line is to arrive as it was written
  private static void writeUntil(boolean whole, String line, Path file, Topic read)
      throws Exception {
    for (int i = 0; i < MOST_LINES; i++) {
      int before = read.bodies().size();
      Files.writeString(file, line + "\n", StandardOpenOption.APPEND);
      read.await(all -> all.bodies().size() > before);
      assertThat(read.bodies()).hasSize(before + 1);
      String arrived = read.bodies().getLast();
      assertThat(line).startsWith(arrived);
      if (arrived.equals(line) == whole) {
        return;
      }
    }
    throw new AssertionError("the new limit is not found in " + MOST_LINES + " lines");
  }

  /// A compacted topic takes no message without a key, and none that is in a batch with one.
  @ParameterizedTest
  @ValueSource(strings = {"at_least_once", "exactly_once"})
  void ofManyRecordsOnlyThoseThatTheBrokerRefusesAreDeadLetters(String delivery) throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("compacted", "cleanup.policy", "compact");
    String dead = kafka.topic("dead");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic);
        Topic letters = new Topic(kafka.servers(), dead)) {
      sidecar.configure(
          Sidecar.files("parser: json")
              + """
              shippers:
                events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs], encoding: json,
                         key: "attribute:id", delivery: %s, dead_letter: {topic: %s}}
              """
                  .formatted(kafka.servers(), topic, delivery, dead));
      List<String> lines = new ArrayList<>();
      List<String> taken = new ArrayList<>();
      List<String> refused = new ArrayList<>();
      // Each is found by an attempt of its own, and these are to follow each other at once.
      for (int i = 0; i < 300; i++) {
        boolean isRefused = i % 6 == 3;
        lines.add(
            "{\"message\":\"line %d\"%s}".formatted(i, isRefused ? "" : ",\"id\":\"" + i + "\""));
        (isRefused ? refused : taken).add("line " + i);
      }
      Files.write(sidecar.log("app.log"), lines);
      sidecar.start();
      letters.await(all -> all.messages().size() >= refused.size());
      read.await(all -> all.messages().size() >= taken.size());
      assertThat(letters.bodies()).containsExactlyElementsOf(refused);
      List<String> arrived = new ArrayList<>();
      for (String text : read.rest().texts()) {
        arrived.add(new ObjectMapper().readTree(text).get("message").asString());
      }
      assertThat(arrived).containsExactlyElementsOf(taken);
      assertThat(header(letters.messages().getFirst(), "pannier.reason")).contains("needs a key");
      assertThat(sidecar.stop()).isZero();
    }
  }

  @Test
  void aBackendThatFailsOpensTheCircuitAndEachRecordIsInOneOfBothPlaces() throws Exception {
    try (OtlpBackend backend = OtlpBackend.http();
        Sidecar sidecar = new Sidecar(folder)) {
      backend.refuse(Integer.MAX_VALUE);
      sidecar.configure(
          Sidecar.files("parser: raw")
              + """
              shippers:
                backend: {type: otlp, endpoint: "http://127.0.0.1:%d", protocol: http/protobuf, signals: [logs],
                          circuit_breaker: {open_after: 2, half_open_after: 1s}, fallback: spill}
                spill: {type: file, path: "${DIR}/spill/", format: json}
              """
                  .formatted(backend.port()));
      Path spill = folder.resolve("spill/logs.jsonl");
      List<String> written = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        written.add("before " + i);
      }
      Files.write(sidecar.log("app.log"), written);
      sidecar.launch(java.util.Map.of());
      sidecar.awaitAlive();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                JsonNode circuit = sidecar.statusPage().at("/shippers/1/circuit");
                assertThat(circuit.get("state").asString()).isIn("open", "half_open");
                assertThat(circuit.get("fallback").asString()).isEqualTo("spill");
                assertThat(circuit.get("reason").asString()).contains("503");
                assertThat(sidecar.body("/metrics"))
                    .contains("pannier_shipper_circuit_open{shipper=\"backend\"} 1");
              });
      for (int i = 0; i < 20; i++) {
        List<String> more = List.of("while it is open " + i);
        written.addAll(more);
        Files.write(sidecar.log("other" + i + ".log"), more);
      }
      await().atMost(PATIENCE).until(() -> bodies(spill).size() >= 10);
      backend.refuse(0);
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                // A circuit is tried with a batch: where nothing comes, nothing shows that it
                // works.
                String probe = "probe " + written.size();
                written.add(probe);
                Files.write(sidecar.log("app.log"), List.of(probe), StandardOpenOption.APPEND);
                return sidecar
                    .statusPage()
                    .at("/shippers/1/circuit/state")
                    .asString()
                    .equals("closed");
              });
      written.add("after");
      Files.write(sidecar.log("app.log"), List.of("after"), StandardOpenOption.APPEND);
      await().atMost(PATIENCE).until(() -> backend.bodies().contains("after"));
      await()
          .atMost(PATIENCE)
          .until(() -> bodies(spill).size() + backend.bodies().size() >= written.size());
      assertThat(sidecar.stop()).isZero();
      List<String> both = new ArrayList<>(backend.bodies());
      both.addAll(bodies(spill));
      assertThat(both).containsExactlyInAnyOrderElementsOf(written);
      assertThat(sidecar.errors()).contains("circuit is open").contains("circuit is closed again");
    }
  }
}
