package dev.pannier.collector.dispatch;

import dev.pannier.collector.buffer.Entry;
import dev.pannier.collector.buffer.Settlement;
import dev.pannier.shippers.Doubt;
import dev.pannier.shippers.Origin;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One batch on its way through a dispatcher: what of it is not confirmed, in parts once it was
/// split. Parts go one after the other, or with a transactional shipper all at once.
final class Shipment {
  private final Entry entry;
  private final Deque<Batch> parts = new ArrayDeque<>();
  private boolean inFlight;
  private boolean divided;
  private boolean partIsCut;
  private boolean touched;
  private boolean touchedBefore;
  private boolean wasAside;
  private boolean wasHeld;
  private boolean goesAgain;
  private boolean triedAgain;
  private int failures;
  private long parkedUntilNanos;
  private long rejected;
  private int openLetters;
  private long deadLettered;
  private String reason = "";
  private @Nullable Doubt doubt;
  private final long log;

  /// The parts that are a record which was cut, for a transactional shipper.
  private final Set<Batch> cuts = Collections.newSetFromMap(new IdentityHashMap<>(0));

  /// @param log the buffer's, 0 for none; what is not surely in it is told by its positions
  Shipment(Entry entry, long log) {
    this.entry = entry;
    this.log = log;
    if (entry.batch().records() > 0) {
      parts.add(entry.batch());
    }
  }

  /// One that waited aside: the destination may have got a part of it before.
  static Shipment ofAside(Entry entry, long log) {
    Shipment shipment = new Shipment(entry, log);
    shipment.touched = true;
    shipment.wasAside = true;
    return shipment;
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

  Origin origin() {
    return log == 0 || !entry.hasNumber() ? Origin.MEMORY : new Origin(log, entry.sequence());
  }

  /// The destination has it already.
  ///
  /// @return false where that was known, or there was never anything to ship
  boolean skip() {
    boolean isNew = !parts.isEmpty();
    parts.clear();
    return isNew;
  }

  /// The shipper before may have committed it.
  void isInDoubt(@Nullable Doubt transaction) {
    doubt = transaction;
  }

  /// Whether it was committed is known from now on.
  ///
  /// @return the transaction that may have it; null where there is none
  @Nullable Doubt takeDoubt() {
    Doubt taken = doubt;
    doubt = null;
    return taken;
  }

  /// Whether there was never anything to ship.
  boolean hadNothing() {
    return entry.batch().records() == 0;
  }

  /// All that is in flight, or goes next, of a transactional shipper.
  List<Batch> parts() {
    return List.copyOf(parts);
  }

  /// All parts are settled.
  void settledWhole(long rejectedRecords, String why) {
    inFlight = false;
    parts.clear();
    reject(rejectedRecords, why);
  }

  /// All parts come again.
  ///
  /// @return how often they have failed in a row
  int failedWhole() {
    againWhole();
    failures++;
    return failures;
  }

  /// All parts come again, and have not failed.
  void againWhole() {
    inFlight = false;
    goesAgain = true;
  }

  /// The shipper has answered: what fails from now on does so anew.
  void parkedWhole(long untilNanos) {
    inFlight = false;
    failures = 0;
    parkedUntilNanos = untilNanos;
  }

  /// These come instead.
  ///
  /// @param rejectedRecords what cannot be made to fit
  void divideWhole(List<Batch> again, long rejectedRecords, String why) {
    inFlight = false;
    divided = true;
    parts.clear();
    parts.addAll(again);
    reject(rejectedRecords, why);
  }

  /// The only record of a part was cut.
  ///
  /// @return whether for the first time
  boolean cut(Batch part, Batch cutPart) {
    cuts.add(cutPart);
    return !cuts.contains(part);
  }

  /// Records of it are refused for good, and kept nowhere.
  void reject(long rejectedRecords, String why) {
    if (rejectedRecords > 0) {
      rejected += rejectedRecords;
      reason = why;
    }
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

  /// Whether nothing is known of it, here or by the shipper, that its bytes in the buffer do not tell.
  boolean isFresh() {
    boolean isWhole =
        parts.size() == 1
            && parts.getFirst().records() == entry.batch().records()
            && copiedBytes() == 0;
    return (isWhole || hadNothing())
        && !inFlight
        && !goesAgain
        && !divided
        && doubt == null
        && rejected == 0
        && deadLettered == 0
        && openLetters == 0;
  }

  boolean waiting() {
    return !inFlight && !parts.isEmpty();
  }

  /// Whether all of it has been handed to the shipper, once.
  boolean wholeInFlight() {
    return inFlight && !divided && !goesAgain;
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
  void settled() {
    inFlight = false;
    partIsCut = false;
    goesAgain = false;
    triedAgain = false;
    failures = 0;
    parts.removeFirst();
  }

  /// The part in flight failed, and `again` is what of it has to be sent.
  ///
  /// @return how often it has failed in a row
  int failed(Batch again) {
    again(again);
    failures++;
    return failures;
  }

  /// Of the part in flight `again` has to be sent, and has not failed.
  void again(Batch again) {
    inFlight = false;
    goesAgain = true;
    parts.removeFirst();
    parts.addFirst(again);
  }

  /// The part in flight could not go where it has to go, and `again` is what of it waits.
  void parked(Batch again, long untilNanos) {
    inFlight = false;
    triedAgain = true;
    parts.removeFirst();
    parts.addFirst(again);
    parkedUntilNanos = untilNanos;
  }

  /// It is parked here, and due now unless a later time was said.
  void held(long nowNanos) {
    wasHeld = true;
    if (parkedUntilNanos - nowNanos < 0) {
      parkedUntilNanos = nowNanos;
    }
  }

  boolean wasAside() {
    return wasAside;
  }

  boolean wasHeld() {
    return wasHeld;
  }

  /// Whether it was parked here, and nothing of it was settled since.
  boolean isTriedAgain() {
    return triedAgain;
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

  void letterClosed() {
    openLetters--;
  }

  /// Its letters are not written: the records go to the destination again.
  void letterBack(Batch records) {
    openLetters--;
    divided = true;
    parts.addLast(records);
  }

  /// It is nobody's for now, and begins anew with the next dispatcher.
  void isBack() {
    inFlight = false;
    goesAgain = false;
    triedAgain = false;
    wasHeld = false;
    failures = 0;
    partIsCut = false;
  }

  Settlement settlement() {
    return new Settlement(rejected, deadLettered, false, reason);
  }

  long shipped() {
    return entry.batch().records() - rejected - deadLettered;
  }
}
