package dev.pannier.integration;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.FileAppender;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.internal.FailedExportException;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/// An application in a Pod, under umask 027: it logs `line 0`, `line 1` and so on through Logback, sends a span for each
/// tenth, `order 0`, `order 10`, and knows of a sidecar by its environment alone. Started again it goes on from its file's
/// last line. Asked to end it logs some more lines, and `ended after N lines` as its last word.
/// To standard output goes a line `unanswered order N` for a span whose request ended without an answer, and which is sent again: it may
/// come twice.
/// `PodApplication FOLDER LINES CRASH`, with 0 lines until it is asked; it ends with 1 after so many lines, and 0 is never.
public final class PodApplication {
  private static final String PATTERN =
      "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] %logger - %msg%n";
  private static final int SPAN_EVERY = 10;
  private static final Duration SPANS_EVERY = Duration.ofMillis(200);

  /// What has no answer by then is sent again, and may come twice.
  private static final Duration ANSWERED_WITHIN = Duration.ofMinutes(1);

  private static final int MORE_LINES = 200;
  private static final long PAUSE_MS = 10;
  private static final int UMASK = 0027;

  /// What a line begins with that names a span.
  static final String UNANSWERED = "unanswered ";

  private PodApplication() {}

  public static void main(String[] arguments) throws Throwable {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(asked, ended), "end"));
    umask();
    Path file = Path.of(arguments[0], "app.log");
    long lines = Long.parseLong(arguments[1]);
    long crash = Long.parseLong(arguments[2]);
    long count = written(file);
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Logger logger = logger(context, file);
    SdkTracerProvider tracing = tracing();
    Tracer tracer = tracing.get("com.example.shop");
    long last = lines == 0 ? Long.MAX_VALUE : lines;
    while (count < last) {
      if (count % SPAN_EVERY == 0) {
        tracer.spanBuilder("order " + count).startSpan().end();
      }
      logger.info("line {}", count);
      count++;
      if (count == crash) {
        // Spans that nobody but itself had would be nobody else's loss.
        tracing.forceFlush().join(10, TimeUnit.SECONDS);
        Runtime.getRuntime().halt(1);
      }
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

  /// What it writes is its group's to read, and nobody else's. No shell is there to say so.
  @SuppressWarnings("restricted")
  private static void umask() throws Throwable {
    Linker linker = Linker.nativeLinker();
    Object before =
        linker
            .downcallHandle(
                linker.defaultLookup().findOrThrow("umask"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))
            .invoke(UMASK);
    Objects.requireNonNull(before);
  }

  private static long written(Path file) throws Exception {
    if (!Files.exists(file)) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines.count();
    }
  }

  private static Logger logger(LoggerContext context, Path file) {
    PatternLayoutEncoder layout = new PatternLayoutEncoder();
    layout.setContext(context);
    layout.setPattern(PATTERN);
    layout.start();
    FileAppender<ILoggingEvent> appender = new FileAppender<>();
    appender.setContext(context);
    appender.setFile(file.toString());
    appender.setEncoder(layout);
    appender.start();
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
            BatchSpanProcessor.builder(
                    new Insisting(
                        OtlpGrpcSpanExporter.builder()
                            .setEndpoint(endpoint)
                            .setTimeout(ANSWERED_WITHIN)
                            // Whoever repeats a request has to tell.
                            .setRetryPolicy(null)
                            .build()))
                .setScheduleDelay(SPANS_EVERY)
                .build())
        .build();
  }

  private static String variable(String name) {
    return Objects.requireNonNull(System.getenv(name), name);
  }

  /// Sends what was not taken again, for as long as it takes: the SDK gives up after some seconds, which a sidecar that was
  /// killed twice may be away.
  private record Insisting(SpanExporter exporter) implements SpanExporter {
    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      while (true) {
        CompletableResultCode result =
            exporter.export(spans).join(2 * ANSWERED_WITHIN.toSeconds(), TimeUnit.SECONDS);
        if (result.isSuccess()) {
          return result;
        }
        if (!(result.getFailureThrowable() instanceof FailedExportException failed
            && failed.failedWithResponse())) {
          spans.forEach(span -> System.out.println(UNANSWERED + span.getName()));
        }
        try {
          Thread.sleep(SPANS_EVERY);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return CompletableResultCode.ofFailure();
        }
      }
    }

    @Override
    public CompletableResultCode flush() {
      return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return exporter.shutdown();
    }
  }
}
