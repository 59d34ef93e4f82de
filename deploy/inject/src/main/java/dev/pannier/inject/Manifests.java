package dev.pannier.inject;

import dev.pannier.inject.pod.Change;
import dev.pannier.inject.pod.Injection;
import dev.pannier.inject.pod.Outcome;
import dev.pannier.inject.pod.Problem;
import dev.pannier.inject.pod.Removal;
import dev.pannier.inject.pod.Setting;
import dev.pannier.inject.pod.Workload;
import dev.pannier.inject.yaml.YamlProblem;
import dev.pannier.inject.yaml.YamlText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Changes manifests, and gathers what is to be told about them. An injection takes out what an earlier one has added, and then begins
/// anew: so it does the same to what it has done already, and an upgrade is one more injection.
final class Manifests {
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  /// The groups whose kinds these are; others have kinds of the same names and another shape.
  private static final Pattern OURS = Pattern.compile("v1|(apps|batch|extensions)/v[0-9].*");

  /// Where the kinds that are known have what a Pod has, too.
  private static final Map<String, List<String>> TEMPLATES =
      Map.of(
          "Pod", List.of(),
          "Deployment", List.of("spec", "template"),
          "StatefulSet", List.of("spec", "template"),
          "DaemonSet", List.of("spec", "template"),
          "ReplicaSet", List.of("spec", "template"),
          "ReplicationController", List.of("spec", "template"),
          "Job", List.of("spec", "template"),
          "CronJob", List.of("spec", "jobTemplate", "spec", "template"));

  private static final String LIST = "List";

  /// @param path      of the Pod or its template, in the document
  /// @param misplaced the paths of settings that stand elsewhere in the object
  private record Found(
      int document,
      List<String> path,
      Workload workload,
      @Nullable Object pod,
      List<List<String>> misplaced) {}

  private final @Nullable Injection injection;
  private final List<String> messages = new ArrayList<>();
  private boolean failed;

  /// @param injection null: sidecars are only taken out
  Manifests(@Nullable Injection injection) {
    this.injection = injection;
  }

  /// What is to be told, in order.
  List<String> messages() {
    return messages;
  }

  /// Whether a manifest could not be changed.
  boolean failed() {
    return failed;
  }

  /// @param name of the file, as it is told
  /// @return the text after the change; the same where there is nothing to do, and after a problem
  String change(String name, String text) {
    boolean marked = text.startsWith(BYTE_ORDER_MARK);
    String read = marked ? text.substring(1) : text;
    try {
      String changed = change(new Telling(name, YamlText.parse(read)));
      return marked ? BYTE_ORDER_MARK + changed : changed;
    } catch (YamlProblem e) {
      String hint =
          read.contains("{{")
              ? "; of a chart's templates, inject what `helm template` makes of them"
              : "";
      broken(name, e, "", hint);
      return text;
    }
  }

  private void broken(String name, YamlProblem problem, String document, String hint) {
    failed = true;
    String line = problem.line() > 0 ? ":" + problem.line() : "";
    messages.add(name + line + ": " + document + problem.what() + hint);
  }

  private String change(Telling telling) {
    List<Found> before = find(telling.text, telling::broken);
    Map<Integer, List<Change>> removals = new LinkedHashMap<>();
    Map<Integer, List<Change>> additions = new LinkedHashMap<>();
    for (Found found : before) {
      switch (Removal.of(found.pod())) {
        case Outcome.Changed removal -> {
          add(removals, found, removal.changes());
          removal.notices().forEach(notice -> telling.at(found, notice));
        }
        case Outcome.Refused refused -> telling.refused(found, refused.problems());
        case Outcome.Unchanged unchanged -> {
          if (injection == null) {
            telling.tell(found, unchanged.reason());
          }
        }
      }
    }
    YamlText without = removals.isEmpty() ? telling.text : telling.text.changed(removals);
    if (injection == null) {
      before.stream()
          .filter(found -> without != telling.text && changes(removals, found))
          .forEach(found -> telling.tell(found, "taken out"));
      return without.toString();
    }
    List<Found> after = removals.isEmpty() ? before : find(without, (document, told) -> {});
    for (int i = 0; i < after.size(); i++) {
      Found found = after.get(i);
      found.misplaced().forEach(path -> telling.misplaced(found, path));
      switch (injection.of(found.pod(), found.workload(), before.get(i).pod())) {
        case Outcome.Changed changed -> {
          add(additions, found, changed.changes());
          changed.notices().forEach(notice -> telling.at(found, notice));
          telling.tell(found, "injected");
        }
        case Outcome.Unchanged unchanged ->
            telling.tell(found, "left out, since " + unchanged.reason());
        case Outcome.Refused refused -> telling.refused(found, refused.problems());
      }
    }
    return additions.isEmpty() ? without.toString() : without.changed(additions).toString();
  }

  private static void add(Map<Integer, List<Change>> all, Found found, List<Change> changes) {
    List<Change> ofDocument = all.computeIfAbsent(found.document(), any -> new ArrayList<>());
    changes.forEach(change -> ofDocument.add(change.below(found.path())));
  }

  private static boolean changes(Map<Integer, List<Change>> all, Found found) {
    int depth = found.path().size();
    return all.getOrDefault(found.document(), List.of()).stream()
        .anyMatch(
            change ->
                change.path().size() > depth
                    && change.path().subList(0, depth).equals(found.path()));
  }

  /// @param broken gets documents that cannot be read, which keep nobody from telling what is wrong with the others
  private static List<Found> find(YamlText text, BiConsumer<Integer, YamlProblem> broken) {
    List<Found> found = new ArrayList<>();
    for (int i = 0; i < text.size(); i++) {
      String kind = text.rootText(i, "kind");
      if (kind != null && (kind.equals(LIST) || TEMPLATES.containsKey(element(kind)))) {
        try {
          find(i, List.of(), text.tree(i), Map.of(), found);
        } catch (YamlProblem e) {
          broken.accept(i, e);
        }
      }
    }
    return found;
  }

