package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Ahead;
import dev.pannier.collector.buffer.disk.CursorFile;
import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.shippers.batch.Signal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The cursors of a [DiskBuffer], and what they need together.
///
/// Guarded by the buffer's lock; those that are configured ([#configured], [#takers] and what is found by them) are changed under it, and read
/// by any thread.
final class DiskCursors {
  private volatile List<DiskCursor> configured = List.of();
  private volatile Map<Signal, List<DiskCursor>> takers = Map.of();

  /// Of shippers that were removed and have not ended.
  private final List<DiskCursor> leaving = new ArrayList<>();

  /// Those of them in whose stead nobody gets what waits for them: where the process dies before they have ended, their places tell
  /// the next one what that was.
  private final List<DiskCursor> withoutHeirs = new ArrayList<>();

  /// These are configured from now on.
  void configure(List<DiskCursor> cursors) {
    configured = List.copyOf(cursors);
    takers = Cursor.bySignal(configured);
  }

  /// Its shipper is configured no more, and has not ended.
  ///
  /// @param hasHeirs whether others are added that begin with the oldest record
  void leaves(DiskCursor cursor, boolean hasHeirs) {
    leaving.add(cursor);
    if (!hasHeirs) {
      withoutHeirs.add(cursor);
    }
  }

  void ended(DiskCursor cursor) {
    leaving.remove(cursor);
    withoutHeirs.remove(cursor);
  }

  /// Any thread.
  List<DiskCursor> configured() {
    return configured;
  }

  /// Who takes a signal. Any thread.
  List<DiskCursor> takers(Signal signal) {
    return takers.getOrDefault(signal, List.of());
  }

  /// The one that is configured, if there is any. Any thread.
  @Nullable DiskCursor of(String shipper) {
    for (DiskCursor cursor : configured) {
      if (cursor.shipper().equals(shipper)) {
        return cursor;
      }
    }
    return null;
  }

  /// Whether just these are configured. Any thread.
  boolean isSame(Map<String, Set<Signal>> shippers) {
    List<DiskCursor> now = configured;
    return now.size() == shippers.size()
        && now.stream()
            .allMatch(
                cursor -> {
                  Set<Signal> signals = shippers.get(cursor.shipper());
                  return signals != null && cursor.takesJust(signals);
                });
  }

  /// Those that are configured, and those that were removed and have not ended.
  List<DiskCursor> all() {
    List<DiskCursor> all = new ArrayList<>(configured);
    all.addAll(leaving);
    return all;
  }

  boolean haveNothingOpen() {
    return all().stream().allMatch(DiskCursor::hasNothingOpen);
  }

  /// A shipper that is away needs what is for it, and not what lies behind that for others.
  boolean need(Segment segment) {
    for (DiskCursor cursor : configured) {
      if (cursor.needs(segment)) {
        return true;
      }
    }
    for (DiskCursor cursor : leaving) {
      if (cursor.needs(segment)) {
        return true;
      }
    }
    return false;
  }

  /// How many are not done with a record.
  int open(Signal signal, long sequence) {
    int open = 0;
    for (DiskCursor cursor : all()) {
      open += cursor.isOpen(signal, sequence) ? 1 : 0;
    }
    return open;
  }

  /// Whether none needs anything of files up to a number.
  boolean havePassedFiles(long end) {
    return all().stream().allMatch(cursor -> cursor.hasPassedFiles(end));
  }

  /// Where those are that are configured, or leave something to nobody.
  CursorFile places(long synced) {
    List<DiskCursor> placed = new ArrayList<>(configured);
    placed.addAll(withoutHeirs);
    Map<String, Long> passed = new LinkedHashMap<>();
    Map<String, Ahead> ahead = new LinkedHashMap<>();
    Map<String, Set<Signal>> signals = new LinkedHashMap<>();
    for (DiskCursor cursor : placed) {
      long place = cursor.passed();
      boolean isFirst = passed.putIfAbsent(cursor.shipper(), place) == null;
      signals.putIfAbsent(cursor.shipper(), cursor.signals());
      Ahead behind = cursor.ahead();
      if (isFirst && behind.to() > place) {
        ahead.put(cursor.shipper(), behind);
      }
    }
    return new CursorFile(synced, passed, ahead, signals);
  }

  /// When what some shipper needs was appended, or a little before; `Long.MAX_VALUE` where none needs anything.
  long oldestMillis() {
    long oldest = Long.MAX_VALUE;
    for (DiskCursor cursor : configured) {
      oldest = Math.min(oldest, cursor.oldestMillis());
    }
    return oldest;
  }
}
