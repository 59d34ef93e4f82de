package dev.pannier.shippers.kafka;

import static org.apache.kafka.clients.producer.ProducerConfig.COMPRESSION_TYPE_CONFIG;

import dev.pannier.shippers.Outcome;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reaches the brokers before the first message, or says why they cannot be reached.
final class Brokers {
  private static final Logger LOG = LoggerFactory.getLogger(Brokers.class);

  private final Map<String, String> properties;
  private final List<String> fixedTopics;
  private final Client client;
  private final Topics topics;
  private final KafkaFailure.Words words;

  /// @param fixedTopics those that do not depend on the records
  Brokers(
      Map<String, String> properties,
      List<String> fixedTopics,
      Client client,
      Topics topics,
      KafkaFailure.Words words) {
    this.properties = properties;
    this.fixedTopics = fixedTopics;
    this.client = client;
    this.topics = topics;
    this.words = words;
  }

  /// Asks for one topic after the other until one is there; for the others asks [Topics].
  Outcome reach() {
    String unusable = Compressors.problem(properties.getOrDefault(COMPRESSION_TYPE_CONFIG, "none"));
    if (!unusable.isEmpty()) {
      return new Outcome.Retryable(unusable, 0, null);
    }
    String topic = "";
    try {
      Producer<byte[], byte[]> producer = client.open();
      if (fixedTopics.isEmpty()) {
        reachAny(producer);
      }
      for (int i = 0; i < fixedTopics.size(); i++) {
        topic = fixedTopics.get(i);
        if (isThere(producer, topic)) {
          topics.ask(fixedTopics.subList(i + 1, fixedTopics.size()));
          break;
        }
      }
      return Outcome.ACCEPTED;
    } catch (TimeoutException e) {
      boolean answered = e.getCause() != null || client.hasReceived();
      return new Outcome.Retryable(
          answered ? words.of(e, topic).reason() : Reachability.of(words.servers()), 0, null);
    } catch (KafkaException e) {
      return new Outcome.Retryable(failed(e, topic), 0, null);
    }
  }

  /// That a topic is missing is an answer, too: the brokers are reached.
  private boolean isThere(Producer<byte[], byte[]> producer, String topic) {
    try {
      if (!producer.partitionsFor(topic).isEmpty()) {
        topics.isThere(topic);
        return true;
      }
      topics.isMissing(topic, words.of(new UnknownTopicOrPartitionException(), topic));
      return false;
    } catch (KafkaException e) {
      KafkaFailure why = words.of(e, topic);
      if (why.kind() != KafkaFailure.Kind.NO_TOPIC) {
        throw e;
      }
      topics.isMissing(topic, why);
      return false;
    }
  }

  /// Where all topics depend on the records: asks for one that nearly every cluster has. That we may
  /// not see it is an answer, too.
  private void reachAny(Producer<byte[], byte[]> producer) {
    try {
      var _ = producer.partitionsFor("__consumer_offsets");
    } catch (TopicAuthorizationException e) {
      LOG.debug("reached", e);
    } catch (TimeoutException e) {
      if (e.getCause() == null && !client.hasReceived()) {
        throw e;
      }
    }
  }

  private String failed(KafkaException e, String topic) {
    KafkaFailure why = words.of(e, topic);
    if (why.producerIsDone()) {
      client.isDone();
    }
    if (client.current() != null) {
      return why.reason();
    }
    String unresolved = Reachability.unresolved(words.servers());
    return unresolved.isEmpty() ? words.notMade(e, files()) : unresolved;
  }

  private Map<String, String> files() {
    Map<String, String> files = new TreeMap<>(properties);
    files.keySet().removeIf(name -> !name.endsWith(".location"));
    return files;
  }
}
