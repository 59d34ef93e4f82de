package dev.pannier.collector.tail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// Tells where files are now that waited for a descriptor and are found by no source any more. One thread.
final class Whereabouts {
  sealed interface Whereabout {}

  /// It has a name that no source takes; or another file has its inode.
  record Renamed(Discovery.Other now) implements Whereabout {}

  /// It is where it was, and not found: through a link, or since sources are others.
  record There() implements Whereabout {}

  /// It is nowhere.
  record Gone() implements Whereabout {}

  /// Its folder cannot be looked into: it may come back.
  record Away() implements Whereabout {}

  private static final There THERE = new There();
  private static final Gone GONE = new Gone();
  private static final Away AWAY = new Away();

  private final Discovery discovery;
  private final Map<FileKey, Discovery.Other> others = new HashMap<>();

  /// As the last walk has found it.
  Whereabouts(Discovery discovery) {
    this.discovery = discovery;
    for (Discovery.Other other : discovery.others()) {
      try {
        others.put(discovery.placeOf(other), other);
      } catch (IOException e) {
        // Where it has moved on, that is seen at the next look.
        discovery.problems().remove(other.path());
      }
    }
  }

  Whereabout of(Discovery.Found found) {
    Discovery.Other other = others.get(found.place());
    // What is shorter than what was there is another file in its place.
    if (other != null && other.sizeBytes() >= found.sizeBytes()) {
      return new Renamed(other);
    }
    if (isThere(found)) {
      return THERE;
    }
    return isGone(found) ? GONE : AWAY;
  }

  /// Whether it lies where it was.
  static boolean isThere(Discovery.Found found) {
    try {
      return FileKey.of(found.real()).equals(found.place());
    } catch (IOException e) {
      return false;
    }
  }

  private boolean isGone(Discovery.Found found) {
    Path folder = found.path().getParent();
    return folder != null
        && discovery.sees(found.path())
        && (Files.isReadable(folder) || isDeleted(folder, found.source()));
  }

  /// Whether a folder is missing from those of a source, which are there.
  static boolean isDeleted(Path folder, TailSource source) {
    return Files.notExists(folder)
        && source.globs.roots().stream()
            .anyMatch(root -> folder.startsWith(root) && Files.isReadable(root));
  }
}
