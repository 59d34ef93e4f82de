package dev.pannier.shippers.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.pannier.shippers.Committed;
import dev.pannier.shippers.batch.Positions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PositionsRecordTest {
  private static final PositionsRecord RECORD =
      new PositionsRecord(
          1,
          2,
          new Committed(
              3,
              40,
              new long[] {7, 9},
              List.of(new Positions(5, 0, 600, 64, -8), new Positions(-6, 0, 1L << 40, 0, 0))));

  @Test
  void whatIsWrittenIsRead() {
    PositionsRecord read = PositionsRecord.decode(RECORD.encode());
    assertThat(read.instance()).isEqualTo(1);
    assertThat(read.transaction()).isEqualTo(2);
    assertThat(read.committed().log()).isEqualTo(3);
    assertThat(read.committed().sequence()).isEqualTo(40);
    assertThat(read.committed().open()).containsExactly(7, 9);
    assertThat(read.committed().files()).isEqualTo(RECORD.committed().files());
  }

  @Test
  void whatIsCutShortOrOfAnotherVersionIsRefused() {
    byte[] bytes = RECORD.encode();
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatIllegalArgumentException().isThrownBy(() -> PositionsRecord.decode(cut));
    }
    bytes[0] = 2;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PositionsRecord.decode(bytes))
        .withMessageContaining("version 2");
  }
}
