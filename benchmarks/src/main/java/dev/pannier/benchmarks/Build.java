package dev.pannier.benchmarks;

import dev.pannier.demo.Demo;
import dev.pannier.demo.Packaged;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

  static Build own(@Nullable Path profiles) {
    return new Build(Demo.home(), "", profiles);
  }

  /// @param jar its `lib/pannier-collector.jar`
  static Build of(Path jar) {
    return new Build(jar.toAbsolutePath().resolveSibling("..").normalize(), ", against", null);
  }

  /// The command up to the sidecar's own arguments.
  ///
  /// @param run the run's name, for its profile
  List<String> command(String run) {
    List<String> options = new ArrayList<>(MORE_OPTIONS);
    if (profiles != null) {
      options.add(
          "-XX:StartFlightRecording=settings=profile,%s,filename=%s"
              .formatted(RECORDED, profiles.resolve(run + ".jfr")));
    }
    return Packaged.command(home, options);
  }
}
