package dev.pannier.collector.process;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The buffer as sources see it: each batch is processed on its source's thread, then appended.
///
/// Memory: a rewritten batch takes the place of the one that was read. Its bytes are taken from the
/// budget before the old ones are given back, beyond the limit if need be, since it cannot wait.
/// Processors that add a lot to small records overdraw the budget by that much for one batch a source,
/// until shippers have caught up. Of a request, which may have millions, no more than [Processors#MAX_MORE],
/// or [Processors#ANY_LENGTH] in all: else it is not taken.
///
/// A batch that lost all its records is appended empty: its acknowledgement must not overtake those
/// of earlier batches of its file.
///
/// Processors may be replaced ([#change]). A batch is processed and appended under a lock that many may
/// share, taken once a batch, so that what one set of processors has let through reaches only the
/// shippers that belong to it.
public final class ProcessingBuffer implements Buffer {
  private static final Logger LOG = LoggerFactory.getLogger(ProcessingBuffer.class);
  private static final byte[] NOTHING = {};

  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  /// Guarded by the lock.
  private Processors processors;

  private final Buffer buffer;
  private final boolean hasAll;
  private final MemoryBudget budget;
  private final Metrics metrics;

  /// @param hasAll whether nothing that sources have handed over before may wait elsewhere than in `buffer`
  public ProcessingBuffer(
      Processors processors, Buffer buffer, boolean hasAll, MemoryBudget budget, Metrics metrics) {
    this.processors = processors;
    this.buffer = buffer;
    this.hasAll = hasAll;
    this.budget = budget;
    this.metrics = metrics;
  }

  /// Other processors, from one batch to the next.
  ///
  /// @param with done at that instant, while nothing is appended
  public void change(Processors other, Runnable with) {
    lock.writeLock().lock();
    try {
      processors = other;
      with.run();
    } finally {
      lock.writeLock().unlock();
    }
  }

  @Override
  public boolean hasRoomForFiles() {
    return buffer.hasRoomForFiles();
  }

  @Override
  public boolean hasRoomForRequests() {
    return buffer.hasRoomForRequests();
  }

  @Override
  public BooleanSupplier delivery() {
    return hasAll ? buffer.delivery() : () -> false;
  }

  @Override
  public void filtered(String source, Signal signal, long records, long bytes) {
    buffer.filtered(source, signal, records, bytes);
  }

  @Override
  public void onRoom(Runnable listener) {
    buffer.onRoom(listener);
  }

  @Override
  public long append(
      Batch batch, long reservedBytes, Acknowledgement.When when, Acknowledgement acknowledgement) {
    lock.readLock().lock();
    try {
      return process(batch, reservedBytes, when, acknowledgement);
    } finally {
      lock.readLock().unlock();
    }
  }

  private long process(
      Batch batch, long reservedBytes, Acknowledgement.When when, Acknowledgement acknowledgement) {
    Batch processed;
    // It does not tell of the batch's bytes: those of what is appended are others.
    Acknowledgement told = (rejected, reason) -> acknowledgement.delivered(rejected, reason);
    try {
      processed = processors.apply(batch);
    } catch (IllegalArgumentException e) {
      // Nothing that could not be looked at is shipped: it might hold what has to be redacted.
      LOG.warn(
          "source {}: a batch that is no OTLP was dropped: {}", batch.source(), e.getMessage());
      processed = null;
      int records = batch.records();
      told = (rejected, reason) -> acknowledgement.delivered(records, "no OTLP logs");
    } catch (RuntimeException e) {
      budget.release(reservedBytes);
      throw e;
    }
    if (batch.equals(processed)) {
      return buffer.append(batch, reservedBytes, when, acknowledgement);
    }
    Batch rest = processed == null ? batch.with(NOTHING, 0, 0, 0) : processed;
    int dropped = batch.records() - rest.records();
    if (dropped > 0) {
      metrics.adder(Counter.SOURCE_FILTERED, batch.source()).add(dropped);
      long droppedBytes = Ledger.share(batch.sourceBytes(), dropped, batch.records());
      buffer.filtered(batch.source(), batch.signal(), dropped, droppedBytes);
      rest = rest.withSourceBytes(batch.sourceBytes() - droppedBytes);
    }
    int held = rest.bytes().length;
    budget.reserve(held);
    budget.release(reservedBytes);
    acknowledgement.bytesFree();
    return buffer.append(rest, held, when, told);
  }
}
