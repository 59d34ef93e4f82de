package dev.pannier.shippers.kafka;

import dev.pannier.shippers.Committed;
import dev.pannier.shippers.Doubt;
import dev.pannier.shippers.Home;
import dev.pannier.shippers.Origin;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Reasons;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import dev.pannier.shippers.batch.SingleRecords;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ships to Kafka exactly once: a transaction holds the messages of some batches and one message with
/// how far all is stored ([PositionsRecord]).
///
/// ```
///   begin ── batches ── positions ── commit ──▸ every batch Accepted
///     │                    │            └─ no answer ──▸ new producer, initTransactions, positions read:
///     └── a message fails ─┴──▸ abort ──▸ every batch Retryable            Accepted or Retryable by them
/// ```
///
/// A transaction begins with its first batch, and ends when [#INTERVAL_NANOS] have passed since the one
/// before it, or with enough bytes: alone, a batch is committed at once. Within one, all is kept in order
/// or nothing counts, so batches follow each other however large they are.
///
/// What a message's failure means for its batch ([Verdicts]) is told when the batch comes again: the
/// transaction is aborted first, and all that was in it comes again. Messages that were refused together
/// are each sent alone, so that the refusal is of that one; a transaction that has no time for all of them
/// is aborted, too, and the next one goes on with the rest. Where the broker has named those that it refuses, the others
/// need not be alone, and of what it has named in the same words one is enough: each that is refused costs an abort.
///
/// With a topic for dead letters ([#deadLetters]) what is refused for good is left out as [Letters], which are messages
/// of the same transaction.
///
/// A producer that was fenced may have been so by the coordinator, when its transaction was too old, or
/// by another process with the same identity. Positions tell: those that another process has stored
/// meanwhile are the end for this one.
///
/// One thread calls everything but [#missing] and [#retain].
public final class TransactionalShipper implements Shipper {
  private static final Logger LOG = LoggerFactory.getLogger(TransactionalShipper.class);

  /// Between the beginning of one commit and the next.
  static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long HINT_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long MAX_BYTES = 2 << 20;
  private static final int MEMORY_PART = 4;
  private static final String CLOSED = "the shipper is closed";

  /// Of a transaction's timeout: for messages that are sent alone. What else is in it, and its end, may take
  /// the rest.
  private static final int ALONE_PART = 4;

  /// Of a transaction's timeout: what has failed and was open for longer comes in smaller parts.
  private static final int OLD_PART = 2;

  /// In a file's name.
  private static final Pattern UNWELCOME = Pattern.compile("[^A-Za-z0-9._-]");

  private final ShipperSettings.Kafka settings;
  private final String transactionalId;
  private final KafkaFailure.Words words;
  private final Client client;
  private final Brokers brokers;
  private final Topics topics;
  private final PositionsTopic positions;
  private final OffsetHint hint;
  private final Limits limits;
  private final long mostBytes;

  /// With so much a transaction ends. Less than [#mostBytes] where one had no answer in time, or was open for too long: brokers
  /// with a quota let those wait who have sent much at once.
  private long maxBytes;

  /// Of the messages of a batch that are kept before they are sent.
  private final long keptBytes;

  /// Each takes memory that is not counted as the producer's.
  private final int mostUnderWay;

  private final LongSupplier nanoClock;
  private final long timeoutNanos;
  private final long instance;
  private final Map<Signal, Route> routes = new EnumMap<>(Signal.class);
  private final Verdicts verdicts = new Verdicts();

  /// Null: what is refused for good is rejected.
  private @Nullable Letters letters;

  private final List<Member> members = new ArrayList<>();
  private final Progress progress = new Progress();

  /// The one that `initTransactions` has succeeded for, as long as it can be used.
  private @Nullable Producer<byte[], byte[]> ready;

  private boolean begun;
  private boolean unsettled;

  /// Messages in the transaction.
  private int messages;

  /// The message that was sent last, where it is on its way without another.
  private volatile @Nullable Sent lonely;

  private long begunAtNanos;

  /// What was refused last together with others, or may have been; the message that it was said of, as long as it was of no other.
  private @Nullable Throwable lastRefusal; // guarded by verdicts

  private @Nullable Sent lastRefused; // guarded by verdicts

  /// Whether a message of the transaction was sent alone.
  private boolean anyAlone;

