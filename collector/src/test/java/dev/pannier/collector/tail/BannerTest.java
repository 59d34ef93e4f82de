package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.metrics.Counter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// An application that begins each of its logs with the same words, and empties its log when it starts.
class BannerTest {
  private static final String BANNER = "> app@1.0.0 start, with words that never change";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void aRotatedFileThatWasReadIsNotTheRestOfAnEmptiedOne(boolean zipped, boolean restart) {
    try (TailHarness tail = new TailHarness(folder, TailRig.settings(folder, "app.log"))) {
      LogDirectory log = new LogDirectory(tail.logs, "app.log");
      log.write(BANNER + "\nfirst\nsecond\n");
      looks(tail, 3);
      Path rotated = log.rename();
      log.write(BANNER + "\n");
      looks(tail, 15);
      if (zipped) {
        log.gzip(rotated);
        looks(tail, 3);
      }

      if (restart) {
        tail.stopAndRestart();
      }
      log.truncate(0);
      looks(tail, 1);
      log.write(BANNER + "\nthird\n");
      looks(tail, 15);
      assertThat(tail.bodies()).containsExactly(BANNER, "first", "second", BANNER, BANNER, "third");
      assertThat(tail.metrics.value(Counter.SOURCE_LOST_BYTES, "app")).isZero();
      assertThat(tail.notices).isEmpty();
    }
  }

  /// Only one of two files that are emptied at once is copied before.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aCopyOfOneFileIsNotTheRestOfAnotherThatIsEmptiedAtTheSameTime(boolean restart)
      throws IOException {
    try (TailHarness tail = new TailHarness(folder)) {
      LogDirectory one = new LogDirectory(tail.logs, "one.log");
      LogDirectory two = new LogDirectory(tail.logs, "two.log");
      one.write(BANNER + "\n");
      looks(tail, 2);
      two.write(BANNER + "\nfirst\nsecond\n");
      looks(tail, 15);
      if (restart) {
        tail.stopAndRestart();
      }
      two.write("third\n");
      two.copyAndTruncate();
      one.truncate(0);
      looks(tail, 15);
      assertThat(tail.bodies()).containsExactly(BANNER, BANNER, "first", "second", "third");
      assertThat(tail.uids()).doesNotHaveDuplicates();
      assertThat(tail.notices).isEmpty();
    }
  }

  private static void looks(TailHarness tail, int count) {
    for (int i = 0; i < count; i++) {
      tail.pass(Duration.ofSeconds(1));
    }
  }
}
