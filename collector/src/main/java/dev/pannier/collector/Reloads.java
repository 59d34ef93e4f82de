package dev.pannier.collector;

import dev.pannier.collector.admin.ReloadStatus;
import dev.pannier.collector.admin.ReloadStatus.Outcome;
import dev.pannier.collector.config.Changes;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationFile;
import dev.pannier.collector.config.Loaded;
import dev.pannier.collector.config.Problem;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reloads the configuration when its file changes or somebody asks. One at a time, each whole or not at
/// all: what has problems, or cannot change while the process runs, is refused with every problem told. The main
/// thread calls all but [#ask] and [#status].
final class Reloads {
  private static final Logger LOG = LoggerFactory.getLogger(Reloads.class);

  private final ConfigurationFile file;
  private final InstantSource clock;
  private final AtomicBoolean asked = new AtomicBoolean();
  private Configuration running;
  private volatile ReloadStatus status = ReloadStatus.NONE;

  /// @param running what `file` said when it was loaded last
  Reloads(Configuration running, ConfigurationFile file, InstantSource clock) {
    this.running = running;
    this.file = file;
    this.clock = clock;
  }

  /// Reload, whether the file has changed or not: what it refers to may have. Any thread.
  void ask() {
    asked.set(true);
  }

  /// What came of the last one. Any thread.
  ReloadStatus status() {
    return status;
  }

  Configuration running() {
    return running;
  }

  /// Reloads where there is a reason to, and a reload before it has come to its end. Called about once a
  /// second: a file has changed when it looks the same in two calls.
  void tend(Sidecar sidecar) throws InterruptedException {
    if (sidecar.isChanging()) {
      return;
    }
    finish();
    // In this order: what is asked for reads the file anyway.
    if (asked.getAndSet(false) || file.hasChanged()) {
      reload(sidecar);
    }
  }

  private void reload(Sidecar sidecar) throws InterruptedException {
    Loaded loaded = file.load();
    if (loaded instanceof Loaded.Invalid invalid) {
      refuse(List.of(), invalid.problems().stream().map(Problem::toString).toList());
      return;
    }
    Loaded.Valid valid = (Loaded.Valid) loaded;
    for (Problem warning : valid.warnings()) {
      LOG.warn("{}", warning);
    }
    Configuration next = valid.configuration();
    Changes changes = Changes.between(running, next, file.toString());
    if (running.equals(next)) {
      LOG.info("the configuration says the same as before");
      tell(Outcome.UNCHANGED, List.of(), List.of());
      return;
    }
    Problem emptied = file.emptied();
    if (emptied != null) {
      refuse(changes.parts(), List.of(emptied.toString()));
      return;
    }
    if (!changes.restarts().isEmpty()) {
      refuse(
          changes.parts(),
          changes.restarts().stream().map(file::located).map(Problem::toString).toList());
      return;
    }
    LOG.info("the configuration changes: {}", String.join(", ", changes.parts()));
    String problem = sidecar.reload(next);
    if (problem != null) {
      refuse(changes.parts(), List.of(file + ": " + problem));
      return;
    }
    running = next;
    tell(Outcome.APPLYING, changes.parts(), List.of());
    if (!sidecar.isChanging()) {
      finish();
    }
  }

  /// No shipper has anything to finish any more.
  private void finish() {
    if (status.outcome() == Outcome.APPLYING) {
      LOG.info("the configuration is reloaded: {}", String.join(", ", status.changes()));
      tell(Outcome.APPLIED, status.changes(), List.of());
    }
  }

  private void refuse(List<String> changes, List<String> problems) {
    LOG.error(
        "the new configuration is refused, and the one before it stays; problems: {}",
        problems.size());
    problems.forEach(problem -> LOG.error("{}", problem));
    tell(Outcome.REFUSED, changes, problems);
  }

  private void tell(Outcome outcome, List<String> changes, List<String> problems) {
    ReloadStatus before = status;
    status =
        new ReloadStatus(
            outcome,
            clock.instant(),
            changes,
            problems,
            before.applied() + (outcome == Outcome.APPLIED ? 1 : 0),
            before.refused() + (outcome == Outcome.REFUSED ? 1 : 0));
  }
}
