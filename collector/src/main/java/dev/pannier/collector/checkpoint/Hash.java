package dev.pannier.collector.checkpoint;

/// FNV-1a of 64 bits: it tells files apart that differ by accident; nobody gains by a collision.
public final class Hash {
  static final long SEED = 0xCBF29CE484222325L;
  private static final long PRIME = 0x100000001B3L;

  private Hash() {}

  public static long of(byte[] bytes) {
    return update(SEED, bytes, 0, bytes.length);
  }

  static long update(long hash, byte[] bytes, int from, int to) {
    long result = hash;
    for (int i = from; i < to; i++) {
      result = (result ^ (bytes[i] & 0xFF)) * PRIME;
    }
    return result;
  }
}
