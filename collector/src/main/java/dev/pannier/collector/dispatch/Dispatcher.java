package dev.pannier.collector.dispatch;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.Entry;
import dev.pannier.collector.buffer.Settlement;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.DeadLetterBox;
import dev.pannier.shippers.Doubt;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Refusal;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes batches from the buffer to one shipper, and owns retry. A batch is sent until the
/// destination confirms it or refuses it for good; there is no last attempt, since memory's bound
/// holds sources back meanwhile.
///
/// ```
///   buffer ── next ──▸ [ shipment  shipment  shipment ] ── ship ──▸ shipper
///             done ◂── of each key in order   ▴────────── outcome ────┘
/// ```
///
/// Order: shipments of one key never overtake one that failed. After a failure nothing new is sent,
/// what is in flight is waited for, and after the pause all that is not confirmed goes again, in the
/// order of the buffer. A shipper that keeps the order of what it has in flight
/// ([Shipper#pipelines]) has several shipments of a key in flight; any other has one.
///
/// A shipment whose part of the destination is missing is parked with those of its key behind it, while
/// the others go on, also while it is tried again ([Parked]).
///
/// What the destination refuses for good goes to the dead letters, where there are any
/// ([DeadLetters]; a transactional shipper keeps its own); while its circuit is open ([CircuitBreaker]), what waits goes to the fallback, where
/// there is one ([Fallback]).
///
/// A batch without records is done when those before it are.
///
/// A transactional shipper ([Shipper#isTransactional]) keeps order itself: batches of a key follow each
/// other, all parts of one that was split go at once, and what its destination had before this process
/// began is done without being shipped.
///
/// Long for a class of this project: what each outcome does to the shipments behind it is kept
/// together.
///
/// Another may go on where this one stops, with other settings: it stands back ([#standBack]), and what it
/// has taken and is not done with goes over as it is, with the parts that are confirmed left out
/// ([#handOver], [#takeOver]).
///
/// One thread calls everything but [#status], [#trouble], [#drain], [#drained], [#standBack], [#hasStoodBack]
/// and [#retain].
public final class Dispatcher {
  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

  /// While draining, no wait is longer: the time that is left is short.
  static final long LONGEST_WAIT_DRAINING_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// The confirmation of so little is not worth a wake-up of its own.
  static final int LITTLE_BYTES = 8 * 1024;

  /// For so long it may lie.
  static final long LONGEST_LIE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /// So many that are parked as they come are enough for a round: the disk buffer may have any number of them.
  private static final int MOST_MOVED = 64;

  private final Shipper shipper;
  private final boolean transactional;
  private final Cursor cursor;
  private final Backoff backoff;
  private final int maxInFlight;
  private final ArrayDeque<Shipment> window = new ArrayDeque<>();
  private final Queue<Attempt.Answer> answers = new ConcurrentLinkedQueue<>();
  private final LongAdder records;
  private final LongAdder bytes;
  private final LongAdder rejected;
  private final LongAdder truncated;
  private final LongAdder retries;
  private final LongAdder warned;
  private final LongAdder fellBack;
  private final LongAdder repeats;
  private final LongAdder buried;
  private final MergedWarning refusals;
  private final MergedWarning burials;
  private final MergedWarning truncations;
  private final MergedWarning warnings;
  private final Destination destination;
  private final Parked parked;
  private final boolean buriesOversize;
  private final @Nullable DeadLetters deadLetters;
  private final CircuitBreaker circuit;
  private final boolean hasCircuit;
  private final @Nullable Fallback fallback;

  private boolean paused;
  private long pausedUntilNanos;
  private int connectFailures;
  private int inFlight;
  private boolean drainSeen;

  /// What the destination had when it was reached.
  private Committed committed = Committed.NOTHING;

  /// The highest number that was taken from the buffer.
  private long lastTaken;

  private @Nullable Consumer<Committed> onCommitted;
  private volatile Runnable onAnswer = () -> {};

  /// Whether something waits for an answer of whatever kind.
  private volatile boolean awaitsAnswer = true;

  private volatile boolean draining;
  private volatile boolean drained;
  private volatile boolean standsBack;
  private volatile boolean stoodBack;
  private volatile int inFlightShown;

  /// @param maxInFlight batches handed to the shipper and not answered, at most
  /// @param random      for the jitter of waits
  public Dispatcher(
      Shipper shipper, Cursor cursor, Metrics metrics, RandomGenerator random, int maxInFlight) {
    this(shipper, cursor, metrics, random, maxInFlight, Rules.NONE);
  }

