package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A log folder that is not there yet, goes away and comes back; a file that is cut off below what
/// was read of it.
class FoldersIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String CONSOLE =
      "shippers: {console: {type: stdout, format: raw, signals: [logs]}}\n";

  @TempDir private Path folder;

  @Test
  void missingFolderIsToldAndReadOnceItIsThere() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder)) {
      Path log = sidecar.log("app.log");
      Path logs = log.getParent();
      Files.delete(logs);
      sidecar.configure(Sidecar.files("parser: raw") + CONSOLE);
      sidecar.launch(Map.of());
      sidecar.awaitAlive();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                assertThat(sidecar.status("/readyz")).isEqualTo(503);
                assertThat(sidecar.body("/readyz")).contains(logs + ": no such folder: mount");
              });
      assertThat(sidecar.errors()).containsOnlyOnce(logs + ": no such folder: mount");

      Files.createDirectory(logs);
      Files.writeString(log, "first\nwithout an end");
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
      await().atMost(PATIENCE).until(() -> sidecar.output().equals("first\n"));

      Files.delete(log);
      Files.delete(logs);
      await().atMost(PATIENCE).until(() -> sidecar.output().equals("first\nwithout an end\n"));
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 503);
      assertThat(sidecar.body("/livez")).startsWith("alive");

      Files.createDirectory(logs);
      Files.writeString(log, "second\n");
      await()
          .atMost(PATIENCE)
          .until(() -> sidecar.output().equals("first\nwithout an end\nsecond\n"));
      await().atMost(PATIENCE).until(() -> sidecar.status("/readyz") == 200);
      assertThat(sidecar.stop()).isZero();
    }
  }

  @Test
  void whatIsLeftOfAFileThatWasCutOffBelowThePositionComesAgain() throws Exception {
    try (Sidecar sidecar = new Sidecar(folder)) {
      Path log = sidecar.log("app.log");
      Files.writeString(log, "1\n2\n3\n4\n");
      sidecar.configure(Sidecar.files("parser: raw") + CONSOLE).start();
      await().atMost(PATIENCE).until(() -> sidecar.output().equals("1\n2\n3\n4\n"));

      try (FileChannel channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
        channel.truncate(4);
      }
      await().atMost(PATIENCE).until(() -> sidecar.output().equals("1\n2\n3\n4\n1\n2\n"));
      Files.writeString(log, "5\n", StandardOpenOption.APPEND);
      await().atMost(PATIENCE).until(() -> sidecar.output().equals("1\n2\n3\n4\n1\n2\n5\n"));

      await()
          .atMost(PATIENCE)
          .until(() -> sidecar.statusPage().at("/sources/0/files/0/position_bytes").asLong() == 6);
      assertThat(sidecar.statusPage().at("/sources/0/files/0/size_bytes").asLong()).isEqualTo(6);
      assertThat(sidecar.body("/metrics").lines())
          .anyMatch(
              line -> line.startsWith("pannier_source_lost_bytes_total{") && line.endsWith(" 0"));
      assertThat(sidecar.stop()).isZero();
    }
  }

  @Test
  void whatGrowsWhereTheFileSystemTellsNothingIsPolled() throws Exception {
    String missing = SilentDisk.missing(folder);
    assumeThat(missing).as("no file system that tells nothing can be made: " + missing).isEmpty();
    try (Sidecar sidecar = new Sidecar(folder)) {
      Path written = SilentDisk.written(folder).resolve("app.log");
      Files.writeString(written, "0\n");
      sidecar.configure(Sidecar.files("parser: raw, multiline: none") + CONSOLE);
      sidecar.within(SilentDisk.over(sidecar.logs(), folder)).start();

      String told = "files grow, and their file system tells nothing of it";
      String all = "0\n";
      for (int i = 1; i <= 20 && !sidecar.errors().contains(told); i++) {
        String before = all;
        await().atMost(PATIENCE).until(() -> sidecar.output().equals(before));
        Files.writeString(written, i + "\n", StandardOpenOption.APPEND);
        all += i + "\n";
      }
      String last = all;
      await().atMost(PATIENCE).until(() -> sidecar.output().equals(last));
      assertThat(sidecar.errors()).containsOnlyOnce(told);
      assertThat(sidecar.stop()).isZero();
    }
  }
}
