package dev.pannier.collector.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnchorTest {
  @ParameterizedTest
  @EnumSource
  void whatIsStoredIsTheSame(Anchor.Skip skip) {
    for (int length = 0; length <= Anchor.MAX_LENGTH; length++) {
      Anchor anchor = Anchor.at(100, new byte[100], 100 - length, 100, skip);
      assertThat(anchor.tag()).isBetween(0, 255);
      assertThat(Anchor.of(100, anchor.tag(), anchor.hash())).isEqualTo(anchor);
    }
  }

  @Test
  void whereNothingIsSkippedTheTagIsTheLengthAsItHasAlwaysBeen() {
    assertThat(new Anchor(100, 64, 7).tag()).isEqualTo(64);
    assertThat(new Anchor(100, 0, 7).tag()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 195, 255})
  void whatIsNoTagIsNamed(int tag) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Anchor.of(1, tag, 0))
        .withMessage("no tag of a position: " + tag);
  }
}
