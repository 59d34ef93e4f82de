package dev.pannier.collector.buffer;

import dev.pannier.collector.receipt.Buffered;
import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

/// What a disk buffer held when it was closed that a shipper was not done with.
///
/// @param files           by generation
/// @param receivedRecords of requests that were acknowledged
public record Left(Map<Long, Buffered> files, long receivedRecords) {
  /// Gathers them, in the log's order.
  static final class Found {
    private final Map<Long, Buffered> files = new LinkedHashMap<>();
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
      ByteRange.add(file.ranges(), positions.from(), positions.to());
    }

    Left left() {
      return new Left(files, receivedRecords);
    }
  }
}
