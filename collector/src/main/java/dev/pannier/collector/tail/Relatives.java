package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Fingerprint;
import dev.pannier.collector.checkpoint.SavedGeneration;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Tells whether a file that is not being read is a copy of a generation in its folder. That takes several looks where neither names nor
/// sizes tell. One thread.
final class Relatives {
  /// What looks like a copy, but is shorter than its original and has not grown for so long, is
  /// none.
  private static final long COPYING_NANOS = TimeUnit.SECONDS.toNanos(5);

  /// Who copies a file in order to empty it does so within that time.
  static final long EMPTIED_NANOS = TimeUnit.SECONDS.toNanos(10);

  /// How far the file system's clock may be behind, and what a whole second hides.
  static final long CLOCK_SECONDS = 1;

  /// Each takes some 350 bytes; so many logs may be rotated at once.
  private static final int MAX_EMPTIED = 4096;

  /// A file that looks like a copy.
  private record Suspect(long sizeBytes, long sinceNanos) {}

  /// What an open file had when it was found emptied.
  private record Emptied(Trail trail, long read, long seenSeconds) {}

  private final Collection<TailedFile> live;
  private final Collection<TailedFile> leaving;
  private final KnownGenerations known;
  private final Set<FileKey> seen;
  private final ContentCheck check;
  private final Map<FileKey, Suspect> suspects = new HashMap<>();

  /// Those of this look.
  private final Set<FileKey> undecided = new HashSet<>();

  /// What was found to be a copy at this look.
  private final Set<FileKey> copied = new HashSet<>();

  /// By generation, the youngest of those of which no copy had all that was read.
  private final Map<Long, Emptied> emptied = new LinkedHashMap<>();

  /// @param live those that are being read, whenever it is asked
  /// @param leaving those of which nothing more is read and some is under way, whenever it is asked
  /// @param seen where files lie that a source takes, whenever it is asked
  Relatives(
      Collection<TailedFile> live,
      Collection<TailedFile> leaving,
      KnownGenerations known,
      Set<FileKey> seen,
      ContentCheck check) {
    this.live = live;
    this.leaving = leaving;
    this.known = known;
    this.seen = seen;
    this.check = check;
  }

  void beginLook() {
    undecided.clear();
    copied.clear();
  }

  /// What was not met again is no longer suspected.
  void endLook() {
    suspects.keySet().removeIf(place -> !undecided.contains(place) && !copied.contains(place));
  }

  boolean hasUndecided() {
    return !undecided.isEmpty();
  }

  boolean isUndecided(FileKey place) {
    return undecided.contains(place);
  }

  /// Whether it was found to be a copy at this look.
  boolean isCopy(FileKey place) {
    return copied.contains(place);
  }

  /// It is no file of its own: what its original has no more, no source takes.
  void copied(FileKey place) {
    copied.add(place);
  }

  /// It is read as a file of its own.
  void decided(FileKey place) {
    suspects.remove(place);
    undecided.remove(place);
  }

  /// No copy had all that was read of a file before it was emptied: one that has less may turn up.
  void emptied(TailedFile old) {
    emptied.put(old.generation, new Emptied(old.trail, old.read.position(), old.seenSeconds));
    Iterator<Long> oldest = emptied.keySet().iterator();
    while (emptied.size() > MAX_EMPTIED) {
      oldest.next();
      oldest.remove();
    }
  }

  /// Whether a file is a copy of what was emptied, written to last just before that, however long it took to copy, which ends before what was read by then: the application
  /// wrote on between the copy and the emptying. What is read of a file lies in memory no more, so it is known by the
  /// last of the positions on the trail that it has, beside its head, which was judged before.
  private static boolean isShortCopy(Emptied original, Discovery.Found found, Probe probe)
      throws IOException {
    Anchor last = original.trail().closeBefore(probe.size());
    BasicFileAttributes attributes = Files.readAttributes(found.real(), BasicFileAttributes.class);
    long within = TimeUnit.NANOSECONDS.toSeconds(EMPTIED_NANOS);
    long made = attributes.creationTime().to(TimeUnit.SECONDS);
    long changed = attributes.lastModifiedTime().to(TimeUnit.SECONDS);
    return last != null
        && made - original.seenSeconds() <= within
        && Math.abs(changed - original.seenSeconds()) <= within
        && probe.holds(last);
  }

  /// What a file is.
  Kinship kinship(Discovery.Found found, Probe probe, long nowNanos, long nowSeconds)
      throws IOException {
    Kinship kinship = find(found, probe, nowNanos, nowSeconds);
    if (kinship instanceof Kinship.Undecided) {
      undecided.add(found.place());
    } else if (kinship instanceof Kinship.Copy) {
      copied.add(found.place());
    }
    return kinship;
  }

