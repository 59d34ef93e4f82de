package dev.pannier.shippers.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Compression;
import dev.pannier.shippers.ShipperSettings.Protocol;
import dev.pannier.shippers.ShipperSettings.Tls;
import dev.pannier.shippers.batch.Signal;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.Key;
import java.security.KeyStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Certificates are made by the JDK's keytool.
class TlsTest {
  @TempDir private Path folder;
  private final MockWebServer server = new MockWebServer();

  @BeforeEach
  void start() throws Exception {
    identity("server", "EC");
    identity("client", "RSA");
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            return FakeBackend.grpcAnswer(0, "", new byte[0]).build();
          }
        });
    server.useHttps(
        TlsFiles.load(new Tls(pem("client.crt"), pem("server.crt"), pem("server.key"))).sockets());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Path pem(String name) {
    return folder.resolve(name);
  }

  private void identity(String name, String algorithm) throws Exception {
    Path store = folder.resolve(name + ".p12");
    Path log = folder.resolve("keytool.log");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-alias",
            name,
            "-keyalg",
            algorithm,
            "-dname",
            "CN=" + name,
            "-ext",
            "san=dns:localhost",
            "-storetype",
            "PKCS12",
            "-keystore",
            store.toString(),
            "-storepass",
            "changeit");
    Process keytool =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(keytool.waitFor()).as(() -> read(log)).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, "changeit".toCharArray());
    }
    Key key = keys.getKey(name, "changeit".toCharArray());
    write(name + ".key", "PRIVATE KEY", key.getEncoded());
    write(name + ".crt", "CERTIFICATE", keys.getCertificate(name).getEncoded());
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (java.io.IOException e) {
      return e.toString();
    }
  }

  private void write(String file, String kind, byte[] der) throws Exception {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    Files.writeString(
        pem(file),
        "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n",
        US_ASCII);
  }

  private OtlpShipper shipper(@Nullable Tls tls, Protocol protocol) {
    return new OtlpShipper(
        new ShipperSettings.Otlp(
            "b",
            URI.create("https://localhost:" + server.getPort()),
            protocol,
            Compression.NONE,
            Map.of(),
            tls,
            Duration.ofSeconds(10),
            EnumSet.allOf(Signal.class)),
        FakeBackend.MEMORY_BYTES,
        InstantSource.system());
  }

  private String connectFails(@Nullable Tls tls) {
    OtlpShipper shipper = shipper(tls, Protocol.GRPC);
    Outcome outcome = shipper.connect();
    shipper.close(Duration.ZERO);
    assertThat(outcome).isInstanceOf(Outcome.Retryable.class);
    return outcome.toString();
  }

  @Test
  void grpcOverTlsWithAnAuthorityOfOurOwn() throws Exception {
    server.start();
    OtlpShipper shipper = shipper(new Tls(pem("server.crt"), null, null), Protocol.GRPC);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);

    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    shipper.ship(Batches.logs("k", "one"), outcome::complete);

    assertThat(outcome.get(20, TimeUnit.SECONDS)).isEqualTo(Outcome.ACCEPTED);
    shipper.close(Duration.ZERO);
  }

  @Test
  void mutualTlsShowsOurCertificate() throws Exception {
    server.requireClientAuth();
    server.start();
    Tls tls = new Tls(pem("server.crt"), pem("client.crt"), pem("client.key"));
    OtlpShipper shipper = shipper(tls, Protocol.GRPC);

    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);

    RecordedRequest request = server.takeRequest();
    assertThat(String.valueOf(request.getHandshake())).contains("CN=client");
    shipper.close(Duration.ZERO);
  }

  @Test
  void whatKeepsTlsFromWorkingIsNamed() throws Exception {
    server.start();
    assertThat(connectFails(null)).contains("TLS with https://localhost:", "check tls.ca");
    assertThat(connectFails(new Tls(pem("gone.crt"), null, null))).contains("gone.crt");
    Files.writeString(pem("empty.crt"), "nothing");
    assertThat(connectFails(new Tls(pem("empty.crt"), null, null))).contains("empty.crt");

    String key = Files.readString(pem("client.key"));
    Files.writeString(pem("old.key"), key.replace("PRIVATE", "RSA PRIVATE"));
    assertThat(connectFails(new Tls(null, pem("client.crt"), pem("old.key"))))
        .contains("old.key", "openssl pkcs8 -topk8 -nocrypt");
    Files.writeString(pem("sealed.key"), key.replace("PRIVATE", "ENCRYPTED PRIVATE"));
    assertThat(connectFails(new Tls(null, pem("client.crt"), pem("sealed.key"))))
        .contains("sealed.key", "encrypted");
    assertThat(connectFails(new Tls(null, pem("server.crt"), pem("client.key"))))
        .contains("client.key holds no EC key");
  }

  @Test
  void aCertificateThatIsRenewedIsReadAgain() throws Exception {
    server.start();
    Path ca = pem("ca.crt");
    Files.copy(pem("client.crt"), ca);
    OtlpShipper shipper = shipper(new Tls(ca, null, null), Protocol.GRPC);
    assertThat(shipper.connect()).isInstanceOf(Outcome.Retryable.class);

    Files.delete(ca);
    Files.copy(pem("server.crt"), ca);

    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    shipper.close(Duration.ZERO);
  }

  /// With TLS 1.3 a server may refuse our certificate after the handshake, and some proxies let it pass and
  /// answer with a page: no failure of TLS tells that the file on the disk is newer.
  @Test
  void aCertificateIsReadAgainWhileAllIsWell() throws Exception {
    identity("renewed", "RSA");
    String trusted = Files.readString(pem("client.crt")) + Files.readString(pem("renewed.crt"));
    Files.writeString(pem("both.crt"), trusted);
    server.useHttps(
        TlsFiles.load(new Tls(pem("both.crt"), pem("server.crt"), pem("server.key"))).sockets());
    server.requireClientAuth();
    server.start();
    OtlpShipper shipper =
        shipper(new Tls(pem("server.crt"), pem("client.crt"), pem("client.key")), Protocol.GRPC);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(String.valueOf(server.takeRequest().getHandshake())).contains("CN=client");

    // Its key comes later, and for a while the two are none.
    Files.copy(pem("server.crt"), pem("client.crt"), StandardCopyOption.REPLACE_EXISTING);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(String.valueOf(server.takeRequest().getHandshake())).contains("CN=client");
    Files.copy(pem("renewed.crt"), pem("client.crt"), StandardCopyOption.REPLACE_EXISTING);
    Files.copy(pem("renewed.key"), pem("client.key"), StandardCopyOption.REPLACE_EXISTING);

    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(String.valueOf(server.takeRequest().getHandshake())).contains("CN=renewed");
    shipper.close(Duration.ZERO);
  }
}
