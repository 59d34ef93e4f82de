package dev.pannier.collector.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.config.StateDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A start where somebody else has filled the disk of `state.directory`.
class FullDiskStartTest {
  private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
  private final Path directory = new SimulatedFileSystem(disk).getPath("/var/state");
  private final List<String> notices = new ArrayList<>();

  @BeforeEach
  void mount() throws IOException {
    disk.makeFolder(new SimulatedFileSystem(disk).getPath("/var"), true);
    disk.enter();
  }

  private long volume() throws IOException {
    try (PositionStore store =
        PositionStore.open(directory, new SplittableRandom(2), notices::add)) {
      return store.volume();
    }
  }

  private void prepare() throws IOException {
    StateDirectory.prepare(directory, !PositionStore.isThere(directory));
  }

  /// What fills it may be logs that are deleted once they are shipped, which nobody else does.
  @Test
  void whatWasUsedBeforeIsGoneOnWith() throws IOException {
    prepare();
    long volume = volume();
    disk.roomBytes = disk.usedBytes();

    assertThatCode(this::prepare).doesNotThrowAnyException();
    assertThat(volume()).isEqualTo(volume);
    assertThat(Files.exists(directory.resolve(".writable"))).isFalse();
    assertThat(notices).isEmpty();
  }

  /// Nor is there an inode.
  @Test
  void whatWasUsedBeforeNeedsNoName() throws IOException {
    prepare();
    long volume = volume();
    disk.full = true;

    assertThatCode(this::prepare).doesNotThrowAnyException();
    assertThat(volume()).isEqualTo(volume);
  }

  /// A volume's id has to be stored before anything is shipped under it.
  @Test
  void aNewOneSaysThatTheDiskIsFull() {
    disk.roomBytes = disk.usedBytes();

    assertThatThrownBy(this::prepare)
        .hasMessageStartingWith("cannot be written, ")
        .hasMessageContaining("No space left on device")
        .hasMessageContaining(directory.toString());
    assertThat(Files.exists(directory.resolve(".writable"))).isFalse();
  }

  @Test
  void aDiskBufferWaitsForRoomInMemory() throws IOException {
    Files.createDirectories(directory);
    disk.roomBytes = disk.usedBytes();

    assertThatCode(() -> StateDirectory.prepare(directory, false)).doesNotThrowAnyException();
  }
}
