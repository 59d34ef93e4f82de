package dev.pannier.collector.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.MemoryBudget;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class BodyTest {
  private static final int MEMORY = 8_000_000;
  private static final int LENGTH = 500_000;

  private final MemoryBudget budget = new MemoryBudget(MEMORY);
  private final Endpoint endpoint =
      new Endpoint((request, exchange) -> {}, budget, 100, 10, 4_000_000);

  private Body announced() {
    return announced(LENGTH);
  }

  private Body announced(int length) {
    Body body = new Body(endpoint, false);
    assertThat(body.expect(length)).isEqualTo(Body.Result.TAKEN);
    return body;
  }

  @Test
  void anAnnouncedBodyIsReadIntoOneArray() {
    Body body = announced();
    assertThat(budget.heldBytes()).isEqualTo(LENGTH);
    body.release();
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void whoSendNothingMoreKeepAQuarterOfTheMemoryTogether() {
    List<Body> silent = Stream.generate(this::announced).limit(20).toList();
    assertThat(budget.heldBytes()).isBetween(MEMORY / 4L, MEMORY / 4L + 20 * 1_024);

    // Another one is served meanwhile.
    Body body = announced();
    ByteBuffer bytes = ByteBuffer.allocate(LENGTH);
    assertThat(body.take(bytes, LENGTH)).isEqualTo(Body.Result.TAKEN);
    assertThat(body.missing()).isZero();
    body.release();

    silent.forEach(Body::release);
    assertThat(budget.heldBytes()).isZero();
    announced();
    assertThat(budget.heldBytes()).isEqualTo(LENGTH);
  }

  /// A connection of HTTP/2 may announce a hundred.
  @Test
  void shortOnesKeepNoMoreOfIt() {
    List<Body> silent = Stream.generate(() -> announced(65_536)).limit(300).toList();
    assertThat(budget.heldBytes()).isLessThan(MEMORY / 4L + 300 * 1_024);
    silent.forEach(Body::release);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aBodyThatIsNotTrustedArrivesWholeAsItsBytesCome() {
    List<Body> silent = Stream.generate(this::announced).limit(4).toList();
    Body body = announced(60_000);
    for (int i = 0; i < 60; i++) {
      assertThat(body.take(ByteBuffer.allocate(1_000), 1_000)).isEqualTo(Body.Result.TAKEN);
    }
    assertThat(body.missing()).isZero();
    body.release();
    silent.forEach(Body::release);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void whatFindsNoMemoryIsTrustedNoLonger() {
    assertThat(budget.tryReserve(MEMORY - 100)).isTrue();
    for (int i = 0; i < 10; i++) {
      assertThat(new Body(endpoint, false).expect(LENGTH)).isEqualTo(Body.Result.NO_MEMORY);
    }
    budget.release(MEMORY - 100);
    announced();
    assertThat(budget.heldBytes()).isEqualTo(LENGTH);
  }
}
