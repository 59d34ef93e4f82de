package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.DiskBuffer;
import dev.pannier.collector.buffer.Entry;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.metrics.Counter;
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
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The disk buffer on a disk that does not give back what it was given, for a while or for good.
class FailedReadTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int ALL = 20;

  private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
  private Path directory = new SimulatedFileSystem(disk).getPath("/var/buffer");
  private final List<String> notices = new ArrayList<>();
  private final Metrics metrics = new Metrics();
  private BufferSettings.OnFull onFull = BufferSettings.OnFull.BACKPRESSURE;
  private long nowNanos;

  @BeforeEach
  void mount() throws IOException {
    disk.makeFolder(new SimulatedFileSystem(disk).getPath("/var"), true);
    disk.enter();
  }

  private long dropped() {
    return metrics.adder(Counter.SHIPPER_DROPPED, "events", "damaged").sum();
  }

  private static Batch batch(String text, byte[] positions) {
    byte[] bytes = (text + " " + "x".repeat(20_000)).getBytes(UTF_8);
    return new Batch(Signal.LOGS, bytes, 0, bytes.length, 1, "app", "key", positions);
  }

  private static String text(Batch batch) {
    String text = new String(batch.bytes(), batch.offset(), batch.length(), UTF_8);
    return text.substring(0, text.indexOf(' '));
  }

  private DiskBuffer buffer() throws IOException {
    return new DiskBuffer(
        new BufferSettings(BufferSettings.Type.DISK, directory, 1 << 20, onFull),
        new MemoryBudget(16 << 20),
        new Ledger(),
        metrics,
        Map.of("events", Set.of(Signal.LOGS)),
        Set.of(),
        () -> Instant.EPOCH,
        nowNanos,
        nanos -> {},
        notices::add);
  }

  private static void append(DiskBuffer buffer, int number) {
    buffer.append(
        batch(String.valueOf(number), new Positions(1, number, number + 1, 0, 0).encode()),
        0,
        Acknowledgement.When.DURABLE,
        (rejected, reason) -> {});
  }

  /// With a backlog of several segments.
  private DiskBuffer filled() throws IOException {
    DiskBuffer buffer = buffer();
    for (int i = 0; i < ALL; i++) {
      append(buffer, i);
    }
    pass(buffer, 2);
    assertThat(buffer.status().segments()).isGreaterThan(4);
    return buffer;
  }

  private void pass(DiskBuffer buffer, int seconds) {
    for (int i = 0; i < seconds; i++) {
      nowNanos += SECOND;
      buffer.doWork(nowNanos);
    }
  }

  private static List<String> ship(DiskBuffer buffer) {
    Cursor cursor = buffer.cursor("events");
    List<String> shipped = new ArrayList<>();
    for (Entry entry = cursor.next(); entry != null; entry = cursor.next()) {
      shipped.add(text(entry.batch()));
      cursor.done(entry, 0, "");
    }
    return shipped;
  }

  private static List<String> texts(int from, int to) {
    List<String> texts = new ArrayList<>();
    for (int i = from; i < to; i++) {
      texts.add(String.valueOf(i));
    }
    return texts;
  }

  /// However often it is tried, since each batch that comes wakes the shipper.
  @Test
  void whatCannotBeReadForSomeMinutesIsShippedThen() throws Exception {
    DiskBuffer buffer = filled();
    assertThat(buffer.readProblem()).isNull();
    disk.goesBad(".log", 0, Long.MAX_VALUE);
    for (int i = 0; i < 5 * 60; i++) {
      assertThat(ship(buffer)).isEmpty();
      assertThat(ship(buffer)).isEmpty();
      pass(buffer, 1);
    }
    assertThat(buffer.readProblem()).contains("shipper events", ".log cannot be read");
    assertThat(notices).hasSize(1);
    disk.isMended();
    pass(buffer, 1);
    assertThat(ship(buffer)).isEqualTo(texts(0, ALL));
    assertThat(buffer.readProblem()).isNull();
    assertThat(dropped()).isZero();
  }

  @Test
  void whatCannotBeReadForGoodIsGivenUpAndWhatIsBehindItShipped() throws Exception {
    DiskBuffer buffer = filled();
    disk.goesBad("00000000000000000001.log", 30_000, 30_001);
    List<String> shipped = new ArrayList<>();
    for (int i = 0; i < 15 * 60 && shipped.size() < ALL - 2; i++) {
      shipped.addAll(ship(buffer));
      pass(buffer, 1);
    }
    assertThat(shipped).startsWith("0").doesNotContain("1").endsWith(String.valueOf(ALL - 1));
    assertThat(buffer.readProblem()).isNull();
    assertThat(buffer.cursor("events").openBatches()).isZero();
    assertThat(dropped()).isEqualTo(ALL - shipped.size());
  }

  @Test
  void nothingIsDeliveredAfterAProcessThatHasGivenUpWhatCannotBeRead() throws Exception {
    DiskBuffer buffer = filled();
    disk.goesBad("00000000000000000001.log", 30_000, 30_001);
    for (int i = 0; i < 11 * 60; i++) {
      ship(buffer);
      pass(buffer, 1);
    }
    buffer.close();
    disk.isMended();
    DiskBuffer next = nextProcess();
    ship(next);
    assertThat(next.isEmpty()).isTrue();
    assertThat(next.delivery().getAsBoolean()).isFalse();
  }

  /// A disk that neither takes nor gives is away, not broken.
  @Test
  void nothingIsGivenUpWhileTheDiskTakesNothingEither() throws Exception {
    DiskBuffer buffer = filled();
    disk.goesBad(".log", 0, Long.MAX_VALUE);
    disk.full = true;
    append(buffer, ALL);
    assertThat(buffer.problem()).isNotNull();
    for (int i = 0; i < 60 * 60; i++) {
      assertThat(ship(buffer)).isEmpty();
      pass(buffer, 1);
    }
    disk.full = false;
    pass(buffer, 2);
    assertThat(buffer.problem()).isNull();
    assertThat(ship(buffer)).isEmpty();
    disk.isMended();
    pass(buffer, 1);
    assertThat(ship(buffer)).isEqualTo(texts(0, ALL + 1));
  }

  /// What waits behind the place may be what fills the disk.
  @Test
  void placeThatCannotBeReadKeepsNoFullDiskFullForGood() throws Exception {
    DiskBuffer buffer = filled();
    disk.goesBad("00000000000000000001.log", 30_000, 30_001);
    disk.full = true;
    append(buffer, ALL);
    assertThat(buffer.problem()).isNotNull();
    List<String> shipped = new ArrayList<>();
    for (int i = 0; i < 2 * 60 * 60 && shipped.size() < ALL - 1; i++) {
      shipped.addAll(ship(buffer));
      pass(buffer, 1);
    }
    assertThat(shipped).startsWith("0", "3").endsWith(String.valueOf(ALL));
    assertThat(dropped()).isEqualTo(2);
  }

  @Test
  void segmentBehindOneThatWasDroppedHasItsOwnTenMinutes() throws Exception {
    onFull = BufferSettings.OnFull.DROP_OLDEST;
    DiskBuffer buffer = filled();
    disk.goesBad("00000000000000000001.log", 30_000, 30_001);
    disk.goesBad("00000000000000000004.log", 10_000, 10_001);
    assertThat(ship(buffer)).containsExactly("0");
    for (int i = 0; i < 9 * 60 + 50; i++) {
      pass(buffer, 1);
      assertThat(ship(buffer)).isEmpty();
    }
    assertThat(buffer.readProblem()).contains("00000000000000000001.log");
    int appended = ALL;
    while (Files.exists(directory.resolve("00000000000000000001.log"))) {
      append(buffer, appended++);
      buffer.doWork(nowNanos);
    }
    for (int i = 0; i < 5 * 60; i++) {
      pass(buffer, 1);
      assertThat(ship(buffer)).isEmpty();
    }
    assertThat(buffer.readProblem()).contains("00000000000000000004.log");
    disk.isMended();
    pass(buffer, 1);
    assertThat(ship(buffer)).isEqualTo(texts(3, appended));
    assertThat(notices).last().isEqualTo("00000000000000000004.log can be read again");
    assertThat(notices).noneMatch(line -> line.startsWith("00000000000000000001.log can"));
    assertThat(dropped()).isZero();
  }

  private DiskBuffer nextProcess() throws IOException {
    disk.processEnded();
    disk.enter();
    return buffer();
  }

  @Test
  void whatCannotBeReadAtTheStartIsKeptAside() throws Exception {
    filled();
    disk.goesBad("00000000000000000001.log", 30_000, 34_096);
    DiskBuffer buffer = nextProcess();
    assertThat(ship(buffer)).startsWith("0", "3").endsWith(String.valueOf(ALL - 1));
    pass(buffer, 3);
    assertThat(buffer.isEmpty()).as("what waits there is not known").isFalse();
    Path aside = directory.resolve("00000000000000000001.log.unreadable");
    assertThat(Files.exists(aside)).isTrue();
    assertThat(notices).last().asString().endsWith("kept as " + aside.getFileName());
    buffer.close();

    disk.isMended();
    Path other = directory.resolveSibling("other");
    Files.createDirectory(other);
    Files.copy(aside, other.resolve("00000000000000000001.log"));
    directory = other;
    assertThat(ship(nextProcess())).containsExactly("0", "1", "2");
  }

  /// What is passed over is never shipped, though the disk is well a moment later.
  @Test
  void diskThatGivesNoRecordIsNotStartedWith() throws Exception {
    filled();
    disk.goesBad(".log", 1_000, Long.MAX_VALUE);
    assertThatThrownBy(this::nextProcess)
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(".log cannot be read from byte", "Input/output error");
    disk.isMended();
    DiskBuffer buffer = nextProcess();
    assertThat(ship(buffer)).isEqualTo(texts(0, ALL));
    assertThat(buffer.isEmpty()).isTrue();
  }

  /// All that the log holds would be shipped again.
  @Test
  void placesThatTheDiskDoesNotGiveAreNotTakenForDamaged() throws Exception {
    ship(filled());
    DiskBuffer shipped = nextProcess();
    ship(shipped);
    append(shipped, ALL);
    shipped.close();
    byte[] stored = Files.readAllBytes(directory.resolve("cursors"));
    disk.goesBad("cursors.tmp", 0, 1);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(this::buffer)
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll("/var/buffer/cursors cannot be read", "Input/output error");
    }
    disk.isMended();
    assertThat(Files.readAllBytes(directory.resolve("cursors"))).isEqualTo(stored);
    assertThat(ship(buffer())).containsExactly(String.valueOf(ALL));
    assertThat(notices).isEmpty();
  }

  /// One that waits for nothing but the disk is looked after by the thread of the buffer.
  @Test
  void shipperThatWaitsForTheDiskIsWokenThoughNothingIsAppended() throws Exception {
    DiskBuffer buffer = filled();
    disk.goesBad(".log", 0, Long.MAX_VALUE);
    assertThat(ship(buffer)).isEmpty();
    List<String> woken = new ArrayList<>();
    buffer.cursor("events").onAppend(() -> woken.add("woken"));
    pass(buffer, 2);
    assertThat(woken).isNotEmpty();
  }
}
