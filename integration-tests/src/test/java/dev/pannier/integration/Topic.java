package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.trace.v1.Span;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// All messages of a topic of one partition, from its beginning.
final class Topic implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final String servers;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final TopicPartition partition;
  private final List<ConsumerRecord<byte[], byte[]>> messages = new ArrayList<>();
  private final List<LogRecord> logs = new ArrayList<>();
  private int decoded;

  Topic(String servers, String name) {
    this.servers = servers;
    consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", servers, "isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    partition = new TopicPartition(name, 0);
    consumer.assign(List.of(partition));
    consumer.seekToBeginning(List.of(partition));
  }

  /// Reads until the messages suffice.
  ///
  /// @throws AssertionError if they do not in time
  Topic await(Predicate<Topic> enough) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!enough.test(this)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(
            messages.size() + " messages after " + PATIENCE + ", " + state() + ", " + safeBodies());
      }
      consumer.poll(Duration.ofMillis(100)).forEach(messages::add);
    }
    return this;
  }

  /// Reads what else is there by now, up to the topic's end, however long a poll comes back empty.
  ///
  /// @throws AssertionError if the end is not reached in time
  Topic rest() {
    long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
    return await(all -> consumer.position(partition) >= end);
  }

  List<ConsumerRecord<byte[], byte[]>> messages() {
    return messages;
  }

  /// The messages as text.
  List<String> texts() {
    return messages.stream().map(message -> new String(message.value(), UTF_8)).toList();
  }

  /// The log records of `otlp_proto` messages.
  List<LogRecord> logs() {
    try {
      for (; decoded < messages.size(); decoded++) {
        logs.addAll(logs(messages.get(decoded).value()));
      }
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("message " + decoded + " is not otlp_proto", e);
    }
    return logs;
  }

  private static List<LogRecord> logs(byte[] message) throws InvalidProtocolBufferException {
    return ExportLogsServiceRequest.parseFrom(message).getResourceLogsList().stream()
        .flatMap(resource -> resource.getScopeLogsList().stream())
        .flatMap(scope -> scope.getLogRecordsList().stream())
        .toList();
  }

  /// Its `log.record.uid`, where it has one.
  static Optional<String> uid(LogRecord log) {
    return log.getAttributesList().stream()
        .filter(attribute -> attribute.getKey().equals("log.record.uid"))
        .map(attribute -> attribute.getValue().getStringValue())
        .findFirst();
  }

  /// The bodies of one `otlp_proto` message's records.
  static List<String> bodies(byte[] message) {
    try {
      return logs(message).stream().map(record -> record.getBody().getStringValue()).toList();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("not otlp_proto", e);
    }
  }

  /// The spans of `otlp_proto` messages.
  List<Span> spans() {
    List<Span> spans = new ArrayList<>();
    try {
      for (ConsumerRecord<byte[], byte[]> message : messages) {
        ExportTraceServiceRequest.parseFrom(message.value())
            .getResourceSpansList()
            .forEach(
                resource ->
                    resource
                        .getScopeSpansList()
                        .forEach(scope -> spans.addAll(scope.getSpansList())));
      }
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("not otlp_proto", e);
    }
    return spans;
  }

  /// The ids of those spans, in hex.
  List<String> spanIds() {
    return spans().stream()
        .map(span -> HexFormat.of().formatHex(span.getSpanId().toByteArray()))
        .toList();
  }

  /// The bodies of `otlp_proto` messages' records.
  List<String> bodies() {
    return logs().stream().map(record -> record.getBody().getStringValue()).toList();
  }

  /// Up to where it is committed, and who keeps it from being so up to its end.
  private String state() {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
      long end =
          admin
              .listOffsets(Map.of(partition, OffsetSpec.latest()))
              .partitionResult(partition)
              .get(10, TimeUnit.SECONDS)
              .offset();
      return "read up to %d, committed up to %d of %d, producers %s, transactions %s"
          .formatted(
              consumer.position(partition),
              consumer.endOffsets(List.of(partition)).getOrDefault(partition, -1L),
              end,
              admin
                  .describeProducers(List.of(partition))
                  .partitionResult(partition)
                  .get(10, TimeUnit.SECONDS)
                  .activeProducers(),
              admin.listTransactions().all().get(10, TimeUnit.SECONDS));
    } catch (ExecutionException | TimeoutException e) {
      return "its state is not known: " + e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }

  private String safeBodies() {
    List<String> texts = texts();
    return texts.subList(Math.max(0, texts.size() - 5), texts.size()).toString();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
