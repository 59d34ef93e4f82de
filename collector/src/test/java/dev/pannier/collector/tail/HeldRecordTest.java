package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The last record of a file is held back, since the next line may continue it, and then the file cannot be read for a while.
class HeldRecordTest {
  private static final class Broken implements Content {
    @Override
    public long size() throws IOException {
      throw new IOException("stale file handle");
    }

    @Override
    public int read(byte[] buffer, int offset, int length, long position) throws IOException {
      throw new IOException("stale file handle");
    }

    @Override
    public void close() {}
  }

  @TempDir private Path folder;

  @Test
  void theLoopSleepsUntilTheFileCanBeReadAgain() {
    var settings = TailRig.multiline(TailRig.settings(folder, "app.log"));
    try (TailHarness tail = new TailHarness(folder, settings)) {
      new LogDirectory(tail.logs, "app.log").write("a line\n");
      tail.run();
      TailedFile file = tail.live().iterator().next();
      assertThat(file.held).isTrue();
      Content content = file.content;
      file.content = new Broken();
      tail.pass(Duration.ofMillis(200));
      assertThat(tail.waitTime()).isPositive();

      file.content = content;
      tail.pass(Duration.ofMillis(200));
      tail.pass(Duration.ofMillis(200));
      assertThat(tail.bodies()).containsExactly("a line");
    }
  }
}
