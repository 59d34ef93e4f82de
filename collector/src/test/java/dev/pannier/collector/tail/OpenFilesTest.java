package dev.pannier.collector.tail;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.admin.SourceStatus;
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
  private static final Duration LOOK = Duration.ofSeconds(1);

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
    looks(1);
    Path away = folder.resolve("away");
    Files.move(tail.logs, away);
    Files.createSymbolicLink(tail.logs, tail.logs);
    looks(20);
    assertThat(tail.bodies()).containsExactly("one line, and then");
    assertThat(tail.files()).anyMatch(file -> !file.problem().isEmpty());

    Files.delete(tail.logs);
    Files.move(away, tail.logs);
    Files.writeString(tail.logs.resolve("app.log"), "line\n", APPEND);
    looks(2);
    expected.add("a half line");
    lines();
  }

  private void write(String name, String line) throws IOException {
    Files.writeString(tail.logs.resolve(name), line + "\n", CREATE, APPEND);
    expected.add(line);
  }

  private void looks(int count) {
    for (int i = 0; i < count; i++) {
      tail.pass(LOOK);
    }
  }

  private void fifty() throws IOException {
    for (int i = 0; i < 50; i++) {
      write("f" + i + ".log", "file " + i + " has a first line that is long enough to know it by");
    }
    looks(20);
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
    looks(20);
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
    looks(120);
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
    looks(20);
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
    looks(20);
    lines();
  }

  @Test
  void aDeletedParkedFileIsNoLoss() throws IOException {
    fifty();
    for (int i = 0; i < 50; i++) {
      Files.delete(tail.logs.resolve("f" + i + ".log"));
    }
    looks(30);
    tail.crashAndRestart();
    looks(3);
    lines();
    assertThat(tail.files()).isEmpty();
  }

  @Test
  void filesThatAreAllBusyMakeNewOnesWaitAndSayWhy() throws IOException {
    for (int i = 0; i < MOST; i++) {
      Files.writeString(tail.logs.resolve("busy" + i + ".log"), "an unfinished line");
    }
    looks(2);
    write("new.log", "a new line");
    looks(2);
    assertThat(tail.bodies()).isEmpty();
    assertThat(tail.files())
        .filteredOn(file -> file.path().endsWith("new.log"))
        .singleElement()
        .extracting(SourceStatus.File::problem)
        .asString()
        .contains("ulimit -n");

    Files.writeString(tail.logs.resolve("busy0.log"), "\n", APPEND);
    looks(3);
    assertThat(tail.bodies()).containsExactlyInAnyOrder("an unfinished line", "a new line");
  }

  @Test
  void aParkedFileThatAReloadLeavesOutIsKnownWhenItIsTakenAgain() throws IOException {
    fifty();
    FileSource before = tail.source;
    tail.change(TailRig.settings(folder, "other.log"));
    looks(3);
    for (int i = 0; i < 50; i++) {
      String name = "f" + i + ".log";
      write(name, "last " + i);
      Files.copy(tail.logs.resolve(name), tail.logs.resolve(name + ".1"));
      Files.newByteChannel(tail.logs.resolve(name), WRITE).truncate(0).close();
      write(name, "next " + i);
    }
    tail.change(before);
    looks(20);
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
}
