package dev.pannier.collector.tail;

import dev.pannier.collector.admin.SourceStatus;
import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Fingerprint;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.config.FileSource.StartAt;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Finds files and tells which generation each one is. Long, since the rules decide one question
/// together: whose content lies under this inode?
///
/// 1. An inode that is held open is the generation that it was: it cannot be used again.
/// 2. One known from before is the same generation if its head and the bytes before the position
///    are the same; otherwise it was emptied or used again, and begins a new generation.
/// 3. A new inode whose content begins like a known generation of a related name in the same
///    folder is a copy of it: never read by itself, but read on where the generation stopped once
///    its own content is gone.
/// 4. Anything else begins a new generation.
final class Generations {
  /// A copy of so many bytes less than its original, that has not grown for so long, is none.
  private static final long COPYING_NANOS = TimeUnit.SECONDS.toNanos(5);

  /// Rotated generations that are remembered, so that their copies are not read again.
  private static final int MAX_KNOWN = 1_000;

  private static final long MAX_KNOWN_SECONDS = TimeUnit.DAYS.toSeconds(7);
  private static final int MAX_FOLDER_ENTRIES = 10_000;

  /// A file that looks like a copy.
  private record Suspect(long generation, long sizeBytes, long sinceNanos) {}

  private final List<TailSource> sources;
  private final long volume;
  private final RandomGenerator random;
  private final Consumer<String> notice;
  private final Map<FileKey, TailedFile> live = new LinkedHashMap<>();
  private final Map<Long, SavedGeneration> known = new LinkedHashMap<>();
  private final Map<FileKey, Long> knownPlaces = new HashMap<>();
  private final Map<FileKey, Suspect> suspects = new HashMap<>();
  private final Map<Path, FileKey> seen = new HashMap<>();
  private final Map<Path, String> problems = new TreeMap<>();
  private final Set<Path> folders = new LinkedHashSet<>();
  private final byte[] head = new byte[Fingerprint.MAX_LENGTH];
  private final byte[] check = new byte[Anchor.MAX_LENGTH];
  private boolean looked;
  private boolean changed;

  Generations(
      List<TailSource> sources,
      long volume,
      List<SavedGeneration> saved,
      RandomGenerator random,
      Consumer<String> notice) {
    this.sources = sources;
    this.volume = volume;
    this.random = random;
    this.notice = notice;
    for (SavedGeneration generation : saved) {
      remember(generation);
    }
  }

  Collection<TailedFile> live() {
    return live.values();
  }

  /// The folders in which a change may concern a source.
  Set<Path> folders() {
    return folders;
  }

  /// Files that match and cannot be read, with what to do.
  Map<Path, String> problems() {
    return problems;
  }

  /// Whether anything to be stored has changed since the last call.
  boolean takeChanged() {
    boolean was = changed;
    changed = false;
    return was;
  }

  /// Everything that is worth storing.
  List<SavedGeneration> toStore() {
    List<SavedGeneration> all = new ArrayList<>(known.values());
    for (TailedFile file : live.values()) {
      all.add(file.saved());
    }
    return all;
  }

  /// Looks at every source's folders: new files, renamed ones, those that are gone.
  void look(long nowNanos, long nowSeconds) {
    seen.clear();
    problems.clear();
    folders.clear();
    for (TailSource source : sources) {
      for (Path root : source.globs.roots()) {
        walk(source, root, nowNanos, nowSeconds);
      }
    }
    if (!looked) {
      looked = true;
      resumeRotated(nowNanos);
    }
    for (TailedFile file : live.values()) {
      if (!file.detached && !file.place.equals(seen.get(file.path))) {
        file.detached = true;
        file.grewNanos = nowNanos;
      }
    }
    suspects.keySet().retainAll(seen.values());
    forget(nowSeconds);
  }

