package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.SavedGeneration;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Finds what known logs were rotated to while the sidecar was not running. A file that was made and renamed in that time has a name that
/// perhaps no source takes, and nobody has seen it under the log's.
///
/// It is taken for a part of the log only where all of this holds; what may be one, and is not surely, is told:
///
/// - the log was rotated: what lay there last lies there no more;
/// - the file has a name that rotation makes of the log's, and hardly anybody else does;
/// - it was made, and written to last, after the sidecar had looked for the last time: what is older was seen, or is none of the log's;
/// - it is not compressed.
///
/// Where the clock shows an earlier time than at the last look, it was set back, and nobody can tell what was made since then.
///
/// Each log is looked for once, when its folder is there and a source takes it. One thread.
final class Absence {
  /// A part of a log.
  record Rotated(Path log, Path now) {}

  /// A file that may be one, and how old.
  record Candidate(Path log, Discovery.Other file, FileTime made, FileTime changed) {
    Rotated rotated() {
      return new Rotated(log, file.path());
    }

    long seconds() {
      return Math.min(made.to(TimeUnit.SECONDS), changed.to(TimeUnit.SECONDS));
    }
  }

  private enum Became {
    /// It is where it was.
    STAYED,
    ROTATED,
    /// It was empty: whether the same file has it now, or another one with the same inode, does not show.
    UNKNOWN
  }

  /// Of files that were written to last in the same moment, the one of the higher number is older.
  static final Comparator<Candidate> OLDEST_FIRST =
      Comparator.comparing(Candidate::changed)
          .thenComparing(Candidate::made)
          .thenComparing(
              candidate -> String.valueOf(candidate.file().path().getFileName()),
              Comparator.comparing(String::length)
                  .thenComparing(Comparator.naturalOrder())
                  .reversed());

  private static final String COMPRESSED = "made and compressed while the sidecar was not running";

  private static final String SET_BACK =
      "the clock was set back while the sidecar was not running, so that nobody can tell whether it"
          + " was made in that time";

  private final KnownGenerations known;
  private final Discovery discovery;
  private final TailSources sources;
  private final Consumer<String> notice;

  /// By folder, those that were not looked for yet.
  private final Map<Path, KnownLogs> logs = new HashMap<>();

  /// By folder, what their names have but for numbers.
  private final Map<Path, Set<String>> series = new HashMap<>();

  private final Set<Path> toldOf = new HashSet<>();

  /// When the sidecar looked into a folder for the last time.
  private final Map<Path, Long> lookedSeconds = new HashMap<>();

  /// @param known what was stored
  Absence(
      KnownGenerations known, Discovery discovery, TailSources sources, Consumer<String> notice) {
    this.known = known;
    this.discovery = discovery;
    this.sources = sources;
    this.notice = notice;
    for (SavedGeneration saved : known.all()) {
      Path log = known.pathOf(saved);
      Path folder = log.getParent();
      if (folder != null) {
        logs.computeIfAbsent(folder, any -> new KnownLogs()).add(log);
        series.computeIfAbsent(folder, any -> new HashSet<>()).add(seriesOf(log));
        lookedSeconds.merge(folder, saved.seenSeconds(), Math::max);
      }
    }
  }

  private static String seriesOf(Path log) {
    return RotatedNames.withoutNumbers(String.valueOf(log.getFileName()));
  }

  /// Whether a file that a source takes, and that nobody knows, has become a known log's while nobody looked, or is the next of those that
  /// have its name but for numbers (a date, a process).
  boolean isMadeMeanwhile(Discovery.Found found, long nowSeconds) {
    if (!isOnKnownDevice(found.place())) {
      // The files of another volume have been there before.
      return false;
    }
    Path folder = found.path().getParent();
    KnownLogs there = logs.get(folder);
    if (there == null) {
      return false;
    }
    if (there.contains(found.path())) {
      return true;
    }
    Path log = there.rotatedTo(found.path());
    if (log != null && !RotatedNames.isSurelyRotated(found.path(), log)) {
      log = null;
    }
    if (log == null && !series.getOrDefault(folder, Set.of()).contains(seriesOf(found.path()))) {
      return false;
    }
    try {
      if (log != null && became(log) != Became.ROTATED) {
        return false;
      }
      Discovery.Other file = new Discovery.Other(found.real(), 0, 0);
      long seconds = candidate(found.path(), file).seconds();
      long looked = looked(found.path());
      boolean after = Relatives.isAfter(seconds, looked);
      if (!after && wasSetBack(looked, nowSeconds) && toldOf.add(found.path())) {
        tell(List.of(unread(found.path(), found.sizeBytes(), SET_BACK)));
      }
      return after;
    } catch (IOException e) {
      // For one look that fails it must not begin at its end for good; whether it is a copy is
      // asked of it nevertheless.
      return true;
    }
  }

