package dev.pannier.shippers.batch;

/// What a JSON string stands for, written as bytes. Each method says whether the text was valid;
/// where it was not, some of it may have been written.
final class TextDecoder {
  private static final int MAX_UTF8_A_CHAR = 3;

  private TextDecoder() {}

  /// Half a surrogate pair becomes U+FFFD.
  static boolean utf8(char[] chars, int start, int end, ByteOutput out) {
    int at = start;
    while (at < end) {
      // In pieces, so that the reservation is not three times the text.
      int pieceEnd = Math.min(end, at + 1024);
      byte[] bytes = out.reserve(MAX_UTF8_A_CHAR * (pieceEnd - at) + 1);
      int from = out.length();
      int to = from;
      while (at < pieceEnd) {
        char c = chars[at++];
        if (c < 0x80) {
          bytes[to++] = (byte) c;
        } else if (c < 0x800) {
          bytes[to++] = (byte) (0xC0 | c >> 6);
          bytes[to++] = (byte) (0x80 | (c & 0x3F));
        } else if (Character.isHighSurrogate(c)
            && at < end
            && Character.isLowSurrogate(chars[at])) {
          int point = Character.toCodePoint(c, chars[at++]);
          bytes[to++] = (byte) (0xF0 | point >> 18);
          bytes[to++] = (byte) (0x80 | (point >> 12 & 0x3F));
          bytes[to++] = (byte) (0x80 | (point >> 6 & 0x3F));
          bytes[to++] = (byte) (0x80 | (point & 0x3F));
        } else {
          char valid = Character.isSurrogate(c) ? '\uFFFD' : c;
          bytes[to++] = (byte) (0xE0 | valid >> 12);
          bytes[to++] = (byte) (0x80 | (valid >> 6 & 0x3F));
          bytes[to++] = (byte) (0x80 | (valid & 0x3F));
        }
      }
      out.advance(to - from);
    }
    return true;
  }

  static boolean hex(char[] chars, int start, int end, ByteOutput out) {
    if ((end - start) % 2 != 0) {
      return false;
    }
    for (int at = start; at < end; at += 2) {
      int high = digit(chars[at]);
      int low = digit(chars[at + 1]);
      if (high < 0 || low < 0) {
        return false;
      }
      out.write(high << 4 | low);
    }
    return true;
  }

  private static int digit(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }

  /// RFC 4648's alphabets, both, with padding or without, as proto3 takes it.
  static boolean base64(char[] chars, int start, int end, ByteOutput out) {
    int last = end;
    while (last > start && end - last < 2 && chars[last - 1] == '=') {
      last--;
    }
    int bits = 0;
    int count = 0;
    for (int at = start; at < last; at++) {
      int value = sextet(chars[at]);
      if (value < 0) {
        return false;
      }
      bits = bits << 6 | value;
      count += 6;
      if (count >= 8) {
        count -= 8;
        out.write(bits >> count);
      }
    }
    return count != 6;
  }

  private static int sextet(char c) {
    if (c >= 'A' && c <= 'Z') {
      return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
      return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
      return c - '0' + 52;
    }
    return switch (c) {
      case '+', '-' -> 62;
      case '/', '_' -> 63;
      default -> -1;
    };
  }
}
