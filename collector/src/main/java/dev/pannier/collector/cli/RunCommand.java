package dev.pannier.collector.cli;

import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationFile;
import dev.pannier.collector.config.ConfigurationLoader;
import dev.pannier.collector.config.Loaded;
import dev.pannier.collector.config.Problem;
import dev.pannier.collector.config.StateDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "run",
    description = "Run the sidecar in the foreground; SIGTERM drains it, SIGHUP reloads.",
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
  private static final String WAIT = "--wait-for-configuration";

  private final Map<String, String> environment;
  private final PrintWriter messages;
  private final Sidecars sidecars;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "The configuration; without it the defaults and the environment.")
  private @Nullable Path config;

  @Option(
      names = WAIT,
      description =
          "Where the configuration is missing or wrong, answer on the admin address and wait for"
              + " one that can be run.")
  private boolean waitForConfiguration;

  RunCommand(Map<String, String> environment, PrintWriter messages, Sidecars sidecars) {
    this.environment = environment;
    this.messages = messages;
    this.sidecars = sidecars;
  }

  /// Reads the usual ways to write this command: `run`, with `--config FILE`, `--config=FILE` or
  /// `-c FILE`, and with `--wait-for-configuration`.
  ///
  /// @return false for any other, which picocli has to judge
  boolean takes(String[] arguments) {
    if (arguments.length == 0 || !arguments[0].equals("run")) {
      return false;
    }
    List<String> rest = new ArrayList<>(Arrays.asList(arguments).subList(1, arguments.length));
    boolean waits = rest.remove(WAIT);
    String file = null;
    if (rest.size() == 1 && rest.getFirst().startsWith("--config=")) {
      file = rest.getFirst().substring("--config=".length());
    } else if (rest.size() == 2
        && (rest.getFirst().equals("--config") || rest.getFirst().equals("-c"))) {
      file = rest.getLast();
    } else if (!rest.isEmpty()) {
      return false;
    }
    if (file != null && (file.isEmpty() || file.startsWith("-"))) {
      return false;
    }
    config = file == null ? null : Path.of(file);
    waitForConfiguration = waits;
    return true;
  }

  @Override
  public Integer call() throws Exception {
    ConfigurationFile file = new ConfigurationFile(config, environment);
    Attempt attempt = attempt(file);
    if (attempt instanceof Attempt.Refused refused) {
      if (!waitForConfiguration) {
        refused.problems().forEach(messages::println);
        return PannierCommand.WRONG;
      }
      attempt = sidecars.await(refused, () -> attempt(file));
    }
    if (!(attempt instanceof Attempt.Ready ready)) {
      return PannierCommand.WRONG;
    }
    Logger log = LoggerFactory.getLogger(RunCommand.class);
    for (Problem warning : ready.warnings()) {
      log.warn("{}", warning);
    }
    ConfigurationLoader.OUTRANKING.forEach(
        (variable, key) -> {
          if (!environment.getOrDefault(variable, "").isBlank()) {
            log.info("{} is what {} says: {}", key, variable, environment.get(variable));
          }
        });
    return sidecars.run(ready.configuration(), file);
  }

  private Attempt attempt(ConfigurationFile file) {
    Loaded loaded = file.load();
    if (loaded instanceof Loaded.Invalid invalid) {
      return new Attempt.Refused(invalid.problems().stream().map(Problem::toString).toList());
    }
    Problem emptied = waitForConfiguration ? file.emptied() : null;
    if (emptied != null) {
      return refused(emptied);
    }
    Loaded.Valid valid = (Loaded.Valid) loaded;
    Configuration configuration = valid.configuration();
    long heapMiB = Runtime.getRuntime().maxMemory() >> 20;
    long memoryMiB = configuration.memoryBytes() >> 20;
    // The JVM counts one survivor space less than -Xmx, a tenth of the young generation at most.
    long neededMiB = Configuration.heapMib(configuration.memoryBytes());
    if (heapMiB < neededMiB * 9 / 10) {
      return refused(
          file.problem(
              "memory",
              "%dMiB does not fit into a heap of %dMiB: start the JVM with -Xmx%dm"
                  .formatted(memoryMiB, heapMiB, neededMiB)));
    }
    String key = "state.directory";
    try {
      Path state = configuration.stateDirectory();
      StateDirectory.prepare(state, !PositionStore.isThere(state));
      if (waitForConfiguration && configuration.buffer().type() == BufferSettings.Type.DISK) {
        // Else whoever opens it tells what is wrong, and the process ends.
        key = "buffer.directory";
        StateDirectory.prepare(configuration.buffer().directory(), false);
      }
    } catch (IOException e) {
      return refused(file.problem(key, String.valueOf(e.getMessage())));
    }
    return new Attempt.Ready(configuration, valid.warnings());
  }

  private static Attempt refused(Problem problem) {
    return new Attempt.Refused(List.of(problem.toString()));
  }
}
