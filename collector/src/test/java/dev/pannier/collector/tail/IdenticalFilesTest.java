package dev.pannier.collector.tail;

import static java.util.Collections.nCopies;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.pannier.collector.config.FileSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files with the same lines, which are not each other's copies; and those that are.
class IdenticalFilesTest {
  private final Instant afterAllIsMade = Instant.now().plus(Duration.ofDays(1));
  private static final String LINE = "no time, no number\n";

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 500})
  void filesThatAreThereAtTheStartAreAllRead(int lines) throws IOException {
    try (TailRig rig = rig()) {
      write(rig, "job-1.log", lines);
      write(rig, "job-2.log", lines);
      write(rig, "other.log", lines);
      rig.start();
      rig.settle();

      assertThat(rig.bodies()).hasSize(3 * lines);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 500})
  void oneThatComesLaterIsReadOnceTheOtherIsSeenToStay(int lines) throws IOException {
    try (TailRig rig = rig()) {
      write(rig, "job-1.log", lines);
      rig.start();
      rig.settle();
      write(rig, "job-2.log", lines);
      rig.step();
      assertThat(rig.bodies()).hasSize(lines);
      rig.settle();

      assertThat(rig.bodies()).hasSize(2 * lines);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 500})
  void oneThatWasMadeAfterTheOtherWasGoneIsRead(int lines) throws IOException {
    try (TailRig rig = rig()) {
      Path first = write(rig, "job-1.log", lines);
      rig.start();
      rig.settle();
      Files.delete(first);
      rig.settle();
      write(rig, "job-2.log", lines);
      rig.settle();

      assertThat(rig.bodies()).hasSize(2 * lines);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 500})
  void aCopyOfWhateverNameIsNotReadWhereTheOriginalIsEmptied(int lines) throws IOException {
    try (TailRig rig = rig()) {
      rig.epoch = afterAllIsMade;
      Path log = write(rig, "app.log", lines);
      rig.start();
      rig.settle();
      Files.copy(log, rig.logs.resolve("old-app"));
      rig.step();
      rig.pass(Duration.ofSeconds(8));
      rig.step();
      Files.write(log, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
      rig.settle();
      Files.writeString(log, "more\n");
      rig.settle();

      assertThat(rig.bodies()).hasSize(lines + 1);
      assertThat(rig.lostBytes()).isZero();
      assertThat(rig.tailer().caughtUp()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"app.log.1", "app.log-20261129", "app-20261129.log", "app.1.log"})
  void aCopyThatIsNamedAfterTheOriginalIsNotReadEvenIfTheOriginalStays(String name)
      throws IOException {
    try (TailRig rig = rig()) {
      Path log = write(rig, "app.log", 5);
      rig.start();
      rig.settle();
      Files.copy(log, rig.logs.resolve(name));
      rig.settle();

      assertThat(rig.bodies()).isEqualTo(List.copyOf(nCopies(5, LINE.strip())));
    }
  }

  @Test
  void aCopyOfWhateverNameIsNotReadWhereTheOriginalIsDeleted() throws IOException {
    try (TailRig rig = rig()) {
      rig.epoch = afterAllIsMade;
      Path log = write(rig, "app.log", 5);
      rig.start();
      rig.settle();
      Files.copy(log, rig.logs.resolve("archive-app"));
      Files.delete(log);
      rig.settle();

      assertThat(rig.bodies()).hasSize(5);
      assertThat(rig.tailer().caughtUp()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 500})
  void aCopyThatWasSeenBesideTheOriginalBeforeThatWasDeletedIsNotRead(int lines)
      throws IOException {
    try (TailRig rig = rig()) {
      rig.epoch = afterAllIsMade;
      Path log = write(rig, "app.log", lines);
      rig.start();
      rig.settle();
      Files.copy(log, rig.logs.resolve("archive-app"));
      rig.step();
      Files.delete(log);
      rig.settle();

      assertThat(rig.bodies()).hasSize(lines);
      assertThat(rig.tailer().caughtUp()).isTrue();
    }
  }

  /// The clock is the file system's here, but for what passes in the test.
  @ParameterizedTest
  @ValueSource(ints = {5, 500})
  void oneThatIsMadeSoonAfterTheOtherWasSeenToBeGoneIsRead(int lines) throws Exception {
    try (TailRig rig = rig()) {
      Path first = write(rig, "job-1.log", lines);
      rig.start();
      rig.settle();
      rig.epoch = Instant.now().minus(rig.passed());
      rig.step();
      Files.delete(first);
      rig.step();
      Instant gone = Instant.now();
      await().until(() -> Instant.now().isAfter(gone.plusMillis(2_100)));
      write(rig, "job-2.log", lines);
      rig.settle();

      assertThat(rig.bodies()).hasSize(2 * lines);
    }
  }

  /// What is made to be a copy is empty at first, and may be met then.
  @ParameterizedTest
  @ValueSource(strings = {"app-20261129.log", "old-app"})
  void aCopyThatIsMetWhileItIsEmptyIsNotRead(String name) throws IOException {
    try (TailRig rig = rig()) {
      rig.epoch = afterAllIsMade;
      Path log = write(rig, "app.log", 500);
      rig.start();
      rig.settle();
      Path copy = Files.createFile(rig.logs.resolve(name));
      rig.step();
      Files.write(copy, Files.readAllBytes(log));
      rig.stepWithoutLook();
      rig.step();
      Files.write(log, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
      rig.settle();

      assertThat(rig.bodies()).hasSize(500);
      assertThat(rig.lostBytes()).isZero();
      assertThat(rig.notices).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 500})
  void oneThatIsMetWhileItIsEmptyIsRead(int lines) throws IOException {
    try (TailRig rig = rig()) {
      write(rig, "job-1.log", lines);
      rig.start();
      rig.settle();
      write(rig, "job-2.log", 0);
      rig.step();
      write(rig, "job-2.log", lines);
      rig.stepWithoutLook();
      rig.settle();

      assertThat(rig.bodies()).hasSize(2 * lines);
    }
  }

  @Test
  void whatHasTheSameBeginningAndThenOtherLinesIsReadWhileItGrows() throws IOException {
    try (TailRig rig = rig()) {
      Path first = write(rig, "worker-1.log", 100);
      Files.writeString(first, "first\n".repeat(5_000), StandardOpenOption.APPEND);
      rig.start();
      rig.settle();
      int before = rig.bodies().size();
      Path second = write(rig, "worker-2.log", 100);
      Files.writeString(second, "second\n".repeat(20), StandardOpenOption.APPEND);
      rig.step();
      rig.step();

      assertThat(rig.bodies()).hasSize(before + 120);
    }
  }

  @Test
  void whatIsLongerThanTheOtherIsNoCopyOfIt() throws IOException {
    try (TailRig rig = rig()) {
      write(rig, "worker-1.log", 5);
      rig.start();
      rig.settle();
      write(rig, "worker-2.log", 6);
      rig.step();

      assertThat(rig.bodies()).hasSize(11);
    }
  }

  @Test
  void whatIsShorterThanOneThatMayNotBeReadAnyMoreIsRead() throws IOException {
    try (TailRig rig = rig()) {
      Path first = write(rig, "job-1.log", 500);
      rig.start();
      rig.settle();
      rig.stop();
      Files.setPosixFilePermissions(first, Set.of());
      assumeThat(Files.isReadable(first)).isFalse();
      write(rig, "job-2.log", 300);
      rig.start();
      rig.settle();

      assertThat(rig.bodies()).hasSize(800);
    }
  }

  @Test
  void aNameThatBeginsWithTheOthersIsNotMadeFromItByThatAlone() throws IOException {
    try (TailRig rig = rig()) {
      write(rig, "worker1", 5);
      write(rig, "worker12", 5);
      rig.start();
      rig.settle();

      assertThat(rig.bodies()).hasSize(10);
    }
  }

  @Test
  void atTheEndOfEachIsBegunWhereTheyHadTheSameLinesAtTheStart() throws IOException {
    FileSource settings = TailRig.fromEnd(TailRig.settings(directory, "*"));
    try (TailRig rig = new TailRig(directory, settings)) {
      write(rig, "job-1.log", 500);
      Path second = write(rig, "job-2.log", 500);
      rig.start();
      rig.step();
      Files.writeString(second, "later\n", StandardOpenOption.APPEND);
      rig.settle();

      assertThat(rig.bodies()).containsExactly("later");
    }
  }

  private TailRig rig() throws IOException {
    return new TailRig(directory, TailRig.settings(directory, "*"));
  }

  private static Path write(TailRig rig, String name, int lines) throws IOException {
    return Files.writeString(rig.logs.resolve(name), LINE.repeat(lines));
  }
}
