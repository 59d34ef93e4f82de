package dev.pannier.collector.config;

import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.Locale;

/// Which charsets a log file may have.
public final class Charsets {
  private Charsets() {}

  /// Whether a line's end can be told by its bytes: in UTF-16, and wherever a byte below 128 is the
  /// ASCII character.
  public static boolean isSupported(Charset charset) {
    String name = charset.name().toLowerCase(Locale.ROOT);
    if (name.contains("utf-16")) {
      return true;
    }
    // These switch to other characters by an escape sequence, so a byte alone says nothing.
    if (!charset.canEncode() || name.contains("2022") || name.contains("hz-gb")) {
      return false;
    }
    byte[] ascii = new byte[128];
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < ascii.length; i++) {
      ascii[i] = (byte) i;
      text.append((char) i);
    }
    return new String(ascii, charset).contentEquals(text)
        && Arrays.equals(text.toString().getBytes(charset), ascii);
  }
}
