package dev.pannier.collector.tail;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Finds what a log was rotated to that was rotated more than once between two looks: what came in between had the log's name for a moment,
/// or while this process stood still, and no rename was told, since it was copied or since the system had too much to tell.
///
/// As in [Absence], only what is surely a part of the log is taken: it has a name that rotation makes of the log's, was made and written to
/// after the look before, and is not compressed. And it does not begin like what is known: that is a copy. One thread.
final class MissedRotations {
  private final Discovery discovery;
  private final TailSources sources;
  private final Relatives relatives;

  /// By folder, the logs that were found rotated since the last look.
  private final Map<Path, KnownLogs> logs = new HashMap<>();

  MissedRotations(Discovery discovery, TailSources sources, Relatives relatives) {
    this.discovery = discovery;
    this.sources = sources;
    this.relatives = relatives;
  }

  /// A log was emptied, or is no more where it was.
  void rotated(Path log) {
    Path folder = log.getParent();
    if (folder != null) {
      logs.computeIfAbsent(folder, any -> new KnownLogs()).add(log);
    }
  }

  /// What is there of them by names that no source takes, the oldest first.
  ///
  /// @param known         where files lie that are known
  /// @param lookedSeconds when the look before was
  List<Absence.Rotated> look(Predicate<FileKey> known, long lookedSeconds) {
    if (logs.isEmpty()) {
      return List.of();
    }
    List<Absence.Candidate> missed = new ArrayList<>();
    for (Discovery.Other other : discovery.others()) {
      Path log = logOf(other, lookedSeconds);
      if (log != null) {
        try {
          Absence.Candidate candidate = Absence.candidate(log, other);
          if (Relatives.isAfter(candidate.seconds(), lookedSeconds) && isUnknown(other, known)) {
            missed.add(candidate);
          }
        } catch (NoSuchFileException e) {
          // It has moved on just now, which the system tells.
          discovery.problems().remove(other.path());
        } catch (IOException e) {
          discovery.problems().put(other.path(), Discovery.whatToDo(e));
        }
      }
    }
    logs.clear();
    missed.sort(Absence.OLDEST_FIRST);
    return missed.stream().map(Absence.Candidate::rotated).toList();
  }

  private @Nullable Path logOf(Discovery.Other other, long lookedSeconds) {
    long changed = TimeUnit.MILLISECONDS.toSeconds(other.modifiedMillis());
    if (!Relatives.isAfter(changed, lookedSeconds) || RotatedNames.isCompressed(other.path())) {
      return null;
    }
    Path log = Absence.logOf(other, logs.get(other.path().getParent()), sources);
    return log == null || !RotatedNames.isSurelyRotated(other.path(), log) ? null : log;
  }

  private boolean isUnknown(Discovery.Other other, Predicate<FileKey> known) throws IOException {
    FileKey place = discovery.placeOf(other);
    if (known.test(place)) {
      return false;
    }
    try (Probe probe = Probe.open(other.path(), place)) {
      return !probe.isGzip() && !relatives.isHeadKnown(probe);
    }
  }
}
