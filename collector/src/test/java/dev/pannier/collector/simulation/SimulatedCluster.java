package dev.pannier.collector.simulation;

import dev.pannier.shippers.Home;
import dev.pannier.shippers.Origin;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import dev.pannier.shippers.kafka.TransactionalShipper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.jspecify.annotations.Nullable;

/// A Kafka cluster for a transactional shipper, behind Kafka's own client interfaces. It keeps what a
/// `read_committed` consumer sees, in which no line comes twice, unless syncs of the disk buffer's log fail.
///
/// Answers come in the calling thread, or never; those to messages also later, at the latest when the transaction ends. Whatever
/// has no answer (to initialise, to abort, to commit) has been carried out or not. A request to commit may also be still on its way:
/// then it takes effect at any time before a later producer has initialised, or never. Now and then the coordinator aborts a
/// transaction by itself and fences its producer, whose commit on its way then comes too late. What was sent has its offset, whether
/// it is committed or not, and so have the marks of transactions. At each step the process may die.
///
/// In some histories topics are missing at times: each file's lines have one of their own, and so have requests.
final class SimulatedCluster implements Destination {
  private enum Step {
    INIT,
    INITIALISED,
    BEGIN,
    SEND,
    COMMIT,
    COMMITTED,
    ABORT,
    ABORTED
  }

  /// A message where it is in its partition.
  private record Appended(ProducerRecord<byte[], byte[]> record, int offset) {}

  private static final String TOPIC = "lines";

  private static final String POSITIONS = "positions";
  private static final String LETTERS = "letters";
  private static final TopicPartition PLACE = new TopicPartition(POSITIONS, 0);

  /// Batches are above it at times, lines never.
  private static final int LIMIT_BYTES = 24 << 10;

  private final String name;
  private final boolean ordered;
  private final boolean once;
  private final Truth truth;
  private final SimulatedDisk disk;
  private final Path directory;
  private final RandomGenerator random;
  private final Consumer<Supplier<String>> say;

  /// The partition of positions: null where nobody sees anything.
  private final List<@Nullable ProducerRecord<byte[], byte[]>> positions = new ArrayList<>();

  private final BitSet lines = new BitSet();

  /// How often each has come.
  private final Map<Integer, Integer> requests = new HashMap<>();

  private final BitSet refusedLines = new BitSet();
  private final BitSet refusedRequests = new BitSet();
  private final Map<Long, Long> lastOffset = new HashMap<>();

  /// A commit on its way.
  private @Nullable List<Appended> late;

  private final MissingTopics topics;

  private boolean isKnown;
  private int epoch;
  private boolean down;
  private boolean healed;
  private long repeats;

  /// @param once      whether no line and no request may come twice
  /// @param directory of the sidecar's state
  /// @param ofTopics  decides which topics are missing; null where none ever is
  SimulatedCluster(
      String name,
      boolean ordered,
      boolean once,
      Truth truth,
      SimulatedDisk disk,
      Path directory,
      RandomGenerator random,
      @Nullable RandomGenerator ofTopics,
      Consumer<Supplier<String>> say) {
    this.name = name;
    this.ordered = ordered;
    this.once = once;
    this.truth = truth;
    this.disk = disk;
    this.directory = directory;
    this.random = random;
    topics = new MissingTopics(ofTopics);
    this.say = say;
  }

  @Override
  public String name() {
    return name;
  }

  /// @param version of it: another one takes its place
  static ShipperSettings settings(String name, int version) {
    return new ShipperSettings.Kafka(
        name,
        Map.of(Signal.LOGS, TOPIC),
        Map.of(Signal.LOGS, Encoding.OTLP_PROTO),
        FieldNames.LOGSTASH,
        "source",
        Map.of("bootstrap.servers", "127.0.0.1:1", "client.id", "version" + version),
        new ShipperSettings.Transactions("pannier-", POSITIONS));
  }

  @Override
  public Shipper open(ShipperSettings settings) {
    boolean isNew = !isKnown;
    isKnown = true;
    TransactionalShipper shipper =
        new TransactionalShipper(
            (ShipperSettings.Kafka) settings,
            8 << 20,
            new Home("pod/pannier", isNew, directory),
            random.nextLong(),
            properties -> new Connection(),
            properties -> consumer(),
            properties -> topic -> OptionalInt.empty(),
            System::nanoTime);
    shipper.deadLetters(LETTERS);
    return new ForwardingShipper(shipper) {
      /// Asking for a topic is a matter of threads: what the shipper would say once it knows.
      @Override
      public void shipWhole(List<Batch> parts, Origin origin, Consumer<Outcome> outcome) {
        if (topics.isMissing(parts.getFirst().key())) {
          outcome.accept(new Outcome.Missing("no such topic", null));
        } else {
          super.shipWhole(parts, origin, outcome);
        }
      }
    };
  }

