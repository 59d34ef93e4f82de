package dev.pannier.collector.tail;

import java.nio.ByteBuffer;

/// What a batch carries of the file that it came from, in 25 bytes, big-endian:
/// ```
/// 0 version 1 · 1 generation · 9 first byte covered · 17 the byte after the last
/// ```
final class Positions {
  private static final byte VERSION = 1;

  private Positions() {}

  static byte[] encode(long generation, long from, long to) {
    return ByteBuffer.allocate(25)
        .put(VERSION)
        .putLong(generation)
        .putLong(from)
        .putLong(to)
        .array();
  }
}
