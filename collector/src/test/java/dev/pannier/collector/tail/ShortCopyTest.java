package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `cp app.log copy.log && : > app.log` while the application writes: the copy ends before what was read by the time when the file
/// was emptied.
class ShortCopyTest {
  @TempDir private Path folder;
  private final NumberedLines lines = new NumberedLines();

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailRig rig;

  @SuppressWarnings("NullAway.Init") // made before each test
  private LogDirectory log;

  @BeforeEach
  void open() {
    rig = new TailRig(folder, TailRig.settings(folder, "*.log*"));
    rig.epoch = Instant.now().minusSeconds(1);
    log = new LogDirectory(rig.logs, "app.log");
    rig.start();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private Path copy(String name) throws IOException {
    return Files.copy(log.file, rig.logs.resolve(name));
  }

  /// Without a look at names: the copy is met when the file is empty.
  private void readAtOnce() {
    while (rig.stepWithoutLook() > 0) {
      // More may come.
    }
  }

  private void readAll() {
    read();
    while (rig.heldBytes() > 0) {
      rig.acknowledgeAll();
      read();
    }
  }

  private void read() {
    while (rig.step() > 0) {
      // More may come.
    }
  }

  @ParameterizedTest
  @CsvSource({
    "app.log.1, 10, 5",
    "app.log.1, 100, 1",
    "app.log.1, 100, 90",
    "app.log.1, 100000, 1",
    "app.log.1, 100000, 5000",
    "backup.log, 1000, 5"
  })
  void isNotReadAgain(String name, int before, int after) throws IOException {
    log.write(lines.next(before));
    readAll();
    copy(name);
    log.write(lines.next(after));
    readAtOnce();
    rig.acknowledgeAll();
    readAtOnce();
    log.truncate(0);
    log.write(lines.next(3));
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
    assertThat(rig.notices).isEmpty();
  }

  @Test
  void isNotReadAgainWhileWhatWasReadIsUnderWay() throws IOException {
    log.write(lines.next(1000));
    read();
    log.write(lines.next(100));
    copy("app.log.1");
    log.write(lines.next(10));
    readAtOnce();
    log.truncate(0);
    for (int i = 0; i < 20; i++) {
      read();
      rig.pass(Duration.ofSeconds(1));
    }
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
    assertThat(rig.repeated).isZero();
  }

  @Test
  void isNotReadAgainWhereItTookLongToCopy() throws IOException {
    log.write(lines.next(1000));
    readAll();
    byte[] content = Files.readAllBytes(log.file);
    Path copy = Files.write(log.numbered(1), Arrays.copyOf(content, content.length / 2));
    rig.epoch = rig.epoch.plusSeconds(30);
    read();
    Files.write(copy, content);
    Files.setLastModifiedTime(copy, FileTime.from(rig.epoch));
    log.write(lines.next(5));
    readAtOnce();
    rig.acknowledgeAll();
    readAtOnce();
    log.truncate(0);
    log.write(lines.next(3));
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
  }

  @Test
  void areNotReadAgainWhereManyAreEmptiedAtOnce() throws IOException {
    List<LogDirectory> logs = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      LogDirectory one =
          new LogDirectory(rig.logs, (char) ('a' + i / 26) + "" + (char) ('a' + i % 26) + ".log");
      one.write(lines.next(100));
      logs.add(one);
    }
    readAll();
    for (LogDirectory one : logs) {
      Files.copy(one.file, one.numbered(1));
      one.write(lines.next(5));
    }
    readAtOnce();
    rig.acknowledgeAll();
    readAtOnce();
    rig.acknowledgeAll();
    readAtOnce();
    for (LogDirectory one : logs) {
      one.truncate(0);
    }
    rig.settle();
    assertThat(rig.bodies()).hasSize(lines.written.size());
  }

  @Test
  void oneThatTurnsUpLaterIsNotReadWhileWhatWasReadIsUnderWay() throws IOException {
    log.write(lines.next(1000));
    read();
    Path aside = Files.copy(log.file, folder.resolve("aside"));
    log.truncate(0);
    read();
    Files.move(aside, log.numbered(1));
    for (int i = 0; i < 20; i++) {
      read();
      rig.pass(Duration.ofSeconds(1));
    }
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
    assertThat(rig.repeated).isZero();
  }

  @Test
  void anotherFileThatBeginsInTheSameWayIsRead() throws IOException {
    log.write(lines.next(1000));
    readAll();
    copy("app-2.log");
    log.write(lines.next(10));
    readAtOnce();
    rig.acknowledgeAll();
    log.truncate(0);
    read();
    List<String> all = new ArrayList<>(lines.written);
    // It is written on, after a while and by somebody else.
    rig.pass(Duration.ofSeconds(2));
    Files.writeString(rig.logs.resolve("app-2.log"), "other\n", StandardOpenOption.APPEND);
    Files.setLastModifiedTime(
        rig.logs.resolve("app-2.log"), FileTime.from(Instant.now().plusSeconds(30)));
    rig.settle();
    all.addAll(lines.written.subList(0, 1000));
    all.add("other");
    assertThat(rig.bodies()).isEqualTo(all);
  }

  @Test
  void oneWithOtherLinesIsRead() throws IOException {
    String head = lines.next(100);
    log.write(head);
    readAll();
    Files.writeString(rig.logs.resolve("app-2.log"), head + "of another application\n".repeat(100));
    log.write(lines.next(1000));
    readAtOnce();
    rig.acknowledgeAll();
    log.truncate(0);
    rig.settle();
    assertThat(rig.bodies()).hasSize(1100 + 200);
  }
}
