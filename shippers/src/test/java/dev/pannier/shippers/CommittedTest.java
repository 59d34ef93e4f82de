package dev.pannier.shippers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.util.List;
import org.junit.jupiter.api.Test;

class CommittedTest {
  private static final long LOG = 7;

  private final Committed ofTheLog = new Committed(LOG, 10, new long[] {4}, List.of());

  private static Batch batch(long from, long to) {
    byte[] positions = new Positions(1, from, to, 0, 0).encode();
    return new Batch(Signal.LOGS, new byte[1], 0, 1, 1, "app", "a.log", positions);
  }

  @Test
  void aBatchOfTheLogIsToldByItsNumber() {
    assertThat(ofTheLog.covers(batch(0, 9), new Origin(LOG, 10))).isTrue();
    assertThat(ofTheLog.covers(batch(0, 9), new Origin(LOG, 11))).isFalse();
    assertThat(ofTheLog.covers(batch(0, 9), new Origin(LOG, 4))).isFalse();
  }

  @Test
  void numbersOfAnotherLogSayNothing() {
    assertThat(ofTheLog.covers(batch(0, 9), new Origin(8, 1))).isFalse();
    assertThat(ofTheLog.covers(batch(0, 9), Origin.MEMORY)).isFalse();
  }

  @Test
  void whatWasStoredBeforeThereWasALogIsToldByItsFile() {
    Committed ofFiles = new Committed(0, 0, new long[0], List.of(new Positions(1, 0, 9, 0, 0)));
    assertThat(ofFiles.covers(batch(0, 9), new Origin(LOG, 1))).isTrue();
    assertThat(ofFiles.covers(batch(9, 12), new Origin(LOG, 2))).isFalse();
    assertThat(ofFiles.covers(batch(0, 9), Origin.MEMORY)).isTrue();
  }
}
