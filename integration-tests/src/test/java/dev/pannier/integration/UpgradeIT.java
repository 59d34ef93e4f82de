package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pannier.demo.Ports;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// What an older version has left on its volume is taken over: nothing is lost, and nothing comes twice. Volumes of some lines are what
/// builds of then have left ([OlderVolume]). One of several segments is what today's has left, with the disk buffer's files written over as
/// the older format has them (the documentation of `buffer.disk` draws both); the positions of files have had one format.
class UpgradeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int MAGIC = 0x504E4C47;
  private static final int SNAPSHOT_BYTES = 24;
  private static final int HEADER_BYTES = 28;
  private static final int NAMES_LENGTHS = 37;
  private static final int SYNCED = 43;
  private static final int REQUEST_BYTES = 51;
  private static final int HEAD_BYTES = 55;
  private static final int TOKEN_BYTES = 6;
  private static final int PREFIX_BYTES = 8;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void whatAnOlderVersionHasLeftIsTakenOver(int version) throws Exception {
    Kafka kafka = Kafka.shared();
    String logs = kafka.topic("upgrade-logs");
    String spans = kafka.topic("upgrade-spans");
    int port = Ports.free(1).getFirst();
    try (Sidecar sidecar = new Sidecar(folder);
        Topic readLogs = new Topic(kafka.servers(), logs);
        Topic readSpans = new Topic(kafka.servers(), spans)) {
      sidecar
          .configure(
              """
              sources:
                files:
                  - {name: app, include: ["${LOGS}/*.log"], parser: raw}
                otlp: {grpc: none, http: "127.0.0.1:${HTTP}"}
              buffer: {type: disk, max_bytes: 16MiB}
              shutdown: {deadline: 3s}
              shippers:
                events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s, traces: %s}, signals: [logs, traces]}
                backend: {type: otlp, endpoint: "http://127.0.0.1:%d", protocol: http/protobuf}
              """
                  .formatted(kafka.servers(), logs, spans, port))
          .launch();
      sidecar.awaitAlive();
      Path app = sidecar.log("app.log");
      // Several segments.
      List<String> written = new ArrayList<>(append(app, "x".repeat(500) + " before", 8_000));
      List<String> ids;
      try (Requests requests = new Requests(sidecar.httpPort())) {
        readLogs.await(all -> all.logs().size() >= written.size());
        readSpans.await(all -> !all.messages().isEmpty());
        ids = new ArrayList<>(requests.end().acknowledged());
      }
      readSpans.await(all -> all.spanIds().containsAll(ids));
      sidecar.stop();
      Path buffer = folder.resolve("state/buffer");
      int segments = rewrite(buffer, version);
      assertThat(segments).isGreaterThan(1);

      Files.move(app, sidecar.log("app-1.log"));
      written.addAll(append(sidecar.log("app-1.log"), "while it was away", 100));
      written.addAll(append(app, "after the rotation", 100));
      sidecar.launch();
      sidecar.awaitAlive();
      readLogs.await(all -> all.logs().size() >= written.size());
      JsonNode status = sidecar.statusPage();
      assertThat(status.at("/buffer/damaged_bytes").asLong()).isZero();
      assertThat(status.at("/buffer/segments").asInt()).isGreaterThanOrEqualTo(segments);
      assertThat(sidecar.errors()).doesNotContain("damaged", "unreadable");
      try (OtlpBackend backend = OtlpBackend.http(port)) {
        await().atMost(PATIENCE).until(() -> backend.bodies().size() >= written.size());
        await().atMost(PATIENCE).until(() -> backend.spans().size() >= ids.size());
        assertThat(sidecar.stop()).isZero();
        assertThat(backend.bodies()).isEqualTo(written);
        assertThat(OtlpIT.ids(backend.spans())).containsExactlyInAnyOrderElementsOf(ids);
      }
      assertThat(readLogs.rest().bodies()).isEqualTo(written);
      assertThat(readSpans.rest().spanIds()).containsExactlyElementsOf(ids);
    }
  }

  static List<OlderVolume> volumes() throws IOException {
    return OlderVolume.all();
  }

  @ParameterizedTest
  @MethodSource("volumes")
  void whatABuildOfThenHasLeftIsTakenOver(OlderVolume volume) throws Exception {
    Kafka kafka = Kafka.shared();
    String logs = kafka.topic("older-logs");
    String spans = kafka.topic("older-spans");
    volume.unpack(folder);
    if (volume.isOnce()) {
      storePositions(kafka, volume.positionsTopic());
    }
    List<String> written = new ArrayList<>(OlderVolume.list(folder, "written"));
    List<String> received = new ArrayList<>(OlderVolume.list(folder, "received"));
    received.removeIf(String::isEmpty);
    Set<String> settled = settled(volume, written, received);
    String configuration = Files.readString(folder.resolve("pannier.yaml"));
    try (OtlpBackend backend = OtlpBackend.http();
        Sidecar sidecar =
            OlderVolume.sidecar(folder, configuration, kafka, logs, spans, backend.port());
        Topic readLogs = new Topic(kafka.servers(), logs);
        Topic readSpans = new Topic(kafka.servers(), spans)) {
      Path log = sidecar.log(OlderVolume.LOG);
      Files.writeString(log, OlderVolume.REST + "\n", StandardOpenOption.APPEND);
      // One that ends in good order ships what the last line has.
      written.addAll(
          volume.wasKilled()
              ? List.of(OlderVolume.BEGUN + OlderVolume.REST)
              : List.of(OlderVolume.BEGUN, OlderVolume.REST));
      written.addAll(append(log, "while it was away", 20));
      sidecar.start();
      written.addAll(append(log, "behind the upgrade", 20));
      received.addAll(OlderVolume.send(sidecar.httpPort(), "behind the upgrade", 0));

      Arrivals events = new Arrivals(OlderVolume.list(folder, "events"));
      readLogs.await(
          all -> events.with(all.logs().stream().map(OlderVolume::line)).containsAll(written));
      readSpans.await(all -> events.with(all.spanIds().stream()).containsAll(ids(received)));
      Arrivals other = new Arrivals(OlderVolume.list(folder, "backend"));
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  other.with(backend.lines().stream()).containsAll(written)
                      && other.containsAll(received));
      JsonNode status = sidecar.statusPage();
      assertThat(status.at("/buffer/damaged_bytes").asLong()).isZero();
      assertThat(sidecar.stop()).isZero();
      assertThat(sidecar.errors())
          .contains("receipt: 2 files shipped whole")
          .doesNotContain("damaged", "unreadable");

      events
          .with(
              Stream.concat(
                  readLogs.rest().logs().stream().map(OlderVolume::line),
                  readSpans.rest().spanIds().stream()))
          .assertAre(written, received);
      assertThat(events.repeats()).doesNotContainAnyElementsOf(settled);
      if (volume.isOnce()) {
        assertThat(events.repeats()).isEmpty();
      }
      other.with(backend.lines().stream()).assertAre(written, received);
      assertThat(other.repeats()).isEmpty();
    }
  }

  private static List<String> ids(List<String> received) {
    return received.stream().filter(each -> each.indexOf(' ') < 0).toList();
  }

  /// What `events` had confirmed, and that was stored, long before the end of the process. With the memory buffer that is what both
  /// destinations have.
  private static Set<String> settled(
      OlderVolume volume, List<String> written, List<String> received) {
    Set<String> settled = new HashSet<>(received.subList(0, received.size() * 2 / 3));
    written.stream()
        .filter(
            line ->
                line.startsWith(OlderVolume.FIRST)
                    || (volume.hasDisk() && line.startsWith(OlderVolume.SECOND)))
        .forEach(settled::add);
    return settled;
  }

  /// As the topic had them when the process ended, but for all that was there before.
  private void storePositions(Kafka kafka, String topic) throws Exception {
    kafka.emptyTopics(List.of(topic));
    List<byte[]> message =
        OlderVolume.list(folder, "positions").stream().map(HexFormat.of()::parseHex).toList();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.servers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topic, message.get(0), message.get(1))).get();
    }
  }

  /// What a destination has got, from the older version and from this one.
  private static final class Arrivals {
    private final List<String> before;
    private List<String> all = List.of();

    Arrivals(List<String> before) {
      this.before = before;
    }

    Arrivals with(Stream<String> now) {
      all = Stream.concat(before.stream(), now).toList();
      return this;
    }

    private static String text(String line) {
      return line.substring(line.indexOf(' ') + 1);
    }

    boolean containsAll(List<String> texts) {
      return all.stream().map(Arrivals::text).collect(Collectors.toSet()).containsAll(texts);
    }

    private List<String> texts(boolean tailed) {
      return all.stream()
          .distinct()
          .filter(line -> (line.indexOf(' ') > 1) == tailed)
          .map(Arrivals::text)
          .toList();
    }

    /// Each of them, the lines in their order. What has come twice is counted once where it has the same `log.record.uid`.
    void assertAre(List<String> lines, List<String> received) {
      assertThat(texts(true)).isEqualTo(lines);
      assertThat(texts(false)).containsExactlyInAnyOrderElementsOf(received);
    }

    List<String> repeats() {
      List<String> repeats = new ArrayList<>(all.stream().map(Arrivals::text).toList());
      all.stream().distinct().map(Arrivals::text).forEach(repeats::remove);
      return repeats;
    }
  }

  private static List<String> append(Path file, String prefix, int count) throws Exception {
    List<String> lines = IntStream.range(0, count).mapToObj(i -> prefix + " " + i).toList();
    Files.write(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    return lines;
  }

  /// @return how many segments there are
  private static int rewrite(Path buffer, int version) throws IOException {
    int segments = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(buffer, "*.log")) {
      for (Path file : files) {
        segments++;
        Files.write(file, segment(Files.readAllBytes(file), version));
      }
    }
    Path cursors = buffer.resolve("cursors");
    Files.write(cursors, cursors(Files.readAllBytes(cursors), version));
    // Neither was there in the first.
    if (version == 1) {
      Files.deleteIfExists(buffer.resolve("log-id"));
      Files.deleteIfExists(buffer.resolve("unconfirmed"));
    }
    return segments;
  }

  private static byte[] segment(byte[] segment, int version) {
    ByteBuffer in = ByteBuffer.wrap(segment);
    assertThat(in.getInt(0)).isEqualTo(MAGIC);
    assertThat(in.getShort(4)).isEqualTo((short) 3);
    assertThat(in.getShort(6)).as("flags").isZero();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int snapshotEnd = HEADER_BYTES + in.getInt(SNAPSHOT_BYTES);
    in.putShort(4, (short) version);
    out.write(segment, 0, snapshotEnd);
    out.writeBytes(int32(OlderVolume.crc(segment, 0, snapshotEnd)));
    int at = snapshotEnd + Integer.BYTES;
    while (at < segment.length) {
      int end = at + PREFIX_BYTES + in.getInt(at);
      int request = at + HEAD_BYTES;
      for (int i = 0; i < 3; i++) {
        request += in.getShort(at + NAMES_LENGTHS + i * Short.BYTES);
      }
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      int head = version == 1 ? SYNCED : REQUEST_BYTES;
      body.write(segment, at + PREFIX_BYTES, head - PREFIX_BYTES);
      body.write(segment, at + HEAD_BYTES, request - at - HEAD_BYTES);
      int length = in.getInt(at + REQUEST_BYTES);
      body.writeBytes(
          length == end - request
              ? Arrays.copyOfRange(segment, request, end)
              : unpacked(segment, request, end, length));
      byte[] record = body.toByteArray();
      out.writeBytes(int32(record.length));
      out.writeBytes(int32(OlderVolume.crc(record, 0, record.length)));
      out.writeBytes(record);
      at = end;
    }
    return out.toByteArray();
  }

  private static byte[] unpacked(byte[] segment, int from, int end, int length) {
    ByteBuffer in = ByteBuffer.wrap(segment);
    byte[] request = new byte[length];
    int done = 0;
    int at = from;
    while (at < end) {
      int own = Short.toUnsignedInt(in.getShort(at));
      int copied = Short.toUnsignedInt(in.getShort(at + 2));
      int distance = Short.toUnsignedInt(in.getShort(at + 4));
      System.arraycopy(segment, at + TOKEN_BYTES, request, done, own);
      done += own;
      System.arraycopy(request, done - distance, request, done, copied);
      done += copied;
      at += TOKEN_BYTES + own;
    }
    assertThat(done).isEqualTo(length);
    return request;
  }

  private static byte[] int32(int value) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
  }

  /// Of version 3 with its later places, as a whole file of an older version.
  private static byte[] cursors(byte[] file, int version) {
    ByteBuffer in = ByteBuffer.wrap(file);
    assertThat(in.getShort(4)).isEqualTo((short) 3);
    int count = in.getShort(14);
    int end = 16;
    int[] places = new int[count];
    for (int i = 0; i < count; i++) {
      places[i] = end + Short.BYTES + in.getShort(end);
      end = places[i] + Long.BYTES;
    }
    int later = end + Integer.BYTES;
    for (int next = later;
        next + count * Long.BYTES + Integer.BYTES <= file.length;
        next += count * Long.BYTES + Integer.BYTES) {
      for (int i = 0; i < count; i++) {
        in.putLong(places[i], in.getLong(next + i * Long.BYTES));
      }
    }
    in.putShort(4, (short) version);
    ByteBuffer out = ByteBuffer.allocate(later).put(file, 0, 6);
    if (version > 1) {
      out.put(file, 6, Long.BYTES);
    }
    out.put(file, 14, end - 14);
    int length = out.position();
    out.putInt(OlderVolume.crc(out.array(), 0, length));
    byte[] bytes = new byte[out.position()];
    out.get(0, bytes);
    return bytes;
  }
}
