package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.metrics.Metrics;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiscoveryTest {
  @TempDir private Path folder;

  /// To ask for it is the dearest look at a file, and thousands may lie beside the logs.
  @Test
  void whereAFileThatNoSourceTakesIsIsAskedOnceAWalk() throws IOException {
    Path logs = Files.createDirectory(folder.resolve("logs"));
    Path rotated = Files.writeString(logs.resolve("app.log.1"), "rotated");
    Discovery discovery =
        new Discovery(
            List.of(
                new TailSource(
                    FileSystems.getDefault(),
                    TailRig.settings(folder, "*.log"),
                    (head, length) -> new TailRig.PlainParser(),
                    null,
                    new Metrics())));
    discovery.walk();
    FileKey place = discovery.placeOf(discovery.others().getFirst());
    assertThat(place).isEqualTo(FileKey.of(rotated));
    Files.move(rotated, folder.resolve("kept"));
    Files.writeString(rotated, "another");
    assertThat(discovery.placeOf(discovery.others().getFirst())).isEqualTo(place);

    discovery.walk();
    assertThat(discovery.placeOf(discovery.others().getFirst())).isEqualTo(FileKey.of(rotated));
  }
}
