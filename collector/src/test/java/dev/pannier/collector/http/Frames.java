package dev.pannier.collector.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/// An HTTP/2 client's frames: builds what it sends, and tells what it got, a line a frame.
final class Frames {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final HpackDecoder decoder = new HpackDecoder(1 << 20);

  /// The preface and empty SETTINGS.
  static Frames hello() {
    Frames frames = new Frames();
    frames.out.writeBytes(Connection.PREFACE);
    return frames.frame(FrameType.SETTINGS, 0, 0, "");
  }

  Frames frame(int type, int flags, int stream, String hexPayload) {
    return frame(type, flags, stream, HexFormat.of().parseHex(hexPayload));
  }

  Frames frame(int type, int flags, int stream, byte[] payload) {
    Output frame = new Output();
    frame.putInt24(payload.length);
    frame.put(type);
    frame.put(flags);
    frame.putInt(stream);
    frame.put(payload, 0, payload.length);
    out.writeBytes(Wire.drain(frame));
    return this;
  }

  /// HEADERS of a request, complete.
  Frames request(int stream, boolean end, String method, String path, String... fields) {
    return frame(
        FrameType.HEADERS,
        FrameType.FLAG_END_HEADERS | (end ? FrameType.FLAG_END_STREAM : 0),
        stream,
        block(method, path, fields));
  }

  static byte[] block(String method, String path, String... fields) {
    Output block = new Output();
    HpackEncoder encoder = new HpackEncoder();
    encoder.field(block, ":method", method);
    encoder.field(block, ":scheme", "http");
    encoder.field(block, ":path", path);
    for (int i = 0; i < fields.length; i += 2) {
      encoder.field(block, fields[i], fields[i + 1]);
    }
    return Wire.drain(block);
  }

  Frames data(int stream, boolean end, String text) {
    return frame(
        FrameType.DATA, end ? FrameType.FLAG_END_STREAM : 0, stream, text.getBytes(ISO_8859_1));
  }

  byte[] bytes() {
    byte[] bytes = out.toByteArray();
    out.reset();
    return bytes;
  }

  /// What came from the server: `1 HEADERS :status=200 … END`, `0 GOAWAY PROTOCOL_ERROR`.
  List<String> read(byte[] bytes) {
    List<String> lines = new ArrayList<>();
    int at = 0;
    while (at < bytes.length) {
      int length = FrameReader.int32(bytes, at) >>> 8;
      int type = bytes[at + 3];
      boolean flagged = (bytes[at + 4] & 1) != 0;
      String stream = FrameReader.int32(bytes, at + 5) + " ";
      int payload = at + 9;
      at = payload + length;
      lines.add(
          stream
              + switch (type) {
                case FrameType.DATA ->
                    "DATA " + new String(bytes, payload, length, ISO_8859_1) + end(flagged);
                case FrameType.HEADERS -> "HEADERS" + fields(bytes, payload, length) + end(flagged);
                case FrameType.RST_STREAM -> "RST_STREAM " + code(bytes, payload);
                case FrameType.SETTINGS -> flagged ? "SETTINGS ACK" : "SETTINGS";
                case FrameType.PING -> "PING ACK " + HexFormat.of().formatHex(bytes, payload, at);
                case FrameType.GOAWAY -> "GOAWAY " + code(bytes, payload + 4);
                case FrameType.WINDOW_UPDATE ->
                    "WINDOW_UPDATE " + FrameReader.int32(bytes, payload);
                default -> "type " + type;
              });
    }
    return lines;
  }

  private static String end(boolean flagged) {
    return flagged ? " END" : "";
  }

  private static ErrorCode code(byte[] bytes, int offset) {
    int code = FrameReader.int32(bytes, offset);
    return Arrays.stream(ErrorCode.values()).filter(each -> each.code == code).findAny().get();
  }

  private String fields(byte[] bytes, int offset, int length) {
    List<String> fields = decoder.decode(bytes, offset, length);
    if (fields == null) {
      throw new AssertionError("a block that cannot be decoded");
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < fields.size(); i += 2) {
      text.append(' ').append(fields.get(i)).append('=').append(fields.get(i + 1));
    }
    return text.toString();
  }
}
