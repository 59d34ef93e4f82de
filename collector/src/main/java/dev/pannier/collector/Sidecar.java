package dev.pannier.collector;

import dev.pannier.collector.admin.AdminHandler;
import dev.pannier.collector.admin.SourceStatus;
import dev.pannier.collector.admin.View;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.checkpoint.Identity;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.OtlpSource;
import dev.pannier.collector.dispatch.Dispatcher;
import dev.pannier.collector.dispatch.DispatcherThread;
import dev.pannier.collector.dispatch.ShipperStatus;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.http.Endpoint;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.process.ProcessingBuffer;
import dev.pannier.collector.process.Processors;
import dev.pannier.collector.receive.OtlpReceiver;
import dev.pannier.collector.tail.StartPositions;
import dev.pannier.collector.tail.Tail;
import dev.pannier.collector.tail.TailThread;
import dev.pannier.shippers.Home;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.Shippers;
import dev.pannier.shippers.batch.AttributesEncoder;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
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

  private final Configuration configuration;
  private final LongSupplier nanoClock = System::nanoTime;
  private final Metrics metrics = new Metrics();
  private final Ledger ledger = new Ledger();
  private final Health health = new Health(nanoClock);
  private final MemoryBudget budget;
  private final PositionStore store;
  private final StartPositions startPositions;
  private final List<Dispatcher> dispatchers = new ArrayList<>();
  private final List<DispatcherThread> dispatcherThreads = new ArrayList<>();
  private final TailThread tail;
  private final @Nullable OtlpReceiver receiver;
  private final @Nullable Listener otlpListener;
  private final Listener adminListener;

  /// @throws IOException where `state.directory` cannot be used
  Sidecar(Configuration configuration, String version) throws IOException {
    this.configuration = configuration;
    SecureRandom random = new SecureRandom();
    store = PositionStore.open(configuration.stateDirectory(), random, LOG::warn);
    List<String> exactlyOnce = exactlyOnce(configuration);
    Identity identity =
        exactlyOnce.isEmpty()
            ? new Identity("", true)
            : Identity.read(
                configuration.stateDirectory(), configuration.resource().attributes(), random);
    Home home = new Home(identity.name(), identity.isNew(), configuration.stateDirectory());
    startPositions = startPositions(configuration, exactlyOnce);
    long clientBytes = clientBytes(configuration);
    budget =
        new MemoryBudget(
            configuration.memoryBytes() - clientBytes * configuration.shippers().size());
    MemoryBuffer memory = new MemoryBuffer(budget, ledger, metrics, takers(configuration));
    Buffer buffer =
        configuration.processors().isEmpty()
            ? memory
            : new ProcessingBuffer(
                Processors.create(configuration.processors()), memory, budget, metrics);
    for (ShipperSettings settings : configuration.shippers()) {
      Dispatcher dispatcher =
          new Dispatcher(
              Shippers.open(
                  forSources(settings, configuration),
                  clientBytes,
                  InstantSource.system(),
                  home,
                  random),
              memory.cursor(settings.name()),
              metrics,
              new SplittableRandom(random.nextLong()),
              inFlight(settings));
      if (exactlyOnce.contains(settings.name())) {
        dispatcher.onCommitted(known -> startPositions.told(settings.name(), known));
      }
      dispatchers.add(dispatcher);
      dispatcherThreads.add(new DispatcherThread(dispatcher, nanoClock, health));
    }
    // To reach a destination takes longest: the rest is made meanwhile.
    dispatcherThreads.forEach(DispatcherThread::start);
    tail =
        new Tail(
                store,
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
    OtlpSource otlp = configuration.otlp();
    if (otlp == null) {
      receiver = null;
      otlpListener = null;
    } else {
      OtlpReceiver made = new OtlpReceiver(otlp, buffer, budget, this::refuses, metrics, nanoClock);
      receiver = made;
      otlpListener = new Listener("otlp", made::listen, nanoClock, health);
    }
    View view = new View(version, metrics, ledger, budget, this::sources, this::shippers);
    AdminHandler admin = new AdminHandler(health, view, configuration.admin().token(), nanoClock);
    adminListener =
        new Listener(
            "admin",
            server -> List.of(server.listen(configuration.admin().listen(), Endpoint.small(admin))),
            nanoClock,
            health);
  }

  /// The shippers that store positions.
  private static List<String> exactlyOnce(Configuration configuration) {
    return configuration.shippers().stream()
        .filter(
            shipper ->
                shipper instanceof ShipperSettings.Kafka kafka && kafka.transactions() != null)
        .map(ShipperSettings::name)
        .toList();
  }

  /// Files wait for those that take logs.
  private static StartPositions startPositions(
      Configuration configuration, List<String> exactlyOnce) {
    List<String> taking =
        configuration.shippers().stream()
            .filter(shipper -> shipper.signals().contains(Signal.LOGS))
            .map(ShipperSettings::name)
            .toList();
    List<String> awaited = taking.stream().filter(exactlyOnce::contains).toList();
    return new StartPositions(awaited, awaited.size() < taking.size());
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
      takers.put(shipper.name(), shipper.signals());
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
    return switch (settings) {
      case ShipperSettings.Kafka kafka ->
          kafka.transactions() == null ? KAFKA_IN_FLIGHT : TRANSACTION_IN_FLIGHT;
      case ShipperSettings.Otlp otlp -> OTLP_IN_FLIGHT;
      case ShipperSettings.File file -> 1;
      case ShipperSettings.Stdout stdout -> 1;
    };
  }

  private static boolean keepsRaw(Configuration configuration) {
    return configuration.shippers().stream()
        .anyMatch(
            shipper ->
                switch (shipper) {
                  case ShipperSettings.Kafka kafka ->
                      kafka.encodings().get(Signal.LOGS) == Encoding.RAW;
                  case ShipperSettings.Otlp otlp -> false;
                  case ShipperSettings.File file -> file.encoding() == Encoding.RAW;
                  case ShipperSettings.Stdout stdout -> stdout.encoding() == Encoding.RAW;
                });
  }

  /// Whether a shipper has a part of its destination missing, and holds enough for it.
  private boolean refuses(Signal signal) {
    return dispatchers.stream().anyMatch(dispatcher -> dispatcher.refuses(signal));
  }

  private List<SourceStatus> sources() {
    List<SourceStatus> all = new ArrayList<>(tail.status());
    if (receiver != null) {
      all.add(new SourceStatus(OtlpReceiver.SOURCE, List.of()));
    }
    return all;
  }

  private List<ShipperStatus> shippers() {
    long nowNanos = nanoClock.getAsLong();
    return dispatchers.stream().map(dispatcher -> dispatcher.status(nowNanos)).toList();
  }

  void start() {
    adminListener.start();
    if (otlpListener != null) {
      otlpListener.start();
    }
    tail.start();
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
    shutdown.waitUntil(() -> tail.quietFor(quietNanos) && requestsQuietFor(quietNanos));
    tail.finishHeld();
    if (receiver != null) {
      receiver.stopAccepting();
    }
    shutdown.waitUntil(tail::caughtUp);
    dispatcherThreads.forEach(DispatcherThread::drain);
    for (DispatcherThread thread : dispatcherThreads) {
      thread.awaitDrained(shutdown.left());
    }
    // Acknowledgements of the last batches are taken before the positions are stored.
    boolean tailStopped = tail.stop(Duration.ofSeconds(2).toNanos());
    long undelivered = closeShippers(shutdown.closing());
    if (otlpListener != null) {
      otlpListener.close(shutdown.closing());
    }
    if (receiver != null) {
      receiver.close();
    }
    adminListener.close(Duration.ZERO);
    if (tailStopped) {
      store.close();
    } else {
      LOG.warn("the tail loop does not end: the last positions are not stored");
    }
    for (Ledger.Row row : ledger.snapshot()) {
      LOG.info(
          "ledger: source {} shipper {}: read {} = shipped {} + filtered {} + rejected {} + left"
              + " {}",
          row.source(),
          row.shipper(),
          row.read(),
          row.shipped(),
          row.filtered(),
          row.rejected(),
          row.inFlight());
    }
    long unread = tail.status().stream().mapToLong(SourceStatus::lagBytes).sum();
    if (undelivered > 0 || unread > 0) {
      LOG.warn(
          "stopped with {} records unconfirmed and {} bytes of files not shipped:"
              + " they are read again at the next start if the files are still there",
          undelivered,
          unread);
    }
    return undelivered;
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

  private boolean requestsQuietFor(long nanos) {
    return receiver == null
        || nanoClock.getAsLong() - Objects.requireNonNull(receiver).lastRequestNanos() >= nanos;
  }
}
