package dev.pannier.inject;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.pannier.inject.webhook.Reviews;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/// The chart, as `helm` sees it.
@EnabledIf(
    value = "helmIsThere",
    disabledReason =
        "no helm on the PATH: `go install helm.sh/helm/v3/cmd/helm@v3.19.5`, which takes some"
            + " minutes")
@Timeout(60)
class HelmChartTest {
  private static final Path CHART = Path.of("../helm/pannier");

  /// A `helm` that Go has installed knows no version of Kubernetes by itself.
  private static final List<String> CLUSTER = List.of("--kube-version", "1.31.0");

  /// The names of the plain manifests, whose images are the chart's, too.
  private static final List<String> AS_PLAIN =
      List.of("--namespace=pannier", "--set=fullnameOverride=pannier-webhook");

  @TempDir private Path folder;

  private record Result(int code, String out, String err) {}

  static boolean helmIsThere() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .filter(path -> !path.isEmpty())
        .anyMatch(path -> Files.isExecutable(Path.of(path, "helm")));
  }

  private Result helm(List<String> arguments, List<String> more) throws Exception {
    List<String> command = new ArrayList<>(List.of("helm"));
    command.addAll(arguments);
    command.addAll(CLUSTER);
    command.addAll(more);
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    // It would look for charts, plugins and a cluster of the user's.
    builder.environment().put("HOME", folder.toString());
    builder.environment().keySet().removeIf(key -> key.matches("(HELM|XDG)_.*|KUBECONFIG"));
    Process process = builder.start();
    try {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as(command.toString()).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  /// @return by kind; where there are several of one, the last
  private Map<String, Map<?, ?>> template(List<String> more) throws Exception {
    Result made = helm(List.of("template", "pannier", CHART.toString()), more);
    assertThat(made.code()).as(made.err()).isZero();
    return objects(made.out());
  }

  private static Map<String, Map<?, ?>> objects(String yaml) {
    Map<String, Map<?, ?>> objects = new HashMap<>();
    for (Object document : new Load(LoadSettings.builder().build()).loadAllFromString(yaml)) {
      Map<?, ?> object = (Map<?, ?>) document;
      objects.put((String) Objects.requireNonNull(object.get("kind")), object);
    }
    return objects;
  }

  private static List<Path> values() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("../helm/values"))) {
      return files.sorted().toList();
    }
  }

  @Test
  void helmFindsNothingAmissInTheChart() throws Exception {
    Result lint = helm(List.of("lint", "--strict", CHART.toString()), List.of());
    assertThat(lint.code()).as(lint.out() + lint.err()).isZero();
  }

  /// All that stands in them stands in what the chart makes, which has labels and a certificate besides.
  @Test
  void theDefaultsAreThePlainManifests() throws Exception {
    Map<String, Map<?, ?>> made = template(AS_PLAIN);
    assertThat(made).containsKey("Secret");
    for (String name : List.of("webhook.yaml", "configuration.yaml")) {
      Map<String, Map<?, ?>> plain = objects(Files.readString(Path.of("webhook").resolve(name)));
      plain.forEach(
          (kind, object) -> {
            Map<Object, Object> without = new HashMap<>(object);
            if (kind.equals("MutatingWebhookConfiguration")) {
              // It belongs to the whole cluster, and is named by its namespace, too.
              without.remove("metadata");
            }
            assertHolds(kind, made.get(kind), without);
          });
    }
  }

  private static void assertHolds(String path, @Nullable Object made, @Nullable Object plain) {
    if (plain instanceof Map<?, ?> map) {
      assertThat(made).as(path).isInstanceOf(Map.class);
      map.forEach(
          (key, value) ->
              assertHolds(
                  path + "." + key, ((Map<?, ?>) Objects.requireNonNull(made)).get(key), value));
    } else if (plain instanceof List<?> list) {
      assertThat(made).as(path).isInstanceOf(List.class);
      List<?> others = (List<?>) Objects.requireNonNull(made);
      assertThat(others).as(path).hasSameSizeAs(list);
      for (int i = 0; i < list.size(); i++) {
        assertHolds(path + "[" + i + "]", others.get(i), list.get(i));
      }
    } else {
      assertThat(made).as(path).isEqualTo(plain);
    }
  }

  @ParameterizedTest
  @MethodSource("values")
  void everyFileOfValuesIsTakenAndChangesWhatIsMade(Path values) throws Exception {
    List<String> arguments = new ArrayList<>(AS_PLAIN);
    arguments.addAll(List.of("--values", values.toString()));
    Result lint = helm(List.of("lint", "--strict", CHART.toString()), arguments);
    assertThat(lint.code()).as(lint.out() + lint.err()).isZero();
    Map<String, Map<?, ?>> made = template(arguments);
    switch (values.getFileName().toString()) {
      case "kafka.yaml" ->
          assertThat(webhook(made)).contains("--set=kafka=my-cluster-kafka-bootstrap.kafka:9092");
      case "otlp.yaml" ->
          assertThat(webhook(made)).contains("--set=otlp=http://otel-collector.observability:4317");
      case "cert-manager.yaml" ->
          assertThat(made).containsKeys("Certificate", "Issuer").doesNotContainKey("Secret");
      case "registry.yaml" ->
          assertThat(webhook(made))
              .contains(
                  "image=registry.example/pannier/inject@sha256:0",
                  "--image=registry.example/pannier/pannier@sha256:0",
                  "--set=image-pull-secret=registry",
                  "imagePullSecrets=[{name=registry}]");
      default -> throw new AssertionError(values + " is new: what does it change?");
    }
  }

  private static String webhook(Map<String, Map<?, ?>> made) {
    return String.valueOf(Objects.requireNonNull(made.get("Deployment")).get("spec"));
  }

  @ParameterizedTest
  @CsvSource({
    "replicas=0, /replicas",
    "replica=2, replica",
    "image.digest=sha256:abc, /image/digest",
    "image.pullPolicy=Sometimes, /image/pullPolicy",
    "sidecar.mode=both, /sidecar/mode",
    "sidecar.defaults.kafak=kafka:9092, kafak",
    "sidecar.defaults.kafka=kafka, /sidecar/defaults/kafka",
    "sidecar.defaults.memory=24M, /sidecar/defaults/memory",
    "webhook.failurePolicy=Maybe, /webhook/failurePolicy",
    "webhook.timeoutSeconds=60, /webhook/timeoutSeconds",
    "certificate.from=nowhere, /certificate/from",
    "certificate.from=existing, /certificate/",
    "nameOverride=a: b, /nameOverride",
    "fullnameOverride=1a, /fullnameOverride",
    "certificate.caBundle=-----BEGIN, /certificate/caBundle",
    "certificate.secretName=A, /certificate/secretName",
    "certificate.issuer.name=a: b, /certificate/issuer/name",
    "priorityClassName=a: b, /priorityClassName",
    "sidecar.image.pullSecret=A, /sidecar/image/pullSecret",
  })
  void aWrongValueIsRefusedByItsKey(String value, String key) throws Exception {
    Result made = helm(List.of("template", "pannier", CHART.toString()), List.of("--set", value));
    assertThat(made.code()).isNotZero();
    assertThat(made.out()).isEmpty();
    assertThat(made.err()).contains(key);
  }

  @ParameterizedTest
  @MethodSource("dev.pannier.inject.HelmDefaultsTest#defaults")
  void theChartTakesTheDefaultsThatTheWebhookTakes(Map<String, String> defaults) throws Exception {
    Path values = folder.resolve("values.json");
    Files.write(values, Reviews.bytes(Map.of("sidecar", Map.of("defaults", defaults))));
    Result made =
        helm(
            List.of("template", "pannier", CHART.toString()),
            List.of("--values", values.toString()));
    assertThat(made.code() == 0).as(made.err()).isEqualTo(HelmDefaults.webhookTakes(defaults));
  }

  @ParameterizedTest
  @ValueSource(strings = {"generated", "existing", "cert-manager"})
  void aTextThatLooksLikeANumberStaysAText(String from) throws Exception {
    String issuer = from.equals("cert-manager") ? ", \"issuer\": {\"name\": \"1\"}" : "";
    Path values =
        Files.writeString(
            folder.resolve("values.json"),
            """
            {"nameOverride": "1", "priorityClassName": "1",
             "certificate": {"from": "%s", "secretName": "1", "caBundle": "1234"%s}}
            """
                .formatted(from, issuer));
    Result made =
        helm(
            List.of("template", "123", CHART.toString()),
            List.of("--values", values.toString(), "--namespace=1"));
    assertThat(made.code()).as(made.err()).isZero();
    objects(made.out()).forEach(HelmChartTest::assertTexts);
    assertThat(made.out())
        .contains("app.kubernetes.io/name: \"1\"", "secretName: \"1\"", "priorityClassName: \"1\"");
  }

  private static void assertTexts(String path, @Nullable Object node) {
    if (node instanceof Map<?, ?> map) {
      map.forEach(
          (key, value) -> {
            String at = path + "." + key;
            assertTexts(at, value);
            if (at.matches(".*([nN]ame|[nN]amespace|caBundle|abels\\.[^ ]*)")) {
              assertThat(value).as(at).isInstanceOfAny(String.class, Map.class);
            }
          });
    } else if (node instanceof List<?> list) {
      list.forEach(each -> assertTexts(path, each));
    }
  }

  @Test
  void theNamespacesThatAreChosenAreReplaced() throws Exception {
    String byDefault = String.valueOf(template(List.of()).get("MutatingWebhookConfiguration"));
    assertThat(byDefault).contains("namespaceSelector={matchLabels={pannier.dev/inject=true}}");
    String key = "webhook.namespaceSelector.matchExpressions[0].";
    String name = key + "key=kubernetes\\.io/metadata\\.name";
    String other = key + "operator=NotIn," + key + "values={kube-system}";
    String chosen =
        String.valueOf(
            template(List.of("--set", name + "," + other)).get("MutatingWebhookConfiguration"));
    assertThat(chosen)
        .contains(
            "namespaceSelector={matchExpressions=[{key=kubernetes.io/metadata.name,"
                + " operator=NotIn, values=[kube-system]}]}");
  }

  /// `helm` asks what answers as a cluster does.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "                                       | true",
        "pannier-webhook.pannier.svc            | true",
        "other.pannier.svc                      | false"
      })
  void aGeneratedCertificateIsKeptForTheHostThatItIsOf(@Nullable String host, boolean kept)
      throws Exception {
    String annotations =
        host == null ? "" : ", \"annotations\": {\"pannier.dev/host\": \"" + host + "\"}";
    Map<String, String> answers =
        Map.of(
            "/version",
            "{\"major\": \"1\", \"minor\": \"31\", \"gitVersion\": \"v1.31.0\"}",
            "/api/v1",
            """
            {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
             {"name": "secrets", "singularName": "secret", "namespaced": true, "kind": "Secret", "verbs": ["get"]}]}
            """,
            "/api/v1/namespaces/pannier/secrets/pannier-webhook",
            """
            {"apiVersion": "v1", "kind": "Secret",
             "metadata": {"name": "pannier-webhook", "namespace": "pannier"%s},
             "data": {"ca.crt": "Y2E=", "tls.crt": "Y3J0", "tls.key": "a2V5"}}
            """
                .formatted(annotations));
    HttpServer cluster =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    cluster.createContext(
        "/",
        exchange -> {
          try (exchange) {
            String answer = answers.get(exchange.getRequestURI().getPath());
            byte[] body = Objects.requireNonNullElse(answer, "{}").getBytes(UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    cluster.start();
    try {
      List<String> arguments = new ArrayList<>(AS_PLAIN);
      arguments.add("--dry-run=server");
      arguments.add("--kube-apiserver=http://127.0.0.1:" + cluster.getAddress().getPort());
      Map<String, Map<?, ?>> made = template(arguments);
      Map<?, ?> secret = Objects.requireNonNull(made.get("Secret"));
      Map<?, ?> data = (Map<?, ?>) Objects.requireNonNull(secret.get("data"));
      assertThat("Y3J0".equals(data.get("tls.crt"))).isEqualTo(kept);
      assertThat(String.valueOf(made.get("MutatingWebhookConfiguration")))
          .contains("caBundle=" + data.get("ca.crt"));
      assertThat(String.valueOf(secret.get("metadata")))
          .contains("pannier.dev/host=pannier-webhook.pannier.svc");
    } finally {
      cluster.stop(0);
    }
  }

  @Test
  void theSidecarsAreOrdinaryOnClustersBeforeNativeOnes() throws Exception {
    List<String> old = List.of("--kube-version", "1.28.9");
    assertThat(webhook(template(old))).contains("--ordinary");
    assertThat(webhook(template(List.of()))).doesNotContain("--ordinary");
  }
}
