package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.GroupCommit.Unsynced;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/// Who waits for the shippers to be done with a batch of the log: clients that are answered when it is delivered, and all whose
/// sync has failed. Each is told once, by the caller and without the lock.
///
/// Guarded by the buffer's lock.
final class Deliveries {
  /// Clients that wait for delivery. Who is forgotten is told to come back at its deadline.
  private static final int MOST = 4096;

  private record Waiting(Signal signal, int records, Confirmations confirmations) {}

  private final Map<Long, Waiting> waiting = new LinkedHashMap<>();

  /// Of [#waiting], those whose sync has failed: until they are delivered, no position behind them counts.
  private int unsure;

  /// Shippers are done with what they never got.
  private List<Confirmations> givenUp = new ArrayList<>();

  /// @param shippers how many are to be done with it
  void add(long sequence, Batch batch, int shippers, Acknowledgement acknowledgement) {
    if (waiting.size() - unsure >= MOST) {
      forgetOldest();
    }
    waiting.put(
        sequence,
        new Waiting(batch.signal(), batch.records(), new Confirmations(acknowledgement, shippers)));
  }

  /// Not one whose sync has failed: positions would never count again, and files not be read on.
  private void forgetOldest() {
    for (Iterator<Waiting> all = waiting.values().iterator(); all.hasNext(); ) {
      if (!all.next().confirmations().isUnsure()) {
        all.remove();
        return;
      }
    }
  }

  /// A sync has failed, and what it was to make durable is not sure to be on disk: it is told when every shipper is done with it. They may be
  /// others than when it was appended.
  ///
  /// @return who is to be told now, since they are
  List<Confirmations> addUnsure(List<Unsynced> batches, DiskCursors cursors) {
    List<Confirmations> told = new ArrayList<>();
    for (Unsynced batch : batches) {
      if (!batch.durable()) {
        continue;
      }
      int open = cursors.open(batch.signal(), batch.sequence());
      Confirmations confirmations = new Confirmations(batch.acknowledgement(), open);
      if (open == 0) {
        told.add(confirmations);
        continue;
      }
      confirmations.markUnsure();
      unsure++;
      waiting.put(batch.sequence(), new Waiting(batch.signal(), batch.records(), confirmations));
    }
    return told;
  }

  /// Whether anything is not sure to be on disk that is not delivered either.
  boolean anyUnsure() {
    return unsure > 0;
  }

  /// What a sync had failed for is durable after all.
  ///
  /// @return who is to be told now
  List<Confirmations> durable(List<Unsynced> batches) {
    List<Confirmations> told = new ArrayList<>();
    for (Unsynced batch : batches) {
      Waiting found = waiting.get(batch.sequence());
      if (found != null && found.confirmations().isUnsure()) {
        waiting.remove(batch.sequence());
        unsure--;
        told.add(found.confirmations());
      }
    }
    return told;
  }

  /// A shipper is done with a record.
  ///
  /// @return who is to be told now; null for nobody
  @Nullable Confirmations shipperDone(Entry entry, Settlement settlement) {
    Waiting found = waiting.get(entry.sequence());
    if (found == null
        || !found.confirmations().shipperDone(settlement.rejected(), settlement.reason())) {
      return null;
    }
    waiting.remove(entry.sequence());
    unsure -= found.confirmations().isUnsure() ? 1 : 0;
    return found.confirmations();
  }

  /// A new shipper begins with a number.
  void shipperAdded(DiskCursor cursor, long first) {
    waiting.forEach(
        (number, each) -> {
          if (cursor.takes(each.signal()) && number >= first) {
            each.confirmations().shipperAdded();
          }
        });
  }

  /// A shipper is not to get records of other signals any more.
  ///
  /// @param signals that it takes
  /// @param open    whether a number waits for it
  /// @param told    takes who is to be told now
  void forgo(DiskCursor cursor, Set<Signal> signals, LongPredicate open, List<Confirmations> told) {
    settle(cursor, signals, open, "", told);
  }

  /// A shipper never gets what it was to get. Who is to be told waits for [#takeGivenUp].
  void neverGets(Missing numbers) {
    settle(numbers.cursor(), Set.of(), numbers::has, dropped(numbers.why()), givenUp);
  }

  /// What a client is told of records that a shipper never gets.
  static String dropped(String why) {
    return "dropped: " + why;
  }

  private void settle(
      DiskCursor cursor,
      Set<Signal> signals,
      LongPredicate open,
      String lost,
      List<Confirmations> told) {
    for (Iterator<Map.Entry<Long, Waiting>> entries = waiting.entrySet().iterator();
        entries.hasNext(); ) {
      Map.Entry<Long, Waiting> entry = entries.next();
      Waiting each = entry.getValue();
      if (cursor.gets(each.signal(), entry.getKey())
          && !signals.contains(each.signal())
          && open.test(entry.getKey())
          && each.confirmations().shipperDone(lost.isEmpty() ? 0 : each.records(), lost)) {
        entries.remove();
        unsure -= each.confirmations().isUnsure() ? 1 : 0;
        told.add(each.confirmations());
      }
    }
  }

  List<Confirmations> takeGivenUp() {
    if (givenUp.isEmpty()) {
      return List.of();
    }
    List<Confirmations> taken = givenUp;
    givenUp = new ArrayList<>();
    return taken;
  }
}
