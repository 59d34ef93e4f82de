package dev.pannier.collector.simulation;

import dev.pannier.collector.SimulatedShipping;
import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.Cursors;
import dev.pannier.collector.buffer.DiskBuffer;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.buffer.Taken;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.config.Changes;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.collector.tail.SimulatedTail;
import dev.pannier.collector.tail.StartPositions;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// One process's life, without its threads: the parts are those of the sidecar, and are put together in
/// its order.
final class SimulatedSidecar {
  /// Parts of batches that were taken apart are held beyond the bound: without them nothing would
  /// leave.
  private static final long COPIES_BYTES = 512 << 10;

  /// A shipper of the disk buffer goes on with one batch, whatever the others hold.
  private static final long BATCH_BYTES = 272 << 10;

  private final Metrics metrics = new Metrics();
  private final Ledger ledger = new Ledger();
  private final MemoryBudget budget;
  private final PositionStore store;
  private final Buffer buffer;
  private final Cursors cursors;
  private final @Nullable DiskBuffer disk;
  private final SimulatedShipping shipping;
  private final StartPositions start;
  private final SimulatedFileSystem files;
  private final RandomGenerator random;
  private final InstantSource clock;
  private final Consumer<Batch> dropped;
  private final Consumer<String> notice;

  /// What destinations have told, by shipper.
  private final Map<String, CountedShipper.Told> told = new LinkedHashMap<>();

  /// What waited for each shipper when the process began. Those that are not there all the time are not in it.
  private final Map<String, Long> waited = new LinkedHashMap<>();

  private long received;

  /// The shippers that have told what their destination has.
  private final Set<String> met = new HashSet<>();

  private Configuration configuration;

  /// What shippers are made for.
  private Configuration wanted;

  /// Whether it has reloaded: then a record may be refused by the shippers before and after, and is counted once.
  private boolean reloaded;

  /// Null where no files were configured yet.
  private @Nullable SimulatedTail tail;

  /// Whether the last [#reload] has not reached sources and buffer yet.
  private boolean switching;

  /// What was held may be that much while it is on its way below a bound that is lower now.
  private long mostBytes;

  private int work;
  private boolean holdsNoPartial;
  private boolean draining;
  private int checks;

  /// @param opener    makes what reaches a destination
  /// @param nanoClock as what is handed to the other methods
  /// @param dropped   takes what of files the disk buffer drops instead of putting it in its log
  SimulatedSidecar(
      SimulatedFileSystem files,
      Configuration configuration,
      Function<ShipperSettings, Shipper> opener,
      SplittableRandom random,
      InstantSource clock,
      LongSupplier nanoClock,
      Consumer<Batch> dropped,
      Consumer<String> notice)
      throws IOException {
    this.files = files;
    this.configuration = configuration;
    this.wanted = configuration;
    this.random = random;
    this.clock = clock;
    this.dropped = dropped;
    this.notice = notice;
    store = PositionStore.open(configuration.stateDirectory(), random, notice);
    budget =
        new MemoryBudget(
            configuration.memoryBytes()
                - SimulatedShipping.clientBytes(configuration) * configuration.shippers().size());
    List<String> once = new ArrayList<>();
    for (ShipperSettings shipper : configuration.shippers()) {
      if (shipper.isExactlyOnce()) {
        once.add(shipper.name());
      }
    }
    boolean hasDisk = configuration.buffer().type() == BufferSettings.Type.DISK;
    start = new StartPositions(once, once.size() < configuration.shippers().size(), hasDisk);
    Map<String, Set<Signal>> takers = SimulatedShipping.takers(configuration);
    if (hasDisk) {
      DiskBuffer made =
          new DiskBuffer(
              configuration.buffer(),
              budget,
              ledger,
              metrics,
              takers,
              Set.copyOf(once),
              clock,
              nanoClock.getAsLong(),
              notice);
      buffer = made;
      disk = made;
      cursors = made;
    } else {
      MemoryBuffer made = new MemoryBuffer(budget, ledger, metrics, takers);
      buffer = made;
      disk = null;
      cursors = made;
    }
    shipping =
        new SimulatedShipping(
            configuration.memoryBytes(),
            budget,
            cursors,
            ledger,
            metrics,
            nanoClock,
            random.split(),
            this::committed,
            settings ->
                new CountedShipper(
                    opener.apply(settings),
                    told.computeIfAbsent(settings.name(), name -> new CountedShipper.Told()),
                    wanted.policy(settings.name()).buriesOversize()));
    takers.keySet().forEach(name -> waited.put(name, cursors.cursor(name).openRecords()));
    shipping.start(configuration);
    tail = configuration.files().isEmpty() ? null : tail();
  }

