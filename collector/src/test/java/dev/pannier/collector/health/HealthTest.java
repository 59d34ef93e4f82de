package dev.pannier.collector.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HealthTest {
  private long now = Long.MAX_VALUE - 5;
  private final Health health = new Health(() -> now);

  @Test
  void loopThatBeatsIsAlive() {
    Heart heart = health.register("pannier-tail");
    for (int i = 0; i < 100; i++) {
      now += TimeUnit.SECONDS.toNanos(9);
      assertThat(health.dead()).isEmpty();
      heart.beat(now);
    }
  }

  @Test
  void loopThatStopsBeatingIsNamed() {
    health.register("pannier-tail");
    health.register("pannier-otlp").beat(now, TimeUnit.MINUTES.toNanos(1));
    now += TimeUnit.SECONDS.toNanos(25);
    assertThat(health.dead()).containsExactly("pannier-tail: no sign of life for 15 s too long");
    assertThat(health.unready()).isEqualTo(health.dead());
  }

  @Test
  void loopThatFailedIsDeadAtOnce() {
    health.register("pannier-tail").failed("ended by java.lang.OutOfMemoryError");
    assertThat(health.dead()).containsExactly("pannier-tail: ended by java.lang.OutOfMemoryError");
  }

  @Test
  void loopThatEndedAsItShouldIsNotDead() {
    health.register("pannier-tail").stopped();
    now += TimeUnit.HOURS.toNanos(1);
    assertThat(health.dead()).isEmpty();
  }

  @Test
  void conditionsSayWhyItIsNotReady() {
    health.condition(() -> null);
    health.condition(() -> "shipper events has not reached its destination yet");
    assertThat(health.dead()).isEmpty();
    assertThat(health.unready())
        .containsExactly("shipper events has not reached its destination yet");
  }
}
