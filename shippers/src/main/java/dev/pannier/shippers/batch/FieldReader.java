package dev.pannier.shippers.batch;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Steps over the fields of one protobuf message, in the order of its bytes. Any bytes may be given
/// to it: it never throws and never reads outside of its range. Reused; allocates nothing.
///
/// ```
/// field          tag (varint: number << 3 | wire type), then
///   wire type 0  varint             value()
///   wire type 1  8 bytes, LE        value()
///   wire type 2  length, content    [start(), end())
///   wire type 5  4 bytes, LE        value()
/// ```
public final class FieldReader {
  public static final int VARINT = 0;
  public static final int FIXED64 = 1;
  public static final int BYTES = 2;
  public static final int FIXED32 = 5;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final byte[] NOTHING = {};

  private byte[] bytes = NOTHING;
  private int limit;
  private int position;
  private int fieldStart;
  private int number;
  private int wireType;
  private int start;
  private int end;
  private long value;
  private boolean broken;

  /// Begins at the first field of the message in `[start, end)`.
  public FieldReader over(byte[] bytes, int start, int end) {
    this.bytes = bytes;
    this.position = start;
    this.limit = end;
    this.broken = false;
    return this;
  }

  /// Steps to the next field.
  ///
  /// @return false at the message's end, and where the bytes are no protobuf ([#isBroken()])
  public boolean next() {
    if (position >= limit) {
      return false;
    }
    fieldStart = position;
    int first = bytes[position];
    long tag;
    if (first >= 0) {
      tag = first;
      position++;
    } else {
      tag = varint();
    }
    number = (int) (tag >>> 3);
    wireType = (int) tag & 7;
    if (broken || number == 0 || tag >>> 32 != 0) {
      return fail();
    }
    start = position;
    switch (wireType) {
      case VARINT -> value = varint();
      case FIXED64 -> {
        if (limit - position < Long.BYTES) {
          return fail();
        }
        value = (long) LONG.get(bytes, position);
        position += Long.BYTES;
      }
      case BYTES -> {
        int at = position;
        long length;
        if (limit - at >= 2 && (bytes[at] & bytes[at + 1]) >= 0) {
          // A byte or two, as nearly all lengths are.
          int low = bytes[at];
          length = low >= 0 ? low : (low & 0x7F) | bytes[at + 1] << 7;
          position = low >= 0 ? at + 1 : at + 2;
        } else {
          length = varint();
        }
        if (broken || length < 0 || length > limit - position) {
          return fail();
        }
        start = position;
        position += (int) length;
      }
      case FIXED32 -> {
        if (limit - position < Integer.BYTES) {
          return fail();
        }
        value = (int) INT.get(bytes, position) & 0xFFFF_FFFFL;
        position += Integer.BYTES;
      }
      default -> {
        return fail();
      }
    }
    end = position;
    return !broken;
  }

  /// Steps to the next number of a packed field, over whose content this reader was put.
  ///
  /// @param wireType of the numbers
  public boolean nextPacked(int wireType) {
    if (position >= limit) {
      return false;
    }
    if (wireType == VARINT) {
      value = varint();
      return !broken;
    }
    if (limit - position < Long.BYTES) {
      return fail();
    }
    value = (long) LONG.get(bytes, position);
    position += Long.BYTES;
    return true;
  }

  /// Whether the bytes ended inside a field or are no protobuf. The fields before were read.
  public boolean isBroken() {
    return broken;
  }

  /// @throws IllegalArgumentException if the bytes are no protobuf ([#isBroken()])
  void requireWhole() {
    if (broken) {
      throw new IllegalArgumentException("not a protobuf message: broken before offset " + limit);
    }
  }

  public int number() {
    return number;
  }

  /// Whether it is the field of this number and of wire type 2.
  boolean isBytes(int number) {
    return this.number == number && wireType == BYTES;
  }

  boolean isVarint(int number) {
    return this.number == number && wireType == VARINT;
  }

  public int wireType() {
    return wireType;
  }

  /// The varint, or the fixed bits; an unsigned number for [#FIXED32].
  public long value() {
    return value;
  }

  /// Where the field's tag begins.
  public int fieldStart() {
    return fieldStart;
  }

  /// Where the content begins, after tag and length.
  public int start() {
    return start;
  }

  /// Where the field ends.
  public int end() {
    return end;
  }

  private boolean fail() {
    broken = true;
    position = limit;
    return false;
  }

  private long varint() {
    long result = 0;
    int shift = 0;
    int at = position;
    while (at < limit && shift < Long.SIZE) {
      byte b = bytes[at++];
      result |= (b & 0x7FL) << shift;
      if (b >= 0) {
        position = at;
        return result;
      }
      shift += 7;
    }
    broken = true;
    position = limit;
    return 0;
  }
}
