package dev.pannier.collector.tail;

import dev.pannier.collector.admin.SourceStatus;
import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Anchor.Skip;
import dev.pannier.collector.checkpoint.Fingerprint;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.config.FileSource.StartAt;
import dev.pannier.collector.receipt.Receipt;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Tells which generation each file is. Long, since the rules decide one question together: whose
/// content lies under this inode?
///
/// 1. An inode that is held open is the generation that it was: it cannot be used again. It can be
///    emptied and filled again, which shows by its size, its head or the bytes before the position.
/// 2. One known from before is the same generation if its head and the bytes before the position
///    are the same; otherwise it was emptied or used again, and begins a new generation.
/// 3. A new inode whose content begins like a known generation of the same folder is a copy of it:
///    never read by itself, but read on where the generation stopped once its own content is gone.
///    Unless its name is not made from the other's (`app.log`, `app.log.1`, `app-2.log`), and the other's content is still there
///    some seconds later, or was gone before this file was made: then two files have the same lines.
/// 4. Gzip'd content is read only as the rest of a known generation; what is none is told.
/// 5. Anything else begins a new generation.
///
/// What is a copy is told by [Relatives]; what is known of each file is kept by [LiveFiles], [KnownGenerations] and [ClosedFiles].
final class Generations {
  /// A rotated file that matches nothing any more is looked at for so long after its last change, and until the next look.
  private static final long MAX_RENAMED_SECONDS = TimeUnit.HOURS.toSeconds(1);

  private static final String GONE = "emptied or deleted, and no copy was found";

  private final TailSources sources;
  private final Discovery discovery;
  private final LiveFiles live;
  private final KnownGenerations known;
  private final ClosedFiles closed = new ClosedFiles();
  private final Set<FileKey> seen = new HashSet<>();

  /// Open files under which other content was found, until they are replaced.
  private final List<TailedFile> emptied = new ArrayList<>();

  /// Places of known generations that hold other content now, at this look.
  private final Set<FileKey> displaced = new HashSet<>();

  private final ContentFinder finder = new ContentFinder();

  private final LeftOut leftOut;
  private final CompressedFiles compressed;
  private final Losses losses;
  private final Reclaimer reclaimer = new Reclaimer();
  private StartPositions start = new StartPositions(List.of(), true);

  /// Generations that are read again from below what the volume holds of them, and that position.
  private final Map<Long, Long> lowered = new HashMap<>();

  private final ContentCheck check = new ContentCheck();
  private final Relatives relatives;
  private final Overview overview;
  private final Room room;
  private final MovedFiles movedFiles = new MovedFiles();
  private final Absence absence;
  private final MissedRotations missedRotations;
  private boolean looked;
  private long lookedSeconds;

  /// Whether those that are known and not read are looked for at the next look.
  private boolean resumes = true;

  /// Those of them for which there was no descriptor.
  private final Set<Long> unresumed = new LinkedHashSet<>();

  /// Those of them whose folders were not there, with these.
  private final Map<Long, Path> away = new LinkedHashMap<>();

  /// Those that are nowhere, as long as destinations have not told what they have.
  private final Map<Long, TailSource> missing = new LinkedHashMap<>();

  private boolean awaiting;
  private boolean changed;

  /// @param maxOpen files that are held open; beyond it, those that are quiet are closed and opened
  ///     again when they change
  Generations(
      FileSystem fileSystem,
      List<TailSource> sources,
      long volume,
      List<SavedGeneration> saved,
      int maxOpen,
      RandomGenerator random,
      Consumer<String> notice) {
    known = new KnownGenerations(fileSystem);
    this.sources = new TailSources(sources);
    live = new LiveFiles(volume, random);
    leftOut = new LeftOut(notice);
    compressed = new CompressedFiles(notice);
    discovery = new Discovery(sources);
    losses = new Losses(notice);
    relatives = new Relatives(live.all(), live.leaving(), known, seen, check);
    room = new Room(maxOpen, live, closed, discovery, seen);
    overview =
        new Overview(
            this.sources, live, seen, known, closed, compressed, relatives, discovery, losses);
    for (SavedGeneration generation : saved) {
      known.remember(generation);
    }
    absence = new Absence(known, discovery, this.sources, notice);
    missedRotations = new MissedRotations(discovery, this.sources, relatives);
    // What shippers had left of a finished file when the process before ended, they may have by
    // now.
    changed = sources.stream().anyMatch(TailSource::deletes);
  }

  /// What no source reads, whatever its globs say.
  void leaveOut(OwnFiles files) {
    discovery.leaveOut(files);
  }

  /// Destinations have still to tell what they have: until then nobody knows what is lost of files that are gone.
  void awaitDestinations() {
    awaiting = true;
  }

  /// Before anything is read: what shippers' destinations have outranks what was stored.
  ///
  /// @return whether anything differs
  boolean outrank(StartPositions positions) {
    start = positions;
    boolean differs = false;
    for (TailedFile file : live.all()) {
      SavedGeneration saved = file.saved();
      SavedGeneration started = started(saved);
      file.startAt(
          started.acknowledged(), start.barriers(saved.id(), started.acknowledged().position()));
      if (file.cursor.skip != Skip.NOTHING && !(file.content instanceof GzipContent)) {
        int length = headOf(file);
        file.chooseParser(check.head(), length);
      }
      differs |= !started.equals(saved);
    }
    for (SavedGeneration saved : List.copyOf(known.all())) {
      SavedGeneration started = started(saved);
      known.replace(started);
      differs |= !started.equals(saved);
    }
    awaiting = false;
    missing.forEach(this::missed);
    missing.clear();
    return differs;
  }

  private void missed(long generation, TailSource source) {
    SavedGeneration saved = known.get(generation);
    if (saved != null) {
      reportGone(saved, source);
      known.replace(saved.ofSize(saved.acknowledged().position()).atItsEnd());
    }
  }

  private SavedGeneration started(SavedGeneration saved) {
    SavedGeneration started = start.start(saved);
    if (started.acknowledged().position() < saved.acknowledged().position()) {
      lowered.put(saved.id(), saved.acknowledged().position());
    }
    return started;
  }

