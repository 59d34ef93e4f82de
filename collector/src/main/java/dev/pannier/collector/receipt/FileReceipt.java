package dev.pannier.collector.receipt;

import java.util.ArrayList;
import java.util.List;

/// What became of one file generation: content that began at one moment under one name, and goes on
/// through rename and copy. The ranges of each kind are in order and apart from each other; together they are all
/// its bytes. What one shipper never gets may lie in the buffer for another one.
///
/// @param source     as in configuration
/// @param path       where it was first seen; empty where nobody remembers
/// @param generation 16 hexadecimal digits, as in `log.record.uid`; empty for a file that was not
///     opened yet
/// @param shipped    confirmed by every shipper, or passed over on purpose: what lies before `start_at: end`, what a processor
///     dropped, what a destination refused for good. While the process runs also what is on the disk buffer's disk: how much of that
///     waits is told by [ShipperReceipt]
/// @param buffered   left in the disk buffer by a process that has ended; while it runs these are `shipped`
/// @param dropped    what some shipper never gets, since a buffer gave it up after the process began
/// @param unshipped  not read yet, or on its way
/// @param lost       gone before anybody could read it
public record FileReceipt(
    String source,
    String path,
    String generation,
    List<ByteRange> shipped,
    List<ByteRange> buffered,
    List<Dropped> dropped,
    List<ByteRange> unshipped,
    List<ByteRange> lost) {
  public FileReceipt {
    shipped = List.copyOf(shipped);
    buffered = List.copyOf(buffered);
    dropped = List.copyOf(dropped);
    unshipped = List.copyOf(unshipped);
    lost = List.copyOf(lost);
  }

  /// Nothing of it was given up by a buffer.
  public FileReceipt(
      String source,
      String path,
      String generation,
      List<ByteRange> shipped,
      List<ByteRange> buffered,
      List<ByteRange> unshipped,
      List<ByteRange> lost) {
    this(source, path, generation, shipped, buffered, List.of(), unshipped, lost);
  }

  /// The same where so much of what counted as shipped was given up by a buffer; it has all that was told before.
  FileReceipt withDropped(List<Dropped> parts) {
    List<ByteRange> sent = shipped;
    for (Dropped part : parts) {
      sent = ByteRange.without(sent, part.ranges());
    }
    return new FileReceipt(source, path, generation, sent, buffered, parts, unshipped, lost);
  }

  /// The same where so much of what counted as shipped lies in the buffer.
  FileReceipt withBuffered(List<ByteRange> ranges) {
    List<ByteRange> taken = new ArrayList<>(shipped);
    for (Dropped part : dropped) {
      part.ranges().forEach(range -> ByteRange.insert(taken, range.from(), range.to()));
    }
    // Of that alone: what is behind the stored position is not shipped anyway, and told as that.
    List<ByteRange> passed = ByteRange.without(ByteRange.without(taken, unshipped), lost);
    List<ByteRange> held = ByteRange.without(passed, ByteRange.without(passed, ranges));
    List<ByteRange> sent = ByteRange.without(shipped, ranges);
    return new FileReceipt(source, path, generation, sent, held, dropped, unshipped, lost);
  }

  /// Whether no byte of it is missing downstream.
  public boolean isWhole() {
    return buffered.isEmpty() && dropped.isEmpty() && unshipped.isEmpty() && lost.isEmpty();
  }

  /// Bytes that are buffered, not shipped, or lost, and those that each shipper never gets.
  public long missingBytes() {
    return ByteRange.sum(buffered)
        + ByteRange.sum(unshipped)
        + ByteRange.sum(lost)
        + dropped.stream().mapToLong(Dropped::bytes).sum();
  }
}
