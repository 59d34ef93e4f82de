package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.demo.ChildProcess;
import dev.pannier.demo.Demo;
import dev.pannier.demo.Training;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// The AOT cache that a training run makes of the packaged sidecar and this JDK.
final class TrainedCache {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private TrainedCache() {}

  /// Takes some twenty seconds.
  static Path make(Path folder) throws Exception {
    Path cache = folder.resolve("pannier.aot");
    try (ChildProcess training =
        ChildProcess.java(
            "training",
            folder,
            List.of("-Dpannier.home=" + Demo.home(), "-Xmx256m"),
            Training.class,
            List.of(cache.toString()))) {
      assertThat(training.await(PATIENCE)).as(training.lastWords()).isZero();
    }
    return cache;
  }
}
