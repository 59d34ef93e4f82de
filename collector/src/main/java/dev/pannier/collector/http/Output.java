package dev.pannier.collector.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// Bytes on their way to a client. The array is let go of when all are sent.
final class Output {
  private static final int FIRST_CAPACITY = 512;

  /// What one call hands to the socket: it is copied to a direct buffer of this size.
  private static final int WRITE_BYTES = 64 * 1024;

  private static final byte[] EMPTY = {};

  private byte[] bytes = EMPTY;
  private int start;
  private int end;

  int pending() {
    return end - start;
  }

  /// The bytes of memory that it takes.
  int capacity() {
    return bytes.length;
  }

  /// The next byte's position, for [#putInt24At].
  int position() {
    return end - start;
  }

  void put(int value) {
    room(1);
    bytes[end++] = (byte) value;
  }

  void putInt24(int value) {
    room(3);
    bytes[end++] = (byte) (value >>> 16);
    bytes[end++] = (byte) (value >>> 8);
    bytes[end++] = (byte) value;
  }

  /// Replaces three bytes at what [#position] said.
  void putInt24At(int position, int value) {
    bytes[start + position] = (byte) (value >>> 16);
    bytes[start + position + 1] = (byte) (value >>> 8);
    bytes[start + position + 2] = (byte) value;
  }

  /// Takes back all from what [#position] said on.
  void cut(int position) {
    end = start + position;
  }

  void putInt(int value) {
    put(value >>> 24);
    putInt24(value);
  }

  void put(byte[] source, int offset, int length) {
    room(length);
    System.arraycopy(source, offset, bytes, end, length);
    end += length;
  }

  /// A string of ISO-8859-1 characters; any other becomes `?`.
  void put(String text) {
    room(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      bytes[end++] = (byte) (c < 256 ? c : '?');
    }
  }

  /// @return how many bytes the channel took
  int writeTo(WritableByteChannel channel) throws IOException {
    int written = 0;
    while (start < end) {
      int length = Math.min(end - start, WRITE_BYTES);
      int taken = channel.write(ByteBuffer.wrap(bytes, start, length));
      start += taken;
      written += taken;
      if (taken < length) {
        break;
      }
    }
    if (start == end) {
      clear();
    }
    return written;
  }

  void clear() {
    bytes = EMPTY;
    start = 0;
    end = 0;
  }

  private void room(int length) {
    if (length <= bytes.length - end) {
      return;
    }
    int pending = end - start;
    byte[] target = bytes;
    if (pending + length > bytes.length / 2) {
      target = new byte[Math.max(FIRST_CAPACITY, pending + length + (pending + length) / 2)];
    }
    System.arraycopy(bytes, start, target, 0, pending);
    bytes = target;
    start = 0;
    end = pending;
  }
}
