package dev.pannier.shippers.kafka;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Refusal;
import dev.pannier.shippers.batch.Batch;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One batch on its way: collects what became of its messages, from the calling thread and from the
/// producer's, and makes one outcome of it when the last is known.
final class Delivery {
  private final Batch batch;
  private final Consumer<Outcome> outcome;

  /// Messages whose end is not known, or that are not sent yet.
  private final AtomicInteger pending;

  private @Nullable BitSet retried;
  private @Nullable BitSet tooLarge;
  private final Refusals refused = new Refusals();
  private @Nullable KafkaFailure retry;
  private @Nullable KafkaFailure noTopic;
  private final Map<String, KafkaFailure> missingTopics = new HashMap<>();

  /// Messages on their way that the broker may find too large, or that are the first of their key.
  private int risky;

  /// Whether a message of it is risky or has failed; without the lock.
  private volatile boolean isTroubled;

  private @Nullable Object provenBy;
  private String provenTopic = "";
  private int provenBytes;

  private @Nullable KafkaFailure oversize;
  private int limitBytes;
  private boolean told;

  Delivery(Batch batch, int messages, Consumer<Outcome> outcome) {
    this.batch = batch;
    this.pending = new AtomicInteger(messages);
    this.outcome = outcome;
  }

  String key() {
    return batch.key();
  }

  /// One message has come to its end.
  ///
  /// @return whether that was the last
  boolean ended() {
    return pending.decrementAndGet() == 0;
  }

  /// What keeps the rest of it from being sent: it would overtake the message that failed.
  ///
  /// @param ordered whether its messages have an order to keep
  /// @return null if nothing does
  synchronized @Nullable KafkaFailure stopper(boolean ordered) {
    return retry == null && ordered ? oversize : retry;
  }

  /// Whether some of it has to be sent again.
  synchronized boolean isFailing() {
    return retried != null || tooLarge != null;
  }

  /// Why a message of it could not go to this topic, which those behind it must not, either; null if none
  /// had to.
  synchronized @Nullable KafkaFailure misses(String topic) {
    return missingTopics.get(topic);
  }

  /// Whether any topic is missing.
  synchronized boolean missesAny() {
    return !missingTopics.isEmpty();
  }

  synchronized void riskyStarted() {
    risky++;
    isTroubled = true;
  }

  synchronized void riskyEnded() {
    risky--;
    isTroubled = isFailing() || risky > 0;
  }

  /// Whether all messages up to now are safe, and on their way or confirmed.
  boolean isUntroubled() {
    return !isTroubled;
  }

  /// Whether a message is covered by what is proven, which is looked up once for a producer and topic as
  /// long as that suffices. By the thread that sends.
  boolean isProven(Proven proven, Object producer, Message message) {
    int size = message.size();
    if (size <= provenBytes && producer == provenBy && message.topic().equals(provenTopic)) {
      return true;
    }
    provenBy = producer;
    provenTopic = message.topic();
    provenBytes = proven.bytes(provenTopic, key());
    return size <= provenBytes;
  }

  synchronized boolean isRisky() {
    return risky > 0;
  }

  /// Whether messages are on their way, beside the one of which the caller knows the end.
  boolean hasOthersPending() {
    return pending.get() > 1;
  }

  /// @param limit for [KafkaFailure.Kind#TOO_LARGE]: what may pass
  synchronized void failed(Message message, KafkaFailure failure, int limit) {
    isTroubled = true;
    switch (failure.kind()) {
      case RETRY -> {
        retried = with(retried, message);
        retry = KafkaFailure.worse(retry, failure);
      }
      case NO_TOPIC -> {
        retried = with(retried, message);
        noTopic = failure;
        missingTopics.put(message.topic(), failure);
      }
      case TOO_LARGE -> {
        tooLarge = with(tooLarge, message);
        oversize = failure;
        limitBytes = Math.max(limitBytes, limit);
      }
      case REFUSED -> {
        refused.add(with(null, message), failure.reason());
      }
    }
  }

  private BitSet with(@Nullable BitSet set, Message message) {
    BitSet all = set == null ? new BitSet(batch.records()) : set;
    message.addTo(all, batch.records());
    return all;
  }

  /// Tells the outcome, after [#ended] returned true.
  void complete() {
    tell(outcome());
  }

  /// Tells this outcome, unless one has been told: the producer is gone and calls back no more.
  void abandon(Outcome instead) {
    tell(instead);
  }

  private void tell(Outcome which) {
    synchronized (this) {
      if (told) {
        return;
      }
      told = true;
    }
    outcome.accept(which);
  }

  /// What was refused for good is told with what goes again.
  private synchronized Outcome outcome() {
    List<Refusal> all = refused.all();
    if (retried != null && retry != null) {
      return new Outcome.Retryable(retry.reason(), 0, rest(retried, tooLarge))
          .asLearnt(retry.learnt())
          .withRefused(all);
    }
    if (retried != null && noTopic != null) {
      return new Outcome.Missing(noTopic.reason(), rest(retried, tooLarge), all);
    }
    if (tooLarge != null && oversize != null) {
      return new Outcome.TooLarge(limitBytes, oversize.reason(), rest(tooLarge, null), all);
    }
    if (!all.isEmpty()) {
      int count = refused.records().cardinality();
      return count == batch.records() && all.size() == 1
          ? new Outcome.Permanent(refused.lastReason())
          : new Outcome.PartlyAccepted(count, refused.lastReason(), all, 0);
    }
    return Outcome.ACCEPTED;
  }

  private @Nullable BitSet rest(BitSet first, @Nullable BitSet second) {
    if (second != null) {
      first.or(second);
    }
    return first.cardinality() == batch.records() ? null : first;
  }
}
