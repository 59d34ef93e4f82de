package dev.pannier.collector.receive;

import dev.pannier.shippers.batch.Batch;
import org.jspecify.annotations.Nullable;

/// What became of a request's bytes.
///
/// @param batch         what is left of the request; null where it holds no record
/// @param reservedBytes what the caller has to release, or hand on with the batch
/// @param requestBytes  the request's size, unpacked
/// @param refused       records that were taken out
/// @param reason        why records were taken out, or the request refused
/// @param refusal       why nothing was taken; null where the request was
record Received(
    @Nullable Batch batch,
    long reservedBytes,
    int requestBytes,
    long refused,
    String reason,
    @Nullable Refusal refusal) {

  static Received refused(Refusal refusal, String reason) {
    return new Received(null, 0, 0, 0, reason, refusal);
  }

  int records() {
    return batch == null ? 0 : batch.records();
  }
}