  /// @param rules what is done where the destination does not take what it is given
  public Dispatcher(
      Shipper shipper,
      Cursor cursor,
      Metrics metrics,
      RandomGenerator random,
      int maxInFlight,
      Rules rules) {
    if (maxInFlight < 1) {
      throw new IllegalArgumentException("maxInFlight < 1: " + maxInFlight);
    }
    this.shipper = shipper;
    this.transactional = shipper.isTransactional();
    if (transactional && (rules.deadLetters() != null || rules.fallback() != null)) {
      throw new IllegalArgumentException("dead letters or a fallback of a transactional shipper");
    }
    if (rules.buriesOversize() && rules.deadLetters() == null && !shipper.buries()) {
      throw new IllegalArgumentException("buriesOversize without dead letters");
    }
    this.cursor = cursor;
    this.backoff = new Backoff(random);
    this.maxInFlight = maxInFlight;
    this.records = metrics.adder(Counter.SHIPPER_RECORDS, name());
    this.bytes = metrics.adder(Counter.SHIPPER_BYTES, name());
    this.rejected = metrics.adder(Counter.SHIPPER_REJECTED, name());
    this.truncated = metrics.adder(Counter.SHIPPER_TRUNCATED, name());
    this.retries = metrics.adder(Counter.SHIPPER_RETRIES, name());
    this.warned = metrics.adder(Counter.SHIPPER_WARNINGS, name());
    this.repeats = metrics.adder(Counter.SHIPPER_REPEATS, name());
    this.buried =
        shipper.buries()
            ? metrics.adder(Counter.SHIPPER_DEAD_LETTERS, name())
            : new LongAdder(); // not shown
    this.burials = new MergedWarning(LOG, name(), DeadLetters.TOLD);
    this.refusals = new MergedWarning(LOG, name(), "records refused for good");
    this.truncations = new MergedWarning(LOG, name(), "records cut to fit");
    this.warnings = new MergedWarning(LOG, name(), "batches were taken with a warning");
    this.destination = new Destination(LOG, name());
    this.parked = new Parked(cursor);
    this.fellBack = metrics.adder(Counter.SHIPPER_FELL_BACK, name());
    this.buriesOversize = rules.buriesOversize();
    CircuitBreaker given = rules.circuit();
    this.hasCircuit = given != null;
    this.circuit = given == null ? CircuitBreaker.none(name()) : given;
    this.fallback = rules.fallback();
    DeadLetterBox box = rules.deadLetters();
    this.deadLetters =
        box == null
            ? null
            : new DeadLetters(box, shipper::place, cursor, metrics, random, this::wake);
  }

  private void wake() {
    onAnswer.run();
  }

  public String name() {
    return cursor.shipper();
  }

  /// Called, from any thread, when there is work. One listener, set before the first [#doWork].
  public void onWork(Runnable listener) {
    onAnswer = listener;
    cursor.onAppend(listener);
  }

  /// Called once by this object's thread, when the destination is reached, with what it has. One
  /// listener, set before the first [#doWork].
  public void onCommitted(Consumer<Committed> listener) {
    onCommitted = listener;
  }

  /// The only file generations of which positions are needed from now on. Thread-safe.
  public void retain(Set<Long> generations) {
    shipper.retain(generations);
  }

  /// One round.
  ///
  /// @return 0 if there was nothing to do; then nothing is to be done for [#waitNanos], unless the
  ///     listener of [#onWork] is called
  public int doWork(long nowNanos) {
    if (draining && !drainSeen) {
      drainSeen = true;
      pausedUntilNanos = nowNanos;
      if (deadLetters != null) {
        deadLetters.hurry(nowNanos);
      }
    }
    awaitsAnswer = true; // until it is known better: what comes meanwhile is not overlooked
    int work = takeAnswers(nowNanos) + takeBack();
    boolean back = standsBack;
    if (!back) {
      work += forward(nowNanos);
    }
    if (deadLetters != null) {
      work += deadLetters.doWork(nowNanos);
    }
    if (transactional) {
      work += shipper.doWork(nowNanos, this::unshipped);
    }
    work += settle() + (answers.isEmpty() ? 0 : 1);
    if (work == 0) {
      shipper.flush();
    }
    refusals.tick(nowNanos);
    burials.tick(nowNanos);
    truncations.tick(nowNanos);
    warnings.tick(nowNanos);
    destination.tick(nowNanos);
    drained = draining && cursor.openBatches() == 0;
    stoodBack = back && hasNothingUnderWay();
    awaitsAnswer = awaitsAnswer();
    return work;
  }

  private int forward(long nowNanos) {
    int work = 0;
    if (destination.isConnected()) {
      work += send(nowNanos);
    } else if (!pausing(nowNanos)) {
      circuit.halfOpen();
      connect(nowNanos);
      work++;
    }
    return work + divert(nowNanos);
  }

  private boolean hasNothingUnderWay() {
    return inFlight == 0
        && answers.isEmpty()
        && (fallback == null || fallback.isEmpty())
        && (deadLetters == null || deadLetters.isEmpty());
  }

  private boolean awaitsAnswer() {
    if (draining || standsBack || paused || !parked.isEmpty() || !destination.isConnected()) {
      return true;
    }
    if (circuit.state() != CircuitBreaker.State.CLOSED) {
      return true;
    }
    if (window.size() >= maxInFlight || !cursor.hasRoomForFiles()) {
      return true;
    }
    for (Shipment shipment : window) {
      if (!shipment.wholeInFlight()) {
        return true;
      }
    }
    return false;
  }

