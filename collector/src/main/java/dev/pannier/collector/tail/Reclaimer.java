package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.SavedGeneration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Deletes rotated files whose every byte every shipper has confirmed (`after_shipped: delete`), after the positions that
/// say so are on the disk: a crash in between finds the file, or knows that it was shipped. With the disk buffer the positions say that
/// a file is there, so the shippers are waited for.
///
/// A file is deleted only where all of this holds; otherwise it stays:
///
/// - its generation is finished: gone from its path, and quiet for 10 s;
/// - its name is not the one under which it was met, in whatever folder: that is the live file's;
/// - no source takes it as a log of another name: an inode that was free may have become that log's;
/// - it was not made later, so far as the file system tells: the same may be so of any file;
/// - it has no other name (a hard link may be the live file);
/// - it has the size, the head and the last bytes that were shipped.
///
/// A copy, gzip'd or not, that somebody made of it is not ours to judge, but for the one that took its place when it was emptied. One
/// thread.
final class Reclaimer {
  /// Told of each file that is deleted while it is open.
  @FunctionalInterface
  interface Follower {
    /// @param file closed afterwards, if nobody takes its content
    void deleted(TailSource source, SavedGeneration saved, Probe file);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Reclaimer.class);

  /// Generations that were deleted or turned out to have no file any more.
  private final Set<Long> settled = new HashSet<>();

  private record Claim(long generation, long size) {}

  /// Those that the stored positions have passed, with whether every shipper has.
  private final Map<Claim, BooleanSupplier> waiting = new HashMap<>();

  private final Set<Claim> confirmed = new HashSet<>();

  /// Where files lie, at the moment, that match a source.
  private final Set<Path> taken = new HashSet<>();

  /// The positions were stored.
  ///
  /// @param known    what they say
  /// @param delivery whether every shipper has what was taken of files until now
  void stored(
      Collection<SavedGeneration> known,
      List<TailSource> sources,
      Supplier<BooleanSupplier> delivery) {
    if (sources.stream().noneMatch(TailSource::deletes)) {
      waiting.clear();
      confirmed.clear();
      return;
    }
    Set<Claim> all = new HashSet<>();
    Set<Long> generations = new HashSet<>();
    for (SavedGeneration saved : known) {
      generations.add(saved.id());
      if (isWhole(saved)) {
        all.add(claim(saved));
      }
    }
    settled.retainAll(generations);
    waiting.keySet().retainAll(all);
    confirmed.retainAll(all);
    for (Claim each : all) {
      if (!confirmed.contains(each) && !settled.contains(each.generation())) {
        waiting.computeIfAbsent(each, any -> delivery.get());
      }
    }
  }

  private static Claim claim(SavedGeneration saved) {
    return new Claim(saved.id(), saved.sizeBytes());
  }

  /// @return whether every shipper has one more than at the last call
  boolean takeConfirmed() {
    boolean any = false;
    for (Iterator<Map.Entry<Claim, BooleanSupplier>> all = waiting.entrySet().iterator();
        all.hasNext(); ) {
      Map.Entry<Claim, BooleanSupplier> each = all.next();
      if (each.getValue().getAsBoolean()) {
        confirmed.add(each.getKey());
        all.remove();
        any = true;
      }
    }
    return any;
  }

  /// @param known  what is known of those that were [#stored], too
  /// @param read   what is being read: an inode may be another file's by now
  /// @param found  where files are that match a source
  /// @param others where files are that lie beside them
  /// @param follower may read on in what is deleted
  void reclaim(
      Collection<SavedGeneration> known,
      List<TailSource> sources,
      Set<FileKey> read,
      Collection<Discovery.Found> found,
      Collection<Discovery.Other> others,
      Follower follower) {
    Map<FileKey, SavedGeneration> due = new HashMap<>();
    Map<FileKey, TailSource> owners = new HashMap<>();
    for (TailSource source : sources) {
      if (!source.deletes()) {
        continue;
      }
      for (SavedGeneration saved : known) {
        if (saved.source().equals(source.name()) && isDue(saved)) {
          FileKey place = FileKey.of(saved);
          due.put(place, saved);
          owners.put(place, source);
        }
      }
    }
    if (due.isEmpty()) {
      return;
    }
    taken.clear();
    found.forEach(file -> taken.add(file.real()));
    Map<Path, FileKey> candidates = new HashMap<>();
    found.forEach(file -> candidates.put(file.real(), file.place()));
    others.forEach(file -> addPlace(candidates, file.path()));
    candidates.forEach(
        (path, place) -> {
          SavedGeneration saved = due.get(place);
          TailSource source = owners.get(place);
          if (saved != null && source != null && !read.contains(place)) {
            delete(saved, source, path, place, follower);
          }
        });
  }

