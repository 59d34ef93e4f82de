package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// Input that means harm, at the packaged sidecar, while a client that means well is served. As many
/// requests as `pannier.fuzz.requests` says, from the seed `pannier.fuzz.seed`; the module's README has the
/// command.
class FuzzIT {
  private static final int REQUESTS = Integer.getInteger("pannier.fuzz.requests", 20_000);
  private static final long SEED = Long.getLong("pannier.fuzz.seed", 20_261_128L);
  private static final int CONNECTIONS = 10_000;
  private static final int HELD = 1_000;

  /// More than there may be connections.
  private static final int SLOW = 400;

  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final String SETTINGS = "\0\0\0\4\0\0\0\0\0";

  /// What clients that creep, or are gone without a word, have sent and never end.
  private static final List<String> BEGINNINGS =
      List.of(
          "G",
          "POST /v1/traces HTTP/1.1\r\nHo",
          PREFACE.substring(0, 7),
          PREFACE + SETTINGS.substring(0, 5),
          PREFACE + SETTINGS + "\0\0\100\1\4\0\0\0\1x");

  /// No answer may take longer; a server that has lost its way keeps silent for ever.
  private static final int ANSWER_MILLIS = 30_000;

  /// All that the process may ever have had in memory: what the container has at most.
  private static final long PEAK_MIB = 128;

  /// Among the many connections, one in so many is a client that means well.
  private static final int NEW_CLIENT = 500;

  private static final Duration NEW_CLIENTS_PATIENCE = Duration.ofSeconds(5);

  private static final int BOMB_BYTES = 200 << 20;
  private static final int BOMBERS = 4;
  private static final int BOMBS = 12;

  /// Below `max_record`, and together below `max_request`.
  private static final int LARGE_BYTES = 900 << 10;

  private static final int LARGE_RECORDS = 4;
  private static final int LARGE_REQUESTS = 6;

  /// Of gRPC.
  private static final int OK = 0;

  private static final int TOO_LARGE = 8;
  private static final int UNAVAILABLE = 14;

  /// A damaged request has no more records than this: damage repeats 64 bytes at most, three times.
  private static final int MOST_RECORDS = 2 * Mutations.RECORDS;

  private static final JsonMapper JSON = new JsonMapper();
  private static final Pattern REJECTED = Pattern.compile("\"rejected[A-Za-z]+\":\"?([0-9]+)");

  private static final int END_STREAM = 1;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int GOAWAY = 7;

  /// A whole header as the server writes it: its length, and one digit.
  private static final String SUCCESS = "grpc-status" + (char) 1 + "0";

  /// Records that were answered with 200.
  ///
  /// @param known     of requests of which it is known how many they have
  /// @param uncertain the most that others have
  private record Taken(long known, long uncertain) {}

  @TempDir private Path folder;

  @Test
  void damagedRequestsAreAnsweredAsTheyDeserveAndOthersAreServedMeanwhile() throws Exception {
    try (Sidecar sidecar = started();
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      AtomicBoolean done = new AtomicBoolean();
      Future<Integer> served = thread.submit(good(sidecar, done, new AtomicInteger()));
      try {
        SplittableRandom random = new SplittableRandom(SEED);
        Mutations mutations = new Mutations(random);
        int http2 = REQUESTS / 4;
        Taken taken = posts(sidecar, mutations, REQUESTS - http2);
        System.out.printf("%s, peak %d MiB%n", taken, peakMiB(sidecar.running().handle().pid()));
        assertThat(sidecar.statusPage().at("/ledger/0/read").asLong())
            .as("records in the ledger")
            .isBetween(taken.known, taken.known + taken.uncertain);
        for (int i = 0; i < http2; i++) {
          converse(sidecar.grpcPort(), mutations.http2(), i);
        }
      } finally {
        done.set(true);
      }
      assertThat(served.get()).isPositive();
      assertUnharmed(sidecar);
    }
  }

