package dev.pannier.demo;

import static net.logstash.logback.argument.StructuredArguments.kv;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import net.logstash.logback.encoder.LogstashEncoder;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/// An application as it is everywhere: it logs through Logback, to a text file with a pattern and to
/// a file of JSON lines, both of which roll, and sends spans with the OpenTelemetry SDK. It knows
/// nothing of a sidecar. `SampleApplication FOLDER OTLP_PORT SECONDS EVENTS_A_SECOND TALLY`.
public final class SampleApplication {
  static final String PATTERN = "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] %logger - %msg%n";

  /// A tenth of the events carry an exception, one in five is in a span.
  private static final int EXCEPTION_EVERY = 10;

  private static final int SPAN_EVERY = 5;

  private SampleApplication() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    String endpoint = "http://127.0.0.1:" + arguments[1];
    long seconds = Long.parseLong(arguments[2]);
    long perSecond = Long.parseLong(arguments[3]);
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Logger text = context.getLogger("com.example.shop.Checkout");
    Logger json = context.getLogger("com.example.shop.Payment");
    PatternLayoutEncoder layout = new PatternLayoutEncoder();
    layout.setPattern(PATTERN);
    appender(context, text, folder.resolve("checkout.log"), layout);
    appender(context, json, folder.resolve("payment.json"), new LogstashEncoder());
    SdkTracerProvider tracing =
        SdkTracerProvider.builder()
            .setResource(
                Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), "shop")))
            .addSpanProcessor(
                BatchSpanProcessor.builder(
                        OtlpGrpcSpanExporter.builder().setEndpoint(endpoint).build())
                    .setMaxQueueSize(100_000)
                    .build())
            .build();
    Tracer tracer = tracing.get("com.example.shop");
    try (Tally tally = Tally.writing(Path.of(arguments[4]))) {
      long begin = System.nanoTime();
      long count = seconds * perSecond;
      for (long i = 0; i < count; i++) {
        event(i, i % 2 == 0 ? text : json, tracer, tally);
        long due = begin + (i + 1) * TimeUnit.SECONDS.toNanos(1) / perSecond;
        long early = due - System.nanoTime();
        if (early > 0) {
          LockSupport.parkNanos(early);
        }
      }
      tracing.shutdown().join(30, TimeUnit.SECONDS);
    }
    context.stop();
  }

  private static void event(long number, Logger logger, Tracer tracer, Tally tally) {
    boolean json = number % 2 == 1;
    boolean traced = number % SPAN_EVERY == 0;
    Span span = traced ? tracer.spanBuilder("order " + number).startSpan() : Span.getInvalid();
    if (traced) {
      MDC.put("trace_id", span.getSpanContext().getTraceId());
      MDC.put("span_id", span.getSpanContext().getSpanId());
    }
    MDC.put("order", "o-" + number);
    Level level = number % 7 == 0 ? Level.WARN : Level.INFO;
    String message = "order " + number + " came to € " + number % 997 + ".50 \"quoted\" \\ end";
    Exception exception = null;
    if (number % EXCEPTION_EVERY == 0) {
      level = Level.ERROR;
      exception =
          new IllegalStateException(
              "order " + number + " failed", new IOException("no answer from the bank"));
    }
    if (level == Level.ERROR) {
      logger.error(message, exception);
    } else if (level == Level.WARN) {
      logger.warn(message);
    } else {
      logger.info(message + "{}", json ? kv("amount", number % 997) : "");
      message += json ? "amount=" + number % 997 : "";
    }
    tally.log(
        new Tally.Log(
            message,
            logger.getName(),
            level.toString(),
            Thread.currentThread().getName(),
            json ? "o-" + number : "",
            json && traced ? span.getSpanContext().getTraceId() : "",
            exception == null ? "" : exception.getClass().getName(),
            exception == null ? "" : String.valueOf(exception.getMessage())));
    MDC.clear();
    if (traced) {
      span.end();
      tally.span(span.getSpanContext().getSpanId(), "order " + number);
    }
  }

  private static void appender(
      LoggerContext context, Logger logger, Path file, Encoder<ILoggingEvent> encoder) {
    RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
    appender.setContext(context);
    appender.setFile(file.toString());
    encoder.setContext(context);
    encoder.start();
    appender.setEncoder(encoder);
    FixedWindowRollingPolicy rolling = new FixedWindowRollingPolicy();
    rolling.setContext(context);
    rolling.setParent(appender);
    rolling.setFileNamePattern(file + ".%i");
    rolling.setMinIndex(1);
    rolling.setMaxIndex(9);
    rolling.start();
    SizeBasedTriggeringPolicy<ILoggingEvent> size = new SizeBasedTriggeringPolicy<>();
    size.setContext(context);
    size.setMaxFileSize(FileSize.valueOf("500KB"));
    size.start();
    appender.setRollingPolicy(rolling);
    appender.setTriggeringPolicy(size);
    appender.start();
    logger.setAdditive(false);
    logger.setLevel(Level.DEBUG);
    logger.addAppender(appender);
  }
}
