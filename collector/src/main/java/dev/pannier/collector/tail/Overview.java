package dev.pannier.collector.tail;

import dev.pannier.collector.admin.SourceStatus;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.receipt.Receipt;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Tells of each file how far it was read, and what of it has left. It changes nothing. One thread.
final class Overview {
  private final TailSources sources;
  private final LiveFiles live;
  private final Set<FileKey> seen;
  private final KnownGenerations known;
  private final ClosedFiles closed;
  private final CompressedFiles compressed;
  private final Relatives relatives;
  private final Discovery discovery;
  private final Losses losses;

  /// @param seen where files lie that a source takes, whenever it is asked
  Overview(
      TailSources sources,
      LiveFiles live,
      Set<FileKey> seen,
      KnownGenerations known,
      ClosedFiles closed,
      CompressedFiles compressed,
      Relatives relatives,
      Discovery discovery,
      Losses losses) {
    this.sources = sources;
    this.live = live;
    this.seen = seen;
    this.known = known;
    this.closed = closed;
    this.compressed = compressed;
    this.relatives = relatives;
    this.discovery = discovery;
    this.losses = losses;
  }

  /// Where a file that is not open would be read from, so far as can be told without looking into it.
  long unreadFrom(Discovery.Found found) {
    SavedGeneration saved = known.at(found.place());
    if (saved == null
        && (compressed.contains(found.place()) || found.path().toString().endsWith(".gz"))) {
      // By itself it is never read.
      return found.sizeBytes();
    }
    long from = saved == null ? closed.passedOver(found.place()) : Generations.readTo(saved);
    return from > found.sizeBytes() ? 0 : from;
  }

  /// Which bytes have left and which have not.
  ///
  /// @param complete whether nothing is read any more
  Receipt receipt(boolean complete) {
    Map<FileKey, Discovery.Found> all = new LinkedHashMap<>(closed.waiting());
    discovery.found().values().forEach(found -> all.put(found.place(), found));
    List<Discovery.Found> unopened = new ArrayList<>();
    for (Discovery.Found found : all.values()) {
      if (!live.isAt(found.place())
          && known.at(found.place()) == null
          && !closed.isRead(found.place())
          && !relatives.isCopy(found.place())
          && (complete || !relatives.isUndecided(found.place()))
          && found.sizeBytes() > 0) {
        unopened.add(found);
      }
    }
    List<SavedGeneration> unread = new ArrayList<>();
    for (SavedGeneration saved : known.all()) {
      FileKey place = FileKey.of(saved);
      Discovery.Found found = closed.isWaiting(place) ? all.get(place) : null;
      boolean grown =
          found != null && saved.equals(known.at(place)) && found.sizeBytes() > saved.sizeBytes();
      unread.add(found != null && grown ? saved.ofSize(found.sizeBytes()) : saved);
    }
    return Receipts.of(
        unread,
        live.all(),
        losses,
        unopened,
        found -> Math.min(closed.passedOver(found.place()), found.sizeBytes()),
        complete);
  }

  private boolean isParked(SavedGeneration saved) {
    FileKey place = FileKey.of(saved);
    return !saved.finished()
        && seen.contains(place)
        && closed.isRead(place)
        && !closed.isWaiting(place);
  }

  private SourceStatus.File unopened(Discovery.Found found, String problem) {
    return new SourceStatus.File(
        found.path().toString(), unreadFrom(found), found.sizeBytes(), problem);
  }

  /// What each source's files look like now.
  ///
  /// @param unresumed those that are known and were not looked for, for want of descriptors
  /// @param waits     what is said of them
  List<SourceStatus> status(Set<Long> unresumed, String waits) {
    List<SourceStatus> all = new ArrayList<>();
    Set<Path> told = new HashSet<>(live.paths());
    closed.waiting().values().forEach(found -> told.add(found.path()));
    for (TailSource source : sources.all()) {
      List<SourceStatus.File> files = new ArrayList<>();
      for (TailedFile file : live.all()) {
        if (file.source == source) {
          String problem = discovery.problems().getOrDefault(file.path, "");
          files.add(
              new SourceStatus.File(
                  file.path.toString(), file.acknowledged.position(), file.sizeBytes, problem));
        }
      }
      for (TailedFile file : live.leaving()) {
        // Whatever has left keeps the source that it was read for, which a reload replaces.
        if (file.source.name().equals(source.name())) {
          files.add(
              new SourceStatus.File(
                  file.path.toString(), file.acknowledged.position(), file.read.position(), ""));
        }
      }
      for (Discovery.Found found : closed.waiting().values()) {
        if (found.source().name().equals(source.name())) {
          files.add(unopened(found, discovery.problems().getOrDefault(found.path(), "")));
        }
      }
      for (SavedGeneration saved : known.all()) {
        if (!saved.source().equals(source.name())) {
          continue;
        }
        long position = saved.acknowledged().position();
        if (isParked(saved)) {
          files.add(new SourceStatus.File(saved.path(), position, position, ""));
        } else if (unresumed.contains(saved.id()) && !closed.isWaiting(FileKey.of(saved))) {
          files.add(new SourceStatus.File(saved.path(), position, saved.sizeBytes(), waits));
        }
      }
      discovery
          .problems()
          .forEach(
              (path, problem) -> {
                Discovery.Found found = discovery.found().get(path);
                if (source.globs.concerns(path) && !told.contains(path)) {
                  files.add(
                      found == null
                          ? new SourceStatus.File(path.toString(), 0, 0, problem)
                          : unopened(found, problem));
                }
              });
      for (Discovery.Found found : discovery.found().values()) {
        if (found.source().name().equals(source.name())
            && compressed.contains(found.place())
            && !live.isAt(found.place())) {
          files.add(unopened(found, CompressedFiles.WHY));
        }
      }
      all.add(new SourceStatus(source.name(), files));
    }
    return all;
  }
}
