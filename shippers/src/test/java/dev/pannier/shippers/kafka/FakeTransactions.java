package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Home;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.batch.Signal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/// A cluster with one transaction coordinator behind Kafka's own client interfaces: what is committed
/// becomes visible whole, an older producer is fenced by a newer one, and every step can fail. Answers come
/// in the calling thread.
final class FakeTransactions {
  /// A step of a producer.
  enum Step {
    INIT,
    BEGIN,
    SEND,
    /// The request to commit has not reached the coordinator.
    BEFORE_COMMIT,
    /// It has, and the answer is on its way.
    AFTER_COMMIT,
    ABORT
  }

  /// The process dies.
  static final class Crash extends Error {
    private static final long serialVersionUID = 1;
  }

  static final String TOPIC = "otlp_logs";
  static final String POSITIONS = "pannier_positions";

  /// Where the next shipper's logs go.
  String topic = TOPIC;

  /// What a `read_committed` consumer sees.
  final List<ProducerRecord<byte[], byte[]>> committed = new ArrayList<>();

  /// Thrown at a step.
  Function<Step, @Nullable RuntimeException> faults = step -> null;

  /// At which step the process dies.
  @Nullable Step crashAt;

  /// Steps of that kind before it does.
  int crashAfter;

  /// An error for a record.
  Function<ProducerRecord<byte[], byte[]>, @Nullable RuntimeException> refusals = record -> null;

  /// Whether what was sent up to a flush or a commit is answered together, by another thread: one record
  /// that is refused fails all of them, as in a batch of Kafka's.
  boolean batches;

  /// Whether a broker says which record of a batch it refuses.
  boolean tellsWhich;

  /// More of the shipper's properties.
  final Map<String, String> properties = new HashMap<>(Map.of("bootstrap.servers", "127.0.0.1:1"));

  /// How many there were.
  int producers;

  /// Of positions.
  long maxPollRecords = Integer.MAX_VALUE;

  /// The shipper's.
  long memoryBytes = 8 << 20;

  /// How many were sent at most and not answered.
  int mostPending;

  /// How many records are in a batch at most.
  int batchRecords = Integer.MAX_VALUE;

  /// What the answer to a batch takes, by a clock of the cluster's own.
  long roundTripNanos;

  long nanos;

  /// The longest that a transaction was open.
  long longestNanos;

  /// Batches of one record that were answered.
  int alone;

  final Set<String> missingTopics = new HashSet<>();
  int transactions;
  private int positionsPartitions = 1;
  private int epoch;
  private final Path directory;

  FakeTransactions(Path directory) {
    this.directory = directory;
  }

  private void step(Step step) {
    if (step == crashAt) {
      if (crashAfter == 0) {
        crashAt = null;
        throw new Crash();
      }
      crashAfter--;
    }
    RuntimeException fault = faults.apply(step);
    if (fault != null) {
      throw fault;
    }
  }

  ShipperSettings.Kafka settings(Encoding encoding) {
    Map<Signal, String> topics = new EnumMap<>(Signal.class);
    Map<Signal, Encoding> encodings = new EnumMap<>(Signal.class);
    topics.put(Signal.LOGS, topic);
    encodings.put(Signal.LOGS, encoding);
    return new ShipperSettings.Kafka(
        "events",
        topics,
        encodings,
        FieldNames.LOGSTASH,
        "source",
        properties,
        new ShipperSettings.Transactions("pannier-", POSITIONS));
  }

  /// A process of the one sidecar.
  TransactionalShipper shipper(long instance, boolean isNew, Encoding encoding) {
    return new TransactionalShipper(
        settings(encoding),
        memoryBytes,
        new Home("pod/pannier", isNew, directory),
        instance,
        properties -> producer(),
        properties -> consumer(),
        properties -> topic -> OptionalInt.empty(),
        () -> nanos);
  }

  Producer<byte[], byte[]> producer() {
    producers++;
    return new Connection();
  }

  List<String> bodies() {
    return committed.stream()
        .filter(record -> record.topic().equals(TOPIC))
        .flatMap(
            record ->
                Batches.bodies(com.google.protobuf.ByteString.copyFrom(record.value())).stream())
        .toList();
  }

  /// Values, for encodings of text.
  List<String> texts() {
    return committed.stream()
        .filter(record -> record.topic().equals(TOPIC))
        .map(record -> new String(record.value(), UTF_8))
        .toList();
  }

  List<PositionsRecord> positions() {
    return committed.stream()
        .filter(record -> record.topic().equals(POSITIONS))
        .map(record -> PositionsRecord.decode(record.value()))
        .toList();
  }

  /// Its partition is what it was before the last commit.
  void loseLastPositions() {
    for (int i = committed.size() - 1; i >= 0; i--) {
      if (committed.get(i).topic().equals(POSITIONS)) {
        committed.remove(i);
        return;
      }
    }
  }

  /// Somebody deletes the topic of positions, and it is made again.
  void makePositionsAnew(int partitions) {
    committed.removeIf(record -> record.topic().equals(POSITIONS));
    positionsPartitions = partitions;
  }

