package dev.pannier.shippers.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.Reasons;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TopicsTest {
  private final AtomicReference<@Nullable Thread> asking = new AtomicReference<>();

  private Topics topics(@Nullable Producer<byte[], byte[]> producer) {
    return new Topics(
        "events",
        new KafkaFailure.Words("k:9092", "PLAIN", Reasons.withoutSecretsOf(Map.of())),
        () -> {
          asking.set(Thread.currentThread());
          return producer;
        });
  }

  /// Whoever asks without a pause never comes to wait.
  private void awaitPause() throws InterruptedException {
    long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    Thread thread = asking.get();
    while (thread == null || thread.getState() != Thread.State.TIMED_WAITING) {
      assertThat(System.nanoTime() - deadlineNanos).as("time left").isNegative();
      Thread.sleep(1);
      thread = asking.get();
    }
  }

  @Test
  void whereThereIsNobodyToAskItPauses() throws Exception {
    try (Topics topics = topics(null)) {
      topics.ask(List.of("lines"));
      awaitPause();
      assertThat(topics.missing()).contains("has not said yet whether it has the topic lines");
    }
  }

  @Test
  void anAnswerThatTellsNothingIsNotAskedForWithoutPause() throws Exception {
    MockProducer<byte[], byte[]> refused =
        new MockProducer<>() {
          @Override
          public List<PartitionInfo> partitionsFor(String topic) {
            throw new SaslAuthenticationException("no");
          }
        };
    try (Topics topics = topics(refused)) {
      topics.ask(List.of("lines"));
      awaitPause();
    }
  }
}
