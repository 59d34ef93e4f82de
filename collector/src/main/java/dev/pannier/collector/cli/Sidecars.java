package dev.pannier.collector.cli;

import dev.pannier.collector.config.Configuration;

/// Runs a sidecar to its end.
@FunctionalInterface
public interface Sidecars {
  /// @return the exit code: 0 done, 1 failed, 2 wrong configuration
  int run(Configuration configuration) throws Exception;
}
