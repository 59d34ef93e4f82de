package dev.pannier.shippers.otlp;

import java.io.IOException;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okio.Buffer;
import okio.BufferedSink;
import okio.GzipSink;
import okio.Okio;
import org.jspecify.annotations.Nullable;

/// A request's body: the batch's bytes as they are, or gzip'd, for gRPC behind a message's head:
///
/// ```
///   compressed (1) | length (4, big-endian) | message
/// ```
///
/// (gRPC over HTTP/2, "Length-Prefixed-Message".) Compressed bytes are kept until they are sent,
/// since their length comes before them.
final class OtlpBody extends RequestBody {
  static final int GRPC_HEAD_BYTES = 5;

  private final MediaType type;
  private final byte[] bytes;
  private final int offset;
  private final int length;
  private final boolean gzip;
  private final boolean grpc;
  private @Nullable Buffer compressed;

  OtlpBody(MediaType type, byte[] bytes, int offset, int length, boolean gzip, boolean grpc) {
    this.type = type;
    this.bytes = bytes;
    this.offset = offset;
    this.length = length;
    this.gzip = gzip;
    this.grpc = grpc;
  }

  @Override
  public MediaType contentType() {
    return type;
  }

  @Override
  public long contentLength() throws IOException {
    return (grpc ? GRPC_HEAD_BYTES : 0) + (gzip ? compressed().size() : length);
  }

  @Override
  public void writeTo(BufferedSink sink) throws IOException {
    Buffer packed = gzip ? compressed() : null;
    // Where writing ends half-way, some of it is gone: what is sent again is packed again.
    compressed = null;
    if (grpc) {
      sink.writeByte(gzip ? 1 : 0);
      sink.writeInt(packed == null ? length : (int) packed.size());
    }
    if (packed != null) {
      sink.writeAll(packed);
    } else {
      sink.write(bytes, offset, length);
    }
  }

  @Override
  public boolean isOneShot() {
    return true;
  }

  private Buffer compressed() throws IOException {
    Buffer result = compressed;
    if (result == null) {
      result = new Buffer();
      try (BufferedSink gzipped = Okio.buffer(new GzipSink(result))) {
        gzipped.write(bytes, offset, length);
      }
      compressed = result;
    }
    return result;
  }
}