  private SimulatedTail tail() {
    return new SimulatedTail(
        files,
        configuration.files(),
        store,
        disk == null ? List.of() : disk.positions(),
        start,
        disk == null ? shipping::retain : ignored -> {},
        new TailBuffer(),
        budget,
        metrics,
        random,
        clock,
        notice);
  }

  /// The buffer as the tail sees it. What `drop_newest` gives up is in no segment, and what is put behind it passes it over.
  private final class TailBuffer implements Buffer {
    @Override
    public boolean hasRoomForFiles() {
      return buffer.hasRoomForFiles();
    }

    @Override
    public boolean hasRoomForRequests() {
      return buffer.hasRoomForRequests();
    }

    @Override
    public void onRoom(Runnable listener) {
      buffer.onRoom(listener);
    }

    @Override
    public long append(
        Batch batch, long reservedBytes, Acknowledgement.When when, Acknowledgement answer) {
      if (configuration.buffer().onFull() != BufferSettings.OnFull.DROP_NEWEST) {
        return buffer.append(batch, reservedBytes, when, answer);
      }
      long before = dropped();
      long number = buffer.append(batch, reservedBytes, when, answer);
      if (dropped() > before) {
        dropped.accept(batch);
      }
      return number;
    }

    @Override
    public BooleanSupplier delivery() {
      return buffer.delivery();
    }

    @Override
    public void filtered(String source, Signal signal, long records, long bytes) {
      buffer.filtered(source, signal, records, bytes);
    }

    private long dropped() {
      return metrics.samples().stream()
          .filter(sample -> sample.key().counter() == Counter.SHIPPER_DROPPED)
          .mapToLong(Metrics.Sample::value)
          .sum();
    }
  }

  private void committed(String shipper, Committed known) {
    if (disk != null && met.add(shipper)) {
      disk.stored(shipper, known.log(), known.sequence());
    }
    start.told(shipper, known);
  }

  /// As the sidecar's main thread goes over to another configuration.
  ///
  /// @param onSwitched called when sources and buffer have changed
  /// @return whether it does: not while the change before is under way, nor where a restart is needed
  boolean reload(Configuration next, long nowNanos, Runnable onSwitched) {
    if (isChanging() || !Changes.between(configuration, next, "").restarts().isEmpty()) {
      return false;
    }
    if (configuration.equals(next)) {
      return true;
    }
    wanted = next;
    SimulatedShipping.Change shippers = shipping.prepare(next);
    if (shippers == null) {
      return false;
    }
    Configuration before = configuration;
    configuration = next;
    reloaded = true;
    waited.keySet().retainAll(SimulatedShipping.takers(next).keySet());
    shipping.change(shippers, nowNanos);
    Runnable taking =
        () -> {
          cursors.change(shippers.takers());
          switching = false;
          onSwitched.run();
        };
    SimulatedTail reading = tail;
    switching = true;
    if (reading == null) {
      taking.run();
      tail = next.files().isEmpty() ? null : tail();
    } else {
      reading.change(before.files().equals(next.files()) ? null : next.files(), taking);
    }
    if (disk != null && !before.buffer().equals(next.buffer())) {
      disk.change(next.buffer());
    }
    work++;
    return true;
  }

