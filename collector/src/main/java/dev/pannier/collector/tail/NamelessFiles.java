package dev.pannier.collector.tail;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Open files that have no name any more where a source looks, since they were deleted or moved away. The application may write on into
/// them, and once they are closed nobody can read that; as long as they are open they take disk space.
final class NamelessFiles {
  static final int MOST = 256;

  /// Of those together that were read to their end.
  private static final long MOST_BYTES = 64L << 20;

  /// What was deleted by us is not kept where the volume has less room.
  static final long LEFT_BYTES = 4 * MOST_BYTES;

  /// So long one is kept after its last byte.
  private static final long KEPT_NANOS = TimeUnit.MINUTES.toNanos(10);

  private NamelessFiles() {}

  /// To a copy nobody writes.
  static boolean isOne(TailedFile file) {
    return file.detached && !file.named && !file.copy;
  }

  /// Closes those that were read to their end and are kept for too long, take too much space or are too many, the one that is quiet for
  /// longest first; then the oldest that are too many are given up.
  static void limit(Generations generations, long nowNanos) {
    List<TailedFile> all = new ArrayList<>();
    for (TailedFile file : generations.live()) {
      if (isOne(file) && !file.released) {
        all.add(file);
      }
    }
    List<TailedFile> read =
        all.stream()
            .filter(FileTailer::isRead)
            .sorted(Comparator.comparingLong(file -> file.grewNanos))
            .toList();
    int surplus = all.size() - MOST;
    long bytes = read.stream().mapToLong(file -> file.sizeBytes).sum();
    for (TailedFile file : read) {
      if (surplus > 0 || (file.pending.isEmpty() && isKeptNoMore(file, bytes, nowNanos))) {
        generations.finish(file);
        surplus--;
        bytes -= file.sizeBytes;
      }
    }
    for (TailedFile file : all) {
      if (surplus > 0 && !file.finished) {
        generations.giveUp(file, "more than " + MOST + " files without a name are open");
        surplus--;
      }
    }
  }

  private static boolean isKeptNoMore(TailedFile file, long bytes, long nowNanos) {
    long quiet = nowNanos - file.grewNanos;
    return quiet > KEPT_NANOS || (quiet > FileTailer.DETACHED_CLOSE_NANOS && bytes > MOST_BYTES);
  }
}
