package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Fingerprint;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a shipper's destination has outranks what the volume says.
class StartPositionsTest {
  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  private final List<Positions> sent = new ArrayList<>();

  @BeforeEach
  void start() {
    tail = new TailHarness(folder);
  }

  @AfterEach
  void end() {
    tail.close();
  }

  private Path log() {
    return tail.logs.resolve("app.log");
  }

  private void write(String... lines) throws IOException {
    Files.write(log(), List.of(lines), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    tail.pass(java.time.Duration.ofSeconds(1));
  }

  /// Three lines of four bytes, a batch each; the volume holds the position behind the first.
  private long threeBatchesOfWhichTheVolumeKnowsOne() throws IOException {
    write("one");
    tail.confirms = false;
    write("two");
    write("six");
    tail.unconfirmed.forEach(batch -> sent.add(positions(batch.batch())));
    long generation = sent.getFirst().generation();
    assertThat(sent).extracting(Positions::to).containsExactly(8L, 12L);
    tail.confirms = true;
    tail.records.clear();
    return generation;
  }

  private static Positions positions(Batch batch) {
    return Objects.requireNonNull(Positions.decode(batch.positions()));
  }

  private static Committed committed(Positions file) {
    return new Committed(0, 0, new long[0], List.of(file));
  }

  private void restart(StartPositions positions) {
    tail.start = positions;
    tail.crashAndRestart();
    tail.run();
  }

  @Test
  void filesWaitUntilEveryShipperHasTold() throws IOException {
    threeBatchesOfWhichTheVolumeKnowsOne();
    StartPositions positions = new StartPositions(List.of("a", "b"), false);
    positions.told("a", committed(sent.getLast()));
    restart(positions);
    assertThat(tail.records).isEmpty();
    assertThat(positions.problem()).contains("shipper b");
    positions.told("b", committed(sent.getFirst()));
    assertThat(positions.problem()).isNull();
    tail.pass(java.time.Duration.ofSeconds(1));
    assertThat(tail.bodies()).containsExactly("six");
  }

  /// Whoever takes its place, or goes on without storing positions, has what the volume says: the least of all.
  @Test
  void whereOneThatHasNotToldIsGoneTheVolumeCounts() throws IOException {
    threeBatchesOfWhichTheVolumeKnowsOne();
    tail.confirms = false;
    StartPositions positions = new StartPositions(List.of("a", "b"), false);
    positions.told("a", committed(sent.getFirst()));
    restart(positions);
    assertThat(tail.bodies()).isEmpty();
    positions.gone("b");
    tail.pass(java.time.Duration.ofSeconds(1));
    assertThat(tail.bodies()).containsExactly("two", "six");
    assertThat(tail.unconfirmed.stream().map(batch -> positions(batch.batch()).to()))
        .as("a batch ends at what the other has")
        .containsExactly(8L, 12L);
  }

  @Test
  void oneThatIsNotAwaitedDoesNotSayWhereFilesAreRead() {
    Anchor volume = new Anchor(100, 10, 1);
    Anchor ahead = new Anchor(150, 10, 2);
    StartPositions positions = new StartPositions(List.of("a"), false);
    positions.told("spans", committed(new Positions(1, 0, 50, 0, 0)));
    positions.told("a", committed(new Positions(1, 0, 150, 10, 2)));
    assertThat(positions.start(saved(1, volume, 200))).isEqualTo(saved(1, ahead, 200));
  }

  @Test
  void filesThatAreDeletedMeanwhileAreHeldOpen() throws IOException {
    long generation = threeBatchesOfWhichTheVolumeKnowsOne();
    StartPositions positions = new StartPositions(List.of("a"), false);
    restart(positions);
    Files.delete(log());
    write("new");
    Files.delete(log());
    tail.pass(java.time.Duration.ofSeconds(1));
    assertThat(tail.records).isEmpty();
    positions.told("a", committed(new Positions(generation, 0, 8, 0, 0)));
    tail.pass(java.time.Duration.ofSeconds(1));
    assertThat(tail.bodies()).containsExactly("six", "new");
    assertThat(tail.notices).isEmpty();
  }

  @Test
  void aFileGoesOnWhereTheDestinationHasIt() throws IOException {
    threeBatchesOfWhichTheVolumeKnowsOne();
    StartPositions positions = new StartPositions(List.of("a"), false);
    positions.told("a", committed(sent.getLast()));
    restart(positions);
    write("ten");
    assertThat(tail.bodies()).containsExactly("ten");
  }

  @Test
  void withoutAWordOfAFileTheVolumeCounts() throws IOException {
    threeBatchesOfWhichTheVolumeKnowsOne();
    StartPositions positions = new StartPositions(List.of("a"), false);
    positions.told("a", Committed.NOTHING);
    restart(positions);
    assertThat(tail.bodies()).containsExactly("two", "six");
  }

  @Test
  void aBatchEndsWhereOneOfSeveralShippersIs() throws IOException {
    threeBatchesOfWhichTheVolumeKnowsOne();
    tail.confirms = false;
    StartPositions positions = new StartPositions(List.of("a"), true);
    positions.told("a", committed(sent.getFirst()));
    restart(positions);
    assertThat(tail.bodies()).containsExactly("two", "six");
    assertThat(tail.unconfirmed.stream().map(batch -> positions(batch.batch()).to()))
        .containsExactly(8L, 12L);
  }

  @Test
  void aLineThatWasCutAtTheEndIsCutThereAgain() throws IOException {
    Files.writeString(log(), "half");
    tail.confirms = false;
    tail.pass(java.time.Duration.ofSeconds(1));
    tail.stopAndRestart();
    assertThat(tail.bodies()).containsExactly("half");
    tail.records.clear();
    SavedGeneration saved = tail.stored().getFirst();
    StartPositions positions = new StartPositions(List.of("a"), true);
    positions.told("a", committed(new Positions(saved.id(), 0, 4, 0, 0)));
    Files.writeString(log(), " of it\n", StandardOpenOption.APPEND);
    restart(positions);
    tail.pass(java.time.Duration.ofSeconds(1));
    assertThat(tail.bodies()).containsExactly("half", " of it");
  }

  private static SavedGeneration saved(long id, Anchor position, long size) {
    return new SavedGeneration(
        id, "app", 1, 2, "/a.log", Fingerprint.EMPTY, position, size, false, 9, 0);
  }

  private static byte[] taken(long generation, Anchor to) {
    return new Positions(generation, 0, to.position(), to.tag(), to.hash()).encode();
  }

  @Test
  void theHigherPositionOfAGenerationCounts() {
    Anchor low = new Anchor(100, 10, 1);
    Anchor high = new Anchor(300, 20, 2);
    List<SavedGeneration> stored =
        List.of(saved(1, low, 200), saved(2, high, 400), saved(3, low, 5));
    List<byte[]> taken = List.of(taken(1, high), taken(1, low), taken(2, low), taken(4, high));
    assertThat(StartPositions.raise(stored, taken))
        .containsExactly(saved(1, high, 300), saved(2, high, 400), saved(3, low, 5));
  }

  @Test
  void whatTheLogHoldsIsNotReadAgainForADestinationThatIsBehind() {
    Anchor volume = new Anchor(100, 10, 1);
    StartPositions positions = new StartPositions(List.of("a"), false, true);
    positions.told("a", committed(new Positions(1, 0, 50, 0, 0)));
    assertThat(positions.start(saved(1, volume, 200))).isEqualTo(saved(1, volume, 200));
  }

  @Test
  void aDestinationMayBeAheadOfTheLog() {
    Anchor volume = new Anchor(100, 10, 1);
    Anchor ahead = new Anchor(150, 10, 2);
    StartPositions positions = new StartPositions(List.of("a"), false, true);
    positions.told("a", committed(new Positions(1, 0, 150, 10, 2)));
    assertThat(positions.start(saved(1, volume, 200))).isEqualTo(saved(1, ahead, 200));
  }

  @Test
  void aLowerPositionIsReadAgain() throws IOException {
    long generation = threeBatchesOfWhichTheVolumeKnowsOne();
    tail.confirmAll();
    tail.stopAndRestart();
    StartPositions positions = new StartPositions(List.of("a"), false);
    positions.told("a", committed(new Positions(generation, 0, 4, 0, 0)));
    restart(positions);
    assertThat(tail.bodies()).containsExactly("two", "six");
  }

  @Test
  void aLowerPositionOfAFileThatIsGoneIsNoLoss() throws IOException {
    long generation = threeBatchesOfWhichTheVolumeKnowsOne();
    tail.confirmAll();
    tail.stopAndRestart();
    Files.delete(log());
    StartPositions positions = new StartPositions(List.of("a"), false);
    positions.told("a", committed(new Positions(generation, 0, 4, 0, 0)));
    restart(positions);
    tail.pass(java.time.Duration.ofSeconds(2));
    assertThat(tail.bodies()).isEmpty();
    assertThat(tail.metrics.adder(Counter.SOURCE_LOST_BYTES, "app").sum()).isZero();
  }

  @Test
  void otherBytesBeforeThePositionAreAnotherFile() throws IOException {
    threeBatchesOfWhichTheVolumeKnowsOne();
    Files.writeString(log(), "one\nnew\nold\nred\n");
    StartPositions positions = new StartPositions(List.of("a"), false);
    positions.told("a", committed(sent.getLast()));
    restart(positions);
    tail.pass(java.time.Duration.ofSeconds(2));
    assertThat(tail.bodies()).containsExactly("one", "new", "old", "red");
  }

  @Test
  void whatIsGoneIsToldOnceTheDestinationHasToldWhatItHas() throws IOException {
    long generation = threeBatchesOfWhichTheVolumeKnowsOne();
    tail.pass(java.time.Duration.ofSeconds(20));
    Files.delete(log());
    StartPositions positions = new StartPositions(List.of("a"), false);
    restart(positions);
    tail.pass(java.time.Duration.ofSeconds(2));
    assertThat(tail.notices).isEmpty();
    positions.told("a", committed(new Positions(generation, 0, 8, 0, 0)));
    tail.pass(java.time.Duration.ofSeconds(2));
    assertThat(tail.notices).singleElement().asString().contains("bytes 8 to 12 were gone");
    assertThat(tail.metrics.adder(Counter.SOURCE_LOST_BYTES, "app").sum()).isEqualTo(4);
  }

  @Test
  void whatIsOverwrittenIsToldOnceTheDestinationHasToldWhatItHas() throws IOException {
    threeBatchesOfWhichTheVolumeKnowsOne();
    tail.pass(java.time.Duration.ofSeconds(20));
    Files.writeString(log(), "new\nold\nred\nend\n");
    StartPositions positions = new StartPositions(List.of("a"), false);
    restart(positions);
    tail.pass(java.time.Duration.ofSeconds(2));
    positions.told("a", committed(sent.getLast()));
    tail.pass(java.time.Duration.ofSeconds(2));
    assertThat(tail.bodies()).containsExactly("new", "old", "red", "end");
    assertThat(tail.notices).isEmpty();
    assertThat(tail.metrics.adder(Counter.SOURCE_LOST_BYTES, "app").sum()).isZero();
  }

  @Test
  void whatIsEmptiedMeanwhileIsToldOnceTheDestinationHasToldWhatItHas() throws IOException {
    threeBatchesOfWhichTheVolumeKnowsOne();
    tail.pass(java.time.Duration.ofSeconds(20));
    StartPositions positions = new StartPositions(List.of("a"), false);
    restart(positions);
    Files.writeString(log(), "new\n");
    tail.pass(java.time.Duration.ofSeconds(2));
    positions.told("a", committed(sent.getLast()));
    tail.pass(java.time.Duration.ofSeconds(2));
    assertThat(tail.bodies()).containsExactly("new");
    assertThat(tail.notices).isEmpty();
    assertThat(tail.metrics.adder(Counter.SOURCE_LOST_BYTES, "app").sum()).isZero();
  }

  @Test
  void aFinishedFileIsNotReadAgainForADestinationThatIsBehind() {
    SavedGeneration finished = saved(1, new Anchor(300, 10, 1), 300).atItsEnd();
    StartPositions positions = new StartPositions(List.of("a"), false);
    positions.told("a", committed(new Positions(1, 0, 100, 0, 0)));
    assertThat(positions.start(finished)).isEqualTo(finished);
  }

  @Test
  void aFileOfWhichOneDestinationHasNoWordIsNotReadAgainForOneThatIsBehind() {
    SavedGeneration file = saved(1, new Anchor(300, 10, 1), 400);
    StartPositions positions = new StartPositions(List.of("a", "b"), false);
    positions.told("a", Committed.NOTHING);
    positions.told("b", committed(new Positions(1, 0, 100, 0, 0)));
    assertThat(positions.start(file)).isEqualTo(file);
  }
}
