package dev.pannier.consumers;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/// Reads what a Kafka shipper with `encoding: otlp_proto` (the default) writes: a message's value is
/// an OTLP `ExportLogsServiceRequest` or `ExportTraceServiceRequest`, its key the source.
public final class OtlpProtoConsumer implements AutoCloseable {
  private static final String LOGS = "otlp_logs";
  private static final String SPANS = "otlp_spans";

  private final KafkaConsumer<String, byte[]> consumer;

  /// @param bootstrapServers host and port of a broker
  public OtlpProtoConsumer(String bootstrapServers, String group) {
    Properties properties = new Properties();
    properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, "1000");
    consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
    consumer.subscribe(List.of(LOGS, SPANS));
  }

  /// Takes what has come.
  ///
  /// @param logs  gets each record with the name of its scope, which is the logger's
  /// @param spans gets each span
  /// @return how many messages there were
  public int poll(Duration timeout, BiConsumer<String, LogRecord> logs, Consumer<Span> spans)
      throws InvalidProtocolBufferException {
    int messages = 0;
    for (ConsumerRecord<String, byte[]> message : consumer.poll(timeout)) {
      messages++;
      if (message.topic().equals(LOGS)) {
        ExportLogsServiceRequest request = ExportLogsServiceRequest.parseFrom(message.value());
        for (ResourceLogs resource : request.getResourceLogsList()) {
          for (ScopeLogs scope : resource.getScopeLogsList()) {
            scope
                .getLogRecordsList()
                .forEach(record -> logs.accept(scope.getScope().getName(), record));
          }
        }
      } else {
        ExportTraceServiceRequest request = ExportTraceServiceRequest.parseFrom(message.value());
        for (ResourceSpans resource : request.getResourceSpansList()) {
          for (ScopeSpans scope : resource.getScopeSpansList()) {
            scope.getSpansList().forEach(spans);
          }
        }
      }
    }
    return messages;
  }

  @Override
  public void close() {
    consumer.close();
  }

  /// Prints what comes: `OtlpProtoConsumer kafka:9092`.
  public static void main(String[] arguments) throws InvalidProtocolBufferException {
    try (OtlpProtoConsumer consumer = new OtlpProtoConsumer(arguments[0], "example")) {
      while (true) {
        consumer.poll(
            Duration.ofSeconds(1),
            (logger, record) ->
                System.out.println(
                    record.getSeverityText() + " " + logger + " " + record.getBody().getStringValue()),
            span -> System.out.println("span " + span.getName()));
      }
    }
  }
}
