package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.parsers.ParserSpec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReclaimerTest {
  @TempDir Path folder;
  private TailHarness tail;
  private Path log;
  private Path rotated;

  @BeforeEach
  void open() {
    tail = new TailHarness(folder, deleting(folder));
    log = tail.logs.resolve("a.log");
    rotated = tail.logs.resolve("a.log.1");
  }

  @AfterEach
  void close() {
    tail.close();
  }

  private static FileSource deleting(Path folder) {
    return new FileSource(
        "app",
        List.of(folder.resolve("logs") + "/*.log"),
        List.of(),
        new ParserSpec.Raw(),
        new FileSource.Multiline.None(),
        Duration.ofMillis(100),
        FileSource.StartAt.BEGINNING,
        StandardCharsets.UTF_8,
        ZoneOffset.UTC,
        1 << 20,
        FileSource.OnOversize.SPLIT,
        FileSource.AfterShipped.DELETE);
  }

  @Test
  void aRotatedFileIsDeletedOnceAllOfItIsConfirmedAndStored() throws IOException {
    tail.confirms = false;
    write(log, "first\n");
    tail.run();
    Files.move(log, rotated);
    write(log, "second\n");
    wait(60);
    assertThat(rotated).exists();
    tail.confirms = true;
    tail.confirmAll();
    wait(60);
    assertThat(rotated).doesNotExist();
    assertThat(log).hasContent("second\n");
    assertThat(tail.bodies()).containsExactly("first", "second");
    assertThat(tail.metrics.value(Counter.SOURCE_DELETED_FILES, "app")).isEqualTo(1);
  }

  @Test
  void aFileThatTheDiskBufferHasStaysUntilEveryShipperHasIt() throws IOException {
    tail.delivers = false;
    write(log, "first\n");
    tail.run();
    Files.move(log, rotated);
    write(log, "second\n");
    wait(60);
    assertThat(rotated).exists();
    // Nothing is read or confirmed any more.
    tail.delivers = true;
    wait(5);
    assertThat(rotated).doesNotExist();
    assertThat(log).hasContent("second\n");
  }

  @Test
  void aFileThatShippersGetAfterARestartIsDeletedThen() throws IOException {
    tail.delivers = false;
    write(log, "first\n");
    tail.run();
    Files.move(log, rotated);
    write(log, "second\n");
    wait(60);
    tail.stopAndRestart();
    wait(60);
    assertThat(rotated).exists();
    tail.delivers = true;
    wait(60);
    assertThat(rotated).doesNotExist();
  }

  @Test
  void theLiveFileIsNeverDeleted() throws IOException {
    write(log, "first\n");
    wait(120);
    assertThat(log).exists();
    tail.stopAndRestart();
    wait(120);
    assertThat(log).exists();
  }

  @Test
  void theLiveFileIsNotDeletedWhereALinkLeadsToItsFolder() throws IOException {
    tail.close();
    Path real = Files.createDirectory(folder.resolve("real"));
    Files.delete(tail.logs);
    Files.createSymbolicLink(tail.logs, real);
    tail = new TailHarness(folder, deleting(folder));
    write(log, "first\n");
    tail.run();
    Path aside = folder.resolve("aside");
    Files.move(real.resolve("a.log"), aside);
    wait(60);
    Files.move(aside, real.resolve("a.log"));
    wait(60);
    assertThat(log).hasContent("first\n");
  }

  @Test
  void whatGrowsAfterItsRotationIsReadBeforeItIsDeleted() throws IOException {
    write(log, "first\n");
    tail.run();
    Files.move(log, rotated);
    tail.pass(Duration.ofSeconds(5));
    write(rotated, "late\n");
    tail.pass(Duration.ofSeconds(1));
    assertThat(rotated).exists();
    wait(60);
    assertThat(tail.bodies()).containsExactly("first", "late");
    assertThat(rotated).doesNotExist();
  }

  @Test
  void whatIsWrittenToADeletedFileIsRead() throws IOException {
    write(log, "first\n");
    tail.run();
    try (FileChannel application = FileChannel.open(log, StandardOpenOption.APPEND)) {
      Files.move(log, rotated);
      wait(60);
      assertThat(rotated).doesNotExist();
      application.write(ByteBuffer.wrap("late\n".getBytes(StandardCharsets.UTF_8)));
      wait(60);
      application.write(ByteBuffer.wrap("later\n".getBytes(StandardCharsets.UTF_8)));
      wait(5);
    }
    assertThat(tail.bodies()).containsExactly("first", "late", "later");
    wait(700);
    assertThat(tail.open()).isZero();
    assertThat(tail.metrics.value(Counter.SOURCE_DELETED_FILES, "app")).isEqualTo(1);
    assertThat(tail.notices).isEmpty();
  }

  @Test
  void aDeletedFileThatTakesMuchSpaceIsClosedAtOnce() throws IOException {
    try (RandomAccessFile large = new RandomAccessFile(log.toFile(), "rw")) {
      large.setLength(80 << 20);
    }
    write(log, "first\n");
    tail.run();
    Files.move(log, rotated);
    while (Files.exists(rotated)) {
      wait(1);
    }
    wait(1);
    assertThat(tail.bodies()).containsExactly("first");
    assertThat(tail.open()).isZero();
  }

  @Test
  void aDeletedFileKeepsNoOtherFromBeingOpened() throws IOException {
    tail.close();
    tail = new TailHarness(folder, deleting(folder), 1);
    write(log, "first\n");
    tail.run();
    Files.move(log, rotated);
    write(log, "second\n");
    wait(60);
    assertThat(rotated).doesNotExist();
    write(tail.logs.resolve("b.log"), "third\n");
    wait(60);
    assertThat(tail.bodies()).containsExactly("first", "second", "third");
  }

  @Test
  void aFileWithASecondNameStays() throws IOException {
    write(log, "first\n");
    tail.run();
    Files.createLink(tail.logs.resolve("other.txt"), log);
    Files.move(log, rotated);
    wait(60);
    assertThat(rotated).exists();
  }

  @Test
  void anotherFileUnderTheNameOfARotatedOneStays() throws IOException {
    write(log, "first\n");
    tail.run();
    Files.move(log, rotated);
    tail.pass(Duration.ofSeconds(1));
    Files.delete(rotated);
    write(rotated, "somebody else's\n");
    wait(60);
    assertThat(rotated).hasContent("somebody else's\n");
  }

  @Test
  void whereThePositionsCannotBeStoredNothingIsDeleted() throws IOException {
    write(log, "first\n");
    tail.run();
    Path inTheWay = tail.state.resolve("positions.tmp");
    Files.createDirectory(inTheWay);
    Files.move(log, rotated);
    wait(60);
    assertThat(rotated).exists();
    Files.delete(inTheWay);
    wait(10);
    assertThat(rotated).doesNotExist();
  }

  @Test
  void aSourceThatKeepsItsFilesKeepsThem() throws IOException {
    tail.close();
    tail = new TailHarness(folder);
    write(log, "first\n");
    tail.run();
    Files.move(log, rotated);
    wait(60);
    assertThat(rotated).exists();
  }

  @Test
  void aLiveLogThatGotTheInodeOfAnEmptyOneStays() throws IOException {
    tail.seconds = Instant.now().getEpochSecond() - 10;
    Path empty = Files.createFile(tail.logs.resolve("b.log"));
    tail.run();
    tail.stopAndRestart();
    assumeThat(LogDirectory.makeWithInodeOf(empty, log)).isTrue();
    write(log, "first\n");
    wait(60);
    assertThat(log).hasContent("first\n");
    assertThat(tail.live()).singleElement().matches(file -> file.path.equals(log));
    assertThat(tail.bodies()).containsExactly("first");
  }

  /// Whose name is made from the other's, and that is empty, too.
  @Test
  void aLiveLogThatGotTheInodeOfARotatedEmptyOneStays() throws IOException {
    tail.seconds = Instant.now().getEpochSecond() - 10;
    Files.createFile(log);
    tail.run();
    Path aside = Files.move(log, folder.resolve("aside"));
    wait(700);
    Path errors = tail.logs.resolve("a-error.log");
    assumeThat(LogDirectory.makeWithInodeOf(aside, errors)).isTrue();
    wait(60);
    assertThat(errors).exists();
    write(errors, "first\n");
    wait(60);
    assertThat(errors).hasContent("first\n");
    assertThat(tail.live()).singleElement().matches(file -> file.path.equals(errors));
    assertThat(tail.bodies()).containsExactly("first");
  }

  /// No source takes it, and nobody asks whose it is before it is deleted.
  @Test
  void anEmptyFileThatGotTheInodeOfARotatedEmptyOneStays() throws IOException {
    tail.seconds = Instant.now().getEpochSecond() - 10;
    Files.createFile(log);
    tail.run();
    Path aside = Files.move(log, folder.resolve("aside"));
    wait(700);
    Path lock = tail.logs.resolve("a.lock");
    assumeThat(LogDirectory.makeWithInodeOf(aside, lock)).isTrue();
    write(log, "first\n");
    wait(60);
    assertThat(lock).exists();
  }

  @Test
  void aRotatedEmptyFileIsDeleted() throws IOException {
    Files.createFile(log);
    tail.run();
    Files.move(log, rotated);
    wait(60);
    assertThat(rotated).doesNotExist();
  }

  /// What the file system does not tell: a log has the inode of one that was taken for rotated.
  @Test
  void whatASourceTakesUnderAnotherLogsNameStays() throws IOException {
    write(log, "first\n");
    tail.run();
    Path other = Files.move(log, tail.logs.resolve("b.log"));
    wait(60);
    assertThat(other).exists();
  }

  private void wait(int seconds) {
    for (int i = 0; i < seconds; i++) {
      tail.pass(Duration.ofSeconds(1));
    }
  }

  private static void write(Path path, String text) throws IOException {
    Files.writeString(path, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
