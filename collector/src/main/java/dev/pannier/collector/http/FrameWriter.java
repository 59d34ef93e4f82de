package dev.pannier.collector.http;

import static java.nio.charset.StandardCharsets.UTF_8;

/// Writes HTTP/2 frames (RFC 9113, section 6).
final class FrameWriter {
  private final Output out;
  private final HpackEncoder encoder = new HpackEncoder();

  FrameWriter(Output out) {
    this.out = out;
  }

  private void header(int length, int type, int flags, int stream) {
    out.putInt24(length);
    out.put(type);
    out.put(flags);
    out.putInt(stream);
  }

  /// @param settings identifier, value, identifier, value
  void settings(int... settings) {
    header(settings.length / 2 * 6, FrameType.SETTINGS, 0, 0);
    for (int i = 0; i < settings.length; i += 2) {
      out.put(settings[i] >>> 8);
      out.put(settings[i]);
      out.putInt(settings[i + 1]);
    }
  }

  void settingsAck() {
    header(0, FrameType.SETTINGS, FrameType.FLAG_ACK, 0);
  }

  /// @param data the eight bytes of the PING
  void pingAck(byte[] data) {
    header(8, FrameType.PING, FrameType.FLAG_ACK, 0);
    out.put(data, 0, 8);
  }

  void windowUpdate(int stream, int increment) {
    header(4, FrameType.WINDOW_UPDATE, 0, stream);
    out.putInt(increment);
  }

  void reset(int stream, ErrorCode code) {
    header(4, FrameType.RST_STREAM, 0, stream);
    out.putInt(code.code);
  }

  void goAway(int lastStream, ErrorCode code, String reason) {
    byte[] debug = reason.getBytes(UTF_8);
    header(8 + debug.length, FrameType.GOAWAY, 0, 0);
    out.putInt(lastStream);
    out.putInt(code.code);
    out.put(debug, 0, debug.length);
  }

  void data(int stream, byte[] bytes, int offset, int length, boolean endStream) {
    header(length, FrameType.DATA, endStream ? FrameType.FLAG_END_STREAM : 0, stream);
    out.put(bytes, offset, length);
  }

  /// A response's head, or its trailers, in one frame.
  ///
  /// @param status        0 for trailers
  /// @param contentLength -1 to say nothing
  /// @return false where the fields do not fit it: nothing was written
  boolean headers(int stream, int status, Headers fields, long contentLength, boolean endStream) {
    int flags = FrameType.FLAG_END_HEADERS | (endStream ? FrameType.FLAG_END_STREAM : 0);
    int start = out.position();
    header(0, FrameType.HEADERS, flags, stream);
    int blockStart = out.position();
    if (status > 0) {
      encoder.status(out, status);
    }
    for (int i = 0; i < fields.size(); i++) {
      encoder.field(out, fields.name(i), fields.value(i));
    }
    if (contentLength >= 0) {
      encoder.field(out, "content-length", Long.toString(contentLength));
    }
    int length = out.position() - blockStart;
    if (length > FrameType.MAX_FRAME_BYTES) {
      out.cut(start);
      return false;
    }
    out.putInt24At(start, length);
    return true;
  }
}
