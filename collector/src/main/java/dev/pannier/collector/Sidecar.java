package dev.pannier.collector;

import dev.pannier.collector.admin.AdminHandler;
import dev.pannier.collector.admin.SourceStatus;
import dev.pannier.collector.admin.View;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.BufferStatus;
import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.DiskBuffer;
import dev.pannier.collector.buffer.DiskBufferThread;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.checkpoint.Identity;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.OtlpSource;
import dev.pannier.collector.config.ShipperPolicy;
import dev.pannier.collector.dispatch.CircuitBreaker;
import dev.pannier.collector.dispatch.Dispatcher;
import dev.pannier.collector.dispatch.DispatcherThread;
import dev.pannier.collector.dispatch.Fallback;
import dev.pannier.collector.dispatch.Rules;
import dev.pannier.collector.dispatch.ShipperStatus;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.http.Endpoint;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.process.ProcessingBuffer;
import dev.pannier.collector.process.Processors;
import dev.pannier.collector.receipt.Receipt;
import dev.pannier.collector.receive.OtlpReceiver;
import dev.pannier.collector.tail.StartPositions;
import dev.pannier.collector.tail.Tail;
import dev.pannier.collector.tail.TailThread;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.DeadLettersTo;
import dev.pannier.shippers.Home;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.Shippers;
import dev.pannier.shippers.batch.AttributesEncoder;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The running sidecar: makes its parts, starts them from the destinations (as soon as they are made)
/// to the sources, and stops them from the sources to the destinations.
final class Sidecar {
  private static final Logger LOG = LoggerFactory.getLogger(Sidecar.class);

  /// Batches in flight to one destination. Kafka's client sends at most five requests at a time and
  /// gathers batches of other partitions behind them.
  private static final int KAFKA_IN_FLIGHT = 16;

  /// A transaction has many batches, and none is confirmed before its end.
  private static final int TRANSACTION_IN_FLIGHT = 64;

  private static final int OTLP_IN_FLIGHT = 4;

  /// Nobody stores positions.
  private static final Home NO_HOME = new Home("", true, Path.of(""));

  /// Kubernetes cuts what is longer.
  private static final int TERMINATION_MESSAGE_BYTES = 4096;

  private final Configuration configuration;
  private final LongSupplier nanoClock = System::nanoTime;
  private final Metrics metrics = new Metrics();
  private final Ledger ledger = new Ledger();
  private final Health health = new Health(nanoClock);
  private final MemoryBudget budget;
  private final PositionStore store;
  private final @Nullable DiskBuffer disk;
  private final @Nullable DiskBufferThread diskThread;
  private final StartPositions startPositions;
  private final List<Dispatcher> dispatchers = new ArrayList<>();
  private final List<DispatcherThread> dispatcherThreads = new ArrayList<>();

  /// null where no files are configured: their positions stay as they were.
  private final @Nullable TailThread tail;

  private final @Nullable OtlpReceiver receiver;
  private final @Nullable Listener otlpListener;
  private final Listener adminListener;

