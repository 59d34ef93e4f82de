package dev.pannier.collector.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RunsTest {
  @Test
  void areAsIfEachNumberWereKeptByItself() {
    Random random = new Random(1);
    for (int round = 0; round < 200; round++) {
      Runs runs = new Runs();
      BitSet numbers = new BitSet();
      for (int i = random.nextInt(12); i >= 0; i--) {
        int after = random.nextInt(60);
        int upTo = after + 1 + random.nextInt(8);
        runs.add(after, upTo);
        numbers.set(after + 1, upTo + 1);
      }
      for (int number = 0; number < 70; number++) {
        assertThat(runs.has(number)).isEqualTo(numbers.get(number));
        for (int high = number + 1; high < 70; high++) {
          if (!numbers.get(number) && !numbers.get(high)) {
            int next = numbers.nextSetBit(number);
            assertThat(runs.isAnyBetween(number, high)).isEqualTo(next >= 0 && next < high);
          }
        }
      }
    }
  }

  @Test
  void endsAreBetweenAnyNumbers() {
    Runs runs = new Runs();
    runs.add(4, 5);
    assertThat(runs.isAnyBetween(Long.MIN_VALUE, Long.MAX_VALUE)).isTrue();
    assertThat(runs.isAnyBetween(6, Long.MAX_VALUE)).isFalse();
  }
}
