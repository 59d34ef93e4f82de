package dev.pannier.collector.config;

import java.nio.file.Path;

/// `buffer`: where batches wait for their shippers.
///
/// @param directory of the disk buffer, absolute; with memory alone it is not used
/// @param maxBytes what the disk buffer's files take at most
/// @param onFull what happens when they have taken it
public record BufferSettings(Type type, Path directory, long maxBytes, OnFull onFull) {
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