  @Override
  public void since(int line) {
    throw new IllegalStateException("it always has a shipper");
  }

  @Override
  public void cutOff() {
    if (late != null && random.nextBoolean()) {
      late = null;
    }
  }

  @Override
  public boolean answer() {
    if (late == null || random.nextInt(4) != 0) {
      return false;
    }
    arrivesLate();
    return true;
  }

  private void arrivesLate() {
    List<Appended> records = late;
    late = null;
    if (records != null) {
      say.accept(() -> name + ": a commit takes effect late");
      arrive(records);
    }
  }

  /// What is on its way comes before something that keeps it from having an effect, or after.
  private void maybeArrivesLate() {
    if (late != null && random.nextInt(4) == 0) {
      say.accept(() -> name + ": a commit comes too late");
      late = null;
    }
    arrivesLate();
  }

  @Override
  public void changeMood() {
    down = random.nextInt(3) == 0;
    if (topics.change()) {
      say.accept(() -> name + ": topics " + topics + " are missing");
    }
  }

  @Override
  public void heal() {
    down = false;
    topics.heal();
    healed = true;
  }

  @Override
  public boolean has(int line) {
    return lines.get(line) || refusedLines.get(line);
  }

  @Override
  public boolean hasRequest(int request) {
    return requests.containsKey(request) || refusedRequests.get(request);
  }

  @Override
  public long repeats() {
    return repeats;
  }

  private void step(Step step) {
    disk.look();
    if (down) {
      throw timeout();
    }
    if (healed) {
      return;
    }
    int kind = random.nextInt(1_000);
    if (kind == 999) {
      maybeArrivesLate();
      say.accept(() -> name + ": the coordinator fences");
      epoch++;
    }
    boolean fails =
        switch (step) {
          case INIT, INITIALISED -> kind < 60;
          case BEGIN -> false;
          case SEND -> kind < 2;
          case COMMIT, COMMITTED -> kind < 40;
          case ABORT, ABORTED -> kind < 120;
        };
    if (fails) {
      say.accept(() -> name + ": " + step + " has no answer");
      throw timeout();
    }
  }

  /// With a cause: else the shipper would see for itself whether somebody listens.
  private static TimeoutException timeout() {
    return new TimeoutException("no answer", new DisconnectException("down"));
  }

  private void arrive(List<Appended> records) {
    for (Appended one : records) {
      ProducerRecord<byte[], byte[]> record = one.record();
      if (record.topic().equals(POSITIONS)) {
        positions.set(one.offset(), record);
        positions.add(null);
      } else {
        Batch batch = batch(record);
        boolean isLetter = record.topic().equals(LETTERS);
        say.accept(() -> truth.name(batch) + (isLetter ? " is a letter at " : " is at ") + name);
        truth.read(batch, new Arrivals(isLetter));
      }
    }
  }

  private static Batch batch(ProducerRecord<byte[], byte[]> record) {
    byte[] value = record.value();
    return Batch.received(Signal.LOGS, value, 0, value.length, 1, "simulated");
  }

  private final class Arrivals implements Truth.Arrival {
    private final boolean areLetters;

    Arrivals(boolean areLetters) {
      this.areLetters = areLetters;
    }

    @Override
    public void line(int line, Truth.@Nullable Uid uid) {
      if (lines.get(line)) {
        repeats++;
        if (!once) {
          return;
        }
        throw new AssertionError("line " + line + " is twice at " + name);
      }
      lines.set(line);
      if (!ordered || uid == null || areLetters) {
        return;
      }
      Long last = lastOffset.put(uid.generation(), uid.offset());
      if (last != null && last >= uid.offset()) {
        throw new AssertionError(
            "%s: line %d at %d came after the one at %d of its file"
                .formatted(name, line, uid.offset(), last));
      }
    }

    @Override
    public void request(int request) {
      int times = requests.merge(request, 1, Integer::sum);
      if (once && times > truth.timesSent(request)) {
        throw new AssertionError(
            "request %d is twice at %s, or came %d times and was sent %d times"
                .formatted(request, name, times, truth.timesSent(request)));
      }
    }
  }

  /// Records whose letter is refused, too: those are nowhere.
  private final class Refusals implements Truth.Arrival {
    @Override
    public void line(int line, Truth.@Nullable Uid uid) {
      refusedLines.set(line);
    }

    @Override
    public void request(int request) {
      refusedRequests.set(request);
    }
  }