  @Test
  void tenThousandConnectionsAndClientsThatCreepKeepNobodyOut() throws Exception {
    try (Sidecar sidecar = started();
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      AtomicBoolean done = new AtomicBoolean();
      List<Socket> slow = new ArrayList<>();
      AtomicInteger answered = new AtomicInteger();
      Future<Integer> served = thread.submit(good(sidecar, done, answered));
      try {
        // One that comes behind all of them may be turned away.
        await().atMost(NEW_CLIENTS_PATIENCE).until(() -> answered.get() > 0 || served.isDone());
        for (int i = 0; i < SLOW; i++) {
          Socket creeping = connect(sidecar.httpPort());
          String beginning = BEGINNINGS.get(i % BEGINNINGS.size());
          creeping.getOutputStream().write(beginning.getBytes(US_ASCII));
          slow.add(creeping);
        }
        Deque<Socket> held = new ArrayDeque<>();
        int before = answered.get();
        for (int i = 0; i < CONNECTIONS; i++) {
          held.add(connect(i % 2 == 0 ? sidecar.httpPort() : sidecar.grpcPort()));
          if (held.size() > HELD) {
            held.remove().close();
          }
          if (i % NEW_CLIENT == 0) {
            long beganNanos = System.nanoTime();
            while (!isServed(sidecar.httpPort())
                && System.nanoTime() - beganNanos < NEW_CLIENTS_PATIENCE.toNanos()) {
              Thread.onSpinWait();
            }
            assertThat(Duration.ofNanos(System.nanoTime() - beganNanos))
                .as("a new client beside %d connections", i)
                .isLessThan(NEW_CLIENTS_PATIENCE);
          }
        }
        assertThat(answered.get() - before)
            .as("requests on an older connection meanwhile")
            .isGreaterThan(CONNECTIONS / NEW_CLIENT);
        for (Socket each : held) {
          each.close();
        }
        for (Socket creeping : slow) {
          creeping.close();
        }
      } finally {
        done.set(true);
      }
      assertThat(served.get()).isPositive();
      // Whoever comes now finds room.
      try (Socket socket = connect(sidecar.httpPort())) {
        assertThat(exchange(socket, valid()).status()).isEqualTo(200);
      }
      assertUnharmed(sidecar);
    }
  }

  /// Each kind of bomb by clients that share a connection, beside requests that are as large as is taken.
  @Test
  void gzipBombsOverGrpcAreRefusedInTheBoundOfMemoryAndOthersAreServedMeanwhile() throws Exception {
    byte[] large = packedLogs(LARGE_RECORDS, LARGE_BYTES);
    List<byte[]> bombs = bombs();
    try (Sidecar sidecar = started();
        GrpcExport bombers = new GrpcExport(sidecar.grpcPort());
        GrpcExport others = new GrpcExport(sidecar.grpcPort());
        ExecutorService threads = Executors.newCachedThreadPool()) {
      AtomicBoolean done = new AtomicBoolean();
      List<Future<Integer>> bombed = new ArrayList<>();
      List<Future<Integer>> taken = new ArrayList<>();
      for (byte[] bomb : bombs) {
        for (int i = 0; i < BOMBERS; i++) {
          bombed.add(threads.submit(() -> count(bombers, bomb, BOMBS, TOO_LARGE)));
        }
        taken.add(threads.submit(() -> count(others, large, LARGE_REQUESTS, OK)));
      }
      byte[] small = packedLogs(1, 1);
      Future<Integer> served =
          threads.submit(
              () -> {
                int records = 0;
                while (!done.get()) {
                  long beganNanos = System.nanoTime();
                  while (others.logs(small) != OK) {
                    assertThat(Duration.ofNanos(System.nanoTime() - beganNanos))
                        .as("until a client that means well is served")
                        .isLessThan(NEW_CLIENTS_PATIENCE);
                  }
                  records++;
                }
                return records;
              });
      int refused = 0;
      long records = 0;
      try {
        for (Future<Integer> each : bombed) {
          refused += each.get();
        }
        for (Future<Integer> each : taken) {
          records += (long) LARGE_RECORDS * each.get();
        }
      } finally {
        done.set(true);
      }
      records += served.get();
      assertThat(refused).as("bombs that were told so").isPositive();
      assertThat(served.get()).isPositive();
      System.out.printf(
          "%d bombs refused, %d records, peak %d MiB%n",
          refused, records, peakMiB(sidecar.running().handle().pid()));
      assertThat(sidecar.statusPage().at("/ledger/0/read").asLong())
          .as("records in the ledger")
          .isEqualTo(records);
      assertUnharmed(sidecar);
    }
  }

