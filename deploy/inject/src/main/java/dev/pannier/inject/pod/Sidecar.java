package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The container, and the volumes that are its own.
final class Sidecar {
  static final String NAME = "pannier";
  static final int ADMIN_PORT = 8686;

  private static final String ADMIN = "pannier-admin";
  private static final String STATE = "pannier-state";
  private static final String POD_INFO = "pannier-podinfo";
  private static final String CONFIG = "pannier-config";
  private static final String SECRET = "pannier-secret";

  /// As the image has it.
  private static final String IMAGE_CONFIG = "/etc/pannier/pannier.yaml";

  private static final String CONFIG_DIR = "/etc/pannier/config";
  private static final long NON_ROOT = 65_532;

  /// What of the Pod's grace period is not the drain's: the rest of the process's end, and the kubelet's own time.
  private static final long GRACE_SECONDS = 5;

  /// As the sidecar has it by default; and what it takes at most.
  private static final long DEADLINE_SECONDS = 20;

  private static final long MAX_DEADLINE_SECONDS = 3_600;

  /// Of a Pod that does not say.
  private static final long DEFAULT_GRACE_SECONDS = 30;

  /// For how long an ordinary sidecar waits at most for an application that says nothing any more.
  private static final long MAX_QUIET_SECONDS = 30;

  private final Settings settings;
  private final boolean isNative;
  private final LogFolders folders;
  private final Resource resource;
  private final SidecarResources resources;
  private final String timeZone;
  private final Part spec;
  private final List<Part> selected;

  /// @param timeZone the application's; empty for UTC
  Sidecar(
      Settings settings,
      boolean isNative,
      LogFolders folders,
      Resource resource,
      SidecarResources resources,
      String timeZone,
      Part spec,
      List<Part> selected) {
    this.settings = settings;
    this.isNative = isNative;
    this.folders = folders;
    this.resource = resource;
    this.resources = resources;
    this.timeZone = timeZone;
    this.spec = spec;
    this.selected = selected;
  }

  static Map<String, Object> variable(String name, String value) {
    return map("name", name, "value", value);
  }

  /// A variable of the Downward API.
  static Map<String, Object> field(String name, String path) {
    return map("name", name, "valueFrom", map("fieldRef", map("fieldPath", path)));
  }

  /// Whether a variable is one of the Downward API, with this path.
  static boolean isField(Map<String, Object> variable, String path) {
    return variable.get("valueFrom") instanceof Map<?, ?> from
        && from.get("fieldRef") instanceof Map<?, ?> field
        && path.equals(field.get("fieldPath"));
  }

  static Map<String, Object> emptyVolume(String name) {
    return map("name", name, "emptyDir", map());
  }

  List<Map<String, Object>> volumes() {
    List<Map<String, Object>> volumes = new ArrayList<>();
    volumes.add(emptyVolume(STATE));
    volumes.add(
        map(
            "name",
            POD_INFO,
            "downwardAPI",
            map("items", List.of(podInfo("labels"), podInfo("annotations")))));
    if (settings.config() != null) {
      // Optional: the sidecar waits for it, and not the Pod with all that is in it.
      volumes.add(
          map(
              "name",
              CONFIG,
              "configMap",
              map("name", settings.config().name(), "optional", true)));
    }
    if (!settings.secret().isEmpty()) {
      volumes.add(
          map("name", SECRET, "secret", map("secretName", settings.secret(), "optional", true)));
    }
    return volumes;
  }

  private static Map<String, Object> podInfo(String name) {
    return map("path", name, "fieldRef", map("fieldPath", "metadata." + name));
  }

