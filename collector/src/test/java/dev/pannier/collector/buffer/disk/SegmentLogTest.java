package dev.pannier.collector.buffer.disk;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentLogTest {
  private static final long SEGMENT_BYTES = 1000;

  /// Of a record of [#logs], with names of this many bytes.
  private static final int HEAD = 55 + 3 + 1 + 2;

  @TempDir private Path directory;
  private final List<String> notices = new ArrayList<>();
  private final List<String> found = new ArrayList<>();
  private @Nullable SegmentLog log;

  @AfterEach
  void close() {
    if (log != null) {
      log.close();
    }
  }

  private List<String> positions() {
    return Objects.requireNonNull(log).positions().stream()
        .map(each -> new String(each, UTF_8))
        .toList();
  }

  private SegmentLog open() throws IOException {
    return open(0);
  }

  private SegmentLog open(long synced) throws IOException {
    close();
    notices.clear();
    found.clear();
    log =
        SegmentLog.open(
            directory,
            SEGMENT_BYTES,
            synced,
            Batch::key,
            notices::add,
            (segment, from, to, batch) -> found.add(described(batch)));
    return log;
  }

  private static String described(StoredBatch stored) {
    Batch batch = stored.batch();
    return stored.sequence()
        + " "
        + batch.signal().label()
        + " "
        + batch.source()
        + " "
        + batch.key()
        + " "
        + new String(batch.positions(), UTF_8)
        + " "
        + batch.records()
        + " "
        + new String(batch.bytes(), batch.offset(), batch.length(), UTF_8);
  }

  private static Batch logs(String key, String positions, String payload) {
    byte[] bytes = ("xx" + payload).getBytes(UTF_8);
    return new Batch(
        Signal.LOGS, bytes, 2, bytes.length - 2, 3, "app", key, positions.getBytes(UTF_8));
  }

  private static void append(SegmentLog log, long sequence, Batch batch) throws IOException {
    log.write(batch, sequence, 1_000 + sequence, true);
    log.publish(batch);
  }

  private static List<String> read(SegmentLog log) throws IOException {
    List<String> all = new ArrayList<>();
    for (Segment segment = log.oldest(); segment != null; segment = log.after(segment)) {
      SegmentReader reader = segment.reader(SegmentReader.window(), segment.first() - 1);
      while (reader.find(segment.endBytes()) == SegmentReader.Found.RECORD) {
        StoredBatch batch = reader.read(new byte[reader.room()]);
        if (batch == null) {
          break;
        }
        all.add(described(batch));
      }
    }
    return all;
  }

  @Test
  void whatWasAppendedIsReadBackAndFoundAtTheNextStart() throws Exception {
    SegmentLog first = open();
    append(first, 1, logs("k1", "p1", "one"));
    append(
        first,
        2,
        new Batch(Signal.TRACES, "two".getBytes(UTF_8), 0, 3, 7, "otlp", "", new byte[0]));
    List<String> expected = List.of("1 logs app k1 p1 3 one", "2 traces otlp   7 two");
    assertThat(read(first)).isEqualTo(expected);
    first.sync();
    SegmentLog second = open();
    assertThat(found).isEqualTo(expected);
    assertThat(notices).isEmpty();
    assertThat(second.lastSequence()).isEqualTo(2);
    append(second, 3, logs("k1", "p3", "three"));
    assertThat(read(second)).hasSize(3).last().isEqualTo("3 logs app k1 p3 3 three");
  }

  @Test
  void payloadLargerThanAnyWindowIsOneRecord() throws Exception {
    String payload = "0123456789".repeat(30_000);
    SegmentLog written = open();
    append(written, 1, logs("k", "p", payload));
    append(written, 2, logs("k", "p", "small"));
    assertThat(read(written))
        .containsExactly("1 logs app k p 3 " + payload, "2 logs app k p 3 small");
    open();
    assertThat(found).hasSize(2);
  }

  /// No room is made for as much as it says.
  @Test
  void recordThatIsLongByADamagedLengthIsDamage() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p1", "damaged"));
    for (int i = 2; i < 5; i++) {
      append(written, i, logs("k", "p", "x".repeat(900_000)));
    }
    written.sync();
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    for (Path other : SegmentLog.files(directory)) {
      if (!other.equals(file)) {
        Files.write(file, Files.readAllBytes(other), StandardOpenOption.APPEND);
        Files.delete(other);
      }
    }
    byte[] bytes = Files.readAllBytes(file);
    bytes[start(bytes, "damaged") + 1] = 0x20;
    Files.write(file, bytes);
    Segment segment = Objects.requireNonNull(open(4).oldest());
    SegmentReader reader = segment.reader(SegmentReader.window(), 0);
    assertThat(reader.find(bytes.length)).isEqualTo(SegmentReader.Found.DAMAGE);
    assertThat(found).hasSize(3);
  }

  @Test
  void batchWithoutRecordsIsARecord() throws Exception {
    SegmentLog written = open();
    append(
        written, 1, new Batch(Signal.LOGS, new byte[0], 0, 0, 0, "app", "k", "p".getBytes(UTF_8)));
    open();
    assertThat(found).containsExactly("1 logs app k p 0 ");
  }

  @Test
  void tornTailIsCutAndTheNextRecordFollowsTheLastWholeOne() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p1", "whole"));
    append(written, 2, logs("k", "p2", "torn"));
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    for (int cut = 1; cut <= 47 + 3 + 1 + 2 + 3; cut++) {
      Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - cut));
      SegmentLog again = open();
      assertThat(found).as("cut by %d", cut).containsExactly("1 logs app k p1 3 whole");
      assertThat(notices)
          .hasSize(1)
          .first()
          .asString()
          .contains("cut behind its last whole record");
      append(again, 5, logs("k", "p5", "next"));
      assertThat(read(again)).containsExactly("1 logs app k p1 3 whole", "5 logs app k p5 3 next");
    }
  }

  @Test
  void whatRecordsShareIsWrittenOnceAndReadBack() throws Exception {
    Batch batch = Lines.batch("log.file.path=/var/log/app/app.log and more", 300, i -> "line " + i);
    SegmentLog written = open();
    append(written, 1, batch);
    append(written, 2, logs("k", "p2", "second"));
    String request = new String(batch.bytes(), batch.offset(), batch.length(), UTF_8);
    String line = "1 logs app k p 300 " + request;
    assertThat(read(written)).containsExactly(line, "2 logs app k p2 3 second");
    written.sync();
    written.close();
    assertThat(Files.size(SegmentLog.files(directory).getFirst())).isLessThan(batch.length() / 2);
    open();
    assertThat(found).containsExactly(line, "2 logs app k p2 3 second");
  }

  @Test
  void damagedRecordIsPassedOverAndTold() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p1", "first"));
    append(written, 2, logs("k", "p2", "damaged"));
    append(written, 3, logs("k", "p3", "third"));
    written.sync();
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    int second = bytes.length - 2 * HEAD - "damaged".length() - "third".length();
    int third = bytes.length - HEAD - "third".length();
    for (int at = second; at < third; at++) {
      byte[] damaged = bytes.clone();
      damaged[at] ^= 0x40;
      Files.write(file, damaged);
      open(3);
      assertThat(found)
          .as("byte %d", at)
          .containsExactly("1 logs app k p1 3 first", "3 logs app k p3 3 third");
      assertThat(notices).containsExactly(passedOver(file, second, third));
      assertThat(Objects.requireNonNull(log).damagedBytes()).isEqualTo(third - second);
    }
  }

  @Test
  void damagedEndOfWhatWasSyncedIsToldAndItsNumberNotUsedAgain() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p1", "first"));
    append(written, 2, logs("k", "p2", "damaged"));
    written.sync();
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    int second = start(bytes, "damaged");
    bytes[second + 20] ^= 1;
    Files.write(file, bytes);
    SegmentLog again = open(2);
    assertThat(found).containsExactly("1 logs app k p1 3 first");
    assertThat(notices).containsExactly(passedOver(file, second, bytes.length));
    assertThat(again.damagedBytes()).isEqualTo(bytes.length - second);
    assertThat(again.lastSequence()).isEqualTo(2);
    append(again, 3, logs("k", "p3", "third"));
    open();
    assertThat(found).containsExactly("1 logs app k p1 3 first", "3 logs app k p3 3 third");
    assertThat(SegmentLog.files(directory)).hasSize(2);
  }

  /// Nobody was told that it is kept. A flipped bit looks the same, but was on disk for no longer than since the last sync.
  @Test
  void damageThatNothingTellsToHaveBeenSyncedIsCutWithAllBehindIt() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p1", "first"));
    append(written, 2, logs("k", "p2", "damaged"));
    append(written, 3, logs("k", "p3", "third"));
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    int second = start(bytes, "damaged");
    int third = start(bytes, "third");
    for (int at = second; at < third; at++) {
      byte[] damaged = bytes.clone();
      damaged[at] ^= 0x40;
      Files.write(file, damaged);
      SegmentLog again = open(1);
      assertThat(found).as("byte %d", at).containsExactly("1 logs app k p1 3 first");
      assertThat(notices).containsExactly(cut(file, bytes.length - second));
      assertThat(again.damagedBytes()).isZero();
      assertThat(Files.size(file)).isEqualTo(second);
    }
  }

  /// The machine died: the last page was on disk, the one before it was not.
  @Test
  void holeInWhatWasNotSyncedIsCutWithAllBehindIt() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p1", "first"));
    written.sync();
    append(written, 3, logs("k", "p3", "in the hole"));
    append(written, 4, logs("k", "p4", "fourth"));
    append(written, 5, logs("k", "p5", "fifth"));
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    int third = start(bytes, "in the hole");
    Arrays.fill(bytes, start(bytes, "fourth") - 20, start(bytes, "fourth"), (byte) 0);
    Files.write(file, bytes);
    SegmentLog again = open();
    assertThat(found).containsExactly("1 logs app k p1 3 first");
    assertThat(positions()).containsExactly("p1");
    assertThat(notices).containsExactly(cut(file, bytes.length - third));
    assertThat(again.damagedBytes()).isZero();
    assertThat(again.bytes()).isEqualTo(third).isEqualTo(Files.size(file));
    append(again, 3, logs("k", "p3", "again"));
    assertThat(read(again)).containsExactly("1 logs app k p1 3 first", "3 logs app k p3 3 again");
    again.close();
    open();
    assertThat(found).containsExactly("1 logs app k p1 3 first", "3 logs app k p3 3 again");
    assertThat(positions()).containsExactly("p3");
    assertThat(notices).isEmpty();
    assertThat(SegmentLog.files(directory)).hasSize(1);
  }

  @Test
  void holeAtTheBeginningOfWhatWasNeverSyncedLeavesAnEmptySegment() throws Exception {
    SegmentLog written = open();
    append(written, 4, logs("k", "p4", "in the hole"));
    append(written, 5, logs("k", "p5", "fifth"));
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, start(bytes, "in the hole"), start(bytes, "fifth"), (byte) 0);
    Files.write(file, bytes);
    SegmentLog again = open();
    assertThat(found).isEmpty();
    append(again, 4, logs("k", "p4", "again"));
    again.close();
    open();
    assertThat(found).containsExactly("4 logs app k p4 3 again");
    assertThat(SegmentLog.files(directory)).containsExactly(file);
  }

  /// Nothing is told as synced that is no record's number: above the last one before a hole it would say that what was there was synced.
  @Test
  void holeInTheFirstGroupOfAnEmptySegmentThatWasFoundIsCut() throws Exception {
    SegmentLog begun = open();
    append(begun, 1, logs("k", "p1", "one"));
    begun.sync();
    begun.beginEmpty(4, true);
    SegmentLog found = open(1);
    assertThat(found.lastSequence()).isEqualTo(4);
    found.sync();
    long synced = found.syncedSequence();
    append(found, 5, logs("k", "p5", "five"));
    Path newest = SegmentLog.files(directory).getLast();
    long from = Files.size(newest);
    append(found, 6, logs("k", "p6", "six"));
    byte[] bytes = Files.readAllBytes(newest);
    Arrays.fill(bytes, (int) from - 20, (int) from, (byte) 0);
    Files.write(newest, bytes);
    open(synced);
    assertThat(this.found).containsExactly("1 logs app k p1 3 one");
    assertThat(notices).hasSize(1).first().asString().contains("cut behind its last whole record");
  }

  @Test
  void emptySegmentThatWasFoundMayBeSealed() throws Exception {
    SegmentLog written = open();
    append(written, 4, logs("k", "p4", "torn"));
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, start(bytes, "torn")));
    SegmentLog again = open();
    again.seal();
    append(again, again.lastSequence() + 1, logs("k", "p5", "next"));
    assertThat(read(again)).containsExactly("5 logs app k p5 3 next");
  }

  /// What tells is that a record behind it was written when the damage was synced already.
  @Test
  void holeInWhatWasSyncedIsPassedOverAndWhatIsBehindItKept() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p1", "first"));
    written.sync();
    append(written, 3, logs("k", "p3", "in the hole"));
    written.sync();
    append(written, 4, logs("k", "p4", "fourth"));
    append(written, 5, logs("k", "p5", "fifth"));
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    int third = start(bytes, "in the hole");
    int fourth = start(bytes, "fourth");
    Arrays.fill(bytes, third, fourth, (byte) 0);
    Files.write(file, bytes);
    SegmentLog again = open();
    assertThat(found)
        .containsExactly(
            "1 logs app k p1 3 first", "4 logs app k p4 3 fourth", "5 logs app k p5 3 fifth");
    assertThat(notices).containsExactly(passedOver(file, third, fourth));
    assertThat(again.damagedBytes()).isEqualTo(fourth - third);
    // What it held may be read again, if its file's position was not stored.
    assertThat(positions()).containsExactly("p1");
    append(again, 6, logs("k", "p3", "in the hole"));
    again.sync();
    again.close();
    open();
    assertThat(found).hasSize(4);
    assertThat(positions()).containsExactly("p3");
    assertThat(SegmentLog.files(directory)).hasSize(2);
  }

  @Test
  void whatFollowsTheLastSyncTellsOfDamageInTheGroupBeforeIt() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p1", "in the hole"));
    append(written, 7, logs("k", "p7", "seventh"));
    written.sync();
    append(written, 9, logs("k", "p9", "ninth"));
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, start(bytes, "in the hole"), start(bytes, "seventh"), (byte) 0);
    Files.write(file, bytes);
    open();
    assertThat(found).containsExactly("7 logs app k p7 3 seventh", "9 logs app k p9 3 ninth");
  }

  @Test
  void damageInWhatWasSyncedAndAHoleBehindIt() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p1", "rotten"));
    append(written, 2, logs("k", "p2", "second"));
    written.sync();
    append(written, 3, logs("k", "p3", "third"));
    append(written, 4, logs("k", "p4", "in the hole"));
    append(written, 5, logs("k", "p5", "fifth"));
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    int first = start(bytes, "rotten");
    int second = start(bytes, "second");
    int fourth = start(bytes, "in the hole");
    bytes[second - 1] ^= 1;
    Arrays.fill(bytes, fourth, start(bytes, "fifth"), (byte) 0);
    Files.write(file, bytes);
    SegmentLog again = open();
    assertThat(found).containsExactly("2 logs app k p2 3 second", "3 logs app k p3 3 third");
    assertThat(notices)
        .containsExactly(passedOver(file, first, second), cut(file, bytes.length - fourth));
    assertThat(Files.size(file)).isEqualTo(fourth);
    append(again, 4, logs("k", "p1", "rotten"));
    again.close();
    open();
    assertThat(found)
        .containsExactly(
            "2 logs app k p2 3 second", "3 logs app k p3 3 third", "4 logs app k p1 3 rotten");
    assertThat(positions()).containsExactly("p1");
  }

  @Test
  void holeInASegmentThatOthersFollowIsDamage() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p1", "in the hole"));
    append(written, 2, logs("k", "p2", "second"));
    append(written, 3, logs("k", "p3", "x".repeat(900)));
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, start(bytes, "in the hole"), start(bytes, "second"), (byte) 0);
    Files.write(file, bytes);
    open();
    assertThat(SegmentLog.files(directory)).hasSize(2);
    assertThat(found).hasSize(2).first().isEqualTo("2 logs app k p2 3 second");
  }

  private static String cut(Path file, int bytes) {
    return file.getFileName() + ": cut behind its last whole record, " + bytes + " bytes off";
  }

  private static String passedOver(Path file, int from, int to) {
    return file.getFileName()
        + ": bytes "
        + from
        + " to "
        + to
        + " are damaged and were passed over";
  }

  /// Where the record with this payload begins.
  private static int start(byte[] segment, String payload) {
    return new String(segment, ISO_8859_1).indexOf(payload) - HEAD;
  }

  /// Every shipper has passed what is up to a number.
  private static List<Segment> free(SegmentLog written, long passed) {
    return written.free(segment -> segment.lastSequence() > passed);
  }

  @Test
  void positionsOfFreedSegmentsAreStillKnown() throws Exception {
    SegmentLog written = open();
    for (int i = 1; i <= 60; i++) {
      append(written, i, logs("key" + i % 7, "at " + i, "payload ".repeat(10)));
      written.sync();
      written.delete(free(written, i));
    }
    assertThat(written.segments()).isEqualTo(1);
    open();
    assertThat(positions())
        .containsExactlyInAnyOrder("at 54", "at 55", "at 56", "at 57", "at 58", "at 59", "at 60");
  }

  @Test
  void aRecordIsYoungerThanWhatASyncHasCovered() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("a", "1", "x"));
    written.sync();
    append(written, 2, logs("a", "2", "x"));
    append(written, 3, logs("b", "3", "x".repeat(900)));
    assertThat(written.segments()).isEqualTo(2);
    open();
    assertThat(positions()).containsExactlyInAnyOrder("2", "3");
  }

  /// It could not be synced, and the process does not know yet that it can be read.
  @Test
  void segmentWhosePositionsTheNewestDoesNotKnowIsKept() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("a", "1", "x".repeat(900)));
    Path first = SegmentLog.files(directory).getFirst();
    Path aside = Files.move(first, directory.resolve("aside"));
    assertThatThrownBy(written::sync).hasMessageContaining("has vanished");
    written.told();
    Files.move(aside, first);
    append(written, 2, logs("b", "2", "x".repeat(900)));
    written.sync();
    assertThat(free(written, 2)).isEmpty();
    append(written, 3, logs("c", "3", "x".repeat(900)));
    written.sync();
    assertThat(free(written, 2)).hasSize(2);
  }

  /// The one before it is synced when it is begun, whatever the other thread has synced by then.
  @Test
  void segmentThatIsBegunKnowsAllThatIsBeforeIt() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("a", "1", "x".repeat(900)));
    append(written, 2, logs("b", "2", "x".repeat(900)));
    written.sync();
    List<Segment> freed = free(written, 1);
    assertThat(freed).hasSize(1);
    written.delete(freed);
    open();
    assertThat(positions()).containsExactlyInAnyOrder("1", "2");
  }

  @Test
  void positionsOfWhatMakesRoomAreKnownThoughNobodyHasAskedForASync() throws Exception {
    SegmentLog written = open();
    for (int i = 1; i <= 4; i++) {
      append(written, i, logs("key" + i, "at " + i, "x".repeat(900)));
    }
    for (Segment oldest = written.oldestToGo(); oldest != null; oldest = written.oldestToGo()) {
      assertThat(written.giveUp(oldest)).isTrue();
      assertThat(written.giveUp(oldest)).as("twice").isFalse();
      written.delete(List.of(oldest));
    }
    assertThat(written.segments()).isEqualTo(1);
    open();
    assertThat(positions()).containsExactlyInAnyOrder("at 1", "at 2", "at 3", "at 4");
  }

  /// Its name, or what it says of the others, may not be there when the machine has died.
  @Test
  void nothingIsFreedForASegmentThatWasNotSynced() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("a", "1", "x".repeat(900)));
    written.sync();
    append(written, 2, logs("b", "2", "x".repeat(900)));
    assertThat(free(written, 1)).isEmpty();
    written.sync();
    assertThat(free(written, 1)).hasSize(1);
  }

  @Test
  void whatWasFreedBetweenOthersIsNotMissedByTheNextProcess() throws Exception {
    SegmentLog written = open();
    for (int i = 1; i <= 5; i++) {
      append(written, i, logs("key" + i, "at " + i, "x".repeat(900)));
      written.sync();
    }
    List<Segment> freed = written.free(segment -> segment.lastSequence() == 1);
    assertThat(freed).extracting(Segment::lastSequence).containsExactly(2L, 3L, 4L);
    written.delete(freed);
    SegmentLog again = open();
    assertThat(found).extracting(record -> record.substring(0, 1)).containsExactly("1", "5");
    assertThat(positions()).containsExactlyInAnyOrder("at 1", "at 2", "at 3", "at 4", "at 5");
    assertThat(notices).isEmpty();
    append(again, 6, logs("key6", "at 6", "x"));
    assertThat(again.lastSequence()).isEqualTo(6);
  }

  @Test
  void positionsThatDoNotCountAreNotUsed() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("a", "sure", "x"));
    Batch batch = logs("a", "not sure", "x");
    written.write(batch, 2, 0, false);
    written.publish(batch);
    written.sync();
    open();
    assertThat(found).hasSize(2);
    assertThat(Objects.requireNonNull(log).positions()).containsExactly("sure".getBytes(UTF_8));
  }

  @Test
  void positionsOfFreedSegmentsAreKnownBySegmentsWhosePositionsDoNotCount() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("a", "sure", "x"));
    written.sync();
    Batch batch = logs("a", "not sure", "x");
    written.write(batch, 2, 0, false);
    written.publish(batch);
    written.sync();
    List<Segment> freed = free(written, 1);
    assertThat(freed).hasSize(1);
    written.delete(freed);
    open();
    assertThat(positions()).containsExactly("sure");
  }

  @Test
  void secondProcessIsTurnedAway() throws Exception {
    open();
    assertThatThrownBy(
            () ->
                SegmentLog.open(
                    directory,
                    SEGMENT_BYTES,
                    0,
                    Batch::key,
                    notices::add,
                    (segment, from, to, batch) -> {}))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("another pannier uses " + directory);
  }

  /// What is put aside is shipped by nobody, also not when the later version is back.
  @Test
  void segmentOfALaterVersionIsLeftToThatOne() throws Exception {
    append(open(), 1, logs("k", "p", "x"));
    close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    bytes[5] = 9;
    int header = 28 + ByteBuffer.wrap(bytes).getInt(24);
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, header);
    ByteBuffer.wrap(bytes).putInt(header, (int) crc.getValue());
    Files.write(file, bytes);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(this::open)
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll(
              file.getFileName().toString(), "version 9, this pannier reads 1 to 3", "later");
    }
    assertThat(file).hasBinaryContent(bytes);
    assertThat(notices).isEmpty();
  }

  @Test
  void segmentWhoseVersionIsDamagedIsKeptAside() throws Exception {
    append(open(), 1, logs("k", "p", "x"));
    close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    bytes[5] = 9;
    Files.write(file, bytes);
    open();
    assertThat(found).isEmpty();
    assertThat(notices).hasSize(1).first().asString().contains("its header is damaged");
    assertThat(directory.resolve(file.getFileName() + ".unreadable")).exists();
  }

  /// Each death of the machine may leave one.
  @Test
  void newestSegmentWhoseHeaderNeverReachedTheDiskIsForgotten() throws Exception {
    append(open(), 1, logs("k", "p", "x"));
    close();
    Path second = directory.resolve("00000000000000000002.log");
    Files.write(second, new byte[4096]);
    assertThat(open(1).lastSequence()).isEqualTo(2);
    assertThat(found).hasSize(1);
    assertThat(notices)
        .containsExactly("00000000000000000002.log: begun and never synced, 4096 bytes off");
    assertThat(directory.resolve("00000000000000000002.log.unreadable")).doesNotExist();
    Files.write(second, new byte[4096]);
    open(2);
    assertThat(notices).hasSize(1).first().asString().contains("not a segment of a disk buffer");
    assertThat(directory.resolve("00000000000000000002.log.unreadable")).exists();
  }

  /// What `cursors` says may be as old as a second, or be missing.
  @Test
  void newestSegmentWithADamagedHeaderIsKeptAsideWhereItMayHoldWhatWasSynced() throws Exception {
    for (boolean isSynced : new boolean[] {true, false}) {
      for (long synced : new long[] {0, 3}) {
        SegmentLog written = open();
        append(written, 5, logs("k", "p", "one"));
        if (isSynced) {
          written.sync();
        }
        append(written, 6, logs("k", "p", "two"));
        written.close();
        Path file = SegmentLog.files(directory).getFirst();
        byte[] bytes = Files.readAllBytes(file);
        bytes[9] ^= 1;
        Files.write(file, bytes);
        SegmentLog again = open(synced);
        assertThat(again.lastSequence()).isEqualTo(5);
        assertThat(notices).hasSize(1);
        Path aside = directory.resolve("00000000000000000005.log.unreadable");
        assertThat(Files.deleteIfExists(aside)).isEqualTo(isSynced || synced == 0);
        assertThat(SegmentLog.files(directory)).isEmpty();
      }
    }
  }

  @Test
  void segmentThatWasBegunAndNoMoreIsForgotten() throws Exception {
    append(open(), 1, logs("k", "p", "x"));
    close();
    Files.createFile(directory.resolve("00000000000000000002.log"));
    open();
    assertThat(found).hasSize(1);
    assertThat(notices).isEmpty();
  }

  @Test
  void syncNoticesThatTheFileHasVanished() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p", "x"));
    Files.delete(SegmentLog.files(directory).getFirst());
    assertThat(written.isInPlace()).isFalse();
    assertThatThrownBy(written::sync).isInstanceOf(IOException.class);
    assertThat(written.syncedSequence()).isZero();
  }

  @Test
  void directoryThatVanishedCostsOneFailedSync() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p", "x"));
    for (Path file : SegmentLog.files(directory)) {
      Files.delete(file);
    }
    Files.delete(directory.resolve("buffer.lock"));
    Files.delete(directory.resolve("reserve"));
    Files.delete(directory);
    assertThatThrownBy(written::sync).hasMessageContaining("has vanished");
    written.told();
    written.reopen();
    append(written, 2, logs("k", "p", "y"));
    assertThat(written.sync()).isEqualTo(2);
    assertThat(read(written)).hasSize(2);
  }

  @Test
  void logGoesOnInANewSegmentAfterTheDirectoryVanished() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p", "x"));
    for (Path file : SegmentLog.files(directory)) {
      Files.delete(file);
    }
    Files.delete(directory.resolve("buffer.lock"));
    Files.delete(directory.resolve("reserve"));
    Files.delete(directory);
    written.seal();
    written.reopen();
    assertThatThrownBy(() -> append(written, 2, logs("k", "p", "y")))
        .hasMessageContaining("has vanished");
    assertThatThrownBy(written::sync).hasMessageContaining("could not be synced before");
    written.told();
    append(written, 2, logs("k", "p", "y"));
    assertThat(written.sync()).isEqualTo(2);
    assertThat(read(written)).hasSize(2);
    open();
    assertThat(found).containsExactly("2 logs app k p 3 y");
  }

  private Path fixture(String name) throws IOException {
    Path file = directory.resolve("00000000000000000007.log");
    try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream(name))) {
      Files.write(file, in.readAllBytes(), StandardOpenOption.CREATE);
    }
    return file;
  }

  @Test
  void versionTwoIsRead() throws Exception {
    fixture("version-2.log");
    open();
    assertThat(notices).isEmpty();
    assertThat(found)
        .containsExactly(
            "7 logs app 00000000000000aa/00000000000000bb p7 3 seven",
            "9 traces otlp   7 nine",
            "10 metrics otlp   0 ");
    assertThat(positions()).containsExactly("p-before", "p7");
  }

  @Test
  void versionThreeIsReadAndGoneOnWith() throws Exception {
    Path file = fixture("version-3.log");
    SegmentLog again = open();
    assertThat(notices).isEmpty();
    assertThat(found).hasSize(3);
    assertThat(found.getFirst())
        .startsWith("7 logs app 00000000000000aa/00000000000000bb p7 3 ")
        .contains("first line", "second line", "third line")
        .containsPattern("(?s)(log.file.path.*){3}");
    assertThat(found.subList(1, 3))
        .containsExactly("9 traces otlp   7 nine", "10 metrics otlp   0 ");
    assertThat(positions()).containsExactly("p-before", "p7");
    append(again, 11, logs("k", "p11", "eleven"));
    assertThat(SegmentLog.files(directory)).containsExactly(file);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void segmentOfAnOlderVersionIsFollowedByOneOfThisVersion(int version) throws Exception {
    fixture("version-" + version + ".log");
    SegmentLog again = open();
    append(again, 11, logs("k", "p11", "eleven"));
    assertThat(read(again)).hasSize(4).last().isEqualTo("11 logs app k p11 3 eleven");
    assertThat(SegmentLog.inspect(directory, List.of()))
        .extracting(SegmentReport::version, SegmentReport::first, SegmentReport::last)
        .containsExactly(tuple(version, 7L, 10L), tuple(SegmentHeader.VERSION, 11L, 11L));
    open();
    assertThat(found).hasSize(4).last().isEqualTo("11 logs app k p11 3 eleven");
    assertThat(notices).isEmpty();
  }

  /// The next record has the number that the segment is named by.
  @Test
  void segmentOfVersionOneWithoutRecordsIsFollowedByAnother() throws Exception {
    Path file = fixture("version-1.log");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 28 + 45 + 4));
    SegmentLog again = open();
    assertThat(again.lastSequence()).isEqualTo(7);
    append(again, again.lastSequence() + 1, logs("k", "p8", "eight"));
    open();
    assertThat(found).containsExactly("8 logs app k p8 3 eight");
    assertThat(SegmentLog.files(directory)).hasSize(2);
  }

  /// Its records do not say what was synced.
  @Test
  void holeInASegmentOfVersionOneIsPassedOver() throws Exception {
    Path file = fixture("version-1.log");
    byte[] bytes = Files.readAllBytes(file);
    int nine = new String(bytes, ISO_8859_1).indexOf("otlpnine") - 43;
    Arrays.fill(bytes, nine, nine + 51, (byte) 0);
    Files.write(file, bytes);
    open();
    assertThat(found)
        .containsExactly(
            "7 logs app 00000000000000aa/00000000000000bb p7 3 seven", "10 metrics otlp   0 ");
    assertThat(notices).containsExactly(passedOver(file, nine, (nine + 51)));
  }

  /// It was not there, or a later one had it.
  @Test
  void endThatIsMissingLeavesItsNumbersUnused() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p1", "first"));
    append(written, 2, logs("k", "p2", "second"));
    written.sync();
    written.close();
    Path file = SegmentLog.files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, start(bytes, "second")));
    SegmentLog again = open(2);
    assertThat(again.lastSequence()).isEqualTo(2);
    append(again, 3, logs("k", "p3", "third"));
    assertThat(SegmentLog.files(directory)).hasSize(2);
  }

  @Test
  void noLaterSyncMakesSureWhatOneHasFailedFor() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p", "x"));
    Files.delete(SegmentLog.files(directory).getFirst());
    assertThatThrownBy(written::sync).hasMessageContaining("has vanished");
    assertThatThrownBy(written::sync).hasMessageContaining("could not be synced before");
    assertThat(written.syncedSequence()).isZero();
  }

  /// Its positions would count, and nobody has said yet that those before it do not.
  @Test
  void nothingIsBegunBehindWhatCouldNotBeSyncedBeforeThatIsTold() throws Exception {
    SegmentLog written = open();
    append(written, 1, logs("k", "p", "x"));
    Files.delete(SegmentLog.files(directory).getFirst());
    assertThatThrownBy(written::sync).hasMessageContaining("has vanished");
    for (int i = 0; i < 2; i++) {
      assertThat(written.isTold()).isFalse();
      assertThatThrownBy(() -> append(written, 2, logs("k", "p", "y")))
          .hasMessageContaining("could not be synced before");
    }
    written.told();
    assertThat(written.isTold()).isTrue();
    append(written, 2, logs("k", "p", "y"));
    assertThat(written.segments()).isEqualTo(2);
  }

  @Test
  void versionOneIsRead() throws Exception {
    fixture("version-1.log");
    open();
    assertThat(notices).isEmpty();
    assertThat(found)
        .containsExactly(
            "7 logs app 00000000000000aa/00000000000000bb p7 3 seven",
            "9 traces otlp   7 nine",
            "10 metrics otlp   0 ");
    assertThat(Objects.requireNonNull(log).positions())
        .containsExactly("p-before".getBytes(UTF_8), "p7".getBytes(UTF_8));
  }

  @Test
  void cursorsAreReadBack() throws Exception {
    assertThat(CursorFile.read(directory)).isEqualTo(CursorFile.NONE);
    new CursorFile(6, Map.of("events", 5L)).write(directory);
    CursorFile written = new CursorFile(9, Map.of("events", 7L, "backend", 2L));
    written.write(directory);
    assertThat(CursorFile.read(directory)).isEqualTo(written);
    Path file = directory.resolve("cursors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[12] ^= 1;
    Files.write(file, bytes);
    assertThatThrownBy(() -> CursorFile.read(directory)).hasMessage("checksum differs");
  }

  @Test
  void laterPlacesCountUpToTheFirstThatIsNotWhole() throws Exception {
    CursorWriter writer = new CursorWriter(directory);
    writer.append(new CursorFile(9, Map.of("events", 1L)));
    assertThat(CursorFile.read(directory)).isEqualTo(CursorFile.NONE);
    writer.replace(new CursorFile(9, places(7, 2)));
    writer.append(new CursorFile(9, places(8, 5)));
    writer.append(new CursorFile(9, Map.of("events", 12L)));
    writer.append(new CursorFile(9, places(10, 6)));
    writer.append(new CursorFile(9, places(12, 6)));
    Path file = directory.resolve("cursors");
    byte[] whole = Files.readAllBytes(file);
    int each = 2 * Long.BYTES + Integer.BYTES;
    List<Map<String, Long>> read = List.of(places(7, 2), places(8, 5), places(10, 6));
    for (int i = 0; i < read.size(); i++) {
      int begin = whole.length - (3 - i) * each;
      CursorFile wanted = new CursorFile(9, read.get(i));
      for (int at = begin; at < begin + each; at++) {
        Files.write(file, Arrays.copyOf(whole, at));
        assertThat(CursorFile.read(directory)).isEqualTo(wanted);
        byte[] flipped = whole.clone();
        flipped[at] ^= 1;
        Files.write(file, flipped);
        assertThat(CursorFile.read(directory)).isEqualTo(wanted);
      }
    }
    Files.write(file, whole);
    assertThat(CursorFile.read(directory)).isEqualTo(new CursorFile(9, places(12, 6)));
    writer.replace(new CursorFile(12, places(13, 6)));
    writer.append(new CursorFile(9, places(13, 8)));
    assertThat(CursorFile.read(directory)).isEqualTo(new CursorFile(12, places(13, 8)));
  }

  private static Map<String, Long> places(long events, long backend) {
    Map<String, Long> passed = new LinkedHashMap<>();
    passed.put("events", events);
    passed.put("backend", backend);
    return passed;
  }

  @Test
  void nothingIsAppendedToPlacesThatCouldNotBeReplacedOrAppendedTo() throws Exception {
    CursorWriter writer = new CursorWriter(directory);
    writer.replace(new CursorFile(9, places(7, 2)));
    Path temporary = Files.createDirectory(directory.resolve("cursors.tmp"));
    assertThatThrownBy(() -> writer.replace(new CursorFile(9, places(8, 2))))
        .isInstanceOf(IOException.class);
    writer.append(new CursorFile(9, places(9, 2)));
    assertThat(CursorFile.read(directory)).isEqualTo(new CursorFile(9, places(7, 2)));
    Files.delete(temporary);
    writer.replace(new CursorFile(9, places(8, 2)));
    Path file = directory.resolve("cursors");
    Path elsewhere = Files.move(file, directory.resolve("elsewhere"));
    assertThatThrownBy(() -> writer.append(new CursorFile(9, places(9, 2))))
        .isInstanceOf(IOException.class);
    Files.move(elsewhere, file);
    writer.append(new CursorFile(9, places(9, 3)));
    assertThat(CursorFile.read(directory)).isEqualTo(new CursorFile(9, places(8, 2)));
  }

  @Test
  void whatIsDoneAheadIsReadBackAlsoOfLaterPlaces() throws Exception {
    CursorWriter writer = new CursorWriter(directory);
    CursorFile first = ahead(7, new Ahead(1L << 40, new long[] {8, 9, 200, 1L << 33}));
    writer.replace(first);
    assertThat(CursorFile.read(directory)).isEqualTo(first);
    Path file = directory.resolve("cursors");
    byte[] before = Files.readAllBytes(file);
    CursorFile later = ahead(8, new Ahead((1L << 40) + 1, new long[] {9, 1L << 33}));
    writer.append(later);
    assertThat(CursorFile.read(directory)).isEqualTo(later);
    byte[] whole = Files.readAllBytes(file);
    for (int at = before.length; at < whole.length; at++) {
      Files.write(file, Arrays.copyOf(whole, at));
      assertThat(CursorFile.read(directory)).isEqualTo(first);
      byte[] flipped = whole.clone();
      flipped[at] ^= 1;
      Files.write(file, flipped);
      assertThat(CursorFile.read(directory)).isEqualTo(first);
    }
    Files.write(file, whole);
    CursorFile none = new CursorFile(9, places(300, 6));
    writer.append(none);
    assertThat(CursorFile.read(directory)).isEqualTo(none);
  }

  private static CursorFile ahead(long events, Ahead ahead) {
    return new CursorFile(9, places(events, 6), Map.of("events", ahead));
  }

  @Test
  void laterPlacesOfAFileThatTellsNothingAheadTellNothingAhead() throws Exception {
    CursorWriter writer = new CursorWriter(directory);
    writer.replace(new CursorFile(9, places(7, 2)));
    assertThat(Files.readAllBytes(directory.resolve("cursors"))[5])
        .as("a version before reads it")
        .isEqualTo((byte) 3);
    writer.append(ahead(8, new Ahead(20, new long[] {9})));
    assertThat(CursorFile.read(directory)).isEqualTo(new CursorFile(9, places(8, 6)));
  }

  @Test
  void laterPlacesStopWhereTheFileWouldGrowLarge() throws Exception {
    CursorWriter writer = new CursorWriter(directory);
    CursorFile many = ahead(0, new Ahead(1 << 20, LongStream.range(1, 60_000).toArray()));
    writer.replace(many);
    for (int i = 0; i < 100; i++) {
      writer.append(many);
    }
    assertThat(Files.size(directory.resolve("cursors"))).isBetween(1L << 19, 1L << 20);
    assertThat(CursorFile.read(directory)).isEqualTo(many);
  }

  @Test
  void moreThanAreStoredCountAsNotDone() {
    long[] open = LongStream.rangeClosed(1, Ahead.MOST_OPEN + 5).map(each -> 2 * each).toArray();
    Ahead ahead = new Ahead(1 << 30, open);
    assertThat(ahead.open()).hasSize(Ahead.MOST_OPEN);
    assertThat(ahead.covers(open[Ahead.MOST_OPEN] - 1)).isTrue();
    assertThat(ahead.covers(open[Ahead.MOST_OPEN])).isFalse();
    assertThat(ahead.covers(open[Ahead.MOST_OPEN] + 1)).isFalse();
    assertThat(ahead.covers(2)).isFalse();
    assertThat(ahead.covers(3)).isTrue();
  }

  @Test
  void cursorsSayWhatSignalsShippersTake() throws Exception {
    CursorWriter writer = new CursorWriter(directory);
    Map<String, Set<Signal>> signals =
        Map.of("events", Set.of(Signal.LOGS, Signal.METRICS), "backend", Set.of());
    writer.replace(new CursorFile(9, places(7, 2), Map.of(), signals));
    writer.append(new CursorFile(9, places(8, 3), Map.of(), signals));
    CursorFile written = new CursorFile(9, places(8, 3), Map.of(), signals);
    assertThat(CursorFile.read(directory)).isEqualTo(written);
    writer.append(new CursorFile(9, places(9, 3), Map.of(), Map.of("events", Set.of())));
    assertThat(CursorFile.read(directory)).as("of other signals").isEqualTo(written);
  }

  @Test
  void cursorsOfVersionTwoHaveNoLaterPlaces() throws Exception {
    Map<String, Long> passed = Map.of("events", 7L);
    byte[] file = new CursorFile(9, passed).bytes();
    file[5] = 2;
    CRC32C crc = new CRC32C();
    crc.update(file, 0, file.length - Integer.BYTES);
    ByteBuffer.wrap(file).putInt(file.length - Integer.BYTES, (int) crc.getValue());
    Files.write(directory.resolve("cursors"), file);
    assertThat(CursorFile.read(directory)).isEqualTo(new CursorFile(9, passed));
  }

  @Test
  void cursorsOfVersionOneDoNotSayWhatIsSynced() throws Exception {
    ByteBuffer bytes = ByteBuffer.allocate(32);
    bytes.putInt(0x504E4352).putShort((short) 1).putShort((short) 1);
    bytes.putShort((short) 6).put("events".getBytes(UTF_8)).putLong(7);
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate().flip());
    bytes.putInt((int) crc.getValue()).flip();
    byte[] file = new byte[bytes.remaining()];
    bytes.get(file);
    Files.write(directory.resolve("cursors"), file);
    assertThat(CursorFile.read(directory)).isEqualTo(new CursorFile(0, Map.of("events", 7L)));
  }

  @Test
  void reportNamesWhatASegmentHolds() throws Exception {
    SegmentLog written = open();
    append(written, 4, logs("k", "p", "x"));
    append(written, 6, logs("k", "p", "y"));
    SegmentReport report = SegmentLog.inspect(directory, List.of(3L, 4L, 6L)).getFirst();
    assertThat(report.version()).isEqualTo(SegmentHeader.VERSION);
    assertThat(report.first()).isEqualTo(4);
    assertThat(report.last()).isEqualTo(6);
    assertThat(report.batches()).isEqualTo(2);
    assertThat(report.records()).isEqualTo(6);
    assertThat(report.behind()).containsExactly(2L, 1L, 0L);
    assertThat(report.damage()).isEmpty();
  }
}
