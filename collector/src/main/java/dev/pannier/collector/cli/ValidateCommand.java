package dev.pannier.collector.cli;

import dev.pannier.collector.config.Loaded;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "validate",
    description = "Tell every problem of the configuration, a line each; exit code 0 or 2.",
    mixinStandardHelpOptions = true)
final class ValidateCommand implements Callable<Integer> {
  private final Map<String, String> environment;
  private final PrintWriter messages;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "The configuration; without it the defaults and the environment.")
  private @Nullable Path config;

  ValidateCommand(Map<String, String> environment, PrintWriter messages) {
    this.environment = environment;
    this.messages = messages;
  }

  @Override
  public Integer call() {
    Loaded.Valid loaded = PannierCommand.load(config, environment, messages);
    if (loaded == null) {
      return PannierCommand.WRONG;
    }
    loaded.warnings().forEach(messages::println);
    if (spec != null) {
      spec.commandLine().getOut().println((config == null ? "defaults" : config) + ": valid");
    }
    return PannierCommand.DONE;
  }
}
