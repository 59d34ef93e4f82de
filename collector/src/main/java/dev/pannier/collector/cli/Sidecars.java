package dev.pannier.collector.cli;

import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationFile;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Runs a sidecar to its end.
public interface Sidecars {
  /// @param file where the configuration was read from, and may be read again
  /// @return the exit code: 0 done, 1 failed, 2 wrong configuration
  int run(Configuration configuration, ConfigurationFile file) throws Exception;

  /// Answers in the place of a sidecar that cannot run yet, until it can.
  ///
  /// @param refused why it cannot
  /// @param again   looks anew
  /// @return null where the process is to end before that
  Attempt.@Nullable Ready await(Attempt.Refused refused, Supplier<Attempt> again) throws Exception;
}
