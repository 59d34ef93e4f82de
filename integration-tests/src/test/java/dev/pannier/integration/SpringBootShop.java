package dev.pannier.integration;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/// A Spring Boot application, whose log is set up by Spring Boot alone, of its environment.
class SpringBootShop {
  public static void main(String[] arguments) throws Exception {
    ConfigurableApplicationContext context = SpringApplication.run(SpringBootShop.class, arguments);
    Logger log = LoggerFactory.getLogger(JavaOrders.LOGGER);
    JavaOrders.take(
        arguments,
        (level, message, exception) ->
            log.atLevel(Level.valueOf(level.name())).setCause(exception).log(message));
    context.close();
  }
}
