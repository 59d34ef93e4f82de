package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuietFilesTest {
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
}
