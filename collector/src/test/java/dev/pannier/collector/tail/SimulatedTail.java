package dev.pannier.collector.tail;

import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Metrics;
import java.nio.file.FileSystem;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// The tail loop without its thread, over any file system.
public final class SimulatedTail {
  private final FileTailer tailer;

  public SimulatedTail(
      FileSystem fileSystem,
      FileSource settings,
      PositionStore store,
      List<byte[]> taken,
      StartPositions start,
      Consumer<Set<Long>> onStored,
      Buffer buffer,
      MemoryBudget budget,
      Metrics metrics,
      RandomGenerator random,
      InstantSource clock,
      Consumer<String> notice) {
    TailSource source =
        new TailSource(
            fileSystem, settings, (head, length) -> new TailRig.PlainParser(), null, metrics);
    Generations generations =
        new Generations(
            fileSystem,
            List.of(source),
            store.volume(),
            StartPositions.raise(store.loaded(), taken),
            OpenFiles.MOST,
            random,
            notice);
    tailer =
        new FileTailer(
            generations, store, buffer, budget, new byte[0], false, clock, notice, () -> {});
    tailer.startFrom(start);
    tailer.onStored(onStored);
  }

  public int doWork(long nowNanos, boolean look) {
    return tailer.doWork(nowNanos, look);
  }

  /// Whether every file that was there at the last look is known on disk by its generation.
  public boolean takeLooked() {
    return tailer.takeLooked() && tailer.storeProblem() == null;
  }

  public void finishHeld() {
    tailer.finishHeld();
  }

  public boolean caughtUp() {
    return tailer.caughtUp();
  }

  /// As at the end of the thread.
  public void stop(long nowNanos) {
    tailer.savePositions(nowNanos);
    tailer.close();
  }
}
