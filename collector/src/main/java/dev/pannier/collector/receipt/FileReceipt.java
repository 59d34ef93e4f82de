package dev.pannier.collector.receipt;

import java.util.ArrayList;
import java.util.List;

/// What became of one file generation: content that began at one moment under one name, and goes on
/// through rename and copy. The ranges are in order and apart from each other; together they are all
/// its bytes.
///
/// @param source     as in configuration
/// @param path       where it was first seen; empty where nobody remembers
/// @param generation 16 hexadecimal digits, as in `log.record.uid`; empty for a file that was not
///     opened yet
/// @param shipped    confirmed by every shipper (or on the disk buffer's disk), or passed over on purpose: what lies before
///     `start_at: end`, what a processor dropped, what a destination refused for good
/// @param buffered   left in the disk buffer by a process that has ended; while it runs, the buffer's disk counts as shipped
/// @param unshipped  not read yet, or on its way
/// @param lost       gone before anybody could read it
public record FileReceipt(
    String source,
    String path,
    String generation,
    List<ByteRange> shipped,
    List<ByteRange> buffered,
    List<ByteRange> unshipped,
    List<ByteRange> lost) {
  public FileReceipt {
    shipped = List.copyOf(shipped);
    buffered = List.copyOf(buffered);
    unshipped = List.copyOf(unshipped);
    lost = List.copyOf(lost);
  }

  /// The same where so much of what counted as shipped lies in the buffer.
  FileReceipt withBuffered(List<ByteRange> ranges) {
    List<ByteRange> sent = new ArrayList<>();
    for (ByteRange range : shipped) {
      sent.addAll(ByteRange.without(range, ranges));
    }
    List<ByteRange> held = new ArrayList<>();
    for (ByteRange range : shipped) {
      // Of that alone: what is behind the stored position is not shipped anyway, and told as that.
      held.addAll(ByteRange.without(range, sent));
    }
    return new FileReceipt(source, path, generation, sent, held, unshipped, lost);
  }

  /// Whether no byte of it is missing downstream.
  public boolean isWhole() {
    return buffered.isEmpty() && unshipped.isEmpty() && lost.isEmpty();
  }

  /// Bytes that are buffered, not shipped, or lost.
  public long missingBytes() {
    return ByteRange.sum(buffered) + ByteRange.sum(unshipped) + ByteRange.sum(lost);
  }
}
