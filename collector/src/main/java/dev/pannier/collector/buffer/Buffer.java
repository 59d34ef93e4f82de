package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.OutputFullException;
import dev.pannier.shippers.batch.Signal;
import java.util.function.BooleanSupplier;

/// What sources see of the buffer: they ask for room, then hand over batches in order. Thread-safe.
///
/// With memory alone (the default) nothing is written to disk: the log file is the copy. A disk
/// buffer has the same face.
public interface Buffer {
  /// Whether a tailer should read on now: false while enough is queued to keep every shipper busy,
  /// so that what is not needed yet stays in the file, and batches grow to what has come meanwhile.
  boolean hasRoomForFiles();

  /// Whether a request may be appended now: false while the disk buffer is full and takes no more.
  /// Memory's bound is the [MemoryBudget]'s.
  boolean hasRoomForRequests();

  /// Called, from any thread, each time [#hasRoomForFiles()] turns true again. One listener, set
  /// before the first append.
  void onRoom(Runnable listener);

  /// Takes over a batch. The caller has reserved `reservedBytes` from the [MemoryBudget] for it;
  /// the buffer releases them when it needs the batch's bytes no longer, and tells `acknowledgement` of that then.
  ///
  /// @param when what the acknowledgement waits for
  /// @return the batch's sequence number; a batch that was appended later has a higher one
  /// @throws OutputFullException if processors would make more of it than may be held: it is not taken, and what was
  ///     reserved for it is released
  long append(
      Batch batch, long reservedBytes, Acknowledgement.When when, Acknowledgement acknowledgement);

  /// Takes over a batch whose acknowledgement waits until the death of the process cannot lose it.
  default long append(Batch batch, long reservedBytes, Acknowledgement acknowledgement) {
    return append(batch, reservedBytes, Acknowledgement.When.DURABLE, acknowledgement);
  }

  /// Whether every shipper has what was acknowledged of files until now; to be asked again. An acknowledgement alone says so where it
  /// waits for all of them.
  default BooleanSupplier delivery() {
    return () -> true;
  }

  /// Counts what a processor dropped, for every shipper that would have had it.
  ///
  /// @param bytes of the source
  void filtered(String source, Signal signal, long records, long bytes);
}
