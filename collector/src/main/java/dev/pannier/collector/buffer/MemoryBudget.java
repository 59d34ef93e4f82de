package dev.pannier.collector.buffer;

import java.util.concurrent.atomic.AtomicLong;

/// The one bound (`memory`) on bytes held: request bodies, decompression, batches and clients'
/// buffers. Thread-safe.
public final class MemoryBudget {
  private volatile long limitBytes;
  private final AtomicLong heldBytes = new AtomicLong();

  public MemoryBudget(long limitBytes) {
    this.limitBytes = positive(limitBytes);
  }

  private static long positive(long limitBytes) {
    if (limitBytes <= 0) {
      throw new IllegalArgumentException("limitBytes <= 0: " + limitBytes);
    }
    return limitBytes;
  }

  /// Another bound from now on: shippers' clients came or went. Where more is held, nothing is
  /// given out before that much was given back.
  public void limit(long bytes) {
    limitBytes = positive(bytes);
  }

  /// Takes `bytes` if they are free now; never waits.
  public boolean tryReserve(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes < 0: " + bytes);
    }
    while (true) {
      long held = heldBytes.get();
      if (bytes > limitBytes - held) {
        return false;
      }
      if (heldBytes.compareAndSet(held, held + bytes)) {
        return true;
      }
    }
  }

  /// Takes `bytes` even where they are not free: for copies of what is held already, without which
  /// it could not leave. Until as much is given back, [#tryReserve] refuses everybody.
  public void reserve(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes < 0: " + bytes);
    }
    heldBytes.addAndGet(bytes);
  }

  /// Gives back what [#tryReserve] or [#reserve] took.
  public void release(long bytes) {
    long held = heldBytes.addAndGet(-bytes);
    if (bytes < 0 || held < 0) {
      throw new IllegalStateException(
          "released more than was reserved: " + bytes + ", left " + held);
    }
  }

  public long heldBytes() {
    return heldBytes.get();
  }

  public long limitBytes() {
    return limitBytes;
  }
}
