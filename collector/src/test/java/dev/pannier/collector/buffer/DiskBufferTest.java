package dev.pannier.collector.buffer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

import dev.pannier.collector.buffer.Acknowledgement.When;
import dev.pannier.collector.buffer.disk.Ahead;
import dev.pannier.collector.buffer.disk.CursorFile;
import dev.pannier.collector.buffer.disk.CursorWriter;
import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.config.BufferSettings.OnFull;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.receipt.Buffered;
import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.collector.receipt.Dropped;
import dev.pannier.collector.receipt.DroppedFile;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskBufferTest {
  private static final byte[] POSITIONS = new Positions(1, 0, 1, 0, 0).encode();
  private static final long MIB = 1 << 20;

  @TempDir private Path folder;
  private final MemoryBudget budget = new MemoryBudget(16 * MIB);
  private final Metrics metrics = new Metrics();
  private final List<String> told = new ArrayList<>();
  private final List<String> notices = new ArrayList<>();
  private Ledger ledger = new Ledger();
  private OnFull onFull = OnFull.BACKPRESSURE;
  private BufferSettings.Type type = BufferSettings.Type.DISK;
  private long maxBytes = 8 * MIB;
  private Set<String> syncedOnly = Set.of();
  private String[] shippers = {"events"};

  /// Those that do not take logs.
  private final Map<String, Set<Signal>> signalsOf = new LinkedHashMap<>();

  private long nowNanos = 1_000_000_000L;
  private @Nullable DiskBuffer open;

  /// Something was told while appends and shippers waited.
  private boolean heldUp;

  @AfterEach
  void close() {
    if (open != null) {
      open.close();
      open = null;
    }
  }

  /// Without a close of the one before: as after the death of its process, but for the lock.
  private DiskBuffer buffer() throws IOException {
    if (open != null) {
      open.log().close();
    }
    ledger = new Ledger();
    Map<String, Set<Signal>> signals = new LinkedHashMap<>();
    for (String shipper : shippers) {
      signals.put(shipper, signalsOf.getOrDefault(shipper, Set.of(Signal.LOGS)));
    }
    open =
        new DiskBuffer(
            settings(),
            budget,
            ledger,
            metrics,
            signals,
            syncedOnly,
            () -> Instant.ofEpochMilli(nowNanos / 1_000_000),
            nowNanos,
            this::notice);
    return open;
  }

  private void notice(String line) {
    notices.add(line);
    heldUp |= open != null && Thread.holdsLock(open.lock);
  }

  private BufferSettings settings() {
    return new BufferSettings(type, directory(), maxBytes, onFull);
  }

  private Path directory() {
    return folder.resolve("buffer");
  }

  private void append(DiskBuffer buffer, String text) {
    append(buffer, text, When.DURABLE);
  }

  private void append(DiskBuffer buffer, String text, byte[] positions) {
    byte[] bytes = text.getBytes(UTF_8);
    assertThat(budget.tryReserve(bytes.length)).isTrue();
    buffer.append(
        new Batch(Signal.LOGS, bytes, 0, bytes.length, 2, "app", "key", positions),
        bytes.length,
        When.DURABLE,
        (rejected, reason) -> told.add(text));
  }

  private void append(DiskBuffer buffer, String text, When when) {
    append(buffer, Signal.LOGS, text, when);
  }

  private void append(DiskBuffer buffer, Signal signal, String text, When when) {
    byte[] bytes = text.getBytes(UTF_8);
    assertThat(budget.tryReserve(bytes.length)).isTrue();
    buffer.append(
        new Batch(signal, bytes, 0, bytes.length, 2, "app", "key", POSITIONS),
        bytes.length,
        when,
        (rejected, reason) ->
            told.add(shortened(text) + (rejected > 0 ? " " + rejected + reason : "")));
  }

  private static String shortened(String text) {
    return text.length() > 20 ? text.substring(0, text.indexOf(' ')) : text;
  }

  private static @Nullable Entry next(DiskBuffer buffer, String shipper) {
    return buffer.cursor(shipper).next();
  }

  private static Entry take(DiskBuffer buffer, String shipper) {
    return Objects.requireNonNull(next(buffer, shipper));
  }

  private static String text(Entry entry) {
    Batch batch = entry.batch();
    return shortened(new String(batch.bytes(), batch.offset(), batch.length(), UTF_8));
  }

  /// Ships what there is.
  private static List<String> ship(DiskBuffer buffer, String shipper) {
    List<String> shipped = new ArrayList<>();
    for (Entry entry = next(buffer, shipper); entry != null; entry = next(buffer, shipper)) {
      shipped.add(text(entry));
      buffer.cursor(shipper).done(entry, 0, "");
    }
    return shipped;
  }

  /// As the thread does it: a round when something was appended, and one when it is due.
  private void pass(DiskBuffer buffer, long millis) {
    buffer.doWork(nowNanos);
    nowNanos += TimeUnit.MILLISECONDS.toNanos(millis);
    buffer.doWork(nowNanos);
  }

  @Test
  void whatWaitsIsShippedBeforeWhatComesWhenTheTypeIsMemory() throws IOException {
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    append(buffer, "two");
    pass(buffer, 20);
    type = BufferSettings.Type.MEMORY;
    buffer = buffer();
    long bytes = buffer.status().bytes();
    assertThat(buffer.isEmpty()).isFalse();
    append(buffer, "three");
    pass(buffer, 2_000);
    assertThat(told).as("by its delivery, not by a sync").doesNotContain("three");
    assertThat(ship(buffer, "events")).containsExactly("one", "two", "three");
    assertThat(told).contains("three");
    assertThat(buffer.status().bytes()).isEqualTo(bytes);
    assertThat(buffer.isEmpty()).isTrue();
    pass(buffer, 2_000);
    assertThat(notices)
        .containsOnlyOnce(
            "buffer.type is memory, and nothing waits in buffer.directory "
                + directory()
                + " any more");
    assertThat(ship(buffer(), "events")).isEmpty();
  }

  @Test
  void fullBufferThatIsOnlyShippedRefusesNothing() throws IOException {
    DiskBuffer buffer = buffer();
    while (buffer.hasRoomForRequests()) {
      append(buffer, "x ".repeat(200_000));
      pass(buffer, 20);
    }
    type = BufferSettings.Type.MEMORY;
    for (OnFull each : OnFull.values()) {
      onFull = each;
      buffer = buffer();
      assertThat(buffer.hasRoomForRequests()).isTrue();
      assertThat(buffer.hasRoomForFiles()).isTrue();
    }
    append(buffer, "last");
    assertThat(ship(buffer, "events")).endsWith("last").hasSizeGreaterThan(10);
  }

  @Test
  void batchLargerThanAllThatFilesMayTakeIsTakenAndGoes() throws IOException {
    DiskBuffer buffer = buffer();
    for (int i = 0; i < 3; i++) {
      assertThat(buffer.hasRoomForRequests()).isTrue();
      append(buffer, "large" + i + " " + "x".repeat((int) maxBytes));
      pass(buffer, 2_000);
      assertThat(ship(buffer, "events")).containsExactly("large" + i);
      pass(buffer, 2_000);
    }
    assertThat(buffer.status().bytes()).isLessThan(MIB);
  }

  @Test
  void whatWaitedForAShipperThatIsNotConfiguredAnyMoreIsTold() throws IOException {
    shippers = new String[] {"events", "old"};
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    append(buffer, "two");
    pass(buffer, 20);
    ship(buffer, "events");
    pass(buffer, 2_000);
    shippers = new String[] {"events"};
    buffer = buffer();
    assertThat(notices)
        .singleElement()
        .asString()
        .contains("shipper old ", " 4 records ", "are not shipped there");
    assertThat(metrics.adder(Counter.SHIPPER_DROPPED, "old", "removed").sum()).isEqualTo(4);
    assertThat(ledger.snapshot())
        .anyMatch(row -> row.shipper().equals("old") && row.records().dropped() == 4);
    pass(buffer, 2_000);
    buffer();
    assertThat(notices).as("once").hasSize(1);
  }

  @Test
  void whatWaitedForAShipperOfASignalThatItTakesNoMoreIsTold() throws IOException {
    shippers = new String[] {"events", "away"};
    signalsOf.put("away", Set.of(Signal.LOGS, Signal.TRACES));
    DiskBuffer buffer = buffer();
    append(buffer, Signal.TRACES, "span", When.DURABLE);
    pass(buffer, 2_000);
    assertThat(ship(buffer, "away")).containsExactly("span");
    append(buffer, "one");
    append(buffer, Signal.TRACES, "second span", When.DURABLE);
    append(buffer, Signal.TRACES, "third span", When.DURABLE);
    pass(buffer, 2_000);
    signalsOf.put("away", Set.of(Signal.LOGS, Signal.METRICS));
    // A new one that takes no traces is no heir of them.
    shippers = new String[] {"events", "away", "audit"};
    buffer = buffer();
    assertThat(notices)
        .singleElement()
        .asString()
        .contains("shipper away takes no traces ", " 4 records ", "are not shipped there");
    assertThat(metrics.adder(Counter.SHIPPER_DROPPED, "away", "removed").sum()).isEqualTo(4);
    assertThat(ledger.snapshot())
        .anyMatch(row -> row.shipper().equals("away") && row.records().dropped() == 4);
    assertThat(ship(buffer, "away")).containsExactly("one");
    pass(buffer, 2_000);
    buffer();
    assertThat(notices).as("once").hasSize(1);
  }

  /// What it did not take did not wait for it.
  @Test
  void whatWaitedForAShipperThatIsNotConfiguredAnyMoreIsWhatItTook() throws IOException {
    shippers = new String[] {"events", "old"};
    signalsOf.put("old", Set.of(Signal.TRACES));
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    append(buffer, Signal.TRACES, "span", When.DURABLE);
    pass(buffer, 2_000);
    shippers = new String[] {"events"};
    buffer();
    assertThat(notices).singleElement().asString().contains("shipper old ", " 2 records ");
    assertThat(metrics.adder(Counter.SHIPPER_DROPPED, "old", "removed").sum()).isEqualTo(2);
  }

  @Test
  void shipperThatIsRenamedBeginsWithTheOldestThereIs() throws IOException {
    shippers = new String[] {"old"};
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    append(buffer, "two");
    pass(buffer, 2_000);
    shippers = new String[] {"events"};
    assertThat(ship(buffer(), "events")).containsExactly("one", "two");
    assertThat(notices).singleElement().asString().contains("shipper old ", "[events] begin");
    assertThat(metrics.adder(Counter.SHIPPER_DROPPED, "old", "removed").sum()).isZero();
  }

  @Test
  void batchIsShippedAtOnceAndAcknowledgedAfterTheGroupCommit() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    assertThat(ship(buffer, "events")).containsExactly("one");
    assertThat(told).isEmpty();
    assertThat(budget.heldBytes()).isEqualTo(3);
    pass(buffer, 0);
    assertThat(told).isEmpty();
    pass(buffer, 100);
    assertThat(told).containsExactly("one");
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void deliveryIsTheLastShippers() throws Exception {
    shippers = new String[] {"fast", "slow"};
    DiskBuffer buffer = buffer();
    append(buffer, "one", When.DELIVERED);
    pass(buffer, 100);
    pass(buffer, 100);
    assertThat(budget.heldBytes()).isZero();
    buffer.cursor("fast").done(take(buffer, "fast"), 0, "");
    assertThat(told).isEmpty();
    buffer.cursor("slow").done(take(buffer, "slow"), 1, " old");
    assertThat(told).containsExactly("one 1 old");
    assertThat(ledger.snapshot())
        .allMatch(row -> row.bytes().closes())
        .extracting(Ledger.Row::shipper, Ledger.Row::records)
        .containsExactly(
            tuple("fast", new Ledger.Amounts(2, 2, 0, 0, 0, 0, 0, 0)),
            tuple("slow", new Ledger.Amounts(2, 1, 0, 1, 0, 0, 0, 0)));
  }

  @Test
  void clientThatWaitsIsAnsweredSoonerThanFiles() throws Exception {
    DiskBuffer buffer = buffer();
    byte[] bytes = {1};
    buffer.append(
        Batch.received(Signal.LOGS, bytes, 0, 1, 1, "otlp"),
        0,
        When.DURABLE,
        (no, why) -> told.add("client"));
    pass(buffer, 10);
    assertThat(told).containsExactly("client");
  }

  @Test
  void deadShipperDoesNotHoldUpTheOther() throws Exception {
    shippers = new String[] {"live", "dead"};
    DiskBuffer buffer = buffer();
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      append(buffer, i + " " + "x".repeat(100_000));
      all.add(String.valueOf(i));
      assertThat(ship(buffer, "live")).containsExactly(String.valueOf(i));
      pass(buffer, 1000);
    }
    assertThat(told).containsExactlyElementsOf(all);
    assertThat(budget.heldBytes()).isZero();
    assertThat(buffer.cursor("dead").openBatches()).isEqualTo(40);
    assertThat(buffer.status().oldestSeconds()).isEqualTo(40);
    assertThat(ship(buffer, "dead")).containsExactlyElementsOf(all);
    append(buffer, "after");
    pass(buffer, 1000);
    ship(buffer, "live");
    ship(buffer, "dead");
    pass(buffer, 1000);
    assertThat(buffer.status().segments()).isLessThanOrEqualTo(2);
    assertThat(buffer.status().oldestSeconds()).isZero();
  }

  private void appendAndShip(DiskBuffer buffer, int many) {
    for (int i = 0; i < many; i++) {
      assertThat(buffer.hasRoomForFiles()).isTrue();
      append(buffer, i + " " + "x".repeat(100_000));
      assertThat(ship(buffer, "live")).containsExactly(String.valueOf(i));
      pass(buffer, 1000);
    }
  }

  @Test
  void deadShipperHoldsWhatIsForItAndNotWhatLiesBehindThatForOthers() throws Exception {
    shippers = new String[] {"live", "dead"};
    signalsOf.put("dead", Set.of(Signal.TRACES));
    DiskBuffer buffer = buffer();
    append(buffer, Signal.TRACES, "span", When.DURABLE);
    assertThat(take(buffer, "dead").sequence()).isEqualTo(1);
    appendAndShip(buffer, 200);
    assertThat(buffer.status().segments()).isLessThanOrEqualTo(3);
    append(buffer, Signal.TRACES, "later span", When.DURABLE);
    pass(buffer, 1000);
    DiskBuffer again = buffer();
    assertThat(again.cursor("dead").openBatches()).isEqualTo(2);
    appendAndShip(again, 200);
    assertThat(again.status().segments()).isLessThanOrEqualTo(4);
    assertThat(ship(again, "dead")).containsExactly("span", "later span");
    pass(again, 1000);
    assertThat(again.status().segments()).isEqualTo(1);
    assertThat(ledger.snapshot()).allMatch(row -> row.records().closes());
    assertThat(again.cursor("dead").openBatches()).isZero();
  }

  /// Its place is the log's end though it has never come by.
  @Test
  void shipperThatNothingIsForHoldsNothing() throws Exception {
    shippers = new String[] {"live", "dead"};
    signalsOf.put("dead", Set.of(Signal.TRACES));
    DiskBuffer buffer = buffer();
    appendAndShip(buffer, 200);
    assertThat(buffer.status().segments()).isLessThanOrEqualTo(2);
    assertThat(CursorFile.read(directory()).passed()).containsEntry("dead", 200L);
    append(buffer, Signal.TRACES, "span", When.DURABLE);
    pass(buffer, 1000);
    DiskBuffer again = buffer();
    assertThat(ship(again, "dead")).containsExactly("span");
  }

  @Test
  void whatAShipperWasNotDoneWithIsListedAtTheEnd() throws Exception {
    shippers = new String[] {"events", "other"};
    DiskBuffer buffer = buffer();
    append(buffer, "done", new Positions(7, 0, 100, 0, 0).encode());
    append(buffer, "of one", new Positions(7, 100, 250, 0, 0).encode());
    append(buffer, "of both", new Positions(7, 250, 300, 0, 0).encode());
    append(buffer, "another file's", new Positions(8, 20, 60, 0, 0).encode());
    append(buffer, "request", new byte[0]);
    Entry done = take(buffer, "other");
    Entry taken = take(buffer, "other");
    assertThat(text(taken)).isEqualTo("of one");
    buffer.cursor("other").done(done, 0, "");
    buffer.cursor("events").done(take(buffer, "events"), 0, "");
    buffer.cursor("events").done(take(buffer, "events"), 0, "");
    buffer.close();
    open = null;
    Left left = Objects.requireNonNull(buffer.left());
    assertThat(left.receivedRecords()).isEqualTo(2);
    assertThat(left.files().get(7L))
        .isEqualTo(new Buffered("app", List.of(new ByteRange(100, 300))));
    assertThat(left.files().get(8L)).isEqualTo(new Buffered("app", List.of(new ByteRange(20, 60))));
    assertThat(left.files()).hasSize(2);
  }

  /// Nobody has read it, so nobody knows yet that it is damaged.
  @Test
  void whatIsLeftIsListedBesideARecordWhosePositionsAreDamaged() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "one", bytes(7, 0, 10));
    append(buffer, "two", bytes(7, 10, 25));
    append(buffer, "three", bytes(7, 25, 30));
    pass(buffer, 100);
    flip("two", POSITIONS.length);
    buffer.close();
    open = null;
    assertThat(Objects.requireNonNull(buffer.left()).files().get(7L))
        .isEqualTo(new Buffered("app", List.of(new ByteRange(0, 10), new ByteRange(25, 30))));
  }

  @Test
  void nothingIsLeftWhereTheDirectoryHasVanished() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "on disk");
    pass(buffer, 100);
    deleteDirectory();
    buffer.close();
    open = null;
    assertThat(buffer.left()).isNull();
  }

  @Test
  void whatWasNotDoneIsShippedAfterARestartAndWhatWasIsNot() throws Exception {
    shippers = new String[] {"a", "b"};
    DiskBuffer buffer = buffer();
    for (int i = 0; i < 30; i++) {
      append(buffer, i + " " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    for (int i = 0; i < 17; i++) {
      buffer.cursor("a").done(take(buffer, "a"), 0, "");
    }
    take(buffer, "a");
    pass(buffer, 1000);
    DiskBuffer again = buffer();
    assertThat(ledger.snapshot())
        .allMatch(row -> row.bytes().closes())
        .extracting(Ledger.Row::shipper, Ledger.Row::records)
        .containsExactlyInAnyOrder(
            tuple("a", new Ledger.Amounts(26, 0, 0, 0, 0, 0, 0, 26)),
            tuple("b", new Ledger.Amounts(60, 0, 0, 0, 0, 0, 0, 60)));
    assertThat(again.cursor("a").openRecords()).isEqualTo(26);
    assertThat(ship(again, "a")).hasSize(13).startsWith("17").endsWith("29");
    assertThat(ship(again, "b")).hasSize(30).startsWith("0").endsWith("29");
    append(again, "new");
    assertThat(ship(again, "a")).containsExactly("new");
    assertThat(again.cursor("a").openBatches()).isZero();
  }

  @Test
  void whatWasDoneATwentiethOfASecondBeforeAKillIsNotShippedAgain() throws Exception {
    shippers = new String[] {"a", "b"};
    DiskBuffer buffer = buffer();
    pass(buffer, 0);
    for (int i = 0; i < 6; i++) {
      append(buffer, String.valueOf(i));
      buffer.cursor("a").done(take(buffer, "a"), 0, "");
      pass(buffer, 50);
    }
    append(buffer, "6");
    ship(buffer, "a");
    pass(buffer, 49);
    DiskBuffer again = buffer();
    assertThat(ship(again, "a")).containsExactly("6");
    assertThat(ship(again, "b")).hasSize(7);
  }

  /// Its thread sleeps until then, or is woken.
  @Test
  void shipperThatMovesWakesTheThreadOnceForEachTimeItsPlaceIsWritten() throws Exception {
    DiskBuffer buffer = buffer();
    for (int i = 0; i < 4; i++) {
      append(buffer, String.valueOf(i));
    }
    pass(buffer, 100);
    pass(buffer, 1000);
    assertThat(buffer.waitNanos(nowNanos)).isEqualTo(DiskBuffer.TEND_NANOS);
    List<Long> woken = new ArrayList<>();
    buffer.onWork(() -> woken.add(buffer.waitNanos(nowNanos)));
    nowNanos += TimeUnit.MILLISECONDS.toNanos(20);
    for (int i = 0; i < 3; i++) {
      buffer.cursor("events").done(take(buffer, "events"), 0, "");
    }
    assertThat(woken).containsExactly(TimeUnit.MILLISECONDS.toNanos(30));
    pass(buffer, 30);
    buffer.cursor("events").done(take(buffer, "events"), 0, "");
    assertThat(woken).hasSize(2);
  }

  @Test
  void numbersAreNeverUsedTwiceThoughTheLogLostItsEnd() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    append(buffer, "two");
    ship(buffer, "events");
    close();
    try (var files = Files.newDirectoryStream(directory(), "*.log")) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    DiskBuffer again = buffer();
    append(again, "three");
    Entry entry = take(again, "events");
    assertThat(text(entry)).isEqualTo("three");
    assertThat(entry.sequence()).isEqualTo(3);
  }

  @Test
  void logThatEndsBeforeWhatADestinationHasGetsAnotherId() throws Exception {
    syncedOnly = Set.of("events");
    DiskBuffer buffer = buffer();
    buffer.stored("events", 0, 0);
    append(buffer, "one");
    append(buffer, "two");
    pass(buffer, 10);
    long id = buffer.logId();
    close();
    DiskBuffer again = buffer();
    again.stored("events", id, 2);
    assertThat(again.logId()).isEqualTo(id);
    // It stores with the log's numbers from now on.
    again.stored("events", id, 3);
    assertThat(again.logId()).isEqualTo(id);
    assertThat(notices).isEmpty();
    close();
    again = buffer();
    again.stored("events", id, 3);
    assertThat(again.logId()).isNotEqualTo(id).isNotZero();
    assertThat(notices).hasSize(1).first().asString().contains("what it holds is shipped again");
    assertThat(ship(again, "events")).containsExactly("one", "two");
  }

  /// What was appended while the destination was away has numbers that it has stored of other records.
  @Test
  void logThatWasPutBackIsNoticedAtALaterStart() throws Exception {
    syncedOnly = Set.of("events");
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    pass(buffer, 10);
    long id = buffer.logId();
    for (int i = 0; i < 3; i++) {
      close();
      append(buffer(), "more");
      pass(Objects.requireNonNull(open), 10);
    }
    DiskBuffer last = buffer();
    last.stored("events", id, 3);
    assertThat(last.logId()).isNotEqualTo(id).isNotZero();
    assertThat(ship(last, "events")).containsExactly("one", "more", "more", "more");
  }

  @Test
  void logThatADestinationHasFollowedIsNotTakenForACopy() throws Exception {
    syncedOnly = Set.of("events");
    DiskBuffer buffer = buffer();
    long id = buffer.logId();
    for (int i = 1; i <= 3; i++) {
      buffer.stored("events", id, i - 1);
      append(buffer, "more");
      pass(buffer, 10);
      close();
      buffer = buffer();
    }
    buffer.stored("events", id, 3);
    assertThat(buffer.logId()).isEqualTo(id);
    assertThat(notices).isEmpty();
  }

  /// As on a full disk, which takes no new file.
  @Test
  void logThatADestinationHasFollowedIsNotTakenForACopyThoughThatCouldNotBeStored()
      throws Exception {
    syncedOnly = Set.of("events");
    DiskBuffer buffer = buffer();
    long id = buffer.logId();
    Path inTheWay = Files.createDirectory(directory().resolve("unconfirmed.tmp"));
    buffer.stored("events", id, 0);
    append(buffer, "one");
    pass(buffer, 10);
    assertThat(ship(buffer, "events")).containsExactly("one");
    Files.delete(inTheWay);
    DiskBuffer again = buffer();
    again.stored("events", id, 1);
    assertThat(again.logId()).isEqualTo(id);
    assertThat(notices).noneMatch(notice -> notice.contains("is older than"));
  }

  @Test
  void shipperThatMaySeeOnlySyncedBatchesWaitsForTheSync() throws Exception {
    syncedOnly = Set.of("events");
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    assertThat(next(buffer, "events")).isNull();
    pass(buffer, 10);
    assertThat(ship(buffer, "events")).containsExactly("one");
  }

  /// A power failure takes it away, and another batch gets its number, which the destination would count as stored.
  @Test
  void whatCouldNotBeSyncedIsShippedWithoutItsNumber() throws Exception {
    syncedOnly = Set.of("events");
    DiskBuffer buffer = buffer();
    append(buffer, "synced");
    pass(buffer, 10);
    append(buffer, "not synced");
    deleteDirectory();
    assertThat(take(buffer, "events").hasNumber()).isTrue();
    assertThat(next(buffer, "events")).isNull();
    pass(buffer, 100);
    Entry entry = take(buffer, "events");
    assertThat(text(entry)).isEqualTo("not synced");
    assertThat(entry.isStored()).isTrue();
    assertThat(entry.hasNumber()).isFalse();
    heal();
    pass(buffer, 1000);
    append(buffer, "synced again");
    pass(buffer, 10);
    assertThat(take(buffer, "events").hasNumber()).isTrue();
  }

  @Test
  void fullBufferHoldsSourcesBackUntilShippersHavePassed() throws Exception {
    DiskBuffer buffer = buffer();
    int appended = fill(buffer);
    assertThat(buffer.hasRoomForFiles()).isFalse();
    assertThat(buffer.hasRoomForRequests()).isFalse();
    assertThat(buffer.status().bytes()).isLessThanOrEqualTo(8 * MIB);
    assertThat(ship(buffer, "events")).hasSize(appended);
    List<String> room = new ArrayList<>();
    buffer.onRoom(() -> room.add("room"));
    pass(buffer, 50);
    assertThat(buffer.hasRoomForFiles()).isTrue();
    assertThat(buffer.hasRoomForRequests()).isTrue();
    assertThat(room).isNotEmpty();
  }

  @Test
  void nobodyWaitsWhileSegmentsAreDeleted() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "1 " + "x".repeat(100_000));
    pass(buffer, 100);
    keepFromBeingDeleted(SegmentLog.files(directory()).getFirst());
    for (int i = 0; i < 20; i++) {
      append(buffer, "2 " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    assertThat(ship(buffer, "events")).hasSize(21);
    pass(buffer, 1000);
    assertThat(notices).hasSize(1).first().asString().contains("cannot be deleted");
    assertThat(heldUp).isFalse();
  }

  private static void keepFromBeingDeleted(Path file) throws IOException {
    Files.delete(file);
    Files.createFile(obstacle(Files.createDirectory(file)));
  }

  private static Path obstacle(Path file) {
    return file.resolve("not empty");
  }

  @Test
  void whatCannotBeDeletedCountsAndIsDeletedOnceItCanBe() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "1 " + "x".repeat(400_000));
    append(buffer, "2 " + "x".repeat(400_000));
    append(buffer, "3");
    Path file = SegmentLog.files(directory()).getFirst();
    keepFromBeingDeleted(file);
    long bytes = buffer.status().bytes();
    assertThat(ship(buffer, "events")).hasSize(3);
    for (int i = 0; i < 3; i++) {
      pass(buffer, 1000);
    }
    assertThat(notices).hasSize(1).first().asString().contains("cannot be deleted");
    assertThat(file).exists();
    assertThat(buffer.status().bytes()).isEqualTo(bytes);
    Files.delete(obstacle(file));
    pass(buffer, 1000);
    assertThat(file).doesNotExist();
    assertThat(buffer.status().bytes()).isLessThan(bytes - 400_000);
    assertThat(notices).hasSize(1);
    assertThat(buffer.problem()).isNull();
  }

  @Test
  void bufferThatIsFullOfWhatCannotBeDeletedGoesOnInMemory() throws Exception {
    DiskBuffer buffer = buffer();
    while (buffer.hasRoomForFiles()) {
      append(buffer, "many " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    List<Path> files = SegmentLog.files(directory());
    for (Path file : files) {
      keepFromBeingDeleted(file);
    }
    ship(buffer, "events");
    List<String> room = new ArrayList<>();
    buffer.onRoom(() -> room.add("room"));
    for (int i = 0; i < 3; i++) {
      pass(buffer, 1000);
    }
    assertThat(buffer.problem()).contains("cannot be deleted");
    assertThat(room).isNotEmpty();
    assertThat(buffer.hasRoomForFiles()).isTrue();
    assertThat(buffer.hasRoomForRequests()).isTrue();
    append(buffer, "next");
    assertThat(ship(buffer, "events")).containsExactly("next");
    for (Path file : files) {
      Files.delete(obstacle(file));
    }
    for (int i = 0; i < 3; i++) {
      pass(buffer, 1000);
    }
    assertThat(buffer.problem()).isNull();
    assertThat(buffer.status().bytes()).isLessThan(100_000);
    assertThat(files).noneMatch(Files::exists);
  }

  /// It makes no room.
  @Test
  void nothingMoreIsDroppedWhereTheOldestCannotBeDeleted() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    DiskBuffer buffer = buffer();
    int appended = 0;
    while (buffer.status().bytes() < 6 * MIB) {
      append(buffer, appended++ + " " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    Path oldest = SegmentLog.files(directory()).getFirst();
    keepFromBeingDeleted(oldest);
    for (int i = 0; i < 40; i++) {
      append(buffer, appended++ + " " + "x".repeat(100_000));
      pass(buffer, 1000);
      assertThat(buffer.status().bytes()).isLessThanOrEqualTo(8 * MIB);
    }
    assertThat(buffer.problem()).contains("cannot be deleted");
    assertThat(metrics.value(Counter.SHIPPER_DROPPED, "events")).isBetween(2L, 10L);
    Files.delete(obstacle(oldest));
    pass(buffer, 1000);
    assertThat(buffer.problem()).isNull();
    assertThat(ship(buffer, "events")).endsWith(String.valueOf(appended - 1));
  }

  private void assertRoomComes(DiskBuffer buffer) {
    assertThat(buffer.hasRoomForRequests()).isFalse();
    for (int i = 0; i < 3; i++) {
      pass(buffer, 1000);
    }
    assertThat(buffer.hasRoomForFiles()).isTrue();
    assertThat(buffer.hasRoomForRequests()).isTrue();
    assertThat(buffer.problem()).isNull();
  }

  /// One that is larger than the buffer is about to be.
  private DiskBuffer withALargeSegmentThatIsPassed() throws Exception {
    maxBytes = 512 * MIB;
    DiskBuffer buffer = buffer();
    for (int i = 0; i < 100; i++) {
      append(buffer, i + " " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    assertThat(ship(buffer, "events")).hasSize(100);
    return buffer;
  }

  @Test
  void newestSegmentDoesNotFillASmallerBufferOnceItIsPassed() throws Exception {
    DiskBuffer buffer = withALargeSegmentThatIsPassed();
    pass(buffer, 1000);
    maxBytes = 8 * MIB;
    buffer.change(settings());
    assertRoomComes(buffer);
    append(buffer, "next");
    assertThat(ship(buffer, "events")).containsExactly("next");
    assertThat(buffer().positions()).hasSize(1);
  }

  @Test
  void newestSegmentDoesNotFillASmallerBufferAtTheNextStartEither() throws Exception {
    var _ = withALargeSegmentThatIsPassed();
    close();
    // A segment that was begun and no more: its number is not used.
    Files.createFile(directory().resolve("00000000000000000101.log"));
    maxBytes = 8 * MIB;
    DiskBuffer again = buffer();
    assertThat(ship(again, "events")).isEmpty();
    assertRoomComes(again);
    append(again, "next");
    assertThat(take(again, "events").sequence()).isGreaterThan(100);
  }

  @Test
  void segmentsThatWereBegunInOneGroupDoNotFillTheBufferOnceTheyArePassed() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "1 " + "x".repeat((int) (4 * MIB)));
    append(buffer, "2 " + "x".repeat((int) (4 * MIB)));
    pass(buffer, 100);
    assertThat(ship(buffer, "events")).containsExactly("1", "2");
    assertRoomComes(buffer);
    assertThat(told).containsExactly("1", "2");
  }

  @Test
  void segmentsThatCouldNotBeSyncedDoNotFillTheBufferOnceTheyArePassed() throws Exception {
    DiskBuffer buffer = buffer();
    for (int i = 1; i <= 2; i++) {
      append(buffer, i + " " + "x".repeat((int) (4 * MIB)));
      deleteDirectory();
      pass(buffer, 100);
      heal();
      pass(buffer, 1000);
    }
    assertThat(buffer.problem()).isNull();
    assertThat(ship(buffer, "events")).containsExactly("1", "2");
    assertRoomComes(buffer);
    append(buffer, "next");
    pass(buffer, 100);
    assertThat(told).containsExactly("1", "2", "next");
    assertThat(buffer.positions()).hasSize(1);
  }

  private int fill(DiskBuffer buffer) {
    for (int i = 0; i < 200; i++) {
      if (!buffer.hasRoomForFiles()) {
        return i;
      }
      append(buffer, i + " " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    return 200;
  }

  @Test
  void oldestAreDroppedForNewOnesAndCounted() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    shippers = new String[] {"live", "dead"};
    DiskBuffer buffer = buffer();
    for (int i = 0; i < 200; i++) {
      assertThat(buffer.hasRoomForFiles()).isTrue();
      append(buffer, i + " " + "x".repeat(100_000));
      assertThat(ship(buffer, "live")).containsExactly(String.valueOf(i));
      pass(buffer, 100);
      assertThat(buffer.status().bytes()).isLessThanOrEqualTo(8 * MIB);
    }
    List<String> late = ship(buffer, "dead");
    assertThat(late).hasSizeBetween(60, 80).endsWith("198", "199");
    long dropped = 2L * (200 - late.size());
    assertThat(metrics.value(Counter.SHIPPER_DROPPED, "dead")).isEqualTo(dropped);
    assertThat(metrics.value(Counter.SHIPPER_DROPPED, "live")).isZero();
    assertThat(ledger.snapshot())
        .allMatch(row -> row.bytes().closes())
        .extracting(Ledger.Row::shipper, Ledger.Row::records)
        .contains(tuple("dead", new Ledger.Amounts(400, 400 - dropped, 0, 0, 0, 0, dropped, 0)));
    assertThat(buffer.cursor("dead").openBatches()).isZero();
    assertThat(told).hasSize(200);
  }

  private static byte[] bytes(long generation, long from, long to) {
    return new Positions(generation, from, to, 0, 0).encode();
  }

  @Test
  void bytesOfTheOldestThatAreDroppedAreNamedForTheShipperThatNeverGetsThem() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    shippers = new String[] {"live", "dead", "slow"};
    DiskBuffer buffer = buffer();
    Entry inHand = null;
    for (int i = 0; i < 200; i++) {
      append(buffer, i + " " + "x".repeat(100_000), bytes(7, 10L * i, 10L * i + 10));
      append(buffer, "request", new byte[0]);
      ship(buffer, "live");
      inHand = inHand == null ? take(buffer, "slow") : inHand;
      pass(buffer, 100);
    }
    long first = Long.parseLong(text(take(buffer, "dead")));
    assertThat(first).isGreaterThan(100);
    assertThat(ledger.drops().files())
        .containsOnly(
            entry(
                7L,
                new DroppedFile(
                    "app",
                    List.of(
                        new Dropped(
                            "dead",
                            "full",
                            10 * first,
                            false,
                            List.of(new ByteRange(0, 10 * first))),
                        new Dropped(
                            "slow",
                            "full",
                            10 * first - 10,
                            false,
                            List.of(new ByteRange(10, 10 * first)))))));
    long dropped = metrics.value(Counter.SHIPPER_DROPPED, "dead");
    assertThat(ledger.drops().takeEpisodes())
        .extracting(Drops.Episode::shipper, Drops.Episode::records)
        .containsExactly(tuple("dead", dropped), tuple("slow", dropped - 2));
    assertThat(ledger.drops().hasEpisodes()).isFalse();
    // It goes with the process.
    buffer.close();
    open = null;
    assertThat(Objects.requireNonNull(ledger.drops().files().get(7L)).parts().getLast().ranges())
        .containsExactly(new ByteRange(0, 10 * first));
  }

  @Test
  void deliveryOfAFileIsKnownWhenEveryShipperHasAllThatWasThere() throws Exception {
    shippers = new String[] {"live", "dead", "metrics"};
    signalsOf.put("metrics", Set.of(Signal.METRICS));
    DiskBuffer buffer = buffer();
    append(buffer, "one", bytes(7, 0, 10));
    append(buffer, "two", bytes(7, 10, 25));
    BooleanSupplier delivery = buffer.delivery();
    append(buffer, "three", bytes(8, 0, 5));
    append(buffer, Signal.METRICS, "of another signal", When.DURABLE);
    ship(buffer, "live");
    assertThat(delivery.getAsBoolean()).isFalse();
    Entry first = take(buffer, "dead");
    Entry second = take(buffer, "dead");
    buffer.cursor("dead").done(second, 0, "");
    assertThat(delivery.getAsBoolean()).isFalse();
    buffer.cursor("dead").done(first, 0, "");
    assertThat(delivery.getAsBoolean()).isTrue();
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
  }

  /// A hundred batches of file 7, of ten bytes each.
  private void appendMoreThanThereIsRoomFor(DiskBuffer buffer) throws IOException {
    for (int i = 0; i < 100; i++) {
      append(buffer, i + " " + "x".repeat(100_000), bytes(7, 10L * i, 10L * i + 10));
      pass(buffer, 100);
    }
  }

  /// Its file is the only one that still has it.
  @Test
  void nothingIsDeliveredOnceSomethingWasDamaged() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "one", bytes(7, 0, 10));
    BooleanSupplier before = buffer.delivery();
    append(buffer, "two", bytes(7, 10, 25));
    append(buffer, "three", bytes(8, 0, 5));
    flip("two");
    assertThat(ship(buffer, "events")).containsExactly("one", "three");
    // The round in which the bytes are told has not come.
    assertThat(before.getAsBoolean()).isFalse();
    pass(buffer, 100);
    assertThat(before.getAsBoolean()).isFalse();
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
  }

  /// Nor by a process that finds nothing of it any more, before somebody has seen to it.
  @Test
  void nothingIsDeliveredAfterAProcessThatHasFoundSomethingDamaged() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "one", bytes(7, 0, 10));
    append(buffer, "two", bytes(7, 10, 20));
    Path damaged = segments().getFirst();
    append(buffer, noise(1, 600_000), bytes(7, 20, 30));
    append(buffer, noise(2, 600_000), bytes(7, 30, 40));
    pass(buffer, 100);
    flip("two");
    assertThat(ship(buffer, "events")).hasSize(3);
    pass(buffer, 2_000);
    assertThat(damaged).doesNotExist();
    buffer.close();

    notices.clear();
    DiskBuffer next = buffer();
    assertThat(notices).singleElement().asString().contains("after_shipped: delete", "given-up");
    assertThat(next.log().damagedBytes()).isZero();
    append(next, "three", bytes(7, 40, 50));
    ship(next, "events");
    assertThat(next.delivery().getAsBoolean()).isFalse();

    Files.delete(directory().resolve("given-up"));
    next = buffer();
    ship(next, "events");
    assertThat(next.delivery().getAsBoolean()).isTrue();
  }

  @Test
  void nothingIsDeliveredOnceSomethingOfAFileWasDroppedForAShipper() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    DiskBuffer buffer = buffer();
    appendMoreThanThereIsRoomFor(buffer);
    // That goes with files that are deleted.
    buffer.change(new BufferSettings(type, directory(), maxBytes, OnFull.BACKPRESSURE));
    assertThat(ship(buffer, "events")).hasSizeLessThan(100).endsWith("99");
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
  }

  @Test
  void nothingIsDeliveredOnceTheNewestOfAFileWasDropped() throws Exception {
    onFull = OnFull.DROP_NEWEST;
    DiskBuffer buffer = buffer();
    appendMoreThanThereIsRoomFor(buffer);
    assertThat(ship(buffer, "events")).hasSizeLessThan(100);
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
  }

  private DiskBuffer withOneThatWaitsForBoth() throws IOException {
    shippers = new String[] {"live", "away"};
    DiskBuffer buffer = buffer();
    append(buffer, "one", bytes(7, 0, 10));
    ship(buffer, "live");
    pass(buffer, 100);
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
    return buffer;
  }

  @Test
  void nothingIsDeliveredOnceAShipperWasRemovedWhichLeavesSomethingOfAFile() throws Exception {
    DiskBuffer buffer = withOneThatWaitsForBoth();
    Cursor away = buffer.cursor("away");
    buffer.change(Map.of("live", Set.of(Signal.LOGS)));
    buffer.release(List.of(new Cursors.Leaving(away, List.of())), List.of());
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
  }

  @Test
  void nothingIsDeliveredOnceAShipperTakesNoLogsAnyMoreThatWaitForIt() throws Exception {
    DiskBuffer buffer = withOneThatWaitsForBoth();
    buffer.change(Map.of("live", Set.of(Signal.LOGS), "away", Set.of(Signal.TRACES)));
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
  }

  @Test
  void nothingIsDeliveredWhileAShipperHasLogsInHandThatItTakesNoMore() throws Exception {
    DiskBuffer buffer = withOneThatWaitsForBoth();
    Entry inHand = take(buffer, "away");
    buffer.change(Map.of("live", Set.of(Signal.LOGS), "away", Set.of(Signal.TRACES)));
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
    buffer.cursor("away").done(inHand, 0, "");
    assertThat(buffer.delivery().getAsBoolean()).isTrue();
  }

  @Test
  void bytesBehindASegmentThatCannotBeReadAreNamedForAShipperThatIsRemoved() throws Exception {
    shippers = new String[] {"live", "away"};
    DiskBuffer buffer = buffer();
    append(buffer, noise(1, 600_000), bytes(7, 0, 10));
    append(buffer, noise(2, 600_000), bytes(7, 10, 20));
    append(buffer, noise(3, 600_000), bytes(7, 20, 30));
    pass(buffer, 100);
    Path first = segments().getFirst();
    try (FileChannel channel = FileChannel.open(first, StandardOpenOption.WRITE)) {
      channel.truncate(0);
    }
    Cursor away = buffer.cursor("away");
    buffer.change(Map.of("live", Set.of(Signal.LOGS)));
    buffer.release(List.of(new Cursors.Leaving(away, List.of())), List.of());
    assertThat(Objects.requireNonNull(ledger.drops().files().get(7L)).parts())
        .flatExtracting(Dropped::ranges)
        .contains(new ByteRange(10, 30));
  }

  private List<Path> segments() throws IOException {
    try (Stream<Path> files = Files.list(directory())) {
      return files.filter(file -> file.toString().endsWith(".log")).sorted().toList();
    }
  }

  @Test
  void whatAnotherShipperGetsInsteadOfOneThatWasRemovedIsDeliveredByThat() throws Exception {
    DiskBuffer buffer = withOneThatWaitsForBoth();
    Cursor away = buffer.cursor("away");
    Entry taken = take(buffer, "away");
    append(buffer, "two", bytes(7, 10, 20));
    buffer.change(Map.of("live", Set.of(Signal.LOGS), "heir", Set.of(Signal.LOGS)));
    buffer.release(
        List.of(new Cursors.Leaving(away, List.of(taken))), List.of(buffer.cursor("heir")));
    ship(buffer, "live");
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
    assertThat(ship(buffer, "heir")).containsExactly("one", "two");
    assertThat(buffer.delivery().getAsBoolean()).isTrue();
  }

  @Test
  void aSignalThatIsOfNoFileMayBeGivenUp() throws Exception {
    shippers = new String[] {"live", "spans"};
    signalsOf.put("spans", Set.of(Signal.TRACES));
    DiskBuffer buffer = buffer();
    append(buffer, "one", bytes(7, 0, 10));
    buffer.append(
        Batch.received(Signal.TRACES, new byte[1], 0, 1, 1, "otlp"),
        0,
        When.DURABLE,
        (no, why) -> {});
    Cursor spans = buffer.cursor("spans");
    buffer.change(Map.of("live", Set.of(Signal.LOGS)));
    buffer.release(List.of(new Cursors.Leaving(spans, List.of())), List.of());
    ship(buffer, "live");
    assertThat(buffer.delivery().getAsBoolean()).isTrue();
  }

  @Test
  void requestThatWaitsAsideDoesNotKeepFilesFromBeingDelivered() throws Exception {
    signalsOf.put("events", Set.of(Signal.LOGS, Signal.TRACES));
    DiskBuffer buffer = buffer();
    assertThat(budget.tryReserve(1)).isTrue();
    buffer.append(
        new Batch(Signal.TRACES, new byte[1], 0, 1, 1, "otlp", "", new byte[0]),
        1,
        When.DURABLE,
        (rejected, reason) -> {});
    append(buffer, "one", bytes(7, 0, 10));
    pass(buffer, 20);
    Entry request = take(buffer, "events");
    assertThat(buffer.cursor("events").setAside(request, "no topic", nowNanos)).isTrue();
    Entry line = take(buffer, "events");
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
    assertThat(buffer.cursor("events").setAside(line, "no topic", nowNanos)).isTrue();
    assertThat(buffer.delivery().getAsBoolean()).isFalse();
    nowNanos += TimeUnit.SECONDS.toNanos(1);
    Cursor cursor = buffer.cursor("events");
    for (Entry again = cursor.nextAside(nowNanos, false);
        again != null;
        again = cursor.nextAside(nowNanos, false)) {
      if (again.fromFile()) {
        cursor.done(again, 0, "");
      } else {
        assertThat(cursor.setAside(again, "no topic", nowNanos)).isTrue();
      }
    }
    assertThat(buffer.delivery().getAsBoolean()).isTrue();
  }

  @Test
  void whatWaitsAsideWaitsForWhatIsTriedOfItAndNotForWhatIsHeld() throws Exception {
    DiskBuffer buffer = buffer();
    Cursor cursor = buffer.cursor("events");
    for (String text : List.of("one", "two", "three")) {
      append(buffer, text);
    }
    pass(buffer, 20);
    for (int i = 0; i < 3; i++) {
      assertThat(cursor.setAside(take(buffer, "events"), i == 0 ? "no topic" : null, nowNanos))
          .isTrue();
    }
    nowNanos += TimeUnit.SECONDS.toNanos(1);
    Entry tried = Objects.requireNonNull(cursor.nextAside(nowNanos, false));
    assertThat(text(tried)).isEqualTo("one");
    nowNanos += TimeUnit.SECONDS.toNanos(30);
    assertThat(cursor.nextAside(nowNanos, false)).isNull();
    assertThat(cursor.asideWaitNanos(nowNanos)).isEqualTo(Long.MAX_VALUE);
    cursor.parked(tried);
    assertThat(text(Objects.requireNonNull(cursor.nextAside(nowNanos, false)))).isEqualTo("two");
  }

  @Test
  void bytesOfTheNewestThatAreDroppedAreNamed() throws Exception {
    onFull = OnFull.DROP_NEWEST;
    DiskBuffer buffer = buffer();
    appendMoreThanThereIsRoomFor(buffer);
    long shipped = 10L * ship(buffer, "events").size();
    assertThat(Objects.requireNonNull(ledger.drops().files().get(7L)).parts())
        .containsExactly(
            new Dropped(
                "events", "full", 1_000 - shipped, false, List.of(new ByteRange(shipped, 1_000))));
  }

  @Test
  void bytesOfWhatIsDamagedLieWithinTheRangeThatIsNamed() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "one", bytes(7, 0, 10));
    append(buffer, "two", bytes(7, 10, 25));
    append(buffer, "another file's", bytes(8, 0, 5));
    append(buffer, "three", bytes(7, 25, 30));
    flip("two");
    assertThat(ship(buffer, "events")).hasSize(3);
    pass(buffer, 100);
    assertThat(ledger.drops().files())
        .containsOnly(
            entry(
                7L,
                new DroppedFile(
                    "app",
                    List.of(
                        new Dropped(
                            "events", "damaged", 15, true, List.of(new ByteRange(10, 25)))))));
  }

  private static Dropped damagedWithin(long bytes, long from, long to) {
    return new Dropped("events", "damaged", bytes, true, List.of(new ByteRange(from, to)));
  }

  /// A number that nobody took a batch of is no damage, though something was damaged before it in its segment.
  @Test
  void numbersThatWereUsedForNobodyBehindDamageAreNoDamage() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "one", bytes(7, 0, 10));
    append(buffer, "two", bytes(7, 10, 25));
    append(buffer, "three", bytes(7, 25, 30));
    append(buffer, Signal.TRACES, "of nobody", When.DURABLE);
    append(buffer, "four, behind lines that were filtered", bytes(7, 40, 50));
    flip("two");
    assertThat(ship(buffer, "events")).hasSize(3);
    pass(buffer, 100);
    assertThat(Objects.requireNonNull(ledger.drops().files().get(7L)).parts())
        .containsExactly(damagedWithin(15, 10, 25));
  }

  /// The round that would tell them comes after the append that makes room.
  @Test
  void bytesOfWhatIsDamagedAreNamedThoughTheirSegmentIsFreedAtOnce() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    DiskBuffer buffer = buffer();
    append(buffer, noise(1, 400_000), bytes(7, 0, 10));
    append(buffer, "Two", bytes(7, 10, 25));
    int i = 2;
    for (; buffer.status().bytes() < 7 * MIB; i++) {
      append(buffer, noise(i, 600_000), bytes(7, 15L * i - 5, 15L * i + 10));
      pass(buffer, 100);
    }
    flip("Two");
    assertThat(ship(buffer, "events")).hasSize(i - 1);
    append(buffer, "last", bytes(7, 15L * i - 5, 15L * i + 10));
    assertThat(buffer.status().bytes()).isLessThan(2 * MIB);
    assertThat(Objects.requireNonNull(ledger.drops().files().get(7L)).parts())
        .containsExactly(damagedWithin(15, 10, 25));
  }

  @Test
  void bytesOfAllThatIsDamagedInASegmentAreNamedEachByItself() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "one", bytes(7, 0, 10));
    append(buffer, "two", bytes(7, 10, 25));
    append(buffer, "other one", bytes(8, 0, 5));
    append(buffer, "three", bytes(7, 25, 30));
    append(buffer, "other two", bytes(8, 5, 10));
    append(buffer, "four", bytes(7, 30, 40));
    flip("two");
    flip("other two");
    flip("four");
    pass(buffer, 100);
    assertThat(ship(buffer, "events")).containsExactly("one", "other one", "three");
    pass(buffer, 100);
    Map<Long, DroppedFile> files = ledger.drops().files();
    assertThat(Objects.requireNonNull(files.get(8L)).parts())
        .containsExactly(damagedWithin(5, 5, 10));
    assertThat(Objects.requireNonNull(files.get(7L)).parts())
        .containsExactly(damagedWithin(25, 10, 40));
  }

  private Entry firstInHandOfDropped(DiskBuffer buffer) {
    append(buffer, "first");
    Entry inHand = Objects.requireNonNull(next(buffer, "events"));
    for (int i = 0; i < 100; i++) {
      append(buffer, i + " " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    assertThat(notices)
        .filteredOn(line -> line.contains("in hand"))
        .singleElement()
        .asString()
        .contains("is full", "is dropped", "events=2");
    assertThat(heldUp).isFalse();
    assertThat(buffer.cursor("events").unkeptRecords()).isEqualTo(2);
    return inHand;
  }

  @Test
  void whatAShipperHasInHandOfWhatIsDroppedIsToldAndMayBeShipped() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    DiskBuffer buffer = buffer();
    buffer.cursor("events").done(firstInHandOfDropped(buffer), 0, "");
    assertThat(buffer.cursor("events").unkeptRecords()).isZero();
    assertThat(ledger.snapshot().getFirst().records().shipped()).isEqualTo(2);
  }

  @Test
  void whatAShipperHasInHandOfWhatIsDroppedIsDroppedAtTheEnd() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    DiskBuffer buffer = buffer();
    assertThat(firstInHandOfDropped(buffer)).isNotNull();
    long dropped = metrics.value(Counter.SHIPPER_DROPPED, "events");
    buffer.close();
    open = null;
    assertThat(metrics.value(Counter.SHIPPER_DROPPED, "events")).isEqualTo(dropped + 2);
    Ledger.Amounts records = ledger.snapshot().getFirst().records();
    assertThat(records.dropped()).isEqualTo(dropped + 2);
    assertThat(records.inFlight()).isEqualTo(202 - records.dropped());
  }

  /// What an exactly once destination has of it would come twice else: its file would be read again, under other numbers.
  @Test
  void positionsOfWhatWasDroppedAreKnownThoughAllCameBetweenTwoSyncs() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    DiskBuffer buffer = buffer();
    append(buffer, "first " + "x".repeat(600_000), new Positions(1, 0, 10, 0, 0).encode());
    for (int i = 0; i < 100; i++) {
      append(buffer, i + " " + "x".repeat(100_000), new Positions(2, 0, i, 0, 0).encode());
    }
    assertThat(ship(buffer, "events")).doesNotContain("first").contains("99");
    assertThat(buffer().positions())
        .extracting(each -> Objects.requireNonNull(Positions.decode(each)).to())
        .containsExactlyInAnyOrder(10L, 99L);
  }

  @Test
  void newestOfFilesAreDroppedAndRequestsRefused() throws Exception {
    onFull = OnFull.DROP_NEWEST;
    DiskBuffer buffer = buffer();
    for (int i = 0; i < 100; i++) {
      assertThat(buffer.hasRoomForFiles()).isTrue();
      append(buffer, i + " " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    assertThat(buffer.hasRoomForRequests()).isFalse();
    List<String> shipped = ship(buffer, "events");
    assertThat(shipped).hasSizeBetween(60, 80).startsWith("0", "1");
    assertThat(metrics.value(Counter.SHIPPER_DROPPED, "events"))
        .isEqualTo(2L * (100 - shipped.size()));
    assertThat(told).hasSize(100);
    assertThat(buffer.cursor("events").openBatches()).isZero();
  }

  @Test
  void shipperHoldsNoMoreThanItsShareOfMemory() throws Exception {
    shippers = new String[] {"a", "b"};
    DiskBuffer buffer = buffer();
    for (int i = 0; i < 60; i++) {
      append(buffer, i + " " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    List<Entry> taken = new ArrayList<>();
    for (Entry entry = next(buffer, "a"); entry != null; entry = next(buffer, "a")) {
      taken.add(entry);
    }
    assertThat(taken).hasSizeBetween(5, 59);
    assertThat(budget.heldBytes()).isLessThanOrEqualTo(4 * MIB);
    assertThat(next(buffer, "b")).isNotNull();
    buffer.cursor("a").done(taken.getFirst(), 0, "");
    assertThat(next(buffer, "a")).isNotNull();
  }

  @Test
  void vanishedDirectoryTurnsToMemoryAndBack() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "on disk");
    pass(buffer, 100);
    deleteDirectory();
    append(buffer, "synced too late");
    pass(buffer, 100);
    assertThat(buffer.problem()).contains("does not take records").contains("in memory alone");
    append(buffer, "in memory");
    assertThat(told).containsExactly("on disk");
    assertThat(ship(buffer, "events")).containsExactly("on disk", "synced too late", "in memory");
    assertThat(told).containsExactly("on disk", "synced too late", "in memory");
    pass(buffer, 1000);
    assertThat(buffer.problem()).isNotNull();
    heal();
    pass(buffer, 1000);
    assertThat(buffer.problem()).isNull();
    append(buffer, "on disk again");
    pass(buffer, 100);
    assertThat(told).endsWith("on disk again");
    assertThat(ship(buffer, "events")).containsExactly("on disk again");
    assertThat(buffer.cursor("events").openBatches()).isZero();
    assertThat(notices).last().asString().endsWith("takes records again");
  }

  /// Something else lies in its place, so that it cannot be made again.
  private void deleteDirectory() throws IOException {
    try (var files = Files.newDirectoryStream(directory())) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(directory());
    Files.createFile(directory());
  }

  private void heal() throws IOException {
    Files.delete(directory());
  }

  @Test
  void orderHoldsThroughMemoryAndBack() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "1");
    deleteDirectory();
    pass(buffer, 100);
    append(buffer, "2");
    append(buffer, "3");
    heal();
    pass(buffer, 1000);
    assertThat(buffer.problem()).isNull();
    append(buffer, "4");
    pass(buffer, 100);
    assertThat(ship(buffer, "events")).containsExactly("1", "2", "3", "4");
    assertThat(told).containsExactlyInAnyOrder("1", "2", "3", "4");
  }

  @Test
  void positionsOfTwoFilesUnderOneNameAreKeptApart() throws Exception {
    DiskBuffer buffer = buffer();
    for (long generation = 1; generation <= 2; generation++) {
      byte[] positions = new Positions(generation, 0, 10 * generation, 0, 0).encode();
      byte[] bytes = ("of " + generation).getBytes(UTF_8);
      buffer.append(
          new Batch(Signal.LOGS, bytes, 0, bytes.length, 1, "app", "key", positions),
          0,
          When.DURABLE,
          (rejected, reason) -> {});
    }
    assertThat(buffer().positions())
        .extracting(each -> Objects.requireNonNull(Positions.decode(each)).to())
        .containsExactly(10L, 20L);
  }

  /// The disk was away for a moment, in which `in memory` came.
  private void holdsOneInMemory(DiskBuffer buffer) throws IOException {
    deleteDirectory();
    pass(buffer, 1000);
    append(buffer, "in memory");
    heal();
    pass(buffer, 1000);
  }

  @Test
  void whatWasInMemoryGoesToTheLogOnceThatTakesRecordsAgain() throws Exception {
    DiskBuffer buffer = buffer();
    holdsOneInMemory(buffer);
    append(buffer, "behind it");
    pass(buffer, 100);
    assertThat(told).containsExactly("in memory", "behind it");
    assertThat(buffer.positions()).hasSize(1);
    assertThat(budget.heldBytes()).isZero();
    buffer = buffer();
    assertThat(ship(buffer, "events")).containsExactly("in memory", "behind it");
  }

  /// One shipper is away, another is shipped to exactly once, and has had the first, and has the second in hand.
  private Entry hasSecondInHand(DiskBuffer buffer) throws IOException {
    append(buffer, "0");
    pass(buffer, 1000);
    deleteDirectory();
    pass(buffer, 1000);
    for (int i = 1; i <= 4; i++) {
      append(buffer, "" + i);
    }
    Cursor once = buffer.cursor("once");
    for (int i = 0; i < 2; i++) {
      once.done(take(buffer, "once"), 0, "");
    }
    Entry second = take(buffer, "once");
    assertThat(text(second)).isEqualTo("2");
    assertThat(second.hasNumber()).isFalse();
    heal();
    pass(buffer, 1000);
    assertThat(buffer.problem()).isNull();
    return second;
  }

  @Test
  void filesAreReadOnThoughAShipperIsAwayThatHasNotGotWhatWasInMemory() throws Exception {
    shippers = new String[] {"once", "away"};
    syncedOnly = Set.of("once");
    DiskBuffer buffer = buffer();
    Entry second = hasSecondInHand(buffer);
    assertThat(buffer.hasRoomForFiles()).isTrue();
    append(buffer, "5");
    pass(buffer, 100);
    assertThat(told).containsExactly("0", "1", "2", "3", "4", "5");
    assertThat(second.hasNumber()).isTrue();
    assertThat(ship(buffer, "once"))
        .as("what it has had does not come again")
        .containsExactly("3", "4", "5");
    assertThat(buffer.cursor("once").openBatches()).isEqualTo(1);
    assertThat(buffer.cursor("once").unkeptRecords()).isZero();
    buffer.cursor("once").done(second, 0, "");
    assertThat(buffer.cursor("once").openBatches()).isZero();
    assertThat(ship(buffer, "away")).containsExactly("0", "1", "2", "3", "4", "5");
    assertThat(buffer.cursor("away").openBatches()).isZero();
    assertThat(ledger.snapshot())
        .allMatch(row -> row.records().closes() && row.bytes().closes())
        .extracting(row -> row.records().shipped())
        .containsExactly(12L, 12L);
    assertThat(budget.heldBytes()).isZero();
    pass(buffer, 1000);
    assertThat(ship(buffer(), "away")).isEmpty();
  }

  @Test
  void whatWasInMemoryIsReadFromTheLogAfterAKill() throws Exception {
    shippers = new String[] {"once", "away"};
    syncedOnly = Set.of("once");
    DiskBuffer buffer = buffer();
    hasSecondInHand(buffer);
    buffer = buffer();
    assertThat(ship(buffer, "once")).as("what it was not done with").containsExactly("2", "3", "4");
    assertThat(ship(buffer, "away")).as("0 has vanished").containsExactly("1", "2", "3", "4");
  }

  @Test
  void orderHoldsWhereARequestInMemoryStandsBetweenFiles() throws Exception {
    DiskBuffer buffer = buffer();
    deleteDirectory();
    pass(buffer, 1000);
    append(buffer, "1");
    append(buffer, "2", new byte[0]);
    append(buffer, "3");
    heal();
    pass(buffer, 1000);
    append(buffer, "4");
    pass(buffer, 100);
    assertThat(told).containsExactly("1", "3", "4");
    assertThat(ship(buffer, "events")).containsExactly("1", "2", "3", "4");
    assertThat(told).containsExactly("1", "3", "4", "2");
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void shippersThatChangedWhileTheDiskWasAwayGetTheirOwn() throws Exception {
    shippers = new String[] {"stays", "goes"};
    DiskBuffer buffer = buffer();
    append(buffer, "0");
    pass(buffer, 1000);
    deleteDirectory();
    pass(buffer, 1000);
    append(buffer, "1");
    append(buffer, "2");
    Cursor goes = buffer.cursor("goes");
    goes.done(take(buffer, "goes"), 0, "");
    Entry first = take(buffer, "goes");
    buffer.change(Map.of("stays", Set.of(Signal.LOGS), "comes", Set.of(Signal.LOGS)));
    append(buffer, "3");
    heal();
    pass(buffer, 1000);
    append(buffer, "4");
    pass(buffer, 100);
    long nobodys =
        buffer.release(
            List.of(new Cursors.Leaving(goes, List.of(first))), List.of(buffer.cursor("comes")));
    assertThat(nobodys).isZero();
    for (String shipper : List.of("stays", "comes")) {
      assertThat(ship(buffer, shipper)).containsExactly("0", "1", "2", "3", "4");
      assertThat(buffer.cursor(shipper).openBatches()).isZero();
    }
    assertThat(ledger.snapshot()).allMatch(row -> row.records().closes());
    assertThat(ledger.snapshot()).allMatch(row -> row.records().inFlight() == 0);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void signalsThatChangedWhileTheDiskWasAwayAreThoseOfWhatCameSince() throws Exception {
    shippers = new String[] {"all", "some"};
    signalsOf.put("some", Set.of(Signal.TRACES));
    DiskBuffer buffer = buffer();
    deleteDirectory();
    pass(buffer, 1000);
    append(buffer, "1");
    append(buffer, Signal.TRACES, "span", When.DURABLE);
    buffer.change(Map.of("all", Set.of(Signal.LOGS), "some", Set.of(Signal.LOGS)));
    append(buffer, "2");
    heal();
    pass(buffer, 1000);
    append(buffer, "3");
    pass(buffer, 100);
    assertThat(buffer.forgo(buffer.cursor("some"), List.of())).isZero();
    assertThat(ship(buffer, "all")).containsExactly("1", "2", "3");
    assertThat(ship(buffer, "some")).containsExactly("2", "3");
    assertThat(buffer.cursor("some").openBatches()).isZero();
    assertThat(ledger.snapshot()).allMatch(row -> row.records().closes());
    assertThat(ledger.snapshot()).allMatch(row -> row.records().inFlight() == 0);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void signalsThatChangedWhileTheDiskWasAwayAreThoseOfWhatComesOnceItIsBack() throws Exception {
    shippers = new String[] {"all", "some"};
    signalsOf.put("some", Set.of(Signal.TRACES));
    DiskBuffer buffer = buffer();
    deleteDirectory();
    pass(buffer, 1000);
    append(buffer, "1");
    buffer.change(Map.of("all", Set.of(Signal.LOGS), "some", Set.of(Signal.LOGS)));
    heal();
    pass(buffer, 1000);
    append(buffer, "2");
    pass(buffer, 100);
    assertThat(ship(buffer, "all")).containsExactly("1", "2");
    assertThat(ship(buffer, "some")).containsExactly("2");
  }

  /// Each time the disk is away the log would grow by what memory holds.
  @Test
  void noFileIsReadIntoMemoryWhileTheBufferIsFullOfWhatShippersNeed() throws Exception {
    DiskBuffer buffer = buffer();
    fill(buffer);
    deleteDirectory();
    pass(buffer, 1000);
    assertThat(buffer.problem()).isNotNull();
    assertThat(buffer.hasRoomForFiles()).isFalse();
    ship(buffer, "events");
    pass(buffer, 1000);
    assertThat(buffer.hasRoomForFiles()).isTrue();
  }

  @Test
  void segmentWithoutARecordMakesRoomLikeAnyOther() throws Exception {
    DiskBuffer buffer = buffer();
    buffer.log().beginEmpty(1, true);
    DiskCursor cursor = (DiskCursor) buffer.cursor("events");
    synchronized (buffer.lock) {
      assertThat(cursor.dropped(Objects.requireNonNull(buffer.log().oldest()))).isZero();
    }
    assertThat(metrics.value(Counter.SHIPPER_DROPPED, "events")).isZero();
  }

  @Test
  void nothingIsDroppedForWhatGoesToMemory() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    syncedOnly = Set.of("events");
    DiskBuffer buffer = buffer();
    while (buffer.status().bytes() < 7 * MIB) {
      append(buffer, "x " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    deleteDirectory();
    pass(buffer, 1000);
    append(buffer, "in memory");
    append(buffer, "behind it");
    assertThat(buffer.problem()).isNotNull();
    assertThat(metrics.value(Counter.SHIPPER_DROPPED, "events")).isZero();
    assertThat(ship(buffer, "events")).endsWith("in memory", "behind it");
  }

  @Test
  void positionsBehindARequestInMemoryCount() throws Exception {
    DiskBuffer buffer = buffer();
    deleteDirectory();
    pass(buffer, 1000);
    append(buffer, "request", new byte[0]);
    heal();
    pass(buffer, 1000);
    append(buffer, "of a file");
    pass(buffer, 100);
    assertThat(buffer.positions()).hasSize(1);
  }

  @Test
  void nothingIsDroppedWhereWhatAllHavePassedMakesRoom() throws Exception {
    shippers = new String[] {"live", "away"};
    signalsOf.put("away", Set.of(Signal.TRACES));
    for (OnFull each : List.of(OnFull.DROP_OLDEST, OnFull.DROP_NEWEST)) {
      onFull = each;
      DiskBuffer buffer = buffer();
      for (int i = 0; i < 20; i++) {
        append(buffer, Signal.TRACES, "span" + i + " " + "x".repeat(100_000), When.DURABLE);
      }
      pass(buffer, 1000);
      for (int i = 0; i < 200; i++) {
        append(buffer, i + " " + "x".repeat(100_000));
        assertThat(ship(buffer, "live")).as("%s", each).hasSize(1);
        buffer.doWork(nowNanos);
      }
      assertThat(ship(buffer, "away")).hasSize(20);
      pass(buffer, 1000);
    }
    assertThat(metrics.adder(Counter.SHIPPER_DROPPED, "away", "full").sum()).isZero();
    assertThat(metrics.adder(Counter.SHIPPER_DROPPED, "live", "full").sum()).isZero();
  }

  /// Another process may be about to write later ones.
  @Test
  void placesAreReadOnceTheDirectoryIsOurs() throws Exception {
    var _ = buffer();
    Files.write(directory().resolve("cursors"), new byte[3]);
    DiskBuffer first = Objects.requireNonNull(open);
    open = null;
    assertThatThrownBy(this::buffer).hasMessageContaining("another pannier uses");
    open = first;
    assertThat(notices).isEmpty();
  }

  @Test
  void whatTheLogHoldsIsShippedAgainWhereThePlacesAreDamaged() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    append(buffer, "two");
    pass(buffer, 2_000);
    assertThat(ship(buffer, "events")).containsExactly("one", "two");
    pass(buffer, 2_000);
    Path cursors = directory().resolve("cursors");
    byte[] bytes = Files.readAllBytes(cursors);
    bytes[bytes.length / 2] ^= 1;
    Files.write(cursors, bytes);
    assertThat(ship(buffer(), "events")).containsExactly("one", "two");
    assertThat(notices)
        .singleElement()
        .asString()
        .contains(directory().toString(), "cannot be read", "shipped again");
  }

  /// All that the log holds would be shipped again, and the later version find what this one makes of them.
  @Test
  void placesOfALaterVersionAreLeftToThatOne() throws Exception {
    append(buffer(), "one");
    pass(Objects.requireNonNull(open), 2_000);
    Path cursors = directory().resolve("cursors");
    byte[] bytes = Files.readAllBytes(cursors);
    bytes[5] = 9;
    Files.write(cursors, bytes);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(this::buffer)
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll(cursors + " ", "version 9, this pannier reads 1 to 4", "later");
    }
    assertThat(cursors).hasBinaryContent(bytes);
    assertThat(notices).isEmpty();
  }

  /// Of numbers that are far above those a shipper has passed.
  @Test
  void shipperThatIsNewInAnOldLogGetsAllThatIsThere() throws Exception {
    new CursorFile(1L << 33, Map.of("events", 1L << 33)).write(Files.createDirectory(directory()));
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    append(buffer, "two");
    pass(buffer, 2_000);
    shippers = new String[] {"events", "new"};
    buffer = buffer();
    assertThat(ship(buffer, "new")).containsExactly("one", "two");
    assertThat(notices).isEmpty();
  }

  @Test
  void largeBufferHasNoMoreSegmentsThanThereAreDescriptors() {
    for (long mib = 8; mib <= 1 << 20; mib *= 2) {
      maxBytes = mib * MIB;
      long bytes = Room.segmentBytes(settings());
      assertThat(maxBytes / bytes).isBetween(16L, 256L);
    }
  }

  @Test
  void damagedBatchIsCountedAsDropped() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    append(buffer, "two");
    append(buffer, "three");
    flip("two");
    assertThat(ship(buffer, "events")).containsExactly("one", "three");
    assertThat(ledger.snapshot())
        .allMatch(row -> row.bytes().closes())
        .extracting(Ledger.Row::shipper, Ledger.Row::records)
        .containsExactly(tuple("events", new Ledger.Amounts(6, 4, 0, 0, 0, 0, 2, 0)));
    assertThat(buffer.cursor("events").openBatches()).isZero();
    assertThat(notices).hasSize(1).first().asString().contains("are damaged and were passed over");
  }

  /// Else no position would ever count again, and the file not be read on.
  @Test
  void batchThatCouldNotBeSyncedAndIsDamagedIsToldAllTheSame() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "one");
    append(buffer, "two");
    append(buffer, "three");
    flip("two");
    deleteDirectory();
    pass(buffer, 100);
    assertThat(told).isEmpty();
    assertThat(ship(buffer, "events")).containsExactly("one", "three");
    pass(buffer, 0);
    assertThat(told).containsExactlyInAnyOrder("one", "two 2dropped: damaged", "three");
    heal();
    pass(buffer, 1000);
    append(buffer, "later");
    pass(buffer, 100);
    assertThat(buffer.positions()).hasSize(1);
  }

  @Test
  void batchThatCouldNotBeSyncedAndWasDroppedIsToldAllTheSame() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    DiskBuffer buffer = buffer();
    append(buffer, "first");
    deleteDirectory();
    pass(buffer, 100);
    heal();
    pass(buffer, 1000);
    assertThat(told).isEmpty();
    for (int i = 0; i < 100; i++) {
      append(buffer, i + " " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    assertThat(told).contains("first 2dropped: full");
    assertThat(buffer.positions()).hasSize(1);
    assertThat(ship(buffer, "events")).doesNotContain("first").endsWith("99");
  }

  @Test
  void whoAwaitsDeliveryIsToldOfWhatIsDropped() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    DiskBuffer buffer = buffer();
    append(buffer, "first", When.DELIVERED);
    for (int i = 0; i < 100; i++) {
      append(buffer, i + " " + "x".repeat(100_000));
      pass(buffer, 100);
    }
    assertThat(told).hasSize(101).contains("first 2dropped: full");
  }

  /// A request that waits for its delivery is forgotten rather than one: its client comes back.
  @Test
  void batchThatCouldNotBeSyncedIsNotForgottenForThoseThatAwaitDelivery() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "first");
    deleteDirectory();
    pass(buffer, 100);
    heal();
    pass(buffer, 1000);
    for (int i = 0; i < 5_000; i++) {
      append(buffer, "more", When.DELIVERED);
    }
    assertThat(ship(buffer, "events")).hasSize(5_001);
    assertThat(told).hasSize(1 + 4096).contains("first");
  }

  private void flip(String text) throws IOException {
    flip(text, 0);
  }

  /// @param before how many bytes
  private void flip(String text, int before) throws IOException {
    Path file = segments().getFirst();
    byte[] bytes = Files.readAllBytes(file);
    int at = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf(text);
    bytes[at - before] ^= 1;
    Files.write(file, bytes);
  }

  @Test
  void batchOfASignalThatNobodyTakesIsAcknowledgedAtOnce() throws Exception {
    DiskBuffer buffer = buffer();
    buffer.append(
        Batch.received(Signal.TRACES, new byte[1], 0, 1, 4, "otlp"),
        0,
        When.DELIVERED,
        (no, why) -> told.add("told"));
    assertThat(told).containsExactly("told");
    assertThat(metrics.value(Counter.SOURCE_UNROUTED, "otlp")).isEqualTo(4);
  }

  @Test
  void whatIsDoneBehindWhatWaitsAsideIsNotShippedAgain() throws Exception {
    DiskBuffer buffer = buffer();
    for (int i = 1; i <= 6; i++) {
      append(buffer, "r" + i);
    }
    List<Entry> taken = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      taken.add(take(buffer, "events"));
    }
    Cursor cursor = buffer.cursor("events");
    cursor.parked(taken.get(1));
    for (int i : new int[] {0, 2, 4}) {
      cursor.done(taken.get(i), 0, "");
    }
    pass(buffer, 1000);
    for (int i = 0; i < 2; i++) {
      DiskBuffer again = buffer();
      assertThat(again.cursor("events").openBatches()).isEqualTo(3);
      pass(again, 1000);
    }
    DiskBuffer last = buffer();
    append(last, "r7");
    Entry first = take(last, "events");
    assertThat(text(first)).isEqualTo("r2");
    last.cursor("events").parked(first);
    assertThat(ship(last, "events")).containsExactly("r4", "r6", "r7");
    pass(last, 1000);
    DiskBuffer behind = buffer();
    assertThat(ship(behind, "events")).containsExactly("r2");
    assertThat(behind.isEmpty()).isTrue();
    pass(behind, 1000);
    assertThat(CursorFile.read(directory()).passed()).containsEntry("events", 7L);
    assertThat(CursorFile.read(directory()).ahead()).isEmpty();
    assertThat(ledger.snapshot()).allMatch(row -> row.records().closes());
  }

  /// Text that the log cannot pack.
  private static String noise(int number, int length) {
    StringBuilder noise = new StringBuilder(number + " ");
    new Random(number).ints(length, 'a', 'z').forEach(letter -> noise.append((char) letter));
    return noise.toString();
  }

  /// Large ones, so that a segment has a few.
  private List<Entry> takeLarge(DiskBuffer buffer, int many) {
    List<Entry> taken = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      append(buffer, noise(i, 30_000));
      pass(buffer, 100);
      taken.add(take(buffer, "events"));
      assertThat(setAside(buffer, taken.get(i))).isTrue();
    }
    return taken;
  }

  private @Nullable Entry nextAside(DiskBuffer buffer) {
    return buffer.cursor("events").nextAside(nowNanos, false);
  }

  private List<String> shipAside(DiskBuffer buffer) {
    List<String> shipped = new ArrayList<>();
    nowNanos += Aside.RETRY_NANOS;
    Cursor cursor = buffer.cursor("events");
    while (cursor.asideWaitNanos(nowNanos) == 0) {
      Entry entry = nextAside(buffer);
      if (entry != null) {
        shipped.add(text(entry));
        cursor.done(entry, 0, "");
      }
    }
    return shipped;
  }

  private boolean setAside(DiskBuffer buffer, Entry entry) {
    return buffer.cursor("events").setAside(entry, "no topic", nowNanos);
  }

  @Test
  void whatIsSetAsideHoldsNoMemoryAndIsReadAgainInItsOrder() throws Exception {
    DiskBuffer buffer = buffer();
    takeLarge(buffer, 40);
    Cursor cursor = buffer.cursor("events");
    append(buffer, "new");
    Entry later = take(buffer, "events");
    assertThat(cursor.isBehindAside(later)).isTrue();
    assertThat(nextAside(buffer)).as("refused just now").isNull();
    nowNanos += Aside.RETRY_NANOS;
    Entry first = Objects.requireNonNull(nextAside(buffer));
    assertThat(text(first)).isEqualTo("0");
    assertThat(cursor.isBehindAside(first)).isFalse();
    assertThat(cursor.isBehindAside(later)).isTrue();
    assertThat(nextAside(buffer)).as("one is tried for all").isNull();
    assertThat(setAside(buffer, first)).isTrue();
    assertThat(cursor.aside().toArray()).hasSize(40);
    nowNanos += Aside.RETRY_NANOS;
    Entry again = Objects.requireNonNull(nextAside(buffer));
    assertThat(text(again)).isEqualTo("0");
    cursor.done(again, 0, "");
    Entry second = Objects.requireNonNull(nextAside(buffer));
    assertThat(text(second)).isEqualTo("1");
    Entry third = Objects.requireNonNull(nextAside(buffer));
    assertThat(text(third)).isEqualTo("2");
    assertThat(setAside(buffer, second)).isTrue();
    assertThat(cursor.isBehindAside(third)).as("the second waits again").isTrue();
    assertThat(cursor.setAside(third, null, nowNanos)).isTrue();
    assertThat(nextAside(buffer)).isNull();
    assertThat(cursor.setAside(later, null, nowNanos)).isTrue();
    assertThat(cursor.openBatches()).isEqualTo(40);
    assertThat(shipAside(buffer)).hasSize(40).startsWith("1", "2").endsWith("39", "new");
    assertThat(cursor.hasAside()).isFalse();
    pass(buffer, 1000);
    assertThat(buffer.status().segments()).isEqualTo(1);
    assertThat(CursorFile.read(directory()).passed()).containsEntry("events", 41L);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void whatIsSetAsideAndGoesForNewerOnesIsDropped() throws Exception {
    onFull = OnFull.DROP_OLDEST;
    DiskBuffer buffer = buffer();
    takeLarge(buffer, 400);
    long dropped = metrics.adder(Counter.SHIPPER_DROPPED, "events", "full").sum();
    assertThat(dropped).isPositive();
    List<String> left = shipAside(buffer);
    assertThat(2L * left.size()).isEqualTo(800 - dropped);
    assertThat(buffer.cursor("events").openBatches()).isZero();
    assertThat(ledger.snapshot()).allMatch(row -> row.records().closes());
  }

  @Test
  void whatIsSetAsideAndDamagedIsDroppedAndTheRestComes() throws Exception {
    DiskBuffer buffer = buffer();
    List<Entry> taken = takeLarge(buffer, 8);
    Path segment;
    try (Stream<Path> files = Files.list(directory())) {
      segment = files.filter(file -> file.toString().endsWith(".log")).sorted().toList().getFirst();
    }
    byte[] bytes = Files.readAllBytes(segment);
    bytes[bytes.length / 2] ^= 1;
    Files.write(segment, bytes, StandardOpenOption.WRITE);
    assertThat(shipAside(buffer)).hasSize(taken.size() - 1);
    assertThat(metrics.adder(Counter.SHIPPER_DROPPED, "events", "damaged").sum()).isEqualTo(2);
    assertThat(buffer.cursor("events").openBatches()).isZero();
    assertThat(ledger.snapshot()).allMatch(row -> row.records().closes());
  }

  @Test
  void whatIsSetAsideOfASignalThatIsNotTakenAnyMoreIsGivenUp() throws Exception {
    signalsOf.put("events", Set.of(Signal.LOGS, Signal.TRACES));
    DiskBuffer buffer = buffer();
    append(buffer, Signal.TRACES, "span", When.DURABLE);
    append(buffer, "line");
    Cursor cursor = buffer.cursor("events");
    assertThat(setAside(buffer, take(buffer, "events"))).isTrue();
    assertThat(setAside(buffer, take(buffer, "events"))).isTrue();
    buffer.change(Map.of("events", Set.of(Signal.LOGS)));
    assertThat(cursor.openBatches()).isEqualTo(1);
    assertThat(metrics.adder(Counter.SHIPPER_DROPPED, "events", "removed").sum()).isEqualTo(2);
    assertThat(shipAside(buffer)).containsExactly("line");
    assertThat(cursor.hasAside()).isFalse();
    assertThat(ledger.snapshot()).allMatch(row -> row.records().closes());
  }

  @Test
  void whatIsSetAsideByAShipperThatIsRemovedIsGivenUp() throws Exception {
    shippers = new String[] {"events", "other"};
    DiskBuffer buffer = buffer();
    append(buffer, "one", When.DELIVERED);
    append(buffer, "two");
    Cursor cursor = buffer.cursor("events");
    assertThat(setAside(buffer, take(buffer, "events"))).isTrue();
    ship(buffer, "other");
    pass(buffer, 1000);
    assertThat(told).containsExactly("two");
    buffer.change(Map.of("other", Set.of(Signal.LOGS)));
    buffer.release(List.of(new Cursors.Leaving(cursor, List.of())), List.of());
    assertThat(told).containsExactly("two", "one");
    assertThat(metrics.adder(Counter.SHIPPER_DROPPED, "events", "removed").sum()).isEqualTo(4);
    assertThat(ledger.snapshot()).allMatch(row -> row.records().closes());
    pass(buffer, 1000);
  }

  @Test
  void whatIsDoneBehindWhatIsTriedAgainIsNotShippedAgain() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "waits");
    append(buffer, "done");
    assertThat(setAside(buffer, take(buffer, "events"))).isTrue();
    buffer.cursor("events").done(take(buffer, "events"), 0, "");
    nowNanos += Aside.RETRY_NANOS;
    assertThat(nextAside(buffer)).isNotNull();
    pass(buffer, 1000);
    assertThat(ship(buffer(), "events")).containsExactly("waits");
  }

  @Test
  void placesAreReadBackWhereWhatIsOpenAheadIsNotTakenAnyMore() throws Exception {
    signalsOf.put("events", Set.of(Signal.LOGS, Signal.TRACES));
    DiskBuffer buffer = buffer();
    for (int i = 1; i <= 8; i++) {
      append(buffer, i == 6 ? Signal.TRACES : Signal.LOGS, "r" + i, When.DURABLE);
    }
    pass(buffer, 1000);
    close();
    new CursorWriter(directory())
        .replace(
            new CursorFile(
                0, Map.of("events", 3L), Map.of("events", new Ahead(10, new long[] {6}))));
    signalsOf.put("events", Set.of(Signal.LOGS));
    DiskBuffer again = buffer();
    assertThat(again.isEmpty()).isTrue();
    pass(again, 1000);
    assertThat(CursorFile.read(directory()).passed()).containsEntry("events", 8L);
  }

  @Test
  void segmentsThatWereDoneBehindWhatWaitsAreFreedAfterARestartToo() throws Exception {
    shippers = new String[] {"live"};
    DiskBuffer buffer = buffer();
    append(buffer, "waits");
    Entry waits = take(buffer, "live");
    buffer.cursor("live").parked(waits);
    appendAndShip(buffer, 200);
    assertThat(buffer.status().segments()).isLessThanOrEqualTo(3);
    DiskBuffer again = buffer();
    assertThat(text(take(again, "live"))).isEqualTo("waits");
    appendAndShip(again, 200);
    assertThat(again.status().segments()).isLessThanOrEqualTo(3);
  }

  @Test
  void whatIsDoneBehindOneThatWaitsIsNotKept() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "waits");
    Entry waits = take(buffer, "events");
    for (int i = 0; i < 1_000; i++) {
      append(buffer, String.valueOf(i));
      assertThat(ship(buffer, "events")).hasSize(1);
    }
    pass(buffer, 1000);
    assertThat(((DiskCursor) buffer.cursor("events")).taken).containsOnlyKeys(waits.sequence());
    assertThat(budget.heldBytes()).isBetween(1L + Entry.BYTES, 200L + Entry.BYTES);
  }

  @Test
  void bytesOfWhatCouldNotBeSyncedAreFreeWhileItWaitsForItsDelivery() throws Exception {
    DiskBuffer buffer = buffer();
    buffer.append(
        new Batch(Signal.LOGS, new byte[3], 0, 3, 2, "app", "key", POSITIONS),
        0,
        When.DURABLE,
        new TellingAcknowledgement(told));
    deleteDirectory();
    pass(buffer, 100);
    assertThat(told).containsExactly("free");
    ship(buffer, "events");
    assertThat(told).containsExactly("free", "delivered");
    heal();
  }

  @Test
  void whatIsDoneOutOfOrderIsPassedWhenWhatWasBeforeItIs() throws Exception {
    DiskBuffer buffer = buffer();
    append(buffer, "1");
    append(buffer, "2");
    append(buffer, "3");
    Entry first = take(buffer, "events");
    buffer.cursor("events").done(take(buffer, "events"), 0, "");
    pass(buffer, 1000);
    DiskBuffer again = buffer();
    assertThat(first.sequence()).isEqualTo(1);
    assertThat(ship(again, "events")).containsExactly("1", "2", "3");
  }
}
