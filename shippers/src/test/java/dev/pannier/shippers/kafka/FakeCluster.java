package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Destination;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/// A cluster behind Kafka's own producer interface: each producer has a thread that answers sends in
/// their order, as Kafka's has, and fails what is left when it is closed without time.
final class FakeCluster implements Destination {
  static final String TOPIC = "otlp_logs";

  final List<ProducerRecord<byte[], byte[]>> stored = new ArrayList<>();

  /// An error for a record; null to store it. From the producer's thread.
  volatile Function<ProducerRecord<byte[], byte[]>, @Nullable RuntimeException> answers =
      record -> null;

  /// Thrown when a topic is asked for.
  volatile @Nullable RuntimeException metadataError;

  final Set<String> missingTopics = ConcurrentHashMap.newKeySet();

  /// How often a sender has waited for one of them.
  int waitedFor;

  /// Which records no broker answers, until they [#expire].
  volatile Predicate<ProducerRecord<byte[], byte[]>> stuck = record -> false;

  private final List<Send> unanswered = new ArrayList<>();

  /// How many records have expired.
  private int expired;

  /// Which records a broker refuses, with all that is in a batch with them.
  volatile @Nullable Predicate<ProducerRecord<byte[], byte[]>> poison;

  /// Whether it says which record of the batch that is.
  volatile boolean tellsWhich;

  /// The shipper's.
  long memoryBytes = 8 << 20;

  /// How many sends the producer had at most that it had not answered.
  volatile int mostUnanswered;

  /// How many records are in a batch at most.
  volatile int batchRecords = Integer.MAX_VALUE;

  /// Whether a record that is refused is overtaken by all that was sent before the answer.
  volatile boolean overtaking;

  /// What a broker says of every topic's `max.message.bytes`, where it does.
  volatile OptionalInt limit = OptionalInt.empty();

  final AtomicLong nanos = new AtomicLong();

  /// One for each time that a producer was told to send what lingers.
  final Semaphore flushes = new Semaphore(0);

  /// Whether what is sent stays in the producer until it is told to send it.
  volatile boolean lingering;

  volatile boolean holding;

  /// By login or TLS.
  volatile double refusedConnections;

  private final CountDownLatch handedOver = new CountDownLatch(1);
  int producers;
  private int sends;
  private final int closedPort = closedPort();

  private static int closedPort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  ShipperSettings.Kafka settings(
      String topic, Encoding encoding, String key, Map<String, String> more) {
    Map<String, String> properties = new LinkedHashMap<>(more);
    properties.put("bootstrap.servers", "127.0.0.1:" + closedPort);
    properties.put(
        "sasl.jaas.config",
        "org.example.Login required username=\"u\" password=\"" + SECRET + "\";");
    Map<Signal, String> topics = new EnumMap<>(Signal.class);
    Map<Signal, Encoding> encodings = new EnumMap<>(Signal.class);
    for (Signal signal : Signal.values()) {
      topics.put(signal, topic);
      encodings.put(signal, encoding);
    }
    return new ShipperSettings.Kafka(
        "events", topics, encodings, FieldNames.LOGSTASH, key, properties);
  }

  KafkaShipper shipper(ShipperSettings.Kafka settings) {
    return new KafkaShipper(
        settings,
        memoryBytes,
        properties -> new Connection(),
        properties -> topic -> limit,
        nanos::get);
  }

  @Override
  public KafkaShipper shipper() {
    return shipper(settings(TOPIC, Encoding.OTLP_PROTO, "source", Map.of()));
  }

  @Override
  public synchronized void mode(Mode mode) {
    sends = 0;
    holding = mode == Mode.HOLD;
    answers =
        switch (mode) {
          case ACCEPT, HOLD -> record -> null;
          case FAIL_THIRD -> record -> nextSend() == 3 ? expired() : null;
          case TOO_LARGE -> record -> new RecordTooLargeException("above 10 bytes");
          case REFUSE -> record -> new InvalidRecordException("never");
          case TELL_SECRET -> record -> new SaslAuthenticationException("wrong password " + SECRET);
        };
  }