  /// An answer was added to those that wait. At a low rate each line is a batch, and the
  /// confirmation of one from a file, which nobody waits for, would be half of the thread's
  /// wake-ups: it is taken with the next batch, or after a tenth of a second. From any thread.
  void answerCame(Shipment shipment, Outcome outcome) {
    Entry entry = shipment.entry();
    if (awaitsAnswer
        || !(outcome instanceof Outcome.Accepted)
        || !entry.fromFile()
        || entry.batch().length() > LITTLE_BYTES) {
      onAnswer.run();
    }
  }

  /// For how long there is nothing to do after a [#doWork] that returned 0.
  public long waitNanos(long nowNanos) {
    long destinationWait = standsBack ? Long.MAX_VALUE : waitForDestinationNanos(nowNanos);
    long wait = Math.min(destinationWait, shipper.waitNanos(nowNanos));
    return deadLetters == null ? wait : Math.min(wait, deadLetters.waitNanos(nowNanos));
  }

  private long waitForDestinationNanos(long nowNanos) {
    if (!destination.isConnected() || (paused && inFlight == 0)) {
      return Math.max(0, pausedUntilNanos - nowNanos);
    }
    if (paused || window.size() >= maxInFlight) {
      return Long.MAX_VALUE;
    }
    // What is due waits for the shipper, which says itself when it goes on, or for what is tried.
    long wait =
        shipper.isReady() ? parked.waitNanos(nowNanos, triesHeld(), takesAside()) : Long.MAX_VALUE;
    return inFlight > 0 ? Math.min(LONGEST_LIE_NANOS, wait) : wait;
  }

  /// From now on waits are short: what the buffer holds has to leave soon.
  public void drain() {
    draining = true;
    onAnswer.run();
  }

  /// Whether nothing was left in the last round after [#drain].
  public boolean drained() {
    return drained;
  }

  /// From now on nothing is taken and nothing is sent; what is under way is waited for.
  public void standBack() {
    standsBack = true;
    onAnswer.run();
  }

  /// Whether nothing was under way in the last round after [#standBack].
  public boolean hasStoodBack() {
    return stoodBack;
  }

  /// Closes the shipper, and gives up what is not done to whoever comes next: [#takeOver]. Of what is under
  /// way then nobody knows whether it was stored; it comes again, unless the next shipper finds it committed.
  ///
  /// @param timeout for what the shipper has accepted
  Unfinished handOver(long nowNanos, Duration timeout) {
    closeShipper(timeout);
    takeAnswers(nowNanos);
    takeBack();
    // Of one that waits for its letters, other records may be in flight, or parked.
    Set<Shipment> all = new LinkedHashSet<>();
    if (deadLetters != null) {
      deadLetters.close(nowNanos);
      all.addAll(deadLetters.takeAll());
    }
    settle();
    all.addAll(window);
    window.clear();
    all.addAll(parked.takeAll());
    if (fallback != null) {
      for (Entry entry : fallback.takeAll()) {
        cursor.returned(entry);
        all.add(new Shipment(entry, cursor.log()));
      }
    }
    flushLogs(nowNanos);
    destination.closed(nowNanos);
    List<Shipment> left = new ArrayList<>(all);
    left.sort(Comparator.comparingLong(shipment -> shipment.entry().sequence()));
    left.forEach(Shipment::isBack);
    return new Unfinished(cursor, left, this::settle);
  }

  /// Goes on with what another has left. Before the first [#doWork].
  public void takeOver(Unfinished left) {
    for (Shipment shipment : left.shipments()) {
      window.add(shipment);
      lastTaken = Math.max(lastTaken, shipment.entry().sequence());
    }
  }

  /// Closes the shipper, and says what was not delivered.
  ///
  /// @param timeout for what the shipper has accepted
  /// @return the records that are not confirmed
  public long close(long nowNanos, Duration timeout) {
    closeShipper(timeout);
    takeAnswers(nowNanos);
    takeBack();
    if (deadLetters != null) {
      deadLetters.close(nowNanos);
    }
    settle();
    flushLogs(nowNanos);
    destination.closed(nowNanos);
    long left = cursor.openRecords();
    if (left > 0) {
      // What a fallback was lent, the log has for its shipper, which says so.
      long kept = left - cursor.unkeptRecords();
      LOG.warn(
          "shipper {}: {} records were not confirmed before the end ({}what was read from files is"
              + " read again): {}",
          name(),
          left,
          kept == 0
              ? ""
              : "the disk buffer has " + kept + " of them for the next start; of the others, ",
          destination.lastError().isEmpty() ? "out of time" : destination.lastError());
    }
    return left;
  }

  private void closeShipper(Duration timeout) {
    try {
      shipper.close(timeout);
    } catch (RuntimeException e) {
      LOG.warn("shipper {}: it could not be closed properly", name(), e);
    }
  }