  /// Two bytes a record, two million of them: 4 KB when packed, and hundreds of MB with an attribute each.
  @Test
  void whatProcessorsWouldMakeTooLargeIsRefusedAndOthersAreServedMeanwhile() throws Exception {
    byte[] packed = Mutations.gzip(emptyRecords(2_000_000));
    Mutations.Post post =
        new Mutations.Post(
            Mutations.Kind.LOGS, "application/x-protobuf", "gzip", packed, null, false, true);
    String processors = "processors: [{add: {environment: '" + "x".repeat(100) + "'}}]\n";
    try (Sidecar sidecar =
            new Sidecar(folder)
                .configure(
                    Sidecar.otlp()
                        + processors
                        + "shippers: {out: {type: stdout, format: otlp_json}}\n")
                .start();
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      AtomicBoolean done = new AtomicBoolean();
      Future<Integer> served = thread.submit(good(sidecar, done, new AtomicInteger()));
      try (Socket socket = connect(sidecar.httpPort())) {
        for (int i = 0; i < BOMBS; i++) {
          assertThat(exchange(socket, post).status()).isEqualTo(413);
        }
      } finally {
        done.set(true);
      }
      assertThat(served.get()).isPositive();
      assertThat(sidecar.statusPage().at("/ledger").size()).as("rows of the ledger").isZero();
      assertUnharmed(sidecar);
    }
  }

  private static byte[] emptyRecords(int records) {
    LogRecord empty = LogRecord.getDefaultInstance();
    ScopeLogs scope =
        ScopeLogs.newBuilder().addAllLogRecords(Collections.nCopies(records, empty)).build();
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(ResourceLogs.newBuilder().addScopeLogs(scope))
        .build()
        .toByteArray();
  }

  /// @return how many were answered so; all others were told to come again
  private static int count(GrpcExport client, byte[] packed, int calls, int wanted)
      throws IOException {
    int count = 0;
    for (int i = 0; i < calls; i++) {
      int status = client.logs(packed);
      assertThat(status).isIn(wanted, UNAVAILABLE);
      count += status == wanted ? 1 : 0;
    }
    return count;
  }

  /// One member of zeros; the same, with a trailer that says it is small; one that is cut off; many members, each of which would be
  /// taken.
  private static List<byte[]> bombs() throws IOException {
    byte[] zeros = Mutations.gzip(new byte[BOMB_BYTES]);
    byte[] lying = zeros.clone();
    lying[lying.length - 4] = 100;
    lying[lying.length - 3] = 0;
    lying[lying.length - 2] = 0;
    lying[lying.length - 1] = 0;
    byte[] member = packedLogs(1, LARGE_BYTES);
    ByteArrayOutputStream members = new ByteArrayOutputStream();
    for (int i = 0; i < BOMB_BYTES / LARGE_BYTES; i++) {
      members.write(member);
    }
    return List.of(zeros, lying, Arrays.copyOf(zeros, zeros.length / 2), members.toByteArray());
  }

  private static byte[] packedLogs(int records, int bytes) throws IOException {
    ScopeLogs.Builder scope = ScopeLogs.newBuilder();
    AnyValue body = AnyValue.newBuilder().setStringValue("a".repeat(bytes)).build();
    for (int i = 0; i < records; i++) {
      scope.addLogRecords(LogRecord.newBuilder().setBody(body));
    }
    return Mutations.gzip(
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(ResourceLogs.newBuilder().addScopeLogs(scope))
            .build()
            .toByteArray());
  }

  /// A new client may be turned away, and comes again at once.
  private static boolean isServed(int port) throws IOException {
    try (Socket fresh = connect(port)) {
      return exchange(fresh, valid()).status() == 200;
    } catch (SocketException | EOFException e) {
      return false;
    }
  }

