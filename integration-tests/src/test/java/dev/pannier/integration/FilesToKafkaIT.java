package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Lines of files arrive in Kafka: all, once, in order, in each encoding.
class FilesToKafkaIT {
  @TempDir private Path folder;
  private Kafka kafka;
  private String topic;

  Kafka broker() throws Exception {
    return Kafka.shared();
  }

  @BeforeEach
  void ownTopic() throws Exception {
    kafka = broker();
    topic = kafka.topic("files");
  }

  private String shipper(String settings) {
    return """
    shippers:
      events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs]%s}
    """
        .formatted(kafka.servers(), topic, settings);
  }

  private static List<String> lines(String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> prefix + " " + i).toList();
  }

  @Test
  void linesArriveOnceAndInOrder() throws Exception {
    List<String> before = lines("written before the start", 2_000);
    List<String> after = lines("written while it runs", 2_000);
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(Sidecar.files("parser: raw") + shipper(""));
      Files.write(sidecar.log("app.log"), before);
      sidecar.start();
      for (String line : after) {
        Files.writeString(
            sidecar.log("app.log"),
            line + "\n",
            StandardOpenOption.APPEND,
            StandardOpenOption.CREATE);
      }
      read.await(topic -> topic.logs().size() >= 4_000);
      assertThat(sidecar.stop()).isZero();
      assertThat(read.rest().bodies())
          .containsExactlyElementsOf(Stream.concat(before.stream(), after.stream()).toList());
    }
  }

  @Test
  void recordsSayWhereTheyCameFrom() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(
          "resource: {service_name: shop}\n" + Sidecar.files("parser: raw") + shipper(""));
      Files.writeString(sidecar.log("app.log"), "one\n");
      sidecar.start();
      read.await(topic -> !topic.logs().isEmpty());
      ExportLogsServiceRequest request =
          ExportLogsServiceRequest.parseFrom(read.messages().getFirst().value());
      assertThat(request.getResourceLogs(0).getResource().getAttributesList())
          .extracting(KeyValue::getKey)
          .contains("service.name");
      assertThat(read.logs().getFirst().getAttributesList())
          .extracting(KeyValue::getKey)
          .contains("log.file.name", "log.record.uid");
      assertThat(read.logs().getFirst().getObservedTimeUnixNano()).isPositive();
    }
  }

  @Test
  void aStackTraceIsOneRecord() throws Exception {
    String trace =
        """
        java.lang.IllegalStateException: no stock
        \tat com.example.Shop.sell(Shop.java:7)
        Caused by: java.io.IOException: gone
        \tat com.example.Stock.read(Stock.java:3)
        \t... 1 more\
        """;
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(Sidecar.files("parser: raw") + shipper(""));
      Files.writeString(sidecar.log("app.log"), "before\nfailed\n" + trace + "\nafter\n");
      sidecar.start();
      read.await(topic -> topic.logs().size() >= 3);
      assertThat(read.bodies()).containsExactly("before", "failed\n" + trace, "after");
    }
  }

  @Test
  void manyFilesAndLateOnesAreFound() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(Sidecar.files("parser: raw") + shipper(""));
      for (int i = 0; i < 200; i++) {
        Files.writeString(sidecar.log("early" + i + ".log"), "early " + i + "\n");
      }
      sidecar.start();
      for (int i = 0; i < 50; i++) {
        Files.writeString(sidecar.log("late" + i + ".log"), "late " + i + "\n");
      }
      read.await(topic -> topic.logs().size() >= 250);
      assertThat(read.bodies()).doesNotHaveDuplicates().hasSize(250);
    }
  }

  @Test
  void aLineAboveTheBrokersLimitIsCutAndWhatIsBehindItComes() throws Exception {
    String small = kafka.topic("small", "max.message.bytes", "20000");
    SplittableRandom random = new SplittableRandom(7);
    String large = text(random, 200_000);
    List<String> others = List.of(text(random, 9_000), text(random, 9_000), text(random, 9_000));
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), small)) {
      sidecar.configure(Sidecar.files("parser: raw") + shipper("").replace(topic, small));
      List<String> written = new ArrayList<>(List.of("before", large));
      written.addAll(others);
      written.add("after");
      Files.write(sidecar.log("app.log"), written);
      sidecar.start();
      read.await(all -> all.bodies().contains("after"));
      List<String> bodies = read.rest().bodies();
      String cut = bodies.get(1);
      assertThat(large).startsWith(cut);
      assertThat(cut).hasSizeBetween(1_000, 100_000);
      written.set(1, cut);
      assertThat(bodies).as("in order, and nothing twice").containsExactlyElementsOf(written);
      assertThat(read.logs())
          .filteredOn(
              log ->
                  log.getAttributesList().stream()
                      .anyMatch(attribute -> attribute.getKey().equals("pannier.truncated")))
          .isNotEmpty()
          .allMatch(log -> large.startsWith(log.getBody().getStringValue()));
    }
  }

  /// Text that compression makes hardly smaller.
  private static String text(SplittableRandom random, int length) {
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      text.append((char) random.nextInt('!', '~'));
    }
    return text.toString();
  }

  @Test
  void eachOfSeveralShippersGetsEverything() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(
          Sidecar.files("parser: raw")
              + shipper("")
              + "  archive: {type: file, path: \"${DIR}/archive/\", format: raw, signals: [logs]}\n"
              + "  console: {type: stdout, format: raw, signals: [logs]}\n");
      List<String> written = lines("to all", 500);
      Files.write(sidecar.log("app.log"), written);
      sidecar.start();
      read.await(topic -> topic.logs().size() >= 500);
      assertThat(sidecar.stop()).isZero();
      assertThat(read.rest().bodies()).containsExactlyElementsOf(written);
      assertThat(sidecar.output().lines()).containsExactlyElementsOf(written);
      try (var archive = Files.walk(folder.resolve("archive"))) {
        Path file = archive.filter(Files::isRegularFile).findFirst().orElseThrow();
        assertThat(Files.readAllLines(file)).containsExactlyElementsOf(written);
      }
    }
  }
}
