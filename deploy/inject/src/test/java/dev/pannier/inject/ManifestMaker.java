package dev.pannier.inject;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Makes manifests of every kind, with whatever a Pod may have or not have where the sidecar goes.
final class ManifestMaker {
  private static final List<String> KINDS =
      List.of("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod");

  /// One has this name in each Pod; empty for all.
  private static final List<String> CONTAINERS = List.of("", "app0", "app0, app0", "app0, proxy");

  private static final List<String> PULL_SECRETS = List.of("own", "pannier-registry");

  private static final List<String> NULLS = List.of("null", "~", "Null", "NULL");

  /// The same amounts, in each way that people write them.
  private static final List<List<Object>> CPU =
      List.of(List.of("500m", "0.5", "5e-1"), List.of("2", 2L, "2000m", "+2.0"));

  private static final List<List<Object>> MEMORY =
      List.of(List.of("1Gi", 1L << 30, "1024Mi"), List.of("512M", "512000000", "0.512e9"));

  private final Random random;

  /// Whether all containers of the Pod that is being made request what they are limited to.
  private boolean guaranteed;

  /// Whether that Pod's annotations name its own native sidecar.
  private boolean namesProxy;

  ManifestMaker(Random random) {
    this.random = random;
  }

  Map<String, Object> manifest() {
    if (random.nextInt(6) > 0) {
      return workload();
    }
    List<Object> items = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      items.add(random.nextInt(4) == 0 ? service() : workload());
    }
    items.add(random.nextInt(items.size() + 1), workload());
    return shuffled(Map.of("apiVersion", "v1", "kind", "List", "items", items));
  }

  private Map<String, Object> service() {
    return shuffled(
        Map.of(
            "apiVersion",
            "v1",
            "kind",
            "Service",
            "metadata",
            Map.of("name", "shop"),
            "spec",
            Map.of("ports", List.of(Map.of("port", 80L)))));
  }

  Map<String, Object> workload() {
    String kind = KINDS.get(random.nextInt(KINDS.size()));
    Map<String, Object> pod = new LinkedHashMap<>();
    namesProxy = false;
    metadata(pod);
    pod.put("spec", spec());
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("kind", kind);
    switch (kind) {
      case "Pod" -> {
        object.put("apiVersion", "v1");
        object.putAll(pod);
      }
      case "CronJob" -> {
        object.put("apiVersion", "batch/v1");
        object.put("metadata", Map.of("name", "nightly"));
        object.put(
            "spec",
            shuffled(
                Map.of(
                    "schedule",
                    "0 3 * * *",
                    "jobTemplate",
                    Map.of("spec", Map.of("template", shuffled(pod))))));
      }
      default -> {
        object.put("apiVersion", kind.equals("Job") ? "batch/v1" : "apps/v1");
        object.put("metadata", Map.of("name", "shop", "labels", Map.of("app", "shop")));
        object.put("spec", shuffled(Map.of("replicas", 2L, "template", shuffled(pod))));
      }
    }
    return shuffled(object);
  }

  private void metadata(Map<String, Object> pod) {
    switch (random.nextInt(6)) {
      case 0 -> {}
      case 1 ->
          pod.put("metadata", random.nextBoolean() ? new ManifestWriter.Nothing(false) : nothing());
      default -> {
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("labels", Map.of("app", "shop"));
        String containers = CONTAINERS.get(random.nextInt(CONTAINERS.size()));
        namesProxy = containers.contains("proxy");
        optional(
            metadata,
            "annotations",
            false,
            shuffled(
                Map.of(
                    "team",
                    "payments",
                    "pannier.dev/kafka",
                    "kafka:9092",
                    "pannier.dev/containers",
                    containers,
                    "pannier.dev/image-pull-secret",
                    random.nextBoolean() ? "" : "pannier-registry",
                    "note",
                    "two\nlines # here")));
        pod.put("metadata", shuffled(metadata));
      }
    }
  }

  private Map<String, Object> spec() {
    guaranteed = random.nextInt(3) == 0;
    Map<String, Object> spec = new LinkedHashMap<>();
    List<Object> containers = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      containers.add(container("app" + i, random.nextBoolean()));
    }
    spec.put("containers", containers);
    if (random.nextInt(5) == 0) {
      spec.put("resources", resourcesOfThePod());
    }
    optional(
        spec,
        "volumes",
        true,
        List.of(Map.of("name", "data", "emptyDir", Map.of()), Map.of("name", "more")));
    optional(
        spec,
        "imagePullSecrets",
        true,
        List.of(Map.of("name", PULL_SECRETS.get(random.nextInt(PULL_SECRETS.size())))));
    if (namesProxy) {
      Map<String, Object> proxy = container("proxy", random.nextBoolean());
      proxy.put("restartPolicy", "Always");
      spec.put("initContainers", List.of(container("before", false), shuffled(proxy)));
    } else {
      optional(spec, "initContainers", true, List.of(container("before", false)));
    }
    if (random.nextBoolean()) {
      spec.put("terminationGracePeriodSeconds", random.nextLong(60));
      spec.put("securityContext", Map.of("fsGroup", 1_000L));
    }
    return shuffled(spec);
  }

  private Map<String, Object> container(String name, boolean hasLogVolume) {
    Map<String, Object> container = new LinkedHashMap<>();
    container.put("name", name);
    container.put("image", "shop:1");
    if (random.nextBoolean()) {
      container.put("args", List.of("a", "run: fast\n- really\n", "true"));
    }
    List<Object> variables = new ArrayList<>();
    if (random.nextInt(3) == 0) {
      variables.add(shuffled(Map.of("name", "TZ", "value", "Europe/Berlin")));
    }
    for (String variable :
        List.of("A", "OTEL_EXPORTER_OTLP_ENDPOINT", "K8S_POD_NAME", "OTEL_RESOURCE_ATTRIBUTES")) {
      if (random.nextInt(3) == 0) {
        variables.add(shuffled(Map.of("name", variable, "value", "v")));
      } else if (variable.equals("K8S_POD_NAME") && random.nextInt(3) == 0) {
        String field = random.nextBoolean() ? "metadata.name" : "status.podIP";
        Map<String, Object> from = Map.of("fieldRef", Map.of("fieldPath", field));
        variables.add(shuffled(Map.of("name", variable, "valueFrom", from)));
      }
    }
    optional(container, "env", true, variables);
    Map<String, Object> resources = resources();
    if (guaranteed || random.nextBoolean()) {
      container.put("resources", resources);
    }
    List<Object> mounts = new ArrayList<>();
    mounts.add(Map.of("name", "more", "mountPath", "/more"));
    if (hasLogVolume) {
      mounts.add(shuffled(Map.of("name", "data", "mountPath", "/var/log/app/")));
    }
    optional(container, "volumeMounts", true, mounts);
    return shuffled(container);
  }

  private Map<String, Object> resources() {
    Map<String, Object> limits = new LinkedHashMap<>();
    Map<String, Object> requests = new LinkedHashMap<>();
    amounts("cpu", CPU, limits, requests);
    amounts("memory", MEMORY, limits, requests);
    Map<String, Object> resources = new LinkedHashMap<>();
    if (!limits.isEmpty()) {
      resources.put("limits", shuffled(limits));
    }
    if (!requests.isEmpty()) {
      resources.put("requests", shuffled(requests));
    }
    return resources;
  }

  /// As much as all containers of a Pod here request, and the sidecar's.
  private Map<String, Object> resourcesOfThePod() {
    Map<String, Object> requests = Map.of("cpu", "16", "memory", "16Gi");
    Map<String, Object> resources = new LinkedHashMap<>();
    if (random.nextInt(4) == 0) {
      return resources;
    }
    resources.put("requests", shuffled(requests));
    switch (random.nextInt(3)) {
      case 0 -> {}
      case 1 -> resources.put("limits", shuffled(Map.of("cpu", 16L, "memory", "16384Mi")));
      default -> resources.put("limits", Map.of("cpu", "20", "memory", "20Gi"));
    }
    return shuffled(resources);
  }

  private void amounts(
      String name,
      List<List<Object>> amounts,
      Map<String, Object> limits,
      Map<String, Object> requests) {
    List<Object> same = amounts.get(random.nextInt(amounts.size()));
    if (guaranteed || random.nextBoolean()) {
      limits.put(name, same.get(random.nextInt(same.size())));
    }
    // What is not requested is what it is limited to.
    if (random.nextBoolean()) {
      List<Object> asked = guaranteed ? same : amounts.get(random.nextInt(amounts.size()));
      requests.put(name, asked.get(random.nextInt(asked.size())));
    }
  }

  private ManifestWriter.Null nothing() {
    return new ManifestWriter.Null(NULLS.get(random.nextInt(NULLS.size())));
  }

  /// It, or nothing, or an empty one, or its key alone, or with a null.
  private void optional(Map<String, Object> map, String key, boolean list, Object value) {
    switch (random.nextInt(7)) {
      case 0 -> {}
      case 1 -> map.put(key, list ? List.of() : Map.of());
      case 2 -> map.put(key, new ManifestWriter.Nothing(list));
      case 3 -> map.put(key, nothing());
      default -> map.put(key, value);
    }
  }

  private Map<String, Object> shuffled(Map<String, Object> map) {
    List<String> keys = new ArrayList<>(map.keySet());
    keys.sort(null);
    for (int i = keys.size() - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      keys.set(i, keys.set(other, keys.get(i)));
    }
    Map<String, Object> shuffled = new LinkedHashMap<>();
    keys.forEach(key -> shuffled.put(key, map.get(key)));
    return shuffled;
  }
}
