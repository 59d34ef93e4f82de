package dev.pannier.collector.process;

/// Finds something that must not be shipped in the UTF-8 bytes of a string. A match
/// begins and ends between characters.
sealed interface SecretPattern
    permits BearerTokens, CardNumbers, CustomPattern, EmailAddresses, JsonWebTokens {
  /// No match.
  long NONE = -1;

  /// The first match that begins in `[from, end)` and ends at or before `end`.
  ///
  /// @param start where the string begins: bytes in `[start, from)` are context
  /// @return the match's first byte in the upper and its end in the lower half, or [#NONE]
  long find(byte[] bytes, int start, int from, int end);

  static long match(int first, int end) {
    return (long) first << 32 | end;
  }

  static int first(long match) {
    return (int) (match >>> 32);
  }

  static int end(long match) {
    return (int) match;
  }
}
