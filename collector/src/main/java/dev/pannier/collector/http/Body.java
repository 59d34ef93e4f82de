package dev.pannier.collector.http;

import dev.pannier.collector.buffer.MemoryBudget;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// A request's body while it comes in, in one array whose every byte is reserved first. Where the
/// length is known (`content-length`, or gRPC's prefix) the array never grows beyond it.
/// gRPC's prefix is kept beside it: the message is passed on as it came, and who wants an array
/// that holds nothing else need not copy it.
final class Body {
  enum Result {
    TAKEN,
    TOO_LARGE,
    NO_MEMORY,
    /// It needs more than there ever is.
    NEVER_MEMORY
  }

  private static final byte[] EMPTY = {};

  /// A client that announces more than this gets the rest as its bytes come, unless the endpoint trusts it: as many requests
  /// as there may be at once, of which nothing more comes, leave memory for others.
  private static final int FIRST_CAPACITY = 1024;

  /// Of what has come of a body that is not trusted: each step copies that.
  private static final int GROWTH = 4;

  private final Endpoint endpoint;
  private final MemoryBudget budget;
  private final int maxBytes;

  /// As much of gRPC's prefix as came; empty where there is none.
  private final byte[] prefix;

  private int prefixLength;
  private byte[] bytes = EMPTY;
  private int length;

  /// The final size without a prefix where it is known, else 0.
  private int expected;

  /// What the endpoint trusts it for; 0 where it does not, or no more.
  private int trusted;

  Body(Endpoint endpoint, boolean grpc) {
    this.endpoint = endpoint;
    this.budget = endpoint.budget;
    this.maxBytes = endpoint.maxBodyBytes;
    this.prefix = grpc ? new byte[HttpRequest.GRPC_PREFIX] : EMPTY;
  }

  static final String NEVER_MEMORY = "the body needs more memory than there is for requests";

  /// Says how long the body is going to be.
  Result expect(long contentLength) {
    if (contentLength > maxBytes) {
      return Result.TOO_LARGE;
    }
    expected = Math.max(0, (int) contentLength - prefix.length);
    if (!budget.everHas(expected)) {
      return Result.NEVER_MEMORY;
    }
    return expected == 0 ? Result.TAKEN : grow(1);
  }

  /// Takes the next `count` bytes out of `in`.
  Result take(ByteBuffer in, int count) {
    if (count > maxBytes - prefixLength - length) {
      return Result.TOO_LARGE;
    }
    int ofPrefix = Math.min(count, prefix.length - prefixLength);
    if (ofPrefix > 0) {
      in.get(prefix, prefixLength, ofPrefix);
      prefixLength += ofPrefix;
      if (prefixLength == prefix.length && expected == 0) {
        long announced = HttpRequest.grpcLength(prefix);
        if (announced > maxBytes - prefix.length) {
          return Result.TOO_LARGE;
        }
        expected = (int) announced;
      }
    }
    int rest = count - ofPrefix;
    Result grown = length + rest > bytes.length ? grow(length + rest) : Result.TAKEN;
    if (grown != Result.TAKEN) {
      return grown;
    }
    in.get(bytes, length, rest);
    length += rest;
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
    if (prefixLength < prefix.length) {
      request.body(prefix, prefixLength, 0); // cut short: nothing came behind it
    } else {
      request.body(bytes, length, bytes.length);
      if (prefixLength > 0) {
        request.grpcPrefix(prefix);
      }
    }
    bytes = EMPTY;
    length = 0;
    distrust();
  }

  /// Lets go of all bytes.
  void release() {
    budget.release(bytes.length);
    bytes = EMPTY;
    length = 0;
    distrust();
  }

  private void distrust() {
    endpoint.trustEnds(trusted);
    trusted = 0;
  }

  private Result grow(int needed) {
    int capacity = expected >= needed ? announced(needed) : unannounced(needed);
    if (!budget.tryReserve(capacity)) {
      distrust();
      return budget.everHas((long) bytes.length + capacity)
          ? Result.NO_MEMORY
          : Result.NEVER_MEMORY;
    }
    int before = bytes.length;
    bytes = Arrays.copyOf(bytes, capacity);
    budget.release(before);
    return Result.TAKEN;
  }

  private int unannounced(int needed) {
    return Math.min(maxBytes, Math.max(FIRST_CAPACITY, Math.max(needed, 2 * bytes.length)));
  }

  private int announced(int needed) {
    if (expected <= FIRST_CAPACITY) {
      return expected;
    }
    if (endpoint.trust(expected)) {
      trusted = expected;
      return expected;
    }
    int capacity =
        Math.min(expected, Math.max(FIRST_CAPACITY, Math.max(needed, GROWTH * bytes.length)));
    // Else there would never be memory for that and the whole beside it.
    return budget.everHas((long) capacity + expected) ? capacity : expected;
  }
}
