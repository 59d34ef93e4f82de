package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.config.FileSource.Multiline;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Sources change while files are read.
class SourcesChangeTest {
  @TempDir private Path folder;
  private FileSource lines;

  @BeforeEach
  void source() {
    lines = TailHarness.source(folder, new Multiline.None());
  }

  private static FileSource named(FileSource source, String name, List<String> include) {
    return new FileSource(
        name,
        include,
        source.exclude(),
        source.parser(),
        source.multiline(),
        source.flushAfter(),
        source.startAt(),
        source.charset(),
        source.zone(),
        source.maxRecord(),
        source.onOversize());
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Test
  void theRestOfAFileIsReadByTheNewRules() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path file = tail.logs.resolve("app.log");
      write(file, "one\n two\nthree");
      tail.run();
      assertThat(tail.bodies()).containsExactly("one", " two");
      tail.change(TailHarness.source(folder, new Multiline.Auto()));
      write(file, "\n four\nfive\n");
      tail.run();
      tail.pass(Duration.ofSeconds(1));
      assertThat(tail.bodies()).containsExactly("one", " two", "three\n four", "five");
    }
  }

  @Test
  void aRecordThatIsHeldByOneThatDoesNotChangeStaysHeld() throws IOException {
    FileSource joined = TailHarness.source(folder, new Multiline.Auto());
    Path more = Files.createDirectories(folder.resolve("more"));
    try (TailHarness tail = new TailHarness(folder, joined)) {
      Path file = tail.logs.resolve("app.log");
      write(file, "one\n two\n");
      tail.run();
      assertThat(tail.bodies()).isEmpty();
      write(more.resolve("x.log"), "other\n");
      tail.change(joined, named(lines, "more", List.of(more + "/*.log")));
      tail.run();
      assertThat(tail.bodies()).containsExactly("other");
      write(file, " three\nfour\n");
      tail.run();
      assertThat(tail.bodies()).containsExactly("other", "one\n two\n three");
    }
  }

  @Test
  void whatNoSourceTakesIsLetGoWhenItHasLeftAndGoesOnLater() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path file = tail.logs.resolve("app.log");
      tail.confirms = false;
      write(file, "one\n");
      tail.run();
      FileSource other = named(lines, "other", List.of(folder + "/nothing/*.log"));
      tail.change(other);
      write(file, "two\n");
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.bodies()).containsExactly("one");
      tail.confirmAll();
      tail.confirms = true;
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.stored()).hasSize(1);
      assertThat(tail.stored().getFirst().acknowledged().position()).isEqualTo(4);

      tail.change(lines);
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.bodies()).containsExactly("one", "two");
    }
  }

  @Test
  void itIsTakenUpAgainBeforeAllOfItHasLeft() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path file = tail.logs.resolve("app.log");
      tail.confirms = false;
      write(file, "one\n");
      tail.run();
      tail.change(named(lines, "other", List.of(folder + "/nothing/*.log")));
      write(file, "two\n");
      tail.pass(Duration.ofSeconds(2));
      tail.change(lines);
      tail.pass(Duration.ofSeconds(2));
      tail.confirmAll();
      assertThat(tail.bodies()).containsExactly("one", "two");
    }
  }

  @Test
  void aFileThatCouldNotBeStoredIsNotReadWhenItsSourceComesBackEither() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path inTheWay = Files.createDirectory(tail.state.resolve("positions.tmp"));
      write(tail.logs.resolve("app.log"), "one\n");
      tail.run();
      tail.change(named(lines, "other", List.of(folder + "/nothing/*.log")));
      tail.pass(Duration.ofSeconds(2));
      tail.change(lines);
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.bodies()).isEmpty();
      Files.delete(inTheWay);
      tail.pass(Duration.ofSeconds(2));
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.bodies()).containsExactly("one");
    }
  }

  /// The copy that another log was moved to before it was emptied has the inode: here by writing over the file.
  @Test
  void theRestOfAFileThatWasGzippedIsReadWhenItsSourceComesBackAlsoWhereItsInodeIsAnothers()
      throws IOException {
    FileSource web = named(lines, "web", List.of(folder.resolve("logs") + "/web*"));
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path file = tail.logs.resolve("app.log");
      write(
          file, "a line that is longer than what is looked at before a position, by some bytes\n");
      tail.run();
      write(file, "one\n");
      tail.room = false;
      tail.pass(Duration.ofSeconds(2));
      tail.change(web);
      tail.pass(Duration.ofSeconds(2));
      try (OutputStream out =
          new GZIPOutputStream(Files.newOutputStream(tail.logs.resolve("app.log.1.gz")))) {
        Files.copy(file, out);
      }
      tail.room = true;
      Path other = tail.logs.resolve("web.log");
      write(
          other, "another log's line, that is longer than what is looked at, by some bytes, too\n");
      tail.pass(Duration.ofSeconds(2));
      write(other, "two\n");
      Files.move(file, tail.logs.resolve("web.log.1"));
      Files.write(tail.logs.resolve("web.log.1"), Files.readAllBytes(other));
      Files.write(other, new byte[0]);
      tail.pass(Duration.ofSeconds(2));
      tail.pass(Duration.ofMinutes(2));
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.bodies()).hasSize(3).endsWith("two");
      tail.change(lines, web);
      tail.pass(Duration.ofSeconds(2));
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.bodies()).hasSize(4).endsWith("one");
    }
  }

  @Test
  void theRestOfAFileThatWasGzippedMeanwhileIsReadWhenItsSourceComesBack() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path file = tail.logs.resolve("app.log");
      write(
          file, "a line that is longer than what is looked at before a position, by some bytes\n");
      tail.run();
      write(file, "one\n");
      tail.room = false;
      tail.pass(Duration.ofSeconds(2));
      tail.change(named(lines, "other", List.of(folder + "/nothing/*.log")));
      tail.pass(Duration.ofSeconds(2));
      Path zipped = tail.logs.resolve("app.log.1.gz");
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
        Files.copy(file, out);
      }
      Files.delete(file);
      tail.pass(Duration.ofSeconds(2));
      tail.room = true;
      tail.change(lines);
      tail.pass(Duration.ofSeconds(2));
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.bodies()).as(tail.notices + " " + tail.stored()).endsWith("one").hasSize(2);
      assertThat(tail.notices).isEmpty();
    }
  }

  @Test
  void aSourceWithAnotherNameGoesOnWhereTheOldOneWas() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path file = tail.logs.resolve("app.log");
      tail.confirms = false;
      write(file, "one\n");
      tail.run();
      tail.change(named(lines, "other", lines.include()));
      write(file, "two\n");
      tail.run();
      assertThat(tail.bodies()).containsExactly("one", "two");
      assertThat(tail.unconfirmed)
          .extracting(sent -> sent.batch().source())
          .containsExactly("app", "other");
    }
  }

  @Test
  void aRotatedFileIsReadToItsEndAllTheSame() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path file = tail.logs.resolve("app.log");
      write(file, "one\n");
      tail.run();
      tail.room = false;
      write(file, "two\n");
      Files.move(file, tail.logs.resolve("app.1"));
      write(file, "three\n");
      tail.pass(Duration.ofSeconds(2));
      tail.change(TailHarness.source(folder, new Multiline.Auto()));
      tail.room = true;
      tail.pass(Duration.ofSeconds(6));
      tail.pass(Duration.ofSeconds(6));
      assertThat(tail.bodies()).containsExactly("one", "two", "three");
      assertThat(tail.notices).isEmpty();
    }
  }

  @Test
  void aRenamedFileThatWaitsForADescriptorIsReadByTheNewSource() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines, 1)) {
      Path busy = tail.logs.resolve("busy.log");
      write(busy, "an unfinished line");
      tail.run();
      Path file = tail.logs.resolve("app.log");
      write(file, "one\n two\nthree\n");
      tail.pass(Duration.ofSeconds(1));
      Files.move(file, tail.logs.resolve("app.1"));
      tail.pass(Duration.ofSeconds(1));
      FileSource joined = TailHarness.source(folder, new Multiline.Auto());
      tail.change(named(joined, "other", lines.include()));
      assertThat(tail.files()).anyMatch(status -> status.path().equals(file.toString()));

      write(busy, " that ends\n");
      for (int i = 0; i < 4; i++) {
        tail.pass(Duration.ofSeconds(1));
      }
      assertThat(tail.files()).anyMatch(status -> status.path().equals(file.toString()));
      tail.pass(Duration.ofMinutes(2));
      tail.pass(Duration.ofMinutes(2));
      assertThat(tail.bodies())
          .containsExactly("an unfinished line that ends", "one\n two", "three");
    }
  }

  @Test
  void aFileThatMovedAwayBeforeItWasSeenIsReadByTheNewSource() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      String line = "a line that is long enough to know by it what it is the copy of";
      write(tail.logs.resolve("app.log"), line + "\n two\n");
      tail.run();
      Path made = tail.logs.resolve("web.log");
      write(made, line + "\n two\n");
      Path moved = Files.move(made, tail.logs.resolve("web.1"));
      tail.moved(made, moved);
      tail.pass(Duration.ofSeconds(1));
      assertThat(tail.bodies()).as("it may be a copy").containsExactly(line, " two");
      tail.change(TailHarness.source(folder, new Multiline.Auto()));
      for (int i = 0; i < 12; i++) {
        tail.pass(Duration.ofSeconds(1));
      }
      tail.pass(Duration.ofMinutes(2));
      tail.pass(Duration.ofMinutes(2));
      assertThat(tail.bodies()).containsExactly(line, " two", line + "\n two");
    }
  }

  @Test
  void aRestThatIsGzippedIsReadToItsEndThoughItsNameIsGone() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path file = tail.logs.resolve("app.log");
      write(
          file, "a line that is longer than what is looked at before a position, by some bytes\n");
      write(file, "one\n");
      tail.run();
      tail.room = false;
      write(file, "two\nthree");
      Path zipped = tail.logs.resolve("app.log.1.gz");
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
        Files.copy(file, out);
      }
      Files.write(file, new byte[0]);
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.bodies()).endsWith("one");
      Files.delete(zipped);
      tail.change(TailHarness.source(folder, new Multiline.Auto()));
      tail.room = true;
      tail.pass(Duration.ofMinutes(1));
      tail.pass(Duration.ofMinutes(1));
      assertThat(tail.bodies()).endsWith("one", "two", "three").hasSize(4);
      assertThat(tail.notices).isEmpty();
    }
  }

  @Test
  void aRotatedFileThatGrowsGoesOnInTheSourceThatTakesItsPath() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path file = tail.logs.resolve("app.log");
      write(file, "one\n");
      tail.run();
      Path rotated = Files.move(file, tail.logs.resolve("app.1"));
      tail.pass(Duration.ofSeconds(2));
      tail.pass(Duration.ofMinutes(2));
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.stored()).singleElement().matches(SavedGeneration::finished);
      tail.change(named(lines, "other", lines.include()));
      tail.pass(Duration.ofSeconds(2));
      write(rotated, "two\n");
      Files.setLastModifiedTime(rotated, FileTime.from(1_800_000_000, TimeUnit.SECONDS));
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.bodies()).containsExactly("one", "two");
    }
  }

  @Test
  void aFileThatItsSourceTakesNoMoreIsNotReadAfterAStartEither() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      write(tail.logs.resolve("app.log"), "one\n");
      write(tail.logs.resolve("web.log"), "two\n");
      tail.run();
      tail.source = named(lines, lines.name(), List.of(tail.logs + "/app*"));
      tail.stopAndRestart();
      write(tail.logs.resolve("web.log"), "three\nfou");
      tail.pass(Duration.ofSeconds(10));
      tail.pass(Duration.ofSeconds(10));
      assertThat(tail.bodies()).containsExactlyInAnyOrder("one", "two");

      tail.change(lines);
      write(tail.logs.resolve("web.log"), "r\n");
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.bodies()).endsWith("three", "four");
    }
  }

  @Test
  void whatIsLeftOfARotatedFileIsReadAfterAStartWithAnotherNameOfItsSource() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path file = tail.logs.resolve("app.log");
      write(file, "one\n");
      tail.run();
      tail.room = false;
      write(file, "two\n");
      Files.move(file, tail.logs.resolve("app.1"));
      tail.pass(Duration.ofSeconds(2));
      tail.source = named(lines, "other", lines.include());
      tail.crashAndRestart();
      tail.room = true;
      tail.pass(Duration.ofSeconds(2));
      assertThat(tail.bodies()).containsExactly("one", "two");
    }
  }

  @Test
  void whatIsConfirmedLateOfAnEmptiedFileLeavesItsPlaceToTheNextOne() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      LogDirectory log = new LogDirectory(tail.logs, "app.log");
      tail.confirms = false;
      log.write("one\n");
      tail.run();
      log.truncate(0);
      log.write("another\n");
      tail.looks(2);
      assertThat(tail.bodies()).containsExactly("one", "another");
      tail.unconfirmed.get(1).acknowledgement().delivered(0, "");
      tail.change();
      tail.looks(2);
      tail.unconfirmed.get(0).acknowledgement().delivered(0, "");
      tail.looks(1);
      tail.change(lines);
      tail.run();
      assertThat(tail.live()).singleElement().matches(file -> !file.detached);
      tail.looks(2);
      assertThat(tail.bodies()).containsExactly("one", "another");
    }
  }

  @Test
  void nothingIsReadTwiceWhenItStartsAgainAfterAChange() throws IOException {
    try (TailHarness tail = new TailHarness(folder, lines)) {
      Path file = tail.logs.resolve("app.log");
      write(file, "one\n");
      tail.run();
      tail.change(named(lines, "other", lines.include()));
      write(file, "two\n");
      tail.run();
      tail.source = named(lines, "other", lines.include());
      tail.stopAndRestart();
      write(file, "three\n");
      tail.run();
      assertThat(tail.bodies()).containsExactly("one", "two", "three");
    }
  }
}