  private Kinship find(Discovery.Found found, Probe probe, long nowNanos, long nowSeconds)
      throws IOException {
    for (TailedFile file : live) {
      Kinship kinship = kinship(file, found, probe, nowNanos);
      if (kinship != Kinship.NONE) {
        return kinship;
      }
    }
    for (SavedGeneration saved : known.all()) {
      if (!saved.fingerprint().agreesWith(probe.fingerprint())) {
        continue;
      }
      Kinship kinship = kinship(saved, found, probe, nowNanos, nowSeconds);
      if (kinship != Kinship.NONE) {
        return kinship;
      }
    }
    return Kinship.NONE;
  }

  private Kinship kinship(TailedFile file, Discovery.Found found, Probe probe, long nowNanos)
      throws IOException {
    if (file.place.equals(found.place())) {
      // Nothing is a copy of itself, whatever its name is by now.
      return Kinship.NONE;
    }
    boolean metTogether = file.metNanos == nowNanos && !file.stored;
    if (metTogether && file.fingerprint.length() < Fingerprint.SHORTEST_STEP) {
      // Two files that begin with the same word: neither is known to be the older one.
      return Kinship.NONE;
    }
    if (!looksLike(file.path, file.fingerprint, file.sizeBytes, found.name(), probe)
        || isOther(file, probe)) {
      return Kinship.NONE;
    }
    boolean named = RotatedNames.isNamedAfter(found.name(), file.path);
    if (probe.size() < file.read.position()) {
      if (file.content != null && !probe.endsLike(file.content)) {
        // It differs from the original that is still there, so it was never copied from it.
        return Kinship.NONE;
      }
      if (!settled(probe, COPYING_NANOS, nowNanos)) {
        return Kinship.UNDECIDED;
      }
      return named ? copy(file.fingerprint) : Kinship.NONE;
    }
    // Its head was compared: what is known of the file's may be longer by now than what was copied.
    if (!probe.holds(file.read)) {
      return Kinship.NONE;
    }
    if (file.detached && !seen.contains(file.place)) {
      // While nobody looked the content was there to be copied.
      boolean younger = !found.isUnseen() && isYounger(found, file.seenSeconds, true);
      return younger ? Kinship.NONE : copy(file.fingerprint);
    }
    if (named) {
      return copy(file.fingerprint);
    }
    return settled(probe, EMPTIED_NANOS, nowNanos) ? Kinship.NONE : Kinship.UNDECIDED;
  }

  /// A whole head and the bytes before the position leave no doubt.
  private static Kinship copy(Fingerprint begun) {
    return new Kinship.Copy(begun.length() == Fingerprint.MAX_LENGTH);
  }

  private Kinship kinship(
      SavedGeneration saved, Discovery.Found found, Probe probe, long nowNanos, long nowSeconds)
      throws IOException {
    Path path = known.pathOf(saved);
    if (!looksLike(path, saved.fingerprint(), saved.sizeBytes(), found.name(), probe)) {
      return Kinship.NONE;
    }
    Emptied original = emptied.get(saved.id());
    if (original != null && probe.size() < original.read() && isShortCopy(original, found, probe)) {
      if (!settled(probe, COPYING_NANOS, nowNanos)) {
        return Kinship.UNDECIDED;
      }
      known.touch(saved, nowSeconds);
      return copy(saved.fingerprint());
    }
    if (probe.size() < saved.acknowledged().position()) {
      boolean younger = saved.finished() && isYounger(found, saved.seenSeconds(), false);
      boolean there = !saved.finished() && isThere(saved);
      if (younger || (there && !endsLike(probe, path))) {
        return Kinship.NONE;
      }
      if (!settled(probe, COPYING_NANOS, nowNanos)) {
        return Kinship.UNDECIDED;
      }
      return there && RotatedNames.isNamedAfter(found.name(), path)
          ? copy(saved.fingerprint())
          : Kinship.NONE;
    }
    if (!probe.continues(saved.fingerprint(), saved.acknowledged())) {
      return Kinship.NONE;
    }
    if (!RotatedNames.isNamedAfter(found.name(), path)) {
      if (isThere(saved)) {
        return settled(probe, EMPTIED_NANOS, nowNanos) ? Kinship.NONE : Kinship.UNDECIDED;
      }
      if (saved.finished() && isYounger(found, saved.seenSeconds(), true)) {
        return Kinship.NONE;
      }
    }
    if (probe.size() > saved.acknowledged().position()) {
      // From its confirmed position on it would be read again.
      return isLeaving(saved) ? Kinship.UNDECIDED : new Kinship.Rest(saved);
    }
    known.touch(saved, nowSeconds);
    return new Kinship.Copy(false);
  }

  /// Whether what begins like an open file's content is longer, or ends otherwise, so that it was never copied from it. The copy is measured
  /// first, since the file may grow, and the file is looked at last, since it may be emptied.
  private boolean isOther(TailedFile file, Probe probe) throws IOException {
    Content content = file.content;
    if (content == null || content instanceof GzipContent || probe.isGzip()) {
      return false;
    }
    long copied = probe.size();
    long size = content.size();
    return size >= file.read.position()
        && (copied > size || !probe.endsLike(content))
        && check.verify(file, content);
  }

