package dev.pannier.shippers.kafka;

import dev.pannier.shippers.Reasons;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.BrokerNotAvailableException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.InvalidMetadataException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NotEnoughReplicasAfterAppendException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/// What an exception of the producer means for a message.
///
/// What somebody can mend outside (a topic, an access rule, a password, a broker) is retried for
/// ever: the data is kept until then. Only what is wrong with the message itself is refused.
///
/// @param kind     what is to be done with the message
/// @param reason   for people: what is wrong and what helps; without secrets
/// @param producerIsDone whether this producer can send no more, and a new one has to take over
/// @param learnt   of [Kind#RETRY]: whether the next attempt goes otherwise, since it is known now what has to go alone
record KafkaFailure(Kind kind, String reason, boolean producerIsDone, boolean learnt) {
  KafkaFailure(Kind kind, String reason, boolean producerIsDone) {
    this(kind, reason, producerIsDone, false);
  }

  enum Kind {
    RETRY,
    /// The topic is missing, not ours to write to, or takes nothing with our clock's time, or its partition takes nothing:
    /// others are not concerned.
    NO_TOPIC,
    TOO_LARGE,
    REFUSED
  }

  /// What Kafka's client says of a record that is in a batch with one that was refused. It has no
  /// exception of its own for that.
  private static final String NEIGHBOUR =
      "Failed to append record because it was part of a batch which had one more";

  /// Whether it is of all records that were sent in one batch, one of which the broker refuses: which one
  /// only shows where it is alone. Brokers may say it, but not all do.
  static boolean isOfBatch(Throwable error) {
    return error instanceof InvalidRecordException || isNeighbours(error);
  }

  /// Whether the broker has named others of its batch, and not this record.
  static boolean isNeighbours(Throwable error) {
    return error.getClass() == KafkaException.class
        && String.valueOf(error.getMessage()).startsWith(NEIGHBOUR);
  }

  /// Whether it may be of one partition, which has no leader or too few replicas, or of the broker that leads it.
  static boolean isOfPartition(Throwable error) {
    return error instanceof TimeoutException
        || error instanceof NotEnoughReplicasException
        || error instanceof NotEnoughReplicasAfterAppendException
        || error instanceof InvalidMetadataException;
  }

  /// Of a message that was not confirmed in time: all that Kafka's client tells of a broker to which it cannot log in any more.
  ///
  /// The number grows: it is for what is retried, not for what waits for the same in the same words.
  ///
  /// @param refused how many connections were refused
  KafkaFailure withRefused(long refused) {
    return refused == 0 || kind != Kind.RETRY
        ? this
        : new KafkaFailure(
            kind,
            reason
                + " ("
                + refused
                + " of this client's connections were refused by login or TLS: check sasl and ssl)",
            producerIsDone,
            learnt);
  }

  /// Not to be believed before the record was sent alone.
  KafkaFailure untilAlone() {
    return new KafkaFailure(
        Kind.RETRY, reason + " (it, or another of its batch: each is tried alone)", false, true);
  }

  /// It went down with others that were refused together, and says nothing of itself.
  KafkaFailure withOthers() {
    return new KafkaFailure(kind, reason, producerIsDone, true);
  }

  /// The one of two that says more of whether waiting helps.
  static KafkaFailure worse(@Nullable KafkaFailure before, KafkaFailure now) {
    return before == null || before.learnt() ? now : before;
  }

  /// The topics that an error is about: what fails a transaction fails messages to other topics, too.
  ///
  /// @param topic of the message
  static Set<String> topics(Throwable error, String topic) {
    Set<String> named = named(error);
    return named.isEmpty() || named.contains(topic) ? Set.of(topic) : named;
  }

  /// The topics that an error names itself, whichever message it comes with.
  static Set<String> named(Throwable error) {
    return switch (error) {
      case TopicAuthorizationException refused -> refused.unauthorizedTopics();
      case InvalidTopicException invalid -> invalid.invalidTopics();
      case TimeoutException timeout when timeout.getCause() != null -> named(timeout.getCause());
      default -> Set.of();
    };
  }

  /// Words failures for one cluster.
  ///
  /// @param servers   `bootstrap.servers`, as configured
  /// @param mechanism `sasl.mechanism`, empty where there is no login
  record Words(String servers, String mechanism, Reasons reasons) {
    KafkaFailure of(Throwable error, String topic) {
      Kind kind = kind(error);
      boolean done =
          kind == Kind.RETRY && !(error instanceof RetriableException) && !isNeighbours(error);
      return new KafkaFailure(kind, reason(error, topics(error, topic).iterator().next()), done);
    }

    /// A failure and what the client says of it, for the log.
    String said(KafkaFailure why, Throwable error) {
      String says = reasons.clean(error.getMessage());
      return says.isEmpty() ? why.reason() : why.reason() + " (" + says + ")";
    }

    private static Kind kind(Throwable error) {
      return switch (error) {
        case RecordTooLargeException _, RecordBatchTooLargeException _ -> Kind.TOO_LARGE;
        case InvalidRecordException _, SerializationException _ -> Kind.REFUSED;
        // The time of a message is our clock's: nothing is wrong with the record. What brokers say
        // has it in it.
        case InvalidTimestampException _,
            UnknownTopicOrPartitionException _,
            TopicAuthorizationException _,
            InvalidTopicException _ ->
            Kind.NO_TOPIC;
        // Metadata that did not come in time, with what the brokers said of the topic.
        case TimeoutException timeout when timeout.getCause() != null ->
            kind(timeout.getCause()) == Kind.NO_TOPIC ? Kind.NO_TOPIC : Kind.RETRY;
        default -> Kind.RETRY;
      };
    }

