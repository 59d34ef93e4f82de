package dev.pannier.collector;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.Cursors;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ShipperPolicy;
import dev.pannier.collector.dispatch.CircuitBreaker;
import dev.pannier.collector.dispatch.Dispatcher;
import dev.pannier.collector.dispatch.DispatcherThread;
import dev.pannier.collector.dispatch.Fallback;
import dev.pannier.collector.dispatch.Rules;
import dev.pannier.collector.dispatch.ShipperStatus;
import dev.pannier.collector.dispatch.Unfinished;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.DeadLetterBox;
import dev.pannier.shippers.DeadLettersTo;
import dev.pannier.shippers.Home;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.Shippers;
import dev.pannier.shippers.batch.Signal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The shippers at work, each with its dispatcher and thread, and its fallback beside it. They can be
/// replaced while batches flow:
///
/// ```
///   changed  stand back ─ (what is in flight ends) ─ close ─ the new one takes over what is left, same cursor
///   removed  drain ─ stand back ─ close ─ what is left ─┐
///   added    waits for those that are removed ──────────┴─ begins with it
/// ```
///
/// Nothing here blocks but [#drain] and [#close]: a change is begun by [#change] and brought to its end by [#tend]. One
/// thread, but for what says otherwise.
final class Shipping {
  private static final Logger LOG = LoggerFactory.getLogger(Shipping.class);

  /// Batches in flight to one destination. Kafka's client sends at most five requests at a time and
  /// gathers batches of other partitions behind them.
  private static final int KAFKA_IN_FLIGHT = 16;

  /// A transaction has many batches, and none is confirmed before its end.
  private static final int TRANSACTION_IN_FLIGHT = 64;

  private static final int OTLP_IN_FLIGHT = 4;

  /// Nobody stores positions.
  private static final Home NO_HOME = new Home("", true, Path.of(""));

  /// So long a shipper that is removed ships what waits for it.
  private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(10);

  /// So long what is in flight is waited for: Kafka's client knows the outcome of an attempt by then.
  private static final long STAND_BACK_NANOS = TimeUnit.SECONDS.toNanos(35);

  /// So long a shipper's client has to close.
  private static final Duration CLOSE = Duration.ofSeconds(5);

  /// Who has not ended by then is no longer waited for by those that are added.
  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(90);

  /// Of `memory`, what clients may hold when shippers come one by one, in thirds.
  private static final int MOST_THIRDS = 2;

