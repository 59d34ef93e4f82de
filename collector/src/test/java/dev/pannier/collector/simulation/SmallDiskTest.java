package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.DiskBuffer;
import dev.pannier.collector.buffer.Entry;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The disk buffer on a disk that has less room than `max_bytes`.
class SmallDiskTest {
  private static final long MIB = 1 << 20;
  private static final long SECOND = 1_000_000_000L;

  private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
  private final Path directory = new SimulatedFileSystem(disk).getPath("/var/buffer");
  private final List<String> notices = new ArrayList<>();
  private final List<Integer> told = new ArrayList<>();
  private final List<Integer> all = new ArrayList<>();
  private long nowNanos;

  @BeforeEach
  void mount() throws IOException {
    disk.makeFolder(new SimulatedFileSystem(disk).getPath("/var"), true);
    disk.roomBytes = 8 * MIB;
  }

  private DiskBuffer open(long maxBytes) throws IOException {
    disk.enter();
    return new DiskBuffer(
        new BufferSettings(
            BufferSettings.Type.DISK, directory, maxBytes, BufferSettings.OnFull.BACKPRESSURE),
        new MemoryBudget(16 * MIB),
        new Ledger(),
        new Metrics(),
        Map.of("events", Set.of(Signal.LOGS), "spans", Set.of(Signal.TRACES)),
        Set.of(),
        () -> Instant.EPOCH,
        nowNanos,
        notices::add);
  }

  private void append(DiskBuffer buffer, Signal signal) {
    append(buffer, signal, 9_000);
  }

  private void append(DiskBuffer buffer, Signal signal, int size) {
    int number = all.size();
    all.add(number);
    byte[] bytes = (number + " " + "x".repeat(size)).getBytes(UTF_8);
    byte[] positions = new Positions(number % 200, 0, number, 0, 0).encode();
    buffer.append(
        new Batch(signal, bytes, 0, bytes.length, 1, "app", "key", positions),
        0,
        Acknowledgement.When.DURABLE,
        (rejected, reason) -> told.add(number));
  }

  private void fill(DiskBuffer buffer) {
    while (buffer.problem() == null) {
      assertThat(buffer.hasRoomForFiles()).as("max_bytes are more").isTrue();
      append(buffer, Signal.LOGS);
      buffer.doWork(nowNanos);
    }
    // Nor has it a page for anything else.
    disk.roomBytes = disk.usedBytes();
    pass(buffer);
    assertThat(buffer.problem()).contains("No space left");
  }

  private void pass(DiskBuffer buffer) {
    for (int i = 0; i < 3; i++) {
      nowNanos += SECOND;
      buffer.doWork(nowNanos);
    }
  }

  private static List<Integer> ship(DiskBuffer buffer, String shipper) {
    Cursor cursor = buffer.cursor(shipper);
    List<Integer> shipped = new ArrayList<>();
    for (Entry entry = cursor.next(); entry != null; entry = cursor.next()) {
      Batch batch = entry.batch();
      String text = new String(batch.bytes(), batch.offset(), batch.length(), UTF_8);
      shipped.add(Integer.parseInt(text.substring(0, text.indexOf(' '))));
      cursor.done(entry, 0, "");
    }
    return shipped;
  }

  private void assertTakesRecordsAgain(DiskBuffer buffer) {
    pass(buffer);
    assertThat(buffer.problem()).isNull();
    assertThat(notices).last().asString().endsWith("takes records again");
    append(buffer, Signal.LOGS);
    assertThat(buffer.status().bytes()).isPositive();
    pass(buffer);
    assertThat(told).containsExactlyInAnyOrderElementsOf(all);
    assertThat(ship(buffer, "events")).containsExactly(all.getLast());
  }

  /// What makes room is begun by the number of what memory has, which may be from before a reload.
  @Test
  void signalThatAShipperHasGotWhileTheDiskWasFullIsShipped() throws Exception {
    DiskBuffer buffer = open(512 * MIB);
    fill(buffer);
    append(buffer, Signal.LOGS);
    buffer.change(Map.of("events", Set.of(Signal.LOGS, Signal.TRACES)));
    Cursor cursor = buffer.cursor("events");
    List<Entry> inMemory = new ArrayList<>();
    for (Entry entry = cursor.next(); entry != null; entry = cursor.next()) {
      if (entry.isStored()) {
        cursor.done(entry, 0, "");
      } else {
        inMemory.add(entry);
      }
    }
    assertThat(inMemory).isNotEmpty();
    nowNanos += SECOND;
    buffer.doWork(nowNanos);
    inMemory.forEach(entry -> cursor.done(entry, 0, ""));
    disk.roomBytes = 64 * MIB;
    pass(buffer);
    assertThat(buffer.problem()).isNull();

    append(buffer, Signal.TRACES);
    pass(buffer);
    assertThat(ship(buffer, "events")).containsExactly(all.getLast());
    assertThat(cursor.openRecords()).isZero();
  }

  /// A shipper that is away keeps all of them, and each has a descriptor.
  @Test
  void diskThatIsFullTimeAndAgainLeavesNoSegmentEachTime() throws Exception {
    DiskBuffer buffer = open(512 * MIB);
    append(buffer, Signal.LOGS);
    for (int i = 0; i < 100; i++) {
      disk.roomBytes = disk.usedBytes();
      append(buffer, Signal.LOGS);
      assertThat(buffer.problem()).contains("No space left");
      pass(buffer);
      disk.roomBytes = 8 * MIB;
      pass(buffer);
      assertThat(buffer.problem()).isNull();
      append(buffer, Signal.LOGS);
      pass(buffer);
    }
    assertThat(buffer.status().segments()).isEqualTo(1);
    assertThat(told).containsExactlyElementsOf(all);
    disk.processEnded();
    assertThat(ship(open(512 * MIB), "events")).containsExactlyElementsOf(all);
  }

