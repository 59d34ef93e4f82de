package dev.pannier.collector.config;

import java.nio.file.Path;

/// `buffer`: where batches wait for their shippers.
///
/// @param directory of the disk buffer, absolute; with memory alone it is not used
/// @param maxBytes what the disk buffer's files take at most
/// @param onFull what happens when they have taken it
public record BufferSettings(Type type, Path directory, long maxBytes, OnFull onFull) {
  /// Where the disk buffer is if nobody says where.
  public static Path defaultDirectory(Path stateDirectory) {
    return stateDirectory.resolve("buffer");
  }

  /// What a request or a record may have at most, so that it never takes the disk buffer far beyond its bound.
  public long largestBatch() {
    return type == Type.DISK ? maxBytes / 2 : Long.MAX_VALUE;
  }

  /// The same of another directory.
  public BufferSettings in(Path other) {
    return new BufferSettings(type, other, maxBytes, onFull);
  }

  public enum Type {
    /// The log files are the only copy.
    MEMORY,
    DISK
  }

  public enum OnFull {
    /// Files are read no further, requests are refused.
    BACKPRESSURE,
    /// The oldest batches go, whoever has not shipped them.
    DROP_OLDEST,
    /// What is read from files goes; requests are refused.
    DROP_NEWEST
  }
}
