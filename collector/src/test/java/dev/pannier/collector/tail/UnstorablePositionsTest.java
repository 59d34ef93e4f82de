package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The volume of the positions vanishes, or is full.
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

  private static void remove(Path folder) throws Exception {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    }
  }
}
