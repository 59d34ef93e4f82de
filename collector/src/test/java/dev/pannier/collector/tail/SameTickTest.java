package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A file system's clock goes in ticks: a file may be emptied, and filled again, without its time of
/// change telling. Here that time never changes.
class SameTickTest {
  private static final FileTime TICK = FileTime.fromMillis(1_790_000_000_000L);

  @TempDir private Path directory;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailRig rig;

  @SuppressWarnings("NullAway.Init") // made before each test
  private LogDirectory log;

  private final List<String> written = new ArrayList<>();

  @BeforeEach
  void open() {
    open("app.log");
  }

  @SuppressWarnings("NullAway") // the first call finds none to close
  private void open(String include) {
    if (rig != null) {
      rig.close();
    }
    rig = new TailRig(directory, TailRig.settings(directory, include));
    log = new LogDirectory(rig.logs, "app.log");
    rig.start();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private void write(int lines) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < lines; i++) {
      String line = "%04d is written".formatted(written.size());
      written.add(line);
      text.append(line).append('\n');
    }
    log.write(text.toString());
    Files.setLastModifiedTime(log.file, TICK);
  }

  private void copyAndTruncate() throws IOException {
    log.copyAndTruncate();
    Files.setLastModifiedTime(log.file, TICK);
  }

  /// The first look at a generation is followed by a second in any case.
  private void looks() {
    for (int i = 0; i < 4; i++) {
      rig.step();
    }
  }

  private void eachLineOnce() {
    rig.capacity = 64;
    rig.settle();
    rig.stop();
    rig.start();
    rig.settle();
    assertThat(rig.bodies()).containsExactlyInAnyOrderElementsOf(written);
    assertThat(rig.lostBytes()).isZero();
    assertThat(rig.notices).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"app.log", "*"})
  void anEmptiedFileThatWasNotReadYetIsReadFromItsCopy(String include) throws IOException {
    open(include);
    rig.capacity = 0;
    write(15);
    rig.step();
    rig.step();
    copyAndTruncate();
    rig.step();
    log.rename();
    eachLineOnce();
  }

  @Test
  void emptiedAndThenRenamedBeforeAnybodyLooked() throws IOException {
    rig.capacity = 0;
    write(15);
    rig.step();
    rig.step();
    copyAndTruncate();
    log.rename();
    eachLineOnce();
  }

  @Test
  void whatIsFilledToItsOldSizeIsOtherContent() throws IOException {
    write(3);
    looks();
    for (int i = 0; i < 5; i++) {
      copyAndTruncate();
      write(3);
      looks();
    }
    eachLineOnce();
  }

  @Test
  void theSameWhileThereIsNoRoom() throws IOException {
    write(3);
    looks();
    rig.capacity = 0;
    for (int i = 0; i < 5; i++) {
      copyAndTruncate();
      write(3);
      looks();
    }
    rig.kill();
    copyAndTruncate();
    rig.start();
    eachLineOnce();
  }
}
