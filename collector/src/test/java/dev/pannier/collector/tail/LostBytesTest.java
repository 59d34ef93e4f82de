package dev.pannier.collector.tail;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.admin.SourceStatus;
import dev.pannier.collector.config.FileSource.Multiline;
import dev.pannier.collector.metrics.Counter;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What nobody can read any more is reported once, as the range of bytes that it was, and counted.
class LostBytesTest {
  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  @SuppressWarnings("NullAway.Init") // made before each test
  private LogDirectory log;

  private final NumberedLines lines = new NumberedLines();

  @BeforeEach
  void open() {
    tail = new TailHarness(folder);
    log = new LogDirectory(tail.logs, "app.log");
  }

  @AfterEach
  void close() {
    tail.close();
  }

  private long size() {
    return log.file.toFile().length();
  }

  /// Reported once, now and after each restart.
  private void lost(long from, long to) {
    lost(from, to, " were gone before they could be read (");
  }

  private void lost(long from, long to, String what) {
    tail.looks(15);
    isReported(from, to, what);
    tail.crashAndRestart();
    tail.looks(15);
    isReported(from, to, what);
    tail.stopAndRestart();
    tail.looks(15);
    isReported(from, to, what);
  }

  private void isReported(long from, long to, String what) {
    assertThat(tail.notices)
        .singleElement()
        .asString()
        .startsWith(log.file + ": bytes " + from + " to " + to + what);
    assertThat(tail.metrics.value(Counter.SOURCE_LOST_BYTES, "app")).isEqualTo(to - from);
  }

  @Test
  void emptiedWhileThereWasNoRoom() throws IOException {
    log.write(lines.next(50));
    tail.run();
    long from = size();
    tail.room = false;
    log.write(lines.next(10));
    long to = size();
    tail.looks(2);
    log.truncate(0);
    tail.looks(2);
    tail.room = true;
    log.write(lines.next(5));

    lost(from, to);
    lines.written.subList(50, 60).clear();
    assertThat(tail.bodies()).isEqualTo(lines.written);
  }

  @Test
  void deletedWhileTheSidecarWasDownAfterItHadGrown() throws IOException {
    log.write(lines.next(50));
    tail.run();
    long from = size();
    tail.room = false;
    tail.looks(2);
    log.write(lines.next(10));
    tail.looks(20);
    long to = size();
    tail.crashAndRestart();
    log.delete();
    tail.room = true;

    lost(from, to);
  }

  @Test
  void deletedWithItsFolderWhileTheSidecarWasDown() throws IOException {
    tail.close();
    tail = new TailHarness(folder, TailRig.settings(folder, "**/*.log"));
    Path below = Files.createDirectories(tail.logs.resolve("below"));
    log = new LogDirectory(below, "app.log");
    log.write(lines.next(50));
    tail.run();
    long from = size();
    tail.room = false;
    log.write(lines.next(10));
    long to = size();
    tail.looks(3);
    tail.stopAndRestart();
    tail.close();
    Files.delete(log.file);
    Files.delete(below);
    tail.room = true;
    tail.crashAndRestart();

    lost(from, to);
  }

  @Test
  void cutBelowThePosition() throws IOException {
    log.write(lines.next(50));
    tail.run();
    long from = size();
    tail.room = false;
    log.write(lines.next(10));
    long to = size();
    tail.looks(2);
    log.truncate(from / 2);
    tail.room = true;

    lost(from, to);
  }

  @Test
  void cutAboveThePosition() throws IOException {
    log.write(lines.next(50));
    tail.run();
    tail.room = false;
    log.write(lines.next(5));
    long from = size();
    log.write(lines.next(5));
    long to = size();
    tail.looks(2);
    log.truncate(from);
    tail.looks(2);
    tail.room = true;

    lost(from, to);
    assertThat(tail.bodies()).isEqualTo(lines.written.subList(0, 55));
  }

