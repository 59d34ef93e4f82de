package dev.pannier.collector.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What Kubernetes' Downward API says about the Pod, without a question to the API server: variables, and the files `labels` and
/// `annotations` of a volume.
///
/// ```
/// labels, annotations   a line each: KEY="VALUE", the value quoted as Go's strconv.Quote does
/// ```
///
/// A label is `k8s.pod.label.KEY`. Of annotations only `resource.opentelemetry.io/KEY` counts, as `KEY`: that is what those are
/// for (OpenTelemetry's operator, "Configure resource attributes"), and all others are notes of tools, up to 256 KiB.
final class PodInfo {
  private static final Map<String, String> VARIABLES =
      Map.of(
          "K8S_NAMESPACE_NAME", "k8s.namespace.name",
          "K8S_POD_NAME", "k8s.pod.name",
          "K8S_POD_UID", "k8s.pod.uid",
          "K8S_NODE_NAME", "k8s.node.name");

  private static final String FOLDER_VARIABLE = "PANNIER_PODINFO";
  private static final String FOLDER = "/etc/podinfo";
  private static final String OWN = "pannier.dev/";
  private static final String RESOURCE = "resource.opentelemetry.io/";

  /// Kubernetes allows 256 KiB, before they are quoted.
  private static final int MAX_BYTES = 1 << 20;

  private PodInfo() {}

  /// @return attributes of the resource
  static Map<String, String> read(Map<String, String> environment, Problems problems) {
    Map<String, String> attributes = new LinkedHashMap<>();
    Path folder = Path.of(environment.getOrDefault(FOLDER_VARIABLE, FOLDER));
    lines(folder.resolve("labels"), problems)
        .forEach(
            (key, value) -> {
              if (!key.startsWith(OWN)) {
                attributes.put("k8s.pod.label." + key, value);
              }
            });
    lines(folder.resolve("annotations"), problems)
        .forEach(
            (key, value) -> {
              if (key.startsWith(RESOURCE)
                  && key.length() > RESOURCE.length()
                  && !value.isEmpty()) {
                attributes.put(key.substring(RESOURCE.length()), value);
              }
            });
    // Last: what a Pod is, nobody says who may only annotate it.
    VARIABLES.forEach(
        (variable, name) -> {
          String value = environment.getOrDefault(variable, "");
          if (!value.isEmpty()) {
            attributes.put(name, value);
          }
        });
    return attributes;
  }

  private static Map<String, String> lines(Path file, Problems problems) {
    Map<String, String> pairs = new LinkedHashMap<>();
    String text;
    try (InputStream in = Files.newInputStream(file)) {
      text = new String(in.readNBytes(MAX_BYTES), UTF_8);
    } catch (NoSuchFileException _) {
      return pairs;
    } catch (IOException e) {
      problems.warnOfEnvironment(file.toString(), "ignored, since it cannot be read: " + e);
      return pairs;
    }
    for (String line : text.split("\n", -1)) {
      int separator = line.indexOf('=');
      String value = separator <= 0 ? null : unquoted(line.substring(separator + 1));
      if (value != null) {
        pairs.put(line.substring(0, separator), value);
      } else if (!line.isBlank()) {
        problems.warnOfEnvironment(
            file.toString(), "a line is no KEY=\"VALUE\" (" + Problems.shown(line) + ")");
      }
    }
    return pairs;
  }

  /// @return null where it is not quoted as Go does it
  private static @Nullable String unquoted(String text) {
    int last = text.length() - 1;
    if (last < 1 || text.charAt(0) != '"' || text.charAt(last) != '"') {
      return null;
    }
    StringBuilder plain = new StringBuilder(last);
    int at = 1;
    while (at < last) {
      char c = text.charAt(at++);
      if (c != '\\') {
        plain.append(c);
        continue;
      }
      char escape = text.charAt(at++);
      int digits =
          switch (escape) {
            case 'x' -> 2;
            case 'u' -> 4;
            case 'U' -> 8;
            default -> 0;
          };
      int code =
          digits == 0 ? "abfnrtv\\\"".indexOf(escape) : hexadecimal(text, at, at + digits, last);
      at += digits;
      if (code < 0 || at > last) {
        return null;
      }
      plain.appendCodePoint(digits == 0 ? "\u0007\b\f\n\r\t\u000B\\\"".charAt(code) : code);
    }
    return plain.toString();
  }

  /// @return -1 where it is no code point in hexadecimal digits before `limit`
  private static int hexadecimal(String text, int start, int end, int limit) {
    if (end > limit) {
      return -1;
    }
    long code = 0;
    for (int i = start; i < end; i++) {
      int digit = Character.digit(text.charAt(i), 16);
      if (digit < 0) {
        return -1;
      }
      code = code << 4 | digit;
    }
    return code <= Character.MAX_CODE_POINT ? (int) code : -1;
  }
}