  private long bytes;
  private long transaction;
  private long committedAtNanos;
  private boolean everCommitted;
  private long retryAtNanos;
  private boolean retries;
  private long hintedAtNanos;
  private boolean connected;
  private boolean closed;

  /// What a process before this one had stored.
  private @Nullable PositionsRecord found;

  /// Why another process has taken over, for good; empty as long as none has.
  private volatile String superseded = "";

  /// Why what was under way is not settled yet; empty while nothing is to be settled.
  private volatile String trouble = "";

  /// Set by the first failure of a transaction, also from the producer's thread.
  private volatile @Nullable Failure failure;

  /// Counts transactions, also those that were aborted: what is told of an old one is not heard.
  private final AtomicLong round = new AtomicLong();

  private volatile @Nullable Set<Long> retained;

  /// What was not shipped yet of the log, as told last.
  private Supplier<long[]> open = () -> new long[0];

  /// Why a transaction cannot be committed.
  ///
  /// @param learnt whether the next one is another: without what was refused or waits for a topic, in smaller parts, or with one
  ///     message after the other. Each leaves less to be learnt, so it begins at once
  /// @param noPositions whether the topic of positions may be gone, or another by now: the next producer makes or reads it anew
  /// @param slow whether brokers did not answer in time
  private record Failure(KafkaFailure why, boolean learnt, boolean noPositions, boolean slow) {
    Outcome outcome() {
      return new Outcome.Retryable(why.reason(), 0, null).asLearnt(learnt);
    }
  }

  /// A batch in the transaction.
  private static final class Member {
    final List<Batch> parts;
    final Origin origin;
    final Consumer<Outcome> told;
    private long rejected;
    private long deadLettered;
    private long truncated;
    private String why = "";

    Member(List<Batch> parts, Origin origin, Consumer<Outcome> told) {
      this.parts = parts;
      this.origin = origin;
      this.told = told;
    }

    /// Records were refused for good.
    void refused(long lost, long buried, String reason) {
      rejected += lost;
      deadLettered += buried;
      why = reason;
    }

    /// So many are in no letter after all.
    void lost(long records, String reason) {
      rejected += records;
      deadLettered -= records;
      why = reason;
    }

    /// A letter was cut to fit.
    void cut() {
      truncated++;
    }

    boolean hasLetters() {
      return deadLettered > 0;
    }

    /// When the transaction is committed.
    Outcome outcome() {
      if (rejected + deadLettered == 0) {
        return Outcome.ACCEPTED;
      }
      long records = 0;
      for (Batch part : parts) {
        records += part.records();
      }
      return rejected == records
          ? new Outcome.Permanent(why)
          : new Outcome.PartlyAccepted(rejected, why, List.of(), deadLettered, truncated);
    }
  }

  /// @param memoryBytes what may wait in the producer or be in flight; `buffer.memory` of the user's
  ///     properties overrides it
  public TransactionalShipper(
      ShipperSettings.Kafka settings, long memoryBytes, Home home, RandomGenerator random) {
    this(
        settings,
        memoryBytes,
        home,
        random.nextLong(),
        KafkaProducer::new,
        KafkaConsumer::new,
        BrokerLimit::new,
        System::nanoTime);
  }

