package dev.pannier.collector.config;

import org.jspecify.annotations.Nullable;

/// `sources.otlp`. Both ports speak HTTP/1.1 and HTTP/2; the path decides.
///
/// @param grpc        null where it is switched off (`none`)
/// @param http        null where it is switched off (`none`)
/// @param acknowledge when a client gets its answer
/// @param maxRequest  bytes of a request's body, before and after decompression
/// @param maxRecord   bytes of a record; a larger one is refused alone
public record OtlpSource(
    Configuration.@Nullable Address grpc,
    Configuration.@Nullable Address http,
    Acknowledge acknowledge,
    int maxRequest,
    int maxRecord) {

  public enum Acknowledge {
    /// Every shipper has confirmed.
    DELIVERED,
    /// It is synced in the disk buffer.
    DURABLE,
    /// It is held in memory.
    ACCEPTED
  }
}
