package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.checkpoint.SavedGeneration;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A volume that is mounted anew may have another device number; what lies on it is the same.
class DeviceNumberTest {
  @TempDir private Path directory;

  /// What is stored tells of another number than the file system does.
  private static void mountAnew(TailRig rig) throws IOException {
    Random random = new Random(3);
    try (PositionStore store = PositionStore.open(rig.state, random, rig.notices::add)) {
      List<SavedGeneration> all =
          store.loaded().stream().map(saved -> saved.on(saved.device() + 16)).toList();
      store.save(all);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void filesAreReadOn(boolean fromEnd) throws IOException {
    var settings = TailRig.settings(directory, "*.log");
    try (TailRig rig = new TailRig(directory, fromEnd ? TailRig.fromEnd(settings) : settings)) {
      rig.start();
      rig.settle();
      LogDirectory app = new LogDirectory(rig.logs, "app.log");
      LogDirectory other = new LogDirectory(rig.logs, "other.log");
      app.write("the first line of an application that is long enough\n");
      other.write("the first line of another one that is long enough\n");
      rig.settle();
      rig.capacity = 0;
      app.write("second\n");
      rig.step();
      rig.kill();
      mountAnew(rig);

      app.rename();
      other.write("third\n");
      rig.capacity = 64;
      rig.start();
      rig.settle();
      assertThat(rig.bodies())
          .containsExactlyInAnyOrder(
              "the first line of an application that is long enough",
              "the first line of another one that is long enough",
              "second",
              "third");
      assertThat(rig.lostBytes()).isZero();
      assertThat(rig.notices).isEmpty();
    }
  }

  /// A file of another volume that has the path and the inode by chance tells nothing.
  @Test
  void otherContentIsReadFromItsEndWhereThatIsAskedFor() throws IOException {
    try (TailRig rig =
        new TailRig(directory, TailRig.fromEnd(TailRig.settings(directory, "*.log")))) {
      rig.start();
      rig.settle();
      LogDirectory app = new LogDirectory(rig.logs, "app.log");
      app.write("the first line of an application that is long enough\n");
      rig.settle();
      rig.kill();
      mountAnew(rig);

      app.truncate(0);
      app.write("another application's line that was there before, and is as long\n");
      rig.start();
      rig.settle();
      app.write("new\n");
      rig.settle();
      assertThat(rig.bodies())
          .containsExactly("the first line of an application that is long enough", "new");
    }
  }
}
