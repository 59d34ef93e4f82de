package dev.pannier.shippers;

import dev.pannier.shippers.batch.Batch;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Ships batches to one destination. One thread calls `connect`, `ship` and `close`; outcomes may
/// come from any other. Batches with the same [Batch#key()] reach the destination in the order of
/// the calls as long as every outcome is [Outcome.Accepted].
public interface Shipper {
  /// Reaches the destination without sending a record: opens connections, asks for topics, logs in.
  /// Blocks for a few seconds at most. `Accepted` when the destination answers; `Retryable` or
  /// `Permanent` with a line that says what to do. It is called until it succeeds before the first
  /// `ship`, and may be called again after failures.
  Outcome connect();

  /// One attempt. May block while the client's own buffers are full. `outcome` is called exactly
  /// once, also when the shipper is closed meanwhile; it must not block. The batch's bytes are not
  /// read after that.
  void ship(Batch batch, Consumer<Outcome> outcome);

  /// Whether a batch may be shipped while an earlier one of this key is in flight: should the earlier
  /// fail, this one does not overtake it, and is stored once. Called by the thread that ships.
  default boolean pipelines(String key) {
    return false;
  }

  /// Where in the destination a batch with one record goes (a topic); empty where there is only one
  /// place. Called by the thread that ships.
  default String place(Batch batch) {
    return "";
  }

  /// Nothing more is at hand: what was shipped need not wait for company. Does not block. Called by the
  /// thread that ships.
  default void flush() {}

  /// Which part of the destination (a topic) is missing while the rest works, and what to do about
  /// it, in one line without secrets; empty if none is. Thread-safe.
  default String missing() {
    return "";
  }

  /// The caller has taken every outcome so far, and what it ships next is in order again. A shipper
  /// that keeps order over several batches in flight answers `Retryable` from a failure on until
  /// this call: only the caller knows when it has seen the failure.
  default void resume() {}

  /// Whether it stores batches together with what they are of, in transactions: then it takes batches
  /// by [#shipWhole], keeps their order by itself, and needs [#doWork].
  default boolean isTransactional() {
    return false;
  }

  /// Whether anything can be shipped now: false while [#doWork] settles what has become of an
  /// earlier transaction, where what is asked of it nevertheless is answered `Retryable`, or is to end one that has all that it
  /// should hold.
  default boolean isReady() {
    return true;
  }

  /// As [#ship], for a transactional shipper: all parts of a batch in one transaction, with where the
  /// batch comes from. One outcome for all of them, which is told when the transaction has ended.
  /// `Retryable` and `Missing` are of all records; those of `TooLarge` are counted through all parts,
  /// and name the records of the parts that are too large.
  ///
  /// @param parts in order; each has the batch's positions
  default void shipWhole(List<Batch> parts, Origin origin, Consumer<Outcome> outcome) {
    throw new UnsupportedOperationException("not transactional");
  }

  /// Whether a transactional shipper keeps what is refused for good by itself, as dead letters in the
  /// transaction that holds the rest.
  default boolean buries() {
    return false;
  }

  /// Of a shipper that [#buries]: all records of a part are dead letters when it is shipped again.
  default void bury(Batch part, String reason) {
    throw new UnsupportedOperationException("no dead letters");
  }

  /// A batch without records had its turn: what it is of is stored with the next that has any.
  default void passed(Batch batch, Origin origin) {}

  /// What the destination held of this sidecar's records at the last [#connect] that succeeded.
  default Committed committed() {
    return Committed.NOTHING;
  }

  /// Whether a transaction of the shipper that was here before was the last one to be committed, by what the destination held at the
  /// first [#connect] that succeeded. To be asked before anything is shipped.
  default boolean hasCommitted(Doubt doubt) {
    return false;
  }

  /// The only file generations of which positions are needed from now on. Thread-safe.
  default void retain(Set<Long> generations) {}

  /// What has to be done without a call of its own: transactions end here, by time or size. Called
  /// each round by the thread that ships.
  ///
  /// @param open the numbers of the batches in the disk buffer's log that come before what was
  ///     shipped last and were not shipped yet, ascending
  /// @return 0 if there was nothing to do; then there is nothing for [#waitNanos]
  default int doWork(long nowNanos, Supplier<long[]> open) {
    return 0;
  }

  default long waitNanos(long nowNanos) {
    return Long.MAX_VALUE;
  }

  /// Sends what was accepted for sending within `timeout`, then lets go of everything. Idempotent.
  void close(Duration timeout);
}