  private static boolean wasSetBack(long lookedSeconds, long nowSeconds) {
    return lookedSeconds != Long.MAX_VALUE && lookedSeconds > nowSeconds;
  }

  private static String unread(Path file, long bytes, String why) {
    return file + ": " + bytes + " bytes are not read: " + why;
  }

  private boolean isOnKnownDevice(FileKey place) {
    return known.all().stream().anyMatch(saved -> saved.device() == place.device());
  }

  /// What is there of them by names that no source takes, the oldest first.
  List<Rotated> look(long nowSeconds) {
    Map<Path, KnownLogs> due = due();
    if (due.isEmpty()) {
      return List.of();
    }
    List<Candidate> missed = new ArrayList<>();
    List<String> told = new ArrayList<>();
    Map<Path, Became> became = new HashMap<>();
    Set<Path> again = new HashSet<>();
    Set<Path> met = new HashSet<>();
    for (Discovery.Other other : discovery.others()) {
      // Two sources may look into one folder.
      Path log = met.add(other.path()) ? logOf(other, due, nowSeconds) : null;
      if (log == null) {
        continue;
      }
      try {
        Became how = became.get(log);
        if (how == null) {
          how = became(log);
          became.put(log, how);
        }
        Candidate candidate = candidate(log, other);
        if (how == Became.STAYED
            || !isPerhapsAfter(candidate.seconds(), looked(other.path()), nowSeconds)) {
          continue;
        }
        String why = whyNot(candidate, how, nowSeconds);
        if (isKnown(other, why == null)) {
          continue;
        }
        if (why == null) {
          missed.add(candidate);
        } else if (toldOf.add(other.path())) {
          told.add(unread(other.path(), other.sizeBytes(), why));
        }
      } catch (NoSuchFileException e) {
        // It has moved on just now.
        again.add(log);
      } catch (IOException e) {
        again.add(log);
        discovery.problems().put(other.path(), Discovery.whatToDo(e));
      }
    }
    due.forEach((folder, there) -> done(folder, there, again));
    missed.sort(OLDEST_FIRST);
    while (missed.size() > MovedFiles.MAX) {
      Discovery.Other file = missed.removeFirst().file();
      told.add(
          unread(
              file.path(),
              file.sizeBytes(),
              "more than "
                  + MovedFiles.MAX
                  + " files were made while the sidecar was not running"));
    }
    tell(told);
    return missed.stream().map(Candidate::rotated).toList();
  }

  /// Those whose folder is there and that a source takes.
  private Map<Path, KnownLogs> due() {
    Map<Path, KnownLogs> due = new HashMap<>();
    logs.forEach(
        (folder, there) -> {
          if (discovery.folders().contains(folder)) {
            for (Path log : there.all()) {
              if (sources.taking(log) != null) {
                due.computeIfAbsent(folder, any -> new KnownLogs()).add(log);
              }
            }
          }
        });
    return due;
  }

  private void done(Path folder, KnownLogs looked, Set<Path> again) {
    KnownLogs left = logs.get(folder);
    if (left != null) {
      left.removeIf(log -> looked.contains(log) && !again.contains(log));
      if (left.isEmpty()) {
        logs.remove(folder);
      }
    }
  }

  private long looked(Path file) {
    return lookedSeconds.getOrDefault(file.getParent(), Long.MAX_VALUE);
  }

  private @Nullable Path logOf(Discovery.Other other, Map<Path, KnownLogs> due, long nowSeconds) {
    long changed = TimeUnit.MILLISECONDS.toSeconds(other.modifiedMillis());
    return isPerhapsAfter(changed, looked(other.path()), nowSeconds)
        ? logOf(other, due.get(other.path().getParent()), sources)
        : null;
  }

