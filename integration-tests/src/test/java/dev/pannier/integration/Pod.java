package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pannier.demo.ChildProcess;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/// A Pod of [Cluster] with [PodApplication] and the sidecar, and what of a topic's `otlp_proto` messages is its own. When it
/// was deleted it stays until this is closed, so that how its containers ended can be seen.
record Pod(String name, String namespace, String node, String uid) implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String FINALIZER = "pannier.dev/test";
  static final String APPLICATION = "shop";
  static final String SIDECAR = "pannier";
  private static final String LAST = "ended after ";

  /// The Pod that a Deployment's manifest has as its template, as the API server completes it, on a node of ours: the cluster
  /// may be without a scheduler.
  ///
  /// @param file below `deploy/kubernetes`
  static ObjectNode manifest(String name, String file) throws Exception {
    Path manifest = Tree.root().resolve("deploy/kubernetes").resolve(file);
    JsonNode template =
        Cluster.json("create", "--dry-run=server", "-f", manifest.toString()).at("/spec/template");
    ObjectNode pod =
        new ObjectMapper().createObjectNode().put("apiVersion", "v1").put("kind", "Pod");
    ObjectNode metadata = (ObjectNode) template.get("metadata");
    metadata.put("name", name).putArray("finalizers").add(FINALIZER);
    pod.set("metadata", metadata);
    ObjectNode spec = (ObjectNode) template.get("spec");
    spec.put("nodeName", Cluster.json("get", "nodes").at("/items/0/metadata/name").asString());
    spec.put("automountServiceAccountToken", false);
    pod.set("spec", spec);
    return pod;
  }

  /// Makes it.
  ///
  /// @param folder where its manifest may be written
  static Pod start(Path folder, ObjectNode manifest) throws Exception {
    String name = manifest.at("/metadata/name").asString();
    Path file = Files.writeString(folder.resolve(name + ".json"), manifest.toString());
    JsonNode made = Cluster.json("create", "-f", file.toString());
    return new Pod(
        name,
        made.at("/metadata/namespace").asString(),
        made.at("/spec/nodeName").asString(),
        made.at("/metadata/uid").asString());
  }

  JsonNode status() throws Exception {
    return Cluster.json("get", "pod", name).get("status");
  }

  /// A container's part of a status, whether it is an init container, as a native sidecar is, or an ordinary one.
  static JsonNode container(JsonNode status, String container) {
    return Stream.of("initContainerStatuses", "containerStatuses")
        .flatMap(list -> status.path(list).valueStream())
        .filter(each -> each.at("/name").asString().equals(container))
        .findFirst()
        .orElse(MissingNode.getInstance());
  }

  static JsonNode sidecar(JsonNode status) {
    return container(status, SIDECAR);
  }

  static JsonNode application(JsonNode status) {
    return container(status, APPLICATION);
  }

  /// What a container wrote.
  String log(String container) throws Exception {
    return Cluster.kubectl("logs", name, "-c", container);
  }

  void awaitReady() throws Exception {
    Cluster.kubectl("wait", "--for=condition=Ready", "pod/" + name, "--timeout=90s");
  }

  /// Runs a program in a container.
  ///
  /// @return what it wrote
  /// @throws IllegalStateException if it fails
  String exec(String container, List<String> program) throws Exception {
    List<String> command = new ArrayList<>(List.of("exec", name, "-c", container, "--"));
    command.addAll(program);
    return Cluster.kubectl(command.toArray(String[]::new));
  }

  void replaceSidecar(String image) throws Exception {
    String patch =
        "[{\"op\":\"replace\",\"path\":\"/spec/initContainers/0/image\",\"value\":\"%s\"}]"
            .formatted(image);
    Cluster.kubectl("patch", "pod", name, "--type=json", "--patch", patch);
  }

  /// Asks it to go, and waits until its containers have ended.
  JsonNode delete() throws Exception {
    Cluster.kubectl("delete", "pod", name, "--wait=false");
    return await(
        status ->
            application(status).at("/state").has("terminated")
                && sidecar(status).at("/state").has("terminated"));
  }

  /// [#delete], with the sidecar's log up to its end in the folder's file `NAME.out`.
  JsonNode deleteWithLog(Path folder) throws Exception {
    List<String> command = List.of("kubectl", "logs", "-f", name, "-c", SIDECAR);
    try (ChildProcess log = ChildProcess.start(name, folder, command, Map.of())) {
      JsonNode status = delete();
      log.await(Duration.ofSeconds(30));
      return status;
    }
  }

  /// @throws org.awaitility.core.ConditionTimeoutException with the last status, if it is not so in time
  JsonNode await(Predicate<JsonNode> condition) {
    return Awaitility.await(name)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(300))
        .until(this::status, condition);
  }

  static Instant ended(JsonNode container) {
    return Instant.parse(container.at("/state/terminated/finishedAt").asString());
  }

  private List<ResourceLogs> logs(Topic topic) {
    return topic.messages().stream()
        .flatMap(
            message -> {
              try {
                return ExportLogsServiceRequest.parseFrom(message.value())
                    .getResourceLogsList()
                    .stream();
              } catch (InvalidProtocolBufferException e) {
                throw new AssertionError("not otlp_proto", e);
              }
            })
        .filter(logs -> isOurs(logs.getResource()))
        .toList();
  }

  private List<ResourceSpans> spansOf(Topic topic) {
    return topic.messages().stream()
        .flatMap(
            message -> {
              try {
                return ExportTraceServiceRequest.parseFrom(message.value())
                    .getResourceSpansList()
                    .stream();
              } catch (InvalidProtocolBufferException e) {
                throw new AssertionError("not otlp_proto", e);
              }
            })
        .filter(spans -> isOurs(spans.getResource()))
        .toList();
  }

  private boolean isOurs(Resource resource) {
    return attributes(resource).getOrDefault("k8s.pod.uid", "").equals(uid);
  }

  private static Map<String, String> attributes(Resource resource) {
    return resource.getAttributesList().stream()
        .collect(Collectors.toMap(KeyValue::getKey, pair -> pair.getValue().getStringValue()));
  }

  /// The bodies of its log records.
  List<String> bodies(Topic topic) {
    return logs(topic).stream()
        .flatMap(resource -> resource.getScopeLogsList().stream())
        .flatMap(scope -> scope.getLogRecordsList().stream())
        .map(record -> record.getBody().getStringValue())
        .toList();
  }

  /// Its spans' names.
  List<String> spans(Topic topic) {
    return spansOf(topic).stream()
        .flatMap(resource -> resource.getScopeSpansList().stream())
        .flatMap(scope -> scope.getSpansList().stream())
        .map(Span::getName)
        .toList();
  }

  /// When the application wrote its last word.
  Instant lastWord(Topic topic) {
    long nanos =
        logs(topic)
            .getLast()
            .getScopeLogsList()
            .getLast()
            .getLogRecordsList()
            .getLast()
            .getTimeUnixNano();
    return Instant.EPOCH.plusNanos(nanos);
  }

  /// Waits for so many more log records than there are.
  void awaitMore(Topic logs, int count) {
    int before = bodies(logs.rest()).size();
    logs.await(all -> bodies(all).size() >= before + count);
  }

  /// Waits for the application's last word, and says that every line came once, in order.
  ///
  /// @return how many
  int assertAll(Topic logs) {
    logs.await(all -> bodies(all).stream().anyMatch(body -> body.startsWith(LAST)));
    List<String> bodies = bodies(logs.rest());
    int lines = Integer.parseInt(bodies.getLast().replaceAll("[^0-9]", ""));
    List<String> written =
        Stream.concat(
                IntStream.range(0, lines).mapToObj(i -> "line " + i),
                Stream.of(LAST + lines + " lines"))
            .toList();
    assertThat(bodies).isEqualTo(written);
    return lines;
  }

  /// Says that every record is named by what the Downward API tells.
  ///
  /// @param more attributes that each has
  void assertNamed(Topic logs, Topic spans, Map<String, String> more) {
    Set<Map<String, String>> resources = new HashSet<>();
    logs(logs).forEach(resource -> resources.add(attributes(resource.getResource())));
    spansOf(spans).forEach(resource -> resources.add(attributes(resource.getResource())));
    assertThat(resources)
        .isNotEmpty()
        .allSatisfy(
            resource ->
                assertThat(resource)
                    .containsAllEntriesOf(more)
                    .containsAllEntriesOf(
                        Map.of(
                            "service.name",
                            "shop",
                            "k8s.namespace.name",
                            namespace,
                            "k8s.pod.name",
                            name,
                            "k8s.node.name",
                            node,
                            "k8s.container.name",
                            "shop",
                            "k8s.pod.label.app",
                            "shop")));
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
