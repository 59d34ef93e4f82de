package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Ahead;
import dev.pannier.collector.buffer.disk.CursorFile;
import dev.pannier.collector.buffer.disk.StoredBatch;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// The shippers that have a place in a log and are not configured any more, or not for all signals that they took, and what waited for them.
/// Of the start alone.
final class FormerShippers {
  private static final class Former {
    final String shipper;
    final Set<Signal> signals;

    /// Whether it is configured, for other signals.
    final boolean stays;

    final long passed;
    final Ahead ahead;
    long records;

    /// Whether others begin with some of them.
    boolean inherited;

    Former(String shipper, Set<Signal> signals, boolean stays, long passed, Ahead ahead) {
      this.shipper = shipper;
      this.signals = signals;
      this.stays = stays;
      this.passed = passed;
      this.ahead = ahead;
    }

    String takesNoMore() {
      if (!stays) {
        return "gets nothing from the buffer any more";
      }
      return "takes no "
          + signals.stream().map(Signal::label).collect(Collectors.joining(" and "))
          + " from the buffer any more";
    }
  }

  private final List<Former> all = new ArrayList<>();
  private final Set<String> shippers;

  /// What those take that are new, and begin with the oldest record.
  private final Set<Signal> heirs = EnumSet.noneOf(Signal.class);

  private final BiConsumer<String, Batch> removed;

  /// @param shippers that are configured, with the signals that each takes
  /// @param removed told of each batch that one of these shippers, by name, never gets, and no other for it
  FormerShippers(
      CursorFile stored, Map<String, Set<Signal>> shippers, BiConsumer<String, Batch> removed) {
    this.shippers = shippers.keySet();
    this.removed = removed;
    shippers.forEach(
        (name, signals) -> {
          if (!stored.passed().containsKey(name)) {
            heirs.addAll(signals);
          }
        });
    stored
        .passed()
        .forEach(
            (name, passed) -> {
              Set<Signal> now = shippers.get(name);
              // An older version has stored no signals.
              Set<Signal> gone = EnumSet.allOf(Signal.class);
              gone.retainAll(stored.signals().getOrDefault(name, now == null ? gone : now));
              gone.removeAll(now == null ? Set.of() : now);
              if (!gone.isEmpty()) {
                all.add(new Former(name, gone, now != null, passed, stored.ahead(name)));
              }
            });
  }

  /// A record that is in the log.
  void found(StoredBatch stored) {
    Batch batch = stored.batch();
    for (Former each : all) {
      if (!each.signals.contains(batch.signal())
          || stored.sequence() <= each.passed
          || each.ahead.covers(stored.sequence())) {
        continue;
      }
      each.records += batch.records();
      if (heirs.contains(batch.signal())) {
        each.inherited = true;
      } else {
        removed.accept(each.shipper, batch);
      }
    }
  }

  /// In the next `cursors` they are no more.
  void tell(Consumer<String> notice) {
    for (Former each : all) {
      if (each.records > 0) {
        notice.accept(
            "shipper "
                + each.shipper
                + " "
                + each.takesNoMore()
                + ", and "
                + each.records
                + " records waited there when it last did: "
                + (each.inherited
                    ? "those that are new among " + shippers + " begin with the oldest there is"
                    : "they are not shipped there"));
      }
    }
  }
}
