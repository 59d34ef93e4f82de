package dev.pannier.parsers;

import java.util.Arrays;

/// Comparisons and numbers on ASCII bytes.
final class Ascii {
  /// By byte: its value as a hexadecimal digit, -1 where it is none.
  private static final byte[] HEX = new byte[256];

  static {
    Arrays.fill(HEX, (byte) -1);
    for (int i = 0; i < 16; i++) {
      char digit = Character.forDigit(i, 16);
      HEX[digit] = (byte) i;
      HEX[Character.toUpperCase(digit)] = (byte) i;
    }
  }

  private Ascii() {}

  /// Whether the text is the upper-case `name`, letters' case aside.
  static boolean equalsUpper(byte[] text, int offset, byte[] name) {
    for (int i = 0; i < name.length; i++) {
      int b = text[offset + i];
      if ((b >= 'a' && b <= 'z' ? b - 32 : b) != name[i]) {
        return false;
      }
    }
    return true;
  }

  static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }

  /// @return the number of `count` digits, -1 where they are not all digits
  static int digits(byte[] text, int offset, int count) {
    int value = 0;
    for (int i = offset; i < offset + count; i++) {
      if (!isDigit(text[i])) {
        return -1;
      }
      value = value * 10 + text[i] - '0';
    }
    return value;
  }

  /// @return the value of a hexadecimal digit, -1 if it is none
  static int hex(byte b) {
    return HEX[b & 0xFF];
  }

  /// @return the number of two digits, -1 where they are not both digits
  static int twoDigits(byte[] text, int offset) {
    int tens = text[offset] - '0';
    int ones = text[offset + 1] - '0';
    // Each is a digit where neither it nor 9 less it is negative.
    return (tens | ones | (9 - tens) | (9 - ones)) < 0 ? -1 : tens * 10 + ones;
  }

  static int indexOf(byte[] text, int from, int to, byte[] wanted) {
    for (int i = from; i <= to - wanted.length; i++) {
      if (startsWith(text, i, to, wanted)) {
        return i;
      }
    }
    return -1;
  }

  static boolean startsWith(byte[] text, int from, int to, byte[] wanted) {
    if (to - from < wanted.length) {
      return false;
    }
    for (int i = 0; i < wanted.length; i++) {
      if (text[from + i] != wanted[i]) {
        return false;
      }
    }
    return true;
  }
}
