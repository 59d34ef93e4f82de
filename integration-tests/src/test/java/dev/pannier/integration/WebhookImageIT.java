package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pannier.demo.Ports;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.OutputFrame.OutputType;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The webhook's image, run as its manifest says, with a certificate that it has made itself.
@EnabledIf(
    value = "dev.pannier.integration.SidecarImage#canBeBuilt",
    disabledReason = SidecarImage.MISSING)
class WebhookImageIT {
  private static final Path MANIFESTS = Tree.root().resolve("deploy/inject/webhook");
  private static final String TLS = "/var/run/secrets/pannier-webhook";
  private static final int REVIEWS = 500;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final String REVIEW =
      """
      {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": "shop", "operation": "CREATE", "dryRun": false,
        "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "shop-"},
          "spec": {"containers": [{"name": "shop", "image": "shop:1"}]}}}}
      """;

  @TempDir private Path folder;

  @Test
  void itAnswersReviewsOverHttpsWithinWhatItsManifestGrants() throws Exception {
    String manifest = Files.readString(MANIFESTS.resolve("webhook.yaml"));
    Path tls = made();
    int port = Ports.free(1).getFirst();
    try (GenericContainer<?> webhook = PodContainer.confined(InjectImage.built())) {
      Matcher limit = Pattern.compile("limits: \\{memory: ([0-9]+)Mi}").matcher(manifest);
      assertThat(limit.find()).isTrue();
      PodContainer.limit(webhook, Long.parseLong(limit.group(1)) << 20);
      webhook
          .withFileSystemBind(tls.toString(), TLS, BindMode.READ_ONLY)
          .withEnv("JDK_JAVA_OPTIONS", "-XX:+ExitOnOutOfMemoryError")
          .withCommand(arguments(manifest, port))
          .start();
      String url = "https://127.0.0.1:" + port;
      try (HttpClient client = trusting(tls.resolve("tls.crt"))) {
        await("alive")
            .atMost(PATIENCE)
            .failFast("it ended", () -> !webhook.isRunning())
            .ignoreExceptionsInstanceOf(IOException.class)
            .until(() -> get(client, url + "/livez").statusCode() == 200);
        assertThat(get(client, url + "/readyz").statusCode()).isEqualTo(200);
        for (int i = 0; i < REVIEWS; i++) {
          assertInjected(client, url + "/mutate");
        }
        assertThat(get(client, url + "/metrics").body())
            .containsPattern("outcome=\"injected\"} " + REVIEWS);
      }
      PodContainer.assertConfined(webhook);
      assertThat(PodContainer.state(webhook).getOOMKilled()).isNotEqualTo(true);
    }
  }

  /// Those of the manifest, but for where it listens.
  private static String[] arguments(String manifest, int port) {
    Matcher list = Pattern.compile("args:\n((?: +- .*\n)+)").matcher(manifest);
    assertThat(list.find()).isTrue();
    List<String> arguments = new ArrayList<>();
    for (String line : list.group(1).split("\n", -1)) {
      if (!line.isBlank()) {
        arguments.add(line.strip().substring(2).replace("0.0.0.0:8443", "127.0.0.1:" + port));
      }
    }
    assertThat(arguments).contains("webhook", "--listen=127.0.0.1:" + port, "--tls=" + TLS);
    return arguments.toArray(String[]::new);
  }

  /// The folder of the Secret that `webhook certificate` of the image makes.
  private Path made() throws Exception {
    String output;
    try (GenericContainer<?> certificate = PodContainer.confined(InjectImage.built())) {
      certificate
          .withFileSystemBind(MANIFESTS.toString(), "/manifests", BindMode.READ_ONLY)
          .withStartupCheckStrategy(new OneShotStartupCheckStrategy().withTimeout(PATIENCE))
          .withCommand("webhook", "certificate", "-f", "/manifests", "--host", "127.0.0.1")
          .start();
      output = certificate.getLogs(OutputType.STDOUT);
    }
    assertThat(output).contains("kind: MutatingWebhookConfiguration", "caBundle: ");
    Path tls = Files.createDirectories(folder.resolve("tls"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    for (MatchResult file :
        Pattern.compile("(?m)^  (tls\\.[a-z]+): ([A-Za-z0-9+/=]+)$")
            .matcher(output)
            .results()
            .toList()) {
      Files.write(tls.resolve(file.group(1)), Base64.getDecoder().decode(file.group(2)));
    }
    assertThat(tls.resolve("tls.key")).exists();
    return tls;
  }

  private static HttpClient trusting(Path certificate) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    trusted.setCertificateEntry(
        "webhook",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(certificate))));
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return HttpClient.newBuilder().sslContext(context).build();
  }

  private static HttpResponse<String> get(HttpClient client, String url) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(url)).timeout(PATIENCE).build(),
        HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  private static void assertInjected(HttpClient client, String url) throws Exception {
    HttpResponse<String> answer =
        client.send(
            HttpRequest.newBuilder(URI.create(url))
                .timeout(PATIENCE)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(REVIEW))
                .build(),
            HttpResponse.BodyHandlers.ofString(UTF_8));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode response = new ObjectMapper().readTree(answer.body()).get("response");
    assertThat(response.at("/allowed").asBoolean()).isTrue();
    assertThat(response.at("/patchType").asString()).isEqualTo("JSONPatch");
    String patch = new String(Base64.getDecoder().decode(response.at("/patch").asString()), UTF_8);
    assertThat(patch).contains("/spec/initContainers").containsPattern("pannier/pannier:[0-9]");
  }
}
