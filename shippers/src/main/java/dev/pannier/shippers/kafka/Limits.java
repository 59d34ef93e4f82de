package dev.pannier.shippers.kafka;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SequencedSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How large a message may be: the client's own limit, and what brokers have refused, topic by topic.
///
/// A broker's limit (`max.message.bytes`) counts what compression leaves, which is not known before. So
/// the first message that a broker refuses teaches half of its size, and once more half of that,
/// down to what the broker itself says its limit is: a message of that size fits whatever it
/// compresses to. The broker is asked at the first refusal, by [BrokerLimit] on a thread of its own,
/// for one topic after the other; where it does not tell (its ACLs, an old broker), halving goes on.
///
/// Nothing learnt is for ever, since limits are raised when messages do not fit: after 5 minutes a
/// topic's is forgotten, the next large message tries it again, and a refusal asks again.
///
/// Thread-safe.
final class Limits {
  static final long LEARNT_FOR_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final Logger LOG = LoggerFactory.getLogger(Limits.class);
  static final int SMALLEST_BYTES = 4096;
  private static final long ASK_AGAIN_NANOS = TimeUnit.MINUTES.toNanos(1);

  /// Topics beyond this are forgotten: a template makes any number of them.
  private static final int MAX_TOPICS = 1_000;

  private record Learnt(int bytes, long sinceNanos) {}

  private final String shipper;
  private final int clientBytes;
  private final Function<String, OptionalInt> broker;
  private final LongSupplier nanoClock;

  // Guarded by this.
  private final Map<String, Learnt> learnt = new HashMap<>();
  private final Map<String, Integer> told = new HashMap<>();
  private final Map<String, Long> askedNanos = new HashMap<>();

  /// Those that are to be asked for, the first is being asked for. There is a thread as long as
  /// there are any.
  private final SequencedSet<String> asking = new LinkedHashSet<>();

  private boolean closed;

  /// @param clientBytes of the largest message that the producer takes
  /// @param broker      a topic's limit, asked of a broker; may block for some seconds
  Limits(
      String shipper,
      int clientBytes,
      Function<String, OptionalInt> broker,
      LongSupplier nanoClock) {
    this.shipper = shipper;
    this.clientBytes = clientBytes;
    this.broker = broker;
    this.nanoClock = nanoClock;
  }

  int clientBytes() {
    return clientBytes;
  }

  /// For messages that can be made smaller by splitting. A record alone may well pass where several
  /// did not, and is made smaller only when the broker has refused it itself.
  synchronized int of(String topic) {
    if (learnt.isEmpty()) {
      return clientBytes;
    }
    Learnt known = learnt.get(topic);
    if (known == null) {
      return clientBytes;
    }
    if (nanoClock.getAsLong() - known.sinceNanos() >= LEARNT_FOR_NANOS) {
      learnt.remove(topic);
      told.remove(topic);
      return clientBytes;
    }
    return Math.min(clientBytes, known.bytes());
  }

  /// A broker has refused a message.
  ///
  /// @param size as the client counts it, which is more than the broker does
  /// @return what is worth trying instead
  synchronized int refused(String topic, int size) {
    long nowNanos = nanoClock.getAsLong();
    int half = Math.max(SMALLEST_BYTES, size / 2);
    int floor = told.getOrDefault(topic, 0);
    // What the broker refused cannot be below its limit: that has become smaller.
    int worthTrying = floor < size ? Math.max(half, floor) : half;
    if (learnt.size() >= MAX_TOPICS) {
      learnt.clear();
      told.clear();
      askedNanos.clear();
    }
    Learnt before = learnt.get(topic);
    if (before == null
        || worthTrying < before.bytes()
        || nowNanos - before.sinceNanos() >= LEARNT_FOR_NANOS) {
      learnt.put(topic, new Learnt(worthTrying, nowNanos));
    }
    ask(topic, nowNanos);
    return worthTrying;
  }

  private void ask(String topic, long nowNanos) {
    Long last = askedNanos.get(topic);
    if (closed
        || asking.size() >= MAX_TOPICS
        || asking.contains(topic)
        || (last != null && nowNanos - last < ASK_AGAIN_NANOS)) {
      return;
    }
    asking.add(topic);
    askedNanos.put(topic, nowNanos);
    if (asking.size() == 1) {
      Thread thread = new Thread(() -> answerAll(topic), "pannier-ship-" + shipper + "-limits");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void answerAll(String first) {
    for (String topic = first; topic != null; ) {
      OptionalInt limit = OptionalInt.empty();
      try {
        limit = broker.apply(topic);
      } catch (RuntimeException | LinkageError e) {
        // Whatever it is, this topic and others are asked for again.
        LOG.debug("shipper {}: no broker tells the limit of {}", shipper, topic, e);
      }
      if (limit.isPresent()) {
        LOG.info(
            "shipper {}: the topic {} takes messages of up to {} bytes, compressed"
                + " (max.message.bytes)",
            shipper,
            topic,
            limit.getAsInt());
      }
      topic = answered(topic, limit);
    }
  }

  /// @return the topic to ask for next; null for none
  private synchronized @Nullable String answered(String topic, OptionalInt limit) {
    asking.remove(topic);
    if (limit.isPresent()) {
      told.put(topic, limit.getAsInt());
    }
    if (closed) {
      asking.clear();
    }
    notifyAll();
    return asking.isEmpty() ? null : asking.getFirst();
  }

  /// No broker is asked any more, but for the question that is under way.
  synchronized void close() {
    closed = true;
  }

  /// Waits until no broker is being asked.
  synchronized void awaitAnswers() throws InterruptedException {
    while (!asking.isEmpty()) {
      wait();
    }
  }
}
