package dev.pannier.collector.receive;

/// Why a request was not taken, as HTTP, gRPC and the counter of refused requests say it.
///
/// The codes are those of the OTLP specification ("Failures" and "OTLP/HTTP Throttling") and, for
/// what it leaves open, of gRPC's mapping.
enum Refusal {
  /// It will never be understood.
  INVALID(400, 3, "invalid"),
  /// The message is not framed as gRPC wants it.
  BROKEN_FRAME(400, 13, "invalid"),
  NOT_FOUND(404, 12, "invalid"),
  WRONG_METHOD(405, 12, "invalid"),
  WRONG_TYPE(415, 12, "invalid"),
  /// Its bytes came too slowly.
  TOO_SLOW(408, 4, "timeout"),
  /// It will never fit: no hint to try again.
  TOO_LARGE(413, 8, "too_large"),
  /// No memory is free for it now.
  NO_MEMORY(503, 14, "memory"),
  /// Its connection is one too many.
  TOO_MANY_CONNECTIONS(503, 14, "connections"),
  /// The place where it would go (a topic) is missing, and enough waits for it.
  NOWHERE(503, 14, "nowhere"),
  /// The disk buffer is full.
  BUFFER_FULL(503, 14, "buffer"),
  /// It was taken and not confirmed in time.
  NOT_CONFIRMED(503, 14, "timeout"),
  /// The client's own deadline passed before it was confirmed.
  DEADLINE(503, 4, "timeout"),
  SHUTTING_DOWN(503, 14, "shutdown");

  final int httpStatus;
  final int grpcStatus;

  /// The counter's reason.
  final String counted;

  Refusal(int httpStatus, int grpcStatus, String counted) {
    this.httpStatus = httpStatus;
    this.grpcStatus = grpcStatus;
    this.counted = counted;
  }

  /// Whether the client is told when to try again.
  boolean isRetryable() {
    return httpStatus == 503;
  }
}
