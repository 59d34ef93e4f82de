package dev.pannier.collector.buffer;

import org.jspecify.annotations.Nullable;

/// What a shipper holds of the memory for batches that it has read from the log: its share, and one batch whatever the others hold.
///
/// The shipper's thread alone.
final class ReadMemory {
  /// Arrays of this size are used again: a full batch of a file fits.
  static final int ARRAY_BYTES = 272 * 1024;

  private static final int SMALL_BYTES = 32 * 1024;

  private final MemoryBudget budget;
  private final SpareArrays spareArrays;

  /// Without what is lent.
  private long heldBytes;

  /// Of that, what is parked.
  private long parkedBytes;

  ReadMemory(MemoryBudget budget, SpareArrays spareArrays) {
    this.budget = budget;
    this.spareArrays = spareArrays;
  }

  /// @param mostParked while all that the shipper holds is parked, and is no more than that, this one is let in whatever others hold
  /// @param lentBytes  what of the shipper's its fallback holds
  /// @param shareBytes what a shipper may hold
  /// @return null where memory is short and something that is held will be given back
  byte @Nullable [] take(int bytes, long mostParked, long lentBytes, long shareBytes) {
    boolean usual = bytes > SMALL_BYTES && bytes <= ARRAY_BYTES;
    int length = usual ? ARRAY_BYTES : bytes;
    int size = length + Entry.BYTES;
    long before = heldBytes + lentBytes;
    boolean allIsParked = before == parkedBytes;
    if (allIsParked && before <= mostParked) {
      // A shipper goes on with one batch whatever the others hold, and whatever waits for a missing
      // topic.
      budget.reserve(size);
    } else if ((heldBytes > 0 && before + size > shareBytes) || !budget.tryReserve(size)) {
      // Whatever its fallback holds, it goes on with one batch where there is memory.
      return null;
    }
    heldBytes += size;
    return usual ? spareArrays.take() : new byte[length];
  }

  void release(byte[] array) {
    heldBytes -= size(array);
    budget.release(size(array));
    if (array.length == ARRAY_BYTES) {
      spareArrays.give(array);
    }
  }

  void lent(byte[] array) {
    heldBytes -= size(array);
  }

  void returned(byte[] array) {
    heldBytes += size(array);
  }

  void parked(byte[] array) {
    parkedBytes += size(array);
  }

  void unparked(byte[] array) {
    parkedBytes -= size(array);
  }

  private static int size(byte[] array) {
    return array.length + Entry.BYTES;
  }
}
