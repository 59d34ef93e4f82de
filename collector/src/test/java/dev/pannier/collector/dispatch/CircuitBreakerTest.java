package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.dispatch.CircuitBreaker.State;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final CircuitBreaker circuit = new CircuitBreaker("out", 3, 30 * SECOND);

  @Test
  void opensAfterSoManyFailuresInARow() {
    circuit.failed(0, "down");
    circuit.failed(SECOND, "down");
    circuit.succeeded();
    circuit.failed(2 * SECOND, "down");
    circuit.failed(3 * SECOND, "down");
    assertThat(circuit.state()).isEqualTo(State.CLOSED);
    circuit.failed(4 * SECOND, "still down");
    assertThat(circuit.state()).isEqualTo(State.OPEN);
    assertThat(circuit.reason()).isEqualTo("still down");
    assertThat(circuit.triedAtNanos()).isEqualTo(34 * SECOND);
    assertThat(circuit.openings()).isEqualTo(1);
  }

  @Test
  void oneThatFailsHalfOpenIsOpenAgainAndOneThatSucceedsIsClosed() {
    for (int i = 0; i < 3; i++) {
      circuit.failed(0, "down");
    }
    circuit.halfOpen();
    assertThat(circuit.state()).isEqualTo(State.HALF_OPEN);
    circuit.failed(30 * SECOND, "slow");
    assertThat(circuit.state()).isEqualTo(State.OPEN);
    assertThat(circuit.triedAtNanos()).isEqualTo(60 * SECOND);
    circuit.halfOpen();
    circuit.succeeded();
    assertThat(circuit.state()).isEqualTo(State.CLOSED);
    assertThat(circuit.reason()).isEmpty();
    assertThat(circuit.openings()).isEqualTo(1);
    circuit.failed(90 * SECOND, "down");
    assertThat(circuit.state()).isEqualTo(State.CLOSED);
  }

  @Test
  void aClosedOneIsNotTried() {
    circuit.halfOpen();
    assertThat(circuit.state()).isEqualTo(State.CLOSED);
  }
}