  private void flushLogs(long nowNanos) {
    refusals.flush(nowNanos);
    burials.flush(nowNanos);
    truncations.flush(nowNanos);
    warnings.flush(nowNanos);
  }

  public ShipperStatus status(long nowNanos) {
    String missing = shipper.missing();
    return new ShipperStatus(
        name(),
        destination.state(),
        records.sum(),
        inFlightShown,
        cursor.openRecords(),
        missing.isEmpty() ? destination.lastError() : missing,
        destination.failingSeconds(nowNanos),
        hasCircuit
            ? new ShipperStatus.Circuit(
                circuit.state(),
                circuit.reason(),
                circuit.openings(),
                fallback == null ? "" : fallback.name())
            : null);
  }

  /// What keeps the destination from being ready, in one line; null if nothing does.
  public @Nullable String trouble(long nowNanos) {
    String trouble = destination.trouble(nowNanos);
    if (trouble != null) {
      return trouble;
    }
    String missing = shipper.missing();
    String letters = deadLetters == null ? null : deadLetters.trouble();
    String first = missing.isEmpty() ? letters : missing;
    return first == null ? null : "shipper " + name() + ": " + first;
  }

  /// Whether so many requests of a signal wait for a missing part of the destination that no more
  /// should come. Thread-safe.
  public boolean refuses(Signal signal) {
    return parked.isFull(signal);
  }

  private void connect(long nowNanos) {
    Outcome outcome;
    try {
      outcome = shipper.connect();
    } catch (RuntimeException e) {
      LOG.error("shipper {}: connecting failed unexpectedly", name(), e);
      outcome = new Outcome.Retryable("connecting failed: " + e, 0, null);
    }
    if (outcome instanceof Outcome.Accepted) {
      // A switch over types makes classes when it is first run: a start that goes well needs none.
      reached(nowNanos);
      return;
    }
    switch (outcome) {
      case Outcome.Accepted _, Outcome.PartlyAccepted _ -> reached(nowNanos);
      case Outcome.Retryable retry ->
          connectFailed(nowNanos, retry.reason(), retry.retryAfterNanos());
      case Outcome.Missing missing -> connectFailed(nowNanos, missing.reason(), 0);
      case Outcome.TooLarge tooLarge -> connectFailed(nowNanos, tooLarge.reason(), 0);
      case Outcome.Permanent permanent -> connectFailed(nowNanos, permanent.reason(), 0);
    }
  }

  private void reached(long nowNanos) {
    destination.succeeded(nowNanos);
    if (transactional) {
      committed = shipper.committed();
      for (Shipment takenOver : window) {
        long before = takenOver.copiedBytes();
        skipCommitted(nowNanos, takenOver);
        cursor.hold(takenOver.copiedBytes() - before);
      }
      if (onCommitted != null) {
        onCommitted.accept(committed);
      }
    }
  }

  private void connectFailed(long nowNanos, String reason, long askedNanos) {
    // Also what looks permanent (a topic that is missing, a login that is refused) may heal.
    connectFailures++;
    destination.failed(nowNanos, reason);
    circuit.failed(nowNanos, reason);
    pause(nowNanos, backoff.waitNanos(connectFailures, askedNanos));
  }

  private int send(long nowNanos) {
    if (paused) {
      if (inFlight > 0 || pausing(nowNanos)) {
        return 0;
      }
      paused = false;
      circuit.halfOpen();
    }
    if (!shipper.isReady()) {
      return 0;
    }
    if (inFlight == 0) {
      shipper.resume();
    }
    int sent = fill(nowNanos);
    if (!anyWaits()) {
      return sent;
    }
    for (Shipment shipment : List.copyOf(window)) {
      // What was taken after that may be for other settings.
      if (standsBack || !shipper.isReady() || (isTrying() && inFlight > 0)) {
        break;
      }
      // It may have been parked meanwhile.
      if (shipment.waiting() && window.contains(shipment) && !blocked(shipment)) {
        ship(shipment);
        sent++;
        takeAnswers(nowNanos);
        if (paused) {
          break;
        }
      }
    }
    return sent;
  }

  private boolean anyWaits() {
    for (Shipment shipment : window) {
      if (shipment.waiting()) {
        return true;
      }
    }
    return false;
  }

  /// Whether one batch is to show if the destination takes any again.
  private boolean isTrying() {
    return circuit.state() == CircuitBreaker.State.HALF_OPEN;
  }

  /// Hands over what waits while the circuit is open, in the order of the buffer. Not before the
  /// answers of all that was in flight when it opened: what of it was turned away comes first.
  private int divert(long nowNanos) {
    if (fallback == null
        || circuit.state() == CircuitBreaker.State.CLOSED
        || (inFlight > 0 && !isTrying())) {
      return 0;
    }
    int diverted = 0;
    for (Shipment shipment : List.copyOf(window)) {
      if (hasRoom(fallback) && shipment.isUntouched()) {
        window.remove(shipment);
        lend(fallback, shipment.entry());
        diverted++;
      }
    }
    while (hasRoom(fallback) && diverted < MOST_MOVED) {
      Entry entry = cursor.next();
      if (entry == null) {
        break;
      }
      Shipment shipment = new Shipment(entry, cursor.log());
      if (shipment.done()) {
        cursor.done(entry, Settlement.SHIPPED);
      } else if (parked.holdsBack(shipment)) {
        parked.add(nowNanos, shipment, null);
      } else {
        lend(fallback, entry);
      }
      diverted++;
    }
    return diverted;
  }

