package dev.pannier.collector.tail;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pannier.collector.admin.SourceStatus;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Counter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// More files than may be open.
class OpenFilesTest {
  private static final int MOST = 8;
  private static final String BUSY = "an unfinished line";

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  private final List<String> expected = new ArrayList<>();

  @BeforeEach
  void open() {
    tail =
        new TailHarness(folder, TailHarness.source(folder, new FileSource.Multiline.None()), MOST);
  }

  @AfterEach
  void close() {
    tail.close();
  }

  @Test
  void aFolderThatCannotBeListedDoesNotMakeItsFilesGone() throws IOException {
    write("app.log", "one line, and then");
    Files.writeString(tail.logs.resolve("app.log"), "a half ", APPEND);
    tail.looks(1);
    Path away = folder.resolve("away");
    Files.move(tail.logs, away);
    Files.createSymbolicLink(tail.logs, tail.logs);
    tail.looks(20);
    assertThat(tail.bodies()).containsExactly("one line, and then");
    assertThat(tail.files()).anyMatch(file -> !file.problem().isEmpty());

    Files.delete(tail.logs);
    Files.move(away, tail.logs);
    Files.writeString(tail.logs.resolve("app.log"), "line\n", APPEND);
    tail.looks(2);
    expected.add("a half line");
    lines();
  }

  private void write(String name, String line) throws IOException {
    Files.writeString(tail.logs.resolve(name), line + "\n", CREATE, APPEND);
    expected.add(line);
  }

  private void fiftyWhoseSecondLinesHaveNoRoom() throws IOException {
    fifty();
    for (int i = 0; i < 50; i++) {
      write("f" + i + ".log", "second " + i);
    }
    tail.room = false;
    tail.looks(2);
  }

  private void fifty() throws IOException {
    for (int i = 0; i < 50; i++) {
      write("f" + i + ".log", "file " + i + " has a first line that is long enough to know it by");
    }
    tail.looks(20);
  }

  private void lines() {
    assertThat(tail.bodies()).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(tail.metrics.value(Counter.SOURCE_LOST_BYTES, "app")).isZero();
    assertThat(tail.notices).isEmpty();
  }

  @Test
  void everyFileIsReadOnce() throws IOException {
    fifty();
    lines();
    assertThat(tail.files()).hasSize(50).extracting(SourceStatus.File::problem).containsOnly("");
  }

  @Test
  void aParkedFileGoesOnWhereItWas() throws IOException {
    fifty();
    for (int i = 0; i < 50; i++) {
      write("f" + i + ".log", "second " + i);
    }
    tail.looks(20);
    lines();
    assertThat(tail.uids()).doesNotHaveDuplicates();
  }

