package dev.pannier.collector.logging;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Leads what is logged through `java.util.logging` into the sidecar's log. `LogManager` makes one
/// when it is first used, in place of reading its properties file, which would print to the
/// console.
public final class JulBridge {
  public JulBridge() {
    java.util.logging.Logger root = LogManager.getLogManager().getLogger("");
    root.setLevel(Level.INFO);
    root.addHandler(new ToSlf4j());
  }

  private static final class ToSlf4j extends Handler {
    private final SimpleFormatter formatter = new SimpleFormatter();

    @Override
    public void publish(LogRecord record) {
      if (!isLoggable(record)) {
        return;
      }
      String name = record.getLoggerName();
      Logger logger = LoggerFactory.getLogger(name == null ? "java.util.logging" : name);
      String message = formatter.formatMessage(record);
      int level = record.getLevel().intValue();
      if (level >= Level.SEVERE.intValue()) {
        logger.error(message, record.getThrown());
      } else if (level >= Level.WARNING.intValue()) {
        logger.warn(message, record.getThrown());
      } else {
        logger.info(message, record.getThrown());
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
