package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.SavedGeneration;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The generations that are known and not being read, from the oldest to the youngest. One thread.
final class KnownGenerations {
  private static final Pattern NOT_ASCII = Pattern.compile("[^\\x20-\\x7e]");

  /// Rotated generations that are remembered after their files are gone, so that a copy that turns
  /// up later is not read again.
  private static final int MAX = 1_000;

  private static final long MAX_SECONDS = TimeUnit.DAYS.toSeconds(7);

  private final FileSystem fileSystem;
  private final Map<Long, SavedGeneration> all = new LinkedHashMap<>();
  private final Map<FileKey, Long> places = new HashMap<>();

  /// Those of them that were not stored yet: when they are read again, they have to be before a record of them leaves.
  private final Set<Long> unstored = new HashSet<>();

  private boolean changed;

  KnownGenerations(FileSystem fileSystem) {
    this.fileSystem = fileSystem;
  }

  Collection<SavedGeneration> all() {
    return all.values();
  }

  @Nullable SavedGeneration get(long generation) {
    return all.get(generation);
  }

  /// Which was last where this file is.
  @Nullable SavedGeneration at(FileKey place) {
    Long generation = places.get(place);
    return generation == null ? null : all.get(generation);
  }

  /// Whether a file has another generation's content, of which more was read: both begin with the same words. It lies where that one was
  /// last, or was compressed since, or is what was copied of it while nobody looked.
  ///
  /// @param generation whose rest it may be
  /// @param position   how far that one was read
  boolean isOfAnother(long generation, long position, Path path, Probe probe) throws IOException {
    for (SavedGeneration other : all.values()) {
      if (other.id() != generation
          && other.acknowledged().position() > position
          && (FileKey.of(other).equals(probe.place())
              || ((probe.isGzip() || !other.finished())
                  && RotatedNames.isNamedAfter(path, pathOf(other))))
          && probe.continues(other.fingerprint(), other.acknowledged())) {
        return true;
      }
    }
    return false;
  }

  /// Where it was first seen.
  Path pathOf(SavedGeneration saved) {
    try {
      return fileSystem.getPath(saved.path());
    } catch (InvalidPathException e) {
      // Stored by a process with another encoding (`LC_ALL`): the file is known by its inode and
      // content.
      return fileSystem.getPath(NOT_ASCII.matcher(saved.path()).replaceAll("?"));
    }
  }

  void remember(TailedFile file) {
    if (!file.stored) {
      unstored.add(file.generation);
    }
    remember(file.saved());
  }

  void remember(SavedGeneration saved) {
    all.put(saved.id(), saved);
    places.put(FileKey.of(saved), saved.id());
  }

  /// One that was never stored.
  void begins(SavedGeneration saved) {
    unstored.add(saved.id());
    remember(saved);
  }

  /// Devices have other numbers now, by those that they had.
  void follow(Map<Long, Long> numbers) {
    all.replaceAll(
        (id, saved) -> {
          Long number = numbers.get(saved.device());
          return number == null ? saved : saved.on(number);
        });
    places.clear();
    all.values().forEach(saved -> places.put(FileKey.of(saved), saved.id()));
  }

  /// Does nothing where it is known no more.
  void replace(SavedGeneration saved) {
    all.replace(saved.id(), saved);
  }

  void remove(SavedGeneration saved) {
    all.remove(saved.id());
    places.remove(FileKey.of(saved), saved.id());
  }

  /// There is no file of it, and it is not forgotten yet.
  void isNowhere(SavedGeneration saved) {
    all.put(saved.id(), saved);
    places.remove(FileKey.of(saved), saved.id());
  }

  /// Other content lies there now.
  void leaves(FileKey place) {
    places.remove(place);
  }

  /// All of them are on the disk.
  void stored() {
    unstored.clear();
  }

  /// Whether it was not stored yet; it is no longer among them.
  boolean takeUnstored(SavedGeneration saved) {
    return unstored.remove(saved.id());
  }

  /// Whether one was seen again, or forgotten, since the last call.
  boolean takeChanged() {
    boolean was = changed;
    changed = false;
    return was;
  }

  /// It is still there, so it must not be forgotten.
  void touch(SavedGeneration saved, long nowSeconds) {
    if (nowSeconds - saved.seenSeconds() > MAX_SECONDS / 7) {
      replace(saved.seenAt(nowSeconds));
      changed = true;
    }
  }

  /// Those that are too many or too old.
  ///
  /// @param stays which are kept nevertheless
  void forget(long nowSeconds, Predicate<SavedGeneration> stays) {
    boolean many = all.size() > MAX;
    List<SavedGeneration> others = new ArrayList<>();
    for (SavedGeneration saved : all.values()) {
      if ((many || isOld(saved, nowSeconds)) && !stays.test(saved)) {
        others.add(saved);
      }
    }
    // Those that stay take no other's place.
    int surplus = others.size() - MAX;
    for (SavedGeneration saved : others) {
      if (surplus > 0 || isOld(saved, nowSeconds)) {
        remove(saved);
        surplus--;
        changed = true;
      }
    }
  }

  private static boolean isOld(SavedGeneration saved, long nowSeconds) {
    return nowSeconds - saved.seenSeconds() > MAX_SECONDS;
  }
}