  Map<String, Object> container() {
    Map<String, Object> container = map("name", NAME, "image", settings.image());
    if (!settings.imagePullPolicy().isEmpty()) {
      container.put("imagePullPolicy", settings.imagePullPolicy());
    }
    if (settings.memoryMib() != 0 || !settings.jvmOptions().isEmpty()) {
      // The image's entry point, with these options between its own and what is to be run.
      List<String> command = new ArrayList<>(List.of("java", "@/etc/pannier/jvm.options"));
      command.add("-Xmx" + resources.heapMib() + "m");
      command.addAll(settings.jvmOptions());
      command.add("@/etc/pannier/main.options");
      container.put("command", command);
    }
    container.put(
        "args",
        List.of(
            "run",
            "--wait-for-configuration",
            "--config",
            settings.config() == null ? IMAGE_CONFIG : CONFIG_DIR + "/" + settings.config().key()));
    if (isNative) {
      container.put("restartPolicy", "Always");
    }
    container.put("env", environment());
    container.put("ports", List.of(map("name", ADMIN, "containerPort", (long) ADMIN_PORT)));
    // No readiness: a destination that is away is no reason to keep requests from the application.
    container.put("startupProbe", probe(1, 2, 120));
    container.put("livenessProbe", probe(10, 5, 3));
    container.put("resources", resources.written());
    container.put("securityContext", securityContext());
    container.put("volumeMounts", mounts());
    return container;
  }

  private List<Map<String, Object>> environment() {
    List<Map<String, Object>> environment = new ArrayList<>(resource.variablesOfSidecar());
    environment.addAll(folders.sidecarVariables());
    if (environment.stream().noneMatch(each -> TimeZones.VARIABLE.equals(each.get("name")))) {
      add(environment, TimeZones.VARIABLE, timeZone);
    }
    environment.add(variable("PANNIER_ADMIN_LISTEN", "0.0.0.0:" + ADMIN_PORT));
    environment.add(variable("PANNIER_TERMINATION_LOG", "/dev/termination-log"));
    if (settings.config() == null) {
      add(environment, "PANNIER_LOG_DIR", logDir());
      add(environment, "PANNIER_PARSER", settings.parser());
      add(environment, "PANNIER_AFTER_SHIPPED", settings.deleteShipped() ? "delete" : "");
    }
    add(
        environment,
        "PANNIER_MEMORY",
        settings.memoryMib() == 0 ? "" : settings.memoryMib() + "MiB");
    long deadline = deadlineSeconds();
    add(
        environment,
        "PANNIER_SHUTDOWN_DEADLINE",
        deadline == DEADLINE_SECONDS ? "" : deadline + "s");
    add(environment, "PANNIER_SHUTDOWN_QUIET", outlasts() ? quietSeconds() + "s" : "");
    add(environment, "PANNIER_KAFKA_BOOTSTRAP_SERVERS", settings.kafka());
    add(environment, "OTEL_EXPORTER_OTLP_ENDPOINT", settings.otlp());
    return environment;
  }

  private static void add(List<Map<String, Object>> environment, String name, String value) {
    if (!value.isEmpty()) {
      environment.add(variable(name, value));
    }
  }

  private String logDir() {
    return settings.logDirs().isEmpty() || settings.logDirs().contains(Settings.LOG_DIR)
        ? ""
        : settings.logDirs().getFirst();
  }

  private long graceSeconds() {
    Long grace = spec.at("terminationGracePeriodSeconds").number();
    return grace == null ? DEFAULT_GRACE_SECONDS : grace;
  }

  private long deadlineSeconds() {
    long most = outlasts() ? MAX_DEADLINE_SECONDS : DEADLINE_SECONDS;
    return Math.max(1, Math.min(most, graceSeconds() - GRACE_SECONDS));
  }

  private long quietSeconds() {
    return Math.min(MAX_QUIET_SECONDS, graceSeconds() * 2 / 3);
  }

  /// Whether it is asked to end together with an application that takes its time. A native sidecar is asked afterwards.
  private boolean outlasts() {
    return !isNative && (graceSeconds() > DEFAULT_GRACE_SECONDS || preStop() != null);
  }

