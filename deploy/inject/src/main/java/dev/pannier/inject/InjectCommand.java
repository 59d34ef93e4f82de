package dev.pannier.inject;

import dev.pannier.inject.pod.Injection;
import dev.pannier.inject.pod.Setting;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
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

  @Option(
      names = "--annotated",
      description =
          "Only Pods that say pannier.dev/inject: \"true\"; else all that do not say \"false\".")
  private boolean annotated;

  @Option(
      names = "--image",
      paramLabel = "IMAGE",
      description = "The sidecar's image, for Pods that do not name one.")
  private String image = defaultImage();

  @Option(
      names = "--ordinary",
      description =
          "An ordinary container and not a native sidecar: for clusters before Kubernetes 1.29. A"
              + " Job does not complete with it.")
  private boolean ordinary;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "What holds for Pods that have no annotation pannier.dev/KEY. May be repeated.")
  private Map<String, String> set = new LinkedHashMap<>();

  InjectCommand(InputStream in, OutputStream out, PrintWriter messages) {
    this.in = in;
    this.out = out;
    this.messages = messages;
  }

  private static String defaultImage() {
    return "pannier/pannier:" + (Main.version().isEmpty() ? "latest" : Main.version());
  }

  @Override
  public Integer call() throws IOException {
    Manifests manifests = new Manifests(remove ? null : new Injection(defaults()));
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

  private Map<Setting, String> defaults() {
    Map<Setting, String> defaults = new EnumMap<>(Setting.class);
    defaults.put(Setting.INJECT, String.valueOf(!annotated));
    defaults.put(Setting.IMAGE, image);
    if (ordinary) {
      defaults.put(Setting.MODE, "ordinary");
    }
    set.forEach(
        (key, value) -> {
          Setting setting = Setting.of(key);
          if (setting == null) {
            throw wrong(
                "--set: unknown key, known are "
                    + String.join(", ", Setting.keys())
                    + " ("
                    + key
                    + ")");
          }
          defaults.put(setting, value);
        });
    return defaults;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(
        spec == null ? new CommandLine(this) : spec.commandLine(), message);
  }
}
