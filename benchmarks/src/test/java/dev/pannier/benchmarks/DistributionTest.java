package dev.pannier.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DistributionTest {
  @Test
  void percentilesAreValuesThatWereMeasured() {
    Distribution hundred =
        Distribution.of(IntStream.rangeClosed(1, 100).mapToDouble(i -> 101 - i).toArray());

    assertThat(hundred.median()).isEqualTo(50);
    assertThat(hundred.at(0.99)).isEqualTo(99);
    assertThat(hundred.at(1)).isEqualTo(100);
  }

  @Test
  void oneValueIsAllPercentiles() {
    assertThat(Distribution.of(new double[] {7}).at(0.01)).isEqualTo(7);
    assertThat(Distribution.of(new double[] {7}).at(0.99)).isEqualTo(7);
  }
}
