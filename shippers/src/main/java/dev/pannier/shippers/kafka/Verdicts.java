package dev.pannier.shippers.kafka;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What was found of batches in transactions that were aborted for it. Thread-safe.
final class Verdicts {
  /// @param records those that were refused for good
  record Refusal(BitSet records, String reason) {
    List<Message> without(List<Message> messages, int all) {
      List<Message> left = new ArrayList<>(messages.size());
      for (Message message : messages) {
        BitSet of = new BitSet();
        message.addTo(of, all);
        if (!of.intersects(records)) {
          left.add(message);
        }
      }
      return left;
    }
  }

  private final IdentityHashMap<Batch, Refusal> refusals = new IdentityHashMap<>();
  private final IdentityHashMap<Batch, Outcome.TooLarge> tooLarge = new IdentityHashMap<>();
  private final Set<Batch> suspects = Collections.newSetFromMap(new IdentityHashMap<>());

  synchronized void refuse(Batch part, Message message, String reason) {
    Refusal before = refusals.get(part);
    BitSet records = before == null ? new BitSet() : (BitSet) before.records().clone();
    message.addTo(records, part.records());
    refusals.put(part, new Refusal(records, reason));
  }

  /// A message of it was refused together with others: which one it is only shows where it is alone.
  synchronized void suspect(Batch part) {
    suspects.add(part);
  }

  synchronized boolean isSuspect(Batch part) {
    return suspects.contains(part);
  }

  synchronized void isTooLarge(Batch part, Outcome.TooLarge large) {
    tooLarge.put(part, large);
  }

  synchronized @Nullable Refusal refusal(Batch part) {
    return refusals.isEmpty() ? null : refusals.get(part);
  }

  /// Once: the batch does not come again as it is.
  synchronized Outcome.@Nullable TooLarge tooLarge(Batch part) {
    return tooLarge.isEmpty() ? null : tooLarge.remove(part);
  }

  synchronized boolean isEmpty() {
    return refusals.isEmpty() && tooLarge.isEmpty() && suspects.isEmpty();
  }

  /// It does not come again.
  synchronized void forget(Batch part) {
    refusals.remove(part);
    tooLarge.remove(part);
    suspects.remove(part);
  }
}
