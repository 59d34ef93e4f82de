package dev.pannier.shippers.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Destination;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperContract;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileShipperTest extends ShipperContract {
  private static final long MIB = 1024 * 1024;
  private static final long MEMORY_BYTES = 8 * MIB;

  @TempDir private Path temporary;

  @Override
  protected Destination destination() {
    return new Folder(temporary.resolve("archive"));
  }

  @Override
  protected Set<String> threadNames() {
    return Set.of("pannier-");
  }

  private static ShipperSettings.File settings(String path, Encoding encoding, long maxBytes) {
    return new ShipperSettings.File(
        "archive", path, encoding, FieldNames.LOGSTASH, maxBytes, EnumSet.allOf(Signal.class));
  }

  private static Outcome ship(Shipper shipper, Batch batch) {
    List<Outcome> outcomes = new ArrayList<>();
    shipper.ship(batch, outcomes::add);
    assertThat(outcomes).hasSize(1);
    return outcomes.getFirst();
  }

  @Test
  void aLineWithoutEndOfACrashIsCutOff() throws IOException {
    Path file = temporary.resolve("logs.log");
    Files.writeString(file, "whole\ntorn by a cra");
    try (ClosedLater shipper = open(settings(temporary + "/", Encoding.RAW, MIB))) {
      assertThat(ship(shipper.get, Batches.logs("k", "next"))).isEqualTo(Outcome.ACCEPTED);
    }
    assertThat(file).hasContent("whole\nnext\n");
  }

  @Test
  void aTornFileWithoutAnyLineEndBecomesEmpty() throws IOException {
    Path file = temporary.resolve("logs.log");
    Files.writeString(file, "x".repeat(20_000));
    try (ClosedLater shipper = open(settings(temporary + "/", Encoding.RAW, MIB))) {
      assertThat(ship(shipper.get, Batches.logs("k", "next"))).isEqualTo(Outcome.ACCEPTED);
    }
    assertThat(file).hasContent("next\n");
  }

  @Test
  void allFilesTogetherStayBelowMaxBytesAndTheNewestStay() throws IOException {
    ShipperSettings.File settings = settings(temporary + "/", Encoding.RAW, MIB);
    String line = "y".repeat(50_000);
    int number = 0;
    // Two lives: the second knows what the first has left.
    for (int life = 0; life < 2; life++) {
      try (ClosedLater shipper = open(settings)) {
        for (int i = 0; i < 40; i++) {
          Batch batch = Batches.logs("k", String.format("%05d", number) + line);
          assertThat(ship(shipper.get, batch)).isEqualTo(Outcome.ACCEPTED);
          number++;
          assertThat(size(temporary)).isLessThanOrEqualTo(MIB);
        }
      }
    }

    List<String> kept = new ArrayList<>();
    for (Path file : files(temporary)) {
      for (String text : Files.readAllLines(file)) {
        kept.add(text.substring(0, 5));
      }
    }
    // The newest in a row, up to the last.
    List<String> expected = new ArrayList<>();
    for (int i = number - kept.size(); i < number; i++) {
      expected.add(String.format("%05d", i));
    }
    assertThat(kept).containsExactlyInAnyOrderElementsOf(expected).hasSizeGreaterThan(10);
  }

  @Test
  void filesOfOthersAreNotTouched() throws IOException {
    Path foreign = Files.writeString(temporary.resolve("notes.jsonl"), "z".repeat(2_000_000));
    try (ClosedLater shipper = open(settings(temporary + "/", Encoding.RAW, MIB))) {
      assertThat(ship(shipper.get, Batches.logs("k", "one"))).isEqualTo(Outcome.ACCEPTED);
    }
    assertThat(foreign).exists().hasSize(2_000_000);
  }

  @Test
  void placeholdersMakeAFileForEachValueAndNeverLeaveTheFolder() throws IOException {
    String path = temporary + "/in/${resource:service.name}/all.jsonl";
    try (ClosedLater shipper = open(settings(path, Encoding.JSON, MIB))) {
      for (String service : List.of("cart", "../../etc/passwd", "")) {
        byte[] bytes = Batches.request(service, "hello " + service).toByteArray();
        Batch batch = Batch.received(Signal.LOGS, bytes, 0, bytes.length, 1, "otlp");
        assertThat(ship(shipper.get, batch)).isEqualTo(Outcome.ACCEPTED);
      }
    }
    assertThat(files(temporary).stream().map(file -> temporary.relativize(file).toString()))
        .containsExactlyInAnyOrder(
            "in/cart/all.jsonl", "in/____etc_passwd/all.jsonl", "in/unknown/all.jsonl");
  }

  @Test
  void aFileThatIsDeletedMeanwhileIsMadeAgain() throws IOException {
    Path file = temporary.resolve("logs.log");
    try (ClosedLater shipper = open(settings(temporary + "/", Encoding.RAW, MIB))) {
      assertThat(ship(shipper.get, Batches.logs("k", "one"))).isEqualTo(Outcome.ACCEPTED);
      Files.delete(file);
      assertThat(ship(shipper.get, Batches.logs("k", "two"))).isEqualTo(Outcome.ACCEPTED);
    }
    assertThat(file).hasContent("two\n");
  }

  @Test
  void aFileThatIsEmptiedMeanwhileIsGoneOnWithFromItsBeginning() throws IOException {
    Path file = temporary.resolve("logs.log");
    try (ClosedLater shipper = open(settings(temporary + "/", Encoding.RAW, MIB))) {
      assertThat(ship(shipper.get, Batches.logs("k", "one"))).isEqualTo(Outcome.ACCEPTED);
      Files.write(file, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
      assertThat(ship(shipper.get, Batches.logs("k", "two"))).isEqualTo(Outcome.ACCEPTED);
    }
    assertThat(file).hasContent("two\n");
  }

  @Test
  void whereTheOldestCannotBeRemovedNothingIsWrittenAndTheBatchWaits() throws IOException {
    String line = "y".repeat(50_000);
    try (ClosedLater shipper = open(settings(temporary + "/", Encoding.RAW, MIB))) {
      for (int i = 0; i < 4; i++) {
        assertThat(ship(shipper.get, Batches.logs("k", i + line))).isEqualTo(Outcome.ACCEPTED);
      }
      Path oldest = temporary.resolve("logs.000001.log");
      Files.delete(oldest);
      Files.createDirectories(oldest.resolve("in the way"));
      List<String> stored = new ArrayList<>();
      int next = 4;
      Outcome outcome = Outcome.ACCEPTED;
      for (; outcome.equals(Outcome.ACCEPTED) && next < 100; next++) {
        outcome = ship(shipper.get, Batches.logs("k", next + line));
      }
      next--;
      assertThat(outcome)
          .isInstanceOfSatisfying(
              Outcome.Retryable.class,
              retry -> assertThat(retry.reason()).contains("logs.000001.log"));
      assertThat(ship(shipper.get, Batches.logs("k", next + line)))
          .as("still there")
          .isInstanceOf(Outcome.Retryable.class);
      Files.delete(oldest.resolve("in the way"));
      Files.delete(oldest);
      assertThat(ship(shipper.get, Batches.logs("k", next + line))).isEqualTo(Outcome.ACCEPTED);
      for (Path file : files(temporary)) {
        stored.addAll(Files.readAllLines(file));
      }
      assertThat(stored).doesNotHaveDuplicates().contains(next + line);
    }
  }

  @Test
  void twoWritersOfOneFileAreTold() {
    ShipperSettings.File settings = settings(temporary + "/", Encoding.RAW, MIB);
    try (ClosedLater first = open(settings);
        ClosedLater second = open(settings)) {
      assertThat(ship(first.get, Batches.logs("k", "one"))).isEqualTo(Outcome.ACCEPTED);
      assertThat(ship(second.get, Batches.logs("k", "two")))
          .isInstanceOfSatisfying(
              Outcome.Retryable.class,
              retry -> assertThat(retry.reason()).contains("another shipper or process"));
    }
  }

  @Test
  void aBatchAboveMaxBytesIsTooLarge() {
    try (ClosedLater shipper = open(settings(temporary + "/", Encoding.RAW, MIB))) {
      assertThat(ship(shipper.get, Batches.logs("k", "w".repeat(2_000_000))))
          .isInstanceOf(Outcome.TooLarge.class);
    }
  }

  @Test
  void linesThatTogetherTakeMoreThanMemoryAreWrittenInPieces() throws IOException {
    int records = 3_000;
    try (ClosedLater shipper =
        new ClosedLater(
            new FileShipper(settings(temporary + "/", Encoding.JSON, 100 * MIB), 1 << 20))) {
      assertThat(ship(shipper.get, Batches.ofLargeResource("k", 2_000, records)))
          .isEqualTo(Outcome.ACCEPTED);
    }
    List<String> lines = Files.readAllLines(temporary.resolve("logs.jsonl"));
    assertThat(lines).hasSize(records);
    for (int i = 0; i < records; i++) {
      assertThat(lines.get(i)).contains("\"line " + i + "\"");
    }
  }

  @Test
  void whatWasWrittenBeforeAPieceThatCannotBeIsConfirmed() throws IOException {
    // A line above max_bytes is behind more than a piece of others.
    String[] bodies = new String[2_000];
    java.util.Arrays.fill(bodies, "z".repeat(100));
    bodies[1_999] = "z".repeat(2_000_000);
    try (ClosedLater shipper =
        new ClosedLater(new FileShipper(settings(temporary + "/", Encoding.RAW, MIB), 1 << 18))) {
      assertThat(ship(shipper.get, Batches.logs("k", bodies)))
          .isInstanceOfSatisfying(
              Outcome.TooLarge.class,
              large -> {
                BitSet unconfirmed = Objects.requireNonNull(large.unconfirmed());
                int written = unconfirmed.nextSetBit(0);
                assertThat(written).isPositive();
                assertThat(unconfirmed.cardinality()).isEqualTo(2_000 - written);
                // Some of it may be rotated.
                List<String> contents =
                    files(temporary).stream().map(FileShipperTest::content).toList();
                assertThat(String.join("", contents)).isEqualTo((bodies[0] + "\n").repeat(written));
              });
    }
  }

  @Test
  void lineThatIsLongAsJsonIsDividedAndARecordAloneIsNot() throws IOException {
    try (ClosedLater shipper =
        new ClosedLater(
            new FileShipper(settings(temporary + "/", Encoding.OTLP_JSON, 9 * MIB), 1 << 18))) {
      assertThat(ship(shipper.get, Batches.ofLargeResource("k", 10, 2_000)))
          .isInstanceOfSatisfying(
              Outcome.TooLarge.class,
              large -> {
                assertThat(large.limitBytes()).isEqualTo((1 << 18) / 4 / 4);
                assertThat(large.unconfirmed()).isNull();
              });
      assertThat(files(temporary)).isEmpty();
      assertThat(ship(shipper.get, Batches.logs("k", "w".repeat(100_000))))
          .isEqualTo(Outcome.ACCEPTED);
    }
  }

  private static ClosedLater open(ShipperSettings.File settings) {
    return new ClosedLater(new FileShipper(settings, MEMORY_BYTES));
  }

  private record ClosedLater(Shipper get) implements AutoCloseable {
    @Override
    public void close() {
      get.close(Duration.ZERO);
    }
  }

  private static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String content(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long size(Path folder) throws IOException {
    long size = 0;
    for (Path file : files(folder)) {
      size += Files.size(file);
    }
    return size;
  }

  /// Lines of OTLP JSON in a folder.
  private record Folder(Path folder) implements Destination {
    @Override
    public Shipper shipper() {
      return new FileShipper(settings(folder.toString(), Encoding.OTLP_JSON, MIB), MEMORY_BYTES);
    }

    @Override
    public void mode(Mode mode) {
      assertThat(mode).isEqualTo(Mode.ACCEPT);
    }

    @Override
    public void down() throws IOException {
      if (Files.exists(folder)) {
        Files.move(folder, folder.resolveSibling("away"));
      }
      Files.write(folder, new byte[0], StandardOpenOption.CREATE_NEW);
    }

    @Override
    public void up() throws IOException {
      Files.delete(folder);
      Path away = folder.resolveSibling("away");
      if (Files.exists(away)) {
        Files.move(away, folder);
      }
    }

    @Override
    public List<String> stored() throws IOException {
      Path file = folder.resolve("logs.jsonl");
      return Files.exists(file) ? JsonLines.bodies(Files.readString(file)) : List.of();
    }

    @Override
    public void close() {
      // The folder goes with the test.
    }
  }
}
