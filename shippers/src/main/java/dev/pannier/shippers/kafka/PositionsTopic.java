package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The topic in which positions are stored: made where it is missing, read when a producer has settled
/// what was under way. Clients for that live as long as a question takes.
///
/// Reading has to reach the end that the partition had when it began. A `read_committed` consumer sees
/// no message behind the first of an open transaction, which may be another sidecar's: the end is asked
/// without that, and waited for.
final class PositionsTopic {
  private static final Logger LOG = LoggerFactory.getLogger(PositionsTopic.class);
  private static final int PARTITIONS = 16;

  /// Where brokers take that; else as many as these make by default. With one, all that is known of what was stored goes with
  /// a disk.
  private static final short COPIES = 3;

  private static final Duration POLL = Duration.ofMillis(200);

  /// The longest that one question takes, or reading without getting any further.
  private static final long READ_NANOS = TimeUnit.SECONDS.toNanos(10);

  /// So often it is asked for messages at a time: whoever reads on a busy partition has other things to do in between.
  static final int MOST_POLLS = 500;

  /// Between two questions for a topic that was made.
  private static final long ASK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final long CREATE_SECONDS = 10;
  private static final String BYTES = "org.apache.kafka.common.serialization.ByteArrayDeserializer";

  /// Last positions count, the oldest go after a week: a sidecar that was away for longer is told by
  /// its volume alone. Small segments, so that what is superseded goes soon.
  private static final Map<String, String> SETTINGS =
      Map.of(
          "cleanup.policy",
          "compact,delete",
          "retention.ms",
          String.valueOf(TimeUnit.DAYS.toMillis(7)),
          "segment.bytes",
          String.valueOf(16 << 20),
          "segment.ms",
          String.valueOf(TimeUnit.HOURS.toMillis(1)),
          "min.cleanable.dirty.ratio",
          "0.1",
          // The marks of a transaction, of which there are ten a second.
          "delete.retention.ms",
          String.valueOf(TimeUnit.MINUTES.toMillis(10)),
          // Whoever reads it has to be able to, whatever another sidecar compresses with.
          "compression.type",
          "uncompressed",
          // A clock that is behind must not let positions expire.
          "message.timestamp.type",
          "LogAppendTime");

  private final String topic;
  private final byte[] key;
  private final Map<String, Object> properties;
  private final Function<Map<String, Object>, Consumer<byte[], byte[]>> consumers;
  private final OffsetHint hint;

  /// Nothing of ours can be there, so nothing is read.
  private boolean isNew;

  private int partition = -1;
  private boolean toldOfCopies;

  /// Where reading was left off.
  private @Nullable LeftOff leftOff;

  /// @param from where it began
  /// @param last what was found up to `position`
  private record LeftOff(
      TopicPartition place,
      long from,
      long position,
      @Nullable ConsumerRecord<byte[], byte[]> last) {}

  /// @param key        who stores
  /// @param properties the user's for a producer: what a consumer knows of them counts for it
  PositionsTopic(
      String topic,
      String key,
      boolean isNew,
      Map<String, String> properties,
      Function<Map<String, Object>, Consumer<byte[], byte[]>> consumers,
      OffsetHint hint) {
    this.topic = topic;
    this.key = key.getBytes(UTF_8);
    this.isNew = isNew;
    this.properties = new HashMap<>(properties);
    this.consumers = consumers;
    this.hint = hint;
  }

  String name() {
    return topic;
  }

  /// The message that stores positions, in whatever transaction it is sent.
  ProducerRecord<byte[], byte[]> message(PositionsRecord positions) {
    return new ProducerRecord<>(topic, partition, key, positions.encode());
  }

  void stored(long offset) {
    hint.moved(partition, offset, true);
  }

  /// @return what was stored last by a transaction that was committed; null for nothing
  /// @throws KafkaException where the topic cannot be made or read for now
  @Nullable PositionsRecord read() {
    TopicPartition place;
    long end;
    // A producer would make the topic by asking for it, where brokers allow that, with settings
    // that
    // are not ours.
    try (Consumer<byte[], byte[]> consumer = consumers.apply(properties("read_uncommitted"))) {
      partition = partition(partitions(consumer));
      place = new TopicPartition(topic, partition);
      end = consumer.endOffsets(List.of(place)).getOrDefault(place, 0L);
      if (isNew) {
        // Nothing is there for us, but whether we may read it shows now, not at the first restart.
        consumer.assign(List.of(place));
        consumer.seek(place, end);
        var _ = consumer.poll(POLL);
      }
    }
    if (isNew) {
      isNew = false;
      hint.moved(partition, end, false);
      return null;
    }
    try (Consumer<byte[], byte[]> consumer = consumers.apply(properties("read_committed"))) {
      consumer.assign(List.of(place));
      long beginning = consumer.beginningOffsets(List.of(place)).getOrDefault(place, 0L);
      OffsetHint.Place known = hint.place();
      long from = known.partition() == partition ? known.offset() : beginning;
      if (from > beginning && from <= end) {
        PositionsRecord found = last(consumer, place, from, end);
        if (found != null || !known.isOurs()) {
          return found;
        }
        // The topic was made anew since the hint was stored, or has lost its end. Reading all of it
        // may take several rounds, which go on where the one before left off.
        hint.moved(partition, -1, false);
      }
      return last(consumer, place, beginning, end);
    }
  }