  @ParameterizedTest
  @ValueSource(longs = {512, 16})
  void diskThatIsFullOfWhatWasShippedTakesRecordsAgain(long maxMib) throws Exception {
    DiskBuffer buffer = open(maxMib * MIB);
    fill(buffer);
    append(buffer, Signal.LOGS);
    assertThat(ship(buffer, "events")).containsExactlyElementsOf(all);
    assertTakesRecordsAgain(buffer);
    long segments = buffer.status().segments();
    pass(buffer);
    assertThat(buffer.status().segments()).as("none is begun for nothing").isEqualTo(segments);
  }

  /// What came before is synced, so that no sync is due for the segment that got its header and no record.
  @Test
  void diskThatHasRoomForAHeaderAloneTakesRecordsAgainOnceAllWasShipped() throws Exception {
    DiskBuffer buffer = open(16 * MIB);
    append(buffer, Signal.LOGS, 900_000);
    pass(buffer);
    disk.roomBytes = disk.usedBytes() + 4_096;
    append(buffer, Signal.LOGS, 200_000);
    assertThat(buffer.status().segments()).isEqualTo(2);
    assertThat(buffer.problem()).contains("No space left");
    assertThat(ship(buffer, "events")).containsExactlyElementsOf(all);
    assertTakesRecordsAgain(buffer);
  }

  @Test
  void nextProcessComesBackFromIt() throws Exception {
    DiskBuffer buffer = open(512 * MIB);
    fill(buffer);
    disk.processEnded();
    DiskBuffer again = open(512 * MIB);
    append(again, Signal.LOGS);
    assertThat(again.problem()).isNotNull();
    assertThat(ship(again, "events")).contains(0, all.getLast());
    pass(again);
    assertThat(again.problem()).isNull();
  }

  /// A header that knows many files is larger than the room that the places of shippers take.
  @Test
  void bufferThatIsFullOfWhatWasShippedTakesRecordsOnceThereIsRoomForAHeader() throws Exception {
    disk.roomBytes = 32 * MIB;
    DiskBuffer buffer = open(8 * MIB);
    for (int file = 0; file < 200; file++) {
      append(buffer, Signal.LOGS);
    }
    append(buffer, Signal.LOGS, 8_000_000);
    Files.delete(directory.resolve("reserve"));
    pass(buffer);
    Cursor cursor = buffer.cursor("events");
    Entry entry = Objects.requireNonNull(cursor.next());
    while (entry.sequence() < all.size()) {
      cursor.done(entry, 0, "");
      entry = Objects.requireNonNull(cursor.next());
    }
    pass(buffer);
    assertThat(buffer.status().segments()).isEqualTo(1);
    disk.roomBytes = disk.usedBytes() + 4_096;
    cursor.done(entry, 0, "");
    nowNanos += SECOND;
    buffer.doWork(nowNanos);
    assertThat(buffer.problem()).contains("No space left");
    disk.roomBytes = 32 * MIB;
    pass(buffer);
    assertThat(buffer.problem()).isNull();
    assertThat(buffer.hasRoomForFiles()).isTrue();
    assertThat(buffer.hasRoomForRequests()).isTrue();
  }

  /// What only one that is away needs stays.
  @Test
  void newestSegmentGoesThoughAnOlderOneIsNeeded() throws Exception {
    DiskBuffer buffer = open(64 * MIB);
    append(buffer, Signal.TRACES);
    fill(buffer);
    assertThat(buffer.status().segments()).isEqualTo(2);
    assertThat(ship(buffer, "events")).hasSize(all.size() - 1);
    assertTakesRecordsAgain(buffer);
    assertThat(ship(buffer, "spans")).containsExactly(0);
  }

  /// It has room for some of it each time, and none in the middle of any of it.
  @Test
  void whatWasInMemoryGoesToTheLogPieceByPiece() throws Exception {
    DiskBuffer buffer = open(64 * MIB);
    disk.roomBytes = 3 * MIB;
    fill(buffer);
    for (int i = 0; i < 100; i++) {
      // The largest begins a segment that has room for its header alone.
      append(buffer, Signal.LOGS, i == 50 ? 1_500_000 : 100_000);
    }
    int rounds = 0;
    while (buffer.problem() != null) {
      disk.roomBytes = disk.usedBytes() + MIB + 37_000L * (rounds % 27);
      pass(buffer);
      rounds++;
      assertThat(rounds).isLessThan(100);
    }
    assertThat(rounds).isGreaterThan(3);
    pass(buffer);
    assertThat(told).containsExactlyElementsOf(all);
    assertThat(ship(buffer, "events")).containsExactlyElementsOf(all);
    assertThat(notices).last().asString().endsWith("takes records again");
  }

  @Test
  void whatIsInMemoryComesBehindTheSegmentThatMakesRoomForIt() throws Exception {
    DiskBuffer buffer = open(64 * MIB);
    fill(buffer);
    append(buffer, Signal.LOGS);
    append(buffer, Signal.LOGS);
    Cursor cursor = buffer.cursor("events");
    for (int i = 0; i < all.size() - 2; i++) {
      cursor.done(Objects.requireNonNull(cursor.next()), 0, "");
    }
    pass(buffer);
    assertThat(buffer.problem()).isNull();
    append(buffer, Signal.LOGS);
    pass(buffer);
    assertThat(told).containsExactlyInAnyOrderElementsOf(all);
    assertThat(ship(buffer, "events"))
        .containsExactlyElementsOf(all.subList(all.size() - 3, all.size()));
  }
}
