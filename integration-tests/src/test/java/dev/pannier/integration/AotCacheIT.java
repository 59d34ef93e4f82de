package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.demo.Demo;
import dev.pannier.demo.Packaged;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The cache that a training run makes is used by the sidecar as it is packaged; where the JVM passes
/// over it, or uses it with other jars, the log says so.
@EnabledOnOs(value = OS.LINUX, disabledReason = "what a process has mapped is read from /proc")
class AotCacheIT {
  @TempDir private Path folder;

  @Test
  void cacheIsUsedAndOneThatDoesNotMatchIsTold() throws Exception {
    Path cache = TrainedCache.make(folder);

    assertThat(run(cache, List.of())).doesNotContain("AOT cache").doesNotContain("[warning]");

    Path json = folder.resolve("json.yaml");
    Files.writeString(json, "encoding: json\n");
    List<String> c2 = Packaged.following(Demo.home(), List.of("run", "--config", json.toString()));
    assertThat(c2).contains("-XX:TieredStopAtLevel=4");
    assertThat(run(cache, c2)).doesNotContain("AOT cache").doesNotContain("[warning]");

    assertThat(run(cache, List.of("-XX:-UseCompactObjectHeaders")))
        .contains("the AOT cache " + cache + " is not used");

    Files.setLastModifiedTime(cache, FileTime.fromMillis(0));
    assertThat(run(cache, List.of())).contains("the AOT cache " + cache + " is older than ");
  }

  /// Starts and stops it.
  ///
  /// @return what it wrote to standard error
  private String run(Path cache, List<String> more) throws Exception {
    List<String> options = new ArrayList<>(Packaged.using(cache));
    options.addAll(more);
    try (Sidecar sidecar = new Sidecar(folder)) {
      sidecar.configure(
          Sidecar.otlp() + "shippers: {console: {type: stdout}}\nshutdown: {quiet: 100ms}\n");
      sidecar.options(options).start();
      assertThat(sidecar.stop()).isZero();
      return sidecar.errors();
    }
  }
}
