package dev.pannier.inject;

import dev.pannier.inject.pod.Change;
import dev.pannier.inject.yaml.YamlProblem;
import dev.pannier.inject.yaml.YamlText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// Manifests, among them webhooks' configurations, which name those that the API server trusts: `webhooks[].clientConfig.caBundle`.
final class CertificateAuthorities {
  private static final String KIND = "MutatingWebhookConfiguration";
  private static final String CA_BUNDLE = "caBundle";

  /// As a webhook's configuration names it.
  record Service(String name, String namespace) {
    /// What the API server asks for in the certificate.
    String host() {
      return name + "." + namespace + ".svc";
    }
  }

  /// @param path of the client's configuration in the document
  private record Found(int document, List<String> path, boolean hasBundle) {}

  private final List<YamlText> texts = new ArrayList<>();
  private final List<List<Found>> found = new ArrayList<>();
  private final Set<Service> services = new LinkedHashSet<>();
  private final List<String> problems = new ArrayList<>();

  CertificateAuthorities(List<ManifestFile> files) {
    for (ManifestFile file : files) {
      try {
        YamlText text = YamlText.parse(file.text());
        texts.add(text);
        found.add(find(text));
      } catch (YamlProblem e) {
        problems.add(file.name() + (e.line() > 0 ? ":" + e.line() : "") + ": " + e.what());
      }
    }
    if (problems.isEmpty() && !files.isEmpty() && found.stream().allMatch(List::isEmpty)) {
      problems.add("pannier: the manifests have no " + KIND);
    }
  }

  List<String> problems() {
    return problems;
  }

  /// Which the webhooks are asked at; those with a URL name none.
  List<Service> services() {
    return List.copyOf(services);
  }

  private List<Found> find(YamlText text) {
    List<Found> inText = new ArrayList<>();
    for (int i = 0; i < text.size(); i++) {
      if (!KIND.equals(text.rootText(i, "kind"))
          || !(text.tree(i) instanceof Map<?, ?> object)
          || !(object.get("webhooks") instanceof List<?> webhooks)) {
        continue;
      }
      for (int j = 0; j < webhooks.size(); j++) {
        if (webhooks.get(j) instanceof Map<?, ?> webhook
            && webhook.get("clientConfig") instanceof Map<?, ?> client) {
          List<String> path = List.of("webhooks", String.valueOf(j), "clientConfig");
          inText.add(new Found(i, path, client.containsKey(CA_BUNDLE)));
          if (client.get("service") instanceof Map<?, ?> service) {
            services.add(
                new Service(
                    Objects.toString(service.get("name"), ""),
                    Objects.toString(service.get("namespace"), "default")));
          }
        }
      }
    }
    return inText;
  }

  /// The texts with this one in all webhooks, in place of what was there.
  ///
  /// @param bundle PEM in base 64
  List<String> with(String bundle) {
    List<String> changed = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      Map<Integer, List<Change>> removals = new LinkedHashMap<>();
      Map<Integer, List<Change>> additions = new LinkedHashMap<>();
      for (Found each : found.get(i)) {
        List<String> path = new ArrayList<>(each.path());
        path.add(CA_BUNDLE);
        if (each.hasBundle()) {
          add(removals, each, new Change.Remove(path));
        }
        add(additions, each, new Change.Add(path, bundle));
      }
      YamlText text = removals.isEmpty() ? texts.get(i) : texts.get(i).changed(removals);
      changed.add((additions.isEmpty() ? text : text.changed(additions)).toString());
    }
    return changed;
  }

  private static void add(Map<Integer, List<Change>> all, Found found, Change change) {
    all.computeIfAbsent(found.document(), any -> new ArrayList<>()).add(change);
  }
}
