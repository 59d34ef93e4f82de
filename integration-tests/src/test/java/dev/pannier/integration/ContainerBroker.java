package dev.pannier.integration;

import com.github.dockerjava.api.model.Ulimit;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/// The same broker in a container. It shares the host's network, so that it listens and is found at
/// the same loopback address as the child process, and its folder, so that it may be killed and
/// started again.
final class ContainerBroker implements Broker {
  private final GenericContainer<?> container;

  @SuppressWarnings("resource") // each call returns the container that is closed here
  private ContainerBroker(Path folder, List<String> arguments) throws Exception {
    container =
        new GenericContainer<>(DockerImageName.parse(BrokerImage.built()))
            .withImagePullPolicy(image -> false)
            .withLabel("dev.pannier.test", "broker")
            .withNetworkMode("host")
            .withFileSystemBind(folder.toString(), folder.toString(), BindMode.READ_WRITE)
            // Said here, so that the engine does not raise the limits above its own: it may not be
            // allowed to.
            .withCreateContainerCmdModifier(
                create ->
                    Objects.requireNonNull(create.getHostConfig())
                        .withUlimits(
                            List.of(
                                new Ulimit("nofile", 4_096L, 4_096L),
                                new Ulimit("nproc", 4_096L, 4_096L))))
            .withCommand(arguments.toArray(String[]::new));
    container.start();
  }

  static ContainerBroker start(Path folder, int port, int controllerPort, String... settings)
      throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                folder.resolve("broker").toString(),
                String.valueOf(port),
                String.valueOf(controllerPort)));
    arguments.addAll(List.of(settings));
    return new ContainerBroker(folder, arguments);
  }

  @Override
  public boolean isAlive() {
    return container.isRunning();
  }

  @Override
  public void kill() {
    container.stop();
  }

  @Override
  public void signal(String name) {
    container
        .getDockerClient()
        .killContainerCmd(container.getContainerId())
        .withSignal(name)
        .exec();
  }

  @Override
  public String lastWords() {
    String log = container.getLogs();
    return log.substring(Math.max(0, log.length() - 2_000));
  }

  @Override
  public void close() {
    container.stop();
  }
}
