package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.DiskBuffer;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.buffer.disk.StoredBatch;
import dev.pannier.collector.checkpoint.DurableDirectory;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The disk buffer's log on a disk whose syncs fail.
class FailedSyncTest {
  private static final long SEGMENT_BYTES = 64 << 10;
  private static final int SEEDS = 100;
  private static final long SECOND = 1_000_000_000L;

  private final List<String> found = new ArrayList<>();
  private final List<String> notices = new ArrayList<>();
  private final List<Long> told = new ArrayList<>();
  private SimulatedDisk disk = disk(1);

  private static SimulatedDisk disk(long seed) {
    return new SimulatedDisk(new SplittableRandom(seed));
  }

  private Path directory() {
    return new SimulatedFileSystem(disk).getPath("/var/buffer");
  }

  private SegmentLog open(long synced) throws IOException {
    found.clear();
    disk.enter();
    return SegmentLog.open(
        directory(),
        SEGMENT_BYTES,
        synced,
        Batch::key,
        notices::add,
        (segment, from, to, stored) -> found.add(text(stored)));
  }

  private SegmentLog newLog(long seed) throws IOException {
    disk = disk(seed);
    disk.makeFolder(new SimulatedFileSystem(disk).getPath("/var"), true);
    return open(0);
  }

  private static String text(StoredBatch stored) {
    Batch batch = stored.batch();
    return new String(batch.bytes(), batch.offset(), 1, UTF_8);
  }

