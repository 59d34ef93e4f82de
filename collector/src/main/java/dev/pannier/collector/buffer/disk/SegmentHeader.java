package dev.pannier.collector.buffer.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/// What a segment begins with, as the package draws it.
///
/// @param version of the format that the segment is written in
/// @param positionsCount whether positions in it say what they should
/// @param beforeUnsure whether the segment before could not be synced
/// @param first the lowest number that may stand in the segment
/// @param knownUpTo the snapshot has the positions of all records up to this number
/// @param positions for each owner, as its generation is written, the positions of its last record
/// @param bytes of the header itself
record SegmentHeader(
    int version,
    boolean positionsCount,
    boolean beforeUnsure,
    long first,
    long knownUpTo,
    Map<String, byte[]> positions,
    int bytes) {
  /// What is written; each one before it is read.
  static final int VERSION = 3;

  private static final int MAGIC = 0x504E4C47;
  private static final int FIXED_BYTES = 28;
  private static final int POSITIONS_DO_NOT_COUNT = 1;
  private static final int BEFORE_UNSURE = 2;
  private static final int MAX_BYTES = 64 << 20;

  /// What was read is no whole header.
  static final class Damaged extends IOException {
    private static final long serialVersionUID = 1;

    Damaged(String message) {
      super(message);
    }
  }

  /// @return the bytes of a header of this version
  static ByteBuffer encode(
      boolean positionsCount,
      boolean beforeUnsure,
      long first,
      long knownUpTo,
      Map<String, byte[]> positions) {
    List<byte[]> parts = new ArrayList<>(2 * positions.size());
    int snapshot = 0;
    for (Map.Entry<String, byte[]> entry : positions.entrySet()) {
      byte[] key = entry.getKey().getBytes(StandardCharsets.UTF_8);
      parts.add(key);
      parts.add(entry.getValue());
      snapshot += 2 * Short.BYTES + key.length + entry.getValue().length;
    }
    ByteBuffer out = ByteBuffer.allocate(FIXED_BYTES + snapshot + Integer.BYTES);
    out.putInt(MAGIC)
        .putShort((short) VERSION)
        .putShort(
            (short)
                ((positionsCount ? 0 : POSITIONS_DO_NOT_COUNT)
                    | (beforeUnsure ? BEFORE_UNSURE : 0)))
        .putLong(first)
        .putLong(knownUpTo)
        .putInt(snapshot);
    for (byte[] part : parts) {
      out.putShort((short) part.length).put(part);
    }
    CRC32C crc = new CRC32C();
    crc.update(out.duplicate().flip());
    return out.putInt((int) crc.getValue()).flip();
  }

  /// @throws Damaged where it is none; the message says why
  /// @throws LaterVersion where it is one, and of a later version
  /// @throws IOException where it cannot be read
  static SegmentHeader read(FileChannel channel) throws IOException {
    ByteBuffer fixed = fill(channel, FIXED_BYTES);
    if (fixed.getInt(0) != MAGIC) {
      throw new Damaged("not a segment of a disk buffer");
    }
    int snapshot = fixed.getInt(24);
    if (snapshot < 0 || snapshot > MAX_BYTES) {
      throw new Damaged("its header is damaged");
    }
    ByteBuffer in = fill(channel, FIXED_BYTES + snapshot + Integer.BYTES);
    CRC32C crc = new CRC32C();
    crc.update(in.duplicate().limit(FIXED_BYTES + snapshot));
    if ((int) crc.getValue() != in.getInt(FIXED_BYTES + snapshot)) {
      throw new Damaged("its header is damaged");
    }
    int version = Short.toUnsignedInt(in.getShort(4));
    if (version > VERSION) {
      throw new LaterVersion(version, VERSION);
    }
    Map<String, byte[]> positions = new LinkedHashMap<>();
    in.position(FIXED_BYTES).limit(FIXED_BYTES + snapshot);
    while (in.hasRemaining()) {
      String key = new String(part(in), StandardCharsets.UTF_8);
      positions.put(key, part(in));
    }
    return new SegmentHeader(
        version,
        (in.getShort(6) & POSITIONS_DO_NOT_COUNT) == 0,
        (in.getShort(6) & BEFORE_UNSURE) != 0,
        in.getLong(8),
        in.getLong(16),
        positions,
        in.limit() + Integer.BYTES);
  }

  private static byte[] part(ByteBuffer in) {
    byte[] part = new byte[Short.toUnsignedInt(in.getShort())];
    in.get(part);
    return part;
  }

  private static ByteBuffer fill(FileChannel channel, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, buffer.position()) < 0) {
        throw new Damaged("cut short at " + buffer.position() + " bytes");
      }
    }
    return buffer.flip();
  }
}
