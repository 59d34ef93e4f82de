package dev.pannier.collector.admin;

import java.util.List;

/// What `/status` says of a source.
///
/// @param name  as in configuration
/// @param files what it tails, in any order; empty for a source that has no files
/// @param volumeFreeBytes of the volume of its files; -1 where it is not known, or there are none
public record SourceStatus(String name, List<File> files, long volumeFreeBytes) {
  /// A source without files, or whose volume is not known.
  public SourceStatus(String name, List<File> files) {
    this(name, files, -1);
  }

  public SourceStatus withVolumeFreeBytes(long bytes) {
    return new SourceStatus(name, files, bytes);
  }

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