  /// Other sources. A file stays with its own where that is still there; else it goes over to the one that
  /// takes its path, with its position, and what nobody takes is let go.
  void change(List<TailSource> other) {
    sources.change(other);
    discovery.sources(sources.all());
    resumes = true;
    closed.change(sources);
    for (TailedFile file : live.all()) {
      TailSource next = sources.successor(file);
      if (next == null) {
        file.release();
      } else {
        file.released = false;
        if (!next.equals(file.source)) {
          moveTo(file, next);
          changed = true;
        }
      }
    }
  }

  private void moveTo(TailedFile file, TailSource next) {
    boolean zipped = file.content instanceof GzipContent;
    int length = zipped || next.readsAs(file.source) ? 0 : headOf(file);
    file.moveTo(next, check.head(), length);
  }

  /// Reads a file's first bytes into the check's [ContentCheck#head].
  private int headOf(TailedFile file) {
    try {
      return check.readHead(file);
    } catch (IOException e) {
      problems().put(file.path, Discovery.whatToDo(e));
      return 0;
    }
  }

  /// Closes what nobody takes any more; its position is remembered.
  private void letGo() {
    for (TailedFile file : List.copyOf(live.all())) {
      if (file.released && file.pending.isEmpty()) {
        live.close(file);
        known.remember(file);
        changed = true;
      }
    }
  }

  Collection<TailedFile> live() {
    return live.all();
  }

  /// The folders in which a change may concern a source.
  Set<Path> folders() {
    return discovery.folders();
  }

  /// Files that match and cannot be read, with what to do.
  Map<Path, String> problems() {
    return discovery.problems();
  }

  /// What keeps the sources from being ready, with what to do.
  List<String> folderProblems() {
    return discovery.folderProblems();
  }

  /// Whether anything to be stored has changed since the last call.
  boolean takeChanged() {
    boolean was = known.takeChanged();
    was |= check.takeChanged();
    was |= changed;
    changed = false;
    return was;
  }

  /// Everything that is worth storing, from the oldest to the youngest.
  List<SavedGeneration> toStore() {
    List<SavedGeneration> all = new ArrayList<>(known.all());
    live.all().stream()
        .sorted(Comparator.comparingLong(file -> file.order))
        .forEach(file -> all.add(file.saved()));
    return all;
  }

  /// Names became others since the last look. Who was seen by its old one is followed by its inode; a file that was made and
  /// moved away between two looks is known by this alone.
  void moved(List<ChangeWatch.Move> moves, long nowNanos) {
    movedFiles.moved(moves, sources, discovery, nowNanos);
  }

  /// Looks at every source's folders: new files, renamed ones, those that are gone.
  void look(long nowNanos, long nowSeconds) {
    // Before the walk, which then sees what lies there.
    lookForThoseAway();
    discovery.walk();
    tellLeftOut();
    seen.clear();
    relatives.beginLook();
    if (!looked) {
      followDevices();
      measureUnknown(nowSeconds);
    }
    movedFiles.foundRenamed(absence.look(nowSeconds), nowNanos);
    Map<FileKey, Discovery.Found> strangers = movedFiles.look(sources, live.places(), nowNanos);
    for (Discovery.Found found : discovery.found().values()) {
      seen.add(found.place());
      closed.seen(found);
      TailedFile file = live.get(found.place());
      if (file == null) {
        strangers.putIfAbsent(found.place(), found);
      } else {
        file.noticed(found, nowNanos, nowSeconds);
        if (!file.copy && found.path().equals(file.path)) {
          file.detached = false;
        }
      }
    }
    letGo();
    detach(nowNanos, nowSeconds);
    // Before strangers are met: one of them may be what is left of a file that was emptied. And
    // even while there is no room to read: the next change may be to the name.
    for (TailedFile file : List.copyOf(live.all())) {
      checkSuspect(file, nowNanos);
      prove(file, nowNanos);
    }
    finder.forget();
    replaceAll(nowNanos);
    movedFiles.foundRenamed(missedRotations.look(this::isAnyAt, lookedSeconds), nowNanos);
    movedFiles.look(sources, live.places(), nowNanos).forEach(strangers::putIfAbsent);
    // Not those that are closed for others from here on: they are where they were.
    List<Long> toResume = toResume();
    makeRoom(strangers, nowNanos, nowSeconds);
    findDisplaced(strangers.values());
    // All that is gone is known by now, so one listing of a folder has every copy.
    finder.forget();
    unresumed.addAll(toResume);
    resumeAll(strangers, nowNanos, nowSeconds);
    makeRoom(strangers, nowNanos, nowSeconds);
    // Before strangers are met: one of them may have its path.
    reopenGrown(nowNanos, nowSeconds);
    followWaiting(strangers.keySet(), nowNanos, nowSeconds);
    meetAll(strangers.values(), nowNanos, nowSeconds);
    compressed.tell();
    looked = true;
    lookedSeconds = nowSeconds;
    finder.forget();
    relatives.endLook();
    forgetPlaces(nowSeconds);
    findNames();
    known.forget(nowSeconds, this::mayComeBack);
    if (reclaimer.takeConfirmed()) {
      reclaim(nowNanos);
    }
  }

  /// A volume that was mounted anew may have another number. That is told by a file that has its path, its inode and its content; all others that
  /// were on that device are looked for on the new one.
  private void followDevices() {
    Map<Long, Long> numbers = new HashMap<>();
    Set<Long> doubtful = new HashSet<>();
    for (SavedGeneration saved : known.all()) {
      Discovery.Found found = discovery.found().get(known.pathOf(saved));
      if (found == null || found.place().inode() != saved.inode() || saved.finished()) {
        continue;
      }
      long number = found.place().device();
      if (number != saved.device() && !hasContentOf(saved, found)) {
        continue;
      }
      Long before = numbers.putIfAbsent(saved.device(), number);
      if (before != null && before != number) {
        doubtful.add(saved.device());
      }
    }
    numbers.keySet().removeAll(doubtful);
    numbers.entrySet().removeIf(entry -> entry.getKey().equals(entry.getValue()));
    if (Set.copyOf(numbers.values()).size() == numbers.size() && !numbers.isEmpty()) {
      known.follow(numbers);
      changed = true;
    }
  }

