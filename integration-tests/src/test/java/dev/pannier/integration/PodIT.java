package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pannier.demo.Ports;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// `deploy/kubernetes/shop-native-sidecar.yaml` on a real kubelet: its Pod, with an application that logs and sends spans,
/// the sidecar's image, and a broker on this machine.
@EnabledIf(
    value = "dev.pannier.integration.Cluster#answers",
    disabledReason = "no cluster is named (see integration-tests/README.md)")
class PodIT {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String FINALIZER = "pannier.dev/test";

  private static String application = "";

  @TempDir private Path folder;

  @BeforeAll
  static void images() throws Exception {
    application = applicationImage();
    Cluster.load(SidecarImage.built(), application);
  }

  @Test
  void theSidecarNamesThePodAndEndsAfterTheApplication() throws Exception {
    try (Broker kafka = broker();
        Topic logs = new Topic(kafka.servers(), "otlp_logs");
        Topic spans = new Topic(kafka.servers(), "otlp_spans");
        Pod pod = start("shop-deleted", kafka.pods(), 0, Map.of())) {
      Cluster.kubectl("wait", "--for=condition=Ready", "pod/" + pod.name(), "--timeout=90s");
      logs.await(all -> all.logs().size() >= 100);
      spans.await(all -> all.spans().size() >= 10);

      Cluster.kubectl("delete", "pod", pod.name(), "--wait=false");
      JsonNode status = pod.awaitEnd();

      assertAll(logs);
      assertThat(pod.resourcesOf(logs)).allSatisfy(pod::assertNamed);
      assertThat(pod.resourcesOf(spans)).allSatisfy(pod::assertNamed);
      JsonNode sidecar = status.at("/initContainerStatuses/0");
      assertThat(sidecar.at("/state/terminated/exitCode").asInt(-1))
          .as(sidecar.toString())
          .isZero();
      assertThat(sidecar.at("/restartCount").asInt(-1)).isZero();
      assertThat(sidecar.at("/state/terminated/message").asString())
          .startsWith("unshipped bytes 0, lost bytes 0\n");
      assertThat(ended(sidecar)).isAfterOrEqualTo(ended(status.at("/containerStatuses/0")));
    }
  }

  @Test
  void aPodWhoseApplicationIsDoneIsDone() throws Exception {
    try (Broker kafka = broker();
        Topic logs = new Topic(kafka.servers(), "otlp_logs");
        Pod pod = start("shop-done", kafka.pods(), 500, Map.of("restartPolicy", "Never"))) {
      // A moment after its containers have ended.
      await("the Pod's end")
          .atMost(PATIENCE)
          .until(
              () -> pod.status().at("/phase").asString(),
              phase -> !List.of("Pending", "Running").contains(phase));

      assertThat(pod.status().at("/phase").asString()).isEqualTo("Succeeded");
      assertAll(logs);
    }
  }

  @Test
  void aPodIsReadyWithoutItsBroker() throws Exception {
    try (Pod pod = start("shop-alone", Cluster.host() + ":1", 0, Map.of())) {
      Cluster.kubectl("wait", "--for=condition=Ready", "pod/" + pod.name(), "--timeout=90s");
      assertThat(pod.status().at("/initContainerStatuses/0/restartCount").asInt(-1)).isZero();
    }
  }

  @Test
  void theServerTakesTheManifests() throws Exception {
    Path deploy = Tree.root().resolve("deploy");
    try (Stream<Path> samples = Files.list(deploy.resolve("samples"))) {
      for (Path sample : samples.filter(path -> !path.endsWith("strimzi")).toList()) {
        Cluster.kubectl("create", "--dry-run=server", "-f", sample.toString());
      }
    }
    for (String name :
        List.of("shop.yaml", "shop-native-sidecar.yaml", "shop-ordinary-sidecar.yaml")) {
      Path manifest = deploy.resolve("kubernetes").resolve(name);
      Cluster.kubectl("create", "--dry-run=server", "-f", manifest.toString());
    }
  }

  /// It says every line once, in order, up to the application's last word.
  private static void assertAll(Topic logs) {
    logs.await(all -> all.bodies().stream().anyMatch(body -> body.startsWith("ended after ")));
    List<String> bodies = logs.rest().bodies();
    int lines = Integer.parseInt(bodies.getLast().replaceAll("[^0-9]", ""));
    List<String> written =
        Stream.concat(
                IntStream.range(0, lines).mapToObj(i -> "line " + i),
                Stream.of("ended after " + lines + " lines"))
            .toList();
    assertThat(bodies).isEqualTo(written);
  }

  private static Instant ended(JsonNode container) {
    return Instant.parse(container.at("/state/terminated/finishedAt").asString());
  }

