package dev.pannier.collector;

import dev.pannier.collector.admin.AdminHandler;
import dev.pannier.collector.admin.ReloadStatus;
import dev.pannier.collector.admin.View;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.config.Configuration.Address;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.http.Endpoint;
import dev.pannier.collector.metrics.Metrics;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The admin address of a process that has no sidecar yet: it lives, and is not ready. One thread.
final class EarlyAdmin {
  private final Listener listener;

  /// @param token   as [AdminHandler] takes it
  /// @param unready why it is not ready, asked from any thread
  EarlyAdmin(
      Address listen,
      @Nullable String token,
      String version,
      Supplier<@Nullable String> unready,
      Supplier<ReloadStatus> reload) {
    Health health = new Health(System::nanoTime);
    health.condition(unready);
    View view =
        new View(
            version,
            new Metrics(),
            new Ledger(),
            new MemoryBudget(1),
            List::of,
            List::of,
            () -> null,
            reload);
    AdminHandler pages = new AdminHandler(health, view, token, System::nanoTime);
    listener =
        new Listener(
            "admin",
            server -> List.of(server.listen(listen, Endpoint.small(pages))),
            System::nanoTime,
            health);
  }

  /// Listens, where it does not yet.
  void retry() {
    listener.retry();
  }

  /// The address is free for the sidecar's own.
  void close() {
    listener.close(Duration.ZERO);
  }
}
