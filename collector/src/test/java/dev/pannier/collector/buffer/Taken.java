package dev.pannier.collector.buffer;

/// What a shipper has in its hands.
public final class Taken {
  private Taken() {}

  /// The records that were read from the disk buffer's log and are not done.
  public static long records(Cursor cursor) {
    long records = 0;
    if (cursor instanceof DiskCursor disk) {
      for (Entry entry : disk.taken.values()) {
        records += entry.batch().records();
      }
    }
    return records;
  }
}
