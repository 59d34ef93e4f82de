package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A copy, or a `.gz`, that an `include` matches and that is met while it is empty yet.
class EmptyCopyTest {
  @TempDir private Path folder;

  private final NumberedLines lines = new NumberedLines();

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  @SuppressWarnings("NullAway.Init") // made before each test
  private LogDirectory log;

  @BeforeEach
  void open() {
    tail = new TailHarness(folder, TailRig.settings(folder, "**"));
    log = new LogDirectory(tail.logs, "app.log");
  }

  @AfterEach
  void close() {
    tail.close();
  }

  private static String random(int count) {
    Random random = new Random(1);
    StringBuilder text = new StringBuilder();
    byte[] line = new byte[40];
    for (int i = 0; i < count; i++) {
      random.nextBytes(line);
      text.append(HexFormat.of().formatHex(line)).append('\n');
    }
    return text.toString();
  }

  /// As gzip writes one: its header or its first buffer, and the rest later.
  @ParameterizedTest
  @CsvSource({"10, false", "20000, false", "10, true", "20000, true"})
  void gzIsNoLogHoweverLittleOfItIsThere(int firstBytes, boolean looks) throws IOException {
    isNoLog(tail.logs, firstBytes, looks);
  }

  @ParameterizedTest
  @CsvSource({"10, false", "20000, false", "10, true", "20000, true"})
  void norIsOneInAnotherFolder(int firstBytes, boolean looks) throws IOException {
    isNoLog(Files.createDirectories(tail.logs.resolve("old")), firstBytes, looks);
  }

  private void isNoLog(Path into, int firstBytes, boolean looks) throws IOException {
    log.write(random(2_000));
    tail.looks(2);
    Path renamed = log.rename();
    log.write(lines.next(5));
    tail.looks(1);
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    byte[] zipped = Files.readAllBytes(log.gzip(Files.copy(renamed, elsewhere.resolve("copy"))));
    Path gz = Files.createFile(into.resolve("app.log.1.gz"));
    tail.looks(1);
    // Met behind it.
    Files.writeString(tail.logs.resolve("z.log"), "a line of another log, and long enough\n");
    tail.looks(1);
    Files.write(gz, Arrays.copyOf(zipped, firstBytes), StandardOpenOption.APPEND);
    if (looks) {
      tail.looks(1);
    }
    tail.run();
    tail.run();
    tail.looks(1);
    assertThat(tail.live()).noneMatch(file -> file.path.toString().endsWith(".gz"));
    Files.write(
        gz, Arrays.copyOfRange(zipped, firstBytes, zipped.length), StandardOpenOption.APPEND);
    tail.run();
    Files.delete(renamed);
    tail.looks(20);

    assertThat(tail.bodies()).hasSize(2_006).doesNotHaveDuplicates();
    assertThat(tail.live()).noneMatch(file -> file.path.toString().endsWith(".gz"));
  }

  /// However long a destination is away.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void copyOfWhichNothingCouldBeReadIsStillOne(boolean restarts) throws IOException {
    log.write(lines.next(50));
    tail.looks(2);
    tail.room = false;
    log.write(lines.next(10));
    tail.looks(2);
    Path copy = Files.createFile(log.numbered(1));
    tail.looks(1);
    if (restarts) {
      tail.crashAndRestart();
      tail.looks(1);
    }
    Files.write(copy, Files.readAllBytes(log.file));
    tail.looks(1);
    log.truncate(0);
    tail.looks(8);
    log.move(copy, log.numbered(2));
    log.write(lines.next(5));
    tail.looks(2);
    tail.room = true;
    tail.looks(20);

    assertThat(tail.bodies()).containsExactlyElementsOf(lines.written);
    assertThat(tail.notices).isEmpty();
  }

  /// An error log that has no byte when it is rotated, and whose application goes on in it.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void renamedLogThatWasEmptyIsNoCopyOfItself(boolean restarts) throws IOException {
    Files.createFile(log.file);
    tail.looks(2);
    if (restarts) {
      tail.stopAndRestart();
    }
    Path renamed = log.rename();
    Files.createFile(log.file);
    tail.looks(15);
    Files.writeString(renamed, lines.next(100));
    tail.looks(5);
    assertThat(tail.bodies()).isEqualTo(lines.written);
    tail.looks(20);
    assertThat(tail.receipt()).anyMatch(file -> !file.shipped().isEmpty());
  }

  @Test
  void logThatIsEmptyAtFirstIsReadAtOnce() throws IOException {
    Path other = Files.createFile(tail.logs.resolve("other.log"));
    tail.looks(1);
    Files.writeString(other, lines.next(5));
    tail.run();
    assertThat(tail.bodies()).isEqualTo(lines.written);
  }
}
