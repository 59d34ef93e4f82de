package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.luben.zstd.Zstd;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.logs.v1.SeverityNumber;
import io.opentelemetry.proto.metrics.v1.AggregationTemporality;
import io.opentelemetry.proto.metrics.v1.Histogram;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import io.opentelemetry.proto.metrics.v1.ScopeMetrics;
import io.opentelemetry.proto.metrics.v1.Sum;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/// Requests that were valid before something happened to them. What happens follows from the seed
/// of `random` alone.
final class Mutations {
  /// What is sent, where to, and what generated code reads of it.
  enum Kind {
    TRACES("/v1/traces", "trace.v1.TraceService") {
      @Override
      Message request() {
        return traces();
      }

      @Override
      int records(byte[] content) throws InvalidProtocolBufferException {
        return ExportTraceServiceRequest.parseFrom(content).getResourceSpansList().stream()
            .flatMap(resource -> resource.getScopeSpansList().stream())
            .mapToInt(ScopeSpans::getSpansCount)
            .sum();
      }
    },
    LOGS("/v1/logs", "logs.v1.LogsService") {
      @Override
      Message request() {
        return logs();
      }

      @Override
      int records(byte[] content) throws InvalidProtocolBufferException {
        return ExportLogsServiceRequest.parseFrom(content).getResourceLogsList().stream()
            .flatMap(resource -> resource.getScopeLogsList().stream())
            .mapToInt(ScopeLogs::getLogRecordsCount)
            .sum();
      }
    },
    METRICS("/v1/metrics", "metrics.v1.MetricsService") {
      @Override
      Message request() {
        return metrics();
      }

      @Override
      int records(byte[] content) throws InvalidProtocolBufferException {
        return ExportMetricsServiceRequest.parseFrom(content).getResourceMetricsList().stream()
            .flatMap(resource -> resource.getScopeMetricsList().stream())
            .mapToInt(ScopeMetrics::getMetricsCount)
            .sum();
      }
    };

    final String path;
    private final String export;

    Kind(String path, String service) {
      this.path = path;
      export = "/opentelemetry.proto.collector." + service + "/Export";
    }

    abstract Message request();

    /// How many records there are in a request in protobuf.
    abstract int records(byte[] content) throws InvalidProtocolBufferException;
  }

  /// How many records each request has before it is damaged.
  static final int RECORDS = 2;

