package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.demo.ChildProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The Pod that `pannier inject` makes of a manifest, as a kubelet starts it.
///
/// @param spec   of the Pod
/// @param fields what the Downward API has of it, by `fieldPath`
record Injected(JsonNode spec, Map<String, String> fields) {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /// `$(VARIABLE)`, which `$$` would keep from being one.
  private static final Pattern REFERENCE = Pattern.compile("\\$\\$|\\$\\(([^)]+)\\)");

  /// @param folder   where files may be written
  /// @param manifest of something with a Pod's template, as JSON
  static Injected of(Path folder, String manifest, Map<String, String> fields) throws Exception {
    Path file = Files.writeString(folder.resolve("manifest.json"), manifest);
    List<String> arguments = List.of("inject", "-f", file.toString());
    try (ChildProcess inject = Webhook.inject("injected", folder, arguments)) {
      assertThat(inject.await(PATIENCE)).as(inject.lastWords()).isZero();
    }
    String made = Files.readString(folder.resolve("injected.out"));
    return new Injected(new ObjectMapper().readTree(made).at("/spec/template/spec"), fields);
  }

  JsonNode sidecar() {
    return spec.at("/initContainers/0");
  }

  JsonNode application() {
    return spec.at("/containers/0");
  }

  /// A container's variables, each with what it takes of the Pod's fields and of those before it.
  Map<String, String> environment(JsonNode container) {
    Map<String, String> environment = new HashMap<>();
    for (JsonNode variable : container.get("env")) {
      String path = variable.at("/valueFrom/fieldRef/fieldPath").asString("");
      String value =
          path.isEmpty()
              ? expanded(variable.at("/value").asString(), environment)
              : fields.get(path);
      assertThat(value).as(variable.toString()).isNotNull();
      environment.put(variable.at("/name").asString(), value);
    }
    return environment;
  }

  /// What names no variable stays as it is.
  private static String expanded(String value, Map<String, String> before) {
    return REFERENCE
        .matcher(value)
        .replaceAll(reference -> Matcher.quoteReplacement(valueOf(reference, before)));
  }

  private static String valueOf(MatchResult reference, Map<String, String> before) {
    return reference.group(1) == null
        ? "$"
        : before.getOrDefault(reference.group(1), reference.group());
  }
}
