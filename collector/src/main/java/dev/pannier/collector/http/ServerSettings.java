package dev.pannier.collector.http;

import java.time.Duration;

/// The server's own limits; not configurable by users.
///
/// @param maxHeadBytes     of a request's head, as HTTP/2's `SETTINGS_MAX_HEADER_LIST_SIZE`
///     counts it and as HTTP/1.1 sends it (431)
/// @param maxTargetBytes   of the request line in HTTP/1.1 (414)
/// @param maxHeaders       fields of a request (431)
/// @param requestTimeout   from a request's first byte to its last (408)
/// @param idleTimeout      a connection without a request
/// @param writeTimeout     a client that takes neither 16 KiB more nor the rest of its answer
public record ServerSettings(
    int maxHeadBytes,
    int maxTargetBytes,
    int maxHeaders,
    Duration requestTimeout,
    Duration idleTimeout,
    Duration writeTimeout) {

  public static final ServerSettings DEFAULTS =
      new ServerSettings(
          16 * 1024,
          4 * 1024,
          100,
          Duration.ofSeconds(20),
          Duration.ofMinutes(10),
          Duration.ofSeconds(20));
}
