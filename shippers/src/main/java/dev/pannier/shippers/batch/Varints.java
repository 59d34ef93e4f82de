package dev.pannier.shippers.batch;

/// Protobuf's base-128 varints.
final class Varints {
  /// The widest varint of a length, which is never negative.
  static final int MAX_INT_WIDTH = 5;

  private Varints() {}

  /// How many bytes `value` takes, 1 to 10; a negative value takes 10.
  static int width(long value) {
    // Comparisons: C1 has no instruction for counting zeros, and most values are lengths.
    if ((value & ~0x3FFFL) == 0) {
      return value < 0x80 ? 1 : 2;
    }
    return (70 - Long.numberOfLeadingZeros(value)) / 7;
  }

  /// @return the position after the last byte
  static int write(byte[] buffer, int position, long value) {
    long rest = value;
    int at = position;
    while ((rest & ~0x7FL) != 0) {
      buffer[at++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    buffer[at++] = (byte) rest;
    return at;
  }

  /// Writes `value`, below 2^14, in as few bytes as it takes.
  ///
  /// @return the position after the last byte
  static int writeShort(byte[] buffer, int position, int value) {
    if (value < 0x80) {
      buffer[position] = (byte) value;
      return position + 1;
    }
    buffer[position] = (byte) (value | 0x80);
    buffer[position + 1] = (byte) (value >>> 7);
    return position + 2;
  }

  /// Writes `value`, below 2^28, in four bytes whatever its size.
  static void writeStretched(byte[] buffer, int position, int value) {
    buffer[position] = (byte) (value | 0x80);
    buffer[position + 1] = (byte) ((value >>> 7) | 0x80);
    buffer[position + 2] = (byte) ((value >>> 14) | 0x80);
    buffer[position + 3] = (byte) (value >>> 21);
  }
}