  /// @throws IOException where `state.directory` or `buffer.directory` cannot be used
  Sidecar(Configuration configuration, String version) throws IOException {
    this.configuration = configuration;
    SecureRandom random = new SecureRandom();
    Set<String> exactlyOnce = exactlyOnce(configuration);
    startPositions = startPositions(configuration, exactlyOnce);
    Home home = NO_HOME;
    PositionStore opened = null;
    if (!exactlyOnce.isEmpty()) {
      // Who we are lies beside the positions, and is asked for by those that store them.
      opened = PositionStore.open(configuration.stateDirectory(), random, LOG::warn);
      home = home(configuration, random);
    }
    long clientBytes = clientBytes(configuration);
    budget =
        new MemoryBudget(
            configuration.memoryBytes() - clientBytes * configuration.shippers().size());
    Function<String, Cursor> cursors;
    Buffer shared;
    if (configuration.buffer().type() == BufferSettings.Type.DISK) {
      DiskBuffer made = disk(configuration, exactlyOnce, opened);
      disk = made;
      diskThread = new DiskBufferThread(made, nanoClock, health);
      cursors = made::cursor;
      shared = made;
    } else {
      MemoryBuffer made = new MemoryBuffer(budget, ledger, metrics, takers(configuration));
      disk = null;
      diskThread = null;
      cursors = made::cursor;
      shared = made;
    }
    Buffer buffer =
        configuration.processors().isEmpty()
            ? shared
            : new ProcessingBuffer(
                Processors.create(configuration.processors()), shared, budget, metrics);
    for (ShipperSettings settings : configuration.shippers()) {
      if (!configuration.isFallback(settings.name())) {
        ship(settings, cursors.apply(settings.name()), clientBytes, home, random);
      }
    }
    // To reach a destination takes longest: the rest is made meanwhile.
    dispatcherThreads.forEach(DispatcherThread::start);
    try {
      if (opened == null) {
        store = PositionStore.open(configuration.stateDirectory(), random, LOG::warn);
        Identity.forget(configuration.stateDirectory());
      } else {
        store = opened;
      }
    } catch (IOException e) {
      dispatcherThreads.forEach(thread -> thread.close(Duration.ZERO));
      throw e;
    }
    tail = configuration.files().isEmpty() ? null : tail(configuration, buffer, random);
    OtlpSource otlp = configuration.otlp();
    if (otlp == null) {
      receiver = null;
      otlpListener = null;
    } else {
      OtlpReceiver made = new OtlpReceiver(otlp, buffer, budget, this::refuses, metrics, nanoClock);
      receiver = made;
      otlpListener = new Listener("otlp", made::listen, nanoClock, health);
    }
    View view =
        new View(version, metrics, ledger, budget, this::sources, this::shippers, this::buffer);
    AdminHandler admin = new AdminHandler(health, view, configuration.admin().token(), nanoClock);
    adminListener =
        new Listener(
            "admin",
            server -> List.of(server.listen(configuration.admin().listen(), Endpoint.small(admin))),
            nanoClock,
            health);
  }

  private static Home home(Configuration configuration, SecureRandom random) throws IOException {
    Identity identity =
        Identity.read(
            configuration.stateDirectory(), configuration.resource().attributes(), random);
    return new Home(identity.name(), identity.isNew(), configuration.stateDirectory());
  }

  private TailThread tail(Configuration configuration, Buffer buffer, SecureRandom random) {
    return new Tail(
            store,
            disk == null ? List.of() : disk.positions(),
            startPositions,
            this::retain,
            buffer,
            budget,
            FileParsers::chooser,
            AttributesEncoder.resource(configuration.resource().attributes()),
            keepsRaw(configuration),
            metrics,
            health,
            InstantSource.system(),
            nanoClock,
            random)
        .thread(configuration.files());
  }

  private DiskBuffer disk(
      Configuration configuration, Set<String> exactlyOnce, @Nullable PositionStore opened)
      throws IOException {
    try {
      return new DiskBuffer(
          configuration.buffer(),
          budget,
          ledger,
          metrics,
          takers(configuration),
          exactlyOnce,
          InstantSource.system(),
          nanoClock.getAsLong(),
          LOG::warn);
    } catch (IOException e) {
      if (opened != null) {
        opened.close();
      }
      throw new IOException(
          "buffer.directory " + configuration.buffer().directory() + ": " + e.getMessage(), e);
    }
  }

  private @Nullable BufferStatus buffer() {
    return disk == null ? null : disk.status();
  }

  /// Makes a shipper's dispatcher, and its fallback's before it.
  private void ship(
      ShipperSettings settings, Cursor cursor, long clientBytes, Home home, SecureRandom random) {
    ShipperPolicy policy = configuration.policy(settings.name());
    Fallback fallback = null;
    for (ShipperSettings other : configuration.shippers()) {
      if (other.name().equals(policy.fallback())) {
        fallback =
            new Fallback(
                other.name(), other.signals(), budget, ledger, metrics, inFlight(other) + 2);
        ship(other, fallback.cursor(), clientBytes, home, random);
      }
    }
    Shipper shipper =
        Shippers.open(
            forSources(settings, configuration), clientBytes, InstantSource.system(), home, random);
    DeadLettersTo letters = policy.deadLetters();
    ShipperPolicy.CircuitBreaker breaker = policy.circuitBreaker();
    Rules rules =
        new Rules(
            policy.buriesOversize(),
            letters == null ? null : Shippers.deadLetters(letters, shipper),
            breaker == null
                ? null
                : new CircuitBreaker(
                    settings.name(), breaker.openAfter(), breaker.halfOpenAfter().toNanos()),
            fallback);
    Dispatcher dispatcher =
        new Dispatcher(
            shipper,
            cursor,
            metrics,
            new SplittableRandom(random.nextLong()),
            inFlight(settings),
            rules);
    if (shipper.isTransactional()) {
      dispatcher.onCommitted(known -> committed(settings.name(), known));
    }
    dispatchers.add(dispatcher);
    dispatcherThreads.add(new DispatcherThread(dispatcher, nanoClock, health));
  }

