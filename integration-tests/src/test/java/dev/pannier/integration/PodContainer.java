package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Ulimit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/// Containers as those of a Pod: they find each other on localhost, which is this machine's.
final class PodContainer {
  private static final String NONE = "0000000000000000";

  private PodContainer() {}

  @SuppressWarnings("resource") // each call returns the container that the caller closes
  static GenericContainer<?> of(String image) {
    return new GenericContainer<>(DockerImageName.parse(image))
        .withImagePullPolicy(name -> false)
        .withLabel("dev.pannier.test", "sidecar")
        .withNetworkMode("host")
        // Said here, so that the engine does not raise the limits above its own: it may not be
        // allowed to.
        .withCreateContainerCmdModifier(
            create ->
                Objects.requireNonNull(create.getHostConfig())
                    .withUlimits(
                        List.of(
                            new Ulimit("nofile", 4_096L, 4_096L),
                            new Ulimit("nproc", 4_096L, 4_096L))));
  }

  /// With the `securityContext` of the manifests: a root file system that nothing can be written to, and no capability or privilege to
  /// win.
  @SuppressWarnings("resource") // each call returns the container that the caller closes
  static GenericContainer<?> confined(String image) {
    return of(image)
        .withCreateContainerCmdModifier(
            create ->
                Objects.requireNonNull(create.getHostConfig())
                    .withReadonlyRootfs(true)
                    .withCapDrop(Capability.ALL)
                    .withSecurityOpts(List.of("no-new-privileges")));
  }

  /// Limits its memory, without any swap.
  static void limit(GenericContainer<?> container, long bytes) {
    container.withCreateContainerCmdModifier(
        create -> {
          HostConfig host = Objects.requireNonNull(create.getHostConfig());
          host.withMemory(bytes).withMemorySwap(bytes);
        });
  }

  /// Says by what the kernel tells of its process that it is not root, can become nothing else, and cannot write to its root file
  /// system.
  static void assertConfined(GenericContainer<?> container) throws IOException {
    Path process = Path.of("/proc", String.valueOf(pid(container)));
    Map<String, String> status = new HashMap<>();
    for (String line : Files.readAllLines(process.resolve("status"))) {
      String[] parts = line.split(":\\s*", 2);
      status.put(parts[0], parts[1]);
    }
    assertThat(status.get("Uid")).matches("([1-9][0-9]*)(\t\\1){3}");
    assertThat(
            container
                .getDockerClient()
                .inspectContainerCmd(container.getContainerId())
                .exec()
                .getConfig()
                .getUser())
        .as("what its engine knows, which may have a root of its own")
        .matches("[1-9][0-9]*(:[1-9][0-9]*)?");
    assertThat(status)
        .containsEntry("CapInh", NONE)
        .containsEntry("CapPrm", NONE)
        .containsEntry("CapEff", NONE)
        .containsEntry("CapBnd", NONE)
        .containsEntry("CapAmb", NONE)
        .containsEntry("NoNewPrivs", "1");
    assertThat(Files.readAllLines(process.resolve("mountinfo")))
        .map(line -> line.split(" ", -1))
        .filteredOn(mount -> mount[4].equals("/"))
        .hasSize(1)
        .allSatisfy(mount -> assertThat(mount[5].split(",", -1)).contains("ro"));
  }

  /// The files that it has in its memory, each line with a path at its end.
  static String mapped(GenericContainer<?> container) throws IOException {
    return Files.readString(Path.of("/proc", String.valueOf(pid(container)), "maps"));
  }

  static long pid(GenericContainer<?> container) {
    return Objects.requireNonNull(state(container).getPidLong());
  }

  static ContainerState state(GenericContainer<?> container) {
    return container
        .getDockerClient()
        .inspectContainerCmd(container.getContainerId())
        .exec()
        .getState();
  }

  /// Asks it to end and waits; it is not removed.
  static ContainerState stopped(GenericContainer<?> container, Duration patience) {
    container
        .getDockerClient()
        .stopContainerCmd(container.getContainerId())
        .withTimeout(Math.toIntExact(patience.toSeconds()))
        .exec();
    return state(container);
  }

  /// Ends it at once (SIGKILL).
  static void kill(GenericContainer<?> container) {
    container.getDockerClient().killContainerCmd(container.getContainerId()).exec();
  }
}
