package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Says what has to change in a Pod for the sidecar to be in it, as its annotations want it. Nothing is changed here: the same changes are
/// edits of a manifest's text, or the JSON Patch of an admission webhook.
public final class Injection {
  /// The OTLP address for applications: both of the sidecar's ports speak gRPC and HTTP, so that this one serves whatever an SDK
  /// has as its default.
  static final String ENDPOINT = "http://127.0.0.1:4317";

  private static final String ENDPOINT_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT";

  /// Each outranks that one, for its signal.
  private static final List<String> SIGNALS_ENDPOINTS =
      List.of(
          "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
          "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
          "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT");

  private static final String NOT_THROUGH =
      "stays as it is: what is sent there does not go through the sidecar";

  /// Of a Pod that a kubelet has made by itself, and shows the API server.
  private static final String MIRROR = "kubernetes.io/config.mirror";

  /// The sidecar's, as applications say it.
  private static final Pattern OWN_ENDPOINT =
      Pattern.compile("http://(localhost|127\\.0\\.0\\.1):431[78](/.*)?");

  /// Where the sidecar listens for OTLP, unless a configuration says otherwise.
  private static final Set<Long> OTLP_PORTS = Set.of(4317L, 4318L);

  private static final String NO_DESTINATION =
      "name no destination, so the sidecar ships to its own standard output: say "
          + Stream.of(Setting.KAFKA, Setting.OTLP, Setting.CONFIG)
              .map(Setting::annotation)
              .collect(Collectors.joining(" or "));

  private static final String LEAVE_OUT = "leave the Pod out with pannier.dev/inject: \"false\"";

  private final Map<Setting, String> defaults;

  /// @param defaults what holds where a Pod's annotations say nothing; `IMAGE` at least, and for `INJECT` whether a Pod without that
  ///     annotation gets a sidecar
  public Injection(Map<Setting, String> defaults) {
    this.defaults = Map.copyOf(defaults);
  }

  /// What is wrong with the defaults themselves, whatever the Pod.
  public List<Problem> problems() {
    Set<Problem> problems = new LinkedHashSet<>();
    Settings.read(Part.root(null, problems), defaults, problems);
    return List.copyOf(problems);
  }

  /// @param pod      a Pod, or the template of one: its `metadata` and `spec`
  /// @param workload what it is one of
  public Outcome of(@Nullable Object pod, Workload workload) {
    return of(pod, workload, null);
  }

  /// @param pod    without the sidecar that it had
  /// @param before with that one, if it had one: what of it had to stay is the sidecar's again
  public Outcome of(@Nullable Object pod, Workload workload, @Nullable Object before) {
    Set<Problem> problems = new LinkedHashSet<>();
    Part root = Part.root(pod, problems);
    Part annotations = root.at("metadata", "annotations");
    if (annotations.at(Trace.ANNOTATION).isThere()) {
      return new Outcome.Unchanged("the sidecar is there");
    }
    if (annotations.at(MIRROR).isThere()) {
      return new Outcome.Unchanged("the node has it from a file, whatever the API server says");
    }
    Settings settings = Settings.read(root.at("metadata"), defaults, problems);
    String key = Setting.INJECT.annotation();
    boolean isSaid =
        annotations.at(key).isThere() || root.at("metadata", "labels").at(key).isThere();
    // Whoever says no need not be right in all else.
    if (isSaid && Boolean.FALSE.equals(settings.inject())) {
      return new Outcome.Unchanged(key + " is false");
    }
    if (problems.isEmpty() && !Boolean.TRUE.equals(settings.inject())) {
      return new Outcome.Unchanged(key + " would be false");
    }
    List<Problem> notices = new ArrayList<>();
    String config = defaults.getOrDefault(Setting.CONFIG, "");
    if (settings.config() == null
        && !config.isEmpty()
        && !annotations.at(Setting.CONFIG.annotation()).isThere()) {
      notices.add(
          new Problem(
              annotations.at(Setting.PARSER.annotation()).path(),
              "outranks the default of config, which does not count here (" + config + ")"));
    }
    if (settings.config() == null && settings.kafka().isEmpty() && settings.otlp().isEmpty()) {
      notices.add(new Problem(annotations.path(), NO_DESTINATION));
    }
    List<Change> changes = changes(root, settings, workload, Trace.of(before), notices);
    return problems.isEmpty()
        ? new Outcome.Changed(changes, notices)
        : new Outcome.Refused(List.copyOf(problems));
  }

