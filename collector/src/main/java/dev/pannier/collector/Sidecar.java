package dev.pannier.collector;

import dev.pannier.collector.admin.AdminHandler;
import dev.pannier.collector.admin.ReloadStatus;
import dev.pannier.collector.admin.SourceStatus;
import dev.pannier.collector.admin.View;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.BufferStatus;
import dev.pannier.collector.buffer.Cursors;
import dev.pannier.collector.buffer.DiskBuffer;
import dev.pannier.collector.buffer.DiskBufferThread;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.Left;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.checkpoint.Identity;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.Configuration.Address;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.config.OtlpSource;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.http.Endpoint;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.process.ProcessingBuffer;
import dev.pannier.collector.process.Processors;
import dev.pannier.collector.receipt.Receipt;
import dev.pannier.collector.receipt.ShipperReceipt;
import dev.pannier.collector.receipt.TerminationMessage;
import dev.pannier.collector.receive.OtlpReceiver;
import dev.pannier.collector.tail.OwnFiles;
import dev.pannier.collector.tail.StartPositions;
import dev.pannier.collector.tail.Tail;
import dev.pannier.collector.tail.TailChange;
import dev.pannier.collector.tail.TailThread;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.Home;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.AttributesEncoder;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The running sidecar: makes its parts, starts them from the destinations (as soon as they are made)
/// to the sources, and stops them from the sources to the destinations.
final class Sidecar {
  private static final Logger LOG = LoggerFactory.getLogger(Sidecar.class);

  /// So long the tail has to come round for a change, which is done later where it does not.
  private static final long TAIL_NANOS = TimeUnit.SECONDS.toNanos(10);

  /// So long requests have that are under way when the receiver changes: none waits longer for its answer.
  private static final Duration REQUESTS = Duration.ofSeconds(6);

  private final LongSupplier nanoClock = System::nanoTime;
  private final SecureRandom random = new SecureRandom();
  private final Metrics metrics = new Metrics();
  private final Ledger ledger = new Ledger();
  private final DropLog dropLog = new DropLog(ledger.drops(), LOG::warn);
  private final Health health = new Health(nanoClock);
  private final MemoryBudget budget;
  private final OwnFiles own = new OwnFiles();
  private final FormerBuffers former;
  private final PositionStore store;
  private final @Nullable DiskBuffer disk;

  /// Whether that is not the one which is configured.
  private final boolean isFormer;

  /// Whether what was read of files may wait in a disk buffer that is not open.
  private final boolean keepsFiles;

  private final @Nullable DiskBufferThread diskThread;
  private final StartPositions startPositions;
  private final Cursors cursors;
  private final ProcessingBuffer buffer;
  private final Shipping shipping;

  /// null where no files were configured yet: their positions stay as they were.
  private volatile @Nullable TailThread tail;

  private final AdminHandler admin;

  // The main thread's.
  private Configuration configuration;
  private @Nullable Home home;

  /// Whether the last [#reload] has reached sources and buffer.
  private CountDownLatch switched = new CountDownLatch(0);

  /// What changes in the tail when the shippers have.
  private @Nullable TailChange afterShippers;

  private @Nullable Listener otlpListener;
  private Listener adminListener;

  private volatile @Nullable OtlpReceiver receiver;

  /// Whether requests are acknowledged while they are in memory alone, or were before a reload: such ones may still be there.
  private volatile boolean acceptsInMemory;

  /// The shippers that have told what their destination has.
  private final Set<String> met = ConcurrentHashMap.newKeySet();

