package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Makes the volumes of `src/test/resources/volumes` by the build in `-Dpannier.home`; no test of the build. It writes them to
/// `-Dpannier.test.volumes=FOLDER`, under the name of `-Dpannier.test.commit`.
class VolumeMaker {
  /// By then what is confirmed is stored, and what can be read is.
  private static final Duration STORED = Duration.ofSeconds(3);

  /// By then brokers have aborted the transaction of a producer that is gone, which may last 10 s, and is looked for each 10 s.
  private static final Duration ABORTED = Duration.ofSeconds(25);

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path folder;

  private final List<String> written = new ArrayList<>();
  private final List<String> received = new ArrayList<>();

  private void send(OlderVolume volume, Sidecar sidecar, String words) throws Exception {
    for (int i = 0; volume.hasDisk() && i < 5; i++) {
      received.addAll(OlderVolume.send(sidecar.httpPort(), words, i));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "disk,at_least_once,term",
    "disk,exactly_once,kill",
    "memory,at_least_once,kill",
    "memory,exactly_once,kill"
  })
  void makes(String buffer, String delivery, String end) throws Exception {
    OlderVolume volume =
        new OlderVolume(System.getProperty("pannier.test.commit", "older"), buffer, delivery, end);
    Path own = Files.createDirectories(folder.resolve("volume"));
    Map<String, List<String>> texts = new LinkedHashMap<>();
    try (Kafka kafka =
        Kafka.start(
            Files.createDirectories(folder.resolve("broker")), "auto.create.topics.enable=false")) {
      OtlpBackend backend = OtlpBackend.http();
      String logs = kafka.topic("logs");
      String spans = kafka.topic("spans");
      try (Sidecar sidecar =
              OlderVolume.sidecar(own, volume.configuration(), kafka, logs, spans, backend.port());
          Topic readLogs = new Topic(kafka.servers(), logs);
          Topic readSpans = new Topic(kafka.servers(), spans)) {
        Path log = sidecar.log(OlderVolume.LOG);
        written.addAll(OlderVolume.append(log, OlderVolume.FIRST, 80));
        sidecar.start();
        send(volume, sidecar, OlderVolume.FIRST);
        await()
            .atMost(PATIENCE)
            .until(() -> backend.bodies().containsAll(written) && hasReceived(backend));
        Thread.sleep(STORED);
        backend.close();

        written.addAll(OlderVolume.append(log, OlderVolume.SECOND, 40));
        Files.move(log, sidecar.log(OlderVolume.ROTATED));
        written.addAll(OlderVolume.append(log, OlderVolume.SECOND + ", rotated", 40));
        send(volume, sidecar, OlderVolume.SECOND);
        readLogs.await(all -> all.bodies().containsAll(written));
        Thread.sleep(STORED);

        kafka.pause(0);
        written.addAll(OlderVolume.append(log, OlderVolume.LAST, 60));
        Files.writeString(log, OlderVolume.BEGUN, StandardOpenOption.APPEND);
        send(volume, sidecar, OlderVolume.LAST);
        Thread.sleep(STORED);
        if (volume.wasKilled()) {
          sidecar.kill();
        } else {
          assertThat(sidecar.stop()).as("it could not ship all").isOne();
        }
        System.out.println(volume + "\n" + sidecar.errors());
        kafka.resume(0);
        Thread.sleep(volume.isOnce() ? ABORTED : STORED);

        List<String> events =
            new ArrayList<>(readLogs.rest().logs().stream().map(OlderVolume::line).toList());
        events.addAll(readSpans.rest().spanIds());
        texts.put("pannier.yaml", List.of(volume.configuration().stripTrailing()));
        texts.put(
            "inodes",
            List.of(
                OlderVolume.place(sidecar.logs(), OlderVolume.LOG),
                OlderVolume.place(sidecar.logs(), OlderVolume.ROTATED)));
        texts.put("written", written);
        texts.put("received", received);
        texts.put("events", events);
        texts.put("backend", backend.lines());
      }
      if (volume.isOnce()) {
        texts.put("positions", lastPositions(kafka, volume.positionsTopic()));
      }
    }
    Path target =
        Files.createDirectories(
            Path.of(System.getProperty("pannier.test.volumes", "target/volumes")));
    volume.pack(own, texts, target.resolve(volume + ".zip"));
  }

  private boolean hasReceived(OtlpBackend backend) {
    List<String> all = new ArrayList<>(backend.bodies());
    all.addAll(OtlpIT.ids(backend.spans()));
    return all.containsAll(received);
  }

  private static List<String> lastPositions(Kafka kafka, String topic) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", kafka.servers(), "isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> all =
          consumer.partitionsFor(topic).stream()
              .map(one -> new TopicPartition(topic, one.partition()))
              .toList();
      consumer.assign(all);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      List<String> last = new ArrayList<>();
      while (!all.stream().allMatch(one -> consumer.position(one) >= ends.getOrDefault(one, 0L))) {
        for (ConsumerRecord<byte[], byte[]> message : consumer.poll(Duration.ofMillis(200))) {
          HexFormat hex = HexFormat.of();
          last = List.of(hex.formatHex(message.key()), hex.formatHex(message.value()));
        }
      }
      return last;
    }
  }
}
