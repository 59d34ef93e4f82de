package dev.pannier.collector.receipt;

import java.util.List;

/// What became of one file generation: content that began at one moment under one name, and goes on
/// through rename and copy. The ranges are in order and apart from each other; together they are all
/// its bytes.
///
/// @param source     as in configuration
/// @param path       where it was first seen
/// @param generation 16 hexadecimal digits, as in `log.record.uid`; empty for a file that was not
///     opened yet
/// @param shipped    confirmed by every shipper, or passed over on purpose: what lies before
///     `start_at: end`, what a processor dropped, what a destination refused for good
/// @param unshipped  not read yet, or on its way
/// @param lost       gone before anybody could read it
public record FileReceipt(
    String source,
    String path,
    String generation,
    List<ByteRange> shipped,
    List<ByteRange> unshipped,
    List<ByteRange> lost) {
  public FileReceipt {
    shipped = List.copyOf(shipped);
    unshipped = List.copyOf(unshipped);
    lost = List.copyOf(lost);
  }

  /// Whether no byte of it is missing downstream.
  public boolean isWhole() {
    return unshipped.isEmpty() && lost.isEmpty();
  }

  /// Bytes that are not shipped, or lost.
  public long missingBytes() {
    return ByteRange.sum(unshipped) + ByteRange.sum(lost);
  }
}
