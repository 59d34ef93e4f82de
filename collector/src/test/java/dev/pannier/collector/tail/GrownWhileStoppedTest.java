package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A file grew while nothing ran, was seen at the start, and was emptied before there was room to read
/// it: the copy is known by what was seen.
class GrownWhileStoppedTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"", "before\n"})
  void whatWasSeenAtTheStartIsReadFromTheCopy(String before) {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "app.log"))) {
      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      log.write(before);
      rig.start();
      rig.settle();
      rig.kill();

      log.write("grown\n");
      rig.capacity = 0;
      rig.start();
      rig.step();
      log.gzip(log.copyAndTruncate());
      rig.capacity = 64;
      rig.settle();
      assertThat(rig.bodies()).containsExactlyElementsOf((before + "grown").lines().toList());
      assertThat(rig.notices).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "before\n"})
  void whatWasSeenAtTheStartAndIsGoneIsTold(String before) {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "app.log"))) {
      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      log.write(before);
      rig.start();
      rig.settle();
      rig.kill();

      log.write("grown\n");
      rig.capacity = 0;
      rig.start();
      rig.step();
      log.delete(log.copyAndTruncate());
      rig.settle();
      assertThat(rig.lostBytes()).isEqualTo("grown\n".length());
      assertThat(rig.notices).hasSize(1).first().asString().contains("were gone");
    }
  }

  @Test
  void whatWasWrittenToARenamedFileHoursBeforeTheStartIsRead() throws IOException {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "app.log"))) {
      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      log.write("before\n");
      rig.start();
      rig.settle();
      Path rotated = log.rename();
      rig.settle();
      rig.stop();
      Instant stopped = rig.epoch.plus(rig.passed());

      Files.writeString(rotated, "late\n", StandardOpenOption.APPEND);
      Files.setLastModifiedTime(rotated, FileTime.from(stopped.plusSeconds(60)));
      log.write("new\n");
      rig.pass(Duration.ofHours(3));
      rig.start();
      rig.settle();
      assertThat(rig.bodies()).containsExactlyInAnyOrder("before", "late", "new");
    }
  }
}
