package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pannier.demo.ChildProcess;
import dev.pannier.demo.Ports;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// Pods on a real kubelet, with an application that logs and sends spans, the sidecar's image, and a broker on this machine.
/// The sidecar is there by `deploy/kubernetes/shop-native-sidecar.yaml`, or by the admission webhook.
@ExtendWith(Cluster.Condition.class)
class PodIT {
  private static final String PLAIN = "shop.yaml";
  private static final String NATIVE = "shop-native-sidecar.yaml";
  private static final String ORDINARY = "shop-ordinary-sidecar.yaml";

  /// For how long a Pod is without its broker. Its liveness would have it restarted after half a minute.
  private static final Duration ALONE =
      Duration.ofSeconds(Integer.getInteger("pannier.test.alone", 45));

  private static final int CRASH = 300;
  private static final int SPAN_EVERY = 10;
  private static final int HOGS = 3;

  /// To be closed from the last to the first.
  private static final Deque<AutoCloseable> OPEN = new ArrayDeque<>();

  @TempDir private static Path folder;

  private static String application = "";

  /// Where Pods reach the broker.
  private static String servers = "";

  private static Pod alone;
  private static Topic logs;
  private static Topic spans;

  @BeforeAll
  static void start() throws Exception {
    application = PodImages.application();
    Cluster.load(
        PodImages.olderSidecar(), SidecarImage.built(), PodImages.nextSidecar(), application);
    alone = opened(start("shop-alone", Cluster.host() + ":1", 0, Map.of()));
    Kafka kafka = opened(broker());
    logs = opened(new Topic(kafka.servers(), "otlp_logs"));
    spans = opened(new Topic(kafka.servers(), "otlp_spans"));
  }

  @AfterAll
  static void end() throws Exception {
    while (!OPEN.isEmpty()) {
      OPEN.pop().close();
    }
  }

  private static <T extends AutoCloseable> T opened(T resource) {
    OPEN.push(resource);
    return resource;
  }

  @Test
  void theSidecarNamesThePodAndEndsAfterTheApplication() throws Exception {
    try (Pod pod = start("shop-deleted", servers, 0, Map.of())) {
      pod.awaitReady();
      logs.await(all -> pod.bodies(all).size() >= 100);
      spans.await(all -> pod.spans(all).size() >= 10);

      JsonNode status = pod.deleteWithLog(folder);

      int lines = pod.assertAll(logs);
      assertThat(pod.spans(spans.rest())).containsExactlyInAnyOrderElementsOf(orders(0, lines));
      pod.assertNamed(logs, spans, Map.of("k8s.deployment.name", "shop"));
      JsonNode sidecar = Pod.sidecar(status);
      assertEndedWell(sidecar);
      assertThat(sidecar.at("/restartCount").asInt(-1)).isZero();
      assertThat(Pod.ended(sidecar)).isAfterOrEqualTo(Pod.ended(Pod.application(status)));
      assertThat(stopping(folder.resolve(pod.name() + ".out"))).isAfter(pod.lastWord(logs));
    }
  }

  /// For clusters without native sidecars: both are asked to end at once, and the application goes on for a while.
  @Test
  void anOrdinarySidecarShipsWhatTheApplicationSaysAtItsEnd() throws Exception {
    try (Pod pod = Pod.start(folder, manifest("shop-ordinary", ORDINARY, 0, servers))) {
      pod.awaitReady();
      logs.await(all -> pod.bodies(all).size() >= 100);

      JsonNode status = pod.deleteWithLog(folder);

      int lines = pod.assertAll(logs);
      assertThat(pod.spans(spans.rest())).containsExactlyInAnyOrderElementsOf(orders(0, lines));
      assertEndedWell(Pod.sidecar(status));
      assertThat(stopping(folder.resolve(pod.name() + ".out"))).isBefore(pod.lastWord(logs));
    }
  }

