package dev.pannier.collector.buffer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Acknowledgement.When;
import dev.pannier.collector.buffer.Cursors.Leaving;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.config.BufferSettings.OnFull;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.collector.receipt.Dropped;
import dev.pannier.collector.receipt.DroppedFile;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Shippers come and go while the disk buffer is at work.
class DiskBufferChangeTest {
  private static final byte[] POSITIONS = new Positions(1, 0, 1, 0, 0).encode();
  private static final long MIB = 1 << 20;
  private static final long SECOND = 1_000_000_000L;

  @TempDir private Path folder;
  private final MemoryBudget budget = new MemoryBudget(16 * MIB);
  private Ledger ledger = new Ledger();
  private final List<String> told = new ArrayList<>();
  private final Map<String, String> refused = new HashMap<>();
  private final List<String> notices = new ArrayList<>();
  private long nowNanos = SECOND;
  private OnFull onFull = OnFull.BACKPRESSURE;
  private String[] configured = {"one"};
  private DiskBuffer buffer;

  @BeforeEach
  void open() throws IOException {
    open(Set.of());
  }

  private void open(Set<String> syncedOnly) throws IOException {
    ledger = new Ledger();
    buffer =
        new DiskBuffer(
            new BufferSettings(BufferSettings.Type.DISK, folder.resolve("buffer"), 8 * MIB, onFull),
            budget,
            ledger,
            new Metrics(),
            shippers(configured),
            syncedOnly,
            () -> Instant.ofEpochMilli(nowNanos / 1_000_000),
            nowNanos,
            notices::add);
  }

  @AfterEach
  void close() {
    buffer.close();
    assertThat(ledger.snapshot())
        .allSatisfy(
            row -> {
              assertThat(row.records().closes()).isTrue();
              assertThat(row.bytes().closes()).isTrue();
            });
  }

  private static Map<String, Set<Signal>> shippers(String... names) {
    Map<String, Set<Signal>> shippers = new LinkedHashMap<>();
    for (String name : names) {
      shippers.put(name, Set.of(Signal.LOGS));
    }
    return shippers;
  }

  private void append(String text) {
    append(Signal.LOGS, text, When.DURABLE);
  }

  private void append(Signal signal, String text, When when) {
    byte[] bytes = text.getBytes(UTF_8);
    assertThat(budget.tryReserve(bytes.length)).isTrue();
    buffer.append(
        new Batch(signal, bytes, 0, bytes.length, 2, "app", "key", POSITIONS),
        bytes.length,
        when,
        (rejected, reason) -> {
          told.add(text);
          refused.put(text, rejected + " " + reason);
        });
  }

  private void tend() {
    for (int i = 0; i < 2; i++) {
      nowNanos += 2 * SECOND;
      buffer.doWork(nowNanos);
    }
  }

  private static String text(Entry entry) {
    Batch batch = entry.batch();
    return new String(batch.bytes(), batch.offset(), batch.length(), UTF_8);
  }

  private static List<String> ship(Cursor cursor) {
    List<String> shipped = new ArrayList<>();
    for (Entry entry = cursor.next(); entry != null; entry = cursor.next()) {
      shipped.add(text(entry));
      cursor.done(entry, 0, "");
    }
    return shipped;
  }

  private long inFlight(String shipper) {
    return ledger.snapshot().stream()
        .filter(row -> row.shipper().equals(shipper))
        .mapToLong(row -> row.records().inFlight())
        .sum();
  }

