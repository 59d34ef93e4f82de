package dev.pannier.shippers;

import dev.pannier.shippers.batch.Batch;
import java.time.Duration;
import java.util.function.Consumer;

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

  /// Sends what was accepted for sending within `timeout`, then lets go of everything. Idempotent.
  void close(Duration timeout);
}
