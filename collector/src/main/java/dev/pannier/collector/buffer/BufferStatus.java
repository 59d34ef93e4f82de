package dev.pannier.collector.buffer;

/// What the disk buffer holds, at one instant.
///
/// @param bytes of all segments
/// @param maxBytes `buffer.max_bytes`
/// @param oldestSeconds how long ago the oldest batch was appended that not every shipper is done
///   with; 0 if there is none
/// @param damagedBytes that were found to be no records, since the process started
/// @param problem why batches are held in memory alone; empty while they are on disk
/// @param formerDirectory where it is, if that is not where the configuration has one: what waits there is shipped; else empty
public record BufferStatus(
    long bytes,
    long maxBytes,
    int segments,
    long oldestSeconds,
    long damagedBytes,
    String problem,
    String formerDirectory) {
  BufferStatus(
      long bytes,
      long maxBytes,
      int segments,
      long oldestSeconds,
      long damagedBytes,
      String problem) {
    this(bytes, maxBytes, segments, oldestSeconds, damagedBytes, problem, "");
  }

  public BufferStatus withFormerDirectory(String directory) {
    return new BufferStatus(
        bytes, maxBytes, segments, oldestSeconds, damagedBytes, problem, directory);
  }
}
