package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.buffer.disk.StoredBatch;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The disk buffer's log on a disk whose syncs fail.
class FailedSyncTest {
  private static final long SEGMENT_BYTES = 1000;
  private static final int SEEDS = 100;

  private final List<String> found = new ArrayList<>();
  private final List<String> notices = new ArrayList<>();
  private SimulatedDisk disk = disk(1);

  private static SimulatedDisk disk(long seed) {
    return new SimulatedDisk(new SplittableRandom(seed));
  }

  private SegmentLog open(long synced) throws IOException {
    found.clear();
    disk.enter();
    return SegmentLog.open(
        new SimulatedFileSystem(disk).getPath("/var/buffer"),
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
    append(log, 1, "x".repeat(900), true);
    AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    Thread appending =
        new Thread(
            () -> {
              try {
                append(log, 2, "y".repeat(900), true);
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
}
