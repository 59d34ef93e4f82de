package dev.pannier.inject;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.inject.certificate.SelfSigned;
import dev.pannier.inject.webhook.Reviews;
import dev.pannier.inject.yaml.YamlText;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class WebhookCommandTest {
  private static final Path MANIFESTS = Path.of("webhook");

  @TempDir private Path folder;

  private record Result(int code, String out, String err) {}

  private static Result run(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Main.execute(
            Stream.concat(Stream.of("webhook"), Stream.of(arguments)).toArray(String[]::new),
            new ByteArrayInputStream(new byte[0]),
            out,
            err);
    return new Result(code, out.toString(UTF_8), err.toString(UTF_8));
  }

  private static Map<?, ?> map(@Nullable Object tree) {
    return (Map<?, ?>) Objects.requireNonNull(tree);
  }

  private static String decoded(@Nullable Object base64) {
    return new String(Base64.getDecoder().decode(Objects.toString(base64)), US_ASCII);
  }

  private static List<? extends Certificate> certificates(String pem) throws Exception {
    return List.copyOf(
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(pem.getBytes(US_ASCII))));
  }

  private static String hosts(Certificate certificate) throws Exception {
    return Objects.requireNonNull(((X509Certificate) certificate).getSubjectAlternativeNames())
        .stream()
        .map(name -> String.valueOf(name.get(1)))
        .collect(Collectors.joining(" "));
  }

  @Test
  void aCertificateIsASecretWithTheBundleAboveIt() throws Exception {
    Result result = run("certificate", "--host", "127.0.0.1", "--days", "2");
    assertThat(result.code()).as(result.err()).isZero();
    Map<?, ?> secret = map(YamlText.parse(result.out()).tree(0));
    assertThat(secret.get("kind")).isEqualTo("Secret");
    assertThat(secret.get("type")).isEqualTo("kubernetes.io/tls");
    assertThat(secret.get("metadata"))
        .isEqualTo(Map.of("name", "pannier-webhook", "namespace", "pannier"));
    Map<?, ?> data = map(secret.get("data"));
    X509Certificate certificate =
        (X509Certificate) certificates(decoded(data.get("tls.crt"))).getFirst();
    assertThat(hosts(certificate)).isEqualTo("pannier-webhook.pannier.svc 127.0.0.1");
    assertThat(Duration.between(Instant.now(), certificate.getNotAfter().toInstant()))
        .isBetween(Duration.ofDays(1), Duration.ofDays(2));
    assertThat(decoded(data.get("tls.key"))).startsWith("-----BEGIN PRIVATE KEY-----\n");
    assertThat(decoded(data.get("ca.crt"))).isEqualTo(decoded(data.get("tls.crt")));
    assertThat(result.out()).contains("\n# " + data.get("ca.crt") + "\n");
    assertThat(result.err()).startsWith("pannier: a certificate for pannier-webhook.pannier.svc,");
  }

  @Test
  void theSecretAndTheServiceCanHaveOtherNames() throws Exception {
    Result result =
        run("certificate", "--service", "hook", "--namespace", "tools", "--secret", "hook-tls");
    Map<?, ?> secret = map(YamlText.parse(result.out()).tree(0));
    assertThat(secret.get("metadata")).isEqualTo(Map.of("name", "hook-tls", "namespace", "tools"));
    assertThat(hosts(certificates(decoded(map(secret.get("data")).get("tls.crt"))).getFirst()))
        .isEqualTo("hook.tools.svc");
  }

  @Test
  void manifestsGetTheBundleAndTheSecretForTheirService() throws Exception {
    Result result = run("certificate", "-f", MANIFESTS.toString());
    assertThat(result.code()).as(result.err()).isZero();
    YamlText text = YamlText.parse(result.out());
    Map<?, ?> secret = map(text.tree(text.size() - 1));
    String bundle = Objects.toString(map(secret.get("data")).get("ca.crt"));
    int webhooks = 0;
    for (int i = 0; i < text.size(); i++) {
      if ("MutatingWebhookConfiguration".equals(text.rootText(i, "kind"))) {
        for (Object webhook : (List<?>) Objects.requireNonNull(map(text.tree(i)).get("webhooks"))) {
          assertThat(map(map(webhook).get("clientConfig")).get("caBundle")).isEqualTo(bundle);
          webhooks++;
        }
      }
    }
    assertThat(webhooks).isEqualTo(2);
    assertThat(hosts(certificates(decoded(bundle)).getFirst()))
        .isEqualTo("pannier-webhook.pannier.svc");
    // All else is as it was.
    String rest =
        result
            .out()
            .lines()
            .filter(line -> !line.contains("caBundle: "))
            .collect(Collectors.joining("\n"));
    for (String name : List.of("configuration.yaml", "namespace.yaml", "webhook.yaml")) {
      assertThat(rest).contains(Files.readString(MANIFESTS.resolve(name)).strip());
    }
  }

  @Test
  void theNextCertificateReplacesTheBundleAndKeepsTheOneBeforeTrusted() throws Exception {
    String first = run("certificate", "-f", MANIFESTS.toString()).out();
    YamlText text = YamlText.parse(first);
    String before = decoded(map(map(text.tree(text.size() - 1)).get("data")).get("tls.crt"));
    Path old = Files.writeString(folder.resolve("old.crt"), before);
    Path manifest = folder.resolve("configuration.yaml");
    Files.writeString(
        manifest, first.substring(first.indexOf("apiVersion: admission"), first.indexOf("\n---")));
    Result result = run("certificate", "-f", manifest.toString(), "--trust", old.toString());
    assertThat(result.code()).as(result.err()).isZero();
    Map<?, ?> configuration = map(YamlText.parse(result.out()).tree(0));
    Object webhook = ((List<?>) Objects.requireNonNull(configuration.get("webhooks"))).getFirst();
    List<? extends Certificate> bundle =
        certificates(decoded(map(map(webhook).get("clientConfig")).get("caBundle")));
    assertThat(bundle).hasSize(2).last().isEqualTo(certificates(before).getFirst());
    assertThat(result.out().split("caBundle: ", -1)).hasSize(3);
  }

  private static Map<?, ?> secret(Result result) {
    assertThat(result.code()).as(result.err()).isZero();
    YamlText text = YamlText.parse(result.out());
    return map(map(text.tree(text.size() - 1)).get("data"));
  }

  @Test
  void anAuthoritySignsACertificateWhichIsRenewedUnderTheSameBundle() throws Exception {
    Path authority = folder.resolve("authority");
    String[] command = {
      "certificate", "-f", MANIFESTS.toString(), "--authority", authority.toString()
    };
    Result first = run(command);
    assertThat(first.err()).contains("made an authority: keep " + authority.resolve("ca.key"));
    assertThat(Files.getPosixFilePermissions(authority.resolve("ca.key")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    Map<?, ?> before = secret(first);
    String ca = Files.readString(authority.resolve("ca.crt"));
    assertThat(decoded(before.get("ca.crt"))).isEqualTo(ca);
    assertThat(first.out()).contains("caBundle: " + before.get("ca.crt"));
    assertThat(first.out())
        .as("the authority's key stays in its folder")
        .doesNotContain(
            Base64.getEncoder()
                .encodeToString(Files.readString(authority.resolve("ca.key")).getBytes(US_ASCII)));
    X509Certificate server =
        (X509Certificate) certificates(decoded(before.get("tls.crt"))).getFirst();
    server.verify(certificates(ca).getFirst().getPublicKey());
    assertThat(hosts(server)).isEqualTo("pannier-webhook.pannier.svc");
    assertThat(Duration.between(Instant.now(), server.getNotAfter().toInstant()))
        .isBetween(Duration.ofDays(364), Duration.ofDays(365));

    Result second = run(command);
    Map<?, ?> after = secret(second);
    assertThat(second.err()).doesNotContain("made an authority");
    assertThat(after.get("ca.crt")).isEqualTo(before.get("ca.crt"));
    assertThat(after.get("tls.crt")).isNotEqualTo(before.get("tls.crt"));
    assertThat(after.get("tls.key")).isNotEqualTo(before.get("tls.key"));
    assertThat(second.out()).contains("caBundle: " + before.get("ca.crt"));
  }

  @Test
  void anAuthorityThatCannotSignIsTold() throws Exception {
    Path authority = Files.createDirectory(folder.resolve("authority"));
    String[] command = {"certificate", "--authority", authority.toString()};
    assertThat(run(command).code()).isZero();
    Result longer = run("certificate", "--authority", authority.toString(), "--days", "9999");
    assertThat(longer.code()).isEqualTo(2);
    assertThat(longer.err()).contains("--days: the authority ends before, at 20");
    Path key = authority.resolve("ca.key");
    Files.writeString(key, "no key");
    assertThat(run(command).err()).contains("--authority: no private key in PEM");
    Files.delete(key);
    assertThat(run(command).err()).contains("--authority: has one of ca.crt and ca.key");
    assertThat(key).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "certificate --days 0,--days",
    "certificate --host a_b,is no host's name",
    "certificate --trust pom.xml,is no certificate",
    "certificate -f pom.xml,nothing was written",
    "certificate -f webhook/namespace.yaml,have no MutatingWebhookConfiguration",
    "--listen 8443,is no HOST:PORT",
    "--listen localhost:99999,is no HOST:PORT",
    "--drain -1,--drain",
    "--set colour=red,unknown key",
    "--set memory=lots,default of memory: is no whole number"
  })
  void wrongUsageIsTold(String arguments, String message) {
    Result result = run(arguments.split(" ", -1));
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).contains(message);
  }

  @Test
  void withoutACertificateItDoesNotStart() {
    Result result = run("--listen", "127.0.0.1:0", "--tls", folder.toString());
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains("tls.crt");
  }

  /// What was asked before SIGTERM is answered after it.
  @Test
  void sigtermEndsItWhenItHasAnswered() throws Exception {
    SelfSigned pair = LoopbackCertificate.write(folder);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                // As the README says.
                "--limit-modules=java.base,jdk.httpserver",
                "-cp",
                classPath(),
                Main.class.getName(),
                "webhook",
                "--listen=127.0.0.1:0",
                "--tls=" + folder,
                "--drain=1")
            .start();
    try (BufferedReader messages = process.errorReader(UTF_8)) {
      int port = listening(messages);
      SSLContext trusting = trusting(pair);
      try (Socket socket = trusting.getSocketFactory().createSocket("127.0.0.1", port)) {
        byte[] body = Reviews.ofPod(Map.of("metadata", Map.of("name", "a"), "spec", Map.of()));
        OutputStream out = socket.getOutputStream();
        out.write(
            ("POST /mutate HTTP/1.1\r\n"
                    + "Host: a\r\n"
                    + "Connection: close\r\n"
                    + "Content-Type: application/json\r\n"
                    + "Content-Length: "
                    + body.length
                    + "\r\n\r\n")
                .getBytes(US_ASCII));
        out.write(body, 0, body.length / 2);
        out.flush();
        // Not the process's own: that closes what it wrote.
        process.toHandle().destroy();
        while (isReady(trusting, port)) {
          Thread.onSpinWait();
        }
        out.write(body, body.length / 2, body.length - body.length / 2);
        out.flush();
        String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
        assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").contains("\"allowed\":true");
      }
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(messages.lines().toList()).last().isEqualTo("pannier: stopped");
    } finally {
      process.destroyForcibly();
    }
  }

  private static int listening(BufferedReader messages) throws IOException {
    for (String line = messages.readLine(); line != null; line = messages.readLine()) {
      if (line.contains("listening on ")) {
        return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
      }
    }
    throw new AssertionError("it does not listen");
  }

  private static boolean isReady(SSLContext trusting, int port) {
    try (Socket socket = trusting.getSocketFactory().createSocket("127.0.0.1", port)) {
      socket
          .getOutputStream()
          .write("GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".getBytes(US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), UTF_8).startsWith("HTTP/1.1 200 ");
    } catch (IOException e) {
      return false;
    }
  }

  private static SSLContext trusting(SelfSigned pair) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("webhook", certificates(pair.certificate()).getFirst());
    TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  private static String classPath() {
    return Stream.of(
            Main.class,
            picocli.CommandLine.class,
            org.snakeyaml.engine.v2.api.Load.class,
            tools.jackson.core.JsonParser.class)
        .map(each -> each.getProtectionDomain().getCodeSource().getLocation().getPath())
        .collect(Collectors.joining(File.pathSeparator));
  }
}
