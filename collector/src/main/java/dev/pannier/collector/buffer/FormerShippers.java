package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Ahead;
import dev.pannier.collector.buffer.disk.CursorFile;
import dev.pannier.collector.buffer.disk.StoredBatch;
import dev.pannier.shippers.batch.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// The shippers that have a place in a log and are not configured any more, and what waited for them. What signals they took nobody knows.
/// Of the start alone.
final class FormerShippers {
  private static final class Former {
    final String shipper;
    final long passed;
    final Ahead ahead;
    long records;

    Former(String shipper, long passed, Ahead ahead) {
      this.shipper = shipper;
      this.passed = passed;
      this.ahead = ahead;
    }
  }

  private final List<Former> all = new ArrayList<>();
  private final Set<String> shippers;

  /// Whether there are new ones, which begin with the oldest record.
  private final boolean hasHeirs;

  private final BiConsumer<String, Batch> removed;

  /// @param shippers that are configured
  /// @param removed told of each batch that one of these shippers, by name, never gets, and no other for it
  FormerShippers(CursorFile stored, Set<String> shippers, BiConsumer<String, Batch> removed) {
    this.shippers = shippers;
    this.removed = removed;
    hasHeirs = !stored.passed().keySet().containsAll(shippers);
    stored
        .passed()
        .forEach(
            (name, passed) -> {
              if (!shippers.contains(name)) {
                all.add(new Former(name, passed, stored.ahead(name)));
              }
            });
  }

  /// A record that is in the log.
  void found(StoredBatch stored) {
    Batch batch = stored.batch();
    for (Former each : all) {
      if (stored.sequence() <= each.passed || each.ahead.covers(stored.sequence())) {
        continue;
      }
      each.records += batch.records();
      if (!hasHeirs) {
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
                + " gets nothing from the buffer any more, and "
                + each.records
                + " records waited there when it last did: "
                + (hasHeirs
                    ? "those that are new among " + shippers + " begin with the oldest there is"
                    : "they are not shipped there"));
      }
    }
  }
}
