package dev.pannier.collector.receive;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/// Writes a small protobuf message: the answers, which are nearly always empty.
final class Message {
  private static final int VARINT = 0;
  private static final int LENGTH_DELIMITED = 2;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream(64);

  Message varint(int field, long value) {
    put((long) field << 3 | VARINT);
    put(value);
    return this;
  }

  Message string(int field, String text) {
    return bytes(field, text.getBytes(UTF_8));
  }

  Message message(int field, Message message) {
    return bytes(field, message.toBytes());
  }

  private Message bytes(int field, byte[] bytes) {
    put((long) field << 3 | LENGTH_DELIMITED);
    put(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  byte[] toBytes() {
    return out.toByteArray();
  }

  private void put(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) (rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
