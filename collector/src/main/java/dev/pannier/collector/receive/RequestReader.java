package dev.pannier.collector.receive;

import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.http.HttpRequest;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.CheckedRequest;
import dev.pannier.shippers.batch.JsonRequest;
import dev.pannier.shippers.batch.OtlpJsonReader;
import dev.pannier.shippers.batch.RequestCheck;
import dev.pannier.shippers.batch.Signal;
import dev.pannier.shippers.batch.Splitter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// From a request's body to a batch: frame off, unpacked, as protobuf, checked. One thread.
final class RequestReader implements AutoCloseable {
  /// How many times its JSON's size a request may have as protobuf: a digit and a comma are eight bytes.
  private static final long MAX_GROWTH = 4;

  private final MemoryBudget budget;
  private final int maxRequest;
  private final int maxRecord;
  private final Gunzip gunzip;
  private final Unzstd unzstd;

  /// @param maxRequest a request's bytes, before and after decompression
  /// @param maxRecord  a record's bytes; a larger one is refused alone
  RequestReader(MemoryBudget budget, int maxRequest, int maxRecord) {
    this.budget = budget;
    this.maxRequest = maxRequest;
    this.maxRecord = maxRecord;
    this.gunzip = new Gunzip(budget, maxRequest);
    this.unzstd = new Unzstd(budget, maxRequest);
  }

  Received read(HttpRequest request, Form form, Signal signal) {
    int offset = 0;
    int length = request.bodyLength();
    String encoding = request.header(form == Form.GRPC ? "grpc-encoding" : "content-encoding");
    boolean compressed;
    if (form == Form.GRPC) {
      byte[] prefix = request.grpcPrefix();
      if (prefix == null) {
        prefix = request.body();
        offset = HttpRequest.GRPC_PREFIX;
        length -= HttpRequest.GRPC_PREFIX;
      }
      if (length < 0 || length != HttpRequest.grpcLength(prefix) || prefix[0] >> 1 != 0) {
        return Received.refused(Refusal.BROKEN_FRAME, "the body is not one gRPC message");
      }
      compressed = prefix[0] == 1;
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
      return content(form, signal, body, offset, length, request.takeBody());
    }
    String name = encoding == null ? "" : encoding.toLowerCase(Locale.ROOT);
    boolean zstd = name.equals("zstd");
    if (!zstd && !name.equals("gzip") && !name.equals("x-gzip")) {
      return Received.refused(Refusal.WRONG_TYPE, "the encoding has to be gzip or zstd");
    }
    Unpacking unpacking =
        zstd
            ? unzstd.unpack(request.body(), offset, length)
            : gunzip.unpack(request.body(), offset, length);
    return switch (unpacking) {
      case UNPACKED -> {
        budget.release(request.takeBody());
        byte[] unpacked = zstd ? unzstd.bytes() : gunzip.bytes();
        int unpackedLength = zstd ? unzstd.length() : gunzip.length();
        unzstd.forget();
        gunzip.forget();
        yield content(form, signal, unpacked, 0, unpackedLength, unpacked.length);
      }
      case BROKEN -> Received.refused(Refusal.INVALID, "the body is no " + name);
      case TOO_LARGE -> tooLarge();
      case NO_MEMORY -> noMemory();
      case NEVER_MEMORY -> neverMemory();
      case UNAVAILABLE ->
          Received.refused(Refusal.WRONG_TYPE, "zstd does not work here, gzip does");
    };
  }

  @Override
  public void close() {
    gunzip.close();
    unzstd.close();
  }

