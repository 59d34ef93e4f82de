package dev.pannier.shippers.kafka;

import dev.pannier.shippers.Committed;
import dev.pannier.shippers.batch.Positions;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The value of one message of the positions topic: all that a sidecar has stored by one shipper as of
/// one transaction, which holds the message, too. Big-endian:
/// ```
/// 0 version 1 or 2 · 1 instance · 9 transaction
/// 17 log · 25 sequence · 33 number of open sequences (4), then each (8)
///   in version 2 each as its distance from the one before, the first from 0: 7 bits a byte, the lowest first, with the eighth set
///   where more follow
/// number of file generations (4), then each: generation (8) · position (8) · anchor's tag (1) · anchor's hash (8)
/// ```
///
/// Version 2 is written where many are open, so that the version before reads what it can.
///
/// @param instance    the process that wrote it, random
/// @param transaction its number within the process, from 1
record PositionsRecord(long instance, long transaction, Committed committed) {
  private static final byte VERSION = 1;
  private static final byte VERSION_MANY = 2;

  /// More are written in version 2.
  static final int MANY = 1_000;

  private static final int DISTANCE_BYTES = 9;
  private static final int HEAD_BYTES = 37;
  private static final int FILE_BYTES = 25;

  /// Whether it is of the same process as another, and no later.
  boolean isUpTo(@Nullable PositionsRecord other) {
    return other != null && instance == other.instance && transaction <= other.transaction;
  }

  /// Whether it is of the same process as the last that is known, and was superseded by that.
  boolean isBefore(Progress known) {
    return instance == known.instance() && transaction < known.transaction();
  }

  byte[] encode() {
    long[] open = committed.open();
    Collection<Positions> files = committed.files();
    boolean many = open.length > MANY;
    ByteBuffer out =
        ByteBuffer.allocate(
            HEAD_BYTES
                + open.length * (many ? DISTANCE_BYTES : Long.BYTES)
                + Integer.BYTES
                + files.size() * FILE_BYTES);
    out.put(many ? VERSION_MANY : VERSION).putLong(instance).putLong(transaction);
    out.putLong(committed.log()).putLong(committed.sequence()).putInt(open.length);
    long before = 0;
    for (long sequence : open) {
      if (many) {
        putDistance(out, sequence - before);
        before = sequence;
      } else {
        out.putLong(sequence);
      }
    }
    out.putInt(files.size());
    for (Positions file : files) {
      out.putLong(file.generation()).putLong(file.to());
      out.put((byte) file.anchorTag()).putLong(file.anchorHash());
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  private static void putDistance(ByteBuffer out, long distance) {
    long left = distance;
    for (; left > 0x7F; left >>>= 7) {
      out.put((byte) ((left & 0x7F) | 0x80));
    }
    out.put((byte) left);
  }

  private static long distance(ByteBuffer in) {
    long distance = 0;
    for (int bits = 0; bits < Long.SIZE; bits += 7) {
      byte part = in.get();
      distance |= (long) (part & 0x7F) << bits;
      if (part >= 0) {
        return distance;
      }
    }
    throw new IllegalArgumentException("damaged: a distance has no end");
  }

  /// @throws IllegalArgumentException where it is of another version, or damaged
  static PositionsRecord decode(byte[] value) {
    ByteBuffer in = ByteBuffer.wrap(value);
    try {
      byte version = in.get();
      if (version != VERSION && version != VERSION_MANY) {
        throw new IllegalArgumentException(
            "version " + version + ", this pannier reads " + VERSION + " and " + VERSION_MANY);
      }
      boolean many = version == VERSION_MANY;
      long instance = in.getLong();
      long transaction = in.getLong();
      long log = in.getLong();
      long sequence = in.getLong();
      long[] open = new long[count(in, many ? 1 : Long.BYTES)];
      for (int i = 0; i < open.length; i++) {
        open[i] = many ? (i == 0 ? 0 : open[i - 1]) + distance(in) : in.getLong();
      }
      int count = count(in, FILE_BYTES);
      List<Positions> files = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        files.add(new Positions(in.getLong(), 0, in.getLong(), in.get() & 0xFF, in.getLong()));
      }
      return new PositionsRecord(instance, transaction, new Committed(log, sequence, open, files));
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("cut short at " + value.length + " bytes", e);
    }
  }

  private static int count(ByteBuffer in, int bytesEach) {
    int count = in.getInt();
    if (count < 0 || count > in.remaining() / bytesEach) {
      throw new IllegalArgumentException("damaged: " + count + " entries");
    }
    return count;
  }
}
