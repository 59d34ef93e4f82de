package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is about to vanish has the buffer's room before what stays.
class DetachedFirstTest {
  private static final int LINES = 3 * FileTailer.MAX_BATCH_RECORDS;
  private static final int MOST_STEPS = 100;

  @TempDir private Path directory;

  private static List<String> lines(String name) {
    return IntStream.range(0, LINES).mapToObj(i -> name + " " + i).toList();
  }

  @Test
  void aFileThatIsDeletedWhileUnreadIsReadBeforeThoseThatStay() {
    aFileIsReadBeforeThoseThatStay(true);
  }

  @Test
  void aFileThatIsRotatedWhileUnreadIsReadBeforeThoseThatStay() {
    aFileIsReadBeforeThoseThatStay(false);
  }

  private void aFileIsReadBeforeThoseThatStay(boolean deleted) {
    List<String> names = List.of("a", "b", "c");
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*.log"))) {
      List<LogDirectory> logs =
          names.stream().map(name -> new LogDirectory(rig.logs, name + ".log")).toList();
      for (int i = 0; i < names.size(); i++) {
        logs.get(i).write(String.join("\n", lines(names.get(i))) + "\n");
      }
      rig.capacity = 0;
      rig.start();
      rig.step();
      assertThat(rig.records).as("no room yet").isEmpty();
      if (deleted) {
        logs.get(1).delete();
      } else {
        logs.get(1).rename();
      }
      rig.capacity = 1;
      for (int step = 0; step < MOST_STEPS; step++) {
        rig.step();
        rig.acknowledgeAll();
      }
      List<String> read = rig.bodies();
      assertThat(read).hasSize(names.size() * LINES);
      assertThat(read.subList(0, LINES)).isEqualTo(lines("b"));
      assertThat(read).containsAll(lines("a")).containsAll(lines("c"));
    }
  }

  @Test
  void ofOneLogTheOlderRotatedFileIsReadFirst() {
    try (TailRig rig = new TailRig(directory, TailRig.settings(directory, "*.log"))) {
      LogDirectory log = new LogDirectory(rig.logs, "app.log");
      rig.capacity = 0;
      rig.start();
      for (String name : List.of("a", "b")) {
        log.write(String.join("\n", lines(name)) + "\n");
        rig.step();
        rig.pass(Duration.ofSeconds(10));
        rig.step();
        log.rename();
        rig.step();
      }
      rig.capacity = 1;
      for (int step = 0; step < MOST_STEPS; step++) {
        rig.step();
        rig.acknowledgeAll();
      }
      List<String> read = new ArrayList<>(lines("a"));
      read.addAll(lines("b"));
      assertThat(rig.bodies()).isEqualTo(read);
    }
  }
}
