package dev.pannier.collector.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RepeatsTest {
  private final LoggerContext context = new LoggerContext();
  private final Repeats repeats = new Repeats();

  private LoggingEvent event(long millis, String template, Object... arguments) {
    LoggingEvent event =
        new LoggingEvent(
            "", context.getLogger("dev.pannier.x"), Level.WARN, template, null, arguments);
    event.setInstant(Instant.ofEpochMilli(millis));
    return event;
  }

  @Test
  void theFirstIsWrittenAndItsRepeatsAreCountedIntoOneLine() {
    assertThat(repeats.isFirst(event(1_000, "broker {} is away", "a"))).isTrue();
    assertThat(repeats.isFirst(event(2_000, "broker {} is away", "a"))).isFalse();
    LoggingEvent last = event(3_000, "broker {} is away", "a");
    assertThat(repeats.isFirst(last)).isFalse();

    assertThat(repeats.nextMillis()).isEqualTo(31_000);
    assertThat(repeats.due(30_999)).isEmpty();
    assertThat(repeats.due(31_000)).containsExactly(new Repeats.Merged(last, 2));
  }

  @Test
  void whatGoesOnIsOneLineAWindow() {
    repeats.isFirst(event(0, "away"));
    repeats.isFirst(event(1, "away"));
    assertThat(repeats.due(30_000)).hasSize(1);

    assertThat(repeats.isFirst(event(30_001, "away"))).isFalse();
    assertThat(repeats.due(59_999)).isEmpty();
    assertThat(repeats.due(60_000)).extracting(Repeats.Merged::repeated).containsExactly(1L);
  }

  @Test
  void afterAQuietWindowTheNextIsWrittenAgain() {
    repeats.isFirst(event(0, "away"));
    assertThat(repeats.due(30_000)).isEmpty();

    assertThat(repeats.isFirst(event(30_001, "away"))).isTrue();
    assertThat(repeats.nextMillis()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void otherWordingsAreWrittenUpToABound() {
    for (int i = 0; i < Repeats.MAX_WORDINGS; i++) {
      assertThat(repeats.isFirst(event(i, "cannot read {}", "file-" + i))).isTrue();
    }
    assertThat(repeats.isFirst(event(100, "cannot read {}", "one more"))).isFalse();
    assertThat(repeats.isFirst(event(100, "another message"))).isTrue();
  }

  @Test
  void aFloodOfTemplatesForgetsTheOldestAndWritesItsCount() {
    repeats.isFirst(event(0, "first"));
    LoggingEvent second = event(1, "first");
    repeats.isFirst(second);
    for (int i = 0; i < Repeats.MAX_TEMPLATES; i++) {
      repeats.isFirst(event(2, "flood " + i));
    }

    assertThat(repeats.due(3)).containsExactly(new Repeats.Merged(second, 1));
    assertThat(repeats.isFirst(event(4, "first"))).isTrue();
  }
}