  /// The log that a file which no source takes may be a part of, by its name; null where there is none.
  ///
  /// @param there the logs of its folder
  static @Nullable Path logOf(
      Discovery.Other other, @Nullable KnownLogs there, TailSources sources) {
    if (there == null || other.sizeBytes() == 0 || sources.taking(other.path()) != null) {
      return null;
    }
    Path log = there.rotatedTo(other.path());
    TailSource source = log == null ? null : sources.taking(log);
    return source == null || source.globs.excludes(other.path()) ? null : log;
  }

  static Candidate candidate(Path log, Discovery.Other other) throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(other.path(), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return new Candidate(log, other, attributes.creationTime(), attributes.lastModifiedTime());
  }

  private static boolean isPerhapsAfter(long seconds, long lookedSeconds, long nowSeconds) {
    return seconds >= lookedSeconds - Relatives.CLOCK_SECONDS
        || wasSetBack(lookedSeconds, nowSeconds);
  }

  private Became became(Path log) throws IOException {
    Discovery.Found found = discovery.found().get(log);
    if (found == null) {
      return discovery.sees(log) ? Became.ROTATED : Became.UNKNOWN;
    }
    SavedGeneration saved = known.at(found.place());
    if (saved == null
        || saved.finished()
        || !known.pathOf(saved).equals(log)
        || Relatives.isAnother(saved, found.real(), found.place())) {
      return Became.ROTATED;
    }
    if (saved.fingerprint().length() == 0) {
      return Became.UNKNOWN;
    }
    try (Probe probe = Probe.open(found.real(), found.place())) {
      return probe.continues(saved.fingerprint(), saved.acknowledged())
          ? Became.STAYED
          : Became.ROTATED;
    }
  }

  /// Why it is not read; null where it is.
  private @Nullable String whyNot(Candidate candidate, Became how, long nowSeconds)
      throws IOException {
    Path file = candidate.file().path();
    if (RotatedNames.isCompressed(file)) {
      return COMPRESSED;
    }
    if (how == Became.ROTATED && RotatedNames.isSurelyRotated(file, candidate.log())) {
      long looked = looked(file);
      if (!Relatives.isAfter(candidate.seconds(), looked)) {
        return wasSetBack(looked, nowSeconds)
            ? SET_BACK
            : "made when the sidecar had just looked for the last time, or before that";
      }
      try (Probe probe = Probe.open(file, discovery.placeOf(candidate.file()))) {
        return probe.isGzip() ? COMPRESSED : null;
      } catch (AccessDeniedException e) {
        return Discovery.whatToDo(e);
      }
    }
    return "made while the sidecar was not running; no include has its name, which may be what "
        + candidate.log().getFileName()
        + " was rotated to";
  }

  /// Whether a file has the content of a known generation, which is read where something is left of it.
  ///
  /// @param there whether only that counts which lies where it was: of another file it is asked again whether it is a copy
  private boolean isKnown(Discovery.Other other, boolean there) throws IOException {
    FileKey place = discovery.placeOf(other);
    try (Probe probe = Probe.open(other.path(), place)) {
      SavedGeneration last = known.at(place);
      if (last != null && probe.continues(last.fingerprint(), last.acknowledged())) {
        return true;
      }
      for (SavedGeneration saved : there ? List.<SavedGeneration>of() : known.all()) {
        if (saved.fingerprint().length() > 0
            && saved.fingerprint().agreesWith(probe.fingerprint())
            && probe.continues(saved.fingerprint(), saved.acknowledged())) {
          return true;
        }
      }
      return false;
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      // Whatever it is, it cannot be read.
      return false;
    }
  }

  private void tell(List<String> lines) {
    lines.stream().limit(ProblemLog.MOST_AT_ONCE).forEach(notice);
    if (lines.size() > ProblemLog.MOST_AT_ONCE) {
      notice.accept(
          lines.size()
              - ProblemLog.MOST_AT_ONCE
              + " more files that may be rotated logs are not read, for such reasons");
    }
  }
}