  /// From here on `reserved` is this class's to release, or to hand on.
  private Received content(
      Form form, Signal signal, byte[] bytes, int offset, int length, long reserved) {
    if (form != Form.JSON) {
      return check(signal, bytes, offset, length, length, reserved);
    }
    // Mostly the protobuf is smaller than its JSON.
    int held = length + OtlpJsonReader.MARGIN;
    if (!budget.tryReserve(held)) {
      budget.release(reserved);
      return noMemory(reserved + held);
    }
    JsonRequest read = OtlpJsonReader.read(signal, bytes, offset, length, held);
    if (read instanceof JsonRequest.TooLarge) {
      int most = (int) Math.min(maxRequest, MAX_GROWTH * length) + OtlpJsonReader.MARGIN;
      budget.release(held);
      if (!budget.tryReserve(most)) {
        budget.release(reserved);
        return noMemory(reserved + most);
      }
      held = most;
      read = OtlpJsonReader.read(signal, bytes, offset, length, held);
    }
    return switch (read) {
      case JsonRequest.Malformed malformed -> {
        budget.release(reserved + held);
        yield Received.refused(
            Refusal.INVALID,
            "no OTLP request: " + malformed.reason() + " near byte " + malformed.offset());
      }
      case JsonRequest.TooLarge _ -> {
        budget.release(reserved + held);
        yield tooLarge();
      }
      case JsonRequest.Read request -> {
        byte[] protobuf = request.bytes();
        // What was guessed too large is not held for as long as the batch is, unless there is no
        // room for both.
        boolean isFar = protobuf.length - request.length() > request.length() / 8;
        if (isFar && budget.tryReserve(request.length())) {
          protobuf = Arrays.copyOf(protobuf, request.length());
          budget.release(held);
          held = request.length();
        }
        budget.release(reserved);
        yield check(signal, protobuf, 0, request.length(), length, held);
      }
    };
  }

  /// @param requestBytes the request's size, which is not `length` where it was JSON
  private Received check(
      Signal signal, byte[] bytes, int offset, int length, int requestBytes, long reserved) {
    return switch (RequestCheck.check(signal, bytes, offset, length, maxRecord)) {
      case CheckedRequest.Malformed malformed -> {
        budget.release(reserved);
        yield Received.refused(
            Refusal.INVALID,
            "no OTLP request: " + malformed.reason() + " at byte " + malformed.offset());
      }
      case CheckedRequest.WellFormed request -> {
        int records = request.records();
        Batch batch = Batch.received(signal, bytes, offset, length, records, OtlpReceiver.SOURCE);
        if (request.refused() != null) {
          yield withoutRefused(batch, request.refused(), request, requestBytes, reserved);
        }
        yield new Received(records == 0 ? null : batch, reserved, requestBytes, 0, "", null);
      }
    };
  }

  /// Takes the refused records out; what is left is an array of its own.
  private Received withoutRefused(
      Batch batch,
      BitSet refused,
      CheckedRequest.WellFormed request,
      int requestBytes,
      long reserved) {
    // What is left is at most as large as the whole.
    long needed = batch.length();
    if (!budget.tryReserve(needed)) {
      budget.release(reserved);
      return noMemory(reserved + needed);
    }
    Batch left = Splitter.without(batch, refused);
    budget.release(reserved);
    return new Received(left, needed, requestBytes, refused.cardinality(), why(request), null);
  }

  private String why(CheckedRequest.WellFormed request) {
    List<String> reasons = new ArrayList<>(3);
    if (request.invalidIds() > 0) {
      reasons.add(request.invalidIds() + " with an invalid trace or span id");
    }
    if (request.invalidText() > 0) {
      reasons.add(request.invalidText() + " with text that is no UTF-8");
    }
    if (request.tooLarge() > 0) {
      reasons.add(request.tooLarge() + " above max_record: " + maxRecord + " bytes");
    }
    return "refused records: " + String.join(", ", reasons);
  }

  private Received tooLarge() {
    return Received.refused(
        Refusal.TOO_LARGE, "the request has more than max_request: " + maxRequest + " bytes");
  }

  private static Received noMemory() {
    return Received.refused(Refusal.NO_MEMORY, "no memory is free for the request now");
  }

  /// @param needed at once, by this request alone
  private Received noMemory(long needed) {
    return budget.everHas(needed) ? noMemory() : neverMemory();
  }

  private static Received neverMemory() {
    return Received.refused(
        Refusal.TOO_LARGE,
        "the request needs more memory than there is for requests: send smaller ones, or raise"
            + " memory");
  }

  private static boolean isIdentity(@Nullable String encoding) {
    return encoding == null || encoding.isEmpty() || encoding.equalsIgnoreCase("identity");
  }
}
