package dev.pannier.shippers.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.pannier.shippers.Committed;
import dev.pannier.shippers.batch.Positions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
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
    bytes[0] = 3;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PositionsRecord.decode(bytes))
        .withMessageContaining("version 3");
  }

  @Test
  void manyThatAreOpenTakeAFewBytesEachAndFewAreWrittenAsTheVersionBeforeReadsThem() {
    assertThat(RECORD.encode()[0]).isEqualTo((byte) 1);
    long[] open = LongStream.range(0, 60_000).map(i -> (1L << 50) + i * i).toArray();
    byte[] bytes = with(open).encode();
    assertThat(bytes[0]).isEqualTo((byte) 2);
    assertThat(bytes.length).isLessThan(200_000);
    assertThat(PositionsRecord.decode(bytes).committed().open()).containsExactly(open);
    assertThat(PositionsRecord.decode(bytes).committed().files())
        .isEqualTo(RECORD.committed().files());
    long[] few = LongStream.rangeClosed(1, PositionsRecord.MANY).toArray();
    assertThat(with(few).encode()[0]).isEqualTo((byte) 1);
    byte[] smallest = with(LongStream.rangeClosed(1, PositionsRecord.MANY + 1).toArray()).encode();
    for (int length = 0; length < smallest.length; length++) {
      byte[] cut = Arrays.copyOf(smallest, length);
      assertThatIllegalArgumentException().isThrownBy(() -> PositionsRecord.decode(cut));
    }
    Arrays.fill(smallest, 37, smallest.length, (byte) -1);
    assertThatIllegalArgumentException().isThrownBy(() -> PositionsRecord.decode(smallest));
  }

  private static PositionsRecord with(long[] open) {
    return new PositionsRecord(
        1, 2, new Committed(3, Long.MAX_VALUE, open, RECORD.committed().files()));
  }
}