  /// Shippers cannot change so while the process runs; the message says why, and what to do.
  static final class NeedsRestart extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NeedsRestart(String message) {
      super(message);
    }
  }

  /// Where shippers come from, and who runs them.
  interface Workshop {
    /// Nothing is opened yet.
    Shipper make(ShipperSettings settings, long clientBytes, Home home);

    /// From now on its turns are taken.
    void start(DispatcherThread thread);
  }

  /// Real destinations, and a thread for each of them.
  static Workshop onThreads(RandomGenerator random) {
    return new Workshop() {
      @Override
      public Shipper make(ShipperSettings settings, long clientBytes, Home home) {
        return Shippers.open(settings, clientBytes, InstantSource.system(), home, random);
      }

      @Override
      public void start(DispatcherThread thread) {
        thread.start();
      }
    };
  }

  /// Where batches come from, and what is counted of them.
  ///
  /// @param budget of which the clients' part is taken
  record Supply(MemoryBudget budget, Cursors cursors, Ledger ledger, Metrics metrics) {}

  /// All that makes a shipper what it is.
  private record Plan(ShipperSettings settings, ShipperPolicy policy, @Nullable Plan fallback) {}

  /// A shipper that was made and has not begun.
  private record Ready(
      Plan plan,
      long clientBytes,
      Shipper shipper,
      @Nullable DeadLetterBox letters,
      @Nullable Ready fallback) {
    String name() {
      return plan.settings().name();
    }

    void close() {
      shipper.close(Duration.ZERO);
      if (letters != null) {
        letters.close();
      }
      if (fallback != null) {
        fallback.close();
      }
    }
  }

  /// A shipper at work.
  private record Unit(
      Plan plan,
      long clientBytes,
      Cursor cursor,
      Dispatcher dispatcher,
      DispatcherThread thread,
      @Nullable Fallback toFallback,
      @Nullable Unit fallback) {
    String name() {
      return plan.settings().name();
    }
  }

  /// Other shippers, made ready.
  static final class Next {
    final Map<String, Set<Signal>> takers;
    private final boolean everReceived;
    private final Map<String, Ready> changed = new LinkedHashMap<>();
    private final List<Ready> added = new ArrayList<>();

    private Next(Map<String, Set<Signal>> takers, boolean everReceived) {
      this.takers = takers;
      this.everReceived = everReceived;
    }

    /// They are not wanted after all.
    void close() {
      changed.values().forEach(Ready::close);
      added.forEach(Ready::close);
    }
  }

  private enum Step {
    /// Ships what waits for it.
    DRAINING,
    /// Waits for what is in flight.
    STANDING_BACK,
    /// Its fallback is closed.
    CLOSING_FALLBACK,
    CLOSING,
    ENDED
  }

  /// A shipper that goes, or makes room for another.
  private static final class Departure {
    final Unit unit;
    final long beganNanos;
    @Nullable Ready next;
    Step step;
    long dueNanos;

    /// The sidecar stops: from now on every step is due at once.
    boolean hurried;

    /// Its client does not return, and nobody waits for it any more.
    boolean isLate;

    /// Nothing waits for it any more, either.
    boolean isAbandoned;

    Departure(Unit unit, @Nullable Ready next, long nowNanos) {
      this.unit = unit;
      this.next = next;
      this.beganNanos = nowNanos;
      if (next == null) {
        step = Step.DRAINING;
        dueNanos = nowNanos + DRAIN_NANOS;
        unit.thread().drain();
      } else {
        step = Step.STANDING_BACK;
        dueNanos = nowNanos + STAND_BACK_NANOS;
        unit.dispatcher().standBack();
      }
      if (unit.fallback() != null) {
        unit.fallback().thread().drain();
      }
    }

    void advance(long nowNanos) {
      boolean due = dueNanos - nowNanos <= 0;
      if (step == Step.DRAINING && (unit.cursor().openBatches() == 0 || due)) {
        unit.dispatcher().standBack();
        step = Step.STANDING_BACK;
        dueNanos = hurried ? nowNanos : nowNanos + STAND_BACK_NANOS;
      } else if (step == Step.STANDING_BACK && (unit.dispatcher().hasStoodBack() || due)) {
        if (hurried && !unit.dispatcher().hasStoodBack()) {
          LOG.warn(
              "shipper {}: the sidecar stops, so what is in flight has {} s for its answer",
              unit.name(),
              CLOSE.toSeconds());
        } else if (!unit.dispatcher().hasStoodBack()) {
          LOG.warn(
              "shipper {}: what is in flight has no answer after {} s, and is sent again",
              unit.name(),
              TimeUnit.NANOSECONDS.toSeconds(STAND_BACK_NANOS));
        }
        if (unit.fallback() == null) {
          close();
        } else {
          unit.fallback().thread().handOver(CLOSE);
          step = Step.CLOSING_FALLBACK;
        }
      } else if (step == Step.CLOSING_FALLBACK
          && Objects.requireNonNull(unit.fallback()).thread().hasEnded()) {
        Unfinished left = unit.fallback().thread().left();
        if (left != null && unit.toFallback() != null) {
          unit.toFallback().ended(left);
        }
        close();
      } else if (step == Step.CLOSING && unit.thread().hasEnded()) {
        step = Step.ENDED;
      }
    }

    private void close() {
      unit.thread().handOver(CLOSE);
      step = Step.CLOSING;
    }

    void hurry(long nowNanos) {
      hurried = true;
      if (dueNanos - nowNanos > 0) {
        dueNanos = nowNanos;
      }
    }
  }

  private final long memoryBytes;
  private final Supply supply;
  private final Health health;
  private final LongSupplier nanoClock;
  private final RandomGenerator random;
  private final BiConsumer<String, Committed> onCommitted;
  private final Workshop workshop;
  private final List<Unit> units = new ArrayList<>();
  private final List<Departure> departures = new ArrayList<>();
  private final List<Departure> removed = new ArrayList<>();
  private final List<Ready> waiting = new ArrayList<>();

  /// Once there was a source of spans and metrics, clients are made for all signals.
  private boolean everReceived;

  /// Read by any thread.
  private volatile List<Dispatcher> dispatchers = List.of();

  /// Nobody begins with what was to be retained before, while others are told.
  private final Object retaining = new Object();

  private @Nullable Set<Long> retained; // guarded by retaining

  /// @param onCommitted told, by the shipper's thread, what its destination has
  Shipping(
      long memoryBytes,
      Supply supply,
      Health health,
      LongSupplier nanoClock,
      RandomGenerator random,
      BiConsumer<String, Committed> onCommitted,
      Workshop workshop) {
    this.workshop = workshop;
    this.memoryBytes = memoryBytes;
    this.supply = supply;
    this.health = health;
    this.nanoClock = nanoClock;
    this.random = random;
    this.onCommitted = onCommitted;
  }

  /// What each shipper's client may hold at the start: its part of a third of `memory`.
  static long clientBytes(Configuration configuration) {
    return configuration.memoryBytes() / 3 / Math.max(1, configuration.shippers().size());
  }

  /// The signals of each shipper that gets batches from the buffer.
  static Map<String, Set<Signal>> takers(Configuration configuration) {
    Map<String, Set<Signal>> takers = new LinkedHashMap<>();
    for (ShipperSettings shipper : configuration.shippers()) {
      if (!configuration.isFallback(shipper.name())) {
        takers.put(shipper.name(), shipper.signals());
      }
    }
    return takers;
  }

  /// Makes the shippers of the start, and lets them reach their destinations.
  void start(Configuration configuration, @Nullable Home home) {
    Next next = prepare(configuration, home);
    everReceived = next.everReceived;
    next.added.forEach(ready -> begin(ready, supply.cursors().cursor(ready.name()), null));
  }

  /// Makes what differs from what is at work. Nothing is opened or changed yet.
  ///
  /// @param home null where nobody stores positions
  /// @throws NeedsRestart where there is too little memory left for those that are new
  Next prepare(Configuration configuration, @Nullable Home home) {
    boolean received = everReceived || configuration.otlp() != null;
    Map<String, Plan> old = new LinkedHashMap<>();
    for (Unit unit : units) {
      // Who was removed comes anew; who changed is about to be what it was to become.
      Departure late = departure(unit);
      Ready becomes = late == null ? null : late.next;
      if (late == null) {
        old.put(unit.name(), unit.plan());
      } else if (becomes != null) {
        old.put(unit.name(), becomes.plan());
      }
    }
    Next next = new Next(takers(configuration), received);
    List<Plan> changed = new ArrayList<>();
    List<Plan> added = new ArrayList<>();
    for (ShipperSettings settings : configuration.shippers()) {
      if (configuration.isFallback(settings.name())) {
        continue;
      }
      Plan plan = plan(settings, configuration, received);
      Plan before = old.get(settings.name());
      if (before == null) {
        added.add(plan);
      } else if (!before.equals(plan)) {
        changed.add(plan);
      }
    }
    long bytes = newClientBytes(configuration, changed, added);
    Home known = home == null ? NO_HOME : home;
    try {
      changed.forEach(plan -> next.changed.put(plan.settings().name(), make(plan, bytes, known)));
      added.forEach(plan -> next.added.add(make(plan, bytes, known)));
    } catch (RuntimeException e) {
      next.close();
      throw e;
    }
    return next;
  }

  private static Plan plan(
      ShipperSettings settings, Configuration configuration, boolean received) {
    ShipperPolicy policy = configuration.policy(settings.name());
    Plan fallback = null;
    for (ShipperSettings other : configuration.shippers()) {
      if (other.name().equals(policy.fallback())) {
        fallback = plan(other, configuration, received);
      }
    }
    return new Plan(forSources(settings, received), policy, fallback);
  }

  /// Files are logs: without OTLP there are no spans and no metrics.
  private static ShipperSettings forSources(ShipperSettings settings, boolean received) {
    return settings instanceof ShipperSettings.Kafka kafka && !received
        ? kafka.withoutSignal(Signal.TRACES).withoutSignal(Signal.METRICS)
        : settings;
  }

  /// An even part, as at a start; less where those that stay have theirs from a time when there were
  /// fewer, so that all of them leave a third of `memory` to batches. Less than half of it would starve
  /// who comes last.
  private long newClientBytes(Configuration configuration, List<Plan> changed, List<Plan> added) {
    long even = clientBytes(configuration);
    Set<String> staying = new HashSet<>(takers(configuration).keySet());
    long fresh = 0;
    for (List<Plan> plans : List.of(changed, added)) {
      for (Plan plan : plans) {
        staying.remove(plan.settings().name());
        fresh += plan.fallback() == null ? 1 : 2;
      }
    }
    long kept = 0;
    for (Unit unit : units) {
      kept += staying.contains(unit.name()) ? bytes(unit) : 0;
    }
    if (kept == 0 || fresh == 0) {
      return even;
    }
    long part = Math.min(even, (memoryBytes / 3 * MOST_THIRDS - kept) / 2 / fresh);
    if (part < even / 2) {
      throw new NeedsRestart(
          "shippers: there are clients with larger parts of memory, and too little is left for"
              + " these: restart the sidecar, which divides anew");
    }
    return part;
  }

  private static long bytes(Unit unit) {
    return unit.clientBytes() + (unit.fallback() == null ? 0 : unit.fallback().clientBytes());
  }

  private Ready make(Plan plan, long clientBytes, Home home) {
    Plan fallback = plan.fallback();
    Ready before = fallback == null ? null : make(fallback, clientBytes, home);
    Shipper shipper = workshop.make(plan.settings(), clientBytes, home);
    DeadLettersTo letters = plan.policy().deadLetters();
    return new Ready(
        plan,
        clientBytes,
        shipper,
        letters == null ? null : Shippers.deadLetters(letters, shipper),
        before);
  }

  /// Goes over to other shippers: those that change send nothing more. Those that are the same are not
  /// touched. The buffer's cursors are to be changed next, then the rest follows in [#tend].
  ///
  /// @param next made since the last change had come to its end
  void change(Next next, long nowNanos) {
    everReceived = next.everReceived;
    for (Unit unit : units) {
      Ready ready = next.changed.get(unit.name());
      Departure late = departure(unit);
      if (late != null) {
        goOn(late, ready, next);
      } else if (ready != null) {
        departures.add(new Departure(unit, ready, nowNanos));
      } else if (!next.takers.containsKey(unit.name())) {
        Departure departure = new Departure(unit, null, nowNanos);
        departures.add(departure);
        removed.add(departure);
      }
    }
    waiting.addAll(next.added);
  }

  private @Nullable Departure departure(Unit unit) {
    for (Departure departure : departures) {
      if (departure.unit.equals(unit)) {
        return departure;
      }
    }
    return null;
  }

  /// One that was to change and has not ended yet: it makes room for another now, or for none.
  private void goOn(Departure late, @Nullable Ready ready, Next next) {
    Ready before = late.next;
    if (before == null) {
      return;
    }
    boolean stays = next.takers.containsKey(late.unit.name());
    if (ready != null || !stays) {
      before.close();
      late.next = ready;
    }
    if (!stays) {
      removed.add(late);
    }
  }

  /// Whether a change has not come to its end. Clients that do not return are not waited for.
  boolean isChanging() {
    return !waiting.isEmpty() || departures.stream().anyMatch(departure -> !departure.isLate);
  }

  /// One round of a change.
  void tend(long nowNanos) {
    for (Departure departure : List.copyOf(departures)) {
      departure.advance(nowNanos);
      tellLate(departure, nowNanos);
      Ready next = departure.next;
      if (departure.step == Step.ENDED && next != null && isFree(next, departure.unit)) {
        departures.remove(departure);
        replace(departure.unit, next);
      }
    }
    removed.forEach(this::abandon);
    // Who is late leaves nothing to those that are added, and is let go by itself.
    if (removed.stream().allMatch(gone -> gone.step == Step.ENDED || gone.isLate)) {
      if (removed.stream().anyMatch(gone -> gone.step == Step.ENDED)) {
        release();
      }
      begin();
    }
  }

  private static void tellLate(Departure departure, long nowNanos) {
    if (departure.isLate
        || departure.step == Step.ENDED
        || nowNanos - departure.beganNanos < LONGEST_NANOS) {
      return;
    }
    departure.isLate = true;
    LOG.error(
        "shipper {}: its client does not return; {} before",
        departure.unit.name(),
        departure.next == null
            ? "what it holds is not given back"
            : "nothing is shipped with its new settings");
  }

  /// What waits for one that is late keeps no room from others. What its client has is its own until that returns.
  private void abandon(Departure gone) {
    if (!gone.isLate || gone.isAbandoned) {
      return;
    }
    gone.isAbandoned = true;
    Cursors.Leaving untaken = new Cursors.Leaving(gone.unit.cursor(), List.of());
    long nobodys = supply.cursors().release(List.of(untaken), List.of());
    if (nobodys > 0) {
      LOG.warn(
          "shipper {}: {} records waited for it: they are not shipped there",
          gone.unit.name(),
          nobodys);
    }
  }

  private void replace(Unit unit, Ready next) {
    Unfinished left = unit.thread().left();
    if (left == null) {
      // Its loop has ended by an error, which /livez tells: what it has done nobody knows.
      next.close();
      return;
    }
    end(unit);
    long forgone = supply.cursors().forgo(unit.cursor(), left.takeUntaken());
    if (forgone > 0) {
      LOG.warn("shipper {}: {} records of signals that it takes no more", unit.name(), forgone);
    }
    begin(next, unit.cursor(), left);
    LOG.info("shipper {}: goes on with its new settings", unit.name());
  }

  /// Those that were removed leave what they have to those that were added.
  private void release() {
    List<Cursors.Leaving> leaving = new ArrayList<>();
    for (Departure departure : List.copyOf(removed)) {
      Unfinished left = departure.unit.thread().left();
      if (departure.step == Step.ENDED) {
        removed.remove(departure);
        departures.remove(departure);
        if (left != null) {
          end(departure.unit);
          leaving.add(left.leaving());
          LOG.info("shipper {}: removed", departure.unit.name());
        }
      }
    }
    List<Cursor> heirs =
        waiting.stream().map(ready -> supply.cursors().cursor(ready.name())).toList();
    long nobodys = supply.cursors().release(leaving, heirs);
    if (nobodys > 0) {
      LOG.warn(
          "{} records waited for shippers that were removed: they are not shipped there", nobodys);
    }
  }

  private void begin() {
    for (Ready ready : List.copyOf(waiting)) {
      if (isFree(ready, null)) {
        waiting.remove(ready);
        begin(ready, supply.cursors().cursor(ready.name()), null);
      }
    }
  }

  /// Whether nobody else has its name, or its fallback's: a fallback may become a shipper, or the other way. Who
  /// has ended has none any more, though it may wait for others itself: two may change their fallbacks. Nor has who does not
  /// return.
  private boolean isFree(Ready ready, @Nullable Unit inItsPlace) {
    for (Unit unit : units) {
      Departure departure = departure(unit);
      boolean gone = departure != null && (departure.step == Step.ENDED || departure.isLate);
      if (!gone
          && !unit.equals(inItsPlace)
          && (has(unit, ready.name()) || has(unit, other(ready)))) {
        return false;
      }
    }
    return true;
  }

  private static String other(Ready ready) {
    return ready.fallback() == null ? "" : ready.fallback().name();
  }

  private static boolean has(Unit unit, String name) {
    return unit.name().equals(name)
        || (unit.fallback() != null && unit.fallback().name().equals(name));
  }

  private void end(Unit unit) {
    units.remove(unit);
    unit.thread().forget();
    if (unit.fallback() != null) {
      unit.fallback().thread().forget();
    }
    changed();
  }

  private void begin(Ready ready, Cursor cursor, @Nullable Unfinished left) {
    Unit unit;
    synchronized (retaining) {
      unit = unit(ready, cursor);
      if (left != null) {
        unit.dispatcher().takeOver(left);
      }
      units.add(unit);
      changed();
    }
    if (unit.fallback() != null) {
      workshop.start(unit.fallback().thread());
    }
    workshop.start(unit.thread());
  }

  private Unit unit(Ready ready, Cursor cursor) {
    Ready other = ready.fallback();
    Fallback toFallback = null;
    Unit fallback = null;
    if (other != null) {
      ShipperSettings settings = other.plan().settings();
      toFallback =
          new Fallback(
              settings.name(),
              settings.signals(),
              supply.budget(),
              supply.ledger(),
              supply.metrics(),
              inFlight(settings) + 2);
      fallback = unit(other, toFallback.cursor());
    }
    ShipperSettings settings = ready.plan().settings();
    ShipperPolicy policy = ready.plan().policy();
    ShipperPolicy.CircuitBreaker breaker = policy.circuitBreaker();
    Rules rules =
        new Rules(
            policy.buriesOversize(),
            ready.letters(),
            breaker == null
                ? null
                : new CircuitBreaker(
                    settings.name(), breaker.openAfter(), breaker.halfOpenAfter().toNanos()),
            toFallback);
    Dispatcher dispatcher =
        new Dispatcher(
            ready.shipper(),
            cursor,
            supply.metrics(),
            new SplittableRandom(random.nextLong()),
            inFlight(settings),
            rules);
    if (ready.shipper().isTransactional()) {
      dispatcher.onCommitted(known -> onCommitted.accept(settings.name(), known));
    }
    Set<Long> generations = retained;
    if (generations != null) {
      dispatcher.retain(generations);
    }
    DispatcherThread thread = new DispatcherThread(dispatcher, nanoClock, health);
    return new Unit(
        ready.plan(), ready.clientBytes(), cursor, dispatcher, thread, toFallback, fallback);
  }

  private static int inFlight(ShipperSettings settings) {
    if (settings instanceof ShipperSettings.Kafka) {
      return settings.isExactlyOnce() ? TRANSACTION_IN_FLIGHT : KAFKA_IN_FLIGHT;
    }
    return settings instanceof ShipperSettings.Otlp ? OTLP_IN_FLIGHT : 1;
  }

  /// Shippers have come or gone.
  private void changed() {
    List<Dispatcher> all = new ArrayList<>();
    long clients = 0;
    for (Unit unit : units) {
      if (unit.fallback() != null) {
        all.add(unit.fallback().dispatcher());
      }
      all.add(unit.dispatcher());
      clients += bytes(unit);
    }
    dispatchers = List.copyOf(all);
    supply.budget().limit(Math.max(memoryBytes / 4, memoryBytes - clients));
  }

  /// The only file generations of which positions are needed from now on. Any thread.
  void retain(Set<Long> generations) {
    synchronized (retaining) {
      retained = generations;
      for (Dispatcher dispatcher : dispatchers) {
        dispatcher.retain(generations);
      }
    }
  }

  /// Whether a shipper has a part of its destination missing, and holds enough for it. Any thread.
  boolean refuses(Signal signal) {
    for (Dispatcher dispatcher : dispatchers) {
      if (dispatcher.refuses(signal)) {
        return true;
      }
    }
    return false;
  }

  /// Any thread.
  List<ShipperStatus> status() {
    long nowNanos = nanoClock.getAsLong();
    return dispatchers.stream().map(dispatcher -> dispatcher.status(nowNanos)).toList();
  }

  /// A change that is under way has to come to its end soon.
  void hurry(long nowNanos) {
    departures.forEach(departure -> departure.hurry(nowNanos));
  }

  /// The sidecar does not start after all.
  void abandon() {
    threads().forEach(thread -> thread.close(Duration.ZERO));
  }

  private List<DispatcherThread> threads() {
    List<DispatcherThread> threads = new ArrayList<>();
    for (Unit unit : units) {
      if (unit.fallback() != null) {
        threads.add(unit.fallback().thread());
      }
      threads.add(unit.thread());
    }
    return threads;
  }

  /// Ships what the buffer holds. Nothing is appended any more.
  void drain(Shutdown shutdown) throws InterruptedException {
    List<DispatcherThread> threads = threads();
    threads.forEach(DispatcherThread::drain);
    shutdown.waitUntil(() -> threads.stream().allMatch(DispatcherThread::hasDrained));
  }

  /// What is left that nobody has for the next start: it is in memory alone, or for a shipper that is configured no more. After
  /// [#close].
  ///
  /// @return the records
  long unkept() {
    long unkept = 0;
    for (Unit unit : units) {
      Departure departure = departure(unit);
      boolean isRemoved = departure != null && departure.next == null;
      unkept += isRemoved ? unit.cursor().openRecords() : unit.cursor().unkeptRecords();
    }
    return unkept;
  }

  /// Closes all at once, so that clients which hang cost the time of one. Each has its part of the deadline for
  /// what it has in flight, and as long again to return.
  ///
  /// @return the records that were not confirmed
  long close(Shutdown shutdown) throws InterruptedException {
    waiting.forEach(Ready::close);
    Duration timeout = shutdown.closing();
    List<DispatcherThread> threads = threads();
    threads.forEach(thread -> thread.close(timeout));
    shutdown.waitForClosing(
        timeout.multipliedBy(2), () -> threads.stream().allMatch(DispatcherThread::hasEnded));
    long undelivered = 0;
    for (Unit unit : units) {
      if (unit.fallback() != null) {
        // What it has is its shipper's as well.
        unit.fallback().thread().awaitClosed(Duration.ZERO);
      }
      undelivered += unit.thread().awaitClosed(Duration.ZERO);
    }
    return undelivered;
  }
}
