package dev.pannier.inject.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.inject.pod.Injection;
import dev.pannier.inject.pod.Setting;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;

/// Asks as an API server does, and does to the Pod what the answer says.
public final class Reviews {
  static final String UID = "705ab4f5-6393-11e8-b7cc-42010a800002";

  private Reviews() {}

  /// As JSON.
  public static byte[] bytes(@Nullable Object tree) {
    ByteArrayOutputStream json = new ByteArrayOutputStream();
    try (JsonGenerator generator =
        Json.FACTORY.createGenerator(ObjectWriteContext.empty(), json, JsonEncoding.UTF8)) {
      Json.write(generator, tree);
    }
    return json.toByteArray();
  }

  static @Nullable Object tree(byte[] json) {
    try (JsonParser parser = Json.FACTORY.createParser(ObjectReadContext.empty(), json)) {
      parser.nextToken();
      Object tree = Json.tree(parser);
      assertThat(parser.nextToken()).isEqualTo((JsonToken) null);
      return tree;
    }
  }

  /// The values of a text, one after the other.
  public static List<Object> trees(String json) {
    List<Object> trees = new ArrayList<>();
    try (JsonParser parser = Json.FACTORY.createParser(ObjectReadContext.empty(), json)) {
      while (parser.nextToken() != null) {
        trees.add(Objects.requireNonNull(Json.tree(parser)));
      }
    }
    return trees;
  }

  /// A review with all that an API server sends.
  static Map<String, @Nullable Object> review(@Nullable Object pod) {
    Map<String, @Nullable Object> request = new LinkedHashMap<>();
    request.put("uid", UID);
    request.put("kind", Map.of("group", "", "version", "v1", "kind", "Pod"));
    request.put("resource", Map.of("group", "", "version", "v1", "resource", "pods"));
    request.put("requestKind", Map.of("group", "", "version", "v1", "kind", "Pod"));
    request.put("namespace", "shop");
    request.put("operation", "CREATE");
    request.put("userInfo", Map.of("username", "admin", "groups", List.of("system:masters")));
    request.put("object", pod);
    request.put("oldObject", null);
    request.put("dryRun", false);
    request.put("options", Map.of("apiVersion", "meta.k8s.io/v1", "kind", "CreateOptions"));
    Map<String, @Nullable Object> review = new LinkedHashMap<>();
    review.put("kind", "AdmissionReview");
    review.put("apiVersion", "admission.k8s.io/v1");
    review.put("request", request);
    return review;
  }

  /// The bytes of a review.
  public static byte[] ofPod(@Nullable Object pod) {
    return bytes(review(pod));
  }

  @SuppressWarnings("unchecked") // made above, or read from JSON
  static Map<String, @Nullable Object> map(@Nullable Object tree) {
    return (Map<String, @Nullable Object>) Objects.requireNonNull(tree);
  }

  static Map<String, @Nullable Object> response(byte[] answer) {
    Map<String, @Nullable Object> review = map(tree(answer));
    assertThat(review.get("apiVersion")).isEqualTo("admission.k8s.io/v1");
    assertThat(review.get("kind")).isEqualTo("AdmissionReview");
    Map<String, @Nullable Object> response = map(review.get("response"));
    assertThat(response.get("uid")).isEqualTo(UID);
    assertThat(response.get("allowed")).isEqualTo(true);
    assertThat(response.containsKey("patch")).isEqualTo(response.containsKey("patchType"));
    return response;
  }

  /// The Pod as the API server has it after the answer.
  public static @Nullable Object answered(Map<Setting, String> defaults, @Nullable Object pod)
      throws Exception {
    Admission admission = new Admission(new Injection(defaults), any -> {});
    byte[] answer = admission.of(Review.read(bytes(review(pod)))).json();
    return patched(pod, response(answer));
  }

  static @Nullable Object patched(@Nullable Object pod, Map<String, @Nullable Object> response) {
    Object patched = tree(bytes(pod));
    if (!(response.get("patch") instanceof String patch)) {
      return patched;
    }
    assertThat(response.get("patchType")).isEqualTo("JSONPatch");
    for (Object operation :
        (List<?>) Objects.requireNonNull(tree(Base64.getDecoder().decode(patch)))) {
      apply(patched, map(operation));
    }
    return patched;
  }

  /// One operation, as RFC 6902 has it.
  @SuppressWarnings("unchecked") // a tree of ours
  private static void apply(@Nullable Object tree, Map<String, @Nullable Object> operation) {
    assertThat(operation.get("op")).isEqualTo("add");
    assertThat(operation).containsKey("value");
    List<String> path = new ArrayList<>();
    for (String step : Objects.toString(operation.get("path")).substring(1).split("/", -1)) {
      path.add(step.replace("~1", "/").replace("~0", "~"));
    }
    Object parent = tree;
    for (String step : path.subList(0, path.size() - 1)) {
      parent =
          parent instanceof List<?> list ? list.get(Integer.parseInt(step)) : map(parent).get(step);
    }
    if (parent instanceof List<?>) {
      List<@Nullable Object> list = (List<@Nullable Object>) parent;
      String last = path.getLast();
      list.add(last.equals("-") ? list.size() : Integer.parseInt(last), operation.get("value"));
    } else {
      map(parent).put(path.getLast(), operation.get("value"));
    }
  }
}
