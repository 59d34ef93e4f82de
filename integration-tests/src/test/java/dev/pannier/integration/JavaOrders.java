package dev.pannier.integration;

import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.ObjectMapper;

/// What the applications in Java do, whatever they log by: they take orders, send a span for some of them, and tell in their tally
/// what they log. `ANY_APPLICATION TALLY COUNT`, with the environment of [Neighbour].
final class JavaOrders {
  static final String LOGGER = "shop.Orders";

  private static final int PAUSE_EVERY = 10;
  private static final int SPAN_EVERY = 10;
  private static final int SEVERAL_LINES_EVERY = 7;
  private static final int FAILS_EVERY = 11;

  enum Level {
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR
  }

  interface Log {
    void write(Level level, String message, @Nullable Exception exception);
  }

  private final ObjectMapper json = new ObjectMapper();
  private final BufferedWriter tally;
  private final Log log;

  private JavaOrders(BufferedWriter tally, Log log) {
    this.tally = tally;
    this.log = log;
  }

  static void take(String[] arguments, Log log) throws Exception {
    int count = Integer.parseInt(arguments[1]);
    SdkTracerProvider tracing =
        SdkTracerProvider.builder()
            // The environment's, as the SDK's autoconfiguration would have it.
            .setResource(
                Resource.builder().put("service.name", System.getenv("OTEL_SERVICE_NAME")).build())
            .addSpanProcessor(
                BatchSpanProcessor.builder(
                        OtlpGrpcSpanExporter.builder()
                            .setEndpoint(System.getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
                            .build())
                    .setMaxQueueSize(count)
                    .build())
            .build();
    try (BufferedWriter tally = Files.newBufferedWriter(Path.of(arguments[0]))) {
      JavaOrders orders = new JavaOrders(tally, log);
      for (int i = 0; i < count; i++) {
        if (i % SPAN_EVERY == 0) {
          tracing.get("shop").spanBuilder("order " + i).startSpan().end();
          orders.tell(Map.of("span", "order " + i));
        }
        orders.take(i);
        if (i % PAUSE_EVERY == 0) {
          TimeUnit.MILLISECONDS.sleep(10);
        }
      }
      tracing.shutdown().join(30, TimeUnit.SECONDS);
    }
  }

  private void take(int order) throws IOException {
    Level[] levels = Level.values();
    Level level = levels[order % levels.length];
    if (order % FAILS_EVERY == 0) {
      Exception exception =
          new IllegalStateException(
              "order " + order + " failed:\nno money", new IOException("no answer from the bank"));
      write(level, "order " + order + " was not paid", exception);
    } else if (order % SEVERAL_LINES_EVERY == 0) {
      write(level, "order " + order + "\nhas two items:\n\n\ta € sign\nand \"quotes\" \\", null);
    } else {
      String price = "€ " + order % 997 + ".50";
      write(level, "order " + order + " came to " + price + ", \"quoted\" \\ end", null);
    }
  }

  private void write(Level level, String message, @Nullable Exception exception)
      throws IOException {
    long from = System.currentTimeMillis();
    log.write(level, message, exception);
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("body", message);
    told.put("severity", level.name());
    told.put("logger", LOGGER);
    told.put("from", from);
    told.put("to", System.currentTimeMillis());
    if (exception != null) {
      told.put("type", exception.getClass().getName());
      told.put("message", exception.getMessage());
      told.put(
          "stack_has",
          List.of(
              exception.toString(),
              "\n\tat " + JavaOrders.class.getName() + ".take(",
              "\nCaused by: " + exception.getCause(),
              "\n\t... "));
    }
    tell(told);
  }

  private void tell(Map<String, Object> what) throws IOException {
    tally.write(json.writeValueAsString(what));
    tally.newLine();
  }
}
