package dev.pannier.shippers.kafka;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The topics that are missing, or not ours to write to. While there are any, a thread of its own asks
/// for them again: the producer's call blocks until `max.block.ms`, which must not keep the other
/// topics' messages waiting. Thread-safe.
final class Topics implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Topics.class);

  /// Between one round of questions and the next.
  private static final long PAUSE_MS = 1_000;

  /// Only an attempt shows whether a topic that we may see but not write to can be written to now:
  /// one in so many rounds.
  private static final int ROUNDS_UNTIL_ATTEMPT = 10;

  /// What is known against a topic.
  private static final class Absence {
    final KafkaFailure why;

    /// Until the next message may try; 0 where asking tells.
    int roundsLeft;

    boolean mayTry;

    Absence(KafkaFailure why, int roundsLeft) {
      this.why = why;
      this.roundsLeft = roundsLeft;
    }
  }

  private final String shipper;
  private final KafkaFailure.Words words;
  private final Supplier<@Nullable Producer<byte[], byte[]>> producer;
  private final Object lock = new Object();

  // Guarded by the lock.
  private final Map<String, Absence> missing = new LinkedHashMap<>();
  private final Set<String> unanswered = new LinkedHashSet<>();
  private @Nullable Thread asking;
  private boolean closed;

  /// Whether `missing` holds anything, without the lock.
  private volatile boolean any;

  /// Those that the brokers have, as far as was seen last.
  private final Set<String> known = ConcurrentHashMap.newKeySet();

  /// @param producer to ask with; null for none at the moment
  Topics(
      String shipper,
      KafkaFailure.Words words,
      Supplier<@Nullable Producer<byte[], byte[]>> producer) {
    this.shipper = shipper;
    this.words = words;
    this.producer = producer;
  }

  /// Why nothing can be sent to a topic; null if nothing is known against it.
  @Nullable KafkaFailure missing(String topic) {
    if (!any) {
      return null;
    }
    synchronized (lock) {
      Absence absence = missing.get(topic);
      return absence == null || absence.mayTry ? null : absence.why;
    }
  }

  /// What is missing, in one line; empty if nothing is.
  String missing() {
    synchronized (lock) {
      Set<String> reasons = new LinkedHashSet<>();
      for (Absence absence : missing.values()) {
        reasons.add(absence.why.reason());
      }
      for (String topic : unanswered) {
        reasons.add(words.notSaid(topic).reason());
      }
      return String.join("; ", reasons);
    }
  }

  /// Whether the brokers were seen to have a topic: sending to any other may block for `max.block.ms`.
  boolean isKnown(String topic) {
    return known.contains(topic);
  }

  /// A topic was found to be missing when it was asked for, and is asked for until it is there.
  void isMissing(String topic, KafkaFailure why) {
    known.remove(topic);
    add(topic, new Absence(why, 0), why.reason());
  }

  /// A message was refused because of its topic, though the topic may be there.
  ///
  /// @param error what it was refused with, which the log tells once
  void isRefused(String topic, KafkaFailure why, Throwable error) {
    add(topic, new Absence(why, ROUNDS_UNTIL_ATTEMPT), words.said(why, error));
  }

  private void add(String topic, Absence absence, String line) {
    Absence before;
    synchronized (lock) {
      unanswered.remove(topic);
      before = missing.put(topic, absence);
      any = true;
      startAsking();
    }
    if (before == null || !before.why.reason().equals(absence.why.reason())) {
      LOG.warn("shipper {}: {}", shipper, line);
    }
  }

  /// The brokers have the topic, and have taken a message for it where that was in doubt.
  void isThere(String topic) {
    known.add(topic);
    boolean wasMissing;
    synchronized (lock) {
      unanswered.remove(topic);
      wasMissing = missing.remove(topic) != null;
      any = !missing.isEmpty();
    }
    if (wasMissing) {
      LOG.info("shipper {}: the topic {} is there now", shipper, topic);
    }
  }

  /// Whether any is missing: only then somebody has to know what was [#confirmed], unless it is not [#isKnown] yet.
  boolean anyMissing() {
    return any;
  }

  /// A message was stored.
  void confirmed(String topic) {
    isThere(topic);
  }

  /// Asks for topics without waiting for the answer.
  void ask(List<String> topics) {
    synchronized (lock) {
      unanswered.addAll(topics);
      startAsking();
    }
  }

  private void startAsking() {
    if (asking == null && !closed && !(missing.isEmpty() && unanswered.isEmpty())) {
      Thread thread = new Thread(this::run, "pannier-ship-" + shipper + "-topics");
      thread.setDaemon(true);
      asking = thread;
      thread.start();
    }
  }

  private void run() {
    try {
      for (List<String> topics = next(); !topics.isEmpty(); topics = next()) {
        for (String topic : topics) {
          ask(topic);
        }
        synchronized (lock) {
          if (!closed && !(missing.isEmpty() && unanswered.isEmpty())) {
            lock.wait(PAUSE_MS);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// @return empty when there is nothing to ask any more, and the thread ends
  private List<String> next() {
    synchronized (lock) {
      List<String> topics = closed ? new ArrayList<>() : new ArrayList<>(unanswered);
      if (!closed) {
        missing.forEach(
            (topic, absence) -> {
              if (absence.roundsLeft > 0) {
                absence.roundsLeft--;
                absence.mayTry = absence.roundsLeft == 0;
              }
              topics.add(topic);
            });
      }
      if (topics.isEmpty()) {
        asking = null;
      }
      return topics;
    }
  }

  private void ask(String topic) {
    Producer<byte[], byte[]> current = producer.get();
    if (current == null) {
      return;
    }
    try {
      if (!current.partitionsFor(topic).isEmpty()) {
        answered(topic);
      }
    } catch (KafkaException | IllegalStateException e) {
      KafkaFailure why = words.of(e, topic);
      if (why.kind() == KafkaFailure.Kind.NO_TOPIC) {
        isMissing(topic, why);
      } else if (e instanceof TimeoutException) {
        LOG.debug("no answer for the topic {}", topic, e);
      }
    }
  }

  private void answered(String topic) {
    synchronized (lock) {
      Absence absence = missing.get(topic);
      if (absence != null && (absence.roundsLeft > 0 || absence.mayTry)) {
        return;
      }
    }
    isThere(topic);
  }

  /// The call that may block returns when the producer is closed.
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
  }
}
