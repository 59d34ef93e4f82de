package dev.pannier.inject;

import dev.pannier.inject.pod.Injection;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "inject",
    description = {
      "Put the sidecar into manifests: Deployment, StatefulSet, DaemonSet, ReplicaSet, Job,"
          + " CronJob, Pod, and Lists of them.",
      "What a Pod's annotations (pannier.dev/…) want is done; everything else stays as it is. Twice"
          + " gives the same as once."
    },
    mixinStandardHelpOptions = true)
final class InjectCommand implements Callable<Integer> {
  private final InputStream in;
  private final OutputStream out;
  private final PrintWriter messages;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = {"-f", "--filename"},
      paramLabel = "FILE",
      description =
          "A manifest, a folder with manifests (.yaml, .yml, .json, and those in its folders), or -"
              + " for standard input, which it is without one. May be repeated.")
  private List<String> names = List.of("-");

  @Option(
      names = {"-i", "--in-place"},
      description = "Change the files themselves, instead of writing to standard output.")
  private boolean inPlace;

  @Option(names = "--remove", description = "Take the sidecar out again.")
  private boolean remove;

  @Mixin private InjectionOptions options = new InjectionOptions();

  InjectCommand(InputStream in, OutputStream out, PrintWriter messages) {
    this.in = in;
    this.out = out;
    this.messages = messages;
  }

  @Override
  public Integer call() throws IOException {
    Manifests manifests = new Manifests(remove ? null : new Injection(options.defaults()));
    List<ManifestFile> files = ManifestFile.find(names, in);
    if (inPlace && files.stream().anyMatch(file -> file.path() == null)) {
      throw wrong("--in-place needs files: name them with --filename");
    }
    Map<ManifestFile, String> changed = new LinkedHashMap<>();
    for (ManifestFile file : files) {
      changed.put(file, manifests.change(file.name(), file.text()));
    }
    manifests.messages().forEach(messages::println);
    if (manifests.failed()) {
      messages.println("pannier: nothing was written");
      return CommandLine.ExitCode.USAGE;
    }
    if (inPlace) {
      for (Map.Entry<ManifestFile, String> file : changed.entrySet()) {
        file.getKey().replace(file.getValue());
      }
    } else {
      out.write(Manifests.joined(List.copyOf(changed.values())).getBytes(StandardCharsets.UTF_8));
      out.flush();
    }
    return CommandLine.ExitCode.OK;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(
        spec == null ? new CommandLine(this) : spec.commandLine(), message);
  }
}