  private static boolean hasContentOf(SavedGeneration saved, Discovery.Found found) {
    try (Probe probe = Probe.open(found.real(), found.place())) {
      return saved.fingerprint().length() > 0
          && probe.continues(saved.fingerprint(), saved.acknowledged());
    } catch (IOException e) {
      // Told where it is met.
      return false;
    }
  }

  /// At the start, and when there are other sources.
  private List<Long> toResume() {
    List<Long> all = new ArrayList<>();
    if (resumes) {
      resumes = false;
      for (SavedGeneration saved : known.all()) {
        // Of those that this process has finished the last batches are under way.
        if (!looked || !saved.finished()) {
          all.add(saved.id());
        }
      }
    }
    return all;
  }

  /// Before any generation is looked for: one that is found elsewhere leaves its place, and what lies there now came after it.
  private void measureUnknown(long nowSeconds) {
    for (Discovery.Found found : discovery.found().values()) {
      if (found.source().settings.startAt() == StartAt.END
          && known.at(found.place()) == null
          && !absence.isMadeMeanwhile(found, nowSeconds)) {
        closed.beginsAtItsEnd(found);
      }
    }
  }

  private void tellLeftOut() {
    leftOut.tell(discovery.leftOut());
    for (TailedFile file : live.all()) {
      // A shipper has come that writes to it.
      if (discovery.leftOut().containsKey(file.path.getParent()) && discovery.isOwn(file.path)) {
        file.release();
      }
    }
  }

  /// Whether a look would find nothing to do unless something has changed: all is acknowledged, no file has left its path, no copy is
  /// under way, nothing was changed so lately that more may have come in the same tick, and all could be seen.
  boolean isSettled() {
    if (relatives.hasUndecided() || !unresumed.isEmpty()) {
      return false;
    }
    if (!discovery.seesAll() || !discovery.problems().isEmpty()) {
      return false;
    }
    for (TailedFile file : live.all()) {
      boolean waits = file.released || !file.pending.isEmpty();
      if (waits || file.detached || file.suspect || file.mayChangeUnseen) {
        return false;
      }
    }
    return true;
  }

  /// The folders from which a source's files are looked for; all sources' for an empty name.
  List<Path> roots(String name) {
    return sources.roots(name);
  }

  /// Positions are on the disk.
  ///
  /// @param all      what [#toStore] gave
  /// @param delivery whether every shipper has what was taken of files until now
  void stored(List<SavedGeneration> all, Supplier<BooleanSupplier> delivery, long nowNanos) {
    known.stored();
    reclaimer.stored(all, sources.all(), delivery);
    reclaimer.takeConfirmed();
    reclaim(nowNanos);
  }

  private void reclaim(long nowNanos) {
    reclaimer.reclaim(
        known.all(),
        sources.all(),
        live.places(),
        discovery.found().values(),
        discovery.others(),
        (source, saved, file) -> follow(source, saved, file, nowNanos));
  }

  /// An application that has not opened its new log yet writes on into a file that was deleted. It has been quiet for a while by now: where
  /// it takes much space, that is given back at once.
  private void follow(TailSource source, SavedGeneration saved, Probe deleted, long nowNanos) {
    try {
      // A small volume may be full of what is held so, whatever its limit.
      Path folder = known.pathOf(saved).getParent();
      if (room.isFull()
          || folder == null
          || Files.getFileStore(folder).getUsableSpace() < NamelessFiles.LEFT_BYTES) {
        return;
      }
      TailedFile file = resume(source, saved, deleted, nowNanos);
      file.detached = true;
      file.named = false;
      file.followed = true;
      file.grewNanos = nowNanos - FileTailer.DETACHED_CLOSE_NANOS;
    } catch (IOException e) {
      problems().put(known.pathOf(saved), Discovery.whatToDo(e));
    }
  }

  private boolean isAnyAt(FileKey place) {
    return live.isAt(place) || known.at(place) != null || concerns(place);
  }

  /// What waits for a descriptor may have a name that no source takes.
  private boolean concerns(FileKey place) {
    return seen.contains(place) || closed.isWaiting(place);
  }

  /// Whether there is a file of it, or nobody can tell.
  private boolean mayComeBack(SavedGeneration saved) {
    if (unresumed.contains(saved.id())
        || away.containsKey(saved.id())
        || missing.containsKey(saved.id())) {
      return true;
    }
    FileKey place = FileKey.of(saved);
    SavedGeneration last = known.at(place);
    Path path = known.pathOf(saved);
    boolean liesThere = last != null && last.id() == saved.id();
    return (liesThere && (concerns(place) || discovery.hasOtherAt(place) || !discovery.sees(path)))
        // Nobody looks where it is; a reload may bring its source back.
        || (!saved.finished() && sources.of(saved, path) == null);
  }

  /// Which of those that left their paths have another name where it is looked.
  private void findNames() {
    long least = Long.MAX_VALUE;
    for (TailedFile file : live.all()) {
      if (file.detached && !seen.contains(file.place)) {
        least = Math.min(least, file.content instanceof GzipContent ? 0 : file.read.position());
      }
    }
    discovery.placeOthers(least);
    for (TailedFile file : live.all()) {
      if (file.detached && discovery.sees(file.path)) {
        file.named = seen.contains(file.place) || discovery.hasOtherAt(file.place);
      }
    }
  }

  /// A parked file that is gone has come to its end.
  private void forgetPlaces(long nowSeconds) {
    compressed.forget(this::concerns, discovery::sees);
    for (FileKey place : closed.forget(this::concerns, discovery::sees)) {
      SavedGeneration saved = known.at(place);
      // What a reload has left out is not gone.
      if (saved != null && !saved.finished() && sources.of(saved, known.pathOf(saved)) != null) {
        known.replace(saved.atItsEnd().seenAt(nowSeconds));
        changed = true;
      }
    }
  }

