package dev.pannier.collector.config;

import java.util.List;

/// What came of reading a configuration.
public sealed interface Loaded {
  /// @param warnings what was ignored, and should be mended
  record Valid(Configuration configuration, List<Problem> warnings) implements Loaded {}

  /// @param problems every one, in the order of their lines; never empty
  record Invalid(List<Problem> problems) implements Loaded {}
}
