package dev.pannier.collector.tail;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A folder that is not there when the process starts, and comes back: it is mounted late, or was moved for a moment.
class FolderAwayTest {
  private static final String FIRST = "the first line, which is long enough to know a file by";

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  @SuppressWarnings("NullAway.Init") // made before each test
  private Path file;

  @BeforeEach
  void open() throws IOException {
    tail = new TailHarness(folder, TailRig.settings(folder, "**/*.log"));
    file = Files.createDirectories(tail.logs.resolve("below")).resolve("app.log");
    write(FIRST);
    tail.looks(2);
  }

  @AfterEach
  void close() {
    tail.close();
  }

  private void write(String line) throws IOException {
    Files.writeString(file, line + "\n", CREATE, APPEND);
  }

  private Path missing(String name) {
    return name.isEmpty() ? tail.logs : tail.logs.resolve(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "below"})
  void whatWasConfirmedIsNotReadAgain(String name) throws IOException {
    tail.stopAndRestart();
    Path away = folder.resolve("away");
    Files.move(missing(name), away);
    tail.looks(3);
    tail.stopAndRestart();
    tail.looks(3);
    Files.move(away, missing(name));
    tail.looks(3);
    write("second");
    tail.looks(3);
    assertThat(tail.bodies()).containsExactly(FIRST, "second");
    assertThat(tail.notices).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "below"})
  void whatWasNotConfirmedIsReadOn(String name) throws IOException {
    tail.room = false;
    write("second");
    tail.looks(2);
    tail.stopAndRestart();
    Path away = folder.resolve("away");
    Files.move(missing(name), away);
    tail.looks(3);
    tail.stopAndRestart();
    tail.looks(3);
    tail.room = true;
    Files.move(away, missing(name));
    tail.looks(3);
    assertThat(tail.bodies()).containsExactly(FIRST, "second");
    assertThat(tail.uids()).doesNotHaveDuplicates();
    assertThat(tail.receipt())
        .singleElement()
        .satisfies(receipt -> assertThat(receipt.lost()).isEmpty());
  }

  @Test
  void whatIsGoneWithItIsToldOnce() throws IOException {
    tail.room = false;
    write("second");
    tail.looks(2);
    tail.stopAndRestart();
    Files.delete(file);
    Files.delete(file.getParent());
    for (int i = 0; i < 3; i++) {
      tail.looks(3);
      tail.stopAndRestart();
    }
    assertThat(tail.notices).hasSize(1);
  }

  /// A line without its end is one only where nothing more can come.
  @Test
  void whatIsBackIsReadOnLikeAnyOther() throws IOException {
    Path away = folder.resolve("away");
    Files.move(file.getParent(), away);
    tail.looks(1);
    Files.move(away, file.getParent());
    tail.looks(1);
    Files.writeString(file, "a half ", APPEND);
    tail.looks(5);
    write("line");
    tail.looks(3);
    assertThat(tail.bodies()).containsExactly(FIRST, "a half line");
  }

  /// Its content is under another name when the folder comes.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatWasCompressedMeanwhileIsLookedForWhenItsFolderComes(boolean unlisted)
      throws IOException {
    tail.room = false;
    write("second");
    tail.looks(2);
    tail.stopAndRestart();
    Path away = folder.resolve("away");
    Path log = new LogDirectory(missing("below"), "app.log").renameAndGzip();
    assertThat(log).exists();
    Files.move(file.getParent(), away);
    if (unlisted) {
      Files.writeString(file.getParent(), "no folder");
    } else {
      Files.move(tail.logs, folder.resolve("logs-away"));
    }
    tail.crashAndRestart();
    tail.room = true;
    tail.looks(3);
    assertThat(tail.bodies()).containsExactly(FIRST);

    if (unlisted) {
      Files.delete(file.getParent());
    } else {
      Files.move(folder.resolve("logs-away"), tail.logs);
    }
    Files.move(away, file.getParent());
    tail.looks(3);
    assertThat(tail.bodies()).containsExactly(FIRST, "second");
    assertThat(tail.uids()).doesNotHaveDuplicates();
    assertThat(tail.notices).isEmpty();
  }
}