  /// Of a `DeploymentList`: `Deployment`.
  private static String element(String kind) {
    return kind.endsWith(LIST) ? kind.substring(0, kind.length() - LIST.length()) : kind;
  }

  /// @param defaults what holds where the object does not say its kind, as in a list of one kind
  private static void find(
      int document,
      List<String> path,
      @Nullable Object tree,
      Map<String, String> defaults,
      List<Found> found) {
    if (!(tree instanceof Map<?, ?> object)
        || !(value(object, "kind", defaults) instanceof String kind)
        || !(value(object, "apiVersion", defaults) instanceof String version)
        || !OURS.matcher(version).matches()) {
      return;
    }
    if (kind.endsWith(LIST) && object.get("items") instanceof List<?> items) {
      Map<String, String> ofAll =
          kind.equals(LIST) ? Map.of() : Map.of("kind", element(kind), "apiVersion", version);
      for (int i = 0; i < items.size(); i++) {
        List<String> item = longer(path, List.of("items", String.valueOf(i)));
        find(document, item, items.get(i), ofAll, found);
      }
      return;
    }
    List<String> template = TEMPLATES.get(kind);
    if (template == null) {
      return;
    }
    Object pod = tree;
    List<String> above = path;
    List<List<String>> misplaced = new ArrayList<>();
    for (String step : template) {
      misplaced.addAll(settings(pod, above));
      pod = pod instanceof Map<?, ?> map ? map.get(step) : null;
      above = longer(above, List.of(step));
    }
    Workload workload =
        kind.equals("Pod")
            ? Workload.of(tree)
            : new Workload(kind, nameOf(object), claims(object.get("spec")));
    found.add(new Found(document, above, workload, pod, misplaced));
  }

  /// Annotations and labels of ours: those of a Pod count, and no others.
  private static List<List<String>> settings(@Nullable Object object, List<String> path) {
    List<List<String>> settings = new ArrayList<>();
    if (object instanceof Map<?, ?> map && map.get("metadata") instanceof Map<?, ?> metadata) {
      for (String kind : List.of("annotations", "labels")) {
        if (metadata.get(kind) instanceof Map<?, ?> all) {
          all.keySet().stream()
              .map(String::valueOf)
              .filter(key -> key.startsWith(Setting.PREFIX))
              .forEach(key -> settings.add(longer(path, List.of("metadata", kind, key))));
        }
      }
    }
    return settings;
  }

  private static @Nullable Object value(
      Map<?, ?> object, String key, Map<String, String> defaults) {
    return object.containsKey(key) ? object.get(key) : defaults.get(key);
  }

  private static Set<String> claims(@Nullable Object spec) {
    return spec instanceof Map<?, ?> map && map.get("volumeClaimTemplates") instanceof List<?> list
        ? list.stream().map(Manifests::nameOf).collect(Collectors.toSet())
        : Set.of();
  }

  private static String nameOf(@Nullable Object object) {
    return object instanceof Map<?, ?> map
            && map.get("metadata") instanceof Map<?, ?> metadata
            && metadata.get("name") instanceof String name
        ? name
        : "";
  }

  private static List<String> longer(List<String> path, List<String> steps) {
    List<String> longer = new ArrayList<>(path);
    longer.addAll(steps);
    return longer;
  }

  /// The texts of several files as one.
  static String joined(List<String> texts) {
    if (texts.size() == 1) {
      return texts.getFirst();
    }
    StringBuilder joined = new StringBuilder();
    for (String text : texts) {
      String own = text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
      if (own.isBlank()) {
        continue;
      }
      own = YamlText.parse(own).separated();
      if (!joined.isEmpty() && "\r\n".indexOf(joined.charAt(joined.length() - 1)) < 0) {
        joined.append('\n');
      }
      // Before the first, too: what begins with a brace is taken for nothing but JSON.
      if (own.startsWith("%")) {
        joined.append(joined.isEmpty() ? "" : "...\n");
      } else if (!own.startsWith("---")) {
        joined.append("---\n");
      }
      joined.append(own);
    }
    return joined.toString();
  }

  /// Messages about one file: `name:line: document 2: Deployment checkout: key: what (value)`.
  private final class Telling {
    private final String name;

    /// As it was given, so that lines are those of the file.
    private final YamlText text;

    Telling(String name, YamlText text) {
      this.name = name;
      this.text = text;
    }

    void broken(int document, YamlProblem problem) {
      Manifests.this.broken(name, problem, document(document), "");
    }

    void refused(Found found, List<Problem> problems) {
      failed = true;
      problems.forEach(problem -> at(found, problem));
    }

    void at(Found found, Problem problem) {
      tell(found, longer(found.path(), problem.path()), problem.message());
    }

    void misplaced(Found found, List<String> path) {
      List<String> right = longer(found.path(), path.subList(path.size() - 3, path.size() - 1));
      tell(found, path, "does not count here: say it in " + Problem.key(right));
    }

    private void tell(Found found, List<String> path, String what) {
      messages.add(
          head(found, text.line(found.document(), path)) + Problem.key(path) + ": " + what);
    }

    void tell(Found found, String what) {
      messages.add(head(found, text.line(found.document(), found.path())) + what);
    }

    private String head(Found found, int line) {
      return name + ":" + line + ": " + document(found.document()) + found.workload() + ": ";
    }

    private String document(int document) {
      return text.size() > 1 ? "document " + (document + 1) + ": " : "";
    }
  }
}
