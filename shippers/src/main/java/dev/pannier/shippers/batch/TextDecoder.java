package dev.pannier.shippers.batch;

/// Text that was written to an output, in place of which the bytes that it stands for are put. Each
/// method says whether the text was valid; where it was not, what was written is neither.
final class TextDecoder {
  private TextDecoder() {}

  /// @param from where in `out` the text begins, which ends it
  static boolean hex(ByteOutput out, int from) {
    byte[] bytes = out.bytes();
    int end = out.length();
    if ((end - from) % 2 != 0) {
      return false;
    }
    int to = from;
    for (int at = from; at < end; at += 2) {
      int high = digit(bytes[at]);
      int low = digit(bytes[at + 1]);
      if (high < 0 || low < 0) {
        return false;
      }
      bytes[to++] = (byte) (high << 4 | low);
    }
    out.truncate(to);
    return true;
  }

  private static int digit(byte b) {
    return b < 0 ? -1 : Character.digit(b, 16);
  }

  /// RFC 4648's alphabets, both, with padding or without, as proto3 takes it.
  ///
  /// @param from where in `out` the text begins, which ends it
  static boolean base64(ByteOutput out, int from) {
    byte[] bytes = out.bytes();
    int end = out.length();
    int last = end;
    while (last > from && end - last < 2 && bytes[last - 1] == '=') {
      last--;
    }
    int to = from;
    int bits = 0;
    int count = 0;
    for (int at = from; at < last; at++) {
      int value = sextet(bytes[at]);
      if (value < 0) {
        return false;
      }
      bits = bits << 6 | value;
      count += 6;
      if (count >= 8) {
        count -= 8;
        bytes[to++] = (byte) (bits >> count);
      }
    }
    out.truncate(to);
    return count != 6;
  }

  private static int sextet(byte b) {
    if (b >= 'A' && b <= 'Z') {
      return b - 'A';
    }
    if (b >= 'a' && b <= 'z') {
      return b - 'a' + 26;
    }
    if (b >= '0' && b <= '9') {
      return b - '0' + 52;
    }
    return switch (b) {
      case '+', '-' -> 62;
      case '/', '_' -> 63;
      default -> -1;
    };
  }
}
