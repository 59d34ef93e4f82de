package dev.pannier.collector.tail;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// Arrays of one size that are used again. Any thread.
final class SpareBuffers {
  private final int bytes;
  private volatile int most;
  private final Queue<byte[]> spare = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();

  /// @param bytes of each
  /// @param most  that are kept
  SpareBuffers(int bytes, int most) {
    this.bytes = bytes;
    this.most = most;
  }

  /// From now on keeps so many.
  void keep(int many) {
    most = many;
  }

  byte[] take() {
    byte[] taken = spare.poll();
    if (taken == null) {
      return new byte[bytes];
    }
    count.decrementAndGet();
    return taken;
  }

  void give(byte[] buffer) {
    if (count.incrementAndGet() > most) {
      count.decrementAndGet();
    } else {
      spare.add(buffer);
    }
  }
}
