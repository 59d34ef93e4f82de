package dev.pannier.shippers.batch;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Whether bytes are UTF-8, which a `string` of protobuf has to be.
final class Utf8 {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final long NOT_ASCII = 0x8080_8080_8080_8080L;

  private Utf8() {}

  static boolean isValid(byte[] bytes, int from, int end) {
    return isAscii(bytes, from, end) || isValidFrom(bytes, from, end);
  }

  /// Most text is, and most of it is short: the last eight bytes are looked at once more rather
  /// than one by one.
  static boolean isAscii(byte[] bytes, int from, int end) {
    int last = end - Long.BYTES;
    if (last < from) {
      int seen = 0;
      for (int at = from; at < end; at++) {
        seen |= bytes[at];
      }
      return seen >= 0;
    }
    long seen = (long) LONGS.get(bytes, last);
    int at = from;
    for (int lastPair = last - Long.BYTES; at < lastPair; at += 2 * Long.BYTES) {
      seen |= (long) LONGS.get(bytes, at) | (long) LONGS.get(bytes, at + Long.BYTES);
    }
    if (at < last) {
      seen |= (long) LONGS.get(bytes, at);
    }
    return (seen & NOT_ASCII) == 0;
  }

  private static boolean isValidFrom(byte[] bytes, int from, int end) {
    int at = from;
    while (at < end) {
      if (bytes[at] >= 0) {
        at++;
      } else {
        int length = sequence(bytes, at, end);
        if (length == 0) {
          return false;
        }
        at += length;
      }
    }
    return true;
  }

  /// The well-formed sequences of more than one byte (Unicode, table 3-7):
  ///
  /// ```
  ///   C2..DF  80..BF                        E1..EC, EE, EF  80..BF  80..BF
  ///   E0      A0..BF  80..BF                ED              80..9F  80..BF
  ///   F0      90..BF  80..BF  80..BF        F4              80..8F  80..BF  80..BF
  ///   F1..F3  80..BF  80..BF  80..BF
  /// ```
  ///
  /// @return the length of the one at `at`, 0 if there is none
  private static int sequence(byte[] bytes, int at, int end) {
    int first = bytes[at] & 0xff;
    int length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0xc2 || first > 0xf4 || end - at < length) {
      return 0;
    }
    int second = bytes[at + 1] & 0xff;
    int least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    int most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) {
      return 0;
    }
    for (int i = 2; i < length; i++) {
      if ((bytes[at + i] & 0xc0) != 0x80) {
        return 0;
      }
    }
    return length;
  }
}
