package dev.pannier.collector.admin;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What came of the last attempt to load or reload the configuration.
///
/// @param time     of it; null where there was none
/// @param changes  what was different, in words and without values
/// @param problems why it was refused, a line each as `pannier validate` tells it; else empty
/// @param applied  reloads that were applied since the process started
/// @param refused  reloads that were refused since then
public record ReloadStatus(
    Outcome outcome,
    @Nullable Instant time,
    List<String> changes,
    List<String> problems,
    long applied,
    long refused) {
  public static final ReloadStatus NONE =
      new ReloadStatus(Outcome.NONE, null, List.of(), List.of(), 0, 0);

  public enum Outcome {
    /// The process runs with what it was started with.
    NONE("none"),
    /// Nothing runs before there is a configuration that can.
    WAITING("waiting"),
    /// Shippers that change or go are finishing what they have in flight.
    APPLYING("applying"),
    APPLIED("applied"),
    /// The configuration before it stays.
    REFUSED("refused"),
    /// It says the same as the one before.
    UNCHANGED("unchanged");

    private final String label;

    Outcome(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }
  }
}
