package dev.pannier.inject;

import dev.pannier.inject.pod.Setting;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// What holds for Pods whose annotations say nothing: the same options for manifests and for the webhook.
final class InjectionOptions {
  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec spec;

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

  private static String defaultImage() {
    return "pannier/pannier:" + (Main.version().isEmpty() ? "latest" : Main.version());
  }

  /// @throws ParameterException for a key that there is not
  Map<Setting, String> defaults() {
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
            throw new ParameterException(
                spec == null ? new CommandLine(this) : spec.commandLine(),
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
}
