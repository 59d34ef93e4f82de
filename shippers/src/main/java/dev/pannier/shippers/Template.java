package dev.pannier.shippers;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A topic or path with placeholders: `logs.${resource:service.name}`,
/// `${attribute:tenant:-nobody}/logs.jsonl`.
///
/// Values come from whoever writes logs, so they are kept harmless: every character but letters and
/// digits of ASCII, `.`, `_` and `-` becomes `_`, so does `..`, and each value is cut to 100
/// characters. A value that is missing or empty is the placeholder's default, or `unknown`. A
/// template has at most 100 results in its life; what would be another one goes where everything is
/// at its default.
///
/// One thread.
public final class Template {
  /// Distinct results, those of defaults aside.
  public static final int MAX_RESULTS = 100;

  /// Kafka's longest name of a topic; also below what file systems take.
  public static final int MAX_CHARS = 249;

  private static final int MAX_VALUE_CHARS = 100;
  private static final String MISSING = "unknown";
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^}]*)}");
  private static final Pattern REFERENCE =
      Pattern.compile("(resource|attribute):(.+?)(?::-([A-Za-z0-9._-]+))?");
  private static final Pattern HARMFUL = Pattern.compile("[^A-Za-z0-9._-]|\\.{2,}");

  /// Where a value comes from.
  public enum Origin {
    RESOURCE,
    ATTRIBUTE
  }

  /// @param key the attribute's name
  public record Placeholder(Origin origin, String key, String fallback) {}

  private final List<String> literals;
  private final List<Placeholder> placeholders;
  private final String fallback;
  private final Set<String> results = new HashSet<>();

  /// @throws IllegalArgumentException with what [#problem] says
  public Template(String template) {
    String problem = problem(template);
    if (problem != null) {
      throw new IllegalArgumentException(problem);
    }
    List<String> texts = new ArrayList<>();
    List<Placeholder> found = new ArrayList<>();
    Matcher matcher = PLACEHOLDER.matcher(template);
    int end = 0;
    while (matcher.find()) {
      texts.add(template.substring(end, matcher.start()));
      end = matcher.end();
      Matcher reference = REFERENCE.matcher(matcher.group(1));
      if (reference.matches()) {
        found.add(placeholder(reference));
      }
    }
    texts.add(template.substring(end));
    this.literals = List.copyOf(texts);
    this.placeholders = List.copyOf(found);
    this.fallback = join(new String[found.size()]);
  }

  private static Placeholder placeholder(Matcher reference) {
    Origin origin = reference.group(1).equals("resource") ? Origin.RESOURCE : Origin.ATTRIBUTE;
    String otherwise = reference.group(3);
    return new Placeholder(
        origin, reference.group(2), otherwise == null ? MISSING : harmless(otherwise));
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
    if (rest.length() > MAX_CHARS) {
      return "longer than " + MAX_CHARS + " characters";
    }
    return template.isEmpty() ? "empty" : null;
  }

  /// Whether it is the same for every record.
  public boolean isFixed() {
    return placeholders.isEmpty();
  }

  /// In the order of the text.
  public List<Placeholder> placeholders() {
    return placeholders;
  }

  /// @param values one a placeholder, null where a record has none
  public String resolve(@Nullable String[] values) {
    if (placeholders.isEmpty()) {
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

  private String join(@Nullable String[] values) {
    StringBuilder result = new StringBuilder(literals.getFirst());
    for (int i = 0; i < placeholders.size(); i++) {
      String value = harmless(values[i]);
      result.append(value.isEmpty() ? placeholders.get(i).fallback() : value);
      result.append(literals.get(i + 1));
    }
    if (result.length() > MAX_CHARS) {
      result.setLength(MAX_CHARS);
    }
    return result.toString();
  }

  private static String harmless(@Nullable String value) {
    if (value == null || value.equals(".")) {
      return "";
    }
    String start = value.length() > MAX_VALUE_CHARS ? value.substring(0, MAX_VALUE_CHARS) : value;
    return HARMFUL.matcher(start).replaceAll("_");
  }
}