  private boolean hasRoom(Fallback other) {
    return other.hasRoom() && cursor.mayLend();
  }

  private void lend(Fallback to, Entry entry) {
    cursor.lent(entry);
    to.take(entry, this::wake);
  }

  /// Tells the buffer of what the fallback is done with.
  private int takeBack() {
    int taken = 0;
    if (fallback != null) {
      for (Fallback.Done done = fallback.poll(); done != null; done = fallback.poll()) {
        fellBack.add(done.entry().batch().records());
        cursor.returned(done.entry());
        cursor.done(done.entry(), new Settlement(done.rejected(), 0, true, done.reason()));
        taken++;
      }
    }
    return taken;
  }

  /// Takes shipments into the window: what was parked and is due, then what is new.
  ///
  /// @return how many were parked
  private int fill(long nowNanos) {
    int moved = 0;
    if (!parked.isEmpty()) {
      for (Shipment shipment : List.copyOf(window)) {
        if (shipment.waiting() && parked.holdsBack(shipment)) {
          park(nowNanos, shipment, null);
          moved++;
        }
      }
    }
    while (triesHeld()) {
      Shipment due = parked.poll(nowNanos);
      if (due == null) {
        break;
      }
      comeBack(due);
    }
    while (takesAside()) {
      Shipment again = parked.pollAside(nowNanos);
      if (again == null) {
        break;
      }
      comeBack(again);
    }
    // What the circuit is tried with stays here; the rest is the fallback's.
    int most = fallback != null && isTrying() ? 1 : maxInFlight;
    while (window.size() < most && moved < MOST_MOVED) {
      Entry entry = cursor.next();
      if (entry == null) {
        break;
      }
      lastTaken = Math.max(lastTaken, entry.sequence());
      Shipment shipment = new Shipment(entry, cursor.log());
      if (transactional) {
        skipCommitted(nowNanos, shipment);
      }
      if (parked.holdsBack(shipment) || isTriedAgain(shipment.key())) {
        parked.add(nowNanos, shipment, null);
        moved++;
      } else {
        window.add(shipment);
      }
    }
    return moved;
  }

  /// Half of the window at most, so that what is new has its turn, too.
  private boolean takesAside() {
    return window.size() < maxInFlight
        && window.stream().filter(Shipment::wasAside).count() <= maxInFlight / 2;
  }

  /// One that was held is always tried, whatever else was parked is.
  private boolean triesHeld() {
    return window.size() < mostWithParked()
        || (window.size() < maxInFlight && window.stream().noneMatch(Shipment::wasHeld));
  }

  /// While something that was parked is tried again, which may take as long as an attempt does, what is parked behind it leaves
  /// room in the window for the others.
  private int mostWithParked() {
    if (!transactional) {
      for (Shipment shipment : window) {
        if (isTriedAgain(shipment)) {
          return maxInFlight / 2;
        }
      }
    }
    return maxInFlight;
  }

  /// Whether something of that key was parked, and is in the window.
  private boolean isTriedAgain(String key) {
    if (transactional || key.isEmpty()) {
      return false;
    }
    for (Shipment shipment : window) {
      if (shipment.key().equals(key) && isTriedAgain(shipment)) {
        return true;
      }
    }
    return false;
  }

  private boolean isTriedAgain(Shipment shipment) {
    return shipment.isTriedAgain()
        || (shipment.wasAside() && cursor.isTriedForAll(shipment.entry()));
  }

  private void skipCommitted(long nowNanos, Shipment shipment) {
    Entry entry = shipment.entry();
    Doubt doubt = shipment.takeDoubt();
    if (!committed.covers(entry.batch(), shipment.origin())
        && (doubt == null || !shipper.hasCommitted(doubt))) {
      return;
    }
    if (doubt != null && !(doubt.ifCommitted() instanceof Outcome.Accepted)) {
      answeredWhole(nowNanos, shipment, doubt.ifCommitted());
    } else if (shipment.skip()) {
      // The dispatcher before, which it was taken over from, may have counted it.
      repeats.add(entry.batch().records());
    }
  }

  /// @param missing why it was refused; null where it only comes behind one of its key
  private void park(long nowNanos, Shipment shipment, @Nullable String missing) {
    window.remove(shipment);
    parked.add(nowNanos, shipment, missing);
    if (!transactional) {
      return;
    }
    for (Shipment later : List.copyOf(window)) {
      // Done as it is, it would be settled, and its position stored, before what is parked.
      if (later.hadNothing() && parked.holdsBack(later)) {
        window.remove(later);
        parked.add(nowNanos, later, null);
      }
    }
  }

