package dev.pannier.shippers.batch;

import java.util.Arrays;

/// Protobuf written forwards into a buffer that grows. A nested message's length is written when it
/// ends: room for it is left before, and what follows is moved if it needs another number of bytes.
final class Output {
  private byte[] bytes;
  private int size;

  Output(int capacity) {
    bytes = new byte[Math.max(16, capacity)];
  }

  byte[] bytes() {
    return bytes;
  }

  int size() {
    return size;
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  void copy(byte[] from, int start, int end) {
    int length = end - start;
    ensure(length);
    System.arraycopy(from, start, bytes, size, length);
    size += length;
  }

  void varint(int value) {
    ensure(Varints.MAX_INT_WIDTH);
    size = Varints.write(bytes, size, value);
  }

  /// A whole field with a length.
  void field(int tag, byte[] from, int start, int end) {
    varint(tag);
    varint(end - start);
    copy(from, start, end);
  }

  /// Begins a nested message.
  ///
  /// @param expectedLength saves moving it, if it is about right
  /// @return where its content begins; for [#end]
  int begin(int tag, int expectedLength) {
    varint(tag);
    varint(expectedLength);
    return size;
  }

  void end(int content, int expectedLength) {
    int length = size - content;
    int lengthAt = content - Varints.width(expectedLength);
    int moved = lengthAt + Varints.width(length);
    if (moved != content) {
      ensure(Varints.MAX_INT_WIDTH);
      System.arraycopy(bytes, content, bytes, moved, length);
    }
    Varints.write(bytes, lengthAt, length);
    size = moved + length;
  }

  /// Takes back what was written behind `newSize`.
  void truncate(int newSize) {
    size = newSize;
  }

  private void ensure(int more) {
    if (more > bytes.length - size) {
      int needed = Math.addExact(size, more);
      bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length + bytes.length / 2));
    }
  }
}