  /// @param instance  tells this process from those before and after it: random
  /// @param producers makes the client that ships
  /// @param consumers makes those that read positions
  /// @param brokerLimits asks for the largest message of a topic, empty where that is not told
  /// @param nanoClock for how long a transaction is open
  public TransactionalShipper(
      ShipperSettings.Kafka settings,
      long memoryBytes,
      Home home,
      long instance,
      Function<Map<String, Object>, Producer<byte[], byte[]>> producers,
      Function<Map<String, Object>, org.apache.kafka.clients.consumer.Consumer<byte[], byte[]>>
          consumers,
      Function<Map<String, Object>, Function<String, OptionalInt>> brokerLimits,
      LongSupplier nanoClock) {
    ShipperSettings.Transactions transactions = Objects.requireNonNull(settings.transactions());
    this.settings = settings;
    this.instance = instance;
    this.transactionalId =
        transactions.idPrefix() + home.identity().replace('/', '-') + "-" + settings.name();
    Map<String, Object> properties =
        ProducerProperties.transactional(settings, memoryBytes, transactionalId);
    this.words =
        new KafkaFailure.Words(
            String.valueOf(properties.get(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG)),
            String.valueOf(properties.getOrDefault("sasl.mechanism", "GSSAPI")),
            Reasons.withoutSecretsOf(settings.properties()));
    this.client = new Client(properties, producers, () -> {}, nanoClock);
    this.topics = new Topics(settings.name(), words, client::current);
    int largest = ProducerProperties.largestMessageBytes(properties);
    for (Signal signal : settings.signals()) {
      routes.put(signal, new Route(settings, signal, largest));
    }
    this.limits = new Limits(settings.name(), largest, brokerLimits.apply(properties), nanoClock);
    this.keptBytes = memoryBytes / KafkaShipper.KEPT_PART;
    this.mostUnderWay = KafkaShipper.mostUnderWay(memoryBytes);
    this.nanoClock = nanoClock;
    this.timeoutNanos =
        TimeUnit.MILLISECONDS.toNanos(
            ProducerProperties.number(properties, ProducerConfig.TRANSACTION_TIMEOUT_CONFIG));
    this.mostBytes = Math.min(MAX_BYTES, memoryBytes / MEMORY_PART);
    this.maxBytes = mostBytes;
    List<String> fixedTopics =
        routes.values().stream()
            .flatMap(route -> Stream.ofNullable(route.fixedTopic()))
            .distinct()
            .toList();
    this.brokers = new Brokers(settings.properties(), fixedTopics, client, topics, words);
    String key = home.identity() + "/" + settings.name();
    this.hint =
        new OffsetHint(
            home.directory()
                .resolve("kafka-" + UNWELCOME.matcher(settings.name()).replaceAll("_") + ".offset"),
            transactions.positionsTopic(),
            key);
    this.positions =
        new PositionsTopic(
            transactions.positionsTopic(),
            key,
            home.isNew(),
            settings.properties(),
            consumers,
            hint);
  }

  /// Whether it keeps anything of a batch that is not done.
  boolean remembersVerdicts() {
    return !verdicts.isEmpty() || (letters != null && !letters.isEmpty());
  }

  /// Where what the brokers refuse for good goes. Before the first `connect`.
  public void deadLetters(String topic) {
    letters = new Letters(topic, settings.name(), limits);
  }

  @Override
  public boolean buries() {
    return letters != null;
  }

  @Override
  public void bury(Batch part, String reason) {
    verdicts.refuse(part, reason);
  }

  @Override
  public boolean isTransactional() {
    return true;
  }

  @Override
  public boolean isReady() {
    return ready != null && (maxBytes == mostBytes || bytes < maxBytes);
  }

  @Override
  public boolean pipelines(String key) {
    return true;
  }

  /// Settles what a predecessor left, then reads what is stored.
  @Override
  public Outcome connect() {
    if (closed) {
      return closedOutcome();
    }
    if (ready != null) {
      return Outcome.ACCEPTED;
    }
    Outcome reached = brokers.reach();
    if (!(reached instanceof Outcome.Accepted)) {
      return reached;
    }
    String topic = "";
    try {
      Producer<byte[], byte[]> producer = client.open();
      producer.initTransactions();
      topic = positions.name();
      settle(positions.read());
      ready = producer;
      connected = true;
      trouble = "";
      if (letters != null) {
        topics.ask(List.of(letters.topic()));
      }
      return superseded.isEmpty() ? Outcome.ACCEPTED : new Outcome.Retryable(superseded, 0, null);
    } catch (RuntimeException e) {
      // Whether it has initialised is not known: the next one does.
      client.isDone();
      return new Outcome.Retryable(reason(e, topic), 0, null);
    }
  }

  private String reason(Throwable error, String topic) {
    return switch (error) {
      case PositionsTopic.MissingPositions missing ->
          words.servers()
              + " has no topic "
              + topic
              + " for positions, and it could not be made: create it with"
              + " cleanup.policy=compact,delete, or allow CREATE on it ("
              + (missing.getCause() instanceof AuthorizationException
                  ? "it is not allowed"
                  : words
                      .of(Objects.requireNonNullElse(missing.getCause(), missing), topic)
                      .reason())
              + ")";
      case TopicAuthorizationException _ when !topic.isEmpty() ->
          words.servers()
              + " does not let us read positions: allow READ, WRITE and DESCRIBE on the topic "
              + topic;
      case TimeoutException silent when topic.isEmpty() && silent.getCause() == null ->
          words.notEnded(silent);
      default -> words.of(error, topic).reason();
    };
  }

