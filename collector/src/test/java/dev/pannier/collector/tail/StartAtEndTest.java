package dev.pannier.collector.tail;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.FileSource.Multiline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `start_at: end` is for what was never seen before.
class StartAtEndTest {
  private static final String FIRST = "the first line, which is long enough to know a file by";
  private static final String NEXT = "what was written while the sidecar was down";

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  @SuppressWarnings("NullAway.Init") // made before each test
  private LogDirectory log;

  @BeforeEach
  void open() throws IOException {
    tail =
        new TailHarness(folder, TailRig.fromEnd(TailHarness.source(folder, new Multiline.None())));
    log = new LogDirectory(tail.logs, "app.log");
    log.write("a line that was there before the start, long enough to know the file by\n");
    tail.looks(2);
  }

  @AfterEach
  void close() {
    tail.close();
  }

  private void write(String line) throws IOException {
    Files.writeString(log.file, line + "\n", CREATE, APPEND);
  }

  @Test
  void whatWasThereAtTheStartIsPassedOver() throws IOException {
    write(FIRST);
    tail.looks(2);
    assertThat(tail.bodies()).containsExactly(FIRST);
  }

  @Test
  void aKnownFileThatWasEmptiedAndFilledAgainWhileItWasDownIsReadFromItsBeginning()
      throws IOException {
    write(FIRST);
    tail.looks(2);
    tail.stopAndRestart();
    log.truncate(0);
    write(NEXT);
    tail.looks(15);
    assertThat(tail.bodies()).containsExactly(FIRST, NEXT);
  }

  @Test
  void aKnownFileThatWasCopiedAndEmptiedWhileItWasDownIsReadFromItsBeginning() throws IOException {
    write(FIRST);
    tail.looks(2);
    tail.stopAndRestart();
    write("the last line of the copy");
    log.copyAndTruncate();
    write(NEXT);
    tail.looks(15);
    assertThat(tail.bodies()).containsExactly(FIRST, "the last line of the copy", NEXT);
  }

  @Test
  void whatWasReadOfAnEmptiedFileMayHaveDiedWithTheProcess() throws IOException {
    tail.confirms = false;
    write(FIRST);
    tail.looks(2);
    log.truncate(0);
    tail.looks(2);
    tail.confirms = true;
    tail.crashAndRestart();
    write(NEXT);
    tail.looks(15);
    assertThat(tail.bodies()).containsExactly(FIRST, NEXT);
  }
}