  private static void append(SegmentLog log, long number, String text, boolean positionsCount)
      throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    Batch batch =
        new Batch(
            Signal.LOGS, bytes, 0, bytes.length, 1, "app", "key", ("p" + number).getBytes(UTF_8));
    log.write(batch, number, 0, positionsCount);
    log.publish(batch);
  }

  private static List<String> positions(SegmentLog log) {
    return log.positions().stream().map(each -> new String(each, UTF_8)).toList();
  }

  private void kill() {
    disk.processEnded();
  }

  private void losePower() {
    disk.processEnded();
    disk.losePower();
  }

  /// Of two that sync a file at once one is told of the error.
  @Test
  void aSegmentBegunDuringASyncThatFailsIsNotBegun() throws Exception {
    SegmentLog log = newLog(1);
    append(log, 1, "x".repeat(60_000), true);
    AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    Thread appending =
        new Thread(
            () -> {
              try {
                append(log, 2, "y".repeat(60_000), true);
              } catch (IOException e) {
                failure.set(e);
              }
            });
    disk.syncsFail = 1;
    disk.onSync =
        () -> {
          disk.onSync = () -> {};
          appending.start();
          while (appending.isAlive() && appending.getState() != Thread.State.BLOCKED) {
            Thread.onSpinWait();
          }
        };
    assertThatThrownBy(log::sync).hasMessageContaining("Input/output error");
    appending.join();
    assertThat(failure.get()).isNotNull().hasMessageContaining("could not be synced before");
    assertThat(log.segments()).isEqualTo(1);
    assertThat(log.syncedSequence()).isZero();
  }

  @Test
  void whatIsPublishedDuringASyncIsNotKnownBeforeTheNext() throws Exception {
    SegmentLog log = newLog(1);
    append(log, 1, "a", true);
    disk.onSync =
        () -> {
          disk.onSync = () -> {};
          try {
            append(log, 2, "b", true);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    assertThat(log.sync()).isEqualTo(1);
    assertThat(positions(log)).containsExactly("p1");
    log.sync();
    assertThat(positions(log)).containsExactly("p2");
  }

  @Test
  void positionsOfWhatMadeRoomOutliveTheDeathOfTheMachine() throws Exception {
    for (long seed = 0; seed < SEEDS; seed++) {
      SegmentLog log = newLog(seed);
      append(log, 1, "a".repeat(60_000), true);
      append(log, 2, "b".repeat(60_000), false);
      Segment oldest = Objects.requireNonNull(log.oldestToGo());
      assertThat(log.giveUp(oldest)).isTrue();
      log.delete(List.of(oldest));
      losePower();
      assertThat(positions(open(0))).as("seed %d", seed).containsExactly("p1");
    }
  }

  @Test
  void nothingMakesRoomWhoseFollowerCannotBeSynced() throws Exception {
    SegmentLog log = newLog(1);
    append(log, 1, "a".repeat(60_000), true);
    append(log, 2, "b".repeat(60_000), true);
    disk.syncsFail = 1;
    assertThatThrownBy(log::oldestToGo).hasMessageContaining("Input/output error");
    disk.syncsFail = 0;
    log.told();
    assertThat(log.oldestToGo()).as("its name is perhaps not on disk").isNull();
    append(log, 3, "c".repeat(60_000), false);
    Segment oldest = Objects.requireNonNull(log.oldestToGo());
    assertThat(oldest.lastSequence()).isEqualTo(1);
    log.giveUp(oldest);
    log.delete(List.of(oldest));
    losePower();
    assertThat(positions(open(0))).containsExactly("p1");
  }

  @Test
  void positionsOfWhatIsSyncedAfterAllCountThoughASegmentBehindItCouldNotBeBegun()
      throws Exception {
    SegmentLog log = withAFailedSync(1);
    disk.full = true;
    assertThatThrownBy(() -> append(log, 3, "c", true)).hasMessageContaining("No space left");
    disk.full = false;
    assertThat(log.syncAgain()).isTrue();
    assertThat(positions(log)).containsExactly("p2");
    append(log, 3, "c", true);
    assertThat(log.segments()).isEqualTo(2);
    assertThat(log.syncedSequence()).isEqualTo(2);
  }

  private static void failToSync(SegmentLog log, SimulatedDisk disk) {
    disk.syncsFail = 1;
    assertThatThrownBy(log::sync).hasMessageContaining("Input/output error");
    disk.syncsFail = 0;
    log.told();
  }

  /// "a" is on disk, and the sync of "b" has failed.
  private SegmentLog withAFailedSync(long seed) throws Exception {
    SegmentLog log = newLog(seed);
    append(log, 1, "a", true);
    log.sync();
    append(log, 2, "b".repeat(9_000), true);
    failToSync(log, disk);
    return log;
  }

  @Test
  void whatAFailedSyncLeftInThePageCacheIsOnDiskOnceTheNextProcessHasFoundIt() throws Exception {
    for (long seed = 0; seed < SEEDS; seed++) {
      var _ = withAFailedSync(seed);
      kill();
      assertThat(positions(open(1))).containsExactly("p2");
      losePower();
      open(1);
      assertThat(found).as("seed %d", seed).containsExactly("a", "b");
    }
  }

  @Test
  void whatAFailedSyncLeftBeforeAnotherSegmentIsOnDiskOnceTheNextProcessHasFoundIt()
      throws Exception {
    for (long seed = 0; seed < SEEDS; seed++) {
      SegmentLog log = withAFailedSync(seed);
      append(log, 3, "c", false);
      log.sync();
      kill();
      assertThat(positions(open(3))).containsExactly("p2");
      losePower();
      open(3);
      assertThat(found).as("seed %d", seed).containsExactly("a", "b", "c");
    }
  }

  /// Nothing says any more that the segment before could not be synced.
  @Test
  void whatAFailedSyncLeftBeforeASegmentWithoutAHeaderIsOnDiskOnceTheNextProcessHasFoundIt()
      throws Exception {
    for (int bytes : new int[] {0, 100}) {
      for (long seed = 0; seed < SEEDS; seed++) {
        var _ = withAFailedSync(seed);
        try (FileChannel begun =
            FileChannel.open(
                directory().resolve("00000000000000000003.log"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE)) {
          begun.write(ByteBuffer.allocate(bytes), 0);
        }
        DurableDirectory.syncNames(directory());
        kill();
        assertThat(positions(open(1))).containsExactly("p2");
        losePower();
        open(1);
        assertThat(found).as("seed %d", seed).containsExactly("a", "b");
      }
    }
  }

  /// What says that the segment before could not be synced would say it of another, or nothing would say it.
  @Test
  void neitherOfTwoThatAFailedSyncTiesIsFreedBeforeTheOther() throws Exception {
    SegmentLog log = newLog(1);
    append(log, 1, "needed ".repeat(8_000), true);
    log.sync();
    append(log, 2, "not synced ".repeat(5_000), true);
    failToSync(log, disk);
    append(log, 3, "says it ".repeat(7_000), false);
    log.sync();
    append(log, 4, "free ".repeat(12_000), false);
    log.sync();
    append(log, 5, "newest ".repeat(1_000), false);
    log.sync();
    assertThat(log.free(segment -> segment.lastSequence() == 1))
        .extracting(Segment::lastSequence)
        .containsExactly(4L);
    assertThat(log.free(segment -> false))
        .extracting(Segment::lastSequence)
        .containsExactly(1L, 2L, 3L);
  }

  @Test
  void positionsOfWhatCannotBeSyncedAtTheStartEitherDoNotCount() throws Exception {
    SegmentLog log = newLog(1);
    append(log, 1, "a", true);
    log.sync();
    append(log, 2, "b".repeat(9_000), true);
    failToSync(log, disk);
    kill();
    disk.syncsFail = 1;
    SegmentLog again = open(1);
    disk.syncsFail = 0;
    assertThat(found).containsExactly("a", "b");
    assertThat(positions(again)).containsExactly("p1");
    assertThat(notices).hasSize(1).first().asString().contains("cannot be synced");
    assertThat(again.syncedSequence()).isEqualTo(1);
    append(again, 3, "c", true);
    assertThat(again.segments()).isEqualTo(2);
  }

  private DiskBuffer buffer(long seed) throws IOException {
    disk = disk(seed);
    disk.makeFolder(new SimulatedFileSystem(disk).getPath("/var"), true);
    return openBuffer();
  }

  private DiskBuffer openBuffer() throws IOException {
    disk.enter();
    return new DiskBuffer(
        new BufferSettings(
            BufferSettings.Type.DISK, directory(), 8 << 20, BufferSettings.OnFull.BACKPRESSURE),
        new MemoryBudget(1 << 20),
        new Ledger(),
        new Metrics(),
        Map.of("away", Set.of(Signal.LOGS)),
        Set.of(),
        () -> Instant.EPOCH,
        0,
        notices::add);
  }

  /// With positions up to its number.
  private void append(DiskBuffer buffer, long number) {
    byte[] bytes = "x".repeat(9_000).getBytes(UTF_8);
    byte[] positions = new Positions(1, 0, number, 0, 0).encode();
    buffer.append(
        new Batch(Signal.LOGS, bytes, 0, bytes.length, 1, "app", "key", positions),
        0,
        Acknowledgement.When.DURABLE,
        (rejected, reason) -> told.add(number));
  }

  private static List<Long> positions(DiskBuffer buffer) {
    return buffer.positions().stream()
        .map(each -> Objects.requireNonNull(Positions.decode(each)).to())
        .toList();
  }

  /// The sync of the second batch fails; then the disk takes all again.
  private DiskBuffer afterAFailedSync(long seed, boolean evicts) throws IOException {
    told.clear();
    DiskBuffer buffer = buffer(seed);
    append(buffer, 1);
    buffer.doWork(0);
    buffer.doWork(SECOND / 2);
    append(buffer, 2);
    disk.syncsFail = 1;
    buffer.doWork(SECOND / 2);
    buffer.doWork(SECOND * 3 / 4);
    assertThat(told).containsExactly(1L);
    assertThat(buffer.problem()).isNotNull();
    disk.syncsFail = 0;
    if (evicts) {
      disk.evict();
    }
    buffer.doWork(2 * SECOND);
    assertThat(buffer.problem()).isNull();
    return buffer;
  }

  /// Nobody waits for a shipper that is away.
  @Test
  void batchWhoseSyncHasFailedIsWrittenAgainAndTold() throws Exception {
    for (long seed = 0; seed < SEEDS; seed++) {
      DiskBuffer buffer = afterAFailedSync(seed, false);
      assertThat(told).containsExactly(1L, 2L);
      assertThat(positions(buffer)).containsExactly(2L);
      append(buffer, 3);
      buffer.doWork(3 * SECOND);
      buffer.doWork(4 * SECOND);
      assertThat(told).containsExactly(1L, 2L, 3L);
      assertThat(positions(buffer)).containsExactly(3L);
      losePower();
      assertThat(positions(openBuffer())).as("seed %d", seed).containsExactly(3L);
    }
  }

  /// What is read is what the disk had before.
  @Test
  void batchWhoseSyncHasFailedAndThatIsGoneFromThePageCacheIsNotTold() throws Exception {
    int gone = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      DiskBuffer buffer = afterAFailedSync(seed, true);
      boolean isWhole = told.contains(2L);
      assertThat(positions(buffer)).as("seed %d", seed).containsExactly(isWhole ? 2L : 1L);
      losePower();
      assertThat(openBuffer().cursor("away").openBatches())
          .as("seed %d", seed)
          .isEqualTo(isWhole ? 2 : 1);
      gone += isWhole ? 0 : 1;
    }
    assertThat(gone).isPositive();
  }

  /// What is behind the hole is read again with what was in it.
  @Test
  void holeThatAFailedSyncLeftBeforeAnotherSegmentIsCutWithAllBehindIt() throws Exception {
    int cut = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      SegmentLog log = newLog(seed);
      append(log, 1, "a", true);
      log.sync();
      append(log, 2, "b".repeat(9_000), true);
      append(log, 3, "c", true);
      failToSync(log, disk);
      append(log, 4, "d", false);
      log.sync();
      losePower();
      open(4);
      assertThat(found).as("seed %d", seed).startsWith("a").endsWith("d");
      assertThat(found.contains("b") || !found.contains("c")).as("seed %d", seed).isTrue();
      cut += found.contains("b") ? 0 : 1;
    }
    assertThat(cut).isPositive();
  }
}