  @Test
  void writtenBetweenCopyAndTruncate() throws IOException {
    log.write(lines.next(50));
    tail.run();
    tail.room = false;
    log.write(lines.next(5));
    long from = size();
    Files.copy(log.file, log.numbered(1));
    log.write(lines.next(5));
    long to = size();
    tail.looks(2);
    log.truncate(0);
    log.write(lines.next(200));
    tail.looks(2);
    tail.room = true;

    lost(from, to);
    lines.written.subList(55, 60).clear();
    assertThat(tail.bodies()).isEqualTo(lines.written);
  }

  @Test
  void refilledAboveItsOldSizeIsNoLossOfWhatNeverWas() throws IOException {
    log.write(lines.next(50));
    tail.run();
    log.truncate(0);
    log.write(lines.next(200));
    tail.looks(15);

    assertThat(tail.bodies()).isEqualTo(lines.written);
    assertThat(tail.metrics.value(Counter.SOURCE_LOST_BYTES, "app")).isZero();
    assertThat(tail.notices).isEmpty();
  }

  @Test
  void deletedWhileStopped() {
    log.write(lines.next(50));
    tail.run();
    long from = size();
    tail.room = false;
    log.write(lines.next(10));
    long to = size();
    tail.looks(2);
    tail.crashAndRestart();
    tail.close();
    log.delete();
    tail.room = true;
    tail.crashAndRestart();

    lost(from, to);
    assertThat(tail.bodies()).isEqualTo(lines.written.subList(0, 50));
  }

  @Test
  void deletedAndMadeAnewWhileStopped() {
    log.write(lines.next(50));
    tail.run();
    long from = size();
    tail.room = false;
    log.write(lines.next(10));
    long to = size();
    tail.looks(2);
    tail.crashAndRestart();
    tail.close();
    log.delete();
    log.write(lines.next(5));
    tail.room = true;
    tail.crashAndRestart();

    lost(from, to);
    lines.written.subList(50, 60).clear();
    assertThat(tail.bodies()).isEqualTo(lines.written);
  }

  @Test
  void emptiedWhileStopped() throws IOException {
    log.write(lines.next(50));
    tail.run();
    long from = size();
    tail.room = false;
    log.write(lines.next(10));
    long to = size();
    tail.looks(2);
    tail.crashAndRestart();
    tail.close();
    log.truncate(0);
    log.write(lines.next(5));
    tail.room = true;
    tail.crashAndRestart();

    lost(from, to);
    lines.written.subList(50, 60).clear();
    assertThat(tail.bodies()).isEqualTo(lines.written);
  }

  @Test
  void whatWasReadButNotConfirmedWhenTheProcessEnded() throws IOException {
    log.write(lines.next(50));
    tail.run();
    long from = size();
    tail.confirms = false;
    log.write(lines.next(10));
    long to = size();
    tail.looks(2);
    log.truncate(0);
    tail.looks(2);
    tail.confirms = true;
    tail.crashAndRestart();

    lost(from, to);
  }

  @Test
  void aDamagedGzipIsReadUpToTheDamage() throws IOException {
    log.write(lines.next(50));
    tail.run();
    long position = size();
    tail.room = false;
    StringBuilder text = new StringBuilder();
    Random random = new Random(3);
    for (int i = 0; i < 20_000; i++) {
      String line = "line " + lines.written.size() + " " + Long.toHexString(random.nextLong());
      lines.written.add(line);
      text.append(line).append('\n');
    }
    log.write(text.toString());
    long to = size();
    tail.looks(2);
    tail.crashAndRestart();
    tail.close();
    Path gzip = log.renameAndGzip();
    byte[] bytes = Files.readAllBytes(gzip);
    Files.write(gzip, Arrays.copyOf(bytes, bytes.length / 2));
    tail.room = true;
    tail.crashAndRestart();
    tail.looks(15);

    List<String> bodies = tail.bodies();
    assertThat(bodies).isEqualTo(lines.written.subList(0, bodies.size()));
    assertThat(bodies).hasSize(linesBeforeTheDamage(gzip)).hasSizeGreaterThan(9_000);
    long from = 0;
    for (String body : bodies) {
      from += body.length() + 1;
    }
    assertThat(from).isGreaterThan(position);
    lost(from, to, " were given up unread (its gzip'd rest cannot be read: ");
  }

