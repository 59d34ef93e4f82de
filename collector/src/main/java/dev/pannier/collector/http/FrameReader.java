package dev.pannier.collector.http;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// Cuts what comes in into HTTP/2 frames: DATA is handed on as it arrives, any other frame when it
/// is complete.
final class FrameReader {
  private static final byte[] EMPTY = {};

  private final Http2Protocol protocol;
  private final byte[] header = new byte[FrameType.HEADER_BYTES];
  private int headerLength;

  private int length;
  private int type;
  private int flags;
  private int stream;

  private byte[] payload = EMPTY;

  /// How much of the payload has been read.
  private int taken;

  FrameReader(Http2Protocol protocol) {
    this.protocol = protocol;
  }

  /// Whether a part of a frame is here.
  boolean isWithinFrame() {
    return headerLength > 0;
  }

  /// Consumes all of `in`, unless an error ends the connection.
  void read(ByteBuffer in) throws Http2Error {
    while (in.hasRemaining()) {
      if (headerLength < FrameType.HEADER_BYTES) {
        if (headerLength == 0) {
          protocol.firstByte();
        }
        int count = Math.min(in.remaining(), FrameType.HEADER_BYTES - headerLength);
        in.get(header, headerLength, count);
        headerLength += count;
        if (headerLength < FrameType.HEADER_BYTES) {
          return;
        }
        beginFrame(); // a frame without payload ends below, though nothing may remain to be read
      }
      int count = Math.min(in.remaining(), length - taken);
      if (type == FrameType.DATA) {
        taken += count;
        protocol.data(in, count);
      } else {
        if (payload.length < taken + count) {
          payload = Arrays.copyOf(payload, Math.min(length, 2 * (taken + count)));
        }
        in.get(payload, taken, count);
        taken += count;
      }
      if (taken == length) {
        endFrame();
      }
    }
  }

  private void beginFrame() throws Http2Error {
    length = (header[0] & 0xff) << 16 | (header[1] & 0xff) << 8 | (header[2] & 0xff);
    type = header[3] & 0xff;
    flags = header[4] & 0xff;
    stream = int32(header, 5) & 0x7fff_ffff;
    taken = 0;
    protocol.beginFrame(type, flags, stream, length);
  }

  private void endFrame() throws Http2Error {
    byte[] complete = payload;
    payload = EMPTY;
    headerLength = 0;
    if (type == FrameType.DATA) {
      protocol.endData(flags);
    } else {
      protocol.frame(type, flags, stream, complete, length);
    }
  }

  /// Four bytes, big-endian.
  static int int32(byte[] bytes, int offset) {
    return bytes[offset] << 24
        | (bytes[offset + 1] & 0xff) << 16
        | (bytes[offset + 2] & 0xff) << 8
        | (bytes[offset + 3] & 0xff);
  }
}
