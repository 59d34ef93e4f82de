package dev.pannier.collector.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Gathers what is wrong while reading goes on, so that all of it is told at once.
final class Problems {
  private static final String ENVIRONMENT = "environment";
  private static final int MAX_VALUE_LENGTH = 100;

  private final String file;
  // A value that is asked for twice has its problem once.
  private final Set<Problem> found = new LinkedHashSet<>();
  private final List<Problem> warnings = new ArrayList<>();

  /// @param file as it was named
  Problems(String file) {
    this.file = file;
  }

  void add(int line, String key, String message) {
    found.add(new Problem(file, line, key, message));
  }

  void inEnvironment(String variable, String message) {
    found.add(new Problem(ENVIRONMENT, 0, variable, message));
  }

  void warn(int line, String key, String message) {
    warnings.add(new Problem(file, line, key, message));
  }

  void warnOfEnvironment(String variable, String message) {
    warnings.add(new Problem(ENVIRONMENT, 0, variable, message));
  }

  boolean any() {
    return !found.isEmpty();
  }

  List<Problem> inOrder() {
    return found.stream().sorted(Comparator.comparingInt(Problem::line)).toList();
  }

  List<Problem> warnings() {
    return List.copyOf(warnings);
  }

  /// A value as it may be shown in a message: on one line, and not too long.
  static String shown(String value) {
    StringBuilder shown = new StringBuilder();
    int length = Math.min(value.length(), MAX_VALUE_LENGTH);
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      shown.append(Character.isISOControl(c) ? '?' : c);
    }
    return value.length() > length ? shown.append('…').toString() : shown.toString();
  }
}
