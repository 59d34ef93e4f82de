package dev.pannier.integration;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.SSLSocketFactory;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.Headers;
import okhttp3.Protocol;
import okio.Buffer;
import okio.BufferedSink;
import okio.BufferedSource;
import okio.GzipSink;
import okio.GzipSource;
import okio.Okio;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// An OTLP backend over gRPC or HTTP that decodes what it gets with the official classes.
final class OtlpBackend extends Dispatcher implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final MockWebServer server = new MockWebServer();
  private final boolean grpc;
  private final List<String> bodies = new ArrayList<>();
  private final List<String> lines = new ArrayList<>();
  private final List<Span> spans = new ArrayList<>();
  private final List<String> metrics = new ArrayList<>();
  private final List<Headers> headers = new ArrayList<>();
  private int refusals;
  private boolean tokensRefused;

  private OtlpBackend(boolean grpc) {
    this.grpc = grpc;
    server.setDispatcher(this);
  }

  static OtlpBackend grpc() throws IOException {
    OtlpBackend backend = new OtlpBackend(true);
    backend.server.setProtocols(List.of(Protocol.H2_PRIOR_KNOWLEDGE));
    backend.server.start();
    return backend;
  }

  static OtlpBackend http() throws IOException {
    return http(0);
  }

  /// @param port 0 for any free one
  static OtlpBackend http(int port) throws IOException {
    OtlpBackend backend = new OtlpBackend(false);
    backend.server.setProtocols(List.of(Protocol.HTTP_1_1));
    backend.server.start(port);
    return backend;
  }

  /// Over TLS.
  static OtlpBackend tls(SSLSocketFactory sockets) throws IOException {
    OtlpBackend backend = new OtlpBackend(true);
    backend.server.useHttps(sockets);
    backend.server.start();
    return backend;
  }

  /// Asks for the client's certificate, too.
  static OtlpBackend mutualTls(boolean grpc, SSLSocketFactory sockets) throws IOException {
    OtlpBackend backend = new OtlpBackend(grpc);
    backend.server.useHttps(sockets);
    backend.server.requireClientAuth();
    backend.server.start();
    return backend;
  }

  int port() {
    return server.getPort();
  }

  /// Answers the next requests with "come again".
  synchronized void refuse(int requests) {
    refusals = requests;
  }

  /// Whether every request is told that its token is wrong; it is quoted.
  synchronized void refuseTokens(boolean refused) {
    tokensRefused = refused;
  }

  synchronized int refusalsLeft() {
    return refusals;
  }

  synchronized List<String> bodies() {
    return List.copyOf(bodies);
  }

  /// What was logged, as [OlderVolume#line] has it, then the spans' ids.
  synchronized List<String> lines() {
    List<String> all = new ArrayList<>(lines);
    all.addAll(OtlpIT.ids(spans));
    return all;
  }

  synchronized List<Span> spans() {
    return List.copyOf(spans);
  }

  synchronized List<String> metrics() {
    return List.copyOf(metrics);
  }

  synchronized List<Headers> headers() {
    return List.copyOf(headers);
  }

  @Override
  public synchronized MockResponse dispatch(RecordedRequest request) {
    if (tokensRefused) {
      String says = "wrong token: " + request.getHeaders().get("authorization");
      return grpc
          ? new MockResponse.Builder()
              .addHeader("content-type", "application/grpc")
              .addHeader("grpc-status", "16")
              .addHeader("grpc-message", says)
              .build()
          : new MockResponse.Builder()
              .code(401)
              .addHeader("content-type", "text/plain")
              .body(says)
              .build();
    }
    if (refusals > 0) {
      refusals--;
      return grpc
          ? new MockResponse.Builder()
              .addHeader("content-type", "application/grpc")
              .addHeader("grpc-status", "14")
              .addHeader("grpc-message", "come again")
              .build()
          : new MockResponse.Builder().code(503).addHeader("retry-after", "1").build();
    }
    boolean json = "application/json".equals(request.getHeaders().get("content-type"));
    try {
      take(String.valueOf(request.getUrl().encodedPath()), json, payload(request));
    } catch (InvalidProtocolBufferException e) {
      return new MockResponse.Builder().code(400).body(String.valueOf(e.getMessage())).build();
    }
    headers.add(request.getHeaders());
    if (!grpc) {
      return new MockResponse.Builder()
          .code(200)
          .addHeader("content-type", json ? "application/json" : "application/x-protobuf")
          .body(json ? "{}" : "")
          .build();
    }
    boolean gzip = "gzip".equals(request.getHeaders().get("grpc-encoding"));
    return new MockResponse.Builder()
        .addHeader("content-type", "application/grpc+proto")
        .addHeader("grpc-encoding", gzip ? "gzip" : "identity")
        .body(gzip ? compressedSuccess() : new Buffer().writeByte(0).writeInt(0))
        .trailers(Headers.of("grpc-status", "0"))
        .build();
  }

  /// As the OpenTelemetry Collector answers: with an empty partial success, in the encoding of the
  /// request.
  private static Buffer compressedSuccess() {
    Buffer framed = new Buffer();
    try (Buffer packed = new Buffer()) {
      try (BufferedSink message = Okio.buffer(new GzipSink(packed))) {
        message.write(new byte[] {10, 0});
      }
      framed.writeByte(1);
      framed.writeInt((int) packed.size());
      framed.writeAll(packed);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return framed;
  }

  private void take(String path, boolean json, ByteString payload)
      throws InvalidProtocolBufferException {
    int v1 = path.indexOf("/v1/");
    switch (v1 < 0 ? path : path.substring(v1)) {
      case "/v1/logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export" ->
          decode(json, payload, ExportLogsServiceRequest.newBuilder())
              .getResourceLogsList()
              .forEach(
                  resource ->
                      resource
                          .getScopeLogsList()
                          .forEach(
                              scope ->
                                  scope
                                      .getLogRecordsList()
                                      .forEach(
                                          log -> {
                                            bodies.add(log.getBody().getStringValue());
                                            lines.add(OlderVolume.line(log));
                                          })));
      case "/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export" ->
          decode(json, payload, ExportTraceServiceRequest.newBuilder())
              .getResourceSpansList()
              .forEach(
                  resource ->
                      resource
                          .getScopeSpansList()
                          .forEach(scope -> spans.addAll(scope.getSpansList())));
      case "/v1/metrics", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" ->
          decode(json, payload, ExportMetricsServiceRequest.newBuilder())
              .getResourceMetricsList()
              .forEach(
                  resource ->
                      resource
                          .getScopeMetricsList()
                          .forEach(
                              scope ->
                                  scope
                                      .getMetricsList()
                                      .forEach(metric -> metrics.add(OtlpBackend.text(metric)))));
      default -> throw new AssertionError("no such path: " + path);
    }
  }

  /// `NAME = VALUE`, with the value of a sum's first point.
  private static String text(Metric metric) {
    return metric.getName() + " = " + metric.getSum().getDataPoints(0).getAsInt();
  }

  /// Out of protobuf, or out of OTLP's JSON, which is protobuf's own but for its ids: those are hex.
  @SuppressWarnings("unchecked") // a builder builds what it is the builder of
  private static <B extends Message.Builder> B decode(boolean json, ByteString payload, B into)
      throws InvalidProtocolBufferException {
    if (!json) {
      return (B) into.mergeFrom(payload);
    }
    JsonNode tree = JSON.readTree(payload.toStringUtf8());
    idsToBase64(tree);
    JsonFormat.parser().merge(tree.toString(), into);
    return into;
  }

  private static void idsToBase64(JsonNode node) {
    if (node instanceof ObjectNode object) {
      for (String id : List.of("traceId", "spanId", "parentSpanId")) {
        if (object.has(id)) {
          byte[] bytes = HexFormat.of().parseHex(object.get(id).asString());
          object.put(id, Base64.getEncoder().encodeToString(bytes));
        }
      }
    }
    node.forEach(OtlpBackend::idsToBase64);
  }

  /// The request's message, out of gRPC's frame (flag, length) and of gzip.
  private ByteString payload(RecordedRequest request) {
    okio.ByteString raw = request.getBody();
    try (Buffer body = new Buffer()) {
      if (raw != null) {
        body.write(raw);
      }
      boolean gzip = "gzip".equals(request.getHeaders().get("content-encoding"));
      if (grpc && body.size() >= 5) {
        gzip = body.readByte() == 1;
        body.readInt();
      }
      try (BufferedSource plain = Okio.buffer(gzip ? new GzipSource(body) : body)) {
        return ByteString.copyFrom(plain.readByteArray());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