  /// Closes files for others: they are known like those of a process before, and are opened again when they change.
  private void makeRoom(Map<FileKey, Discovery.Found> strangers, long nowNanos, long nowSeconds) {
    for (TailedFile file :
        room.toClose(
            strangers, unresumed.size(), () -> countGrown(nowSeconds), nowNanos, nowSeconds)) {
      Discovery.Found found = discovery.found().get(file.path);
      if (file.copy || file.detached || found == null) {
        finish(file);
      } else {
        live.close(file);
        known.remember(file);
        closed.hasNothing(found);
      }
    }
  }

  private void checkSuspect(TailedFile file, long nowNanos) {
    Content content = file.content;
    if (content == null || !file.suspect) {
      return;
    }
    file.suspect = false;
    try {
      long size = content.size();
      if (size < file.read.position() || !check.verify(file, content)) {
        emptied(file);
      } else if (size > file.sizeBytes && size != Long.MAX_VALUE) {
        // Known even while there is no room to read: were it emptied now, this much was lost.
        file.sizeBytes = size;
        file.grewNanos = nowNanos;
      }
    } catch (IOException e) {
      problem(file, e);
    }
  }

  /// What is a copy is nobody's rest as long as it is open as a log.
  private void prove(TailedFile file, long nowNanos) {
    if (!file.unproven || file.sizeBytes == 0 || file.content == null) {
      return;
    }
    try {
      isOwn(file, nowNanos);
    } catch (IOException e) {
      problem(file, e);
    }
  }

  private void detach(long nowNanos, long nowSeconds) {
    for (TailedFile file : live.all()) {
      if (!file.detached && !file.released && isElsewhere(file.path, file.place)) {
        file.detach(nowNanos, nowSeconds);
        missedRotations.rotated(file.path);
      }
    }
  }

  /// Whether a file surely lies under a path no more.
  private boolean isElsewhere(Path path, FileKey place) {
    Discovery.Found now = discovery.found().get(path);
    return now == null ? discovery.sees(path) : !now.place().equals(place);
  }

  /// At the start, and when there are other sources: every stored generation, from the oldest to the youngest, is looked for at its
  /// inode, then by its content. What no descriptor is left for is looked for again.
  private void resumeAll(Map<FileKey, Discovery.Found> strangers, long nowNanos, long nowSeconds) {
    List<Long> all = List.copyOf(unresumed);
    unresumed.clear();
    for (Long id : all) {
      SavedGeneration saved = known.get(id);
      TailSource source = saved == null ? null : sources.of(saved, known.pathOf(saved));
      if (saved == null || source == null) {
        continue;
      }
      FileKey place = FileKey.of(saved);
      Discovery.Found found = strangers.get(place);
      boolean confirmed = saved.acknowledged().position() >= saved.sizeBytes();
      if (saved.finished() && confirmed) {
        continue;
      }
      // A finished one is no longer what lies there; its last batches died with the process. Nor is
      // one whose inode became another's while no source took it. And what has taken an inode is
      // met after all generations have found theirs: it may be the copy of a younger one.
      if (found != null
          && !saved.finished()
          && saved.equals(known.at(place))
          && !displaced.contains(place)) {
        strangers.remove(place);
        meet(found, nowNanos, nowSeconds);
        continue;
      }
      Path path = known.pathOf(saved);
      Path folder = path.getParent();
      if (discovery.isOwn(path)) {
        // A version before this one may have read it.
        continue;
      }
      if (folder == null || !Files.isReadable(folder)) {
        // Perhaps mounted later: then it is looked for again, and goes on where it was.
        if (folder != null && Whereabouts.isDeleted(folder, source)) {
          if (awaiting) {
            unresumed.add(id);
          } else if (!confirmed) {
            reportGone(saved, source);
            known.replace(saved.ofSize(saved.acknowledged().position()));
          }
        } else if (folder != null) {
          away.put(id, folder);
        }
        continue;
      }
      if (room.isFull()) {
        unresumed.add(id);
        continue;
      }
      try {
        Probe same =
            finder.first(
                folder,
                live.places(),
                (file, where) -> where.equals(place) && isOf(saved, file, where),
                saved.fingerprint(),
                saved.acknowledged());
        if (same != null) {
          resume(source, saved, same, nowNanos).detached = true;
        } else if (!goesOnInCopy(saved, source, nowNanos) && !(looked && confirmed)) {
          gone(saved, source);
        }
      } catch (IOException e) {
        unresumed.add(id);
        problems().put(path, Discovery.whatToDo(e));
      }
    }
  }

  /// Whether a file that lies where a generation was may be its.
  private boolean isOf(SavedGeneration saved, Path file, FileKey where) {
    try {
      return !discovery.isOwn(file) && !Relatives.isAnother(saved, file, where);
    } catch (IOException e) {
      // It is gone, or told where it is opened.
      return true;
    }
  }

  private void lookForThoseAway() {
    for (Iterator<Map.Entry<Long, Path>> all = away.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Long, Path> entry = all.next();
      if (Files.isReadable(entry.getValue())) {
        unresumed.add(entry.getKey());
        all.remove();
      }
    }
  }

  /// Which known generations are no longer where they were.
  private void findDisplaced(Collection<Discovery.Found> strangers) {
    displaced.clear();
    for (Discovery.Found found : strangers) {
      SavedGeneration saved = known.at(found.place());
      if (saved == null || saved.finished() || closed.hasNothingNew(found) || room.isFull()) {
        continue;
      }
      try (Probe probe = Probe.open(found.real(), found.place())) {
        if (!continues(saved, found, probe)) {
          displaced.add(found.place());
        }
      } catch (IOException e) {
        // Told where it is met.
        displaced.remove(found.place());
      }
    }
  }

