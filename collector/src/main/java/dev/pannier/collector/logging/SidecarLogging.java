package dev.pannier.collector.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/// Sets up Logback in code, found as a service: reading it from XML costs more of the start than
/// everything that it says. A file that `-Dlogback.configurationFile` names comes first.
///
/// One JSON object a line in logstash-logback-encoder's names: `@timestamp` (UTC), `level`,
/// `level_value`, `logger_name`, `thread_name`, `message`, `stack_trace`, and `repeated` where a line
/// stands for several.
@ConfiguratorRank(ConfiguratorRank.CUSTOM_NORMAL_PRIORITY)
public final class SidecarLogging extends ContextAwareBase implements Configurator {
  private static volatile @Nullable LoggerContext configured;

  /// Before the first logger: names [LogProvider] to SLF4J, which would tell so on standard error.
  public static void start() {
    System.setProperty("slf4j.internal.verbosity", "WARN");
    System.setProperty("slf4j.provider", LogProvider.class.getName());
  }

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    if (System.getProperty("logback.configurationFile") != null) {
      return ExecutionStatus.INVOKE_NEXT_IF_ANY;
    }
    setUp(context);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  static void setUp(LoggerContext context) {
    // OkHttp and protobuf log through java.util.logging, which reads this when it is first used.
    System.setProperty("java.util.logging.config.class", JulBridge.class.getName());
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
    context.getLogger("dev.pannier").setLevel(Level.INFO);
    // Below WARN the client dumps its whole configuration; what it warns of single requests and
    // connections is said once, in clearer words, by who asked for them.
    context.getLogger("org.apache.kafka").setLevel(Level.WARN);
    context.getLogger("org.apache.kafka.clients.NetworkClient").setLevel(Level.ERROR);
    context.getLogger("org.apache.kafka.clients.producer.internals.Sender").setLevel(Level.ERROR);

    MergingAppender merging = new MergingAppender(console(context));
    merging.setContext(context);
    merging.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(merging);
    configured = context;
  }

  private static ConsoleAppender<ILoggingEvent> console(LoggerContext context) {
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setTarget("System.err");
    LineEncoder encoder = new LineEncoder();
    encoder.setContext(context);
    encoder.start();
    console.setEncoder(encoder);
    console.start();
    return console;
  }

  /// Writes what is held back, if anything was logged at all; nothing is logged after it.
  public static void stop() {
    LoggerContext context = configured;
    if (context != null) {
      context.stop();
    }
  }
}
