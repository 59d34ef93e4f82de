package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.junit.jupiter.api.Test;

class DestinationTest {
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final Destination destination;

  DestinationTest() {
    LoggerContext context = new LoggerContext();
    lines.setContext(context);
    lines.start();
    Logger log = context.getLogger("test");
    log.addAppender(lines);
    destination = new Destination(log, "events");
  }

  private List<String> told() {
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void attemptsThatFailedAreToldAtTheEndWhereItStillFails() {
    destination.succeeded(0);
    destination.failed(1, "refused");
    destination.failed(2, "refused");
    destination.failed(3, "refused");
    destination.closed(4);
    assertThat(told())
        .containsExactly(
            "shipper events: the destination answers",
            "shipper events: 1 attempts failed and are made again: refused",
            "shipper events: 2 attempts failed and are made again: refused");
  }

  @Test
  void whatItHasGotOverIsNotToldAtTheEnd() {
    destination.succeeded(0);
    destination.failed(1, "refused");
    destination.failed(2, "refused");
    destination.succeeded(3);
    destination.closed(4);
    assertThat(told())
        .containsExactly(
            "shipper events: the destination answers",
            "shipper events: 1 attempts failed and are made again: refused");
  }
}
