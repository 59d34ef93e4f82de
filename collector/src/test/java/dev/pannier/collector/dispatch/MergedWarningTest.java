package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.junit.jupiter.api.Test;

class MergedWarningTest {
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final MergedWarning warning;

  MergedWarningTest() {
    LoggerContext context = new LoggerContext();
    lines.setContext(context);
    lines.start();
    ch.qos.logback.classic.Logger log = context.getLogger("test");
    log.addAppender(lines);
    warning = new MergedWarning(log, "events", "records refused for good");
  }

  @Test
  void firstIsToldAtOnceAndTheRestOfTheMinuteInOneLine() {
    warning.add(0, 1, "too old");
    for (int i = 1; i < 50; i++) {
      warning.add(i, 2, "too new");
    }
    assertThat(told()).containsExactly("shipper events: 1 records refused for good: too old");
    warning.tick(MergedWarning.EVERY_NANOS);
    assertThat(told())
        .hasSize(2)
        .last()
        .isEqualTo("shipper events: 98 records refused for good: too new");
  }

  @Test
  void afterAMinuteOfSilenceTheNextIsAFirstOneAgain() {
    warning.add(0, 1, "a");
    warning.tick(MergedWarning.EVERY_NANOS);
    warning.add(MergedWarning.EVERY_NANOS + 1, 1, "b");
    assertThat(told()).hasSize(2);
  }

  @Test
  void whatIsUntoldAtTheEndIsTold() {
    warning.add(0, 1, "a");
    warning.add(1, 4, "b");
    warning.flush(2);
    warning.flush(3);
    assertThat(told()).hasSize(2).last().isEqualTo("shipper events: 4 records refused for good: b");
  }

  private List<String> told() {
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }
}
