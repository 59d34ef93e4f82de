package dev.pannier.collector.process;

import java.util.Arrays;

/// The token after `Bearer` (RFC 6750, section 2.1), which itself stays. So that prose passes
/// ("Bearer authentication failed"), a token of fewer than 20 characters has to have one that a word
/// has not: a digit, a capital behind the first, or a sign.
final class BearerTokens implements SecretPattern {
  private static final byte[] WORD = {'b', 'e', 'a', 'r', 'e', 'r'};
  private static final int LONGER_THAN_A_WORD = 20;

  /// For the byte where the word's last letter would be: how far the next place for the word is;
  /// 0 for that letter. (Boyer, Moore and Horspool's search.)
  private static final byte[] SHIFTS = shifts();

  @Override
  public long find(byte[] bytes, int start, int from, int end) {
    // The word may lie before `from`, where a match has just ended.
    int at = Math.max(start, from - WORD.length - 1);
    while (at + WORD.length < end) {
      int shift = SHIFTS[bytes[at + WORD.length - 1] & 0x7F];
      if (shift > 0) {
        at += shift;
        continue;
      }
      if (!isWord(bytes, at)) {
        at++;
        continue;
      }
      int first = at + WORD.length;
      while (first < end && isBetween(bytes[first])) {
        first++;
      }
      if (first == at + WORD.length) {
        at++; // and not to the end of what may be one token with many such words
        continue;
      }
      int tokenEnd = first;
      while (tokenEnd < end && isToken(bytes[tokenEnd])) {
        tokenEnd++;
      }
      while (tokenEnd > first && bytes[tokenEnd - 1] == '.') {
        tokenEnd--;
      }
      if (first >= from && looksRandom(bytes, first, tokenEnd)) {
        return SecretPattern.match(first, tokenEnd);
      }
      at++;
    }
    return NONE;
  }

  private static byte[] shifts() {
    byte[] shifts = new byte[128];
    Arrays.fill(shifts, (byte) WORD.length);
    for (int i = 0; i < WORD.length; i++) {
      byte shift = (byte) (WORD.length - 1 - i);
      shifts[WORD[i]] = shift;
      shifts[WORD[i] & ~0x20] = shift;
    }
    return shifts;
  }

  private static boolean isWord(byte[] bytes, int at) {
    for (int i = 0; i < WORD.length; i++) {
      if ((bytes[at + i] | 0x20) != WORD[i]) {
        return false;
      }
    }
    return true;
  }

  private static boolean looksRandom(byte[] bytes, int first, int end) {
    if (end - first >= LONGER_THAN_A_WORD) {
      return true;
    }
    for (int i = first; i < end; i++) {
      byte b = bytes[i];
      boolean inWord = (b >= 'a' && b <= 'z') || b == '-' || (i == first && b >= 'A' && b <= 'Z');
      if (!inWord) {
        return true;
      }
    }
    return false;
  }

  private static boolean isBetween(byte b) {
    return b == ' ' || b == '\t' || b == ':' || b == '=';
  }

  private static boolean isToken(byte b) {
    return (b >= 'a' && b <= 'z')
        || (b >= 'A' && b <= 'Z')
        || (b >= '0' && b <= '9')
        || switch (b) {
          case '-', '.', '_', '~', '+', '/', '=' -> true;
          default -> false;
        };
  }
}
