package dev.pannier.collector;

import dev.pannier.collector.config.Configuration.Address;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.http.HttpServer;
import dev.pannier.collector.http.ServerSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A server that may have to wait for its address: another process has it for now. Until then the
/// rest works, and `/readyz` says what is amiss; `/livez` does not, since a restart would not free
/// the address. From then on the server's loop has to live. All but the problem belongs to the main
/// thread.
final class Listener {
  /// Binds the addresses of one role.
  @FunctionalInterface
  interface Binding {
    /// @throws IOException that names the address which cannot be listened on
    List<Address> bind(HttpServer server) throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

  private final String role;
  private final Binding binding;
  private final LongSupplier nanoClock;
  private final Health health;
  private final Supplier<@Nullable String> condition;
  private @Nullable HttpServer server;
  private volatile @Nullable String problem;

  Listener(String role, Binding binding, LongSupplier nanoClock, Health health) {
    this.role = role;
    this.binding = binding;
    this.nanoClock = nanoClock;
    this.health = health;
    condition = () -> problem;
    health.condition(condition);
  }

  void start() {
    HttpServer opened = null;
    try {
      opened = HttpServer.open(ServerSettings.DEFAULTS, nanoClock);
      List<Address> bound = binding.bind(opened);
      opened.start("pannier-" + role, health);
      server = opened;
      problem = null;
      for (Address address : bound) {
        LOG.info("{} listens on {}:{}", role, address.host(), address.port());
      }
    } catch (IOException e) {
      if (opened != null) {
        opened.close();
      }
      String told = role + ": " + e.getMessage() + "; end what uses it, or change the address";
      if (!told.equals(problem)) {
        LOG.error("{}", told);
      }
      problem = told;
    }
  }

  void retry() {
    if (server == null) {
      start();
    }
  }

  /// Closes it for good: health needs to know nothing of it any more.
  ///
  /// @return whether its loop has ended
  boolean close(Duration deadline) {
    health.forget(condition);
    HttpServer started = server;
    return started == null || started.close(deadline);
  }
}
