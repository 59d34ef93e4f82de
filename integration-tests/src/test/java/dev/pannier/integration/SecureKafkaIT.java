package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pannier.demo.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A broker that wants TLS and a login: what works, and what the sidecar says where it does not.
class SecureKafkaIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String PLAIN_SECRET = "pl41n-s3cret";
  private static final String SCRAM_SECRET = "scr4m-s3cret";
  private static final String PLAIN_LOGIN =
      "org.apache.kafka.common.security.plain.PlainLoginModule";
  private static final String SCRAM_LOGIN =
      "org.apache.kafka.common.security.scram.ScramLoginModule";

  @TempDir private static Path shared;
  private static Certificates certificates;
  private static Kafka kafka;
  private static int saslPort;
  private static int mutualPort;
  private static int expiredPort;

  @TempDir private Path folder;
  private String topic = "";

  @BeforeAll
  static void start() throws Exception {
    certificates =
        new Certificates(shared.resolve("certificates"))
            .add("broker")
            .add("client")
            .add("expired", "-startdate", "-3d", "-validity", "1");
    List<Integer> ports = Ports.free(3);
    saslPort = ports.get(0);
    mutualPort = ports.get(1);
    expiredPort = ports.get(2);
    String secure =
        "LOGIN://127.0.0.1:%d,MUTUAL://127.0.0.1:%d,EXPIRED://127.0.0.1:%d"
            .formatted(saslPort, mutualPort, expiredPort);
    kafka =
        Kafka.start(
            Files.createDirectories(shared.resolve("kafka")),
            "auto.create.topics.enable=false",
            "listeners=PLAINTEXT://127.0.0.1:${PORT},CONTROLLER://127.0.0.1:${CONTROLLER},"
                + secure,
            "advertised.listeners=PLAINTEXT://127.0.0.1:${PORT}," + secure,
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
                + "LOGIN:SASL_SSL,MUTUAL:SSL,EXPIRED:SSL",
            "ssl.keystore.type=PKCS12",
            "ssl.keystore.location=" + certificates.file("broker.p12"),
            "ssl.keystore.password=" + Certificates.PASSWORD,
            "ssl.key.password=" + Certificates.PASSWORD,
            "listener.name.mutual.ssl.client.auth=required",
            "listener.name.mutual.ssl.truststore.type=PEM",
            "listener.name.mutual.ssl.truststore.location=" + certificates.file("ca.crt"),
            "listener.name.expired.ssl.keystore.type=PKCS12",
            "listener.name.expired.ssl.keystore.location=" + certificates.file("expired.p12"),
            "listener.name.expired.ssl.keystore.password=" + Certificates.PASSWORD,
            "listener.name.expired.ssl.key.password=" + Certificates.PASSWORD,
            "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512",
            "listener.name.login.plain.sasl.jaas.config="
                + PLAIN_LOGIN
                + " required user_alice=\""
                + PLAIN_SECRET
                + "\";",
            "listener.name.login.scram-sha-512.sasl.jaas.config=" + SCRAM_LOGIN + " required;");
    scramPassword(SCRAM_SECRET);
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  @BeforeEach
  void topic() throws Exception {
    topic = kafka.topic("secure");
  }

  private static void scramPassword(String password) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.servers()))) {
      admin
          .alterUserScramCredentials(
              List.of(
                  new UserScramCredentialUpsertion(
                      "bob",
                      new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096),
                      password)))
          .all()
          .get(20, TimeUnit.SECONDS);
    }
  }

  private void configure(Sidecar sidecar, int port, Map<String, String> properties)
      throws IOException {
    StringBuilder text =
        new StringBuilder(Sidecar.files("parser: raw"))
            .append("shippers:\n  events:\n    type: kafka\n")
            .append("    bootstrap_servers: \"127.0.0.1:" + port + "\"\n")
            .append("    topics: {logs: " + topic + "}\n    signals: [logs]\n    properties:\n")
            .append("      max.block.ms: \"3000\"\n");
    properties.forEach((name, value) -> text.append("      " + name + ": '" + value + "'\n"));
    sidecar.configure(text.toString());
    Files.writeString(sidecar.log("app.log"), "kept safe\n");
  }

  private static Map<String, String> login(
      String mechanism, String module, String user, String password) {
    return Map.of(
        "security.protocol",
        "SASL_SSL",
        "sasl.mechanism",
        mechanism,
        "sasl.jaas.config",
        module + " required username=\"" + user + "\" password=\"" + password + "\";",
        "ssl.truststore.type",
        "PEM",
        "ssl.truststore.location",
        certificates.file("ca.crt").toString());
  }

  private void assertArrives() {
    try (Topic read = new Topic(kafka.servers(), topic)) {
      read.await(all -> !all.logs().isEmpty());
      assertThat(read.bodies()).containsExactly("kept safe");
    }
  }

  /// One line in /readyz that says all of this; the process is alive.
  private static void assertSays(Sidecar sidecar, String... parts) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(sidecar.status("/readyz")).isEqualTo(503);
              assertThat(sidecar.body("/readyz").lines())
                  .anySatisfy(line -> assertThat(line).contains(parts));
            });
    assertThat(sidecar.status("/livez")).isEqualTo(200);
  }

  private static void assertNoSecret(Sidecar sidecar, String... secrets) throws IOException {
    for (String secret : secrets) {
      assertThat(sidecar.errors()).doesNotContain(secret);
      assertThat(sidecar.output()).doesNotContain(secret);
      for (String page : List.of("/status", "/metrics", "/readyz")) {
        assertThat(sidecar.body(page)).as(page).doesNotContain(secret);
      }
    }
  }

  @Test
  void plainOverTls() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder)) {
      configure(sidecar, saslPort, login("PLAIN", PLAIN_LOGIN, "alice", PLAIN_SECRET));
      sidecar.start();
      assertArrives();
      assertNoSecret(sidecar, PLAIN_SECRET);
    }
  }

  @Test
  void scramOverTls() throws Exception {
    scramPassword(SCRAM_SECRET);
    try (Sidecar sidecar = new Sidecar(folder)) {
      configure(sidecar, saslPort, login("SCRAM-SHA-512", SCRAM_LOGIN, "bob", SCRAM_SECRET));
      sidecar.start();
      assertArrives();
      assertNoSecret(sidecar, SCRAM_SECRET);
    }
  }

  @Test
  void certificatesOfBothSides() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder)) {
      configure(
          sidecar,
          mutualPort,
          Map.of(
              "security.protocol",
              "SSL",
              "ssl.truststore.type",
              "PEM",
              "ssl.truststore.location",
              certificates.file("ca.crt").toString(),
              "ssl.keystore.type",
              "PKCS12",
              "ssl.keystore.location",
              certificates.file("client.p12").toString(),
              "ssl.keystore.password",
              Certificates.PASSWORD));
      sidecar.start();
      assertArrives();
      assertNoSecret(sidecar, Certificates.PASSWORD);
    }
  }

  @Test
  void aRefusedLoginIsNamedAndHealsWhenItIsMended() throws Exception {
    String later = "l4ter-s3cret";
    try (Sidecar sidecar = new Sidecar(folder)) {
      configure(sidecar, saslPort, login("SCRAM-SHA-512", SCRAM_LOGIN, "bob", later));
      sidecar.launch(Map.of());
      assertSays(
          sidecar,
          "127.0.0.1:" + saslPort,
          "refused the login (SCRAM-SHA-512)",
          "sasl.jaas.config");
      assertThat(sidecar.statusPage().at("/shippers/0/last_error").asString())
          .contains("refused the login");
      assertNoSecret(sidecar, later);
      scramPassword(later);
      assertArrives();
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
      assertNoSecret(sidecar, later);
    }
  }

  @Test
  void aBrokerThatIsNotTrustedIsNamedAndHealsWhenTheFileIsMended() throws Exception {
    Path trusted = folder.resolve("trusted.crt");
    Files.copy(certificates.file("client.crt"), trusted);
    try (Sidecar sidecar = new Sidecar(folder)) {
      configure(
          sidecar,
          mutualPort,
          Map.of(
              "security.protocol",
              "SSL",
              "ssl.truststore.type",
              "PEM",
              "ssl.truststore.location",
              trusted.toString(),
              "ssl.keystore.type",
              "PKCS12",
              "ssl.keystore.location",
              certificates.file("client.p12").toString(),
              "ssl.keystore.password",
              Certificates.PASSWORD));
      sidecar.launch(Map.of());
      assertSays(
          sidecar, "TLS with 127.0.0.1:" + mutualPort, "ssl.truststore", "unable to find valid");
      Files.copy(certificates.file("ca.crt"), trusted, StandardCopyOption.REPLACE_EXISTING);
      assertArrives();
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
      assertNoSecret(sidecar, Certificates.PASSWORD);
    }
  }

  @Test
  void anExpiredCertificateIsNamed() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder)) {
      configure(
          sidecar,
          expiredPort,
          Map.of(
              "security.protocol",
              "SSL",
              "ssl.truststore.type",
              "PEM",
              "ssl.truststore.location",
              certificates.file("ca.crt").toString()));
      sidecar.launch(Map.of());
      assertSays(sidecar, "TLS with 127.0.0.1:" + expiredPort, "CertificateExpired", "NotAfter");
    }
  }

  @Test
  void aTrustStoreThatIsNoneIsNamed() throws Exception {
    Path broken = Files.writeString(folder.resolve("broken.crt"), "no certificate\n");
    try (Sidecar sidecar = new Sidecar(folder)) {
      configure(
          sidecar,
          mutualPort,
          Map.of(
              "security.protocol",
              "SSL",
              "ssl.truststore.type",
              "PEM",
              "ssl.truststore.location",
              broken.toString()));
      sidecar.launch(Map.of());
      assertSays(sidecar, "127.0.0.1:" + mutualPort, broken.toString());
    }
  }
}
