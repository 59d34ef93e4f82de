package dev.pannier.collector.dispatch;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.Cursors;
import dev.pannier.collector.buffer.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// What a dispatcher has taken and is not done with when it ends, in the buffer's order. Of a batch that is
/// confirmed in part it is the rest. Belongs to one thread after the other.
public final class Unfinished {
  private final Cursor cursor;
  private final List<Shipment> shipments;

  private final Consumer<Shipment> settle;

  /// @param settle for one that is done, and waited for its turn
  Unfinished(Cursor cursor, List<Shipment> shipments, Consumer<Shipment> settle) {
    this.cursor = cursor;
    this.shipments = new ArrayList<>(shipments);
    this.settle = settle;
  }

  List<Shipment> shipments() {
    return shipments;
  }

  /// The batches of signals that the cursor's shipper takes no more; they are taken out.
  public List<Entry> takeUntaken() {
    List<Shipment> untaken =
        shipments.stream()
            .filter(shipment -> !cursor.takes(shipment.signal()) && !shipment.done())
            .toList();
    shipments.removeAll(untaken);
    return free(untaken);
  }

  /// All of it, for a shipper that goes.
  public Cursors.Leaving leaving() {
    shipments.stream().filter(Shipment::done).forEach(settle);
    List<Entry> entries = free(shipments.stream().filter(shipment -> !shipment.done()).toList());
    shipments.clear();
    return new Cursors.Leaving(cursor, entries);
  }

  /// Copies are of no use any more.
  private List<Entry> free(List<Shipment> left) {
    for (Shipment shipment : left) {
      cursor.hold(-shipment.copiedBytes());
    }
    return left.stream().map(Shipment::entry).toList();
  }
}
