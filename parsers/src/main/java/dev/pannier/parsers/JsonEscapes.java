package dev.pannier.parsers;

import java.util.Arrays;

/// Strings with escapes (RFC 8259, section 7), undone into space of its own that the next string
/// overwrites.
final class JsonEscapes {
  private byte[] text = new byte[0];
  private int end;
  private byte[] scratch;
  private int length;

  JsonEscapes(int capacity) {
    scratch = new byte[capacity];
  }

  /// @param from        the string's first byte, behind its quote
  /// @param firstEscape its first backslash
  /// @return the position behind the closing quote; -1 where the string is none
  int read(byte[] buffer, int from, int firstEscape, int bufferEnd) {
    text = buffer;
    end = bufferEnd;
    length = 0;
    int copyFrom = from;
    int next = firstEscape;
    while (next < end) {
      copy(copyFrom, next);
      if (text[next] == '"') {
        return next + 1;
      }
      if (text[next] != '\\') {
        return -1;
      }
      copyFrom = escape(next);
      if (copyFrom < 0) {
        return -1;
      }
      next = Quotes.next(text, copyFrom, end);
    }
    return -1;
  }

  byte[] bytes() {
    return scratch;
  }

  int length() {
    return length;
  }

  /// Leaves room for one character more.
  private void copy(int from, int to) {
    int room = to - from + 4;
    if (length + room > scratch.length) {
      scratch = Arrays.copyOf(scratch, 2 * (length + room));
    }
    System.arraycopy(text, from, scratch, length, to - from);
    length += to - from;
  }

  /// @return the position behind the escape; -1 where it is none
  private int escape(int backslash) {
    if (backslash + 1 >= end) {
      return -1;
    }
    byte escape = text[backslash + 1];
    if (escape == 'u') {
      return unicode(backslash);
    }
    int plain = plain(escape);
    if (plain < 0) {
      return -1;
    }
    scratch[length++] = (byte) plain;
    return backslash + 2;
  }

  private int unicode(int backslash) {
    int unit = unit(backslash);
    if (unit < 0) {
      return -1;
    }
    int after = backslash + 6;
    int character = unit;
    if (Character.isHighSurrogate((char) unit)
        && after + 1 < end
        && text[after] == '\\'
        && text[after + 1] == 'u') {
      int low = unit(after);
      if (low >= 0 && Character.isLowSurrogate((char) low)) {
        character = Character.toCodePoint((char) unit, (char) low);
        after += 6;
      }
    }
    utf8(character);
    return after;
  }

  private static int plain(byte escape) {
    return switch (escape) {
      case '"', '\\', '/' -> escape;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      default -> -1;
    };
  }

  /// The four digits of the escape that begins at `position`, -1 where they are none.
  private int unit(int position) {
    if (position + 6 > end) {
      return -1;
    }
    int unit = 0;
    for (int i = position + 2; i < position + 6; i++) {
      int digit = Ascii.hex(text[i]);
      if (digit < 0) {
        return -1;
      }
      unit = (unit << 4) | digit;
    }
    return unit;
  }

  /// Half of a surrogate pair alone is no character: U+FFFD.
  private void utf8(int character) {
    int c = character >= 0xD800 && character <= 0xDFFF ? 0xFFFD : character;
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xC0 | (c >> 6));
      put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      put(0xE0 | (c >> 12));
      put(0x80 | ((c >> 6) & 0x3F));
      put(0x80 | (c & 0x3F));
    } else {
      put(0xF0 | (c >> 18));
      put(0x80 | ((c >> 12) & 0x3F));
      put(0x80 | ((c >> 6) & 0x3F));
      put(0x80 | (c & 0x3F));
    }
  }

  private void put(int value) {
    scratch[length++] = (byte) value;
  }
}
