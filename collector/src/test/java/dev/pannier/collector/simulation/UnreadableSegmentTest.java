package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The disk buffer's log at a start with a disk that does not give back all that it was given.
class UnreadableSegmentTest {
  private static final long SEGMENT_BYTES = 64 << 10;

  private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
  private final Path directory = new SimulatedFileSystem(disk).getPath("/var/buffer");
  private final List<String> notices = new ArrayList<>();
  private final List<String> found = new ArrayList<>();
  private final List<Long> pauses = new ArrayList<>();

  @BeforeEach
  void mount() throws IOException {
    disk.makeFolder(new SimulatedFileSystem(disk).getPath("/var"), true);
  }

  private static Batch batch(String text) {
    byte[] bytes = (text + " " + "x".repeat(20_000)).getBytes(UTF_8);
    return new Batch(
        Signal.LOGS, bytes, 0, bytes.length, 1, "app", "key", ("p" + text).getBytes(UTF_8));
  }

  private static String text(Batch batch) {
    String text = new String(batch.bytes(), batch.offset(), batch.length(), UTF_8);
    return text.substring(0, text.indexOf(' '));
  }

  private SegmentLog log(long synced) throws IOException {
    disk.processEnded();
    disk.enter();
    found.clear();
    notices.clear();
    pauses.clear();
    SegmentLog log = SegmentLog.hold(directory, SEGMENT_BYTES, Batch::key, notices::add);
    log.recover(
        synced, pauses::add, (segment, from, to, stored) -> found.add(text(stored.batch())));
    return log;
  }

  /// Two segments, of three records and of two.
  private void fillLog() throws IOException {
    SegmentLog log = log(0);
    for (int i = 1; i <= 5; i++) {
      Batch batch = batch(String.valueOf(i));
      log.write(batch, i, 0, true);
      log.publish(batch);
    }
    log.sync();
    assertThat(log.segments()).isEqualTo(2);
  }

  @Test
  void placeThatCannotBeReadCostsWhatIsBehindItInItsSegmentAndNoStart() throws Exception {
    fillLog();
    disk.goesBad("01.log", 30_000, 34_096);
    SegmentLog log = log(5);
    assertThat(found).containsExactly("1", "4", "5");
    assertThat(notices).hasSize(1).first().asString().contains("cannot be read from byte ");
    assertThat(log.damagedBytes()).isBetween(40_000L, 41_000L);
    assertThat(log.lastSequence()).isEqualTo(5);
    disk.isMended();
    log(5);
    assertThat(found).containsExactly("1", "2", "3", "4", "5");
  }

  /// A destination may have stored their numbers.
  @Test
  void numbersOfWhatCannotBeReadAtTheEndAreNotUsedAgain() throws Exception {
    fillLog();
    disk.goesBad("04.log", 30_000, 34_096);
    SegmentLog log = log(0);
    assertThat(found).containsExactly("1", "2", "3", "4");
    assertThat(log.lastSequence()).isGreaterThanOrEqualTo(5);
    assertThat(log.positions()).containsExactly("p4".getBytes(UTF_8));
    Batch batch = batch("6");
    long number = log.lastSequence() + 1;
    log.write(batch, number, 0, true);
    log.publish(batch);
    log.sync();
    assertThat(log.segments()).isEqualTo(3);
    disk.isMended();
    log(number);
    assertThat(found).containsExactly("1", "2", "3", "4", "5", "6");
  }

  @Test
  void segmentWhoseHeaderCannotBeReadIsKeptAsideWhereOthersCan() throws Exception {
    fillLog();
    disk.goesBad("01.log", 0, 4_096);
    log(5);
    assertThat(found).containsExactly("4", "5");
    assertThat(notices).hasSize(1).first().asString().contains("kept as 00000000000000000001.log");
  }

  /// It is away, and what is put aside would be shipped no more when it is back.
  @Test
  void diskThatGivesNoSegmentIsNotStartedWith() throws Exception {
    fillLog();
    disk.goesBad(".log", 0, 4_096);
    assertThatThrownBy(() -> log(5))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("00000000000000000001.log", "Input/output error");
    disk.isMended();
    log(5);
    assertThat(found).containsExactly("1", "2", "3", "4", "5");
    assertThat(notices).isEmpty();
  }

  /// What is passed over comes no more, and the next read would have given it.
  @Test
  void readThatFailsOnceCostsNothing() throws Exception {
    fillLog();
    boolean failed = true;
    for (int reads = 0; failed; reads++) {
      disk.processEnded();
      disk.failsOnceBehind(reads);
      SegmentLog log = log(5);
      assertThat(found).as("behind %s reads", reads).containsExactly("1", "2", "3", "4", "5");
      assertThat(notices).isEmpty();
      assertThat(log.wasReadWhole()).isTrue();
      assertThat(log.damagedBytes()).isZero();
      failed = !disk.isToFailOnce();
      assertThat(pauses).hasSize(failed ? 1 : 0);
    }
  }

  /// However many places cannot be read.
  @Test
  void startWaitsForTheDiskForTenSecondsInAll() throws Exception {
    fillLog();
    disk.goesBad("01.log", 30_000, 34_096);
    disk.goesBad("04.log", 30_000, 34_096);
    log(5);
    assertThat(found).containsExactly("1", "4");
    assertThat(pauses.stream().mapToLong(Long::longValue).sum()).isEqualTo(10_000_000_000L);
  }
}
