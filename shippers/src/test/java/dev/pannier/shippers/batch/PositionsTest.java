package dev.pannier.shippers.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PositionsTest {
  @Test
  void whatIsEncodedIsDecoded() {
    Positions positions = new Positions(-7, 100, 300, 64, 0x1234_5678_9abc_def0L);
    assertThat(Positions.decode(positions.encode())).isEqualTo(positions);
  }

  @Test
  void receivedBatchesHaveNone() {
    assertThat(Positions.decode(new byte[0])).isNull();
  }

  @Test
  void anotherVersionIsToldApart() {
    byte[] bytes = new Positions(1, 2, 3, 0, 0).encode();
    bytes[0] = 9;
    assertThatThrownBy(() -> Positions.decode(bytes)).isInstanceOf(IllegalArgumentException.class);
  }
}