  /// Positions were read after `initTransactions`: nothing of ours is under way any more.
  private void settle(@Nullable PositionsRecord stored) {
    boolean isOurs =
        stored == null
            || stored.instance() == instance
            || (stored.instance() == progress.instance()
                && stored.transaction() == progress.transaction());
    // The topic may lose records, as it does by an unclean election of a leader: all of this
    // process, which came behind those of the one before, or its last ones. A commit without an
    // answer is not among those that are known.
    boolean wentBack =
        connected && stored != null && (isOurs ? stored.isBefore(progress) : stored.isUpTo(found));
    boolean lost =
        wentBack || (connected && stored == null && (found != null || progress.transaction() != 0));
    if (lost) {
      LOG.warn(
          "shipper {}: the topic {} has lost the last positions: what was stored behind them is"
              + " stored again with the next transaction",
          settings.name(),
          positions.name());
    } else if (connected && !isOurs) {
      superseded =
          "another sidecar ships as "
              + transactionalId
              + ": this one has stopped shipping; was its state.directory copied? Then remove the"
              + " file identity from one of the two, and restart it";
      LOG.error("shipper {}: {}", settings.name(), superseded);
    }
    boolean committed =
        unsettled
            && stored != null
            && stored.instance() == instance
            && stored.transaction() == transaction;
    if (!connected) {
      found = stored;
    }
    if (stored != null && !wentBack) {
      progress.restart(stored);
    }
    if (lost && unsettled) {
      LOG.warn(
          "shipper {}: {} records of a commit without an answer are shipped again, and may be there"
              + " twice: only the lost positions had told",
          settings.name(),
          members.stream().flatMap(member -> member.parts.stream()).mapToInt(Batch::records).sum());
    }
    String again =
        lost
            ? "whether the transaction was committed is not known any more"
            : "the transaction was not committed";
    List<Member> left = List.copyOf(members);
    forgetTransaction();
    unsettled = false;
    for (Member member : left) {
      tell(member, committed ? member.outcome() : new Outcome.Retryable(again, 0, null));
    }
  }

  private void tell(Member member, Outcome outcome) {
    if (!(outcome instanceof Outcome.Retryable)) {
      member.parts.forEach(this::forget);
    }
    member.told.accept(outcome);
  }

  private void forget(Batch part) {
    verdicts.forget(part);
    if (letters != null) {
      letters.forget(part);
    }
    synchronized (verdicts) {
      Sent last = lastRefused;
      if (last != null && last.part != null && last.known.suspects(last.part).isEmpty()) {
        lastRefused = null;
      }
    }
  }

  @Override
  public Committed committed() {
    return progress.committed();
  }

  @Override
  public boolean hasCommitted(Doubt doubt) {
    return progress.instance() == doubt.instance() && progress.transaction() == doubt.transaction();
  }

  @Override
  public void retain(Set<Long> generations) {
    retained = generations;
  }

  @Override
  public String missing() {
    return trouble.isEmpty() ? topics.missing() : trouble;
  }

  @Override
  public void ship(Batch batch, Consumer<Outcome> outcome) {
    shipWhole(List.of(batch), Origin.MEMORY, outcome);
  }

  @Override
  public void shipWhole(List<Batch> parts, Origin origin, Consumer<Outcome> outcome) {
    Outcome refusal = refusal();
    if (refusal != null) {
      outcome.accept(refusal);
      return;
    }
    List<Messages> messages = new ArrayList<>(parts.size());
    long left = keptBytes;
    for (Batch part : parts) {
      Messages made = messages(part, left);
      left -= made.heldBytes();
      messages.add(made);
    }
    Outcome obstacle = tooLarge(parts, messages);
    if (obstacle == null) {
      obstacle = missing(messages);
    }
    Member member = new Member(parts, origin, outcome);
    for (Batch part : parts) {
      Refusals known = verdicts.refused(part);
      if (known != null) {
        long refused = known.records().cardinality();
        long lost = letters == null ? refused : letters.lost(part).cardinality();
        member.refused(lost, refused - lost, why(part, known));
      }
    }
    if (obstacle == null && member.hasLetters()) {
      KafkaFailure absent = topics.missing(Objects.requireNonNull(letters).topic());
      obstacle = absent == null ? null : new Outcome.Missing(absent.reason(), null);
    }
    if (obstacle != null) {
      outcome.accept(obstacle);
      return;
    }
    send(member, messages);
  }

