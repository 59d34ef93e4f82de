package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is done once a round comes often, however many files have something to read, and each has its turn.
class RoundTest {
  private static final int FILES = 3 * FileTailer.MOST_READ + 2;

  private static final int MOST_DETACHED = FileTailer.MOST_READ / 2;

  @TempDir private Path directory;

  /// A line in each file: its number.
  private static List<LogDirectory> written(TailRig rig) {
    List<LogDirectory> logs = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      LogDirectory log = new LogDirectory(rig.logs, i + ".log");
      log.write(i + "\n");
      logs.add(log);
    }
    return logs;
  }

  @Test
  void aRoundReadsFromAFewFilesAndTheNextOneGoesOnBehindThem() {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*.log"))) {
      written(rig);
      rig.start();
      Set<String> seen = new HashSet<>();
      for (int round = 1; round <= 4; round++) {
        rig.step();
        rig.acknowledgeAll();
        assertThat(rig.tailer().again()).as("more in round %d", round).isEqualTo(round < 4);
        assertThat(rig.tailer().caughtUp()).isFalse();
        seen.addAll(rig.keys);
        assertThat(seen).hasSize(Math.min(FILES, round * FileTailer.MOST_READ));
      }
      rig.step();
      assertThat(rig.tailer().caughtUp()).isTrue();
      assertThat(rig.records).hasSize(FILES);
    }
  }

  @Test
  void filesThatWereRotatedDoNotKeepOthersWaiting() {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*.log"))) {
      List<LogDirectory> logs = written(rig);
      rig.capacity = 0;
      rig.start();
      rig.step();
      logs.subList(1, FILES).forEach(LogDirectory::delete);
      rig.capacity = 64;
      rig.step();
      assertThat(rig.records).hasSize(MOST_DETACHED + 1);
      assertThat(rig.bodies()).contains("0");
      rig.settle();
      assertThat(rig.records).hasSize(FILES);
    }
  }

  @Test
  void aRotatedFileThatIsStillWrittenToKeepsNoOtherWaitingWhereRoomIsShort() throws IOException {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*.log"))) {
      List<LogDirectory> logs = written(rig);
      rig.capacity = 0;
      rig.start();
      rig.step();
      logs.subList(0, FILES / 2).forEach(LogDirectory::rename);
      rig.step();
      rig.capacity = 1;
      for (int step = 0; step < 3 * FILES; step++) {
        Files.writeString(logs.getFirst().numbered(1), "more\n", StandardOpenOption.APPEND);
        rig.step();
        rig.acknowledgeAll();
      }
      assertThat(rig.bodies()).containsAll(numbers());
    }
  }

  private static List<String> numbers() {
    return IntStream.range(0, FILES).mapToObj(String::valueOf).toList();
  }
}
