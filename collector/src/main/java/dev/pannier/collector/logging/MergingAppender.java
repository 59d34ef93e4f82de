package dev.pannier.collector.logging;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/// Writes the first of what repeats and counts the others ([Repeats]). A thread of its own writes
/// the counts when their time has come; it lives only while there is one to write.
final class MergingAppender extends AppenderBase<ILoggingEvent> {
  private final Appender<ILoggingEvent> target;
  private final Repeats repeats = new Repeats();
  private @Nullable Thread writer;

  MergingAppender(Appender<ILoggingEvent> target) {
    this.target = target;
    setName("merging");
  }

  @Override
  protected synchronized void append(ILoggingEvent event) {
    write(event.getTimeStamp());
    if (repeats.isFirst(event)) {
      target.doAppend(event);
    } else if (writer == null) {
      writer = Thread.ofPlatform().daemon().name("pannier-log").start(this::writeWhenDue);
    }
  }

  @Override
  public synchronized void stop() {
    write(Long.MAX_VALUE - Repeats.WINDOW_MILLIS);
    super.stop();
    target.stop();
    notifyAll();
  }

  private synchronized void write(long nowMillis) {
    for (Repeats.Merged merged : repeats.due(nowMillis)) {
      target.doAppend(line(merged));
    }
  }

  private synchronized void writeWhenDue() {
    try {
      while (isStarted()) {
        long next = repeats.nextMillis();
        if (next == Long.MAX_VALUE) {
          break;
        }
        long now = System.currentTimeMillis();
        if (next > now) {
          wait(next - now);
        } else {
          write(now);
        }
      }
    } catch (InterruptedException e) {
      addWarn("interrupted; counts are written with the next event");
    } finally {
      writer = null;
    }
  }

  private LoggingEvent line(Repeats.Merged merged) {
    ILoggingEvent last = merged.last();
    Logger logger = ((LoggerContext) getContext()).getLogger(last.getLoggerName());
    LoggingEvent line = new LoggingEvent("", logger, last.getLevel(), "{}", null, null);
    line.setArgumentArray(new Object[] {last.getFormattedMessage()});
    line.setThreadName(last.getThreadName());
    line.addKeyValuePair(new KeyValuePair("repeated", merged.repeated()));
    return line;
  }
}
