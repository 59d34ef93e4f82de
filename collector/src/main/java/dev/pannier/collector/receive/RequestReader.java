package dev.pannier.collector.receive;

import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.http.HttpRequest;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// From a request's body to a batch: frame off, unpacked, as protobuf, checked. One thread.
final class RequestReader implements AutoCloseable {
  /// gRPC's frame: compressed (1 byte), length (4 bytes, big-endian), message.
  static final int GRPC_PREFIX = 5;

  private final MemoryBudget budget;
  private final int maxRequest;
  private final Gunzip gunzip;

  RequestReader(MemoryBudget budget, int maxRequest) {
    this.budget = budget;
    this.maxRequest = maxRequest;
    this.gunzip = new Gunzip(budget, maxRequest);
  }

  Received read(HttpRequest request, Form form, Signal signal) {
    int offset = 0;
    int length = request.bodyLength();
    String encoding = request.header(form == Form.GRPC ? "grpc-encoding" : "content-encoding");
    boolean compressed;
    if (form == Form.GRPC) {
      byte[] body = request.body();
      if (length < GRPC_PREFIX || length - GRPC_PREFIX != int32(body, 1) || body[0] >> 1 != 0) {
        return Received.refused(Refusal.BROKEN_FRAME, "the body is not one gRPC message");
      }
      offset = GRPC_PREFIX;
      length -= GRPC_PREFIX;
      compressed = body[0] == 1;
      if (compressed && isIdentity(encoding)) {
        return Received.refused(Refusal.BROKEN_FRAME, "a compressed message without encoding");
      }
    } else {
      compressed = !isIdentity(encoding);
    }
    if (length > maxRequest) {
      return tooLarge();
    }
    if (!compressed) {
      byte[] body = request.body();
      return check(form, signal, body, offset, length, request.takeBody());
    }
    if (encoding == null || !encoding.toLowerCase(Locale.ROOT).endsWith("gzip")) {
      return Received.refused(Refusal.WRONG_TYPE, "the encoding has to be gzip");
    }
    return switch (gunzip.unpack(request.body(), offset, length)) {
      case UNPACKED -> {
        budget.release(request.takeBody());
        byte[] unpacked = gunzip.bytes();
        yield check(form, signal, unpacked, 0, gunzip.length(), unpacked.length);
      }
      case BROKEN -> Received.refused(Refusal.INVALID, "the body is no gzip");
      case TOO_LARGE -> tooLarge();
      case NO_MEMORY -> noMemory();
    };
  }

  @Override
  public void close() {
    gunzip.close();
  }

  private Received check(
      Form form, Signal signal, byte[] bytes, int offset, int length, long reserved) {
    if (form == Form.JSON) {
      budget.release(reserved);
      return Received.refused(Refusal.WRONG_TYPE, "JSON is not read yet");
    }
    int records = RecordCounter.count(signal, bytes, offset, length);
    if (records < 0) {
      budget.release(reserved);
      return Received.refused(Refusal.INVALID, "the body is no OTLP request");
    }
    if (records == 0) {
      return new Received(null, reserved, length, 0, "", null);
    }
    Batch batch = Batch.received(signal, bytes, offset, length, records, OtlpReceiver.SOURCE);
    return new Received(batch, reserved, length, 0, "", null);
  }

  private Received tooLarge() {
    return Received.refused(
        Refusal.TOO_LARGE, "the request has more than max_request: " + maxRequest + " bytes");
  }

  private static Received noMemory() {
    return Received.refused(Refusal.NO_MEMORY, "no memory is free for the request now");
  }

  private static boolean isIdentity(@Nullable String encoding) {
    return encoding == null || encoding.isEmpty() || encoding.equalsIgnoreCase("identity");
  }

  private static int int32(byte[] bytes, int offset) {
    return bytes[offset] << 24
        | (bytes[offset + 1] & 0xff) << 16
        | (bytes[offset + 2] & 0xff) << 8
        | (bytes[offset + 3] & 0xff);
  }
}
