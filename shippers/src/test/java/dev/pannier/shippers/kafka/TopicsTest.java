package dev.pannier.shippers.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.pannier.shippers.Reasons;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class TopicsTest {
  private static final KafkaFailure.Words WORDS =
      new KafkaFailure.Words("k:9092", "PLAIN", Reasons.withoutSecretsOf(Map.of()));

  private final AtomicReference<@Nullable Thread> asking = new AtomicReference<>();

  private Topics topics(@Nullable Producer<byte[], byte[]> producer) {
    return new Topics(
        "events",
        WORDS,
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

  /// The broker names the message's time, another one each time.
  @Test
  void whatWaitsForAClockDoesSoInTheSameWordsAndTheLogTellsOnceWhatTheBrokerSays() {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(Topics.class);
    log.start();
    logger.addAppender(log);
    try (Topics topics = topics(null)) {
      KafkaFailure first = refuse(topics, "the time 1 is out of range");
      assertThat(refuse(topics, "the time 2 is out of range")).isEqualTo(first);
      assertThat(topics.missing()).isEqualTo(first.reason());
    } finally {
      logger.detachAppender(log);
    }
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .singleElement()
        .asString()
        .contains("clock", "lines", "the time 1 is out of range");
  }

  private static KafkaFailure refuse(Topics topics, String says) {
    InvalidTimestampException refusal = new InvalidTimestampException(says);
    KafkaFailure why = WORDS.of(refusal, "lines");
    topics.isRefused("lines", why, refusal);
    return why;
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