  Consumer<byte[], byte[]> consumer() {
    MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    consumer.setMaxPollRecords(maxPollRecords);
    List<PartitionInfo> partitions = new ArrayList<>();
    for (int i = 0; i < positionsPartitions; i++) {
      TopicPartition place = new TopicPartition(POSITIONS, i);
      partitions.add(new PartitionInfo(POSITIONS, i, null, null, null));
      consumer.updateBeginningOffsets(Map.of(place, 0L));
      consumer.updateEndOffsets(Map.of(place, (long) stored(i).size()));
    }
    consumer.updatePartitions(POSITIONS, partitions);
    consumer.schedulePollTask(
        () -> {
          for (TopicPartition place : consumer.assignment()) {
            List<ProducerRecord<byte[], byte[]>> stored = stored(place.partition());
            for (int i = (int) consumer.position(place); i < stored.size(); i++) {
              ProducerRecord<byte[], byte[]> record = stored.get(i);
              consumer.addRecord(
                  new ConsumerRecord<>(
                      POSITIONS, place.partition(), i, record.key(), record.value()));
            }
          }
        });
    return consumer;
  }

  /// In a partition of the topic of positions.
  private List<ProducerRecord<byte[], byte[]>> stored(int partition) {
    return committed.stream()
        .filter(
            record ->
                record.topic().equals(POSITIONS)
                    && Integer.valueOf(partition).equals(record.partition()))
        .toList();
  }

  private record Pending(ProducerRecord<byte[], byte[]> record, Callback callback) {}

  private final class Connection extends MockProducer<byte[], byte[]> {
    private int ours = -1;
    private boolean begun;
    private long begunAtNanos;
    private @Nullable RuntimeException broken;
    private final List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
    private final List<Pending> pending = new ArrayList<>();

    @Override
    public List<PartitionInfo> partitionsFor(String topic) {
      if (missingTopics.contains(topic)) {
        throw new TimeoutException("no", new UnknownTopicOrPartitionException("unknown"));
      }
      return List.of(new PartitionInfo(topic, 0, null, null, null));
    }

    @Override
    public void initTransactions() {
      step(Step.INIT);
      epoch++;
      ours = epoch;
    }

    /// The coordinator aborts what was open for too long, and fences who had it.
    private void check() {
      long open = begun ? nanos - begunAtNanos : 0;
      longestNanos = Math.max(longestNanos, open);
      if (ours == epoch
          && open > TimeUnit.MILLISECONDS.toNanos(ProducerProperties.TRANSACTION_TIMEOUT_MS)) {
        epoch++;
      }
      if (ours != epoch) {
        throw new ProducerFencedException("there is a newer producer");
      }
    }

    @Override
    public void beginTransaction() {
      step(Step.BEGIN);
      if (begun) {
        throw new IllegalStateException("begun before");
      }
      begun = true;
      begunAtNanos = nanos;
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
      step(Step.SEND);
      if (!begun || callback == null) {
        throw new IllegalStateException("no transaction");
      }
      if (batches) {
        pending.add(new Pending(record, callback));
        mostPending = Math.max(mostPending, pending.size());
        return new CompletableFuture<>();
      }
      RuntimeException error = ours == epoch ? refusals.apply(record) : fenced();
      if (error == null) {
        sent.add(record);
        TopicPartition place = new TopicPartition(record.topic(), 0);
        callback.onCompletion(new RecordMetadata(place, positions().size(), 0, 0, 0, 0), null);
      } else {
        broken = error;
        callback.onCompletion(null, error);
      }
      return new CompletableFuture<>();
    }

    @Override
    public synchronized void flush() {
      if (pending.isEmpty()) {
        return;
      }
      List<Pending> together = List.copyOf(pending);
      pending.clear();
      Thread network = new Thread(() -> answerAll(together));
      network.start();
      try {
        network.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void answerAll(List<Pending> all) {
      for (int from = 0; from < all.size(); from += Math.min(batchRecords, all.size() - from)) {
        List<Pending> together =
            all.subList(from, from + Math.min(batchRecords, all.size() - from));
        if (broken != null) {
          together.forEach(
              one -> one.callback.onCompletion(null, new TransactionAbortedException()));
          continue;
        }
        nanos += roundTripNanos;
        alone += together.size() == 1 ? 1 : 0;
        answer(together);
      }
    }

    private void answer(List<Pending> together) {
      long refused = together.stream().filter(one -> refusals.apply(one.record) != null).count();
      boolean fails = refused > 0;
      RuntimeException ofAll = FakeCluster.ofBatch(null, false);
      for (Pending one : together) {
        RuntimeException error = refusals.apply(one.record);
        if (error != null && refused > 1 && !(error instanceof TopicAuthorizationException)) {
          // As Kafka's client: of several records it does not say what type of error each is.
          error = new InvalidRecordException(error.getMessage());
        }
        if (!fails) {
          sent.add(one.record);
          TopicPartition place = new TopicPartition(one.record.topic(), 0);
          one.callback.onCompletion(
              new RecordMetadata(place, positions().size(), 0, 0, 0, 0), null);
        } else {
          broken = tellsWhich ? FakeCluster.ofBatch(error, true) : ofAll;
          one.callback.onCompletion(null, broken);
        }
      }
    }

    private static ProducerFencedException fenced() {
      return new ProducerFencedException("there is a newer producer");
    }

    @Override
    public void commitTransaction() {
      flush();
      if (broken != null) {
        throw new KafkaException("in an error state", broken);
      }
      step(Step.BEFORE_COMMIT);
      check();
      committed.addAll(sent);
      transactions++;
      sent.clear();
      begun = false;
      step(Step.AFTER_COMMIT);
    }

    @Override
    public void abortTransaction() {
      step(Step.ABORT);
      check();
      pending.clear();
      sent.clear();
      begun = false;
      broken = null;
    }

    @Override
    public void close(Duration timeout) {
      sent.clear();
    }
  }
}