  Configuration configuration() {
    return configuration;
  }

  /// Whether a [#reload] has not come to its end.
  boolean isChanging() {
    return switching || shipping.isChanging();
  }

  /// As the main thread does about once a second.
  void tendShippers(long nowNanos) {
    if (!switching) {
      shipping.tend(nowNanos);
    }
  }

  /// The disk buffer's own loop.
  void tend(long nowNanos) {
    if (disk != null) {
      work += disk.doWork(nowNanos);
    }
  }

  /// Whether that loop has something to do: its thread has been woken, or its sleep is over.
  boolean isTendDue(long nowNanos) {
    return disk != null && disk.waitNanos(nowNanos) == 0;
  }

  /// Whether the first sync of that loop's round is one in which it holds no lock but a segment's: the other threads go on.
  boolean syncsAlone() {
    return disk != null && disk.problem() == null;
  }

  void tail(long nowNanos, boolean look) {
    if (tail != null) {
      work += tail.doWork(nowNanos, look);
    }
  }

  boolean takeLooked() {
    return tail != null && tail.takeLooked();
  }

  /// Whether it reads a file.
  boolean takes(Path file) {
    return tail != null && tail.takes(file);
  }

  /// How far a log's content was acknowledged; null where it does not know it.
  SimulatedTail.@Nullable Acknowledged acknowledged(SimulatedDisk.Node log) {
    return tail == null ? null : tail.acknowledged(log.inode, log.bytes, log.size);
  }

  /// How large a generation was when it was stored last before this process; 0 where none was.
  long sizeAtStart(long generation) {
    for (SavedGeneration saved : store.loaded()) {
      if (saved.id() == generation) {
        return saved.sizeBytes();
      }
    }
    return 0;
  }

  /// What of a generation this process has told as lost.
  List<ByteRange> lost(long generation) {
    return tail == null ? List.of() : tail.lost(generation);
  }

  /// How many loops of shippers there are.
  int shippers() {
    return shipping.size();
  }

  void dispatch(int shipper) {
    work += shipping.turn(shipper) ? 1 : 0;
  }

  /// @return whether it is taken; where there is no room the client is told to come back
  boolean receive(byte[] body, Acknowledgement.When when, Acknowledgement answer) {
    if (!buffer.hasRoomForRequests() || !budget.tryReserve(body.length)) {
      return false;
    }
    received++;
    Batch batch = Batch.received(Signal.LOGS, body, 0, body.length, 1, "otlp");
    buffer.append(batch, body.length, when, answer);
    return true;
  }

  /// Grows whenever something is done.
  int work() {
    return work;
  }

  /// It is about to stop: a change has to come to its end soon.
  void hurry(long nowNanos) {
    shipping.hurry(nowNanos);
  }

  /// Whether all was read and shipped, after [#hurry]; to be asked again and again.
  boolean isDone() {
    if (!isChanging() && !holdsNoPartial) {
      holdsNoPartial = true;
      if (tail != null) {
        tail.finishHeld();
      }
      return false;
    }
    if (holdsNoPartial && !draining && (tail == null || tail.caughtUp())) {
      draining = true;
      shipping.drain();
    }
    return draining && shipping.isDrained();
  }