    private String reason(Throwable error, String topic) {
      String says = reasons.clean(error.getMessage());
      return switch (error) {
        case SaslAuthenticationException _ ->
            servers + " refused the login (" + mechanism + "), check sasl.jaas.config: " + says;
        case SslAuthenticationException _ ->
            "TLS with "
                + servers
                + " failed, check ssl.truststore and ssl.keystore: "
                + reasons.of(error);
        case AuthenticationException _ -> servers + " refused the login: " + says;
        case TopicAuthorizationException _ ->
            servers
                + " does not let us write to the topic "
                + topic
                + ": allow WRITE and DESCRIBE on it";
        case TransactionalIdAuthorizationException _ ->
            servers
                + " does not let us use our transactional.id: allow WRITE and DESCRIBE on"
                + " transactional ids that begin with transactional_id_prefix";
        case ClusterAuthorizationException _ ->
            servers + " does not let us write: allow IDEMPOTENT_WRITE on the cluster";
        case InvalidTopicException _ -> servers + " takes no topic named " + topic;
        case UnknownTopicOrPartitionException _ -> unknownTopic(topic);
        case BufferExhaustedException _ ->
            servers
                + " confirms more slowly than messages come, the producer's buffer is full: "
                + says;
        case TimeoutException timeout when timeout.getCause() != null ->
            reason(timeout.getCause(), topic);
        case TimeoutException _ ->
            servers
                + " did not answer in time"
                + (topic.isEmpty() ? "" : ", topic " + topic)
                + ": "
                + says;
        case NotEnoughReplicasException _, NotEnoughReplicasAfterAppendException _ ->
            servers
                + ": the topic "
                + topic
                + " has fewer in-sync replicas than min.insync.replicas";
        case BrokerNotAvailableException _ -> servers + " is not available: " + says;
        case RecordTooLargeException _, RecordBatchTooLargeException _ ->
            servers
                + " takes no message as large for the topic "
                + topic
                + " (its max.message.bytes): "
                + says;
        case InvalidTimestampException _ ->
            servers
                + " takes no message with the time of this machine's clock for the topic "
                + topic
                + ": set the clock right, or the topic's message.timestamp.before.max.ms and"
                + " message.timestamp.after.max.ms";
        case InvalidRecordException _ ->
            servers
                + " refused a message for the topic "
                + topic
                + " (a compacted topic needs a key): "
                + says;
        default -> servers + (topic.isEmpty() ? "" : ", topic " + topic) + ": " + reasons.of(error);
      };
    }

    /// The producer itself refuses its properties, or a file that they name.
    ///
    /// @param files the properties that name files
    String notMade(Throwable error, Map<String, String> files) {
      return "no Kafka client can be made for "
          + servers
          + ", check properties"
          + (files.isEmpty() ? "" : " " + files)
          + ": "
          + reasons.of(error);
    }

    /// A transaction, ours or the one before it, has no end in the time for which a call may block: before a partition that takes
    /// nothing shows by its messages.
    String notEnded(TimeoutException error) {
      return servers
          + " did not end a transaction in time: is a broker away, or has a partition of a topic no"
          + " leader, or fewer in-sync replicas than min.insync.replicas? ("
          + reasons.of(error)
          + ")";
    }

    /// A message is not confirmed in the time for which a call may block.
    KafkaFailure slow() {
      return new KafkaFailure(
          Kind.RETRY, servers + " does not confirm a message in time (max.block.ms)", false);
    }

    /// What was sent later to others was confirmed. What Kafka's client says has other numbers each time: all that waits for
    /// a partition does so in the same words.
    ///
    /// @param partitions topic and number, one or several
    KafkaFailure takesNothing(String partitions) {
      return new KafkaFailure(
          Kind.NO_TOPIC,
          servers
              + " does not confirm messages to "
              + partitions
              + " in time (others are confirmed: what goes there waits alone): check leaders,"
              + " in-sync replicas (min.insync.replicas) and our login there",
          false);
    }

    /// The message before it goes alone, since the last one of its key was not confirmed in time.
    KafkaFailure stalled() {
      return new KafkaFailure(
          Kind.NO_TOPIC, servers + " does not confirm the message before it in time", false);
    }

    /// Whether there is a topic is not known, and nothing waits for the answer.
    KafkaFailure notSaid(String topic) {
      return new KafkaFailure(
          Kind.NO_TOPIC, servers + " has not said yet whether it has the topic " + topic, false);
    }

    /// A transaction cannot be open for as long as each of its messages takes alone.
    KafkaFailure noTimeAlone() {
      return new KafkaFailure(
          Kind.RETRY,
          servers
              + " refused messages together, and each is tried alone: the next transaction goes on"
              + " with those for which this one has no time (transaction.timeout.ms)",
          false);
    }

    private String unknownTopic(String topic) {
      return servers
          + " has no topic "
          + topic
          + ": create it, allow auto.create.topics.enable on the brokers, or take its signal out of"
          + " the shipper's signals";
    }
  }
}