  /// @param reload what came of the last reload
  /// @throws IOException where `state.directory` or `buffer.directory` cannot be used
  Sidecar(Configuration configuration, String version, Supplier<ReloadStatus> reload)
      throws IOException {
    this.configuration = configuration;
    own.addStreams();
    own.add(configuration);
    Set<String> exactlyOnce = exactlyOnce(configuration);
    former = new FormerBuffers(configuration.stateDirectory(), LOG::warn);
    List<Path> others = former.others(configuration.buffer());
    PositionStore opened = null;
    if (!exactlyOnce.isEmpty() || !others.isEmpty()) {
      // Who we are lies beside the positions, and is asked for by those that store them.
      opened = PositionStore.open(configuration.stateDirectory(), random, LOG::warn);
    }
    if (!exactlyOnce.isEmpty()) {
      home = readHome(configuration);
    }
    budget =
        new MemoryBudget(
            configuration.memoryBytes()
                - Shipping.clientBytes(configuration) * configuration.shippers().size());
    Buffer shared;
    try {
      disk = disk(configuration, exactlyOnce, others, opened);
    } catch (IOException e) {
      if (opened != null) {
        opened.close();
      }
      throw e;
    }
    if (disk == null) {
      MemoryBuffer made = new MemoryBuffer(budget, ledger, metrics, Shipping.takers(configuration));
      diskThread = null;
      cursors = made;
      shared = made;
    } else {
      diskThread = new DiskBufferThread(disk, nanoClock, health);
      cursors = disk;
      shared = disk;
    }
    isFormer = disk != null && others.contains(disk.directory());
    keepsFiles = former.mayWaitElsewhere(disk == null ? null : disk.directory());
    tellKept(configuration);
    startPositions = startPositions(configuration, disk != null);
    buffer =
        new ProcessingBuffer(
            Processors.create(configuration.processors(), configuration.resource().received()),
            shared,
            !keepsFiles,
            budget,
            metrics);
    shipping =
        new Shipping(
            configuration.memoryBytes(),
            new Shipping.Supply(budget, cursors, ledger, metrics),
            health,
            nanoClock,
            random,
            this::committed,
            Shipping.onThreads(random));
    // To reach a destination takes longest: the rest is made meanwhile.
    shipping.start(configuration, home);
    try {
      store =
          opened == null
              ? PositionStore.open(configuration.stateDirectory(), random, LOG::warn)
              : opened;
      if (exactlyOnce.isEmpty()) {
        Identity.forget(configuration.stateDirectory());
      }
    } catch (IOException e) {
      shipping.abandon();
      throw e;
    }
    tail = configuration.files().isEmpty() ? null : tail(configuration);
    receive(configuration.otlp());
    View view =
        new View(
            version,
            metrics,
            ledger,
            budget,
            this::sources,
            shipping::status,
            this::buffer,
            reload);
    admin = new AdminHandler(health, view, configuration.admin().token(), nanoClock);
    adminListener = adminListener(configuration.admin().listen());
  }

  private void receive(@Nullable OtlpSource otlp) {
    if (otlp == null) {
      receiver = null;
      otlpListener = null;
      return;
    }
    if (otlp.acknowledge() == OtlpSource.Acknowledge.ACCEPTED) {
      acceptsInMemory = true;
    }
    OtlpReceiver made =
        new OtlpReceiver(otlp, buffer, budget, shipping::refuses, metrics, nanoClock);
    receiver = made;
    otlpListener = new Listener("otlp", made::listen, nanoClock, health);
  }

  private Listener adminListener(Address listen) {
    return new Listener(
        "admin",
        server -> List.of(server.listen(listen, Endpoint.small(admin))),
        nanoClock,
        health);
  }

  private Home readHome(Configuration configuration) throws IOException {
    Identity identity =
        Identity.read(
            configuration.stateDirectory(), configuration.resource().attributes(), random);
    return new Home(identity.name(), identity.isNew(), configuration.stateDirectory());
  }

