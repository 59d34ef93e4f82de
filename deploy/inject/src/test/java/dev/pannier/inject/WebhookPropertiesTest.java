package dev.pannier.inject;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.inject.pod.Injection;
import dev.pannier.inject.pod.Setting;
import dev.pannier.inject.pod.WrittenNull;
import dev.pannier.inject.webhook.Reviews;
import dev.pannier.inject.yaml.YamlText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/// The webhook does to a Pod what `inject` does to the manifest that the Pod comes from.
class WebhookPropertiesTest {
  private static final String HASH = "7d4b9f6c5";

  private static Map<Setting, String> defaults(boolean ordinary) {
    return Map.of(
        Setting.INJECT,
        "true",
        Setting.IMAGE,
        "pannier:1",
        Setting.MODE,
        ordinary ? "ordinary" : "native");
  }

  private static Map<?, ?> map(@Nullable Object tree) {
    return (Map<?, ?>) Objects.requireNonNull(tree);
  }

  /// A Pod of the cluster's has nulls that are nothing, and the trace does not name them.
  private static @Nullable Object plain(@Nullable Object tree) {
    return switch (tree) {
      case null -> null;
      case WrittenNull ignored -> null;
      case Map<?, ?> map -> {
        Map<Object, @Nullable Object> copy = new LinkedHashMap<>();
        map.forEach((key, value) -> copy.put(key, plain(value)));
        yield copy;
      }
      case List<?> list -> {
        List<@Nullable Object> copy = new ArrayList<>();
        list.forEach(value -> copy.add(plain(value)));
        yield copy;
      }
      case String text when text.contains("spec.volumes") ->
          text.replaceAll("=[^ \\[]+(?=\\[)", "")
              .replaceAll(" metadata.annotations=\\S+", "")
              .replaceAll(" metadata=\\S+", " metadata.annotations+");
      default -> tree;
    };
  }

  /// @param pod as the cluster makes it
  /// @param injected as `inject` leaves it, the Pod or the template
  private record Case(Map<?, ?> pod, Map<?, ?> injected, boolean isPod) {}

  private static Case made(long seed, boolean ordinary) {
    Random random = new Random(seed);
    Map<String, Object> manifest = new ManifestMaker(random).workload();
    String kind = String.valueOf(manifest.get("kind"));
    String text = new ManifestWriter(random).write(manifest);
    Manifests manifests = new Manifests(new Injection(defaults(ordinary)));
    String changed = manifests.change("m.yaml", text);
    assertThat(manifests.failed()).as("%s%n%s", manifests.messages(), text).isFalse();
    Map<?, ?> before = map(plain(YamlText.parse(text).tree(0)));
    Map<?, ?> after = map(plain(YamlText.parse(changed).tree(0)));
    if (kind.equals("Pod")) {
      return new Case(before, after, true);
    }
    return new Case(podOf(kind, template(kind, before)), template(kind, after), false);
  }

  private static Map<?, ?> template(String kind, Map<?, ?> manifest) {
    Map<?, ?> spec = map(manifest.get("spec"));
    return map(
        (kind.equals("CronJob") ? map(map(spec.get("jobTemplate")).get("spec")) : spec)
            .get("template"));
  }

  private static Map<?, ?> podOf(String kind, Map<?, ?> template) {
    Map<Object, Object> metadata = new LinkedHashMap<>();
    if (template.get("metadata") instanceof Map<?, ?> own) {
      metadata.putAll(own);
    }
    metadata.put("generateName", "shop-");
    boolean isDeployment = kind.equals("Deployment");
    boolean isCronJob = kind.equals("CronJob");
    if (isDeployment) {
      Map<Object, Object> labels = new LinkedHashMap<>();
      if (metadata.get("labels") instanceof Map<?, ?> own) {
        labels.putAll(own);
      }
      labels.put("pod-template-hash", HASH);
      metadata.put("labels", labels);
    }
    metadata.put(
        "ownerReferences",
        List.of(
            Map.of(
                "apiVersion",
                kind.endsWith("Job") ? "batch/v1" : "apps/v1",
                "kind",
                isDeployment ? "ReplicaSet" : isCronJob ? "Job" : kind,
                "name",
                isDeployment ? "shop-" + HASH : isCronJob ? "nightly-29884620" : "shop",
                "controller",
                true)));
    Map<Object, Object> pod = new LinkedHashMap<>();
    pod.put("apiVersion", "v1");
    pod.put("kind", "Pod");
    pod.put("metadata", metadata);
    pod.put("spec", template.get("spec"));
    return pod;
  }

  @Property(tries = 60)
  void aPodOutOfTheWebhookIsTheOneOutOfInject(@ForAll long seed, @ForAll boolean ordinary)
      throws Exception {
    Case made = made(seed, ordinary);
    Map<?, ?> answered = map(Reviews.answered(defaults(ordinary), made.pod()));
    assertThat(String.valueOf(answered)).contains("name=pannier,");
    if (made.isPod()) {
      assertThat(answered).isEqualTo(made.injected());
    } else {
      assertThat(answered.get("spec")).isEqualTo(made.injected().get("spec"));
    }
  }

  @Property(tries = 20)
  void aPodThatHasTheSidecarStaysAsItIs(@ForAll long seed, @ForAll boolean ordinary)
      throws Exception {
    Case made = made(seed, ordinary);
    Object once = Reviews.answered(defaults(ordinary), made.pod());
    assertThat(Reviews.answered(defaults(ordinary), once)).isEqualTo(once);
    assertThat(Reviews.answered(defaults(!ordinary), once)).isEqualTo(once);
    Map<Object, Object> ofTemplate = new LinkedHashMap<>(made.injected());
    assertThat(Reviews.answered(defaults(ordinary), ofTemplate)).isEqualTo(ofTemplate);
  }
}