  /// Also of their letters, where those were refused, too.
  private String why(Batch part, Refusals known) {
    Refusals letter = letters == null ? null : letters.verdicts().refused(part);
    return letter == null
        ? known.lastReason()
        : known.lastReason() + "; its dead letter, too: " + letter.lastReason();
  }

  /// Of what is not refused.
  private Messages messages(Batch part, long mostBytes) {
    Refusals known = verdicts.refused(part);
    if (known != null && known.records().cardinality() == part.records()) {
      return Messages.NONE;
    }
    try {
      Messages all =
          Objects.requireNonNull(routes.get(part.signal()), part.signal()::label)
              .messages(part, mostBytes);
      return known == null ? all : all.without(known.records());
    } catch (IllegalArgumentException e) {
      // Broken bytes do not become whole by trying again.
      verdicts.refuse(part, "the batch is no OTLP request: " + e.getMessage());
      return Messages.NONE;
    }
  }

  /// What keeps every batch from being sent.
  private @Nullable Outcome refusal() {
    if (closed) {
      return closedOutcome();
    }
    Failure earlier = failure;
    if (earlier != null) {
      return earlier.outcome();
    }
    if (!superseded.isEmpty()) {
      return new Outcome.Retryable(superseded, 0, null);
    }
    return ready == null
        ? new Outcome.Retryable(trouble.isEmpty() ? "not connected" : trouble, 0, null)
        : null;
  }

  private @Nullable Outcome tooLarge(List<Batch> parts, List<Messages> messages) {
    BitSet records = new BitSet();
    Outcome.TooLarge first = null;
    int before = 0;
    for (int i = 0; i < parts.size(); i++) {
      Batch part = parts.get(i);
      Outcome.TooLarge large = verdicts.tooLarge(part);
      large = large == null ? tooLarge(part, messages.get(i)) : large;
      if (large != null) {
        // It does not come again as it is.
        forget(part);
        records.set(before, before + part.records());
        first = first == null || large.limitBytes() < first.limitBytes() ? large : first;
      }
      before += part.records();
    }
    return first == null
        ? null
        : new Outcome.TooLarge(
            first.limitBytes(), first.reason(), records.cardinality() == before ? null : records);
  }

  private Outcome.@Nullable TooLarge tooLarge(Batch part, Messages messages) {
    for (Message message : messages) {
      // What was learnt is half of what was refused: a record alone may well pass, and is cut only
      // when the broker has refused it itself.
      int limit =
          message.isOneRecord(part.records()) ? limits.clientBytes() : limits.of(message.topic());
      if (message.size() > limit) {
        return KafkaShipper.tooLarge(message, limit);
      }
    }
    return null;
  }

  /// A batch waits until all of its topics are there.
  private @Nullable Outcome missing(List<Messages> messages) {
    if (!topics.anyMissing()) {
      return null;
    }
    for (Messages part : messages) {
      for (Message message : part) {
        KafkaFailure missing = topics.missing(message.topic());
        if (missing != null) {
          return new Outcome.Missing(missing.reason(), null);
        }
      }
    }
    return null;
  }

  private void send(Member member, List<Messages> all) {
    Producer<byte[], byte[]> producer = ready;
    boolean hasMessages = member.hasLetters() || !all.stream().allMatch(Messages::isEmpty);
    if (producer == null || !hasMessages) {
      join(member);
      return;
    }
    members.add(member);
    try {
      if (!begun) {
        producer.beginTransaction();
        begun = true;
        begunAtNanos = nanoClock.getAsLong();
      }
    } catch (RuntimeException e) {
      failed(words.of(e, ""), false);
      return;
    }
    for (int i = 0; i < all.size() && failure == null; i++) {
      Batch part = member.parts.get(i);
      BitSet suspects = verdicts.suspects(part);
      for (Message message : all.get(i)) {
        send(producer, part, message, message.isAnyOf(suspects), null);
        if (failure != null) {
          return;
        }
      }
      sendLetters(producer, member, part);
    }
  }

