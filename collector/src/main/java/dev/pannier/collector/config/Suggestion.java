package dev.pannier.collector.config;

import java.util.Collection;
import java.util.Locale;

/// Finds what somebody probably meant.
final class Suggestion {
  private Suggestion() {}

  /// @return `, did you mean files?`; where nothing is near and the choice is small, all of it;
  ///     else empty
  static String among(Collection<String> known, String written) {
    String nearest = null;
    int least = Math.max(1, written.length() / 3) + 1;
    for (String candidate : known) {
      int distance = distance(candidate, written.toLowerCase(Locale.ROOT).replace('-', '_'));
      if (distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    if (nearest != null) {
      return ", did you mean " + nearest + "?";
    }
    return known.isEmpty() || known.size() > 12 ? "" : ", known are " + String.join(", ", known);
  }

  /// Insertions, deletions, replacements and exchanges of neighbours (optimal string alignment).
  private static int distance(String a, String b) {
    int[] beforePrevious = new int[b.length() + 1];
    int[] previous = new int[b.length() + 1];
    int[] current = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int cost = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        current[j] = Math.min(previous[j - 1] + cost, Math.min(previous[j], current[j - 1]) + 1);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          current[j] = Math.min(current[j], beforePrevious[j - 2] + 1);
        }
      }
      int[] spare = beforePrevious;
      beforePrevious = previous;
      previous = current;
      current = spare;
    }
    return previous[b.length()];
  }
}
