package dev.pannier.benchmarks;

import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Figures as text, the same in every country: programs read them, too, and where a comma stands for
/// the point, a picture's coordinates are others.
final class Text {
  private Text() {}

  @SuppressWarnings("AnnotateFormatMethod") // formats are chosen at run time, too
  static String of(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }

  /// Three digits that count.
  static String number(double value) {
    double size = Math.abs(value);
    return of(size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
  }

  /// The name of several runs: all names, where they differ.
  static String name(Stream<String> ofRuns) {
    return ofRuns.distinct().collect(Collectors.joining("; "));
  }
}
