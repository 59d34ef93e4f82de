package dev.pannier.benchmarks;

import java.util.Arrays;

/// Sorted figures, and what is read off them.
record Distribution(double[] sorted) {
  static Distribution of(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return new Distribution(sorted);
  }

  /// The value below which a share of all others lies (nearest rank).
  double at(double share) {
    int rank = (int) Math.ceil(share * sorted.length);
    return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
  }

  /// From the lowest to the highest, in brackets; empty for fewer than two.
  String spread() {
    return sorted.length < 2
        ? ""
        : Text.of(" (%s–%s)", Text.number(sorted[0]), Text.number(sorted[sorted.length - 1]));
  }

  double median() {
    return at(0.5);
  }
}
