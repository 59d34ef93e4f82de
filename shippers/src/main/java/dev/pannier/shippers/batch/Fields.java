package dev.pannier.shippers.batch;

/// Walks over the fields of one protobuf message without decoding it.
///
/// ```
///   tag  [length]  value          tag = field number << 3 | wire type
///   ▴    ▴         ▴    ▴
///   start          valueStart  end
/// ```
///
/// Everything it answers about is the field that the last [#next] found.
final class Fields {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int LENGTH = 2;
  static final int FIXED32 = 5;

  private final byte[] bytes;
  private int at;
  private final int messageEnd;
  private int start;
  private int tag;
  private int valueStart;

  Fields(byte[] bytes, int messageStart, int messageEnd) {
    this.bytes = bytes;
    this.at = messageStart;
    this.messageEnd = messageEnd;
  }

  /// @return false at the message's end
  /// @throws IllegalArgumentException if the bytes are no protobuf message
  boolean next() {
    if (at >= messageEnd) {
      return false;
    }
    start = at;
    tag = (int) varint();
    valueStart = at;
    switch (tag & 7) {
      case VARINT -> varint();
      case FIXED64 -> at += 8;
      case FIXED32 -> at += 4;
      case LENGTH -> {
        long length = varint();
        valueStart = at;
        if (length < 0 || length > messageEnd - at) {
          throw malformed("a field of " + length + " bytes");
        }
        at += (int) length;
      }
      default -> throw malformed("wire type " + (tag & 7));
    }
    if (at > messageEnd) {
      throw malformed("a field beyond the end");
    }
    return true;
  }

  int tag() {
    return tag;
  }

  int number() {
    return tag >>> 3;
  }

  int wireType() {
    return tag & 7;
  }

  boolean is(int number, int wireType) {
    return tag == (number << 3 | wireType);
  }

  /// The tag's first byte.
  int start() {
    return start;
  }

  /// The value's first byte, behind its length if it has one.
  int valueStart() {
    return valueStart;
  }

  /// Where the field ends, and its value.
  int end() {
    return at;
  }

  /// The value of a [#VARINT] field.
  long varintValue() {
    int next = at;
    at = valueStart;
    long value = varint();
    at = next;
    return value;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64 && at < messageEnd; shift += 7) {
      byte b = bytes[at];
      at++;
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw malformed("a varint without end");
  }

  private IllegalArgumentException malformed(String what) {
    return new IllegalArgumentException(
        "not a protobuf message: " + what + " at offset " + at + " of " + messageEnd);
  }
}
