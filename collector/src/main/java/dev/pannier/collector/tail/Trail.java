package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Fingerprint;
import org.jspecify.annotations.Nullable;

/// Some positions up to which a file was read, with what lies right before each: close together where it was read last, and ever
/// wider apart before that. They tell a copy that ends somewhere in what was read. At most 300 bytes.
final class Trail {
  private static final int MOST = 16;
  private static final int STEP = 4096;

  /// Of a short file.
  private static final int SHORT_STEP = 256;

  private static final long[] NOTHING = {};

  private long[] positions = NOTHING;
  private long[] hashes = NOTHING;
  private int count;

  /// More was read.
  ///
  /// @param from  where it begins in the file
  /// @param to    where it ends
  /// @param chunk the file's bytes from `chunkFrom` on
  void read(long from, long to, byte[] chunk, long chunkFrom) {
    for (long at = next(from); at <= to; at = next(at)) {
      if (at - chunkFrom >= Anchor.MAX_LENGTH) {
        add(at, Anchor.at(at, chunk, 0, (int) (at - chunkFrom)).hash());
      }
    }
  }

  private static long next(long position) {
    int step = position < STEP ? SHORT_STEP : STEP;
    if (position < Fingerprint.MAX_LENGTH) {
      step = Anchor.MAX_LENGTH;
    }
    return (position / step + 1) * step;
  }

  private void add(long position, long hash) {
    if (positions.length == 0) {
      positions = new long[MOST];
      hashes = new long[MOST];
    }
    if (count == MOST) {
      removeLeastMissed(position);
    }
    positions[count] = position;
    hashes[count++] = hash;
  }

  /// The one without which the gap is the smallest, for how long ago it was read.
  private void removeLeastMissed(long end) {
    int least = 1;
    double leastMissed = Double.MAX_VALUE;
    for (int i = 1; i < count - 1; i++) {
      double missed = (double) (positions[i + 1] - positions[i - 1]) / (end - positions[i]);
      if (missed < leastMissed) {
        leastMissed = missed;
        least = i;
      }
    }
    count--;
    System.arraycopy(positions, least + 1, positions, least, count - least);
    System.arraycopy(hashes, least + 1, hashes, least, count - least);
  }

  /// The last position that is known and not behind `size`, where it is so close that content which has the same bytes before it,
  /// and ends at `size`, is surely the same.
  @Nullable Anchor closeBefore(long size) {
    for (int i = count - 1; i >= 0; i--) {
      if (positions[i] <= size) {
        long most = Math.max(size < 2 * STEP ? 2 * SHORT_STEP : STEP, size / 8);
        return size - positions[i] <= most
            ? new Anchor(positions[i], Anchor.MAX_LENGTH, hashes[i])
            : null;
      }
    }
    return null;
  }
}
