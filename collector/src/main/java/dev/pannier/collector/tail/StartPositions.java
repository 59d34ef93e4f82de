package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.batch.Positions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Where files are read from at the start: shippers that store positions with their records know better
/// than the volume, and are waited for. A file begins at the lowest position of all shippers; where
/// another is further, a batch ends at its position, so that each batch is wholly before or behind it.
/// Thread-safe.
public final class StartPositions {
  private final boolean logCounts;
  private final Set<String> awaited;
  private final Map<String, Committed> told = new LinkedHashMap<>();
  private boolean volumeCounts;
  private Runnable onKnown = () -> {};

  /// @param shippers     those that store positions
  /// @param volumeCounts whether there are others, whose position is the volume's
  public StartPositions(Collection<String> shippers, boolean volumeCounts) {
    this(shippers, volumeCounts, false);
  }

  /// @param logCounts whether what the volume says lies in the disk buffer's log, or was delivered: no file
  ///     is read again from below it
  public StartPositions(Collection<String> shippers, boolean volumeCounts, boolean logCounts) {
    this.logCounts = logCounts;
    this.awaited = new LinkedHashSet<>(shippers);
    this.volumeCounts = volumeCounts || shippers.isEmpty();
  }

  /// Called, from any thread, when all are known. One listener.
  synchronized void onKnown(Runnable listener) {
    onKnown = listener;
  }

  /// A shipper was told what its destination has. Of one that is not awaited this says nothing of files.
  public void told(String shipper, Committed committed) {
    Runnable listener;
    synchronized (this) {
      if (awaited.contains(shipper)) {
        told.put(shipper, committed);
      }
      listener = known() ? onKnown : () -> {};
    }
    listener.run();
  }

  /// A shipper is no more, takes no logs any more, or stores no positions any more: nobody waits for it. Where it has not
  /// told, the volume alone knows what it has, or who takes its place.
  public void gone(String shipper) {
    Runnable listener;
    synchronized (this) {
      boolean was = known();
      volumeCounts |= awaited.remove(shipper) && !told.containsKey(shipper);
      listener = !was && known() ? onKnown : () -> {};
    }
    listener.run();
  }

  /// Whether there is a shipper that stores positions.
  synchronized boolean areAwaited() {
    return !awaited.isEmpty();
  }

  synchronized boolean known() {
    return told.keySet().containsAll(awaited);
  }

  /// Why files are not read yet, in one line; null where they are.
  public synchronized @Nullable String problem() {
    Set<String> left = new LinkedHashSet<>(awaited);
    left.removeAll(told.keySet());
    return left.isEmpty()
        ? null
        : "files are read from where shipper "
            + String.join(", ", left)
            + " has stored their positions, which its destination has not told yet";
  }

  /// Where a generation is read from.
  synchronized SavedGeneration start(SavedGeneration saved) {
    Anchor lowest = volumeCounts ? saved.acknowledged() : null;
    for (Committed committed : told.values()) {
      Positions file = committed.file(saved.id());
      Anchor anchor = file == null ? saved.acknowledged() : end(file);
      if (lowest == null || anchor.position() < lowest.position()) {
        lowest = anchor;
      }
    }
    if (lowest == null) {
      return saved;
    }
    long volume = saved.acknowledged().position();
    // What is finished nothing reads, and the position of whoever has none of it is stored in the
    // volume alone.
    boolean never = logCounts || saved.finished() || hasNoWordOf(saved);
    boolean stays = never ? lowest.position() <= volume : lowest.position() == volume;
    return stays ? saved : saved.acknowledgedTo(lowest);
  }

  private boolean hasNoWordOf(SavedGeneration saved) {
    return told.values().stream().anyMatch(committed -> committed.file(saved.id()) == null);
  }

  /// What was stored of each generation, with the higher of its position and the one in `taken`.
  ///
  /// @param taken positions as batches carried them, of which all before is taken over
  public static List<SavedGeneration> raise(List<SavedGeneration> saved, List<byte[]> taken) {
    if (taken.isEmpty()) {
      return saved;
    }
    Map<Long, Anchor> ends = new HashMap<>();
    for (byte[] bytes : taken) {
      Positions positions = Positions.decode(bytes);
      if (positions != null) {
        ends.merge(
            positions.generation(),
            end(positions),
            (one, other) -> one.position() >= other.position() ? one : other);
      }
    }
    List<SavedGeneration> raised = new ArrayList<>(saved.size());
    for (SavedGeneration generation : saved) {
      Anchor end = ends.get(generation.id());
      raised.add(
          end == null || end.position() <= generation.acknowledged().position()
              ? generation
              : generation.acknowledgedTo(end));
    }
    return raised;
  }

  private static Anchor end(Positions file) {
    return Anchor.of(file.to(), file.anchorTag(), file.anchorHash());
  }

  /// The positions behind `from` at which a batch of the generation has to end, ascending.
  synchronized List<Anchor> barriers(long generation, long from) {
    if (told.isEmpty()) {
      return List.of();
    }
    SortedMap<Long, Anchor> barriers = new TreeMap<>();
    for (Committed committed : told.values()) {
      Positions file = committed.file(generation);
      if (file != null && file.to() > from) {
        barriers.put(file.to(), end(file));
      }
    }
    return List.copyOf(barriers.values());
  }
}
