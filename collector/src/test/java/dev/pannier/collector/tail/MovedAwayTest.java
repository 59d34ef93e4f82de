package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files that are made and renamed between two looks.
class MovedAwayTest {
  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  @BeforeEach
  void open() {
    tail = new TailHarness(folder);
    tail.run();
  }

  @AfterEach
  void close() {
    tail.close();
  }

  private Path at(String name) {
    return tail.logs.resolve(name);
  }

  private void write(String name, String line) throws IOException {
    Files.writeString(
        at(name), text(line) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static String text(String line) {
    return line + ", in a line that is long enough to know a file by";
  }

  private void move(String from, String to) throws IOException {
    Files.move(at(from), at(to));
    tail.moved(at(from), at(to));
  }

  private void looks() {
    for (int i = 0; i < 30; i++) {
      tail.pass(Duration.ofSeconds(1));
    }
  }

  private void lines(String... lines) {
    assertThat(tail.bodies())
        .extracting(body -> body.substring(0, body.indexOf(',')))
        .containsExactly(lines);
    assertThat(tail.notices).isEmpty();
  }

  @Test
  void toANameThatTheSourceTakes() throws IOException {
    write("app.log", "one");
    move("app.log", "app.1.log");
    write("app.log", "two");
    looks();
    lines("one", "two");
  }

  @Test
  void toANameThatItDoesNotTake() throws IOException {
    write("app.log", "one");
    move("app.log", "app.log.1");
    write("app.log", "two");
    looks();
    lines("one", "two");
    assertThat(tail.uids()).doesNotHaveDuplicates();
  }

  @Test
  void oneAfterTheOther() throws IOException {
    write("app.log", "one");
    tail.run();
    write("app.log", "two");
    for (int i = 2; i < 8; i++) {
      for (int number = i - 2; number >= 1; number--) {
        move("app.log." + number, "app.log." + (number + 1));
      }
      move("app.log", "app.log.1");
      write("app.log", "line " + i);
    }
    looks();
    lines("one", "two", "line 2", "line 3", "line 4", "line 5", "line 6", "line 7");
    tail.stopAndRestart();
    looks();
    assertThat(tail.bodies()).hasSize(8);
  }

  @Test
  void toldAfterTheLookThatMissedIt() throws IOException {
    write("app.log", "one");
    Files.move(at("app.log"), at("app.log.1"));
    write("app.log", "two");
    tail.run();
    tail.moved(at("app.log"), at("app.log.1"));
    looks();
    assertThat(tail.bodies()).containsExactlyInAnyOrder(text("one"), text("two"));
  }

  @Test
  void whatNoSourceHasTakenIsNotRead() throws IOException {
    write("other.txt", "one");
    move("other.txt", "other.done");
    write("app.log", "two");
    move("app.log", "app.done");
    Files.delete(at("app.done"));
    write("app.done", "three");
    looks();
    looks();
    assertThat(tail.bodies()).doesNotContain(text("one"));
  }

  @Test
  void whatWasReadBeforeIsNotReadAgain() throws IOException {
    write("app.log", "one");
    looks();
    move("app.log", "app.log.1");
    looks();
    looks();
    lines("one");
  }
}
