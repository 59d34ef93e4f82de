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
      now += TimeUnit.SECONDS.toNanos(19);
      assertThat(health.unready()).isEmpty();
      heart.beat(now);
    }
  }

  @Test
  void loopThatHangsAsADiskDoesIsNotReadyAndNotDead() {
    Heart tail = health.register("pannier-tail");
    Heart otlp = health.register("pannier-otlp");
    now += TimeUnit.SECONDS.toNanos(40);
    otlp.beat(now);
    assertThat(health.unready()).containsExactly("pannier-tail: no sign of life for 40 s");
    assertThat(health.dead()).as("a restart would not heal the disk").isEmpty();
    tail.beat(now);
    assertThat(health.unready()).isEmpty();
  }

  @Test
  void loopThatStopsBeatingIsDead() {
    health.register("pannier-tail");
    now += TimeUnit.SECONDS.toNanos(301);
    assertThat(health.dead()).containsExactly("pannier-tail: no sign of life for 301 s");
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
