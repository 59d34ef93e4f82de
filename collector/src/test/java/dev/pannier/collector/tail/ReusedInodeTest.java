package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// An inode whose content went elsewhere while nobody looked, and that holds another log's now. The
/// tests write over the old file: then it keeps its inode on every file system.
class ReusedInodeTest {
  @TempDir private Path directory;

  /// ```
  ///        rotated           app.log
  /// killed inode 1: older    inode 2: younger
  /// met    inode 1: younger  inode 2: empty     older is in a .gz
  /// ```
  @Test
  void aCopyThatTookAnOlderGenerationsInodeIsTheYoungersRest() throws IOException {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*"))) {
      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      rig.start();
      rig.capacity = 0;
      log.write("0 is older\n");
      rig.step();
      Path rotated = log.rename();
      log.write("1 is younger\n");
      rig.step();
      rig.kill();

      log.write("2 is younger\n");
      Path older = Files.copy(rotated, log.numbered(2));
      log.gzip(older);
      Files.write(rotated, Files.readAllBytes(log.file), StandardOpenOption.TRUNCATE_EXISTING);
      Files.write(log.file, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);

      rig.capacity = 64;
      rig.start();
      rig.settle();
      assertThat(rig.bodies()).containsExactly("0 is older", "1 is younger", "2 is younger");
      assertThat(rig.lostBytes()).isZero();
      assertThat(rig.notices).isEmpty();
    }
  }

  /// The file system's clock is years ahead of the sidecar's, which was set back.
  @Test
  void aFinishedFileThatIsRenamedOnceMoreIsNotReadAgainWhereTheClockWasSetBack() {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*"))) {
      LogDirectory log = finished(rig);
      log.move(log.numbered(2), log.numbered(3));
      rig.settle();
      rig.stop();

      log.move(log.numbered(3), log.numbered(4));
      rig.start();
      rig.settle();
      assertThat(rig.bodies()).containsExactly("a line");
      assertThat(rig.notices).isEmpty();
    }
  }

  /// On most file systems a file that is made where one was deleted has its inode.
  @ParameterizedTest
  @ValueSource(strings = {"app.log.1", "app.log.2", "another.log"})
  void anotherFileWithTheSameLinesIsReadWhereTheClockWasSetBack(String name) throws IOException {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*"))) {
      LogDirectory log = finished(rig);
      log.delete(log.numbered(2));
      Files.writeString(rig.logs.resolve(name), "a line\n");
      rig.settle();
      assertThat(rig.bodies()).containsExactly("a line", "a line");
    }
  }

  @Test
  void aFileThatNoSourceTakesIsNotReadAsAnEmptyLogWhoseInodeItGotWhileStopped() throws IOException {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "app.log"))) {
      LogDirectory log = empty(rig);
      rig.stop();
      assumeThat(LogDirectory.makeWithInodeOf(log.file, rig.logs.resolve("dump"))).isTrue();
      Files.writeString(rig.logs.resolve("dump"), "a dump\n");
      log.write("a line\n");
      rig.start();
      rig.settle();
      assertThat(rig.bodies()).containsExactly("a line");
    }
  }

  @Test
  void aFileThatNoSourceTakesIsNotReadAsAnEmptyLogThatWasRotatedAway() throws IOException {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "app.log"))) {
      LogDirectory log = empty(rig);
      Path rotated = log.rename();
      rig.settle();
      assumeThat(LogDirectory.makeWithInodeOf(rotated, rig.logs.resolve("dump"))).isTrue();
      Files.writeString(rig.logs.resolve("dump"), "a dump\n");
      rig.settle();
      assertThat(rig.bodies()).isEmpty();
    }
  }

  @Test
  void aLogThatIsNamedAfterAnEmptyOneWhoseInodeItGotIsNotReadAsThat() throws IOException {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*.log"))) {
      LogDirectory log = empty(rig);
      Path rotated = log.rename();
      rig.settle();
      Path errors = rig.logs.resolve("app-error.log");
      assumeThat(LogDirectory.makeWithInodeOf(rotated, errors)).isTrue();
      rig.settle();
      Files.writeString(errors, "an error\n");
      rig.settle();
      assertThat(rig.bodies()).containsExactly("an error");
      assertThat(TailRig.attribute(rig.records.getFirst(), "log.file.name"))
          .isEqualTo("app-error.log");
    }
  }

  @Test
  void aLogThatBeginsWithTheSameFewLinesIsReadFromItsBeginning() throws IOException {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "app.log"))) {
      LogDirectory log = empty(rig);
      log.write("a banner\n");
      rig.settle();
      rig.stop();
      assumeThat(LogDirectory.makeWithInodeOf(log.file, log.file)).isTrue();
      log.write("a banner\na line\n");
      rig.epoch = Instant.now();
      rig.start();
      rig.settle();
      assertThat(rig.bodies()).containsExactly("a banner", "a banner", "a line");
    }
  }

  /// A log that was seen some time ago.
  private static LogDirectory empty(TailRig rig) {
    rig.epoch = Instant.now().minusSeconds(100);
    LogDirectory log = new LogDirectory(rig.logs, "app.log");
    log.write("");
    rig.start();
    rig.step();
    return log;
  }

  /// A file of a line that was met when it had been rotated once, and is rotated once more.
  private static LogDirectory finished(TailRig rig) {
    LogDirectory log = new LogDirectory(rig.logs, "app.log");
    log.write("a line\n");
    log.rename();
    rig.start();
    rig.settle();
    log.move(log.numbered(1), log.numbered(2));
    rig.settle();
    return log;
  }
}