  private void sendLetters(Producer<byte[], byte[]> producer, Member member, Batch part) {
    Refusals known = verdicts.refused(part);
    Letters box = letters;
    if (known == null || box == null) {
      return;
    }
    BitSet left = known.records();
    left.andNot(box.lost(part));
    BitSet suspects = box.verdicts().suspects(part);
    if (left.isEmpty()) {
      return;
    }
    SingleRecords records = new SingleRecords(part, left);
    int record = left.nextSetBit(0);
    for (Batch alone = records.next();
        alone != null && record >= 0 && failure == null;
        alone = records.next()) {
      String reason = known.reason(record);
      String place = Objects.requireNonNull(routes.get(part.signal())).topic(alone);
      Letters.Letter letter = box.letter(part, record, alone, reason, place);
      if (letter == null) {
        member.lost(alone.records(), reason + "; its dead letter cannot be cut to fit");
      } else {
        if (letter.isCut()) {
          member.cut();
        }
        send(producer, part, letter.message(), letter.message().isAnyOf(suspects), box);
      }
      record = left.nextSetBit(record + 1);
    }
  }

  /// @param box where it is a letter
  private void send(
      Producer<byte[], byte[]> producer,
      Batch part,
      Message message,
      boolean alone,
      @Nullable Letters box) {
    if (alone && !hasTimeAlone()) {
      failed(words.noTimeAlone(), true);
      return;
    }
    Sent sent = new Sent(part, message, alone, box, Thread.currentThread());
    bytes += message.size();
    try {
      if (alone) {
        producer.flush();
      }
      lonely = alone || messages == 0 ? sent : null;
      messages++;
      // The callback tells what the future would.
      var _ = producer.send(message.take(), sent);
      if (alone || messages % mostUnderWay == 0) {
        producer.flush();
      }
    } catch (RuntimeException | LinkageError e) {
      sent.failed(e);
    }
  }

  /// For the first there always is, so that each transaction leaves fewer of them.
  private boolean hasTimeAlone() {
    boolean first = !anyAlone;
    anyAlone = true;
    return first || openNanos() < timeoutNanos / ALONE_PART;
  }

  private long openNanos() {
    return begun ? nanoClock.getAsLong() - begunAtNanos : 0;
  }

  /// Whether the coordinator may have ended it for its age, which shows only as a producer that was fenced.
  private boolean isOld() {
    return openNanos() > timeoutNanos / OLD_PART;
  }

  /// A batch of which no message is to be sent: with the transaction, if there is one.
  private void join(Member member) {
    if (members.isEmpty()) {
      progress.passed(member.parts.getFirst(), member.origin);
      tell(member, member.outcome());
      return;
    }
    members.add(member);
  }

  @Override
  public void passed(Batch batch, Origin origin) {
    progress.passed(batch, origin);
  }

  /// The transaction cannot be committed.
  private void failed(KafkaFailure why, boolean learnt) {
    failed(new Failure(why, learnt, false, false));
  }

  private void failed(Failure first) {
    if (failure == null) {
      failure = first;
    }
  }

  /// The next one is half as large, down to a batch.
  private void wasSlow() {
    maxBytes = Math.max(1, Math.min(maxBytes, bytes) / 2);
  }

  @Override
  public int doWork(long nowNanos, Supplier<long[]> unshipped) {
    if (closed) {
      return 0;
    }
    open = unshipped;
    if (connected && ready == null) {
      return recover(nowNanos);
    }
    if (!members.isEmpty()) {
      if (failure != null) {
        abort(nowNanos);
        return 1;
      }
      if (isDue(nowNanos)) {
        everCommitted = true;
        committedAtNanos = nowNanos;
        commit(nowNanos);
        return 1;
      }
    } else if (nowNanos - hintedAtNanos >= HINT_NANOS) {
      hintedAtNanos = nowNanos;
      hint.save();
    }
    return 0;
  }

  private boolean isDue(long nowNanos) {
    return bytes >= maxBytes || !everCommitted || nowNanos - committedAtNanos >= INTERVAL_NANOS;
  }

  @Override
  public long waitNanos(long nowNanos) {
    if (connected && ready == null) {
      return retries ? Math.max(0, retryAtNanos - nowNanos) : 0;
    }
    if (members.isEmpty()) {
      return Long.MAX_VALUE;
    }
    return failure != null || isDue(nowNanos)
        ? 0
        : Math.max(0, committedAtNanos + INTERVAL_NANOS - nowNanos);
  }

