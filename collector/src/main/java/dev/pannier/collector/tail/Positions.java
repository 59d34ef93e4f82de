package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.SavedGeneration;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What a batch carries of the file that it came from, in 34 bytes, big-endian:
///
/// ```
/// 0 version 1 · 1 generation · 9 first byte covered · 17 the byte after the last
/// 25 how many bytes before it the hash covers · 26 their hash
/// ```
///
/// @param generation the file's
/// @param from the first byte that the batch covers
/// @param end the byte after the last, and the hash of those before it
public record Positions(long generation, long from, Anchor end) {
  private static final byte VERSION = 1;
  private static final int BYTES = 34;

  static byte[] encode(long generation, long from, Anchor end) {
    return ByteBuffer.allocate(BYTES)
        .put(VERSION)
        .putLong(generation)
        .putLong(from)
        .putLong(end.position())
        .put((byte) end.length())
        .putLong(end.hash())
        .array();
  }

  /// @throws IllegalArgumentException where the bytes are of another version
  public static Positions decode(byte[] bytes) {
    if (bytes.length != BYTES || bytes[0] != VERSION) {
      throw new IllegalArgumentException("positions of an unknown version");
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, 1, BYTES - 1);
    long generation = in.getLong();
    long from = in.getLong();
    long position = in.getLong();
    return new Positions(
        generation, from, new Anchor(position, Byte.toUnsignedInt(in.get()), in.getLong()));
  }

  /// What was stored of each generation, with the higher of its position and the one in `taken`.
  ///
  /// @param taken positions as batches carried them, of which all before is taken over
  public static List<SavedGeneration> raise(List<SavedGeneration> saved, List<byte[]> taken) {
    Map<Long, Anchor> ends = new HashMap<>();
    for (byte[] bytes : taken) {
      Positions positions = decode(bytes);
      ends.merge(
          positions.generation(),
          positions.end(),
          (one, other) -> one.position() >= other.position() ? one : other);
    }
    List<SavedGeneration> raised = new ArrayList<>(saved.size());
    for (SavedGeneration generation : saved) {
      Anchor end = ends.get(generation.id());
      raised.add(
          end == null || end.position() <= generation.acknowledged().position()
              ? generation
              : generation.acknowledgedTo(end));
    }
    return raised;
  }
}
