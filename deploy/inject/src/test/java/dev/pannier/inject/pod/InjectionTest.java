package dev.pannier.inject.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.pannier.inject.yaml.YamlText;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InjectionTest {
  private static final String PLAIN =
      """
      metadata: {labels: {app: shop}}
      spec:
        containers:
        - name: app
          image: shop:1
      """;

  private static final Workload SHOP = new Workload("Deployment", "shop");

  private static Outcome outcome(String pod, Map<Setting, String> more) {
    Map<Setting, String> defaults =
        new EnumMap<>(Map.of(Setting.INJECT, "true", Setting.IMAGE, "pannier:1"));
    defaults.putAll(more);
    return new Injection(defaults).of(YamlText.parse(pod).tree(0), SHOP);
  }

  private static Object injected(String pod, Map<Setting, String> more) {
    Object tree = YamlText.parse(pod).tree(0);
    assertThat(outcome(pod, more)).isInstanceOf(Outcome.Changed.class);
    return Objects.requireNonNull(
        Change.apply(tree, ((Outcome.Changed) outcome(pod, more)).changes()));
  }

  private static String pod(String annotations, String container, String spec) {
    return """
    metadata: {annotations: {%s}}
    spec:
      containers:
      - {name: app, image: shop:1%s}
    %s\
    """
        .formatted(annotations, container, spec.indent(2));
  }

  private static Object sidecar(String pod) {
    return at(injected(pod, Map.of()), "spec", "initContainers", "0");
  }

  private static Object at(@Nullable Object tree, String... path) {
    return Objects.requireNonNull(find(tree, path), () -> String.join("/", path));
  }

  /// Elements of lists by their index or their name.
  private static @Nullable Object find(@Nullable Object tree, String... path) {
    Object at = tree;
    for (String step : path) {
      if (at instanceof List<?> list) {
        at =
            step.matches("[0-9]+")
                ? list.get(Integer.parseInt(step))
                : list.stream()
                    .filter(each -> step.equals(find(each, "name")))
                    .findFirst()
                    .orElse(null);
      } else {
        at = at instanceof Map<?, ?> map ? map.get(step) : null;
      }
    }
    return at;
  }

  private static List<String> problems(String pod) {
    assertThat(outcome(pod, Map.of())).isInstanceOf(Outcome.Refused.class);
    return ((Outcome.Refused) outcome(pod, Map.of()))
        .problems().stream().map(Problem::toString).toList();
  }

  /// Without what is told where there is no destination.
  private static List<String> notices(String pod, Map<Setting, String> more) {
    Map<Setting, String> defaults = new EnumMap<>(Map.of(Setting.KAFKA, "kafka:9092"));
    defaults.putAll(more);
    return ((Outcome.Changed) outcome(pod, defaults))
        .notices().stream().map(Problem::toString).toList();
  }

  @Test
  void theSidecarIsTheFirstInitContainerAndIsRestarted() {
    Object pod = injected(PLAIN + "  initContainers:\n  - {name: migrate, image: m}\n", Map.of());
    assertThat(at(pod, "spec", "initContainers", "0", "name")).isEqualTo("pannier");
    assertThat(at(pod, "spec", "initContainers", "0", "restartPolicy")).isEqualTo("Always");
    assertThat(at(pod, "spec", "initContainers", "0", "image")).isEqualTo("pannier:1");
    assertThat(at(pod, "spec", "initContainers", "1", "name")).isEqualTo("migrate");
  }

  @Test
  void anOrdinarySidecarIsTheLastContainer() {
    Object pod = injected(PLAIN, Map.of(Setting.MODE, "ordinary"));
    assertThat(at(pod, "spec", "containers", "1", "name")).isEqualTo("pannier");
    assertThat(at(pod, "spec", "containers", "1"))
        .asInstanceOf(MAP)
        .doesNotContainKey("restartPolicy");
    assertThat(at(pod, "spec")).asInstanceOf(MAP).doesNotContainKey("initContainers");
  }

  @Test
  void anOrdinarySidecarKeepsAJobFromCompletingWhichIsTold() {
    Outcome outcome =
        new Injection(Map.of(Setting.INJECT, "true", Setting.IMAGE, "p", Setting.MODE, "ordinary"))
            .of(YamlText.parse(PLAIN).tree(0), new Workload("Job", "once"));
    assertThat(((Outcome.Changed) outcome).notices().toString()).contains("will not complete");
  }

  @Test
  void aPodWithoutADestinationIsToldWhatToSay() {
    assertThat(((Outcome.Changed) outcome(PLAIN, Map.of())).notices())
        .extracting(Problem::toString)
        .containsExactly(
            "metadata.annotations: name no destination, so the sidecar ships to its own standard"
                + " output: say pannier.dev/kafka or pannier.dev/otlp or pannier.dev/config");
    for (Map<Setting, String> said :
        List.of(
            Map.of(Setting.KAFKA, "kafka:9092"),
            Map.of(Setting.OTLP, "http://otel:4317"),
            Map.of(Setting.CONFIG, "shop"))) {
      assertThat(((Outcome.Changed) outcome(PLAIN, said)).notices()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"Never, true", "OnFailure, true", "Always, false"})
  void anOrdinarySidecarKeepsAnyPodThatWouldEndFromCompletingWhichIsTold(
      String policy, boolean told) {
    String pod = PLAIN + "  restartPolicy: " + policy + "\n";
    Map<Setting, String> ordinary = Map.of(Setting.MODE, "ordinary");
    assertThat(notices(pod, ordinary).toString().contains("will not complete")).isEqualTo(told);
    assertThat(notices(pod, Map.of())).as("a native one ends").isEmpty();
  }

  @Test
  void itIsSmallAndMayDoNothing() {
    Object sidecar = sidecar(PLAIN);
    assertThat(at(sidecar, "resources"))
        .isEqualTo(
            Map.of(
                "requests", Map.of("cpu", "50m", "memory", "64Mi"),
                "limits", Map.of("memory", "128Mi")));
    assertThat(at(sidecar, "securityContext"))
        .isEqualTo(
            Map.of(
                "runAsNonRoot", true,
                "allowPrivilegeEscalation", false,
                "readOnlyRootFilesystem", true,
                "capabilities", Map.of("drop", List.of("ALL")),
                "seccompProfile", Map.of("type", "RuntimeDefault")));
  }

  @Test
  void itsProbesAskForItsOwnLifeAlone() {
    Object sidecar = sidecar(PLAIN);
    for (String probe : List.of("startupProbe", "livenessProbe")) {
      assertThat(at(sidecar, probe, "httpGet", "path")).isEqualTo("/livez");
      assertThat(at(sidecar, probe, "httpGet", "port"))
          .isEqualTo(at(sidecar, "ports", "0", "name"));
    }
    assertThat(at(sidecar, "ports", "0", "containerPort")).isEqualTo(8686L);
    assertThat(sidecar).asInstanceOf(MAP).doesNotContainKey("readinessProbe");
  }

  @Test
  void theApplicationGetsAVolumeForItsLogsWhichTheSidecarOnlyReads() {
    Object pod = injected(PLAIN, Map.of());
    assertThat(at(pod, "spec", "volumes", "pannier-logs", "emptyDir")).isEqualTo(Map.of());
    assertThat(at(pod, "spec", "containers", "app", "volumeMounts", "pannier-logs"))
        .isEqualTo(Map.of("name", "pannier-logs", "mountPath", "/var/log/app"));
    assertThat(at(pod, "spec", "initContainers", "pannier", "volumeMounts", "pannier-logs"))
        .isEqualTo(Map.of("name", "pannier-logs", "mountPath", "/var/log/app", "readOnly", true));
    assertThat(at(pod, "spec", "initContainers", "pannier", "volumeMounts", "pannier-state"))
        .isEqualTo(Map.of("name", "pannier-state", "mountPath", "/var/lib/pannier"));
  }

  @Test
  void aVolumeThatIsThereForTheLogsIsShared() {
    String pod =
        pod(
            "pannier.dev/log-dir: /data/logs",
            ", volumeMounts: [{name: all, mountPath: /}, {name: data, mountPath: /data/, subPath:"
                + " x}]",
            "volumes: [{name: all}, {name: data}]");
    assertThat(at(injected(pod, Map.of()), "spec", "volumes", "0"))
        .isEqualTo(Map.of("name", "all"));
    assertThat(at(sidecar(pod), "volumeMounts", "data"))
        .isEqualTo(Map.of("name", "data", "mountPath", "/data", "subPath", "x", "readOnly", true));
    assertThat(at(sidecar(pod), "env", "PANNIER_LOG_DIR", "value")).isEqualTo("/data/logs");
    assertThat(find(injected(pod, Map.of()), "spec", "volumes", "pannier-logs")).isNull();
  }

  private static String withVolume(String mount, String env, String volumes) {
    return pod(
        "",
        ", env: [%s], volumeMounts: [{name: data, mountPath: /var/log/app%s}]"
            .formatted(env, mount),
        "volumes: [" + volumes + "]");
  }

  private static final String POD_NAME =
      "{name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{name: data}|false",
        "{name: data, emptyDir: {}}|false",
        "{name: data, ephemeral: {volumeClaimTemplate: {}}}|false",
        "{name: data, persistentVolumeClaim: {claimName: a}}|true",
        "{name: data, hostPath: {path: /a}}|true",
        "{name: data, nfs: {server: a, path: /}}|true",
        "{name: data, csi: {driver: a}}|true"
      })
  void logsOnAVolumeThatOutlivesThePodAreTold(String volume, boolean told) {
    List<String> notices = notices(withVolume("", "", volume), Map.of());
    assertThat(notices).hasSize(told ? 1 : 0);
    assertThat(notices)
        .allMatch(
            each ->
                each.startsWith("spec.containers[0].volumeMounts[0]: outlives the Pod, unlike"));
  }

  @Test
  void aFolderNamedAfterThePodIsTheSidecarsToo() {
    String pod =
        withVolume(
            ", subPathExpr: $$(x)/$(DIR)",
            POD_NAME + ", {name: OTHER, value: a}, {name: DIR, value: logs/$(POD_NAME)}",
            "{name: data, persistentVolumeClaim: {claimName: a}}");
    assertThat(at(sidecar(pod), "volumeMounts", "data"))
        .isEqualTo(
            Map.of(
                "name",
                "data",
                "mountPath",
                "/var/log/app",
                "subPathExpr",
                "$$(x)/$(DIR)",
                "readOnly",
                true));
    List<?> names = ((List<?>) at(sidecar(pod), "env")).stream().map(e -> at(e, "name")).toList();
    assertThat(names.indexOf("POD_NAME"))
        .isNotNegative()
        .as("behind what it refers to")
        .isLessThan(names.indexOf("DIR"));
    assertThat(names.contains("OTHER")).isFalse();
    assertThat(at(sidecar(pod), "env", "DIR", "value")).isEqualTo("logs/$(POD_NAME)");
    assertThat(notices(pod, Map.of())).isEmpty();
  }

  @Test
  void aFolderNamedAfterAPodOfAStatefulSetIsThereAgainInTheNextPod() {
    String mount = ", subPathExpr: $(POD_NAME)";
    String pod = withVolume(mount, POD_NAME, "{name: data, persistentVolumeClaim: {claimName: a}}");
    assertThat(notices(pod, SHOP)).isEmpty();
    assertThat(notices(pod, new Workload("StatefulSet", "shop"))).hasSize(1);
    Workload withClaim = new Workload("StatefulSet", "shop", Set.of("data"));
    assertThat(notices(withVolume(mount, POD_NAME, ""), withClaim)).hasSize(1);
  }

  private static List<String> notices(String pod, Workload workload) {
    Injection injection =
        new Injection(Map.of(Setting.INJECT, "true", Setting.IMAGE, "p", Setting.KAFKA, "k:1"));
    Outcome outcome = injection.of(YamlText.parse(pod).tree(0), workload);
    return ((Outcome.Changed) outcome).notices().stream().map(Problem::toString).toList();
  }

  @Test
  void aVolumeThatIsMissingIsAStatefulSetsClaimIfItHasOneOfThisName() {
    String pod = withVolume("", "", "");
    assertThat(notices(pod, new Workload("StatefulSet", "shop", Set.of("data"))))
        .singleElement()
        .asString()
        .startsWith("spec.containers[0].volumeMounts[0]: outlives the Pod, unlike");
    for (Workload workload : List.of(SHOP, new Workload("StatefulSet", "a", Set.of("other")))) {
      assertThat(notices(pod, workload))
          .containsExactly(
              "spec.containers[0].volumeMounts[0].name: is the name of no volume of the Pod"
                  + " (data)");
    }
  }

  @Test
  void aVariableOfAFolderThatTheSidecarHasItselfComesOnce() {
    String pod =
        withVolume(
            ", subPathExpr: $(K8S_POD_UID)",
            "{name: K8S_POD_UID, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: metadata.uid}}}",
            "{name: data, persistentVolumeClaim: {claimName: a}}");
    assertThat((List<?>) at(sidecar(pod), "env"))
        .filteredOn(each -> "K8S_POD_UID".equals(find(each, "name")))
        .hasSize(1);
    assertThat(notices(pod, Map.of())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "$(POD)|{name: OTHER, value: a}",
        "a/$(POD)|{name: POD, value: $(UNKNOWN)}",
        "a/$(POD)|{name: POD, value: $(LATER)}, {name: LATER, value: a}",
        "$(K8S_POD_NAME)|{name: K8S_POD_NAME, value: mine}",
        "$(PANNIER_PARSER)|{name: PANNIER_PARSER, value: mine}"
      })
  void aFolderThatTheSidecarCannotKnowIsRefused(String expression, String variable) {
    assertThat(problems(withVolume(", subPathExpr: " + expression, variable, "{name: data}")))
        .containsExactly(
            "spec.containers[0].volumeMounts[0].subPathExpr: the sidecar cannot know the folder"
                + " /var/log/app ("
                + expression
                + ")");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{key: kubernetes.io/os, operator: In, values: [windows, linux]}",
        "{key: kubernetes.io/os, operator: NotIn, values: [windows]}",
        "{key: kubernetes.io/os, operator: Exists}",
        "{key: kubernetes.io/os, operator: In, values: [windows]}]}, {matchExpressions: [{key:"
            + " disk, operator: Exists}",
      })
  void aPodThatMayRunOnLinuxGetsTheSidecar(String expressions) {
    String affinity =
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchExpressions: ["
            + expressions
            + "]}]}}}";
    assertThat(outcome(pod("", "", affinity), Map.of())).isInstanceOf(Outcome.Changed.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "configMap: {name: a}",
        "secret: {secretName: a}",
        "projected: {sources: []}",
        "downwardAPI: {items: []}",
        "image: {reference: a}"
      })
  void aFolderThatTheClusterFillsIsNoneForLogFilesWhichIsTold(String source) {
    String type = source.substring(0, source.indexOf(':'));
    assertThat(notices(withVolume("", "", "{name: data, " + source + "}"), Map.of()))
        .containsExactly(
            "spec.containers[0].volumeMounts[0]: is of the type "
                + type
                + ", where an application can write no log files: mount an emptyDir for them, or"
                + " say another folder in pannier.dev/log-dir (data)");
  }

  /// It runs as long as the application's other containers, though it is an init container.
  @Test
  void aNativeSidecarOfTheApplicationsCanBeNamed() {
    String pod =
        pod("pannier.dev/containers: 'app,proxy'", "", "")
            + """
              initContainers:
              - {name: migrate, image: m}
              - {name: proxy, image: p, restartPolicy: Always}
            """;
    Object injected = injected(pod, Map.of());
    assertThat(at(injected, "spec", "initContainers", "0", "name")).isEqualTo("pannier");
    assertThat(
            at(injected, "spec", "initContainers", "proxy", "env", "OTEL_EXPORTER_OTLP_ENDPOINT"))
        .isNotNull();
    assertThat(at(injected, "spec", "initContainers", "proxy", "volumeMounts", "pannier-logs"))
        .isNotNull();
    assertThat(find(injected, "spec", "initContainers", "migrate", "env")).isNull();
    assertThat(removed(injected)).isEqualTo(YamlText.parse(pod).tree(0));
    assertThat(problems(pod.replace("app,proxy", "migrate")))
        .containsExactly(
            "metadata.annotations.pannier.dev/containers: no container is named migrate, there are"
                + " [app, proxy] (migrate)");
  }

  @Test
  void foldersOfOneExpressionAndTwoMeaningsAreRefused() {
    String container =
        "{name: %s, env: [{name: DIR, value: %s}], volumeMounts: [{name: data, mountPath:"
            + " /var/log/app, subPathExpr: $(DIR)}]}";
    String pod =
        "metadata: {}\nspec: {volumes: [{name: data}], containers: [%s, %s]}\n"
            .formatted(container.formatted("a", "x"), container.formatted("b", "%s"));
    assertThat(outcome(pod.formatted("x"), Map.of())).isInstanceOf(Outcome.Changed.class);
    assertThat(problems(pod.formatted("z")).getFirst()).contains("another volume than in another");
  }

  @Test
  void whereShippedFilesAreDeletedTheFolderCanBeWritten() {
    Object sidecar = sidecar(pod("pannier.dev/delete-shipped: 'true'", "", ""));
    assertThat(at(sidecar, "volumeMounts", "pannier-logs"))
        .isEqualTo(Map.of("name", "pannier-logs", "mountPath", "/var/log/app"));
    assertThat(at(sidecar, "env", "PANNIER_AFTER_SHIPPED", "value")).isEqualTo("delete");
  }

  @Test
  void withoutALogFolderNothingIsMounted() {
    Object pod = injected(pod("pannier.dev/log-dir: none", "", ""), Map.of());
    assertThat(at(pod, "spec", "containers", "app"))
        .asInstanceOf(MAP)
        .doesNotContainKey("volumeMounts");
    assertThat(find(pod, "spec", "volumes", "pannier-logs")).isNull();
  }

  @Test
  void theApplicationSendsToTheSidecarAndKnowsWhereItRuns() {
    Object pod = injected(PLAIN, Map.of());
    assertThat(at(pod, "spec", "containers", "app", "env", "OTEL_EXPORTER_OTLP_ENDPOINT", "value"))
        .isEqualTo("http://127.0.0.1:4317");
    assertThat(at(pod, "spec", "containers", "app", "env", "OTEL_RESOURCE_ATTRIBUTES", "value"))
        .isEqualTo(
            "service.name=shop,k8s.namespace.name=$(K8S_NAMESPACE_NAME),k8s.pod.name=$(K8S_POD_NAME),"
                + "k8s.pod.uid=$(K8S_POD_UID),k8s.node.name=$(K8S_NODE_NAME),k8s.container.name=app,"
                + "k8s.deployment.name=shop");
    assertThat(at(pod, "spec", "containers", "app", "env", "K8S_POD_UID", "valueFrom"))
        .isEqualTo(Map.of("fieldRef", Map.of("fieldPath", "metadata.uid")));
    List<?> names =
        ((List<?>) at(pod, "spec", "containers", "app", "env"))
            .stream().map(each -> at(each, "name")).toList();
    assertThat(names.indexOf("OTEL_RESOURCE_ATTRIBUTES"))
        .as("behind what it refers to")
        .isGreaterThan(names.indexOf("K8S_NODE_NAME"));
  }

  @Test
  void whatTheApplicationSaysItselfStaysAndIsTold() {
    String pod =
        pod(
            "",
            ", env: [{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: 'http://x:1'}, {name:"
                + " OTEL_RESOURCE_ATTRIBUTES, value: a=b}, {name: OTEL_SERVICE_NAME, value: own}]",
            "");
    assertThat((List<?>) at(injected(pod, Map.of()), "spec", "containers", "app", "env"))
        .hasSize(3);
    assertThat(notices(pod, Map.of()))
        .hasSize(2)
        .anyMatch(each -> each.startsWith("spec.containers[0].env[0]: stays as it is"));
    assertThat(at(sidecar(pod), "env", "OTEL_RESOURCE_ATTRIBUTES", "value").toString())
        .startsWith("service.name=own,");
  }

  @ParameterizedTest
  @CsvSource({
    "http://localhost:4318, false",
    "http://127.0.0.1:4317/, false",
    "http://localhost:4318/v1/traces, false",
    "http://localhost:9, true",
    "http://localhost:43180, true",
    "http://collector:4317, true"
  })
  void anAddressThatIsTheSidecarsIsNotTold(String address, boolean told) {
    for (String name :
        List.of("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")) {
      String env = ", env: [{name: " + name + ", value: '" + address + "'}]";
      assertThat(notices(pod("", env, ""), Map.of())).hasSize(told ? 1 : 0);
      assertThat(notices(pod("pannier.dev/config: c", env, ""), Map.of()))
          .as("may say another")
          .hasSize(1);
    }
  }

  @Test
  void anAttributeIsLeftOutWhereItsVariableIsSomethingElse() {
    String pod =
        pod(
            "",
            ", env: [{name: K8S_NODE_NAME, valueFrom: {fieldRef: {fieldPath: status.hostIP}}},"
                + " {name: K8S_POD_NAME, value: hello}, {name: K8S_POD_UID, valueFrom: {fieldRef:"
                + " {apiVersion: v1, fieldPath: metadata.uid}}}]",
            "");
    String variable = "OTEL_RESOURCE_ATTRIBUTES";
    assertThat(at(injected(pod, Map.of()), "spec", "containers", "app", "env", variable, "value"))
        .isEqualTo(
            "service.name=shop,k8s.namespace.name=$(K8S_NAMESPACE_NAME),k8s.pod.uid=$(K8S_POD_UID),"
                + "k8s.container.name=app,k8s.deployment.name=shop");
    assertThat(at(sidecar(pod), "env", variable, "value").toString())
        .as("the sidecar's own are the Pod's")
        .contains("k8s.pod.name=$(K8S_POD_NAME)", "k8s.node.name=$(K8S_NODE_NAME)");
    assertThat(notices(pod, Map.of()))
        .containsExactly(
            "spec.containers[0].env[0]: stays as it is: it is not spec.nodeName of the Pod, so the"
                + " application's resource is without k8s.node.name",
            "spec.containers[0].env[1]: stays as it is: it is not metadata.name of the Pod, so the"
                + " application's resource is without k8s.pod.name");
  }

  /// Of two variables of one name the kubelet takes the last.
  @Test
  void anAttributeIsLeftOutWhereItsVariableIsOneOfTwo() {
    String pod = pod("", ", env: [" + K8S_UID + ", {name: K8S_POD_UID, value: a}]", "");
    assertThat(
            at(
                    injected(pod, Map.of()),
                    "spec",
                    "containers",
                    "app",
                    "env",
                    "OTEL_RESOURCE_ATTRIBUTES",
                    "value")
                .toString())
        .doesNotContain("k8s.pod.uid");
  }

  private static final String K8S_UID =
      "{name: K8S_POD_UID, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}";

  @ParameterizedTest
  @ValueSource(strings = {"TRACES", "METRICS", "LOGS"})
  void anEndpointOfOneSignalGoesPastTheSidecarWhichIsTold(String signal) {
    String variable = "OTEL_EXPORTER_OTLP_" + signal + "_ENDPOINT";
    String pod = pod("", ", env: [{name: " + variable + ", value: x}]", "");
    assertThat(notices(pod, Map.of()))
        .containsExactly(
            "spec.containers[0].env[0]: stays as it is: what is sent there does not go through the"
                + " sidecar");
    assertThat(at(injected(pod, Map.of()), "spec", "containers", "app", "env", variable, "value"))
        .isEqualTo("x");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{configMapRef: {name: a}} | '' | K8S_NAMESPACE_NAME, K8S_POD_NAME, K8S_POD_UID,"
            + " K8S_NODE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_ENDPOINT",
        "{configMapRef: {name: a}, prefix: K8S_P} | '' | K8S_POD_NAME, K8S_POD_UID",
        "{secretRef: {name: a}, prefix: OTEL_E} | '' | OTEL_EXPORTER_OTLP_ENDPOINT",
        "{configMapRef: {name: a}, prefix: MY_} | '' |",
        "{configMapRef: {name: a}, prefix: OTEL_} |"
            + " {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: x} | OTEL_RESOURCE_ATTRIBUTES"
      })
  void whatAWholeConfigMapSaysMayBeOutrankedWhichIsTold(
      String source, String env, @Nullable String outranked) {
    String pod = pod("", ", env: [" + env + "], envFrom: [" + source + "]", "");
    assertThat(notices(pod, Map.of()))
        .filteredOn(each -> each.contains("envFrom"))
        .isEqualTo(
            outranked == null
                ? List.of()
                : List.of(
                    "spec.containers[0].envFrom[0]: what it says of "
                        + outranked
                        + " no longer counts: say it in env"));
  }

  @Test
  void theServiceNameIsWhatSomebodySaidElseTheWorkloads() {
    assertThat(serviceName("pannier.dev/service-name: 'a b,c=$(X)'"))
        .isEqualTo("a%20b%2Cc%3D%24%28X%29");
    assertThat(serviceName("resource.opentelemetry.io/service.name: otel")).isEqualTo("otel");
    assertThat(serviceName("")).isEqualTo("shop");
    assertThat(
            at(
                    sidecar(PLAIN.replace("app: shop", "app.kubernetes.io/name: label")),
                    "env",
                    "OTEL_RESOURCE_ATTRIBUTES",
                    "value")
                .toString())
        .startsWith("service.name=label,");
  }

  /// Spans have what the kubelet makes of it, which nobody knows before.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "value: $(APP)-svc | ' ($(APP)-svc)'",
        "value: a$$b | ' (a$$b)'",
        "valueFrom: {fieldRef: {fieldPath: metadata.name}} | ''"
      })
  void aServiceNameThatOnlyTheContainerKnowsIsTold(String value, String shown) {
    String env = ", env: [{name: APP, value: a}, {name: OTEL_SERVICE_NAME, " + value + "}]";
    String pod = pod("", env, "");
    String attributes = "OTEL_RESOURCE_ATTRIBUTES";
    assertThat(at(sidecar(pod), "env", attributes, "value").toString())
        .startsWith("service.name=shop,");
    assertThat(notices(pod, Map.of()))
        .containsExactly(
            "spec.containers[0].env[1]: is known when the Pod runs, so the records of log files"
                + " have the service.name shop, or what pannier.dev/service-name says"
                + shown);
    String said = pod("pannier.dev/service-name: said", env, "");
    assertThat(at(sidecar(said), "env", attributes, "value").toString())
        .startsWith("service.name=said,");
    assertThat(notices(said, Map.of())).isEmpty();
  }

  @Test
  void ofTwoServiceNamesTheLastIsTheApplications() {
    String two = "env: [{name: OTEL_SERVICE_NAME, %s}, {name: OTEL_SERVICE_NAME, %s}]";
    String known = pod("", ", " + two.formatted("value: first", "value: last"), "");
    assertThat(at(sidecar(known), "env", "OTEL_RESOURCE_ATTRIBUTES", "value").toString())
        .startsWith("service.name=last,");
    String told = pod("", ", " + two.formatted("value: first", "value: $(A)"), "");
    assertThat(notices(told, Map.of()))
        .singleElement()
        .asString()
        .startsWith("spec.containers[0].env[1]: is known when the Pod runs");
  }

  private static String serviceName(String annotation) {
    String value =
        at(sidecar(pod(annotation, "", "")), "env", "OTEL_RESOURCE_ATTRIBUTES", "value").toString();
    return value.substring("service.name=".length(), value.indexOf(','));
  }

  @Test
  void annotationsDecideWhereItShipsTo() {
    Object sidecar =
        sidecar(
            pod(
                "pannier.dev/kafka: 'a:9092, b:9092', pannier.dev/otlp: 'https://c:4317',"
                    + " pannier.dev/parser: logstash, pannier.dev/image:"
                    + " 'mine/pannier:2@sha256:ab'",
                "",
                ""));
    assertThat(at(sidecar, "env", "PANNIER_KAFKA_BOOTSTRAP_SERVERS", "value"))
        .isEqualTo("a:9092, b:9092");
    assertThat(at(sidecar, "env", "OTEL_EXPORTER_OTLP_ENDPOINT", "value"))
        .isEqualTo("https://c:4317");
    assertThat(at(sidecar, "env", "PANNIER_PARSER", "value")).isEqualTo("logstash");
    assertThat(at(sidecar, "image")).isEqualTo("mine/pannier:2@sha256:ab");
    assertThat(at(sidecar, "args"))
        .isEqualTo(
            List.of("run", "--wait-for-configuration", "--config", "/etc/pannier/pannier.yaml"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[fd00::1]:9092",
        "a:9092,[fd00::1]:9092, b.c:1",
        "$(K8S_NODE_NAME):9092",
        "[::ffff:10.0.0.1]:65535"
      })
  void kafkaMayHaveAnyAddress(String kafka) {
    assertThat(
            at(
                sidecar(pod("pannier.dev/kafka: '" + kafka + "'", "", "")),
                "env",
                "PANNIER_KAFKA_BOOTSTRAP_SERVERS",
                "value"))
        .isEqualTo(kafka);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://$(K8S_NODE_NAME):4317",
        "https://otel.$(K8S_NAMESPACE_NAME).svc/v1",
        "http://[fd00::1]:4317",
        "http://127.0.0.1:9"
      })
  void anOtlpBackendMayBeAnywhere(String endpoint) {
    assertThat(
            at(
                sidecar(pod("pannier.dev/otlp: '" + endpoint + "'", "", "")),
                "env",
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "value"))
        .isEqualTo(endpoint);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"[fd00::1]", "a:", ":9092", "a::9092", "a:9092,", "a:9092 b:9092", "a:kafka"})
  void whatIsNoAddressOfKafkasIsRefused(String kafka) {
    assertThat(problems(pod("pannier.dev/kafka: '" + kafka + "'", "", "")).getFirst())
        .contains("kafka: is no host:port");
  }

  @Test
  void whenTheImageIsAskedForIsTheClustersChoiceUnlessSaid() {
    assertThat(at(sidecar(pod("pannier.dev/image-pull-policy: Always", "", "")), "imagePullPolicy"))
        .isEqualTo("Always");
    assertThat(find(sidecar(PLAIN), "imagePullPolicy")).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                                    | registry       | true",
        "imagePullSecrets: []                                  | registry       | true",
        "imagePullSecrets: null                                | registry       | true",
        "imagePullSecrets: [{name: own}]                       | own, registry  | false",
        "imagePullSecrets: [{name: registry}]                  | registry       | false",
        "serviceAccount: default                               | registry       | false"
      })
  void whatLogsInForTheImageIsOneMoreOfThePodsPullSecrets(
      String spec, String secrets, boolean told) {
    String pod = pod("pannier.dev/image-pull-secret: registry", "", spec);
    Object injected = injected(pod, Map.of());
    assertThat((List<?>) at(injected, "spec", "imagePullSecrets"))
        .extracting(each -> find(each, "name"))
        .isEqualTo(List.of(secrets.split(", ", -1)));
    assertThat(notices(pod, Map.of()))
        .isEqualTo(
            told
                ? List.of(
                    "spec.imagePullSecrets: was empty: the ServiceAccount's no longer count, so"
                        + " name here what the other containers' images need")
                : List.of());
    Outcome without = Removal.of(injected);
    assertThat(Change.apply(injected, ((Outcome.Changed) without).changes()))
        .isEqualTo(YamlText.parse(pod).tree(0));
  }

  @Test
  void aConfigurationComesFromAConfigMapAndSecretsFromASecret() {
    String pod = pod("pannier.dev/config: shop-logs/my.yaml, pannier.dev/secret: tokens", "", "");
    assertThat(at(sidecar(pod), "args"))
        .isEqualTo(
            List.of("run", "--wait-for-configuration", "--config", "/etc/pannier/config/my.yaml"));
    assertThat(at(sidecar(pod), "volumeMounts", "pannier-config", "mountPath"))
        .isEqualTo("/etc/pannier/config");
    Object volumes = at(injected(pod, Map.of()), "spec", "volumes");
    assertThat(at(volumes, "pannier-config", "configMap"))
        .as("a Pod does not wait for it")
        .isEqualTo(Map.of("name", "shop-logs", "optional", true));
    assertThat(at(volumes, "pannier-secret", "secret"))
        .isEqualTo(Map.of("secretName", "tokens", "optional", true));
    assertThat(at(volumes, "pannier-secret", "secret", "secretName")).isEqualTo("tokens");
  }

  private static Object resources(String annotations, String resources) {
    String container = resources.isEmpty() ? "" : ", resources: " + resources;
    return at(sidecar(pod(annotations, container, "")), "resources");
  }

  private static Map<String, Object> amounts(
      String cpuRequest, String memoryRequest, String cpuLimit, String memoryLimit) {
    return Map.of(
        "requests",
        Map.of("cpu", cpuRequest, "memory", memoryRequest),
        "limits",
        cpuLimit.isEmpty()
            ? Map.of("memory", memoryLimit)
            : Map.of("cpu", cpuLimit, "memory", memoryLimit));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pannier.dev/cpu-request: 100m | 100m | 64Mi | '' | 128Mi",
        "pannier.dev/cpu-limit: '1' | 50m | 64Mi | 1 | 128Mi",
        "pannier.dev/cpu-limit: 20m | 20m | 64Mi | 20m | 128Mi",
        "pannier.dev/memory-request: 128M | 50m | 128M | '' | 128Mi",
        "pannier.dev/memory-request: 200Mi | 50m | 200Mi | '' | 200Mi",
        "pannier.dev/memory-limit: 1Gi | 50m | 64Mi | '' | 1Gi",
        "pannier.dev/memory-limit: 50Mi | 50m | 50Mi | '' | 50Mi",
        "'pannier.dev/memory: 64MiB, pannier.dev/cpu-limit: 0.5' | 50m | 104Mi | 0.5 | 168Mi"
      })
  void annotationsSayWhatItRequestsAndIsLimitedTo(
      String annotations, String cpu, String memory, String cpuLimit, String memoryLimit) {
    assertThat(resources(annotations.replace(": 0.5", ": '0.5'"), ""))
        .isEqualTo(amounts(cpu, memory, cpuLimit, memoryLimit));
  }

  /// With limits that are its requests, as all others have them.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | 200m | 128Mi",
        "pannier.dev/cpu-request: 300m | 300m | 128Mi",
        "pannier.dev/cpu-limit: 300m | 300m | 128Mi",
        "pannier.dev/memory-request: 256Mi | 200m | 256Mi",
        "pannier.dev/memory-limit: 256Mi | 200m | 256Mi",
        "pannier.dev/memory: 64MiB | 200m | 168Mi"
      })
  void aPodThatIsGuaranteedStaysSo(String annotations, String cpu, String memory) {
    for (String guaranteed :
        List.of(
            "{limits: {cpu: 1, memory: 1Gi}}",
            "{limits: {cpu: 0.5, memory: 1Gi}, requests: {cpu: 500m, memory: 1024Mi}}")) {
      assertThat(resources(annotations, guaranteed)).isEqualTo(amounts(cpu, memory, cpu, memory));
      String pod = pod(annotations, ", resources: " + guaranteed, "");
      assertThat(notices(pod, Map.of())).noneMatch(notice -> notice.contains("Guaranteed"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{limits: {cpu: 1}, requests: {cpu: 1, memory: 1Gi}}",
        "{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 500m}}",
        "{limits: {cpu: 0, memory: 1Gi}}",
        "{requests: {cpu: 1, memory: 1Gi}}",
        "{limits: {cpu: much, memory: 1Gi}}"
      })
  void aPodThatIsNotGuaranteedLeavesTheSidecarWithoutALimitOfCpu(String resources) {
    assertThat(resources("", resources)).isEqualTo(amounts("50m", "64Mi", "", "128Mi"));
  }

  @Test
  void anInitContainerWithoutLimitsCountsToo() {
    String pod =
        pod("", ", resources: {limits: {cpu: 1, memory: 1Gi}}", "initContainers:\n- {name: i}\n");
    assertThat(at(sidecar(pod), "resources")).isEqualTo(amounts("50m", "64Mi", "", "128Mi"));
  }

  @Test
  void whoTakesTheQualityFromAPodIsTold() {
    String annotations = "pannier.dev/cpu-request: 100m, pannier.dev/cpu-limit: 300m";
    String pod = pod(annotations, ", resources: {limits: {cpu: 1, memory: 1Gi}}", "");
    assertThat(notices(pod, Map.of()))
        .anyMatch(
            notice ->
                notice.startsWith(
                    "metadata.annotations.pannier.dev/cpu-limit: takes the quality of service"));
  }

  @Test
  void aLimitOfMemoryThatWasNotTriedIsTold() {
    assertThat(notices(pod("pannier.dev/memory-limit: 100Mi", "", ""), Map.of()))
        .containsExactly(
            "metadata.annotations.pannier.dev/memory-limit: is less than the sidecar was tried"
                + " with: it may run out of memory (100Mi < 112Mi)");
    assertThat(notices(pod("", "", ""), Map.of(Setting.MEMORY_LIMIT, "100Mi")))
        .singleElement()
        .asString()
        .startsWith("default of memory-limit: is less than");
  }

  @Test
  void resourcesOfThePodHaveToHoldTheSidecarsWhichIsTold() {
    String pod = pod("", "", "resources: {limits: {cpu: 1, memory: 1Gi}}\n");
    String tooSmall =
        "spec.resources: has to hold what the sidecar requests, too: 50m of CPU, 64Mi of memory";
    assertThat(notices(pod, Map.of()))
        .as("the API server takes the limits for requests where no container has any")
        .containsExactly(
            "spec.resources.limits.cpu: is no longer what the Pod requests, but the sidecar's 50m"
                + " alone: say it in requests, too",
            "spec.resources.limits.memory: is no longer what the Pod requests, but the sidecar's"
                + " 64Mi alone: say it in requests, too",
            tooSmall);
    String requests = pod.replace("{limits", "{requests: {cpu: 1, memory: 1Gi}, limits");
    assertThat(notices(requests, Map.of())).containsExactly(tooSmall);
  }

  /// The API server makes no Pod whose containers request more than the Pod.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{requests: {cpu: 100m, memory: 1Gi}} | requests.cpu | 50m | 150m (100m)",
        "{requests: {cpu: 1, memory: 64Mi}} | requests.memory | 64Mi | 128Mi (64Mi)",
        "{limits: {cpu: 100m}} | limits.cpu | 50m | 150m (100m)",
        "{requests: {cpu: 149999u}} | requests.cpu | 50m | 150m (149999u)"
      })
  void aPodWhoseOwnResourcesDoNotHoldTheSidecarIsRefused(
      String resources, String where, String ours, String all) {
    for (String mode : List.of("native", "ordinary")) {
      String pod =
          pod(
              "pannier.dev/mode: " + mode,
              ", resources: {requests: {cpu: 100m, memory: 64Mi}}",
              "resources: " + resources);
      assertThat(problems(pod))
          .as(mode)
          .containsExactly(
              "spec.resources.%s: does not hold the sidecar's %s, too: all containers request %s"
                  .formatted(where, ours, all));
      String roomier =
          pod.replace("cpu: 100m}}\n", "cpu: 150m}}\n")
              .replace("cpu: 149999u", "cpu: 150m")
              .replace("{cpu: 100m, memory: 1Gi}", "{cpu: 150m, memory: 1Gi}")
              .replace("{cpu: 1, memory: 64Mi}", "{cpu: 1, memory: 128Mi}");
      assertThat(outcome(roomier, Map.of())).as(mode).isInstanceOf(Outcome.Changed.class);
    }
  }

  /// The API server takes a limit for a request that is missing, and 0 for what it is.
  @Test
  void aRequestOfNothingIsNotTheLimit() {
    String pod =
        pod(
            "",
            ", resources: {requests: {cpu: %s}, limits: {cpu: 1}}",
            "resources: {requests: {cpu: 500m}}");
    assertThat(outcome(pod.formatted("0"), Map.of())).isInstanceOf(Outcome.Changed.class);
    assertThat(problems(pod.formatted("null")).getFirst())
        .endsWith("all containers request 1050m (500m)");
  }

  /// Kubernetes looks at the containers where a Pod has none.
  @ParameterizedTest
  @ValueSource(strings = {"{}", "{requests: {}, limits: {}}", "{limits: }", ""})
  void emptyResourcesOfThePodSayNothing(String resources) {
    String pod = pod("", ", resources: {limits: {cpu: 1, memory: 1Gi}}", "resources: " + resources);
    assertThat(notices(pod, Map.of())).isEmpty();
    assertThat(at(sidecar(pod), "resources", "limits", "cpu")).isEqualTo("200m");
    String own =
        pod.replace(
            "  resources: " + resources + "\n", "  resources: {limits: {hugepages-2Mi: 2Mi}}\n");
    assertThat(at(sidecar(own), "resources", "limits")).asInstanceOf(MAP).doesNotContainKey("cpu");
  }

  /// What runs before the sidecar needs room while nothing else has it.
  @Test
  void initContainersCountWhileTheyRun() {
    String pod =
        pod(
            "",
            ", resources: {limits: {cpu: 100m}}",
            """
            resources: {requests: {cpu: %s}}
            initContainers:
            - {name: beside, restartPolicy: Always, resources: {requests: {cpu: 100m}}}
            - {name: migrate, resources: {requests: {cpu: 300m}}}
            """);
    assertThat(problems(pod.formatted("449m")).getFirst())
        .endsWith("all containers request 450m (449m)");
    assertThat(outcome(pod.formatted("450m"), Map.of())).isInstanceOf(Outcome.Changed.class);
    String ordinary = pod.replace("annotations: {", "annotations: {pannier.dev/mode: ordinary");
    assertThat(outcome(ordinary.formatted("400m"), Map.of()))
        .as("it is not there yet")
        .isInstanceOf(Outcome.Changed.class);
  }

  @Test
  void anOrdinarySidecarsLimitIsNotAboveThePods() {
    String pod =
        pod("pannier.dev/mode: ordinary", "", "resources: {limits: {cpu: 1, memory: 100Mi}}");
    assertThat(problems(pod))
        .containsExactly(
            "spec.resources.limits.memory: is less than the limit of the sidecar's container, 128Mi"
                + " (100Mi)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pannier.dev/cpu-request: fast | cpu-request: is no quantity, such as 250m or 0.5 (fast)",
        "pannier.dev/cpu-request: -1m | cpu-request: is no quantity, such as 250m or 0.5 (-1m)",
        "pannier.dev/cpu-limit: 100u | cpu-limit: < 1m (100u)",
        "pannier.dev/memory-request: 64m | memory-request: < 1Mi (64m)",
        "pannier.dev/memory-request: 64MiB | memory-request: is no quantity, such as 64Mi (64MiB)",
        "pannier.dev/memory-limit: 32Mi | memory-limit: < 40Mi, the heap alone (32Mi)",
        "'pannier.dev/cpu-request: 300m, pannier.dev/cpu-limit: 0.2c' | cpu-limit: is no quantity",
        "'pannier.dev/cpu-request: 300m, pannier.dev/cpu-limit: 200m' | cpu-request: > cpu-limit,"
            + " which is 200m (300m)",
        "'pannier.dev/memory-request: 1Gi, pannier.dev/memory-limit: 1G' | memory-request: >"
            + " memory-limit, which is 1G (1Gi)"
      })
  void anAmountThatIsWrongIsToldWithItsValue(String annotations, String problem) {
    assertThat(problems(pod(annotations, "", "")))
        .singleElement()
        .asString()
        .contains("metadata.annotations.pannier.dev/" + problem);
  }

  private static final String ISTIO =
      """
      - {name: istio-validation, image: proxyv2}
      - {name: istio-proxy, image: proxyv2, restartPolicy: Always}
      """;

  private static final String LINKERD =
      """
      - {name: linkerd-init, image: proxy-init}
      - {name: linkerd-proxy, image: proxy, restartPolicy: Always}
      """;

  private static List<Object> names(Object pod, String list) {
    List<Object> names = new ArrayList<>();
    for (Object container : (List<?>) at(pod, "spec", list)) {
      names.add(at(container, "name"));
    }
    return names;
  }

  /// The kubelet starts them in their order and ends them the other way round: there is a network as long as there is a sidecar.
  @ParameterizedTest
  @ValueSource(strings = {ISTIO, LINKERD})
  void theSidecarStartsAfterAMeshsNativeProxyAndEndsBeforeIt(String mesh) {
    List<String> own =
        mesh.contains("istio")
            ? List.of("istio-validation", "istio-proxy")
            : List.of("linkerd-init", "linkerd-proxy");
    for (String more : List.of("", "- {name: migrate, image: m}\n")) {
      String pod = PLAIN + ("initContainers:\n" + mesh + more).indent(2);
      List<Object> expected = new ArrayList<>(own);
      expected.add("pannier");
      if (!more.isEmpty()) {
        expected.add("migrate");
      }
      assertThat(names(injected(pod, Map.of()), "initContainers")).isEqualTo(expected);
    }
  }

  /// Their probes would go through a proxy that starts when they have succeeded.
  @ParameterizedTest
  @CsvSource({"istio-init, istio-proxy, Istio", "linkerd-init, linkerd-proxy, Linkerd"})
  void besideAMeshsOrdinaryProxyTheSidecarIsOrdinaryWhichIsTold(
      String init, String proxy, String name) {
    String pod =
        PLAIN
            + "  - {name: %s, image: p}\n  initContainers:\n  - {name: %s, image: i}\n"
                .formatted(proxy, init);
    Object injected = injected(pod, Map.of());
    assertThat(names(injected, "containers")).isEqualTo(List.of("app", proxy, "pannier"));
    assertThat(names(injected, "initContainers")).isEqualTo(List.of(init));
    assertThat(notices(pod, Map.of()))
        .anyMatch(
            notice ->
                notice.startsWith("spec.containers[1].name: is an ordinary container, so")
                    && notice.contains(name));
    Map<Setting, String> isNative = Map.of(Setting.MODE, "native");
    assertThat(names(injected(pod, isNative), "initContainers"))
        .isEqualTo(List.of(init, "pannier"));
    assertThat(notices(pod, isNative))
        .anyMatch(notice -> notice.contains("what is left at the end is not shipped"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"istio-proxy", "linkerd-proxy"})
  void aMeshsOrdinaryProxyIsNoneOfTheApplicationsContainers(String proxy) {
    // First, as a mesh's webhook puts it where the application is to wait for it.
    String pod = "metadata: {%s}\nspec: {containers: [{name: " + proxy + "}, {name: app}]}\n";
    Object injected = injected(pod.formatted(""), Map.of());
    assertThat(at(injected, "spec", "containers", proxy)).isEqualTo(Map.of("name", proxy));
    assertThat(at(injected, "spec", "containers", "app", "volumeMounts", "pannier-logs"))
        .isNotNull();
    String variable = "OTEL_RESOURCE_ATTRIBUTES";
    assertThat(at(injected, "spec", "containers", "pannier", "env", variable, "value").toString())
        .contains("service.name=shop", "k8s.container.name=app");
    String named = "annotations: {pannier.dev/containers: %s}".formatted(proxy);
    assertThat(find(injected(pod.formatted(named), Map.of()), "spec", "containers", proxy, "env"))
        .as("who names it means it")
        .isNotNull();
    String gateway = "spec: {containers: [{name: %s}]}\n".formatted(proxy);
    assertThat(find(injected(gateway, Map.of()), "spec", "containers", proxy, "env"))
        .as("nothing else is there")
        .isNotNull();
  }

  /// What goes past a mesh is for its users to say.
  @ParameterizedTest
  @CsvSource({
    "sidecar.istio.io/inject, 'true', traffic.sidecar.istio.io/excludeInboundPorts",
    "linkerd.io/inject, enabled, config.linkerd.io/skip-inbound-ports"
  })
  void theMeshsOwnSettingsStayAndWhatTheyLackIsTold(String key, String value, String ports) {
    String annotations =
        "%s: '%s', traffic.sidecar.istio.io/excludeOutboundPorts: '9092'".formatted(key, value);
    String pod = pod(annotations, "", "");
    assertThat(notices(pod, Map.of()))
        .singleElement()
        .asString()
        .startsWith("metadata.annotations." + ports + ": does not have 8686: where ");
    assertThat(at(injected(pod, Map.of()), "metadata", "annotations"))
        .asInstanceOf(MAP)
        .containsEntry("traffic.sidecar.istio.io/excludeOutboundPorts", "9092")
        .doesNotContainKey(ports);
    assertThat(notices(pod(annotations + ", " + ports + ": '1234, 8686'", "", ""), Map.of()))
        .isEmpty();
  }

  @Test
  void moreMemoryIsMoreHeapAndAHigherLimit() {
    Object sidecar =
        sidecar(pod("pannier.dev/memory: 48MiB, pannier.dev/jvm-options: '-Xss1m -Da=b'", "", ""));
    assertThat(at(sidecar, "command"))
        .isEqualTo(
            List.of(
                "java",
                "@/etc/pannier/jvm.options",
                "-Xmx64m",
                "-Xss1m",
                "-Da=b",
                "@/etc/pannier/main.options"));
    assertThat(at(sidecar, "resources", "limits", "memory")).isEqualTo("152Mi");
    assertThat(at(sidecar, "env", "PANNIER_MEMORY", "value")).isEqualTo("48MiB");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        ", securityContext: {runAsGroup: 20} | securityContext: {runAsGroup: 30, fsGroup: 40} | 20",
        "'' | securityContext: {runAsGroup: 30, fsGroup: 40} | 30",
        "'' | securityContext: {fsGroup: 40} | 40",
        ", securityContext: {runAsUser: 7} | '' | ",
      })
  void itHasTheGroupByWhichItCanReadTheFiles(String container, String spec, @Nullable Long group) {
    assertThat(find(sidecar(pod("", container, spec)), "securityContext", "runAsGroup"))
        .isEqualTo(group);
  }

  @Test
  void ofSeveralGroupsItHasOneWhichIsTold() {
    String pod =
        """
        metadata: {annotations: {pannier.dev/log-dir: %s}}
        spec:
          securityContext: {%s}
          volumes: [{name: data}]
          containers:
          - {name: a, securityContext: {runAsGroup: 1000}, volumeMounts: [{name: data, mountPath: /var/log/app}]}
          - {name: b, securityContext: {runAsGroup: 2000}, volumeMounts: [{name: data, mountPath: /var/log/app}]}
          - {name: c, securityContext: {runAsGroup: 1000}, volumeMounts: [{name: data, mountPath: /var/log/app}]}
          - {name: d, volumeMounts: [{name: data, mountPath: /var/log/app}]}
        """;
    String logs = "/var/log/app";
    String what =
        ": is not the sidecar's group, 1000: files that only this one may read are not shipped;"
            + " give spec.securityContext an fsGroup (";
    assertThat(notices(pod.formatted(logs, ""), Map.of()))
        .containsExactly("spec.containers[1].securityContext.runAsGroup" + what + "2000)");
    assertThat(notices(pod.formatted(logs, "runAsGroup: 3000"), Map.of()))
        .containsExactly(
            "spec.containers[1].securityContext.runAsGroup" + what + "2000)",
            "spec.securityContext.runAsGroup" + what + "3000)");
    assertThat(notices(pod.formatted(logs, "fsGroup: 5"), Map.of())).isEmpty();
    assertThat(notices(pod.formatted("none", ""), Map.of())).isEmpty();
  }

  @Test
  void inAPodOfRootsItIsNone() {
    Object sidecar = sidecar(pod("", "", "securityContext: {runAsUser: 0}"));
    assertThat(at(sidecar, "securityContext", "runAsUser")).isEqualTo(65_532L);
    assertThat(
            find(
                sidecar(pod("", "", "securityContext: {runAsUser: 7}")),
                "securityContext",
                "runAsUser"))
        .isNull();
  }

  @ParameterizedTest
  @CsvSource({"25, ", "20, 15s", "3, 1s", "0, 1s", "600, "})
  void itDrainsWithinWhatThePodHasToEnd(int grace, @Nullable String deadline) {
    Object variable =
        find(
            sidecar(pod("", "", "terminationGracePeriodSeconds: " + grace)),
            "env",
            "PANNIER_SHUTDOWN_DEADLINE");
    assertThat(variable == null ? null : at(variable, "value")).isEqualTo(deadline);
  }

  private static final String PRE_STOP = ", lifecycle: {preStop: {exec: {command: [sleep, '15']}}}";

  private static String grace(int seconds) {
    return "terminationGracePeriodSeconds: " + seconds;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "30 | false | | | |",
        "20 | false | 15s | | |",
        "300  | false | 295s  | 30s | 30 | 221",
        "40   | false | 35s   | 26s | 26 | 26",
        "7200 | false | 3600s | 30s | 30 | 2700",
        "30   | true  | 25s   | 20s | 20 | 18",
        "10   | true  | 5s    | 6s  | 5  | 3"
      })
  void anOrdinarySidecarOutlastsAnApplicationThatTakesItsTime(
      int seconds,
      boolean hasPreStop,
      @Nullable String deadline,
      @Nullable String quiet,
      @Nullable Integer quietFor,
      @Nullable Integer most) {
    String pod = pod("", hasPreStop ? PRE_STOP : "", grace(seconds));
    Map<Setting, String> ordinary = Map.of(Setting.MODE, "ordinary");
    Object env = at(injected(pod, ordinary), "spec", "containers", "pannier", "env");
    assertThat(find(env, "PANNIER_SHUTDOWN_DEADLINE", "value")).isEqualTo(deadline);
    assertThat(find(env, "PANNIER_SHUTDOWN_QUIET", "value")).isEqualTo(quiet);
    assertThat(notices(pod, ordinary))
        .isEqualTo(
            quiet == null
                ? List.of()
                : List.of(
                    (hasPreStop
                            ? "spec.containers[0].lifecycle.preStop"
                            : "spec.terminationGracePeriodSeconds")
                        + ": an ordinary sidecar is asked to end at once with the Pod, and does"
                        + " when files and requests have been quiet for %d s, or after %d s: what"
                            .formatted(quietFor, most)
                        + " the application says later is not shipped; a native one ends after"
                        + " it"));
    assertThat(find(sidecar(pod), "env", "PANNIER_SHUTDOWN_QUIET")).isNull();
    assertThat(notices(pod, Map.of())).isEmpty();
  }

  private static String withTimeZones(String... variables) {
    List<String> containers = new ArrayList<>();
    for (String variable : variables) {
      String env = variable.isEmpty() ? "" : ", env: [" + variable + "]";
      containers.add("{name: c" + containers.size() + env + "}");
    }
    return "metadata: {annotations: {pannier.dev/config: c}}\nspec: {containers: ["
        + String.join(", ", containers)
        + "]}\n";
  }

  private static List<String> noticesOfTimeZones(String pod) {
    return notices(pod, Map.of()).stream().filter(each -> !each.contains("all of [")).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Europe/Berlin", ":Asia/Kolkata", "UTC", "Etc/GMT+3", "EST5EDT"})
  void theApplicationsTimeZoneIsTheSidecars(String zone) {
    String variable = "{name: TZ, value: '" + zone + "'}";
    for (String pod :
        List.of(
            withTimeZones(variable),
            withTimeZones(variable, variable),
            withTimeZones("{name: TZ, value: Etc/UTC}, " + variable))) {
      assertThat(at(sidecar(pod), "env", "TZ")).isEqualTo(Map.of("name", "TZ", "value", zone));
      assertThat(noticesOfTimeZones(pod)).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{name: TZ, value: ''}|",
        "{name: TZ}|",
        "{name: TZ, value: 'CET-1CEST,M3.5.0,M10.5.0/3'} | [0].value: is no name of a time zone,"
            + " such as Europe/Berlin, so times without a zone are read in UTC, or as the zone of a"
            + " config says (CET-1CEST,M3.5.0,M10.5.0/3)",
        "{name: TZ, value: GMT+3} | [0].value: is no name of",
        "{name: TZ, value: +05:30} | [0].value: is no name of",
        "{name: TZ, value: Mars/Base} | [0].value: is no name of",
        "{name: TZ, value: $(ZONE)} | [0]: is known when the Pod runs, so times",
        "{name: TZ, valueFrom: {configMapKeyRef: {name: a, key: tz}}} | [0]: is known when the Pod"
      })
  void aTimeZoneThatTheSidecarWouldNotKnowIsTold(String variable, @Nullable String notice) {
    String pod = withTimeZones(variable);
    assertThat(find(sidecar(pod), "env", "TZ")).isNull();
    assertThat(noticesOfTimeZones(pod)).hasSize(notice == null ? 0 : 1);
    assertThat(noticesOfTimeZones(pod))
        .allMatch(each -> each.startsWith("spec.containers[0].env" + notice));
  }

  @Test
  void ofSeveralContainersThoseSayTheTimeZoneThatHaveOne() {
    String berlin = "{name: TZ, value: Europe/Berlin}";
    String one = withTimeZones("", berlin);
    assertThat(at(sidecar(one), "env", "TZ", "value")).isEqualTo("Europe/Berlin");
    assertThat(noticesOfTimeZones(one))
        .containsExactly(
            "spec.containers[0]: has no TZ, which another container has: its times without a zone"
                + " are read in that one, too; name those that log in pannier.dev/containers (c0)");
    String two = withTimeZones(berlin, "{name: TZ, value: Asia/Tokyo}");
    assertThat(find(sidecar(two), "env", "TZ")).isNull();
    assertThat(noticesOfTimeZones(two))
        .containsExactly(
            "spec.containers[1].env[0]: differs from another container's, Europe/Berlin, so times"
                + " without a zone are read in UTC, or as the zone of a config says; name those"
                + " that log in pannier.dev/containers (Asia/Tokyo)");
    String named = two.replace("config: c", "config: c, pannier.dev/containers: c1");
    assertThat(at(sidecar(named), "env", "TZ", "value")).isEqualTo("Asia/Tokyo");
    assertThat(noticesOfTimeZones(named)).isEmpty();
    String without = two.replace("config: c", "config: c, pannier.dev/log-dir: none");
    assertThat(noticesOfTimeZones(without)).isEmpty();
  }

  @Test
  void aTimeZoneThatAFolderIsNamedAfterComesOnce() {
    String pod =
        withVolume(", subPathExpr: $(TZ)", "{name: TZ, value: Europe/Berlin}", "{name: data}");
    assertThat((List<?>) at(sidecar(pod), "env"))
        .filteredOn(each -> "TZ".equals(find(each, "name")))
        .isEqualTo(List.of(Map.of("name", "TZ", "value", "Europe/Berlin")));
  }

  @Test
  void onlyTheNamedContainersGetTheFolderAndTheEnvironment() {
    String pod =
        """
        metadata: {annotations: {pannier.dev/containers: "web, worker"}}
        spec:
          containers: [{name: web}, {name: db}, {name: worker}]
        """;
    Object containers = at(injected(pod, Map.of()), "spec", "containers");
    assertThat(at(containers, "db")).isEqualTo(Map.of("name", "db"));
    assertThat(at(containers, "web", "volumeMounts", "pannier-logs")).isNotNull();
    assertThat(at(containers, "worker", "env", "OTEL_RESOURCE_ATTRIBUTES", "value").toString())
        .contains("k8s.container.name=worker");
    assertThat(at(sidecar(pod), "env", "OTEL_RESOURCE_ATTRIBUTES", "value").toString())
        .doesNotContain("k8s.container.name");
  }

  @Test
  void aContainerThatIsNamedTwiceGetsEverythingOnce() {
    String pod = pod("pannier.dev/containers: 'app, app'", "", "");
    String once = pod.replace("app, app", "app");
    assertThat(at(injected(pod, Map.of()), "spec")).isEqualTo(at(injected(once, Map.of()), "spec"));
    assertThat(notices(pod, Map.of())).isEmpty();
  }

  @Test
  void severalContainersWithOneNewFolderAreTold() {
    String pod = "metadata: {%s}\nspec: {containers: [{name: web}, {name: db}]}\n";
    assertThat(notices(pod.formatted(""), Map.of()))
        .containsExactly(
            "spec.containers: all of [web, db] get one folder /var/log/app, where files of one name"
                + " are one file: name those that log in pannier.dev/containers");
    assertThat(notices(pod.formatted("annotations: {pannier.dev/containers: web}"), Map.of()))
        .isEmpty();
    assertThat(notices(pod.formatted("annotations: {pannier.dev/log-dir: none}"), Map.of()))
        .isEmpty();
  }

  @Test
  void aContainerThatHasNoPartInAnothersFolderIsTold() {
    String pod =
        """
        spec:
          containers:
          - {name: app, volumeMounts: [{name: logs, mountPath: /var/log}]}
          - {name: web}
          volumes: [{name: logs, emptyDir: {}}]
        """;
    assertThat(notices(pod, Map.of()))
        .containsExactly(
            "spec.containers[1]: has no volume for /var/log/app, which another container has: what"
                + " it writes there is not read; mount one, or name those that log in"
                + " pannier.dev/containers (web)");
    assertThat(notices(pod, Map.of(Setting.CONTAINERS, "app"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/var/log | /var/log/nginx | true",
        "/var/log/ | /var/log/app.log | true",
        "/var/log | /var/logs | false",
        "/var/log | /var/log | false",
        "/var/log/nginx | /var/log | false",
        "'/var/log, /var/log/nginx' | /var/log/nginx/ | false",
        "'/var/log, /var/log/nginx/a' | /var/log/nginx | false",
        "none | /var/log/nginx | false"
      })
  void aVolumeWithinTheLogFolderIsTold(String dirs, String path, boolean told) {
    String pod =
        pod(
            "pannier.dev/config: c, pannier.dev/log-dir: '" + dirs + "'",
            ", volumeMounts: [{name: v, mountPath: " + path + "}]",
            "volumes: [{name: v, emptyDir: {}}]");
    assertThat(notices(pod, Map.of()))
        .isEqualTo(
            told
                ? List.of(
                    "spec.containers[0].volumeMounts[0].mountPath: is within the log folder and"
                        + " another volume, which the sidecar does not see: files that are to be"
                        + " read belong into one that pannier.dev/log-dir names ("
                        + path
                        + ")")
                : List.of());
  }

  @Test
  void aPodThatSaysNoIsLeftAlone() {
    assertThat(outcome(pod("pannier.dev/inject: 'false'", "", ""), Map.of()))
        .isEqualTo(new Outcome.Unchanged("pannier.dev/inject is false"));
    assertThat(outcome(PLAIN, Map.of(Setting.INJECT, "false")))
        .isInstanceOf(Outcome.Unchanged.class);
    assertThat(outcome(pod("pannier.dev/inject: 'true'", "", ""), Map.of(Setting.INJECT, "false")))
        .isInstanceOf(Outcome.Changed.class);
  }

  @Test
  void aPodThatSaysNoIsLeftAloneWhateverElseItSays() {
    String no = pod("pannier.dev/inject: 'false', pannier.dev/foo: x", "", "hostNetwork: true");
    assertThat(outcome(no, Map.of()))
        .isEqualTo(new Outcome.Unchanged("pannier.dev/inject is false"));
    String silent = no.replace("pannier.dev/inject: 'false', ", "");
    assertThat(outcome(silent, Map.of(Setting.INJECT, "false")))
        .as("may be a misspelt yes")
        .isInstanceOf(Outcome.Refused.class);
  }

  @Test
  void aPodThatANodeHasByItselfIsLeftAlone() {
    assertThat(outcome(pod("kubernetes.io/config.mirror: 5d9f", "", ""), Map.of()))
        .isEqualTo(
            new Outcome.Unchanged("the node has it from a file, whatever the API server says"));
  }

  @Test
  void aPodThatHasItIsLeftAlone() {
    Object once = injected(PLAIN, Map.of());
    assertThat(new Injection(Map.of(Setting.INJECT, "true", Setting.IMAGE, "p")).of(once, SHOP))
        .isEqualTo(new Outcome.Unchanged("the sidecar is there"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "pannier.dev/inject: true | inject: is no text: put it into quotes (true)",
        "pannier.dev/inject: 'yes' | inject: is neither \"true\" nor \"false\" (yes)",
        "pannier.dev/log-dir: logs | log-dir: is no absolute folder, without :, .. and *, nor none"
            + " (logs)",
        "pannier.dev/log-dir: /a/../b | log-dir: is no absolute folder, without :, .. and *, nor"
            + " none (/a/../b)",
        "pannier.dev/log-dir: '/a,/b' | log-dir: has several folders, which only a config can tell"
            + " apart (/a,/b)",
        "pannier.dev/kafka: kafka | kafka: is no host:port, nor several between commas (kafka)",
        "pannier.dev/kafka: 'kafka:70000' | kafka: is no host:port, nor several between commas"
            + " (kafka:70000)",
        "pannier.dev/kafka: 'user:pass@kafka:9092' | kafka: is no host:port, nor several between"
            + " commas (****)",
        "pannier.dev/parser: jsn | parser: is none of auto, raw, json, logstash; a parser of your"
            + " own is in the configuration that config names (jsn)",
        "pannier.dev/otlp: 'c:4317' | otlp: is no endpoint: http://host:port or https://host:port"
            + " (c:4317)",
        "pannier.dev/otlp: 'http://a_b:4317' | otlp: is no endpoint: http://host:port or"
            + " https://host:port (http://a_b:4317)",
        "pannier.dev/otlp: 'http://c:65536' | otlp: is no endpoint: http://host:port or"
            + " https://host:port (http://c:65536)",
        "pannier.dev/otlp: 'http://user:pass@c:4317' | otlp: has a user, which the sidecar does not"
            + " take: a shipper of the configuration that config names has headers (****)",
        "pannier.dev/otlp: 'https://c/v1?key=a' | otlp: has a query or fragment, which the sidecar"
            + " does not take (https://c/v1?key=a)",
        "pannier.dev/otlp: 'http://localhost:4317' | otlp: is where the sidecar itself listens:"
            + " what it ships would come back (http://localhost:4317)",
        "pannier.dev/config: My_Config | config: is no ConfigMap's NAME, nor NAME/KEY (My_Config)",
        "pannier.dev/image-pull-policy: always | image-pull-policy: is neither Always nor"
            + " IfNotPresent nor Never (always)",
        "pannier.dev/image-pull-secret: Registry | image-pull-secret: is no Secret's name"
            + " (Registry)",
        "pannier.dev/memory: 48Mi | memory: is no whole number of MiB, such as 24MiB (48Mi)",
        "pannier.dev/memory: 1MiB | memory: < 4MiB (1MiB)",
        "pannier.dev/mode: sidecar | mode: is neither native nor ordinary (sidecar)",
        "pannier.dev/containers: web | containers: no container is named web, there are [app]"
            + " (web)",
        "pannier.dev/jvm-options: Xmx1g | jvm-options: an option begins with - or @ (Xmx1g)",
      })
  void anAnnotationThatIsWrongIsToldWithItsValue(String annotation, String problem) {
    assertThat(problems(pod(annotation, "", "")))
        .containsExactly("metadata.annotations.pannier.dev/" + problem);
  }

  @Test
  void twoAnnotationsThatContradictEachOtherAreAProblem() {
    assertThat(problems(pod("pannier.dev/config: c, pannier.dev/parser: json", "", "")))
        .containsExactly(
            "metadata.annotations.pannier.dev/parser: is decided by the configuration that config"
                + " names (json)");
  }

  @Test
  void aDefaultGivesWayToAnAnnotationThatContradictsIt() {
    String config = pod("pannier.dev/config: c", "", "");
    Map<Setting, String> parserByDefault = Map.of(Setting.PARSER, "json");
    Object sidecar = at(injected(config, parserByDefault), "spec", "initContainers", "0");
    assertThat(at(sidecar, "args"))
        .isEqualTo(
            List.of(
                "run", "--wait-for-configuration", "--config", "/etc/pannier/config/pannier.yaml"));
    assertThat(find(sidecar, "env", "PANNIER_PARSER")).isNull();
    assertThat(notices(config, parserByDefault)).isEmpty();

    String parser = pod("pannier.dev/parser: json", "", "");
    Map<Setting, String> configByDefault = Map.of(Setting.CONFIG, "c", Setting.LOG_DIR, "/a,/b");
    Object other = at(injected(parser, configByDefault), "spec", "initContainers", "0");
    assertThat(at(other, "args"))
        .isEqualTo(
            List.of("run", "--wait-for-configuration", "--config", "/etc/pannier/pannier.yaml"));
    assertThat(at(other, "env", "PANNIER_PARSER", "value")).isEqualTo("json");
    assertThat(find(other, "volumeMounts", "pannier-config")).isNull();
    assertThat(notices(parser, configByDefault))
        .containsExactly(
            "metadata.annotations.pannier.dev/parser: outranks the default of config, which does"
                + " not count here (c)");
  }

  @Test
  void anUnknownAnnotationIsToldWithThoseThatAreKnown() {
    assertThat(problems(pod("pannier.dev/logdir: /a", "", "")).getFirst())
        .startsWith("metadata.annotations.pannier.dev/logdir: unknown, known are inject, mode, ")
        .endsWith("(/a)");
  }

  @Test
  void allProblemsAreToldAtOnce() {
    assertThat(problems(pod("pannier.dev/kafka: k, pannier.dev/otlp: o", "", "hostNetwork: true")))
        .hasSize(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "hostNetwork: true | spec.hostNetwork: the sidecar's ports would be the node's",
        "os: {name: windows} | spec.os.name: the sidecar runs on Linux alone (windows)",
        "nodeSelector: {kubernetes.io/os: windows} | spec.nodeSelector.kubernetes.io/os: the"
            + " sidecar runs on Linux alone (windows)",
        "nodeSelector: {beta.kubernetes.io/os: windows} |"
            + " spec.nodeSelector.beta.kubernetes.io/os: the sidecar runs on Linux alone (windows)",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: Exists}, {key:"
            + " kubernetes.io/os, operator: In, values: [windows]}]}]}}} |"
            + " spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
            + ".nodeSelectorTerms[0].matchExpressions[1].values[0]: the sidecar runs on Linux alone"
            + " (windows)",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: NotIn,"
            + " values: [linux]}]}]}}} |"
            + " spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values[0]:"
            + " the sidecar runs on Linux alone",
        "hostNetwork: on | spec.hostNetwork: the sidecar's ports would be the node's",
        "initContainers: [{name: pannier}] | spec.initContainers[0].name: a container of this name"
            + " is there",
        "volumes: [{name: pannier-state}] | spec.volumes: has a volume pannier-state that",
        "volumes: {} | spec.volumes: is no list",
      })
  void aPodThatCannotHaveItIsToldWhy(String spec, String problem) {
    assertThat(problems(pod("", "", spec))).anyMatch(each -> each.startsWith(problem));
  }

  @Test
  void aVolumeThatWouldCoverTheSidecarsOwnFilesIsRefused() {
    String pod =
        pod(
            "pannier.dev/log-dir: /opt/app/logs",
            ", volumeMounts: [{name: opt, mountPath: /opt}]",
            "volumes: [{name: opt}]");
    assertThat(problems(pod).getFirst()).contains("would cover the sidecar's /opt/pannier");
  }

  /// In many images `/var/run` is a link to `/run`.
  @Test
  void aVolumeThatWouldCoverTheSecretsIsRefused() {
    String pod =
        pod(
            "pannier.dev/log-dir: /run/app",
            ", volumeMounts: [{name: run, mountPath: /run}]",
            "volumes: [{name: run}]");
    assertThat(problems(pod).getFirst()).contains("would cover the sidecar's /run/secrets");
    assertThat(notices(pod.replace("mountPath: /run", "mountPath: /run/app"), Map.of())).isEmpty();
  }

  @Test
  void aPodWithoutContainersIsRefused() {
    assertThat(problems("metadata: {}\nspec: {}\n"))
        .containsExactly("spec.containers: has no containers");
    assertThat(problems("metadata: {}\n")).containsExactly("spec: has no containers");
  }

  @Test
  void aPortOfTheSidecarsThatTheApplicationHasIsToldWhereAConfigMayMoveIt() {
    String pod = pod("pannier.dev/config: c", ", ports: [{containerPort: 4318}]", "");
    assertThat(notices(pod, Map.of()).getFirst())
        .startsWith("spec.containers[0].ports[0].containerPort: the sidecar listens here, too");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | ', ports: [{containerPort: 4317}]' | '' | containers[0]",
        "pannier.dev/config: c | ', ports: [{containerPort: 8686, protocol: TCP}]' | '' |"
            + " containers[0]",
        "pannier.dev/containers: app | '' | '- {name: db, ports: [{containerPort: 4318}]}' |"
            + " containers[1]",
        "'' | '' | 'initContainers: [{name: a, ports: [{containerPort: 4318}]}]' |"
            + " initContainers[0]",
        "pannier.dev/mode: ordinary | '' | 'initContainers: [{name: a, restartPolicy: Always,"
            + " ports: [{containerPort: 4318}]}]' | initContainers[0]"
      })
  void aPodWithAPortThatTheSidecarNeedsIsRefused(
      String annotation, String container, String spec, String where) {
    assertThat(problems(pod(annotation, container, spec)))
        .hasSize(1)
        .first()
        .asString()
        .startsWith("spec." + where + ".ports[0].containerPort: the sidecar ")
        .contains("inject: \"false\"");
  }

  @Test
  void aPortThatTheSidecarDoesNotListenOnIsAnybodys() {
    String pod =
        pod(
            "pannier.dev/mode: ordinary",
            ", ports: [{containerPort: 8080}, {containerPort: 4317, protocol: UDP}]",
            "initContainers: [{name: first, ports: [{containerPort: 4318}]}]");
    assertThat(notices(pod, Map.of())).isEmpty();
  }

  @Test
  void whatIsWrongWithDefaultsIsToldWithoutAPod() {
    Map<Setting, String> defaults = Map.of(Setting.IMAGE, "p", Setting.MEMORY, "1MiB");
    assertThat(new Injection(defaults).problems().toString())
        .isEqualTo("[default of memory: < 4MiB (1MiB)]");
    assertThat(new Injection(Map.of(Setting.IMAGE, "p", Setting.INJECT, "true")).problems())
        .isEmpty();
  }

  @Test
  void aLabelSaysWhetherWhereNoAnnotationDoes() {
    String labelled = PLAIN.replace("{app: shop}", "{app: shop, pannier.dev/inject: \"%s\"}");
    assertThat(outcome(labelled.formatted("false"), Map.of()))
        .isEqualTo(new Outcome.Unchanged("pannier.dev/inject is false"));
    assertThat(outcome(labelled.formatted("true"), Map.of(Setting.INJECT, "false")))
        .isInstanceOf(Outcome.Changed.class);
    assertThat(problems(labelled.formatted("maybe")))
        .containsExactly(
            "metadata.labels.pannier.dev/inject: is neither \"true\" nor \"false\" (maybe)");
    String both =
        labelled
            .formatted("true")
            .replace("metadata: {", "metadata: {annotations: {pannier.dev/inject: \"false\"}, ");
    assertThat(outcome(both, Map.of())).isInstanceOf(Outcome.Unchanged.class);
  }

  @Test
  void theOwnerOfAPodNamesIt() {
    String pod =
        """
        metadata:
          generateName: shop-5d9f-
          labels: {pod-template-hash: 5d9f}
          ownerReferences: [{kind: ReplicaSet, name: shop-5d9f, controller: true}]
        """;
    assertThat(Workload.of(YamlText.parse(pod).tree(0))).isEqualTo(SHOP);
    assertThat(Workload.of(YamlText.parse(pod.replace("5d9f}", "other}")).tree(0)))
        .isEqualTo(new Workload("ReplicaSet", "shop-5d9f"));
    assertThat(Workload.of(YamlText.parse(pod.replace("{pod-", "{rollouts-pod-")).tree(0)))
        .isEqualTo(new Workload("Rollout", "shop"));
    assertThat(Workload.of(YamlText.parse("metadata: {name: a}").tree(0)))
        .isEqualTo(new Workload("Pod", "a"));
  }

  @ParameterizedTest
  @CsvSource({
    "nightly-29884620,CronJob,nightly",
    "import-20261129,Job,import-20261129",
    "once,Job,once",
    "once-3,Job,once-3"
  })
  void aJobWithItsTimeIsACronJobs(String job, String kind, String name) {
    String pod = "metadata: {ownerReferences: [{kind: Job, controller: true, name: " + job + "}]}";
    assertThat(Workload.of(YamlText.parse(pod).tree(0))).isEqualTo(new Workload(kind, name));
  }

  @Test
  void changesAreAJsonPatchWithPointers() {
    List<Change> changes = ((Outcome.Changed) outcome(PLAIN, Map.of())).changes();
    assertThat(changes.stream().map(Change::pointer))
        .contains("/spec/volumes", "/spec/containers/0/env", "/metadata/annotations");
    assertThat(new Change.Remove(List.of("metadata", "annotations", "pannier.dev/a~b")).pointer())
        .isEqualTo("/metadata/annotations/pannier.dev~1a~0b");
  }

  @Test
  void whatWasAddedByHandToWhatWasInjectedStaysWhenItIsTakenOut() {
    Object once = injected(PLAIN, Map.of());
    Object more =
        Change.apply(
            once,
            List.of(
                new Change.Add(
                    List.of("spec", "containers", "0", "env", "0"), Map.of("name", "MINE")),
                new Change.Add(List.of("spec", "containers", "0"), Map.of("name", "new")),
                new Change.Add(List.of("metadata", "annotations", "team"), "x")));
    Outcome removal = Removal.of(more);
    Object without =
        Objects.requireNonNull(Change.apply(more, ((Outcome.Changed) removal).changes()));
    assertThat(without)
        .isEqualTo(
            YamlText.parse(
                    """
                    metadata: {labels: {app: shop}, annotations: {team: x}}
                    spec:
                      containers:
                      - {name: new}
                      - {name: app, image: "shop:1", env: [{name: MINE}]}
                    """)
                .tree(0));
  }

  private static final List<String> VOLUMES =
      List.of("pannier-logs", "pannier-state", "pannier-podinfo");

  private static Object removed(Object pod) {
    return Objects.requireNonNull(Change.apply(pod, ((Outcome.Changed) Removal.of(pod)).changes()));
  }

  private static List<String> noticesOfRemoval(Object pod) {
    return ((Outcome.Changed) Removal.of(pod)).notices().stream().map(Problem::toString).toList();
  }

  @Test
  void whatWasInjectedAndIsNotFoundIsToldAndNoMountLosesItsVolume() {
    Object renamed =
        Objects.requireNonNull(
            Change.apply(
                injected(PLAIN, Map.of()),
                List.of(new Change.Add(List.of("spec", "containers", "0", "name"), "web"))));
    assertThat(noticesOfRemoval(renamed))
        .containsExactly(
            "spec.containers.app.env: does not have here any more what was injected: look for it"
                + " elsewhere (K8S_NAMESPACE_NAME, K8S_POD_NAME, K8S_POD_UID, K8S_NODE_NAME,"
                + " OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTE…)",
            "spec.containers.app.volumeMounts: does not have here any more what was injected: look"
                + " for it elsewhere (pannier-logs:/var/log/app)",
            "spec.volumes[0]: was injected, and stays: spec.containers[0].volumeMounts[0] mounts it"
                + " (pannier-logs)");
    assertThat(at(removed(renamed), "spec", "volumes"))
        .isEqualTo(List.of(Map.of("name", "pannier-logs", "emptyDir", Map.of())));
    assertThat(noticesOfRemoval(injected(PLAIN, Map.of()))).isEmpty();
  }

  /// A container that was added by hand and mounts the sidecar's volumes.
  private static Object withAnother(Object injected, String mounts) {
    Object another =
        Objects.requireNonNull(
            YamlText.parse("name: web\nvolumeMounts: [" + mounts + "]\n").tree(0));
    return Objects.requireNonNull(
        Change.apply(
            injected, List.of(new Change.Add(List.of("spec", "containers", "-"), another))));
  }

  private static Outcome again(Object pod, Map<Setting, String> more) {
    Map<Setting, String> defaults =
        new EnumMap<>(Map.of(Setting.INJECT, "true", Setting.IMAGE, "pannier:1"));
    defaults.putAll(more);
    return new Injection(defaults).of(removed(pod), SHOP, pod);
  }

  private static Object injectedAgain(Object pod) {
    return Objects.requireNonNull(
        Change.apply(removed(pod), ((Outcome.Changed) again(pod, Map.of())).changes()));
  }

  private static Object changed(Object pod, Change... changes) {
    return Objects.requireNonNull(Change.apply(pod, List.of(changes)));
  }

  private static Change.Add added(String path, Object value) {
    return new Change.Add(List.of(path.split("/")), value);
  }

  private static Change.Remove taken(String path) {
    return new Change.Remove(List.of(path.split("/")));
  }

  @Test
  void aVolumeThatSomebodyElseMountsStaysAndIsTheSidecarsAgain() {
    Object pod =
        withAnother(
            injected(PLAIN, Map.of()),
            "{name: pannier-logs, mountPath: /var/log/app/}, {name: pannier-state, mountPath: /x}");
    Object without = removed(pod);
    assertThat(find(without, "spec", "containers", "app", "volumeMounts")).isNull();
    assertThat(at(without, "spec", "volumes"))
        .asInstanceOf(LIST)
        .extracting(each -> find(each, "name"))
        .containsExactly("pannier-logs", "pannier-state");

    Object twice =
        Objects.requireNonNull(
            Change.apply(without, ((Outcome.Changed) again(pod, Map.of())).changes()));
    assertThat(((Outcome.Changed) again(pod, Map.of())).notices().toString())
        .doesNotContain("outlives")
        .doesNotContain("no volume");
    for (String container : List.of("app", "web")) {
      assertThat((List<?>) at(twice, "spec", "containers", container, "volumeMounts"))
          .filteredOn(mount -> "pannier-logs".equals(find(mount, "name")))
          .hasSize(1);
    }
    assertThat(at(twice, "spec", "volumes"))
        .asInstanceOf(LIST)
        .extracting(each -> find(each, "name"))
        .containsExactlyElementsOf(VOLUMES);
    assertThat(Trace.of(twice).names("spec", "volumes"))
        .containsExactlyInAnyOrderElementsOf(VOLUMES);
    Object thrice =
        Change.apply(removed(twice), ((Outcome.Changed) again(twice, Map.of())).changes());
    assertThat(thrice).isEqualTo(twice);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-"})
  void aSecondMountOfASidecarsVolumeStays(String where) {
    Map<String, Object> second = Map.of("name", "pannier-logs", "mountPath", "/with a blank");
    for (String dir : List.of("/var/log/app", "/my logs/100%")) {
      Object once = injected(PLAIN, Map.of(Setting.LOG_DIR, dir));
      Object pod = changed(once, added("spec/containers/0/volumeMounts/" + where, second));
      Object without = removed(pod);
      assertThat(at(without, "spec", "containers", "0", "volumeMounts")).isEqualTo(List.of(second));
      assertThat(at(without, "spec", "volumes", "pannier-logs")).isNotNull();
      assertThat(noticesOfRemoval(pod)).singleElement().asString().contains("mounts it");
      assertThat(at(injectedAgain(pod), "spec", "containers", "0", "volumeMounts"))
          .asInstanceOf(LIST)
          .hasSize(2);
    }
  }

  @Test
  void aMountOfAnotherVolumeInThePlaceOfTheSidecarsStays() {
    Object pod =
        changed(
            injected(PLAIN, Map.of()), added("spec/containers/0/volumeMounts/0/name", "own-logs"));
    assertThat(at(removed(pod), "spec", "containers", "0", "volumeMounts", "0", "name"))
        .isEqualTo("own-logs");
  }

  @Test
  void aMountThatAnEarlierVersionHasTracedIsTakenOut() {
    Object once = injected(PLAIN, Map.of());
    String trace = at(once, "metadata", "annotations", Trace.ANNOTATION).toString();
    assertThat(trace).contains("volumeMounts+[pannier-logs:/var/log/app]");
    assertThat(removed(once)).isEqualTo(YamlText.parse(PLAIN).tree(0));
    Map<String, Object> annotations =
        Map.of(Trace.ANNOTATION, trace.replace("pannier-logs:/var/log/app", "pannier-logs"));
    assertThat(removed(changed(once, added("metadata/annotations", annotations))))
        .isEqualTo(YamlText.parse(PLAIN).tree(0));
  }

  /// The kubelet takes the last of two.
  @ParameterizedTest
  @ValueSource(strings = {"0", "-"})
  void aSecondVariableThatSomebodyHasWrittenStays(String where) {
    for (String name :
        List.of("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_RESOURCE_ATTRIBUTES", "K8S_POD_NAME")) {
      Map<String, Object> own = Map.of("name", name, "value", "mine");
      Object pod = changed(injected(PLAIN, Map.of()), added("spec/containers/0/env/" + where, own));
      assertThat(at(removed(pod), "spec", "containers", "0", "env"))
          .as(name)
          .isEqualTo(List.of(own));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pannier-state", "pannier-podinfo"})
  void aVolumeThatStayedServesTheNextSidecarAndStaysAgain(String volume) {
    Object left =
        removed(withAnother(injected(PLAIN, Map.of()), "{name: " + volume + ", mountPath: /x}"));
    assertThat(at(left, "spec", "volumes")).asInstanceOf(LIST).hasSize(1);
    Outcome.Changed next =
        (Outcome.Changed)
            new Injection(Map.of(Setting.INJECT, "true", Setting.IMAGE, "pannier:1"))
                .of(left, SHOP);
    assertThat(next.notices())
        .extracting(Problem::toString)
        .contains(
            "spec.volumes[0]: is there, so the sidecar has it, too, and it stays (" + volume + ")");
    Object pod = Objects.requireNonNull(Change.apply(left, next.changes()));
    assertThat(at(pod, "spec", "volumes")).asInstanceOf(LIST).hasSize(3);
    assertThat(removed(pod)).isEqualTo(left);
  }

  /// Whoever adds something to a list that an injection has made, and takes it away after the next one, has no empty list in the end.
  @Test
  void whatAnInjectionHasMadeIsItsOwnAfterTheNextOneToo() {
    String volumeMounts = "{name: pannier-state, mountPath: /x}";
    Object pod =
        changed(
            withAnother(injected(PLAIN, Map.of()), volumeMounts),
            added("spec/initContainers/-", Map.of("name", "mine")),
            added("spec/containers/0/env/-", Map.of("name", "MINE")),
            added("metadata/annotations/team", "x"));
    Object again = injectedAgain(injectedAgain(pod));
    Object without =
        changed(
            again,
            taken("spec/containers/1"),
            taken("spec/initContainers/1"),
            taken("spec/containers/0/env/0"),
            taken("metadata/annotations/team"));
    assertThat(at(without, "spec", "containers", "0", "env", "0", "name"))
        .isEqualTo("K8S_NAMESPACE_NAME");
    assertThat(removed(without)).isEqualTo(YamlText.parse(PLAIN).tree(0));
  }

  @Test
  void aVolumeThatSomebodyElseMountsIsNotExchanged() {
    Object pod =
        withAnother(
            injected(PLAIN, Map.of(Setting.CONFIG, "one")),
            "{name: pannier-config, mountPath: /config}");
    assertThat(again(pod, Map.of(Setting.CONFIG, "one"))).isInstanceOf(Outcome.Changed.class);
    assertThat(((Outcome.Refused) again(pod, Map.of(Setting.CONFIG, "two"))).problems().toString())
        .contains("has a volume pannier-config that is not the sidecar's");
  }

  @Test
  void aTraceThatCannotBeReadIsToldAndNothingIsTakenOut() {
    Outcome outcome =
        Removal.of(YamlText.parse(pod("pannier.dev/injected: 'a[b c'", "", "")).tree(0));
    assertThat(((Outcome.Refused) outcome).problems().getFirst().toString())
        .startsWith("metadata.annotations.pannier.dev/injected: cannot be read");
  }

  @Test
  void everySettingIsKnownByItsKey() {
    List<String> keys = new ArrayList<>(Setting.keys());
    keys.replaceAll(key -> String.valueOf(Setting.of(key)));
    assertThat(keys).hasSize(Setting.values().length).doesNotContain("null");
  }
}