  private static int linesBeforeTheDamage(Path gzip) throws IOException {
    int lines = 0;
    try (InputStream in = new GZIPInputStream(Files.newInputStream(gzip))) {
      for (int next = in.read(); next >= 0; next = in.read()) {
        lines += next == '\n' ? 1 : 0;
      }
    } catch (EOFException e) {
      return lines;
    }
    throw new AssertionError(gzip + " is whole");
  }

  @Test
  void aGzipDamagedAtItsBeginning() throws IOException {
    log.write(lines.next(50));
    tail.run();
    long from = size();
    tail.room = false;
    log.write(lines.next(10));
    long to = size();
    tail.looks(2);
    tail.crashAndRestart();
    tail.close();
    Path gzip = log.renameAndGzip();
    Files.write(gzip, Arrays.copyOf(Files.readAllBytes(gzip), 12));
    tail.room = true;
    tail.crashAndRestart();

    lost(from, to);
  }

  @Test
  void whatIsDeletedWithNothingLeftToReadIsNoLoss() {
    log.write(lines.next(50));
    tail.looks(2);
    log.delete();
    tail.looks(15);
    tail.crashAndRestart();
    tail.looks(3);
    assertThat(tail.notices).isEmpty();
    assertThat(tail.metrics.value(Counter.SOURCE_LOST_BYTES, "app")).isZero();
  }

  @Test
  void theOldestRotatedFileAboveTheLimitIsGivenUp() throws IOException {
    tail.room = false;
    long[] sizes = new long[NamelessFiles.MOST + 2];
    for (int i = 0; i < sizes.length; i++) {
      Files.writeString(
          log.file,
          "file " + i + " has a line that is long enough to know it by\n",
          CREATE,
          APPEND);
      sizes[i] = size();
      tail.looks(1);
      log.delete();
    }
    tail.looks(2);

    assertThat(tail.notices).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(tail.notices.get(i))
          .startsWith(log.file + ": bytes 0 to " + sizes[i] + " were given up unread")
          .contains("more than 256 files without a name are open");
    }
    assertThat(tail.metrics.value(Counter.SOURCE_LOST_BYTES, "app")).isEqualTo(sizes[0] + sizes[1]);
    tail.room = true;
    tail.looks(15);
    assertThat(tail.bodies()).hasSize(256);
    assertThat(tail.bodies().getFirst()).startsWith("file 2 ");
  }

  @Test
  void whatWasReadOfAnEmptiedFileIsLagUntilItIsConfirmed() throws IOException {
    tail.confirms = false;
    log.write(lines.next(50));
    tail.run();
    long read = size();
    log.truncate(0);
    tail.looks(2);
    log.write(lines.next(5));
    tail.looks(2);

    assertThat(lag()).isEqualTo(read + size());
    tail.confirms = true;
    tail.confirmAll();
    assertThat(lag()).isZero();
    assertThat(tail.files()).hasSize(1);
  }

  @Test
  void whatWasReadOfAnEmptiedFileStaysLagWhereItsSourceChanges() throws IOException {
    tail.confirms = false;
    log.write(lines.next(50));
    tail.run();
    long read = size();
    log.truncate(0);
    tail.looks(2);
    tail.change(TailHarness.source(folder, new Multiline.Auto()));
    tail.looks(2);

    assertThat(lag()).isEqualTo(read);
    tail.confirms = true;
    tail.confirmAll();
    assertThat(lag()).isZero();
  }

  private long lag() {
    return tail.files().stream().mapToLong(SourceStatus.File::lagBytes).sum();
  }
}
