package dev.pannier.collector.tail;

import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.receipt.ByteRange;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The tail loop without its thread, over any file system.
public final class SimulatedTail {
  private final FileSystem fileSystem;
  private final Metrics metrics;
  private final FileTailer tailer;
  private final Generations generations;
  private final List<Runnable> asked = new ArrayList<>();
  private List<TailSource> sources = List.of();

  /// Those that are read: a change is asked for, and made when the loop comes round.
  private List<TailSource> read;

  public SimulatedTail(
      FileSystem fileSystem,
      List<FileSource> settings,
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
    this.fileSystem = fileSystem;
    this.metrics = metrics;
    sources = sources(settings);
    read = sources;
    generations =
        new Generations(
            fileSystem,
            sources,
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

  private List<TailSource> sources(List<FileSource> settings) {
    List<TailSource> next = new ArrayList<>();
    for (FileSource file : settings) {
      next.add(
          sources.stream()
              .filter(source -> source.settings.equals(file))
              .findFirst()
              .orElseGet(
                  () ->
                      new TailSource(
                          fileSystem,
                          file,
                          (head, length) -> new TailRig.PlainParser(),
                          null,
                          metrics)));
    }
    return List.copyOf(next);
  }

  /// Other sources, when the loop comes round next.
  ///
  /// @param settings null where they stay
  /// @param with     done at the same time
  public void change(@Nullable List<FileSource> settings, Runnable with) {
    if (settings != null) {
      sources = sources(settings);
    }
    List<TailSource> next = sources;
    asked.add(
        () -> {
          if (settings != null) {
            tailer.change(next, new byte[0], false, changedNanos);
            read = next;
          }
          with.run();
        });
  }

  private long changedNanos;

  /// Whether a file is one of a source's.
  public boolean takes(Path file) {
    return read.stream().anyMatch(source -> source.globs.matches(file));
  }

  public int doWork(long nowNanos, boolean look) {
    changedNanos = nowNanos;
    while (!asked.isEmpty()) {
      asked.removeFirst().run();
    }
    return tailer.doWork(nowNanos, look);
  }

  /// Whether every file that was there at the last look is known on disk by its generation.
  public boolean takeLooked() {
    return tailer.takeLooked() && tailer.storeProblem() == null;
  }

  /// Whether it does not know yet from where files are to be read.
  public boolean isAwaiting() {
    return tailer.isAwaiting();
  }

  public void finishHeld() {
    tailer.finishHeld();
  }

  public boolean caughtUp() {
    return tailer.caughtUp();
  }

  /// How far a content was acknowledged.
  public record Acknowledged(long generation, long position) {}

  /// @param bytes  of a file, of which the first `size` are its content
  /// @return null where the content is not known
  public @Nullable Acknowledged acknowledged(long inode, byte[] bytes, int size) {
    for (SavedGeneration saved : generations.toStore()) {
      Anchor end = saved.acknowledged();
      if (saved.inode() == inode
          && end.position() <= size
          && saved.fingerprint().isHeadOf(bytes, size)) {
        int to = Math.toIntExact(end.position());
        byte[] last = Arrays.copyOfRange(bytes, to - end.length(), to);
        if (end.matches(last)) {
          return new Acknowledged(saved.id(), end.position());
        }
      }
    }
    return null;
  }

  /// What of a generation is told as gone before it could be read.
  public List<ByteRange> lost(long generation) {
    String id = HexFormat.of().toHexDigits(generation);
    return generations.receipt(false).files().stream()
        .filter(file -> file.generation().equals(id))
        .flatMap(file -> file.lost().stream())
        .toList();
  }

  /// As at the end of the thread.
  public void stop(long nowNanos) {
    tailer.savePositions(nowNanos);
    tailer.close();
  }
}