  private static List<Change> changes(
      Part root, Settings settings, Workload workload, Trace earlier, List<Problem> notices) {
    Set<String> kept = earlier.names("spec", "volumes");
    Part spec = root.at("spec");
    Part containers = spec.at("containers");
    Mesh mesh = Mesh.of(root);
    List<Part> selected = selected(containers, root, settings, mesh);
    if (selected.isEmpty()) {
      return List.of();
    }
    boolean isNative = isNative(settings, mesh, spec);
    lookAt(spec, settings, isNative, notices);
    if (mesh != null) {
      mesh.lookAt(root, isNative, notices);
    }
    SidecarResources resources = new SidecarResources(settings, Quality.isGuaranteed(spec));
    resources.lookAt(root.at("metadata", "annotations"), notices);
    Part initContainers = spec.at("initContainers");
    int before = mesh == null ? 0 : mesh.before(initContainers);
    PodResources.lookAt(spec, resources, isNative, before, notices);
    Additions additions = new Additions(earlier);
    LogFolders folders = LogFolders.of(spec, selected, settings, workload, kept, notices);
    Resource resource = Resource.of(root, settings, workload, selected, notices);
    for (Part container : selected) {
      addEnvironment(additions, container, resource, settings.config() == null, notices);
    }
    folders.addTo(additions, spec);
    String timeZone = settings.logDirs().isEmpty() ? "" : TimeZones.of(selected, notices);
    Sidecar sidecar =
        new Sidecar(settings, isNative, folders, resource, resources, timeZone, spec, selected);
    sidecar.lookAt(notices);
    for (Map<String, Object> volume : sidecar.volumes()) {
      addVolume(additions, spec.at("volumes"), volume, kept, notices);
    }
    if (!settings.imagePullSecret().isEmpty()) {
      addPullSecret(additions, spec, settings.imagePullSecret(), notices);
    }
    if (isNative) {
      // Before all others but those by which there is a network: what they log and send is shipped,
      // too.
      additions.insert(
          initContainers, before, Sidecar.NAME, sidecar.container(), "spec", "initContainers");
    } else {
      additions.append(containers, Sidecar.NAME, sidecar.container(), "spec", "containers");
      // Of a Job these are the only policies there are; a Pod of another owner, or of none, may
      // have them, too.
      if (List.of("Never", "OnFailure").contains(spec.at("restartPolicy").text())
          || List.of("Job", "CronJob").contains(workload.kind())) {
        notices.add(
            new Problem(
                containers.path(), "the Pod will not complete: an ordinary sidecar does not end"));
      }
    }
    return additions.finish(root);
  }

  /// One that is there and is the same serves as well: so does what stayed when a sidecar was taken out.
  ///
  /// @param kept those that an earlier injection has left
  static void addVolume(
      Additions additions,
      Part volumes,
      Map<String, Object> volume,
      Set<String> kept,
      List<Problem> notices) {
    String name = String.valueOf(volume.get("name"));
    Part same = volumes.named().get(name);
    if (same == null) {
      additions.append(volumes, name, volume, "spec", "volumes");
    } else if (!same.copy().equals(volume)) {
      volumes.problem("has a volume " + name + " that is not the sidecar's");
    } else if (kept.contains(name)) {
      additions.kept(name, "spec", "volumes");
    } else {
      notices.add(
          new Problem(
              same.path(), "is there, so the sidecar has it, too, and it stays (" + name + ")"));
    }
  }

  private static void addPullSecret(
      Additions additions, Part spec, String secret, List<Problem> notices) {
    Part list = spec.at("imagePullSecrets");
    if (list.named().containsKey(secret)) {
      return;
    }
    additions.append(list, secret, Map.of("name", secret), "spec", "imagePullSecrets");
    // The API server writes this key of an account, and before it asks a webhook the account's
    // own, where a Pod names none.
    if (list.elements().isEmpty() && !spec.at("serviceAccount").isThere()) {
      notices.add(
          new Problem(
              list.path(),
              "was empty: the ServiceAccount's no longer count, so name here what the other"
                  + " containers' images need"));
    }
  }

  /// A native sidecar would wait for probes that go through a proxy which waits for it.
  private static boolean isNative(Settings settings, @Nullable Mesh mesh, Part spec) {
    return switch (settings.mode()) {
      case NATIVE -> true;
      case ORDINARY -> false;
      case UNSAID -> mesh == null || !mesh.isOrdinary(spec);
    };
  }

  private static List<Part> selected(
      Part containers, Part root, Settings settings, @Nullable Mesh mesh) {
    Map<String, Part> named = containers.named();
    Part spec = root.at("spec");
    if (named.isEmpty()) {
      (spec.isThere() ? containers : spec).problem("has no containers");
    }
    for (Part list : List.of(containers, spec.at("initContainers"))) {
      Part same = list.named().get(Sidecar.NAME);
      if (same != null) {
        same.at("name").problem("a container of this name is there, and was not injected");
      }
    }
    if (settings.containers().isEmpty()) {
      return mesh == null ? List.copyOf(named.values()) : mesh.others(containers);
    }
    named.putAll(restarted(spec));
    List<Part> selected = new ArrayList<>();
    for (String name : settings.containers()) {
      Part container = named.get(name);
      if (container == null) {
        root.at("metadata", "annotations")
            .at(Setting.CONTAINERS.annotation())
            .problem("no container is named " + name + ", there are " + named.keySet());
      } else {
        selected.add(container);
      }
    }
    return List.copyOf(selected);
  }

