package dev.pannier.collector.admin;

import java.util.List;

/// What `/status` says of a source.
///
/// @param name  as in configuration
/// @param files what it tails, in any order; empty for a source that has no files
public record SourceStatus(String name, List<File> files) {
  /// @param positionBytes up to where every shipper has confirmed
  /// @param sizeBytes     as last seen
  /// @param problem       why it cannot be read and what to do; empty if it can
  public record File(String path, long positionBytes, long sizeBytes, String problem) {
    public long lagBytes() {
      return Math.max(0, sizeBytes - positionBytes);
    }
  }

  public long lagBytes() {
    return files.stream().mapToLong(File::lagBytes).sum();
  }
}
