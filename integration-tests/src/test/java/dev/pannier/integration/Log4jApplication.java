package dev.pannier.integration;

import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/// Logs through Log4j, as `log4j2.configurationFile` says.
final class Log4jApplication {
  private Log4jApplication() {}

  public static void main(String[] arguments) throws Exception {
    Logger log = LogManager.getLogger(JavaOrders.LOGGER);
    JavaOrders.take(
        arguments,
        (level, message, exception) -> log.log(Level.valueOf(level.name()), message, exception));
    LogManager.shutdown();
  }
}
