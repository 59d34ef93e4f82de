package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.logs.v1.LogRecord;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/// What a process of an older build has left: its `state` and its `logs`, its configuration, and what its destinations had by
/// then. It is a .zip in `src/test/resources/volumes`, where a README says how each came about.
///
/// ```
/// pannier.yaml          the configuration, with ${…} for ports and the names of topics
/// state/  logs/
/// inodes                a line a log file: its name, its device, its inode
/// written               the lines of all log files in their order, but for the last, which has no end
/// received              a line a request that was acknowledged: a log record's body, or a span's id
/// events  backend       a line a record that the destination had: `log.record.uid` and body, `-` and body, or a span's id
/// positions             exactly once: key and value of the last message in the topic of positions, in hex
/// ```
///
/// Paths in it are of the process's own folder, `/proc/self/cwd`, so that they are the same on each machine.
///
/// @param buffer   its type
/// @param delivery that of the shipper `events`; the other one, `backend`, is at least once
/// @param end      `term` or `kill`
record OlderVolume(String commit, String buffer, String delivery, String end) {
  static final String LOG = "app.log";
  static final String ROTATED = "app.log.1";

  /// What the last line had by then, and what comes behind it.
  static final String BEGUN = "a line that the older version has seen the begi";

  static final String REST = "nning of";

  /// What both destinations had confirmed long before the end; then the backend was dead.
  static final String FIRST = "with both destinations";

  /// What `events` had confirmed long before the end; then its broker was paused.
  static final String SECOND = "with one destination";

  static final String LAST = "with none";

