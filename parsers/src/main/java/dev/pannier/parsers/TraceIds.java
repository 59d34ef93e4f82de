package dev.pannier.parsers;

/// Trace context as text (W3C Trace Context, section 3.2.2; B3 and Datadog write 64 bits).
final class TraceIds {
  private TraceIds() {}

  /// 32 or 16 hexadecimal digits, not all zero.
  ///
  /// @return whether it was a trace id and was pushed
  static boolean trace(byte[] text, int offset, int length, RecordSink sink) {
    if (length == 32 && isHex(text, offset, 32)) {
      return push(hex(text, offset), hex(text, offset + 16), sink);
    }
    return length == 16 && isHex(text, offset, 16) && push(0, hex(text, offset), sink);
  }

  /// Datadog's: an unsigned decimal number of 64 bits.
  static boolean decimalTrace(byte[] text, int offset, int length, RecordSink sink) {
    return isDecimal(text, offset, length) && push(0, decimal(text, offset, length), sink);
  }

  static boolean span(byte[] text, int offset, int length, RecordSink sink) {
    long id = length == 16 && isHex(text, offset, 16) ? hex(text, offset) : 0;
    if (id != 0) {
      sink.spanId(id);
    }
    return id != 0;
  }

  static boolean decimalSpan(byte[] text, int offset, int length, RecordSink sink) {
    if (!isDecimal(text, offset, length) || decimal(text, offset, length) == 0) {
      return false;
    }
    sink.spanId(decimal(text, offset, length));
    return true;
  }

  /// Two hexadecimal digits.
  static boolean flags(byte[] text, int offset, int length, RecordSink sink) {
    if (length != 2 || !isHex(text, offset, 2)) {
      return false;
    }
    sink.traceFlags((Ascii.hex(text[offset]) << 4) | Ascii.hex(text[offset + 1]));
    return true;
  }

  private static boolean push(long high, long low, RecordSink sink) {
    if (high == 0 && low == 0) {
      return false;
    }
    sink.traceId(high, low);
    return true;
  }

  private static boolean isHex(byte[] text, int offset, int length) {
    int all = 0;
    for (int i = offset; i < offset + length; i++) {
      all |= Ascii.hex(text[i]);
    }
    return all >= 0;
  }

  private static boolean isDecimal(byte[] text, int offset, int length) {
    if (length == 0 || length > 20) {
      return false;
    }
    for (int i = offset; i < offset + length; i++) {
      if (!Ascii.isDigit(text[i])) {
        return false;
      }
    }
    return true;
  }

  private static long hex(byte[] text, int offset) {
    long value = 0;
    for (int i = offset; i < offset + 16; i++) {
      value = (value << 4) | Ascii.hex(text[i]);
    }
    return value;
  }

  private static long decimal(byte[] text, int offset, int length) {
    long value = 0;
    for (int i = offset; i < offset + length; i++) {
      value = value * 10 + text[i] - '0';
    }
    return value;
  }
}
