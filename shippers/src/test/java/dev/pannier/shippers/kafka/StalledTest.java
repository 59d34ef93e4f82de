package dev.pannier.shippers.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class StalledTest {
  private final Stalled stalled = new Stalled(100);

  @Test
  void whatDoesNotComeAgainIsForgotten() {
    stalled.add("gone", "logs-1", 0);
    stalled.takesNothing("logs-1", 0);
    stalled.add("stuck", "logs-2", 60);
    stalled.confirmed("other", "logs-3", 99);
    assertThat(stalled.holds("gone")).isTrue();

    stalled.confirmed("other", "logs-3", 100);
    assertThat(stalled.holds("gone")).isFalse();
    assertThat(stalled.holds("stuck")).isTrue();
    assertThat(stalled.any()).isTrue();
    stalled.confirmed("other", "logs-3", 160);
    assertThat(stalled.any()).as("nothing is looked up for what is confirmed").isFalse();
  }

  @Test
  void whatIsConfirmedReleasesAllOfItsPartition() {
    stalled.add("one", "logs-1", 0);
    stalled.add("two", "logs-1", 0);
    assertThat(stalled.takesNothing("logs-1", 0)).isTrue();
    assertThat(stalled.takesNothing("logs-1", 1)).as("known").isFalse();
    stalled.confirmed("three", "logs-1", 2);
    assertThat(stalled.any()).isFalse();
    assertThat(stalled.partitions(2)).isEmpty();
  }
}
