package dev.pannier.collector.admin;

import dev.pannier.collector.buffer.BufferStatus;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.dispatch.ShipperStatus;
import dev.pannier.collector.metrics.Metrics;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Where the pages get what they show. The suppliers are asked on the server's thread: they must
/// not block.
///
/// @param version of the sidecar
/// @param buffer null where there is memory alone
/// @param reload what came of the last reload of the configuration
public record View(
    String version,
    Metrics metrics,
    Ledger ledger,
    MemoryBudget budget,
    Supplier<List<SourceStatus>> sources,
    Supplier<List<ShipperStatus>> shippers,
    Supplier<@Nullable BufferStatus> buffer,
    Supplier<ReloadStatus> reload) {}
