package dev.pannier.shippers.kafka;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import java.util.BitSet;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/// What was found of batches in transactions that were aborted for it. Thread-safe.
final class Verdicts {
  private final IdentityHashMap<Batch, Refusals> refusals = new IdentityHashMap<>();
  private final IdentityHashMap<Batch, Outcome.TooLarge> tooLarge = new IdentityHashMap<>();

  /// Records of messages that were refused together with others, and have had no answer of their own since.
  private final IdentityHashMap<Batch, BitSet> suspects = new IdentityHashMap<>();

  /// Those of them that the broker has named, each with what it says of that record.
  private final IdentityHashMap<Batch, Refusals> accused = new IdentityHashMap<>();

  private static BitSet records(Batch part, Message message) {
    BitSet records = new BitSet();
    message.addTo(records, part.records());
    return records;
  }

  synchronized void refuse(Batch part, Message message, String reason) {
    refusals.computeIfAbsent(part, of -> new Refusals()).add(records(part, message), reason);
    clear(part, message);
  }

  /// All records of a part are refused.
  synchronized void refuse(Batch part, String reason) {
    BitSet records = new BitSet();
    records.set(0, part.records());
    Refusals all = new Refusals();
    all.add(records, reason);
    refusals.put(part, all);
    suspects.remove(part);
    accused.remove(part);
  }

  /// The message was refused together with others: whether it is to blame only shows where it is alone.
  synchronized void suspect(Batch part, Message message) {
    message.addTo(suspects.computeIfAbsent(part, of -> new BitSet()), part.records());
  }

  /// The broker has named it among those that it refused together.
  synchronized void accuse(Batch part, Message message, String reason) {
    accused.computeIfAbsent(part, of -> new Refusals()).add(records(part, message), reason);
  }

  /// It has not, after all.
  synchronized void acquit(Batch part, Message message) {
    Refusals named = accused.get(part);
    if (named != null) {
      named.remove(records(part, message));
    }
  }

  /// A message that was alone was refused for good in these words: so is what was accused in the same.
  synchronized void believe(String reason) {
    accused.forEach(
        (part, named) -> {
          BitSet records = named.of(reason);
          BitSet left = suspects.get(part);
          if (left != null) {
            records.and(left);
            left.andNot(records);
            if (!records.isEmpty()) {
              refusals.computeIfAbsent(part, of -> new Refusals()).add(records, reason);
            }
          }
        });
    suspects.values().removeIf(BitSet::isEmpty);
  }

  /// The message has had an answer of its own, which holds whatever becomes of the transaction.
  synchronized void clear(Batch part, Message message) {
    BitSet left = suspects.get(part);
    if (left == null) {
      return;
    }
    left.andNot(records(part, message));
    if (left.isEmpty()) {
      suspects.remove(part);
      accused.remove(part);
    }
  }

  /// The records of messages that are each to be sent alone.
  synchronized BitSet suspects(Batch part) {
    BitSet left = suspects.get(part);
    return left == null ? new BitSet() : (BitSet) left.clone();
  }

  synchronized void isTooLarge(Batch part, Outcome.TooLarge large) {
    tooLarge.put(part, large);
  }

  /// As it is now.
  synchronized @Nullable Refusals refused(Batch part) {
    Refusals known = refusals.isEmpty() ? null : refusals.get(part);
    return known == null ? null : known.copy();
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
    accused.remove(part);
  }
}