  /// The oldest first, so that its lines are: those of a rotated file before those of the next. But for a copy, which is met after its
  /// original, though that was written to since: else it would be taken for all that is left of it.
  private void meetAll(Collection<Discovery.Found> strangers, long nowNanos, long nowSeconds) {
    List<Discovery.Found> originals =
        strangers.stream()
            .filter(found -> known.at(found.place()) != null && !closed.hasNothingNew(found))
            .toList();
    strangers.stream()
        .sorted(
            Comparator.comparingLong(Discovery.Found::modifiedMillis)
                .thenComparingLong(Discovery.Found::madeNanos))
        .forEach(
            found -> {
              if (known.at(found.place()) == null && !closed.hasNothingNew(found)) {
                for (Discovery.Found original : originals) {
                  if (RotatedNames.isBeside(found.path(), original.path())
                      && RotatedNames.isNamedAfter(found.path(), original.path())) {
                    meet(original, nowNanos, nowSeconds);
                  }
                }
              }
              meet(found, nowNanos, nowSeconds);
            });
  }

  /// A file that is not being read: whose content is it?
  private void meet(Discovery.Found found, long nowNanos, long nowSeconds) {
    if (live.isAt(found.place())) {
      // Meanwhile found to be the rest of another.
      return;
    }
    SavedGeneration saved = known.at(found.place());
    if (saved != null
        && isKnownBySize(saved)
        && found.sizeBytes() < saved.acknowledged().position()) {
      leaves(saved, found, nowNanos);
      saved = null;
    }
    if (closed.hasNothingNew(found)) {
      closed.waitsNoMore(found.place());
      if (saved != null) {
        known.touch(saved, nowSeconds);
      }
      return;
    }
    if (room.isFull() && ((saved != null && !saved.finished()) || closed.isJudged(found))) {
      waits(found);
      return;
    }
    try (Probe probe = Probe.open(found.real(), found.place())) {
      if (!FileKey.of(found.real()).equals(found.place())) {
        return;
      }
      TailSource source = found.source();
      if (saved != null && isReused(found, probe, saved)) {
        known.leaves(found.place());
        saved = null;
      }
      if (saved != null && saved.finished() && probe.isGzip()) {
        // Its own content or another copy's, which is never read by itself: not to be unpacked to
        // know.
        nothingToRead(found);
        return;
      }
      if (saved != null && continues(saved, found, probe)) {
        if (saved.finished() && probe.size() == saved.sizeBytes()) {
          nothingToRead(found);
        } else if (room.isFull()) {
          waits(found);
        } else {
          // As strings: what is no text in this process's encoding has lost something when it was
          // stored.
          boolean own = found.path().toString().equals(saved.path());
          Path path = own ? found.path() : known.pathOf(saved);
          TailedFile file = resume(source, saved, path, probe, nowNanos);
          file.seen(found, nowSeconds);
          file.detached = !own;
        }
        return;
      }
      if (saved != null && !saved.finished()) {
        if (!displaced.contains(found.place())) {
          // It changed this very moment: its copy may be younger than the folder's listing.
          return;
        }
        lost(saved, source, nowNanos);
      }
      if (probe.isGzip()) {
        if (probe.headLength() > 0 && !relatives.isHeadKnown(probe)) {
          compressed.add(found);
        }
        nothingToRead(found);
        return;
      }
      if (isRelated(found, probe, nowNanos, nowSeconds)) {
        return;
      }
      Long first =
          source.settings.startAt() == StartAt.END ? closed.firstSize(probe.place()) : null;
      if (room.isFull()) {
        waits(found);
        if (first != null) {
          known.begins(live.unopened(found, probe, first, nowSeconds));
          changed = true;
        }
        return;
      }
      Anchor start = first == null ? Anchor.START : Anchor.unknown(first);
      begin(source, found.path(), probe, start, nowNanos).seen(found, nowSeconds);
    } catch (NoSuchFileException e) {
      seen.remove(found.place());
    } catch (IOException e) {
      problems().put(found.path(), Discovery.whatToDo(e));
    }
  }

  /// Whether nothing is known of the bytes before the position: that it was emptied shows only until it is as long again.
  private static boolean isKnownBySize(SavedGeneration saved) {
    return !saved.finished()
        && saved.acknowledged().length() == 0
        && saved.acknowledged().position() > 0;
  }

  /// Other content lies where a generation was.
  private void leaves(SavedGeneration saved, Discovery.Found found, long nowNanos) {
    known.leaves(found.place());
    try {
      lost(saved, found.source(), nowNanos);
    } catch (IOException e) {
      problems().put(found.path(), Discovery.whatToDo(e));
    }
  }

  /// Whether a file is not one of its own, so far as is known.
  private boolean isRelated(Discovery.Found found, Probe probe, long nowNanos, long nowSeconds)
      throws IOException {
    switch (relatives.kinship(found, probe, nowNanos, nowSeconds)) {
      case Kinship.None _ -> {
        return false;
      }
      case Kinship.Undecided _ -> {
        return true;
      }
      case Kinship.Copy copy -> {
        if (copy.surely()) {
          closed.hasNothing(found);
        }
      }
      case Kinship.Rest(SavedGeneration saved) -> {
        TailSource source = sources.of(saved, known.pathOf(saved));
        if (source == null) {
          relatives.copied(found.place());
          known.touch(saved, nowSeconds);
        } else if (room.isFull() && !live.isAt(found.place())) {
          return false;
        } else {
          resume(source, saved, probe, nowNanos).detached = true;
        }
      }
    }
    closed.decided(found.place());
    return true;
  }

  private void nothingToRead(Discovery.Found found) {
    closed.hasNothing(found);
    closed.decided(found.place());
  }

  private void waits(Discovery.Found found) {
    closed.waits(found);
    problems().put(found.path(), room.problem());
  }

  /// Whether a file is a generation's that was last where it is.
  private static boolean continues(SavedGeneration saved, Discovery.Found found, Probe probe)
      throws IOException {
    return probe.continues(saved.fingerprint(), saved.acknowledged())
        && !Relatives.isAnother(saved, found.real(), found.place());
  }

