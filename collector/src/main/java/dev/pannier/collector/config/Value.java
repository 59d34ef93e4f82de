package dev.pannier.collector.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/// A value where it stands in the file, and the questions that can be asked of it. An answer that
/// it cannot give is a problem at its line; the fallback given in its place only lets reading go
/// on.
final class Value {
  static final String NO_DURATION = "no duration: a whole number and ms, s, m or h";

  private final Problems problems;
  private final Placeholders placeholders;
  private final String path;
  private final int line;
  private final @Nullable Node node;
  private final boolean secret;

  /// @param line of the key, where the value itself has none
  Value(
      Problems problems,
      Placeholders placeholders,
      String path,
      int line,
      @Nullable Node node,
      boolean secret) {
    this.problems = problems;
    this.placeholders = placeholders;
    this.path = path;
    this.line = line;
    this.node = node;
    this.secret = secret;
  }

  /// The same value, which is not to be shown.
  Value secret() {
    return new Value(problems, placeholders, path, line, node, true);
  }

  /// Its key, with those of the sections that it is in.
  String path() {
    return path;
  }

  /// Whether the value must not be shown: by its name, or because it comes from a mounted file.
  boolean isSecret() {
    return secret
        || (node instanceof ScalarNode scalar && Placeholders.fromFile(scalar.getValue()));
  }

  boolean isList() {
    return node instanceof SequenceNode;
  }

  boolean isSection() {
    return node instanceof MappingNode;
  }

  private boolean isText() {
    return node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.STR);
  }

  /// Whether there is nothing behind the key's colon.
  boolean isEmpty() {
    return node == null
        || (node instanceof ScalarNode scalar
            && scalar.getTag().equals(Tag.NULL)
            && scalar.getValue().isEmpty());
  }

  /// Whether it is this very word.
  boolean is(String word) {
    return node instanceof ScalarNode scalar && scalar.getValue().equals(word);
  }

  /// Tells what is wrong, with the value where there is one to show.
  void problem(String what) {
    if (node instanceof ScalarNode scalar && !isEmpty()) {
      String shown =
          isSecret()
              ? Secrets.MASK
              : Problems.shown(placeholders.replace(scalar.getValue(), ignored -> {}));
      problems.add(line, path, what + " (" + shown + ")");
    } else {
      problems.add(line, path, what);
    }
  }

  /// Tells that its key is none, without the key: who forgets a colon's blank has the value in it.
  void keyProblem(String key, String what) {
    problems.add(line, path.substring(0, path.length() - key.length()) + Secrets.MASK, what);
  }

  /// Tells what is wrong, in words that show the value already.
  void problemShown(String what) {
    problems.add(line, path, what.replaceAll("\\p{Cntrl}", "?"));
  }

  /// Tells that it does not count, since a variable says something else.
  void outranked(String variable, String value) {
    problems.warn(line, path, variable + " outranks it, and says " + Problems.shown(value));
  }

  /// The text with placeholders replaced; null after a problem. Any `${…}` that is left is a
  /// misspelt placeholder.
  @Nullable String text() {
    String text = template();
    if (text != null && text.contains("${")) {
      problem("unknown placeholder, known are ${env:NAME}, ${env:NAME:-default}, ${file:/path}");
      return null;
    }
    return text;
  }

  /// The text with placeholders replaced, in which other `${…}` may remain; null after a problem.
  @Nullable String template() {
    if (!(node instanceof ScalarNode scalar) || isEmpty()) {
      problem(
          isEmpty() ? "has no value" : isList() ? "is a list, not a value" : "is no single value");
      return null;
    }
    boolean[] failed = {false};
    String text =
        placeholders.replace(
            scalar.getValue(),
            what -> {
              failed[0] = true;
              problems.add(line, path, what);
            });
    return failed[0] ? null : text;
  }

  String text(String fallback) {
    String text = text();
    return text == null ? fallback : text;
  }

  /// Bytes within `[min, max]`.
  long size(long min, long max, long fallback) {
    String text = text();
    if (text == null) {
      return fallback;
    }
    Long bytes = Units.size(text);
    if (bytes == null) {
      problem("no size: a whole number and KiB, MiB or GiB");
      return fallback;
    }
    if (bytes < min || bytes > max) {
      String relation = bytes < min ? " < " + Units.write(min) : " > " + Units.write(max);
      problem(name() + relation);
      return fallback;
    }
    return bytes;
  }

  /// A whole number within `[min, max]`.
  int number(int min, int max, int fallback) {
    String text = text();
    if (text == null) {
      return fallback;
    }
    try {
      int number = Integer.parseInt(text);
      if (number < min || number > max) {
        problem(name() + (number < min ? " < " + min : " > " + max));
        return fallback;
      }
      return number;
    } catch (NumberFormatException e) {
      problem("no whole number");
      return fallback;
    }
  }

  Duration duration(Duration min, Duration max, Duration fallback) {
    String text = text();
    if (text == null) {
      return fallback;
    }
    Duration duration = Units.duration(text);
    if (duration == null) {
      problem(NO_DURATION);
      return fallback;
    }
    if (duration.compareTo(min) < 0 || duration.compareTo(max) > 0) {
      boolean below = duration.compareTo(min) < 0;
      problem(name() + (below ? " < " + Units.write(min) : " > " + Units.write(max)));
      return fallback;
    }
    return duration;
  }

  /// One of the words in `choices`.
  <T> T choice(Map<String, T> choices, T fallback) {
    String text = text();
    if (text == null) {
      return fallback;
    }
    T choice = choices.get(text);
    if (choice == null) {
      problem("unknown value" + Suggestion.among(choices.keySet(), text));
      return fallback;
    }
    return choice;
  }

  @Nullable Path absolutePath() {
    String text = text();
    if (text == null) {
      return null;
    }
    try {
      Path path = Path.of(text);
      if (path.isAbsolute()) {
        return path;
      }
      problem("not an absolute path");
    } catch (InvalidPathException e) {
      problem("no path");
    }
    return null;
  }

  @Nullable ZoneId zone() {
    String text = text();
    if (text == null) {
      return null;
    }
    try {
      return ZoneId.of(text);
    } catch (DateTimeException e) {
      problem("unknown time zone, it is written like Europe/Berlin, UTC or +02:00");
      return null;
    }
  }

  /// The elements of a list; a single value is a list of itself.
  List<Value> list() {
    if (!(node instanceof SequenceNode sequence)) {
      if (isSection() || isEmpty()) {
        problem("is no list: each of its elements begins with a dash");
        return List.of();
      }
      return List.of(this);
    }
    List<Value> elements = new ArrayList<>();
    for (Node element : sequence.getValue()) {
      String elementPath = path + "[" + elements.size() + "]";
      elements.add(
          new Value(problems, placeholders, elementPath, lineOf(element, line), element, secret));
    }
    return elements;
  }

  /// The texts of a list, without those that have a problem.
  List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (Value element : list()) {
      String text = element.text();
      if (text != null) {
        texts.add(text);
      }
    }
    return texts;
  }

  /// The keys below; an empty section where there is nothing, or after a problem.
  Section section() {
    if (node instanceof MappingNode mapping) {
      return Section.of(problems, placeholders, path, line, mapping);
    }
    if (!isEmpty()) {
      // A text may be all of what belongs below it, as `headers: "authorization=Bearer …"`.
      (isText() ? secret() : this).problem("needs keys below it");
    }
    return Section.empty(problems, placeholders, path, line);
  }

  static int lineOf(Node node, int fallback) {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(fallback);
  }

  private String name() {
    return path.substring(path.lastIndexOf('.') + 1);
  }
}
