package dev.pannier.shippers.kafka;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import java.util.BitSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One batch on its way: collects what became of its messages, from the calling thread and from the
/// producer's, and makes one outcome of it when the last is known.
final class Delivery {
  private final Batch batch;
  private final Consumer<Outcome> outcome;

  /// Messages whose end is not known, or that are not sent yet.
  private int pending;

  private @Nullable BitSet retried;
  private @Nullable BitSet tooLarge;
  private @Nullable BitSet refused;
  private @Nullable KafkaFailure retry;
  private String tooLargeReason = "";
  private String refusedReason = "";
  private int limitBytes;
  private boolean told;

  Delivery(Batch batch, int messages, Consumer<Outcome> outcome) {
    this.batch = batch;
    this.pending = messages;
    this.outcome = outcome;
  }

  String key() {
    return batch.key();
  }

  /// One message has come to its end.
  ///
  /// @return whether that was the last
  synchronized boolean ended() {
    pending--;
    return pending == 0;
  }

  /// Why a message of it has to be sent again; null if none has.
  synchronized @Nullable KafkaFailure retry() {
    return retry;
  }

  /// Whether messages are on their way, beside the one of which the caller knows the end.
  synchronized boolean hasOthersPending() {
    return pending > 1;
  }

  /// @param limit for [KafkaFailure.Kind#TOO_LARGE]: what may pass
  synchronized void failed(Message message, KafkaFailure failure, int limit) {
    switch (failure.kind()) {
      case RETRY -> {
        retried = with(retried, message);
        retry = failure;
      }
      case TOO_LARGE -> {
        tooLarge = with(tooLarge, message);
        tooLargeReason = failure.reason();
        limitBytes = limit;
      }
      case REFUSED -> {
        refused = with(refused, message);
        refusedReason = failure.reason();
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

  /// What was refused for good goes again with the rest while there is a rest: it is refused again,
  /// and counted when nothing else is left.
  private synchronized Outcome outcome() {
    if (retried != null && retry != null) {
      return new Outcome.Retryable(retry.reason(), 0, rest(retried, tooLarge, refused));
    }
    if (tooLarge != null) {
      return new Outcome.TooLarge(limitBytes, tooLargeReason, rest(tooLarge, refused, null));
    }
    if (refused != null) {
      int count = refused.cardinality();
      return count == batch.records()
          ? new Outcome.Permanent(refusedReason)
          : new Outcome.PartlyAccepted(count, refusedReason);
    }
    return Outcome.ACCEPTED;
  }

  private @Nullable BitSet rest(BitSet first, @Nullable BitSet second, @Nullable BitSet third) {
    if (second != null) {
      first.or(second);
    }
    if (third != null) {
      first.or(third);
    }
    return first.cardinality() == batch.records() ? null : first;
  }
}
