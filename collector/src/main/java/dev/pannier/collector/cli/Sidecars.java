package dev.pannier.collector.cli;

import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationFile;

/// Runs a sidecar to its end.
@FunctionalInterface
public interface Sidecars {
  /// @param file where the configuration was read from, and may be read again
  /// @return the exit code: 0 done, 1 failed, 2 wrong configuration
  int run(Configuration configuration, ConfigurationFile file) throws Exception;
}