  private void walk(TailSource source, Path root, long nowNanos, long nowSeconds) {
    Path real;
    try {
      real = root.toRealPath();
    } catch (IOException e) {
      return;
    }
    try {
      Files.walkFileTree(
          root,
          EnumSet.noneOf(FileVisitOption.class),
          source.globs.depth(),
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
              folders.add(dir);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
              if (source.globs.matches(path) && !seen.containsKey(path)) {
                consider(source, real, path, attributes, nowNanos, nowSeconds);
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path path, IOException e) {
              if (!(e instanceof NoSuchFileException)) {
                problems.put(path, whatToDo(e));
              }
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      problems.put(root, whatToDo(e));
    }
  }

  private static String whatToDo(IOException e) {
    return e instanceof AccessDeniedException
        ? "permission denied: let the sidecar's user or group read it (securityContext.fsGroup)"
        : String.valueOf(e.getMessage());
  }

  private void consider(
      TailSource source,
      Path realRoot,
      Path path,
      BasicFileAttributes attributes,
      long nowNanos,
      long nowSeconds) {
    try {
      if (attributes.isSymbolicLink() && !path.toRealPath().startsWith(realRoot)) {
        problems.put(path, "symbolic link out of " + realRoot + ": not followed");
        return;
      }
      if (!attributes.isRegularFile() && !Files.isRegularFile(path)) {
        return;
      }
      FileKey place = FileKey.of(path);
      seen.put(path, place);
      TailedFile file = live.get(place);
      if (file != null) {
        file.seenSeconds = nowSeconds;
        if (attributes.isRegularFile() && attributes.size() > file.sizeBytes) {
          // Known even while there is no room to read: were it emptied now, this much was lost.
          file.sizeBytes = attributes.size();
          file.grewNanos = nowNanos;
        }
        return;
      }
      Long generation = knownPlaces.get(place);
      SavedGeneration saved = generation == null ? null : known.get(generation);
      if (saved != null && saved.finished() && Files.size(path) == saved.sizeBytes()) {
        return;
      }
      meet(source, path, place, saved, nowNanos, nowSeconds);
    } catch (NoSuchFileException e) {
      seen.remove(path);
    } catch (IOException e) {
      problems.put(path, whatToDo(e));
    }
  }

  /// A file that is not being read: whose content is it?
  private void meet(
      TailSource source,
      Path path,
      FileKey place,
      @Nullable SavedGeneration saved,
      long nowNanos,
      long nowSeconds)
      throws IOException {
    FileContent content = FileContent.open(path);
    boolean kept = false;
    try {
      if (!FileKey.of(path).equals(place)) {
        seen.remove(path);
        return;
      }
      long size = content.size();
      int headLength = Math.max(0, content.read(head, 0, head.length, 0));
      if (saved != null && continues(saved, content, headLength, size)) {
        resume(source, saved, place, content, nowNanos).seenSeconds = nowSeconds;
        kept = true;
        return;
      }
      if (isGzip(headLength) || isCopy(path, place, content, headLength, size, nowNanos)) {
        return;
      }
      boolean fromEnd = !looked && saved == null && source.settings.startAt() == StartAt.END;
      Anchor start = fromEnd ? Anchor.unknown(size) : Anchor.START;
      begin(source, path, place, content, headLength, start, nowNanos).seenSeconds = nowSeconds;
      kept = true;
      if (saved != null && !saved.finished()) {
        lost(saved, source, nowNanos);
      }
    } finally {
      if (!kept) {
        content.close();
      }
    }
  }

  private TailedFile begin(
      TailSource source,
      Path path,
      FileKey place,
      FileContent content,
      int headLength,
      Anchor start,
      long nowNanos) {
    TailedFile file =
        new TailedFile(
            source,
            volume,
            random.nextLong(),
            path,
            place,
            Fingerprint.of(head, headLength),
            start,
            nowNanos);
    file.content = content;
    live.put(place, file);
    suspects.remove(place);
    changed = true;
    return file;
  }

  private TailedFile resume(
      TailSource source, SavedGeneration saved, FileKey place, Content content, long nowNanos) {
    TailedFile file =
        new TailedFile(
            source,
            volume,
            saved.id(),
            Path.of(saved.path()),
            place,
            saved.fingerprint(),
            saved.acknowledged(),
            nowNanos);
    file.content = content;
    file.stored = true;
    file.sizeBytes = saved.sizeBytes();
    live.put(place, file);
    known.remove(saved.id());
    knownPlaces.remove(new FileKey(saved.device(), saved.inode()));
    changed = true;
    return file;
  }

  /// Whether the content is that of the generation, as far as it was acknowledged.
  private boolean continues(SavedGeneration saved, Content content, int headLength, long size)
      throws IOException {
    return size >= saved.acknowledged().position()
        && saved.fingerprint().isHeadOf(head, headLength)
        && holds(content, saved.acknowledged());
  }

  private boolean holds(Content content, Anchor anchor) throws IOException {
    int length = anchor.length();
    return length == 0
        || (content.read(check, 0, length, anchor.position() - length) == length
            && anchor.matches(check));
  }

  /// Whether an open file still is what it was; its size is not below what was read.
  boolean verify(TailedFile file, Content content, long size) throws IOException {
    int known = file.fingerprint.length();
    int wanted = (int) Math.min(size, Fingerprint.MAX_LENGTH);
    int headLength = Math.max(0, content.read(head, 0, wanted, 0));
    if (!file.fingerprint.isHeadOf(head, headLength) || !holds(content, file.read)) {
      return false;
    }
    if (headLength > known) {
      file.fingerprint = Fingerprint.of(head, headLength);
      changed = true;
    }
    return true;
  }

  private boolean isGzip(int headLength) {
    return headLength >= 2 && head[0] == 0x1F && (head[1] & 0xFF) == 0x8B;
  }

  private boolean isCopy(
      Path path, FileKey place, Content content, int headLength, long size, long nowNanos)
      throws IOException {
    for (TailedFile file : live.values()) {
      if (isRelated(path, file.path)
          && looksLike(file.fingerprint, file.sizeBytes, headLength, size)) {
        if (size >= file.read.position()) {
          if (!holds(content, file.read)) {
            continue;
          }
        } else if (settled(place, file.generation, size, nowNanos)) {
          continue;
        }
        return true;
      }
    }
    for (SavedGeneration saved : known.values()) {
      if (isRelated(path, Path.of(saved.path()))
          && looksLike(saved.fingerprint(), saved.sizeBytes(), headLength, size)) {
        if (size < saved.acknowledged().position()) {
          if (!settled(place, saved.id(), size, nowNanos)) {
            return true;
          }
        } else if (holds(content, saved.acknowledged())) {
          if (saved.finished() && size > saved.acknowledged().position()) {
            readOn(saved, place, path, nowNanos);
          }
          return true;
        }
      }
    }
    return false;
  }

  /// A rotated generation goes on in this copy.
  private void readOn(SavedGeneration saved, FileKey place, Path path, long nowNanos)
      throws IOException {
    TailSource source = source(saved.source());
    if (source != null) {
      resume(source, saved, place, FileContent.open(path), nowNanos).detached = true;
    }
  }

  /// Whether what looked like a copy under way has stopped growing short of its original.
  private boolean settled(FileKey place, long generation, long size, long nowNanos) {
    Suspect before = suspects.get(place);
    if (before == null || before.generation() != generation || before.sizeBytes() != size) {
      suspects.put(place, new Suspect(generation, size, nowNanos));
      return false;
    }
    return nowNanos - before.sinceNanos() > COPYING_NANOS;
  }

  /// Whether content of this size, whose head was read, can be a copy of the whole or of a part.
  private boolean looksLike(Fingerprint fingerprint, long originalSize, int headLength, long size) {
    if (fingerprint.length() >= Fingerprint.SHORTEST_STEP) {
      return headLength >= fingerprint.length()
          ? fingerprint.isHeadOf(head, headLength)
          : fingerprint.beginsLike(head, headLength);
    }
    return fingerprint.length() > 0
        && size == originalSize
        && size == fingerprint.length()
        && fingerprint.isHeadOf(head, headLength);
  }

  /// Whether one may be a copy of the other: the same folder, another name, and both begin with the
  /// same word (`app.log`, `app.log.1`, `app-20261123.log`).
  private static boolean isRelated(Path copy, Path original) {
    Path folder = copy.getParent();
    return folder != null
        && folder.equals(original.getParent())
        && !copy.equals(original)
        && stem(copy).equals(stem(original));
  }

  private static String stem(Path path) {
    String name = String.valueOf(path.getFileName());
    int end = 0;
    while (end < name.length() && ".-_0123456789".indexOf(name.charAt(end)) < 0) {
      end++;
    }
    return name.substring(0, end);
  }

  /// The content under an open file is another one: it was emptied, and perhaps filled again. What
  /// was written between the last read and that moment is only in a copy, if there is one.
  void replaced(TailedFile old, Content content, long nowNanos) throws IOException {
    live.remove(old.place);
    FileKey place = old.place;
    if (!old.detached) {
      int headLength =
          Math.max(0, content.read(head, 0, (int) Math.min(content.size(), head.length), 0));
      begin(old.source, old.path, place, (FileContent) content, headLength, Anchor.START, nowNanos);
    } else {
      content.close();
    }
    old.content = null;
    if (!moveToCopy(old, nowNanos)) {
      report(old);
      finish(old);
    }
  }

  private boolean moveToCopy(TailedFile old, long nowNanos) throws IOException {
    Continuation found = findContinuation(old.path, old.fingerprint, old.read);
    if (found == null) {
      return false;
    }
    old.place = found.place();
    old.content = found.content();
    old.detached = true;
    old.grewNanos = nowNanos;
    old.leftAtSize = -1;
    live.put(old.place, old);
    changed = true;
    return true;
  }

  /// Bytes of a generation that nobody can read any more.
  private void report(TailedFile file) {
    long lost = file.sizeBytes - file.read.position();
    if (lost > 0) {
      file.source.lostBytes.add(lost);
      notice.accept(lostLine(file.path.toString(), file.read.position(), file.sizeBytes));
    }
  }

  private static String lostLine(String path, long from, long to) {
    return path
        + ": bytes "
        + from
        + " to "
        + to
        + " were gone before they could be read (emptied or deleted, and no copy was found)";
  }

  /// A saved generation whose inode holds other content now.
  private void lost(SavedGeneration saved, TailSource source, long nowNanos) throws IOException {
    known.remove(saved.id());
    knownPlaces.remove(new FileKey(saved.device(), saved.inode()), saved.id());
    Continuation found =
        findContinuation(Path.of(saved.path()), saved.fingerprint(), saved.acknowledged());
    if (found != null) {
      resume(source, saved, found.place(), found.content(), nowNanos).detached = true;
      return;
    }
    long bytes = saved.sizeBytes() - saved.acknowledged().position();
    if (bytes > 0) {
      source.lostBytes.add(bytes);
      notice.accept(lostLine(saved.path(), saved.acknowledged().position(), saved.sizeBytes()));
    }
    changed = true;
  }

  /// Generations that were rotated while nobody looked, under whatever name they have now.
  private void resumeRotated(long nowNanos) {
    for (SavedGeneration saved : List.copyOf(known.values())) {
      TailSource source = source(saved.source());
      if (saved.finished() || source == null) {
        continue;
      }
      try {
        Continuation found = findInode(saved);
        if (found != null) {
          resume(source, saved, found.place(), found.content(), nowNanos).detached = true;
        } else {
          lost(saved, source, nowNanos);
        }
      } catch (IOException e) {
        problems.put(Path.of(saved.path()), whatToDo(e));
      }
    }
  }

  /// Where a generation's content goes on.
  private record Continuation(FileKey place, Content content) {}

  private @Nullable Continuation findInode(SavedGeneration saved) throws IOException {
    FileKey wanted = new FileKey(saved.device(), saved.inode());
    return search(
        Path.of(saved.path()),
        (path, place, content, headLength, size) ->
            place.equals(wanted) && continues(saved, content, headLength, size));
  }

  private @Nullable Continuation findContinuation(
      Path original, Fingerprint fingerprint, Anchor read) throws IOException {
    if (fingerprint.length() == 0) {
      return null;
    }
    return search(
        original,
        (path, place, content, headLength, size) ->
            isRelated(path, original)
                && fingerprint.isHeadOf(head, headLength)
                && size >= read.position()
                && holds(content, read));
  }

  private interface Test {
    boolean matches(Path path, FileKey place, Content content, int headLength, long size)
        throws IOException;
  }

  /// Looks for content in the folder of a file; what is being read already is no candidate.
  private @Nullable Continuation search(Path near, Test test) throws IOException {
    Path folder = near.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      return null;
    }
    List<Path> entries = new ArrayList<>();
    try (var stream = Files.newDirectoryStream(folder)) {
      for (Path entry : stream) {
        if (entries.size() == MAX_FOLDER_ENTRIES) {
          break;
        }
        entries.add(entry);
      }
    }
    for (Path path : entries) {
      if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      try {
        FileKey place = FileKey.of(path);
        if (live.containsKey(place)) {
          continue;
        }
        FileContent content = FileContent.open(path);
        int headLength = Math.max(0, content.read(head, 0, head.length, 0));
        if (test.matches(path, place, content, headLength, content.size())) {
          return new Continuation(place, content);
        }
        content.close();
      } catch (NoSuchFileException | AccessDeniedException e) {
        // Gone, or closed to us: not what is looked for.
        problems.remove(path);
      }
    }
    return null;
  }

  private @Nullable TailSource source(String name) {
    for (TailSource source : sources) {
      if (source.name().equals(name)) {
        return source;
      }
    }
    return null;
  }

  /// Nothing more comes of this generation; it is remembered for its copies' sake.
  void finish(TailedFile file) {
    file.finished = true;
    file.close();
    live.remove(file.place, file);
    remember(file.saved());
    changed = true;
  }

  /// A rotated file that is one too many: what was not read of it is reported.
  void giveUp(TailedFile file) {
    report(file);
    finish(file);
  }

  /// The acknowledged position has moved, perhaps after the generation was finished.
  void advanced(TailedFile file) {
    if (file.finished) {
      remember(file.saved());
    }
  }

  /// Reading failed; it is tried again.
  void problem(TailedFile file, IOException e) {
    problems.put(file.path, whatToDo(e));
  }

  private void remember(SavedGeneration saved) {
    known.put(saved.id(), saved);
    knownPlaces.put(new FileKey(saved.device(), saved.inode()), saved.id());
  }

  private void forget(long nowSeconds) {
    Iterator<SavedGeneration> oldest = known.values().iterator();
    int surplus = known.size() - MAX_KNOWN;
    while (oldest.hasNext()) {
      SavedGeneration saved = oldest.next();
      if (surplus > 0 || nowSeconds - saved.seenSeconds() > MAX_KNOWN_SECONDS) {
        oldest.remove();
        knownPlaces.remove(new FileKey(saved.device(), saved.inode()), saved.id());
        surplus--;
        changed = true;
      }
    }
  }

  /// What each source's files look like now.
  List<SourceStatus> status() {
    List<SourceStatus> all = new ArrayList<>();
    for (TailSource source : sources) {
      List<SourceStatus.File> files = new ArrayList<>();
      for (TailedFile file : live.values()) {
        if (file.source == source) {
          String problem = problems.getOrDefault(file.path, "");
          files.add(
              new SourceStatus.File(
                  file.path.toString(), file.acknowledged.position(), file.sizeBytes, problem));
        }
      }
      problems.forEach(
          (path, problem) -> {
            if (source.globs.matches(path) && !seen.containsKey(path)) {
              files.add(new SourceStatus.File(path.toString(), 0, 0, problem));
            }
          });
      all.add(new SourceStatus(source.name(), files));
    }
    return all;
  }
}
