package dev.pannier.collector;

import dev.pannier.collector.admin.ReloadStatus;
import dev.pannier.collector.cli.Attempt;
import dev.pannier.collector.cli.Sidecars;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationFile;
import dev.pannier.collector.config.ConfigurationLoader;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One sidecar from its start to the signal that ends it.
final class SidecarProcess implements Sidecars {
  private static final Logger LOG = LoggerFactory.getLogger(SidecarProcess.class);
  private static final Duration TEND = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration TEND_CHANGE = Duration.ofMillis(20);

  private final Map<String, String> environment;

  /// @param environment as `System.getenv()` gives it
  SidecarProcess(Map<String, String> environment) {
    this.environment = environment;
  }

  /// A signal ends it, SIGHUP makes it look at once.
  @Override
  public Attempt.@Nullable Ready await(Attempt.Refused refused, Supplier<Attempt> again)
      throws InterruptedException {
    Shutdown shutdown = new Shutdown(TEND, System::nanoTime);
    Signals.handle("HUP", shutdown::wake);
    List<Runnable> giveBack = new ArrayList<>();
    for (String name : new String[] {"TERM", "INT"}) {
      giveBack.add(Signals.handle(name, shutdown::ask));
    }
    Standby standby =
        new Standby(
            refused,
            ConfigurationLoader.adminListen(environment),
            version(),
            InstantSource.system());
    Attempt.Ready ready = standby.await(again, shutdown, TEND);
    giveBack.forEach(Runnable::run);
    // One that came since the last look.
    return shutdown.await(Duration.ZERO) ? null : ready;
  }

  /// Runs until SIGTERM or SIGINT, reloading on SIGHUP and when the file changes, then drains; a second signal ends it at once with its positions
  /// stored.
  ///
  /// @return 0 where everything was delivered, or waits in the disk buffer for the next start, 1 where something else was left, 2
  ///     where `state.directory` cannot be used
  @Override
  public int run(Configuration configuration, ConfigurationFile file)
      throws InterruptedException, IOException {
    Shutdown shutdown = new Shutdown(configuration.shutdown().deadline(), System::nanoTime);
    Reloads reloads = new Reloads(configuration, file, InstantSource.system());
    // First of all: whoever writes the file as we start asks for a reload, and not for our end.
    Signals.handle(
        "HUP",
        () -> {
          reloads.ask();
          shutdown.wake();
        });
    Sidecar sidecar;
    try {
      sidecar = sidecar(configuration, reloads::status, PATIENCE);
    } catch (IOException e) {
      LOG.error("{}", e.getMessage());
      return 2;
    }
    // While the destinations are being reached, and before anything is read: until here a signal
    // may
    // simply end the process.
    for (String name : new String[] {"TERM", "INT"}) {
      Signals.handle(name, shutdown::ask);
    }
    sidecar.start();
    AotCache.check();
    while (!shutdown.await(sidecar.isChanging() ? TEND_CHANGE : TEND)) {
      sidecar.tend();
      reloads.tend(sidecar);
      shutdown.deadline(reloads.running().shutdown().deadline());
    }
    LOG.info(
        "stopping: draining for at most {} s", reloads.running().shutdown().deadline().toSeconds());
    long left = sidecar.stop(shutdown);
    return left == 0 ? 0 : 1;
  }

  /// @param patience so long the admin address says nothing of a start that takes long
  static Sidecar sidecar(
      Configuration configuration, Supplier<ReloadStatus> reload, Duration patience)
      throws IOException {
    try (LongStart _ = new LongStart(configuration, version(), reload, patience)) {
      return new Sidecar(configuration, version(), reload);
    }
  }

  private static String version() {
    String version = SidecarProcess.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
