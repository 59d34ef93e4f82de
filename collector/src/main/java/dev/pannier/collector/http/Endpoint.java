package dev.pannier.collector.http;

import dev.pannier.collector.buffer.MemoryBudget;

/// A handler and the bounds of what reaches it; may listen on several addresses. Its counts belong
/// to the server's thread.
public final class Endpoint {
  static final int SMALL_ANSWERS = 4 * 1024;
  static final int LARGE_ANSWERS = 64 * 1024;

  final HttpHandler handler;
  final MemoryBudget budget;
  final int maxConnections;
  final int maxStreams;
  final int maxBodyBytes;

  /// A connection is not listened to, and gets no more answers, while more bytes of answers than this wait for its
  /// client: they are beside the budget.
  final int maxPendingOutput;

  int connections;

  /// Of bodies that are not there yet, what is reserved on their clients' word.
  private long announcedBytes;

  /// For requests whose answers have some hundred bytes.
  ///
  /// @param budget         for the bodies of requests
  /// @param maxConnections for one more, one that has asked nothing for a second, or has been idle longest, has to go;
  ///     where all have a request under way or have just been opened, the new one is told to come back later
  /// @param maxStreams     requests at once on one HTTP/2 connection
  /// @param maxBodyBytes   of a request's body as sent, above which it is refused with 413
  public Endpoint(
      HttpHandler handler,
      MemoryBudget budget,
      int maxConnections,
      int maxStreams,
      int maxBodyBytes) {
    this(handler, budget, maxConnections, maxStreams, maxBodyBytes, SMALL_ANSWERS);
  }

  Endpoint(
      HttpHandler handler,
      MemoryBudget budget,
      int maxConnections,
      int maxStreams,
      int maxBodyBytes,
      int maxPendingOutput) {
    this.handler = handler;
    this.budget = budget;
    this.maxConnections = maxConnections;
    this.maxStreams = maxStreams;
    this.maxBodyBytes = maxBodyBytes;
    this.maxPendingOutput = maxPendingOutput;
  }

  /// Whether `bytes` of an announced body may be reserved before they come: all clients together
  /// may keep a quarter of the memory from others by mere words.
  boolean trust(long bytes) {
    if (bytes > budget.limitBytes() / 4 - announcedBytes) {
      return false;
    }
    announcedBytes += bytes;
    return true;
  }

  /// The body that [#trust] was asked for is there, or given up.
  void trustEnds(long bytes) {
    announcedBytes -= bytes;
  }

  /// For a few small requests without bodies, whose answers may be large, with memory of its own: it
  /// answers when the sidecar's memory is full.
  public static Endpoint small(HttpHandler handler) {
    return new Endpoint(handler, new MemoryBudget(256 * 1024), 16, 8, 16 * 1024, LARGE_ANSWERS);
  }
}
