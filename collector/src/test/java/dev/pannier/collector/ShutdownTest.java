package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ShutdownTest {
  private long now;
  private final Shutdown shutdown = new Shutdown(Duration.ofNanos(800), () -> now);

  @Test
  void theLastQuarterOfTheDeadlineIsForShippingWhatWasTaken() {
    now = 1_000;
    shutdown.ask();
    now += 599;
    assertThat(shutdown.draining()).isFalse();
    now++;
    assertThat(shutdown.draining()).isTrue();
    assertThat(shutdown.left()).isEqualTo(Duration.ofNanos(100));
  }

  @Test
  void secondSignalEndsItAtOnce() {
    shutdown.ask();
    shutdown.ask();
    assertThat(shutdown.draining()).isTrue();
    assertThat(shutdown.left()).isZero();
  }
}
