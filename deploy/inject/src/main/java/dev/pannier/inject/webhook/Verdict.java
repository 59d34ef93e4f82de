package dev.pannier.inject.webhook;

import dev.pannier.inject.pod.Change;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;

/// The answer to a review. It always allows: a Pod without its sidecar is better than none.
///
/// @param result   what became of the Pod
/// @param changes  none: the Pod stays as it is
/// @param warnings which whoever makes the Pod sees
record Verdict(String uid, Result result, List<Change> changes, List<String> warnings) {
  enum Result {
    INJECTED,
    /// It has the sidecar, or wants none.
    SKIPPED,
    /// It wants one, and something stands in the way.
    REFUSED,
    /// By a mistake of Pannier's own.
    FAILED,
    /// It is no new Pod.
    MISDIRECTED;

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// Of an API server, which would cut others off, and drop all above 4,096 characters.
  private static final int MAX_WARNINGS = 15;

  private static final int MAX_WARNING = 250;

  Verdict {
    changes = List.copyOf(changes);
    List<String> shown = new ArrayList<>();
    warnings.stream().limit(MAX_WARNINGS).forEach(warning -> shown.add(warning(warning)));
    if (warnings.size() > MAX_WARNINGS) {
      shown.add(warning("and " + (warnings.size() - MAX_WARNINGS) + " more"));
    }
    warnings = List.copyOf(shown);
  }

  private static String warning(String text) {
    String line = "pannier: " + text.replaceAll("\\p{Cntrl}", "?");
    return line.length() > MAX_WARNING ? line.substring(0, MAX_WARNING) + "…" : line;
  }

  /// The `AdmissionReview` to send.
  byte[] json() {
    ByteArrayOutputStream json = new ByteArrayOutputStream();
    try (JsonGenerator generator =
        Json.FACTORY.createGenerator(ObjectWriteContext.empty(), json, JsonEncoding.UTF8)) {
      generator.writeStartObject();
      generator.writeStringProperty("apiVersion", Review.API_VERSION);
      generator.writeStringProperty("kind", Review.KIND);
      generator.writeObjectPropertyStart("response");
      generator.writeStringProperty("uid", uid);
      generator.writeBooleanProperty("allowed", true);
      if (!changes.isEmpty()) {
        generator.writeStringProperty("patchType", "JSONPatch");
        generator.writeStringProperty("patch", Base64.getEncoder().encodeToString(patch()));
      }
      if (!warnings.isEmpty()) {
        generator.writeArrayPropertyStart("warnings");
        warnings.forEach(generator::writeString);
        generator.writeEndArray();
      }
      generator.writeEndObject();
      generator.writeEndObject();
    }
    return json.toByteArray();
  }

  private byte[] patch() {
    ByteArrayOutputStream patch = new ByteArrayOutputStream();
    try (JsonGenerator generator =
        Json.FACTORY.createGenerator(ObjectWriteContext.empty(), patch, JsonEncoding.UTF8)) {
      generator.writeStartArray();
      for (Change change : changes) {
        generator.writeStartObject();
        switch (change) {
          case Change.Add add -> {
            generator.writeStringProperty("op", "add");
            generator.writeStringProperty("path", add.pointer());
            generator.writeName("value");
            Json.write(generator, add.value());
          }
          case Change.Remove remove -> {
            generator.writeStringProperty("op", "remove");
            generator.writeStringProperty("path", remove.pointer());
          }
        }
        generator.writeEndObject();
      }
      generator.writeEndArray();
    }
    return patch.toByteArray();
  }
}
