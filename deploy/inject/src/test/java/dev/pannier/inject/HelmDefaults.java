package dev.pannier.inject;

import dev.pannier.inject.pod.Injection;
import dev.pannier.inject.pod.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/// What the chart's schema says of `sidecar.defaults`, by as much of JSON Schema as it takes, and what the webhook says that gets them.
final class HelmDefaults {
  private static final Path SCHEMA = Path.of("../helm/pannier/values.schema.json");

  private HelmDefaults() {}

  static Map<?, ?> schema() throws IOException {
    Object node = new Load(LoadSettings.builder().build()).loadFromString(Files.readString(SCHEMA));
    for (String step : List.of("sidecar", "defaults")) {
      node = map(map(map(node).get("properties")).get(step));
    }
    return map(node);
  }

  private static Map<?, ?> map(@Nullable Object node) {
    return (Map<?, ?>) Objects.requireNonNull(node);
  }

  static boolean takes(Object schema, Object value) {
    Map<?, ?> rules = map(schema);
    return rules.entrySet().stream()
        .allMatch(
            rule ->
                takes(
                    rules, (String) rule.getKey(), Objects.requireNonNull(rule.getValue()), value));
  }

  private static boolean takes(Map<?, ?> rules, String key, Object rule, Object value) {
    String text = value instanceof String single ? single : "";
    Map<?, ?> object = value instanceof Map<?, ?> map ? map : Map.of();
    return switch (key) {
      case "type" -> rule.equals("object") == value instanceof Map;
      case "const" -> rule.equals(value);
      case "enum" -> ((List<?>) rule).contains(value);
      // To `helm` a dollar is the text's end, whatever its last line.
      case "pattern" ->
          Pattern.compile(((String) rule).replaceAll("(?<!\\\\)\\$", "\\\\z")).matcher(text).find();
      // Of numbers alone, and here are none.
      case "minimum" -> true;
      case "minLength" -> text.length() >= (int) rule;
      case "maxLength" -> text.length() <= (int) rule;
      case "anyOf" -> ((List<?>) rule).stream().anyMatch(one -> takes(one, value));
      case "not" -> !takes(rule, value);
      case "required" -> object.keySet().containsAll((List<?>) rule);
      case "properties" ->
          map(rule).entrySet().stream()
              .allMatch(
                  property ->
                      !object.containsKey(property.getKey())
                          || takes(
                              Objects.requireNonNull(property.getValue()),
                              Objects.requireNonNull(object.get(property.getKey()))));
      case "additionalProperties" ->
          map(rules.get("properties")).keySet().containsAll(object.keySet());
      case "if" ->
          takes(Objects.requireNonNull(rules.get(takes(rule, value) ? "then" : "else")), value);
      case "then", "else" -> true;
      default ->
          throw new AssertionError("a keyword of JSON Schema that this does not know: " + key);
    };
  }

  /// The chart leaves out what is empty.
  static boolean webhookTakes(Map<String, String> defaults) {
    Map<Setting, String> all =
        new EnumMap<>(Map.of(Setting.INJECT, "true", Setting.IMAGE, "pannier:1"));
    defaults.forEach(
        (key, value) -> {
          if (!value.isEmpty()) {
            all.put(Objects.requireNonNull(Setting.of(key)), value);
          }
        });
    return new Injection(all).problems().isEmpty();
  }
}
