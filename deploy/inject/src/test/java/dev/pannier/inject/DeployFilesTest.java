package dev.pannier.inject;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.inject.pod.Setting;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/// The files of `deploy/` that users start from.
class DeployFilesTest {
  private static final Path DEPLOY = Path.of("..").toAbsolutePath().normalize();

  /// Of an image that is no other registry's.
  private static final Pattern TAG =
      Pattern.compile("(?<![\\w./-])pannier/(?:pannier|inject):([\\w.-]+)");

  private static List<Path> samples() throws IOException {
    return yaml("samples");
  }

  private static List<Path> manifests() throws IOException {
    return Stream.of(yaml("samples"), yaml("kubernetes"), yaml("kustomize"), yaml("inject/webhook"))
        .flatMap(List::stream)
        .toList();
  }

  private static List<Path> yaml(String folder) throws IOException {
    try (Stream<Path> tree = Files.walk(DEPLOY.resolve(folder))) {
      return tree.filter(path -> path.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  /// The project's.
  private static String version() throws IOException {
    Matcher version =
        Pattern.compile("<version>(.+?)</version>").matcher(Files.readString(Path.of("pom.xml")));
    assertThat(version.find()).isTrue();
    return version.group(1);
  }

  private static String run(int expected, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    assertThat(Main.execute(arguments, InputStream.nullInputStream(), out, err))
        .as(err.toString(UTF_8))
        .isEqualTo(expected);
    return out.toString(UTF_8);
  }

  @ParameterizedTest
  @MethodSource("samples")
  void everySampleTakesTheSidecarAndGivesItBack(Path sample) throws Exception {
    String injected = run(0, "inject", "-f", sample.toString());
    assertThat(injected).contains("- name: pannier\n");
    Path file = Files.createTempFile("sample", ".yaml");
    try {
      Files.writeString(file, injected);
      assertThat(run(0, "inject", "-f", file.toString())).isEqualTo(injected);
      assertThat(run(0, "inject", "--remove", "-f", file.toString()))
          .isEqualTo(Files.readString(sample));
    } finally {
      Files.delete(file);
    }
  }

  @ParameterizedTest
  @MethodSource("manifests")
  void everyManifestIsYamlOfObjects(Path manifest) throws Exception {
    for (Object document :
        new Load(LoadSettings.builder().build()).loadAllFromString(Files.readString(manifest))) {
      assertThat(document).isInstanceOf(Map.class);
      assertThat(((Map<?, ?>) document).get("kind")).isInstanceOf(String.class);
      assertThat(((Map<?, ?>) document).get("apiVersion")).isInstanceOf(String.class);
    }
  }

  /// The manifests for who does not inject are what an injection makes.
  @Test
  void theManifestsWithTheSidecarAreThoseWithoutAfterAnInjection() throws Exception {
    String without = DEPLOY.resolve("kubernetes/shop.yaml").toString();
    String[] command = {"inject", "-f", without, "--image", "pannier/pannier:" + version()};
    assertThat(run(0, command))
        .isEqualTo(Files.readString(DEPLOY.resolve("kubernetes/shop-native-sidecar.yaml")));
    String[] ordinary =
        Stream.concat(Stream.of(command), Stream.of("--ordinary")).toArray(String[]::new);
    assertThat(run(0, ordinary))
        .isEqualTo(Files.readString(DEPLOY.resolve("kubernetes/shop-ordinary-sidecar.yaml")));
  }

  /// Which `inject` and the webhook ask for by themselves, too.
  @Test
  void everyImageOfOursHasTheProjectsVersionAsItsTag() throws Exception {
    List<Path> files;
    try (Stream<Path> tree = Files.walk(DEPLOY)) {
      files =
          tree.filter(file -> file.toString().matches(".*(\\.yaml|\\.md|Dockerfile)"))
              .filter(file -> !file.toString().contains("/target/"))
              .toList();
    }
    int tags = 0;
    for (Path file : files) {
      String text = Files.readString(file);
      Matcher tag = TAG.matcher(text);
      while (tag.find()) {
        assertThat(tag.group(1)).as("in " + file).isEqualTo(version());
        tags++;
      }
      assertThat(text)
          .as(file.toString())
          .doesNotContainPattern("-t pannier/(pannier|inject)(?!:)");
    }
    assertThat(tags).isPositive();
    assertThat(Files.readString(DEPLOY.resolve("kustomize/base/kustomization.yaml")))
        .contains("\n    newTag: " + version() + "\n");
    assertThat(Files.readString(DEPLOY.resolve("helm/pannier/Chart.yaml")))
        .contains("\nappVersion: \"" + version() + "\"\n");
  }

  @Test
  void theReadmeNamesEveryAnnotationAndOption() throws Exception {
    String readme = Files.readString(Path.of("README.md"));
    for (String key : Setting.keys()) {
      assertThat(readme).contains("\n| `" + key + "` |");
    }
    String help =
        run(0, "inject", "--help")
            + run(0, "webhook", "--help")
            + run(0, "webhook", "certificate", "--help");
    help.lines()
        .flatMap(line -> Stream.of(line.strip().split("[ ,=]+", -1)))
        .filter(word -> word.matches("--[a-z][a-z-]+") && !word.matches("--help|--version"))
        .forEach(option -> assertThat(readme).contains(option));
  }

  @Test
  void theWebhookIsAskedForPodsAlonesCreationAndItsFailureStopsNone() throws Exception {
    Object configuration =
        new Load(LoadSettings.builder().build())
            .loadFromString(Files.readString(Path.of("webhook/configuration.yaml")));
    List<?> webhooks =
        (List<?>) Objects.requireNonNull(((Map<?, ?>) configuration).get("webhooks"));
    assertThat(webhooks).hasSize(2);
    for (Object each : webhooks) {
      Map<?, ?> webhook = (Map<?, ?>) each;
      assertThat(webhook.get("failurePolicy")).isEqualTo("Ignore");
      assertThat(webhook.get("sideEffects")).isEqualTo("None");
      assertThat(webhook.get("admissionReviewVersions")).isEqualTo(List.of("v1"));
      assertThat(webhook.containsKey("namespaceSelector")).isTrue();
      assertThat(webhook.containsKey("objectSelector")).isTrue();
      List<?> rules = (List<?>) Objects.requireNonNull(webhook.get("rules"));
      Map<?, ?> rule = (Map<?, ?>) rules.getFirst();
      assertThat(rule.get("resources")).isEqualTo(List.of("pods"));
      assertThat(rule.get("operations")).isEqualTo(List.of("CREATE"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"configuration.yaml", "namespace.yaml", "webhook.yaml"})
  void theKustomizeBaseIsTheManifestsOfTheWebhook(String name) throws Exception {
    assertThat(Files.readString(DEPLOY.resolve("kustomize/base").resolve(name)))
        .isEqualTo(Files.readString(Path.of("webhook").resolve(name)));
  }

  /// A patch of the sidecars' image, as the README and the base tell it, goes by its index.
  @Test
  void theSidecarsImageIsTheWebhooksFourthArgument() throws Exception {
    String manifest = Files.readString(Path.of("webhook/webhook.yaml"));
    List<String> arguments =
        manifest
            .substring(manifest.indexOf("          args:\n"), manifest.indexOf("          env:\n"))
            .lines()
            .skip(1)
            .map(String::strip)
            .toList();
    assertThat(arguments.get(3)).startsWith("- --image=");
    assertThat(Files.readString(DEPLOY.resolve("kustomize/base/kustomization.yaml")))
        .contains("/spec/template/spec/containers/0/args/3");
  }

  /// Its templates are no YAML before Helm has read them.
  @Test
  void theChartHasWhatTheManifestsHave() throws Exception {
    String chart = Files.readString(DEPLOY.resolve("helm/pannier/templates/webhook.yaml"));
    assertThat(chart)
        .contains(
            "\n      terminationGracePeriodSeconds: 20\n",
            "\n              value: -XX:+ExitOnOutOfMemoryError\n",
            "\n        pannier.dev/inject: \"false\"\n",
            "\n          whenUnsatisfiable: ScheduleAnyway\n");
    assertThat(Files.readString(DEPLOY.resolve("helm/pannier/values.yaml")))
        .contains("\n  timeoutSeconds: 5\n", "\n  failurePolicy: Ignore\n", "\n  mode: auto\n");
    // Native sidecars are there from this version on, its builds of vendors included.
    assertThat(Files.readString(DEPLOY.resolve("helm/pannier/templates/_helpers.tpl")))
        .contains("semverCompare \">=1.29.0-0\" .Capabilities.KubeVersion.Version");
  }

  @Test
  void theChartsSchemaKnowsTheSettingsThatCanBeDefaults() throws Exception {
    String schema = Files.readString(DEPLOY.resolve("helm/pannier/values.schema.json"));
    List<String> ofTheImage = List.of("image", "image-pull-policy", "image-pull-secret");
    for (String key : Setting.keys()) {
      if (!List.of("inject", "mode").contains(key) && !ofTheImage.contains(key)) {
        assertThat(schema).contains("\"" + key + "\":");
      }
    }
  }
}
