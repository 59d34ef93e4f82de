package dev.pannier.collector.tail;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What is known of files that are not open, from outside: which wait for a descriptor, in which there is nothing to read, and what of
/// them is passed over. One thread.
final class ClosedFiles {
  /// What a file looked like.
  private record State(Path path, long modifiedMillis, long sizeBytes) {
    static State of(Discovery.Found found) {
      return new State(found.path(), found.modifiedMillis(), found.sizeBytes());
    }

    boolean isUnchanged(Discovery.Found now) {
      return modifiedMillis == now.modifiedMillis() && sizeBytes == now.sizeBytes();
    }
  }

  /// Those that wait for a descriptor, as they were seen last, in the order in which they came.
  private final Map<FileKey, Discovery.Found> waiting = new LinkedHashMap<>();

  /// Those of them that are nowhere, since their folder is away: it may come back.
  private final Set<FileKey> away = new HashSet<>();

  /// Of files of `start_at: end` that were there at the first look and had no position, what they had then; until it is known what
  /// they are.
  private final Map<FileKey, State> firstSizes = new HashMap<>();

  /// Files in which there is nothing to read, as they were then.
  private final Map<FileKey, State> read = new HashMap<>();

  /// There are other sources: what none finds any more, since it was renamed, is met as it is here.
  void change(TailSources sources) {
    for (Iterator<Map.Entry<FileKey, Discovery.Found>> all = waiting.entrySet().iterator();
        all.hasNext(); ) {
      Map.Entry<FileKey, Discovery.Found> entry = all.next();
      TailSource next = sources.taking(entry.getValue().path());
      if (next == null) {
        all.remove();
      } else {
        entry.setValue(entry.getValue().of(next));
      }
    }
  }

  /// It was there at the first look, and nothing is known of it: it is read from where it ends now.
  void beginsAtItsEnd(Discovery.Found found) {
    firstSizes.put(found.place(), State.of(found));
  }

  /// It is there at this look: what is shorter was emptied, or is another file in its place.
  void seen(Discovery.Found found) {
    firstSizes.computeIfPresent(
        found.place(), (place, first) -> found.sizeBytes() < first.sizeBytes() ? null : first);
  }

  /// What a file had at the first look; null where it is read from its beginning.
  @Nullable Long firstSize(FileKey place) {
    State first = firstSizes.get(place);
    return first == null ? null : first.sizeBytes();
  }

  /// How much of a file is not read.
  long passedOver(FileKey place) {
    Long first = firstSize(place);
    return first == null ? 0 : first;
  }

  /// It is read, or surely not.
  void decided(FileKey place) {
    waiting.remove(place);
    firstSizes.remove(place);
  }

  void waits(Discovery.Found found) {
    waiting.put(found.place(), found);
  }

  void waitsNoMore(FileKey place) {
    waiting.remove(place);
  }

  boolean isWaiting(FileKey place) {
    return waiting.containsKey(place);
  }

  /// As they were seen last, in the order in which they came.
  Map<FileKey, Discovery.Found> waiting() {
    return waiting;
  }

  /// Whether it waits, and was found to be no copy before: what was empty then may be one. Nobody can tell any more when it is gone.
  boolean isJudged(Discovery.Found found) {
    Discovery.Found before = waiting.get(found.place());
    return before != null
        && (before.sizeBytes() == 0
            ? found.sizeBytes() == 0
            : found.sizeBytes() >= before.sizeBytes());
  }

  /// Those that wait, to be looked for where they are now.
  List<Discovery.Found> follow(Set<FileKey> live) {
    waiting.keySet().removeAll(live);
    away.clear();
    return new ArrayList<>(waiting.values());
  }

  /// It was looked for, and its folder is away.
  void isAway(FileKey place) {
    away.add(place);
  }

  /// Whether none waits that could be read.
  boolean areAllAway() {
    return away.containsAll(waiting.keySet());
  }

  /// There is nothing to read in it unless it changes.
  void hasNothing(Discovery.Found found) {
    read.put(found.place(), State.of(found));
  }

  boolean hasNothingNew(Discovery.Found found) {
    State before = read.get(found.place());
    return before != null && before.isUnchanged(found);
  }

  /// Whether there was nothing to read in it when it was looked into last.
  boolean isRead(FileKey place) {
    return read.containsKey(place);
  }

  /// @param there whether there is a file
  /// @param sees  whether anything can be said of a path
  /// @return in which of those that are there no more was nothing to read
  List<FileKey> forget(Predicate<FileKey> there, Predicate<Path> sees) {
    firstSizes
        .entrySet()
        .removeIf(first -> !there.test(first.getKey()) && sees.test(first.getValue().path()));
    List<FileKey> gone = new ArrayList<>();
    read.forEach(
        (place, state) -> {
          if (!there.test(place) && sees.test(state.path())) {
            gone.add(place);
          }
        });
    gone.forEach(read::remove);
    return gone;
  }
}
