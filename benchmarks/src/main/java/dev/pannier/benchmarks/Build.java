package dev.pannier.benchmarks;

import dev.pannier.demo.Demo;
import dev.pannier.demo.Packaged;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A packaged sidecar that is measured.
///
/// @param home     its folder, with `jvm.options` and `lib/`
/// @param suffix   of its rows' names
/// @param profiles where each work leaves a recording of Java Flight Recorder; null for none
record Build(Path home, String suffix, @Nullable Path profiles) {
  /// As the launcher takes them, for trying others.
  static final List<String> MORE_OPTIONS =
      Stream.of(System.getenv().getOrDefault("PANNIER_JVM_OPTIONS", "").split(" ", -1))
          .filter(option -> !option.isEmpty())
          .toList();

  /// Samples of CPU time, which count native code and system calls with the Java code that called
  /// them, and of allocations.
  private static final String RECORDED =
      "jdk.CPUTimeSample#enabled=true,jdk.CPUTimeSample#throttle=10ms";

  /// Ours, and the one it is compared with.
  ///
  /// @throws IllegalArgumentException if one would be measured in a run-time image or with an AOT
  ///     cache, and the other without: their rows would tell of that, not of what was changed
  static List<Build> of(Plan plan) throws IOException {
    Build own = new Build(Demo.home(), "", plan.profiles());
    if (plan.against() == null) {
      return List.of(own);
    }
    Build other = of(plan.against());
    if (!own.runsAs().equals(other.runsAs())) {
      throw new IllegalArgumentException(
          "--against compares what runs alike: ours runs "
              + own.runsAs()
              + ", the other one "
              + other.runsAs()
              + " (a .failed file in its place keeps the launcher from trying again)");
    }
    return List.of(own, other);
  }

  /// @param jar its `lib/pannier-collector.jar`
  static Build of(Path jar) {
    return new Build(jar.toAbsolutePath().resolveSibling("..").normalize(), ", against", null);
  }

  private String runsAs() throws IOException {
    return (Packaged.isImage(home) ? "in a run-time image" : "in the JDK")
        + (Packaged.usedCache(home).isPresent() ? " with" : " without")
        + " an AOT cache";
  }

  /// @param run       the run's name, for its profile
  /// @param arguments the sidecar's own
  List<String> command(String run, List<String> arguments) throws IOException {
    List<String> options = new ArrayList<>(MORE_OPTIONS);
    if (profiles != null) {
      options.add(
          "-XX:StartFlightRecording=settings=profile,%s,filename=%s"
              .formatted(RECORDED, profiles.resolve(run + ".jfr")));
    }
    return Packaged.command(home, options, arguments);
  }

  /// What a process of it ran as: the JVM passes over a cache that does not fit it, and only the start
  /// takes longer.
  ///
  /// @return the suffix of its row
  String ranAs(Usage process) throws IOException {
    Optional<Path> cache = Packaged.usedCache(home);
    boolean isUsed = cache.isPresent() && process.hasMapped(cache.get());
    return isUsed ? suffix : suffix + ", without an AOT cache";
  }
}