  private boolean isDue(SavedGeneration saved) {
    return isWhole(saved) && confirmed.contains(claim(saved)) && !settled.contains(saved.id());
  }

  private static boolean isWhole(SavedGeneration saved) {
    return saved.finished() && saved.acknowledged().position() == saved.sizeBytes();
  }

  private static void addPlace(Map<Path, FileKey> candidates, Path path) {
    try {
      candidates.put(path, FileKey.of(path));
    } catch (IOException e) {
      // Gone, or not to be looked at: then it is not to be deleted.
      candidates.remove(path);
    }
  }

  /// Whether it lies under the name under which it was met. By the last name alone, as it was stored: what leads there may be a link, and
  /// a name need not be text.
  private static boolean isLive(SavedGeneration saved, Path path, FileKey place)
      throws IOException {
    if (String.valueOf(path.getFileName()).equals(nameOf(saved))) {
      return true;
    }
    try {
      return FileKey.of(Path.of(saved.path())).equals(place);
    } catch (NoSuchFileException e) {
      return false;
    } catch (InvalidPathException e) {
      return true;
    }
  }

  /// Whether a source takes it under a name that rotation does not make of the one under which it was met.
  private boolean isAnotherLog(SavedGeneration saved, Path path) {
    return taken.contains(path)
        && !RotatedNames.isOfOneLog(String.valueOf(path.getFileName()), nameOf(saved));
  }

  /// Whether it was made after the one that had its inode. Of what has no byte, nothing but the moment in which it was made tells that it
  /// is the same.
  private static boolean isAnother(SavedGeneration saved, Path path, FileKey place)
      throws IOException {
    if (saved.fingerprint().length() > 0) {
      return Relatives.isAnother(saved, path, place);
    }
    return !(Files.getAttribute(path, "creationTime", LinkOption.NOFOLLOW_LINKS)
            instanceof FileTime made)
        || made.to(TimeUnit.NANOSECONDS) != saved.madeNanos();
  }

  private static String nameOf(SavedGeneration saved) {
    return saved.path().substring(saved.path().lastIndexOf('/') + 1);
  }

  private void delete(
      SavedGeneration saved, TailSource source, Path path, FileKey place, Follower follower) {
    try {
      if (isLive(saved, path, place)
          || isAnotherLog(saved, path)
          || !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
          || !(Files.getAttribute(path, "unix:nlink", LinkOption.NOFOLLOW_LINKS)
              instanceof Integer links)
          || links != 1
          || isAnother(saved, path, place)) {
        return;
      }
      try (Probe probe = Probe.open(path, place)) {
        if (probe.isGzip()
            || probe.size() != saved.sizeBytes()
            || !probe.continues(saved.fingerprint(), saved.acknowledged())
            || !FileKey.of(path).equals(place)) {
          return;
        }
        Files.delete(path);
        settled.add(saved.id());
        source.deletedFiles.increment();
        LOG.info("source {}: {} was shipped and is deleted", source.name(), path);
        follower.deleted(source, saved, probe);
      }
    } catch (NoSuchFileException e) {
      settled.add(saved.id());
    } catch (IOException e) {
      settled.add(saved.id());
      LOG.warn(
          "source {}: {} was shipped and cannot be deleted: {}", source.name(), path, e.toString());
    }
  }
}
