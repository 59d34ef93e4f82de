package dev.pannier.integration;

import ch.qos.logback.classic.LoggerContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// Logs through Logback, as `logback.configurationFile` says.
final class LogbackApplication {
  private LogbackApplication() {}

  public static void main(String[] arguments) throws Exception {
    Logger log = LoggerFactory.getLogger(JavaOrders.LOGGER);
    JavaOrders.take(
        arguments,
        (level, message, exception) ->
            log.atLevel(Level.valueOf(level.name())).setCause(exception).log(message));
    ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
  }
}
