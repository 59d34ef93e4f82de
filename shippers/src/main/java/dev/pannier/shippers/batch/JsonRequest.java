package dev.pannier.shippers.batch;

/// What [OtlpJsonReader] made of a request in JSON.
public sealed interface JsonRequest {
  /// @param bytes  holds the request as protobuf in `[0, length)`; longer than that
  /// @param length of the request
  record Read(byte[] bytes, int length) implements JsonRequest {}

  /// @param reason for people
  /// @param offset near which byte of the JSON, from its beginning
  record Malformed(String reason, long offset) implements JsonRequest {}

  /// As protobuf it takes more than there is for it.
  record TooLarge() implements JsonRequest {}
}
