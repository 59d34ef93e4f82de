package dev.pannier.shippers.kafka;

import dev.pannier.shippers.DeadLetter;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Splitter;
import java.util.BitSet;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/// Dead letters of a transactional shipper: messages in the transaction that holds the rest of their batch, a
/// letter a record. What brokers say of a letter is kept apart from what they say of the record itself, and is
/// told as that is, when the batch comes again: a letter that is refused, too, is lost, one that is too
/// large is cut.
///
/// Thread-safe.
final class Letters {
  /// No topic is made for less; a letter that is still too large then will never fit.
  private static final int SMALLEST_BYTES = 256;

  private final String topic;
  private final String shipper;
  private final Limits limits;
  private final Verdicts verdicts = new Verdicts();

  /// How large a letter of a part may be, where brokers have refused a larger one. Guarded by this.
  private final IdentityHashMap<Batch, Integer> largest = new IdentityHashMap<>();

  Letters(String topic, String shipper, Limits limits) {
    this.topic = topic;
    this.shipper = shipper;
    this.limits = limits;
  }

  String topic() {
    return topic;
  }

  /// What is known of letters, by the part and the records that they are of.
  Verdicts verdicts() {
    return verdicts;
  }

  /// The records of a part that were refused and are in no letter, since that was refused, too.
  BitSet lost(Batch part) {
    Refusals refused = verdicts.refused(part);
    return refused == null ? new BitSet() : refused.records();
  }

  record Letter(Message message, boolean isCut) {}

  /// A letter, cut where it has to be.
  ///
  /// @param alone the record alone, or all of the part where they cannot be told apart
  /// @return null where it cannot be made to fit
  @Nullable Letter letter(Batch part, int record, Batch alone, String reason, String place) {
    int limit = Math.min(limits.clientBytes(), largest(part));
    int index = alone.records() == part.records() ? Message.SEVERAL : record;
    Batch letter = alone;
    boolean isCut = false;
    while (true) {
      Message message =
          DeadLetterTopic.message(topic, new DeadLetter(letter, reason, shipper, place), index);
      if (message.size() <= limit) {
        return new Letter(message, isCut);
      }
      int cutTo = Math.min(limit - message.overhead(), letter.length() - 1);
      Batch cut =
          cutTo < SMALLEST_BYTES || letter.records() != 1 ? null : Splitter.truncate(letter, cutTo);
      if (cut == null) {
        return null;
      }
      letter = cut;
      isCut = true;
    }
  }

  private synchronized int largest(Batch part) {
    return largest.getOrDefault(part, Integer.MAX_VALUE);
  }

  /// A letter of the part was refused as too large.
  ///
  /// @param learnt what is worth trying
  synchronized void isTooLarge(Batch part, int size, int learnt) {
    largest.merge(part, learnt < size ? learnt : size / 2, Math::min);
  }

  synchronized boolean isEmpty() {
    return largest.isEmpty() && verdicts.isEmpty();
  }

  /// It does not come again.
  synchronized void forget(Batch part) {
    largest.remove(part);
    verdicts.forget(part);
  }
}