  /// The application's own native sidecars, which run as long as its containers.
  private static Map<String, Part> restarted(Part spec) {
    Map<String, Part> restarted = spec.at("initContainers").named();
    restarted.values().removeIf(each -> !each.at("restartPolicy").text().equals("Always"));
    return restarted;
  }

  private static void lookAt(
      Part spec, Settings settings, boolean isNative, List<Problem> notices) {
    if (spec.at("hostNetwork").isTrue()) {
      spec.at("hostNetwork")
          .problem("the sidecar's ports would be the node's, and one Pod's alone; " + LEAVE_OUT);
    }
    for (Part os : OperatingSystem.other(spec)) {
      os.problem("the sidecar runs on Linux alone");
    }
    for (Part container : spec.at("containers").elements()) {
      lookAtPorts(container, settings, notices);
    }
    for (Part container : spec.at("initContainers").elements()) {
      // Others have ended before an ordinary sidecar begins.
      if (isNative || container.at("restartPolicy").text().equals("Always")) {
        lookAtPorts(container, settings, notices);
      }
    }
  }

  /// All containers of a Pod have one address.
  private static void lookAtPorts(Part container, Settings settings, List<Problem> notices) {
    for (Part each : container.at("ports").elements()) {
      Part port = each.at("containerPort");
      Long number = port.number();
      String protocol = each.at("protocol").text();
      if (number == null || !(protocol.isEmpty() || protocol.equals("TCP"))) {
        continue;
      }
      if (number == Sidecar.ADMIN_PORT) {
        port.problem("the sidecar answers its probes here; take another, or " + LEAVE_OUT);
      } else if (OTLP_PORTS.contains(number) && settings.config() == null) {
        port.problem(
            "the sidecar listens here, too, unless a config says otherwise; name one, or "
                + LEAVE_OUT);
      } else if (OTLP_PORTS.contains(number)) {
        notices.add(
            new Problem(
                port.path(),
                "the sidecar listens here, too, unless its config says otherwise, and one of both"
                    + " will fail ("
                    + number
                    + ")"));
      }
    }
  }

  /// What an application has itself stays.
  ///
  /// @param listens whether the sidecar does, at its own ports
  private static void addEnvironment(
      Additions additions,
      Part container,
      Resource resource,
      boolean listens,
      List<Problem> notices) {
    Part list = container.at("env");
    Map<String, Part> own = list.named();
    Map<String, Map<String, Object>> variables = new LinkedHashMap<>();
    if (own.containsKey(Resource.VARIABLE)) {
      notices.add(
          new Problem(
              own.get(Resource.VARIABLE).path(),
              "stays as it is: the application's SDK says no k8s.* attributes"));
    } else {
      resource
          .variables(container, notices)
          .forEach(each -> variables.put(String.valueOf(each.get("name")), each));
    }
    if (own.containsKey(ENDPOINT_VARIABLE)) {
      tellEndpoint(own.get(ENDPOINT_VARIABLE), listens, notices);
    } else {
      variables.put(ENDPOINT_VARIABLE, Sidecar.variable(ENDPOINT_VARIABLE, ENDPOINT));
    }
    for (String signals : SIGNALS_ENDPOINTS) {
      Part variable = own.get(signals);
      if (variable != null) {
        tellEndpoint(variable, listens, notices);
      }
    }
    tellOutranked(container.at("envFrom"), variables.keySet(), notices);
    variables.forEach(
        (variable, value) -> {
          if (!own.containsKey(variable)) {
            additions.append(list, variable, value, place(container, "env"));
          }
        });
  }

  private static void tellEndpoint(Part variable, boolean listens, List<Problem> notices) {
    if (!listens || !OWN_ENDPOINT.matcher(variable.at("value").text()).matches()) {
      notices.add(new Problem(variable.path(), NOT_THROUGH));
    }
  }

  /// A list of a container's, as the trace names it.
  static String[] place(Part container, String list) {
    List<String> path = container.path();
    return new String[] {path.get(0), path.get(1), container.at("name").text(), list};
  }

  /// Whether a variable is as an injection writes it.
  static boolean isOurs(Map<String, Object> variable) {
    String value = String.valueOf(variable.get("value"));
    return Resource.isOurs(variable)
        || (ENDPOINT_VARIABLE.equals(variable.get("name")) && value.equals(ENDPOINT))
        || (Resource.VARIABLE.equals(variable.get("name")) && value.startsWith(Resource.BEGIN));
  }

  /// What is in a ConfigMap or a Secret is known to the cluster alone, and `env` outranks it.
  private static void tellOutranked(Part envFrom, Set<String> variables, List<Problem> notices) {
    for (Part source : envFrom.elements()) {
      String prefix = source.at("prefix").text();
      List<String> outranking = variables.stream().filter(each -> each.startsWith(prefix)).toList();
      if (!outranking.isEmpty()) {
        notices.add(
            new Problem(
                source.path(),
                "what it says of "
                    + String.join(", ", outranking)
                    + " no longer counts: say it in env"));
      }
    }
  }
}