  private org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer() {
    disk.look();
    if (down) {
      throw timeout();
    }
    int end = positions.size();
    MockConsumer<byte[], byte[]> consumer =
        new MockConsumer<>("earliest") {
          private boolean polled;

          @Override
          public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            ConsumerRecords<byte[], byte[]> records = super.poll(timeout);
            polled = true;
            return records;
          }

          /// It goes past what it does not see.
          @Override
          public synchronized long position(TopicPartition partition) {
            return polled ? end : super.position(partition);
          }
        };
    consumer.updatePartitions(
        POSITIONS, List.of(new PartitionInfo(POSITIONS, 0, null, null, null)));
    consumer.updateBeginningOffsets(Map.of(PLACE, 0L));
    consumer.updateEndOffsets(Map.of(PLACE, (long) end));
    consumer.schedulePollTask(
        () -> {
          for (int i = (int) consumer.position(PLACE); i < end; i++) {
            ProducerRecord<byte[], byte[]> record = positions.get(i);
            if (record != null) {
              consumer.addRecord(
                  new ConsumerRecord<>(POSITIONS, 0, i, record.key(), record.value()));
            }
          }
        });
    return consumer;
  }

  private final class Connection extends MockProducer<byte[], byte[]> {
    private final List<Appended> sent = new ArrayList<>();

    /// What was sent and is not answered.
    private final List<Runnable> unanswered = new ArrayList<>();

    private int ours = -1;
    private boolean begun;
    private @Nullable RuntimeException broken;

    @Override
    public List<PartitionInfo> partitionsFor(String topic) {
      if (down) {
        throw timeout();
      }
      return List.of(new PartitionInfo(topic, 0, null, null, null));
    }

    @Override
    public void initTransactions() {
      step(Step.INIT);
      maybeArrivesLate();
      epoch++;
      ours = epoch;
      step(Step.INITIALISED);
    }

    @Override
    public void beginTransaction() {
      step(Step.BEGIN);
      if (begun) {
        throw new IllegalStateException("begun before");
      }
      begun = true;
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
      step(Step.SEND);
      if (!begun || callback == null) {
        throw new IllegalStateException("no transaction");
      }
      unanswered.add(() -> answer(record, callback));
      if (healed || random.nextInt(4) > 0) {
        flush();
      }
      return new CompletableFuture<>();
    }

    @Override
    public synchronized void flush() {
      List<Runnable> answers = List.copyOf(unanswered);
      unanswered.clear();
      answers.forEach(Runnable::run);
    }

    private void answer(ProducerRecord<byte[], byte[]> record, Callback callback) {
      RuntimeException error = broken == null ? error(record) : new TransactionAbortedException();
      if (error == null) {
        int offset = positions.size();
        if (record.topic().equals(POSITIONS)) {
          positions.add(null);
        }
        sent.add(new Appended(record, offset));
        callback.onCompletion(new RecordMetadata(PLACE, offset, 0, 0, 0, 0), null);
      } else {
        broken = error;
        callback.onCompletion(null, error);
      }
    }

    private @Nullable RuntimeException error(ProducerRecord<byte[], byte[]> record) {
      if (ours != epoch) {
        return fenced();
      }
      if (record.topic().equals(POSITIONS)) {
        return null;
      }
      if (record.value().length > LIMIT_BYTES) {
        return new RecordTooLargeException("too large");
      }
      if (!healed && random.nextInt(2_000) == 0) {
        if (record.topic().equals(LETTERS)) {
          truth.read(batch(record), new Refusals());
        }
        return new InvalidRecordException("never");
      }
      return null;
    }

    private static ProducerFencedException fenced() {
      return new ProducerFencedException("there is a newer producer");
    }

    private void check() {
      if (ours != epoch) {
        throw fenced();
      }
    }

    @Override
    public void commitTransaction() {
      flush();
      if (broken != null) {
        throw new KafkaException("in an error state", broken);
      }
      try {
        step(Step.COMMIT);
      } catch (RuntimeException | Error e) {
        late = ours == epoch && random.nextBoolean() ? List.copyOf(sent) : null;
        throw e;
      }
      check();
      arrive(sent);
      sent.clear();
      begun = false;
      step(Step.COMMITTED);
    }

    @Override
    public void abortTransaction() {
      step(Step.ABORT);
      check();
      unanswered.clear();
      sent.clear();
      begun = false;
      broken = null;
      // The mark of its end.
      positions.add(null);
      step(Step.ABORTED);
    }

    @Override
    public void close(Duration timeout) {
      unanswered.clear();
      sent.clear();
    }
  }
}
