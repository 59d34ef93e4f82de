package dev.pannier.integration;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.FileAppender;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/// An application in a Pod: it logs `line 0`, `line 1` and so on through Logback, sends a span for each tenth, and knows of
/// a sidecar by its environment alone. Asked to end it logs some more lines, and `ended after N lines` as its last word.
/// `PodApplication FOLDER LINES`, with 0 lines until it is asked.
public final class PodApplication {
  private static final String PATTERN =
      "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] %logger - %msg%n";
  private static final int SPAN_EVERY = 10;
  private static final int MORE_LINES = 200;
  private static final long PAUSE_MS = 10;

  private PodApplication() {}

  public static void main(String[] arguments) throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(asked, ended), "end"));
    long lines = Long.parseLong(arguments[1]);
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Logger logger = logger(context, Path.of(arguments[0], "app.log"));
    SdkTracerProvider tracing = tracing();
    Tracer tracer = tracing.get("com.example.shop");
    long last = lines == 0 ? Long.MAX_VALUE : lines;
    long count = 0;
    while (count < last) {
      if (count % SPAN_EVERY == 0) {
        tracer.spanBuilder("order " + count).startSpan().end();
      }
      logger.info("line {}", count);
      count++;
      if (asked.await(PAUSE_MS, TimeUnit.MILLISECONDS) && last == Long.MAX_VALUE) {
        last = count + MORE_LINES;
      }
    }
    tracing.shutdown().join(10, TimeUnit.SECONDS);
    logger.info("ended after {} lines", count);
    context.stop();
    ended.countDown();
  }

  private static void end(CountDownLatch asked, CountDownLatch ended) {
    asked.countDown();
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// The file is its group's to read, and nobody else's.
  private static Logger logger(LoggerContext context, Path file) throws Exception {
    PatternLayoutEncoder layout = new PatternLayoutEncoder();
    layout.setContext(context);
    layout.setPattern(PATTERN);
    layout.start();
    FileAppender<ILoggingEvent> appender = new FileAppender<>();
    appender.setContext(context);
    appender.setFile(file.toString());
    appender.setEncoder(layout);
    appender.start();
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    Logger logger = context.getLogger("com.example.shop.Orders");
    logger.addAppender(appender);
    return logger;
  }

  /// What the SDK reads from the environment by itself where its configuration is on the class path.
  private static SdkTracerProvider tracing() {
    AttributesBuilder resource = Attributes.builder();
    for (String pair : variable("OTEL_RESOURCE_ATTRIBUTES").split(",", -1)) {
      String[] parts = pair.split("=", 2);
      resource.put(parts[0], parts[1]);
    }
    String endpoint = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
    return SdkTracerProvider.builder()
        .setResource(Resource.create(resource.build()))
        .addSpanProcessor(
            BatchSpanProcessor.builder(OtlpGrpcSpanExporter.builder().setEndpoint(endpoint).build())
                .build())
        .build();
  }

  private static String variable(String name) {
    return Objects.requireNonNull(System.getenv(name), name);
  }
}