  /// What is behind it may still be on its way, and goes after it if it has to go again.
  private void comeBack(Shipment due) {
    lastTaken = Math.max(lastTaken, due.entry().sequence());
    Deque<Shipment> later = new ArrayDeque<>();
    while (!window.isEmpty() && window.getLast().entry().sequence() > due.entry().sequence()) {
      later.addFirst(window.removeLast());
    }
    window.addLast(due);
    window.addAll(later);
  }

  private boolean blocked(Shipment shipment) {
    if (shipment.key().isEmpty()) {
      return false;
    }
    if (parked.holdsBack(shipment)) {
      return true;
    }
    boolean follows = false;
    for (Shipment earlier : window) {
      if (earlier == shipment) {
        break;
      }
      if (!earlier.isPast() && earlier.key().equals(shipment.key())) {
        boolean followed = transactional ? !earlier.waiting() : earlier.wholeInFlight();
        if (!followed || !shipper.pipelines(shipment.key())) {
          return true;
        }
        follows = true;
      }
    }
    // What it follows may have failed just now: that is looked at first.
    return follows && !answers.isEmpty();
  }

  private void ship(Shipment shipment) {
    Attempt attempt = new Attempt(shipment, answers, this);
    shipment.sent();
    inFlight++;
    inFlightShown = inFlight;
    try {
      if (transactional) {
        shipper.shipWhole(shipment.parts(), shipment.origin(), attempt);
      } else {
        shipper.ship(shipment.part(), attempt);
      }
    } catch (RuntimeException e) {
      LOG.error("shipper {}: shipping failed unexpectedly", name(), e);
      attempt.accept(new Outcome.Retryable("shipping failed: " + e, 0, null));
    }
  }

  private int takeAnswers(long nowNanos) {
    int taken = 0;
    for (Attempt.Answer answer = answers.poll(); answer != null; answer = answers.poll()) {
      inFlight--;
      taken++;
      Shipment shipment = answer.shipment();
      long before = shipment.copiedBytes();
      if (transactional) {
        answeredWhole(nowNanos, shipment, answer.outcome());
      } else {
        answered(nowNanos, shipment, answer.outcome());
      }
      cursor.hold(shipment.copiedBytes() - before);
    }
    inFlightShown = inFlight;
    return taken;
  }

  private void answered(long nowNanos, Shipment shipment, Outcome outcome) {
    Batch part = shipment.part();
    if (outcome instanceof Outcome.Accepted) {
      accepted(nowNanos, shipment);
      return;
    }
    switch (outcome) {
      case Outcome.Accepted _ -> accepted(nowNanos, shipment);
      case Outcome.PartlyAccepted partly -> {
        long refused = Math.clamp(partly.rejected(), 0, part.records());
        if (refused < part.records()) {
          bytes.add(part.length());
        }
        if (refused == 0) {
          warned.increment();
          warnings.add(nowNanos, 1, partly.reason());
        }
        if (partly.refused().isEmpty()) {
          refuse(nowNanos, shipment, refused, partly.reason(), null);
        } else {
          refuse(nowNanos, shipment, partly.refused());
        }
        shipment.settled();
        destination.succeeded(nowNanos);
        circuit.succeeded();
      }
      case Outcome.Retryable retry -> again(nowNanos, shipment, retry);
      case Outcome.Missing missing -> missing(nowNanos, shipment, missing);
      case Outcome.TooLarge tooLarge -> smaller(nowNanos, shipment, tooLarge);
      case Outcome.Permanent permanent -> {
        refuse(nowNanos, shipment, part.records(), permanent.reason(), part);
        shipment.settled();
        destination.succeeded(nowNanos);
        circuit.succeeded();
      }
    }
  }

  private void accepted(long nowNanos, Shipment shipment) {
    bytes.add(shipment.part().length());
    shipment.settled();
    destination.succeeded(nowNanos);
    circuit.succeeded();
  }

