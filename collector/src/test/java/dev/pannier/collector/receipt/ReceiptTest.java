package dev.pannier.collector.receipt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReceiptTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  @TempDir Path folder;
  private final List<String> notices = new ArrayList<>();

  @Test
  void jsonNamesEveryRange() {
    Receipt receipt =
        new Receipt(List.of(file("/a.log", 900, 1_000), file("/b.log", 5, 5)), 0, true);
    assertThat(new String(receipt.json(), UTF_8))
        .isEqualTo(
            """
            {"version":1,"complete":true,"unshipped_bytes":100,"lost_bytes":0,\
            "buffered_bytes":0,"buffered_received_records":0,"lost_received_records":0,\
            "damaged_buffer_bytes":0,\
            "shippers":[],"whole_files_left_out":0,"files":[\
            {"source":"app","path":"/a.log","generation":"00f3","shipped":[[0,900]],\
            "buffered":[],"dropped":[],"unshipped":[[900,1000]],"lost":[]},\
            {"source":"app","path":"/b.log","generation":"00f3","shipped":[[0,5]],\
            "buffered":[],"dropped":[],"unshipped":[],"lost":[]}]}\
            """);
  }

  private static List<ByteRange> range(long from, long to) {
    return List.of(new ByteRange(from, to));
  }

  @Test
  void whatABufferGaveUpDoesNotCountAsShipped() {
    FileReceipt known =
        new FileReceipt(
            "app",
            "/a.log",
            "00000000000000f3",
            range(0, 900),
            List.of(),
            range(900, 1_000),
            List.of());
    Dropped full = new Dropped("events", "full", 100, false, range(0, 100));
    Dropped damaged = new Dropped("archive", "damaged", 50, true, range(200, 300));
    Receipt receipt =
        new Receipt(List.of(known, file("/b.log", 5, 5)), 0, false)
            .withDropped(
                Map.of(
                    0xf3L,
                    new DroppedFile("app", List.of(full, damaged)),
                    7L,
                    new DroppedFile("app", List.of(full))))
            .withShippers(
                List.of(
                    new ShipperReceipt("app", "events", false, 0, 0, 4, 200),
                    new ShipperReceipt("otlp", "events", true, 0, 0, 3, 60),
                    new ShipperReceipt("app", "archive", false, 0, 0, 0, 0)));
    FileReceipt first = receipt.files().getFirst();
    assertThat(first.shipped()).containsExactly(new ByteRange(100, 200), new ByteRange(300, 900));
    assertThat(first.isWhole()).isFalse();
    assertThat(new String(receipt.json(), UTF_8))
        .contains(
            """
            "shippers":[{"source":"app","shipper":"events","buffered_records":0,\
            "buffered_bytes":0,"dropped_records":4,"dropped_bytes":200},\
            {"source":"otlp","shipper":"events","buffered_records":0,\
            "buffered_bytes":0,"dropped_records":3,"dropped_bytes":60}],\
            """)
        .contains(
            """
            "dropped":[{"shipper":"events","reason":"full","bytes":100,"ranges":[[0,100]]},\
            {"shipper":"archive","reason":"damaged","bytes":50,"within":[[200,300]]}],\
            """);
    assertThat(receipt.lines())
        .contains(
            "/a.log (00000000000000f3): bytes shipped 100-200, 300-900 (700) bytes dropped for"
                + " events (full) 0-100 (100) bytes dropped for archive (damaged) within 200-300"
                + " (50) bytes NOT shipped 900-1000 (100)",
            "shipper events never gets 3 records of source otlp (60 bytes), which the buffer has"
                + " dropped");
    assertThat(new String(receipt.message(4_096), UTF_8).lines())
        .containsExactly(
            "so far: unshipped bytes 100, lost bytes 0",
            "shipper events: dropped 7 records, 260 bytes",
            "/a.log dropped for events (full) 0-100 (100) dropped for archive (damaged) within"
                + " 200-300 (50) unshipped 900-1000 (100)",
            "a file of source app that is forgotten dropped for events (full) 0-100 (100)");
    // At the end another shipper may have it yet, and what is not known to be passed is not listed
    // twice.
    Receipt last =
        receipt.withBuffered(Map.of(0xf3L, new Buffered("app", range(50, 950))), 0).asLastWord();
    assertThat(last.files().getFirst())
        .isEqualTo(
            new FileReceipt(
                "app",
                "/a.log",
                "00000000000000f3",
                List.of(),
                range(50, 900),
                List.of(full, damaged),
                range(900, 1_000),
                List.of()));
  }

  @Test
  void whatWaitsInTheBufferIsToldWhileTheProcessRuns() {
    Receipt receipt =
        new Receipt(List.of(file("/a.log", 900, 900)), 0, false)
            .withShippers(
                List.of(
                    new ShipperReceipt("app", "events", false, 10, 500, 0, 0),
                    new ShipperReceipt("app", "archive", false, 2, 100, 0, 0),
                    new ShipperReceipt("otlp", "events", true, 7, 70, 0, 0)));
    assertThat(new String(receipt.json(), UTF_8))
        .contains("\"buffered_bytes\":500,\"buffered_received_records\":7,")
        .contains(
            """
            {"source":"app","shipper":"archive","buffered_records":2,"buffered_bytes":100,\
            "dropped_records":0,"dropped_bytes":0}\
            """);
    assertThat(new String(receipt.message(4_096), UTF_8).lines())
        .containsExactly(
            "so far: unshipped bytes 0, lost bytes 0, left in the buffer: bytes 500, records of"
                + " requests 7",
            "shipper events: in the buffer 17 records, 570 bytes",
            "shipper archive: in the buffer 2 records, 100 bytes");
  }

  @Test
  void whatIsLeftInTheBufferDoesNotCountAsShipped() {
    FileReceipt known =
        new FileReceipt(
            "app",
            "/a.log",
            "00000000000000f3",
            List.of(new ByteRange(0, 900)),
            List.of(),
            List.of(new ByteRange(900, 1_000)),
            List.of());
    Receipt receipt =
        new Receipt(List.of(known, file("/b.log", 5, 5)), 0, true)
            .withBuffered(
                Map.of(
                    0xf3L,
                    new Buffered("app", List.of(new ByteRange(100, 200), new ByteRange(800, 950))),
                    7L,
                    new Buffered("app", List.of(new ByteRange(0, 10)))),
                3);
    assertThat(receipt.files())
        .containsExactly(
            new FileReceipt(
                "app",
                "/a.log",
                "00000000000000f3",
                List.of(new ByteRange(0, 100), new ByteRange(200, 800)),
                List.of(new ByteRange(100, 200), new ByteRange(800, 900)),
                List.of(new ByteRange(900, 1_000)),
                List.of()),
            file("/b.log", 5, 5),
            new FileReceipt(
                "app",
                "",
                "0000000000000007",
                List.of(),
                List.of(new ByteRange(0, 10)),
                List.of(),
                List.of()));
    assertThat(receipt.bufferedBytes()).isEqualTo(210);
    assertThat(new String(receipt.message(4_096), UTF_8).lines())
        .containsExactly(
            "unshipped bytes 100, lost bytes 0, left in the buffer: bytes 210, records of requests"
                + " 3",
            "/a.log in the buffer 100-200, 800-900 (200) unshipped 900-1000 (100)",
            "a file of source app that is forgotten in the buffer 0-10 (10)");
    assertThat(receipt.lines())
        .contains("3 records of requests NOT shipped, in the buffer")
        .anyMatch(line -> line.contains("NOT shipped, in the buffer 100-200, 800-900 (200)"));
  }

  @Test
  void damageOfTheBufferIsToldBesideTheFiles() {
    Receipt receipt = new Receipt(List.of(), 0, true).withDamagedBuffer(40).asLastWord();
    assertThat(new String(receipt.json(), UTF_8)).contains("\"damaged_buffer_bytes\":40,");
    assertThat(receipt.lines())
        .contains("40 bytes of the buffer were damaged, or could not be read");
    assertThat(new String(receipt.message(4_096), UTF_8))
        .isEqualTo("unshipped bytes 0, lost bytes 0, damaged in the buffer: bytes 40\n");
  }

  @Test
  void filesThatAreWholeAreLeftOutBeyondAThousandAndOthersNever() {
    List<FileReceipt> files = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      files.add(file("/whole" + i, 9, 9));
      files.add(file("/missing" + i, 9, 10));
    }
    String json = new String(new Receipt(files, 0, false).json(), UTF_8);
    assertThat(json).contains("\"whole_files_left_out\":2000").doesNotContain("/whole1999\"");
    assertThat(json.split("/whole", -1)).hasSize(1_001);
    assertThat(json.split("/missing", -1)).hasSize(3_001);
  }

  @Test
  void messageHoldsTheFilesThatMissMostAndCountsTheRest() {
    List<FileReceipt> files = new ArrayList<>();
    for (int i = 1; i <= 1_000; i++) {
      files.add(file("/var/log/app/ä" + i + ".log", 0, i));
    }
    byte[] message = new Receipt(files, 0, true).message(4_096);
    List<String> lines = new String(message, UTF_8).lines().toList();
    assertThat(message.length).isBetween(3_900, 4_096);
    assertThat(lines.getFirst()).isEqualTo("unshipped bytes 500500, lost bytes 0");
    assertThat(lines.get(1)).isEqualTo("/var/log/app/ä1000.log unshipped 0-1000 (1000)");
    int told = lines.size() - 2;
    long toldBytes = 0;
    for (int i = 0; i < told; i++) {
      toldBytes += 1_000 - i;
    }
    assertThat(lines.getLast())
        .isEqualTo(
            (1_000 - told) + " more files, " + (500_500 - toldBytes) + " bytes: see receipt.json");
  }

  @Test
  void rangesThatTouchAreOne() {
    List<ByteRange> ranges = new ArrayList<>();
    ByteRange.add(ranges, 0, 10);
    ByteRange.add(ranges, 10, 20);
    ByteRange.add(ranges, 20, 20);
    ByteRange.add(ranges, 30, 40);
    assertThat(ranges).containsExactly(new ByteRange(0, 20), new ByteRange(30, 40));
    assertThat(ByteRange.without(new ByteRange(5, 50), ranges))
        .containsExactly(new ByteRange(20, 30), new ByteRange(40, 50));
  }

  @Test
  void isStoredAtMostOnceASecondAndOnlyWhereItHasChanged() throws IOException {
    ReceiptStore store = new ReceiptStore(folder, notices::add);
    Path file = folder.resolve("receipt.json");
    store.update(new Receipt(List.of(file("/a.log", 1, 2)), 0, false), 0);
    assertThat(file).content().contains("[[1,2]]");
    assertThat(store.isDue(SECOND - 1)).isFalse();
    assertThat(store.isDue(SECOND)).isTrue();

    Files.delete(file);
    store.update(new Receipt(List.of(file("/a.log", 1, 2)), 0, false), SECOND);
    assertThat(file).doesNotExist();
    store.update(new Receipt(List.of(file("/a.log", 2, 2)), 0, false), 2 * SECOND);
    assertThat(file).content().contains("\"shipped\":[[0,2]]");
    assertThat(folder.resolve("receipt.json.tmp")).doesNotExist();
  }

  @Test
  void aVolumeThatCannotBeWrittenIsToldOnceAndTriedAgain() throws IOException {
    Path gone = folder.resolve("gone");
    ReceiptStore store = new ReceiptStore(gone, notices::add);
    store.update(new Receipt(List.of(), 0, false), 0);
    store.update(new Receipt(List.of(), 0, false), SECOND);
    assertThat(notices).hasSize(1).first().asString().contains("cannot be stored");
    Files.createDirectories(gone);
    store.update(new Receipt(List.of(), 0, false), 2 * SECOND);
    assertThat(notices).hasSize(2);
    assertThat(gone.resolve("receipt.json")).exists();
  }

  /// Nobody is asked before SIGKILL: what is there then is what Kubernetes shows.
  @Test
  void terminationMessageFollowsTheReceiptWhileTheProcessRuns() throws IOException {
    ReceiptStore store = new ReceiptStore(folder, notices::add);
    Path log = folder.resolve("termination-log");
    store.terminationLog(log);
    store.update(new Receipt(List.of(file("/a.log", 1, 1_000)), 0, false), 0);
    assertThat(log)
        .hasContent("so far: unshipped bytes 999, lost bytes 0\n/a.log unshipped 1-1000 (999)");
    store.update(new Receipt(List.of(file("/a.log", 1_000, 1_000)), 0, false), SECOND);
    assertThat(log).hasContent("so far: unshipped bytes 0, lost bytes 0");
    store.finish(new Receipt(List.of(file("/a.log", 1_000, 1_000)), 0, true));
    assertThat(log).hasContent("unshipped bytes 0, lost bytes 0");
  }

  @Test
  void terminationMessageThatSaysTheSameIsNotWrittenAgain() throws IOException {
    ReceiptStore store = new ReceiptStore(folder, notices::add);
    Path log = folder.resolve("termination-log");
    store.terminationLog(log);
    store.update(new Receipt(List.of(file("/a.log", 1, 1)), 0, false), 0);
    Files.delete(log);
    store.update(new Receipt(List.of(file("/a.log", 1, 1)), 0, false), SECOND);
    store.update(new Receipt(List.of(file("/a.log", 2, 2)), 0, false), 2 * SECOND);
    assertThat(log).doesNotExist();
    Path other = folder.resolve("other-log");
    store.terminationLog(other);
    store.update(new Receipt(List.of(file("/a.log", 2, 2)), 0, false), 3 * SECOND);
    assertThat(other).hasContent("so far: unshipped bytes 0, lost bytes 0");
  }

  @Test
  void terminationMessageThatCannotBeWrittenIsToldOnceAndTriedAgain() throws IOException {
    ReceiptStore store = new ReceiptStore(folder, notices::add);
    Path log = folder.resolve("gone/termination-log");
    store.terminationLog(log);
    store.update(new Receipt(List.of(), 0, false), 0);
    store.update(new Receipt(List.of(), 0, false), SECOND);
    assertThat(notices).singleElement().asString().contains("cannot be written to " + log);
    Files.createDirectories(log.getParent());
    store.update(new Receipt(List.of(), 0, false), 2 * SECOND);
    assertThat(notices).hasSize(2);
    assertThat(log).hasContent("so far: unshipped bytes 0, lost bytes 0");
  }

  private static FileReceipt file(String path, long shipped, long size) {
    List<ByteRange> before = new ArrayList<>();
    ByteRange.add(before, 0, shipped);
    List<ByteRange> after = new ArrayList<>();
    ByteRange.add(after, shipped, size);
    return new FileReceipt("app", path, "00f3", before, List.of(), after, List.of());
  }
}
