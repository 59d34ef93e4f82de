package dev.pannier.collector.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.MemoryBudget;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class BodyTest {
  private static final int MIB = 1 << 20;

  @Test
  void bodyThatFitsIsTakenThoughTwoOfItWouldNot() {
    for (int size : new int[] {5 * MIB, 6 * MIB, 8 * MIB}) {
      MemoryBudget budget = new MemoryBudget(8 * MIB);
      Body body = new Body(budget, 8 * MIB, false);
      assertThat(body.expect(size)).isEqualTo(Body.Result.TAKEN);
      for (int taken = 0; taken < size; taken += MIB / 16) {
        ByteBuffer in = ByteBuffer.allocate(MIB / 16);
        assertThat(body.take(in, MIB / 16))
            .as("%s of %s", taken, size)
            .isEqualTo(Body.Result.TAKEN);
      }
      assertThat(body.missing()).isZero();
      assertThat(budget.heldBytes()).isEqualTo(size);
    }
  }
}
