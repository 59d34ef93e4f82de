package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.collector.receipt.FileReceipt;
import dev.pannier.collector.receipt.Receipt;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/// Makes the receipt of what the tail knows. A file's bytes are shipped up to the acknowledged
/// position and where a batch behind it was acknowledged before its turn; lost where that was
/// reported and no copy had them after all; and not shipped otherwise.
final class Receipts {
  /// Beyond this, ranges of one file that lie apart are told as one that is not shipped.
  private static final int MAX_RANGES = 64;

  private Receipts() {}

  /// @param known     what is remembered of generations that are not open
  /// @param unopened  files that nobody has looked into yet
  /// @param from      where each of them is read from
  static Receipt of(
      Collection<SavedGeneration> known,
      Collection<TailedFile> live,
      Losses losses,
      Collection<Discovery.Found> unopened,
      ToLongFunction<Discovery.Found> from,
      boolean complete) {
    List<FileReceipt> files = new ArrayList<>();
    Set<Long> told = new HashSet<>();
    for (SavedGeneration saved : known) {
      told.add(saved.id());
      files.add(of(saved, losses.of(saved.id())));
    }
    for (TailedFile file : live) {
      told.add(file.generation);
      files.add(of(file, losses.of(file.generation)));
    }
    for (Map.Entry<Long, Losses.Loss> entry : losses.all().entrySet()) {
      if (!told.contains(entry.getKey())) {
        Losses.Loss loss = entry.getValue();
        files.add(
            new FileReceipt(
                loss.source(),
                loss.path(),
                hex(entry.getKey()),
                upTo(loss.ranges().getFirst().from()),
                List.of(),
                List.of(),
                loss.ranges()));
      }
    }
    for (Discovery.Found found : unopened) {
      List<ByteRange> passedOver = upTo(from.applyAsLong(found));
      files.add(
          new FileReceipt(
              found.source().name(),
              found.path().toString(),
              "",
              passedOver,
              List.of(),
              gaps(passedOver, found.sizeBytes()),
              List.of()));
    }
    return new Receipt(files, 0, complete);
  }

  private static FileReceipt of(SavedGeneration saved, List<ByteRange> losses) {
    List<ByteRange> shipped = upTo(saved.acknowledged().position());
    return receipt(saved.source(), saved.path(), saved.id(), shipped, saved.sizeBytes(), losses);
  }

  private static FileReceipt of(TailedFile file, List<ByteRange> losses) {
    List<ByteRange> shipped = upTo(file.acknowledged.position());
    long from = file.acknowledged.position();
    for (TailedFile.Range range : file.pending) {
      long to = range.end.position();
      if (range.done && shipped.size() < MAX_RANGES) {
        ByteRange.add(shipped, from, to);
      }
      from = to;
    }
    return receipt(
        file.source.name(),
        file.path.toString(),
        file.generation,
        shipped,
        Math.max(file.sizeBytes, file.read.position()),
        losses);
  }

  private static FileReceipt receipt(
      String source,
      String path,
      long generation,
      List<ByteRange> shipped,
      long sizeBytes,
      List<ByteRange> losses) {
    List<ByteRange> lost = new ArrayList<>();
    for (ByteRange loss : losses) {
      lost.addAll(ByteRange.without(loss, shipped));
    }
    List<ByteRange> unshipped = new ArrayList<>();
    for (ByteRange rest : sizeBytes == 0 ? List.<ByteRange>of() : gaps(shipped, sizeBytes)) {
      unshipped.addAll(ByteRange.without(rest, lost));
    }
    return new FileReceipt(source, path, hex(generation), shipped, List.of(), unshipped, lost);
  }

  private static List<ByteRange> gaps(List<ByteRange> shipped, long sizeBytes) {
    return ByteRange.without(new ByteRange(0, sizeBytes), shipped);
  }

  private static List<ByteRange> upTo(long position) {
    List<ByteRange> ranges = new ArrayList<>();
    ByteRange.add(ranges, 0, position);
    return ranges;
  }

  private static String hex(long generation) {
    return HexFormat.of().toHexDigits(generation);
  }
}
