package dev.pannier.collector.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long LIMIT = 20;

  private final Pace pace = new Pace();

  @Test
  void whoTakesEnoughInEachLimitIsNeverTooSlow() {
    pace.restart(0);
    for (long now = LIMIT; now < 100 * LIMIT; now += LIMIT) {
      assertThat(pace.isTooSlow(now, LIMIT)).isFalse();
      pace.took(Pace.BYTES / 2, now);
      pace.took(Pace.BYTES / 2, now);
    }
  }

  @Test
  void aByteNowAndThenBuysNoTime() {
    pace.restart(0);
    for (long now = 1; now <= LIMIT; now++) {
      pace.took(1, now);
      assertThat(pace.isTooSlow(now, LIMIT)).isFalse();
    }
    assertThat(pace.isTooSlow(LIMIT + 1, LIMIT)).isTrue();
  }

  @Test
  void stepsAreMultiples() {
    assertThat(Pace.isStep(0, Pace.BYTES - 1)).isFalse();
    assertThat(Pace.isStep(Pace.BYTES - 1, Pace.BYTES)).isTrue();
    assertThat(Pace.isStep(Pace.BYTES, Pace.BYTES + 1)).isFalse();
    assertThat(Pace.isStep(1, 3 * Pace.BYTES)).isTrue();
  }
}