  private void commit(long nowNanos) {
    Producer<byte[], byte[]> producer = Objects.requireNonNull(ready);
    Set<Long> only = retained;
    for (Member member : members) {
      progress.add(member.parts.getFirst(), member.origin);
    }
    transaction++;
    PositionsRecord record =
        new PositionsRecord(instance, transaction, progress.next(open.get(), only));
    Sent sent = new Sent(null, null, false, null, Thread.currentThread());
    try {
      var _ = producer.send(positions.message(record), sent);
      producer.commitTransaction();
    } catch (RuntimeException | LinkageError e) {
      Failure why = failure;
      if (why == null) {
        // It may have been committed: only the positions tell.
        unsettled = true;
        if (e instanceof TimeoutException || isOld()) {
          wasSlow();
        }
        lose(nowNanos, reason(e, ""));
        LOG.info(
            "shipper {}: a commit has no answer, and is looked up: {}", settings.name(), trouble);
      } else {
        abort(nowNanos);
      }
      return;
    }
    maxBytes = Math.min(mostBytes, maxBytes * 2);
    progress.committed(record);
    positions.stored(sent.offset);
    List<Member> done = List.copyOf(members);
    forgetTransaction();
    for (Member member : done) {
      tell(member, member.outcome());
    }
    if (nowNanos - hintedAtNanos >= HINT_NANOS) {
      hintedAtNanos = nowNanos;
      hint.save();
    }
  }

  private void forgetTransaction() {
    members.clear();
    progress.forget();
    bytes = 0;
    messages = 0;
    lonely = null;
    anyAlone = false;
    begun = false;
    round.incrementAndGet();
  }

  private void abort(long nowNanos) {
    Failure failed = Objects.requireNonNull(failure);
    KafkaFailure why = failed.why();
    Producer<byte[], byte[]> producer = ready;
    if (failed.slow() || isOld()) {
      wasSlow();
    }
    // The coordinator's connection may stand where another can be made no more.
    boolean renewed = failed.slow() && client.isSlow(producer);
    // What goes down with it says nothing of itself.
    round.incrementAndGet();
    try {
      if (begun && producer != null) {
        producer.abortTransaction();
      }
      if (renewed || failed.noPositions() || (why.producerIsDone() && !begun)) {
        lose(nowNanos, why.reason());
      }
    } catch (RuntimeException | LinkageError e) {
      // The next producer settles it.
      lose(nowNanos, why.reason());
      LOG.debug("the transaction cannot be aborted", e);
    }
    List<Member> left = List.copyOf(members);
    forgetTransaction();
    for (Member member : left) {
      member.told.accept(failed.outcome());
    }
  }

  /// This producer can do no more.
  private void lose(long nowNanos, String why) {
    ready = null;
    client.isDone();
    trouble = why;
    retries = false;
    retryAtNanos = nowNanos;
  }

  private int recover(long nowNanos) {
    if (retries && retryAtNanos - nowNanos > 0) {
      return 0;
    }
    switch (connect()) {
      case Outcome.Retryable retry -> trouble = retry.reason();
      case Outcome.Permanent permanent -> trouble = permanent.reason();
      case Outcome.Missing missing -> trouble = missing.reason();
      case Outcome.Accepted _, Outcome.PartlyAccepted _, Outcome.TooLarge _ -> {
        return 1;
      }
    }
    retries = true;
    retryAtNanos = nowNanos + RETRY_NANOS;
    return 1;
  }

  @Override
  public void resume() {
    if (members.isEmpty()) {
      failure = null;
    }
  }

  @Override
  public void close(Duration timeout) {
    if (closed) {
      return;
    }
    if (!members.isEmpty() && ready != null && failure == null && !timeout.isZero()) {
      commit(committedAtNanos);
    }
    closed = true;
    hint.save();
    topics.close();
    limits.close();
    try {
      client.close(timeout);
    } catch (KafkaException e) {
      LOG.warn("shipper {}: {}", settings.name(), words.of(e, "").reason());
    }
    List<Member> left = List.copyOf(members);
    forgetTransaction();
    for (Member member : left) {
      Doubt doubt = unsettled ? new Doubt(instance, transaction, member.outcome()) : null;
      member.told.accept(new Outcome.Retryable(CLOSED, 0, null).inDoubt(doubt));
    }
  }

  private static Outcome closedOutcome() {
    return new Outcome.Retryable(CLOSED, 0, null);
  }

  /// Waits for the end of one message; that of the positions has no part.
  private final class Sent implements Callback {
    private final @Nullable Batch part;
    private final @Nullable Message message;
    private final boolean alone;
    private final @Nullable Letters box;
    private final Verdicts known;
    private final Thread sender;
    private final long sentIn = round.get();
    volatile long offset = -1;

