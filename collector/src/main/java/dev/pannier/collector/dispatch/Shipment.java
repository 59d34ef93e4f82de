package dev.pannier.collector.dispatch;

import dev.pannier.collector.buffer.Entry;
import dev.pannier.collector.buffer.Settlement;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// One batch on its way through a dispatcher: what of it is not confirmed, in parts once it was
/// split. Parts go one after the other.
final class Shipment {
  private final Entry entry;
  private final Deque<Batch> parts = new ArrayDeque<>();
  private boolean inFlight;
  private boolean divided;
  private boolean partIsCut;
  private boolean touched;
  private boolean touchedBefore;
  private int failures;
  private long parkedUntilNanos;
  private long rejected;
  private int openLetters;
  private long deadLettered;
  private String reason = "";

  Shipment(Entry entry) {
    this.entry = entry;
    if (entry.batch().records() > 0) {
      parts.add(entry.batch());
    }
  }

  Entry entry() {
    return entry;
  }

  String key() {
    return entry.batch().key();
  }

  Signal signal() {
    return entry.batch().signal();
  }

  /// What is in flight, or goes next.
  Batch part() {
    return parts.getFirst();
  }

  /// Whether nothing of it is left to do.
  boolean done() {
    return parts.isEmpty() && openLetters == 0;
  }

  /// Whether nothing of it goes to the destination any more.
  boolean isPast() {
    return parts.isEmpty();
  }

  /// Whether the destination has surely stored none of it, and no attempt is under way.
  boolean isUntouched() {
    return !touched && !inFlight && parts.size() == 1 && copiedBytes() == 0;
  }

  boolean waiting() {
    return !inFlight && !parts.isEmpty();
  }

  /// Whether all of it has been handed to the shipper, once.
  boolean wholeInFlight() {
    return inFlight && !divided && failures == 0;
  }

  void sent() {
    inFlight = true;
    touchedBefore = touched;
    touched = true;
  }

  /// The last attempt has surely stored nothing.
  void spared() {
    touched = touchedBefore;
  }

  /// The part in flight is settled: its records were confirmed, or refused.
  void settled(long rejectedRecords, String why) {
    inFlight = false;
    partIsCut = false;
    failures = 0;
    parts.removeFirst();
    if (rejectedRecords > 0) {
      rejected += rejectedRecords;
      reason = why;
    }
  }

  /// The part in flight failed, and `again` is what of it has to be sent.
  ///
  /// @return how often it has failed in a row
  int failed(Batch again) {
    inFlight = false;
    parts.removeFirst();
    parts.addFirst(again);
    failures++;
    return failures;
  }

  /// The part in flight could not go where it has to go, and `again` is what of it waits.
  void parked(Batch again, long untilNanos) {
    inFlight = false;
    parts.removeFirst();
    parts.addFirst(again);
    parkedUntilNanos = untilNanos;
  }

  /// While it is parked: when to try again.
  long parkedUntilNanos() {
    return parkedUntilNanos;
  }

  /// The part in flight is too large, and goes as these instead: several, or one that was cut.
  void divide(List<Batch> smaller, boolean cut) {
    inFlight = false;
    divided = true;
    parts.removeFirst();
    for (Batch piece : smaller.reversed()) {
      parts.addFirst(piece);
    }
    partIsCut = cut;
  }

  /// Whether the part in flight is a record that was cut.
  boolean partIsCut() {
    return partIsCut;
  }

  /// Bytes of the parts that are copies.
  long copiedBytes() {
    long copied = 0;
    for (Batch part : parts) {
      if (part.bytes() != entry.batch().bytes()) {
        copied += part.length();
      }
    }
    return copied;
  }

  long rejected() {
    return rejected;
  }

  /// Records of it go to the dead letters.
  void letterOpened() {
    openLetters++;
  }

  void letterStored(long records) {
    deadLettered += records;
  }

  void letterRejected(long records, String why) {
    rejected += records;
    reason = why;
  }

  void letterClosed() {
    openLetters--;
  }

  Settlement settlement() {
    return new Settlement(rejected, deadLettered, false, reason);
  }

  long shipped() {
    return entry.batch().records() - rejected - deadLettered;
  }
}
