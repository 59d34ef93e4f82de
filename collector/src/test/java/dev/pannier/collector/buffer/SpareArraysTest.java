package dev.pannier.collector.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpareArraysTest {
  private static final int BYTES = 100;

  private final MemoryBudget budget = new MemoryBudget(10 * BYTES);
  private final SpareArrays arrays = new SpareArrays(budget, BYTES);

  private List<byte[]> take(int many) {
    List<byte[]> taken = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      budget.reserve(BYTES);
      taken.add(arrays.take());
    }
    return taken;
  }

  private void give(List<byte[]> taken) {
    for (byte[] array : taken) {
      budget.release(BYTES);
      arrays.give(array);
    }
  }

  private int spare(List<byte[]> before) {
    int again = 0;
    for (byte[] array : take(before.size())) {
      again += before.stream().anyMatch(one -> one == array) ? 1 : 0;
    }
    return again;
  }

  @Test
  void asManyAreUsedAgainAsWereInUseAtOnce() {
    List<byte[]> taken = take(4);
    give(taken);
    assertThat(spare(taken)).isEqualTo(4);
  }

  @Test
  void whoNeedsTheRoomGetsIt() {
    List<byte[]> taken = take(4);
    give(taken);
    assertThat(budget.tryReserve(7 * BYTES)).isTrue();
    budget.release(7 * BYTES);
    assertThat(spare(taken)).isZero();
  }

  @Test
  void noneIsKeptBesideWhatIsHeldBeyondTheBound() {
    List<byte[]> taken = take(4);
    budget.reserve(7 * BYTES);
    give(taken);
    budget.release(7 * BYTES);
    assertThat(spare(taken)).isEqualTo(3);
  }

  @Test
  void thoseThatNobodyNeedsGoByHalves() {
    List<byte[]> taken = take(4);
    give(taken);
    arrays.tend();
    give(take(1));
    arrays.tend();
    assertThat(spare(taken)).isEqualTo(2);
  }

  @Test
  void atRestNoneIsLeft() {
    List<byte[]> taken = take(4);
    give(taken);
    for (int i = 0; i < 5; i++) {
      arrays.tend();
    }
    assertThat(spare(taken)).isZero();
  }
}
