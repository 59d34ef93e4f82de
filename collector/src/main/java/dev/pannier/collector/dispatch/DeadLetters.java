package dev.pannier.collector.dispatch;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.DeadLetter;
import dev.pannier.shippers.DeadLetterBox;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.SingleRecords;
import dev.pannier.shippers.batch.Splitter;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Records that a destination has refused for good, on their way to the dead letter box: a letter a
/// record, one after the other. A letter is tried until it is stored, like any shipment; a batch is
/// done when its letters are. Meanwhile the others go on: up to [#MAX_ASIDE] batches wait here for
/// nothing but their letters; more of them wait in the dispatcher's window, and hold it up, since
/// nothing is dropped.
///
/// A letter that is too large for the box is cut, as its record would have been; one that cannot be cut
/// or that the box refuses for good is rejected, told and counted.
///
/// One thread, but for [#trouble].
final class DeadLetters {
  static final int MAX_ASIDE = 16;

  static final String TOLD = "records refused for good are dead letters";

  /// A box that fails for less is no trouble yet.
  private static final long TROUBLE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);

  /// Records of one shipment that were refused for one reason.
  private static final class Bundle {
    final Shipment shipment;
    final Batch batch;
    final String reason;

    /// Records that are stored, or rejected.
    int done;

    /// The letter that is in flight or goes next; null where it has to be made.
    @Nullable Batch letter;

    boolean isCut;

    /// Null before the first letter.
    private @Nullable SingleRecords records;

    Bundle(Shipment shipment, Batch batch, String reason) {
      this.shipment = shipment;
      this.batch = batch;
      this.reason = reason;
    }

    /// What of it is a copy that somebody has to account for.
    long heldBytes() {
      long copied = batch.bytes() == shipment.entry().batch().bytes() ? 0 : batch.length();
      return records == null ? copied : copied + records.heldBytes();
    }

    /// The next record alone; several where they cannot be told apart.
    Batch next() {
      SingleRecords all = records == null ? new SingleRecords(batch) : records;
      records = all;
      Batch next = all.next();
      return next == null ? batch : next;
    }
  }

  private final String shipper;
  private final DeadLetterBox box;
  private final Function<Batch, String> place;
  private final Cursor cursor;
  private final Backoff backoff;
  private final Runnable onAnswer;
  private final LongAdder stored;
  private final LongAdder truncated;
  private final MergedWarning letters;
  private final MergedWarning failures;
  private final MergedWarning rejections;
  private final ArrayDeque<Bundle> bundles = new ArrayDeque<>();
  private final Set<Shipment> aside = new LinkedHashSet<>();
  private final Queue<Outcome> answers = new ConcurrentLinkedQueue<>();
  private boolean inFlight;
  private int failed;
  private long failingSinceNanos;
  private long pausedUntilNanos;
  private boolean hurries;
  private volatile @Nullable String trouble;

  /// @param place    where in the destination a batch with one record was to go
  /// @param onAnswer called, from any thread, when there is work
  DeadLetters(
      DeadLetterBox box,
      Function<Batch, String> place,
      Cursor cursor,
      Metrics metrics,
      RandomGenerator random,
      Runnable onAnswer) {
    this.shipper = cursor.shipper();
    this.box = box;
    this.place = place;
    this.cursor = cursor;
    this.backoff = new Backoff(random);
    this.onAnswer = onAnswer;
    this.stored = metrics.adder(Counter.SHIPPER_DEAD_LETTERS, shipper);
    this.truncated = metrics.adder(Counter.SHIPPER_TRUNCATED, shipper);
    this.letters = new MergedWarning(LOG, shipper, TOLD);
    this.failures = new MergedWarning(LOG, shipper, "dead letters were not stored, tried again");
    this.rejections = new MergedWarning(LOG, shipper, "dead letters were refused, too");
  }

  /// Takes over records that were refused: the shipment is not done before they are.
  void add(long nowNanos, Shipment shipment, Batch refused, String reason) {
    Bundle bundle = new Bundle(shipment, refused, reason);
    shipment.letterOpened();
    cursor.hold(bundle.heldBytes());
    bundles.add(bundle);
    letters.add(
        nowNanos, refused.records(), "from " + shipment.entry().batch().source() + ": " + reason);
  }

  /// Puts a shipment aside that waits for its letters alone.
  ///
  /// @return false where too many are
  boolean putAside(Shipment shipment) {
    return aside.size() < MAX_ASIDE && aside.add(shipment);
  }

  /// Takes a shipment that was put aside and is done.
  @Nullable Shipment poll() {
    for (Shipment shipment : aside) {
      if (shipment.done()) {
        aside.remove(shipment);
        return shipment;
      }
    }
    return null;
  }

  boolean isEmpty() {
    return bundles.isEmpty() && aside.isEmpty();
  }

  /// Gives back the shipments that wait here, with the records of which no letter is stored as parts that go
  /// to the destination once more, which refuses them as before. After [#close].
  Set<Shipment> takeAll() {
    Set<Shipment> all = new LinkedHashSet<>(aside);
    for (Bundle bundle : bundles) {
      Shipment shipment = bundle.shipment;
      long before = shipment.copiedBytes() + bundle.heldBytes();
      shipment.letterBack(rest(bundle));
      cursor.hold(shipment.copiedBytes() - before);
      all.add(shipment);
    }
    aside.clear();
    bundles.clear();
    return all;
  }

  private static Batch rest(Bundle bundle) {
    if (bundle.done == 0) {
      return bundle.batch;
    }
    BitSet left = new BitSet();
    left.set(bundle.done, bundle.batch.records());
    Batch rest = Splitter.select(bundle.batch, left);
    return rest == null ? bundle.batch : rest;
  }

  /// One round.
  int doWork(long nowNanos) {
    int work = takeAnswers(nowNanos);
    if (!inFlight && !bundles.isEmpty() && pauseNanos(nowNanos) == 0) {
      send(bundles.getFirst());
      work++;
    }
    letters.tick(nowNanos);
    failures.tick(nowNanos);
    rejections.tick(nowNanos);
    return work;
  }

  private int takeAnswers(long nowNanos) {
    int taken = 0;
    for (Outcome outcome = answers.poll(); outcome != null; outcome = answers.poll()) {
      inFlight = false;
      answered(nowNanos, bundles.getFirst(), outcome);
      taken++;
    }
    return taken;
  }

  /// For how long there is nothing to do, unless an answer comes.
  long waitNanos(long nowNanos) {
    return inFlight || bundles.isEmpty() ? Long.MAX_VALUE : pauseNanos(nowNanos);
  }

  private long pauseNanos(long nowNanos) {
    return failed == 0 ? 0 : Math.max(0, pausedUntilNanos - nowNanos);
  }

  private void send(Bundle bundle) {
    Batch letter = bundle.letter;
    if (letter == null) {
      long before = bundle.heldBytes();
      letter = bundle.next();
      cursor.hold(bundle.heldBytes() - before);
      bundle.letter = letter;
    }
    inFlight = true;
    boolean[] told = {false};
    try {
      box.put(
          new DeadLetter(letter, bundle.reason, shipper, place.apply(letter)),
          outcome -> {
            synchronized (told) {
              if (told[0]) {
                return;
              }
              told[0] = true;
            }
            answers.add(outcome);
            onAnswer.run();
          });
    } catch (RuntimeException e) {
      LOG.error("shipper {}: a dead letter failed unexpectedly", shipper, e);
      synchronized (told) {
        if (!told[0]) {
          told[0] = true;
          answers.add(new Outcome.Retryable("failed unexpectedly: " + e, 0, null));
        }
      }
    }
  }

  private void answered(long nowNanos, Bundle bundle, Outcome outcome) {
    Batch letter = bundle.letter == null ? bundle.batch : bundle.letter;
    switch (outcome) {
      case Outcome.Accepted _ -> {
        stored.add(letter.records());
        bundle.shipment.letterStored(letter.records());
        next(bundle, letter);
      }
      case Outcome.Retryable retry -> again(nowNanos, retry.reason(), retry.retryAfterNanos());
      case Outcome.Missing missing -> again(nowNanos, missing.reason(), 0);
      case Outcome.TooLarge tooLarge -> smaller(nowNanos, bundle, letter, tooLarge);
      case Outcome.PartlyAccepted partly -> reject(nowNanos, bundle, letter, partly.reason());
      case Outcome.Permanent permanent -> reject(nowNanos, bundle, letter, permanent.reason());
    }
  }

  private void again(long nowNanos, String reason, long askedNanos) {
    if (failed == 0) {
      failingSinceNanos = nowNanos;
    }
    failed++;
    if (nowNanos - failingSinceNanos >= TROUBLE_NANOS) {
      trouble = "dead letters cannot be stored: " + reason;
    }
    failures.add(nowNanos, 1, reason);
    long wait = backoff.waitNanos(failed, askedNanos);
    pausedUntilNanos =
        nowNanos + (hurries ? Math.min(wait, Dispatcher.LONGEST_WAIT_DRAINING_NANOS) : wait);
  }

  private void smaller(long nowNanos, Bundle bundle, Batch letter, Outcome.TooLarge tooLarge) {
    Batch cut = letter.records() == 1 ? Pieces.cut(letter, tooLarge.limitBytes()) : null;
    if (cut == null) {
      reject(nowNanos, bundle, letter, tooLarge.reason());
      return;
    }
    if (!bundle.isCut) {
      truncated.increment();
    }
    bundle.isCut = true;
    bundle.letter = cut;
  }

  private void reject(long nowNanos, Bundle bundle, Batch letter, String reason) {
    rejections.add(nowNanos, letter.records(), reason);
    bundle.shipment.reject(letter.records(), bundle.reason);
    next(bundle, letter);
  }

  private void next(Bundle bundle, Batch letter) {
    failed = 0;
    trouble = null;
    bundle.done += letter.records();
    bundle.letter = null;
    bundle.isCut = false;
    if (bundle.done >= bundle.batch.records()) {
      bundles.removeFirst();
      cursor.hold(-bundle.heldBytes());
      bundle.shipment.letterClosed();
    }
  }

  /// From now on, while draining, no wait is longer.
  void hurry(long nowNanos) {
    hurries = true;
    long longest = nowNanos + Dispatcher.LONGEST_WAIT_DRAINING_NANOS;
    if (pausedUntilNanos - longest > 0) {
      pausedUntilNanos = longest;
    }
  }

  /// What keeps letters from being stored; null while nothing does. Any thread.
  @Nullable String trouble() {
    return trouble;
  }

  /// Takes what has been answered so far, and sends no more.
  void close(long nowNanos) {
    takeAnswers(nowNanos);
    letters.flush(nowNanos);
    failures.flush(nowNanos);
    rejections.flush(nowNanos);
    box.close();
  }
}
