package dev.pannier.inject;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pannier.inject.certificate.CertificateFolder;
import dev.pannier.inject.certificate.SelfSigned;
import dev.pannier.inject.pod.Injection;
import dev.pannier.inject.pod.Setting;
import dev.pannier.inject.webhook.Admission;
import dev.pannier.inject.webhook.WebhookServer;
import dev.pannier.inject.yaml.YamlText;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// With a real API server, which `KUBECONFIG` names and `kubectl` speaks to, and which reaches this machine on its own loopback, or at
/// `PANNIER_TEST_HOST`. All Pods are made by dry run; of what is there only a webhook's
/// configuration comes and goes, and it chooses Pods by a label of this test alone.
@Timeout(180)
class WebhookClusterTest {
  private static final Map<Setting, String> DEFAULTS =
      Map.of(Setting.INJECT, "true", Setting.IMAGE, "pannier:1");

  /// A new configuration takes effect after a moment.
  private static final int TRIES = 200;

  private static final String LOOPBACK = "127.0.0.1";

  private static final Pattern UNREACHED =
      Pattern.compile("failed calling webhook.*(connection refused|no route to host|i/o timeout)");

  private final String test = "pannier-test-" + UUID.randomUUID();

  @TempDir private Path folder;
  private @Nullable WebhookServer server;

  private record Result(int code, String out, String err) {}