  /// Whether the inode of a file that is gone has the same lines again, in another file: it is surely another, or it is younger, and its
  /// name is not what rotation makes of the other's. One that was made in the same moment, where that is known, is the same, whatever the
  /// clock has shown since.
  private boolean isReused(Discovery.Found found, Probe probe, SavedGeneration saved)
      throws IOException {
    Path path = known.pathOf(saved);
    if (!saved.finished()) {
      return false;
    }
    return Relatives.isAnother(saved, found.real(), found.place())
        || ((saved.madeNanos() == 0 || found.madeNanos() != saved.madeNanos())
            && probe.size() >= saved.sizeBytes()
            && (found.path().equals(path) || !RotatedNames.isNamedAfter(found.path(), path))
            && Relatives.isYounger(found, saved.seenSeconds(), probe.size() == saved.sizeBytes()));
  }

  private TailedFile begin(TailSource source, Path path, Probe probe, Anchor start, long nowNanos)
      throws IOException {
    boolean elsewhere = isElsewhere(path, probe.place());
    TailedFile file = live.begin(source, path, probe, start, elsewhere, nowNanos);
    entered(file);
    relatives.decided(probe.place());
    return file;
  }

  private TailedFile resume(TailSource source, SavedGeneration saved, Probe probe, long nowNanos)
      throws IOException {
    return resume(source, saved, known.pathOf(saved), probe, nowNanos);
  }

  private TailedFile resume(
      TailSource source, SavedGeneration saved, Path path, Probe probe, long nowNanos)
      throws IOException {
    TailedFile file = live.resume(source, saved, path, probe, !looked, nowNanos);
    // One that was finished is no longer among those whose positions destinations keep: they are
    // told before its next record leaves.
    file.stored = !known.takeUnstored(saved) && !saved.finished();
    file.barriers = start.barriers(saved.id(), saved.acknowledged().position());
    if (!probe.isGzip()) {
      check.recognise(file, probe.head(), probe.headLength());
    }
    unresumed.remove(saved.id());
    missing.remove(saved.id());
    known.remove(saved);
    entered(file);
    return file;
  }

  private void entered(TailedFile file) {
    closed.decided(file.place);
    changed = true;
  }

  /// Whether an open file still is what it was.
  boolean verify(TailedFile file, Content content) throws IOException {
    return check.verify(file, content);
  }

  /// Whether a file that was empty when it was met, of which nothing was read yet, is one of its own: a copy is empty at first, too, and so
  /// is a `.gz`. If not, it is closed, and met again at the next look.
  boolean isOwn(TailedFile file, long nowNanos) throws IOException {
    Discovery.Found found = foundAt(file);
    try {
      if (found != null && isAnother(file, found, nowNanos)) {
        live.close(file);
        changed = true;
        return false;
      }
    } catch (NoSuchFileException e) {
      // It is what is open.
    } catch (IOException e) {
      if (!Probe.isGzip(Objects.requireNonNull(file.content))) {
        throw e;
      }
      // Its first bytes alone are there, perhaps for good.
      live.close(file);
      changed = true;
      return false;
    }
    file.unproven = false;
    return true;
  }

  private boolean isAnother(TailedFile file, Discovery.Found found, long nowNanos)
      throws IOException {
    try (Probe probe = Probe.open(found.real(), file.place)) {
      if (FileKey.of(found.real()).equals(file.place)
          && (probe.isGzip() || isRelated(found, probe, nowNanos, file.seenSeconds))) {
        return true;
      }
      relatives.decided(file.place);
      return false;
    }
  }

  /// Its name may be another one by now.
  private Discovery.@Nullable Found foundAt(TailedFile file) {
    Discovery.Found found = discovery.found().get(file.path);
    if (found != null && found.place().equals(file.place)) {
      return found;
    }
    for (Discovery.Found each : discovery.found().values()) {
      if (each.place().equals(file.place)) {
        return each;
      }
    }
    return null;
  }

  /// Whether every file is known for what it is, and open, so far as it can be.
  boolean isDecided() {
    return !relatives.hasUndecided() && unresumed.isEmpty() && closed.areAllAway();
  }

  /// The content under an open file is another one: it was emptied, and perhaps filled again.
  void emptied(TailedFile file) {
    emptied.add(file);
  }

  /// Looks for the rest of the files that were emptied since the last call.
  ///
  /// @return how many there were
  int replaceEmptied(long nowNanos) {
    if (emptied.isEmpty()) {
      return 0;
    }
    finder.forget();
    int count = replaceAll(nowNanos);
    finder.forget();
    return count;
  }

  private int replaceAll(long nowNanos) {
    int count = emptied.size();
    for (TailedFile file : emptied) {
      try {
        replaced(file, nowNanos);
      } catch (IOException e) {
        problem(file, e);
      }
    }
    emptied.clear();
    return count;
  }

  /// What was written between the last read and the moment when it was emptied is only in a copy, if
  /// there is one.
  private void replaced(TailedFile old, long nowNanos) throws IOException {
    FileKey place = old.place;
    // Nobody writes on into a copy: what is there now is another one.
    boolean wasCopy = old.copy;
    missedRotations.rotated(old.path);
    live.leavesPlace(old);
    try {
      boolean moved = false;
      try {
        moved = moveToCopy(old, place, nowNanos);
      } catch (IOException e) {
        problems().put(old.path, Discovery.whatToDo(e));
      }
      if (!moved && awaiting) {
        live.close(old);
        gone(old.saved(), old.source);
      } else if (!moved) {
        losses.report(old, GONE);
        // What was read and is not confirmed yet can still be lost: with the process.
        old.sizeBytes = old.read.position();
        relatives.emptied(old);
        finish(old);
      }
    } finally {
      // What lies there now is met as if it were new, at once.
      Discovery.Found found = discovery.found().get(old.path);
      if (found != null && found.place().equals(place)) {
        known.leaves(place);
        meet(found, nowNanos, old.seenSeconds);
      } else if (!wasCopy) {
        meetRenamed(old, place, nowNanos);
      }
    }
  }

