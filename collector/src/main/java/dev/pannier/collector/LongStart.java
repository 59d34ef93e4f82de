package dev.pannier.collector;

import dev.pannier.collector.admin.ReloadStatus;
import dev.pannier.collector.config.Configuration;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Speaks for a sidecar that is being made, where that takes long: a disk buffer is read as a whole before anything else, and one of many GiB
/// takes longer than a startup probe waits. Until [#close] the process lives for who asks, and is not ready. A start that is over
/// before says nothing: applications wait for `/livez`, and their first request is to find the receiver.
final class LongStart implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LongStart.class);
  private static final long RETRY_MILLIS = 1_000;
  private static final String WHAT =
      "starting: what the disk buffer holds is read first, and nothing is shipped, read or received"
          + " before that is over";

  private final EarlyAdmin admin;
  private final CountDownLatch over = new CountDownLatch(1);
  private final Thread thread;

  /// @param patience so long it says nothing
  LongStart(
      Configuration configuration,
      String version,
      Supplier<ReloadStatus> reload,
      Duration patience) {
    Configuration.Admin settings = configuration.admin();
    admin = new EarlyAdmin(settings.listen(), settings.token(), version, () -> WHAT, reload);
    thread = Thread.ofPlatform().name("pannier-start").daemon().start(() -> speak(patience));
  }

  private void speak(Duration patience) {
    try {
      if (over.await(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
      LOG.info("{}", WHAT);
      do {
        admin.retry();
      } while (!over.await(RETRY_MILLIS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      admin.close();
    }
  }

  /// The address is free when it returns.
  @Override
  public void close() {
    over.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
