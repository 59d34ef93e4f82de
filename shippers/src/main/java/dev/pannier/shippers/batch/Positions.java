package dev.pannier.shippers.batch;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// What a batch carries of the file that it came from ([Batch#positions()]), in 34 bytes, big-endian:
/// ```
/// 0 version 1 · 1 generation · 9 first byte covered · 17 the byte after the last
/// 25 tag of the anchor (1) · 26 hash of the anchor
/// ```
///
/// @param generation   the file's content, random, never used for other content
/// @param from         the first byte covered
/// @param to           the byte after the last
/// @param anchorTag    how many bytes before `to` the hash covers, 0 to 64; 0 where nothing is known. 65 more where the rest of an
///     oversized line follows that is not shipped, 130 more where lines follow that continue such a record
/// @param anchorHash   of those bytes: tells whether a file still has what it had there
public record Positions(long generation, long from, long to, int anchorTag, long anchorHash) {
  private static final byte VERSION = 1;
  private static final int BYTES = 34;

  public byte[] encode() {
    return ByteBuffer.allocate(BYTES)
        .put(VERSION)
        .putLong(generation)
        .putLong(from)
        .putLong(to)
        .put((byte) anchorTag)
        .putLong(anchorHash)
        .array();
  }

  /// @return null for none, as received batches have
  /// @throws IllegalArgumentException where the bytes are of another version, or damaged
  public static @Nullable Positions decode(byte[] bytes) {
    if (bytes.length == 0) {
      return null;
    }
    if (bytes.length != BYTES || bytes[0] != VERSION) {
      throw new IllegalArgumentException(
          "no positions of version " + VERSION + ": " + bytes.length + " bytes");
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, 1, BYTES - 1);
    return new Positions(in.getLong(), in.getLong(), in.getLong(), in.get() & 0xFF, in.getLong());
  }
}
