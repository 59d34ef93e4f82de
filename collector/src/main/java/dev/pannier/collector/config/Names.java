package dev.pannier.collector.config;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;

/// The words of the configuration: what names may look like, and the values of each choice.
final class Names {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  private Names() {}

  /// Whether it may name a source, parser or shipper: it becomes a metric's label, a thread's name
  /// and part of a path.
  static boolean valid(String name) {
    return NAME.matcher(name).matches();
  }

  static <T> Map<String, T> choices(T[] values, Function<T, String> word) {
    Map<String, T> choices = new LinkedHashMap<>();
    for (T value : values) {
      choices.put(word.apply(value), value);
    }
    return choices;
  }
}
