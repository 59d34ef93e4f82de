package dev.pannier.collector.process;

import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.StringEdit;
import java.util.Arrays;
import java.util.List;

/// Replaces what any of its patterns matches; matches that overlap are replaced as one.
final class Redactor implements StringEdit {
  private final SecretPattern[] patterns;
  private final byte[] replacement;

  Redactor(List<SecretPattern> patterns, byte[] replacement) {
    this.patterns = patterns.toArray(SecretPattern[]::new);
    this.replacement = replacement;
  }

  /// The same for the strings of one batch.
  Redactor within(SearchTime batch) {
    return new Redactor(
        Arrays.stream(patterns)
            .map(
                pattern -> pattern instanceof CustomPattern custom ? custom.within(batch) : pattern)
            .toList(),
        replacement);
  }

  /// Allocates nothing, unless a custom pattern is among the patterns.
  @Override
  public boolean changes(byte[] bytes, int start, int end) {
    for (SecretPattern pattern : patterns) {
      if (pattern.find(bytes, start, start, end) != SecretPattern.NONE) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void write(byte[] bytes, int start, int end, ByteOutput out) {
    long[] next = new long[patterns.length];
    for (int i = 0; i < next.length; i++) {
      next[i] = patterns[i].find(bytes, start, start, end);
    }
    int copied = start;
    for (int i = earliest(next); i >= 0; i = earliest(next)) {
      int first = SecretPattern.first(next[i]);
      int matchEnd = overlapEnd(next, SecretPattern.end(next[i]), bytes, start, end);
      out.write(bytes, copied, first - copied);
      out.write(replacement);
      copied = matchEnd;
    }
    out.write(bytes, copied, end - copied);
  }

  /// Consumes all matches that begin before `matchEnd`.
  ///
  /// @return the end of the last of them
  private int overlapEnd(long[] next, int matchEnd, byte[] bytes, int start, int end) {
    int last = matchEnd;
    boolean grown = true;
    while (grown) {
      grown = false;
      for (int i = 0; i < next.length; i++) {
        while (next[i] != SecretPattern.NONE && SecretPattern.first(next[i]) < last) {
          int itsEnd = SecretPattern.end(next[i]);
          grown |= itsEnd > last;
          last = Math.max(last, itsEnd);
          next[i] = patterns[i].find(bytes, start, itsEnd, end);
        }
      }
    }
    return last;
  }

  private static int earliest(long[] next) {
    int earliest = -1;
    for (int i = 0; i < next.length; i++) {
      // The first byte is in the upper half, so matches compare by it.
      if (next[i] != SecretPattern.NONE && (earliest < 0 || next[i] < next[earliest])) {
        earliest = i;
      }
    }
    return earliest;
  }
}