  /// A broker that Pods can reach, at an address that may not be there before the node's first Pod: this test speaks to another.
  private Broker broker() throws Exception {
    int port = Ports.free(1).getFirst();
    String pods = Cluster.host() + ":" + port;
    Kafka kafka =
        Kafka.start(
            folder,
            "listeners=PLAINTEXT://127.0.0.1:${PORT},CONTROLLER://127.0.0.1:${CONTROLLER},"
                + "PODS://0.0.0.0:"
                + port,
            "advertised.listeners=PLAINTEXT://127.0.0.1:${PORT},PODS://" + pods,
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PODS:PLAINTEXT");
    kafka.create("otlp_logs");
    kafka.create("otlp_spans");
    return new Broker(kafka, pods);
  }

  /// @param pods where Pods reach it
  private record Broker(Kafka kafka, String pods) implements AutoCloseable {
    String servers() {
      return kafka.servers();
    }

    @Override
    public void close() {
      kafka.close();
    }
  }

  /// Makes the Pod that the manifest's template is, with these images and this broker. On a node of its choice: the cluster
  /// may be without a scheduler.
  ///
  /// @param lines that the application writes, or 0
  /// @param more  of its `spec`
  private Pod start(String name, String servers, int lines, Map<String, String> more)
      throws Exception {
    Path manifest = Tree.root().resolve("deploy/kubernetes/shop-native-sidecar.yaml");
    JsonNode template =
        Cluster.json("create", "--dry-run=server", "-f", manifest.toString()).at("/spec/template");
    ObjectNode pod =
        new ObjectMapper().createObjectNode().put("apiVersion", "v1").put("kind", "Pod");
    ObjectNode metadata = (ObjectNode) template.get("metadata");
    metadata.put("name", name).putArray("finalizers").add(FINALIZER);
    pod.set("metadata", metadata);
    ObjectNode spec = (ObjectNode) template.get("spec");
    String node = Cluster.json("get", "nodes").at("/items/0/metadata/name").asString();
    spec.put("nodeName", node).put("automountServiceAccountToken", false);
    more.forEach(spec::put);
    pod.set("spec", spec);
    ObjectNode shop = (ObjectNode) spec.at("/containers/0");
    shop.put("image", application).put("imagePullPolicy", "Never");
    shop.putArray("args").add("/var/log/app").add(String.valueOf(lines));
    ObjectNode sidecar = (ObjectNode) spec.at("/initContainers/0");
    sidecar.put("image", SidecarImage.built()).put("imagePullPolicy", "Never");
    for (JsonNode variable : sidecar.get("env")) {
      if (variable.at("/name").asString().equals("PANNIER_KAFKA_BOOTSTRAP_SERVERS")) {
        ((ObjectNode) variable).put("value", servers);
      }
    }
    Path file = Files.writeString(folder.resolve(name + ".json"), pod.toString());
    JsonNode made = Cluster.json("create", "-f", file.toString());
    return new Pod(
        name, made.at("/metadata/namespace").asString(), node, made.at("/metadata/uid").asString());
  }

  /// What stays of it when it was deleted, until this is closed, is how its containers ended.
  private record Pod(String name, String namespace, String node, String uid)
      implements AutoCloseable {
    JsonNode status() throws Exception {
      return Cluster.json("get", "pod", name).get("status");
    }

    JsonNode awaitEnd() {
      return await("the end of " + name)
          .atMost(PATIENCE)
          .until(
              this::status,
              status ->
                  status.at("/containerStatuses/0/state").has("terminated")
                      && status.at("/initContainerStatuses/0/state").has("terminated"));
    }

    /// The resources of a topic's `otlp_proto` messages.
    Set<Map<String, String>> resourcesOf(Topic topic) throws InvalidProtocolBufferException {
      Set<Map<String, String>> resources = new HashSet<>();
      for (ConsumerRecord<byte[], byte[]> message : topic.rest().messages()) {
        Stream<Resource> here =
            message.topic().equals("otlp_logs")
                ? ExportLogsServiceRequest.parseFrom(message.value()).getResourceLogsList().stream()
                    .map(ResourceLogs::getResource)
                : ExportTraceServiceRequest.parseFrom(message.value())
                    .getResourceSpansList()
                    .stream()
                    .map(ResourceSpans::getResource);
        here.forEach(
            resource ->
                resources.add(
                    resource.getAttributesList().stream()
                        .collect(
                            Collectors.toMap(
                                KeyValue::getKey, pair -> pair.getValue().getStringValue()))));
      }
      return resources;
    }

    void assertNamed(Map<String, String> resource) {
      assertThat(resource)
          .containsAllEntriesOf(
              Map.of(
                  "service.name",
                  "shop",
                  "k8s.namespace.name",
                  namespace,
                  "k8s.pod.name",
                  name,
                  "k8s.pod.uid",
                  uid,
                  "k8s.node.name",
                  node,
                  "k8s.container.name",
                  "shop",
                  "k8s.deployment.name",
                  "shop",
                  "k8s.pod.label.app",
                  "shop"));
    }

    @Override
    public void close() {
      String released = "{\"metadata\":{\"finalizers\":null}}";
      try {
        Cluster.kubectl("delete", "pod", name, "--wait=false", "--grace-period=1");
        Cluster.kubectl("patch", "pod", name, "--type=merge", "--patch", released);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// The broker's image has its libraries.
  private static String applicationImage() throws Exception {
    Path main = Path.of("dev/pannier/integration/PodApplication.class");
    Path classes =
        Path.of(PodApplication.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    byte[] bytes = Files.readAllBytes(classes.resolve(main));
    CRC32 sum = new CRC32();
    sum.update(bytes);
    sum.update(BrokerImage.built().getBytes(UTF_8));
    String name = "localhost/pannier-test-application:" + Long.toHexString(sum.getValue());
    if (!BrokerImage.isThere(name)) {
      Path folder = Files.createTempDirectory("pannier-application");
      try {
        Path file = folder.resolve("classes").resolve(main);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        Files.writeString(
            folder.resolve("Dockerfile"),
            """
            FROM %s
            COPY classes /opt/broker/classes
            USER 1000:1000
            ENTRYPOINT ["/opt/java/bin/java", "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", \
            "-cp", "/opt/broker/classes:/opt/broker/lib/*", "dev.pannier.integration.PodApplication"]
            """
                .formatted(BrokerImage.built()));
        BrokerImage.run("podman", "build", "--network=none", "--tag", name, folder.toString());
      } finally {
        BrokerImage.remove(folder);
      }
    }
    return name;
  }
}