  /// What the application does before it is asked, while the sidecar is asked already.
  private @Nullable Part preStop() {
    return selected.stream()
        .map(container -> container.at("lifecycle", "preStop"))
        .filter(Part::isThere)
        .findFirst()
        .orElse(null);
  }

  private static Map<String, Object> probe(long period, long timeout, long failures) {
    return map(
        "httpGet",
        map("path", "/livez", "port", ADMIN),
        "periodSeconds",
        period,
        "timeoutSeconds",
        timeout,
        "failureThreshold",
        failures);
  }

  private Map<String, Object> securityContext() {
    Map<String, Object> context = map("runAsNonRoot", true);
    Long user = spec.at("securityContext", "runAsUser").number();
    if (user != null && user == 0) {
      context.put("runAsUser", NON_ROOT);
    }
    Long group = group();
    if (group != null) {
      context.put("runAsGroup", group);
    }
    context.put("allowPrivilegeEscalation", false);
    context.put("readOnlyRootFilesystem", true);
    context.put("capabilities", map("drop", List.of("ALL")));
    context.put("seccompProfile", map("type", "RuntimeDefault"));
    return context;
  }

  /// The group by which the application's files can be read under an umask of 027.
  private @Nullable Long group() {
    Map<Long, Part> groups = groups();
    return groups.isEmpty()
        ? spec.at("securityContext", "fsGroup").number()
        : groups.keySet().iterator().next();
  }

  /// The application's, in the order of its containers, each with where it is said.
  private Map<Long, Part> groups() {
    Map<Long, Part> groups = new LinkedHashMap<>();
    for (Part container : selected) {
      Part own = container.at("securityContext", "runAsGroup");
      Part said = own.isThere() ? own : spec.at("securityContext", "runAsGroup");
      Long group = said.number();
      if (group != null) {
        groups.putIfAbsent(group, said);
      }
    }
    return groups;
  }

  void lookAt(List<Problem> notices) {
    if (outlasts()) {
      Part preStop = preStop();
      notices.add(
          new Problem(
              preStop == null ? spec.at("terminationGracePeriodSeconds").path() : preStop.path(),
              "an ordinary sidecar is asked to end at once with the Pod, and does when files and requests have been quiet for %d s, or after %d s: what the application says later is not shipped; a native one ends after it"
                  .formatted(
                      Math.min(quietSeconds(), deadlineSeconds()), deadlineSeconds() * 3 / 4)));
    }
    lookAtGroups(notices);
  }

  /// Of several groups it can only be in one; in a Pod's `fsGroup` all are.
  private void lookAtGroups(List<Problem> notices) {
    if (settings.logDirs().isEmpty() || spec.at("securityContext", "fsGroup").isThere()) {
      return;
    }
    Long own = group();
    groups()
        .forEach(
            (group, said) -> {
              if (!group.equals(own)) {
                notices.add(
                    new Problem(
                        said.path(),
                        "is not the sidecar's group, %d: files that only this one may read are not shipped; give spec.securityContext an fsGroup (%d)"
                            .formatted(own, group)));
              }
            });
  }

  private List<Map<String, Object>> mounts() {
    List<Map<String, Object>> mounts = new ArrayList<>(folders.sidecarMounts());
    mounts.add(map("name", STATE, "mountPath", "/var/lib/pannier"));
    mounts.add(map("name", POD_INFO, "mountPath", "/etc/podinfo", "readOnly", true));
    if (settings.config() != null) {
      mounts.add(map("name", CONFIG, "mountPath", CONFIG_DIR, "readOnly", true));
    }
    if (!settings.secret().isEmpty()) {
      mounts.add(map("name", SECRET, "mountPath", "/var/run/secrets/pannier", "readOnly", true));
    }
    return mounts;
  }

  /// A map in this order, to which more can be added.
  ///
  /// @param keysAndValues a key, its value, the next key, …
  private static Map<String, Object> map(Object... keysAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      map.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return map;
  }
}
