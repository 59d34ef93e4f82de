package dev.pannier.consumers;

import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// Reads what a Kafka shipper with `encoding: json` writes: a message's value is one record as a flat
/// JSON object, its key the source. The names of a log record's fields are logstash-logback-encoder's:
/// `@timestamp`, `level`, `logger_name`, `thread_name`, `message`, `stack_trace`; its MDC stands beside them.
public final class JsonConsumer implements AutoCloseable {
  private final ObjectMapper json = new ObjectMapper();
  private final KafkaConsumer<String, String> consumer;

  /// @param bootstrapServers host and port of a broker
  public JsonConsumer(String bootstrapServers, String group, String topic) {
    Properties properties = new Properties();
    properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, "1000");
    consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    consumer.subscribe(List.of(topic));
  }

  /// Takes what has come.
  ///
  /// @return how many records there were
  public int poll(Duration timeout, Consumer<JsonNode> records) {
    int messages = 0;
    for (ConsumerRecord<String, String> message : consumer.poll(timeout)) {
      messages++;
      records.accept(json.readTree(message.value()));
    }
    return messages;
  }

  @Override
  public void close() {
    consumer.close();
  }

  /// Prints what comes: `JsonConsumer kafka:9092 otlp_logs`.
  public static void main(String[] arguments) {
    try (JsonConsumer consumer = new JsonConsumer(arguments[0], "example", arguments[1])) {
      while (true) {
        consumer.poll(
            Duration.ofSeconds(1),
            record ->
                System.out.println(
                    record.path("@timestamp").asString("")
                        + " "
                        + record.path("level").asString("")
                        + " "
                        + record.path("message").asString("")));
      }
    }
  }
}
