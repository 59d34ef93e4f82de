package dev.pannier.shippers;

import dev.pannier.shippers.encoding.Lookup;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A topic or path with placeholders: `logs.${resource:service.name}`,
/// `${attribute:tenant:-nobody}/logs.jsonl`.
///
/// Values come from whoever writes logs, so they are kept harmless: every character but letters and
/// digits of ASCII, `.`, `_` and `-` becomes `_`, so does `..` and a dot at an end, and each value is
/// cut to 100 characters, to less where a path has more than two of them. A value that is missing or empty is the placeholder's default, or `unknown`. A
/// template has at most 100 results in its life; what would be another one goes where everything is
/// at its default.
///
/// One thread.
public final class Template {
  /// Distinct results, those of defaults aside.
  public static final int MAX_RESULTS = 100;

  /// Kafka's longest name of a topic.
  private static final int MAX_TOPIC_CHARS = 249;

  /// Linux's longest path.
  private static final int MAX_PATH_CHARS = 4095;

  private static final int MAX_VALUE_CHARS = 100;

  /// All values together, in a path: they may all be in one name, and a file's has at most 255 bytes, a
  /// rotated one's number included.
  private static final int MAX_PATH_VALUES_CHARS = 200;

  private static final String MISSING = "unknown";
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^}]*)}");
  private static final Pattern REFERENCE =
      Pattern.compile("((?:resource|attribute):[^:]+)(?::-([A-Za-z0-9._-]+))?");
  private static final String HARMLESS = "[A-Za-z0-9._-]+";
  private static final Pattern HARMFUL = Pattern.compile("[^A-Za-z0-9._-]|\\.{2,}|^\\.|\\.$");

  private final List<String> literals;
  private final List<Lookup> lookups;
  private final List<String> fallbacks;
  private final String fallback;
  private final Set<String> results = new HashSet<>();

  private final int maxChars;
  private final int maxValueChars;

  private Template(String template, int maxChars) {
    this.maxChars = maxChars;
    String problem = problem(template);
    if (problem != null) {
      throw new IllegalArgumentException(problem);
    }
    List<String> texts = new ArrayList<>();
    List<Lookup> found = new ArrayList<>();
    List<String> defaults = new ArrayList<>();
    Matcher matcher = PLACEHOLDER.matcher(template);
    int end = 0;
    while (matcher.find()) {
      texts.add(template.substring(end, matcher.start()));
      end = matcher.end();
      Matcher reference = REFERENCE.matcher(matcher.group(1));
      if (reference.matches()) {
        found.addAll(Lookup.parse(reference.group(1)));
        String otherwise = harmless(reference.group(2), MAX_VALUE_CHARS);
        defaults.add(otherwise.isEmpty() ? MISSING : otherwise);
      }
    }
    texts.add(template.substring(end));
    this.literals = List.copyOf(texts);
    this.lookups = List.copyOf(found);
    this.fallbacks = List.copyOf(defaults);
    this.maxValueChars =
        maxChars == MAX_PATH_CHARS
            ? Math.min(MAX_VALUE_CHARS, MAX_PATH_VALUES_CHARS / Math.max(1, found.size()))
            : MAX_VALUE_CHARS;
    this.fallback = join(index -> null);
  }

  /// A topic, of at most 249 characters.
  ///
  /// @throws IllegalArgumentException with what [#problem] says
  public static Template topic(String template) {
    return new Template(template, MAX_TOPIC_CHARS);
  }

  /// A file's path. Values add no folder of their own to it.
  ///
  /// @throws IllegalArgumentException with what [#problem] says
  public static Template path(String template) {
    return new Template(template, MAX_PATH_CHARS);
  }

  /// What is wrong with a template.
  ///
  /// @return null if nothing is
  public static @Nullable String problem(String template) {
    Matcher matcher = PLACEHOLDER.matcher(template);
    StringBuilder rest = new StringBuilder();
    int end = 0;
    while (matcher.find()) {
      rest.append(template, end, matcher.start());
      end = matcher.end();
      if (!REFERENCE.matcher(matcher.group(1)).matches()) {
        return "unknown ${"
            + matcher.group(1)
            + "}, known are ${resource:KEY} and ${attribute:KEY}, with :-default behind KEY";
      }
    }
    rest.append(template.substring(end));
    if (rest.indexOf("${") >= 0) {
      return "${ without its }";
    }
    return template.isEmpty() ? "empty" : null;
  }

  /// What its placeholders stand for, in the order of the text; empty where every record has the
  /// same result.
  public List<Lookup> lookups() {
    return lookups;
  }

  /// The result for a record.
  ///
  /// @param values what has been found for the lookup at an index, null for nothing
  public String resolve(IntFunction<@Nullable String> values) {
    if (lookups.isEmpty()) {
      return fallback;
    }
    String result = join(values);
    if (result.equals(fallback) || results.contains(result)) {
      return result;
    }
    if (results.size() >= MAX_RESULTS) {
      return fallback;
    }
    results.add(result);
    return result;
  }

  /// Matches every result that this template can have, and nothing outside its folder.
  public Pattern pattern() {
    StringBuilder pattern = new StringBuilder();
    for (int i = 0; i < literals.size(); i++) {
      pattern.append(i == 0 ? "" : HARMLESS).append(Pattern.quote(literals.get(i)));
    }
    return Pattern.compile(pattern.toString());
  }

  private String join(IntFunction<@Nullable String> values) {
    StringBuilder result = new StringBuilder(literals.getFirst());
    for (int i = 0; i < lookups.size(); i++) {
      String value = harmless(values.apply(i), maxValueChars);
      result.append(value.isEmpty() ? fallbacks.get(i) : value).append(literals.get(i + 1));
    }
    if (result.length() > maxChars) {
      result.setLength(maxChars);
    }
    return result.toString();
  }

  private static String harmless(@Nullable String value, int maxChars) {
    if (value == null || value.equals(".")) {
      return "";
    }
    String start = value.length() > maxChars ? value.substring(0, maxChars) : value;
    return HARMFUL.matcher(start).replaceAll("_");
  }
}
