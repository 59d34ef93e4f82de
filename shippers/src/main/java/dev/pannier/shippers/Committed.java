package dev.pannier.shippers;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a destination holds of this sidecar's records, as it was stored with them. It outranks what
/// the volume says. Immutable.
public final class Committed {
  /// Nothing was ever stored, or it is too long ago: what the volume says stands.
  public static final Committed NOTHING = new Committed(0, 0, new long[0], List.of());

  private final long log;
  private final long sequence;
  private final long[] open;
  private final Map<Long, Positions> files = new LinkedHashMap<>();

  /// @param log      the disk buffer's log, 0 for none
  /// @param sequence all batches of the log up to it are stored, but for those in `open`
  /// @param open     ascending
  /// @param files    for each file generation how far it is stored; those moved last at the end
  public Committed(long log, long sequence, long[] open, Collection<Positions> files) {
    this.log = log;
    this.sequence = sequence;
    this.open = open.clone();
    for (Positions file : files) {
      this.files.put(file.generation(), file);
    }
  }

  public long log() {
    return log;
  }

  /// The highest number of the log that is stored.
  public long sequence() {
    return sequence;
  }

  public long[] open() {
    return open.clone();
  }

  public Collection<Positions> files() {
    return List.copyOf(files.values());
  }

  /// How far a file generation is stored; null where nothing is known of it.
  public @Nullable Positions file(long generation) {
    return files.get(generation);
  }

  /// Whether a batch is stored already: one of the log by its number, and each by its file's position,
  /// which may be from a time without the log.
  public boolean covers(Batch batch, Origin origin) {
    if (origin.log() != 0
        && origin.log() == log
        && origin.sequence() <= sequence
        && Arrays.binarySearch(open, origin.sequence()) < 0) {
      return true;
    }
    if (files.isEmpty()) {
      return false;
    }
    Positions of = Positions.decode(batch.positions());
    Positions stored = of == null ? null : files.get(of.generation());
    return of != null && stored != null && of.to() <= stored.to();
  }
}
