package dev.pannier.collector.buffer.disk;

import dev.pannier.shippers.batch.Batch;

/// A batch as it was read from the log.
///
/// @param appendedMillis when it was appended, in milliseconds since the epoch
public record StoredBatch(long sequence, long appendedMillis, Batch batch) {
  StoredBatch with(Batch batch) {
    return new StoredBatch(sequence, appendedMillis, batch);
  }
}
