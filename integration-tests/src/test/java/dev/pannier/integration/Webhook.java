package dev.pannier.integration;

import static org.awaitility.Awaitility.await;

import dev.pannier.demo.ChildProcess;
import dev.pannier.demo.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// `pannier webhook` on this machine, which the cluster asks about Pods with this label alone. Its certificate and
/// configuration are those that `pannier webhook certificate` makes.
record Webhook(ChildProcess process, String name) implements AutoCloseable {
  static final String LABEL = "pannier.dev/test";

  /// @param name of what it makes in the cluster, and the label's value
  static Webhook start(Path folder, String name) throws Exception {
    int port = Ports.free(1).getFirst();
    Path configuration =
        Files.writeString(
            folder.resolve("configuration.yaml"),
            """
            apiVersion: admissionregistration.k8s.io/v1
            kind: MutatingWebhookConfiguration
            metadata:
              name: %1$s
            webhooks:
              - name: test.pannier.dev
                clientConfig:
                  url: https://%2$s:%3$d/mutate
                rules:
                  - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods], scope: Namespaced}
                objectSelector:
                  matchLabels: {%4$s: %1$s}
                failurePolicy: Fail
                sideEffects: None
                admissionReviewVersions: [v1]
            """
                .formatted(name, Cluster.host(), port, LABEL));
    Path made = folder.resolve("made.yaml");
    try (ChildProcess certificate =
        inject(
            "certificate",
            folder,
            List.of("webhook", "certificate", "-f", configuration.toString()),
            List.of("--host", Cluster.host(), "--secret", name),
            List.of("--namespace", Cluster.namespace()))) {
      if (certificate.await(Duration.ofSeconds(60)) != 0) {
        throw new IllegalStateException(certificate.lastWords());
      }
    }
    Files.move(folder.resolve("certificate.out"), made);
    Cluster.kubectl("create", "-f", made.toString());
    JsonNode secret = Cluster.json("get", "secret", name).get("data");
    Path tls = Files.createDirectories(folder.resolve("tls"));
    for (String file : List.of("tls.crt", "tls.key")) {
      Files.write(tls.resolve(file), Base64.getDecoder().decode(secret.get(file).asString()));
    }
    return new Webhook(
        inject(
            "webhook",
            folder,
            List.of("webhook", "--listen", "0.0.0.0:" + port, "--tls", tls.toString()),
            List.of("--image", PodImages.olderSidecar())),
        name);
  }

  /// Starts `pannier` with these arguments, as the launcher does for `inject` and `webhook`; what it writes is in the folder's
  /// file `NAME.out`.
  @SafeVarargs
  static ChildProcess inject(String name, Path folder, List<String>... arguments)
      throws IOException {
    Path target = Tree.root().resolve("deploy/inject/target");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                target.resolve("classes") + ":" + target.resolve("inject/lib") + "/*",
                "dev.pannier.inject.Main"));
    for (List<String> some : arguments) {
      command.addAll(some);
    }
    return ChildProcess.start(name, folder, command, Map.of());
  }

  /// Waits until a Pod would get the sidecar: a new configuration takes effect after a moment.
  ///
  /// @param folder where its manifest may be written
  void awaitAsked(Path folder, JsonNode pod) throws IOException {
    Path manifest = Files.writeString(folder.resolve("asked.json"), pod.toString());
    await("the API server asks the webhook")
        .atMost(Duration.ofSeconds(60))
        .ignoreException(IllegalStateException.class)
        .until(
            () ->
                Cluster.json("create", "--dry-run=server", "-f", manifest.toString())
                    .at("/spec")
                    .has("initContainers"));
  }

  @Override
  public void close() {
    try {
      Cluster.kubectl("delete", "mutatingwebhookconfiguration/" + name, "secret/" + name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      process.close();
    }
  }
}
