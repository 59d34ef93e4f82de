package dev.pannier.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// How the packaged sidecar is started: with its `jvm.options`, with the AOT cache where one was made
/// for this JDK, as the launcher does it.
public final class Packaged {
  /// A system property: the sidecar runs in its run-time image, as in a container, where there is one.
  static final String IMAGE = "pannier.image";

  private Packaged() {}

  /// The command up to the sidecar's own arguments.
  ///
  /// @param home    its folder, with `jvm.options`, `lib/` and perhaps a cache
  /// @param options of the JVM, after all others
  public static List<String> command(Path home, List<String> options) {
    List<String> command = new ArrayList<>(withoutCache(home));
    usedCache(home).ifPresent(cache -> command.addAll(using(cache)));
    return started(command, home, options);
  }

  /// The cache that a sidecar is started with; empty where there is none, or none is wanted.
  public static Optional<Path> usedCache(Path home) {
    boolean wanted = !"off".equals(System.getenv("PANNIER_AOT_CACHE"));
    return Optional.of(cache(home)).filter(cache -> wanted && Files.exists(cache));
  }

  /// The same with this cache, or one to be made.
  static List<String> command(Path home, Path cache, boolean make) {
    return started(
        withoutCache(home), home, make ? List.of("-XX:AOTCacheOutput=" + cache) : using(cache));
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

  private static List<String> started(List<String> begun, Path home, List<String> options) {
    List<String> command = new ArrayList<>(begun);
    command.addAll(options);
    command.addAll(List.of("-jar", home.resolve("lib/pannier-collector.jar").toString()));
    return command;
  }
}
