package dev.pannier.collector.buffer;

import java.util.ArrayDeque;

/// Arrays of one size that are used again. One as large as a batch is made in the old generation, and each that is left there brings
/// the next full collection nearer: so as many are kept as were in use at once.
///
/// They are within `memory`, beside what is held: all of them go when somebody needs the room, and step by step those that nobody
/// needs. Any thread.
public final class SpareArrays {
  private final MemoryBudget budget;
  private final int bytes;

  // Guarded by this.
  private final ArrayDeque<byte[]> spare = new ArrayDeque<>();

  /// The fewest since the last [#tend].
  private int fewest;

  /// @param bytes of each
  public SpareArrays(MemoryBudget budget, int bytes) {
    this.budget = budget;
    this.bytes = bytes;
    budget.add(this);
  }

  /// @return with whatever it had
  public byte[] take() {
    byte[] taken;
    synchronized (this) {
      taken = spare.poll();
      fewest = Math.min(fewest, spare.size());
    }
    if (taken == null) {
      return new byte[bytes];
    }
    budget.releaseSpare(bytes);
    return taken;
  }

  /// @param array of this size; nobody else uses it, and its reservation was given back
  public void give(byte[] array) {
    if (budget.trySpare(bytes)) {
      synchronized (this) {
        spare.push(array);
      }
    }
  }

  /// Half of those go that were not needed since the last time. To be called about each second.
  public void tend() {
    synchronized (this) {
      drop((fewest + 1) / 2);
      fewest = spare.size();
    }
  }

  /// All of them go.
  void clear() {
    synchronized (this) {
      drop(spare.size());
    }
  }

  private void drop(int many) {
    for (int i = 0; i < many; i++) {
      spare.removeLast();
      budget.releaseSpare(bytes);
    }
    fewest = Math.min(fewest, spare.size());
  }
}