  /// All parts went at once, and have one outcome.
  private void answeredWhole(long nowNanos, Shipment shipment, Outcome outcome) {
    List<Batch> parts = shipment.parts();
    int total = parts.stream().mapToInt(Batch::records).sum();
    long length = parts.stream().mapToLong(Batch::length).sum();
    switch (outcome) {
      case Outcome.Accepted _ -> {
        bytes.add(length);
        shipment.settledWhole(0, "");
        destination.succeeded(nowNanos);
        circuit.succeeded();
      }
      case Outcome.PartlyAccepted partly -> {
        long refused = Math.clamp(partly.rejected(), 0, total);
        long letters = Math.clamp(partly.deadLettered(), 0, total - refused);
        if (refused + letters < total) {
          bytes.add(length);
        }
        refuseWhole(nowNanos, shipment, refused, partly.reason());
        buried(nowNanos, shipment, letters, partly.reason());
        cut(nowNanos, shipment, partly.truncated(), partly.reason());
        destination.succeeded(nowNanos);
        circuit.succeeded();
      }
      case Outcome.Permanent permanent -> {
        refuseWhole(nowNanos, shipment, total, permanent.reason());
        destination.succeeded(nowNanos);
        circuit.succeeded();
      }
      case Outcome.Retryable retry when retry.learnt() -> {
        retries.increment();
        shipment.againWhole();
        // What is on its way went down with it, and is told first.
        pause(nowNanos, 0);
      }
      case Outcome.Retryable retry -> {
        retries.increment();
        shipment.isInDoubt(retry.doubt());
        destination.failed(nowNanos, retry.reason());
        if (!paused) {
          circuit.failed(nowNanos, retry.reason());
        }
        pause(nowNanos, backoff.waitNanos(shipment.failedWhole(), retry.retryAfterNanos()));
      }
      case Outcome.Missing missing -> {
        shipment.parkedWhole(nowNanos + Parked.RETRY_NANOS);
        park(nowNanos, shipment, missing.reason());
        circuit.succeeded();
      }
      case Outcome.TooLarge tooLarge -> smallerWhole(nowNanos, shipment, tooLarge);
    }
  }

  private void refuseWhole(long nowNanos, Shipment shipment, long refused, String reason) {
    shipment.settledWhole(refused, reason);
    refusedWhole(nowNanos, shipment, refused, reason);
  }

  /// Records are dead letters in the transaction.
  private void buried(long nowNanos, Shipment shipment, long letters, String reason) {
    if (letters > 0) {
      destination.refused(reason);
      shipment.letterStored(letters);
      buried.add(letters);
      burials.add(nowNanos, letters, about(shipment, reason));
    }
  }

  private void cut(long nowNanos, Shipment shipment, long records, String reason) {
    if (records > 0) {
      truncated.add(records);
      truncations.add(nowNanos, records, about(shipment, reason));
    }
  }

  /// The parts that are too large are divided, cut, or buried; all go again.
  private void smallerWhole(long nowNanos, Shipment shipment, Outcome.TooLarge tooLarge) {
    BitSet records = tooLarge.unconfirmed();
    List<Batch> again = new ArrayList<>();
    long refused = 0;
    int before = 0;
    for (Batch part : shipment.parts()) {
      int from = before;
      before += part.records();
      int first = records == null ? from : records.nextSetBit(from);
      if (first < 0 || first >= before) {
        again.add(part);
        continue;
      }
      List<Batch> pieces =
          part.records() == 1 && buriesOversize
              ? List.of()
              : Pieces.smaller(part, tooLarge.limitBytes());
      again.addAll(pieces);
      if (pieces.isEmpty() && shipper.buries()) {
        shipper.bury(part, tooLarge.reason());
        again.add(part);
      } else if (pieces.isEmpty()) {
        refused += part.records();
      } else if (part.records() == 1 && shipment.cut(part, pieces.getFirst())) {
        cut(nowNanos, shipment, 1, tooLarge.reason());
      }
    }
    shipment.divideWhole(again, refused, tooLarge.reason());
    refusedWhole(nowNanos, shipment, refused, tooLarge.reason());
  }

  /// The part's rest waits for its next attempt.
  private void again(long nowNanos, Shipment shipment, Outcome.Retryable retry) {
    Batch part = shipment.part();
    refuse(nowNanos, shipment, retry.refused());
    Batch rest = Pieces.rest(part, retry.unconfirmed());
    if (rest == null) {
      bytes.add(part.length());
      shipment.settled();
      return;
    }
    retries.increment();
    bytes.add(part.length() - rest.length());
    if (retry.learnt()) {
      shipment.again(rest);
      // What is on its way went down with it, and is told first.
      pause(nowNanos, 0);
      return;
    }
    if (retry.untouched() && !isTrying()) {
      shipment.spared();
    }
    int times = shipment.failed(rest);
    destination.failed(nowNanos, retry.reason());
    if (!paused) {
      circuit.failed(nowNanos, retry.reason());
    }
    pause(nowNanos, backoff.waitNanos(times, retry.retryAfterNanos()));
  }

  /// The part's rest waits aside.
  private void missing(long nowNanos, Shipment shipment, Outcome.Missing missing) {
    Batch part = shipment.part();
    refuse(nowNanos, shipment, missing.refused());
    Batch rest = Pieces.rest(part, missing.unconfirmed());
    if (rest == null) {
      bytes.add(part.length());
      shipment.settled();
      return;
    }
    bytes.add(part.length() - rest.length());
    shipment.parked(rest, nowNanos + Parked.RETRY_NANOS);
    park(nowNanos, shipment, missing.reason());
    circuit.succeeded();
  }