  private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII);
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int PRIORITY = 2;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int WINDOW_UPDATE = 8;
  private static final int CONTINUATION = 9;

  /// No type of a frame that there is: to be passed over.
  private static final int UNKNOWN = 0xbe;

  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int BOMB_MIB = 200;

  private final RandomGenerator random;
  private final Map<Kind, byte[]> protobuf = new EnumMap<>(Kind.class);
  private final Map<Kind, byte[]> json = new EnumMap<>(Kind.class);
  private final byte[] gzipBomb;
  private final byte[] zstdBomb;

  Mutations(RandomGenerator random) throws IOException {
    this.random = random;
    for (Kind kind : Kind.values()) {
      Message request = kind.request();
      protobuf.put(kind, request.toByteArray());
      // OTLP has ids in hexadecimal digits, where JSON of protobuf has base64.
      String text = JsonFormat.printer().omittingInsignificantWhitespace().print(request);
      for (String id : List.of(TRACE, SPAN, OTHER_TRACE, OTHER_SPAN)) {
        byte[] bytes = id.getBytes(UTF_8);
        text =
            text.replace(
                Base64.getEncoder().encodeToString(bytes), HexFormat.of().formatHex(bytes));
      }
      json.put(kind, text.getBytes(UTF_8));
    }
    byte[] zeros = new byte[BOMB_MIB << 20];
    gzipBomb = gzip(zeros);
    zstdBomb = Zstd.compress(zeros);
  }

  /// What goes by HTTP/1.1.
  ///
  /// @param packing empty for none
  /// @param body    as it travels
  /// @param content what is in it; null where the packing is damaged, which readers of gzip take
  ///     differently (bytes behind its end, say)
  /// @param whole   whether nothing happened to it
  /// @param bomb    whether it is far larger than anything that is taken
  record Post(
      Kind kind,
      String type,
      String packing,
      byte[] body,
      byte @Nullable [] content,
      boolean whole,
      boolean bomb) {
    @Override
    public String toString() {
      String shown = bomb ? "a bomb" : HexFormat.of().formatHex(body);
      return packing + " " + type + " to " + kind.path + " " + shown;
    }
  }

  Post post() throws IOException {
    Kind kind = kind();
    if (random.nextInt(500) == 0) {
      boolean zstd = random.nextBoolean();
      byte[] bomb = zstd ? zstdBomb : gzipBomb;
      return new Post(
          kind, "application/x-protobuf", zstd ? "zstd" : "gzip", bomb, null, false, true);
    }
    boolean isJson = random.nextInt(3) == 0;
    boolean gzip = random.nextInt(3) == 0;
    byte[] before = Objects.requireNonNull((isJson ? json : protobuf).get(kind));
    byte[] content = damaged(before);
    byte[] packed = gzip ? gzip(content) : content;
    byte[] body = gzip && random.nextInt(2) == 0 ? damaged(packed) : packed;
    String type = isJson ? "application/json" : "application/x-protobuf";
    boolean known = Arrays.equals(body, packed);
    return new Post(
        kind,
        type,
        gzip ? "gzip" : "",
        body,
        known ? content : null,
        known && Arrays.equals(content, before),
        false);
  }

  private Kind kind() {
    return Kind.values()[random.nextInt(Kind.values().length)];
  }

  /// A connection in HTTP/2.
  ///
  /// @param calls how many gRPC calls there are in it, each of which is valid; 0 where it is damaged somewhere
  record Conversation(byte[] sent, int calls) {}

  /// Preface, settings and a few gRPC calls, in frames of all types.
  Conversation http2() throws IOException {
    boolean valid = random.nextInt(4) == 0;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(PREFACE);
    frame(out, SETTINGS, 0, 0, new byte[0]);
    int calls = 1 + random.nextInt(4);
    for (int call = 0; call < calls; call++) {
      int stream = 2 * call + 1;
      Kind kind = kind();
      headers(out, stream, headers(kind));
      byte[] whole = Objects.requireNonNull(protobuf.get(kind));
      byte[] message = valid || random.nextInt(4) > 0 ? whole : damaged(whole);
      byte[] body = new byte[5 + message.length];
      body[3] = (byte) (message.length >>> 8);
      body[4] = (byte) message.length;
      System.arraycopy(message, 0, body, 5, message.length);
      int cut = random.nextInt(body.length);
      frame(out, DATA, 0, stream, Arrays.copyOf(body, cut));
      between(out, stream);
      frame(out, DATA, END_STREAM, stream, Arrays.copyOfRange(body, cut, body.length));
      if (!valid && random.nextInt(4) == 0) {
        byte[] some = new byte[random.nextInt(40)];
        random.nextBytes(some);
        frame(out, random.nextInt(12), random.nextInt(256), random.nextInt(12), some);
      }
    }
    byte[] sent = out.toByteArray();
    return valid ? new Conversation(sent, calls) : new Conversation(damaged(sent), 0);
  }

  /// In one frame or in several, of which some may be empty.
  private void headers(ByteArrayOutputStream out, int stream, byte[] block) throws IOException {
    int from = 0;
    int type = HEADERS;
    for (int more = random.nextInt(4); more > 0; more--) {
      int to = from + random.nextInt(block.length - from + 1);
      frame(out, type, 0, stream, Arrays.copyOfRange(block, from, to));
      from = to;
      type = CONTINUATION;
    }
    frame(out, type, END_HEADERS, stream, Arrays.copyOfRange(block, from, block.length));
  }

  /// What may come at any time, and changes nothing.
  private void between(ByteArrayOutputStream out, int stream) throws IOException {
    switch (random.nextInt(8)) {
      case 0 -> frame(out, PING, 0, 0, new byte[8]);
      case 1 ->
          frame(out, WINDOW_UPDATE, 0, random.nextBoolean() ? 0 : stream, new byte[] {0, 0, 1, 0});
      case 2 -> frame(out, PRIORITY, 0, stream, new byte[] {0, 0, 0, 0, 15});
      case 3 -> frame(out, SETTINGS, 0, 0, new byte[] {0, 4, 0, 1, 0, 0});
      case 4 -> frame(out, UNKNOWN, random.nextInt(256), stream, new byte[random.nextInt(40)]);
      default -> {}
    }
  }

  /// The same bytes, but for a few changes; now and then none.
  private byte[] damaged(byte[] bytes) {
    byte[] changed = bytes.clone();
    int changes = random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(changed.length);
      switch (random.nextInt(5)) {
        case 0 -> changed[at] = (byte) random.nextInt(256);
        case 1 -> changed[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> changed = Arrays.copyOf(changed, Math.max(1, at));
        case 3 -> {
          int end = Math.min(changed.length, at + random.nextInt(32));
          Arrays.fill(changed, at, end, (byte) (random.nextBoolean() ? 0xFF : 0));
        }
        default -> {
          int length = Math.min(random.nextInt(64), changed.length - at);
          byte[] longer = new byte[changed.length + length];
          System.arraycopy(changed, 0, longer, 0, at + length);
          System.arraycopy(changed, at, longer, at + length, changed.length - at);
          changed = longer;
        }
      }
    }
    return changed;
  }

  private static byte[] headers(Kind kind) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    // RFC 7541, appendix A: `:method: POST` and `:scheme: http` are whole entries.
    out.write(0x83);
    out.write(0x86);
    literal(out, ":path", kind.export);
    literal(out, ":authority", "localhost");
    literal(out, "content-type", "application/grpc");
    literal(out, "te", "trailers");
    return out.toByteArray();
  }

  /// RFC 7541, section 6.2.2: without indexing, no Huffman coding.
  private static void literal(ByteArrayOutputStream out, String name, String value)
      throws IOException {
    out.write(0);
    out.write(name.length());
    out.write(name.getBytes(US_ASCII));
    out.write(value.length());
    out.write(value.getBytes(US_ASCII));
  }

  private static void frame(
      ByteArrayOutputStream out, int type, int flags, int stream, byte[] content)
      throws IOException {
    int length = content.length;
    out.write(
        new byte[] {
          (byte) (length >>> 16),
          (byte) (length >>> 8),
          (byte) length,
          (byte) type,
          (byte) flags,
          0,
          0,
          (byte) (stream >>> 8),
          (byte) stream
        });
    out.write(content);
  }

  static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(content);
    }
    return out.toByteArray();
  }

  private static final String TRACE = "0123456789abcdef";
  private static final String SPAN = "01234567";
  private static final String OTHER_TRACE = "fedcba9876543210";
  private static final String OTHER_SPAN = "76543210";

  /// Every kind of value, so that each is damaged in turn.
  private static ExportTraceServiceRequest traces() {
    Span.Builder span =
        Span.newBuilder()
            .setTraceId(ByteString.copyFrom(TRACE, UTF_8))
            .setSpanId(ByteString.copyFrom(SPAN, UTF_8))
            .setName("GET /größe")
            .setKind(Span.SpanKind.SPAN_KIND_SERVER)
            .setStartTimeUnixNano(1_700_000_000_000_000_000L)
            .setEndTimeUnixNano(1_700_000_000_000_500_000L)
            .addAllAttributes(attributes())
            .addEvents(Span.Event.newBuilder().setName("event").setTimeUnixNano(7))
            .addLinks(
                Span.Link.newBuilder()
                    .setTraceId(ByteString.copyFrom(OTHER_TRACE, UTF_8))
                    .setSpanId(ByteString.copyFrom(OTHER_SPAN, UTF_8)));
    return ExportTraceServiceRequest.newBuilder()
        .addResourceSpans(
            ResourceSpans.newBuilder()
                .setResource(resource())
                .addScopeSpans(ScopeSpans.newBuilder().addSpans(span).addSpans(span)))
        .build();
  }

  private static ExportLogsServiceRequest logs() {
    LogRecord.Builder log =
        LogRecord.newBuilder()
            .setTimeUnixNano(1_700_000_000_000_000_000L)
            .setObservedTimeUnixNano(1_700_000_000_000_500_000L)
            .setSeverityNumber(SeverityNumber.SEVERITY_NUMBER_WARN)
            .setSeverityText("WARN")
            .setBody(AnyValue.newBuilder().setStringValue("größer"))
            .setTraceId(ByteString.copyFrom(TRACE, UTF_8))
            .setSpanId(ByteString.copyFrom(SPAN, UTF_8))
            .setFlags(1)
            .addAllAttributes(attributes());
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(
            ResourceLogs.newBuilder()
                .setResource(resource())
                .addScopeLogs(ScopeLogs.newBuilder().addLogRecords(log).addLogRecords(log)))
        .build();
  }

  private static ExportMetricsServiceRequest metrics() {
    Metric.Builder sum =
        Metric.newBuilder()
            .setName("requests")
            .setUnit("{request}")
            .setSum(
                Sum.newBuilder()
                    .setAggregationTemporality(
                        AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE)
                    .setIsMonotonic(true)
                    .addDataPoints(
                        NumberDataPoint.newBuilder()
                            .setTimeUnixNano(1_700_000_000_000_000_000L)
                            .setAsInt(42)
                            .addAllAttributes(attributes())));
    Metric.Builder histogram =
        Metric.newBuilder()
            .setName("duration")
            .setHistogram(
                Histogram.newBuilder()
                    .setAggregationTemporality(AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA)
                    .addDataPoints(
                        HistogramDataPoint.newBuilder()
                            .setTimeUnixNano(1_700_000_000_000_000_000L)
                            .setCount(3)
                            .setSum(1.5)
                            .addExplicitBounds(0.1)
                            .addBucketCounts(1)
                            .addBucketCounts(2)));
    return ExportMetricsServiceRequest.newBuilder()
        .addResourceMetrics(
            ResourceMetrics.newBuilder()
                .setResource(resource())
                .addScopeMetrics(ScopeMetrics.newBuilder().addMetrics(sum).addMetrics(histogram)))
        .build();
  }

  private static Resource resource() {
    return Resource.newBuilder()
        .addAttributes(attribute("service.name", AnyValue.newBuilder().setStringValue("fuzz")))
        .build();
  }

  private static List<KeyValue> attributes() {
    return List.of(
        attribute("text", AnyValue.newBuilder().setStringValue("a text")),
        attribute("number", AnyValue.newBuilder().setIntValue(-42)),
        attribute("fraction", AnyValue.newBuilder().setDoubleValue(0.5)),
        attribute("flag", AnyValue.newBuilder().setBoolValue(true)));
  }

  private static KeyValue attribute(String key, AnyValue.Builder value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }
}
