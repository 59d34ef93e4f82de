package dev.pannier.collector.buffer.disk;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/// What a shipper is done with ahead of the first record that it is not done with: all up to a number, but for some. Immutable.
public final class Ahead {
  /// Nothing.
  public static final Ahead NONE = new Ahead(0, new long[0]);

  /// More are not stored: what lies behind them counts as not done.
  public static final int MOST_OPEN = 1 << 16;

  private final long to;
  private final long[] open;

  /// @param to   all up to this number are done
  /// @param open but for these, ascending
  public Ahead(long to, long[] open) {
    if (open.length > MOST_OPEN) {
      this.open = Arrays.copyOf(open, MOST_OPEN);
      this.to = open[MOST_OPEN] - 1;
    } else {
      this.open = open.clone();
      this.to = to;
    }
  }

  public long to() {
    return to;
  }

  /// Those up to [#to] that are not done, ascending.
  public long[] open() {
    return open.clone();
  }

  /// Whether the shipper is known to be done with a record.
  public boolean covers(long sequence) {
    return sequence <= to && Arrays.binarySearch(open, sequence) < 0;
  }

  /// @param passed below which none is open
  void write(DataOutput out, long passed) throws IOException {
    out.writeLong(to);
    out.writeInt(open.length);
    long before = passed;
    for (long each : open) {
      long gap = each - before;
      for (; gap > 0x7F; gap >>>= 7) {
        out.writeByte((int) (gap & 0x7F) | 0x80);
      }
      out.writeByte((int) gap);
      before = each;
    }
  }

  static Ahead read(DataInput in, long passed) throws IOException {
    long to = in.readLong();
    int count = in.readInt();
    if (count < 0 || count > MOST_OPEN) {
      throw new IOException("damaged: " + count + " numbers");
    }
    long[] open = new long[count];
    long before = passed;
    for (int i = 0; i < count; i++) {
      long gap = 0;
      int bits = 0;
      int part;
      do {
        part = in.readUnsignedByte();
        gap |= (long) (part & 0x7F) << bits;
        bits += 7;
      } while (part > 0x7F && bits < Long.SIZE);
      before += gap;
      open[i] = before;
    }
    return new Ahead(to, open);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Ahead that && to == that.to && Arrays.equals(open, that.open);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(to) + 31 * Arrays.hashCode(open);
  }

  @Override
  public String toString() {
    return "to " + to + " without " + Arrays.toString(open);
  }
}
