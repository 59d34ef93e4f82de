package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Batch;

/// What sources see of the buffer: they ask for room, then hand over batches in order. Thread-safe.
///
/// With memory alone (the default) nothing is written to disk: the log file is the copy. A disk
/// buffer has the same face.
public interface Buffer {
  /// Whether a tailer should read on now: false while enough is queued to keep every shipper busy,
  /// so that what is not needed yet stays in the file, and batches grow to what has come meanwhile.
  boolean hasRoomForFiles();

  /// Called, from any thread, each time [#hasRoomForFiles()] turns true again. One listener, set
  /// before the first append.
  void onRoom(Runnable listener);

  /// Takes over a batch. The caller has reserved `reservedBytes` from the [MemoryBudget] for it;
  /// the buffer releases them when every shipper is done with it, just before `acknowledgement` is
  /// told.
  ///
  /// @return the batch's sequence number; a batch that was appended later has a higher one
  long append(Batch batch, long reservedBytes, Acknowledgement acknowledgement);
}
