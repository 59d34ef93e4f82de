package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.pannier.shippers.Batches;
import dev.pannier.shippers.DeadLetter;
import dev.pannier.shippers.DeadLetterBox;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.batch.Batch;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeadLetterTopicTest {
  private final FakeCluster cluster = new FakeCluster();
  private final KafkaShipper shipper =
      cluster.shipper(cluster.settings(FakeCluster.TOPIC, Encoding.RAW, "source", Map.of()));
  private final DeadLetterBox box = shipper.deadLetters("dead");

  @AfterEach
  void close() {
    shipper.close(Duration.ZERO);
  }

  @Test
  void theMessageIsTheRequestByteForByteWithTheReasonAndTheOrigin() throws Exception {
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    Batch batch = Batches.logs("vol/1", "one");
    assertThat(put(batch)).isEqualTo(Outcome.ACCEPTED);
    ProducerRecord<byte[], byte[]> record = cluster.stored.getFirst();
    assertThat(record.topic()).isEqualTo("dead");
    assertThat(record.key()).isEqualTo("vol/1".getBytes(UTF_8));
    assertThat(ByteString.copyFrom(record.value()))
        .isEqualTo(ByteString.copyFrom(batch.bytes(), batch.offset(), batch.length()));
    Map<String, String> headers = new TreeMap<>();
    record.headers().forEach(h -> headers.put(h.key(), new String(h.value(), UTF_8)));
    assertThat(headers)
        .containsEntry("encoding", "otlp_proto")
        .containsEntry("pannier.reason", "too old")
        .containsEntry("pannier.shipper", "events")
        .containsEntry("pannier.source", batch.source())
        .containsEntry("pannier.topic", FakeCluster.TOPIC)
        .containsEntry("pannier.signal", "logs");
    assertThat(cluster.producers).isEqualTo(1);
  }

  @Test
  void whatKafkaAnswersIsAnOutcome() throws Exception {
    cluster.answers = record -> new TimeoutException("expired");
    assertThat(put(Batches.logs("k", "one"))).isInstanceOf(Outcome.Retryable.class);
    cluster.answers = record -> new InvalidRecordException("never");
    assertThat(put(Batches.logs("k", "one"))).isInstanceOf(Outcome.Permanent.class);
    cluster.answers = record -> new InvalidTimestampException("out of range");
    assertThat(put(Batches.logs("k", "one")))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, retry -> assertThat(retry.reason()).contains("clock"));
    cluster.answers = record -> null;
    while (!shipper.missing().isEmpty()) {
      assertThat(put(Batches.logs("k", "one"))).isNotNull();
    }
    cluster.answers = record -> new RecordTooLargeException("above 10 bytes");
    assertThat(put(Batches.logs("k", "one"))).isInstanceOf(Outcome.TooLarge.class);
    cluster.answers = record -> null;
    cluster.missingTopics.add("dead");
    assertThat(put(Batches.logs("k", "one")))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, retry -> assertThat(retry.reason()).contains("no topic dead"));
    assertThat(shipper.missing()).contains("dead");
  }

  @Test
  void whatIsNoOtlpIsALetterAsItIs() throws Exception {
    byte[] broken = {1, 2, 3, -1};
    Batch batch = Batches.logs("k", "one").with(broken, 0, broken.length, 1);
    assertThat(put(batch)).isEqualTo(Outcome.ACCEPTED);
    assertThat(cluster.stored.getFirst().value()).containsExactly(broken);
  }

  private @Nullable Outcome put(Batch batch) throws InterruptedException {
    BlockingQueue<Outcome> told = new ArrayBlockingQueue<>(4);
    box.put(new DeadLetter(batch, "too old", "events", shipper.place(batch)), told::add);
    return told.poll(30, TimeUnit.SECONDS);
  }
}
