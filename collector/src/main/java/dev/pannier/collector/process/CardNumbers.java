package dev.pannier.collector.process;

/// Payment card numbers (ISO/IEC 7812): 13 to 19 digits whose last is the Luhn check digit, plain
/// or in groups with a space, a dash or a dot between (a dot only behind four digits or more, and
/// never a single one: `4111.111111111111` is a fraction). The first digit is 2 to 6, 8 or 9, as those of
/// issued cards are; that spares times in milliseconds and the like.
///
/// ```
///   4111 1111 1111 1111      12-4111-1111-1111-1111 (found behind the 12)
/// ```
///
/// A match begins and ends where a group does, so a part of a longer number is none.
final class CardNumbers implements SecretPattern {
  private static final int MIN_DIGITS = 13;
  private static final int MAX_DIGITS = 19;

  /// Before a dot: what has less is a date, an address or a version.
  private static final int SHORTEST_GROUP = 4;

  /// What the doubled digit of Luhn's sum adds up to.
  private static final int[] DOUBLED = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};

  @Override
  public long find(byte[] bytes, int start, int from, int end) {
    int at = from;
    while (at + MIN_DIGITS <= end) {
      // What cannot be part of a number is looked for from the far end of the shortest one: in text
      // that is found at once, and all before it is skipped.
      int last = at + MIN_DIGITS - 1;
      while (last >= at && (isDigit(bytes[last]) || isSeparator(bytes[last]))) {
        last--;
      }
      if (last >= at) {
        at = last + 1;
        continue;
      }
      if (isDigit(bytes[at])
          && (at == start || !isDigit(bytes[at - 1]))
          && startsWithDigitOfCard(bytes[at])) {
        int matchEnd = cardEnd(bytes, at, end);
        if (matchEnd >= 0) {
          return SecretPattern.match(at, matchEnd);
        }
      }
      at++;
    }
    return NONE;
  }

  /// @return the end of the longest card number that begins here, or -1
  private static int cardEnd(byte[] bytes, int first, int end) {
    int longest = -1;
    int digits = 0;
    // Luhn doubles every second digit from the right. Where the right end is still unknown, both
    // sums are kept: one in which the digit read last is doubled, one in which it is not.
    int lastDoubled = 0;
    int lastPlain = 0;
    int group = 0;
    int dots = 0;
    for (int at = first; at < end; at++) {
      byte b = bytes[at];
      if (isDigit(b)) {
        digits++;
        group++;
        if (digits > MAX_DIGITS) {
          return longest;
        }
        int plain = lastDoubled + (b - '0');
        lastDoubled = lastPlain + DOUBLED[b - '0'];
        lastPlain = plain;
        boolean groupEnds = at + 1 == end || !isDigit(bytes[at + 1]);
        if (groupEnds && dots != 1 && digits >= MIN_DIGITS && lastPlain % 10 == 0) {
          longest = at + 1;
        }
      } else if (!isSeparator(b) || at + 1 == end || !isDigit(bytes[at + 1])) {
        return longest;
      } else {
        if (b == '.') {
          dots++;
          if (group < SHORTEST_GROUP) {
            return longest;
          }
        }
        group = 0;
      }
    }
    return longest;
  }

  private static boolean startsWithDigitOfCard(byte b) {
    return b != '0' && b != '1' && b != '7';
  }

  private static boolean isSeparator(byte b) {
    return b == ' ' || b == '-' || b == '.';
  }

  private static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }
}
