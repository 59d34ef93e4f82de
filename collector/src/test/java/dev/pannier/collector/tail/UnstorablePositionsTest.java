package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The volume of the positions vanishes, is full, or gives back something else than was written.
class UnstorablePositionsTest {
  /// Long enough for what follows it not to change the file's fingerprint.
  private static final String FIRST = "first ".repeat(1_000);

  @TempDir private Path directory;

  @Test
  void newFilesWaitAndThereIsAReasonUntilItCanBeStoredAgain() throws Exception {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*.log"))) {
      LogDirectory known = new LogDirectory(rig.logs, "known.log");
      rig.start();
      known.write(FIRST + "\n");
      rig.settle();
      assertThat(rig.tailer().storeProblem()).isNull();

      remove(rig.state);
      known.write("second\n");
      new LogDirectory(rig.logs, "new.log").write("third\n");
      rig.settle();
      assertThat(rig.bodies()).containsExactly(FIRST, "second");
      assertThat(rig.tailer().storeProblem())
          .startsWith("positions cannot be stored (")
          .endsWith("free space in state.directory or make it writable");
      assertThat(rig.notices).containsExactly(rig.tailer().storeProblem());

      Files.createDirectories(rig.state);
      rig.pass(Duration.ofSeconds(10));
      rig.settle();
      assertThat(rig.bodies()).containsExactly(FIRST, "second", "third");
      assertThat(rig.tailer().storeProblem()).isNull();
      assertThat(rig.notices).hasSize(2).last().isEqualTo("positions can be stored again");
    }
  }

  /// An empty file is known by its inode alone, which another one may have at the next start.
  @Test
  void theFirstLinesOfAnEmptyFileWaitUntilItIsStoredWhatToKnowItBy() throws Exception {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*.log"))) {
      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      log.write("");
      rig.start();
      rig.settle();
      rig.step();
      remove(rig.state);
      log.write(FIRST + "\n");
      for (int i = 0; i < 3; i++) {
        rig.stepWithoutLook();
      }
      assertThat(rig.bodies()).isEmpty();
      assertThat(rig.tailer().again()).isFalse();

      Files.createDirectories(rig.state);
      rig.pass(Duration.ofSeconds(10));
      rig.settle();
      assertThat(rig.bodies()).containsExactly(FIRST);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsDamagedIsToldAndFilesAreReadFromStartAt(boolean fromEnd) throws Exception {
    var settings = TailRig.settings(directory, "*.log");
    try (TailRig rig = new TailRig(directory, fromEnd ? TailRig.fromEnd(settings) : settings)) {
      rig.start();
      rig.settle();
      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      log.write(FIRST + "\n");
      rig.settle();
      rig.kill();
      Path positions = rig.state.resolve("positions");
      byte[] bytes = Files.readAllBytes(positions);
      bytes[bytes.length / 2] ^= 1;
      Files.write(positions, bytes);

      rig.start();
      rig.settle();
      log.write("second\n");
      rig.settle();
      assertThat(rig.bodies())
          .containsExactlyElementsOf(
              fromEnd ? List.of(FIRST, "second") : List.of(FIRST, FIRST, "second"));
      assertThat(rig.notices).singleElement().asString().contains("positions.unreadable");
    }
  }

  private static void remove(Path folder) throws Exception {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    }
  }
}
