package dev.pannier.collector.process;

/// The token after `Bearer` (RFC 6750, section 2.1), which itself stays. So that prose passes
/// ("Bearer authentication failed"), a token of fewer than 20 characters has to have one that a word
/// has not: a digit, a capital behind the first, or a sign.
final class BearerTokens implements SecretPattern {
  private static final byte[] WORD = {'b', 'e', 'a', 'r', 'e', 'r'};
  private static final int LONGER_THAN_A_WORD = 20;

  @Override
  public long find(byte[] bytes, int start, int from, int end) {
    // The word may lie before `from`, where a match has just ended.
    for (int at = Math.max(start, from - WORD.length - 1); at + WORD.length < end; at++) {
      if (!isWord(bytes, at)) {
        continue;
      }
      int first = at + WORD.length;
      while (first < end && isBetween(bytes[first])) {
        first++;
      }
      int tokenEnd = first;
      while (tokenEnd < end && isToken(bytes[tokenEnd])) {
        tokenEnd++;
      }
      while (tokenEnd > first && bytes[tokenEnd - 1] == '.') {
        tokenEnd--;
      }
      boolean apart = first > at + WORD.length;
      if (apart && first >= from && looksRandom(bytes, first, tokenEnd)) {
        return SecretPattern.match(first, tokenEnd);
      }
    }
    return NONE;
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
