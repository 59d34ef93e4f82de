package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An application that did not open its log for appending writes on at its old offset after
/// copytruncate; the system fills what is before with NUL bytes.
class HoleTest {
  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  @SuppressWarnings("NullAway.Init") // made before each test
  private Path log;

  private final List<String> written = new ArrayList<>();
  private Charset charset = UTF_8;
  private long offset;

  @BeforeEach
  void open() {
    tail = new TailHarness(folder);
    log = tail.logs.resolve("app.log");
  }

  @AfterEach
  void close() {
    tail.close();
  }

  /// Writes where the application's descriptor stands.
  private void write(int lines) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < lines; i++) {
      String line = "line " + written.size() + " of an application that does not append";
      written.add(line);
      text.append(line).append('\n');
    }
    write(text.toString().getBytes(charset));
  }

  private void write(byte[] bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(log, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes), offset);
    }
    offset += bytes.length;
  }

  private void copyAndTruncate(int number) throws IOException {
    Files.copy(log, tail.logs.resolve("app.log." + number));
    try (FileChannel channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
      channel.truncate(0);
    }
  }

  private void settle() {
    for (int i = 0; i < 12; i++) {
      tail.pass(Duration.ofSeconds(1));
    }
  }

  private void linesAndHole(long hole) {
    assertThat(tail.bodies()).isEqualTo(written);
    assertThat(tail.metrics.value(Counter.SOURCE_HOLE_BYTES, "app")).isEqualTo(hole);
    assertThat(tail.metrics.value(Counter.SOURCE_LOST_BYTES, "app")).isZero();
    assertThat(tail.notices).isEmpty();
  }

  @Test
  void theHoleBeforeTheNextLineIsNoData() throws IOException {
    write(50);
    tail.run();
    write(5);
    long hole = offset;
    copyAndTruncate(1);
    write(10);
    settle();

    linesAndHole(hole);
    assertThat(tail.metrics.value(Counter.SOURCE_BYTES, "app")).isEqualTo(offset);
    assertThat(tail.files()).singleElement().matches(file -> file.lagBytes() == 0);
  }

  @Test
  void uidsKeepTheOffsetInTheFile() throws IOException {
    write(1);
    tail.run();
    copyAndTruncate(1);
    long hole = offset;
    write(1);
    settle();

    String digits = Long.toString(hole, 32);
    assertThat(tail.uids().getLast()).endsWith("0".repeat(8 - digits.length()) + digits);
  }

  @Test
  void eachTruncationLeavesALargerHole() throws IOException {
    write(50);
    tail.run();
    long holes = 0;
    for (int number = 1; number <= 4; number++) {
      copyAndTruncate(number);
      holes += offset;
      write(10);
      settle();
    }
    linesAndHole(holes);
  }

  @Test
  void aHoleLargerThanWhatIsReadAtOnceEndsWhereTheTextBegins() throws IOException {
    write(50);
    tail.run();
    copyAndTruncate(1);
    offset = 3L * FileTailer.CHUNK_BYTES + 11;
    long hole = offset;
    write(10);
    settle();
    linesAndHole(hole);
  }

  @Test
  void aHoleAfterARestartInTheMiddleOfIt() throws IOException {
    write(50);
    tail.run();
    copyAndTruncate(1);
    // Not a line yet: the application's buffer ends with the hole.
    offset += 5_000;
    write(new byte[] {0});
    long hole = offset;
    settle();
    tail.crashAndRestart();
    settle();
    write(10);
    settle();
    linesAndHole(hole);
  }

  @Test
  void aFileEmptiedWhileStopped() throws IOException {
    write(50);
    tail.run();
    tail.stopAndRestart();
    write(5);
    long hole = offset;
    copyAndTruncate(1);
    write(10);
    settle();
    linesAndHole(hole);
  }

  @Test
  void halfOfTheFirstCharacterIsNotTakenForTheHole() throws IOException {
    charset = UTF_16BE;
    tail.close();
    tail =
        new TailHarness(
            folder,
            TailHarness.source(
                folder,
                new FileSource.Multiline.None(),
                1 << 20,
                FileSource.OnOversize.SPLIT,
                UTF_16BE));
    write(50);
    tail.run();
    copyAndTruncate(1);
    long hole = offset;
    write(10);
    settle();
    linesAndHole(hole);
  }

  @Test
  void nulBytesElsewhereStayAsTheyAre() throws IOException {
    write("a\0b\n\0c\n\0\0\n".getBytes(UTF_8));
    tail.run();
    assertThat(tail.bodies()).containsExactly("a\0b", "\0c", "\0\0");
  }
}
