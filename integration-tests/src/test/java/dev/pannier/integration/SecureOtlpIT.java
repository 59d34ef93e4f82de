package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A backend that wants TLS and a token: what works, and what the sidecar says where it does not.
class SecureOtlpIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String TOKEN = "b34rer-t0ken";

  @TempDir private static Path shared;
  private static Certificates certificates;

  @TempDir private Path folder;
  private Path authority = Path.of("");

  @BeforeAll
  static void make() throws Exception {
    certificates =
        new Certificates(shared)
            .add("backend")
            .add("client")
            .add("expired", "-startdate", "-3d", "-validity", "1");
  }

  @BeforeEach
  void trust() throws IOException {
    authority = folder.resolve("authority.crt");
    Files.copy(certificates.file("ca.crt"), authority);
  }

  private void configure(Sidecar sidecar, OtlpBackend backend, boolean grpc, String client)
      throws IOException {
    sidecar.configure(
        Sidecar.files("parser: raw")
            + """
            shippers:
              backend:
                type: otlp
                endpoint: https://localhost:%d
                protocol: %s
                signals: [logs]
                headers: {authorization: "Bearer %s"}
                tls: {ca: "%s", cert: "%s", key: "%s"}
            """
                .formatted(
                    backend.port(),
                    grpc ? "grpc" : "http/protobuf",
                    TOKEN,
                    authority,
                    certificates.file(client + ".crt"),
                    certificates.file(client + ".key")));
    Files.writeString(sidecar.log("app.log"), "kept safe\n");
  }

  private static void assertArrives(OtlpBackend backend) {
    await().atMost(PATIENCE).until(() -> !backend.bodies().isEmpty());
    assertThat(backend.bodies()).containsExactly("kept safe");
    assertThat(backend.headers())
        .allMatch(all -> ("Bearer " + TOKEN).equals(all.get("authorization")));
  }

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

  private static void assertNoSecret(Sidecar sidecar) throws IOException {
    assertThat(sidecar.errors()).doesNotContain(TOKEN);
    assertThat(sidecar.output()).doesNotContain(TOKEN);
    for (String page : List.of("/status", "/metrics", "/readyz")) {
      assertThat(sidecar.body(page)).as(page).doesNotContain(TOKEN);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void certificatesOfBothSides(boolean grpc) throws Exception {
    try (OtlpBackend backend = OtlpBackend.mutualTls(grpc, certificates.sockets("backend"));
        Sidecar sidecar = new Sidecar(folder)) {
      configure(sidecar, backend, grpc, "client");
      sidecar.start();
      assertArrives(backend);
      assertNoSecret(sidecar);
    }
  }

  @Test
  void aBackendThatIsNotTrustedIsNamedAndHealsWhenTheFileIsMended() throws Exception {
    Files.copy(certificates.file("client.crt"), authority, StandardCopyOption.REPLACE_EXISTING);
    try (OtlpBackend backend = OtlpBackend.mutualTls(true, certificates.sockets("backend"));
        Sidecar sidecar = new Sidecar(folder)) {
      configure(sidecar, backend, true, "client");
      sidecar.launch(Map.of());
      assertSays(sidecar, "TLS with https://localhost:" + backend.port(), "tls.ca");
      Files.copy(certificates.file("ca.crt"), authority, StandardCopyOption.REPLACE_EXISTING);
      assertArrives(backend);
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
    }
  }

  @Test
  void anExpiredCertificateIsNamed() throws Exception {
    try (OtlpBackend backend = OtlpBackend.mutualTls(true, certificates.sockets("expired"));
        Sidecar sidecar = new Sidecar(folder)) {
      configure(sidecar, backend, true, "client");
      sidecar.launch(Map.of());
      assertSays(
          sidecar,
          "TLS with https://localhost:" + backend.port(),
          "CertificateExpired",
          "NotAfter");
    }
  }

  @Test
  void aKeyThatIsNoneIsNamed() throws Exception {
    try (OtlpBackend backend = OtlpBackend.mutualTls(true, certificates.sockets("backend"));
        Sidecar sidecar = new Sidecar(folder)) {
      configure(sidecar, backend, true, "client");
      String config = Files.readString(sidecar.config());
      String other = certificates.file("ca.crt").toString();
      Files.writeString(
          sidecar.config(), config.replace(certificates.file("client.key").toString(), other));
      sidecar.launch(Map.of());
      assertSays(sidecar, "tls.key", other + " holds no private key");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRefusedTokenIsNamedAndHealsWhenItIsAccepted(boolean grpc) throws Exception {
    try (OtlpBackend backend = OtlpBackend.mutualTls(grpc, certificates.sockets("backend"));
        Sidecar sidecar = new Sidecar(folder)) {
      backend.refuseTokens(true);
      configure(sidecar, backend, grpc, "client");
      sidecar.launch(Map.of());
      assertSays(sidecar, "https://localhost:" + backend.port(), "check headers");
      assertNoSecret(sidecar);
      backend.refuseTokens(false);
      assertArrives(backend);
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
      assertNoSecret(sidecar);
    }
  }
}
