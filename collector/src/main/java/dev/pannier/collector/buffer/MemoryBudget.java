package dev.pannier.collector.buffer;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/// The one bound (`memory`) on bytes held: request bodies, decompression, batches and clients'
/// buffers. Thread-safe.
public final class MemoryBudget {
  private volatile long limitBytes;
  private final AtomicLong heldBytes = new AtomicLong();

  /// Kept for the next who needs an array, and by nobody held.
  private final AtomicLong spareBytes = new AtomicLong();

  private final List<SpareArrays> spares = new CopyOnWriteArrayList<>();

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
        clearSpares(held + bytes);
        return true;
      }
    }
  }

  /// Whether `bytes` could be taken if nobody held any: else to wait for it is in vain.
  public boolean everHas(long bytes) {
    return bytes <= limitBytes;
  }

  /// What of it one of so many shippers may hold in batches at most, unless a single batch is larger. As much for all as files may have
  /// unsynced: twice that would not fit the old generation beside what is alive there.
  long shareBytes(int shippers) {
    return limitBytes / 4 / Math.max(1, shippers);
  }

  /// Takes `bytes` even where they are not free: for copies of what is held already, without which
  /// it could not leave. Until as much is given back, [#tryReserve] refuses everybody.
  public void reserve(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes < 0: " + bytes);
    }
    clearSpares(heldBytes.addAndGet(bytes));
  }

  private void clearSpares(long held) {
    long spare = spareBytes.get();
    if (spare > 0 && held > limitBytes - spare) {
      spares.forEach(SpareArrays::clear);
    }
  }

  void add(SpareArrays arrays) {
    spares.add(arrays);
  }

  /// @return false where they would go beyond the bound with what is held
  boolean trySpare(long bytes) {
    if (spareBytes.addAndGet(bytes) > limitBytes - heldBytes.get()) {
      spareBytes.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  void releaseSpare(long bytes) {
    spareBytes.addAndGet(-bytes);
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
