package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.buffer.disk.StoredBatch;
import dev.pannier.collector.checkpoint.DurableDirectory;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The disk buffer's log on a disk whose syncs fail.
class FailedSyncTest {
  private static final long SEGMENT_BYTES = 64 << 10;
  private static final int SEEDS = 100;

  private final List<String> found = new ArrayList<>();
  private final List<String> notices = new ArrayList<>();
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

  private static void failToSync(SegmentLog log, SimulatedDisk disk) {
    disk.syncsFail = 1;
    assertThatThrownBy(log::sync).hasMessageContaining("Input/output error");
    disk.syncsFail = 0;
    log.told();
  }

  @Test
  void whatAFailedSyncLeftInThePageCacheIsOnDiskOnceTheNextProcessHasFoundIt() throws Exception {
    for (long seed = 0; seed < SEEDS; seed++) {
      SegmentLog log = newLog(seed);
      append(log, 1, "a", true);
      log.sync();
      append(log, 2, "b".repeat(9_000), true);
      failToSync(log, disk);
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
      SegmentLog log = newLog(seed);
      append(log, 1, "a", true);
      log.sync();
      append(log, 2, "b".repeat(9_000), true);
      failToSync(log, disk);
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
        SegmentLog log = newLog(seed);
        append(log, 1, "a", true);
        log.sync();
        append(log, 2, "b".repeat(9_000), true);
        failToSync(log, disk);
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
