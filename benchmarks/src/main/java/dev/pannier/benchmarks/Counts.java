package dev.pannier.benchmarks;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Counts what a topic holds, as any consumer sees it.
final class Counts {
  private static final int RESOURCES = 1;
  private static final int SCOPES = 2;
  private static final int RECORDS = 2;
  private static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(60);

  private Counts() {}

  /// A consumer of the one partition, from its beginning.
  static KafkaConsumer<byte[], byte[]> consumer(String servers, String topic) {
    KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", servers, "isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    List<TopicPartition> partition = List.of(new TopicPartition(topic, 0));
    consumer.assign(partition);
    consumer.seekToBeginning(partition);
    return consumer;
  }

  /// @param otlp whether a message is an OTLP request; else it is one record
  static long records(String servers, String topic, boolean otlp) throws IOException {
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(servers, topic)) {
      TopicPartition partition = new TopicPartition(topic, 0);
      long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
      long count = 0;
      long before = -1;
      long since = System.nanoTime();
      for (long at = 0; at < end; at = consumer.position(partition)) {
        if (at > before) {
          before = at;
          since = System.nanoTime();
        } else if (System.nanoTime() - since > STUCK_NANOS) {
          throw new IOException(topic + " is stuck at " + at + " of " + end);
        }
        for (ConsumerRecord<byte[], byte[]> message : consumer.poll(Duration.ofSeconds(1))) {
          count += otlp ? count(CodedInputStream.newInstance(message.value()), RESOURCES) : 1;
        }
      }
      return count;
    }
  }

  /// A request, a resource's or a scope's part: the numbers are alike for logs and traces.
  private static long count(CodedInputStream in, int depth) throws IOException {
    int wanted = depth == RESOURCES ? RESOURCES : SCOPES;
    long count = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) != wanted) {
        in.skipField(tag);
      } else if (depth > RECORDS) {
        in.skipField(tag);
        count++;
      } else {
        int length = in.readRawVarint32();
        int limit = in.pushLimit(length);
        count += count(in, depth + 1);
        in.popLimit(limit);
      }
    }
    return count;
  }
}
