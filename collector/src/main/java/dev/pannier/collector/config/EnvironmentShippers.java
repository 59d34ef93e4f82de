package dev.pannier.collector.config;

import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Compression;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.ShipperSettings.Protocol;
import dev.pannier.shippers.ShipperSettings.Tls;
import dev.pannier.shippers.batch.Signal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The shippers that the environment asks for, where the file names none:
/// `PANNIER_KAFKA_BOOTSTRAP_SERVERS` and OpenTelemetry's `OTEL_EXPORTER_OTLP_…` (its protocol
/// exporter specification, "Configuration options"); with neither, standard output.
final class EnvironmentShippers {
  private static final String KAFKA = "PANNIER_KAFKA_BOOTSTRAP_SERVERS";
  private static final String PREFIX = "OTEL_EXPORTER_OTLP_";

  private final Map<String, String> environment;
  private final Problems problems;

  EnvironmentShippers(Map<String, String> environment, Problems problems) {
    this.environment = environment;
    this.problems = problems;
  }

  List<ShipperSettings> read(LoopGuard loops) {
    List<ShipperSettings> shippers = new ArrayList<>();
    String servers = variable(KAFKA);
    if (!servers.isEmpty()) {
      shippers.add(kafka(servers));
    }
    String endpoint = variable(PREFIX + "ENDPOINT");
    if (!endpoint.isEmpty()) {
      ShipperSettings otlp = otlp(endpoint, loops);
      if (otlp != null) {
        shippers.add(otlp);
      }
    }
    if (shippers.isEmpty()) {
      shippers.add(
          new ShipperSettings.Stdout("stdout", Encoding.OTLP_JSON, FieldNames.LOGSTASH, all()));
    }
    return List.copyOf(shippers);
  }

  private static Set<Signal> all() {
    return Collections.unmodifiableSet(EnumSet.allOf(Signal.class));
  }

  private String variable(String name) {
    return environment.getOrDefault(name, "").strip();
  }

  private void problem(String variable, String what, String value) {
    problems.inEnvironment(variable, what + " (" + Problems.shown(value) + ")");
  }

  private ShipperSettings kafka(String servers) {
    for (String server : servers.split(",", -1)) {
      if (AddressReader.parse(server.strip()) == null) {
        problem(KAFKA, "no address: host:port, or several between commas", server);
      }
    }
    return new ShipperSettings.Kafka(
        "kafka",
        Collections.unmodifiableMap(KafkaReader.defaultTopics()),
        Collections.unmodifiableMap(KafkaReader.defaultEncodings()),
        FieldNames.LOGSTASH,
        "source",
        Map.of(KafkaReader.BOOTSTRAP_SERVERS, servers));
  }

  private @Nullable ShipperSettings otlp(String text, LoopGuard loops) {
    String variable = PREFIX + "ENDPOINT";
    String shown = text.contains("@") ? Secrets.MASK : text;
    URI endpoint = OtlpShipperReader.endpoint(text, what -> problem(variable, what, shown));
    if (endpoint == null) {
      return null;
    }
    if (loops.isOurselves(endpoint)) {
      problem(
          variable,
          OtlpShipperReader.LOOP
              + "; this variable is the application's: give the sidecar another, or name shippers",
          text);
    }
    return new ShipperSettings.Otlp(
        "otlp",
        endpoint,
        word(
            "PROTOCOL",
            OtlpShipperReader.PROTOCOLS,
            endpoint.getPort() == 4317 ? Protocol.GRPC : Protocol.HTTP_PROTOBUF),
        word("COMPRESSION", OtlpShipperReader.COMPRESSIONS, Compression.NONE),
        headers(),
        tls(endpoint),
        timeout(),
        all());
  }

  private <T> T word(String name, Map<String, T> choices, T fallback) {
    String text = variable(PREFIX + name);
    if (text.isEmpty()) {
      return fallback;
    }
    T choice = choices.get(text);
    if (choice == null) {
      problem(PREFIX + name, "unknown value" + Suggestion.among(choices.keySet(), text), text);
      return fallback;
    }
    return choice;
  }

  /// `key=value` pairs between commas, percent-encoded as in W3C Baggage.
  private Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>();
    for (String pair : variable(PREFIX + "HEADERS").split(",", -1)) {
      if (pair.isBlank()) {
        continue;
      }
      int separator = pair.indexOf('=');
      String name =
          separator < 0 ? "" : ResourceReader.percentDecoded(pair.substring(0, separator).strip());
      String value =
          separator < 0
              ? null
              : ResourceReader.percentDecoded(pair.substring(separator + 1).strip());
      if (name == null || value == null || !OtlpShipperReader.isHeader(name, value)) {
        problem(PREFIX + "HEADERS", "not name=value pairs between commas", Secrets.MASK);
        return Map.of();
      }
      headers.put(name, value);
    }
    return Collections.unmodifiableMap(headers);
  }

  private @Nullable Tls tls(URI endpoint) {
    Path ca = path("CERTIFICATE");
    Path cert = path("CLIENT_CERTIFICATE");
    Path key = path("CLIENT_KEY");
    if ((cert == null) != (key == null)) {
      problems.inEnvironment(
          PREFIX + "CLIENT_CERTIFICATE", "goes together with " + PREFIX + "CLIENT_KEY");
    }
    // An application's certificates may be set beside an endpoint without TLS: nothing to check.
    boolean plain = "http".equals(endpoint.getScheme());
    return plain || (ca == null && cert == null && key == null) ? null : new Tls(ca, cert, key);
  }

  private @Nullable Path path(String name) {
    String text = variable(PREFIX + name);
    return text.isEmpty() ? null : Path.of(text);
  }

  /// In milliseconds.
  private Duration timeout() {
    String text = variable(PREFIX + "TIMEOUT");
    if (text.isEmpty()) {
      return OtlpShipperReader.TIMEOUT;
    }
    if (!text.matches("[1-9]\\d{0,6}")) {
      problem(PREFIX + "TIMEOUT", "no whole number of milliseconds", text);
      return OtlpShipperReader.TIMEOUT;
    }
    return Duration.ofMillis(Integer.parseInt(text));
  }
}
