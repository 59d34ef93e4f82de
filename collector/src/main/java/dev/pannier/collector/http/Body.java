package dev.pannier.collector.http;

import dev.pannier.collector.buffer.MemoryBudget;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// A request's body while it comes in, in one array whose every byte is reserved first. Where the
/// length is known (`content-length`, or gRPC's prefix) the array has its final size at once.
final class Body {
  enum Result {
    TAKEN,
    TOO_LARGE,
    NO_MEMORY
  }

  private static final byte[] EMPTY = {};
  private static final int FIRST_CAPACITY = 1024;

  /// A client that announces more than this gets the rest as its bytes come.
  private static final int TRUSTED_LENGTH = 1024 * 1024;

  /// gRPC's frame: compressed (1 byte), length (4 bytes), message.
  private static final int GRPC_PREFIX = 5;

  private final MemoryBudget budget;
  private final int maxBytes;
  private final boolean grpc;
  private byte[] bytes = EMPTY;
  private int length;

  /// The final size where it is known, else 0.
  private int expected;

  Body(MemoryBudget budget, int maxBytes, boolean grpc) {
    this.budget = budget;
    this.maxBytes = maxBytes;
    this.grpc = grpc;
  }

  /// Says how long the body is going to be.
  Result expect(long contentLength) {
    if (contentLength > maxBytes) {
      return Result.TOO_LARGE;
    }
    expected = (int) contentLength;
    return expected == 0 || grow(expected) ? Result.TAKEN : Result.NO_MEMORY;
  }

  /// Takes the next `count` bytes out of `in`; all of them, or none.
  Result take(ByteBuffer in, int count) {
    if (count > maxBytes - length) {
      return Result.TOO_LARGE;
    }
    if (grpc && expected == 0 && length < GRPC_PREFIX && length + count >= GRPC_PREFIX) {
      long announced = GRPC_PREFIX + grpcLength(in);
      if (announced > maxBytes) {
        return Result.TOO_LARGE;
      }
      expected = (int) announced;
    }
    if (length + count > bytes.length && !grow(length + count)) {
      return Result.NO_MEMORY;
    }
    in.get(bytes, length, count);
    length += count;
    return Result.TAKEN;
  }

  int length() {
    return length;
  }

  /// The bytes that are still to come, where that is known; else 0.
  int missing() {
    return Math.max(0, expected - length);
  }

  /// Hands the bytes and what is reserved for them to the request.
  void moveTo(HttpRequest request) {
    request.body(bytes, length, bytes.length);
    bytes = EMPTY;
    length = 0;
  }

  /// Lets go of all bytes.
  void release() {
    budget.release(bytes.length);
    bytes = EMPTY;
    length = 0;
  }

  private long grpcLength(ByteBuffer in) {
    long announced = 0;
    for (int i = 1; i < GRPC_PREFIX; i++) {
      byte next = i < length ? bytes[i] : in.get(in.position() + i - length);
      announced = announced << 8 | (next & 0xff);
    }
    return announced;
  }

  private boolean grow(int needed) {
    int capacity;
    if (expected >= needed) {
      capacity = Math.min(expected, Math.max(TRUSTED_LENGTH, Math.max(needed, 2 * bytes.length)));
    } else {
      capacity = Math.min(maxBytes, Math.max(FIRST_CAPACITY, Math.max(needed, 2 * bytes.length)));
    }
    if (!budget.tryReserve(capacity)) {
      return false;
    }
    int before = bytes.length;
    bytes = Arrays.copyOf(bytes, capacity);
    budget.release(before);
    return true;
  }
}