  /// What was emptied under a name that no source takes is written on there.
  private void meetRenamed(TailedFile old, FileKey place, long nowNanos) {
    for (Discovery.Other other : discovery.others()) {
      try {
        if (discovery.placeOf(other).equals(place)) {
          known.leaves(place);
          meet(found(old.source, old.path, place, other), nowNanos, old.seenSeconds);
          return;
        }
      } catch (IOException e) {
        // It is gone, or told where it is read.
        problems().remove(other.path());
      }
    }
  }

  /// Its end was cut off, and was not read yet.
  void cut(TailedFile file, long sizeBytes) {
    losses.report(
        file.source, file.generation, file.path.toString(), sizeBytes, file.sizeBytes, "cut off");
    file.sizeBytes = sizeBytes;
  }

  private boolean moveToCopy(TailedFile old, FileKey from, long nowNanos) throws IOException {
    Probe copy = continuation(old.generation, old.path, from, old.fingerprint, old.read);
    if (copy == null) {
      return false;
    }
    reportShort(old.source, old.generation, old.path.toString(), copy, old.sizeBytes);
    old.sizeBytes = Math.min(old.sizeBytes, copy.size());
    live.moves(old, copy);
    old.detached = true;
    old.copy = true;
    old.grewNanos = nowNanos;
    old.leftAtSize = -1;
    closed.decided(old.place);
    changed = true;
    return true;
  }

  private @Nullable Probe continuation(
      long generation, Path original, FileKey except, Fingerprint begun, Anchor read)
      throws IOException {
    return finder.continuation(
        original,
        except,
        live.places(),
        discovery::isOwn,
        (path, probe) ->
            known.isOfAnother(generation, read.position(), path, probe)
                || live.isOfAnother(generation, read.position(), original, path, probe),
        begun,
        read);
  }

  /// A saved generation whose inode is gone or holds other content now.
  private void lost(SavedGeneration saved, TailSource source, long nowNanos) throws IOException {
    if (!goesOnInCopy(saved, source, nowNanos)) {
      gone(saved, source);
    }
  }

  private boolean goesOnInCopy(SavedGeneration saved, TailSource source, long nowNanos)
      throws IOException {
    FileKey place = FileKey.of(saved);
    Probe copy =
        continuation(
            saved.id(), known.pathOf(saved), place, saved.fingerprint(), saved.acknowledged());
    if (copy == null) {
      return false;
    }
    if (room.isFull()) {
      copy.close();
      known.replace(saved);
      unresumed.add(saved.id());
      return true;
    }
    reportShort(source, saved.id(), saved.path(), copy, saved.sizeBytes());
    long copied = copy.size();
    TailedFile file = resume(source, saved, copy, nowNanos);
    file.sizeBytes = Math.min(file.sizeBytes, copied);
    file.detached = true;
    file.copy = true;
    return true;
  }

  private void gone(SavedGeneration saved, TailSource source) {
    if (awaiting) {
      known.isNowhere(saved);
      missing.put(saved.id(), source);
    } else {
      known.remove(saved);
      reportGone(saved, source);
    }
  }

  private void reportGone(SavedGeneration saved, TailSource source) {
    // What the volume knows to be delivered is not lost, whether it has records or not.
    long delivered = lowered.getOrDefault(saved.id(), 0L);
    losses.report(
        source,
        saved.id(),
        saved.path(),
        Math.max(delivered, saved.acknowledged().position()),
        saved.sizeBytes(),
        GONE);
    changed = true;
  }

  /// What was written between copy and truncate is in neither.
  private void reportShort(
      TailSource source, long generation, String path, Probe copy, long sizeBytes)
      throws IOException {
    losses.report(source, generation, path, copy.size(), sizeBytes, "the copy ends before it");
  }

  /// Nothing more comes of this generation; it is remembered for its copies' sake.
  void finish(TailedFile file) {
    file.finished = true;
    live.close(file);
    known.remember(file.saved());
    live.leaves(file);
    changed = true;
  }

  /// A file without a name that is one too many, or what cannot be read: what was not read of it is reported.
  void giveUp(TailedFile file, String why) {
    losses.giveUp(file, why);
    if (file.content instanceof GzipContent) {
      file.sizeBytes = file.read.position();
    }
    finish(file);
  }

  /// An application that does not reopen its log writes on into the renamed file, perhaps after a
  /// long silence.
  private void reopenGrown(long nowNanos, long nowSeconds) {
    for (Discovery.Other other : discovery.others()) {
      if (!isFresh(other, nowSeconds)) {
        continue;
      }
      try {
        FileKey place = discovery.placeOf(other);
        if (concerns(place)) {
          // It waits for a descriptor, for this source or another.
          continue;
        }
        SavedGeneration saved = grownAt(place, other);
        TailSource source = saved == null ? null : sources.of(saved, known.pathOf(saved));
        if (saved == null || source == null) {
          continue;
        }
        goesOnAt(found(source, known.pathOf(saved), place, other), saved, nowNanos);
      } catch (NoSuchFileException e) {
        problems().remove(other.path());
      } catch (IOException e) {
        problems().put(other.path(), Discovery.whatToDo(e));
      }
    }
  }

  /// At the first look each of them is, since nobody knows how long nothing was looked at.
  private boolean isFresh(Discovery.Other other, long nowSeconds) {
    long since =
        Math.min(lookedSeconds, nowSeconds - MAX_RENAMED_SECONDS) - Relatives.CLOCK_SECONDS;
    return !looked || other.modifiedMillis() >= TimeUnit.SECONDS.toMillis(since);
  }

  /// What lay there last, where it is longer by now.
  private @Nullable SavedGeneration grownAt(FileKey place, Discovery.Other other) {
    SavedGeneration saved = known.at(place);
    return saved != null
            && other.sizeBytes() > readTo(saved)
            && (looked || isWrittenTo(saved, other))
        ? saved
        : null;
  }

