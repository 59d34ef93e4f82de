package dev.pannier.collector.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Decides which log events are written at once and which are merged.
///
/// Events of one logger, level and message template belong together. The first is written; so are
/// others of other wording (another file, another address), up to [#MAX_WORDINGS]. All else within
/// [#WINDOW_MILLIS] is counted, and comes out as one line when the window ends. While repeats go
/// on, each window ends in one line. Not thread-safe.
final class Repeats {
  static final long WINDOW_MILLIS = 30_000;
  static final int MAX_WORDINGS = 10;

  /// Templates remembered; above it the one that came first is forgotten, its count written.
  static final int MAX_TEMPLATES = 256;

  /// @param last     the last of the events that it stands for
  /// @param repeated how many they are
  record Merged(ILoggingEvent last, long repeated) {}

  private record Template(String logger, int level, String message) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Template template
          && level == template.level
          && logger.equals(template.logger)
          && message.equals(template.message);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * logger.hashCode() + level) + message.hashCode();
    }
  }

  private static final class Window {
    final Set<Integer> wordings = new HashSet<>();
    ILoggingEvent last;
    long endMillis;
    long repeated;

    Window(ILoggingEvent first, long endMillis) {
      this.last = first;
      this.endMillis = endMillis;
    }
  }

  // In the order in which windows began.
  private final Map<Template, Window> windows = new LinkedHashMap<>();

  /// @return whether the event is to be written now
  boolean isFirst(ILoggingEvent event) {
    Template template =
        new Template(
            event.getLoggerName(), event.getLevel().toInt(), String.valueOf(event.getMessage()));
    Window window = windows.get(template);
    if (window == null) {
      window = new Window(event, event.getTimeStamp() + WINDOW_MILLIS);
      windows.put(template, window);
    }
    boolean full = window.wordings.size() >= MAX_WORDINGS;
    if (!full && window.wordings.add(event.getFormattedMessage().hashCode())) {
      return true;
    }
    window.repeated++;
    window.last = event;
    return false;
  }

  /// What has to be written by `nowMillis`, of windows that have ended and of those above the
  /// bound.
  List<Merged> due(long nowMillis) {
    List<Merged> due = new ArrayList<>();
    Iterator<Window> iterator = windows.values().iterator();
    while (iterator.hasNext()) {
      Window window = iterator.next();
      boolean tooMany = windows.size() > MAX_TEMPLATES;
      if (!tooMany && window.endMillis > nowMillis) {
        continue;
      }
      if (window.repeated > 0) {
        due.add(new Merged(window.last, window.repeated));
      }
      if (tooMany || window.repeated == 0) {
        iterator.remove();
      } else {
        // It goes on: stay quiet until the next window has ended.
        window.repeated = 0;
        window.endMillis = nowMillis + WINDOW_MILLIS;
      }
    }
    return due;
  }

  /// When [#due] next has something; `Long.MAX_VALUE` for never.
  long nextMillis() {
    long next = Long.MAX_VALUE;
    for (Window window : windows.values()) {
      if (window.repeated > 0) {
        next = Math.min(next, window.endMillis);
      }
    }
    return next;
  }
}
