package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Fingerprint;
import dev.pannier.collector.checkpoint.SavedGeneration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PositionsTest {
  private static SavedGeneration saved(long id, Anchor position, long size) {
    return new SavedGeneration(
        id, "app", 1, 2, "/a.log", Fingerprint.EMPTY, position, size, false, 9);
  }

  @Test
  void whatIsEncodedIsDecoded() {
    Anchor end = new Anchor(300, 64, 0x1234_5678_9abc_def0L);
    assertThat(Positions.decode(Positions.encode(-7, 100, end)))
        .isEqualTo(new Positions(-7, 100, end));
  }

  @Test
  void anotherVersionIsToldApart() {
    byte[] bytes = Positions.encode(1, 2, Anchor.START);
    bytes[0] = 9;
    assertThatThrownBy(() -> Positions.decode(bytes)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theHigherPositionOfAGenerationCounts() {
    Anchor low = new Anchor(100, 10, 1);
    Anchor high = new Anchor(300, 20, 2);
    List<SavedGeneration> stored =
        List.of(saved(1, low, 200), saved(2, high, 400), saved(3, low, 5));
    List<byte[]> taken =
        List.of(
            Positions.encode(1, 100, high),
            Positions.encode(1, 50, low),
            Positions.encode(2, 0, low),
            Positions.encode(4, 0, high));
    assertThat(Positions.raise(stored, taken))
        .containsExactly(saved(1, high, 300), saved(2, high, 400), saved(3, low, 5));
  }
}
