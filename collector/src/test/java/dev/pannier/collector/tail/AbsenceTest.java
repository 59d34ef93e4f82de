package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Fingerprint;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Metrics;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A log is rotated again and again while the sidecar is down, to names that no source takes.
class AbsenceTest {
  @TempDir private Path folder;
  private final NumberedLines lines = new NumberedLines();

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailRig rig;

  @SuppressWarnings("NullAway.Init") // made before each test
  private LogDirectory log;

  @BeforeEach
  void open() {
    begin(TailRig.settings(folder, "*.log"));
  }

  private void begin(FileSource settings) {
    rig = new TailRig(folder, settings);
    // All that a test makes is younger than the last look.
    rig.epoch = Instant.now().minus(Duration.ofHours(1));
    log = new LogDirectory(rig.logs, "app.log");
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private void readAndStop() {
    log.write(lines.next(10));
    rig.start();
    rig.settle();
    rig.stop();
  }

  private void readsAllOnce() {
    rig.start();
    rig.settle();
    rig.stop();
    rig.start();
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
    assertThat(rig.repeated).isZero();
    assertThat(rig.lostBytes()).isZero();
    assertThat(rig.notices).isEmpty();
  }

  /// What is in the folder beside the log, and was not written by [#lines].
  private Path other(String name, String text) throws IOException {
    return Files.writeString(rig.logs.resolve(name), text);
  }

  private static void age(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(1))));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 12})
  void whatWasMadeAndRotatedAwayIsReadInItsOrder(int rotations) {
    readAndStop();
    log.write(lines.next(3));
    for (int i = 0; i < rotations; i++) {
      log.rename();
      log.write(lines.next(5));
    }
    readsAllOnce();
    assertThat(rig.keys).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "app.log, app.log-20261128, app.log-20261129",
    "app.log, app.log.2026-11-28, app.log.2026-11-29",
    "app.log, app.log.2026-11-28_13-00-00, app.log.2026-11-28_14-00-00",
    "app.log, app.log-1796000000, app.log-1796003600",
    "app.log, app-2026-11-28T13-00-00.123.log, app-2026-11-28T14-00-00.456.log",
    "app.txt, app-20261128.txt, app-20261129.txt",
    "app.txt, app.2026-11-28.1.txt, app.2026-11-28.2.txt",
    "server, server.1, server.0"
  })
  void whatRotationMakesOfNamesIsKnown(String name, String first, String second) {
    begin(TailRig.settings(folder, name));
    log = new LogDirectory(rig.logs, name);
    readAndStop();
    log.move(log.file, rig.logs.resolve(first));
    log.write(lines.next(5));
    log.move(log.file, rig.logs.resolve(second));
    log.write(lines.next(5));
    readsAllOnce();
  }

  @Test
  void theLogNeedNotBeThereAgain() {
    readAndStop();
    log.rename();
    log.write(lines.next(5));
    log.rename();
    readsAllOnce();
  }

  @Test
  void whatWasReadLastMayBeGone() {
    readAndStop();
    log.delete(log.rename());
    log.write(lines.next(5));
    log.rename();
    log.write(lines.next(5));
    readsAllOnce();
  }

  @Test
  void copiesAreReadThatWereMadeBeforeTheLogWasEmptied() {
    readAndStop();
    for (int i = 0; i < 3; i++) {
      log.write(lines.next(5));
      log.copyAndTruncate();
    }
    log.write(lines.next(5));
    readsAllOnce();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 30, 300})
  void logsMayAllBeginWithTheSameWords(int words) throws IOException {
    String banner = "no time, ".repeat(words) + "\n";
    List<String> all = new ArrayList<>();
    rig.start();
    for (int i = 0; i < 5; i++) {
      Files.writeString(log.file, banner + "start " + i + "\n");
      all.addAll((banner + "start " + i).lines().toList());
      if (i == 0) {
        rig.settle();
        rig.stop();
      }
      if (i < 4) {
        log.rename();
      }
    }
    rig.start();
    rig.settle();
    assertThat(rig.bodies()).containsExactlyInAnyOrderElementsOf(all);
    assertThat(rig.notices).isEmpty();
  }

  @Test
  void aCrashMeanwhileChangesNothing() {
    readAndStop();
    for (int i = 0; i < 4; i++) {
      log.rename();
      log.write(lines.next(5));
    }
    for (int i = 0; i < 4; i++) {
      rig.capacity = i;
      rig.start();
      rig.step();
      rig.step();
      rig.kill();
    }
    rig.capacity = 64;
    rig.start();
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
    assertThat(rig.notices).isEmpty();
  }

  @Test
  void oneMoreRotationAtTheStartChangesNothing() {
    readAndStop();
    log.rename();
    log.write(lines.next(5));
    log.rename();
    log.write(lines.next(5));
    rig.start();
    rig.step();
    log.rename();
    log.write(lines.next(5));
    readAllAfter();
  }

  private void readAllAfter() {
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
    assertThat(rig.notices).isEmpty();
  }

  @Test
  void whatWasThereBeforeTheLogWasKnownIsNotRead() throws IOException {
    age(other("app.log.1", "before the first start\n"));
    other("app.log.2", "the same, and nothing of the log was known then\n");
    log.write(lines.next(5));
    rig.start();
    rig.settle();
    rig.stop();
    log.delete(log.numbered(2));
    log.rename();
    log.write(lines.next(5));
    log.rename();
    log.write(lines.next(5));
    readsAllOnce();
  }

  @Test
  void whatIsOlderThanTheLastLookIsNotRead() throws IOException {
    rig.epoch = Instant.now().plus(Duration.ofHours(1));
    readAndStop();
    log.rename();
    other("app.log.2", "from before\n");
    log.write(lines.next(5));
    readsAllOnce();
  }

  @Test
  void nothingIsReadWhereTheLogWasNotRotated() throws IOException {
    readAndStop();
    log.write(lines.next(5));
    other("app.log.1", "not the log's\n");
    readsAllOnce();
  }

  @Test
  void whatIsExcludedIsNotRead() throws IOException {
    FileSource from = TailRig.settings(folder, "*.log");
    begin(
        new FileSource(
            from.name(),
            from.include(),
            List.of(rig.logs + "/*.1"),
            from.parser(),
            from.multiline(),
            from.flushAfter(),
            from.startAt(),
            from.charset(),
            from.zone(),
            from.maxRecord(),
            from.onOversize()));
    readAndStop();
    log.move(log.file, log.numbered(2));
    log.write(lines.next(5));
    other("app.log.1", "excluded\n");
    readsAllOnce();
  }

  @Test
  void whatIsNamedOtherwiseIsNotReadNorTold() throws IOException {
    readAndStop();
    log.rename();
    log.write(lines.next(5));
    other("app.log.lock", "another file\n");
    other("app.logs", "another file\n");
    other("application.log.1", "another file\n");
    other("app.log.2", "");
    readsAllOnce();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void copiesOfWhatWasReadAreNotRead(boolean zipped) throws IOException {
    readAndStop();
    Path copy = Files.copy(log.rename(), rig.logs.resolve("app.log.20261129"));
    if (zipped) {
      log.gzip(copy);
    }
    log.write(lines.next(5));
    readsAllOnce();
  }

  @Test
  void copiesOfWhatWasReadAndIsGoneAreNotRead() throws IOException {
    log.write(lines.next(10));
    rig.start();
    rig.settle();
    Path old = log.rename();
    rig.settle();
    log.write(lines.next(5));
    rig.settle();
    rig.stop();
    Files.copy(old, rig.logs.resolve("app.log.20261129"));
    log.delete(old);
    log.rename();
    log.write(lines.next(5));
    readsAllOnce();
  }

  @Test
  void whatIsCompressedIsTold() throws IOException {
    readAndStop();
    log.rename();
    log.write("compressed\n");
    Path zipped = log.renameAndGzip();
    log.write(lines.next(5));
    rig.start();
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
    assertThat(rig.notices)
        .containsExactly(
            zipped
                + ": "
                + Files.size(zipped)
                + " bytes are not read: made and compressed while the sidecar was not running");
    rig.stop();
    rig.start();
    rig.settle();
    assertThat(rig.notices).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"app-2.log", "app.2.log", "app.log.old", "app.log.123456"})
  void whatMayBeAnotherLogsIsTold(String name) throws IOException {
    begin(TailRig.settings(folder, "app.log"));
    readAndStop();
    log.rename();
    other(name, "of whom?\n");
    log.write(lines.next(5));
    rig.start();
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
    assertThat(rig.notices)
        .containsExactly(
            rig.logs.resolve(name)
                + ": 9 bytes are not read: made while the sidecar was not running; no include has"
                + " its name, which may be what app.log was rotated to");
  }

  @Test
  void whatIsAsOldAsTheLastLookIsTold() throws IOException {
    log.write(lines.next(10));
    rig.start();
    rig.settle();
    rig.epoch = Instant.now().minus(rig.passed());
    rig.stop();
    log.rename();
    log.write("just then\n");
    log.rename();
    log.write(lines.next(5));
    rig.start();
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
    assertThat(rig.notices)
        .hasSize(1)
        .first()
        .asString()
        .startsWith(log.numbered(1) + ": 10 bytes");
  }

  private void readAndStopBeforeTheClockIsSetBack() {
    rig.epoch = Instant.now().plus(Duration.ofDays(1));
    readAndStop();
    rig.epoch = Instant.now().minus(Duration.ofHours(1));
    log.rename();
    log.write("unseen\n");
    log.rename();
  }

  private void onlyTheUnseenOneIsTold() {
    rig.start();
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
    assertThat(rig.notices)
        .containsExactly(
            log.numbered(1)
                + ": 7 bytes are not read: the clock was set back while the sidecar was not"
                + " running, so that nobody can tell whether it was made in that time");
  }

  @Test
  void whatMayHaveBeenMadeSinceTheClockWasSetBackIsTold() {
    readAndStopBeforeTheClockIsSetBack();
    log.write(lines.next(5));
    onlyTheUnseenOneIsTold();
  }

  @Test
  void whatBeginsAtItsEndSinceTheClockWasSetBackIsTold() throws IOException {
    begin(TailRig.fromEnd(TailRig.settings(folder, "app.log*")));
    log.write("passed over\n");
    rig.start();
    rig.settle();
    rig.stop();
    readAndStopBeforeTheClockIsSetBack();
    onlyTheUnseenOneIsTold();
  }

  @Test
  void aLogThatCannotBeLookedIntoLetsNoFileBeginAtItsEnd() throws IOException {
    log.write("a line of the log\n");
    Path rotated = other("app.log.1", "made meanwhile\n");
    TailSource source =
        new TailSource(
            FileSystems.getDefault(),
            TailRig.fromEnd(TailRig.settings(folder, "app.log*")),
            (head, length) -> new TailRig.PlainParser(),
            null,
            new Metrics());
    Discovery discovery = new Discovery(List.of(source));
    discovery.walk();
    FileKey place = FileKey.of(log.file);
    byte[] head = Files.readAllBytes(log.file);
    KnownGenerations known = new KnownGenerations(FileSystems.getDefault());
    known.remember(
        new SavedGeneration(
            1,
            "app",
            place.device(),
            place.inode(),
            log.file.toString(),
            Fingerprint.of(head, head.length),
            Anchor.START,
            head.length,
            false,
            0,
            0));
    Absence absence =
        new Absence(known, discovery, new TailSources(List.of(source)), rig.notices::add);
    Discovery.Found found = Objects.requireNonNull(discovery.found().get(rotated));
    assertThat(absence.isMadeMeanwhile(found, 0)).isFalse();

    // No more to be opened.
    log.delete();
    Files.createSymbolicLink(log.file, log.file);
    assertThat(absence.isMadeMeanwhile(found, 0)).isTrue();
  }

  /// The clock is the file system's here.
  @Test
  void aCopyThatEndsBeforeWhatWasReadIsNotReadAfterTheNextStart() throws IOException {
    log.write(lines.next(10));
    rig.start();
    rig.settle();
    Files.copy(log.file, log.numbered(1));
    log.write(lines.next(5));
    rig.settle();
    log.truncate(0);
    log.write(lines.next(5));
    rig.settle();
    passSeconds();
    rig.epoch = Instant.now().minus(rig.passed());
    rig.stop();
    passSeconds();
    log.rename();
    log.write(lines.next(5));
    log.rename();
    log.write(lines.next(5));
    rig.start();
    rig.settle();
    assertThat(rig.bodies()).isEqualTo(lines.written);
    assertThat(rig.notices).isEmpty();
  }

  private static void passSeconds() {
    Instant now = Instant.now();
    await().until(() -> Instant.now().isAfter(now.plusMillis(2_100)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"app.log", "app.log*"})
  void aKnownLogThatWasRotatedIsReadFromItsBeginningWhereOthersAreFromTheirEnd(String include)
      throws IOException {
    begin(TailRig.fromEnd(TailRig.settings(folder, include, "other.log")));
    log.write("passed over\n");
    rig.start();
    rig.settle();
    log.write(lines.next(5));
    rig.settle();
    rig.stop();
    log.write(lines.next(5));
    log.rename();
    log.write(lines.next(5));
    log.rename();
    log.write(lines.next(5));
    other("other.log", "passed over, too\n");
    readsAllOnce();
  }

  @Test
  void theNextFileOfALogIsReadFromItsBeginningWhereOthersAreFromTheirEnd() throws IOException {
    begin(TailRig.fromEnd(TailRig.settings(folder, "*.log")));
    LogDirectory today = new LogDirectory(rig.logs, "app-2026-12-01.log");
    today.write("passed over\n");
    rig.start();
    rig.settle();
    today.write(lines.next(5));
    rig.settle();
    rig.stop();
    today.write(lines.next(5));
    new LogDirectory(rig.logs, "app-2026-12-02.log").write(lines.next(5));
    other("audit-2026-12-02.log", "passed over, too\n");
    age(other("app-2026-11-30.log", "written before the last look\n"));
    readsAllOnce();
  }
}
