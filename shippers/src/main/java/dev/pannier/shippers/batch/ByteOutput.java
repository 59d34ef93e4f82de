package dev.pannier.shippers.batch;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Bytes that are being written, in an array that grows as needed and is used again. Protobuf
/// messages are written with [#open] and [#close], which moves a message whose length takes more or
/// fewer bytes than were left for it.
public final class ByteOutput {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int MOST_BYTES = Integer.MAX_VALUE - 8;

  private byte[] bytes;
  private int length;
  private int most = MOST_BYTES;

  public ByteOutput(int capacity) {
    this.bytes = new byte[Math.max(16, capacity)];
  }

  /// From now on its array does not grow beyond this: what would need more ends in an
  /// [OutputFullException], and what was written by then is no whole.
  public void limit(int mostBytes) {
    most = Math.min(mostBytes, MOST_BYTES);
  }

  /// The array that holds what was written, until the next write.
  public byte[] bytes() {
    return bytes;
  }

  public int length() {
    return length;
  }

  /// Forgets all that was written after the first `length` bytes.
  public void truncate(int length) {
    this.length = length;
  }

  /// Forgets what was written, and lets go of an array above `maxCapacity`.
  public void clear(int maxCapacity) {
    length = 0;
    if (bytes.length > maxCapacity) {
      bytes = new byte[Math.max(16, maxCapacity)];
    }
  }

  public byte[] toBytes() {
    return Arrays.copyOf(bytes, length);
  }

  /// Makes room for `more` bytes.
  ///
  /// @return the array, to be written from [#length()] on and followed by [#advance]
  public byte[] reserve(int more) {
    if (more > bytes.length - length) {
      int wanted = Math.addExact(length, more);
      if (wanted > most) {
        throw new OutputFullException(most);
      }
      int grown = (int) Math.min(most, bytes.length * 3L / 2);
      bytes = Arrays.copyOf(bytes, Math.max(wanted, grown));
    }
    return bytes;
  }

  public void advance(int count) {
    length += count;
  }

  public void write(int b) {
    reserve(1)[length++] = (byte) b;
  }

  public void write(byte[] from) {
    write(from, 0, from.length);
  }

  public void write(byte[] from, int offset, int count) {
    reserve(count);
    System.arraycopy(from, offset, bytes, length, count);
    length += count;
  }

  public void varint(long value) {
    reserve(10);
    length = Varints.write(bytes, length, value);
  }

  public void tag(int number, int wireType) {
    varint((long) number << 3 | wireType);
  }

  public void fixed64(long value) {
    LONG.set(reserve(Long.BYTES), length, value);
    length += Long.BYTES;
  }

  public void fixed32(int value) {
    INT.set(reserve(Integer.BYTES), length, value);
    length += Integer.BYTES;
  }

  /// A field of wire type 2.
  public void field(int number, byte[] from, int offset, int count) {
    tag(number, FieldReader.BYTES);
    varint(count);
    write(from, offset, count);
  }

  /// Begins a message field.
  ///
  /// @param likelyLength how long it is likely to become
  /// @return what [#close] needs
  public long open(int number, int likelyLength) {
    tag(number, FieldReader.BYTES);
    int width = Varints.width(likelyLength);
    reserve(width);
    length += width;
    return (long) length << 8 | width;
  }

  /// Ends the message field that was opened last and is still open.
  public void close(long opened) {
    int content = (int) (opened >>> 8);
    int reserved = (int) (opened & 0xFF);
    int size = length - content;
    int width = Varints.width(size);
    if (width != reserved) {
      reserve(Math.max(0, width - reserved));
      System.arraycopy(bytes, content, bytes, content + width - reserved, size);
      length += width - reserved;
    }
    Varints.write(bytes, content - reserved, size);
  }
}
