package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.demo.Demo;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The demo, as the launcher runs it: from its jar and the folder of what it needs, not from the tests'
/// class path, which has more.
class DemoIT {
  @TempDir private Path folder;

  private static String classPath() throws IOException {
    Path target = Tree.root().resolve("integration-tests/target");
    try (Stream<Path> files = Files.list(target)) {
      Path jar =
          files
              .filter(file -> file.getFileName().toString().matches("pannier-.*\\.jar"))
              .filter(file -> !file.getFileName().toString().endsWith("-tests.jar"))
              .findFirst()
              .orElseThrow();
      return jar + File.pathSeparator + target.resolve("demo/lib/*");
    }
  }

  @Test
  void theCountCloses() throws Exception {
    Path output = folder.resolve("output");
    Process demo =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Dpannier.home=" + Demo.home(),
                    "-Djava.io.tmpdir=" + folder,
                    "-cp",
                    classPath(),
                    Demo.class.getName(),
                    "--seconds",
                    "3",
                    "--headless"))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(demo.waitFor(120, TimeUnit.SECONDS)).as(Files.readString(output)).isTrue();
      String text = Files.readString(output, UTF_8);
      assertThat(demo.exitValue()).as(text).isZero();
      assertThat(text).contains("missing 0, duplicate 0, different 0: OK");
      try (var left = Files.list(folder)) {
        assertThat(left.filter(path -> path.getFileName().toString().startsWith("pannier-demo")))
            .isEmpty();
      }
    } finally {
      demo.descendants().forEach(ProcessHandle::destroyForcibly);
      demo.destroyForcibly();
    }
  }
}
