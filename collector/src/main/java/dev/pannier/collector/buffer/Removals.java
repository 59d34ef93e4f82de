package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// What was for shippers that were removed, or are not to get it any more: others get it in their stead, or it is given up.
///
/// It keeps nothing. Called when their threads have ended, or on them; takes the buffer's lock.
final class Removals {
  private final Object lock;
  private final MemoryBuffer memory;
  private final DiskCursors cursors;
  private final Deliveries deliveries;
  private final Losses losses;
  private final Ledger ledger;

  /// @param lock the buffer's
  Removals(
      Object lock,
      MemoryBuffer memory,
      DiskCursors cursors,
      Deliveries deliveries,
      Losses losses,
      Ledger ledger) {
    this.lock = lock;
    this.memory = memory;
    this.cursors = cursors;
    this.deliveries = deliveries;
    this.losses = losses;
    this.ledger = ledger;
  }

  /// As [Cursors#release].
  long release(List<Cursors.Leaving> gone, List<Cursor> heirs) {
    List<Cursors.Leaving> inMemory = new ArrayList<>();
    List<Cursor> memoryHeirs = new ArrayList<>();
    Set<Signal> inherited = EnumSet.noneOf(Signal.class);
    for (Cursor heir : heirs) {
      memoryHeirs.add(((DiskCursor) heir).memory());
      for (Signal signal : Signal.values()) {
        if (heir.takes(signal)) {
          inherited.add(signal);
        }
      }
    }
    long nobodys = 0;
    List<Confirmations> told = new ArrayList<>();
    for (Cursors.Leaving each : gone) {
      DiskCursor cursor = (DiskCursor) each.cursor();
      List<Entry> held = cursor.leaveInMemory(each.taken());
      inMemory.add(new Cursors.Leaving(cursor.memory(), held));
      nobodys += giveUp(cursor, without(held, each.taken()), inherited, told);
      losses.tellUnread(cursor, inherited);
      synchronized (lock) {
        deliveries.forgo(cursor, Set.of(), cursor::isUnread, told);
        nobodys += cursor.giveUp(inherited);
        cursors.ended(cursor);
      }
    }
    nobodys += memory.release(inMemory, memoryHeirs);
    told.forEach(Confirmations::tell);
    return nobodys;
  }

  /// As [Cursors#forgo].
  long forgo(DiskCursor cursor, List<Entry> taken) {
    List<Confirmations> told = new ArrayList<>();
    List<Entry> held = cursor.leaveInMemory(taken);
    long records = giveUp(cursor, without(held, taken), Set.of(), told);
    told.forEach(Confirmations::tell);
    return records + memory.forgo(cursor.memory(), held);
  }

  private static List<Entry> without(List<Entry> some, List<Entry> all) {
    List<Entry> rest = new ArrayList<>(all);
    rest.removeAll(some);
    return rest;
  }

  /// @param taken of the log
  /// @return the records of signals that nobody inherits
  private long giveUp(
      DiskCursor cursor, List<Entry> taken, Set<Signal> inherited, List<Confirmations> told) {
    long nobodys = 0;
    for (Entry entry : taken) {
      Batch batch = entry.batch();
      boolean isInherited = inherited.contains(batch.signal());
      Confirmations waiting;
      // A sync that fails, or somebody who asks what is delivered, sees all of it or nothing.
      synchronized (lock) {
        String why = cursor.giveUp(entry, isInherited);
        // Its segment went for newer records: no heir finds it there.
        boolean isGone = why.equals(DiskCursor.FULL);
        waiting =
            deliveries.shipperDone(
                entry, Settlement.rejected(isGone ? batch.records() : 0, Deliveries.dropped(why)));
        if (!isInherited || isGone) {
          ledger.drops().add(batch, cursor.shipper(), why);
        }
      }
      cursor.release(entry);
      if (waiting != null) {
        told.add(waiting);
      }
      nobodys += isInherited ? 0 : batch.records();
    }
    return nobodys;
  }
}
