package dev.pannier.inject;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.inject.pod.Injection;
import dev.pannier.inject.pod.Setting;
import dev.pannier.inject.webhook.Reviews;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/// What holds for every manifest, however it is written.
class InjectPropertiesTest {
  private static final Set<String> VARIABLES =
      Set.of(
          "K8S_NAMESPACE_NAME",
          "K8S_POD_NAME",
          "K8S_POD_UID",
          "K8S_NODE_NAME",
          "OTEL_RESOURCE_ATTRIBUTES",
          "OTEL_EXPORTER_OTLP_ENDPOINT");

  private static final Map<String, String> FIELDS =
      Map.of(
          "K8S_NAMESPACE_NAME", "metadata.namespace",
          "K8S_POD_NAME", "metadata.name",
          "K8S_POD_UID", "metadata.uid",
          "K8S_NODE_NAME", "spec.nodeName");

  private static String manifests(long seed) {
    Random random = new Random(seed);
    ManifestMaker maker = new ManifestMaker(random);
    List<String> documents = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      documents.add(new ManifestWriter(random).write(maker.manifest()));
    }
    boolean isJson = documents.stream().allMatch(document -> document.startsWith("{"));
    return isJson && random.nextBoolean()
        ? String.join(random.nextBoolean() ? "" : "\n", documents)
        : Manifests.joined(documents);
  }

  private static String inject(String text, boolean ordinary) {
    return change(
        text,
        new Injection(
            Map.of(
                Setting.INJECT,
                "true",
                Setting.IMAGE,
                "pannier:1",
                Setting.MODE,
                ordinary ? "ordinary" : "native")));
  }

  private static String change(String text, Injection injection) {
    Manifests manifests = new Manifests(injection);
    String changed = manifests.change("m.yaml", text);
    assertThat(manifests.failed()).as("%s%n%s", manifests.messages(), text).isFalse();
    return changed;
  }

  private static String remove(String text) {
    Manifests manifests = new Manifests(null);
    String changed = manifests.change("m.yaml", text);
    assertThat(manifests.failed()).as("%s%n%s", manifests.messages(), text).isFalse();
    return changed;
  }

  @Property(tries = 60)
  void removingRestoresEveryByte(@ForAll long seed, @ForAll boolean ordinary) {
    String text = manifests(seed);
    assertThat(remove(inject(text, ordinary))).isEqualTo(text);
  }

  @Property(tries = 30)
  void twiceGivesTheSameAsOnce(@ForAll long seed, @ForAll boolean ordinary) {
    String once = inject(manifests(seed), ordinary);
    assertThat(inject(once, ordinary)).isEqualTo(once);
  }

  @Property(tries = 20)
  void anotherFormReplacesTheOneThatIsThere(@ForAll long seed) {
    String text = manifests(seed);
    assertThat(inject(inject(text, true), false)).isEqualTo(inject(text, false));
  }

  @Property(tries = 30)
  void nothingThatWasThereIsTakenAwayOrMoved(@ForAll long seed, @ForAll boolean ordinary) {
    String whole = manifests(seed);
    String injected = inject(whole, ordinary);
    // In the place of a null there is what was added.
    String text = whole.replaceAll(":\\s*(?:~|null|Null|NULL)(?=[\\s,}\\]]|$)", ":");
    int at = 0;
    for (int i = 0; i < injected.length() && at < text.length(); i++) {
      if (injected.charAt(i) == text.charAt(at)) {
        at++;
      }
    }
    assertThat(at).as("of %s%nin %s", text, injected).isEqualTo(text.length());
  }

  /// The library's own reading of both texts, without what belongs to the sidecar.
  @Property(tries = 30)
  void whatItDidNotNeedToTouchIsUnchanged(@ForAll long seed, @ForAll boolean ordinary) {
    String text = manifests(seed);
    List<Object> before = load(text);
    List<Object> after = load(inject(text, ordinary));
    assertThat(String.valueOf(after)).contains("name=pannier,");
    assertThat(without(after, before)).isEqualTo(without(before, before));
  }

  /// Whatever variables of these names an application has itself.
  @Property(tries = 30)
  void anAttributeOfThePodIsWhatItIsNamedAfter(@ForAll long seed, @ForAll boolean ordinary) {
    List<List<?>> environments = new ArrayList<>();
    lists(load(inject(manifests(seed), ordinary)), "env", environments);
    assertThat(environments).isNotEmpty();
    for (List<?> environment : environments) {
      Map<String, Object> variables = new LinkedHashMap<>();
      environment.forEach(each -> variables.put(name(each, 0), each));
      String attributes = String.valueOf(variables.getOrDefault("OTEL_RESOURCE_ATTRIBUTES", ""));
      FIELDS.forEach(
          (reference, field) -> {
            if (attributes.contains("=$(" + reference + ")")) {
              assertThat(String.valueOf(variables.get(reference)))
                  .contains("fieldPath=" + field + "}");
            }
          });
    }
  }

  /// The API server takes no two mounts of a container at one path.
  @Property(tries = 30)
  void noVariableAndNoMountIsThereTwice(@ForAll long seed, @ForAll boolean ordinary) {
    List<Object> manifests = load(inject(manifests(seed), ordinary));
    List<List<?>> environments = new ArrayList<>();
    lists(manifests, "env", environments);
    for (List<?> environment : environments) {
      assertThat(environment.stream().map(each -> name(each, 0))).doesNotHaveDuplicates();
    }
    List<List<?>> mounts = new ArrayList<>();
    lists(manifests, "volumeMounts", mounts);
    assertThat(mounts).isNotEmpty();
    for (List<?> ofContainer : mounts) {
      assertThat(ofContainer.stream().map(each -> ((Map<?, ?>) each).get("mountPath")))
          .doesNotHaveDuplicates();
    }
  }

  private static void lists(@Nullable Object tree, String key, List<List<?>> found) {
    if (tree instanceof List<?> list) {
      list.forEach(each -> lists(each, key, found));
    } else if (tree instanceof Map<?, ?> map) {
      if (map.get(key) instanceof List<?> list) {
        found.add(list);
      }
      map.values().forEach(each -> lists(each, key, found));
    }
  }

  /// A Pod that is killed last, and whose processors nobody else has, is so with the sidecar, too.
  @Property(tries = 60)
  void whatIsGuaranteedStaysSo(@ForAll long seed, @ForAll boolean ordinary) {
    String text = manifests(seed);
    List<QualityOfService> before = qualities(load(text));
    List<QualityOfService> after = qualities(load(inject(text, ordinary)));
    assertThat(after).hasSameSizeAs(before);
    for (int i = 0; i < before.size(); i++) {
      boolean isGuaranteed = before.get(i) == QualityOfService.GUARANTEED;
      assertThat(after.get(i))
          .as(text)
          .isEqualTo(isGuaranteed ? QualityOfService.GUARANTEED : QualityOfService.BURSTABLE);
    }
  }

  @Property(tries = 1)
  void podsOfEachQualityAreMade() {
    Set<QualityOfService> made = new HashSet<>();
    for (long seed = 0; seed < 100; seed++) {
      made.addAll(qualities(load(manifests(seed))));
    }
    assertThat(made).containsExactlyInAnyOrder(QualityOfService.values());
  }

  private static List<QualityOfService> qualities(@Nullable Object tree) {
    List<QualityOfService> all = new ArrayList<>();
    if (tree instanceof List<?> list) {
      list.forEach(each -> all.addAll(qualities(each)));
    } else if (tree instanceof Map<?, ?> map) {
      if (map.get("containers") instanceof List<?>) {
        all.add(QualityOfService.of(map));
      }
      map.values().forEach(each -> all.addAll(qualities(each)));
    }
    return all;
  }

  private static List<Object> load(String text) {
    List<Object> documents = new ArrayList<>();
    for (String piece : text.split("(?m)^---$", -1)) {
      documents.addAll(piece.strip().startsWith("{") ? Reviews.trees(piece) : yaml(piece));
    }
    return documents;
  }

  private static List<Object> yaml(String piece) {
    List<Object> documents = new ArrayList<>();
    // As `kubectl` does.
    String text = piece.matches("(?s).*[\\r\\n]") ? piece : piece + "\n";
    // All at once: the library's reader fails on an emoji between two buffers.
    LoadSettings settings =
        LoadSettings.builder().setBufferSize(text.length() + 1).setSchema(new CoreSchema()).build();
    new Load(settings).loadAllFromString(text.replace(":\t", ": ")).forEach(documents::add);
    return documents;
  }

  /// Empty things and missing ones are the same to Kubernetes.
  private static Object without(@Nullable Object after, @Nullable Object before) {
    return switch (after) {
      case null -> "";
      case Map<?, ?> map -> {
        Map<Object, Object> kept = new LinkedHashMap<>();
        map.forEach(
            (key, value) -> {
              Object old = before instanceof Map<?, ?> was ? was.get(key) : null;
              if (!key.equals("pannier.dev/injected") && value != null) {
                Object rest = without(value, old);
                if (!rest.equals(Map.of()) && !rest.equals(List.of())) {
                  kept.put(key, rest);
                }
              }
            });
        yield kept;
      }
      case List<?> list -> {
        Map<String, Object> named = new LinkedHashMap<>();
        Set<String> had = new HashSet<>();
        if (before instanceof List<?> was) {
          for (int i = 0; i < was.size(); i++) {
            String name = name(was.get(i), i);
            had.add(name);
            named.put(name, was.get(i));
          }
        }
        List<Object> kept = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
          String name = name(list.get(i), i);
          boolean isOurs = name.startsWith("pannier") || VARIABLES.contains(name);
          if (had.contains(name) || !isOurs) {
            kept.add(without(list.get(i), named.get(name)));
          }
        }
        yield kept;
      }
      default -> after;
    };
  }

  private static String name(Object element, int index) {
    return element instanceof Map<?, ?> map && map.get("name") != null
        ? Objects.toString(map.get("name"))
        : String.valueOf(index);
  }
}
