package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuietFilesTest {
  private static final Duration CALM = Duration.ofNanos(FileTailer.CALM_AFTER_NANOS);

  @TempDir Path directory;

  @Test
  void fileThatWasReadToItsEndBeforeTheRestartLetsTheLoopSleep() throws Exception {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*"))) {
      Files.writeString(rig.logs.resolve("app.log"), "one\ntwo\n");
      rig.start();
      rig.settle();
      rig.stop();
      rig.start();
      rig.settle();

      assertThat(rig.step()).isZero();

      assertThat(rig.waitTime()).isEqualTo(Duration.ofNanos(FileTailer.LOOK_NANOS));
      assertThat(rig.bodies()).containsExactly("one", "two");
    }
  }

  @Test
  void recordThatIsHeldWhileThereIsNoRoomLetsTheLoopSleep() throws Exception {
    try (TailRig rig =
        new TailRig(directory, TailRig.multiline(TailRig.settings(directory, "*")))) {
      Files.writeString(rig.logs.resolve("app.log"), "one\ntwo\n");
      rig.start();
      rig.step();
      rig.step();
      assertThat(rig.waitTime()).isLessThanOrEqualTo(Duration.ofMillis(100));
      rig.capacity = 0;
      rig.pass(Duration.ofSeconds(2));

      assertThat(rig.step()).isZero();

      assertThat(rig.waitTime()).isEqualTo(Duration.ofNanos(FileTailer.LOOK_NANOS));
      rig.capacity = 64;
      rig.settle();
      assertThat(rig.bodies()).containsExactly("one", "two");
    }
  }

  @Test
  void roomEndsTheSleepOnlyWhereItIsWaitedFor() throws Exception {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*"))) {
      Files.writeString(rig.logs.resolve("app.log"), "one\ntwo\n");
      rig.capacity = 0;
      rig.start();
      rig.step();
      rig.room();
      assertThat(rig.wakes).isEqualTo(1);

      rig.capacity = 64;
      rig.settle();
      rig.wakes = 0;
      rig.room();
      assertThat(rig.wakes).isZero();
    }
  }

  @Test
  void whereAllIsToldNamesAreLookedAtSeldomOnceNothingHappens() throws Exception {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*"))) {
      Files.writeString(rig.logs.resolve("app.log"), "one\ntwo\n");
      rig.start();
      rig.settle();
      rig.step();
      assertThat(rig.waitTimeWhereTold()).isEqualTo(Duration.ofNanos(FileTailer.LOOK_NANOS));

      rig.pass(CALM);
      rig.step();

      assertThat(rig.waitTimeWhereTold()).isEqualTo(Duration.ofNanos(FileTailer.CALM_LOOK_NANOS));
      assertThat(rig.waitTime()).isEqualTo(Duration.ofNanos(FileTailer.LOOK_NANOS));
    }
  }

  @Test
  void anyWordEndsTheCalm() throws Exception {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*"))) {
      Path log = rig.logs.resolve("app.log");
      Files.writeString(log, "one\n");
      rig.start();
      rig.settle();
      rig.pass(CALM);
      rig.step();

      Files.writeString(rig.logs.resolve("new.log"), "two\n");
      rig.pass(Duration.ofNanos(FileTailer.LOOK_NANOS));
      rig.stepWithoutLook();
      rig.stepWithoutLook();

      assertThat(rig.waitTimeWhereTold())
          .isLessThanOrEqualTo(Duration.ofNanos(FileTailer.LOOK_NANOS));
      rig.settle();
      assertThat(rig.bodies()).containsExactly("one", "two");
    }
  }

  @Test
  void aRotatedFileIsLookedAfterEachSecondUntilItIsClosed() throws Exception {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "app.log"))) {
      Path log = rig.logs.resolve("app.log");
      Files.writeString(log, "one\n");
      rig.start();
      rig.settle();
      rig.pass(CALM);
      Files.move(log, rig.logs.resolve("app.log.1"));
      rig.step();
      assertThat(rig.waitTimeWhereTold()).isEqualTo(Duration.ofNanos(FileTailer.LOOK_NANOS));

      rig.settle();
      rig.pass(CALM);
      rig.step();
      assertThat(rig.waitTimeWhereTold()).isEqualTo(Duration.ofNanos(FileTailer.CALM_LOOK_NANOS));
    }
  }

  @Test
  void aFolderThatIsMissingIsLookedForEachSecond() throws Exception {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "absent/*"))) {
      rig.start();
      rig.settle();
      rig.pass(CALM);
      rig.step();

      assertThat(rig.waitTimeWhereTold()).isEqualTo(Duration.ofNanos(FileTailer.LOOK_NANOS));
    }
  }

  @Test
  void aFileThatGrowsTimeAndAgainWithoutAWordIsToBePolled() throws Exception {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*"))) {
      Path log = rig.logs.resolve("app.log");
      Files.writeString(log, "");
      rig.start();
      rig.settle();
      for (int i = 0; i < FileTailer.UNTOLD; i++) {
        assertThat(rig.tailer().hasUntold()).isFalse();
        Files.writeString(log, "line\n", StandardOpenOption.APPEND);
        rig.pass(Duration.ofNanos(FileTailer.LOOK_NANOS));
        rig.step();
        rig.untold();
      }
      assertThat(rig.tailer().hasUntold()).isTrue();

      Files.delete(log);
      rig.settle();
      assertThat(rig.tailer().hasUntold()).as("once the file is gone").isFalse();
    }
  }
}
