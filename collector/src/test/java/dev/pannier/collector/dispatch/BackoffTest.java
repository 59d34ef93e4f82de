package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class BackoffTest {
  @Property
  void waitGrowsToItsBoundWithJitter(@ForAll @IntRange(min = 1) int failures, @ForAll long seed) {
    long wait = new Backoff(new Random(seed)).waitNanos(failures, 0);
    long full =
        failures > 9
            ? Backoff.LAST_NANOS
            : Math.min(Backoff.LAST_NANOS, Backoff.FIRST_NANOS << (failures - 1));
    assertThat(wait).isBetween(full / 2, full);
  }

  @Property
  void destinationIsNotAskedBeforeItWantsButAtLeastEachFiveMinutes(
      @ForAll @IntRange(min = 1, max = 30) int failures, @ForAll @LongRange(min = 0) long asked) {
    long wait = new Backoff(new Random(1)).waitNanos(failures, asked);
    assertThat(wait)
        .isGreaterThanOrEqualTo(Math.min(asked, Backoff.LONGEST_ASKED_NANOS))
        .isLessThanOrEqualTo(Backoff.LONGEST_ASKED_NANOS);
  }

  @Test
  void twoSidecarsDoNotWaitTheSame() {
    assertThat(new Backoff(new Random(1)).waitNanos(8, 0))
        .isNotEqualTo(new Backoff(new Random(2)).waitNanos(8, 0));
  }
}
