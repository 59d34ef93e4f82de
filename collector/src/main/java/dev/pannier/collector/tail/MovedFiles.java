package dev.pannier.collector.tail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Files that had a name which a source takes, for so short a time, or at a time when nobody looked, that they may not have been seen.
/// One thread.
final class MovedFiles {
  /// So long one is looked for, and may be undecided.
  private static final long MOVED_NANOS = Relatives.EMPTIED_NANOS + TimeUnit.SECONDS.toNanos(5);

  static final int MAX = 256;

  private static final class Moved {
    final Path from;
    final long sinceNanos;

    /// Whether nobody saw it renamed: then it may be a copy.
    final boolean unseen;

    @Nullable FileKey place;

    Moved(Path from, boolean unseen, long sinceNanos) {
      this.from = from;
      this.unseen = unseen;
      this.sinceNanos = sinceNanos;
    }
  }

  /// By the names that they have now, which no source takes.
  private final Map<Path, Moved> moved = new LinkedHashMap<>();

  /// Names became others since the last look.
  void moved(
      List<ChangeWatch.Move> moves, TailSources sources, Discovery discovery, long nowNanos) {
    for (ChangeWatch.Move move : moves) {
      Moved before = moved.remove(move.from());
      Path from = before == null ? move.from() : before.from;
      if (sources.taking(from) != null
          && sources.taking(move.to()) == null
          && !discovery.isOwn(move.to())) {
        moved.put(move.to(), new Moved(from, before != null && before.unseen, nowNanos));
      }
    }
    limit();
  }

  /// Files have become what they are called now while nobody looked.
  ///
  /// @param files the oldest first
  void foundRenamed(List<Absence.Rotated> files, long nowNanos) {
    for (Absence.Rotated file : files) {
      moved.putIfAbsent(file.now(), new Moved(file.log(), true, nowNanos));
    }
    limit();
  }

  private void limit() {
    Iterator<Path> oldest = moved.keySet().iterator();
    while (moved.size() > MAX) {
      oldest.next();
      oldest.remove();
    }
  }

  /// Those that are there, by the names that they had: they are met like any others, and before those that have the names now.
  ///
  /// @param live what is being read needs no name
  Map<FileKey, Discovery.Found> look(TailSources sources, Set<FileKey> live, long nowNanos) {
    Map<FileKey, Discovery.Found> there = new LinkedHashMap<>();
    for (Iterator<Map.Entry<Path, Moved>> all = moved.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Path, Moved> entry = all.next();
      Moved file = entry.getValue();
      boolean late = nowNanos - file.sinceNanos > MOVED_NANOS;
      TailSource source = sources.taking(file.from);
      Discovery.Found found = late || source == null ? null : found(source, entry.getKey(), file);
      if (late || (found != null && live.contains(found.place()))) {
        all.remove();
      } else if (found != null) {
        there.putIfAbsent(found.place(), found);
      }
    }
    return there;
  }

  /// @return null where it is not, or no longer, there
  private static Discovery.@Nullable Found found(TailSource source, Path path, Moved file) {
    try {
      BasicFileAttributes attributes =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      Path real = path.toRealPath();
      FileKey place = FileKey.of(real);
      if (!attributes.isRegularFile() || (file.place != null && !file.place.equals(place))) {
        return null;
      }
      file.place = place;
      return new Discovery.Found(
          source,
          file.from,
          file.unseen ? path : file.from,
          real,
          place,
          attributes.size(),
          attributes.lastModifiedTime().toMillis(),
          attributes.creationTime().to(TimeUnit.NANOSECONDS));
    } catch (IOException e) {
      // Perhaps it has moved on, which is told next.
      return null;
    }
  }
}
