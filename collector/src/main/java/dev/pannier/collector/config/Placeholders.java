package dev.pannier.collector.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/// Replaces `${env:NAME}`, `${env:NAME:-default}` (the default stands for an unset or empty
/// variable) and `${file:/path}` (its content without the line end) in a value. Any other `${…}` is
/// left to whoever reads the value.
final class Placeholders {
  private static final String ENV = "${env:";
  private static final String FILE = "${file:";

  /// A mounted secret is small; what is larger is a mistake in the path.
  private static final int MAX_FILE_BYTES = 64 * 1024;

  private final Map<String, String> environment;

  Placeholders(Map<String, String> environment) {
    this.environment = environment;
  }

  /// Whether the value comes from a mounted file, and so is a secret.
  static boolean fromFile(String text) {
    return text.contains(FILE);
  }

  /// @param problem told what is wrong, once for each placeholder
  String replace(String text, Consumer<String> problem) {
    int from = text.indexOf("${");
    if (from < 0) {
      return text;
    }
    StringBuilder result = new StringBuilder();
    int copied = 0;
    while (from >= 0) {
      boolean env = text.startsWith(ENV, from);
      if (!env && !text.startsWith(FILE, from)) {
        from = text.indexOf("${", from + 2);
        continue;
      }
      int end = text.indexOf('}', from);
      if (end < 0) {
        problem.accept("${ without its }");
        break;
      }
      result.append(text, copied, from);
      String inside = text.substring(from + (env ? ENV.length() : FILE.length()), end);
      result.append(env ? variable(inside, problem) : content(inside, problem));
      copied = end + 1;
      from = text.indexOf("${", copied);
    }
    return result.append(text, copied, text.length()).toString();
  }

  private String variable(String inside, Consumer<String> problem) {
    int separator = inside.indexOf(":-");
    String name = separator < 0 ? inside : inside.substring(0, separator);
    String value = environment.getOrDefault(name, "");
    if (!value.isEmpty()) {
      return value;
    }
    if (separator >= 0) {
      return inside.substring(separator + 2);
    }
    if (!environment.containsKey(name)) {
      problem.accept("the environment variable " + name + " is not set");
    }
    return "";
  }

  private static String content(String path, Consumer<String> problem) {
    try {
      Path file = Path.of(path);
      if (!file.isAbsolute()) {
        problem.accept("${file:…} needs an absolute path, not " + path);
        return "";
      }
      if (!Files.isRegularFile(file)) {
        problem.accept("there is no file " + path);
        return "";
      }
      if (Files.size(file) > MAX_FILE_BYTES) {
        problem.accept("size of " + path + " > 64KiB");
        return "";
      }
      return Files.readString(file, StandardCharsets.UTF_8).stripTrailing();
    } catch (IOException | InvalidPathException e) {
      problem.accept("cannot read " + path + ": " + e.getClass().getSimpleName());
      return "";
    }
  }
}
