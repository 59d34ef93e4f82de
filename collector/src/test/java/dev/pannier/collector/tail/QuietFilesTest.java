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
}
