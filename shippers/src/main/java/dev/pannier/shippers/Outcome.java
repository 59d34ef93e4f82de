package dev.pannier.shippers;

import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What came of one attempt to ship a batch. Reasons are for people and carry no secret.
public sealed interface Outcome {
  /// The destination has confirmed every record.
  record Accepted() implements Outcome {}

  /// The destination has taken the batch but refused some of its records for good; they are not
  /// sent again.
  ///
  /// @param rejected 0 for a warning alone: every record was taken
  /// @param refused  those that were refused; empty where the destination only says how many
  /// @param deadLettered how many others were refused and are kept as dead letters, by a shipper that
  ///     [Shipper#buries]
  /// @param truncated    how many of these letters were cut to fit
  record PartlyAccepted(
      long rejected, String reason, List<Refusal> refused, long deadLettered, long truncated)
      implements Outcome {
    public PartlyAccepted(long rejected, String reason, List<Refusal> refused, long deadLettered) {
      this(rejected, reason, refused, deadLettered, 0);
    }

    public PartlyAccepted(long rejected, String reason, @Nullable BitSet refused) {
      this(
          rejected, reason, refused == null ? List.of() : List.of(new Refusal(refused, reason)), 0);
    }

    public PartlyAccepted(long rejected, String reason) {
      this(rejected, reason, List.of(), 0);
    }
  }

  /// It may work later.
  ///
  /// @param retryAfterNanos how long the destination asked to wait; 0 where it said nothing
  /// @param unconfirmed     the indexes of the records that have to be sent again, where others
  ///     were confirmed or refused; null for all
  /// @param untouched   whether the destination has surely stored none of them: it said so, or was
  ///     not reached. Otherwise the answer may have been lost, and they may be there
  /// @param learnt      whether the next attempt goes otherwise, since something was learnt of them or of others that
  ///     were on their way: it need not wait, and the destination has not failed
  /// @param refused     others that were refused for good, and are not sent again
  /// @param doubt       the transaction that has them if it was committed, from a shipper that is closed and never knew; null where
  ///     there is none
  record Retryable(
      String reason,
      long retryAfterNanos,
      @Nullable BitSet unconfirmed,
      boolean untouched,
      boolean learnt,
      List<Refusal> refused,
      @Nullable Doubt doubt)
      implements Outcome {
    public Retryable(String reason, long retryAfterNanos, @Nullable BitSet unconfirmed) {
      this(reason, retryAfterNanos, unconfirmed, false, false, List.of(), null);
    }

    public Retryable asUntouched() {
      return new Retryable(reason, retryAfterNanos, unconfirmed, true, learnt, refused, doubt);
    }

    /// @param isLearnt whether the next attempt goes otherwise
    public Retryable asLearnt(boolean isLearnt) {
      return new Retryable(
          reason, retryAfterNanos, unconfirmed, untouched, isLearnt, refused, doubt);
    }

    public Retryable withRefused(List<Refusal> others) {
      return new Retryable(reason, retryAfterNanos, unconfirmed, untouched, learnt, others, doubt);
    }

    public Retryable inDoubt(@Nullable Doubt of) {
      return new Retryable(reason, retryAfterNanos, unconfirmed, untouched, learnt, refused, of);
    }
  }

  /// The part of the destination where these records go (a topic) is missing; batches that go
  /// elsewhere are not concerned. It may be there later.
  ///
  /// @param reason      what is missing, in the same words for all that waits for it: one of these is tried for all
  /// @param unconfirmed the indexes of the records that have to be sent again, where others
  ///     were confirmed or refused; null for all
  /// @param refused     others that were refused for good, and are not sent again
  record Missing(String reason, @Nullable BitSet unconfirmed, List<Refusal> refused)
      implements Outcome {
    public Missing(String reason, @Nullable BitSet unconfirmed) {
      this(reason, unconfirmed, List.of());
    }
  }

  /// Larger than the destination takes. The caller splits by records, or truncates a single record,
  /// and sends again.
  ///
  /// @param limitBytes  the limit for one message, 0 where it is not known
  /// @param unconfirmed the indexes of the records that have to be sent again, where others
  ///     were confirmed or refused; null for all
  /// @param refused     others that were refused for good, and are not sent again
  record TooLarge(
      int limitBytes, String reason, @Nullable BitSet unconfirmed, List<Refusal> refused)
      implements Outcome {
    public TooLarge(int limitBytes, String reason, @Nullable BitSet unconfirmed) {
      this(limitBytes, reason, unconfirmed, List.of());
    }
  }

  /// It will never work for this batch: it is rejected whole.
  record Permanent(String reason) implements Outcome {}

  Outcome ACCEPTED = new Accepted();
}
