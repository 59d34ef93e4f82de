package dev.pannier.integration;

import static org.awaitility.Awaitility.await;

import dev.pannier.demo.Ports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `exactly_once` needs of a broker with access rules: each right that is missing is named in one
/// line, and the sidecar goes on as soon as it is there.
class ExactlyOnceRightsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule";

  @TempDir private Path folder;

  private static void allow(
      Kafka kafka, ResourceType type, PatternType pattern, String name, AclOperation... operations)
      throws Exception {
    List<AclBinding> rules =
        Stream.of(operations)
            .map(
                operation ->
                    new AclBinding(
                        new ResourcePattern(type, name, pattern),
                        new AccessControlEntry(
                            "User:alice", "*", operation, AclPermissionType.ALLOW)))
            .toList();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.servers()))) {
      admin.createAcls(rules).all().get(20, TimeUnit.SECONDS);
    }
  }

  private static void awaitReason(Sidecar sidecar, String... words) {
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              String page = sidecar.body("/readyz");
              return Stream.of(words).allMatch(page::contains);
            });
  }

  @Test
  void eachMissingRightIsNamedAndTheSidecarGoesOnWithIt() throws Exception {
    int port = Ports.free(1).getFirst();
    try (Kafka kafka =
        Kafka.start(
            Files.createDirectories(folder.resolve("broker")),
            "auto.create.topics.enable=false",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:ANONYMOUS",
            "listeners=PLAINTEXT://127.0.0.1:${PORT},CONTROLLER://127.0.0.1:${CONTROLLER},"
                + "LOGIN://127.0.0.1:"
                + port,
            "advertised.listeners=PLAINTEXT://127.0.0.1:${PORT},LOGIN://127.0.0.1:" + port,
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
                + "LOGIN:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms=PLAIN",
            "listener.name.login.plain.sasl.jaas.config="
                + LOGIN
                + " required user_alice=\"secret\";")) {
      String topic = kafka.topic("rights");
      allow(
          kafka,
          ResourceType.TOPIC,
          PatternType.LITERAL,
          topic,
          AclOperation.WRITE,
          AclOperation.DESCRIBE);
      try (Sidecar sidecar = new Sidecar(folder)) {
        sidecar.configure(
            Sidecar.files("parser: raw")
                + """
                shippers:
                  events:
                    type: kafka
                    bootstrap_servers: "127.0.0.1:%d"
                    topics: {logs: %s}
                    signals: [logs]
                    delivery: exactly_once
                    transactional_id_prefix: shop-
                    properties:
                      security.protocol: SASL_PLAINTEXT
                      sasl.mechanism: PLAIN
                      sasl.jaas.config: '%s required username="alice" password="secret";'
                """
                    .formatted(port, topic, LOGIN));
        sidecar.launch(Map.of());
        sidecar.awaitAlive();
        awaitReason(sidecar, "allow WRITE and DESCRIBE on transactional ids that begin with");
        allow(
            kafka,
            ResourceType.TRANSACTIONAL_ID,
            PatternType.PREFIXED,
            "shop-",
            AclOperation.WRITE,
            AclOperation.DESCRIBE);
        awaitReason(sidecar, "allow READ, WRITE and DESCRIBE on the topic", "pannier_positions");
        allow(
            kafka,
            ResourceType.TOPIC,
            PatternType.LITERAL,
            "pannier_positions",
            AclOperation.READ,
            AclOperation.WRITE,
            AclOperation.DESCRIBE);
        awaitReason(sidecar, "has no topic pannier_positions for positions", "allow CREATE on it");
        allow(
            kafka,
            ResourceType.TOPIC,
            PatternType.LITERAL,
            "pannier_positions",
            AclOperation.CREATE);
        await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
        Files.writeString(sidecar.log("app.log"), "allowed\n");
        try (Topic read = new Topic(kafka.servers(), topic)) {
          read.await(all -> all.bodies().contains("allowed"));
        }
      }
    }
  }
}
