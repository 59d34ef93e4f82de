package dev.pannier.inject.pod;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where an application's records come from, as `OTEL_RESOURCE_ATTRIBUTES` tells it to SDKs and to the sidecar. What
/// only the cluster knows is put in by the kubelet, from variables of the Downward API.
///
/// @param serviceName the Pod's, by OpenTelemetry's rules for Kubernetes
/// @param nameOfLogs  the sidecar's: what the application calls itself outranks what it is called by others
/// @param own         attributes that stand in the manifest
record Resource(
    String serviceName,
    String nameOfLogs,
    Map<String, String> own,
    @Nullable String onlyContainer) {
  static final String VARIABLE = "OTEL_RESOURCE_ATTRIBUTES";

  /// Of what this variable says.
  static final String BEGIN = "service.name=";

  private static final String SERVICE_NAME_VARIABLE = "OTEL_SERVICE_NAME";
  private static final String SERVICE_NAME_ANNOTATION = "resource.opentelemetry.io/service.name";
  private static final String NAME_LABEL = "app.kubernetes.io/name";
  private static final String UNRESERVED = "-._~/:@";

  /// Attribute, variable, field: what the Downward API tells.
  private static final List<List<String>> FIELDS =
      List.of(
          List.of("k8s.namespace.name", "K8S_NAMESPACE_NAME", "metadata.namespace"),
          List.of("k8s.pod.name", "K8S_POD_NAME", "metadata.name"),
          List.of("k8s.pod.uid", "K8S_POD_UID", "metadata.uid"),
          List.of("k8s.node.name", "K8S_NODE_NAME", "spec.nodeName"));

  static Resource of(
      Part root, Settings settings, Workload workload, List<Part> selected, List<Problem> notices) {
    String first = selected.getFirst().at("name").text();
    Part metadata = root.at("metadata");
    List<String> names =
        List.of(
            settings.serviceName(),
            metadata.at("annotations", SERVICE_NAME_ANNOTATION).text(),
            metadata.at("labels", NAME_LABEL).text(),
            workload.name(),
            first);
    String serviceName = names.stream().filter(name -> !name.isEmpty()).findFirst().orElse("");
    String nameOfLogs = nameOfLogs(selected.getFirst(), settings, serviceName, notices);
    return new Resource(
        serviceName, nameOfLogs, workload.attributes(), selected.size() == 1 ? first : null);
  }

  /// What the variable refers to is known when the Pod runs, and to that container. Of several the kubelet takes the last.
  private static String nameOfLogs(
      Part container, Settings settings, String serviceName, List<Problem> notices) {
    Part own =
        container.at("env").elements().stream()
            .filter(each -> each.at("name").text().equals(SERVICE_NAME_VARIABLE))
            .reduce((one, next) -> next)
            .orElse(null);
    if (own == null) {
      return serviceName;
    }
    String value = own.at("value").text();
    if (!own.at("valueFrom").isThere() && !value.contains("$(") && !value.contains("$$")) {
      return value.isEmpty() ? serviceName : value;
    }
    if (settings.serviceName().isEmpty()) {
      notices.add(
          new Problem(
              own.path(),
              "is known when the Pod runs, so the records of log files have the service.name "
                  + serviceName
                  + ", or what "
                  + Setting.SERVICE_NAME.annotation()
                  + " says"
                  + (value.isEmpty() ? "" : " (" + Part.shown(value) + ")")));
    }
    return serviceName;
  }

  /// Whether a variable is one of the Downward API's here, as the sidecar has it.
  static boolean isOurs(Map<String, Object> variable) {
    return FIELDS.stream()
        .anyMatch(
            field ->
                field.get(1).equals(variable.get("name"))
                    && Sidecar.isField(variable, field.get(2)));
  }

  /// The variables for one of the application's containers, but for those that stand there as something else: an attribute never
  /// refers to these, and that it is missing is told.
  List<Map<String, Object>> variables(Part container, List<Problem> notices) {
    Set<String> others = new HashSet<>();
    for (Part variable : container.at("env").elements()) {
      for (List<String> field : FIELDS) {
        boolean isNamedSo = field.get(1).equals(variable.at("name").text());
        if (isNamedSo && !isOurs(variable.copy()) && others.add(field.get(1))) {
          notices.add(
              new Problem(
                  variable.path(),
                  "stays as it is: it is not %s of the Pod, so the application's resource is without %s"
                      .formatted(field.get(2), field.get(0))));
        }
      }
    }
    return variables(serviceName, container.at("name").text(), others);
  }

  /// The variables for the sidecar: the records that it tails are the application's.
  List<Map<String, Object>> variablesOfSidecar() {
    return variables(nameOfLogs, onlyContainer, Set.of());
  }

  private List<Map<String, Object>> variables(
      String service, @Nullable String container, Set<String> others) {
    List<Map<String, Object>> variables = new ArrayList<>();
    Map<String, String> attributes = new LinkedHashMap<>();
    attributes.put("service.name", encoded(service));
    for (List<String> field : FIELDS) {
      if (!others.contains(field.get(1))) {
        variables.add(Sidecar.field(field.get(1), field.get(2)));
        attributes.put(field.get(0), "$(" + field.get(1) + ")");
      }
    }
    if (container != null) {
      attributes.put("k8s.container.name", encoded(container));
    }
    own.forEach((key, value) -> attributes.put(key, encoded(value)));
    List<String> pairs = new ArrayList<>();
    attributes.forEach((key, value) -> pairs.add(key + "=" + value));
    variables.add(Sidecar.variable(VARIABLE, String.join(",", pairs)));
    return variables;
  }

  /// In percent-encoding, which leaves no comma, equals sign or dollar.
  private static String encoded(String text) {
    StringBuilder encoded = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      boolean isPlain =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || UNRESERVED.indexOf(c) >= 0;
      encoded.append(isPlain ? String.valueOf(c) : String.format("%%%02X", (int) c));
    }
    return encoded.toString();
  }
}
