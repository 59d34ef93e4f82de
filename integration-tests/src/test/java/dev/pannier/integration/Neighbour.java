package dev.pannier.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// A sidecar as an application has it beside it in a Pod: with its image's configuration, and with nothing set but variables. What
/// each Pod has for itself there, addresses and a folder for the state, several have to share here: those alone are said.
final class Neighbour {
  /// Far from UTC, and not by whole hours.
  static final String ZONE = "Asia/Kolkata";

  private Neighbour() {}

  /// One with the topics that a sidecar ships to where nobody says.
  static Kafka broker(Path folder) throws Exception {
    Kafka kafka = Kafka.start(folder, "auto.create.topics.enable=false");
    kafka.create(Arrived.LOGS);
    kafka.create(Arrived.SPANS);
    kafka.create("otlp_metrics");
    return kafka;
  }

  /// Not started yet. Its variables are those that `inject` would write, the application's time zone among them.
  static Sidecar of(Path folder, String service, Kafka kafka) throws IOException {
    Sidecar sidecar = of(folder);
    return sidecar.environment(
        Map.of(
            "PANNIER_LOG_DIR",
            sidecar.logs().toString(),
            "PANNIER_KAFKA_BOOTSTRAP_SERVERS",
            kafka.servers(),
            "OTEL_SERVICE_NAME",
            service,
            "TZ",
            ZONE));
  }

  /// Without any variable yet.
  static Sidecar of(Path folder) throws IOException {
    String image = Files.readString(Tree.root().resolve("deploy/image/pannier.yaml"));
    String addresses = "  otlp: {grpc: \"127.0.0.1:${GRPC}\", http: \"127.0.0.1:${HTTP}\"}\n";
    return new Sidecar(folder)
        .configure(
            image
                .replace("\nsources:\n", "\nsources:\n" + addresses)
                .replaceFirst("\nadmin: .*", ""));
  }

  /// What its application finds in its environment.
  static Map<String, String> environment(Sidecar sidecar, String service, Path file) {
    return new HashMap<>(
        Map.of(
            "LOG_FILE",
            file.toString(),
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://127.0.0.1:" + sidecar.grpcPort(),
            "OTEL_SERVICE_NAME",
            service,
            "TZ",
            ZONE));
  }
}
