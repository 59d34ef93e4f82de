package dev.pannier.inject;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The entry point of what of `pannier`'s command line is about Pods' manifests.
@Command(
    name = "pannier",
    description = "Put the sidecar into Pods.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
public final class Main implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  private Main() {}

  public static void main(String[] arguments) {
    System.exit(
        execute(
            arguments,
            new FileInputStream(FileDescriptor.in),
            new FileOutputStream(FileDescriptor.out),
            new FileOutputStream(FileDescriptor.err)));
  }

  /// @return the exit code: 0 for done, 1 for failed, 2 for wrong usage or manifests
  static int execute(String[] arguments, InputStream in, OutputStream out, OutputStream err) {
    PrintWriter messages = new PrintWriter(err, true, StandardCharsets.UTF_8);
    CommandLine line =
        new CommandLine(new Main())
            .addSubcommand(new InjectCommand(in, out, messages))
            .addSubcommand(
                new CommandLine(new WebhookCommand(messages))
                    .addSubcommand(new CertificateCommand(in, out, messages)));
    line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    line.setErr(messages);
    line.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          String message = failure.getMessage();
          messages.println(
              "pannier: " + (message == null ? failure.getClass().getSimpleName() : message));
          return CommandLine.ExitCode.SOFTWARE;
        });
    return line.execute(arguments);
  }

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(spec.commandLine(), "Missing command");
    }
  }

  /// Empty where it was not packaged.
  static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "" : version;
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"pannier " + (version().isEmpty() ? "development" : version())};
    }
  }
}