  private TailThread tail(Configuration configuration) {
    TailThread made =
        new Tail(
                store,
                disk == null ? List.of() : disk.positions(),
                startPositions,
                // With a log, a file's positions move before shippers have what they say.
                disk == null ? shipping::retain : ignored -> {},
                own,
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
    made.terminationLog(configuration.shutdown().terminationLog());
    made.others(this::withBuffer);
    if (disk != null) {
      made.othersFollow();
    }
    return made;
  }

  /// Goes over to another configuration: sources and processors at once, shippers in the time that they
  /// need ([#isChanging], [#tend]). What is the same is not touched.
  ///
  /// @param next needs no restart; no change is under way
  /// @return why nothing was changed; null where it was
  @Nullable String reload(Configuration next) throws InterruptedException {
    Configuration before = configuration;
    Processors processors;
    TailThread reading = tail;
    if (reading != null && reading.hasEnded()) {
      return "cannot be applied: the tail loop has ended, /livez says why";
    }
    if (disk != null && isFormer && !exactlyOnce(before).containsAll(exactlyOnce(next))) {
      // What such a shipper sees of the log has to be synced, from the start on.
      return "delivery: exactly_once of another shipper cannot be applied while a former buffer is"
          + " shipped: restart the sidecar";
    }
    @Nullable TailChange sources = null;
    @Nullable TailChange sourcesMeanwhile = null;
    Shipping.Next shippers;
    try {
      processors = Processors.create(next.processors(), next.resource().received());
      byte[] resource = AttributesEncoder.resource(next.resource().attributes());
      boolean raw = keepsRaw(next);
      if (reading != null) {
        sources = reading.prepare(next.files(), resource, raw);
        // Who ships lines as they are gets them so until it has ended.
        sourcesMeanwhile = raw ? sources : sources.keepingRaw(keepsRaw(before));
      }
      shippers = shipping.prepare(next, homeOf(next));
    } catch (Shipping.NeedsRestart e) {
      return e.getMessage();
    } catch (IOException | RuntimeException e) {
      LOG.error("the new configuration cannot be applied", e);
      return "cannot be applied: " + e;
    }
    configuration = next;
    own.add(next);
    if (!before.files().equals(next.files())) {
      tellKept(next);
    }
    boolean tailChanges =
        !before.files().equals(next.files())
            || !before.resource().equals(next.resource())
            || keepsRaw(before) != keepsRaw(next);
    afterShippers = keepsRaw(before) && !keepsRaw(next) ? sources : null;
    boolean receiverChanges = !Objects.equals(before.otlp(), next.otlp());
    if (receiverChanges) {
      // While shippers still ship: requests that are under way may wait for what they confirm.
      stopReceiving(REQUESTS);
    }
    shipping.change(shippers, nanoClock.getAsLong());
    Runnable taking = () -> buffer.change(processors, () -> cursors.change(shippers.takers));
    if (reading == null) {
      taking.run();
      if (!next.files().isEmpty()) {
        TailThread first = tail(next);
        tail = first;
        first.start();
      }
    } else {
      // By the loop that reads files, while it reads none: what was read for one configuration
      // meets
      // nothing of the other.
      switched = reading.change(tailChanges ? sourcesMeanwhile : null, taking);
      reading.terminationLog(next.shutdown().terminationLog());
    }
    if (!switched.await(TAIL_NANOS, TimeUnit.NANOSECONDS)) {
      LOG.warn("the tail loop does not come round: sources and shippers change when it does");
    }
    tendShippers();
    Set<String> left = awaited(before);
    left.removeAll(awaited(next));
    left.forEach(startPositions::gone);
    admin.token(next.admin().token());
    boolean adminMoves = !before.admin().listen().equals(next.admin().listen());
    if (adminMoves) {
      adminListener.close(Duration.ofSeconds(1));
    }
    // All addresses that are left are free by now: one role may have the other's.
    if (receiverChanges) {
      receive(next.otlp());
      if (otlpListener != null) {
        otlpListener.start();
      }
    }
    if (adminMoves) {
      adminListener = adminListener(next.admin().listen());
      adminListener.start();
    }
    if (disk != null && !before.buffer().equals(next.buffer())) {
      disk.change(next.buffer());
    }
    return null;
  }

  private void tendShippers() {
    if (switched.getCount() > 0) {
      return;
    }
    shipping.tend(nanoClock.getAsLong());
    TailChange later = afterShippers;
    if (later != null && !shipping.isChanging()) {
      afterShippers = null;
      switched = Objects.requireNonNull(tail).change(later, () -> {});
    }
  }

  /// Who ships, where somebody stores positions.
  private @Nullable Home homeOf(Configuration next) throws IOException {
    if (exactlyOnce(next).isEmpty()) {
      return null;
    }
    Home known = home;
    if (known == null) {
      home = readHome(next);
      return home;
    }
    // Something may have been shipped under it by now.
    home = new Home(known.identity(), false, known.directory());
    return home;
  }

  /// Positions of an identity become stale when nobody stores any.
  private void forgetIdentity() {
    if (home == null || isChanging() || !exactlyOnce(configuration).isEmpty()) {
      return;
    }
    home = null;
    try {
      Identity.forget(configuration.stateDirectory());
    } catch (IOException e) {
      LOG.warn("the identity cannot be removed from state.directory: {}", e.toString());
    }
  }

  /// Whether shippers have not finished what they had in flight at the last [#reload].
  boolean isChanging() {
    return switched.getCount() > 0 || shipping.isChanging() || afterShippers != null;
  }

  /// A request that is still being handled needs what the receiver would let go.
  private void closeReceiver(OtlpReceiver receiving, Duration deadline) {
    if (otlpListener == null || otlpListener.close(deadline)) {
      receiving.close();
    }
  }

  private void stopReceiving(Duration deadline) {
    OtlpReceiver old = receiver;
    if (old == null) {
      return;
    }
    old.stopAccepting();
    closeReceiver(old, deadline);
  }

  /// A former buffer in which something waits comes before the one that is configured: nobody else has those records.
  ///
  /// @param others  where else than configured disk buffers were
  /// @param opened  where there are any
  private @Nullable DiskBuffer disk(
      Configuration configuration,
      Set<String> exactlyOnce,
      List<Path> others,
      @Nullable PositionStore opened)
      throws IOException {
    BufferSettings settings = configuration.buffer();
    for (Path directory : others) {
      own.addFolder("a former buffer.directory", directory);
      DiskBuffer left = formerDisk(configuration, exactlyOnce, directory);
      if (left != null && opened != null && settles(left, opened)) {
        left.close();
        former.remove(directory);
      } else if (left != null) {
        LOG.warn(
            settings.type() == BufferSettings.Type.MEMORY
                ? "buffer.type is memory now: what waits in buffer.directory {} is shipped first"
                : "buffer.directory was {} before: it is used until a start or an end of the"
                    + " sidecar finds nothing waiting there",
            directory);
        return left;
      }
    }
    if (settings.type() == BufferSettings.Type.MEMORY) {
      return null;
    }
    try {
      DiskBuffer made = open(configuration, exactlyOnce, settings);
      former.add(settings.directory());
      return made;
    } catch (IOException e) {
      throw new IOException("buffer.directory " + settings.directory() + ": " + e.getMessage(), e);
    }
  }

  private void tellKept(Configuration configuration) {
    if (keepsFiles && configuration.files().stream().anyMatch(FileSource::deletes)) {
      LOG.warn(
          "after_shipped: delete deletes nothing before the next start: what was read of files may"
              + " wait in a disk buffer that is not open now");
    }
  }

  private @Nullable DiskBuffer formerDisk(
      Configuration configuration, Set<String> exactlyOnce, Path directory) {
    if (former.isGone(directory)) {
      LOG.warn(
          "buffer.directory was {} before, and nothing of it is there: what waits in it is shipped"
              + " when it is there at a start; where it is gone for good, take its line out of {}",
          directory,
          FormerBuffers.file(configuration.stateDirectory()));
      return null;
    }
    try {
      return open(configuration, exactlyOnce, configuration.buffer().in(directory));
    } catch (IOException e) {
      LOG.warn(
          "buffer.directory was {} before: what waits there cannot be shipped now ({})",
          directory,
          e.getMessage());
      return null;
    }
  }

  /// Where nothing waits in a disk buffer the volume gets to know all positions that it has, whoever reads the files next.
  ///
  /// @return whether it can be left
  private static boolean settles(DiskBuffer disk, PositionStore store) {
    if (!disk.isEmpty()) {
      return false;
    }
    List<SavedGeneration> raised = StartPositions.raise(store.loaded(), disk.positions());
    if (!raised.equals(store.loaded())) {
      try {
        store.correct(raised);
      } catch (IOException e) {
        LOG.warn(
            "how far files are in the former buffer.directory {} cannot be stored ({}): it is not"
                + " left before that is",
            disk.directory(),
            e.toString());
        return false;
      }
    }
    return true;
  }

  private DiskBuffer open(
      Configuration configuration, Set<String> exactlyOnce, BufferSettings settings)
      throws IOException {
    return new DiskBuffer(
        settings,
        budget,
        ledger,
        metrics,
        Shipping.takers(configuration),
        exactlyOnce,
        InstantSource.system(),
        nanoClock.getAsLong(),
        LOG::warn);
  }

  private @Nullable BufferStatus buffer() {
    if (disk == null) {
      return null;
    }
    return isFormer
        ? disk.status().withFormerDirectory(disk.directory().toString())
        : disk.status();
  }

  private void committed(String shipper, Committed known) {
    // Once: what it stores from now on is of this log.
    if (disk != null && met.add(shipper)) {
      disk.stored(shipper, known.log(), known.sequence());
    }
    startPositions.told(shipper, known);
  }

  /// The shippers that store positions.
  private static Set<String> exactlyOnce(Configuration configuration) {
    Set<String> names = new LinkedHashSet<>();
    for (ShipperSettings shipper : configuration.shippers()) {
      if (shipper.isExactlyOnce()) {
        names.add(shipper.name());
      }
    }
    return names;
  }

  /// Those of them that take logs: files wait for these.
  private static Set<String> awaited(Configuration configuration) {
    Set<String> names = new LinkedHashSet<>();
    for (ShipperSettings shipper : configuration.takers(Signal.LOGS)) {
      if (shipper.isExactlyOnce()) {
        names.add(shipper.name());
      }
    }
    return names;
  }

  private static StartPositions startPositions(Configuration configuration, boolean isDisk) {
    Set<String> awaited = awaited(configuration);
    boolean others = configuration.takers(Signal.LOGS).size() > awaited.size();
    return new StartPositions(awaited, others, isDisk);
  }

  private static boolean keepsRaw(Configuration configuration) {
    return configuration.shippers().stream().anyMatch(ShipperSettings::keepsRaw);
  }

  private List<SourceStatus> sources() {
    List<SourceStatus> all = new ArrayList<>(files());
    if (receiver != null) {
      all.add(new SourceStatus(OtlpReceiver.SOURCE, List.of()));
    }
    return all;
  }

  private List<SourceStatus> files() {
    TailThread reading = tail;
    return reading == null ? List.of() : reading.status();
  }

  void start() {
    if (diskThread != null) {
      diskThread.start();
    }
    listen();
    TailThread reading = tail;
    if (reading != null) {
      reading.start();
    }
  }

  /// Looks after what takes time: shippers that change, addresses that were in use.
  void tend() throws InterruptedException {
    tendShippers();
    forgetIdentity();
    listen();
    TailThread reading = tail;
    dropLog.tell(reading == null ? null : reading.receipt(), nanoClock.getAsLong());
  }

  /// Wherever it does not listen yet.
  private void listen() {
    if (otlpListener != null) {
      otlpListener.retry();
    }
    // Last, since applications wait for `/livez`: their first request finds the receiver there.
    adminListener.retry();
  }

  /// Stops from the sources to the destinations: reads and receives on until nothing comes any
  /// more, or three quarters of the time have passed and something still does, ships what is held, stores the positions.
  ///
  /// @param shutdown tells what time is left, and whether to end at once
  /// @return the records that were not confirmed, and that no disk buffer is known to have for the next start
  long stop(Shutdown shutdown) throws InterruptedException, IOException {
    shipping.hurry(nanoClock.getAsLong());
    shutdown.waitUntil(
        () -> {
          tendShippers();
          return !isChanging();
        });
    long quietNanos = configuration.shutdown().quiet().toNanos();
    TailThread reading = tail;
    if (reading != null) {
      reading.watchGrowth();
    }
    // The first look finds all files new: that has to be over when it matters.
    long growthNanos = Math.min(quietNanos, configuration.shutdown().deadline().toNanos() / 2);
    BooleanSupplier filesGrow = () -> reading != null && !reading.filesQuietFor(growthNanos);
    shutdown.waitUntil(
        () -> {
          boolean requestsQuiet = requestsQuietFor(quietNanos);
          return ((reading == null || reading.quietFor(quietNanos)) && requestsQuiet)
              || (shutdown.draining() && (filesGrow.getAsBoolean() || !requestsQuiet));
        });
    OtlpReceiver requests = receiver;
    if (requests != null) {
      requests.stopAccepting();
      shutdown.waitUntil(requests::hasStoppedAccepting);
    }
    if (reading != null) {
      if (!shutdown.draining() || !filesGrow.getAsBoolean()) {
        reading.finishHeld();
        shutdown.waitUntil(
            () -> reading.caughtUp() || (shutdown.draining() && filesGrow.getAsBoolean()));
      }
      reading.stopReading();
      shutdown.waitUntil(reading::hasStoppedReading);
    }
    shipping.drain(shutdown);
    long undelivered = shipping.close(shutdown);
    long unkept = shipping.unkept();
    // Behind the shippers: what they confirm while they close is in the positions that it stores.
    boolean tailStopped = reading == null || reading.stop(Duration.ofSeconds(2).toNanos());
    if (requests != null) {
      closeReceiver(requests, shutdown.closing());
    }
    if (diskThread != null && !diskThread.close(shutdown.closing().toNanos())) {
      LOG.warn("the disk does not sync what was appended last: it may be shipped again");
    }
    adminListener.close(Duration.ZERO);
    Receipt receipt = lastReceipt(reading, tailStopped);
    dropLog.tellRest(receipt);
    if (tailStopped) {
      store.close();
      forgetFormer();
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
    if (receipt != null) {
      receipt.lines().forEach(line -> LOG.info("receipt: {}", line));
    }
    long unread = receipt == null ? 0 : receipt.unshippedBytes() + receipt.bufferedBytes();
    // No file has them.
    long requested = disk == null ? receivedInFlight().sum() : 0;
    if (undelivered > requested || unread > 0) {
      LOG.warn(
          "stopped with {} records unconfirmed and {} bytes of files not shipped:"
              + " they follow at the next start if {} still there",
          Math.max(0, undelivered - requested),
          unread,
          disk == null ? "the files are" : "buffer.directory and the files are");
    }
    if (requested > 0) {
      LOG.warn(
          "stopped with {} records of requests unconfirmed: {}",
          requested,
          acceptsInMemory
              ? "they are lost, and their clients were told that they were accepted"
              : "their clients were not told that they were delivered, and have to send them"
                  + " again");
    }
    return disk == null || disk.left() != null ? unkept : undelivered;
  }

  /// With what the buffer holds though no source need send it again, and what it gave up. Any thread.
  private Receipt withBuffer(Receipt receipt) {
    List<ShipperReceipt> shippers = new ArrayList<>();
    // What else is in memory alone is in files, or was not acknowledged.
    boolean accepts = disk == null && acceptsInMemory;
    for (Ledger.Row row : ledger.snapshot()) {
      boolean received = row.source().equals(OtlpReceiver.SOURCE);
      boolean holds = disk != null || (accepts && received && !receipt.complete());
      shippers.add(
          new ShipperReceipt(
              row.source(),
              row.shipper(),
              received,
              holds ? row.records().inFlight() : 0,
              holds ? row.bytes().inFlight() : 0,
              row.records().dropped(),
              row.bytes().dropped()));
    }
    return receipt
        .withDropped(ledger.drops().files())
        .withShippers(shippers)
        .withLostReceived(accepts && receipt.complete() ? receivedInFlight().max().orElse(0) : 0);
  }

  /// For each shipper the records of requests that it has not got.
  private LongStream receivedInFlight() {
    return ledger.snapshot().stream()
        .filter(row -> row.source().equals(OtlpReceiver.SOURCE))
        // What a fallback has is its shipper's as well.
        .filter(row -> !configuration.isFallback(row.shipper()))
        .mapToLong(row -> row.records().inFlight());
  }

  /// With what is left in the disk buffer, once that is closed.
  private @Nullable Receipt lastReceipt(@Nullable TailThread reading, boolean tailStopped) {
    Receipt last = reading == null ? new Receipt(List.of(), 0, disk == null) : reading.receipt();
    if (last == null) {
      return null;
    }
    Receipt whole = withBuffer(last);
    if (disk != null) {
      Left left = disk.left();
      if (left == null) {
        LOG.warn(
            "receipt: which bytes are left in buffer.directory is not known, and they count as"
                + " shipped: the receipt is not complete");
      } else {
        long inMemory = receivedInFlight().max().orElse(0) - left.receivedRecords();
        whole =
            whole
                .withBuffered(left.files(), left.receivedRecords())
                .withLostReceived(acceptsInMemory ? Math.max(0, inMemory) : 0)
                .withDamagedBuffer(disk.status().damagedBytes());
        whole = tailStopped ? whole.asLastWord() : whole;
      }
    }
    if (reading == null) {
      TerminationMessage message = new TerminationMessage(LOG::warn);
      message.at(configuration.shutdown().terminationLog());
      message.tell(whole);
    } else if (tailStopped && disk != null) {
      reading.store(whole);
    }
    return whole;
  }

  /// The next start need not look into a former buffer in which nothing waits.
  private void forgetFormer() {
    if (disk == null || !isFormer) {
      return;
    }
    try (PositionStore stored =
        PositionStore.open(configuration.stateDirectory(), random, LOG::warn)) {
      if (settles(disk, stored)) {
        former.remove(disk.directory());
      }
    } catch (IOException e) {
      LOG.debug("the next start looks into the former buffer", e);
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

  private boolean requestsQuietFor(long nanos) {
    OtlpReceiver requests = receiver;
    return requests == null || nanoClock.getAsLong() - requests.lastRequestNanos() >= nanos;
  }
}