  private void committed(String shipper, Committed known) {
    if (disk != null) {
      disk.stored(known.log(), known.sequence());
    }
    startPositions.told(shipper, known);
  }

  private static boolean isExactlyOnce(ShipperSettings settings) {
    return settings instanceof ShipperSettings.Kafka kafka && kafka.transactions() != null;
  }

  /// The shippers that store positions.
  private static Set<String> exactlyOnce(Configuration configuration) {
    Set<String> names = new LinkedHashSet<>();
    for (ShipperSettings shipper : configuration.shippers()) {
      if (isExactlyOnce(shipper)) {
        names.add(shipper.name());
      }
    }
    return names;
  }

  /// Files wait for those that take logs.
  private static StartPositions startPositions(
      Configuration configuration, Set<String> exactlyOnce) {
    List<String> awaited = new ArrayList<>();
    boolean others = false;
    for (ShipperSettings shipper : configuration.shippers()) {
      if (shipper.signals().contains(Signal.LOGS) && !configuration.isFallback(shipper.name())) {
        if (exactlyOnce.contains(shipper.name())) {
          awaited.add(shipper.name());
        } else {
          others = true;
        }
      }
    }
    return new StartPositions(
        awaited, others, configuration.buffer().type() == BufferSettings.Type.DISK);
  }

  private void retain(Set<Long> generations) {
    for (Dispatcher dispatcher : dispatchers) {
      dispatcher.retain(generations);
    }
  }

  /// What each shipper's client may hold: its part of a third of `memory`.
  private static long clientBytes(Configuration configuration) {
    return configuration.memoryBytes() / 3 / Math.max(1, configuration.shippers().size());
  }

  private static Map<String, Set<Signal>> takers(Configuration configuration) {
    Map<String, Set<Signal>> takers = new LinkedHashMap<>();
    for (ShipperSettings shipper : configuration.shippers()) {
      if (!configuration.isFallback(shipper.name())) {
        takers.put(shipper.name(), shipper.signals());
      }
    }
    return takers;
  }

  /// Files are logs: without OTLP there are no spans and no metrics.
  private static ShipperSettings forSources(ShipperSettings settings, Configuration configuration) {
    return settings instanceof ShipperSettings.Kafka kafka && configuration.otlp() == null
        ? kafka.withoutSignal(Signal.TRACES).withoutSignal(Signal.METRICS)
        : settings;
  }

  private static int inFlight(ShipperSettings settings) {
    if (settings instanceof ShipperSettings.Kafka) {
      return isExactlyOnce(settings) ? TRANSACTION_IN_FLIGHT : KAFKA_IN_FLIGHT;
    }
    return settings instanceof ShipperSettings.Otlp ? OTLP_IN_FLIGHT : 1;
  }

  private static boolean keepsRaw(Configuration configuration) {
    return configuration.shippers().stream().anyMatch(ShipperSettings::keepsRaw);
  }

  /// Whether a shipper has a part of its destination missing, and holds enough for it.
  private boolean refuses(Signal signal) {
    return dispatchers.stream().anyMatch(dispatcher -> dispatcher.refuses(signal));
  }

  private List<SourceStatus> sources() {
    List<SourceStatus> all = new ArrayList<>(files());
    if (receiver != null) {
      all.add(new SourceStatus(OtlpReceiver.SOURCE, List.of()));
    }
    return all;
  }

  private List<SourceStatus> files() {
    return tail == null ? List.of() : tail.status();
  }

  private List<ShipperStatus> shippers() {
    long nowNanos = nanoClock.getAsLong();
    return dispatchers.stream().map(dispatcher -> dispatcher.status(nowNanos)).toList();
  }

  void start() {
    if (diskThread != null) {
      diskThread.start();
    }
    adminListener.start();
    if (otlpListener != null) {
      otlpListener.start();
    }
    if (tail != null) {
      tail.start();
    }
  }

  /// Looks after what heals with time: addresses that were in use.
  void tend() {
    adminListener.retry();
    if (otlpListener != null) {
      otlpListener.retry();
    }
  }

