package dev.pannier.collector.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.collector.checkpoint.DurableDirectory;
import dev.pannier.collector.checkpoint.PositionStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DurableDirectoryTest {
  private static final int SEEDS = 200;

  private static final class Machine {
    final SimulatedDisk disk;
    final SimulatedFileSystem files;

    Machine(long seed) throws IOException {
      disk = new SimulatedDisk(new SplittableRandom(seed));
      files = new SimulatedFileSystem(disk);
      disk.makeFolder(files.getPath("/var"), true);
    }

    /// @return the directory, null where the process was killed
    boolean makes(Path directory, int deadAfter) throws IOException {
      disk.enter();
      if (deadAfter > 0) {
        disk.dieAfter(deadAfter);
      }
      try {
        DurableDirectory.make(directory);
        return true;
      } catch (SimulatedDisk.Crash e) {
        return false;
      } finally {
        disk.processEnded();
      }
    }
  }

  @Test
  void whatWasMadeOutlivesTheDeathOfTheMachine() throws IOException {
    for (long seed = 0; seed < SEEDS; seed++) {
      Machine machine = new Machine(seed);
      Path directory = machine.files.getPath("/var/lib/pannier/buffer");
      assertThat(machine.makes(directory, 0)).isTrue();
      machine.disk.losePower();
      assertThat(Files.isDirectory(directory)).as("seed %d", seed).isTrue();
    }
  }

  /// Else all would be read again, or passed over, and under another volume's ids.
  @Test
  void positionsThatTheDiskDoesNotGiveAreNotPutAside() throws IOException {
    Machine machine = new Machine(1);
    Path state = machine.files.getPath("/var/state");
    List<String> notices = new ArrayList<>();
    machine.disk.enter();
    PositionStore store = PositionStore.open(state, new Random(1), notices::add);
    store.close();
    machine.disk.goesBad("positions.tmp", 0, 1);
    assertThatThrownBy(() -> PositionStore.open(state, new Random(2), notices::add))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("/var/state/positions", "Input/output error");
    machine.disk.isMended();
    try (PositionStore again = PositionStore.open(state, new Random(3), notices::add)) {
      assertThat(again.volume()).isEqualTo(store.volume());
    }
    assertThat(notices).isEmpty();
  }

  @Test
  void aNameThatCannotBeSyncedIsTold() throws IOException {
    Machine machine = new Machine(1);
    machine.disk.namesFail = true;
    Path directory = machine.files.getPath("/var/lib");
    assertThatThrownBy(() -> machine.makes(directory, 0))
        .hasMessageContaining("Input/output error");
  }

  @Test
  void whatAProcessThatWasKilledHasMadeOutlivesItOnceTheNextHasFoundIt() throws IOException {
    int kills = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      for (int call = 1; call <= 16; call++) {
        Machine machine = new Machine(seed);
        Path directory = machine.files.getPath("/var/lib/pannier/buffer");
        kills += machine.makes(directory, call) ? 0 : 1;
        assertThat(machine.makes(directory, 0)).isTrue();
        machine.disk.losePower();
        assertThat(Files.isDirectory(directory)).as("seed %d, call %d", seed, call).isTrue();
      }
    }
    assertThat(kills).isGreaterThan(SEEDS);
  }

  @Test
  void positionsOfAProcessThatWasKilledAreOnDiskOnceTheNextHasReadThem() throws IOException {
    for (long seed = 0; seed < SEEDS; seed++) {
      Machine machine = new Machine(seed);
      Path directory = machine.files.getPath("/var/state");
      machine.makes(directory, 0);
      machine.disk.enter();
      machine.disk.dieAfterReplacing(1);
      long random = seed;
      assertThatThrownBy(() -> volume(directory, random)).isInstanceOf(SimulatedDisk.Crash.class);
      machine.disk.processEnded();
      machine.disk.enter();
      long found = volume(directory, seed + 1);
      machine.disk.processEnded();
      machine.disk.losePower();
      assertThat(volume(directory, seed + 2)).as("seed %d", seed).isEqualTo(found);
    }
  }

  private static long volume(Path directory, long random) throws IOException {
    try (PositionStore store =
        PositionStore.open(directory, new SplittableRandom(random), notice -> {})) {
      return store.volume();
    }
  }
}