  private static final String CWD = "/proc/self/cwd";
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  static List<OlderVolume> all() throws IOException {
    try (Stream<Path> files = Files.list(directory())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".zip"))
          .sorted()
          .map(name -> name.substring(0, name.length() - ".zip".length()).split("-", -1))
          .map(words -> new OlderVolume(words[0], words[1], words[2], words[3]))
          .toList();
    }
  }

  private static Path directory() {
    return Tree.root().resolve("integration-tests/src/test/resources/volumes");
  }

  @Override
  public String toString() {
    return String.join("-", commit, buffer, delivery, end);
  }

  boolean isOnce() {
    return delivery.equals("exactly_once");
  }

  boolean hasDisk() {
    return buffer.equals("disk");
  }

  boolean wasKilled() {
    return end.equals("kill");
  }

  /// Of this name in Kafka, too: `state` says where in the topic positions are.
  String positionsTopic() {
    return "pannier_positions_" + commit;
  }

  /// The configuration as it is in the .zip.
  String configuration() {
    return """
    state: {directory: %1$s/state}
    admin: {listen: "127.0.0.1:${ADMIN}"}
    sources:
      files:
        - {name: app, include: ["%1$s/logs/app.log*"], parser: raw}
      otlp: {grpc: none, http: "127.0.0.1:${HTTP}"}
    buffer: {type: %2$s}
    shutdown: {deadline: 3s}
    shippers:
      events:
        type: kafka
        bootstrap_servers: "${KAFKA}"
        topics: {logs: "${LOGS}", traces: "${SPANS}"}
        signals: [logs, traces]
        delivery: %3$s
    %4$s  backend: {type: otlp, endpoint: "http://127.0.0.1:${BACKEND}", protocol: http/protobuf}
    """
        .formatted(
            CWD,
            buffer,
            delivery,
            isOnce() ? "    positions: {topic: " + positionsTopic() + "}\n" : "");
  }

  /// A sidecar that is not started yet, over the folder.
  ///
  /// @param configuration with ${…}
  static Sidecar sidecar(
      Path folder, String configuration, Kafka kafka, String logs, String spans, int backend)
      throws IOException {
    Sidecar sidecar = new Sidecar(folder);
    Files.createDirectories(sidecar.state());
    sidecar.within(List.of("sh", "-c", "cd \"$0\" && exec \"$@\"", folder.toString()));
    Files.writeString(
        sidecar.config(),
        configuration
            .replace("${ADMIN}", String.valueOf(sidecar.adminPort()))
            .replace("${HTTP}", String.valueOf(sidecar.httpPort()))
            .replace("${KAFKA}", kafka.servers())
            .replace("${LOGS}", logs)
            .replace("${SPANS}", spans)
            .replace("${BACKEND}", String.valueOf(backend)));
    return sidecar;
  }

  /// Lines that begin with the same words.
  static List<String> append(Path file, String words, int count) throws IOException {
    List<String> lines = IntStream.range(0, count).mapToObj(i -> words + ", line " + i).toList();
    Files.write(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    return lines;
  }

  /// A request of one log record and one of one span, which both have to be acknowledged.
  ///
  /// @return the record's body and the span's id
  static List<String> send(int port, String words, int number) throws Exception {
    String body = "received " + words + ", " + number;
    String id = "%016x".formatted(((long) words.hashCode() << Integer.SIZE) + number + 1);
    post(
        port,
        "logs",
        "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"stringValue\":\""
            + body
            + "\"}}]}]}]}");
    post(
        port,
        "traces",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"0123456789abcdef%1$s\",\"spanId\":\"%1$s\",\"name\":\"s\",\"startTimeUnixNano\":\"1\",\"endTimeUnixNano\":\"2\"}]}]}]}"
            .formatted(id));
    return List.of(body, id);
  }

  private static void post(int port, String signal, String json) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/" + signal))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json))
            .build();
    assertThat(CLIENT.send(request, HttpResponse.BodyHandlers.discarding()).statusCode())
        .isEqualTo(200);
  }

  /// As `events` and `backend` have it.
  static String line(LogRecord log) {
    return Topic.uid(log).orElse("-") + " " + log.getBody().getStringValue();
  }

  /// Whose file [#unpack] writes.
  static List<String> list(Path folder, String name) throws IOException {
    return Files.readAllLines(folder.resolve(name));
  }

  /// Into an empty folder. What a log file's inode was is exchanged for what it is now: through an upgrade it stays.
  void unpack(Path folder) throws IOException {
    try (ZipInputStream zip =
        new ZipInputStream(Files.newInputStream(directory().resolve(this + ".zip")))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path file = folder.resolve(entry.getName());
        Files.createDirectories(file.getParent());
        Files.write(file, zip.readAllBytes());
      }
    }
    Path positions = folder.resolve("state/positions");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(positions));
    for (String each : list(folder, "inodes")) {
      String[] words = each.split(" ", -1);
      long device = Long.parseLong(words[1]);
      long inode = Long.parseLong(words[2]);
      int at = 0;
      while (bytes.getLong(at) != device || bytes.getLong(at + Long.BYTES) != inode) {
        at++;
      }
      String[] now = place(folder.resolve("logs"), words[0]).split(" ", -1);
      bytes.putLong(at, Long.parseLong(now[1]));
      bytes.putLong(at + Long.BYTES, Long.parseLong(now[2]));
    }
    int end = bytes.capacity() - Integer.BYTES;
    bytes.putInt(end, crc(bytes.array(), 0, end));
    Files.write(positions, bytes.array());
  }

  /// What the files of a volume end in, or the records of a segment begin with.
  static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  /// A line of `inodes`.
  static String place(Path logs, String name) throws IOException {
    Map<String, Object> numbers = Files.readAttributes(logs.resolve(name), "unix:dev,ino");
    return name + " " + numbers.get("dev") + " " + numbers.get("ino");
  }

  /// What [#unpack] unpacks.
  ///
  /// @param texts by the names of files
  void pack(Path folder, Map<String, List<String>> texts, Path zip) throws IOException {
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      for (Map.Entry<String, List<String>> text : texts.entrySet()) {
        out.putNextEntry(new ZipEntry(text.getKey()));
        out.write((String.join("\n", text.getValue()) + "\n").getBytes(UTF_8));
      }
      for (String part : List.of("state", "logs")) {
        try (Stream<Path> tree = Files.walk(folder.resolve(part))) {
          for (Path file : tree.filter(Files::isRegularFile).sorted().toList()) {
            out.putNextEntry(new ZipEntry(folder.relativize(file).toString()));
            Files.copy(file, out);
          }
        }
      }
    }
  }
}
