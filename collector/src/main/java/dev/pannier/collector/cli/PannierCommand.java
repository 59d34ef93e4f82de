package dev.pannier.collector.cli;

import dev.pannier.collector.config.ConfigurationLoader;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.config.Loaded;
import dev.pannier.collector.config.Problem;
import dev.pannier.collector.tail.ParserChooser;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `pannier`: the root of the command line. Exit codes are 0 for done, 1 for failed, 2 for wrong
/// usage or configuration. Data goes to standard output, everything else to standard error.
@Command(
    name = "pannier",
    description = "A logging and telemetry sidecar: tails files, receives OTLP, ships both.",
    mixinStandardHelpOptions = true,
    versionProvider = PannierCommand.Version.class)
public final class PannierCommand implements Runnable {
  static final int DONE = CommandLine.ExitCode.OK;
  static final int WRONG = CommandLine.ExitCode.USAGE;

  @Spec private @Nullable CommandSpec spec;

  private PannierCommand() {}

  /// Runs one command.
  ///
  /// @param arguments   as `main` has them
  /// @param environment as `System.getenv()` gives it
  /// @param sidecars    what `run` runs
  /// @param parsers     makes what chooses the parser of a source's files
  /// @return the exit code
  public static int execute(
      String[] arguments,
      Map<String, String> environment,
      InputStream in,
      OutputStream out,
      OutputStream err,
      Sidecars sidecars,
      Function<FileSource, ParserChooser> parsers) {
    PrintWriter messages = new PrintWriter(err, true, StandardCharsets.UTF_8);
    RunCommand run = new RunCommand(environment, messages, sidecars);
    // Picocli takes 100 ms to start, which every start of a sidecar would pay.
    if (run.takes(arguments)) {
      try {
        return run.call();
      } catch (Exception e) {
        messages.println("pannier: " + describe(e));
        return CommandLine.ExitCode.SOFTWARE;
      }
    }
    CommandLine line =
        new CommandLine(new PannierCommand())
            .addSubcommand(run)
            .addSubcommand(new ValidateCommand(environment, messages))
            .addSubcommand(new StatusCommand(messages))
            .addSubcommand(new ParseCommand(environment, in, out, messages, parsers));
    line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    line.setErr(messages);
    line.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          messages.println("pannier: " + describe(failure));
          return CommandLine.ExitCode.SOFTWARE;
        });
    return line.execute(arguments);
  }

  private static String describe(Exception failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  @Override
  public void run() {
    Missing.command(spec);
  }

  /// Apart: the JVM's verifier loads what a class throws, and `run` needs nothing of picocli.
  private static final class Missing {
    static void command(@Nullable CommandSpec spec) {
      if (spec != null) {
        throw new ParameterException(spec.commandLine(), "Missing command");
      }
    }
  }

  /// Loads a configuration and prints its problems.
  ///
  /// @return null where it has any
  static Loaded.@Nullable Valid load(
      @Nullable Path file, Map<String, String> environment, PrintWriter messages) {
    return valid(ConfigurationLoader.load(file, environment), messages);
  }

  /// Prints the problems of a configuration.
  ///
  /// @return null where it has any
  static Loaded.@Nullable Valid valid(Loaded loaded, PrintWriter messages) {
    if (loaded instanceof Loaded.Invalid invalid) {
      for (Problem problem : invalid.problems()) {
        messages.println(problem);
      }
    }
    return loaded instanceof Loaded.Valid valid ? valid : null;
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = PannierCommand.class.getPackage().getImplementationVersion();
      return new String[] {"pannier " + (version == null ? "development" : version)};
    }
  }
}
