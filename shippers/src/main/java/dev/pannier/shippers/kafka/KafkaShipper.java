package dev.pannier.shippers.kafka;

import dev.pannier.shippers.DeadLetterBox;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Reasons;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ships to Kafka. One attempt is what the producer does within `delivery.timeout.ms`, its own
/// retries included.
///
/// Order: any number of batches may be in flight, and those of one [Batch#key()] arrive in the order
/// of the calls, also when one fails: as soon as a message has failed for good while messages of the
/// same key are behind it, the producer is closed at once, so that those fail, too. From the failure
/// on, `ship` answers `Retryable` until the caller has taken every answer ([#resume]) and
/// sends again from the first that failed, and a new producer takes over. What a broker may find too
/// large goes alone of its key ([Proven], [#pipelines]), so that nothing has to be closed for it.
///
/// A record that a broker refuses takes all down that were sent in one batch with it. So it is believed only
/// of a message that was alone on its way; the others go once more, one by one. Each attempt that fails for nothing else leaves
/// fewer of them, and is answered as one that has learnt something.
///
/// A topic that is missing keeps only what goes there: it is answered `Missing` while [Topics] asks. So does a partition that takes
/// nothing while what is sent later to others is confirmed ([Stalled]): what goes there is `Missing` after each attempt.
public final class KafkaShipper implements Shipper {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaShipper.class);

  /// A batch's messages, before they are sent, take so much of the shipper's memory.
  static final int KEPT_PART = 4;

  /// What a message takes until it is confirmed, beside its bytes in the producer, is less than half of this.
  static final int UNDER_WAY_BYTES = 512;

  private static final int NOT_AWAITED = -1;

  /// What stalls is known for so many times as long as an attempt takes, after the last one.
  private static final int ATTEMPTS_KNOWN = 3;

  private final ShipperSettings.Kafka settings;
  private final KafkaFailure.Words words;
  private final Client client;
  private final Brokers brokers;
  private final Limits limits;
  private final Map<Signal, Route> routes = new EnumMap<>(Signal.class);

  /// Whether messages of one batch key have an order to keep.
  private final boolean ordered;

  private final Object lock = new Object();

  private final Proven proven = new Proven();
  private final Topics topics;
  private final Stalled stalled;
  private final LongSupplier nanoClock;
  private final long maxBlockNanos;

  /// In the order of the calls. Guarded by `lock`.
  private final ArrayDeque<Delivery> inFlight = new ArrayDeque<>();

  /// Set by the first failure, until nothing is in flight. Guarded by `lock`.
  private @Nullable KafkaFailure failure;

  /// The one that was closed for the sake of order when messages were refused together: what else it had says nothing of itself. Guarded
  /// by `lock`.
  private @Nullable Producer<byte[], byte[]> closedByRefusal;

  /// How many messages of a batch key may have been refused for another's sake. Guarded by `lock`.
  private final Map<String, Integer> suspects = new HashMap<>();

  /// Whether there are any, without the lock.
  private volatile boolean anySuspects;

  private final AtomicInteger underWay = new AtomicInteger();

  /// The message that was sent last, if nothing was under way then, and no other has been sent since.
  private volatile @Nullable Sent lonely;

  /// How few are waited for.
  private volatile int awaitedUnderWay = NOT_AWAITED;

  /// How many messages were sent. The calling thread's.
  private long sends;

  /// The last of them that was confirmed.
  private volatile long lastConfirmed;

  /// Each takes memory that is not counted as the producer's.
  private final int mostUnderWay;

  /// Of the messages of a batch that are kept before they are sent.
  private final long keptBytes;

  private @Nullable String deadLetterTopic;

  private boolean closed;

  /// Null where messages do not linger.
  private final @Nullable Flusher flusher;

  /// Whether they linger only while more are at hand, and not for as long as the user has said.
  private final boolean lingersUntilFlushed;

  /// Whether a message was sent since the last flush.
  private boolean unflushed;

  private boolean flushed;

  /// @param memoryBytes what may wait in the producer or be in flight; `buffer.memory` of the user's
  ///     properties overrides it
  public KafkaShipper(ShipperSettings.Kafka settings, long memoryBytes) {
    this(settings, memoryBytes, KafkaProducer::new, BrokerLimit::new, System::nanoTime);
  }

  KafkaShipper(
      ShipperSettings.Kafka settings,
      long memoryBytes,
      Function<Map<String, Object>, Producer<byte[], byte[]>> producers,
      Function<Map<String, Object>, Function<String, OptionalInt>> brokerLimits,
      LongSupplier nanoClock) {
    this.settings = settings;
    Map<String, Object> properties = ProducerProperties.of(settings, memoryBytes);
    this.words =
        new KafkaFailure.Words(
            String.valueOf(properties.get(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG)),
            String.valueOf(properties.getOrDefault("sasl.mechanism", "GSSAPI")),
            Reasons.withoutSecretsOf(settings.properties()));
    this.client = new Client(properties, producers, proven::newProducer, nanoClock);
    this.topics = new Topics(settings.name(), words, client::current);
    this.nanoClock = nanoClock;
    this.stalled =
        new Stalled(
            ATTEMPTS_KNOWN
                * TimeUnit.MILLISECONDS.toNanos(
                    ProducerProperties.number(
                        properties, ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG)));
    this.flusher =
        ProducerProperties.linger(properties)
            ? new Flusher(settings.name(), client::current)
            : null;
    this.lingersUntilFlushed = ProducerProperties.lingersUntilFlushed(settings, properties);
    this.ordered = !settings.key().equals("none");
    this.keptBytes = memoryBytes / KEPT_PART;
    this.mostUnderWay = mostUnderWay(memoryBytes);
    int largest = ProducerProperties.largestMessageBytes(properties);
    for (Signal signal : settings.signals()) {
      routes.put(signal, new Route(settings, signal, largest));
    }
    this.limits = new Limits(settings.name(), largest, brokerLimits.apply(properties), nanoClock);
    this.maxBlockNanos =
        TimeUnit.MILLISECONDS.toNanos(
            ProducerProperties.number(properties, ProducerConfig.MAX_BLOCK_MS_CONFIG));
    List<String> fixedTopics =
        routes.values().stream()
            .flatMap(route -> Stream.ofNullable(route.fixedTopic()))
            .distinct()
            .toList();
    this.brokers = new Brokers(settings.properties(), fixedTopics, client, topics, words);
  }

  /// @param memoryBytes the shipper's
  static int mostUnderWay(long memoryBytes) {
    return Math.clamp(memoryBytes / UNDER_WAY_BYTES, 2, Integer.MAX_VALUE);
  }

  @Override
  public Outcome connect() {
    if (closed) {
      return closedOutcome();
    }
    Outcome outcome = brokers.reach();
    if (deadLetterTopic != null && outcome instanceof Outcome.Accepted) {
      topics.ask(List.of(deadLetterTopic));
    }
    return outcome;
  }

  /// Where what the brokers refuse for good goes, by the same producer. Before the first `connect`.
  public DeadLetterBox deadLetters(String topic) {
    deadLetterTopic = topic;
    return new DeadLetterTopic(topic, client, topics, limits, words);
  }

  @Override
  public String place(Batch batch) {
    Route route = routes.get(batch.signal());
    return route == null ? "" : route.topic(batch);
  }

  @Override
  public String missing() {
    Set<String> reasons = new LinkedHashSet<>();
    String missing = topics.missing();
    if (!missing.isEmpty()) {
      reasons.add(missing);
    }
    String partitions = stalled.partitions(nanoClock.getAsLong());
    if (!partitions.isEmpty()) {
      reasons.add(words.takesNothing(partitions).reason());
    }
    return String.join("; ", reasons);
  }

  @Override
  public void ship(Batch batch, Consumer<Outcome> outcome) {
    if (closed) {
      outcome.accept(closedOutcome());
      return;
    }
    Route route = Objects.requireNonNull(routes.get(batch.signal()), batch.signal()::label);
    String fixed = route.fixedTopic();
    KafkaFailure absent = fixed == null ? null : topics.missing(fixed);
    if (absent != null) {
      // Whatever else has failed: it concerns nobody else.
      outcome.accept(new Outcome.Missing(absent.reason(), null));
      return;
    }
    Messages messages;
    int count = 0;
    try {
      messages = route.messages(batch, keptBytes);
      for (Message message : messages) {
        int limit =
            message.isOneRecord(batch.records())
                ? limits.clientBytes()
                : limits.of(message.topic());
        if (message.size() > limit) {
          outcome.accept(tooLarge(message, limit));
          return;
        }
        count++;
      }
    } catch (IllegalArgumentException e) {
      // Broken bytes do not become whole by trying again.
      outcome.accept(new Outcome.Permanent("the batch is no OTLP request: " + e.getMessage()));
      return;
    }
    if (count == 0) {
      outcome.accept(Outcome.ACCEPTED);
      return;
    }
    KafkaFailure noTopic = missingForAll(messages);
    if (noTopic != null) {
      outcome.accept(new Outcome.Missing(noTopic.reason(), null));
      return;
    }
    Delivery delivery = new Delivery(batch, count, outcome);
    KafkaFailure earlier;
    synchronized (lock) {
      earlier = failure;
      if (earlier == null) {
        inFlight.addLast(delivery);
      }
    }
    if (earlier != null) {
      outcome.accept(
          new Outcome.Retryable(earlier.reason(), 0, null)
              .asUntouched()
              .asLearnt(earlier.learnt()));
      return;
    }
    unflushed = true;
    for (Message message : messages) {
      send(delivery, message);
    }
  }

  @Override
  public void flush() {
    if (lingersUntilFlushed && unflushed && !closed) {
      lingerNoLonger();
    }
  }

  /// Also where the user has said how long: for what is waited for nothing comes that it could wait for.
  private void lingerNoLonger() {
    if (flusher == null) {
      return;
    }
    unflushed = false;
    if (!flushed) {
      flushed = true;
      flusher.start();
    }
    flusher.flush();
  }

  static Outcome.TooLarge tooLarge(Message message, int limit) {
    return new Outcome.TooLarge(
        Math.max(1, limit - message.overhead()),
        "a message of "
            + message.size()
            + (message.isMade() ? "" : " or more")
            + " bytes for the topic "
            + message.topic()
            + " is above the limit of "
            + limit
            + " (max.request.size, buffer.memory, or what the broker refused before)",
        null);
  }

  /// Why none of the messages can be sent; null if one can.
  private @Nullable KafkaFailure missingForAll(Messages messages) {
    KafkaFailure missing = null;
    for (Message message : messages) {
      missing = topics.missing(message.topic());
      if (missing == null) {
        return null;
      }
    }
    return missing;
  }

  private void send(Delivery delivery, Message message) {
    sends++;
    Sent sent = new Sent(delivery, message, Thread.currentThread(), sends);
    try {
      // First: where it is replaced, what comes before this message fails.
      Producer<byte[], byte[]> current = client.open();
      sent.producer = current;
      boolean alone = anySuspects && isSuspect(delivery.key());
      // Where it stops anyway, nothing is waited for once more.
      boolean waited = alone ? delivery.isFailing() || awaitIdle() : hasRoom(delivery);
      KafkaFailure obstacle = waited ? obstacle(delivery, message.topic()) : words.slow();
      if (obstacle != null) {
        delivery.failed(message, obstacle, 0);
        ended(delivery, false);
        return;
      }
      if (isOrdered(delivery) && !delivery.isProven(proven, current, message)) {
        sent.isRisky = true;
        delivery.riskyStarted();
      }
      sent.isUnderWay = true;
      lonely = underWay.getAndIncrement() == 0 ? sent : null;
      // The callback tells what the future would.
      var _ = current.send(message.take(), sent);
      if (alone) {
        isNoSuspect(delivery.key());
        // Nothing is to come into its batch.
        awaitIdle();
      }
    } catch (RuntimeException | LinkageError e) {
      sent.ended(e);
    }
  }

  private boolean isSuspect(String key) {
    synchronized (lock) {
      return suspects.containsKey(key);
    }
  }

  /// One message of that key less.
  private void isNoSuspect(String key) {
    synchronized (lock) {
      suspects.computeIfPresent(key, (same, left) -> left > 1 ? left - 1 : null);
      anySuspects = !suspects.isEmpty();
    }
  }

  /// Whether no more messages are under way than memory has room for, or one stops anyway. Where there are more, some
  /// are waited for.
  private boolean hasRoom(Delivery delivery) {
    return underWay.get() < mostUnderWay
        || delivery.stopper(isOrdered(delivery)) != null
        || awaitUnderWay(mostUnderWay / 2);
  }

  private boolean awaitIdle() {
    return awaitUnderWay(0);
  }

  /// Waits for as long as the producer itself may block.
  ///
  /// @return whether so few messages are under way
  private boolean awaitUnderWay(int few) {
    lingerNoLonger();
    long deadlineNanos = System.nanoTime() + maxBlockNanos;
    synchronized (lock) {
      awaitedUnderWay = few;
      try {
        for (long left = maxBlockNanos;
            left > 0 && underWay.get() > few;
            left = deadlineNanos - System.nanoTime()) {
          TimeUnit.NANOSECONDS.timedWait(lock, left);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      awaitedUnderWay = NOT_AWAITED;
      return underWay.get() <= few;
    }
  }

  /// What keeps a message from being sent: its topic, or what has failed before it.
  private @Nullable KafkaFailure obstacle(Delivery delivery, String topic) {
    KafkaFailure noTopic = topics.missing(topic);
    if (noTopic == null && delivery.isUntroubled()) {
      return null;
    }
    if (delivery.isRisky() && stalled.holds(delivery.key())) {
      // Waiting for its end would keep everybody waiting.
      return words.stalled();
    }
    awaitProof(delivery);
    if (noTopic == null) {
      // It may be there by now, but not what comes before this message.
      noTopic = delivery.misses(topic);
    }
    if (noTopic == null && delivery.missesAny() && !topics.isKnown(topic)) {
      // One topic of a batch is waited for; with each of many this thread would stand for minutes.
      topics.ask(List.of(topic));
      noTopic = words.notSaid(topic);
    }
    if (noTopic != null) {
      return noTopic;
    }
    KafkaFailure earlier = delivery.stopper(isOrdered(delivery));
    return earlier == null && delivery.isRisky() ? words.slow() : earlier;
  }

  private boolean isOrdered(Delivery delivery) {
    return ordered && !delivery.key().isEmpty();
  }

  /// Nothing follows a message that the broker may find too large, see [Proven]. Messages of one batch
  /// wait here, for as long as the producer itself may block.
  private void awaitProof(Delivery delivery) {
    if (!delivery.isRisky()) {
      return;
    }
    lingerNoLonger();
    long deadlineNanos = System.nanoTime() + maxBlockNanos;
    synchronized (lock) {
      try {
        for (long left = maxBlockNanos;
            left > 0 && delivery.isRisky();
            left = deadlineNanos - System.nanoTime()) {
          TimeUnit.NANOSECONDS.timedWait(lock, left);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Where it returns true, the outcomes of earlier batches of the key that are in flight no longer
  /// have been told.
  @Override
  public boolean pipelines(String key) {
    if (!ordered) {
      return true;
    }
    synchronized (lock) {
      for (Delivery delivery : inFlight) {
        if (delivery.key().equals(key) && (delivery.isRisky() || delivery.isFailing())) {
          return false;
        }
      }
      return true;
    }
  }

  private void failed(Sent sent, Throwable error) {
    Delivery delivery = sent.delivery;
    String topic = sent.message.topic();
    boolean bySender = Thread.currentThread() == sent.sender;
    KafkaFailure said = words.of(error, topic);
    if (error instanceof TimeoutException) {
      said = said.withRefused(client.refused());
    }
    boolean isSuspect = !bySender && sent != lonely && KafkaFailure.isOfBatch(error);
    KafkaFailure why =
        isSuspect ? said.untilAlone() : wentDownWithOthers(sent) ? said.withOthers() : said;
    boolean renewed = error instanceof TimeoutException && client.isSlow(sent.producer);
    boolean expired =
        !bySender && why.kind() == KafkaFailure.Kind.RETRY && KafkaFailure.isOfPartition(error);
    boolean othersGoOn = expired && lastConfirmed > sent.number;
    if (expired && isOrdered(delivery)) {
      // The next one of its key goes alone.
      stalled.add(delivery.key(), sent.partition, nanoClock.getAsLong());
      proven.expired(topic, delivery.key());
    }
    if (othersGoOn) {
      why = words.takesNothing(sent.partition);
      if (stalled.takesNothing(sent.partition, nanoClock.getAsLong())) {
        LOG.warn("shipper {}: {}: {}", settings.name(), why.reason(), said.reason());
      }
    }
    if (othersGoOn && !renewed && (sent.isRisky || !isOrdered(delivery))) {
      // Nothing is behind it.
      delivery.failed(sent.message, why, 0);
      return;
    }
    int learnt = 0;
    if (why.kind() == KafkaFailure.Kind.TOO_LARGE) {
      learnt = limits.refused(topic, sent.message.size());
      proven.refused(topic);
    } else if (why.kind() == KafkaFailure.Kind.NO_TOPIC && !othersGoOn) {
      if (bySender) {
        topics.isMissing(topic, why);
      } else {
        topics.isRefused(topic, why, error);
      }
    }
    // What fails in the thread that sends has nothing behind it: sending stops there. Neither has
    // what is risky.
    boolean othersFollow = !bySender && !sent.isRisky && delivery.hasOthersPending();
    delivery.failed(sent.message, why, learnt);
    if (why.kind() == KafkaFailure.Kind.REFUSED
        || (bySender && why.kind() == KafkaFailure.Kind.NO_TOPIC)) {
      return;
    }
    boolean overtaking;
    synchronized (lock) {
      failure = KafkaFailure.worse(failure, why);
      if (isSuspect) {
        suspects.merge(delivery.key(), 1, Integer::sum);
        anySuspects = true;
      }
      overtaking = isOrdered(delivery) && (othersFollow || hasFollower(delivery));
      if (overtaking || why.producerIsDone()) {
        client.isDone(sent.producer);
      }
      if (overtaking && isSuspect) {
        closedByRefusal = sent.producer;
      }
    }
    Producer<byte[], byte[]> current = sent.producer;
    if (overtaking && current != null) {
      current.close(Duration.ZERO);
    }
  }

  private boolean wentDownWithOthers(Sent sent) {
    synchronized (lock) {
      return sent.producer != null && sent.producer == closedByRefusal;
    }
  }

  /// Whether a batch of the same key is in flight behind this one. With the lock.
  private boolean hasFollower(Delivery delivery) {
    boolean behind = false;
    for (Delivery other : inFlight) {
      if (behind && other.key().equals(delivery.key())) {
        return true;
      }
      behind |= other == delivery;
    }
    return false;
  }

  /// A message has come to its end. The lock is taken for the last one alone, and where somebody waits.
  private void ended(Delivery delivery, boolean wasRisky) {
    if (!wasRisky) {
      if (delivery.ended()) {
        synchronized (lock) {
          complete(delivery);
        }
      }
      return;
    }
    synchronized (lock) {
      delivery.riskyEnded();
      lock.notifyAll();
      if (delivery.ended()) {
        complete(delivery);
      }
    }
  }

  /// With the lock: who finds it no longer in flight finds its outcome told.
  private void complete(Delivery delivery) {
    inFlight.remove(delivery);
    delivery.complete();
  }

  @Override
  public void resume() {
    synchronized (lock) {
      if (inFlight.isEmpty()) {
        failure = null;
        closedByRefusal = null;
      }
    }
  }

  @Override
  public void close(Duration timeout) {
    closed = true;
    topics.close();
    limits.close();
    if (flusher != null) {
      flusher.close();
    }
    try {
      client.close(timeout);
    } catch (KafkaException e) {
      LOG.warn("shipper {}: {}", settings.name(), words.of(e, "").reason());
    }
    List<Delivery> left;
    synchronized (lock) {
      left = List.copyOf(inFlight);
      inFlight.clear();
    }
    for (Delivery delivery : left) {
      delivery.abandon(closedOutcome());
    }
  }

  private static Outcome closedOutcome() {
    return new Outcome.Retryable("the shipper is closed", 0, null);
  }

  /// Waits for the end of one message.
  private final class Sent implements Callback {
    final Delivery delivery;
    final Message message;
    final Thread sender;
    final long number;
    @Nullable Producer<byte[], byte[]> producer;
    boolean isRisky;
    boolean isUnderWay;

    /// As far as the client has told it.
    String partition;

    private boolean ended;

    Sent(Delivery delivery, Message message, Thread sender, long number) {
      this.delivery = delivery;
      this.message = message;
      this.sender = sender;
      this.number = number;
      this.partition = message.topic();
    }

    @Override
    public void onCompletion(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
      if (metadata != null && (exception != null || stalled.any())) {
        partition = metadata.topic() + "-" + metadata.partition();
      }
      ended(exception);
    }

    void ended(@Nullable Throwable error) {
      synchronized (this) {
        if (ended) {
          return;
        }
        ended = true;
      }
      if (error == null) {
        if (number > lastConfirmed) {
          lastConfirmed = number;
        }
        if (stalled.any()) {
          stalled.confirmed(delivery.key(), partition, nanoClock.getAsLong());
        }
        if (topics.anyMissing() || !topics.isKnown(message.topic())) {
          topics.confirmed(message.topic());
        }
        if (isRisky && producer == client.current()) {
          proven.confirmed(message.topic(), delivery.key(), message.size());
        }
      } else {
        failed(this, error);
      }
      KafkaShipper.this.ended(delivery, isRisky);
      if (isUnderWay && underWay.decrementAndGet() <= awaitedUnderWay) {
        synchronized (lock) {
          lock.notifyAll();
        }
      }
    }
  }
}
