package dev.pannier.collector.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.collector.receipt.Dropped;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DropsTest {
  private final Drops drops = new Drops();

  private void add(long generation, long from, long to) {
    byte[] positions = new Positions(generation, from, to, 0, 0).encode();
    drops.add(
        new Batch(Signal.LOGS, new byte[0], 0, 0, 1, "app", "key", positions), "events", "full");
  }

  @Test
  void neighboursAreOneRangeInWhateverOrderTheyCome() {
    add(7, 20, 30);
    add(7, 0, 10);
    add(7, 10, 20);
    add(7, 40, 50);
    assertThat(Objects.requireNonNull(drops.files().get(7L)).parts())
        .containsExactly(
            new Dropped(
                "events", "full", 40, false, List.of(new ByteRange(0, 30), new ByteRange(40, 50))));
  }

  @Test
  void manyRangesAreToldAsOneInWhichTheyLie() {
    for (int i = 0; i < Drops.MAX_RANGES; i++) {
      add(7, 10L * i, 10L * i + 5);
    }
    assertThat(Objects.requireNonNull(drops.files().get(7L)).parts().getFirst().within()).isFalse();
    add(7, 10_000, 10_005);
    add(7, 20_000, 20_005);
    assertThat(Objects.requireNonNull(drops.files().get(7L)).parts())
        .containsExactly(
            new Dropped(
                "events",
                "full",
                5 * (Drops.MAX_RANGES + 2),
                true,
                List.of(new ByteRange(0, 20_005))));
  }

  @Test
  void oldestFilesAreForgotten() {
    for (int i = 0; i <= Drops.MAX_PARTS; i++) {
      add(i, 0, 10);
    }
    assertThat(drops.files()).hasSize(Drops.MAX_PARTS).doesNotContainKey(0L);
  }

  @Test
  void fileThatIsDroppedFromYetIsNotForgotten() {
    add(0, 0, 10);
    for (int i = 1; i <= Drops.MAX_PARTS; i++) {
      add(i, 0, 10);
      add(0, 10L * i, 10L * i + 10);
    }
    assertThat(drops.files()).hasSize(Drops.MAX_PARTS).doesNotContainKey(1L);
    assertThat(Objects.requireNonNull(drops.files().get(0L)).parts().getFirst().bytes())
        .isEqualTo(10L * (Drops.MAX_PARTS + 1));
  }
}
