package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.demo.ChildProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The Kubernetes cluster of the tests, by `kubectl`. Three variables name it, none of which is set by chance together:
///
/// | | |
/// |---|---|
/// | `KUBECONFIG` | as everywhere |
/// | `PANNIER_TEST_LOAD` | a command that brings images of this machine to the cluster's nodes; their names come behind it |
/// | `PANNIER_TEST_HOST` | the address at which Pods and the API server reach this machine |
final class Cluster {
  private static final List<String> VARIABLES =
      List.of("KUBECONFIG", "PANNIER_TEST_LOAD", "PANNIER_TEST_HOST");

  private static @Nullable String missing;

  private Cluster() {}

  /// Has tests skipped where the cluster is not there.
  static final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      String reason = missing();
      return reason.isEmpty()
          ? ConditionEvaluationResult.enabled("the cluster answers")
          : ConditionEvaluationResult.disabled(reason);
    }
  }

  /// What keeps the tests from running, and how it is had; empty where nothing does. Asked once.
  private static synchronized String missing() {
    if (missing == null) {
      try {
        missing = looked();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
    return missing;
  }

  private static String looked() throws IOException, InterruptedException {
    List<String> unset =
        VARIABLES.stream().filter(name -> !System.getenv().containsKey(name)).toList();
    if (!unset.isEmpty()) {
      return "no cluster is named: %s not set. KUBECONFIG is kind's, minikube's or any other's; PANNIER_TEST_LOAD brings images to its nodes; PANNIER_TEST_HOST is this machine as Pods reach it: integration-tests/README.md has them for kind and minikube"
          .formatted(String.join(", ", unset) + (unset.size() == 1 ? " is" : " are"));
    }
    if (ChildProcess.find(List.of("kubectl")).isEmpty()) {
      return "no kubectl on the PATH (Debian: kubernetes-client)";
    }
    if (!SidecarImage.canBeBuilt()) {
      return SidecarImage.MISSING;
    }
    Process nodes =
        new ProcessBuilder("kubectl", "get", "nodes", "-o", "name", "--request-timeout=5s")
            .redirectErrorStream(true)
            .start();
    String said = new String(nodes.getInputStream().readAllBytes(), UTF_8).strip();
    if (nodes.waitFor() != 0) {
      return "the cluster of KUBECONFIG does not answer `kubectl get nodes`: " + said;
    }
    return said.isEmpty() ? "the cluster of KUBECONFIG has no node" : "";
  }

  static String host() {
    return variable("PANNIER_TEST_HOST");
  }

  /// Where what is made goes to.
  static String namespace() throws IOException, InterruptedException {
    String namespace = kubectl("config", "view", "--minify", "-o", "jsonpath={..namespace}");
    return namespace.isEmpty() ? "default" : namespace;
  }

  private static String variable(String name) {
    return Objects.requireNonNull(System.getenv(name), name);
  }

  static void load(String... images) throws Exception {
    List<String> command =
        new ArrayList<>(Arrays.asList(variable("PANNIER_TEST_LOAD").split(" ", -1)));
    command.addAll(new LinkedHashSet<>(List.of(images)));
    BrokerImage.run(command.toArray(String[]::new));
  }

  /// @return what it wrote to standard output
  /// @throws IllegalStateException if it fails, with what it wrote to standard error
  static String kubectl(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("kubectl"));
    command.addAll(List.of(arguments));
    Path err = Files.createTempFile("kubectl", ".err");
    try {
      Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": " + Files.readString(err));
      }
      return output;
    } finally {
      Files.delete(err);
    }
  }

  /// The same with `-o json`.
  static JsonNode json(String... arguments) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("-o", "json"));
    return new ObjectMapper().readTree(kubectl(all.toArray(String[]::new)));
  }
}