  private boolean isLeaving(SavedGeneration saved) {
    return leaving.stream().anyMatch(file -> file.generation == saved.id());
  }

  /// Whether a known generation's content is still where it was read.
  private boolean isThere(SavedGeneration saved) throws IOException {
    Path path = known.pathOf(saved);
    try {
      return FileKey.of(path).equals(FileKey.of(saved))
          && Files.size(path) >= saved.acknowledged().position();
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /// Whether a closed file has, where the other one ends, the same bytes; or is there no more, or may not be looked into.
  private static boolean endsLike(Probe probe, Path original) throws IOException {
    try (Content content = FileContent.open(original.toRealPath())) {
      return probe.endsLike(content);
    } catch (NoSuchFileException | AccessDeniedException e) {
      return true;
    }
  }

  /// Whether a file was made after content was seen for the last time: then it was not copied from there.
  ///
  /// @param unchanged whether it was not written to since it was made, so far as its size shows: then its last change tells, too, where the
  ///     file system does not know when it was made
  static boolean isYounger(Discovery.Found found, long seenSeconds, boolean unchanged)
      throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(found.real(), BasicFileAttributes.class);
    FileTime made = attributes.creationTime();
    return (unchanged || !made.equals(attributes.lastModifiedTime()))
        && isAfter(made.to(TimeUnit.SECONDS), seenSeconds);
  }

  /// Whether what lies where a generation was is surely another file, though it begins as that did: of an empty one, or one that had a
  /// few lines, the content says little, and the inode of a file that is gone is given to the next one. It was made after the
  /// generation was seen for the last time, as far as the file system tells.
  static boolean isAnother(SavedGeneration saved, Path real, FileKey place) throws IOException {
    if (saved.madeNanos() == 0 || saved.fingerprint().length() == Fingerprint.MAX_LENGTH) {
      return false;
    }
    BasicFileAttributes attributes = Files.readAttributes(real, BasicFileAttributes.class);
    FileTime made = attributes.creationTime();
    return made.to(TimeUnit.NANOSECONDS) != saved.madeNanos()
        && isAfter(made.to(TimeUnit.SECONDS), saved.seenSeconds())
        && (isBirth(attributes) || isTold(real.getParent(), place));
  }

  /// Whether the file system tells when the folder of a file was made, and so of the file, too: that may have been written to in the moment
  /// when it was made.
  private static boolean isTold(@Nullable Path folder, FileKey place) throws IOException {
    return folder != null
        && FileKey.of(folder).device() == place.device()
        && isBirth(Files.readAttributes(folder, BasicFileAttributes.class));
  }

  /// What was never written to since it was made leaves it open.
  private static boolean isBirth(BasicFileAttributes attributes) {
    return !attributes.creationTime().equals(attributes.lastModifiedTime());
  }

  /// Whether a time that the file system tells is surely later than one of this process's clock.
  static boolean isAfter(long fileSeconds, long seconds) {
    return fileSeconds > seconds + CLOCK_SECONDS;
  }

  /// Whether what looks like a copy has had its size for longer than `nanos`.
  private boolean settled(Probe probe, long nanos, long nowNanos) throws IOException {
    Suspect before = suspects.get(probe.place());
    long size = probe.size();
    if (before == null || before.sizeBytes() != size) {
      suspects.put(probe.place(), new Suspect(size, nowNanos));
      return false;
    }
    return nowNanos - before.sinceNanos() > nanos;
  }

  /// Whether a file's head is that of a generation, or of a copy of it that is still being written.
  /// A head of a few bytes says little: then the names have to be related and the sizes the same.
  private static boolean looksLike(
      Path original, Fingerprint begun, long originalSize, Path copy, Probe probe)
      throws IOException {
    if (begun.length() == 0
        || !begun.agreesWith(probe.fingerprint())
        || !RotatedNames.isBeside(copy, original)) {
      return false;
    }
    if (begun.length() < Fingerprint.SHORTEST_STEP) {
      return probe.size() == originalSize
          && RotatedNames.stem(copy).equals(RotatedNames.stem(original))
          && begun.isHeadOf(probe.head(), probe.headLength());
    }
    return hasHead(begun, probe);
  }

  /// Whether a file begins like a generation, so far as it was written by now.
  private static boolean hasHead(Fingerprint begun, Probe probe) {
    return probe.headLength() >= begun.length()
        ? begun.isHeadOf(probe.head(), probe.headLength())
        : begun.beginsLike(probe.head(), probe.headLength());
  }

  /// Whether any generation begins like a file, in whatever folder.
  boolean isHeadKnown(Probe probe) {
    return live.stream().anyMatch(file -> isHeadOf(file.fingerprint, probe))
        || known.all().stream().anyMatch(saved -> isHeadOf(saved.fingerprint(), probe));
  }

  private static boolean isHeadOf(Fingerprint begun, Probe probe) {
    return begun.length() > 0 && begun.agreesWith(probe.fingerprint()) && hasHead(begun, probe);
  }
}
