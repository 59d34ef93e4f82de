package dev.pannier.inject.webhook;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;

/// What the API server asks: the request of an `AdmissionReview`, as far as it matters here.
///
/// @param uid         which the answer repeats
/// @param kind        group, version and kind of the object, as a reference has them: `v1 Pod`
/// @param subResource empty for the object itself
/// @param namespace   empty where there is none
/// @param object      as it would be stored
/// @param isTooLarge  whether there is more of it than is looked at, so that there is no object here
record Review(
    String uid,
    String kind,
    String operation,
    String subResource,
    String namespace,
    boolean isDryRun,
    @Nullable Object object,
    boolean isTooLarge) {
  static final String API_VERSION = "admission.k8s.io/v1";
  static final String KIND = "AdmissionReview";

  /// @throws MalformedReview where it is no JSON, or no review of this version
  static Review read(byte[] json) throws MalformedReview {
    try {
      try {
        return read(json, Json.FACTORY, false);
      } catch (StreamConstraintsException e) {
        // The Pod is admitted without having been looked at: a review of it is one all the same.
        return read(json, Json.SKIMMING, true);
      }
    } catch (JacksonException e) {
      throw new MalformedReview("no JSON: " + e.getOriginalMessage());
    }
  }

  private static Review read(byte[] json, JsonFactory factory, boolean isTooLarge)
      throws MalformedReview {
    String apiVersion = "";
    String kind = "";
    Review review = null;
    try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), json)) {
      expectObject(parser, "the body");
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        switch (name) {
          case "apiVersion" -> apiVersion = text(parser, name);
          case "kind" -> kind = text(parser, name);
          case "request" -> review = request(parser, isTooLarge);
          default -> parser.skipChildren();
        }
      }
      if (parser.nextToken() != null) {
        throw new MalformedReview("something follows the review");
      }
    }
    if (!apiVersion.equals(API_VERSION) || !kind.equals(KIND)) {
      throw new MalformedReview(
          "no " + API_VERSION + " " + KIND + " (" + apiVersion + " " + kind + ")");
    }
    if (review == null || review.uid.isEmpty()) {
      throw new MalformedReview(review == null ? "no request" : "request.uid: is missing");
    }
    return review;
  }

  private static Review request(JsonParser parser, boolean isTooLarge) throws MalformedReview {
    expectObject(parser, "request");
    String uid = "";
    String operation = "";
    String subResource = "";
    String namespace = "";
    boolean isDryRun = false;
    String kind = "";
    Object object = null;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      switch (name) {
        case "uid" -> uid = text(parser, "request.uid");
        case "operation" -> operation = text(parser, "request.operation");
        case "subResource" -> subResource = text(parser, "request.subResource");
        case "namespace" -> namespace = text(parser, "request.namespace");
        case "dryRun" -> {
          isDryRun = value == JsonToken.VALUE_TRUE;
          parser.skipChildren();
        }
        case "kind" -> kind = kind(parser);
        case "object" -> {
          object = isTooLarge ? null : Json.tree(parser);
          parser.skipChildren();
        }
        default -> parser.skipChildren();
      }
    }
    return new Review(uid, kind, operation, subResource, namespace, isDryRun, object, isTooLarge);
  }

  private static void expectObject(JsonParser parser, String what) throws MalformedReview {
    if ((parser.currentToken() == null ? parser.nextToken() : parser.currentToken())
        != JsonToken.START_OBJECT) {
      throw new MalformedReview(what + ": is no object");
    }
  }

  private static String text(JsonParser parser, String what) throws MalformedReview {
    return switch (parser.currentToken()) {
      case VALUE_STRING -> parser.getString();
      case VALUE_NULL -> "";
      default -> throw new MalformedReview(what + ": is no text");
    };
  }

  private static String kind(JsonParser parser) {
    String group = "";
    String version = "";
    String kind = "";
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      parser.skipChildren();
      return "";
    }
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      String value = parser.nextToken() == JsonToken.VALUE_STRING ? parser.getString() : "";
      switch (name) {
        case "group" -> group = value;
        case "version" -> version = value;
        case "kind" -> kind = value;
        default -> {}
      }
      parser.skipChildren();
    }
    return (group.isEmpty() ? "" : group + "/") + version + " " + kind;
  }

  boolean isNewPod() {
    return kind.equals("v1 Pod")
        && operation.equals("CREATE")
        && subResource.isEmpty()
        && (object != null || isTooLarge);
  }

  int containers() {
    return object instanceof Map<?, ?> pod
            && pod.get("spec") instanceof Map<?, ?> spec
            && spec.get("containers") instanceof List<?> containers
        ? containers.size()
        : 0;
  }

  /// As it is told: `shop/checkout-7d4b9-*`; a name that the cluster makes up is not there yet.
  String name() {
    String name = "";
    if (object instanceof Map<?, ?> pod && pod.get("metadata") instanceof Map<?, ?> metadata) {
      name =
          metadata.get("name") instanceof String own && !own.isEmpty()
              ? own
              : Objects.toString(metadata.get("generateName"), "") + "*";
    }
    return namespace + "/" + name;
  }
}
