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
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// What a destination does not take: dead letters, the circuit and the fallback, and what the sidecar
/// says of it.
class RefusedIT {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

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

  /// One shipper of logs to `topic`, with further settings.
  private static void configure(Sidecar sidecar, String parser, String topic, String more)
      throws Exception {
    sidecar.configure(
        Sidecar.files("parser: " + parser)
            + """
            shippers:
              events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs], %s}
            """
                .formatted(Kafka.shared().servers(), topic, more));
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

  @Test
  void aRecordThatTheBrokerFindsTooLargeIsADeadLetterAndStopsNobodyElse() throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("small", "max.message.bytes", "20000");
    String dead = kafka.topic("dead");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic);
        Topic letters = new Topic(kafka.servers(), dead)) {
      String oversize = "on_oversize: dead_letter, dead_letter: {topic: " + dead + "}";
      configure(sidecar, "raw", topic, oversize);
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
      String uid =
          letters.logs().getFirst().getAttributesList().stream()
              .filter(attribute -> attribute.getKey().equals("log.record.uid"))
              .findFirst()
              .orElseThrow()
              .getValue()
              .getStringValue();
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

  /// A compacted topic takes no message without a key, and none that is in a batch with one.
  @Test
  void ofManyRecordsOnlyThoseThatTheBrokerRefusesAreDeadLetters() throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("compacted", "cleanup.policy", "compact");
    String dead = kafka.topic("dead");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic);
        Topic letters = new Topic(kafka.servers(), dead)) {
      String keyed = "encoding: json, key: \"attribute:id\", dead_letter: {topic: " + dead + "}";
      configure(sidecar, "json", topic, keyed);
      List<String> lines = new ArrayList<>();
      List<String> taken = new ArrayList<>();
      List<String> refused = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        boolean isRefused = i % 60 == 30;
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
