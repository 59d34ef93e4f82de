package dev.pannier.shippers.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.util.JsonFormat;
import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Destination;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Compression;
import dev.pannier.shippers.ShipperSettings.Protocol;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.Headers;
import okio.Buffer;
import okio.BufferedSink;
import okio.BufferedSource;
import okio.GzipSink;
import okio.GzipSource;
import okio.Okio;

/// A backend that decodes what it gets with the official classes.
final class FakeBackend extends Dispatcher implements Destination {
  /// A partial success with nothing in it, as the OpenTelemetry Collector answers.
  static final byte[] EMPTY_SUCCESS = {10, 0};

  static final long MEMORY_BYTES = 8 << 20;

  private final Protocol protocol;
  private final Compression compression;
  private final List<String> stored = new ArrayList<>();
  private final CountDownLatch released = new CountDownLatch(1);
  private final CountDownLatch handedOver = new CountDownLatch(1);
  private final AtomicInteger requests = new AtomicInteger();
  private final int port;
  private MockWebServer server;
  private volatile Mode mode = Mode.ACCEPT;

  FakeBackend(Protocol protocol, Compression compression) throws IOException {
    this.protocol = protocol;
    this.compression = compression;
    this.port = freePort();
    this.server = start(port);
  }

  private MockWebServer start(int onPort) throws IOException {
    MockWebServer started = new MockWebServer();
    started.setProtocols(
        List.of(
            protocol == Protocol.GRPC
                ? okhttp3.Protocol.H2_PRIOR_KNOWLEDGE
                : okhttp3.Protocol.HTTP_1_1));
    started.setDispatcher(this);
    started.start(onPort);
    return started;
  }

  ShipperSettings.Otlp settings() {
    return new ShipperSettings.Otlp(
        "backend",
        URI.create("http://localhost:" + port + "/prefix/"),
        protocol,
        compression,
        Map.of("authorization", "Bearer " + SECRET, "x-team", "payments"),
        null,
        Duration.ofSeconds(10),
        EnumSet.allOf(Signal.class));
  }

  @Override
  public Shipper shipper() {
    return new OtlpShipper(settings(), MEMORY_BYTES, InstantSource.system());
  }

  @Override
  public void mode(Mode mode) {
    requests.set(0);
    this.mode = mode;
  }

  @Override
  public void handedOver() {
    handedOver.countDown();
  }

  @Override
  public void down() {
    server.close();
  }

  @Override
  public void up() throws IOException {
    server = start(port);
  }

  /// Asked for 0, the test server would not reuse its address afterwards.
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Override
  public synchronized List<String> stored() {
    return List.copyOf(stored);
  }

  @Override
  public MockResponse dispatch(RecordedRequest request) throws InterruptedException {
    boolean empty = payload(request).isEmpty();
    int number = requests.incrementAndGet();
    return switch (mode) {
      case ACCEPT -> accept(request);
      case FAIL_THIRD -> {
        if (number != 3) {
          yield accept(request);
        }
        handedOver.await();
        yield failure(14, 503, "overloaded");
      }
      case HOLD -> {
        if (!empty) {
          released.await();
        }
        yield failure(14, 503, "held");
      }
      case TOO_LARGE -> failure(8, 413, "grpc: received message larger than max (20 vs. 10)");
      case REFUSE -> grpc() ? failure(3, 400, "bad data") : status(400, 3, "bad data");
      case TELL_SECRET ->
          failure(16, 401, "no such token: " + request.getHeaders().get("authorization"));
    };
  }

  private MockResponse accept(RecordedRequest request) {
    synchronized (this) {
      stored.addAll(Batches.bodies(payload(request)));
    }
    boolean gzip = "gzip".equals(request.getHeaders().get("grpc-encoding"));
    return grpc()
        ? (gzip ? gzipAnswer(EMPTY_SUCCESS) : grpcAnswer(0, "", new byte[0])).build()
        : new MockResponse.Builder()
            .code(200)
            .addHeader("content-type", "application/x-protobuf")
            .build();
  }

  private boolean grpc() {
    return protocol == Protocol.GRPC;
  }

  private MockResponse failure(int grpcStatus, int httpStatus, String message) {
    return grpc()
        ? new MockResponse.Builder()
            .addHeader("content-type", "application/grpc")
            .addHeader("grpc-status", grpcStatus)
            .addHeader("grpc-message", message)
            .build()
        : new MockResponse.Builder()
            .code(httpStatus)
            .addHeader("content-type", "text/plain")
            .body(message)
            .build();
  }

  /// As OTLP wants errors to be told.
  private static MockResponse status(int httpStatus, int code, String message) {
    byte[] text = message.getBytes(UTF_8);
    Buffer status = new Buffer().writeByte(1 << 3).writeByte(code);
    status.writeByte(2 << 3 | 2).writeByte(text.length).write(text);
    return new MockResponse.Builder()
        .code(httpStatus)
        .addHeader("content-type", "application/x-protobuf")
        .body(status)
        .build();
  }

  /// An answer with a message and its status in trailers.
  static MockResponse.Builder grpcAnswer(int status, String message, byte[] response) {
    Buffer body = new Buffer();
    body.writeByte(0).writeInt(response.length).write(response);
    return new MockResponse.Builder()
        .addHeader("content-type", "application/grpc+proto")
        .body(body)
        .trailers(Headers.of("grpc-status", String.valueOf(status), "grpc-message", message));
  }

  /// As Go's library answers: in the encoding of the request.
  static MockResponse.Builder gzipAnswer(byte[] response) {
    return grpcAnswer(0, "", response)
        .addHeader("grpc-encoding", "gzip")
        .body(new Buffer().write(gzipMessage(response)));
  }

  /// Framed and compressed.
  static byte[] gzipMessage(byte[] response) {
    try (Buffer packed = new Buffer();
        Buffer message = new Buffer()) {
      try (BufferedSink gzip = Okio.buffer(new GzipSink(packed))) {
        gzip.write(response);
      }
      message.writeByte(1);
      message.writeInt((int) packed.size());
      message.writeAll(packed);
      return message.readByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The request message, out of framing and compression.
  static ByteString payload(RecordedRequest request) {
    try (Buffer body = new Buffer()) {
      okio.ByteString raw = request.getBody();
      if (raw != null) {
        body.write(raw);
      }
      boolean gzip = "gzip".equals(request.getHeaders().get("content-encoding"));
      if (String.valueOf(request.getHeaders().get("content-type")).startsWith("application/grpc")) {
        gzip = body.readByte() == 1;
        int length = body.readInt();
        if (length != body.size()) {
          throw new IOException("length " + length + " of " + body.size());
        }
      }
      try (BufferedSource plain = Okio.buffer(gzip ? new GzipSource(body) : body)) {
        if ("application/json".equals(request.getHeaders().get("content-type"))) {
          ExportLogsServiceRequest.Builder decoded = ExportLogsServiceRequest.newBuilder();
          JsonFormat.parser().merge(plain.readUtf8(), decoded);
          return decoded.build().toByteString();
        }
        return ByteString.copyFrom(plain.readByteArray());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    released.countDown();
    server.close();
  }
}
