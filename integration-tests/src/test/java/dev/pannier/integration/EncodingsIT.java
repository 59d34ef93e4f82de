package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// What a message is in the encodings that are one record a message.
class EncodingsIT {
  @TempDir private Path folder;

  @Test
  void rawIsTheLinesOwnBytes() throws Exception {
    byte[] line = {'a', (byte) 0xff, 0, (byte) 0xc3, (byte) 0xa4, '\t', 'z'};
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("encoding");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(
          Sidecar.files("parser: raw") + shipper(kafka, topic, ", encoding: {logs: raw}"));
      Files.writeString(sidecar.log("app.log"), new String(line, ISO_8859_1) + "\r\n", ISO_8859_1);
      sidecar.start();
      read.await(all -> !all.messages().isEmpty());
      assertThat(read.messages().getFirst().value()).isEqualTo(line);
    }
  }

  @Test
  void jsonIsOneFlatObjectARecord() throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("encoding");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(
          "resource: {service_name: shop, attributes: {team: blue}}\n"
              + Sidecar.files("parser: raw")
              + shipper(kafka, topic, ", encoding: {logs: json}"));
      Files.writeString(sidecar.log("app.log"), "one\ntwo \"quoted\" €\n");
      sidecar.start();
      read.await(all -> all.messages().size() >= 2);
      JsonNode two = new ObjectMapper().readTree(read.texts().get(1));
      assertThat(two.get("message").asString()).isEqualTo("two \"quoted\" €");
      assertThat(two.get("service.name").asString()).isEqualTo("shop");
      assertThat(two.get("team").asString()).isEqualTo("blue");
      assertThat(two.has("@timestamp")).isTrue();
      assertThat(two.get("log.record.uid").asString()).isNotBlank();
    }
  }

  private static String shipper(Kafka kafka, String topic, String settings) {
    return """
    shippers:
      events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs]%s}
    """
        .formatted(kafka.servers(), topic, settings);
  }
}
