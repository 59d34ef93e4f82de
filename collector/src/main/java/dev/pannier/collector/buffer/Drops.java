package dev.pannier.collector.buffer;

import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.collector.receipt.Dropped;
import dev.pannier.collector.receipt.DroppedFile;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which bytes of which files buffers gave up since the process started, for each shipper that never gets them. How many records they
/// are is the [Ledger]'s. Thread-safe.
public final class Drops {
  /// Files of shippers and reasons: those beyond this that were dropped from longest ago are left to the log and the counters.
  static final int MAX_PARTS = 2_000;

  /// Beyond this, ranges of one file are told as one in which they lie.
  static final int MAX_RANGES = 64;

  private record Key(long generation, String shipper, String reason) {}

  private record Owner(String shipper, String reason) {}

  private static final class Part {
    private final String source;
    private final List<ByteRange> ranges = new ArrayList<>();
    private long bytes;
    private boolean within;

    private Part(String source) {
      this.source = source;
    }

    private void add(long from, long to) {
      if (to <= from) {
        return;
      }
      ByteRange.insert(ranges, from, to);
      bytes = within ? Math.min(bytes + to - from, ByteRange.sum(ranges)) : ByteRange.sum(ranges);
      if (ranges.size() > MAX_RANGES) {
        within = true;
      }
      if (within) {
        ByteRange all = new ByteRange(ranges.getFirst().from(), ranges.getLast().to());
        ranges.clear();
        ranges.add(all);
      }
    }

    private Dropped told(Key key) {
      return new Dropped(key.shipper(), key.reason(), bytes, within, ranges);
    }
  }

  private static final class Parts {
    /// The one that was dropped from longest ago first.
    private final Map<Key, Part> all = new LinkedHashMap<>(16, 0.75f, true);

    private Part of(Key key, String source) {
      Part part = all.computeIfAbsent(key, any -> new Part(source));
      if (all.size() > MAX_PARTS) {
        all.remove(all.keySet().iterator().next());
      }
      return part;
    }

    private Map<Long, DroppedFile> byFile() {
      Map<Long, List<Dropped>> parts = new LinkedHashMap<>();
      Map<Long, String> sources = new LinkedHashMap<>();
      all.forEach(
          (key, part) -> {
            if (!part.ranges.isEmpty()) {
              parts.computeIfAbsent(key.generation(), any -> new ArrayList<>()).add(part.told(key));
              sources.merge(
                  key.generation(),
                  part.source,
                  (before, other) -> before.isEmpty() ? other : before);
            }
          });
      Map<Long, DroppedFile> files = new LinkedHashMap<>();
      parts.forEach(
          (generation, list) ->
              files.put(generation, new DroppedFile(sources.getOrDefault(generation, ""), list)));
      return files;
    }
  }

  /// What was given up since the last such.
  ///
  /// @param records of one shipper, for one reason
  /// @param files   by generation
  public record Episode(
      String shipper, String reason, long records, Map<Long, DroppedFile> files) {}

  private final Parts parts = new Parts();
  private boolean anyOfFiles;

  // Since the last [#takeEpisodes].
  private final Map<Owner, Parts> untold = new LinkedHashMap<>();
  private final Map<Owner, Long> untoldRecords = new LinkedHashMap<>();

  /// A shipper never gets a batch; its payload is not looked at.
  synchronized void add(Batch batch, String shipper, String reason) {
    Owner owner = new Owner(shipper, reason);
    untoldRecords.merge(owner, (long) batch.records(), Long::sum);
    anyOfFiles |= batch.positions().length > 0;
    Positions positions = positions(batch);
    if (positions != null) {
      Key key = new Key(positions.generation(), shipper, reason);
      parts.of(key, batch.source()).add(positions.from(), positions.to());
      untold
          .computeIfAbsent(owner, any -> new Parts())
          .of(key, batch.source())
          .add(positions.from(), positions.to());
    }
  }

  /// Of what was read back from a disk they may be damaged: then its records alone are told.
  private static @Nullable Positions positions(Batch batch) {
    try {
      return Positions.decode(batch.positions());
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /// Something in a range is given up.
  synchronized void addWithin(
      long generation, String source, ByteRange range, String shipper, String reason) {
    Owner owner = new Owner(shipper, reason);
    untoldRecords.putIfAbsent(owner, 0L);
    anyOfFiles = true;
    Key key = new Key(generation, shipper, reason);
    for (Parts each : List.of(parts, untold.computeIfAbsent(owner, any -> new Parts()))) {
      Part part = each.of(key, source);
      part.within = true;
      part.add(range.from(), range.to());
    }
  }

  /// Whether anything was given up that was of a file.
  synchronized boolean isAnyOfFiles() {
    return anyOfFiles;
  }

  /// By generation, from the one that was dropped from longest ago.
  public synchronized Map<Long, DroppedFile> files() {
    return parts.byFile();
  }

  /// Of each shipper and reason what was given up since the last call.
  public synchronized List<Episode> takeEpisodes() {
    List<Episode> taken = new ArrayList<>();
    untoldRecords.forEach(
        (owner, records) ->
            taken.add(
                new Episode(
                    owner.shipper(),
                    owner.reason(),
                    records,
                    untold.getOrDefault(owner, new Parts()).byFile())));
    untold.clear();
    untoldRecords.clear();
    return taken;
  }

  /// Whether [#takeEpisodes] would have anything.
  public synchronized boolean hasEpisodes() {
    return !untoldRecords.isEmpty();
  }
}
