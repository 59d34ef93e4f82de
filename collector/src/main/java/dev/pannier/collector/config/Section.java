package dev.pannier.collector.config;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/// The keys of one mapping. It remembers which were asked for: those are the known ones, and
/// [#finish] tells of every other.
final class Section {
  private final Problems problems;
  private final Placeholders placeholders;
  private final String path;
  private final int line;
  private final Map<String, Value> values = new LinkedHashMap<>();
  private final Map<String, Integer> lines = new LinkedHashMap<>();
  private final Set<String> known = new LinkedHashSet<>();

  private Section(Problems problems, Placeholders placeholders, String path, int line) {
    this.problems = problems;
    this.placeholders = placeholders;
    this.path = path;
    this.line = line;
  }

  static Section empty(Problems problems, Placeholders placeholders, String path, int line) {
    return new Section(problems, placeholders, path, line);
  }

  static Section of(
      Problems problems, Placeholders placeholders, String path, int line, MappingNode mapping) {
    Section section = new Section(problems, placeholders, path, line);
    for (NodeTuple tuple : mapping.getValue()) {
      int keyLine = Value.lineOf(tuple.getKeyNode(), line);
      if (!(tuple.getKeyNode() instanceof ScalarNode scalar)) {
        problems.add(keyLine, path.isEmpty() ? "yaml" : path, "a key has to be a word");
        continue;
      }
      String key = scalar.getValue();
      String keyPath = path.isEmpty() ? key : path + "." + key;
      Integer before = section.lines.putIfAbsent(key, keyLine);
      if (before != null) {
        problems.add(keyLine, keyPath, "stands here twice, first in line " + before);
        continue;
      }
      section.values.put(
          key, new Value(problems, placeholders, keyPath, keyLine, tuple.getValueNode(), false));
    }
    return section;
  }

  /// How many keys it has.
  int size() {
    return values.size();
  }

  /// Every key with its value, for mappings whose keys are the user's own.
  Map<String, Value> all() {
    known.addAll(values.keySet());
    return values;
  }

  /// The value of a key; null where it is not there.
  @Nullable Value value(String key) {
    known.add(key);
    return values.get(key);
  }

  /// The value of a key that must be there; its absence is told.
  @Nullable Value required(String key) {
    Value value = value(key);
    if (value == null) {
      problems.add(line, path.isEmpty() ? key : path + "." + key, "missing");
    }
    return value;
  }

  /// The section below a key, empty where it is not there.
  Section section(String key) {
    Value value = value(key);
    return value == null
        ? empty(problems, placeholders, path.isEmpty() ? key : path + "." + key, line)
        : value.section();
  }

  String text(String key, String fallback) {
    Value value = value(key);
    return value == null ? fallback : value.text(fallback);
  }

  long size(String key, long min, long max, long fallback) {
    Value value = value(key);
    return value == null ? fallback : value.size(min, max, fallback);
  }

  Duration duration(String key, Duration min, Duration max, Duration fallback) {
    Value value = value(key);
    return value == null ? fallback : value.duration(min, max, fallback);
  }

  <T> T choice(String key, Map<String, T> choices, T fallback) {
    Value value = value(key);
    return value == null ? fallback : value.choice(choices, fallback);
  }

  /// A map of texts with the user's own keys. The values of secret names are never shown.
  Map<String, String> texts(boolean allSecret) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (Map.Entry<String, Value> entry : all().entrySet()) {
      boolean secret = allSecret || Secrets.isSecret(entry.getKey());
      String text = (secret ? entry.getValue().secret() : entry.getValue()).text();
      if (text != null) {
        texts.put(entry.getKey(), text);
      }
    }
    return texts;
  }

  /// Tells of keys that are none of its own, but known elsewhere.
  ///
  /// @param where what is told of such a key
  void misplaced(Set<String> others, Function<String, String> where) {
    values.forEach(
        (key, value) -> {
          if (others.contains(key) && known.add(key)) {
            value.problemShown(where.apply(key));
          }
        });
  }

  /// Tells of every key that nobody asked for.
  void finish() {
    for (Map.Entry<String, Value> entry : values.entrySet()) {
      if (!known.contains(entry.getKey())) {
        Value value = entry.getValue();
        value.problemShown("unknown key" + Suggestion.among(known, entry.getKey()));
      }
    }
  }
}
