package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.batch.Positions;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Where files are read from at the start: shippers that store positions with their records know better
/// than the volume, and are waited for. A file begins at the lowest position of all shippers; where
/// another is further, a batch ends at its position, so that each batch is wholly before or behind it.
/// Thread-safe.
public final class StartPositions {
  private final boolean volumeCounts;
  private final Set<String> awaited;
  private final Map<String, Committed> told = new LinkedHashMap<>();
  private Runnable onKnown = () -> {};

  /// @param shippers     those that store positions
  /// @param volumeCounts whether there are others, whose position is the volume's
  public StartPositions(Collection<String> shippers, boolean volumeCounts) {
    this.awaited = new LinkedHashSet<>(shippers);
    this.volumeCounts = volumeCounts || shippers.isEmpty();
  }

  /// Called, from any thread, when all are known. One listener.
  synchronized void onKnown(Runnable listener) {
    onKnown = listener;
  }

  /// A shipper was told what its destination has.
  public void told(String shipper, Committed committed) {
    Runnable listener;
    synchronized (this) {
      told.put(shipper, committed);
      listener = known() ? onKnown : () -> {};
    }
    listener.run();
  }

  /// Whether there is a shipper that stores positions.
  boolean areAwaited() {
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
      Anchor anchor =
          file == null
              ? saved.acknowledged()
              : new Anchor(file.to(), file.anchorLength(), file.anchorHash());
      if (lowest == null || anchor.position() < lowest.position()) {
        lowest = anchor;
      }
    }
    return lowest == null || lowest.position() == saved.acknowledged().position()
        ? saved
        : saved.acknowledgedTo(lowest);
  }

  /// The positions behind `from` at which a batch of the generation has to end, ascending.
  synchronized long[] barriers(long generation, long from) {
    List<Committed> all = List.copyOf(told.values());
    long[] barriers =
        all.stream()
            .flatMapToLong(
                committed -> {
                  Positions file = committed.file(generation);
                  return file == null ? LongStream.empty() : LongStream.of(file.to());
                })
            .filter(position -> position > from)
            .distinct()
            .toArray();
    Arrays.sort(barriers);
    return barriers;
  }
}
