package dev.pannier.collector.buffer.disk;

import dev.pannier.shippers.batch.Batch;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;

/// What the file of a segment holds.
public final class SegmentBatches {
  private SegmentBatches() {}

  /// Its whole records.
  public static List<Batch> in(FileChannel file) throws IOException {
    SegmentHeader header = SegmentHeader.read(file);
    SegmentReader reader =
        new SegmentReader(
            file, header.version(), SegmentReader.window(), header.bytes(), header.first() - 1);
    long size = file.size();
    List<Batch> batches = new ArrayList<>();
    while (true) {
      switch (reader.find(size)) {
        case NOTHING -> {
          return batches;
        }
        case DAMAGE -> reader.passDamage(size);
        case RECORD -> {
          StoredBatch stored = reader.read(new byte[reader.room()]);
          if (stored == null) {
            reader.passDamage(size);
          } else {
            batches.add(stored.batch());
          }
        }
      }
    }
  }
}
