package dev.pannier.collector;

import dev.pannier.collector.admin.ReloadStatus;
import dev.pannier.collector.admin.ReloadStatus.Outcome;
import dev.pannier.collector.cli.Attempt;
import dev.pannier.collector.config.Configuration.Address;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A sidecar without a configuration that it could run. It lives, so that the application which waits for its start is started,
/// says on the admin address what is amiss, and looks once a second whether it can run. Nothing is read or received:
/// log files keep what is written to them, and clients of OTLP find nobody.
final class Standby {
  private static final Logger LOG = LoggerFactory.getLogger(Standby.class);

  private final InstantSource clock;
  private final EarlyAdmin admin;
  private Attempt last;
  private volatile ReloadStatus status;

  /// @param listen where it answers
  Standby(Attempt.Refused refused, Address listen, String version, InstantSource clock) {
    this.clock = clock;
    last = refused;
    status = refused(refused);
    admin =
        new EarlyAdmin(
            listen, null, version, () -> String.join("\n", status.problems()), () -> status);
  }

  /// @return null where the process is to end
  Attempt.@Nullable Ready await(Supplier<Attempt> again, Shutdown shutdown, Duration pause)
      throws InterruptedException {
    tell();
    admin.retry();
    try {
      while (!shutdown.await(pause)) {
        admin.retry();
        Attempt.Ready ready = look(again.get());
        if (ready != null) {
          LOG.info("there is a configuration that can be run");
          return ready;
        }
      }
      LOG.warn("stopping without ever having had a configuration that can be run");
      return null;
    } finally {
      admin.close();
    }
  }

  /// A file that is being written may say something in the middle of it: it has to say the same twice.
  private Attempt.@Nullable Ready look(Attempt now) {
    boolean same = now.equals(last);
    last = now;
    switch (now) {
      case Attempt.Ready ready -> {
        return same ? ready : null;
      }
      case Attempt.Refused refused -> {
        if (!refused.problems().equals(status.problems())) {
          status = refused(refused);
          tell();
        }
        return null;
      }
    }
  }

  private void tell() {
    LOG.error(
        "nothing is read or received before there is a configuration that can be run; problems: {}",
        status.problems().size());
    status.problems().forEach(problem -> LOG.error("{}", problem));
  }

  private ReloadStatus refused(Attempt.Refused refused) {
    return new ReloadStatus(Outcome.WAITING, clock.instant(), List.of(), refused.problems(), 0, 0);
  }
}
