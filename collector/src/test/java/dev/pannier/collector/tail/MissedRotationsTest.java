package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A log is rotated more than once between two looks, to names that no source takes, and nothing tells of renames.
class MissedRotationsTest {
  @TempDir private Path folder;
  private final NumberedLines lines = new NumberedLines();

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailRig rig;

  @SuppressWarnings("NullAway.Init") // made before each test
  private LogDirectory log;

  @BeforeEach
  void open() {
    rig = new TailRig(folder, TailRig.settings(folder, "app.log"));
    // All that a test makes is younger than the last look.
    rig.epoch = Instant.now().minus(Duration.ofHours(1));
    log = new LogDirectory(rig.logs, "app.log");
    log.write(lines.next(10));
    rig.start();
    rig.settle();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private void readsAllOnce() {
    rig.pass(Duration.ofSeconds(3));
    rig.settle();
    rig.stop();
    rig.start();
    rig.settle();
    assertThat(rig.bodies()).containsExactlyElementsOf(lines.written);
    assertThat(rig.keys).hasSize(1);
    assertThat(rig.repeated).isZero();
    assertThat(rig.lostBytes()).isZero();
    assertThat(rig.notices).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void whatWasRenamedIsRead(int rotations) {
    for (int i = 0; i < rotations; i++) {
      log.write(lines.next(5));
      log.rename();
    }
    log.write(lines.next(5));
    readsAllOnce();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void whatWasCopiedIsRead(int rotations) {
    for (int i = 0; i < rotations; i++) {
      log.write(lines.next(5));
      log.copyAndTruncate();
    }
    log.write(lines.next(5));
    readsAllOnce();
  }

  @Test
  void whatWasCopiedIsReadThoughTheLogEndsInHalfALine() {
    for (int i = 0; i < 3; i++) {
      log.write(lines.next(5));
      log.copyAndTruncate();
    }
    log.write(lines.next(5));
    log.write("half a line");
    rig.settle();
    assertThat(rig.bodies()).containsExactlyElementsOf(lines.written);
  }

  @Test
  void whatWasFoundEmptiedWithoutALookIsRead() {
    log.copyAndTruncate();
    log.write(lines.next(5));
    log.copyAndTruncate();
    log.write(lines.next(5));
    rig.stepWithoutLook();
    readsAllOnce();
  }

  @ParameterizedTest
  @ValueSource(strings = {"app-2.log", "app.log.old", "app.log.lock", "other.log.1"})
  void whatMayBeAnybodysIsNotRead(String name) throws IOException {
    log.rename();
    Files.writeString(rig.logs.resolve(name), "somebody's\n");
    log.write(lines.next(5));
    readsAllOnce();
  }

  @Test
  void aCopyThatEndsBeforeWhatWasReadIsNotRead() throws IOException {
    log.write(lines.next(5));
    Files.copy(log.file, log.numbered(1));
    log.write(lines.next(5));
    rig.stepWithoutLook();
    rig.acknowledgeAll();
    log.truncate(0);
    log.write(lines.next(5));
    readsAllOnce();
  }

  @Test
  void aFileThatWasThereBeforeIsNotRead() throws IOException {
    Files.writeString(log.numbered(7), "somebody's\n");
    rig.epoch = Instant.now();
    rig.step();
    log.rename();
    log.write(lines.next(5));
    readsAllOnce();
  }
}
