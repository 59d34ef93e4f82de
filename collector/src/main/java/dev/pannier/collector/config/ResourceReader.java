package dev.pannier.collector.config;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads `resource`: what tailed records say about where they come from.
///
/// `service.name` is `service_name`, else `OTEL_SERVICE_NAME`, else that of
/// `OTEL_RESOURCE_ATTRIBUTES`, else `unknown_service` (OpenTelemetry's environment variable
/// specification and its resource SDK, "Specifying resource information via an environment
/// variable"). Of other attributes the file's outrank the variable's, and those what [PodInfo] reads
/// of the Pod.
final class ResourceReader {
  private static final String SERVICE_NAME = "service.name";
  private static final String UNKNOWN_SERVICE = "unknown_service";
  private static final String ATTRIBUTES_VARIABLE = "OTEL_RESOURCE_ATTRIBUTES";

  private enum Detector {
    ENV,
    KUBERNETES
  }

  private static final Map<String, Boolean> BOOLEANS =
      Names.choices(new Boolean[] {true, false}, value -> value.toString());

  private static final Map<String, Detector> DETECTORS =
      Names.choices(Detector.values(), detector -> detector.name().toLowerCase(Locale.ROOT));

  private ResourceReader() {}

  static Configuration.Resource read(
      Section section, Map<String, String> environment, Problems problems) {
    Set<Detector> detectors = detectors(section);
    Map<String, String> attributes = new LinkedHashMap<>();
    attributes.put(SERVICE_NAME, UNKNOWN_SERVICE);
    if (detectors.contains(Detector.KUBERNETES)) {
      attributes.putAll(PodInfo.read(environment, problems));
    }
    if (detectors.contains(Detector.ENV)) {
      attributes.putAll(fromVariable(environment, problems));
      String serviceName = environment.getOrDefault("OTEL_SERVICE_NAME", "");
      if (!serviceName.isEmpty()) {
        attributes.put(SERVICE_NAME, serviceName);
      }
    }
    Section own = section.section("attributes");
    attributes.putAll(own.texts(false));
    Value serviceName = section.value("service_name");
    if (serviceName != null) {
      String name = serviceName.text("");
      if (name.isEmpty()) {
        serviceName.problem("is empty");
      }
      attributes.put(SERVICE_NAME, name);
    }
    Value completes = section.value("complete_received");
    boolean complete = completes != null && completes.choice(BOOLEANS, false);
    section.finish();
    Map<String, String> received = new LinkedHashMap<>(complete ? attributes : Map.of());
    received.remove(SERVICE_NAME, UNKNOWN_SERVICE);
    return new Configuration.Resource(
        Collections.unmodifiableMap(attributes), Collections.unmodifiableMap(received));
  }

  private static Set<Detector> detectors(Section section) {
    Value detect = section.value("detect");
    if (detect == null) {
      return Set.of(Detector.ENV);
    }
    Set<Detector> found = EnumSet.noneOf(Detector.class);
    for (Value detector : detect.list()) {
      found.add(detector.choice(DETECTORS, Detector.ENV));
    }
    return found;
  }

  /// `key=value` pairs between commas, percent-encoded. By the specification one that cannot be
  /// read discards them all.
  private static Map<String, String> fromVariable(
      Map<String, String> environment, Problems problems) {
    String text = environment.getOrDefault(ATTRIBUTES_VARIABLE, "");
    Map<String, String> attributes = new LinkedHashMap<>();
    for (String pair : List.of(text.split(",", -1))) {
      if (pair.isBlank()) {
        continue;
      }
      int separator = pair.indexOf('=');
      String key = separator < 0 ? null : percentDecoded(pair.substring(0, separator).strip());
      String value = separator < 0 ? null : percentDecoded(pair.substring(separator + 1).strip());
      if (key == null || key.isEmpty() || value == null) {
        problems.warnOfEnvironment(
            ATTRIBUTES_VARIABLE,
            "ignored, since one pair is no key=value in percent-encoding ("
                + Problems.shown(pair)
                + ")");
        return Map.of();
      }
      attributes.put(key, value);
    }
    return attributes;
  }

  /// @return null where it is not percent-encoded UTF-8 (RFC 3986, section 2.1)
  static @Nullable String percentDecoded(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(encoded.length);
    for (int i = 0; i < encoded.length; i++) {
      if (encoded[i] != '%') {
        decoded.write(encoded[i]);
        continue;
      }
      int high = i + 2 < encoded.length ? Character.digit(encoded[i + 1], 16) : -1;
      int low = i + 2 < encoded.length ? Character.digit(encoded[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        return null;
      }
      decoded.write(high << 4 | low);
      i += 2;
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(decoded.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }
}
