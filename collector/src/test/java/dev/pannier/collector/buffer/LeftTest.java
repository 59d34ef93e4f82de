package dev.pannier.collector.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.receipt.Buffered;
import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeftTest {
  private final Left.Found found = new Left.Found();

  private void add(long generation, long from, long to) {
    byte[] positions = new Positions(generation, from, to, 0, 0).encode();
    found.add(new Batch(Signal.LOGS, new byte[0], 0, 0, 1, "app", "key", positions));
  }

  /// A line may be a batch, and a backlog is a million of them.
  @Test
  void batchesThatFollowEachOtherAreOneRange() {
    for (int i = 0; i < 1_000; i++) {
      add(1, i * 10L, (i + 1) * 10L);
      add(2, i * 20L, (i + 1) * 20L);
    }
    assertThat(found.files.values()).allMatch(file -> file.ranges().size() == 1);
    assertThat(found.left().files().get(2L))
        .isEqualTo(new Buffered("app", List.of(new ByteRange(0, 20_000))));
  }

  @Test
  void whatWasReadAgainStandsInItsPlace() {
    add(1, 100, 200);
    add(1, 300, 400);
    for (int i = 0; i < 250; i++) {
      add(1, i, i + 1);
    }
    add(1, 250, 250);
    assertThat(found.files.get(1L)).isNotNull();
    assertThat(found.files.values()).allMatch(file -> file.ranges().size() == 3);
    assertThat(found.left().files().get(1L))
        .isEqualTo(new Buffered("app", List.of(new ByteRange(0, 250), new ByteRange(300, 400))));
  }
}
