package dev.pannier.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// How the packaged sidecar is started, as the launcher does it: with its `jvm.options`, with the AOT cache where one was made
/// for this JDK, and with what follows from its configuration.
public final class Packaged {
  /// A system property: the sidecar runs in its run-time image, as in a container, where there is one.
  static final String IMAGE = "pannier.image";

  private Packaged() {}

  /// @param home      its folder, with `jvm.options`, `options.sh`, `lib/` and perhaps a cache
  /// @param options   of the JVM, after all others
  /// @param arguments the sidecar's own
  public static List<String> command(Path home, List<String> options, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>(withoutCache(home));
    usedCache(home).map(Packaged::using).ifPresent(command::addAll);
    command.addAll(following(home, arguments));
    return started(command, home, options, arguments);
  }

  /// The JVM's options that follow from the sidecar's arguments; none where it is a build that has no
  /// `options.sh`.
  public static List<String> following(Path home, List<String> arguments) throws IOException {
    Path script = home.resolve("options.sh");
    if (!Files.exists(script)) {
      return List.of();
    }
    List<String> command = new ArrayList<>(List.of("sh", script.toString()));
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
    try (BufferedReader out = process.inputReader()) {
      return out.lines().toList();
    }
  }

  /// The cache that a sidecar is started with; empty where there is none, or none is wanted, or it is older than what it is made
  /// of: JDK 25 would use it all the same (JDK-8377932).
  public static Optional<Path> usedCache(Path home) throws IOException {
    Path cache = cache(home);
    if ("off".equals(System.getenv("PANNIER_AOT_CACHE")) || !Files.exists(cache)) {
      return Optional.empty();
    }
    FileTime made = Files.getLastModifiedTime(cache);
    try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
      for (Path part : Stream.concat(jars, Stream.of(home.resolve("jvm.options"))).toList()) {
        if (Files.getLastModifiedTime(part).compareTo(made) > 0) {
          return Optional.empty();
        }
      }
    }
    return Optional.of(cache);
  }

  /// The same, but for making this cache.
  static List<String> training(Path home, Path cache, List<String> arguments) {
    List<String> making = List.of("-XX:AOTCacheOutput=" + cache);
    return started(withoutCache(home), home, making, arguments);
  }

  /// The launcher looks for both under these names, too.
  static Path cache(Path home) {
    return isImage(home)
        ? image(home).resolve("pannier.aot")
        : home.resolve("pannier-" + Runtime.version() + ".aot");
  }

  private static Path image(Path home) {
    return home.resolve("java-" + Runtime.version());
  }

  /// Whether it runs in a run-time image, and not in the JDK.
  public static boolean isImage(Path home) {
    return Boolean.getBoolean(IMAGE) && Files.exists(image(home).resolve("release"));
  }

  /// A cache that does not match is passed over by the JVM without a word: the second option tells
  /// the sidecar what to look for.
  public static List<String> using(Path cache) {
    return List.of("-XX:AOTCache=" + cache, "-Dpannier.aot.cache=" + cache);
  }

  private static List<String> withoutCache(Path home) {
    Path runtime = isImage(home) ? image(home) : Path.of(System.getProperty("java.home"));
    return List.of(runtime.resolve("bin/java").toString(), "@" + home.resolve("jvm.options"));
  }

  private static List<String> started(
      List<String> begun, Path home, List<String> options, List<String> arguments) {
    List<String> command = new ArrayList<>(begun);
    command.addAll(options);
    command.addAll(List.of("-jar", home.resolve("lib/pannier-collector.jar").toString()));
    command.addAll(arguments);
    return command;
  }
}
