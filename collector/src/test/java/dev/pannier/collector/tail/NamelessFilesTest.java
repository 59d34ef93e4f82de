package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An application writes on into a file that was deleted, or moved to where no source looks: nobody can open it again.
class NamelessFilesTest {
  private static final int MIB = 1 << 20;

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  @SuppressWarnings("NullAway.Init") // made before each test
  private LogDirectory log;

  @BeforeEach
  void open() {
    tail = new TailHarness(folder);
    log = new LogDirectory(tail.logs, "app.log");
    log.write("one\n");
    tail.run();
  }

  @AfterEach
  void close() {
    tail.close();
  }

  private static void write(FileChannel file, String text) throws IOException {
    file.write(ByteBuffer.wrap(text.getBytes(UTF_8)));
  }

  private FileChannel application() throws IOException {
    return FileChannel.open(log.file, StandardOpenOption.APPEND);
  }

  @Test
  void whatIsWrittenToADeletedFileIsReadAfterAWhile() throws IOException {
    try (FileChannel application = application()) {
      log.delete();
      tail.looks(30);
      write(application, "two\n");
      tail.pass(Duration.ofMinutes(9));
      write(application, "three\n");
      tail.pass(Duration.ofMinutes(9));
      write(application, "four\n");
      tail.looks(1);
      assertThat(tail.bodies()).containsExactly("one", "two", "three", "four");
    }
  }

  @Test
  void whatIsWrittenToAFileInAnotherFolderIsReadAfterAWhile() throws IOException {
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    Path moved = log.move(log.file, elsewhere.resolve("app.log"));
    tail.looks(30);
    Files.writeString(moved, "two\n", StandardOpenOption.APPEND);
    tail.looks(1);
    assertThat(tail.bodies()).containsExactly("one", "two");
  }

  @Test
  void oneThatStaysQuietIsClosed() {
    log.delete();
    tail.looks(30);
    assertThat(tail.open()).isOne();
    assertThat(tail.caughtUp()).isTrue();
    tail.pass(Duration.ofMinutes(10));
    tail.looks(1);
    assertThat(tail.open()).isZero();
    assertThat(tail.notices).isEmpty();
  }

  @Test
  void oneThatHasAnotherNameIsClosedSoon() {
    log.rename();
    tail.looks(15);
    assertThat(tail.open()).isZero();
  }

  @Test
  void ofThoseThatTakeMuchSpaceTheOneThatIsQuietForLongestIsClosed() throws IOException {
    log.delete();
    tail.looks(15);
    LogDirectory second = large("second.log");
    LogDirectory third = large("third.log");
    tail.looks(2);
    assertThat(tail.bodies()).containsExactly("one", "second.log", "third.log");
    second.delete();
    tail.looks(15);
    assertThat(tail.live()).hasSize(3);
    third.delete();
    tail.looks(15);
    assertThat(tail.live()).extracting(file -> file.path).containsExactly(third.file);
  }

  private LogDirectory large(String name) throws IOException {
    LogDirectory large = new LogDirectory(tail.logs, name);
    try (RandomAccessFile file = new RandomAccessFile(large.file.toFile(), "rw")) {
      file.setLength(40 * MIB);
    }
    large.write(name + "\n");
    return large;
  }

  @Test
  void aStopDoesNotWaitForIt() {
    log.delete();
    tail.looks(15);
    tail.finishHeld();
    assertThat(tail.open()).isZero();
  }
}
