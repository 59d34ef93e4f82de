package dev.pannier.collector.tail;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/// How many files may be open, and which can be closed for others. One thread.
final class Room {
  /// A file that has not changed for so long may give its descriptor to another.
  private static final long PARKED_AFTER_SECONDS = 5;

  private static final long PARKED_AFTER_NANOS = TimeUnit.SECONDS.toNanos(PARKED_AFTER_SECONDS);

  private final int maxOpen;
  private final LiveFiles live;
  private final ClosedFiles closed;
  private final Discovery discovery;
  private final Set<FileKey> seen;

  /// @param seen where files lie that a source takes, whenever it is asked
  Room(int maxOpen, LiveFiles live, ClosedFiles closed, Discovery discovery, Set<FileKey> seen) {
    this.maxOpen = maxOpen;
    this.live = live;
    this.closed = closed;
    this.discovery = discovery;
    this.seen = seen;
  }

  boolean isFull() {
    return live.size() >= maxOpen;
  }

  /// What is said of files that wait for it.
  String problem() {
    return "waits: "
        + maxOpen
        + " files are open, and the limit of open files (ulimit -n) allows no more";
  }

  /// Files that were read and acknowledged to their end and have been quiet since, also rotated ones, or to which nobody writes, since
  /// they are copies: as many as others may want their descriptors.
  ///
  /// @param strangers those that are found and not open
  /// @param unresumed how many more are looked for
  /// @param grown     tells how many have grown under names that no source takes
  List<TailedFile> toClose(
      Map<FileKey, Discovery.Found> strangers,
      int unresumed,
      IntSupplier grown,
      long nowNanos,
      long nowSeconds) {
    int wanted = wanted(strangers) + unresumed;
    if (live.size() + wanted + discovery.others().size() <= maxOpen) {
      return List.of();
    }
    wanted += grown.getAsInt();
    if (live.size() + wanted <= maxOpen) {
      return List.of();
    }
    long before = TimeUnit.SECONDS.toMillis(nowSeconds - PARKED_AFTER_SECONDS);
    int most = Math.min(wanted, live.size());
    List<TailedFile> all = new ArrayList<>();
    for (TailedFile file : live.all()) {
      if (all.size() < most && isLeft(file, nowNanos, before)) {
        all.add(file);
      }
    }
    return all;
  }

  private int wanted(Map<FileKey, Discovery.Found> strangers) {
    int wanted = 0;
    for (Discovery.Found found : strangers.values()) {
      if (!closed.hasNothingNew(found)) {
        wanted++;
      }
    }
    for (FileKey place : closed.waiting().keySet()) {
      if (!seen.contains(place) && !strangers.containsKey(place)) {
        wanted++;
      }
    }
    return wanted;
  }

  private boolean isLeft(TailedFile file, long nowNanos, long beforeMillis) {
    if (file.copy) {
      return isAtItsEnd(file);
    }
    return file.detached
        ? nowNanos - file.grewNanos > PARKED_AFTER_NANOS && isAtItsEnd(file)
        : isQuiet(file, nowNanos, beforeMillis);
  }

  private boolean isQuiet(TailedFile file, long nowNanos, long beforeMillis) {
    Discovery.Found found = discovery.found().get(file.path);
    return found != null
        && found.place().equals(file.place)
        && found.sizeBytes() == file.acknowledged.position()
        && (found.modifiedMillis() < beforeMillis || isWatched(file, found, nowNanos))
        && file.isIdle();
  }

  /// Whether it was seen not to change for so long: where the clock was set back, its last change may lie in the future.
  private static boolean isWatched(TailedFile file, Discovery.Found found, long nowNanos) {
    return file.modifiedMillis == found.modifiedMillis()
        && nowNanos - file.modifiedNanos > PARKED_AFTER_NANOS;
  }

  private static boolean isAtItsEnd(TailedFile file) {
    Content content = file.content;
    try {
      return content != null && content.size() <= file.read.position() && file.isIdle();
    } catch (IOException e) {
      // It is told where it is read.
      return false;
    }
  }
}