  @Test
  void aParkedFileThatIsWrittenToAndRotatedIsReadToItsEndBeforeItsSuccessor() throws IOException {
    fifty();
    for (int i = 0; i < 50; i++) {
      Path file = tail.logs.resolve("f" + i + ".log");
      write(file.getFileName().toString(), "last " + i);
      // By the harness's clock, just now.
      Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1_800_000_000)));
      Files.move(file, tail.logs.resolve("f" + i + ".log.1"));
      write(file.getFileName().toString(), "next " + i);
    }
    tail.looks(120);
    lines();
    for (int i = 0; i < 50; i++) {
      assertThat(tail.bodies()).containsSubsequence("last " + i, "next " + i);
    }
  }

  @Test
  void aParkedFileThatIsCopiedAndEmptiedIsReadOnInItsCopy() throws IOException {
    fifty();
    Path file = tail.logs.resolve("f7.log");
    write("f7.log", "last 7");
    Files.copy(file, tail.logs.resolve("f7.log.1"));
    Files.newByteChannel(file, WRITE).truncate(0).close();
    write("f7.log", "next 7");
    tail.looks(20);
    lines();
  }

  @Test
  void parkedFilesSurviveARestart() throws IOException {
    fifty();
    tail.pass(Duration.ofSeconds(2));
    tail.crashAndRestart();
    for (int i = 0; i < 50; i++) {
      write("f" + i + ".log", "second " + i);
    }
    tail.looks(20);
    lines();
  }

  @Test
  void aDeletedParkedFileIsNoLoss() throws IOException {
    fifty();
    for (int i = 0; i < 50; i++) {
      Files.delete(tail.logs.resolve("f" + i + ".log"));
    }
    tail.looks(30);
    tail.crashAndRestart();
    tail.looks(3);
    lines();
    assertThat(tail.files()).isEmpty();
  }

  @Test
  void filesThatAreAllBusyMakeNewOnesWaitAndSayWhy() throws IOException {
    for (int i = 0; i < MOST; i++) {
      Files.writeString(tail.logs.resolve("busy" + i + ".log"), "an unfinished line");
    }
    tail.looks(2);
    write("new.log", "a new line");
    tail.looks(2);
    assertThat(tail.bodies()).isEmpty();
    assertThat(tail.files())
        .filteredOn(file -> file.path().endsWith("new.log"))
        .singleElement()
        .extracting(SourceStatus.File::problem)
        .asString()
        .contains("ulimit -n");

    Files.writeString(tail.logs.resolve("busy0.log"), "\n", APPEND);
    tail.looks(3);
    assertThat(tail.bodies()).containsExactlyInAnyOrder("an unfinished line", "a new line");
  }

  /// As many as may be open, each with a line that has no end.
  private void busy() throws IOException {
    for (int i = 0; i < MOST; i++) {
      Files.writeString(tail.logs.resolve("busy" + i + ".log"), BUSY);
    }
    tail.looks(2);
  }

  private void busyNoMore() throws IOException {
    for (int i = 0; i < MOST; i++) {
      Files.writeString(tail.logs.resolve("busy" + i + ".log"), "\n", APPEND);
      expected.add(BUSY);
    }
    tail.looks(20);
  }

  private SourceStatus.File status(String name) {
    return tail.files().stream()
        .filter(file -> file.path().endsWith("/" + name))
        .reduce(
            (one, other) -> {
              throw new AssertionError("twice: " + one + ", " + other);
            })
        .orElseThrow();
  }

  private long unshipped(String name) {
    return tail.receipt().stream()
        .filter(file -> file.path().endsWith("/" + name))
        .flatMap(file -> file.unshipped().stream())
        .mapToLong(range -> range.to() - range.from())
        .sum();
  }

  @Test
  void whatWaitsForADescriptorLags() throws IOException {
    write("old.log", "a line that was read before all others were there, long enough");
    tail.looks(8);
    long before = Files.size(tail.logs.resolve("old.log"));
    busy();
    assertThat(status("old.log").lagBytes()).isZero();

    write("old.log", "a line that waits");
    write("new.log", "another one");
    tail.looks(1);
    assertThat(status("new.log").problem()).contains("ulimit -n");
    assertThat(status("old.log").problem()).contains("ulimit -n");
    assertThat(tail.caughtUp()).isFalse();
    assertThat(status("old.log").positionBytes()).isEqualTo(before);
    assertThat(status("old.log").lagBytes()).isEqualTo(18).isEqualTo(unshipped("old.log"));
    assertThat(status("new.log").lagBytes()).isEqualTo(12).isEqualTo(unshipped("new.log"));

    busyNoMore();
    lines();
    assertThat(tail.files()).allMatch(file -> file.lagBytes() == 0);
    assertThat(tail.caughtUp()).isTrue();
  }

  /// As where it is mounted anew.
  @Test
  void whatWaitsForADescriptorIsNotLostThoughItsFolderIsAwayForAWhile() throws IOException {
    write("old.log", "a line that was read before all others were there, long enough");
    tail.looks(8);
    busy();
    write("old.log", "a line that waits");
    write("new.log", "another one");
    tail.looks(1);
    Path away = folder.resolve("away");
    Files.move(tail.logs, away);
    tail.looks(2);
    Files.move(away, tail.logs);
    tail.looks(2);

    busyNoMore(); // a file that is back goes on
    lines();
  }

  @Test
  void whatWaitsForADescriptorAfterARestartLags() throws IOException {
    fifty();
    tail.pass(Duration.ofSeconds(2));
    tail.crashAndRestart();
    for (int i = 0; i < 50; i++) {
      write("f" + i + ".log", "second " + i);
    }
    tail.room = false;
    tail.looks(1);
    assertThat(tail.files()).hasSize(50);
    assertThat(tail.files().stream().mapToLong(SourceStatus.File::lagBytes).sum())
        .isEqualTo(10 * 9L + 40 * 10L);
    tail.room = true;
    tail.looks(20);
    lines();
  }

  @Test
  void whatWaitsForADescriptorIsReadThoughItIsRenamedMeanwhile() throws IOException {
    write("old.log", "a line that was read before all others were there, long enough");
    tail.looks(8);
    busy();
    write("old.log", "a line that waits");
    write("new.log", "another one");
    tail.looks(1);
    for (String name : List.of("old.log", "new.log")) {
      Files.move(tail.logs.resolve(name), tail.logs.resolve(name + ".1"));
    }
    tail.looks(1);
    assertThat(status("old.log").lagBytes()).isEqualTo(18).isEqualTo(unshipped("old.log"));
    assertThat(status("new.log").lagBytes()).isEqualTo(12).isEqualTo(unshipped("new.log"));
    write("old.log", "and the next file's");
    tail.looks(2);

    busyNoMore();
    lines();
    assertThat(tail.bodies()).containsSubsequence("a line that waits", "and the next file's");
  }

  @Test
  void whatVanishesWhileItWaitsForADescriptorIsToldAsLost() throws IOException {
    write("old.log", "a line that was read before all others were there, long enough");
    tail.looks(8);
    busy();
    write("old.log", "a line that waits");
    write("new.log", "another one");
    tail.looks(1);
    for (String name : List.of("old.log", "new.log")) {
      Files.delete(tail.logs.resolve(name));
    }
    tail.looks(2);

    assertThat(tail.notices).hasSize(2).allMatch(notice -> notice.contains("were gone before"));
    assertThat(tail.metrics.value(Counter.SOURCE_LOST_BYTES, "app")).isEqualTo(18 + 12);
    tail.looks(2);
    assertThat(tail.notices).hasSize(2);
    assertThat(tail.files()).hasSize(MOST);
  }

  /// Another file may have the inode of one that was read and deleted, under a name that no source takes.
  @Test
  void whatTakesThePlaceOfAFileAndIsNoLogIsNotReadThoughItWouldWaitForADescriptor()
      throws IOException {
    write("old.log", "a line that was read before all others were there, long enough");
    tail.looks(8);
    busy();
    Path old = tail.logs.resolve("old.log");
    FileKey place = FileKey.of(old);
    Files.delete(old);
    tail.looks(4);
    String text = "what stands here is for somebody else, and is longer than all of the log was\n";
    Path foreign = tail.logs.resolve("foreign.txt");
    Files.writeString(foreign, text + text);
    assumeTrue(
        FileKey.of(foreign).equals(place), "the file system gives an inode out again at once");
    Files.setLastModifiedTime(foreign, FileTime.from(Instant.ofEpochSecond(1_800_000_000)));
    tail.looks(4);

    busyNoMore();
    tail.looks(4);
    lines();
  }

  /// Its copy is what is left of it.
  @Test
  void whatIsCompressedWhileItWaitsForADescriptorIsReadOn() throws IOException {
    write("old.log", "a line that was read before all others were there, long enough");
    tail.looks(8);
    busy();
    write("old.log", "a line that waits");
    tail.looks(1);
    new LogDirectory(tail.logs, "old.log").gzip(tail.logs.resolve("old.log"));
    tail.looks(2);

    busyNoMore();
    lines();
  }

  @Test
  void aReloadLosesNothingOfWhatWaitsForADescriptor() throws IOException {
    write("old.log", "a line that was read before all others were there, long enough");
    tail.looks(8);
    busy();
    write("old.log", "a line that waits");
    write("new.log", "another one");
    tail.looks(1);
    FileSource before = tail.source;
    tail.change(TailRig.multiline(before));
    tail.looks(2);
    assertThat(status("old.log").lagBytes()).isEqualTo(18);
    assertThat(status("new.log").lagBytes()).isEqualTo(12);
    Files.move(tail.logs.resolve("new.log"), tail.logs.resolve("new.log.1"));
    tail.looks(1);
    tail.change(before);
    tail.looks(2);

    busyNoMore();
    lines();
    assertThat(tail.uids()).doesNotHaveDuplicates();
  }

  @Test
  void whatWaitsForADescriptorAndIsLeftOutByAReloadGoesOnWhenItIsTakenAgain() throws IOException {
    write("old.log", "a line that was read before all others were there, long enough");
    tail.looks(8);
    busy();
    write("old.log", "a line that waits");
    write("new.log", "another one");
    tail.looks(1);
    FileSource before = tail.source;
    tail.change(TailRig.settings(folder, "busy*.log"));
    tail.looks(2);
    assertThat(tail.files()).hasSize(MOST);
    assertThat(tail.notices).isEmpty();
    tail.change(before);
    tail.looks(2);

    busyNoMore();
    lines();
  }

  @Test
  void aParkedFileThatAReloadLeavesOutIsKnownWhenItIsTakenAgain() throws IOException {
    fifty();
    FileSource before = tail.source;
    tail.change(TailRig.settings(folder, "other.log"));
    tail.looks(3);
    for (int i = 0; i < 50; i++) {
      String name = "f" + i + ".log";
      write(name, "last " + i);
      Files.copy(tail.logs.resolve(name), tail.logs.resolve(name + ".1"));
      Files.newByteChannel(tail.logs.resolve(name), WRITE).truncate(0).close();
      write(name, "next " + i);
    }
    tail.change(before);
    tail.looks(20);
    lines();
  }

  @Test
  void filesThatAreReadFromTheirEndAreSoThoughTheyWaitForADescriptorAtTheStart()
      throws IOException {
    tail.close();
    tail =
        new TailHarness(
            folder,
            TailRig.fromEnd(TailHarness.source(folder, new FileSource.Multiline.None())),
            MOST);
    for (int i = 0; i < 50; i++) {
      String line = "file " + i + " had a line before the start\n";
      Files.writeString(tail.logs.resolve("f" + i + ".log"), line);
    }
    tail.looks(1);
    assertThat(tail.files()).hasSize(50).allMatch(file -> file.lagBytes() == 0);
    for (int i = 0; i < 50; i++) {
      write("f" + i + ".log", "second " + i);
    }
    tail.looks(20);
    write("late.log", "this one came later");
    tail.looks(20);
    lines();
  }

  @Test
  void whatIsWrittenToFilesThatWaitForADescriptorIsReadAfterARestart() throws IOException {
    fromEnd(1, tail.source);
    Path busy = before("busy.log", "a line that was there before the start\n");
    for (int i = 0; i < 5; i++) {
      Files.writeString(tail.logs.resolve("f" + i + ".log"), "before the start " + i + "\n");
    }
    tail.looks(1);
    Files.writeString(busy, BUSY, APPEND);
    tail.looks(3);
    for (int i = 0; i < 5; i++) {
      write("f" + i + ".log", "second " + i);
    }
    tail.looks(3);
    tail.crashAndRestart();
    tail.looks(3);
    Files.writeString(busy, "\n", APPEND);
    expected.add(BUSY);
    tail.looks(60);
    lines();
  }

  /// From the next start on.
  private void fromEnd(int most, FileSource source) {
    tail.close();
    tail = new TailHarness(folder, TailRig.fromEnd(source), most);
  }

  private Path before(String name, String text) throws IOException {
    Path file = Files.writeString(tail.logs.resolve(name), text);
    // The oldest is met first.
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(60)));
    return file;
  }

  @Test
  void whatIsEmptiedAfterItWaitedForADescriptorAtARestartIsReadFromItsBeginning()
      throws IOException {
    fromEnd(1, tail.source);
    tail.looks(1);
    write("a.log", "a line of the first file that is long enough to know it by");
    write("b.log", "a line of the other file that is long enough to know it by");
    tail.looks(4);
    tail.stopAndRestart();
    tail.looks(8);
    for (String name : List.of("a.log", "b.log")) {
      Files.newByteChannel(tail.logs.resolve(name), WRITE).truncate(0).close();
      write(name, name + " has other content now, and more of it than there was at the restart");
    }
    tail.looks(20);
    lines();
  }

  @Test
  void whatIsEmptiedWhileItWaitsForADescriptorAtARestartIsReadFromItsBeginning()
      throws IOException {
    String first = "a line of the first file that is as long as the other two are together";
    fromEnd(2, tail.source);
    tail.looks(1);
    write("a.log", first);
    tail.looks(2);
    Path busy = Files.writeString(tail.logs.resolve("busy.log"), BUSY);
    tail.looks(2);
    write("b.log", "a line of another file, long enough");
    tail.looks(4);
    tail.crashAndRestart();
    tail.looks(1);
    assertThat(status("b.log").problem()).contains("ulimit -n");

    // Like another's, so that it is undecided at first.
    Files.newByteChannel(tail.logs.resolve("b.log"), WRITE).truncate(0).close();
    write("b.log", first);
    tail.looks(20);
    Files.writeString(busy, "\n", APPEND);
    expected.add(BUSY);
    tail.looks(20);
    lines();
  }

  /// Another log may have the inode of a copy that was deleted: here by writing over the copy.
  @Test
  void whatTakesThePlaceOfACopyThatWaitedForADescriptorAtTheStartIsReadFromItsBeginning()
      throws IOException {
    fromEnd(1, TailRig.settings(folder, "*"));
    String old = "a line that was there before the start, and is long enough to know it by\n";
    Path file = before("a.log", old);
    Path copy = Files.copy(file, tail.logs.resolve("a.log.1"));
    Path zipped = tail.logs.resolve("a.log.2.gz");
    Files.copy(file, tail.logs.resolve("a.log.2"));
    new LogDirectory(tail.logs, "a.log.2").gzip(tail.logs.resolve("a.log.2"));
    assertThat(zipped).exists();
    tail.looks(8);
    assertThat(tail.bodies()).isEmpty();

    for (Path place : List.of(copy, zipped)) {
      String line = place.getFileName() + " is another log now, and has more than the copy had";
      Files.writeString(place, line + "\n" + line + " once more\n");
      expected.addAll(List.of(line, line + " once more"));
    }
    tail.looks(20);
    lines();
  }

  @Test
  void whatIsEmptiedWhileItWaitsForADescriptorSinceTheStartIsReadFromItsBeginning()
      throws IOException {
    fromEnd(1, tail.source);
    Path busy = before("busy.log", "a line that was there before the start\n");
    Path file = tail.logs.resolve("app.log");
    Files.writeString(file, "another line that was there before the start\n");
    tail.looks(1);
    Files.writeString(busy, BUSY, APPEND);
    tail.looks(1);
    assertThat(status("app.log").problem()).contains("ulimit -n");
    Files.newByteChannel(file, WRITE).truncate(0).close();
    write("app.log", "a new line");
    tail.looks(1);
    write("app.log", "and one that makes it longer than it was before the start");
    tail.looks(1);
    assertThat(status("app.log").lagBytes()).isEqualTo(Files.size(file));

    Files.writeString(busy, "\n", APPEND);
    expected.add(BUSY);
    tail.looks(20);
    lines();
  }

  @Test
  void whatIsUndecidedAtTheStartAndWaitsForADescriptorThenIsReadFromItsEnd() throws IOException {
    fromEnd(2, tail.source);
    String old = "a line that was there before the start, and is in two files of other names\n";
    Path file = before("a.log", old);
    Files.writeString(tail.logs.resolve("b.log"), old);
    tail.looks(1);
    Files.writeString(file, BUSY, APPEND);
    Path other = before("c.log", BUSY);
    tail.looks(15);
    assertThat(status("b.log").problem()).contains("ulimit -n");
    assertThat(status("b.log").lagBytes()).isZero();

    for (Path busy : List.of(file, other)) {
      Files.writeString(busy, "\n", APPEND);
      expected.add(BUSY);
    }
    tail.looks(20);
    write("b.log", "second");
    tail.looks(20);
    lines();
  }

  @Test
  void aCopyOfWhatWasReadIsNoLossThoughThereWasNoDescriptorForIt() throws IOException {
    takesAll(2);
    String text = "a line that is long enough to know the file by\n" + BUSY;
    Path file = Files.writeString(tail.logs.resolve("app.log"), text);
    Path other = Files.writeString(tail.logs.resolve("other"), BUSY);
    tail.looks(2);
    Path copy = Files.copy(file, tail.logs.resolve("app.log.1"));
    tail.looks(2);
    assertThat(tail.open()).isEqualTo(2);
    assertThat(tail.caughtUp()).isFalse();
    assertThat(tail.files()).hasSize(2);
    Files.delete(copy);
    tail.looks(2);

    for (Path busy : List.of(file, other)) {
      Files.writeString(busy, "\n", APPEND);
      expected.add(BUSY);
    }
    expected.add("a line that is long enough to know the file by");
    tail.looks(2);
    lines();
  }

  @Test
  void aCopyOfWhatAProcessBeforeHasReadIsNoLossThoughThereWasNoDescriptorForIt()
      throws IOException {
    takesAll(1);
    write("app.log", "a line that is long enough to know the file by");
    tail.looks(2);
    Path copy = new LogDirectory(tail.logs, "app.log").copyAndTruncate();
    tail.looks(2);
    tail.stopAndRestart();
    Path busy = before("busy", BUSY);
    tail.looks(2);
    assertThat(tail.files())
        .filteredOn(status -> status.lagBytes() > 0)
        .extracting(SourceStatus.File::path)
        .containsExactly(busy.toString());
    Files.delete(copy);
    tail.looks(2);

    Files.writeString(busy, "\n", APPEND);
    expected.add(BUSY);
    tail.looks(2);
    lines();
  }

  private void takesAll(int most) {
    tail.close();
    tail = new TailHarness(folder, TailRig.settings(folder, "*"), most);
  }

  @Test
  void whatWaitsForADescriptorIsNotWaitedForAtTheEndWhereItsRootIsAway() throws IOException {
    busy();
    write("new.log", "a new line");
    tail.looks(1);
    Path away = folder.resolve("away");
    Files.move(tail.logs, away);
    tail.looks(1);
    tail.finishHeld();
    assertThat(tail.caughtUp()).isTrue();
    assertThat(unshipped("new.log")).isEqualTo(11);

    Files.move(away, tail.logs);
    tail.looks(1);
    assertThat(tail.caughtUp()).isTrue();
    for (int i = 0; i < MOST; i++) {
      expected.add(BUSY);
    }
    lines();
  }

  @Test
  void noMoreAreOpenAtAStartThanMayBe() throws IOException {
    fiftyWhoseSecondLinesHaveNoRoom();
    tail.crashAndRestart();
    for (int i = 0; i < 50; i++) {
      Path rotated = tail.logs.resolve("f" + i + ".log.1");
      Files.move(tail.logs.resolve("f" + i + ".log"), rotated);
      if (i % 2 == 0) {
        new LogDirectory(tail.logs, rotated.getFileName().toString()).gzip(rotated);
      }
    }
    tail.looks(1);
    assertThat(tail.open()).isEqualTo(MOST);
    assertThat(tail.caughtUp()).isFalse();
    tail.room = true;
    for (int i = 0; i < 120; i++) {
      tail.looks(1);
      assertThat(tail.open()).isLessThanOrEqualTo(MOST);
    }
    lines();
    assertThat(tail.caughtUp()).isTrue();
    assertThat(tail.files()).isEmpty();
  }

  /// What grows and waits has not come to its end, though no source takes its new name.
  @Test
  void whatIsRenamedWhileItWaitsForADescriptorIsReadAfterARestart() throws IOException {
    write("old.log", "a line that was read before all others were there, long enough");
    tail.looks(8);
    busy();
    write("old.log", "a line that waits");
    tail.looks(1);
    Files.move(tail.logs.resolve("old.log"), tail.logs.resolve("old.log.1"));
    tail.looks(4);
    tail.crashAndRestart();
    tail.looks(2);

    busyNoMore();
    lines();
  }

  @Test
  void whatTheProcessesLimitLeaves() {
    String line = "Max open files            %s               524288               files\n";
    assertThat(OpenFiles.most(line.formatted("1024"))).isEqualTo(704);
    assertThat(OpenFiles.most(line.formatted("256"))).isEqualTo(128);
    assertThat(OpenFiles.most(line.formatted("unlimited"))).isEqualTo(OpenFiles.MOST);
    assertThat(OpenFiles.most("")).isEqualTo(OpenFiles.MOST);
  }

  /// They are known and not read, like those that a reload takes up.
  @Test
  void aReloadTakesNoFileThatIsParkedForItForARotatedOne() throws IOException {
    for (int i = 0; i < MOST; i++) {
      write("f" + i + ".log", "file " + i + " has a first line that is long enough to know it by");
    }
    for (int i = 0; i < 3; i++) {
      String other = "file " + i + " of the other kind has a first line that is long enough, too";
      Files.writeString(tail.logs.resolve("g" + i + ".txt"), other + "\n");
      expected.add(other);
    }
    tail.looks(8);
    tail.change(TailRig.settings(folder, "*.log", "*.txt"));
    tail.looks(1);
    for (int i = 0; i < MOST; i++) {
      Files.writeString(tail.logs.resolve("f" + i + ".log"), "a half ", APPEND);
    }
    tail.looks(5);
    for (int i = 0; i < MOST; i++) {
      Files.writeString(tail.logs.resolve("f" + i + ".log"), "line\n", APPEND);
      expected.add("a half line");
    }
    tail.looks(8);
    lines();
  }

  /// The application went on writing, and the copy may be kept.
  @Test
  void aCopyIsNotReadThoughItEndsBeforeItsOriginalWhichIsParkedMeanwhile() throws IOException {
    takesAll(2);
    write("app.log", "a line that is long enough to know the file by");
    tail.looks(2);
    Files.copy(tail.logs.resolve("app.log"), tail.logs.resolve("app.log.1"));
    write("app.log", "a line that is in the original alone");
    tail.looks(1);
    write("one.log", "a line of another file that is long enough to know it by");
    write("two.log", "a line of a third file that is long enough to know it by");
    tail.looks(30);
    lines();
    assertThat(tail.caughtUp()).isTrue();
  }

  @Test
  void whatBeginsLikeAParkedFileAndEndsOtherwiseIsRead() throws IOException {
    takesAll(1);
    write("app.log", "a line that is long enough to know the file by");
    write("app.log", "a line that is in the one, and is not in the other");
    tail.looks(2);
    write("other", "a line of another file that is long enough to know it by");
    tail.looks(10);
    write("app.log.1", "a line that is long enough to know the file by");
    write("app.log.1", "another line");
    tail.looks(10);
    lines();
  }

  /// It was written to after the copy was made, so the copy has the older time.
  @Test
  void aCopyOfAParkedFileIsNotItsRestThoughItIsOlder() throws IOException {
    takesAll(1);
    write("app.log", "a line that is long enough to know the file by");
    tail.looks(2);
    write("other", "a line of another file that is long enough to know it by");
    tail.looks(2);
    write("app.log", "a line that is in the copy, too");
    Path file = tail.logs.resolve("app.log");
    Path copy = Files.copy(file, tail.logs.resolve("app.log.1"));
    Files.setLastModifiedTime(copy, FileTime.from(Instant.now().minusSeconds(60)));
    Files.writeString(file, "a line that is ", APPEND);
    tail.looks(20);
    write("app.log", "not");
    expected.set(expected.size() - 1, "a line that is not");
    tail.looks(2);
    lines();
    assertThat(tail.uids()).doesNotHaveDuplicates();
  }

  /// As `lost+found` is, for good.
  @Test
  void aDeletedParkedFileHasComeToItsEndThoughSomethingElseCannotBeLookedInto() throws IOException {
    Files.createSymbolicLink(tail.logs.resolve("loop.log"), tail.logs.resolve("loop.log"));
    fifty();
    for (int i = 0; i < 50; i++) {
      Files.delete(tail.logs.resolve("f" + i + ".log"));
    }
    tail.looks(30);
    // Those that were open may have been written to.
    tail.pass(Duration.ofMinutes(10));
    tail.looks(1);
    lines();
    assertThat(tail.stored()).hasSize(50).allMatch(SavedGeneration::finished);
  }

  @Test
  void quietFilesGiveTheirDescriptorsThoughTheClockWasSetBack() throws IOException {
    for (int i = 0; i < MOST; i++) {
      String name = "f" + i + ".log";
      write(name, "file " + i + " has a first line that is long enough to know it by");
      FileTime tomorrow = FileTime.from(Instant.ofEpochSecond(1_800_000_000).plusSeconds(86_400));
      Files.setLastModifiedTime(tail.logs.resolve(name), tomorrow);
    }
    tail.looks(8);
    write("new.log", "a new line");
    tail.looks(2);
    lines();
  }

  @Test
  void whatIsFinishedDoesNotWaitForADescriptorAfterARestart() throws IOException {
    takesAll(2);
    write("app.log", "a line that is long enough to know the file by");
    tail.looks(2);
    Path rotated = new LogDirectory(tail.logs, "app.log").rename();
    tail.looks(15);
    write("app.log", "a line of the next file that is long enough to know it by");
    tail.looks(2);
    tail.stopAndRestart();
    before("busy.log", BUSY);
    Files.writeString(tail.logs.resolve("app.log"), BUSY, APPEND);
    tail.looks(3);
    assertThat(tail.open()).isEqualTo(2);
    assertThat(tail.files()).extracting(SourceStatus.File::path).doesNotContain(rotated.toString());
    assertThat(tail.files()).allMatch(file -> file.problem().isEmpty());
  }

  /// Nothing in the new name tells whose it is, but that it was renamed was told.
  @Test
  void whatIsRenamedToAnythingWhileItWaitsForADescriptorIsRead() throws IOException {
    busy();
    write("new.log", "a line that waits");
    tail.looks(1);
    Path renamed = tail.logs.resolve("gone.txt");
    Files.move(tail.logs.resolve("new.log"), renamed);
    tail.moved(tail.logs.resolve("new.log"), renamed);
    tail.looks(25);
    assertThat(tail.notices).isEmpty();
    busyNoMore();
    lines();
  }

  /// For most of them there is no descriptor at first.
  @Test
  void whatIsStillLookedForIsNotForgottenThoughNobodyReadItForAWeek() throws IOException {
    fiftyWhoseSecondLinesHaveNoRoom();
    for (int i = 0; i < 50; i++) {
      Path file = tail.logs.resolve("f" + i + ".log");
      Files.move(file, tail.logs.resolve("f" + i + ".log.1"));
    }
    tail.seconds += Duration.ofDays(8).toSeconds();
    tail.crashAndRestart();
    tail.room = true;
    tail.looks(120);
    lines();
  }

  /// They are rotated files of which nothing is known, and which nobody opens.
  @Test
  void filesThatNoSourceTakesDoNotMakeQuietOnesBeClosed() throws IOException {
    for (int i = 0; i < MOST; i++) {
      Files.writeString(tail.logs.resolve("rotated" + i + ".gz"), "something else");
    }
    write("app.log", "a line");
    tail.looks(8);
    assertThat(tail.open()).isEqualTo(1);
    lines();
  }

  @Test
  void whatIsPassedOverIsNotToldAsUnshippedWhileItWaitsForADescriptor() throws IOException {
    fromEnd(1, tail.source);
    Path busy = before("busy.log", "a line that was there before the start\n");
    Files.writeString(tail.logs.resolve("app.log"), "another line that was there before\n");
    tail.looks(1);
    Files.writeString(busy, BUSY, APPEND);
    tail.looks(1);
    write("app.log", "a new line");
    tail.looks(1);
    assertThat(status("app.log").problem()).contains("ulimit -n");
    assertThat(unshipped("app.log")).isEqualTo(11).isEqualTo(status("app.log").lagBytes());
  }
}