  /// Stops from the sources to the destinations: reads and receives on until nothing comes any
  /// more, ships what is held, stores the positions.
  ///
  /// @param shutdown tells what time is left, and whether to end at once
  /// @return the records that were not confirmed
  long stop(Shutdown shutdown) throws InterruptedException, IOException {
    long quietNanos = configuration.shutdown().quiet().toNanos();
    shutdown.waitUntil(() -> filesQuietFor(quietNanos) && requestsQuietFor(quietNanos));
    if (tail != null) {
      tail.finishHeld();
    }
    if (receiver != null) {
      receiver.stopAccepting();
    }
    if (tail != null) {
      shutdown.waitUntil(tail::caughtUp);
    }
    dispatcherThreads.forEach(DispatcherThread::drain);
    for (DispatcherThread thread : dispatcherThreads) {
      thread.awaitDrained(shutdown.left());
    }
    // Acknowledgements of the last batches are taken before the positions are stored.
    boolean tailStopped = tail == null || tail.stop(Duration.ofSeconds(2).toNanos());
    long undelivered = closeShippers(shutdown.closing());
    if (otlpListener != null) {
      otlpListener.close(shutdown.closing());
    }
    if (receiver != null) {
      receiver.close();
    }
    if (diskThread != null && !diskThread.close(shutdown.closing().toNanos())) {
      LOG.warn("the disk does not sync what was appended last: it may be shipped again");
    }
    adminListener.close(Duration.ZERO);
    if (tailStopped) {
      store.close();
    } else {
      LOG.warn("the tail loop does not end: the last positions are not stored");
    }
    for (Ledger.Row row : ledger.snapshot()) {
      logLedger(row, row.records(), "records");
      logLedger(row, row.bytes(), "bytes");
    }
    for (SourceStatus source : files()) {
      long lost = metrics.value(Counter.SOURCE_LOST_BYTES, source.name());
      if (lost > 0) {
        LOG.warn(
            "ledger: source {}: {} bytes were gone before they were read", source.name(), lost);
      }
    }
    Receipt receipt = tail == null ? null : tail.receipt();
    if (receipt != null) {
      receipt.lines().forEach(line -> LOG.info("receipt: {}", line));
      tellPod(receipt);
    }
    long unread = receipt == null ? 0 : receipt.unshippedBytes();
    if (undelivered > 0 || unread > 0) {
      LOG.warn(
          "stopped with {} records unconfirmed and {} bytes of files not shipped:"
              + " they follow at the next start if {} still there",
          undelivered,
          unread,
          disk == null ? "the files are" : "buffer.directory and the files are");
    }
    return undelivered;
  }

  /// Kubernetes shows what lies there as the container's termination message.
  private void tellPod(Receipt receipt) {
    Path path = configuration.shutdown().terminationLog();
    if (path == null) {
      return;
    }
    try {
      Files.write(path, receipt.message(TERMINATION_MESSAGE_BYTES));
    } catch (IOException e) {
      LOG.warn("the termination message cannot be written to {}: {}", path, e.toString());
    }
  }

  private static void logLedger(Ledger.Row row, Ledger.Amounts amounts, String unit) {
    LOG.info(
        "ledger: source {} shipper {}, in {}: read {} = shipped {} + filtered {} + rejected {} +"
            + " dead letters {} + fallback {} + dropped {} + left {}",
        row.source(),
        row.shipper(),
        unit,
        amounts.read(),
        amounts.shipped(),
        amounts.filtered(),
        amounts.rejected(),
        amounts.deadLettered(),
        amounts.fellBack(),
        amounts.dropped(),
        amounts.inFlight());
  }

  /// All at once, so that clients which hang cost the time of one. Each has `timeout` for what it
  /// has in flight, and as long again to return.
  private long closeShippers(Duration timeout) throws InterruptedException {
    long startNanos = nanoClock.getAsLong();
    dispatcherThreads.forEach(thread -> thread.close(timeout));
    long undelivered = 0;
    for (DispatcherThread thread : dispatcherThreads) {
      Duration passed = Duration.ofNanos(nanoClock.getAsLong() - startNanos);
      undelivered += thread.awaitClosed(timeout.multipliedBy(2).minus(passed));
    }
    return undelivered;
  }

  private boolean filesQuietFor(long nanos) {
    return tail == null || Objects.requireNonNull(tail).quietFor(nanos);
  }

  private boolean requestsQuietFor(long nanos) {
    return receiver == null
        || nanoClock.getAsLong() - Objects.requireNonNull(receiver).lastRequestNanos() >= nanos;
  }
}
