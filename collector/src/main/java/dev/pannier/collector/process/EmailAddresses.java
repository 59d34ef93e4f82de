package dev.pannier.collector.process;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// E-mail addresses: the unquoted ASCII form of RFC 5321 with a domain of two labels or more.
final class EmailAddresses implements SecretPattern {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  @Override
  public long find(byte[] bytes, int start, int from, int end) {
    for (int at = nextAt(bytes, from, end); at < end; at = nextAt(bytes, at + 1, end)) {
      int first = at;
      while (first > from && isLocal(bytes[first - 1])) {
        first--;
      }
      while (first < at && bytes[first] == '.') {
        first++;
      }
      if (first == at) {
        continue;
      }
      int domainEnd = domainEnd(bytes, at + 1, end);
      if (domainEnd >= 0) {
        return SecretPattern.match(first, domainEnd);
      }
    }
    return NONE;
  }

  /// The next `@`, eight bytes at a time; `end` if there is none.
  private static int nextAt(byte[] bytes, int from, int end) {
    int at = from;
    for (; at + Long.BYTES <= end; at += Long.BYTES) {
      // A byte that is zero here is an `@`: only in such words the highest bit of one can be set.
      long different = (long) LONG.get(bytes, at) ^ 0x4040404040404040L;
      long zero = (different - 0x0101010101010101L) & ~different & 0x8080808080808080L;
      if (zero != 0) {
        return at + (Long.numberOfTrailingZeros(zero) >>> 3);
      }
    }
    while (at < end && bytes[at] != '@') {
      at++;
    }
    return at;
  }

  /// @return the end of the domain that begins here, or -1 if there is none: labels of letters,
  ///     digits and dashes with dots between, the last one of letters, or punycode
  private static int domainEnd(byte[] bytes, int first, int end) {
    int lastEnd = -1;
    int label = first;
    int labels = 0;
    while (label < end && isAlphanumeric(bytes[label])) {
      int at = label;
      while (at < end && (isAlphanumeric(bytes[at]) || bytes[at] == '-')) {
        at++;
      }
      int labelEnd = at;
      while (bytes[labelEnd - 1] == '-') {
        labelEnd--;
      }
      labels++;
      if (labels >= 2 && isTopLevel(bytes, label, labelEnd)) {
        lastEnd = labelEnd;
      }
      if (labelEnd < at || at == end || bytes[at] != '.') {
        break;
      }
      label = at + 1;
    }
    return lastEnd;
  }

  private static boolean isTopLevel(byte[] bytes, int first, int end) {
    return end - first >= 2 && isLetter(bytes[first]);
  }

  private static boolean isLocal(byte b) {
    return isAlphanumeric(b)
        || switch (b) {
          case '.', '_', '-', '+', '%', '&', '*', '!', '#', '$', '^', '~', '|', '`', '{', '}' ->
              true;
          default -> false;
        };
  }

  private static boolean isAlphanumeric(byte b) {
    return isLetter(b) || (b >= '0' && b <= '9');
  }

  private static boolean isLetter(byte b) {
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
  }
}