  /// The part's rest goes in pieces, or as a record that was cut.
  private void smaller(long nowNanos, Shipment shipment, Outcome.TooLarge tooLarge) {
    Batch part = shipment.part();
    refuse(nowNanos, shipment, tooLarge.refused());
    Batch rest = Pieces.rest(part, tooLarge.unconfirmed());
    if (rest == null) {
      bytes.add(part.length());
      shipment.settled();
      return;
    }
    bytes.add(part.length() - rest.length());
    boolean cut = rest.records() == 1;
    List<Batch> pieces =
        cut && buriesOversize ? List.of() : Pieces.smaller(rest, tooLarge.limitBytes());
    if (pieces.isEmpty()) {
      refuse(nowNanos, shipment, rest.records(), tooLarge.reason(), rest);
      shipment.settled();
      return;
    }
    if (cut && !shipment.partIsCut()) {
      cut(nowNanos, shipment, 1, tooLarge.reason());
    }
    shipment.divide(pieces, cut);
  }

  /// Those of the part that the destination has told apart.
  private void refuse(long nowNanos, Shipment shipment, List<Refusal> all) {
    for (Refusal one : all) {
      Batch records = deadLetters == null ? null : Pieces.rest(shipment.part(), one.records());
      refuse(nowNanos, shipment, one.records().cardinality(), one.reason(), records);
    }
  }

  /// @param records those that were refused; null where it is not known which
  private void refuse(
      long nowNanos, Shipment shipment, long refused, String reason, @Nullable Batch records) {
    if (refused == 0) {
      return;
    }
    destination.refused(reason);
    if (records != null && deadLetters != null) {
      deadLetters.add(nowNanos, shipment, records, reason);
    } else {
      shipment.reject(refused, reason);
      refusals.add(nowNanos, refused, about(shipment, reason));
    }
  }

  private void refusedWhole(long nowNanos, Shipment shipment, long refused, String reason) {
    if (refused > 0) {
      destination.refused(reason);
      refusals.add(nowNanos, refused, about(shipment, reason));
    }
  }

  private static String about(Shipment shipment, String reason) {
    return "from " + shipment.entry().batch().source() + ": " + reason;
  }

  private void pause(long nowNanos, long waitNanos) {
    long wait = draining ? Math.min(waitNanos, LONGEST_WAIT_DRAINING_NANOS) : waitNanos;
    long until = nowNanos + wait;
    if (circuit.state() == CircuitBreaker.State.OPEN && !draining) {
      until = Math.max(until, circuit.triedAtNanos());
    }
    pausedUntilNanos = paused ? Math.max(pausedUntilNanos, until) : until;
    paused = true;
  }

  private boolean pausing(long nowNanos) {
    return paused && pausedUntilNanos - nowNanos > 0;
  }

  /// Tells the buffer of the shipments that are done, of those of a key in their order. Those that wait for nothing but
  /// their dead letters let others pass.
  private int settle() {
    int settled = 0;
    if (deadLetters != null) {
      for (Shipment shipment : window) {
        if (shipment.wasAside() && shipment.isPast()) {
          cursor.answered(shipment.entry());
        }
      }
    }
    for (Shipment first = window.peekFirst();
        first != null && (first.done() || letsPass(first));
        first = window.peekFirst()) {
      window.removeFirst();
      if (first.done()) {
        settle(first);
      }
      settled++;
    }
    if (!transactional && window.stream().anyMatch(Shipment::done)) {
      settled += settleBehind();
    }
    if (deadLetters != null) {
      for (Shipment done = deadLetters.poll(); done != null; done = deadLetters.poll()) {
        settle(done);
        settled++;
      }
    }
    return settled;
  }

  /// One that takes long fills the window with what is done no more than others of its key do.
  private int settleBehind() {
    int settled = 0;
    Set<String> before = new HashSet<>();
    for (Shipment shipment : List.copyOf(window)) {
      if (shipment.done() && !before.contains(shipment.key())) {
        window.remove(shipment);
        settle(shipment);
        settled++;
      } else if (!shipment.key().isEmpty()) {
        before.add(shipment.key());
      }
    }
    return settled;
  }

  private boolean letsPass(Shipment shipment) {
    return deadLetters != null && shipment.isPast() && deadLetters.putAside(shipment);
  }

  private void settle(Shipment shipment) {
    if (transactional && shipment.hadNothing()) {
      shipper.passed(shipment.entry().batch(), shipment.origin());
    }
    records.add(shipment.shipped());
    rejected.add(shipment.rejected());
    cursor.done(shipment.entry(), shipment.settlement());
  }

  /// The numbers of batches that are not with the shipper, or done, ascending: of those that were taken, and of
  /// those that a dispatcher before this one has left open and that were not taken yet. What is stored may go far
  /// beyond the latter.
  private long[] unshipped() {
    LongStream notTaken = LongStream.empty();
    if (committed.log() == cursor.log()) {
      notTaken = LongStream.of(committed.open()).filter(open -> open > lastTaken);
    }
    LongStream waiting =
        window.stream()
            .filter(Shipment::waiting)
            .mapToLong(shipment -> shipment.entry().sequence());
    return LongStream.concat(LongStream.concat(parked.sequences(), notTaken), waiting)
        .sorted()
        .distinct()
        .toArray();
  }
}