  void stop(long nowNanos) {
    shipping.close();
    if (tail != null) {
      tail.stop(nowNanos);
    }
    if (disk != null) {
      disk.close();
    }
    try {
      store.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean holdsNothing() {
    return !isChanging()
        && (tail == null || !tail.isAwaiting())
        && budget.heldBytes() == 0
        && ledger.snapshot().stream().allMatch(row -> row.records().inFlight() == 0);
  }

  void checkBounds() {
    long beyond = COPIES_BYTES + (disk == null ? 0 : 2 * BATCH_BYTES);
    long held = budget.heldBytes();
    // A shipper reads one batch whatever is held. The least that may be configured has room for
    // both of them, this has not.
    if (held > configuration.memoryBytes() + (disk == null ? 0 : 2 * BATCH_BYTES)) {
      throw new AssertionError(
          held + " bytes are held, and memory is " + configuration.memoryBytes());
    }
    if (held <= budget.limitBytes() + beyond) {
      mostBytes = budget.limitBytes();
    } else if (held > mostBytes + beyond) {
      throw new AssertionError(
          "memory: " + held + " of " + budget.limitBytes() + " bytes are held");
    }
    if (++checks % 64 == 0) {
      checkLedger();
    }
  }

  /// That a row adds up says little, since each change is made to two columns at once. What it says is compared with what others know:
  /// the cursors what is open, the sources what was read.
  private void checkLedger() {
    List<Ledger.Row> rows = ledger.snapshot();
    for (Ledger.Row row : rows) {
      if (!row.records().closes() || !row.bytes().closes()) {
        throw new AssertionError("the ledger does not close: " + row);
      }
      if (isNegative(row.records()) || isNegative(row.bytes())) {
        throw new AssertionError("the ledger has less than nothing: " + row);
      }
    }
    for (String shipper : SimulatedShipping.takers(configuration).keySet()) {
      Ledger.Amounts sum = sum(rows, shipper);
      long open = switching ? sum.inFlight() : cursors.cursor(shipper).openRecords();
      long dropped = value(Counter.SHIPPER_DROPPED, shipper);
      if (sum.dropped() != dropped) {
        throw new AssertionError(
            "the ledger has %d records dropped for %s, %d are counted"
                .formatted(sum.dropped(), shipper, dropped));
      }
      if (sum.inFlight() != open) {
        throw new AssertionError(
            "the ledger has %d records in flight to %s, the buffer %d"
                .formatted(sum.inFlight(), shipper, open));
      }
    }
    long read =
        received + value(Counter.SOURCE_RECORDS, "app") + value(Counter.SOURCE_RECORDS, "web");
    waited.forEach(
        (shipper, found) -> {
          long inLedger = sum(rows, shipper).read();
          if (inLedger != found + read) {
            throw new AssertionError(
                "the ledger has %d records read for %s, sources %d, and %d were there"
                    .formatted(inLedger, shipper, read, found));
          }
        });
  }

  /// What the buffer has told to have given up for want of room, of what a destination was to get.
  long dropped(String destination) {
    long dropped = 0;
    for (Metrics.Sample sample : metrics.samples()) {
      Metrics.Key key = sample.key();
      if (key.counter() == Counter.SHIPPER_DROPPED
          && key.reason().equals("full")
          && Operator.destination(key.owner()).equals(destination)) {
        dropped += sample.value();
      }
    }
    return dropped;
  }

  /// What shippers of a destination have in their hands. Where its segment was dropped meanwhile it goes with the process.
  long taken(String destination) {
    if (isChanging()) {
      // Those that go are not asked.
      return inFlight(destination);
    }
    return SimulatedShipping.takers(configuration).keySet().stream()
        .filter(shipper -> Operator.destination(shipper).equals(destination))
        .mapToLong(shipper -> Taken.records(cursors.cursor(shipper)))
        .sum();
  }

  /// What waits for a destination.
  long inFlight(String destination) {
    return ledger.snapshot().stream()
        .filter(row -> Operator.destination(row.shipper()).equals(destination))
        .mapToLong(row -> row.records().inFlight())
        .sum();
  }

  private long value(Counter counter, String owner) {
    return metrics.value(counter, owner);
  }

  private static boolean isNegative(Ledger.Amounts amounts) {
    return LongStream.of(
            amounts.read(),
            amounts.shipped(),
            amounts.filtered(),
            amounts.rejected(),
            amounts.deadLettered(),
            amounts.fellBack(),
            amounts.dropped(),
            amounts.inFlight())
        .anyMatch(amount -> amount < 0);
  }

  /// A shipper's records, of all sources.
  private static Ledger.Amounts sum(List<Ledger.Row> rows, String shipper) {
    Ledger.Amounts sum = new Ledger.Amounts(0, 0, 0, 0, 0, 0, 0, 0);
    for (Ledger.Row row : rows) {
      if (row.shipper().equals(shipper)) {
        Ledger.Amounts more = row.records();
        sum =
            new Ledger.Amounts(
                sum.read() + more.read(),
                sum.shipped() + more.shipped(),
                sum.filtered() + more.filtered(),
                sum.rejected() + more.rejected(),
                sum.deadLettered() + more.deadLettered(),
                sum.fellBack() + more.fellBack(),
                sum.dropped() + more.dropped(),
                sum.inFlight() + more.inFlight());
      }
    }
    return sum;
  }

  /// What one row says went to the fallback, the fallback's own has.
  private void checkFellBack() {
    long fellBack = 0;
    long counted = 0;
    for (Ledger.Row row : ledger.snapshot()) {
      fellBack += row.records().fellBack();
    }
    for (String shipper : told.keySet()) {
      counted += value(Counter.SHIPPER_FELL_BACK, shipper);
    }
    Ledger.Amounts there = sum(ledger.snapshot(), Operator.FALLBACK);
    if (fellBack != there.read() - there.dropped() || fellBack != counted) {
      throw new AssertionError(
          "%d records fell back, %d are counted, and the fallback has %s"
              .formatted(fellBack, counted, there));
    }
  }

  /// At rest all answers are counted. A batch of which a shipper that is removed has shipped a part is left as a whole.
  private void checkTold() {
    List<Ledger.Row> rows = ledger.snapshot();
    told.forEach(
        (shipper, answers) -> {
          Ledger.Amounts sum = sum(rows, shipper);
          long accepted = answers.accepted + value(Counter.SHIPPER_REPEATS, shipper);
          long notTaken = answers.refused + answers.buried;
          long refused = sum.rejected() + sum.deadLettered();
          long left = accepted + notTaken - sum.shipped() - refused;
          boolean exact =
              sum.shipped() == accepted
                  && refused == notTaken
                  && sum.deadLettered() >= answers.buried;
          // Of what waits for its letters the destination is asked again, and may take it then.
          boolean partly =
              reloaded
                  && sum.shipped() <= accepted
                  && refused <= notTaken
                  && (left <= sum.dropped() + ledger.handedOver(shipper) + answers.refused
                      || sum.deadLettered() > 0);
          if (!(exact || partly)) {
            throw new AssertionError(
                "%s has taken %d records, refused %d and buried %d, the ledger says %s"
                    .formatted(shipper, accepted, answers.refused, answers.buried, sum));
          }
          long letters = value(Counter.SHIPPER_DEAD_LETTERS, shipper);
          if (reloaded ? letters < sum.deadLettered() : letters != sum.deadLettered()) {
            throw new AssertionError(
                "%s has %d dead letters, the ledger says %s".formatted(shipper, letters, sum));
          }
        });
  }

  /// @param mayBeLost no more bytes than these can have been lost
  void checkIdle(long mayBeLost) {
    checkLedger();
    checkTold();
    checkFellBack();
    if (ledger.snapshot().stream()
        .anyMatch(row -> row.records().inFlight() != 0 || row.bytes().inFlight() != 0)) {
      throw new AssertionError("at rest, and in flight: " + ledger.snapshot());
    }
    if (budget.heldBytes() != 0) {
      throw new AssertionError("at rest, and " + budget.heldBytes() + " bytes are held");
    }
    long lost =
        metrics.value(Counter.SOURCE_LOST_BYTES, "app")
            + metrics.value(Counter.SOURCE_LOST_BYTES, "web");
    if (lost > mayBeLost) {
      throw new AssertionError(lost + " bytes are told as lost, which nobody had lost");
    }
  }
}
