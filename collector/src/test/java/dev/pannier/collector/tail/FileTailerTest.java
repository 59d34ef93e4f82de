package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Counter;
import java.io.IOException;
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

class FileTailerTest {
  @TempDir Path folder;
  private TailHarness tail;
  private Path log;

  @BeforeEach
  void open() {
    tail = new TailHarness(folder);
    log = tail.logs.resolve("app.log");
  }

  @AfterEach
  void close() {
    tail.close();
  }

  @Test
  void linesArriveOnceInOrderAsTheyAreWritten() throws IOException {
    append("one\ntwo\r\n");
    tail.run();
    append("three\n\nfour\n");
    tail.run();

    assertThat(tail.bodies()).containsExactly("one", "two", "three", "", "four");
    assertThat(tail.uids()).doesNotHaveDuplicates();
    assertThat(tail.budget.heldBytes()).isZero();
  }

  /// However little is free: it is counted, so that no second one is read meanwhile.
  @Test
  void aRecordThatPassesTheBoundIsTheOnlyOne() throws IOException {
    long others = tail.budget.limitBytes() - (600 << 10);
    assertThat(tail.budget.tryReserve(others)).isTrue();
    tail.confirms = false;
    append(("x".repeat(700_000) + "\n").repeat(3));
    tail.run();
    assertThat(tail.unconfirmed).hasSize(1);
    assertThat(tail.budget.heldBytes()).isGreaterThan(tail.budget.limitBytes());

    tail.confirmAll();
    assertThat(tail.unconfirmed).hasSize(1);
    tail.confirmAll();
    tail.confirmAll();
    assertThat(tail.bodies()).hasSize(3);
    assertThat(tail.budget.heldBytes()).isEqualTo(others);
  }

  @Test
  void aPartialLineWaitsForItsEnd() throws IOException {
    append("one\ntw");
    tail.pass(Duration.ofSeconds(5));
    assertThat(tail.bodies()).containsExactly("one");

    append("o\n");
    tail.run();
    assertThat(tail.bodies()).containsExactly("one", "two");
  }

  @Test
  void aRestartGoesOnWhereEverythingWasConfirmed() throws IOException {
    append("one\ntwo\n");
    tail.run();
    tail.confirms = false;
    append("three\n");
    tail.pass(Duration.ofSeconds(2));
    tail.crashAndRestart();
    tail.confirms = true;
    append("four\n");
    tail.run();

    assertThat(tail.bodies()).containsExactly("one", "two", "three", "three", "four");
    assertThat(tail.uids().get(2)).as("a repeat is recognisable").isEqualTo(tail.uids().get(3));
  }

  @Test
  void aRenamedFileIsReadToItsEndAndTheNewOneFromItsBeginning() throws IOException {
    append("first line of the first file\n");
    tail.run();
    append("written before the rename\n");
    Files.move(log, tail.logs.resolve("app.log.1"));
    append("first line of the second file\n");
    tail.run();
    append(tail.logs.resolve("app.log.1"), "written after the rename\n");
    tail.run();

    assertThat(tail.bodies())
        .containsExactlyInAnyOrder(
            "first line of the first file",
            "written before the rename",
            "first line of the second file",
            "written after the rename");
  }

  @Test
  void aDeletedFileIsReadToItsEndWithItsPartialLine() throws IOException {
    append("one\n");
    tail.run();
    append("two\nthr");
    Files.delete(log);
    tail.run();
    tail.pass(Duration.ofSeconds(3));
    tail.pass(Duration.ofSeconds(3));

    assertThat(tail.bodies()).containsExactly("one", "two", "thr");
  }

  @Test
  void whatOnlyTheCopyOfATruncatedFileHoldsIsReadFromIt() throws IOException {
    append(numbered(0, 50));
    tail.run();
    append(numbered(50, 60));
    Files.copy(log, tail.logs.resolve("app.log.1"));
    truncate();
    append(numbered(60, 200));
    tail.run();
    tail.pass(Duration.ofSeconds(3));

    assertThat(tail.bodies()).containsExactlyInAnyOrderElementsOf(lines(0, 200));
  }

  @Test
  void theSameWhileStopped() throws IOException {
    append(numbered(0, 50));
    tail.run();
    tail.stopAndRestart();
    append(numbered(50, 60));
    Files.copy(log, tail.logs.resolve("app.log.1"));
    truncate();
    append(numbered(60, 200));
    tail.run();
    tail.pass(Duration.ofSeconds(3));

    assertThat(tail.bodies()).containsExactlyInAnyOrderElementsOf(lines(0, 200));
  }

  @Test
  void aFileRenamedWhileStoppedIsFoundUnderANameThatNoIncludeMatches() throws IOException {
    append(numbered(0, 50));
    tail.run();
    tail.stopAndRestart();
    append(numbered(50, 60));
    Files.move(log, tail.logs.resolve("app.log.old"));
    append(numbered(60, 70));
    tail.run();
    tail.pass(Duration.ofSeconds(3));

    assertThat(tail.bodies()).containsExactlyInAnyOrderElementsOf(lines(0, 70));
  }

  @Test
  void bytesThatNobodyCanReadAnyMoreAreReported() throws IOException {
    append(numbered(0, 50));
    tail.run();
    tail.room = false;
    append(numbered(50, 60));
    tail.pass(Duration.ofSeconds(2));
    tail.room = true;
    truncate();
    append(numbered(60, 61));
    tail.run();

    assertThat(tail.bodies()).containsExactlyElementsOf(with(lines(0, 50), lines(60, 61)));
    long lost = numbered(50, 60).length();
    assertThat(tail.metrics.value(Counter.SOURCE_LOST_BYTES, "app")).isEqualTo(lost);
    assertThat(tail.notices).singleElement().asString().contains("app.log: bytes ");
  }

  @Test
  void indentedLinesJoinTheirRecord() throws IOException {
    tail.close();
    tail = new TailHarness(folder, TailHarness.source(folder, new FileSource.Multiline.Auto()));
    append("one\n  at a\n  at b\ntwo\n");
    tail.run();
    assertThat(tail.bodies()).containsExactly("one\n  at a\n  at b");

    tail.pass(Duration.ofMillis(101));
    assertThat(tail.bodies()).containsExactly("one\n  at a\n  at b", "two");
  }

  @Test
  void aLineThatIsAllOfItsRecordDoesNotWaitForTheNext() throws IOException {
    tail.close();
    tail = new TailHarness(folder, TailHarness.source(folder, new FileSource.Multiline.Auto()));
    append("one;\n");
    tail.run();
    assertThat(tail.bodies()).containsExactly("one;");

    append("  at a\ntwo\n  at b;\nthree;\n");
    tail.run();
    assertThat(tail.bodies()).containsExactly("one;", "  at a", "two\n  at b;", "three;");
  }

  @Test
  void moreThanABatchIsSplitIntoBatches() throws IOException {
    append(numbered(0, 20_000));
    tail.run();

    assertThat(tail.bodies()).isEqualTo(lines(0, 20_000));
  }

  private static List<String> with(List<String> first, List<String> second) {
    List<String> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  private static List<String> lines(int from, int to) {
    List<String> lines = new ArrayList<>();
    for (int i = from; i < to; i++) {
      lines.add("2026-11-23 14:00:00 INFO line number " + i);
    }
    return lines;
  }

  private static String numbered(int from, int to) {
    return String.join("\n", lines(from, to)) + "\n";
  }

  private void append(String text) throws IOException {
    append(log, text);
  }

  private static void append(Path file, String text) throws IOException {
    Files.writeString(file, text, UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private void truncate() throws IOException {
    Files.write(log, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
  }
}