  @Test
  void aPodWhoseApplicationIsDoneIsDone() throws Exception {
    try (Pod pod = start("shop-done", servers, 500, Map.of("restartPolicy", "Never"))) {
      // A moment after its containers have ended.
      JsonNode status =
          pod.await(now -> !List.of("Pending", "Running").contains(now.at("/phase").asString()));

      assertThat(status.at("/phase").asString()).isEqualTo("Succeeded");
      assertThat(pod.assertAll(logs)).isEqualTo(500);
    }
  }

  @Test
  void aPodIsReadyWithoutItsBrokerAndStays() throws Exception {
    alone.awaitReady();
    JsonNode sidecar = Pod.sidecar(alone.status());
    Instant started = Instant.parse(sidecar.at("/state/running/startedAt").asString());
    await("shop-alone has been without its broker for " + ALONE)
        .atMost(ALONE.plusSeconds(60))
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> Instant.now().isAfter(started.plus(ALONE)));

    JsonNode status = alone.status();
    assertThat(Pod.sidecar(status).at("/restartCount").asInt(-1)).isZero();
    assertThat(Pod.application(status).at("/restartCount").asInt(-1)).isZero();
    assertThat(status.at("/conditions").valueStream())
        .anySatisfy(
            condition -> {
              assertThat(condition.at("/type").asString()).isEqualTo("Ready");
              assertThat(condition.at("/status").asString()).isEqualTo("True");
            });
  }

  /// Nothing in the Pod says by which group.
  @Test
  void aFileThatTheSidecarMayNotReadIsToldWithTheLineToAdd() throws Exception {
    ObjectNode manifest = manifest("shop-unreadable", NATIVE, 0, Cluster.host() + ":1");
    ((ObjectNode) manifest.get("spec")).remove("securityContext");
    ((ObjectNode) manifest.at("/spec/initContainers/0/securityContext")).remove("runAsGroup");
    try (Pod pod = Pod.start(folder, manifest)) {
      pod.awaitReady();
      await("the file in the sidecar's log")
          .atMost(Duration.ofSeconds(60))
          .until(() -> pod.log(Pod.SIDECAR), log -> log.contains("app.log"));
      assertThat(pod.log(Pod.SIDECAR).lines())
          .anySatisfy(
              line ->
                  assertThat(line)
                      .contains("/var/log/app/app.log", "permission denied", "fsGroup"));
    }
  }

  /// By a configuration of its own, with `delivery: exactly_once`.
  @ParameterizedTest
  @ValueSource(strings = {"memory", "disk"})
  void eachLineOfAPodThatTheWebhookMadeComesOnceWhateverEnds(String buffer) throws Exception {
    String name = "pannier-test-" + ProcessHandle.current().pid() + "-" + buffer;
    Path files = Files.createDirectories(folder.resolve(buffer));
    Path file =
        Files.writeString(
            files.resolve("pannier.yaml"),
            """
            resource: {detect: [env, kubernetes], complete_received: true}
            sources:
              files:
                - {name: app, include: [/var/log/app/*.log]}
            shippers:
              kafka:
                type: kafka
                bootstrap_servers: ${env:PANNIER_KAFKA_BOOTSTRAP_SERVERS}
                delivery: exactly_once
            buffer: {type: %s}
            """
                .formatted(buffer));
    Cluster.kubectl("create", "configmap", name, "--from-file=" + file);
    try (Webhook webhook = Webhook.start(files, name);
        Pod pod = injected(webhook, "shop-" + buffer)) {
      pod.awaitReady();
      pod.await(now -> Pod.application(now).at("/restartCount").asInt() == 1);
      assertThat(Pod.application(pod.status()).at("/lastState/terminated/exitCode").asInt(-1))
          .isEqualTo(1);
      pod.awaitMore(logs, 100);

      pod.exec(Pod.APPLICATION, PodImages.kill("@/etc/pannier/main.options"));
      JsonNode killed = awaitRestart(pod, 1);
      assertThat(killed.at("/lastState/terminated/exitCode").asInt(-1)).isEqualTo(137);
      pod.awaitMore(logs, 100);

      List<Process> hogs = exhaustMemory(pod);
      killed = awaitRestart(pod, 2);
      hogs.forEach(Process::destroy);
      assertThat(killed.at("/lastState/terminated/reason").asString()).isEqualTo("OOMKilled");
      pod.awaitMore(logs, 100);

      int before = pod.bodies(logs).size();
      pod.replaceSidecar(PodImages.nextSidecar());
      JsonNode replaced = awaitRestart(pod, 3);
      assertThat(replaced.at("/image").asString()).endsWith(PodImages.nextSidecar());
      assertThat(replaced.at("/lastState/terminated/exitCode").asInt(-1)).isZero();
      pod.awaitMore(logs, 100);

      JsonNode status = pod.delete();

      int lines = pod.assertAll(logs);
      List<String> sent = pod.spans(spans.rest());
      assertThat(new HashSet<>(sent)).isEqualTo(new HashSet<>(orders(0, lines)));
      // A request whose answer a sidecar that was killed did not give any more is sent again, but
      // no other.
      assertThat(sent.stream().filter(orders(before, lines)::contains))
          .containsExactlyInAnyOrderElementsOf(orders(before, lines));
      pod.assertNamed(logs, spans, Map.of());
      assertEndedWell(Pod.sidecar(status));
    } finally {
      Cluster.kubectl("delete", "configmap", name);
    }
  }

  /// The application's user and group are its own, and so is its time zone: the webhook's sidecar is of another user, and reads by
  /// that group, in that zone.
  @Test
  void aSidecarOfTheWebhookReadsByTheApplicationsGroupAndInItsTimeZone() throws Exception {
    String name = "pannier-test-" + ProcessHandle.current().pid() + "-group";
    try (Webhook webhook = Webhook.start(Files.createDirectories(folder.resolve("group")), name)) {
      ObjectNode manifest = manifest(webhook, "shop-group", 0);
      ((ObjectNode) manifest.get("spec")).remove("securityContext");
      ObjectNode shop = (ObjectNode) manifest.at("/spec/containers/0");
      shop.putObject("securityContext").put("runAsUser", 2000).put("runAsGroup", 3000);
      shop.putArray("env").addObject().put("name", "TZ").put("value", Neighbour.ZONE);
      webhook.awaitAsked(folder, manifest);
      try (Pod pod = Pod.start(folder, manifest)) {
        pod.awaitReady();
        JsonNode context =
            Cluster.json("get", "pod", pod.name()).at("/spec/initContainers/0/securityContext");
        assertThat(context.at("/runAsGroup").asInt(-1)).isEqualTo(3000);
        assertThat(context.has("runAsUser")).isFalse();
        logs.await(all -> pod.bodies(all).size() >= 100);

        JsonNode status = pod.deleteWithLog(folder);

        int lines = pod.assertAll(logs);
        assertThat(pod.spans(spans.rest())).containsExactlyInAnyOrderElementsOf(orders(0, lines));
        pod.assertNamed(logs, spans, Map.of());
        JsonNode application = Pod.application(status).at("/state/terminated");
        assertThat(pod.lastWord(logs))
            .isAfter(Instant.parse(application.at("/startedAt").asString()))
            .isBefore(Pod.ended(Pod.application(status)).plusSeconds(1));
        assertEndedWell(Pod.sidecar(status));
      }
    }
  }

  @Test
  void theServerTakesTheManifests() throws Exception {
    Path deploy = Tree.root().resolve("deploy");
    List<Path> manifests = new ArrayList<>();
    for (String name : List.of(PLAIN, NATIVE, ORDINARY)) {
      manifests.add(deploy.resolve("kubernetes").resolve(name));
    }
    try (Stream<Path> samples = Files.list(deploy.resolve("samples"))) {
      // Strimzi's kinds are not the server's.
      manifests.addAll(samples.filter(path -> !path.endsWith("strimzi")).toList());
    }
    for (Path manifest : List.copyOf(manifests)) {
      String name = "injected-" + manifest.getFileName();
      List<String> arguments = List.of("inject", "-f", manifest.toString());
      try (ChildProcess inject = Webhook.inject(name, folder, arguments)) {
        assertThat(inject.await(Duration.ofSeconds(60))).as(inject.lastWords()).isZero();
      }
      manifests.add(folder.resolve(name + ".out"));
    }
    for (String name : List.of("base", "overlays/kafka", "overlays/otlp")) {
      String made = Cluster.kubectl("kustomize", deploy.resolve("kustomize/" + name).toString());
      // A dry run makes no namespace for what follows.
      String here = made.replace("namespace: pannier\n", "namespace: default\n");
      manifests.add(Files.writeString(folder.resolve("kustomized-" + manifests.size()), here));
    }
    for (Path manifest : manifests) {
      Cluster.kubectl("create", "--dry-run=server", "-f", manifest.toString());
    }
  }

  /// With each file of values but that for cert-manager, whose kinds are not the server's.
  @Test
  void theServerTakesWhatHelmMakes() throws Exception {
    assumeTrue(
        ChildProcess.find(List.of("helm")).isPresent(),
        "no helm on the PATH: `go install helm.sh/helm/v3/cmd/helm@v3.19.5`, which takes some"
            + " minutes");
    Path helm = Tree.root().resolve("deploy/helm");
    List<List<String>> values = new ArrayList<>(List.of(List.of()));
    try (Stream<Path> files = Files.list(helm.resolve("values"))) {
      files
          .filter(file -> !file.endsWith("cert-manager.yaml"))
          .forEach(file -> values.add(List.of("--values", file.toString())));
    }
    String version = Cluster.json("version").at("/serverVersion/gitVersion").asString();
    for (List<String> some : values) {
      String name = "helm-" + values.indexOf(some);
      List<String> command = new ArrayList<>(List.of("helm", "template", "pannier"));
      command.addAll(List.of(helm.resolve("pannier").toString(), "--kube-version", version));
      command.addAll(List.of("--namespace", Cluster.namespace()));
      command.addAll(some);
      // It would look for charts and plugins of the user's.
      Map<String, String> home = Map.of("HOME", folder.toString());
      try (ChildProcess template = ChildProcess.start(name, folder, command, home)) {
        assertThat(template.await(Duration.ofSeconds(60))).as(template.lastWords()).isZero();
      }
      Path made = folder.resolve(name + ".out");
      Cluster.kubectl("create", "--dry-run=server", "-f", made.toString());
    }
  }

  /// Starts processes in the sidecar's container that fill its memory limit, each less of it than the sidecar has: the kernel
  /// ends the largest, or all. They wait for lines until then.
  private static List<Process> exhaustMemory(Pod pod) throws IOException {
    List<String> command = new ArrayList<>(List.of("kubectl", "exec", "-i", pod.name()));
    command.addAll(List.of("-c", Pod.SIDECAR, "--", "java"));
    command.addAll(List.of("-Xms28m", "-Xmx28m", "-XX:+UseSerialGC", "-XX:+AlwaysPreTouch"));
    command.addAll(List.of("-jar", "/opt/pannier/lib/pannier-collector.jar"));
    command.addAll(List.of("parse", "--parser", "json"));
    List<Process> hogs = new ArrayList<>();
    for (int i = 0; i < HOGS; i++) {
      hogs.add(
          new ProcessBuilder(command)
              .redirectOutput(Redirect.DISCARD)
              .redirectError(Redirect.DISCARD)
              .start());
    }
    return hogs;
  }

  private static Kafka broker() throws Exception {
    // Pods reach it at an address that is not there before a node's first Pod, perhaps: this test
    // speaks to another.
    int port = Ports.free(1).getFirst();
    servers = Cluster.host() + ":" + port;
    Kafka started =
        Kafka.start(
            folder,
            "listeners=PLAINTEXT://127.0.0.1:${PORT},CONTROLLER://127.0.0.1:${CONTROLLER},"
                + "PODS://0.0.0.0:"
                + port,
            "advertised.listeners=PLAINTEXT://127.0.0.1:${PORT},PODS://" + servers,
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PODS:PLAINTEXT");
    started.create("otlp_logs");
    started.create("otlp_spans");
    return started;
  }

  /// @param lines that the application writes, or 0
  /// @param more  of its `spec`
  private static Pod start(String name, String brokers, int lines, Map<String, String> more)
      throws Exception {
    ObjectNode manifest = manifest(name, NATIVE, lines, brokers);
    more.forEach(((ObjectNode) manifest.get("spec"))::put);
    return Pod.start(folder, manifest);
  }

  private static ObjectNode manifest(String name, String file, int lines, String brokers)
      throws Exception {
    ObjectNode manifest = manifest(name, file, lines, 0);
    ObjectNode sidecar =
        (ObjectNode)
            manifest.at(file.equals(ORDINARY) ? "/spec/containers/1" : "/spec/initContainers/0");
    sidecar.put("image", SidecarImage.built()).put("imagePullPolicy", "Never");
    for (JsonNode variable : sidecar.get("env")) {
      if (variable.at("/name").asString().equals("PANNIER_KAFKA_BOOTSTRAP_SERVERS")) {
        ((ObjectNode) variable).put("value", brokers);
      }
    }
    return manifest;
  }

  private static ObjectNode manifest(String name, String file, int lines, int crash)
      throws Exception {
    ObjectNode manifest = Pod.manifest(name, file);
    ObjectNode shop = (ObjectNode) manifest.at("/spec/containers/0");
    shop.put("image", application).put("imagePullPolicy", "Never");
    shop.putArray("args").add("/var/log/app").add(String.valueOf(lines)).add(String.valueOf(crash));
    return manifest;
  }

  /// A Pod of an application as it is, whose sidecar is the webhook's. The two share their processes and their user, by which one
  /// can be killed out of the other.
  private static Pod injected(Webhook webhook, String name) throws Exception {
    ObjectNode manifest = manifest(webhook, name, CRASH);
    ((ObjectNode) manifest.at("/metadata/annotations")).put("pannier.dev/config", webhook.name());
    ObjectNode spec = (ObjectNode) manifest.get("spec");
    spec.put("shareProcessNamespace", true);
    ((ObjectNode) spec.get("securityContext")).put("runAsUser", 1000).put("runAsGroup", 1000);
    webhook.awaitAsked(folder, manifest);
    return Pod.start(folder, manifest);
  }

  private static ObjectNode manifest(Webhook webhook, String name, int crash) throws Exception {
    ObjectNode manifest = manifest(name, PLAIN, 0, crash);
    ((ObjectNode) manifest.at("/metadata/labels")).put(Webhook.LABEL, webhook.name());
    ((ObjectNode) manifest.at("/metadata/annotations"))
        .put("pannier.dev/kafka", servers)
        .put("pannier.dev/service-name", "shop");
    return manifest;
  }

  private static void assertEndedWell(JsonNode sidecar) {
    assertThat(sidecar.at("/state/terminated/exitCode").asInt(-1)).as(sidecar.toString()).isZero();
    assertThat(sidecar.at("/state/terminated/message").asString())
        .startsWith("unshipped bytes 0, lost bytes 0\n");
  }

  /// When a sidecar was asked to end, by its log.
  private static Instant stopping(Path log) throws IOException {
    return Files.readAllLines(log).stream()
        .map(line -> new ObjectMapper().readTree(line))
        .filter(line -> line.at("/message").asString().startsWith("stopping"))
        .map(line -> Instant.parse(line.at("/@timestamp").asString()))
        .findFirst()
        .orElseThrow();
  }

  private static JsonNode awaitRestart(Pod pod, int count) {
    return Pod.sidecar(
        pod.await(
            now ->
                Pod.sidecar(now).at("/restartCount").asInt() == count
                    && Pod.sidecar(now).at("/ready").asBoolean()));
  }

  /// The application's spans among its lines.
  private static List<String> orders(int from, int to) {
    return IntStream.range(from, to)
        .filter(line -> line % SPAN_EVERY == 0)
        .mapToObj(line -> "order " + line)
        .toList();
  }
}
