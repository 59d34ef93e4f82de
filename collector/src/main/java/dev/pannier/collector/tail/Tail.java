package dev.pannier.collector.tail;

import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.receipt.ReceiptStore;
import java.nio.file.FileSystems;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts the tail together.
///
/// @param taken positions, as batches carry them, that the disk buffer has taken over
/// @param start what has to be known before files are read
/// @param onStored told the generations that may still move, when they are on disk
/// @param own what no source reads
/// @param resource the encoded `Resource` of tailed records
/// @param keepsRaw whether a shipper needs the lines' original bytes
/// @param parsers for each source, what chooses the parser of its files
public record Tail(
    PositionStore store,
    List<byte[]> taken,
    StartPositions start,
    Consumer<Set<Long>> onStored,
    OwnFiles own,
    Buffer buffer,
    MemoryBudget budget,
    Function<FileSource, ParserChooser> parsers,
    byte[] resource,
    boolean keepsRaw,
    Metrics metrics,
    Health health,
    InstantSource clock,
    LongSupplier nanoClock,
    RandomGenerator random) {
  private static final Logger LOG = LoggerFactory.getLogger(Tail.class);

  /// @return the thread, not started
  public TailThread thread(List<FileSource> files) {
    Function<FileSource, TailSource> maker =
        file -> TailSource.of(file, parsers.apply(file), metrics);
    List<TailSource> sources = files.stream().map(maker).toList();
    Generations generations =
        new Generations(
            FileSystems.getDefault(),
            sources,
            store.volume(),
            StartPositions.raise(store.loaded(), taken),
            OpenFiles.most(),
            random,
            LOG::warn);
    generations.leaveOut(own);
    Inotify inotify = Inotify.open(nanoClock, LOG::warn);
    ChangeWatch watch = inotify == null ? new Polling() : inotify;
    FileTailer tailer =
        new FileTailer(
            generations, store, buffer, budget, resource, keepsRaw, clock, LOG::warn, watch::wake);
    buffer.onRoom(tailer::room);
    ReceiptStore receipts = new ReceiptStore(store.directory(), LOG::warn);
    tailer.startFrom(start);
    tailer.onStored(onStored);
    start.onKnown(watch::wake);
    if (!start.known()) {
      health.condition(start::problem);
    }
    return new TailThread(tailer, generations, receipts, sources, maker, watch, nanoClock, health);
  }
}
