package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A place in a tree, there or not, with its path. What has another shape than it is asked for is a problem, told once, and
/// counts as missing.
final class Part {
  private static final int MAX_SHOWN = 100;

  private final List<String> path;
  private final boolean isKey;
  private final @Nullable Object value;
  private final @Nullable WrittenNull writtenNull;
  private final Collection<Problem> problems;

  private Part(
      List<String> path, boolean isKey, @Nullable Object value, Collection<Problem> problems) {
    this.path = path;
    this.isKey = isKey;
    this.writtenNull = value instanceof WrittenNull written ? written : null;
    this.value = writtenNull == null ? value : null;
    this.problems = problems;
  }

  static Part root(@Nullable Object tree, Collection<Problem> problems) {
    return new Part(List.of(), true, tree, problems);
  }

  List<String> path() {
    return path;
  }

  /// The path of what is, or would be, there.
  List<String> path(String... steps) {
    List<String> longer = new ArrayList<>(path);
    longer.addAll(List.of(steps));
    return longer;
  }

  Part at(String key) {
    Map<?, ?> map = map();
    return new Part(path(key), map.containsKey(key), map.get(key), problems);
  }

  Part at(String key, String next) {
    return at(key).at(next);
  }

  boolean isThere() {
    return value != null;
  }

  /// Whether its key stands there, if only with nothing behind it.
  boolean isKey() {
    return isKey;
  }

  /// What stands behind its key in place of a value.
  @Nullable WrittenNull writtenNull() {
    return writtenNull;
  }

  Map<?, ?> map() {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    if (value != null) {
      problem("is no mapping");
    }
    return Map.of();
  }

  /// Its keys with what is behind them, without those that have nothing.
  Map<String, Object> copy() {
    Map<String, Object> copy = new LinkedHashMap<>();
    map()
        .forEach(
            (key, each) -> {
              if (each != null && !(each instanceof WrittenNull)) {
                copy.put(String.valueOf(key), each);
              }
            });
    return copy;
  }

  boolean isList() {
    return value instanceof List;
  }

  List<Part> elements() {
    if (value instanceof List<?> list) {
      List<Part> elements = new ArrayList<>();
      for (Object element : list) {
        elements.add(new Part(path(String.valueOf(elements.size())), true, element, problems));
      }
      return elements;
    }
    if (value != null) {
      problem("is no list");
    }
    return List.of();
  }

  /// Its elements by the value of their key `name`; of several of one name the first.
  Map<String, Part> named() {
    Map<String, Part> named = new LinkedHashMap<>();
    for (Part element : elements()) {
      named.putIfAbsent(element.at("name").text(), element);
    }
    return named;
  }

  /// Empty where it is missing.
  String text() {
    if (value instanceof String text) {
      return text;
    }
    if (value != null) {
      problem("is no text: put it into quotes");
    }
    return "";
  }

  /// A text, or a number as it is written; empty where it is neither.
  String scalar() {
    return value instanceof String || value instanceof Number ? value.toString() : "";
  }

  boolean isTrue() {
    return Boolean.TRUE.equals(value);
  }

  /// Null where it is missing.
  @Nullable Long number() {
    if (value instanceof Number number) {
      return number.longValue();
    }
    if (value != null) {
      problem("is no whole number");
    }
    return null;
  }

  void problem(String what) {
    String shown = value instanceof Map || value instanceof List ? "" : " (" + shown(value) + ")";
    problems.add(new Problem(path, what + (value == null ? "" : shown)));
  }

  /// On one line, and not too long.
  static String shown(@Nullable Object value) {
    String line = Objects.toString(value).replaceAll("\\p{Cntrl}", "?");
    return line.length() > MAX_SHOWN ? line.substring(0, MAX_SHOWN) + "…" : line;
  }
}
