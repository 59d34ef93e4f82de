package dev.pannier.shippers.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.Refusal;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class RefusalsTest {
  private static BitSet one(int record) {
    BitSet one = new BitSet();
    one.set(record);
    return one;
  }

  @Test
  void eachRecordHasItsOwnReason() {
    Refusals refusals = new Refusals();
    for (int i = 0; i < 10; i++) {
      refusals.add(one(i), i % 2 == 0 ? "even" : "odd");
    }
    for (int i = 0; i < 10; i++) {
      assertThat(refusals.reason(i)).isEqualTo(i % 2 == 0 ? "even" : "odd");
    }
    assertThat(refusals.records().cardinality()).isEqualTo(10);
    assertThat(refusals.all()).extracting(Refusal::reason).containsExactly("even", "odd");
  }

  @Test
  void noMoreReasonsAreKeptThanThereIsRoomForAndNoneIsAnothers() {
    Refusals refusals = new Refusals();
    for (int i = 0; i < 5_000; i++) {
      refusals.add(one(i), "reason " + i);
    }
    assertThat(refusals.all()).hasSize(Refusals.MAX_REASONS + 1);
    for (int i = 0; i < 5_000; i++) {
      assertThat(refusals.reason(i))
          .isEqualTo(i < Refusals.MAX_REASONS ? "reason " + i : Refusals.NOT_KEPT);
    }
    assertThat(refusals.records().cardinality()).isEqualTo(5_000);
  }
}
