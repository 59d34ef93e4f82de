package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.DeadLetter;
import dev.pannier.shippers.DeadLetterBox;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import java.util.Arrays;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/// Dead letters as messages of a topic, by the producer that ships: a second one would cost some 30 MiB.
///
/// The value is the OTLP request byte for byte as it was refused, the key the batch's source. Headers:
///
/// | header | |
/// |---|---|
/// | `encoding` | `otlp_proto` |
/// | `pannier.reason` | why it was refused |
/// | `pannier.shipper`, `pannier.source` | whose destination refused it, and where it came from |
/// | `pannier.topic` | where it was to go |
/// | `pannier.signal` | `logs`, `traces` or `metrics` |
/// | `log.record.uid` | where the record has one |
final class DeadLetterTopic implements DeadLetterBox {
  static final String REASON = "pannier.reason";
  static final String SHIPPER = "pannier.shipper";
  static final String SOURCE = "pannier.source";
  static final String TOPIC = "pannier.topic";
  static final String SIGNAL = "pannier.signal";
  static final String UID = "log.record.uid";

  private final String topic;
  private final Client client;
  private final Topics topics;
  private final Limits limits;
  private final KafkaFailure.Words words;

  DeadLetterTopic(
      String topic, Client client, Topics topics, Limits limits, KafkaFailure.Words words) {
    this.topic = topic;
    this.client = client;
    this.topics = topics;
    this.limits = limits;
    this.words = words;
  }

  @Override
  public void put(DeadLetter letter, Consumer<Outcome> outcome) {
    KafkaFailure absent = topics.missing(topic);
    if (absent != null) {
      outcome.accept(new Outcome.Retryable(absent.reason(), 0, null));
      return;
    }
    Message message = message(topic, letter, Message.SEVERAL);
    if (message.size() > limits.clientBytes()) {
      outcome.accept(tooLarge(message, limits.clientBytes()));
      return;
    }
    Thread sender = Thread.currentThread();
    Producer<byte[], byte[]> producer = null;
    try {
      Producer<byte[], byte[]> current = client.open();
      producer = current;
      var _ =
          current.send(
              message.take(),
              (metadata, error) -> outcome.accept(outcome(message, error, sender, current)));
    } catch (RuntimeException | LinkageError e) {
      outcome.accept(outcome(message, e, sender, producer));
    }
  }

  /// @param index of the letter's only record in what was refused; [Message#SEVERAL] for all of that
  static Message message(String topic, DeadLetter letter, int index) {
    Batch batch = letter.batch();
    RecordHeaders headers = headers(letter);
    byte[] value =
        Arrays.copyOfRange(batch.bytes(), batch.offset(), batch.offset() + batch.length());
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(topic, null, Message.bytes(batch.key()), value, headers);
    return new Message(record, Message.bytes(headers), index, null);
  }

  private Outcome outcome(
      Message message,
      @Nullable Throwable error,
      Thread sender,
      @Nullable Producer<byte[], byte[]> producer) {
    if (error == null) {
      topics.confirmed(topic);
      return Outcome.ACCEPTED;
    }
    KafkaFailure why = words.of(error, topic);
    return switch (why.kind()) {
      case TOO_LARGE -> tooLarge(message, limits.refused(topic, message.size()));
      case REFUSED -> new Outcome.Permanent(why.reason());
      case NO_TOPIC -> {
        if (Thread.currentThread() == sender) {
          topics.isMissing(topic, why);
        } else {
          topics.isRefused(topic, why, error);
        }
        yield new Outcome.Retryable(why.reason(), 0, null);
      }
      case RETRY -> {
        if (why.producerIsDone()) {
          client.isDone(producer);
        }
        yield new Outcome.Retryable(why.reason(), 0, null);
      }
    };
  }

  private Outcome tooLarge(Message message, int limit) {
    return new Outcome.TooLarge(
        Math.max(1, limit - message.overhead()),
        "a dead letter of "
            + message.size()
            + " bytes is above the limit of "
            + limit
            + " of the topic "
            + topic,
        null);
  }

  private static RecordHeaders headers(DeadLetter letter) {
    RecordHeaders headers = new RecordHeaders();
    headers.add(Route.ENCODING, "otlp_proto".getBytes(US_ASCII));
    headers.add(REASON, letter.reason().getBytes(UTF_8));
    headers.add(SHIPPER, letter.shipper().getBytes(UTF_8));
    headers.add(SOURCE, letter.batch().source().getBytes(UTF_8));
    headers.add(SIGNAL, letter.batch().signal().label().getBytes(UTF_8));
    if (!letter.place().isEmpty()) {
      headers.add(TOPIC, letter.place().getBytes(UTF_8));
    }
    String uid = letter.uid();
    if (uid != null) {
      headers.add(UID, uid.getBytes(UTF_8));
    }
    return headers;
  }

  /// The producer is the shipper's.
  @Override
  public void close() {}
}