  private Sidecar started() throws IOException {
    return new Sidecar(folder)
        .configure(Sidecar.otlp() + "shippers: {out: {type: stdout, format: otlp_json}}\n")
        .start();
  }

  private static void assertUnharmed(Sidecar sidecar) throws Exception {
    assertThat(sidecar.status("/livez")).isEqualTo(200);
    assertThat(peakMiB(sidecar.running().handle().pid())).isLessThan(PEAK_MIB);
    assertThat(sidecar.stop()).as("exit code").isZero();
    assertThat(sidecar.errors()).doesNotContain("Exception");
  }

  private static long peakMiB(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(pid), "status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024;
      }
    }
    throw new IllegalStateException("no VmHWM");
  }

  /// One connection that is kept, one request after the other.
  private static Callable<Integer> good(
      Sidecar sidecar, AtomicBoolean done, AtomicInteger answered) {
    return () -> {
      try (Socket socket = connect(sidecar.httpPort())) {
        while (!done.get()) {
          assertThat(exchange(socket, valid()).status()).as("a valid request").isEqualTo(200);
          answered.incrementAndGet();
        }
      }
      return answered.get();
    };
  }

  private static Mutations.Post valid() {
    byte[] body = ExportTraceServiceRequest.getDefaultInstance().toByteArray();
    return new Mutations.Post(
        Mutations.Kind.TRACES, "application/x-protobuf", "", body, body, true, false);
  }

  /// Many requests on each connection, as clients do it. Whoever sends a bomb is not listened to any longer.
  private static Taken posts(Sidecar sidecar, Mutations mutations, int count) throws IOException {
    long known = 0;
    long uncertain = 0;
    Socket socket = connect(sidecar.httpPort());
    try {
      for (int i = 0; i < count; i++) {
        Mutations.Post post = mutations.post();
        Answer answer;
        try {
          answer = exchange(socket, post);
        } catch (EOFException | SocketException e) {
          throw new AssertionError("request " + i + " of seed " + SEED + " had no answer", e);
        }
        assertThat(answer.status())
            .as("request %d of seed %d: %s, answered %s", i, SEED, post, answer)
            .isIn(expected(post, answer));
        if (answer.status() == 200) {
          int records = records(post);
          known += records < 0 ? 0 : records - rejected(post, answer);
          uncertain += records < 0 ? MOST_RECORDS : 0;
        }
        if (post.bomb()) {
          socket.close();
          socket = connect(sidecar.httpPort());
        }
      }
    } finally {
      socket.close();
    }
    return new Taken(known, uncertain);
  }

  /// @return -1 where generated code cannot say it
  private static int records(Mutations.Post post) {
    byte[] content = post.content();
    if (post.whole()) {
      return Mutations.RECORDS;
    }
    if (content == null || post.type().equals("application/json")) {
      return -1;
    }
    try {
      return post.kind().records(content);
    } catch (InvalidProtocolBufferException e) {
      return -1;
    }
  }

  /// All three answers have the same fields.
  private static long rejected(Mutations.Post post, Answer answer) {
    if (post.type().equals("application/json")) {
      Matcher matcher = REJECTED.matcher(answer.body());
      return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
    }
    try {
      return ExportTraceServiceResponse.parseFrom(answer.body().getBytes(ISO_8859_1))
          .getPartialSuccess()
          .getRejectedSpans();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("an answer that nobody can read: " + answer, e);
    }
  }

  /// What generated code says of the same bytes: what it reads has to be taken.
  private static List<Integer> expected(Mutations.Post post, Answer answer) {
    byte[] content = post.content();
    if (post.bomb()) {
      return List.of(413);
    }
    if (post.whole()) {
      return List.of(200);
    }
    if (content == null) {
      return List.of(200, 400);
    }
    if (post.type().equals("application/json")) {
      // What is JSON, and has other types than OTLP's, is refused: there is nobody else who says
      // which.
      return isJson(content) ? List.of(200, 400) : List.of(400);
    }
    try {
      var _ = post.kind().records(content);
      // Generated code of some languages passes over a field of another wire type, a field number's
      // bits beyond the 29th and a
      // number's beyond the 64th; that of others refuses the message, so that a consumer might.
      boolean differs =
          Stream.of("wire type", "broken varint", "beyond 29 bits")
              .anyMatch(answer.body()::contains);
      return differs ? List.of(400) : List.of(200);
    } catch (InvalidProtocolBufferException e) {
      // A text that is no UTF-8 costs its record alone: 200, with a partial success.
      return List.of(200, 400);
    }
  }

  /// A text that is no UTF-8 costs its record alone in JSON, too.
  private static boolean isJson(byte[] content) {
    try {
      var _ = JSON.readTree(new String(content, UTF_8));
      return true;
    } catch (JacksonException e) {
      return false;
    }
  }

  private record Answer(int status, String body) {}

  private static Answer exchange(Socket socket, Mutations.Post post) throws IOException {
    String head =
        "POST "
            + post.kind().path
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            + post.type()
            + (post.packing().isEmpty() ? "" : "\r\nContent-Encoding: " + post.packing())
            + "\r\nContent-Length: "
            + post.body().length
            + "\r\n\r\n";
    byte[] sent = new byte[head.length() + post.body().length];
    System.arraycopy(head.getBytes(US_ASCII), 0, sent, 0, head.length());
    System.arraycopy(post.body(), 0, sent, head.length(), post.body().length);
    socket.getOutputStream().write(sent);
    InputStream in = socket.getInputStream();
    String answer = head(in);
    int length = 0;
    for (String line : answer.split("\r\n", -1)) {
      if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
        length = Integer.parseInt(line.substring(15).strip());
      }
    }
    String body = new String(in.readNBytes(length), ISO_8859_1);
    return new Answer(Integer.parseInt(answer.substring(9, 12)), body);
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("after: " + head);
      }
      head.append((char) next);
    }
    return head.toString();
  }

  /// Sends all, says that nothing more comes, and reads until the server closes as well.
  private static void converse(int port, Mutations.Conversation conversation, int number)
      throws IOException {
    byte[] sent = conversation.sent();
    try (Socket socket = connect(port)) {
      if (conversation.calls() > 0) {
        socket.getOutputStream().write(sent);
        assertSucceed(socket, conversation.calls(), number);
        return;
      }
      send(socket, sent);
      byte[] answer = answer(socket);
      // Whatever was sent after the preface, the server's own comes first: SETTINGS.
      if (new String(sent, ISO_8859_1).startsWith(PREFACE) && answer.length > 3) {
        assertThat(answer[3]).as("connection %d of seed %d", number, SEED).isEqualTo((byte) 4);
      }
    }
  }

  /// Who has closed its side is not answered any more, so it stays open until each call has ended with `grpc-status: 0`.
  private static void assertSucceed(Socket socket, int calls, int number) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    Set<Integer> succeeded = new HashSet<>();
    while (succeeded.size() < calls) {
      int head = in.readInt();
      int flags = in.readByte();
      int stream = in.readInt();
      String content = new String(in.readNBytes(head >>> 8), ISO_8859_1);
      int type = head & 0xff;
      assertThat(type)
          .as("frame on connection %d of seed %d: %s", number, SEED, content)
          .isNotIn(RST_STREAM, GOAWAY);
      if (type == HEADERS && (flags & END_STREAM) != 0) {
        assertThat(content).as("connection %d of seed %d", number, SEED).contains(SUCCESS);
        succeeded.add(stream);
      }
    }
  }

  private static void send(Socket socket, byte[] sent) throws IOException {
    try {
      socket.getOutputStream().write(sent);
      socket.shutdownOutput();
    } catch (SocketException e) {
      // The server has closed before all was sent, as it may.
    }
  }

  /// A server that neither answers nor closes is a time-out, which fails the test.
  private static byte[] answer(Socket socket) throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    try {
      socket.getInputStream().transferTo(answer);
    } catch (SocketException e) {
      // A reset: what was sent after the server had closed was not read.
      return answer.toByteArray();
    }
    return answer.toByteArray();
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(ANSWER_MILLIS);
    socket.setTcpNoDelay(true);
    return socket;
  }
}