  private Result kubectl(String in, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("kubectl", "--request-timeout=20s"));
    command.addAll(List.of(arguments));
    Path input = Files.writeString(folder.resolve("in"), in);
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectInput(input.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(command.toString()).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  @BeforeEach
  void aClusterIsThere() throws Exception {
    assumeTrue(System.getenv("KUBECONFIG") != null, "no cluster: KUBECONFIG is not set");
    try {
      Result version = kubectl("", "version");
      assumeTrue(version.code() == 0, "no cluster: kubectl: " + version.err());
    } catch (IOException e) {
      assumeTrue(false, "no kubectl: " + e.getMessage());
    }
  }

  @AfterEach
  void takeAway() throws Exception {
    if (server != null) {
      server.close();
      kubectl("", "delete", "mutatingwebhookconfiguration", test, "--ignore-not-found");
    }
  }

  /// Until the API server asks it: on its own loopback, or at `PANNIER_TEST_HOST`.
  private void serve() throws Exception {
    String named = System.getenv("PANNIER_TEST_HOST");
    List<String> hosts = named == null ? List.of(LOOPBACK) : List.of(LOOPBACK, named);
    SelfSigned pair = LoopbackCertificate.write(folder, hosts);
    server =
        new WebhookServer(
            new InetSocketAddress(named == null ? LOOPBACK : "0.0.0.0", 0),
            CertificateFolder.open(folder, InstantSource.system(), System.nanoTime(), any -> {}),
            new Admission(new Injection(DEFAULTS), any -> {}));
    server.start();
    String unreached = "";
    for (String host : hosts) {
      String url = "https://" + host + ":" + server.address().getPort() + "/mutate";
      unreached = asked(url, pair);
      if (unreached.isEmpty()) {
        return;
      }
    }
    // Where it runs in a container, as with kind, its loopback is its own.
    assumeTrue(
        false,
        "the API server does not reach this machine on its loopback, nor at PANNIER_TEST_HOST"
            + " (integration-tests/README.md): "
            + unreached);
  }

  /// Has the webhook asked there.
  ///
  /// @return empty, or what the API server says that does not reach it
  private String asked(String url, SelfSigned pair) throws Exception {
    String configuration =
        """
        apiVersion: admissionregistration.k8s.io/v1
        kind: MutatingWebhookConfiguration
        metadata:
          name: %s
        webhooks:
          - name: test.pannier.dev
            clientConfig:
              url: %s
              caBundle: %s
            rules:
              - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods], scope: Namespaced}
            namespaceSelector:
              matchLabels: {kubernetes.io/metadata.name: default}
            objectSelector:
              matchLabels: {pannier.dev/test: %s}
            failurePolicy: Fail
            reinvocationPolicy: IfNeeded
            sideEffects: None
            admissionReviewVersions: [v1]
            timeoutSeconds: 10
        """
            .formatted(
                test,
                url,
                Base64.getEncoder().encodeToString(pair.certificate().getBytes(US_ASCII)),
                test);
    Result applied = kubectl(configuration, "apply", "-f", "-");
    assertThat(applied.code()).as(applied.err()).isZero();
    for (int i = 0; i < TRIES; i++) {
      Result asked =
          kubectl(pod(test, "", ""), "create", "--dry-run=server", "-o", "json", "-f", "-");
      if (asked.out().contains("pannier-state")) {
        return "";
      }
      boolean isUnreached = UNREACHED.matcher(asked.err()).find();
      if (isUnreached && asked.err().contains(url)) {
        return asked.err();
      }
      // Else it still asks where it was told before.
      assertThat(isUnreached || asked.code() == 0).as(asked.err()).isTrue();
    }
    throw new AssertionError("the API server does not ask the webhook");
  }

  private static String pod(String label, String annotations, String spec) {
    return """
    apiVersion: v1
    kind: Pod
    metadata:
      name: pannier-test
      namespace: default
      labels: {app: shop, pannier.dev/test: "%s"}
      annotations: {team: payments%s}
    spec:
      automountServiceAccountToken: false
      containers:
        - name: app
          image: shop:1
          ports: [{containerPort: 8080}]
          resources: {requests: {cpu: 100m, memory: 64Mi}}
    %s\
    """
        .formatted(label, annotations, spec.indent(2));
  }

  private Result made(String pod) throws Exception {
    Result result = kubectl(pod, "create", "--dry-run=server", "-o", "json", "-f", "-");
    assertThat(result.code()).as(result.err()).isZero();
    return result;
  }

  private static Map<?, ?> map(@Nullable Object tree) {
    return (Map<?, ?>) Objects.requireNonNull(tree);
  }

  private static String env(Result result) {
    Map<?, ?> spec = map(spec(result));
    return map(((List<?>) Objects.requireNonNull(spec.get("initContainers"))).getFirst())
        + " "
        + map(((List<?>) Objects.requireNonNull(spec.get("containers"))).getFirst());
  }

  private static Object spec(Result result) {
    return Objects.requireNonNull(map(YamlText.parse(result.out()).tree(0)).get("spec"));
  }

  private static String run(String in, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code = Main.execute(arguments, new ByteArrayInputStream(in.getBytes(UTF_8)), out, err);
    assertThat(code).as(err.toString(UTF_8)).isZero();
    return out.toString(UTF_8);
  }

  @Test
  void aPodGetsTheSidecarAsOutOfInject() throws Exception {
    serve();
    String other = pod("another", "", "");
    assertThat(spec(made(pod(test, "", ""))))
        .isEqualTo(spec(made(run(other, "inject", "--image", "pannier:1"))));
    assertThat(spec(made(other)).toString()).doesNotContain("pannier-state");
  }

  /// As a Deployment's and a CronJob's controllers make them.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "apps/v1  | ReplicaSet  | shop-6f7d8c    | service.name=shop,    |"
            + " k8s.deployment.name=shop",
        "apps/v1  | StatefulSet | cart           | service.name=cart,    |"
            + " k8s.statefulset.name=cart",
        "batch/v1 | Job         | night-29884620 | service.name=night,   |"
            + " k8s.cronjob.name=night"
      })
  void aPodIsNamedAfterWhatItIsOneOf(
      String version, String kind, String name, String service, String attribute) throws Exception {
    serve();
    String owner =
        """
          labels: {pod-template-hash: 6f7d8c, app: shop, pannier.dev/test: "%s"}
          ownerReferences: [{apiVersion: %s, kind: %s, name: %s, uid: %s, controller: true}]
        """
            .formatted(test, version, kind, name, UUID.randomUUID());
    String pod = pod(test, "", "").replaceFirst("  labels: .*\n", Matcher.quoteReplacement(owner));
    String variable = "name=OTEL_RESOURCE_ATTRIBUTES, value=" + service;
    assertThat(env(made(pod)).split(Pattern.quote(variable), -1)).hasSize(3);
    assertThat(env(made(pod)).split("," + Pattern.quote(attribute) + "[,}]", -1)).hasSize(3);
  }

  @Test
  void aPodThatHasItStaysAsItIs() throws Exception {
    serve();
    String injected = run(pod(test, "", ""), "inject", "--image", "pannier:2");
    Result result = made(injected);
    assertThat(result.out()).contains("\"pannier:2\"").doesNotContain("\"pannier:1\"");
  }

  @Test
  void aPodThatSaysNoStaysAsItIs() throws Exception {
    serve();
    Result result = made(pod(test, ", pannier.dev/inject: \"false\"", ""));
    assertThat(result.out()).doesNotContain("pannier-state");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void aPodThatCannotHaveItIsMadeWithAWarning() throws Exception {
    serve();
    Result result = made(pod(test, "", "hostNetwork: true"));
    assertThat(result.out()).doesNotContain("pannier-state");
    assertThat(result.err()).contains("Warning: pannier: no sidecar: spec.hostNetwork: ");
  }

  @Test
  void theApiServerTakesTheManifests() throws Exception {
    String manifests =
        run("", "webhook", "certificate", "-f", "webhook")
            // A dry run makes no namespace for what follows.
            .replace("  namespace: pannier\n", "  namespace: default\n");
    Result result = kubectl(manifests, "apply", "--dry-run=server", "-f", "-");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.err()).isEmpty();
    assertThat(result.out().lines())
        .hasSize(7)
        .allSatisfy(line -> assertThat(line).contains("created"));
  }
}
