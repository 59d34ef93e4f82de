package dev.pannier.inject.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.inject.pod.Injection;
import dev.pannier.inject.pod.Setting;
import dev.pannier.inject.yaml.YamlText;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdmissionTest {
  private static final Map<Setting, String> DEFAULTS =
      Map.of(Setting.INJECT, "true", Setting.IMAGE, "pannier:1", Setting.KAFKA, "k:1");

  private final List<String> messages = new ArrayList<>();

  private static @Nullable Object pod(String metadata, String spec) {
    return YamlText.parse(
            """
            apiVersion: v1
            kind: Pod
            metadata: {%s}
            spec: {%s}
            """
                .formatted(metadata, spec))
        .tree(0);
  }

  private static @Nullable Object pod(String metadata) {
    return pod(metadata, "containers: [{name: app, image: \"shop:1\"}]");
  }

  private Map<String, @Nullable Object> asked(
      Map<Setting, String> defaults, Map<String, @Nullable Object> review) throws Exception {
    Admission admission = new Admission(new Injection(defaults), messages::add);
    return Reviews.response(admission.of(Review.read(Reviews.bytes(review))).json());
  }

  private Map<String, @Nullable Object> asked(@Nullable Object pod) throws Exception {
    return asked(DEFAULTS, Reviews.review(pod));
  }

  private static List<?> warnings(Map<String, @Nullable Object> response) {
    return response.get("warnings") instanceof List<?> warnings ? warnings : List.of();
  }

  @Test
  void aPodGetsTheSidecar() throws Exception {
    Map<String, @Nullable Object> response = asked(pod("name: checkout"));
    Object spec = Reviews.map(Reviews.patched(pod("name: checkout"), response)).get("spec");
    List<?> init = (List<?>) Objects.requireNonNull(Reviews.map(spec).get("initContainers"));
    assertThat(Reviews.map(init.getFirst()).get("name")).isEqualTo("pannier");
    assertThat(Reviews.map(init.getFirst()).get("restartPolicy")).isEqualTo("Always");
    assertThat(warnings(response)).isEmpty();
    assertThat(messages).containsExactly("shop/checkout: injected");
  }

  @Test
  void aPodWhoseOwnResourcesDoNotHoldTheSidecarIsAdmittedAsItIs() throws Exception {
    Map<String, @Nullable Object> response =
        asked(
            pod(
                "name: checkout",
                "resources: {requests: {cpu: 100m}}, containers: [{name: app, image: a, resources:"
                    + " {requests: {cpu: 100m}}}]"));
    assertThat(response).doesNotContainKey("patch");
    assertThat(warnings(response).toString())
        .contains("no sidecar: spec.resources.requests.cpu: does not hold the sidecar's 50m");
  }

  @Test
  void aNameThatTheClusterMakesUpIsToldByItsBeginning() throws Exception {
    asked(pod("generateName: checkout-7d4b9-"));
    assertThat(messages).containsExactly("shop/checkout-7d4b9-*: injected");
  }

  @Test
  void aDryRunIsAnsweredAsARealOne() throws Exception {
    Map<String, @Nullable Object> review = Reviews.review(pod("name: checkout"));
    Map<String, @Nullable Object> real = asked(DEFAULTS, review);
    Reviews.map(review.get("request")).put("dryRun", true);
    assertThat(asked(DEFAULTS, review)).isEqualTo(real);
    assertThat(messages).last().isEqualTo("shop/checkout (dry run): injected");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "name: a, annotations: {pannier.dev/inject: \"false\"}",
        "name: a, labels: {pannier.dev/inject: \"false\"}",
        "name: a, labels: {pannier.dev/inject: \"true\"}, annotations: {pannier.dev/inject:"
            + " \"false\"}",
        "name: a, annotations: {pannier.dev/injected: \"by hand\"}"
      })
  void aPodThatSaysNoOrHasItStaysAsItIs(String metadata) throws Exception {
    Map<String, @Nullable Object> response = asked(pod(metadata));
    assertThat(response).doesNotContainKey("patch").doesNotContainKey("warnings");
    assertThat(messages).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"true,labels,true", "false,labels,false", "true,annotations,true"})
  void whereOnlyAnnotatedPodsGetItALabelCountsToo(String said, String where, boolean injected)
      throws Exception {
    Map<Setting, String> defaults = new EnumMap<>(DEFAULTS);
    defaults.put(Setting.INJECT, "false");
    Object pod = pod("name: a, " + where + ": {pannier.dev/inject: \"" + said + "\"}");
    assertThat(asked(defaults, Reviews.review(pod)).containsKey("patch")).isEqualTo(injected);
    assertThat(asked(defaults, Reviews.review(pod("name: a")))).doesNotContainKey("patch");
  }

  @Test
  void aPodThatCannotHaveItIsAdmittedWithAWarning() throws Exception {
    Map<String, @Nullable Object> response =
        asked(pod("name: a", "hostNetwork: true, containers: [{name: app, image: a}]"));
    assertThat(response).doesNotContainKey("patch");
    assertThat(warnings(response).toString())
        .startsWith("[pannier: no sidecar: spec.hostNetwork: the sidecar's ports would be");
    assertThat(messages.toString()).contains("shop/a: no sidecar: spec.hostNetwork");
  }

  @Test
  void aMistakeInAnAnnotationIsAWarning() throws Exception {
    Map<String, @Nullable Object> response =
        asked(pod("name: a, annotations: {pannier.dev/memory: lots, pannier.dev/colour: red}"));
    assertThat(response).doesNotContainKey("patch");
    assertThat(warnings(response))
        .hasSize(2)
        .anySatisfy(warning -> assertThat(warning.toString()).contains("memory").contains("(lots)"))
        .anySatisfy(warning -> assertThat(warning.toString()).contains("colour: unknown"));
  }

  @Test
  void whatThePodKeepsOfItsOwnIsAWarningBesideTheSidecar() throws Exception {
    Map<String, @Nullable Object> response =
        asked(
            pod(
                "name: a",
                "containers: [{name: app, image: a, env: [{name: OTEL_EXPORTER_OTLP_ENDPOINT,"
                    + " value: x}]}]"));
    assertThat(response).containsKey("patch");
    assertThat(warnings(response).toString()).contains("env[0]").contains("stays as it is");
  }

  @ParameterizedTest
  @CsvSource({
    "operation,UPDATE",
    "operation,DELETE",
    "subResource,ephemeralcontainers",
    "object,",
    "kind,"
  })
  void whatIsNoNewPodIsAdmittedWithAWarning(String key, @Nullable String value) throws Exception {
    Map<String, @Nullable Object> review = Reviews.review(pod("name: a"));
    Reviews.map(review.get("request")).put(key, value);
    Map<String, @Nullable Object> response = asked(DEFAULTS, review);
    assertThat(response).doesNotContainKey("patch");
    assertThat(warnings(response).toString()).contains("creation of Pods alone");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "{}", "\"pod\"", "{\"spec\":{\"containers\":7}}", "{\"spec\":[]}"})
  void whatIsNoPodInsideIsAdmittedWithAWarning(String object) throws Exception {
    Map<String, @Nullable Object> response =
        asked(DEFAULTS, Reviews.review(Reviews.tree(object.getBytes(UTF_8))));
    assertThat(response).doesNotContainKey("patch").containsKey("warnings");
  }

  @Test
  void warningsAreFewShortAndOnOneLine() throws Exception {
    StringBuilder annotations = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      annotations.append("pannier.dev/x").append(i).append(": \"a\\nb\",");
    }
    List<?> warnings = warnings(asked(pod("name: a, annotations: {" + annotations + "}")));
    assertThat(warnings).hasSize(16).last().isEqualTo("pannier: and 25 more");
    assertThat(warnings)
        .allSatisfy(
            warning -> assertThat(warning.toString()).hasSizeLessThan(256).doesNotContain("\n"));
    assertThat(messages).allSatisfy(message -> assertThat(message).doesNotContain("\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "[]",
        "7",
        "{\"kind\":\"AdmissionReview\"",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\"}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":[]}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{}}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{\"uid\":\"\"}}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{\"uid\":7}}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1beta1\",\"request\":{\"uid\":\"u\"}}",
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"request\":{\"uid\":\"u\"}}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{\"uid\":\"u\"}}"
            + " {}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{\"uid\":\"u\",\"uid\":\"v\"}}"
      })
  void whatIsNoReviewIsMalformed(String json) {
    assertThatThrownBy(() -> Review.read(json.getBytes(UTF_8)))
        .isInstanceOf(MalformedReview.class)
        .message()
        .isNotBlank();
  }

  @Test
  void containersAreBounded() throws Exception {
    for (int more : List.of(0, 1)) {
      List<Object> containers = new ArrayList<>();
      for (int i = 0; i < Admission.MAX_CONTAINERS + more; i++) {
        containers.add(Map.of("name", "app-" + i, "image", "a"));
      }
      Map<String, Object> pod =
          Map.of("metadata", Map.of("name", "a"), "spec", Map.of("containers", containers));
      Map<String, @Nullable Object> response = asked(pod);
      assertThat(response.containsKey("patch")).isEqualTo(more == 0);
      assertThat(warnings(response).toString().contains("no sidecar: spec.containers: has more"))
          .isEqualTo(more == 1);
    }
  }

  @Test
  void depthAndNumberOfValuesAreBounded() {
    String deep = "[".repeat(200) + "]".repeat(200);
    String many = "[" + "1,".repeat((int) Json.MAX_TOKENS) + "1]";
    for (String object : List.of(deep, many)) {
      assertThatThrownBy(
              () ->
                  Review.read(
                      ("{\"request\":{\"uid\":\"u\",\"object\":" + object + "}}").getBytes(UTF_8)))
          .isInstanceOf(MalformedReview.class);
    }
  }

  @Test
  void aPodWithTooManyValuesOrTooDeepIsAdmittedAsItIs() throws Exception {
    String deep = "[".repeat(200) + "]".repeat(200);
    String many = "[" + "\"a\",".repeat(60_000) + "\"a\"]";
    for (String command : List.of(deep, many)) {
      Map<String, @Nullable Object> review = Reviews.review(Map.of("command", "%"));
      String json = new String(Reviews.bytes(review), UTF_8).replace("\"%\"", command);
      Admission admission = new Admission(new Injection(DEFAULTS), messages::add);
      Verdict verdict = admission.of(Review.read(json.getBytes(UTF_8)));
      assertThat(verdict.result()).isEqualTo(Verdict.Result.REFUSED);
      Map<String, @Nullable Object> response = Reviews.response(verdict.json());
      assertThat(response).doesNotContainKey("patch");
      assertThat(warnings(response))
          .isEqualTo(
              List.of(
                  "pannier: no sidecar: has more than 50000 values, or is nested more than 100"
                      + " deep"));
      assertThat(messages).last().asString().startsWith("shop/: no sidecar: has more than");
      assertThatThrownBy(() -> Review.read((json + "}").getBytes(UTF_8)))
          .isInstanceOf(MalformedReview.class);
      String other = json.replace("CREATE", "UPDATE");
      assertThat(admission.of(Review.read(other.getBytes(UTF_8))).result())
          .isEqualTo(Verdict.Result.MISDIRECTED);
    }
  }

  /// Whatever an API server's encoder leaves as it is, or escapes.
  @Test
  void anyTextOfJsonIsRead() throws Exception {
    String odd = "del \u007f nel \u0085 emoji \ud83d\ude00 escaped \\u0000";
    byte[] json =
        """
        {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"CREATE",
        "kind":{"group":"","version":"v1","kind":"Pod"},
        "object":{"metadata":{"name":"a","annotations":{"note":"%s"}},"spec":{"containers":[{"name":"app"}]}}}}
        """
            .formatted(odd)
            .getBytes(UTF_8);
    Object note =
        Reviews.map(
                Reviews.map(Reviews.map(Review.read(json).object()).get("metadata"))
                    .get("annotations"))
            .get("note");
    assertThat(note).isEqualTo("del \u007f nel \u0085 emoji \ud83d\ude00 escaped \0");
  }
}