    /// @param box where it is a letter
    Sent(
        @Nullable Batch part,
        @Nullable Message message,
        boolean alone,
        @Nullable Letters box,
        Thread sender) {
      this.part = part;
      this.message = message;
      this.alone = alone;
      this.box = box;
      this.known = box == null ? verdicts : box.verdicts();
      this.sender = sender;
    }

    @Override
    public void onCompletion(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
      Batch of = part;
      Message which = message;
      if (exception != null) {
        failed(exception);
        return;
      }
      if (of == null || which == null) {
        if (metadata != null) {
          offset = metadata.offset();
        }
        return;
      }
      if (alone) {
        known.clear(of, which);
      }
      // One partition may take what another refuses.
      boolean counts = failure == null && sentIn == round.get();
      if (counts && topics.anyMissing()) {
        topics.confirmed(which.topic());
      }
    }

    /// Kafka's client has an exception for each record that the broker names, and one for all of a batch of which it names none.
    /// What it says of several records is always the same type: only alone it shows whether the record is to blame, or the clock.
    private void suspect(Batch of, Message which, Throwable error) {
      if (KafkaFailure.isNeighbours(error)) {
        return;
      }
      synchronized (verdicts) {
        Sent before = lastRefused;
        boolean isNamed = error != lastRefusal;
        known.suspect(of, which);
        if (isNamed) {
          known.accuse(of, which, words.of(error, which.topic()).reason());
        } else if (before != null && before.part != null && before.message != null) {
          before.known.acquit(before.part, before.message);
        }
        lastRefusal = error;
        lastRefused = isNamed ? this : null;
      }
    }

    void failed(Throwable error) {
      Batch of = part;
      Message which = message;
      boolean bySender = Thread.currentThread() == sender;
      boolean isSuspect = !bySender && lonely != this && KafkaFailure.isOfBatch(error);
      if (isSuspect && of != null && which != null) {
        // Also when the first of them has had the transaction aborted meanwhile: the broker has
        // said it.
        suspect(of, which, error);
      }
      if (sentIn != round.get()) {
        return;
      }
      if (of == null || which == null) {
        KafkaFailure why = words.of(error, positions.name());
        // A partition that is gone is one for which no metadata comes in time.
        boolean gone =
            why.kind() == KafkaFailure.Kind.NO_TOPIC || error instanceof TimeoutException;
        TransactionalShipper.this.failed(
            new Failure(why, false, gone, error instanceof TimeoutException));
        return;
      }
      String topic = which.topic();
      if (failure != null) {
        // It went down with the one that failed first, and may be told of a topic besides.
        if (!KafkaFailure.named(error).isEmpty()) {
          learnTopics(error, topic, bySender);
        }
        return;
      }
      KafkaFailure said = words.of(error, topic);
      if (error instanceof TimeoutException) {
        said = said.withRefused(client.refused());
      }
      KafkaFailure why = isSuspect ? said.untilAlone() : said;
      boolean learnt =
          switch (why.kind()) {
            case TOO_LARGE -> {
              int limit = limits.refused(topic, which.size());
              if (box == null) {
                verdicts.isTooLarge(of, new Outcome.TooLarge(limit, why.reason(), null));
              } else {
                box.isTooLarge(of, which.size(), limit);
              }
              yield true;
            }
            case REFUSED -> {
              known.refuse(of, which, why.reason());
              known.believe(why.reason());
              yield true;
            }
            case NO_TOPIC -> learnTopics(error, topic, bySender);
            case RETRY -> isSuspect;
          };
      boolean slow = why.kind() == KafkaFailure.Kind.RETRY && error instanceof TimeoutException;
      TransactionalShipper.this.failed(new Failure(why, learnt, false, slow));
    }

    /// @return whether what waits for a topic is left out of the next transaction
    private boolean learnTopics(Throwable error, String topic, boolean bySender) {
      boolean learnt = false;
      for (String absent : KafkaFailure.topics(error, topic)) {
        if (absent.equals(positions.name())) {
          // Nothing waits for it there: a transaction tries it.
          continue;
        }
        KafkaFailure because = words.of(error, absent);
        if (bySender) {
          topics.isMissing(absent, because);
        } else {
          topics.isRefused(absent, because, error);
        }
        learnt = true;
      }
      return learnt;
    }
  }
}