  private RuntimeException expired() {
    try {
      handedOver.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new TimeoutException("expired");
  }

  @Override
  public void handedOver() {
    handedOver.countDown();
  }

  private synchronized int nextSend() {
    sends++;
    return sends;
  }

  @Override
  public void down() {
    metadataError = new TimeoutException("Topic not present in metadata");
    answers = record -> new TimeoutException("expired");
  }

  @Override
  public void up() {
    metadataError = null;
    answers = record -> null;
  }

  @Override
  public List<String> stored() {
    synchronized (stored) {
      return stored.stream()
          .flatMap(
              record ->
                  Batches.bodies(com.google.protobuf.ByteString.copyFrom(record.value())).stream())
          .toList();
    }
  }

  /// Values, for encodings of text.
  List<String> texts() {
    synchronized (stored) {
      return stored.stream().map(record -> new String(record.value(), UTF_8)).toList();
    }
  }

  @Override
  public void close() {
    // Its threads end with their producers.
  }

  /// What was stuck is not confirmed in time.
  void expire() throws InterruptedException {
    List<Send> all;
    synchronized (unanswered) {
      all = List.copyOf(unanswered);
      unanswered.clear();
    }
    Thread network = new Thread(() -> all.forEach(this::expire));
    network.start();
    network.join();
  }

  /// Each time with other numbers, as Kafka's client tells it.
  private void expire(Send send) {
    expired++;
    send.end(
        new TimeoutException(
            "Expiring "
                + expired
                + " record(s) for "
                + send.partition()
                + ":"
                + (30_000 + expired)
                + " ms has passed since batch creation"));
  }

  void awaitStuck(int records) throws InterruptedException {
    synchronized (unanswered) {
      while (unanswered.size() < records) {
        unanswered.wait();
      }
    }
  }

  private void store(ProducerRecord<byte[], byte[]> record) {
    synchronized (stored) {
      stored.add(record);
    }
  }

  private static RuntimeException missing() {
    return new TimeoutException("not in metadata", new UnknownTopicOrPartitionException("unknown"));
  }

  /// What Kafka's client tells a record of a batch that was refused.
  ///
  /// @param error its own; null where it is another's
  static RuntimeException ofBatch(@Nullable RuntimeException error, boolean tellsWhich) {
    if (!tellsWhich) {
      return new InvalidRecordException("This record has failed the validation on broker");
    }
    return error == null
        ? new KafkaException(
            "Failed to append record because it was part of a batch which had one more more invalid"
                + " records")
        : error;
  }

  private Metric metric(MetricName name) {
    return new Metric() {
      @Override
      public MetricName metricName() {
        return name;
      }

      @Override
      public Object metricValue() {
        return refusedConnections;
      }
    };
  }

  private record Send(ProducerRecord<byte[], byte[]> record, Callback callback) {
    TopicPartition partition() {
      return new TopicPartition(
          record.topic(), Math.floorMod(Arrays.hashCode(record.key()), 1_000));
    }

    void end(@Nullable RuntimeException error) {
      callback.onCompletion(new RecordMetadata(partition(), -1, 0, -1, -1, -1), error);
    }
  }

  private final class Connection extends MockProducer<byte[], byte[]> {
    private final LinkedBlockingQueue<Send> queue = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Send> lingers = new LinkedBlockingQueue<>();
    private final Thread thread = new Thread(this::run, "kafka-producer-network-thread");
    private volatile boolean closing;
    private volatile boolean closedByForce;

    Connection() {
      producers++;
      for (String kind : List.of("total", "rate")) {
        MetricName name =
            new MetricName("failed-authentication-" + kind, "producer-metrics", "", Map.of());
        setMockMetrics(name, metric(name));
      }
      thread.start();
    }

    @Override
    public List<PartitionInfo> partitionsFor(String topic) {
      RuntimeException error = metadataError;
      if (error != null) {
        throw error;
      }
      if (missingTopics.contains(topic)) {
        throw missing();
      }
      return List.of(new PartitionInfo(topic, 0, null, null, null));
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
      if (closing || callback == null) {
        throw new IllegalStateException("Cannot perform operation after producer has been closed");
      }
      if (missingTopics.contains(record.topic())) {
        // As Kafka's: it has waited for the topic in this thread.
        waitedFor++;
        callback.onCompletion(null, missing());
      } else {
        (lingering ? lingers : queue).add(new Send(record, callback));
        mostUnanswered = Math.max(mostUnanswered, queue.size() + lingers.size());
      }
      return new CompletableFuture<>();
    }

    @Override
    public synchronized void flush() {
      lingers.drainTo(queue);
      flushes.release();
    }

    /// Whether to hold is asked after a send was taken: who sets it and then sends is sure of it.
    private void run() {
      @Nullable Send taken = null;
      try {
        while (!closedByForce && !(closing && taken == null && queue.isEmpty())) {
          if (taken == null) {
            taken = queue.poll(5, TimeUnit.MILLISECONDS);
          } else if (holding) {
            thread.join(5);
          } else {
            answer(taken);
            taken = null;
          }
        }
      } catch (InterruptedException e) {
        return;
      }
      lingers.drainTo(queue);
      for (Send send = taken == null ? queue.poll() : taken; send != null; send = queue.poll()) {
        send.callback.onCompletion(null, new KafkaException("Producer is closed forcefully."));
      }
    }

    private void answer(Send send) {
      Predicate<ProducerRecord<byte[], byte[]>> refused = poison;
      if (refused == null) {
        answerAlone(send);
        return;
      }
      List<Send> batch = new ArrayList<>();
      batch.add(send);
      queue.drainTo(batch, batchRecords - 1);
      boolean fails = batch.stream().anyMatch(one -> refused.test(one.record));
      for (Send one : batch) {
        if (!fails) {
          answerAlone(one);
        } else {
          RuntimeException error =
              refused.test(one.record) ? new InvalidRecordException("never") : null;
          one.callback.onCompletion(null, ofBatch(error, tellsWhich));
        }
      }
    }

    private void answerAlone(Send send) {
      if (stuck.test(send.record)) {
        synchronized (unanswered) {
          unanswered.add(send);
          unanswered.notifyAll();
        }
        return;
      }
      RuntimeException error = answers.apply(send.record);
      if (error == null) {
        store(send.record);
      } else if (overtaking) {
        queue.forEach(behind -> store(behind.record));
      }
      send.end(error);
    }

    @Override
    public void close(Duration timeout) {
      synchronized (this) {
        closing = true;
      }
      closedByForce |= timeout.isZero();
      if (Thread.currentThread() == thread) {
        return;
      }
      try {
        if (!timeout.isZero()) {
          thread.join(timeout.toMillis());
        }
        closedByForce = true;
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
