package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.admin.SourceStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An `include` matches gzip'd files, too.
class CompressedFilesTest {
  private static final String LINE = "a line that is long enough to know a file by it\n";

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  @SuppressWarnings("NullAway.Init") // made before each test
  private LogDirectory log;

  @BeforeEach
  void open() {
    tail = new TailHarness(folder, TailRig.settings(folder, "*"));
    log = new LogDirectory(tail.logs, "app.log");
  }

  @AfterEach
  void close() {
    tail.close();
  }

  private Path compressed(String name) throws IOException {
    return log.gzip(Files.writeString(tail.logs.resolve(name), "of " + name + ", " + LINE));
  }

  private List<SourceStatus.File> compressedInStatus() {
    return tail.files().stream().filter(file -> file.path().endsWith(".gz")).toList();
  }

  @Test
  void oneOfWhichNothingIsKnownIsToldOnceAndStandsInStatus() throws IOException {
    log.write(LINE);
    Path old = compressed("old.log");
    long size = Files.size(old);
    tail.looks(5);
    Path renamed = log.move(old, tail.logs.resolve("older.log.gz"));
    tail.looks(5);
    assertThat(tail.bodies()).containsExactly(LINE.strip());
    assertThat(tail.notices)
        .containsExactly(old + ": " + size + " bytes are not read: " + CompressedFiles.WHY);
    assertThat(compressedInStatus())
        .containsExactly(
            new SourceStatus.File(renamed.toString(), size, size, CompressedFiles.WHY));

    log.delete(renamed);
    tail.looks(1);
    assertThat(compressedInStatus()).isEmpty();
  }

  @Test
  void whatIsCompressedOfALogThatWasReadIsNotTold() {
    log.write(LINE);
    tail.looks(2);
    log.renameAndGzip();
    log.write("another line, which is in the next file, and long enough as well\n");
    tail.looks(15);
    tail.stopAndRestart();
    tail.looks(5);
    assertThat(tail.bodies()).hasSize(2);
    assertThat(tail.notices).isEmpty();
    assertThat(compressedInStatus()).isEmpty();
  }

  @Test
  void ofManySomeAreTold() throws IOException {
    for (int i = 0; i < ProblemLog.MOST_AT_ONCE + 2; i++) {
      compressed("old-" + (char) ('a' + i));
    }
    tail.looks(5);
    assertThat(tail.notices)
        .hasSize(ProblemLog.MOST_AT_ONCE + 1)
        .last()
        .isEqualTo("2 more compressed files are not read: /status names them");
    assertThat(compressedInStatus()).hasSize(ProblemLog.MOST_AT_ONCE + 2);
  }
}
