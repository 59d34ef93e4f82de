package dev.pannier.collector.cli;

import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationFile;
import dev.pannier.collector.config.Loaded;
import dev.pannier.collector.config.Problem;
import dev.pannier.collector.config.StateDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
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
  /// What is alive on the heap beside what `memory` bounds.
  private static final int BASE_MIB = 16;

  private final Map<String, String> environment;
  private final PrintWriter messages;
  private final Sidecars sidecars;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "The configuration; without it the defaults and the environment.")
  private @Nullable Path config;

  RunCommand(Map<String, String> environment, PrintWriter messages, Sidecars sidecars) {
    this.environment = environment;
    this.messages = messages;
    this.sidecars = sidecars;
  }

  /// Reads the usual ways to write this command: `run`, with `--config FILE`, `--config=FILE` or
  /// `-c FILE`.
  ///
  /// @return false for any other, which picocli has to judge
  boolean takes(String[] arguments) {
    if (arguments.length == 0 || !arguments[0].equals("run")) {
      return false;
    }
    String file = null;
    if (arguments.length == 2 && arguments[1].startsWith("--config=")) {
      file = arguments[1].substring("--config=".length());
    } else if (arguments.length == 3
        && (arguments[1].equals("--config") || arguments[1].equals("-c"))) {
      file = arguments[2];
    } else if (arguments.length != 1) {
      return false;
    }
    if (file != null && (file.isEmpty() || file.startsWith("-"))) {
      return false;
    }
    config = file == null ? null : Path.of(file);
    return true;
  }

  @Override
  public Integer call() throws Exception {
    ConfigurationFile file = new ConfigurationFile(config, environment);
    Loaded.Valid loaded = PannierCommand.valid(file.load(), messages);
    if (loaded == null) {
      return PannierCommand.WRONG;
    }
    Configuration configuration = loaded.configuration();
    long heapMiB = Runtime.getRuntime().maxMemory() >> 20;
    long memoryMiB = configuration.memoryBytes() >> 20;
    // The JVM counts one survivor space less than -Xmx, a tenth of the young generation at most.
    if (heapMiB < (memoryMiB + BASE_MIB) * 9 / 10) {
      messages.printf(
          "memory: %dMiB does not fit into a heap of %dMiB: start the JVM with -Xmx%dm%n",
          memoryMiB, heapMiB, memoryMiB + BASE_MIB);
      return PannierCommand.WRONG;
    }
    try {
      StateDirectory.prepare(configuration.stateDirectory());
    } catch (IOException e) {
      messages.println(e.getMessage());
      return PannierCommand.WRONG;
    }
    Logger log = LoggerFactory.getLogger(RunCommand.class);
    for (Problem warning : loaded.warnings()) {
      log.warn("{}", warning);
    }
    return sidecars.run(configuration, file);
  }
}
