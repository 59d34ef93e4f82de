package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.receipt.Buffered;
import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a disk buffer held when it was closed that a shipper was not done with.
///
/// @param files           by generation
/// @param receivedRecords of requests that were acknowledged
public record Left(Map<Long, Buffered> files, long receivedRecords) {
  /// @param lock the buffer's
  static Left find(SegmentLog log, DiskCursors cursors, Object lock) throws IOException {
    Found found = new Found();
    Heads heads = new Heads();
    for (Segment segment = log.oldest(); segment != null; segment = log.after(segment)) {
      boolean needed;
      synchronized (lock) {
        needed = cursors.need(segment);
      }
      if (needed) {
        heads.forEach(
            segment,
            record -> {
              boolean isOpen;
              synchronized (lock) {
                isOpen = cursors.open(record.batch().signal(), record.sequence()) > 0;
              }
              if (isOpen) {
                found.add(record.batch());
              }
            });
      }
    }
    return found.left();
  }

  /// Gathers them, in the log's order.
  static final class Found {
    final Map<Long, Buffered> files = new LinkedHashMap<>();
    private long receivedRecords;

    void add(Batch batch) {
      Positions positions = Positions.decode(batch.positions());
      if (positions == null) {
        receivedRecords += batch.records();
        return;
      }
      Buffered file =
          files.computeIfAbsent(
              positions.generation(),
              generation -> new Buffered(batch.source(), new ArrayList<>()));
      List<ByteRange> ranges = file.ranges();
      if (ranges.isEmpty() || positions.from() >= ranges.getLast().from()) {
        // There may be a batch for each line of a backlog.
        ByteRange.add(ranges, positions.from(), positions.to());
      } else if (positions.to() > positions.from()) {
        ranges.add(new ByteRange(positions.from(), positions.to()));
      }
    }

    Left left() {
      // What was in memory while the disk took nothing was read again, and stands behind what came
      // later.
      files.replaceAll((generation, file) -> new Buffered(file.source(), inOrder(file.ranges())));
      return new Left(files, receivedRecords);
    }

    private static List<ByteRange> inOrder(List<ByteRange> ranges) {
      ranges.sort(Comparator.comparingLong(ByteRange::from));
      List<ByteRange> apart = new ArrayList<>();
      ranges.forEach(range -> ByteRange.add(apart, range.from(), range.to()));
      return apart;
    }
  }
}