  @Test
  void aNewShipperBeginsWithTheOldestThatThereIsAndTheOtherGoesOn() {
    append("a");
    append("b");
    Cursor one = buffer.cursor("one");
    Entry first = Objects.requireNonNull(one.next());
    buffer.change(shippers("one", "two"));
    append("c");
    Cursor two = buffer.cursor("two");
    assertThat(two.openBatches()).isEqualTo(3);
    assertThat(buffer.cursor("one")).isSameAs(one);
    assertThat(ship(two)).containsExactly("a", "b", "c");
    one.done(first, 0, "");
    assertThat(ship(one)).containsExactly("b", "c");
    assertThat(one.openBatches() + two.openBatches()).isZero();
    assertThat(inFlight("one") + inFlight("two")).isZero();
    tend();
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aShipperThatGoesGetsWhatWasThereAndNothingMore() {
    append("a");
    append("b");
    buffer.change(shippers("one", "two"));
    Cursor one = buffer.cursor("one");
    buffer.change(shippers("two"));
    append("c");
    tend();
    assertThat(ship(one)).containsExactly("a", "b");
    assertThat(one.openBatches()).isZero();
    assertThat(buffer.release(List.of(new Leaving(one, List.of())), List.of())).isZero();
    assertThat(ship(buffer.cursor("two"))).containsExactly("a", "b", "c");
  }

  @Test
  void whatItDidNotShipIsGivenUpAndThoseWhoWaitedForItAreTold() {
    append("a");
    append(Signal.LOGS, "b", When.DELIVERED);
    append(Signal.LOGS, "c", When.DELIVERED);
    buffer.change(shippers("one", "two"));
    Cursor one = buffer.cursor("one");
    Entry taken = Objects.requireNonNull(one.next());
    ship(buffer.cursor("two"));
    buffer.change(shippers("two"));
    append(Signal.LOGS, "d", When.DELIVERED);
    tend();
    assertThat(told).containsExactly("a");
    assertThat(buffer.release(List.of(new Leaving(one, List.of(taken))), List.of())).isEqualTo(6);
    assertThat(told).containsExactly("a", "b", "c");
    assertThat(one.openBatches()).isZero();
    assertThat(inFlight("one")).isZero();
    assertThat(ship(buffer.cursor("two"))).containsExactly("d");
    assertThat(told).containsExactly("a", "b", "c", "d");
    tend();
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void whatAnotherGetsInItsSteadCountsAsReadByThatOneAlone() {
    append("a");
    append("b");
    append("c");
    buffer.change(shippers("one"));
    Cursor one = buffer.cursor("one");
    one.done(Objects.requireNonNull(one.next()), 0, "");
    Entry taken = Objects.requireNonNull(one.next());
    buffer.change(shippers("two"));
    Cursor two = buffer.cursor("two");
    assertThat(buffer.release(List.of(new Leaving(one, List.of(taken))), List.of(two))).isZero();
    assertThat(ship(two)).contains("b", "c");
    assertThat(one.openRecords()).isZero();
    assertThat(ledger.snapshot())
        .filteredOn(row -> row.shipper().equals("one"))
        .extracting(Ledger.Row::records)
        .containsExactly(new Ledger.Amounts(2, 2, 0, 0, 0, 0, 0, 0));
  }

  /// As after the death of the process, but for the lock.
  private void openAgain(String... names) throws IOException {
    tend();
    buffer.log().close();
    configured = names;
    open(Set.of());
  }

  @Test
  void whatWaitsForAShipperThatGoesIsToldByTheNextProcessWhereThisOneDies() throws Exception {
    buffer.change(shippers("one", "away"));
    append("a");
    append("b");
    append("c");
    ship(buffer.cursor("one"));
    Cursor away = buffer.cursor("away");
    away.done(Objects.requireNonNull(away.next()), 0, "");
    buffer.change(shippers("one"));
    openAgain("one");
    assertThat(notices)
        .singleElement()
        .asString()
        .contains("shipper away ", " 4 records ", "are not shipped there");
    assertThat(ledger.snapshot())
        .anyMatch(row -> row.shipper().equals("away") && row.records().dropped() == 4);
    openAgain("one");
    assertThat(notices).as("once").hasSize(1);
  }

  @Test
  void whatWaitsForAShipperThatHasEndedIsNotToldAgain() throws Exception {
    buffer.change(shippers("one", "away"));
    append("a");
    ship(buffer.cursor("one"));
    Cursor away = buffer.cursor("away");
    buffer.change(shippers("one"));
    tend();
    assertThat(buffer.release(List.of(new Leaving(away, List.of())), List.of())).isEqualTo(2);
    openAgain("one");
    assertThat(notices).isEmpty();
  }

  @Test
  void whatWaitsForAShipperThatGoesIsNotLostWhereAnotherGetsItInTheNextProcess() throws Exception {
    buffer.change(shippers("one", "old"));
    append("a");
    append("b");
    ship(buffer.cursor("one"));
    buffer.change(shippers("one", "new"));
    openAgain("one", "new");
    assertThat(notices).isEmpty();
    assertThat(ship(buffer.cursor("new"))).containsExactly("a", "b");
  }

  private void appendOf(long from, long to) {
    byte[] bytes = {'x'};
    assertThat(budget.tryReserve(1)).isTrue();
    byte[] positions = new Positions(7, from, to, 0, 0).encode();
    buffer.append(
        new Batch(Signal.LOGS, bytes, 0, 1, 1, "app", "key", positions),
        1,
        When.DURABLE,
        (rejected, reason) -> {});
  }

  @Test
  void bytesThatAShipperWhichGoesDoesNotGetAreNamedUnlessAnotherGetsThem() {
    buffer.change(shippers("one", "two"));
    appendOf(0, 10);
    appendOf(10, 25);
    appendOf(25, 30);
    Cursor one = buffer.cursor("one");
    Cursor two = buffer.cursor("two");
    one.done(Objects.requireNonNull(one.next()), 0, "");
    Entry taken = Objects.requireNonNull(one.next());
    buffer.change(shippers("two"));
    buffer.release(List.of(new Leaving(one, List.of(taken))), List.of());
    assertThat(ledger.drops().files().get(7L))
        .isEqualTo(
            new DroppedFile(
                "app",
                List.of(new Dropped("one", "removed", 20, false, List.of(new ByteRange(10, 30))))));
    taken = Objects.requireNonNull(two.next());
    buffer.change(shippers("three"));
    buffer.release(List.of(new Leaving(two, List.of(taken))), List.of(buffer.cursor("three")));
    assertThat(Objects.requireNonNull(ledger.drops().files().get(7L)).parts()).hasSize(1);
  }

  /// The heir reads the log, where it is no more.
  @Test
  void aClientIsToldOfWhatWentForNewerRecordsWhileAShipperThatGoesHadItInHand() throws Exception {
    buffer.close();
    onFull = OnFull.DROP_OLDEST;
    open(Set.of());
    append(Signal.LOGS, "asked", When.DELIVERED);
    Cursor one = buffer.cursor("one");
    Entry inHand = Objects.requireNonNull(one.next());
    for (int i = 0; i < 100; i++) {
      append(i + " " + "x".repeat(100_000));
      tend();
    }
    assertThat(notices).anyMatch(line -> line.contains("in hand"));
    assertThat(told).doesNotContain("asked");
    buffer.change(shippers("two"));
    buffer.release(List.of(new Leaving(one, List.of(inHand))), List.of(buffer.cursor("two")));
    assertThat(ship(buffer.cursor("two")))
        .doesNotContain("asked")
        .contains("99 " + "x".repeat(100_000));
    assertThat(refused).containsEntry("asked", "2 dropped: full");
  }

  @Test
  void aShipperThatGoesAndMaySeeOnlySyncedBatchesIsWokenByTheSync() throws Exception {
    buffer.close();
    open(Set.of("one"));
    Cursor one = buffer.cursor("one");
    append("a");
    assertThat(ship(one)).isEmpty();
    buffer.change(shippers("two"));
    List<String> shipped = new ArrayList<>();
    one.onAppend(() -> shipped.addAll(ship(one)));
    tend();
    assertThat(shipped).containsExactly("a");
    buffer.release(List.of(new Leaving(one, List.of())), List.of());
  }

  @Test
  void segmentsOfOneThatGoesStayUntilItHasEnded() {
    String large = "x".repeat(400_000);
    for (int i = 0; i < 6; i++) {
      append(large + i);
      tend();
    }
    buffer.change(shippers("one", "two"));
    Cursor one = buffer.cursor("one");
    ship(buffer.cursor("two"));
    buffer.change(shippers("two"));
    for (int i = 0; i < 4; i++) {
      append("new" + i);
      tend();
    }
    ship(buffer.cursor("two"));
    tend();
    assertThat(ship(one)).hasSize(6);
    buffer.release(List.of(new Leaving(one, List.of())), List.of());
    long before = buffer.status().bytes();
    tend();
    assertThat(buffer.status().bytes()).isLessThan(before);
  }

  /// Its client does not return, so what it has taken stays its own.
  @Test
  void oneThatDoesNotReturnHoldsNoSegmentAndMayYetBeDoneWithWhatItHasTaken() {
    append(Signal.LOGS, "taken", When.DELIVERED);
    for (int i = 0; i < 6; i++) {
      append("x".repeat(400_000));
      tend();
    }
    buffer.change(shippers("one", "two"));
    Cursor one = buffer.cursor("one");
    Entry taken = Objects.requireNonNull(one.next());
    buffer.change(shippers("two"));
    append("new");
    tend();
    long before = buffer.status().bytes();
    assertThat(buffer.release(List.of(new Leaving(one, List.of())), List.of())).isEqualTo(12);
    assertThat(one.next()).isNull();
    one.done(taken, 0, "");
    assertThat(told).doesNotContain("taken");
    ship(buffer.cursor("two"));
    assertThat(told).contains("taken");
    tend();
    assertThat(buffer.status().bytes()).isLessThan(before);
    assertThat(buffer.release(List.of(new Leaving(one, List.of())), List.of())).isZero();
    assertThat(one.openBatches()).isZero();
    assertThat(inFlight("one")).isZero();
  }

  @Test
  void aSignalMoreIsTakenFromThenOnAndASignalLessNoMore() {
    append("a");
    append(Signal.TRACES, "span of nobody", When.DURABLE);
    buffer.change(Map.of("one", Set.of(Signal.LOGS, Signal.TRACES)));
    Cursor one = buffer.cursor("one");
    append("b");
    append(Signal.TRACES, "span", When.DELIVERED);
    Entry first = Objects.requireNonNull(one.next());
    buffer.change(Map.of("one", Set.of(Signal.LOGS)));
    assertThat(told).contains("span");
    append("c");
    append(Signal.TRACES, "late", When.DURABLE);
    assertThat(buffer.forgo(one, List.of())).isZero();
    one.done(first, 0, "");
    assertThat(ship(one)).containsExactly("b", "c");
    assertThat(one.openBatches()).isZero();
    assertThat(one.openRecords()).isZero();
    assertThat(inFlight("one")).isZero();
  }

  /// Text that the log cannot pack.
  private static String noise(int number) {
    StringBuilder noise = new StringBuilder();
    new Random(number).ints(100_000, 'a', 'z').forEach(letter -> noise.append((char) letter));
    return noise.toString();
  }

  /// Until it is full: a large one and a small one by turns, of a signal that its only shipper takes no more in the end.
  ///
  /// @param whatBecomesOfThem what of the two it does
  private void fillWithSpans(Consumer<Cursor> whatBecomesOfThem) {
    buffer.change(Map.of("one", Set.of(Signal.LOGS, Signal.TRACES)));
    Cursor one = buffer.cursor("one");
    for (int i = 0; buffer.hasRoomForRequests(); i++) {
      append(Signal.TRACES, noise(i), When.DURABLE);
      append(Signal.TRACES, "small", When.DURABLE);
      tend();
      whatBecomesOfThem.accept(one);
    }
    tend();
    buffer.change(shippers("one"));
  }

  @Test
  void aFullBufferHasRoomOnceWhatWaitsAsideIsPassedThatIsNotTakenAnyMore() {
    fillWithSpans(
        cursor -> {
          for (Entry entry = cursor.next(); entry != null; entry = cursor.next()) {
            assertThat(cursor.setAside(entry, "no topic", nowNanos)).isTrue();
          }
        });
    tend();
    assertThat(buffer.hasRoomForRequests()).as("it is not passed yet").isFalse();
    Cursor one = buffer.cursor("one");
    nowNanos += Aside.RETRY_NANOS;
    while (one.hasAside()) {
      assertThat(one.nextAside(nowNanos, false)).isNull();
    }
    tend();
    assertThat(buffer.hasRoomForRequests()).isTrue();
  }

  @Test
  void aFullBufferHasRoomOnceAShipperHasGivenBackWhatItTakesNoMore() {
    List<Entry> taken = new ArrayList<>();
    fillWithSpans(
        cursor -> {
          cursor.done(Objects.requireNonNull(cursor.next()), 0, "");
          taken.add(Objects.requireNonNull(cursor.next()));
        });
    tend();
    assertThat(buffer.hasRoomForRequests()).as("it is in hand").isFalse();
    buffer.forgo(buffer.cursor("one"), taken);
    tend();
    assertThat(buffer.hasRoomForRequests()).isTrue();
  }

  @Test
  void aFullBufferHasRoomOnceTheOnlyShipperTakesNoMoreWhatWaits() {
    fillWithSpans(cursor -> {});
    tend();
    assertThat(buffer.hasRoomForRequests()).isTrue();
  }

  private void syncFails() throws IOException {
    vanish();
    tend();
  }

  private void vanish() throws IOException {
    Path directory = folder.resolve("buffer");
    try (var files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }

  /// Nobody had said yet, when the disk took records again, that the first batch's sync had failed.
  @Test
  void positionsBehindWhatCouldNotBeSyncedWhenASegmentWasBegunDoNotCount() throws Exception {
    buffer.change(Map.of("one", Set.of(Signal.LOGS), "two", Set.of(Signal.TRACES)));
    append("x".repeat(400_000));
    vanish();
    append(Signal.TRACES, "y".repeat(400_000), When.DURABLE);
    assertThat(buffer.problem()).isNotNull();
    assertThat(ship(buffer.cursor("two"))).hasSize(1);
    buffer.doWork(nowNanos);
    assertThat(buffer.problem()).isNull();
    append("behind it");
    tend();
    buffer.close();
    open();
    assertThat(buffer.cursor("one").openBatches()).isEqualTo(1);
    assertThat(buffer.positions()).isEmpty();
  }

  @Test
  void whatCouldNotBeSyncedWaitsForAShipperThatGoes() throws Exception {
    buffer.change(shippers("one", "two"));
    Cursor one = buffer.cursor("one");
    append("a");
    buffer.change(shippers("two"));
    syncFails();
    assertThat(ship(buffer.cursor("two"))).containsExactly("a");
    assertThat(told).isEmpty();
    assertThat(ship(one)).containsExactly("a");
    assertThat(told).containsExactly("a");
    buffer.release(List.of(new Leaving(one, List.of())), List.of());
  }

  @Test
  void whatCouldNotBeSyncedDoesNotWaitForAShipperThatTakesItsSignalFromLaterOn() throws Exception {
    Set<Signal> both = Set.of(Signal.LOGS, Signal.TRACES);
    buffer.change(Map.of("one", both, "two", Set.of(Signal.LOGS)));
    append(Signal.TRACES, "span", When.DURABLE);
    buffer.change(Map.of("one", both, "two", both));
    syncFails();
    assertThat(ship(buffer.cursor("one"))).containsExactly("span");
    assertThat(told).containsExactly("span");
    assertThat(ship(buffer.cursor("two"))).isEmpty();
  }

  /// It begins behind that.
  @Test
  void aNewShipperIsNotAwaitedForWhatWentForWantOfRoom() throws Exception {
    buffer.close();
    onFull = OnFull.DROP_OLDEST;
    open(Set.of());
    append(Signal.LOGS, "first", When.DELIVERED);
    Cursor one = buffer.cursor("one");
    Entry first = Objects.requireNonNull(one.next());
    int count = 0;
    for (; Objects.requireNonNull(buffer.log().oldest()).first() <= first.sequence(); count++) {
      append("x".repeat(100_000));
      tend();
    }
    assertThat(count).isGreaterThan(10);
    buffer.change(shippers("one", "two"));
    one.done(first, 0, "");
    assertThat(told).contains("first");
  }

  /// Its client waits for the only shipper, which never gets it.
  @Test
  void aRequestThatGoesForWantOfRoomIsToldThoughItsShipperTakesLogsFromLaterOn() throws Exception {
    buffer.close();
    onFull = OnFull.DROP_OLDEST;
    open(Set.of());
    buffer.change(Map.of("one", Set.of(Signal.TRACES)));
    append(Signal.TRACES, "request", When.DELIVERED);
    long request = buffer.log().lastSequence();
    buffer.change(Map.of("one", Set.of(Signal.LOGS, Signal.TRACES)));
    while (Objects.requireNonNull(buffer.log().oldest()).first() <= request) {
      append("x".repeat(100_000));
      tend();
    }
    assertThat(told).contains("request");
  }

  @Test
  void otherLimitsHoldAtOnce() {
    String large = "x".repeat(900_000);
    for (int i = 0; i < 6; i++) {
      append(large);
      tend();
    }
    assertThat(buffer.hasRoomForRequests()).isTrue();
    buffer.change(
        new BufferSettings(
            BufferSettings.Type.DISK, folder.resolve("buffer"), 4 * MIB, OnFull.BACKPRESSURE));
    assertThat(buffer.hasRoomForRequests()).isFalse();
    assertThat(buffer.status().maxBytes()).isEqualTo(4 * MIB);
  }
}