  /// Whether that was after the sidecar had seen it for the last time.
  private static boolean isWrittenTo(SavedGeneration saved, Discovery.Other other) {
    return TimeUnit.MILLISECONDS.toSeconds(other.modifiedMillis())
        >= saved.seenSeconds() - Relatives.CLOCK_SECONDS;
  }

  /// How many files that no source takes [#reopenGrown] may want to open.
  private int countGrown(long nowSeconds) {
    int count = 0;
    for (Discovery.Other other : discovery.others()) {
      if (isFresh(other, nowSeconds) && hasGrown(other)) {
        count++;
      }
    }
    return count;
  }

  private boolean hasGrown(Discovery.Other other) {
    try {
      return grownAt(discovery.placeOf(other), other) != null;
    } catch (IOException e) {
      // It is gone, or told where it would be read.
      return false;
    }
  }

  /// Reads a generation on where no source takes its name.
  ///
  /// @return false where it is not what lies there
  private boolean goesOnAt(Discovery.Found now, SavedGeneration saved, long nowNanos)
      throws IOException {
    try (Probe probe = Probe.open(now.real(), now.place())) {
      if (probe.isGzip() || !continues(saved, now, probe)) {
        return false;
      }
      if (room.isFull()) {
        waits(now);
      } else {
        resume(now.source(), saved, probe, nowNanos).detached = true;
      }
      return true;
    }
  }

  private static Discovery.Found found(
      TailSource source, Path path, FileKey place, Discovery.Other now) {
    return new Discovery.Found(
        source, path, path, now.path(), place, now.sizeBytes(), now.modifiedMillis(), 0);
  }

  /// What waits for a descriptor and has no name any more that a source takes is met where it is now. Where it is nowhere, it is lost.
  ///
  /// @param strangers what is met at this look anyway
  private void followWaiting(Set<FileKey> strangers, long nowNanos, long nowSeconds) {
    List<Discovery.Found> nameless = new ArrayList<>();
    for (Discovery.Found found : closed.follow(live.places())) {
      if (seen.contains(found.place()) || strangers.contains(found.place())) {
        continue;
      }
      if (discovery.isOwn(found.real())) {
        // Since it waits.
        closed.waitsNoMore(found.place());
      } else {
        nameless.add(found);
      }
    }
    if (nameless.isEmpty()) {
      return;
    }
    Whereabouts whereabouts = new Whereabouts(discovery);
    for (Discovery.Found found : nameless) {
      switch (whereabouts.of(found)) {
        case Whereabouts.Renamed(Discovery.Other now) ->
            meetRenamed(found, now, nowNanos, nowSeconds);
        case Whereabouts.There _ -> meet(found, nowNanos, nowSeconds);
        case Whereabouts.Gone _ -> lost(found, nowNanos);
        case Whereabouts.Away _ -> closed.isAway(found.place());
      }
    }
  }

  /// Another file may have got the inode of one that is gone, and no source takes its name: it is read where it surely is that one. That it
  /// was met by the name which it has now is as good as a name that tells.
  private void meetRenamed(
      Discovery.Found found, Discovery.Other other, long nowNanos, long nowSeconds) {
    Discovery.Found now = found(found.source(), found.path(), found.place(), other);
    SavedGeneration saved = known.at(found.place());
    try {
      if (saved == null
          && (RotatedNames.stem(other.path()).equals(RotatedNames.stem(found.path()))
              || Whereabouts.isThere(found))) {
        meet(now, nowNanos, nowSeconds);
      } else if (saved != null && room.isFull()) {
        waits(now);
      } else if (saved == null || !goesOnAt(now, saved, nowNanos)) {
        lost(found, nowNanos);
      }
    } catch (NoSuchFileException e) {
      // Where it is now is seen at the next look.
      problems().remove(other.path());
    } catch (IOException e) {
      problems().put(found.path(), Discovery.whatToDo(e));
    }
  }

  /// A file is gone for which there was no descriptor.
  private void lost(Discovery.Found found, long nowNanos) {
    closed.waitsNoMore(found.place());
    SavedGeneration saved = known.at(found.place());
    long from = overview.unreadFrom(found);
    if (from >= found.sizeBytes()) {
      return;
    }
    if (saved == null || saved.finished()) {
      long generation = saved == null ? live.newGeneration() : saved.id();
      losses.report(
          found.source(), generation, found.path().toString(), from, found.sizeBytes(), GONE);
      return;
    }
    try {
      lost(saved.ofSize(found.sizeBytes()), found.source(), nowNanos);
    } catch (IOException e) {
      problems().put(found.path(), Discovery.whatToDo(e));
    }
  }

  /// What is finished and was not read to its end was given up.
  static long readTo(SavedGeneration saved) {
    return saved.finished() ? saved.sizeBytes() : saved.acknowledged().position();
  }

  /// The acknowledged position has moved, perhaps after the generation was finished.
  void advanced(TailedFile file) {
    live.advanced(file);
    if (file.finished) {
      // It stays off a place that another one has by now.
      known.replace(file.saved());
    }
  }

  /// Reading failed; it is tried again.
  void problem(TailedFile file, IOException e) {
    if (file.content instanceof GzipContent) {
      giveUp(file, "its gzip'd rest cannot be read: " + e.getMessage());
    } else {
      problems().put(file.path, Discovery.whatToDo(e));
    }
  }

  /// What has grown since it was looked at, and what is new, is not shipped, either.
  private void measure() {
    discovery.walk();
    for (TailedFile file : live.all()) {
      Content content = file.content;
      if (content == null || file.released || content instanceof GzipContent) {
        continue;
      }
      try {
        file.sizeBytes = Math.max(file.sizeBytes, content.size());
      } catch (IOException e) {
        problems().put(file.path, Discovery.whatToDo(e));
      }
    }
  }

  /// Which bytes have left and which have not.
  ///
  /// @param complete whether nothing is read any more
  Receipt receipt(boolean complete) {
    if (complete) {
      measure();
    }
    return overview.receipt(complete);
  }

  /// What each source's files look like now.
  List<SourceStatus> status() {
    return overview.status(unresumed, room.problem());
  }
}
