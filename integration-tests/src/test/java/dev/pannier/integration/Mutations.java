package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.util.JsonFormat;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/// Requests that were valid before something happened to them. What happens follows from the seed
/// of `random` alone.
final class Mutations {
  private static final String EXPORT =
      "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII);
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int SETTINGS = 4;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;

  private final RandomGenerator random;
  private final byte[] protobuf;
  private final byte[] json;

  Mutations(RandomGenerator random) throws IOException {
    this.random = random;
    ExportTraceServiceRequest request = request();
    protobuf = request.toByteArray();
    json = JsonFormat.printer().omittingInsignificantWhitespace().print(request).getBytes(UTF_8);
  }

  /// What goes to `/v1/traces` by HTTP/1.1.
  ///
  /// @param body    as it travels
  /// @param content what is in it; null where the packing is damaged, which readers of gzip take
  ///     differently (bytes behind its end, say)
  record Post(String type, boolean gzip, byte[] body, byte @Nullable [] content) {
    @Override
    public String toString() {
      return (gzip ? "gzip " : "") + type + " " + HexFormat.of().formatHex(body);
    }
  }

  Post post() throws IOException {
    boolean isJson = random.nextInt(3) == 0;
    boolean gzip = random.nextInt(3) == 0;
    byte[] content = damaged(isJson ? json : protobuf);
    byte[] packed = gzip ? gzip(content) : content;
    byte[] body = gzip && random.nextInt(2) == 0 ? damaged(packed) : packed;
    String type = isJson ? "application/json" : "application/x-protobuf";
    return new Post(type, gzip, body, Arrays.equals(body, packed) ? content : null);
  }

  /// A connection's bytes in HTTP/2: preface, settings and a few gRPC calls, damaged somewhere.
  byte[] http2() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(PREFACE);
    frame(out, SETTINGS, 0, 0, new byte[0]);
    int calls = 1 + random.nextInt(4);
    for (int call = 0; call < calls; call++) {
      int stream = 2 * call + 1;
      frame(out, HEADERS, END_HEADERS, stream, headers());
      byte[] message = random.nextInt(4) == 0 ? damaged(protobuf) : protobuf;
      byte[] body = new byte[5 + message.length];
      body[3] = (byte) (message.length >>> 8);
      body[4] = (byte) message.length;
      System.arraycopy(message, 0, body, 5, message.length);
      int cut = random.nextInt(body.length);
      frame(out, DATA, 0, stream, Arrays.copyOf(body, cut));
      frame(out, DATA, END_STREAM, stream, Arrays.copyOfRange(body, cut, body.length));
      if (random.nextInt(4) == 0) {
        byte[] some = new byte[random.nextInt(40)];
        random.nextBytes(some);
        frame(out, random.nextInt(12), random.nextInt(256), random.nextInt(12), some);
      }
    }
    byte[] sent = out.toByteArray();
    return random.nextInt(5) == 0 ? sent : damaged(sent);
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

  private static byte[] headers() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    // RFC 7541, appendix A: `:method: POST` and `:scheme: http` are whole entries.
    out.write(0x83);
    out.write(0x86);
    literal(out, ":path", EXPORT);
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

  /// Every kind of value, so that each is damaged in turn.
  private static ExportTraceServiceRequest request() {
    Span.Builder span =
        Span.newBuilder()
            .setTraceId(ByteString.copyFrom("0123456789abcdef", UTF_8))
            .setSpanId(ByteString.copyFrom("01234567", UTF_8))
            .setName("GET /größe")
            .setKind(Span.SpanKind.SPAN_KIND_SERVER)
            .setStartTimeUnixNano(1_700_000_000_000_000_000L)
            .setEndTimeUnixNano(1_700_000_000_000_500_000L)
            .addAttributes(attribute("text", AnyValue.newBuilder().setStringValue("a text")))
            .addAttributes(attribute("number", AnyValue.newBuilder().setIntValue(-42)))
            .addAttributes(attribute("fraction", AnyValue.newBuilder().setDoubleValue(0.5)))
            .addAttributes(attribute("flag", AnyValue.newBuilder().setBoolValue(true)))
            .addEvents(Span.Event.newBuilder().setName("event").setTimeUnixNano(7))
            .addLinks(
                Span.Link.newBuilder()
                    .setTraceId(ByteString.copyFrom("fedcba9876543210", UTF_8))
                    .setSpanId(ByteString.copyFrom("76543210", UTF_8)));
    return ExportTraceServiceRequest.newBuilder()
        .addResourceSpans(
            ResourceSpans.newBuilder()
                .setResource(
                    Resource.newBuilder()
                        .addAttributes(
                            attribute(
                                "service.name", AnyValue.newBuilder().setStringValue("fuzz"))))
                .addScopeSpans(ScopeSpans.newBuilder().addSpans(span).addSpans(span)))
        .build();
  }

  private static KeyValue attribute(String key, AnyValue.Builder value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }
}
