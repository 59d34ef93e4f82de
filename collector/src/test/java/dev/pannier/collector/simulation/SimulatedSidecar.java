package dev.pannier.collector.simulation;

import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.DiskBuffer;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.dispatch.Dispatcher;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.tail.SimulatedTail;
import dev.pannier.collector.tail.StartPositions;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Function;
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
  private final @Nullable DiskBuffer disk;
  private final List<Dispatcher> dispatchers = new ArrayList<>();
  private final SimulatedTail tail;
  private int work;
  private boolean draining;
  private int checks;

  SimulatedSidecar(
      SimulatedFileSystem files,
      FileSource settings,
      List<Destination> destinations,
      long memoryBytes,
      int maxInFlight,
      long logBytes,
      SplittableRandom random,
      InstantSource clock,
      World.Mode mode,
      long nowNanos,
      Consumer<String> notice)
      throws IOException {
    store = PositionStore.open(files.getPath("/var/state"), random, notice);
    budget = new MemoryBudget(memoryBytes);
    List<String> once = mode.isOnce() ? List.of(destinations.getFirst().name()) : List.of();
    StartPositions start = new StartPositions(once, true, mode.hasDisk());
    Map<String, Set<Signal>> takers = new LinkedHashMap<>();
    destinations.forEach(destination -> takers.put(destination.name(), Set.of(Signal.LOGS)));
    Function<String, Cursor> cursors;
    if (mode.hasDisk()) {
      DiskBuffer made =
          new DiskBuffer(
              new BufferSettings(
                  BufferSettings.Type.DISK,
                  files.getPath("/var/state/buffer"),
                  logBytes,
                  BufferSettings.OnFull.BACKPRESSURE),
              budget,
              ledger,
              metrics,
              takers,
              Set.copyOf(once),
              clock,
              nowNanos,
              notice);
      buffer = made;
      disk = made;
      cursors = made::cursor;
    } else {
      MemoryBuffer made = new MemoryBuffer(budget, ledger, metrics, takers);
      buffer = made;
      disk = null;
      cursors = made::cursor;
    }
    for (Destination destination : destinations) {
      Shipper shipper = destination.open();
      Dispatcher dispatcher =
          new Dispatcher(
              shipper, cursors.apply(destination.name()), metrics, random.split(), maxInFlight);
      if (shipper.isTransactional()) {
        dispatcher.onCommitted(known -> committed(start, destination.name(), known));
      }
      dispatchers.add(dispatcher);
    }
    tail =
        new SimulatedTail(
            files,
            settings,
            store,
            disk == null ? List.of() : disk.positions(),
            start,
            generations -> dispatchers.forEach(dispatcher -> dispatcher.retain(generations)),
            buffer,
            budget,
            metrics,
            random,
            clock,
            notice);
  }

  private void committed(StartPositions start, String shipper, Committed known) {
    if (disk != null) {
      disk.stored(shipper, known.log(), known.sequence());
    }
    start.told(shipper, known);
  }

  /// The disk buffer's own loop.
  void tend(long nowNanos) {
    if (disk != null) {
      work += disk.doWork(nowNanos);
    }
  }

  void tail(long nowNanos, boolean look) {
    work += tail.doWork(nowNanos, look);
  }

  boolean takeLooked() {
    return tail.takeLooked();
  }

  void dispatch(int shipper, long nowNanos) {
    work += dispatchers.get(shipper).doWork(nowNanos);
  }

  /// Where there is no room the client is told to come back.
  void receive(byte[] body, Runnable acknowledged) {
    if (buffer.hasRoomForRequests() && budget.tryReserve(body.length)) {
      Batch batch = Batch.received(Signal.LOGS, body, 0, body.length, 1, "otlp");
      buffer.append(batch, body.length, (rejected, reason) -> acknowledged.run());
    }
  }

  /// Grows whenever something is done.
  int work() {
    return work;
  }

  void finishHeld() {
    tail.finishHeld();
  }

  /// Whether all was read and shipped, after [#finishHeld].
  boolean isDone() {
    if (!draining && tail.caughtUp()) {
      draining = true;
      dispatchers.forEach(Dispatcher::drain);
    }
    return draining && dispatchers.stream().allMatch(Dispatcher::drained);
  }

  void stop(long nowNanos) {
    tail.stop(nowNanos);
    for (Dispatcher dispatcher : dispatchers) {
      dispatcher.close(nowNanos, Duration.ZERO);
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
    return budget.heldBytes() == 0
        && ledger.snapshot().stream().allMatch(row -> row.records().inFlight() == 0);
  }

  void checkBounds() {
    long beyond = COPIES_BYTES + (disk == null ? 0 : 2 * BATCH_BYTES);
    if (budget.heldBytes() > budget.limitBytes() + beyond) {
      throw new AssertionError(
          "memory: " + budget.heldBytes() + " of " + budget.limitBytes() + " bytes are held");
    }
    if (++checks % 64 == 0) {
      checkLedger();
    }
  }

  private void checkLedger() {
    for (Ledger.Row row : ledger.snapshot()) {
      if (!row.records().closes() || !row.bytes().closes()) {
        throw new AssertionError("the ledger does not close: " + row);
      }
    }
  }

  /// @param nothingLost whether no line can have been lost
  void checkIdle(boolean nothingLost) {
    checkLedger();
    if (ledger.snapshot().stream()
        .anyMatch(row -> row.records().inFlight() != 0 || row.bytes().inFlight() != 0)) {
      throw new AssertionError("at rest, and in flight: " + ledger.snapshot());
    }
    if (budget.heldBytes() != 0) {
      throw new AssertionError("at rest, and " + budget.heldBytes() + " bytes are held");
    }
    long lost = metrics.value(Counter.SOURCE_LOST_BYTES, "app");
    if (nothingLost && lost > 0) {
      throw new AssertionError(lost + " bytes are told as lost, which nobody had lost");
    }
  }
}
