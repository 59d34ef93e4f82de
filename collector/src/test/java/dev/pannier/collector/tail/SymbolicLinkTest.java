package dev.pannier.collector.tail;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.admin.SourceStatus;
import dev.pannier.collector.metrics.Counter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Links are resolved and checked again at each look, and never lead out of the watched folder.
class SymbolicLinkTest {
  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  @SuppressWarnings("NullAway.Init") // made before each test
  private Path link;

  @BeforeEach
  void open() {
    tail = new TailHarness(folder);
    link = tail.logs.resolve("app.log");
  }

  @AfterEach
  void close() {
    tail.close();
  }

  private Path write(String name, String line) throws IOException {
    return write(tail.logs.resolve(name), line);
  }

  private static Path write(Path file, String line) throws IOException {
    Files.writeString(
        file, line + ", a line that is long enough to know a file by\n", CREATE, APPEND);
    return file;
  }

  private void point(Path target) throws IOException {
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, target);
  }

  private void looks() {
    for (int i = 0; i < 15; i++) {
      tail.pass(Duration.ofSeconds(1));
    }
  }

  private void lines(String... lines) {
    assertThat(tail.bodies())
        .extracting(body -> body.substring(0, body.indexOf(',')))
        .containsExactly(lines);
    assertThat(tail.metrics.value(Counter.SOURCE_LOST_BYTES, "app")).isZero();
  }

  private String problem() {
    return tail.files().stream()
        .map(SourceStatus.File::problem)
        .filter(text -> !text.isEmpty())
        .findFirst()
        .orElse("");
  }

  @Test
  void aLinkWithinItsFolderIsReadUnderItsOwnName() throws IOException {
    point(write("app.2026-11-23", "one"));
    looks();
    lines("one");
    assertThat(tail.files())
        .singleElement()
        .extracting(SourceStatus.File::path)
        .isEqualTo(link.toString());
  }

  @Test
  void aLinkPointedToTheNextFileLeavesNothingBehind() throws IOException {
    Path first = write("app.2026-11-23", "one");
    point(first);
    tail.run();
    write(first, "two");
    point(write("app.2026-11-24", "three"));
    tail.run();
    write(first, "four");
    looks();

    assertThat(tail.bodies()).hasSize(4);
    assertThat(tail.bodies()).anyMatch(body -> body.startsWith("four"));
    assertThat(tail.uids()).doesNotHaveDuplicates();
    assertThat(tail.metrics.value(Counter.SOURCE_LOST_BYTES, "app")).isZero();
  }

  @Test
  void aFileThatMatchesAndALinkToItAreOneFile() throws IOException {
    point(write("real.log", "one"));
    looks();
    write("real.log", "two");
    looks();
    lines("one", "two");
  }

  @Test
  void aLinkOutOfTheFolderIsNotFollowedAndSaysSo() throws IOException {
    Path secret = write(folder.resolve("secret"), "not for shipping");
    point(secret);
    looks();
    lines();
    assertThat(problem()).contains("symbolic link out of " + tail.logs).contains("not followed");

    point(Path.of("../secret"));
    looks();
    lines();
    assertThat(problem()).contains("not followed");
  }

  @Test
  void aLinkedFolderOnTheWayOutIsNotFollowed() throws IOException {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    write(outside.resolve("app.log"), "not for shipping");
    Files.createSymbolicLink(tail.logs.resolve("inside"), outside);
    point(Path.of("inside/app.log"));
    looks();
    lines();
    assertThat(problem()).contains("not followed");
  }

  @Test
  void aLinkThatLeadsOutLaterIsReadNoFurther() throws IOException {
    Path first = write("app.2026-11-23", "one");
    point(first);
    looks();
    Path secret = write(folder.resolve("secret"), "not for shipping");
    point(secret);
    looks();
    lines("one");

    point(first);
    write(first, "two");
    looks();
    lines("one", "two");
  }

  @Test
  void aFileThatBecomesALinkOutIsNotOpened() throws IOException {
    write("app.log", "one");
    looks();
    Files.delete(link);
    point(write(folder.resolve("secret"), "not for shipping"));
    looks();
    tail.crashAndRestart();
    looks();
    lines("one");
  }

  @Test
  void aLinkLoopIsToldAndStopsNobody() throws IOException {
    Files.createSymbolicLink(tail.logs.resolve("b.log"), link);
    point(tail.logs.resolve("b.log"));
    write("other.log", "one");
    looks();
    lines("one");
    assertThat(problem()).isNotEmpty();

    Files.delete(link);
    write("app.log", "two");
    looks();
    lines("one", "two");
    assertThat(problem()).isEmpty();
  }

  @Test
  void aLinkToNothingIsReadOnceThereIsSomething() throws IOException {
    point(Path.of("later"));
    looks();
    write("later", "one");
    looks();
    lines("one");
  }

  @Test
  void aFolderThatIsALinkMayBeWatched() throws IOException {
    Path real = folder.resolve("elsewhere");
    Files.move(tail.logs, real);
    Files.createSymbolicLink(tail.logs, real);
    write("app.log", "one");
    looks();
    lines("one");
  }
}