  private @Nullable PositionsRecord last(
      Consumer<byte[], byte[]> consumer, TopicPartition place, long from, long end) {
    LeftOff goesOn = leftOff;
    leftOff = null;
    ConsumerRecord<byte[], byte[]> last = null;
    long before = from;
    if (goesOn != null
        && goesOn.place().equals(place)
        && goesOn.from() == from
        && goesOn.position() <= end) {
      last = goesOn.last();
      before = goesOn.position();
    }
    consumer.seek(place, before);
    long movedNanos = System.nanoTime();
    for (int polls = 0; consumer.position(place) < end; polls++) {
      if (polls == MOST_POLLS) {
        leftOff = new LeftOff(place, from, consumer.position(place), last);
        throw new TimeoutException(
            "positions are read up to offset "
                + consumer.position(place)
                + " of "
                + end
                + ", and further in a moment");
      }
      long nowNanos = System.nanoTime();
      if (consumer.position(place) > before) {
        before = consumer.position(place);
        movedNanos = nowNanos;
      }
      if (nowNanos - movedNanos > READ_NANOS) {
        throw new TimeoutException(
            "positions are read up to offset "
                + consumer.position(place)
                + " of "
                + end
                + ": a transaction there is still open");
      }
      for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
        if (Arrays.equals(message.key(), key) && message.value() != null) {
          last = message;
        }
      }
    }
    if (last == null) {
      return null;
    }
    hint.moved(place.partition(), last.offset(), true);
    try {
      return PositionsRecord.decode(last.value());
    } catch (IllegalArgumentException e) {
      throw new KafkaException(
          "the positions at offset "
              + last.offset()
              + " of partition "
              + place.partition()
              + " cannot be read: "
              + e.getMessage(),
          e);
    }
  }

  /// A hint keeps the partition that it was stored with.
  private int partition(int count) {
    int known = hint.place().partition();
    return known >= 0 && known < count ? known : Utils.toPositive(Utils.murmur2(key)) % count;
  }

  private int partitions(Consumer<byte[], byte[]> consumer) {
    int count = count(consumer);
    if (count == 0) {
      create();
      long startNanos = System.nanoTime();
      // Brokers learn of it one after the other.
      while (count == 0 && System.nanoTime() - startNanos < READ_NANOS) {
        LockSupport.parkNanos(this, ASK_AGAIN_NANOS);
        count = count(consumer);
      }
    }
    if (count == 0) {
      throw new MissingPositions(topic, null);
    }
    return count;
  }

  private int count(Consumer<byte[], byte[]> consumer) {
    List<PartitionInfo> partitions = consumer.partitionsFor(topic);
    if (!toldOfCopies && hasOneCopy(partitions)) {
      toldOfCopies = true;
      LOG.warn(
          "the topic {} has one copy of each partition: should its disk be lost, files are read"
              + " again from where the volume's positions are; give it three replicas",
          topic);
    }
    return partitions == null ? 0 : partitions.size();
  }

  private static boolean hasOneCopy(@Nullable List<PartitionInfo> partitions) {
    return partitions != null
        && partitions.stream()
            .anyMatch(one -> one.replicas() != null && one.replicas().length == 1);
  }

  private void create() {
    Map<String, Object> own = new HashMap<>(properties);
    own.keySet().retainAll(AdminClientConfig.configNames());
    own.put(AdminClientConfig.ENABLE_METRICS_PUSH_CONFIG, "false");
    own.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, "8000");
    own.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, "4000");
    try (Admin admin = Admin.create(own)) {
      try {
        create(admin, Optional.of(COPIES));
      } catch (ExecutionException e) {
        if (!mayBeOfCopies(e.getCause())) {
          throw e;
        }
        create(admin, Optional.empty());
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TopicExistsException) {
        return;
      }
      throw new MissingPositions(topic, e.getCause());
    } catch (java.util.concurrent.TimeoutException e) {
      throw new MissingPositions(topic, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MissingPositions(topic, e);
    }
  }

  /// Brokers, their policies and those who run them for others say it in many ways. What is worth another attempt is none:
  /// the topic would have fewer copies for good.
  static boolean mayBeOfCopies(@Nullable Throwable refusal) {
    return refusal instanceof ApiException
        && !(refusal instanceof TopicExistsException
            || refusal instanceof AuthorizationException
            || refusal instanceof RetriableException);
  }

  private void create(Admin admin, Optional<Short> copies)
      throws ExecutionException, InterruptedException, java.util.concurrent.TimeoutException {
    NewTopic wanted = new NewTopic(topic, Optional.of(PARTITIONS), copies).configs(SETTINGS);
    admin.createTopics(List.of(wanted)).all().get(CREATE_SECONDS, TimeUnit.SECONDS);
  }

  /// The topic is not there, and could not be made.
  static final class MissingPositions extends KafkaException {
    private static final long serialVersionUID = 1;

    MissingPositions(String topic, @Nullable Throwable cause) {
      super("no topic " + topic, cause);
    }
  }

  private Map<String, Object> properties(String isolation) {
    Map<String, Object> own = new HashMap<>(properties);
    own.keySet().retainAll(ConsumerConfig.configNames());
    own.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
    own.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, BYTES);
    own.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, BYTES);
    own.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    own.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    own.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    own.put(ConsumerConfig.ENABLE_METRICS_PUSH_CONFIG, "false");
    own.put(ConsumerConfig.METRIC_REPORTER_CLASSES_CONFIG, "");
    // A producer's have the same name, and are none of a consumer's.
    own.put(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG, "");
    own.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, "5000");
    own.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, "4000");
    own.putIfAbsent(ConsumerConfig.CLIENT_ID_CONFIG, "pannier-positions");
    return own;
  }
}
