package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.SavedGeneration;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The generations that are being read: which are open and where, and which have still something under way. One thread.
final class LiveFiles {
  private final long volume;
  private final RandomGenerator random;
  private final Map<FileKey, TailedFile> live = new LinkedHashMap<>();

  /// The youngest generation of each path.
  private final Map<Path, TailedFile> current = new HashMap<>();

  /// Nothing more is read of them, and some of what was is under way.
  private final Set<TailedFile> leaving = new LinkedHashSet<>();

  private long nextOrder;

  LiveFiles(long volume, RandomGenerator random) {
    this.volume = volume;
    this.random = random;
  }

  /// Those that are open, as long as they are.
  Collection<TailedFile> all() {
    return live.values();
  }

  /// Where they are, as long as they are open.
  Set<FileKey> places() {
    return live.keySet();
  }

  int size() {
    return live.size();
  }

  @Nullable TailedFile get(FileKey place) {
    return live.get(place);
  }

  boolean isAt(FileKey place) {
    return live.containsKey(place);
  }

  /// The paths of those that are the youngest of theirs.
  Set<Path> paths() {
    return current.keySet();
  }

  /// Those of which nothing more is read, and some of what was is under way.
  Set<TailedFile> leaving() {
    return leaving;
  }

  long newGeneration() {
    return random.nextLong();
  }

  /// A file has content that nobody knew.
  ///
  /// @param elsewhere whether it lies under the path no more
  TailedFile begin(
      TailSource source, Path path, Probe probe, Anchor start, boolean elsewhere, long nowNanos)
      throws IOException {
    TailedFile file =
        new TailedFile(
            source,
            volume,
            newGeneration(),
            path,
            probe.place(),
            probe.fingerprint(),
            start,
            nextOrder++,
            nowNanos);
    if (!probe.isGzip()) {
      file.sizeBytes = probe.size();
    }
    file.unproven = probe.headLength() == 0;
    file.detached = elsewhere;
    TailedFile youngest = current.get(path);
    if (elsewhere && youngest != null && !youngest.detached) {
      // It was rotated away before that one came.
      file.predecessor = youngest.predecessor;
      youngest.predecessor = file;
    } else {
      file.predecessor = current.put(path, file);
    }
    enter(file, probe);
    return file;
  }

  /// A file has content that nobody knew, and is read from a position later.
  SavedGeneration unopened(Discovery.Found found, Probe probe, long position, long nowSeconds) {
    return new SavedGeneration(
        newGeneration(),
        found.source().name(),
        found.place().device(),
        found.place().inode(),
        found.path().toString(),
        probe.fingerprint(),
        Anchor.unknown(position),
        Math.max(position, found.sizeBytes()),
        false,
        nowSeconds,
        found.madeNanos());
  }

  /// A known generation is read on.
  ///
  /// @param atStart where they come by their age
  TailedFile resume(
      TailSource source,
      SavedGeneration saved,
      Path path,
      Probe probe,
      boolean atStart,
      long nowNanos)
      throws IOException {
    TailedFile file =
        new TailedFile(
            source,
            volume,
            saved.id(),
            path,
            probe.place(),
            saved.fingerprint(),
            saved.acknowledged(),
            nextOrder++,
            nowNanos);
    // What it has grown by belongs to it from now on: it may be emptied before there is room to
    // read.
    file.sizeBytes = probe.isGzip() ? saved.sizeBytes() : Math.max(saved.sizeBytes(), probe.size());
    file.unproven = saved.fingerprint().length() == 0 && saved.acknowledged().position() == 0;
    file.seenSeconds = saved.seenSeconds();
    file.madeNanos = FileKey.of(saved).equals(file.place) ? saved.madeNanos() : 0;
    leaving.removeIf(earlier -> earlier.generation == saved.id());
    if (atStart) {
      file.predecessor = current.put(path, file);
    } else {
      current.putIfAbsent(path, file);
    }
    enter(file, probe);
    return file;
  }

  private void enter(TailedFile file, Probe probe) {
    if (probe.headLength() >= 2) {
      file.charset = file.source.charset.forHead(probe.head(), probe.headLength());
      file.chooseParser(probe.head(), probe.headLength());
    }
    file.content = probe.take();
    live.put(file.place, file);
  }

  /// Other content lies under a file.
  void leavesPlace(TailedFile file) {
    live.remove(file.place);
    file.close();
  }

  /// After [#leavesPlace]: its content goes on in a copy.
  void moves(TailedFile file, Probe copy) {
    file.place = copy.place();
    file.madeNanos = 0;
    file.content = copy.take();
    live.put(file.place, file);
  }

  void close(TailedFile file) {
    file.close();
    live.remove(file.place, file);
    current.remove(file.path, file);
  }

  /// Whether a file has the content of another one that is open, of which more was read: both begin with the same words. Several may be
  /// copied and emptied at once.
  ///
  /// @param generation whose rest it may be
  /// @param position   how far that one was read
  /// @param original   its path
  boolean isOfAnother(long generation, long position, Path original, Path path, Probe probe)
      throws IOException {
    for (TailedFile other : live.values()) {
      if (other.generation != generation
          && other.read.position() > position
          && (RotatedNames.isNamedAfter(path, other.path)
              || !RotatedNames.isNamedAfter(path, original))
          && probe.continues(other.fingerprint, other.read)) {
        return true;
      }
    }
    return false;
  }

  /// It is closed for good.
  void leaves(TailedFile file) {
    if (!file.pending.isEmpty()) {
      leaving.add(file);
    }
  }

  /// Its acknowledged position has moved.
  void advanced(TailedFile file) {
    if (file.pending.isEmpty()) {
      leaving.remove(file);
    }
  }
}
