package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.config.FileSource.Multiline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Hundreds of logs are met, rotated or left out at once, and each of them is what it was.
class ManyFilesTest {
  /// More generations than are remembered for their copies' sake.
  private static final int KNOWN = 1_100;

  @TempDir private Path folder;

  private static List<LogDirectory> written(Path logs, int count) {
    List<LogDirectory> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      LogDirectory log = new LogDirectory(logs, i + ".log");
      log.write("a line of log " + i + " by which it is known\n");
      all.add(log);
    }
    return all;
  }

  @Test
  void thoseThatNoSourceTakesForAWhileGoOnWhereTheyWere() {
    FileSource lines = TailHarness.source(folder, new Multiline.None());
    try (TailHarness tail = new TailHarness(folder, lines)) {
      List<LogDirectory> logs = written(tail.logs, KNOWN);
      tail.run();
      tail.change();
      tail.looks(3);
      logs.getFirst().write("written meanwhile\n");
      tail.change(lines);
      tail.looks(3);
      assertThat(tail.bodies()).hasSize(KNOWN + 1).endsWith("written meanwhile");
    }
  }

  @Test
  void thoseThatStayKeepNoShortCopyFromBeingKnown() throws IOException {
    NumberedLines lines = new NumberedLines();
    try (TailRig rig = new TailRig(folder, TailRig.settings(folder, "*.log*"))) {
      rig.start();
      List<LogDirectory> logs = written(rig.logs, KNOWN);
      rig.settle();
      logs.forEach(LogDirectory::rename);
      rig.settle();
      rig.epoch = Instant.now().minus(rig.passed()).minusSeconds(1);

      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      log.write(lines.next(100));
      rig.step();
      rig.acknowledgeAll();
      rig.step();
      Files.copy(log.file, log.numbered(1));
      log.write(lines.next(5));
      rig.stepWithoutLook();
      rig.acknowledgeAll();
      rig.stepWithoutLook();
      log.truncate(0);
      log.write(lines.next(3));
      rig.settle();
      List<String> bodies = rig.bodies();
      assertThat(bodies.subList(KNOWN, bodies.size())).isEqualTo(lines.written);
    }
  }

  @Test
  void eachThatIsWrittenToAfterItsRotationIsReadOn() throws IOException {
    try (TailRig rig = new TailRig(folder, TailRig.settings(folder, "*.log"))) {
      rig.start();
      List<LogDirectory> logs = written(rig.logs, KNOWN);
      rig.settle();
      logs.forEach(LogDirectory::rename);
      rig.settle();
      Files.writeString(logs.getFirst().numbered(1), "after a while\n", StandardOpenOption.APPEND);
      rig.settle();
      assertThat(rig.bodies()).hasSize(KNOWN + 1).endsWith("after a while");
    }
  }

  @Test
  void allThatAreRotatedUnreadAreRead() {
    try (TailHarness tail = new TailHarness(folder)) {
      tail.room = false;
      List<LogDirectory> logs = written(tail.logs, NamelessFiles.MOST + 50);
      tail.looks(1);
      logs.forEach(LogDirectory::rename);
      tail.looks(2);
      tail.room = true;
      tail.looks(15);
      assertThat(tail.bodies()).hasSize(logs.size());
      assertThat(tail.notices).isEmpty();
      assertThat(tail.lostBytes()).isZero();
    }
  }

  @Test
  void thoseThatAreRotatedUnreadAndDeletedLaterAreReadAsFarAsTheyMayBeOpen() {
    try (TailHarness tail = new TailHarness(folder)) {
      tail.room = false;
      List<LogDirectory> logs = written(tail.logs, NamelessFiles.MOST + 50);
      tail.looks(1);
      logs.forEach(LogDirectory::rename);
      tail.looks(2);
      for (LogDirectory log : logs) {
        log.delete(log.numbered(1));
      }
      tail.looks(2);
      tail.room = true;
      tail.looks(15);
      assertThat(tail.bodies()).hasSize(NamelessFiles.MOST);
      assertThat(tail.notices)
          .hasSize(50)
          .allMatch(notice -> notice.contains("were given up unread"));
    }
  }

  @Test
  void thoseThatAreRotatedAndReadGiveTheirDescriptorsToOthers() {
    FileSource lines = TailHarness.source(folder, new Multiline.None());
    try (TailHarness tail = new TailHarness(folder, lines, 10)) {
      List<LogDirectory> logs = written(tail.logs, 10);
      tail.run();
      logs.forEach(LogDirectory::rename);
      logs.forEach(log -> log.write("of the next file of " + log.file + "\n"));
      tail.pass(Duration.ofSeconds(1));
      assertThat(tail.bodies()).hasSize(10);
      tail.looks(6);
      assertThat(tail.bodies()).hasSize(20);
    }
  }
}
