package dev.pannier.collector.receive;

import dev.pannier.collector.buffer.MemoryBudget;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// Unpacks gzip (RFC 1952) into memory that is reserved first and never more than a limit. The
/// size that the trailer announces is believed as far as deflate could have reached it, so that an
/// honest body is unpacked into one array of its size. One thread; holds native memory.
final class Gunzip implements AutoCloseable {
  private static final int HEADER_BYTES = 10;
  private static final int TRAILER_BYTES = 8;

  /// What deflate makes of one byte at most.
  private static final long MAX_RATIO = 1032;

  private static final int FIRST_CAPACITY = 4096;
  private static final byte[] EMPTY = {};

  private static final int FLAG_HEADER_CRC = 2;
  private static final int FLAG_EXTRA = 4;
  private static final int FLAG_NAME = 8;
  private static final int FLAG_COMMENT = 16;

  private final MemoryBudget budget;
  private final int maxBytes;
  private final Inflater inflater = new Inflater(true);

  private byte[] unpacked = EMPTY;
  private int length;

  Gunzip(MemoryBudget budget, int maxBytes) {
    this.budget = budget;
    this.maxBytes = maxBytes;
  }

  /// Unpacks `in[offset, offset + inLength)`. After [Unpacking#UNPACKED] the caller owns [#bytes()],
  /// all of whose length is reserved.
  Unpacking unpack(byte[] in, int offset, int inLength) {
    forget();
    Unpacking result;
    try {
      result = members(in, offset, offset + inLength);
    } catch (DataFormatException e) {
      result = Unpacking.BROKEN;
    }
    // The packed bytes are not its to keep.
    inflater.reset();
    if (result != Unpacking.UNPACKED) {
      budget.release(unpacked.length);
      forget();
    }
    return result;
  }

  byte[] bytes() {
    return unpacked;
  }

  int length() {
    return length;
  }

  /// Lets go of what was unpacked, whose owner accounts for it.
  void forget() {
    unpacked = EMPTY;
    length = 0;
  }

  @Override
  public void close() {
    inflater.end();
  }

  private Unpacking members(byte[] in, int start, int end) throws DataFormatException {
    int offset = start;
    do {
      int data = endOfHeader(in, offset, end);
      if (data < 0 || end - data < TRAILER_BYTES) {
        return Unpacking.BROKEN;
      }
      if (offset == start) {
        // Of a body that was cut off these are any four bytes.
        long announced = int32(in, end - 4) & 0xffff_ffffL;
        boolean credible =
            announced > 0 && announced <= maxBytes && announced <= MAX_RATIO * (end - start);
        // A byte more than announced, so that inflating can see that nothing follows.
        int capacity = (int) (credible ? announced : Math.min(FIRST_CAPACITY, maxBytes)) + 1;
        Unpacking grown = grow(capacity, in.length);
        if (grown != Unpacking.UNPACKED) {
          return grown;
        }
      }
      int memberStart = length;
      inflater.reset();
      inflater.setInput(in, data, end - data);
      Unpacking result = inflate(in.length);
      if (result != Unpacking.UNPACKED) {
        return result;
      }
      int trailer = end - inflater.getRemaining();
      if (end - trailer < TRAILER_BYTES
          || int32(in, trailer) != crc(memberStart)
          || int32(in, trailer + 4) != length - memberStart) {
        return Unpacking.BROKEN;
      }
      offset = trailer + TRAILER_BYTES;
    } while (offset < end);
    return Unpacking.UNPACKED;
  }

  /// @param packed bytes that are held meanwhile
  private Unpacking inflate(int packed) throws DataFormatException {
    while (!inflater.finished()) {
      int count = inflater.inflate(unpacked, length, unpacked.length - length);
      length += count;
      if (length > maxBytes) {
        return Unpacking.TOO_LARGE;
      }
      if (count > 0 || inflater.finished()) {
        continue;
      }
      if (inflater.needsInput() || inflater.needsDictionary()) {
        return Unpacking.BROKEN;
      }
      Unpacking grown = grow((int) Math.min(maxBytes + 1L, 2L * unpacked.length), packed);
      if (grown != Unpacking.UNPACKED) {
        return grown;
      }
    }
    return Unpacking.UNPACKED;
  }

  private Unpacking grow(int capacity, int packed) {
    if (!budget.tryReserve(capacity)) {
      return budget.everHas((long) packed + unpacked.length + capacity)
          ? Unpacking.NO_MEMORY
          : Unpacking.NEVER_MEMORY;
    }
    int before = unpacked.length;
    unpacked = Arrays.copyOf(unpacked, capacity);
    budget.release(before);
    return Unpacking.UNPACKED;
  }

  private int crc(int memberStart) {
    CRC32 crc = new CRC32();
    crc.update(unpacked, memberStart, length - memberStart);
    return (int) crc.getValue();
  }

  /// Where a member's deflated data begins; -1 where its header is broken.
  private static int endOfHeader(byte[] in, int start, int end) {
    if (end - start < HEADER_BYTES
        || in[start] != 0x1f
        || in[start + 1] != (byte) 0x8b
        || in[start + 2] != 8) {
      return -1;
    }
    int flags = in[start + 3];
    int next = start + HEADER_BYTES;
    if ((flags & FLAG_EXTRA) != 0) {
      next = end - next < 2 ? end : next + 2 + (in[next] & 0xff) + ((in[next + 1] & 0xff) << 8);
    }
    for (int flag : new int[] {FLAG_NAME, FLAG_COMMENT}) {
      if ((flags & flag) != 0) {
        while (next < end && in[next] != 0) {
          next++;
        }
        next++;
      }
    }
    if ((flags & FLAG_HEADER_CRC) != 0) {
      next += 2;
    }
    return next < end ? next : -1;
  }

  /// Four bytes, little-endian.
  private static int int32(byte[] in, int offset) {
    return (in[offset] & 0xff)
        | (in[offset + 1] & 0xff) << 8
        | (in[offset + 2] & 0xff) << 16
        | in[offset + 3] << 24;
  }
}
