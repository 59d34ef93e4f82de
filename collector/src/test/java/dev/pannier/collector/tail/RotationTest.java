package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.FileSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Each kind of rotation, while the tailer runs, is stopped or was killed, and is behind or not, for
/// each kind of record and both with includes that match the rotated names and without.
class RotationTest {
  enum Kind {
    RENAME,
    RENAME_DATED,
    RENAME_GZIP,
    COPY_TRUNCATE,
    COPY_TRUNCATE_REFILLED,
    COPY_TRUNCATE_GZIP,
    DELETE,
    RECREATE
  }

  enum While {
    /// Everything was read before, and a look follows each rotation.
    RUNNING,
    /// Part of what is rotated was not read yet, and is written on after the last look.
    BEHIND,
    STOPPED,
    KILLED
  }

  enum Records {
    SHORT,
    LONG,
    MULTILINE
  }

  @TempDir Path directory;
  private final List<String> written = new ArrayList<>();
  private Records records = Records.SHORT;
  private int next;

  static List<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      for (While state : While.values()) {
        for (Records records : Records.values()) {
          for (String include : List.of("app.log", "*")) {
            cases.add(Arguments.of(kind, state, records, include));
          }
        }
      }
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void eachLineComesOnceAndInOrder(Kind kind, While state, Records records, String include) {
    this.records = records;
    FileSource settings = TailRig.settings(directory, include);
    if (records == Records.MULTILINE) {
      settings = TailRig.multiline(settings);
    }
    try (TailRig rig = new TailRig(directory, settings)) {
      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      rig.start();
      log.write(lines(20));
      rig.settle();
      for (int rotation = 0; rotation < 2; rotation++) {
        switch (state) {
          case RUNNING -> {
            log.write(lines(5));
            rig.settle();
          }
          case BEHIND -> {
            log.write(lines(5));
            rig.step();
            log.write(lines(5));
          }
          case STOPPED -> {
            rig.stop();
            if (kind != Kind.DELETE && kind != Kind.RECREATE) {
              log.write(lines(5));
            }
          }
          case KILLED -> {
            log.write(lines(3));
            rig.step();
            rig.kill();
            if (kind == Kind.DELETE || kind == Kind.RECREATE) {
              // What was read and is gone cannot be read again.
              rig.start();
              rig.settle();
              rig.kill();
            } else {
              log.write(lines(5));
            }
          }
        }
        rotate(kind, log, rotation);
        if (!rig.isRunning()) {
          rig.start();
        }
        if (state == While.BEHIND) {
          log.write(lines(2));
        }
        rig.step();
        log.write(lines(7));
        rig.settle();
      }
      rig.stop();
      rig.start();
      rig.settle();
      assertThat(rig.bodies()).isEqualTo(written);
      assertThat(rig.keys)
          .as("those of the old file and of the new one keep one order on their way")
          .hasSize(1);
      assertThat(rig.lostBytes()).isZero();
      assertThat(rig.heldBytes()).isZero();
    }
  }

  @Test
  void aRenamedFileThatIsEmptiedIsReadOn() throws IOException {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "app.log"))) {
      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      log.write(lines(5));
      rig.start();
      rig.settle();
      LogDirectory rotated = new LogDirectory(rig.logs, log.rename().getFileName().toString());
      rotated.write(lines(5));
      rig.step();
      log.write(lines(1));
      rig.step();
      rotated.truncate(0);
      rig.step();
      rotated.write(lines(2));
      rig.settle();
      rotated.write(lines(2));
      rig.settle();
      assertThat(rig.bodies()).isEqualTo(written);
      assertThat(rig.keys).hasSize(1);
      assertThat(rig.notices).isEmpty();
    }
  }

  @Test
  void aRenamedFileThatIsEmptiedDoesNotWaitForTheLogsNextLine() {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "app.log"))) {
      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      log.write(lines(5));
      rig.start();
      rig.settle();
      LogDirectory rotated = new LogDirectory(rig.logs, log.rename().getFileName().toString());
      rotated.write(lines(5));
      rig.step();
      log.write(lines(1));
      log.write("half a line");
      rig.step();
      rotated.truncate(0);
      rotated.write(lines(2));
      rig.settle();
      assertThat(rig.bodies()).isEqualTo(written);
    }
  }

  /// As `cp app.log app.log.1; : > app.log` does from the second time on.
  @Test
  void aCopyThatIsWrittenOverTheOneBeforeIsNotReadAgain() throws IOException {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "app.log"))) {
      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      rig.start();
      for (int rotation = 0; rotation < 3; rotation++) {
        log.write(lines(5));
        rig.step();
        rig.step();
        Files.write(log.numbered(1), Files.readAllBytes(log.file));
        rig.step();
        log.truncate(0);
        rig.step();
      }
      rig.settle();
      assertThat(rig.bodies()).isEqualTo(written);
      assertThat(rig.lostBytes()).isZero();
      assertThat(rig.notices).isEmpty();
    }
  }

  private void rotate(Kind kind, LogDirectory log, int rotation) {
    switch (kind) {
      case RENAME -> log.rename();
      case RENAME_DATED ->
          log.move(log.file, log.file.resolveSibling("app-2026-01-0" + rotation + ".log"));
      case RENAME_GZIP -> log.renameAndGzip();
      case COPY_TRUNCATE -> log.copyAndTruncate();
      case COPY_TRUNCATE_REFILLED -> {
        log.copyAndTruncate();
        log.write(lines(200));
      }
      case COPY_TRUNCATE_GZIP -> log.gzip(log.copyAndTruncate());
      case DELETE -> log.delete();
      case RECREATE -> {
        log.delete();
        log.write(lines(3));
      }
    }
  }

  private String lines(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      String line = "record " + next++ + " of the application";
      if (records == Records.LONG) {
        line += " " + "x".repeat(9_000);
      }
      if (records == Records.MULTILINE) {
        line += "\n\tat some.Frame(A.java:1)\n\tat another.Frame(B.java:2)";
      }
      written.add(line);
      text.append(line).append('\n');
    }
    return text.toString();
  }
}
