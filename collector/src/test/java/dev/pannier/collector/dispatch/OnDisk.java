package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.DiskBuffer;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A disk buffer for the shipper `out`.
final class OnDisk {
  private OnDisk() {}

  /// One that holds batches, synced.
  ///
  /// @param syncedOnly `out`, where it may see only what the death of the machine cannot lose
  static DiskBuffer of(
      List<Batch> batches,
      Path folder,
      MemoryBudget budget,
      Ledger ledger,
      Metrics metrics,
      Set<String> syncedOnly)
      throws IOException {
    DiskBuffer disk =
        new DiskBuffer(
            new BufferSettings(
                BufferSettings.Type.DISK, folder, 8 << 20, BufferSettings.OnFull.BACKPRESSURE),
            budget,
            ledger,
            metrics,
            Map.of("out", Set.of(Signal.LOGS)),
            syncedOnly,
            Instant::now,
            0,
            notice -> {});
    for (Batch batch : batches) {
      assertThat(budget.tryReserve(batch.length())).isTrue();
      disk.append(batch, batch.length(), Acknowledgement.When.DURABLE, (rejected, reason) -> {});
    }
    disk.doWork(0);
    return disk;
  }
}
