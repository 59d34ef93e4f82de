package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pannier.demo.Ports;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// What an older version has left on its volume is taken over: nothing is lost, and nothing comes twice. The volume is what today's
/// has left, with the disk buffer's files written over as the older format has them (the documentation of `buffer.disk` draws both);
/// the positions of files have had one format.
class UpgradeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int MAGIC = 0x504E4C47;
  private static final int SNAPSHOT_BYTES = 24;
  private static final int HEADER_BYTES = 28;
  private static final int SYNCED = 43;
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
        if (version == 1) {
          Files.write(file, segmentOfVersion1(Files.readAllBytes(file)));
        }
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

  private static byte[] segmentOfVersion1(byte[] segment) {
    ByteBuffer in = ByteBuffer.wrap(segment);
    assertThat(in.getInt(0)).isEqualTo(MAGIC);
    assertThat(in.getShort(4)).isEqualTo((short) 2);
    assertThat(in.getShort(6)).as("flags").isZero();
    ByteBuffer out = ByteBuffer.allocate(segment.length);
    int snapshotEnd = HEADER_BYTES + in.getInt(SNAPSHOT_BYTES);
    out.put(segment, 0, snapshotEnd).putShort(4, (short) 1);
    out.putInt(crc(out.array(), 0, snapshotEnd));
    int at = snapshotEnd + Integer.BYTES;
    while (at < segment.length) {
      int body = in.getInt(at);
      int to = out.position();
      out.putInt(body - Long.BYTES).putInt(0);
      out.put(segment, at + PREFIX_BYTES, SYNCED - PREFIX_BYTES);
      int names = at + SYNCED + Long.BYTES;
      out.put(segment, names, at + PREFIX_BYTES + body - names);
      out.putInt(to + Integer.BYTES, crc(out.array(), to + PREFIX_BYTES, body - Long.BYTES));
      at += PREFIX_BYTES + body;
    }
    byte[] bytes = new byte[out.position()];
    out.get(0, bytes);
    return bytes;
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
    out.putInt(crc(out.array(), 0, length));
    byte[] bytes = new byte[out.position()];
    out.get(0, bytes);
    return bytes;
  }

  private static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
